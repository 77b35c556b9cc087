"""Resamples of the prompts: their weights, the estimates on them, and intervals from these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]
LARGEST_TABLE = 250_000_000
"""Most numbers in a table with one row a resample or point and one column a prompt: 2 GB."""


@dataclass(frozen=True)
class BootstrapDraws:
    """One row per resample of the prompts.

    Attributes
    ----------
    multipliers : (B, m)
        inf where the resample cannot meet its thresholds.
    dual_optimum, expected_reward, kl : (B,)
        dual_optimum is inf, the others nan, where infeasible.
    expected_utilities : (B, m)
    infeasible : (B,) bool
    """

    multipliers: Array
    dual_optimum: Array
    expected_reward: Array
    kl: Array
    expected_utilities: Array
    infeasible: npt.NDArray[np.bool_]

    @property
    def share_infeasible(self) -> float:
        """Share of the resamples that cannot meet their thresholds."""
        return float(self.infeasible.mean())


def resample_counts(
    n_prompts: int, resamples: int, rng: np.random.Generator, *, dtype: npt.DTypeLike = np.float64
) -> npt.NDArray[Any]:
    """How often each prompt is drawn in each resample, (B, P); rows sum to P."""
    most = LARGEST_TABLE // n_prompts
    if resamples > most:
        raise InvalidInputError(
            f"resamples is {resamples} with {n_prompts} prompts: their table would not fit; give at most {most}."
        )
    counts = np.empty((resamples, n_prompts), dtype=dtype)
    # Blocks that fit the cache: one bincount over everything is twice as slow.
    rows = max(1, 50_000 // n_prompts)
    kind = np.uint16 if n_prompts <= 2**16 else np.uint32
    for start in range(0, resamples, rows):
        size = min(rows, resamples - start)
        drawn = rng.integers(0, n_prompts, size=(size, n_prompts), dtype=kind)
        flat = drawn + (np.arange(size) * n_prompts)[:, None]
        counts[start : start + size] = np.bincount(flat.ravel(), minlength=size * n_prompts).reshape(size, -1)
    return counts


def resample_weights(
    weights: Array, resamples: int, rng: np.random.Generator, *, dtype: npt.DTypeLike = np.float64
) -> npt.NDArray[Any]:
    """Normalised prompt weights of each resample, (B, P), from prompt weights (P,)."""
    counts = resample_counts(weights.size, resamples, rng, dtype=dtype)
    if np.ptp(weights) == 0:
        counts /= weights.size
        return counts
    counts *= weights.astype(dtype)
    counts /= np.maximum(counts.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return counts


def percentile_interval(draws: npt.ArrayLike, level: float) -> Array:
    """Central interval of the draws along their first axis, shape (..., 2); inf is kept, nan left out."""
    values = np.asarray(draws, dtype=np.float64)
    columns = values.reshape(values.shape[0], -1)
    found = np.full((columns.shape[1], 2), np.nan)
    for j, column in enumerate(columns.T):
        kept = np.sort(column[~np.isnan(column)])
        if kept.size:
            low = int(np.floor((1 - level) / 2 * (kept.size - 1)))
            found[j] = kept[low], kept[kept.size - 1 - low]
    return found.reshape(*values.shape[1:], 2)
