"""Reliability of a solution: intervals, effective sample size, k-hat, jackknife and the trust light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dualign.duality.bootstrap import bootstrap
from dualign.duality.effective import EffectiveSampleSize, effective_sample_size
from dualign.duality.jackknife import jackknife
from dualign.duality.khat import ParetoKhat, pareto_khat
from dualign.duality.moments import prompt_moments, prompt_weights
from dualign.duality.problem import AlignmentProblem
from dualign.duality.resampling import percentile_interval
from dualign.duality.sandwich import normal_interval, sandwich
from dualign.duality.solve import DualSolution, Outcome
from dualign.duality.trust import Trust, judge
from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reliability:
    """How far a solution can be trusted; every interval is at ``level`` over prompts.

    Attributes
    ----------
    level : float
        Coverage aimed at, such as 0.95.
    multipliers_interval, utilities_interval : (m, 2)
        Bootstrap over prompts, drawn out to the jackknife-corrected estimate: resampling prompts does
        not see the bias of few responses, so the interval reaches to where it would lie without it. The
        upper end of a multiplier is inf when too many resamples are infeasible.
    dual_interval, reward_interval, kl_interval : (2,)
        Bootstrap; reward units, reward units, nats.
    sandwich_* : as above
        The same by influence functions; nan where there is no solution.
    multipliers_corrected : (m,)
        Jackknife against few-response bias; nan if it found none.
    dual_optimum_corrected : float
        The corrected dual at the corrected multipliers.
    share_infeasible : float
        Share of resamples that cannot meet their thresholds.
    zero_inside : tuple of bool
        For each constraint, whether its interval holds lam* = 0: it may not bind at all.
    ess : EffectiveSampleSize
    khat : ParetoKhat
    trust : Trust
    resamples : int
    """

    level: float
    multipliers_interval: Array
    dual_interval: Array
    reward_interval: Array
    kl_interval: Array
    utilities_interval: Array
    sandwich_multipliers_interval: Array
    sandwich_dual_interval: Array
    sandwich_reward_interval: Array
    sandwich_kl_interval: Array
    sandwich_utilities_interval: Array
    multipliers_corrected: Array
    dual_optimum_corrected: float
    share_infeasible: float
    zero_inside: tuple[bool, ...]
    ess: EffectiveSampleSize
    khat: ParetoKhat
    trust: Trust
    resamples: int

    @property
    def khat_pooled(self) -> float:
        """Pareto k-hat of the weights of all prompts together."""
        return self.khat.pooled


def assess(
    problem: AlignmentProblem,
    solution: DualSolution,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Reliability:
    """Intervals, effective sample size, k-hat, jackknife and trust light of ``solution``.

    Parameters
    ----------
    problem
        The problem.
    solution
        Its solution by `solve_dual`. An infeasible one gets nan intervals, the effective sizes at lam = 0
        (the policy that maximises reward alone), and a red light.
    resamples
        Bootstrap resamples over prompts.
    level
        Coverage of the intervals, in (0, 1).
    rng
        Source of randomness.

    Raises
    ------
    InvalidInputError
        A level outside (0, 1) or fewer than two resamples.
    """
    if not 0 < level < 1:
        raise InvalidInputError(f"level is {level}: give a coverage between 0 and 1, such as 0.95.")
    if resamples < 2:
        raise InvalidInputError(f"resamples is {resamples}: give at least 2, such as 1000.")
    lam = np.asarray(solution.multipliers, dtype=np.float64)
    if solution.outcome is Outcome.INFEASIBLE or not np.isfinite(lam).all():
        return _unsolved(problem, solution, resamples, level)
    found, omega = prompt_moments(problem, lam), prompt_weights(problem.samples)
    draws = bootstrap(problem, lam, resamples=resamples, rng=rng)
    errors, corrected = sandwich(problem, lam), jackknife(problem, lam)
    ess = effective_sample_size(found.sum_squares, omega)
    khat = pareto_khat(found.log_weights, omega)
    dual, reward = float(omega @ found.dual), float(omega @ found.reward)
    kl, utilities = float(omega @ found.kl), omega @ found.utilities
    bias: dict[str, npt.ArrayLike] = {
        "multipliers": corrected.multipliers - lam,
        "dual": corrected.dual_optimum - dual,
        "reward": corrected.expected_reward - reward,
        "kl": corrected.kl - kl,
        "utilities": corrected.expected_utilities - utilities,
    }
    drawn = {
        "multipliers": percentile_interval(draws.multipliers, level),
        "dual": percentile_interval(draws.dual_optimum, level),
        "reward": percentile_interval(draws.expected_reward, level),
        "kl": percentile_interval(draws.kl, level),
        "utilities": percentile_interval(draws.expected_utilities, level),
    }
    if np.count_nonzero(omega) == 1:
        # Resamples of one prompt are that prompt again: they say nothing of other prompts.
        drawn = {
            name: np.stack([np.full(np.shape(v)[:-1], -np.inf), np.full(np.shape(v)[:-1], np.inf)], axis=-1)
            for name, v in drawn.items()
        }
    formula = {
        "multipliers": normal_interval(lam, errors.multipliers, level, low=0.0),
        "dual": normal_interval(dual, errors.dual_optimum, level),
        "reward": normal_interval(reward, errors.expected_reward, level),
        "kl": normal_interval(kl, errors.kl, level, low=0.0),
        "utilities": normal_interval(utilities, errors.expected_utilities, level),
    }
    dual_gap = relative_gap(corrected.dual_optimum, dual, formula["dual"])
    multiplier_gap = relative_gap(corrected.multipliers, lam, formula["multipliers"])
    floors = {"multipliers": 0.0, "kl": 0.0}
    both = [
        {name: _stretched(found_[name], bias[name], floors.get(name, -np.inf)) for name in bias}
        for found_ in (drawn, formula)
    ]
    failure = None
    if solution.outcome is Outcome.INACCURATE:
        failure = f"the solution is inaccurate: {solution.message}"
    return Reliability(
        level=level,
        multipliers_interval=both[0]["multipliers"],
        dual_interval=both[0]["dual"],
        reward_interval=both[0]["reward"],
        kl_interval=both[0]["kl"],
        utilities_interval=both[0]["utilities"],
        sandwich_multipliers_interval=both[1]["multipliers"],
        sandwich_dual_interval=both[1]["dual"],
        sandwich_reward_interval=both[1]["reward"],
        sandwich_kl_interval=both[1]["kl"],
        sandwich_utilities_interval=both[1]["utilities"],
        multipliers_corrected=corrected.multipliers,
        dual_optimum_corrected=corrected.dual_optimum,
        share_infeasible=draws.share_infeasible,
        zero_inside=tuple(bool(low <= 0) for low in both[0]["multipliers"][:, 0]),
        ess=ess,
        khat=khat,
        trust=judge(
            ess=ess,
            khat=khat,
            dual_gap=dual_gap,
            multiplier_gap=multiplier_gap,
            share_infeasible=draws.share_infeasible,
            n_prompts=problem.samples.n_prompts,
            failure=failure,
        ),
        resamples=resamples,
    )


def _stretched(interval: Array, bias: npt.ArrayLike, floor: float) -> Array:
    """The interval drawn out to where it would lie around the corrected estimate."""
    shift = np.nan_to_num(np.asarray(bias, dtype=np.float64), nan=0.0)
    found = np.stack(
        [interval[..., 0] + np.minimum(shift, 0), interval[..., 1] + np.maximum(shift, 0)], axis=-1
    )
    return np.maximum(found, floor)


def relative_gap(corrected: npt.ArrayLike, plain: npt.ArrayLike, interval: npt.ArrayLike) -> float:
    """Largest |corrected - plain| over the reach of the interval above the plain value; nan stays nan."""
    gap = np.abs(np.asarray(corrected) - np.asarray(plain))
    reach = np.asarray(interval)[..., 1] - np.asarray(plain)
    ratio = np.divide(gap, reach, out=np.where(gap > 0, np.inf, 0.0), where=reach > 0)
    ratio = np.where(np.isnan(gap), np.nan, ratio)
    # A change that rounding explains is none, however narrow the interval (one-point prompts).
    tiny = gap <= 1e-9 * (1.0 + np.abs(np.asarray(plain)))
    return float(np.max(np.where(tiny, 0.0, ratio)))


def _unsolved(problem: AlignmentProblem, solution: DualSolution, resamples: int, level: float) -> Reliability:
    width = problem.samples.n_constraints
    zero = np.zeros(width)
    found, omega = prompt_moments(problem, zero), prompt_weights(problem.samples)
    ess = effective_sample_size(found.sum_squares, omega)
    khat = pareto_khat(found.log_weights, omega)
    pair, rows = np.full(2, np.nan), np.full((width, 2), np.nan)
    return Reliability(
        level=level,
        multipliers_interval=rows,
        dual_interval=pair,
        reward_interval=pair,
        kl_interval=pair,
        utilities_interval=rows,
        sandwich_multipliers_interval=rows,
        sandwich_dual_interval=pair,
        sandwich_reward_interval=pair,
        sandwich_kl_interval=pair,
        sandwich_utilities_interval=rows,
        multipliers_corrected=np.full(width, np.nan),
        dual_optimum_corrected=float("nan"),
        share_infeasible=1.0 if solution.outcome is Outcome.INFEASIBLE else float("nan"),
        zero_inside=(False,) * width,
        ess=ess,
        khat=khat,
        trust=Trust("red", (f"there is no solution to trust: {solution.message}",)),
        resamples=resamples,
    )
