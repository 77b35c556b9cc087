"""Leave-one-response-out jackknife of the dual, against the bias of few responses per prompt.

A mean of I exponentials under a logarithm is biased downward by a term of order 1/I, and the multiplier
upward with it. Leaving out each response of a prompt in turn gives I ln-means in closed form; the usual
combination I f - (I - 1) mean(f without i) removes the term. Its gradient is the jackknife of the ratio
E[w h]/E[w], so the corrected multipliers minimise the corrected dual: no refit per response.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dualign.duality.dependence import smallest_multipliers
from dualign.duality.moments import offsets, prompt_weights, reference_log_weights
from dualign.duality.problem import AlignmentProblem

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class JackknifeResult:
    """Corrected estimates beside the plain ones.

    Attributes
    ----------
    multipliers : (m,)
        Minimiser of the corrected dual over lam >= 0; nan if it was not found.
    dual_optimum : float
        The corrected dual at the corrected multipliers, reward units; nan if not found.
    dual_at_solution : float
        The corrected dual at the plain multipliers: the bias of D alone, without the shift in lam.
    expected_reward, kl : float
        Corrected, of the tilted policy at the corrected multipliers; nan if not found.
    expected_utilities : (m,)
    converged : bool
    """

    multipliers: Array
    dual_optimum: float
    dual_at_solution: float
    expected_reward: float
    kl: float
    expected_utilities: Array
    converged: bool


@dataclass(frozen=True)
class _Corrected:
    dual: float
    slack: Array
    hessian: Array
    reward: float
    offset: Array


def _leave_one_out(logs: Array) -> tuple[Array, Array]:
    """Log of the total without each response (P, I), and the log total (P, 1); -inf where nothing is left."""
    order = np.argmax(logs, axis=1)[:, None]
    top = np.take_along_axis(logs, order, axis=1)
    weights = np.exp(logs - top)
    total = weights.sum(axis=1, keepdims=True)
    others = total - weights
    # For the largest weight the difference cancels; its others are summed on their own scale.
    rest = logs.copy()
    np.put_along_axis(rest, order, -np.inf, axis=1)
    second = rest.max(axis=1, keepdims=True)
    anchor = np.where(np.isfinite(second), second, 0.0)
    with np.errstate(divide="ignore"):
        log_others = top + np.log(np.maximum(others, 0.0))
        without_top = anchor + np.log(np.exp(rest - anchor).sum(axis=1, keepdims=True))
    np.put_along_axis(log_others, order, without_top, axis=1)
    return log_others, top + np.log(total)


class _Ratios:
    """Weighted means and covariances of every prompt, and the weighted sums of their leave-one-outs.

    Without response i the mean moves by -w_i / (total - w_i) times its distance. For the largest weight
    that quotient may overflow, so its leave-one-out is summed anew on the scale of the others.
    """

    def __init__(self, logs: Array, log_others: Array, log_total: Array, part: Array) -> None:
        top = np.argmax(logs, axis=1)[:, None]
        self.weights = np.exp(logs - log_total)
        self.part_top = np.take_along_axis(part, top, axis=1)
        self.part = part.copy()
        np.put_along_axis(self.part, top, 0.0, axis=1)
        rest = logs.copy()
        np.put_along_axis(rest, top, -np.inf, axis=1)
        log_rest = np.take_along_axis(log_others, top, axis=1)
        self.rest = np.exp(rest - np.where(np.isfinite(log_rest), log_rest, 0.0))
        with np.errstate(invalid="ignore"):
            ratio = np.exp(np.where(self.part > 0, logs - log_others, -np.inf))
        self.ratio = ratio

    def means(self, values: Array) -> tuple[Array, Array]:
        mean = np.einsum("pi,pij->pj", self.weights, values)
        moved = np.einsum("pi,pij->pj", self.part * self.ratio, values - mean[:, None, :])
        rest = self.part_top * np.einsum("pi,pij->pj", self.rest, values)
        return mean, self.part.sum(axis=1, keepdims=True) * mean - moved + rest

    def covariances(self, values: Array, mean: Array) -> tuple[Array, Array]:
        centred = values - mean[:, None, :]
        whole = _outer(self.weights, centred)
        left = np.sum(self.part * (1.0 + self.ratio), axis=1)[:, None, None] * whole
        left -= _outer(self.part * (self.ratio + self.ratio**2), centred)
        about = values - np.einsum("pi,pij->pj", self.rest, values)[:, None, :]
        return whole, left + self.part_top[..., None] * _outer(self.rest, about)


def _outer(weights: Array, values: Array) -> Array:
    """Weighted sum over responses of the outer products, (P, m, m)."""
    return np.matmul((weights[..., None] * values).transpose(0, 2, 1), values)


def corrected_dual(problem: AlignmentProblem, multipliers: npt.ArrayLike) -> tuple[float, Array, Array]:
    """Jackknife-corrected D (reward units), its gradient (m,) and Hessian (m, m) at ``multipliers``.

    A prompt with one response has no leave-one-out and enters as it is.
    """
    found = _corrected(problem, np.asarray(multipliers, dtype=np.float64).reshape(-1))
    return found.dual, found.slack, found.hessian


def _corrected(problem: AlignmentProblem, lam: Array) -> _Corrected:
    samples, beta = problem.samples, float(problem.beta)
    base = reference_log_weights(samples)
    present = base > -np.inf
    utilities, offset, baseline = offsets(problem)
    score = np.where(present, samples.rewards, 0.0) + utilities @ lam
    top = np.where(present, score, -np.inf).max(axis=1, keepdims=True)
    score_top = samples.rewards.max(axis=1, keepdims=True)
    logs = (score - top) / beta + base
    log_others, log_total = _leave_one_out(logs)
    base_others, _ = _leave_one_out(base)
    counts = present.sum(axis=1)
    # Per-prompt coefficients of the jackknife: n f - (n - 1) mean over the n leave-one-outs.
    single = counts == 1
    whole = np.where(single, 1.0, counts)[:, None]
    part = np.where(present & ~single[:, None], ((counts - 1) / counts)[:, None], 0.0)

    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(part > 0, part * (log_others - base_others), 0.0)
    dual = top[:, 0] + beta * (whole[:, 0] * log_total[:, 0] - values.sum(axis=1))
    found = _Ratios(logs, log_others, log_total, part)
    mean, left_mean = found.means(utilities)
    rewards = np.where(present, samples.rewards, 0.0)
    reward, left_reward = found.means((rewards - score_top)[..., None])
    reward = score_top + whole * reward - left_reward
    slack = whole * mean - left_mean
    covariance, left_covariance = found.covariances(utilities, mean)
    hessian = (whole[..., None] * covariance - left_covariance) / beta
    if problem.relative.any() and samples.log_weights is not None:
        # A weighted baseline is a ratio too; an unweighted one is a mean, which has no bias.
        _, left_baseline = _Ratios(base, base_others, np.zeros_like(log_total), part).means(utilities)
        offset = offset + np.where(problem.relative, (whole - 1.0) * baseline - left_baseline, 0.0)
    dual = dual - offset @ lam
    slack = slack - offset
    omega = prompt_weights(samples)
    return _Corrected(
        dual=float(omega @ dual),
        slack=omega @ slack,
        hessian=np.einsum("p,pab->ab", omega, hessian),
        reward=float(omega @ reward[:, 0]),
        offset=omega @ offset,
    )


def jackknife(
    problem: AlignmentProblem,
    multipliers: npt.ArrayLike,
    *,
    tolerance: float = 1e-7,
    max_iterations: int = 60,
) -> JackknifeResult:
    """Multipliers and dual optimum with the few-response bias taken out, started at the plain solution.

    Parameters
    ----------
    problem
        The problem.
    multipliers : (m,)
        The plain solution, finite.
    tolerance
        Largest complementarity residual |min(lam, slack)|, each on its own scale.
    max_iterations
        Newton steps; not reaching the tolerance gives nan and ``converged=False``.

    Notes
    -----
    METHOD: leave-one-response-out jackknife of the per-prompt ratio. The corrected dual need not be
    convex where few responses carry the weight; the answer is then nan and the trust light says so.
    """
    lam = np.maximum(np.asarray(multipliers, dtype=np.float64).reshape(-1), 0.0)
    now = _corrected(problem, lam)
    at_solution = now.dual
    scale = _utility_scale(problem)
    for _ in range(max_iterations):
        if _residual(lam, now.slack, scale, float(problem.beta)) <= tolerance:
            # Dependent constraints leave the corrected multipliers as free as the plain ones: the same choice.
            smallest = smallest_multipliers(problem.samples.centred, problem.reference_slack, lam)
            if not np.array_equal(smallest, lam):
                lam, now = smallest, _corrected(problem, smallest)
            return JackknifeResult(
                multipliers=lam,
                dual_optimum=now.dual,
                dual_at_solution=at_solution,
                expected_reward=now.reward,
                kl=max(0.0, (now.reward + float(lam @ now.slack) - now.dual) / float(problem.beta)),
                expected_utilities=now.slack + now.offset,
                converged=True,
            )
        step = _projected_newton_step(lam, now)
        fraction = 1.0
        while fraction > 1e-4:
            trial = np.maximum(lam + fraction * step, 0.0)
            there = _corrected(problem, trial)
            if there.dual < now.dual + 1e-13 * abs(now.dual) or _residual(
                trial, there.slack, scale, float(problem.beta)
            ) < _residual(lam, now.slack, scale, float(problem.beta)):
                lam, now = trial, there
                break
            fraction /= 2
        else:
            break
    missing, nan = np.full(lam.shape, np.nan), float("nan")
    return JackknifeResult(missing, nan, at_solution, nan, nan, missing, False)


def _utility_scale(problem: AlignmentProblem) -> Array:
    utilities, offset, _ = offsets(problem)
    spread = np.sqrt(np.mean((utilities - offset[:, None, :]) ** 2, axis=(0, 1)))
    # A utility that does not vary has a slack of rounding alone, small beside its size and not beside its spread.
    size = np.abs(problem.samples.utilities).max(axis=(0, 1))
    return np.maximum(np.where(spread > 1e-12 * size, spread, size), np.finfo(float).tiny)


def _residual(lam: Array, slack: Array, scale: Array, beta: float) -> float:
    return float(np.max(np.abs(np.minimum(lam * scale / beta, slack / scale)), initial=0.0))


def _projected_newton_step(lam: Array, now: _Corrected) -> Array:
    held = (lam <= 0) & (now.slack >= 0)
    free = ~held
    step = np.zeros_like(lam)
    if not free.any():
        return step
    values, vectors = np.linalg.eigh(now.hessian[np.ix_(free, free)])
    # A corrected dual that is not convex is stepped along its curvature's size, so that descent remains.
    values = np.maximum(np.abs(values), 1e-10 * max(float(np.abs(values).max()), np.finfo(float).tiny))
    with np.errstate(over="ignore", invalid="ignore"):
        move = -vectors @ ((vectors.T @ now.slack[free]) / values)
    if not np.isfinite(move).all():
        return step  # the curvature is spent: one response a prompt carries all the weight
    step[free] = move
    limit = 2.0 * (np.abs(lam) + np.abs(lam).max() + 1e-3 * np.abs(step) + np.finfo(float).tiny)
    return np.clip(step, -limit, np.maximum(limit, 0.1 * np.abs(step)))
