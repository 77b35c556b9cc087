"""How long each phase of an alignment will take: by what this machine took before, else by the size of the model."""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign import paths
from dualign.alignment.arithmetic import model_dtype
from dualign.alignment.cost import ModelSize, mean_tokens, step_tokens
from dualign.alignment.objective import Objective
from dualign.alignment.packed import ROW_REPLIES
from dualign.alignment.phases import LOADING, MEASURING, REFERENCE, SCORING, TRAINING
from dualign.alignment.reference_scores import likely_known
from dualign.alignment.spec import OFFLINE, AlignSpec
from dualign.errors import DualignError
from dualign.models import resolve_spec
from dualign.samples import files

_RATES = "training-rates.json"
# Floating-point operations a parameter and token: forward, and backward without weight gradients.
_OPERATIONS = 4.0
_FORWARD_OPERATIONS = 2.0
# Of one busy core of a shared machine with bfloat16 units, measured on the default model.
_CORE_FLOPS = 1.6e11
_GPU_FLOPS = 5e13
# Generating a token against training on it, on CPUs, measured on the default model.
_GENERATION = 6.0
# Starting a worker with its libraries, and bytes a second of float32 weights that are read, merged and checked.
_START_SECONDS = 10.0
_LOAD_BYTES = 1e8


@dataclass(frozen=True, kw_only=True)
class Duration:
    """Seconds of each phase by its name, in order, and in words what they rest on.

    ``phases`` is empty where the model's size is not known.
    """

    phases: dict[str, float]
    basis: str

    @property
    def seconds(self) -> float | None:
        """All of it; None where it is not known."""
        return sum(self.phases.values()) if self.phases else None

    def after(self, phase: str, *, between: bool = True) -> float:
        """Seconds of what comes after a phase; without ``between``, of the measuring alone."""
        names = list(self.phases)
        later = names[names.index(phase) + 1 :] if phase in names else []
        return sum(self.phases[name] for name in later if between or name == MEASURING)


def durations(
    spec: AlignSpec, objective: Objective, size: ModelSize, *, reference: str, steps: int
) -> Duration:
    """How long an alignment will take, phase by phase.

    Parameters
    ----------
    spec, objective, size
        What is trained, on what.
    reference
        Name of the reference policy.
    steps
        Optimizer steps in all.
    """
    if not size.parameters:
        return Duration(
            phases={}, basis="the base model is not on this machine yet, so that its size is not known"
        )
    rates = Rates(spec, objective, size, _device())
    each, basis = rates.step_seconds()
    scoring = rates.scoring_seconds()
    phases = {
        LOADING: rates.loading_seconds(),
        REFERENCE: scoring * _reference_tokens(spec, objective, reference),
        TRAINING: steps * each,
    }
    if spec.method == "pecan":
        every = np.ones(objective.sample_set.n_prompts, dtype=bool)
        models = 1 + len(objective.names)
        phases[SCORING] = scoring * models * scored_tokens(objective, every, spec.options.sample_replies)
    measured = scored_tokens(objective, objective.held_out, spec.options.measure_replies)
    phases[MEASURING] = scoring * len(objective.points) * measured
    return Duration(phases=phases, basis=basis)


def scored_tokens(objective: Objective, prompts: npt.NDArray[np.bool_], replies: int) -> float:
    """Tokens of the first ``replies`` replies to some prompts (P,); rows of a few replies share their prompt."""
    counts = np.minimum(objective.sample_set.counts[prompts], replies)
    prompt, reply = mean_tokens(objective)
    return float(np.ceil(counts / ROW_REPLIES).sum() * prompt + counts.sum() * reply)


def _reference_tokens(spec: AlignSpec, objective: Objective, reference: str) -> float:
    """Tokens of the replies whose log-probability under the reference is still to be computed."""
    sample_set, options = objective.sample_set, spec.options
    facts, _ = resolve_spec(reference)
    missing = ~likely_known(sample_set, facts, model_dtype(options.dtype))
    counts = np.asarray(sample_set.counts)
    prompts = np.repeat(np.arange(counts.size), counts)
    replies = np.arange(prompts.size) - np.repeat(np.cumsum(counts) - counts, counts)
    held = objective.held_out[prompts]
    wanted = held & (replies < options.measure_replies)
    if spec.method == "pecan":
        wanted |= replies < options.sample_replies
    count = float((missing & wanted).sum())
    if spec.method in OFFLINE:
        rest = ~held & ~wanted
        share = options.steps * options.batch_size * options.replies / max(int((~held).sum()), 1)
        count += min(share, 1.0) * float((missing & rest).sum())
    prompt, reply = mean_tokens(objective)
    return count * (reply + prompt / ROW_REPLIES)


