"""The order in which a front of multipliers is trained, and what each training starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
State = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class FrontStep:
    """One training of a front: which point, and the weights of the finished ones that it starts from."""

    point: int
    start: Mapping[int, float]


def front_order(points: npt.ArrayLike) -> list[FrontStep]:
    """Trainings of a front in order: one from scratch, the farthest from it, then those between.

    A policy's optimal log-ratio is linear in the multipliers up to a constant a prompt, so that a point between
    two finished ones starts from their mean, weighted by distance. All descend from one training, which is what
    makes their tensors averageable.

    Parameters
    ----------
    points : (F, m)
        Multipliers.
    """
    lam = np.atleast_2d(np.asarray(points, dtype=np.float64))
    left = list(range(len(lam)))
    # From the smallest multipliers: reward alone is what every point has in common.
    first = min(left, key=lambda i: (float(lam[i].sum()), i))
    order = [FrontStep(point=first, start={})]
    left.remove(first)
    while left:
        done = [step.point for step in order]
        gap = {i: min(float(np.linalg.norm(lam[i] - lam[j])) for j in done) for i in left}
        point = max(left, key=lambda i: (gap[i], -i))
        order.append(FrontStep(point=point, start=_neighbours(lam, point, done)))
        left.remove(point)
    return order


def _neighbours(lam: Array, point: int, done: Sequence[int]) -> dict[int, float]:
    distance = {j: float(np.linalg.norm(lam[point] - lam[j])) for j in done}
    near = sorted(done, key=lambda j: (distance[j], j))
    if distance[near[0]] == 0 or len(near) == 1:
        return {near[0]: 1.0}
    a = near[0]
    for b in near[1:]:
        span = lam[b] - lam[a]
        share = float((lam[point] - lam[a]) @ span / (span @ span)) if span.any() else 0.0
        if 0 < share < 1:
            return {a: 1.0 - share, b: share}
    return {a: 1.0}


def mixed_state(states: Mapping[int, State], weights: Mapping[int, float]) -> dict[str, Any]:
    """Weighted mean of LoRA tensors."""
    names = states[next(iter(weights))]
    return {name: sum(weight * states[i][name] for i, weight in weights.items()) for name in names}
