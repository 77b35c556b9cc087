"""lam*: the dual minimised over multipliers >= 0, with a closed list of outcomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from dualign.duality.bracket import bracketed_search
from dualign.duality.dependence import dependent_constraints, smallest_multipliers
from dualign.duality.feasibility import check_feasibility, rounding, unmet_alone
from dualign.duality.newton import projected_newton
from dualign.duality.problem import AlignmentProblem
from dualign.duality.search import Search, View
from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]


class Outcome(StrEnum):
    """How a solve ended: the only four ways."""

    OPTIMAL_BINDING = "optimal_binding"
    """lam* > 0 for at least one constraint."""
    OPTIMAL_NOT_BINDING = "optimal_not_binding"
    """lam* = 0: the policy that maximises reward meets every threshold."""
    INFEASIBLE = "infeasible"
    """No policy over these responses meets the thresholds together; a certificate says so."""
    INACCURATE = "inaccurate"
    """The tolerance was not reached, or a threshold equals the best achievable and no finite lam* meets it; the
    numbers are the best found."""


@dataclass(frozen=True, eq=False)
class DualSolution:
    """lam* and what it says.

    Attributes
    ----------
    outcome
        One of ``Outcome``.
    multipliers : (m,)
        lam*, reward units per utility unit; NaN when infeasible.
    dual_optimum, primal_optimum : float
        D* and P* = E[r] - beta KL of the tilted policy, reward units.
    slack : (m,)
        Slack of the tilted policy, utility units.
    kkt_residual : float
        max_j |min(lam_j s_j / beta, slack_j / s_j)| with s_j the within-prompt standard deviation of g_j.
    iterations : int
        Passes over the samples, those over a part of the prompts counted too.
    path : (k, m)
        Multipliers at each pass.
    expected_reward, kl, regularized_reward : float
    expected_utilities : (m,)
    certificate : (m,) or None
        When infeasible: multipliers >= 0 along which every policy's combined slack is negative.
    best_slack : float or None
        Largest min_j slack_j that any policy over the samples reaches, utility units. Always known for
        one constraint; for several, only when the solve had to decide feasibility.
    dependent : tuple of str
        Sentences naming linearly dependent constraints; lam* is then one of many.
    message : str
        The outcome in words.
    """

    outcome: Outcome
    multipliers: Array
    dual_optimum: float
    primal_optimum: float
    slack: Array
    kkt_residual: float
    iterations: int
    path: Array
    expected_reward: float
    kl: float
    regularized_reward: float
    expected_utilities: Array
    certificate: Array | None
    best_slack: float | None
    dependent: tuple[str, ...]
    message: str


def solve_dual(
    problem: AlignmentProblem, *, tolerance: float = 1e-8, max_iterations: int = 200
) -> DualSolution:
    """lam* = argmin D over lam >= 0, by a safeguarded second-order method.

    Parameters
    ----------
    problem
        m >= 1 constraints.
    tolerance
        KKT residual demanded (see ``DualSolution.kkt_residual``).
    max_iterations
        Most passes over all samples.

    Returns
    -------
    DualSolution
        ``INACCURATE`` where the tolerance was not reached; nothing is raised for a hard problem.

    Raises
    ------
    InvalidInputError
        Tolerance or iterations that are not positive.

    Notes
    -----
    Zhang et al. 2025, problem (D-CA); Huang et al. 2024, eq. (8).
    """
    if not tolerance > 0 or max_iterations < 1:
        raise InvalidInputError(
            f"tolerance is {tolerance} and max_iterations {max_iterations}: both must be positive."
        )
    dependent = dependent_constraints(problem.samples)
    view = View.whole(problem)
    if problem.samples.n_constraints == 1:
        feasibility = check_feasibility(problem)
        if not feasibility.feasible:
            return _infeasible(problem, feasibility.best_slack, feasibility.direction, dependent, view.path)
        search = bracketed_search(view, tolerance=tolerance, max_iterations=max_iterations)
        return _solution(problem, search, tolerance, feasibility.best_slack, dependent)
    best: float | None = None
    if (problem.reference_slack + view.centred.ceiling < -rounding(problem)).any():
        feasibility = check_feasibility(problem)
        return _infeasible(problem, feasibility.best_slack, feasibility.direction, dependent, view.path)
    search = projected_newton(view, tolerance=tolerance, max_iterations=max_iterations)
    tilts = search.multipliers * view.scale / problem.beta
    # A solution found is a proof of feasibility, but for a shortfall inside the tolerance: multipliers out
    # of proportion are how that shows, or a policy that has nowhere left to go.
    spent = not dependent and search.variance < 1e-6
    far = 50.0 * (1.0 + view.centred.reward_spread / problem.beta)
    if not search.residual <= tolerance or (tilts.max() > far and search.at.slack.min() < 0) or spent:
        feasibility = check_feasibility(problem)
        best = feasibility.best_slack
        if not feasibility.feasible:
            return _infeasible(problem, best, feasibility.direction, dependent, view.path)
    if not search.residual <= tolerance:
        again = projected_newton(view, tolerance=tolerance, max_iterations=max_iterations, follow=True)
        search = again if again.residual < search.residual else search
    if dependent and search.residual <= tolerance:
        search = _smallest(problem, view, search, tolerance)
    return _solution(problem, search, tolerance, best, dependent)


def _smallest(problem: AlignmentProblem, view: View, search: Search, tolerance: float) -> Search:
    lam = smallest_multipliers(problem.samples.centred, problem.reference_slack, search.multipliers)
    if np.array_equal(lam, search.multipliers):
        return search
    at = view.evaluate(lam, order=1)
    residual = view.residual(lam, at.slack)
    return replace(search, multipliers=lam, at=at, residual=residual) if residual <= tolerance else search


def _solution(
    problem: AlignmentProblem,
    search: Search,
    tolerance: float,
    best: float | None,
    dependent: tuple[str, ...],
) -> DualSolution:
    samples, lam, at = problem.samples, search.multipliers, search.at
    moved = at.slack - problem.reference_slack
    # From centred quantities: the reward's own size would cost KL its digits.
    regularized = at.dual - float(lam @ at.slack)
    kl = max((at.reward - regularized) / problem.beta, 0.0)
    binding = bool((lam > 0).any())
    within = max(rounding(problem), tolerance * float(samples.centred.scale.max()))
    ceiling = binding and best is not None and best <= within
    if ceiling or not search.residual <= tolerance:
        outcome = Outcome.INACCURATE
    else:
        outcome = Outcome.OPTIMAL_BINDING if binding else Outcome.OPTIMAL_NOT_BINDING
    return DualSolution(
        outcome=outcome,
        multipliers=lam,
        dual_optimum=samples.reference_reward + at.dual,
        primal_optimum=samples.reference_reward + regularized,
        slack=at.slack,
        kkt_residual=search.residual,
        iterations=len(search.path),
        path=np.array(search.path),
        expected_reward=samples.reference_reward + at.reward,
        kl=kl,
        regularized_reward=samples.reference_reward + regularized,
        expected_utilities=samples.baseline + moved,
        certificate=None,
        best_slack=best,
        dependent=dependent,
        message=_words(problem, search, outcome, tolerance, kl, dependent, ceiling=ceiling),
    )


def _words(
    problem: AlignmentProblem,
    search: Search,
    outcome: Outcome,
    tolerance: float,
    kl: float,
    dependent: tuple[str, ...],
    *,
    ceiling: bool,
) -> str:
    names, lam = problem.samples.names, search.multipliers
    if ceiling:
        what = "the threshold equals" if len(names) == 1 else "the thresholds together equal"
        text = (
            f"{what} the best achievable, which only an infinite multiplier reaches: lam* has no finite value, and "
            "the one shown meets the threshold to the tolerance only. Lower the threshold a little"
        )
    elif outcome is Outcome.INACCURATE:
        text = (
            f"the solver stopped at KKT residual {search.residual:.1e}, above {tolerance:.0e}: treat the numbers as "
            "approximate, or raise beta or max_iterations"
        )
    elif outcome is Outcome.OPTIMAL_BINDING:
        binding = [(name, value) for name, value in zip(names, lam, strict=True) if value > 0]
        prices = ", ".join(f"lam* = {value:.4g} on '{name}'" for name, value in binding)
        text = (
            f"{prices}: one more unit of the threshold costs that much regularized reward; the tilted policy "
            f"gains {search.at.reward:+.4g} reward over the reference at a KL of {kl:.4g} nats"
        )
        free = [repr(name) for name, value in zip(names, lam, strict=True) if not value > 0]
        if free:
            text += f"; {', '.join(free)} would hold without being asked"
    else:
        what = "every constraint" if len(names) > 1 else repr(names[0])
        text = (
            f"{what} already holds for the policy that maximises reward (slack {search.at.slack.min():.4g}), "
            "so lam* = 0: the constraint costs nothing"
        )
    if dependent:
        text += f". Dependent constraints: {'; '.join(dependent)}"
        if len(names) > 1 and outcome is Outcome.OPTIMAL_BINDING:
            text += "; lam* is the smallest of many"
    return text + "."


def _infeasible(
    problem: AlignmentProblem, best: float, direction: Array, dependent: tuple[str, ...], path: list[Array]
) -> DualSolution:
    m = problem.samples.n_constraints
    name, threshold = problem.samples.names[0], float(problem.thresholds[0])
    if m == 1:
        message = (
            f"threshold {threshold:.6g} on '{name}' cannot be met on these samples: best achievable is "
            f"{threshold + best:.6g}. Lower the threshold or add responses."
        )
    elif alone := unmet_alone(problem):
        told = "; ".join(
            f"threshold {problem.thresholds[j]:.6g} on '{problem.samples.names[j]}' cannot be met even alone, the best "
            f"achievable is {highest:.6g}"
            for j, highest in alone.items()
        )
        message = f"{told}. Lower {'it' if len(alone) == 1 else 'them'} first, or add responses."
    else:
        mix = " + ".join(
            f"{weight:.3g} x '{label}'"
            for weight, label in zip(direction, problem.samples.names, strict=True)
            if weight > 1e-9
        )
        message = (
            f"the thresholds cannot be met together on these samples: on {mix} every policy falls short by at "
            f"least {-best:.4g}. Lower the thresholds or add responses."
        )
    nothing = np.full(m, np.nan)
    return DualSolution(
        outcome=Outcome.INFEASIBLE,
        multipliers=nothing,
        dual_optimum=-np.inf,
        primal_optimum=-np.inf,
        slack=nothing,
        kkt_residual=np.inf,
        iterations=len(path),
        path=np.array(path).reshape(-1, m),
        expected_reward=np.nan,
        kl=np.nan,
        regularized_reward=np.nan,
        expected_utilities=nothing,
        certificate=direction,
        best_slack=best,
        dependent=dependent,
        message=message,
    )
