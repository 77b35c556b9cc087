"""The reference policy pi_ref: a causal language model, an optional adapter, a temperature baked in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign.errors import InvalidInputError, ModelError
from dualign.models.adapters import SPEC, WEIGHTS, ReferenceSpec, adapter_folder, load_adapter, read_spec
from dualign.models.default import DEFAULT_NAME, ensure_default_model, import_train_stack
from dualign.models.logprobs import sequence_log_probs
from dualign.models.sampling import Reply, SampleOptions, prompt_uniforms, sample_replies, stop_ids

DEMO = "demo"
DEMO_ADAPTER = "reference"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A loaded reference policy. ``model`` at temperature 1 *is* the policy: nothing is left to set."""

    model: Any
    tokenizer: Any
    spec: ReferenceSpec
    dtype: str

    def chat_text(self, prompt: str) -> str:
        """A prompt as the model reads it: see `chat_text`."""
        return chat_text(self.tokenizer, self.spec, prompt)

    def prompt_ids(self, prompt: str) -> list[int]:
        """Token ids of `chat_text`."""
        plain = getattr(self.tokenizer, "chat_template", None) is None
        return list(self.tokenizer(self.chat_text(prompt), add_special_tokens=plain).input_ids)

    def sample(
        self,
        prompts: Sequence[str],
        n_responses: int,
        *,
        seed: int,
        options: SampleOptions | None = None,
        batch_size: int = 64,
    ) -> Iterator[list[Reply]]:
        """Replies prompt by prompt, ``n_responses`` each, exactly from the policy unless asked otherwise."""
        options = options or SampleOptions(max_new_tokens=self.spec.max_new_tokens)
        for prompt in prompts:
            uniforms = prompt_uniforms(seed, prompt, n_responses, options.max_new_tokens)
            ids = self.prompt_ids(prompt)
            replies: list[Reply] = []
            for start in range(0, n_responses, batch_size):
                part = uniforms[start : start + batch_size]
                replies += sample_replies(self.model, self.tokenizer, ids, part, options)
            yield replies

    def log_probs(
        self,
        prompts: Sequence[str],
        responses: Sequence[str | Sequence[int]],
        *,
        truncated: Sequence[bool] | None = None,
        batch_size: int = 16,
    ) -> npt.NDArray[np.float64]:
        """Log-probability (N,) in nats of each reply to its prompt, end token included.

        Parameters
        ----------
        prompts : sequence (N,) of str
        responses : sequence (N,) of str or of token ids
            Texts are tokenised and the end token is added; token ids are taken as they are. Sampled text
            can have several tokenisations: use the ids where the two must agree.
        truncated : sequence (N,) of bool, optional
            Texts that were cut off, to which no end token is added.
        """
        if len(prompts) != len(responses):
            raise InvalidInputError(f"{len(prompts)} prompts and {len(responses)} replies: give one each.")
        end = self.tokenizer.eos_token_id
        ids: list[list[int]] = []
        for index, response in enumerate(responses):
            if isinstance(response, str):
                tokens = list(self.tokenizer(response, add_special_tokens=False).input_ids)
                cut = truncated is not None and bool(truncated[index])
                ids.append(tokens if cut or end is None else [*tokens, end])
            else:
                ids.append(list(response))
        cache = {prompt: self.prompt_ids(prompt) for prompt in dict.fromkeys(prompts)}
        return sequence_log_probs(self.model, [cache[p] for p in prompts], ids, batch_size=batch_size)

    def export(self, folder: Path) -> Path:
        """Folder with the whole policy (adapter merged, temperature baked in), for a vLLM server."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        return folder

    @property
    def stop_ids(self) -> set[int]:
        """Token ids that end a reply."""
        return stop_ids(self.model, self.tokenizer)


def chat_text(tokenizer: Any, spec: ReferenceSpec, prompt: str) -> str:
    """A prompt as the model reads it: system prompt, user turn, opening of the reply.

    Without a chat template the prompt stands as it is.
    """
    if getattr(tokenizer, "chat_template", None) is None:
        return prompt
    messages = [{"role": "user", "content": prompt}]
    if spec.system_prompt:
        messages.insert(0, {"role": "system", "content": spec.system_prompt})
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))


def resolve_spec(name_or_path: str | Path = DEMO) -> tuple[ReferenceSpec, Path | None]:
    """Facts of a reference and its adapter folder, without loading anything.

    ``demo`` is the shipped adapter on the default model, ``default`` the default model alone; else a stored
    adapter's name, an adapter folder, a model folder, or a model's name on the Hugging Face hub.
    """
    name = str(name_or_path)
    if name == DEMO:
        folder = adapter_folder(DEMO_ADAPTER)
        return read_spec(folder), folder
    if name in ("default", DEFAULT_NAME):
        return ReferenceSpec(base=DEFAULT_NAME), None
    path = Path(name).expanduser()
    if path.is_dir():
        if (path / SPEC).is_file():
            return _stored(path)
        if not (path / "config.json").is_file():
            raise ModelError(f"{path} holds neither {SPEC} nor config.json: it is no adapter and no model.")
        return ReferenceSpec(base=str(path)), None
    if "/" not in name:
        return _stored(adapter_folder(name))
    return ReferenceSpec(base=name), None


def _stored(folder: Path) -> tuple[ReferenceSpec, Path | None]:
    spec = read_spec(folder)
    bare = spec.sha256 is None and not (folder / WEIGHTS).exists()
    return spec, None if bare else folder


def load_reference(
    name_or_path: str | Path = DEMO, *, dtype: str = "float32", threads: int | None = None
) -> Reference:
    """Reference policy ready to sample, its adapter merged and its temperature baked in.

    Parameters
    ----------
    name_or_path : str or Path
        See `resolve_spec`.
    dtype : {"float32", "bfloat16"}
        Arithmetic of the model.
    threads : int, optional
        Threads of torch in this process.

    Raises
    ------
    ModelError
        If something is missing, fails a check, or cannot carry the temperature exactly.
    """
    torch, transformers, _ = import_train_stack("torch", "transformers", "safetensors")
    if dtype not in ("float32", "bfloat16"):
        raise InvalidInputError(f"dtype must be 'float32' or 'bfloat16', not {dtype!r}.")
    if threads is not None:
        torch.set_num_threads(threads)
    spec, adapter = resolve_spec(name_or_path)
    source, local = _source(spec)
    tokenizer = load_tokenizer(spec)
    try:
        # Merging happens in float32: a half-precision base would round the adapter away.
        model = transformers.AutoModelForCausalLM.from_pretrained(
            source, dtype=torch.float32, local_files_only=local, use_safetensors=True, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        raise _cannot_load(spec.base, error) from error
    if adapter is not None:
        model = load_adapter(model, adapter)
    model = model.eval().requires_grad_(False)
    bake_temperature(model, spec.temperature)
    _neutralise(model, tokenizer)
    return Reference(model=model.to(getattr(torch, dtype)), tokenizer=tokenizer, spec=spec, dtype=dtype)


def load_tokenizer(spec: ReferenceSpec) -> Any:
    """Tokenizer of a reference's base model, with a padding token; ModelError if it cannot be loaded."""
    (transformers,) = import_train_stack("transformers")
    source, local = _source(spec)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            source, local_files_only=local, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        raise _cannot_load(spec.base, error) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if spec.chat_template is not None:
        tokenizer.chat_template = spec.chat_template
    return tokenizer


