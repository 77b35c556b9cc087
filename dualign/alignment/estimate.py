"""What an alignment will do and cost, before it is launched: no model is loaded for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dualign.alignment import pecan
from dualign.alignment.checks import check_options, require_texts
from dualign.alignment.cost import memory_bytes, model_size
from dualign.alignment.objective import policy_names, resolve
from dualign.alignment.spec import AlignSpec
from dualign.alignment.train import expected_duration, front_steps, reference_name, total_steps
from dualign.duality import AlignmentProblem, Outcome, assess
from dualign.duality.moments import offsets, prompt_moments, prompt_weights, reference_log_weights
from dualign.duality.resampling import percentile_interval, resample_weights

Array = npt.NDArray[np.float64]


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
        Of loading, training and measuring; None where the model's size is not known.
    phases : mapping
        Seconds by phase, in order (`dualign.alignment.phases`); they add up to ``seconds``.
    basis : str
        What the time rests on, in words.
    memory_bytes : int
        Peak; 0 where the model's size is not known.
    expected : tuple
        One a policy.
    trust : str
        Light of the solution, "" where multipliers were given.
    trust_reasons : tuple of str
    multipliers_interval : by constraint, or empty
        Of lam*.
    notes : tuple of str
        What to know when reading ``expected``, a sentence each.
    """

    steps: int
    seconds: float | None
    phases: Mapping[str, float]
    basis: str
    memory_bytes: int
    expected: tuple[Expected, ...]
    trust: str = ""
    trust_reasons: tuple[str, ...] = ()
    multipliers_interval: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


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
    require_texts(objective.sample_set)
    size = model_size(reference_name(spec, objective))
    check_options(spec, objective, size)
    duration = expected_duration(spec, objective)
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
        seconds=duration.seconds,
        phases=duration.phases,
        basis=duration.basis,
        memory_bytes=memory_bytes(spec, objective, size),
        expected=expected,
        trust=trust,
        trust_reasons=reasons,
        multipliers_interval=interval,
        notes=_notes(spec),
    )


def _notes(spec: AlignSpec) -> tuple[str, ...]:
    if spec.method == "pecan" and spec.multipliers is None:
        return (
            "lam and the figures are those of the scores; PeCAN solves for multipliers of its policies' log-ratios, "
            "which come out in the run and are other numbers.",
        )
    if spec.method == "pecan":
        return (
            "the figures are those of the scores at this lam; PeCAN weighs its policies' log-ratios by it instead.",
        )
    return ()


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


__all__ = [
    "Estimate",
    "Expected",
    "Interval",
    "estimate",
    "expectation",
    "front_steps",
]
