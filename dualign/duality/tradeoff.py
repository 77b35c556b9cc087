"""What a threshold costs: P*(eps), its price lam*, and the thresholds that can be met."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dualign.duality.moments import offsets, prompt_moments, prompt_weights, reference_log_weights
from dualign.duality.problem import AlignmentProblem
from dualign.duality.sandwich import normal_interval, sandwich
from dualign.duality.solve import DualSolution, Outcome, solve_dual
from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]


class FeasibleRange(NamedTuple):
    """Thresholds between what every policy meets and what no policy exceeds, in the problem's form."""

    low: float
    high: float


@dataclass(frozen=True)
class TradeoffCurve:
    """P* as one threshold moves, the other thresholds fixed; nan where it cannot be met.

    Attributes
    ----------
    constraint : str
    thresholds : (T,)
    multipliers : (T, m)
        lam*; inf in the moving constraint where it cannot be met.
    primal_optimum, reward : (T,)
        Reward units.
    kl : (T,)
        Nats.
    slope : (T,)
        -lam* of the moving constraint: dP*/d eps.
    """

    constraint: str
    thresholds: Array
    multipliers: Array
    primal_optimum: Array
    reward: Array
    kl: Array
    slope: Array


@dataclass(frozen=True)
class TradeoffBand:
    """Low and high ends, (2, T), of P* (reward units) and of the moving constraint's lam*; nan where it cannot be met.

    Over prompts alone: the bias of few responses, which grows towards the end of what can be reached, is not in it.
    """

    primal_optimum: Array
    multiplier: Array


@dataclass(frozen=True)
class RegularizationPath:
    """Solutions over a list of threshold vectors.

    Attributes
    ----------
    thresholds, multipliers, slack, utilities : (T, m)
    dual_optimum, reward, kl : (T,)
    outcomes : tuple of Outcome
    """

    thresholds: Array
    multipliers: Array
    slack: Array
    utilities: Array
    dual_optimum: Array
    reward: Array
    kl: Array
    outcomes: tuple[Outcome, ...]


def _with_threshold(problem: AlignmentProblem, threshold: float, constraint: int) -> AlignmentProblem:
    thresholds = np.array(problem.thresholds, dtype=np.float64)
    thresholds[constraint] = threshold
    return replace(problem, thresholds=thresholds)


def _check(problem: AlignmentProblem, constraint: int) -> None:
    width = problem.samples.n_constraints
    if not 0 <= constraint < width:
        raise InvalidInputError(
            f"constraint is {constraint}: this problem has {width}; give 0 to {width - 1}."
        )


def regularization_path(problem: AlignmentProblem, thresholds: npt.ArrayLike) -> RegularizationPath:
    """Solutions at every threshold vector of ``thresholds`` (T, m), or (T,) with one constraint.

    Infeasible rows hold nan, and inf for their multipliers.
    """
    width = problem.samples.n_constraints
    rows = np.asarray(thresholds, dtype=np.float64)
    rows = rows[:, None] if rows.ndim == 1 and width == 1 else rows
    if rows.ndim != 2 or rows.shape[1] != width:
        raise InvalidInputError(
            f"thresholds have shape {np.shape(thresholds)}: give (T, {width}), one column a constraint."
        )
    solutions = [solve_dual(replace(problem, thresholds=row)) for row in rows]
    met = np.array([solution.outcome is not Outcome.INFEASIBLE for solution in solutions], dtype=bool)

    def column(values: list[npt.ArrayLike], missing: float) -> Array:
        found = np.asarray(values, dtype=np.float64)
        return np.where(met.reshape(-1, *[1] * (found.ndim - 1)), found, missing)

    return RegularizationPath(
        thresholds=rows,
        multipliers=column([s.multipliers for s in solutions], np.inf),
        slack=column([s.slack for s in solutions], np.nan),
        utilities=column([s.expected_utilities for s in solutions], np.nan),
        dual_optimum=column([s.dual_optimum for s in solutions], np.nan),
        reward=column([s.expected_reward for s in solutions], np.nan),
        kl=column([s.kl for s in solutions], np.nan),
        outcomes=tuple(solution.outcome for solution in solutions),
    )


def tradeoff_curve(
    problem: AlignmentProblem, thresholds: npt.ArrayLike, *, constraint: int = 0
) -> TradeoffCurve:
    """P*(eps) and its slope -lam* as the threshold of one constraint takes the values ``thresholds`` (T,).

    P* is concave in the threshold. By strong duality it is read off D*.
    """
    _check(problem, constraint)
    values = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    rows = np.tile(np.asarray(problem.thresholds, dtype=np.float64), (values.size, 1))
    rows[:, constraint] = values
    path = regularization_path(problem, rows)
    return TradeoffCurve(
        constraint=problem.samples.names[constraint],
        thresholds=values,
        multipliers=path.multipliers,
        primal_optimum=path.dual_optimum,
        reward=path.reward,
        kl=path.kl,
        slope=-path.multipliers[:, constraint],
    )