def read_rates() -> dict[str, Any]:
    """What this machine took before, by kind of work."""
    try:
        found = json.loads(_rate_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Rates:
    """How fast a device does what an alignment consists of: told of it, and asked for it.

    Failing to remember is no failure of the training.
    """

    spec: AlignSpec
    objective: Objective
    size: ModelSize
    device: str

    def step_seconds(self) -> tuple[float, str]:
        """Seconds of an optimizer step, and in words what that rests on."""
        spec = self.spec
        tokens, replies = step_tokens(spec, self.objective)
        if (known := self._known(self._training, "seconds_per_token")) is not None:
            steps = read_rates()[self._training].get("steps", "?")
            each = tokens * known
            return each, (
                f"{each:.2g} s a step, from the last training of this kind on this machine ({steps} steps)"
            )
        generated = 0.0 if spec.method in OFFLINE else _GENERATION * replies
        each = (tokens + generated) * self._seconds_per_token(_OPERATIONS)
        where = "a GPU"
        if self.device != "cuda":
            where = f"{self._cores} CPU core{'s' if self._cores > 1 else ''}"
        return each, (
            f"{each:.2g} s a step, by the size of the model on {where}; this machine has not trained one like it yet"
        )

    def scoring_seconds(self) -> float:
        """Seconds a token of passes without gradients."""
        known = self._known(self._scoring, "seconds_per_token")
        if known is None and self.spec.method in OFFLINE:
            trained = self._known(self._training, "seconds_per_token")
            known = None if trained is None else trained * _FORWARD_OPERATIONS / _OPERATIONS
        return self._seconds_per_token(_FORWARD_OPERATIONS) if known is None else known

    def loading_seconds(self) -> float:
        """Seconds until a worker has its libraries and the model."""
        known = self._known(self._loading, "seconds")
        return _START_SECONDS + 4 * self.size.parameters / _LOAD_BYTES if known is None else known

    def loaded(self, seconds: float) -> None:
        """The model and the set were loaded."""
        self._remember(self._loading, {"seconds": seconds})

    def trained(self, seconds: float, steps: int) -> None:
        """So many steps were made; a few are no measure."""
        tokens, _ = step_tokens(self.spec, self.objective)
        if steps >= 5 and seconds > 0 and tokens:
            self._remember(self._training, {"seconds_per_token": seconds / steps / tokens, "steps": steps})

    def measured(self, seconds: float) -> None:
        """A policy was measured on the held-out prompts."""
        tokens = scored_tokens(self.objective, self.objective.held_out, self.spec.options.measure_replies)
        if tokens and seconds > 0:
            self._remember(self._scoring, {"seconds_per_token": seconds / tokens})

    @property
    def _training(self) -> str:
        method = self.spec.method if self.spec.method not in OFFLINE else "dpo"
        return f"{method} {self._arithmetic}"

    @property
    def _scoring(self) -> str:
        return f"scoring {self._arithmetic}"

    @property
    def _loading(self) -> str:
        return f"loading {self.device} {self.size.parameters}"

    @property
    def _arithmetic(self) -> str:
        options = self.spec.options
        return f"{self.device} {options.dtype} {self.size.parameters} {options.threads or os.cpu_count()}"

    @property
    def _cores(self) -> int:
        there = os.cpu_count() or 1
        return min(self.spec.options.threads or there, there)

    def _seconds_per_token(self, operations: float) -> float:
        speed = _GPU_FLOPS if self.device == "cuda" else _CORE_FLOPS * self._cores**0.8
        if self.spec.options.dtype == "float32":
            speed /= 2.5
        return operations * self.size.parameters / speed

    def _known(self, key: str, what: str) -> float | None:
        entry = read_rates().get(key)
        value = entry.get(what) if isinstance(entry, dict) else None
        return float(value) if isinstance(value, int | float) and math.isfinite(value) and value > 0 else None

    def _remember(self, key: str, entry: dict[str, float]) -> None:
        try:
            rates = {**read_rates(), key: {**entry, "time": time.time()}}
            files.replace_file(_rate_file(), (json.dumps(rates, indent=1) + "\n").encode())
        except (OSError, DualignError):
            return


def _rate_file() -> Path:
    return paths.store_root() / _RATES


def _device() -> str:
    # Asked without torch, which the dashboard does not load.
    return "cuda" if Path("/proc/driver/nvidia/version").exists() else "cpu"
