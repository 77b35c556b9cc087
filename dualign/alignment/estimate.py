"""What an alignment will do and cost, before it is launched: no model is loaded for it."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign import paths
from dualign.alignment import pecan
from dualign.alignment.objective import Objective, policy_names, resolve
from dualign.alignment.spec import OFFLINE, AlignSpec
from dualign.alignment.train import front_steps, reference_name, total_steps
from dualign.duality import AlignmentProblem, Outcome, assess
from dualign.duality.moments import offsets, prompt_moments, prompt_weights, reference_log_weights
from dualign.duality.resampling import percentile_interval, resample_weights
from dualign.errors import DualignError
from dualign.models import DEFAULT_NAME, resolve_spec
from dualign.models.default import default_model_state
from dualign.samples import files

Array = npt.NDArray[np.float64]

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


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A value with its 95 % interval over prompts."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the exact maximiser at given multipliers would do, judged from the samples.

    ``reward_gain`` in reward units, ``utility_gains`` and ``slack`` by constraint in utility units, ``kl`` in nats;
    ``thresholds`` are those that slack is counted against.
    A trained policy falls short of it by what a LoRA cannot express and training did not reach.
    """

    policy: str
    multipliers: Mapping[str, float]
    thresholds: Mapping[str, float]
    reward_gain: Interval
    utility_gains: Mapping[str, Interval]
    slack: Mapping[str, Interval]
    kl: Interval


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Cost and expectation of an alignment.

    Attributes
    ----------
    steps : int
        Optimizer steps over all policies.
    seconds : float or None
        Of training; ``basis`` says in words what it rests on. None where the model's size is not known.
    basis : str
    memory_bytes : int
        Peak; 0 where the model's size is not known.
    expected : tuple
        One a policy.
    trust : str
        Light of the solution, "" where multipliers were given.
    trust_reasons : tuple of str
    multipliers_interval : by constraint, or empty
        Of lam*.
    """

    steps: int
    seconds: float | None
    basis: str
    memory_bytes: int
    expected: tuple[Expected, ...]
    trust: str = ""
    trust_reasons: tuple[str, ...] = ()
    multipliers_interval: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def estimate(spec: AlignSpec, *, resamples: int = 400, rng: np.random.Generator | None = None) -> Estimate:
    """Steps, time, memory, and expected slack, reward and KL with intervals.

    Raises
    ------
    InvalidInputError, ModelError, StoreError, SampleFileError
        What would also keep the training from starting.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    objective = resolve(spec)
    if spec.method == "pecan":
        pecan.check(spec, objective)
    names = policy_names(spec, objective)
    steps = total_steps(spec, objective)
    size = model_size(reference_name(spec, objective))
    seconds, basis = _seconds(spec, objective, steps, size)
    expected = tuple(
        expectation(
            objective.problem,
            point,
            policy=name,
            reward_weight=objective.reward_weight,
            resamples=resamples,
            rng=rng,
        )
        for name, point in zip(names, objective.points, strict=True)
    )
    trust, reasons = "", tuple[str, ...]()
    interval: dict[str, tuple[float, float]] = {}
    if objective.solution is not None and objective.solution.outcome is not Outcome.INFEASIBLE:
        found = assess(objective.problem, objective.solution, resamples=resamples, rng=rng)
        trust, reasons = found.trust.light, tuple(found.trust.reasons)
        interval = {
            name: (float(low), float(high))
            for name, (low, high) in zip(objective.names, found.multipliers_interval, strict=True)
        }
    return Estimate(
        steps=steps,
        seconds=seconds,
        basis=basis,
        memory_bytes=memory_bytes(spec, objective, size),
        expected=expected,
        trust=trust,
        trust_reasons=reasons,
        multipliers_interval=interval,
    )


def expectation(
    problem: AlignmentProblem,
    point: Array,
    *,
    policy: str = "",
    reward_weight: float = 1.0,
    resamples: int = 400,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Expected:
    """Gains, slack and KL of the tilted policy at fixed multipliers, with intervals over prompts.

    Parameters
    ----------
    problem
        Its thresholds are what slack is counted against.
    point : (m,)
        Multipliers.
    policy
        Name to give to the result.
    reward_weight
        1, or 0 for the policy that is tilted by the utilities alone; the gain in reward is the true one either way.
    resamples, level
        Bootstrap resamples over prompts, and coverage of the intervals.
    rng
        Source of the resamples.
    """
    samples = problem.samples
    tilted = replace(problem, samples=replace(samples, rewards=reward_weight * samples.rewards))
    found = prompt_moments(tilted, point)
    base = np.exp(reference_log_weights(samples))
    reward = ((np.exp(found.log_weights) - base) * samples.rewards).sum(axis=1)
    gained = found.utilities - offsets(problem)[2]
    omega = prompt_weights(samples)
    draws = resample_weights(omega, resamples, rng)

    def interval(values: Array) -> Interval:
        low, high = percentile_interval(draws @ values, level)
        return Interval(value=float(omega @ values), low=float(low), high=float(high))

    return Expected(
        policy=policy,
        multipliers=dict(zip(samples.names, np.asarray(point).tolist(), strict=True)),
        thresholds=dict(zip(samples.names, np.asarray(problem.thresholds).tolist(), strict=True)),
        reward_gain=interval(reward),
        utility_gains={name: interval(gained[:, j]) for j, name in enumerate(samples.names)},
        # slack = improvement - threshold, or level - threshold: either way the prompt's own share.
        slack={name: interval(found.slack[:, j]) for j, name in enumerate(samples.names)},
        kl=interval(found.kl),
    )


@dataclass(frozen=True, kw_only=True)
class ModelSize:
    """Parameters and shape of a base model; zeros where a folder does not tell."""

    parameters: int = 0
    layers: int = 0
    hidden: int = 0
    intermediate: int = 0
    vocabulary: int = 0


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
    )


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
    return int(_PROGRAM_BYTES + weights + kept + attention + logits)


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


def record_rate(spec: AlignSpec, objective: Objective, *, seconds: float, steps: int, device: str) -> None:
    """Remember how long a training took, for later estimates; a failure to do so is none of the training's."""
    size = model_size(reference_name(spec, objective))
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


def _seconds(spec: AlignSpec, objective: Objective, steps: int, size: ModelSize) -> tuple[float | None, str]:
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


__all__ = [
    "Estimate",
    "Expected",
    "Interval",
    "estimate",
    "expectation",
    "front_steps",
    "memory_bytes",
    "record_rate",
]
