"""The bounds of the theory on a finite problem, each with both of its sides computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dualign.duality.parametrized import (
    FiniteProblem,
    dual,
    minimise_dual,
    minimise_parametrized_dual,
    parametrization_gap,
    parametrized_dual,
    parametrized_policies,
    parametrized_policy,
    parametrized_primal,
    tilted_policy,
    value_of,
)
from dualign.errors import InvalidInputError


@dataclass(frozen=True)
class Bound:
    """One inequality: ``left`` <= ``right``."""

    name: str
    left: float
    right: float

    @property
    def holds(self) -> bool:
        """Up to rounding."""
        return self.left <= self.right + 1e-9 * (1 + abs(self.right))


@dataclass(frozen=True)
class Theory:
    """What the theory says of a finite problem.

    Attributes
    ----------
    gap : float
        nu.
    multiplier, multiplier_parametrized : float
        lam* and lam_p*.
    dual_optimum, dual_optimum_parametrized, primal_optimum_parametrized : float
        D* = P*, D_p* and P_p*, reward units.
    multi_shot_slack, one_shot_slack : float
        E[h] of the parametrized maximisers at lam_p* (where two, the one further from the optimum's) and at
        lam*, utility units.
    bounds : tuple of Bound
    """

    gap: float
    multiplier: float
    multiplier_parametrized: float
    dual_optimum: float
    dual_optimum_parametrized: float
    primal_optimum_parametrized: float
    multi_shot_slack: float
    one_shot_slack: float
    bounds: tuple[Bound, ...]


def check_theory(problem: FiniteProblem) -> Theory:
    """Every bound of Lemmas 3 and 4 and Theorems 1 to 4 on ``problem``, infinite where it says nothing.

    C(lam_nu) is infinite where no policy meets the constraint with M nu to spare. The reward gap of the
    one-shot policy is bounded by lam* times its utility gap's bound plus C(lam*) nu, which follows from
    D_p(lam*) >= D(lam*) - C(lam*) nu.

    Raises
    ------
    InvalidInputError
        No parametrized policy meets the constraint.

    References
    ----------
    Zhang et al. 2025, Lemmas 3 and 4, Theorems 1 to 4.
    """
    nu, beta = parametrization_gap(problem), problem.beta
    best, best_p = minimise_dual(problem), minimise_parametrized_dual(problem)
    primal_p, _ = parametrized_primal(problem)
    lam, lam_p = best.multiplier, best_p.multiplier
    try:
        loose = problem.cost(minimise_dual(problem, tightened=problem.bound * nu).multiplier, nu)
    except InvalidInputError:
        loose = np.inf
    spread = (problem.margins[:, 1] - problem.margins[:, 0]) ** 2
    smooth = float(spread.mean()) / (4 * beta)
    between = np.linspace(min(lam, lam_p), max(lam, lam_p), 101)
    curvature = min(
        float(np.mean(spread * p * (1 - p))) / beta for p in (tilted_policy(problem, x) for x in between)
    )
    optimum = value_of(problem, tilted_policy(problem, lam))
    at_p = [value_of(problem, p) for p in parametrized_policies(problem, lam_p)]
    multi = max(at_p, key=lambda v: abs(v.slack - optimum.slack))
    multi_reward = max(abs(v.regularized - optimum.regularized) for v in at_p)
    once = value_of(problem, parametrized_policy(problem, lam))
    cost_p, cost = problem.cost(lam_p, nu), problem.cost(lam, nu)
    lifted = smooth + smooth**2 / curvature if curvature > 0 else np.inf
    shot = float(np.sqrt(2 * smooth * cost))
    grid = np.unique(np.concatenate([np.linspace(0.0, 3 * max(lam, lam_p, beta), 41), [lam, lam_p]]))
    apart = [(dual(problem, x) - parametrized_dual(problem, x), problem.cost(x, nu)) for x in grid]
    tightest = max(apart, key=lambda pair: pair[0] - pair[1])
    bounds = (
        Bound("Lemma 3, below", -min(difference for difference, _ in apart), 0.0),
        Bound("Lemma 3, above", *tightest),
        Bound("Theorem 1, below", primal_p - best_p.value, 0.0),
        Bound("Theorem 1, above", best_p.value - primal_p, loose),
        Bound("Theorem 2, below", best.value - best_p.value, cost_p),
        Bound("Theorem 2, above", best_p.value - best.value, loose),
        Bound("Lemma 4", abs(lam_p - lam), np.sqrt(2 * cost_p / curvature) if curvature > 0 else np.inf),
        Bound("Theorem 3, utility", abs(multi.slack - optimum.slack), 2 * np.sqrt(lifted * cost_p)),
        Bound("Theorem 3, reward", multi_reward, 2 * lam_p * np.sqrt(lifted * cost_p) + loose),
        Bound("Theorem 4, utility", abs(once.slack - optimum.slack), shot),
        Bound("Theorem 4, reward", abs(once.regularized - optimum.regularized), lam * shot + cost),
    )
    return Theory(
        gap=nu,
        multiplier=lam,
        multiplier_parametrized=lam_p,
        dual_optimum=best.value,
        dual_optimum_parametrized=best_p.value,
        primal_optimum_parametrized=primal_p,
        multi_shot_slack=multi.slack,
        one_shot_slack=once.slack,
        bounds=bounds,
    )
