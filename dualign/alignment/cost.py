"""Size of a model by its files, and what a training on it reads and needs in memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dualign.alignment.objective import Objective
from dualign.alignment.spec import OFFLINE, AlignSpec
from dualign.models import DEFAULT_NAME, resolve_spec
from dualign.models.default import default_model_state

_CHARACTERS_A_TOKEN = 4.3
_PROGRAM_BYTES = 0.9e9
# Of a trained parameter in float32: itself, its gradient, and the two means of Adam.
_TRAINED_BYTES = 16


@dataclass(frozen=True, kw_only=True)
class ModelSize:
    """Parameters and shape of a base model; zeros where a folder does not tell.

    ``modules`` are the weight matrices: name of the module, and its two sizes.
    """

    parameters: int = 0
    layers: int = 0
    hidden: int = 0
    intermediate: int = 0
    vocabulary: int = 0
    modules: tuple[tuple[str, int, int], ...] = ()

    def adapted(self, target: str) -> list[tuple[int, int]]:
        """Sizes of the modules that a LoRA on ``target`` acts on."""
        return [(a, b) for name, a, b in self.modules if f".{name}".endswith(f".{target}")]

    def trained(self, targets: Sequence[str], rank: int) -> int:
        """Parameters of a LoRA."""
        return sum(rank * (a + b) for target in targets for a, b in self.adapted(target))


def model_size(reference: str) -> ModelSize:
    """Size of a reference's base model from its files alone."""
    spec, _ = resolve_spec(reference)
    folder = default_model_state().path if spec.base == DEFAULT_NAME else Path(spec.base)
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        stored = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    except (OSError, ValueError):
        return ModelSize()
    config = config.get("text_config", config)
    kind = str(config.get("dtype", config.get("torch_dtype", "float32")))
    hidden = int(config.get("hidden_size", 0))
    return ModelSize(
        parameters=round(stored / (4 if kind == "float32" else 2)),
        layers=int(config.get("num_hidden_layers", 0)),
        hidden=hidden,
        intermediate=int(config.get("intermediate_size", 4 * hidden)),
        vocabulary=int(config.get("vocab_size", 0)),
        modules=_modules(folder),
    )


def _modules(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Weight matrices by the headers of a model's files; none where they cannot be read."""
    try:
        import safetensors
    except ModuleNotFoundError:
        return ()
    found = []
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safetensors.safe_open(str(path), framework="numpy") as weights:
                names = weights.keys()
                shapes = {name: weights.get_slice(name).get_shape() for name in names}
        except (OSError, safetensors.SafetensorError):
            return ()
        found += [
            (name.removesuffix(".weight"), int(shape[0]), int(shape[1]))
            for name, shape in shapes.items()
            if name.endswith(".weight") and len(shape) == 2
        ]
    return tuple(found)


def step_tokens(spec: AlignSpec, objective: Objective) -> tuple[float, float]:
    """Tokens of a step, and how many of them are reply tokens, judged from text lengths."""
    prompt, reply = mean_tokens(objective)
    options = spec.options
    shared = 1 if spec.method in OFFLINE else options.replies
    replies = options.batch_size * options.replies * reply
    return options.batch_size * shared * prompt + replies, replies


def mean_tokens(objective: Objective) -> tuple[float, float]:
    """Tokens of a prompt and of a reply in the mean, judged from text lengths."""
    table = objective.sample_set.table
    if "n_tokens" in table.column_names:
        reply = float(np.nanmean(table["n_tokens"].to_numpy().astype(np.float64)))
    else:
        reply = float(np.mean([len(text) for text in table["response"].to_pylist()])) / _CHARACTERS_A_TOKEN
    prompt = float(np.mean([len(text) for text in objective.sample_set.prompts])) / _CHARACTERS_A_TOKEN + 24
    return prompt, reply


def memory_bytes(spec: AlignSpec, objective: Objective, size: ModelSize) -> int:
    """Peak memory of the training, bytes; 0 where the model's size is not known."""
    if not size.parameters:
        return 0
    tokens, replies = step_tokens(spec, objective)
    # Rows are padded to the longest of a batch.
    tokens, replies = 1.4 * tokens, 1.4 * replies
    width = 2 if spec.options.dtype == "bfloat16" else 4
    # Loading merges adapters in float32, whatever the training's own format.
    weights = 4.0 * size.parameters * 1.6
    kept = tokens * size.layers * width * (18 * size.hidden + 4 * size.intermediate)
    row = tokens / max(spec.options.batch_size, 1)
    heads = max(size.hidden // 64, 1)
    attention = 3 * spec.options.batch_size * size.layers * heads * row**2 * width
    logits = 4 * min(replies, 4096) * size.vocabulary * 4
    trained = _TRAINED_BYTES * size.trained(spec.options.targets, spec.options.rank)
    return int(_PROGRAM_BYTES + weights + kept + attention + logits + trained)
