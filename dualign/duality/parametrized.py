"""A finite problem on which the parametrization gap nu can be computed, and every bound of the theory checked.

P prompts with two responses each and a uniform reference. A policy is the probability of the second response
to each prompt; a *parametrized* policy may take only some of these probabilities, as a trained model reaches
only some distributions. Everything is then exact: the dual over all policies in closed form, the parametrized
dual as a maximum of finitely many lines, the parametrized optimum by enumeration.

Source: Zhang et al. 2025, section 3 (Lemmas 3 and 4, Theorems 1 to 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]
_MOST = 4_000_000


@dataclass(frozen=True, eq=False)
class FiniteProblem:
    """P prompts of equal weight with two responses each, one constraint, and the policies that can be reached.

    Parameters
    ----------
    rewards, margins : (P, 2)
        Reward, and h = utility less what is required of it, of the two responses.
    choices : (P, K)
        Probabilities of the second response that a parametrized policy can take, increasing.
    beta
        Weight of the KL term, reward units per nat.
    """

    rewards: Array
    margins: Array
    choices: Array
    beta: float

    def __post_init__(self) -> None:
        for name in ("rewards", "margins", "choices"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.float64))
        p = self.choices
        shapes = self.rewards.shape == self.margins.shape == (len(p), 2) and p.ndim == 2
        if not shapes or not (np.diff(p) > 0).all() or p.min() < 0 or p.max() > 1 or not self.beta > 0:
            raise InvalidInputError(
                "a finite problem needs (P, 2) rewards and margins, (P, K) increasing probabilities in [0, 1], and "
                f"beta > 0, not shapes {self.rewards.shape}, {self.margins.shape}, {p.shape} and beta {self.beta}."
            )
        if not (p == 0.5).any(axis=1).all():
            raise InvalidInputError(
                "the reference (probability 0.5) must be among every prompt's choices: add it."
            )
        if float(p.shape[1]) ** len(p) > _MOST:
            raise InvalidInputError(
                f"{p.shape[1]} choices for each of {len(p)} prompts are too many to enumerate: use fewer."
            )

    @classmethod
    def with_resolution(
        cls, rewards: npt.ArrayLike, margins: npt.ArrayLike, *, levels: int, beta: float
    ) -> FiniteProblem:
        """Policies on an even grid of ``levels`` (odd) probabilities from 0 to 1, the reference among them."""
        if levels < 3 or levels % 2 == 0:
            raise InvalidInputError(f"levels is {levels}: give an odd number of at least 3.")
        grid = np.linspace(0.0, 1.0, levels)
        return cls(
            np.asarray(rewards), np.asarray(margins), np.tile(grid, (len(np.asarray(rewards)), 1)), beta
        )

    @property
    def bound(self) -> float:
        """M = the largest |r| or |h|."""
        return float(max(np.abs(self.rewards).max(), np.abs(self.margins).max()))

    def cost(self, multiplier: float, level: float = 1.0) -> float:
        """C(lam) = M + beta + M |lam|, times ``level``."""
        return (self.bound + self.beta + self.bound * abs(multiplier)) * level


def _kl(p: npt.ArrayLike) -> Array:
    """KL of (1 - p, p) from (1/2, 1/2), nats."""
    q = np.asarray(p, dtype=np.float64)
    parts = [np.where(x > 0, x * np.log(np.where(x > 0, 2 * x, 1.0)), 0.0) for x in (q, 1 - q)]
    return parts[0] + parts[1]


def _mix(values: Array, p: npt.ArrayLike) -> Array:
    """Expectation of two-response values (P, 2) under p, whose first axis is the prompt."""
    q = np.asarray(p, dtype=np.float64)
    first, second = (values[:, k].reshape(-1, *[1] * (q.ndim - 1)) for k in (0, 1))
    return first + q * (second - first)


class PolicyValue(NamedTuple):
    """E[r], E[h] and KL of a policy, and E[r] - beta KL."""

    reward: float
    slack: float
    kl: float
    regularized: float


def value_of(problem: FiniteProblem, policy: npt.ArrayLike) -> PolicyValue:
    """What the policy with second-response probabilities ``policy`` (P,) earns."""
    p = np.asarray(policy, dtype=np.float64)
    reward, slack = float(_mix(problem.rewards, p).mean()), float(_mix(problem.margins, p).mean())
    kl = float(_kl(p).mean())
    return PolicyValue(reward, slack, kl, reward - problem.beta * kl)


def tilted_policy(problem: FiniteProblem, multiplier: float) -> Array:
    """Second-response probabilities (P,) of the Lagrangian maximiser over all policies."""
    score = problem.rewards + multiplier * problem.margins
    found: Array = 1.0 / (1.0 + np.exp(-(score[:, 1] - score[:, 0]) / problem.beta))
    return found


def dual(problem: FiniteProblem, multiplier: float) -> float:
    """D(lam) over all policies, reward units."""
    score = (problem.rewards + multiplier * problem.margins) / problem.beta
    return float(problem.beta * (np.logaddexp(score[:, 0], score[:, 1]) - np.log(2.0)).mean())


def parametrized_policy(problem: FiniteProblem, multiplier: float) -> Array:
    """A Lagrangian maximiser (P,) over the parametrized policies."""
    p = problem.choices
    lagrangian = _mix(problem.rewards + multiplier * problem.margins, p) - problem.beta * _kl(p)
    return np.take_along_axis(p, lagrangian.argmax(axis=1)[:, None], axis=1)[:, 0]


def parametrized_policies(problem: FiniteProblem, multiplier: float) -> tuple[Array, Array]:
    """The Lagrangian maximisers (P,) of least and of greatest slack; two where D_p has a kink."""
    p = problem.choices
    slack = _mix(problem.margins, p)
    lagrangian = _mix(problem.rewards, p) + multiplier * slack - problem.beta * _kl(p)
    best = lagrangian.max(axis=1, keepdims=True)
    ties = lagrangian >= best - 1e-11 * (1 + np.abs(best))
    found = [
        np.take_along_axis(p, np.where(ties, sign * slack, -np.inf).argmax(axis=1)[:, None], axis=1)[:, 0]
        for sign in (-1.0, 1.0)
    ]
    return found[0], found[1]


def parametrized_dual(problem: FiniteProblem, multiplier: float) -> float:
    """D_p(lam) = max over parametrized policies of the Lagrangian, reward units; convex, piecewise linear."""
    found = value_of(problem, parametrized_policy(problem, multiplier))
    return found.regularized + multiplier * found.slack


def parametrization_gap(problem: FiniteProblem) -> float:
    """nu: every policy has a parametrized one within nu in expected L1 distance and in KL difference.

    Taken prompt by prompt, which bounds nu from above; every theorem holds for such a bound. Between two
    neighbouring choices on one side of the reference both distances grow away from either, so that the worst
    policy stands where the two are equally far; beyond the outermost choice it is the end itself.
    """
    return float(np.mean([_prompt_gap(row) for row in problem.choices]))


def _distance(p: float, choice: float) -> float:
    return max(2 * abs(p - choice), abs(float(_kl(p) - _kl(choice))))


def _prompt_gap(choices: Array) -> float:
    worst = max(_distance(0.0, choices[0]), _distance(1.0, choices[-1]))
    for left, right in pairwise(choices):
        low, high = left, right
        for _ in range(60):
            middle = (low + high) / 2
            nearer = _distance(middle, left) < _distance(middle, right)
            low, high = (middle, high) if nearer else (low, middle)
        worst = max(worst, _distance(high, right))
    return worst


class Minimum(NamedTuple):
    """Where a dual is smallest over lam >= 0, and its value there."""

    multiplier: float
    value: float


def minimise_dual(problem: FiniteProblem, *, tightened: float = 0.0) -> Minimum:
    """lam* and D*; with ``tightened`` > 0, of D(lam) - tightened * lam.

    Raises
    ------
    InvalidInputError
        The (tightened) constraint cannot be met strictly by any policy, so that there is no minimum.
    """
    if float(problem.margins.max(axis=1).mean()) <= tightened:
        raise InvalidInputError(
            f"no policy has slack above {tightened:.4g}: lower the threshold or refine the policies."
        )

    def slope(multiplier: float) -> float:
        return value_of(problem, tilted_policy(problem, multiplier)).slack - tightened

    if slope(0.0) >= 0:
        return Minimum(0.0, dual(problem, 0.0))
    low, high = 0.0, 1.0
    while slope(high) < 0:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return Minimum(high, dual(problem, high) - tightened * high)


def minimise_parametrized_dual(problem: FiniteProblem) -> Minimum:
    """lam_p* and D_p*, exactly: a vertex of the piecewise-linear D_p, found from its supporting lines.

    Raises
    ------
    InvalidInputError
        No parametrized policy has positive slack.
    """
    if _greatest_slack(problem) <= 0:
        raise InvalidInputError("no parametrized policy has positive slack: refine the policies.")
    at_zero = value_of(problem, parametrized_policy(problem, 0.0))
    if at_zero.slack >= 0:
        return Minimum(0.0, at_zero.regularized)
    high = 1.0
    while value_of(problem, parametrized_policy(problem, high)).slack < 0:
        high *= 2
    left, right = at_zero, value_of(problem, parametrized_policy(problem, high))
    while True:
        # The lines that support D_p on either side of the minimum cross at the next trial point.
        cross = (left.regularized - right.regularized) / (right.slack - left.slack)
        supported = left.regularized + cross * left.slack
        middle = value_of(problem, parametrized_policy(problem, cross))
        if middle.regularized + cross * middle.slack <= supported + 1e-13 * (1 + abs(supported)):
            return Minimum(cross, supported)
        left, right = (middle, right) if middle.slack < 0 else (left, middle)


def _greatest_slack(problem: FiniteProblem) -> float:
    return float(_mix(problem.margins, problem.choices).max(axis=1).mean())


def parametrized_primal(problem: FiniteProblem) -> tuple[float, Array]:
    """P_p* and its policy (P,): the best parametrized policy that meets the constraint, by enumeration."""
    p = problem.choices
    regularized = _mix(problem.rewards, p) - problem.beta * _kl(p)
    slack = _mix(problem.margins, p)
    total_r, total_h = np.zeros(1), np.zeros(1)
    for row_r, row_h in zip(regularized, slack, strict=True):
        total_r = (total_r[:, None] + row_r).ravel()
        total_h = (total_h[:, None] + row_h).ravel()
    allowed = np.where(total_h >= -1e-12, total_r, -np.inf)
    best = int(allowed.argmax())
    if not np.isfinite(allowed[best]):
        raise InvalidInputError("no parametrized policy meets the constraint: refine the policies.")
    index = np.unravel_index(best, [p.shape[1]] * len(p))
    return float(allowed[best] / len(p)), p[np.arange(len(p)), index]
