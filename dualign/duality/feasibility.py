"""Whether any policy over the sampled responses meets the constraints, decided exactly.

max over policies of min_j slack_j  =  min over the simplex of phi(v) = E_x max_i <v, h_xi>,

by linear-programming duality. phi is piecewise linear and convex; each evaluation gives a policy that
picks one response a prompt, and so a cutting plane. A v with phi(v) < 0 proves infeasibility: no policy
has <v, slack> >= 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from dualign.duality.centred import Centred
from dualign.duality.kernels import BLOCK
from dualign.duality.problem import AlignmentProblem
from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Feasibility:
    """The best that any policy over the samples can do.

    Attributes
    ----------
    feasible : bool
        ``best_slack`` >= 0 (to rounding of the scores).
    best_slack : float
        Largest min_j slack_j over policies, utility units; exactly 0 where it is rounding.
    direction : (m,)
        Minimiser over the simplex; the certificate when infeasible.
    exact : bool
        The bounds from above and below met; otherwise ``best_slack`` is the bound from above.
    """

    feasible: bool
    best_slack: float
    direction: Array
    exact: bool


def rounding(problem: AlignmentProblem) -> float:
    """Size of slack that rounding of the scores alone can make, utility units."""
    data = problem.samples.centred
    size = data.utility_spans.max() + np.abs(problem.reference_slack).max() + np.abs(data.utility_means).max()
    return 8.0 * float(np.finfo(float).eps * size)


def check_feasibility(problem: AlignmentProblem, *, max_cuts: int = 1000) -> Feasibility:
    """Exact feasibility with certificate and best achievable slack.

    For one constraint the closed form: the mean over prompts of the largest margin. For several, cutting
    planes, which end when the newest plane is no news.

    Parameters
    ----------
    problem
        The problem.
    max_cuts
        Most cutting planes.
    """
    data, base = problem.samples.centred, problem.reference_slack
    m = len(base)
    fuzz = rounding(problem)
    if m == 1:
        best = float(base[0] + data.ceiling[0])
        best = 0.0 if abs(best) <= fuzz else best
        return Feasibility(feasible=best >= 0, best_slack=best, direction=np.ones(1), exact=True)
    return _cutting_planes(data, base, [], fuzz=fuzz, max_cuts=max_cuts)


def unmet_alone(problem: AlignmentProblem) -> dict[int, float]:
    """Constraints that no policy meets even where nothing else is asked: highest threshold of each, by its index.

    Each is infeasible by itself, in the problem's form and its own utility units; what they have to do with other
    constraints is only a question where none of them is left.
    """
    best = problem.reference_slack + problem.samples.centred.ceiling
    room = rounding(problem)
    return {j: float(problem.thresholds[j] + slack) for j, slack in enumerate(best) if slack < -room}


def best_common_slack(data: Centred, reference_slack: Array, *, fuzz: float) -> float:
    """Largest min_j slack_j over policies for centred scores and E_ref[h] (m,); 0 where it is within ``fuzz``."""
    return _cutting_planes(data, reference_slack, [], fuzz=fuzz, max_cuts=1000).best_slack


def reachable_threshold(problem: AlignmentProblem, *, constraint: int = 0) -> float:
    """Highest threshold of one constraint that some policy meets together with all the others, in the problem's form.

    Exact on samples. With one constraint it is the upper end of `feasible_range`; with several it can be lower, and
    it is -inf where the others cannot be met together.

    Raises
    ------
    InvalidInputError
        No such constraint.

    Notes
    -----
    The best common slack is concave and piecewise linear in the threshold, and its certificate gives its slope:
    Newton's method from above ends at the zero after finitely many steps. Any certificate gives a valid step, so the
    first is taken, and the policies found in one step cut in the next.
    """
    data, base = problem.samples.centred, np.array(problem.reference_slack)
    if not 0 <= constraint < len(base):
        raise InvalidInputError(
            f"constraint is {constraint}: this problem has {len(base)}; give 0 to {len(base) - 1}."
        )
    alone = float(base[constraint] + data.ceiling[constraint])
    move, gains = alone, list[Array]()
    while len(base) > 1:
        shifted = base - move * np.eye(len(base))[constraint]
        found = _cutting_planes(
            data, shifted, gains, fuzz=rounding(problem), max_cuts=1000, any_certificate=True
        )
        if found.feasible:
            break
        lower = move + found.best_slack / max(float(found.direction[constraint]), 1e-15)
        if lower < alone - 2.0 * float(data.utility_spans[constraint]):
            return -np.inf
        if not lower < move:
            break
        move = lower
    return float(problem.thresholds[constraint]) + move


def _cutting_planes(
    data: Centred,
    base: Array,
    gains: list[Array],
    *,
    fuzz: float,
    max_cuts: int,
    any_certificate: bool = False,
) -> Feasibility:
    """Largest common slack; ``gains`` (m,) of policies known so far cut from the start, and new ones join them.

    With ``any_certificate`` the first direction that proves infeasibility ends the search.
    """
    unit = float(np.max(data.utility_spans + np.abs(base))) or 1.0
    upper, lower, at = np.inf, -np.inf, np.full(len(base), 1.0 / len(base))
    exact = False
    # One plane per vertex: what each constraint reaches alone.
    for k, direction in enumerate(np.eye(len(base))):
        if len(gains) <= k:
            gains.append(_gain(data, direction))
        if (value := float((base + gains[k])[k]) / unit) < upper:
            upper, at = value, direction
    while len(gains) < max_cuts and not (any_certificate and upper * unit < -fuzz):
        planes = (base + np.array(gains)) / unit
        direction, lower = _model_minimum(planes)
        gain = _gain(data, direction)
        value = float((base + gain) @ direction) / unit
        if value < upper:
            upper, at = value, direction
        # phi is convex: where the model already has this value no other point can be lower.
        if upper - lower <= 1e-13 or value - float((planes @ direction).max()) <= 1e-14:
            exact = True
            break
        gains.append(gain)
    best = upper * unit
    best = 0.0 if abs(best) <= fuzz else best
    return Feasibility(feasible=best >= 0, best_slack=best, direction=at, exact=exact)


def _gain(data: Centred, direction: Array) -> Array:
    """Utility over the reference, (m,), of the policy that picks the response of largest <direction, g> per prompt."""
    m, n_prompts, n_responses = data.utilities.shape
    rows = max(1, BLOCK // n_responses)
    total = np.zeros(m)
    for start in range(0, n_prompts, rows):
        part = slice(start, min(start + rows, n_prompts))
        score = direction[0] * data.utilities[0, part]
        for weight, plane in zip(direction[1:], data.utilities[1:, part], strict=True):
            score += weight * plane
        if data.present is not None:
            score[~data.present[part]] = -np.inf
        pick = score.argmax(axis=1)
        chosen = data.utilities[:, np.arange(part.start, part.stop), pick]
        total += (chosen * data.prompt_weights[part]).sum(axis=1)
    return total


def _model_minimum(planes: Array) -> tuple[Array, float]:
    """Minimiser over the simplex of the largest of the planes, and that minimum."""
    m = planes.shape[1]
    program = linprog(
        np.r_[np.zeros(m), 1.0],
        A_ub=np.c_[planes, -np.ones(len(planes))],
        b_ub=np.zeros(len(planes)),
        A_eq=np.r_[np.ones(m), 0.0][None],
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    direction = np.maximum(np.asarray(program.x)[:m], 0.0)
    direction /= direction.sum()
    # HiGHS ends at a vertex but rounds it at 1e-10: its active planes, solved again, give it to the last digit.
    height = planes @ direction
    active, support = height >= height.max() - 1e-8, direction > 1e-9
    square = np.block(
        [
            [planes[np.ix_(active, support)], -np.ones((int(active.sum()), 1))],
            [np.ones((1, int(support.sum()))), np.zeros((1, 1))],
        ]
    )
    polished = np.linalg.lstsq(square, np.r_[np.zeros(int(active.sum())), 1.0], rcond=None)[0]
    vertex = np.zeros(m)
    vertex[support] = polished[:-1]
    if (vertex >= 0).all() and (planes @ vertex).max() <= height.max():
        return vertex, float((planes @ vertex).max())
    return direction, min(float(program.fun or 0.0), float(height.max()))
