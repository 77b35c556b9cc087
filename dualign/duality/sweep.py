"""The dual along one multiplier, for many equally spaced values at the price of a few exponentials.

Along lam_j the weights of a prompt move by the factor exp(step h_j / beta) from one value to the next.
A segment of the grid is filled by doubling: 2, 4, 8 .. values at once, each a product with what is
already there, so that rounding grows with the logarithm of the segment's length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dualign.duality.moments import offsets, prompt_weights, reference_log_weights
from dualign.duality.problem import AlignmentProblem

Array = npt.NDArray[np.float64]

_GROWTH = 80.0
"""Largest change of a log weight within a segment: beyond it, weights start anew from np.exp."""
_NEGLIGIBLE = -600.0
"""Log weights are cut here: still negligible after the growth, and never subnormal, which is slow."""
_BLOCK = 200_000
"""Numbers of one work array, a size that stays in the cache."""


@dataclass(frozen=True)
class Sweep:
    """What the tilted policy gives along the grid.

    Attributes
    ----------
    values : (L,)
    dual, slack, reward, kl : (L,)
        Means over prompts; slack of the moving constraint. All but ``dual`` are None when only D was
        asked for.
    sum_squares : (L, P) or None
        Sum of squared weights of each prompt.
    """

    values: Array
    dual: Array
    slack: Array | None
    reward: Array | None
    kl: Array | None
    sum_squares: Array | None
    _log_mean: Array
    _constant: Array
    _shift: Array
    _beta: float

    def dual_of_prompts(self) -> Array:
        """Contribution of each prompt to D, (L, P); its prompt-weighted mean is ``dual``."""
        found = self._beta * self._log_mean
        found += self._constant
        found -= np.multiply.outer(self.values, self._shift)
        return found


def sweep(
    problem: AlignmentProblem, at: Array, constraint: int, values: Array, *, dual_only: bool = False
) -> Sweep:
    """Per-prompt contributions to D, slack, reward, KL and 1/ESS with multiplier ``constraint`` on a grid.

    Parameters
    ----------
    problem
        The problem.
    at : (m,)
        The multipliers; entry ``constraint`` is ignored.
    constraint
        Which multiplier moves.
    values : (L,)
        Its values, any sign; equally spaced ones are computed by recurrence.
    dual_only
        Leave everything but D out.
    """
    samples, beta = problem.samples, float(problem.beta)
    utilities, offset, _ = offsets(problem)
    base, present = None, None
    if samples.log_weights is not None:
        base = reference_log_weights(samples)
        present = base > -np.inf
    fixed = np.array(at, dtype=np.float64)
    fixed[constraint] = 0.0
    several = bool(np.any(fixed))
    rewards = samples.rewards
    score = rewards + utilities @ fixed if several else rewards
    # Around the middle of each prompt, so that scores of any size give factors near one.
    moving, middle = _around_middle(utilities[..., constraint], present)
    score, score_middle = _around_middle(score, present)
    rewards, reward_middle = _around_middle(rewards, present) if several else (score, score_middle)

    n_prompts, n_responses = score.shape
    count = values.size
    factors = [] if dual_only else [moving, score, *([rewards] if several else [])]
    means = np.zeros((count, len(factors)))
    totals = np.empty((count, n_prompts))
    squares = None if dual_only else np.empty((count, n_prompts))
    step, segment = _segments(values, float(np.abs(moving).max(initial=0.0)) * 2 / beta)
    rows = max(1, _BLOCK // max(1, min(segment, count) * n_responses))
    tops = np.empty((-(-count // segment), n_prompts))
    buffer = np.empty((min(segment, count), min(rows, n_prompts), n_responses))
    # Sums over responses by one product with a matrix of four columns, unused ones empty: it reads the
    # weights once, and takes less time than with three columns.
    columns = np.zeros((min(rows, n_prompts), n_responses, 4))
    columns[..., 0] = 1.0
    omega = prompt_weights(samples)
    for first in range(0, count, segment):
        part = slice(first, min(first + segment, count))
        for start in range(0, n_prompts, rows):
            block = slice(start, min(start + rows, n_prompts))
            work = buffer[: part.stop - part.start, : block.stop - block.start]
            own = None if base is None else base[block]
            tops[first // segment, block] = _fill(
                work, score[block], moving[block], own, values[part], step, beta
            )
            own_columns = columns[: block.stop - block.start]
            for place, factor in enumerate(factors, start=1):
                own_columns[..., place] = factor[block]
            sums = np.matmul(work.transpose(1, 0, 2), own_columns)  # (p, L, 4)
            totals[part, block] = sums[..., 0].T
            if squares is None:
                continue
            sums *= (omega[block, None] / sums[..., 0])[..., None]
            means[part] += sums[..., 1 : 1 + len(factors)].sum(axis=0)
            squares[part, block] = np.vecdot(work, work)
    if squares is not None:
        squares /= totals
        squares /= totals
    log_mean = np.log(totals, out=totals)
    log_mean += tops[np.arange(count) // segment]
    constant, shift = score_middle - offset @ fixed, offset[:, constraint] - middle
    mean_log = log_mean @ omega
    dual = beta * mean_log + constant @ omega - values * (shift @ omega)
    slack = reward = kl = None
    if squares is not None:
        slack = means[:, 0] - shift @ omega
        reward = means[:, -1] + reward_middle @ omega
        kl = np.maximum((means[:, 1] + values * means[:, 0]) / beta - mean_log, 0.0)
    return Sweep(values, dual, slack, reward, kl, squares, log_mean, constant, shift, beta)


def _around_middle(values: Array, present: npt.NDArray[np.bool_] | None) -> tuple[Array, Array]:
    if present is None:
        middle = (values.min(axis=1) + values.max(axis=1)) / 2
        return values - middle[:, None], middle
    low = np.where(present, values, np.inf).min(axis=1)
    high = np.where(present, values, -np.inf).max(axis=1)
    middle = (low + high) / 2
    return np.where(present, values - middle[:, None], 0.0), middle


def _segments(values: Array, rate: float) -> tuple[float, int]:
    """Step of an equally spaced grid and how many values fit between two fresh exponentials."""
    if values.size < 3:
        return 0.0, 1
    step = float(values[-1] - values[0]) / (values.size - 1)
    even = values[0] + step * np.arange(values.size)
    if step == 0 or np.abs(values - even).max() > 1e-14 * np.abs(values).max():
        return 0.0, 1
    growth = abs(step) * rate
    return step, max(1, int(min(_GROWTH / growth, values.size))) if growth > 0 else values.size


def _fill(
    work: Array, score: Array, moving: Array, base: Array | None, values: Array, step: float, beta: float
) -> Array:
    """Unnormalised weights of a segment into ``work`` (L, p, I); returns the log factor taken out, (p,)."""
    logs = score + values[0] * moving
    logs /= beta
    logs += -np.log(score.shape[1]) if base is None else base
    top = logs.max(axis=1, keepdims=True)
    logs -= top
    np.exp(np.maximum(logs, _NEGLIGIBLE, out=logs), out=work[0])
    filled, count = 1, values.size
    while filled < count:
        more = min(filled, count - filled)
        factor = np.exp((step * filled / beta) * moving)
        np.multiply(work[:more], factor, out=work[filled : filled + more])
        filled += more
    return top[:, 0]
