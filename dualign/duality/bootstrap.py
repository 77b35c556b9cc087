"""Bootstrap over prompts of the multipliers and of everything estimated at them.

Each resample is a vector of prompt weights, and D, its derivatives and the expectations are linear in
those weights, the baseline of the improvement form included. So the per-prompt quantities are computed
once, at a few multipliers, and every resample is solved on their interpolant: no pass over the responses
per resample.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dualign.duality.feasibility import rounding
from dualign.duality.moments import PromptMoments, mass, offsets, prompt_moments, prompt_weights
from dualign.duality.problem import AlignmentProblem
from dualign.duality.resampling import BootstrapDraws, resample_weights
from dualign.duality.taylor import solve_on_expansion

Array = npt.NDArray[np.float64]

_NODES = 13
_FARTHEST = 4096.0
"""Multipliers beyond this many times the starting reach count as infinite."""


def bootstrap(
    problem: AlignmentProblem,
    multipliers: npt.ArrayLike,
    *,
    resamples: int = 1000,
    rng: np.random.Generator,
) -> BootstrapDraws:
    """Re-solve the dual on resamples of the prompts, baseline included.

    Parameters
    ----------
    problem
        The problem.
    multipliers : (m,)
        Its solution, finite.
    resamples
        Number of resamples B.
    rng
        Source of randomness.

    Notes
    -----
    With one constraint the slack of each resample is a monotone function of lam; it is interpolated
    (cubic Hermite) between multipliers around the solution, further ones being added until every
    feasible resample is bracketed. With several, D of each resample is expanded to fourth order at the
    solution, and resamples that leave the expansion's reach are solved exactly.

    A slack within rounding of 0 is met. Where the best that a resample can reach is exactly its threshold,
    only an infinite multiplier meets it. A resample without a prompt of some constraint's group says nothing
    of that constraint: nan.
    """
    centre = np.asarray(multipliers, dtype=np.float64).reshape(-1)
    weights = resample_weights(prompt_weights(problem.samples), resamples, rng)
    if centre.size == 1:
        return _bootstrap_one(problem, float(centre[0]), weights)
    return solve_on_expansion(problem, centre, weights)


def _best_slack(problem: AlignmentProblem, direction: Array) -> Array:
    """Per-prompt largest <direction, h>, (P,): its mean bounds what any policy can reach."""
    utilities, offset, _ = offsets(problem)
    values = utilities @ direction
    if problem.samples.log_weights is not None:
        values = np.where(np.asarray(problem.samples.log_weights) > -np.inf, values, -np.inf)
    return values.max(axis=1) - offset @ direction


class _Nodes:
    """Resampled columns at growing sets of multipliers, in increasing order."""

    def __init__(self, problem: AlignmentProblem, weights: Array, fuzz: float) -> None:
        self.problem, self.weights, self.fuzz = problem, weights, fuzz
        self.at: list[float] = []
        self.columns: list[Array] = []

    def add(self, points: Array) -> None:
        beta = float(self.problem.beta)
        for point in points:
            found: PromptMoments = prompt_moments(self.problem, [point])
            joint = found.joint_covariance / beta
            stacked = np.stack(
                [found.dual, found.slack[:, 0], joint[:, 1, 1], found.reward, joint[:, 0, 1]], axis=1
            )
            self.at.append(float(point))
            column = self.weights @ stacked
            column[np.abs(column[:, 1]) <= self.fuzz, 1] = 0.0
            self.columns.append(column)

    def table(self) -> tuple[Array, Array]:
        return np.array(self.at), np.stack(self.columns, axis=1)


def _bootstrap_one(problem: AlignmentProblem, centre: float, weights: Array) -> BootstrapDraws:
    beta = float(problem.beta)
    here = prompt_moments(problem, [centre])
    omega = prompt_weights(problem.samples)
    curvature = float(omega @ here.covariance[:, 0, 0]) / beta
    spread = float(np.sqrt(np.sum((omega * (here.slack[:, 0] - omega @ here.slack[:, 0])) ** 2)))
    slope = float(omega @ here.slack[:, 0])
    fuzz = rounding(problem)
    best = weights @ _best_slack(problem, np.ones(1))
    infeasible = best < -fuzz
    reach = 4.0 * spread / curvature if curvature > 0 else np.inf
    # Prompts that are all alike spread by rounding alone: nodes that close could not be told apart.
    reach = max(reach, 1e-4 * centre) if np.isfinite(reach) else 0.0
    if reach <= 0:
        reach = max(centre, 1e-3 * beta)
    nodes = _Nodes(problem, weights, fuzz)
    low = max(0.0, centre - reach)
    if centre == 0 and slope > 5 * spread:
        nodes.add(np.array([0.0, reach]))
    else:
        nodes.add(np.linspace(low, centre + reach, _NODES))
    at, table = nodes.table()
    while low > 0 and np.any(table[:, 0, 1] > 0):
        low = max(0.0, low - reach) if low > 0.5 * reach else 0.0
        earlier = _Nodes(problem, weights, fuzz)
        earlier.add(np.linspace(low, at[0], 4, endpoint=False))
        nodes.at, nodes.columns = earlier.at + nodes.at, earlier.columns + nodes.columns
        at, table = nodes.table()
    step, limit = reach / 2, centre + _FARTHEST * reach
    endless = ~infeasible & (best <= fuzz) & (table[:, 0, 1] < 0)
    while at[-1] < limit and np.any((table[:, -1, 1] < 0) & ~infeasible & ~endless):
        nodes.add(at[-1] + step * np.array([0.25, 0.5, 0.75, 1.0]))
        step *= 2
        at, table = nodes.table()
    infeasible = infeasible | ((table[:, -1, 1] < 0) & ~endless)
    lam, dual, reward, slack = _hermite_root(at, table)
    _, offset, _ = offsets(problem)
    part = mass(problem.samples, weights)[:, 0]
    silent = part <= 0
    utilities = (slack + (weights @ offset)[:, 0]) / np.where(silent, np.nan, part)
    kl = np.maximum((reward + lam * slack - dual) / beta, 0.0)
    lam = np.where(infeasible | endless, np.inf, lam)
    return BootstrapDraws(
        multipliers=np.where(silent, np.nan, lam)[:, None],
        dual_optimum=np.where(infeasible, np.inf, dual),
        expected_reward=np.where(infeasible, np.nan, reward),
        kl=np.where(infeasible, np.nan, kl),
        expected_utilities=np.where(infeasible, np.nan, utilities)[:, None],
        infeasible=infeasible,
    )


def _hermite_root(at: Array, table: Array) -> tuple[Array, Array, Array, Array]:
    """Zero of the slack of each resample, and D, reward and slack there; lam = 0 where slack(0) >= 0."""
    slack, rate = table[..., 1], table[..., 2]
    # Not below the first node: there the constraint does not bind (lam = 0) and the slack stays as it is.
    left = np.clip(np.sum(slack < 0, axis=1) - 1, 0, at.size - 2)
    rows = np.arange(slack.shape[0])
    width = at[left + 1] - at[left]
    y0, y1 = slack[rows, left], slack[rows, left + 1]
    d0, d1 = rate[rows, left] * width, rate[rows, left + 1] * width
    # s(t) = y0 + d0 t + (3 dy - 2 d0 - d1) t^2 + (d0 + d1 - 2 dy) t^3 on t in [0, 1]
    second, cubic = 3 * (y1 - y0) - 2 * d0 - d1, d0 + d1 - 2 * (y1 - y0)
    start, stop = np.zeros(rows.size), np.ones(rows.size)
    for _ in range(48):
        middle = (start + stop) / 2
        below = y0 + middle * (d0 + middle * (second + middle * cubic)) < 0
        start, stop = np.where(below, middle, start), np.where(below, stop, middle)
    t = np.where(y0 >= 0, 0.0, (start + stop) / 2)
    value = y0 + t * (d0 + t * (second + t * cubic))
    integral = width * t * (y0 + t * (d0 / 2 + t * (second / 3 + t * cubic / 4)))
    dual = table[rows, left, 0] + integral
    r0, r1 = table[rows, left, 3], table[rows, left + 1, 3]
    e0, e1 = table[rows, left, 4] * width, table[rows, left + 1, 4] * width
    reward = r0 + t * (e0 + t * (3 * (r1 - r0) - 2 * e0 - e1 + t * (e0 + e1 - 2 * (r1 - r0))))
    return at[left] + t * width, dual, reward, value
