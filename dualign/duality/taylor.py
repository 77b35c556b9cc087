"""The dual of many prompt resamples at once, by its fourth-order expansion at the solution."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dualign.duality.dependence import smallest_multipliers, undetermined
from dualign.duality.feasibility import best_common_slack, rounding
from dualign.duality.moments import mass, offsets, prompt_moments
from dualign.duality.newton import projected_newton
from dualign.duality.problem import AlignmentProblem
from dualign.duality.resampling import BootstrapDraws
from dualign.duality.search import View

Array = npt.NDArray[np.float64]

_MOST_EXACT = 24
"""Resamples outside the expansion's reach that are solved exactly; more are drawn from these."""
_RIDGE = 1e-6
"""Where lam* is one of many: enough to pick the smallest, and no more than 1e-6 of a spread beside D."""


@dataclass(frozen=True)
class Expansion:
    """D of N prompt weightings as a quartic in the step from ``centre``; coordinate 0 is the reward.

    Attributes
    ----------
    centre : (m,)
    dual : (N,)
    first : (N, 1 + m)
        Expected reward and slack.
    second, third, fourth : (N, 1 + m, 1 + m), ..
        Mean cumulants over beta, beta squared and beta cubed.
    """

    centre: Array
    dual: Array
    first: Array
    second: Array
    third: Array
    fourth: Array

    @classmethod
    def around(cls, problem: AlignmentProblem, centre: Array, weights: Array) -> Expansion:
        """The expansion at ``centre`` for prompt weights (N, P), one pass over the responses."""
        beta = float(problem.beta)
        found = prompt_moments(problem, centre, order=4)
        assert found.third is not None
        assert found.fourth is not None

        def mean(values: Array, power: int) -> Array:
            flat = weights @ values.reshape(values.shape[0], -1) / beta**power
            return flat.reshape(weights.shape[0], *values.shape[1:])

        return cls(
            centre=centre,
            dual=weights @ found.dual,
            first=weights @ np.concatenate([found.reward[:, None], found.slack], axis=1),
            second=mean(found.joint_covariance, 1),
            third=mean(found.third, 2),
            fourth=mean(found.fourth, 3),
        )

    def gradient(self, step: Array) -> Array:
        """Mean (reward, slack) at ``centre + step``, (B, 1 + m)."""
        cubic = np.einsum("nabcd,nd->nabc", self.fourth[..., 1:], step)
        square = np.einsum("nabc,nc->nab", (self.third + cubic / 3)[..., 1:], step)
        return self.first + np.einsum("nab,nb->na", (self.second + square / 2)[..., 1:], step)

    def hessian(self, step: Array) -> Array:
        """Hessian of D at ``centre + step``, (B, m, m)."""
        cubic = np.einsum("nabcd,nd->nabc", self.fourth[:, 1:, 1:, 1:, 1:], step)
        return self.second[:, 1:, 1:] + np.einsum("nabc,nc->nab", self.third[:, 1:, 1:, 1:] + cubic / 2, step)

    def value(self, step: Array) -> Array:
        """D at ``centre + step``, (B,)."""
        total = self.dual + np.einsum("na,na->n", self.first[:, 1:], step)
        part = np.einsum("nabcd,nd->nabc", self.fourth[:, 1:, 1:, 1:, 1:], step) / 4
        part = np.einsum("nabc,nc->nab", self.third[:, 1:, 1:, 1:] + part, step) / 3
        part = np.einsum("nab,nb->na", self.second[:, 1:, 1:] + part, step) / 2
        return total + np.einsum("na,na->n", part, step)


