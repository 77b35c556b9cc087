"""The dual curve along one multiplier, with slope, reward, KL, effective sample size and a band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dualign.duality.moments import prompt_weights
from dualign.duality.problem import AlignmentProblem
from dualign.duality.resampling import LARGEST_TABLE, resample_weights
from dualign.duality.sweep import sweep
from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DualCurve:
    """D and what the tilted policy gives, along one multiplier.

    Attributes
    ----------
    constraint : str
        Name of the constraint whose multiplier moves.
    multipliers : (L,)
        Reward per utility.
    dual, reward, regularized_reward : (L,)
        Reward units.
    slack : (L,)
        Slope of D: the slack of the tilted policy, utility units.
    utility : (L,)
        Mean utility of the tilted policy.
    kl : (L,)
        Nats.
    ess_min, ess_median, ess_pooled : (L,)
    dual_low, dual_high : (L,) or None
        Pointwise bootstrap band at ``level`` over prompts.
    level : float
    """

    constraint: str
    multipliers: Array
    dual: Array
    slack: Array
    reward: Array
    regularized_reward: Array
    utility: Array
    kl: Array
    ess_min: Array
    ess_median: Array
    ess_pooled: Array
    dual_low: Array | None
    dual_high: Array | None
    level: float


def dual_curve(
    problem: AlignmentProblem,
    multipliers: npt.ArrayLike,
    *,
    constraint: int = 0,
    at: npt.ArrayLike | None = None,
    resamples: int = 0,
    rng: np.random.Generator | None = None,
    level: float = 0.95,
) -> DualCurve:
    """D along one multiplier, with slope, reward, KL, effective sample size and a bootstrap band.

    Parameters
    ----------
    problem
        The problem.
    multipliers : (L,)
        Values of the moving multiplier, any sign; cheapest when equally spaced.
    constraint
        Index of the constraint whose multiplier moves.
    at : (m,) or None
        The other multipliers (0 unless given).
    resamples
        Resamples of the prompts for the band; 0 leaves it out.
    rng
        Source of randomness, needed with resamples.
    level
        Pointwise coverage of the band.

    Raises
    ------
    InvalidInputError
        Values that are not finite, no such constraint, or resamples without rng.
    """
    values, start = _checked(problem, multipliers, constraint, at)
    found = sweep(problem, start, constraint, values)
    assert found.slack is not None
    assert found.reward is not None
    assert found.kl is not None
    assert found.sum_squares is not None
    dual, slack, reward, kl = found.dual, found.slack, found.reward, found.kl
    omega = prompt_weights(problem.samples)
    low = high = None
    if resamples:
        if rng is None:
            raise InvalidInputError(
                f"resamples is {resamples} but rng is None: pass np.random.default_rng(0)."
            )
        low, high = _band(found.dual_of_prompts() - dual[:, None], omega, resamples, rng, level)
        low, high = low + dual, high + dual
    return DualCurve(
        constraint=problem.samples.names[constraint],
        multipliers=values,
        dual=dual,
        slack=slack,
        reward=reward,
        regularized_reward=reward - float(problem.beta) * kl,
        utility=slack + float(problem.offset[constraint]),
        kl=kl,
        ess_min=1.0 / found.sum_squares.max(axis=1),
        ess_median=np.median(1.0 / found.sum_squares, axis=1),
        ess_pooled=1.0 / (found.sum_squares @ omega**2),
        dual_low=low,
        dual_high=high,
        level=level,
    )


def _checked(
    problem: AlignmentProblem, multipliers: npt.ArrayLike, constraint: int, at: npt.ArrayLike | None
) -> tuple[Array, Array]:
    width = problem.samples.n_constraints
    if not 0 <= constraint < width:
        raise InvalidInputError(
            f"constraint is {constraint}: this problem has {width}; give 0 to {width - 1}."
        )
    values = np.atleast_1d(np.asarray(multipliers, dtype=np.float64))
    start = np.zeros(width) if at is None else np.array(at, dtype=np.float64).reshape(-1)
    if start.size != width:
        raise InvalidInputError(f"at has {start.size} multipliers: this problem has {width} constraints.")
    if values.ndim != 1 or not values.size or not np.isfinite(values).all() or not np.isfinite(start).all():
        raise InvalidInputError("multipliers hold nothing, or nan or inf: give a list of finite values.")
    if values.size * problem.samples.n_prompts > LARGEST_TABLE:
        raise InvalidInputError(
            f"{values.size} points with {problem.samples.n_prompts} prompts do not fit: give at most "
            f"{LARGEST_TABLE // problem.samples.n_prompts}."
        )
    return values, start


def _band(
    centred: Array, omega: Array, resamples: int, rng: np.random.Generator, level: float
) -> tuple[Array, Array]:
    # Single precision is enough for differences from D: their error is 1e-7 of the band, at half the cost.
    weights = resample_weights(omega, resamples, rng, dtype=np.float32)
    draws = np.sort(centred.astype(np.float32) @ weights.T, axis=1)
    low = int(np.floor((1 - level) / 2 * (resamples - 1)))
    return draws[:, low].astype(np.float64), draws[:, resamples - 1 - low].astype(np.float64)
