"""What an alignment costs in time and memory, from the files of the model and what this machine has trained before."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dualign import paths
from dualign.alignment.objective import Objective
from dualign.alignment.spec import OFFLINE, AlignSpec
from dualign.errors import DualignError
from dualign.models import DEFAULT_NAME, resolve_spec
from dualign.models.default import default_model_state
from dualign.samples import files

_RATES = "training-rates.json"
# Floating-point operations a parameter and token: forward, and backward without weight gradients.
_OPERATIONS = 4.0
# Of one busy core of a shared machine with bfloat16 units, measured on the default model.
_CORE_FLOPS = 1.6e11
_GPU_FLOPS = 5e13
# Generating a token against training on it, on CPUs, measured on the default model.
_GENERATION = 6.0
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
    table = objective.sample_set.table
    if "n_tokens" in table.column_names:
        reply = float(np.nanmean(table["n_tokens"].to_numpy().astype(np.float64)))
    else:
        reply = float(np.mean([len(text) for text in table["response"].to_pylist()])) / _CHARACTERS_A_TOKEN
    prompt = float(np.mean([len(text) for text in objective.sample_set.prompts])) / _CHARACTERS_A_TOKEN + 24
    options = spec.options
    shared = 1 if spec.method in OFFLINE else options.replies
    replies = options.batch_size * options.replies * reply
    return options.batch_size * shared * prompt + replies, replies


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


def _rate_file() -> Path:
    return paths.store_root() / _RATES


def _rate_key(spec: AlignSpec, size: ModelSize, device: str) -> str:
    method = spec.method if spec.method not in OFFLINE else "dpo"
    return (
        f"{method} {device} {spec.options.dtype} {size.parameters} {spec.options.threads or os.cpu_count()}"
    )


def read_rates() -> dict[str, Any]:
    """Seconds a token of trainings on this machine, by kind of training."""
    try:
        found = json.loads(_rate_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def record_rate(
    spec: AlignSpec, objective: Objective, size: ModelSize, *, seconds: float, steps: int, device: str
) -> None:
    """Remember how long a training took, for later estimates; a failure to do so is none of the training's."""
    tokens, _ = step_tokens(spec, objective)
    if steps < 5 or seconds <= 0 or not tokens:
        return
    entry = {"seconds_per_token": seconds / steps / tokens, "steps": steps, "time": time.time()}
    try:
        rates = {**read_rates(), _rate_key(spec, size, device): entry}
        files.replace_file(_rate_file(), (json.dumps(rates, indent=1) + "\n").encode())
    except (OSError, DualignError):
        return


def _device() -> str:
    # Asked without torch, which the dashboard does not load.
    return "cuda" if Path("/proc/driver/nvidia/version").exists() else "cpu"


def training_seconds(
    spec: AlignSpec, objective: Objective, steps: int, size: ModelSize
) -> tuple[float | None, str]:
    """Seconds of ``steps`` optimizer steps, and in words what that rests on; None where the size is not known."""
    if not size.parameters:
        return None, "the base model is not on this machine yet, so that its size is not known"
    tokens, replies = step_tokens(spec, objective)
    device = _device()
    known = read_rates().get(_rate_key(spec, size, device))
    if isinstance(known, dict) and math.isfinite(float(known.get("seconds_per_token", math.nan))):
        each = tokens * float(known["seconds_per_token"])
        return steps * each, (
            f"{each:.2g} s a step, from the last training of this kind on this machine ({known['steps']} steps)"
        )
    cores = min(spec.options.threads or os.cpu_count() or 1, os.cpu_count() or 1)
    speed = _GPU_FLOPS if device == "cuda" else _CORE_FLOPS * cores**0.8
    if spec.options.dtype == "float32":
        speed /= 2.5
    each = (
        (tokens + (0.0 if spec.method in OFFLINE else _GENERATION * replies))
        * _OPERATIONS
        * size.parameters
        / speed
    )
    where = "a GPU" if device == "cuda" else f"{cores} CPU core{'s' if cores > 1 else ''}"
    return steps * each, (
        f"{each:.2g} s a step, by the size of the model on {where}; this machine has not trained one like it yet"
    )