def solve_on_expansion(problem: AlignmentProblem, centre: Array, weights: Array) -> BootstrapDraws:
    """Minimise the dual of every resample over lam >= 0.

    Parameters
    ----------
    problem
        The problem.
    centre : (m,)
        Its solution.
    weights : (B, P)
        Prompt weights of the resamples, rows summing to 1.
    """
    model = Expansion.around(problem, centre, weights)
    data = problem.samples.centred
    scale = np.where(data.scale > 0, data.scale, data.scale.max() or 1.0)
    ridge = _RIDGE * scale**2 / problem.beta if undetermined(data) else np.zeros_like(scale)
    step, trusted = minimise(model, ridge)
    gradient = model.gradient(step)
    lam = centre + step
    lam[lam * scale < 1e-9 * problem.beta] = 0.0
    dual, reward, slack = model.value(step), gradient[:, 0].copy(), gradient[:, 1:].copy()
    trusted &= (slack >= -1e-4 * scale - rounding(problem)).all(axis=1)
    infeasible = _surely_infeasible(problem, centre, weights)
    far = np.flatnonzero(~trusted & ~infeasible)
    solved = far[:: max(1, -(-far.size // _MOST_EXACT))]
    for row in solved:
        found = solve_exactly(problem, weights[row])
        if found is None:
            infeasible[row] = True
            continue
        lam[row], dual[row], reward[row], slack[row] = found
    for row in np.setdiff1d(far, solved):
        like = solved[int(np.searchsorted(solved, row)) - 1]
        lam[row], dual[row], reward[row], slack[row] = lam[like], dual[like], reward[like], slack[like]
        infeasible[row] = infeasible[like]
    _, offset, _ = offsets(problem)
    part = mass(problem.samples, weights)
    part = np.where(part > 0, part, np.nan)
    utilities = (slack + weights @ offset) / part
    kl = np.maximum((reward + np.einsum("nj,nj->n", lam, slack) - dual) / float(problem.beta), 0.0)
    gone = infeasible[:, None]
    return BootstrapDraws(
        multipliers=np.where(np.isnan(part), np.nan, np.where(gone, np.inf, lam)),
        dual_optimum=np.where(infeasible, np.inf, dual),
        expected_reward=np.where(infeasible, np.nan, reward),
        kl=np.where(infeasible, np.nan, kl),
        expected_utilities=np.where(gone, np.nan, utilities),
        infeasible=infeasible,
    )


def minimise(model: Expansion, ridge: Array | None = None) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Steps (N, m) to the minimum over lam >= 0 of every expansion, by projected Newton, and whether the
    curvature there is still like that at the centre, so that the expansion can be believed.

    ``ridge`` (m,) adds half ridge lam^2 to D: a little of it makes the smallest of many solutions the only one.
    """
    centre = model.centre
    count, width = model.dual.size, centre.size
    extra = np.zeros(width) if ridge is None else ridge
    step = np.zeros((count, width))
    first = model.hessian(step) + np.diag(extra)
    floor = 1e-12 * np.trace(first, axis1=1, axis2=2)[:, None, None] * np.eye(width)
    reached = np.zeros(count, dtype=bool)
    for _ in range(25):
        gradient = model.gradient(step)[:, 1:] + extra * (centre + step)
        hessian = model.hessian(step) + np.diag(extra) + floor
        held = (centre + step <= 0) & (gradient >= 0)
        # A multiplier that the step would make negative stops at 0, and the others are solved for again.
        for _ in range(width):
            free = ~held
            to_zero = np.where(held, -(centre + step), 0.0)
            system = np.where(free[:, :, None] & free[:, None, :], hessian, 0.0)
            system += np.where(held, 1.0, 0.0)[:, :, None] * np.eye(width)
            pull = np.where(free, -gradient - np.einsum("nab,nb->na", hessian, to_zero), to_zero)
            with np.errstate(all="ignore"):
                move = np.linalg.solve(system + 1e-300 * np.eye(width), pull[..., None])[..., 0]
            move = np.where(np.isfinite(move), move, 0.0)
            crossing = free & (centre + step + move < 0)
            if not crossing.any():
                break
            held = held | crossing
        after = np.maximum(centre + step + move, 0.0) - centre
        change = np.abs(after - step).max(axis=1)
        reached = change <= 1e-9 * (np.abs(centre).max() + np.abs(after).max(axis=1) + 1e-300)
        step = np.where(np.abs(after) > 1e6 * (1 + np.abs(centre).max()), step, after)
        if reached.all():
            break
    lowest = np.linalg.eigvalsh(model.hessian(step) + np.diag(extra))[:, 0]
    start = np.linalg.eigvalsh(first)[:, 0]
    return step, reached & (lowest > 0.3 * start) & (lowest < 4.0 * np.maximum(start, 1e-300))


def _surely_infeasible(problem: AlignmentProblem, centre: Array, weights: Array) -> npt.NDArray[np.bool_]:
    """Resamples where some fixed mixture of the constraints cannot be met by any policy."""
    utilities, offset, _ = offsets(problem)
    fuzz = rounding(problem)
    directions = list(np.eye(centre.size))
    if centre.max(initial=0.0) > 0:
        directions.append(centre / centre.sum())
    absent = None
    if problem.samples.log_weights is not None:
        absent = ~(np.asarray(problem.samples.log_weights) > -np.inf)
    bad = np.zeros(weights.shape[0], dtype=bool)
    for direction in directions:
        values = utilities @ direction
        if absent is not None:
            values = np.where(absent, -np.inf, values)
        bad |= weights @ (values.max(axis=1) - offset @ direction) < -fuzz
    return bad


def solve_exactly(
    problem: AlignmentProblem, weights: Array, *, tolerance: float = 1e-8
) -> tuple[Array, float, float, Array] | None:
    """Multipliers, D, reward and slack of one reweighting (P,) of the prompts; None if it is infeasible."""
    samples = problem.samples
    data = replace(samples.centred, prompt_weights=weights, uniform=False)
    asked = problem.thresholds * mass(samples, weights[None])[0]
    base = np.where(problem.relative, 0.0, weights @ data.utility_means) - asked
    view = View(data, base, problem.beta, samples.centred.scale)
    search = projected_newton(view, tolerance=tolerance, max_iterations=100)
    if search.residual > tolerance and best_common_slack(data, base, fuzz=rounding(problem)) < 0:
        return None
    lam, at = search.multipliers, search.at
    if undetermined(samples.centred):
        lam = smallest_multipliers(samples.centred, base, lam)
        at = view.evaluate(lam, order=1)
    reference = float(weights @ data.reward_means)
    return lam, reference + at.dual, reference + at.reward, at.slack
