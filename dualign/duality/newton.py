"""lam* for several constraints: projected Newton, each step the exact minimiser of a quadratic model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from dualign.duality.kernels import Tilt
from dualign.duality.search import WORTH_A_PART, Search, View, kkt_residual

__all__ = ["kkt_residual", "projected_newton"]

Array = npt.NDArray[np.float64]
_FAR = 1e12


def projected_newton(view: View, *, tolerance: float, max_iterations: int, follow: bool = False) -> Search:
    """lam* for any m, or multipliers that run away where there is none.

    Each step minimises the quadratic model of D over lam >= 0 (a non-negative least-squares problem, so
    the binding constraints are found and not guessed), followed by a line search on D. Where beta is far
    below the spread of the scores D is nearly piecewise linear and the model poor away from lam*; the
    solutions at larger betas then lead into it: on a part of the prompts, or (``follow``) on all.
    """
    lam = np.zeros(len(view.scale))
    betas = _betas(view)
    if view.centred.rewards.shape[0] >= WORTH_A_PART and not follow:
        part = view.part()
        lam, _, _ = _follow(part, lam, betas, 1e-2, 25)
        if not np.isfinite(lam).all() or float((lam * view.scale).max()) > 1e6 * view.beta:
            lam = np.zeros_like(lam)  # the part alone cannot meet the thresholds
        betas = []
    lam, at, residual = _follow(view, lam, betas, 0.1 * tolerance, max_iterations)
    variance = np.inf
    if at.hessian is not None:
        variance = _least_variance(view, lam, at.hessian)
        at = view.evaluate(lam, order=1)
        residual = view.residual(lam, at.slack)
    return Search(lam, at, residual, view.path, variance)


def _least_variance(view: View, lam: Array, hessian: Array) -> float:
    binding = lam > 0
    if not binding.any():
        return np.inf
    unit = 1.0 / np.where(view.scale > 0, view.scale, 1.0)[binding]
    return float(np.linalg.eigvalsh(view.beta * hessian[np.ix_(binding, binding)] * np.outer(unit, unit))[0])


def _betas(view: View) -> list[float]:
    """Falling betas that lead to the view's own; none where it is not small."""
    spread = view.centred.reward_spread + 1e-300
    betas = []
    beta = 0.5 * spread
    while beta > 2.0 * view.beta and view.beta < 0.1 * spread:
        betas.append(beta)
        beta /= 3.0
    return betas


def _follow(
    view: View, lam: Array, betas: list[float], tolerance: float, max_iterations: int
) -> tuple[Array, Tilt, float]:
    target = view.beta
    for beta in betas:
        view.beta = beta
        lam, _, _ = _descend(view, lam, 1e-2, 30)
        if float((lam * view.scale).max()) > _FAR * beta:
            break
    view.beta = target
    return _descend(view, lam, tolerance, max_iterations)


def _descend(view: View, lam: Array, tolerance: float, max_iterations: int) -> tuple[Array, Tilt, float]:
    safe = np.where(view.scale > 0, view.scale, 1.0)
    unit = view.beta / safe  # multipliers in these units are tilts in standard deviations
    at = view.evaluate(lam)
    residual = view.residual(lam, at.slack)
    best = (lam, at, residual)
    damping = 0.0
    for _ in range(max_iterations):
        if residual <= tolerance or not np.isfinite(residual) or float((lam / unit).max()) > _FAR:
            break
        moved, there, halvings = _step(view, lam, at, unit, damping)
        if there is None:
            if damping > 1e3:
                break
            damping = max(1e-6, 100.0 * damping)
            continue
        damping = 0.0 if halvings < 2 else max(1e-8, 10.0 * damping)
        lam, at = moved, there
        residual = view.residual(lam, at.slack)
        if residual < best[2]:
            best = (lam, at, residual)
    return best


def _step(view: View, lam: Array, at: Tilt, unit: Array, damping: float) -> tuple[Array, Tilt | None, int]:
    """One Newton step with line search; no pass where nothing better was found."""
    assert at.hessian is not None
    beta = view.beta
    position, gradient = lam / unit, at.slack * unit / beta
    hessian = at.hessian * np.outer(unit, unit) / beta
    direction = _model_minimum(position, gradient, hessian, damping) - position
    longest = float(np.abs(direction).max())
    limit = 10.0 * (1.0 + float(position.max()))
    if longest > limit:
        direction *= limit / longest
    slope = float(gradient @ direction)
    if not slope < 0:
        return lam, None, 0
    # Rounding in D: below it a decrease cannot be seen, and the slope along the step decides instead.
    noise = 4e-15 * (1.0 + abs(at.dual) / beta + float(np.abs(gradient * position).sum()))
    size = 1.0
    for halvings in range(25):
        moved = np.maximum(position + size * direction, 0.0) * unit
        if np.array_equal(moved, lam):
            break
        there = view.evaluate(moved)
        along = float((there.slack * unit / beta) @ direction)
        fall = (at.dual - there.dual) / beta
        if fall >= -1e-4 * size * slope or (fall >= -noise and abs(along) <= 0.9 * -slope):
            return moved, there, halvings
        # Where the slope turned, a secant says how far was too far.
        size *= float(np.clip(slope / (slope - along), 0.1, 0.5)) if along > 0 else 0.5
    return lam, None, 0


def _model_minimum(position: Array, gradient: Array, hessian: Array, damping: float) -> Array:
    """argmin over x >= 0 of the quadratic model around ``position``."""
    size = float(np.trace(hessian)) / len(hessian)
    floor = damping * max(size, 1e-8) + 1e-13 * size + 1e-200
    for _ in range(6):
        try:
            root = np.linalg.cholesky(hessian + floor * np.eye(len(hessian)))
            break
        except np.linalg.LinAlgError:
            floor *= 100.0
    else:
        return np.maximum(position - gradient, 0.0)
    # Model at x: |root^T (x - position) + root^-1 gradient|^2 / 2.
    target = root.T @ position - np.linalg.solve(root, gradient)
    if not np.isfinite(target).all():
        return np.maximum(position - gradient, 0.0)
    try:
        return np.asarray(nnls(root.T, target)[0])
    except RuntimeError:  # its iteration limit, on a matrix that is singular to rounding
        return np.maximum(position - gradient, 0.0)
