"""One dual step of iterative dualization: multipliers moved against a measured slack, and kept non-negative."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]
StepRule = Literal["newton", "constant", "diminishing"]
STEP_RULES: tuple[StepRule, ...] = get_args(StepRule)


def default_step_size(hessian: npt.ArrayLike) -> float:
    """1 / L with L the largest eigenvalue of the Hessian of D: the largest step that cannot raise D."""
    largest = float(np.linalg.eigvalsh(np.atleast_2d(np.asarray(hessian, dtype=np.float64))).max())
    if not largest > 0:
        raise InvalidInputError("D is flat at these multipliers, so no step size follows from it: state one.")
    return 1.0 / largest


def dual_step(
    multipliers: npt.ArrayLike,
    slack: npt.ArrayLike,
    *,
    hessian: npt.ArrayLike,
    rule: StepRule = "newton",
    iteration: int = 1,
    step_size: float | None = None,
) -> Array:
    """The next multipliers [lam - eta slack]_+, (m,).

    Parameters
    ----------
    multipliers, slack : (m,)
        Where the policy was trained, and its measured slack.
    hessian : (m, m)
        Of D at ``multipliers``, from the reference's samples.
    rule
        ``"newton"``: the minimiser over lam >= 0 of the quadratic model with ``hessian``, which for one
        constraint is eta = 1 / D''. ``"constant"``: eta = ``step_size``. ``"diminishing"``: eta =
        ``step_size`` / sqrt(iteration).
    iteration
        From 1.
    step_size
        eta of the other rules, reward per squared utility; 1 / L unless given (see `default_step_size`).

    References
    ----------
    Zhang et al. 2025, algorithm 1, line 3, which leaves eta open.
    """
    lam, gap = (np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in (multipliers, slack))
    curvature = np.atleast_2d(np.asarray(hessian, dtype=np.float64))
    if lam.shape != gap.shape or curvature.shape != (lam.size, lam.size) or not np.isfinite(gap).all():
        raise InvalidInputError(
            f"multipliers have shape {lam.shape}, slack {gap.shape} and the Hessian {curvature.shape}: give (m,), (m,) "
            "and (m, m), all finite."
        )
    if rule not in STEP_RULES or iteration < 1 or (step_size is not None and not step_size > 0):
        raise InvalidInputError(
            f"rule is '{rule}', iteration {iteration} and step_size {step_size}: give one of {', '.join(STEP_RULES)}, "
            "an iteration from 1 and a positive step."
        )
    if rule == "newton":
        ridge = 1e-9 * float(np.trace(curvature)) / lam.size
        if not ridge > 0:
            raise InvalidInputError("D is flat at these multipliers: use another rule and state a step size.")
        factor = np.linalg.cholesky(curvature + ridge * np.eye(lam.size))
        moved, _ = nnls(factor.T, factor.T @ lam - np.linalg.solve(factor, gap))
        return np.asarray(moved, dtype=np.float64)
    eta = default_step_size(curvature) if step_size is None else step_size
    eta /= np.sqrt(iteration) if rule == "diminishing" else 1.0
    return np.maximum(lam - eta * gap, 0.0)
