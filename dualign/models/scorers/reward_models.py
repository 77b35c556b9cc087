"""Reward models in the field's usual forms, from a folder of safetensors; no code of theirs is run.

Two layouts are read: a sequence classifier with one output (optionally with a LoRA adapter), and the
Beaver models of Huang et al. 2024, a Llama trunk with a ``score_head`` read at the last token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign.errors import ModelError
from dualign.models.adapters import CONFIG as ADAPTER_CONFIG
from dualign.models.scorers.classifier import load_classifier, load_tokenizer, read_json, weight_names
from dualign.models.scorers.head import Progress
from dualign.models.scorers.info import ScorerInfo

Array = npt.NDArray[np.float64]
_BEAVER = "BEGINNING OF CONVERSATION: USER: {prompt} ASSISTANT:{response}"


@dataclass(frozen=True)
class RewardModel:
    """A loaded reward model. ``sign`` is -1 for a cost model, so that larger is better; ``output`` is the one read."""

    model: Any
    tokenizer: Any
    info: ScorerInfo
    sign: float = 1.0
    score_head: Any = None
    output: int = 0

    def score(
        self,
        prompts: Sequence[str],
        responses: Sequence[str],
        *,
        threads: int | None = None,
        progress: Progress | None = None,
        batch_size: int = 16,
    ) -> Array:
        """Scores (N,), read at each reply's last token."""
        import torch

        texts = [self._text(prompt, response) for prompt, response in zip(prompts, responses, strict=True)]
        order = np.argsort([len(text) for text in texts], kind="stable")
        scores = np.empty(len(texts))
        before = torch.get_num_threads()
        if threads is not None:
            torch.set_num_threads(threads)
        try:
            with torch.inference_mode():
                for start in range(0, len(order), batch_size):
                    part = order[start : start + batch_size]
                    scores[part] = self._batch([texts[k] for k in part])
                    if progress is not None:
                        progress(min(start + batch_size, len(order)), len(order))
        finally:
            torch.set_num_threads(before)
        if not np.isfinite(scores).all():
            raise ModelError(f"reward model '{self.info.name}' gives scores that are not finite: check it.")
        return self.sign * scores

    def _text(self, prompt: str, response: str) -> str:
        if self.score_head is not None:
            return _BEAVER.format(prompt=prompt, response=response) + (self.tokenizer.eos_token or "")
        turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": response}]
        if getattr(self.tokenizer, "chat_template", None):
            return str(self.tokenizer.apply_chat_template(turns, tokenize=False))
        return f"{prompt}\n\n{response}"

    def _batch(self, texts: list[str]) -> Array:
        import torch

        batch = self.tokenizer(
            texts, return_tensors="pt", padding=True, truncation=True, max_length=2048, padding_side="right"
        )
        inputs = {key: batch[key].to(self.model.device) for key in ("input_ids", "attention_mask")}
        if self.score_head is None:
            return self.model(**inputs).logits[:, self.output].double().cpu().numpy()
        hidden = self.model(**inputs).last_hidden_state
        last = inputs["attention_mask"].sum(dim=1) - 1
        picked = hidden[torch.arange(len(texts), device=hidden.device), last]
        return self.score_head(picked)[:, 0].double().cpu().numpy()


def load_reward_model(folder: Path, cost: bool | None = None, *, label: int | None = None) -> RewardModel:
    """The reward model in ``folder``; its kind is read from config.json and the weights' names.

    It lies on the GPU where there is one.

    Parameters
    ----------
    cost
        Whether its number is better when smaller. None: as its ``score_type`` says, else as its name does.
    label
        For a classifier of several classes, the one whose logit is the score, larger being better.

    Raises
    ------
    ModelError
        Not safetensors, code of its own, several outputs, no known layout, or an unknown sign.
    """
    import torch

    folder = folder.resolve()
    adapter = (folder / ADAPTER_CONFIG).is_file()
    if not (folder / "config.json").is_file() and not adapter:
        raise ModelError(
            f"{folder.name} is no scorer: it has neither scorer.json, config.json nor {ADAPTER_CONFIG}."
        )
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise ModelError(f"the reward model in {folder.name} has no safetensors weights: convert them first.")
    config = read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    sign = 1.0 if label is not None else _sign(folder, config, cost)
    if "score_head.weight" in weight_names(weights):
        model, head = _load_beaver(folder, config, weights)
        tokenizer, base = load_tokenizer(folder), folder
        kind, description = "beaver", "Beaver-style score model"
    else:
        model, tokenizer, base = load_classifier(folder, adapter=adapter, label=label)
        kind, description, head = "sequence-classification", "sequence classifier with one output", None
        if label is not None:
            description = f"logit of class {label} of a sequence classifier"
    info = ScorerInfo(name=folder.name, kind=kind, base=str(base), unit="score", description=description)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    head = head if head is None else head.to(device)
    return RewardModel(model.to(device), tokenizer, info, sign=sign, score_head=head, output=label or 0)


def _sign(folder: Path, config: Mapping[str, Any], cost: bool | None) -> float:
    if cost is None:
        said = str(config.get("score_type", "")).lower()
        if said in ("cost", "reward"):
            cost = said == "cost"
        elif "cost" in folder.name.lower():
            cost = True
        else:
            raise ModelError(
                f"{folder.name} does not say whether its score is a reward or a cost: name it as "
                f"'{folder.name}:reward' if larger is better, '{folder.name}:cost' if smaller is."
            )
    return -1.0 if cost else 1.0


def _load_beaver(folder: Path, config: Mapping[str, Any], weights: Sequence[Path]) -> tuple[Any, Any]:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file
    from transformers import LlamaConfig, LlamaModel

    if config.get("do_normalize"):
        raise ModelError(
            f"the score model in {folder.name} normalises its scores (do_normalize), which is not read here: "
            "set it to false to take its raw scores."
        )
    dropped = ("auto_map", "architectures", "model_type", "bias", "quantization_config")
    state: dict[str, Any] = {}
    try:
        for path in weights:
            state.update({key: value.float() for key, value in load_file(path).items()})
        model = LlamaModel(LlamaConfig.from_dict({k: v for k, v in config.items() if k not in dropped}))
        # The score replaces the token logits, so the trunk is all there is under "model.".
        trunk = {key.removeprefix("model."): state[key] for key in state if key.startswith("model.")}
        missing = list(model.load_state_dict(trunk, strict=False).missing_keys)
    except (SafetensorError, OSError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"the score model in {folder.name} cannot be loaded: {reason}") from error
    if missing:
        raise ModelError(
            f"the score model in {folder.name} lacks {len(missing)} weights, model.{missing[0]} first."
        )
    outputs, width = state["score_head.weight"].shape
    if outputs != 1 or width != model.config.hidden_size:
        raise ModelError(
            f"the score head in {folder.name} has shape {outputs} x {width}: one output over hidden size "
            f"{model.config.hidden_size} is needed."
        )
    head = torch.nn.Linear(width, 1, bias="score_head.bias" in state)
    prefix = "score_head."
    head.load_state_dict({key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)})
    return model.eval(), head.eval()
