"""Estimates with intervals: prompts are resampled together, so that every difference is a paired one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dualign.duality.resampling import percentile_interval, resample_counts
from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A measured value with its interval."""

    value: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether ``value`` lies inside the interval, ends included."""
        return self.low <= value <= self.high

    def shifted(self, by: float) -> Estimate:
        """The estimate moved by a constant, such as a threshold."""
        return Estimate(self.value + by, self.low + by, self.high + by)


@dataclass(frozen=True, eq=False)
class PromptBootstrap:
    """Resamples of the prompts, drawn once and used for every quantity.

    Attributes
    ----------
    weights : (B, P)
        Weight of each prompt in each resample; rows sum to 1.
    level : float
    """

    weights: Array
    level: float

    @classmethod
    def draw(
        cls, n_prompts: int, *, resamples: int = 1000, level: float = 0.95, rng: np.random.Generator
    ) -> PromptBootstrap:
        """Resamples of ``n_prompts`` prompts.

        Raises
        ------
        InvalidInputError
            No prompt, fewer than two resamples, or a level outside (0, 1).
        """
        if n_prompts < 1 or resamples < 2 or not 0 < level < 1:
            raise InvalidInputError(
                f"{n_prompts} prompts, {resamples} resamples and level {level} give no interval: give at least "
                "one prompt, two resamples and a level between 0 and 1."
            )
        return cls(resample_counts(n_prompts, resamples, rng) / n_prompts, level)

    def mean(self, per_prompt: npt.ArrayLike, *, rows: npt.ArrayLike | None = None) -> Estimate:
        """Mean over prompts of ``per_prompt`` (P,), or over the prompts of the mask ``rows`` (P,).

        A subset's mean is a ratio: a resample may hold few or none of its prompts; those with none are
        left out of the interval.
        """
        values = np.asarray(per_prompt, dtype=np.float64)
        if rows is None:
            return self._estimate(float(values.mean()), self.weights @ values)
        mask = np.asarray(rows, dtype=bool)
        mass = self.weights @ mask
        draws = np.divide(
            self.weights[:, mask] @ values[mask], mass, out=np.full_like(mass, np.nan), where=mass > 0
        )
        return self._estimate(float(values[mask].mean()), draws)

    def tail(self, scores: npt.ArrayLike, share: float) -> Estimate:
        """Mean of the lowest ``share`` of all replies' ``scores`` (P, N): the conditional value at risk."""
        point, draws = self._tail(np.asarray(scores, dtype=np.float64), share)
        return self._estimate(point, draws)

    def tail_change(self, scores: npt.ArrayLike, before: npt.ArrayLike, share: float) -> Estimate:
        """Change of the tail mean from ``before`` (P, M) to ``scores`` (P, N), on the same resamples."""
        point, draws = self._tail(np.asarray(scores, dtype=np.float64), share)
        old, old_draws = self._tail(np.asarray(before, dtype=np.float64), share)
        return self._estimate(point - old, draws - old_draws)

    def _tail(self, scores: Array, share: float) -> tuple[float, Array]:
        if not 0 < share <= 1:
            raise InvalidInputError(f"share is {share}: give the part of the replies that makes the tail.")
        order = np.argsort(scores, axis=None, kind="stable")
        prompt, values = order // scores.shape[1], scores.ravel()[order]
        uniform = np.full((1, len(scores)), 1.0 / len(scores))
        found = [_lowest(values, row[prompt] / scores.shape[1], share) for row in (*uniform, *self.weights)]
        return found[0], np.array(found[1:])

    def _estimate(self, value: float, draws: Array) -> Estimate:
        low, high = percentile_interval(draws, self.level)
        return Estimate(value, float(low), float(high))


def _lowest(values: Array, weights: Array, share: float) -> float:
    """Mean of the sorted ``values`` over their first ``share`` of weight."""
    passed = np.cumsum(weights)
    last = min(int(np.searchsorted(passed, share)), len(values) - 1)
    inside = passed[last - 1] if last else 0.0
    return float((weights[:last] @ values[:last] + (share - inside) * values[last]) / share)
