"""Which points of a front of multipliers are trained, in which order, and what the policies are made of.

A policy's optimal log-ratio is linear in the multipliers up to a constant a prompt. As far as LoRA tensors of one
descent follow that, a few of them determine the front: a training starts from what those before it say of its point,
and each policy is in the end the value, at its point, of a linear fit to the trained ones around it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

Array = npt.NDArray[np.float64]
State = Mapping[str, Any]

# A point between trained ones is not trained if the scores of one of them have at least this cosine with its own,
# and at least this share of their size or it of theirs.
_ALIKE = 0.9
_SIZE = 0.5
# Sum of absolute weights of a start: beyond it an extrapolation is cut short, as it would carry noise above all.
_REACH = 2.0


@dataclass(frozen=True, kw_only=True)
class FrontStep:
    """One training of a front: which point, and the weights of the finished ones that it starts from."""

    point: int
    start: Mapping[int, float]


def score_products(scores: Sequence[npt.ArrayLike], present: npt.ArrayLike) -> Array:
    """Inner products (K, K) of scores, centred within each prompt.

    Parameters
    ----------
    scores : K arrays (P, I)
    present : (P, I)
        Replies that count.
    """
    used = np.asarray(present, dtype=bool)
    counts = np.maximum(used.sum(axis=1, keepdims=True), 1)
    rows = []
    for values in scores:
        kept = np.where(used, np.asarray(values, dtype=np.float64), 0.0)
        rows.append(np.where(used, kept - kept.sum(axis=1, keepdims=True) / counts, 0.0).ravel())
    table = np.stack(rows)
    return np.asarray(table @ table.T)


def front_order(points: npt.ArrayLike, products: npt.ArrayLike) -> list[FrontStep]:
    """Trainings of a front in order: the point most like all others from scratch, then always the least known.

    Points that lie between trained ones and have scores like those of one of them are left out: `front_weights`
    gives their policies.

    Parameters
    ----------
    points : (F, m)
        Multipliers.
    products : (F, F)
        Inner products of the points' r_lam, centred within each prompt (`score_products`), squared reward units.
    """
    lam = np.atleast_2d(np.asarray(points, dtype=np.float64))
    table = np.asarray(products, dtype=np.float64)
    size = np.sqrt(np.diag(table))
    larger = np.maximum(size[:, None], size)
    with np.errstate(invalid="ignore"):
        cosine = np.nan_to_num(table / (size[:, None] * size))
        alike = (cosine >= _ALIKE) & (np.minimum(size[:, None], size) >= _SIZE * larger)
    first = int(np.argmax(cosine.min(axis=1)))
    order = [FrontStep(point=first, start={})]
    while True:
        done = [step.point for step in order]
        left = [
            i
            for i in range(len(lam))
            if i not in done and not (alike[i, done].any() and _between(lam[done], lam[i]))
        ]
        if not left:
            return order
        point = min(left, key=lambda i: (cosine[i, done].max(), i))
        order.append(FrontStep(point=point, start=_weights(lam, done, point, reach=_REACH)))


def front_weights(points: npt.ArrayLike, trained: Sequence[int]) -> list[dict[int, float]]:
    """For each point the weights of trained ones in the value of their linear fit there; they add up to 1.

    The fit is to the m + 2 nearest, one more than determine it, and to more where those do not reach the point.

    Parameters
    ----------
    points : (F, m)
        Multipliers.
    trained
        Places of the points that were trained.
    """
    lam = np.atleast_2d(np.asarray(points, dtype=np.float64))
    return [_weights(lam, trained, point) for point in range(len(lam))]


def _weights(lam: Array, done: Sequence[int], point: int, reach: float = np.inf) -> dict[int, float]:
    near = sorted(done, key=lambda i: (float(np.linalg.norm(lam[i] - lam[point])), i))
    for count in range(min(len(near), lam.shape[1] + 2), len(near) + 1):
        known = lam[near[:count]]
        centre = known.mean(axis=0)
        # Least squares, and the shortest slopes where the points do not determine them.
        slopes = np.linalg.pinv(known - centre, rcond=1e-9).T @ (lam[point] - centre)
        if np.allclose((known - centre).T @ slopes, lam[point] - centre, atol=1e-9 * (1 + np.abs(lam).max())):
            break
    size = float(np.abs(1 / count + slopes).sum())
    if size > reach:
        # The sum of absolute weights is convex along the way from the mean, where it is 1.
        slopes = slopes * (reach - 1) / (size - 1)
    return {i: float(1 / count + slope) for i, slope in zip(near[:count], slopes, strict=True)}


def _between(known: Array, at: Array) -> bool:
    scale = max(float(np.abs(known).max()), float(np.abs(at).max()), 1e-300)
    table = np.vstack([known.T / scale, np.ones(len(known))])
    return bool(nnls(table, np.append(at / scale, 1.0))[1] < 1e-9)


def mixed_state(states: Mapping[int, State], weights: Mapping[int, float]) -> dict[str, Any]:
    """Weighted mean of LoRA tensors."""
    names = states[next(iter(weights))]
    return {name: sum(weight * states[i][name] for i, weight in weights.items()) for name in names}