def _source(spec: ReferenceSpec) -> tuple[str, bool]:
    source = str(ensure_default_model() if spec.base == DEFAULT_NAME else spec.base)
    _refuse_remote_code(source)
    return source, Path(source).is_dir()


def _cannot_load(name: str, error: Exception) -> ModelError:
    first = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    return ModelError(
        f"The model {name} cannot be loaded: {first}. Give a folder with safetensors weights and tokenizer, "
        "or the name of such a model."
    )


def bake_temperature(model: Any, temperature: float) -> None:
    """Make temperature 1 of ``model`` what ``temperature`` was: scale its final norm's weight by 1/T.

    Raises
    ------
    ModelError
        If the logits of a probe are not exactly divided (another kind of norm, a bias, soft caps).
    """
    import torch

    if temperature == 1.0:
        return
    core = model.base_model
    norm = next((m for n in ("norm", "ln_f", "final_layer_norm") if (m := getattr(core, n, None))), None)
    if norm is None or getattr(norm, "weight", None) is None:
        raise ModelError(
            f"{type(model).__name__} has no final norm that could carry temperature {temperature}."
        )
    probe = torch.arange(1, 9).remainder(model.config.get_text_config().vocab_size).unsqueeze(0)
    with torch.inference_mode():
        before = model(input_ids=probe, use_cache=False).logits.float()
    with torch.no_grad():
        norm.weight.div_(temperature)
        if getattr(norm, "bias", None) is not None:
            norm.bias.div_(temperature)
    with torch.inference_mode():
        after = model(input_ids=probe, use_cache=False).logits.float()
    if not torch.allclose(after, before / temperature, rtol=1e-4, atol=1e-3):
        raise ModelError(
            f"{type(model).__name__} cannot carry temperature {temperature} in its final norm: logits are "
            "not proportional to it. Use temperature 1."
        )


def _neutralise(model: Any, tokenizer: Any) -> None:
    """Defaults shipped with a model (top-k, repetition penalty, ...) would bend the distribution."""
    from transformers import GenerationConfig

    old = model.generation_config
    model.generation_config = GenerationConfig(
        eos_token_id=old.eos_token_id, bos_token_id=old.bos_token_id, pad_token_id=tokenizer.pad_token_id
    )


def _refuse_remote_code(source: str) -> None:
    path = Path(source) / "config.json"
    if not path.is_file():
        return
    try:
        config = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is not JSON: {error}.") from error
    if "auto_map" in config:
        raise ModelError(f"{path} asks for code of its own (auto_map), which is never run.")