def tradeoff_band(
    problem: AlignmentProblem, curve: TradeoffCurve, *, level: float = 0.95, constraint: int = 0
) -> TradeoffBand:
    """Pointwise intervals of P* and of the price along a trade-off curve, by the sandwich formula over prompts.

    Parameters
    ----------
    problem, constraint
        What ``curve`` was computed with.
    curve
        By `tradeoff_curve`.
    level
        Coverage, in (0, 1).

    Raises
    ------
    InvalidInputError
        ``level`` outside (0, 1).
    """
    if not 0 < level < 1:
        raise InvalidInputError(f"the level is {level:g}: give a coverage between 0 and 1.")
    primal, price = np.full((2, curve.thresholds.size), np.nan), np.full((2, curve.thresholds.size), np.nan)
    for k, threshold in enumerate(curve.thresholds):
        lam = curve.multipliers[k]
        if not np.isfinite(lam).all() or not np.isfinite(curve.primal_optimum[k]):
            continue
        found = sandwich(_with_threshold(problem, float(threshold), constraint), lam)
        primal[:, k] = normal_interval(curve.primal_optimum[k], found.dual_optimum, level)
        price[:, k] = normal_interval(lam[constraint], found.multipliers[constraint], level, low=0.0)
    return TradeoffBand(primal_optimum=primal, multiplier=price)


def feasible_range(problem: AlignmentProblem, *, constraint: int = 0) -> FeasibleRange:
    """Thresholds of one constraint, the others left out, from met by all policies to met by just one.

    Returns
    -------
    FeasibleRange
        (low, high) in the problem's form. On samples both are exact: the mean over prompts of the
        smallest and largest utility. From `threshold_for_multiplier` at 0 upward the constraint binds.
    """
    _check(problem, constraint)
    utilities, offset, _ = offsets(problem)
    present = reference_log_weights(problem.samples) > -np.inf
    values, omega = utilities[..., constraint], prompt_weights(problem.samples)
    shift = float(problem.thresholds[constraint]) - float(omega @ offset[:, constraint])
    low = float(omega @ np.where(present, values, np.inf).min(axis=1)) + shift
    high = float(omega @ np.where(present, values, -np.inf).max(axis=1)) + shift
    return FeasibleRange(low, high)


def multiplier_for_threshold(problem: AlignmentProblem, threshold: float, *, constraint: int = 0) -> float:
    """lam* of one constraint at ``threshold``, the others fixed: 0 if it does not bind, inf if infeasible."""
    _check(problem, constraint)
    found: DualSolution = solve_dual(_with_threshold(problem, float(threshold), constraint))
    if found.outcome is Outcome.INFEASIBLE:
        return float("inf")
    return float(found.multipliers[constraint])


def threshold_for_multiplier(problem: AlignmentProblem, multiplier: float, *, constraint: int = 0) -> float:
    """Threshold of one constraint at which lam* is ``multiplier``, the other thresholds fixed.

    The inverse of `multiplier_for_threshold` where the constraint binds. The other multipliers are
    solved for with this one's term added to the reward. Any sign is taken; a negative multiplier gives
    the utility that would be reached by paying for less of it.

    Raises
    ------
    InvalidInputError
        The other constraints cannot be met, or the multiplier is not finite.
    """
    _check(problem, constraint)
    if not np.isfinite(multiplier):
        raise InvalidInputError(f"multiplier is {multiplier}: give a finite price in reward per utility.")
    samples = problem.samples
    lam = np.zeros(samples.n_constraints)
    lam[constraint] = multiplier
    others = [j for j in range(samples.n_constraints) if j != constraint]
    if others:
        added = samples.rewards + multiplier * samples.utilities[..., constraint]
        rest = replace(samples.select([samples.names[j] for j in others]), rewards=added)
        forms = tuple(problem.forms[j] for j in others)
        found = solve_dual(
            replace(problem, samples=rest, thresholds=np.asarray(problem.thresholds)[others], form=forms)
        )
        if found.outcome is Outcome.INFEASIBLE:
            raise InvalidInputError(f"the other constraints cannot be met: {found.message}")
        lam[others] = found.multipliers
    slack = prompt_weights(samples) @ prompt_moments(problem, lam).slack
    return float(problem.thresholds[constraint]) + float(slack[constraint])
