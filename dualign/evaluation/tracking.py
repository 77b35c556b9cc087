"""Expected against achieved: how far measurements lie from y = x, and how often their intervals hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dualign.errors import InvalidInputError
from dualign.evaluation.estimates import Estimate


@dataclass(frozen=True, kw_only=True)
class Tracked:
    """One prediction beside its measurement, utility units.

    Attributes
    ----------
    label : str
    multiplier : float
        Reward per utility; nan where several multipliers belong to the point.
    expected : float
        Predicted from the reference's samples, or the threshold that was asked for.
    achieved : Estimate
    """

    label: str
    multiplier: float
    expected: float
    achieved: Estimate

    @property
    def error(self) -> float:
        """|achieved - expected|."""
        return abs(self.achieved.value - self.expected)

    @property
    def inside(self) -> bool:
        """Whether the interval of the measurement holds the prediction."""
        return self.achieved.holds(self.expected)


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """Predictions and measurements of a series of policies.

    Attributes
    ----------
    points : tuple of Tracked
    mean_error : float
        Mean |achieved - expected|, utility units (Zhang et al. 2025, Fig. 2).
    covered : int
        Points whose interval holds the prediction.
    """

    points: tuple[Tracked, ...]
    mean_error: float
    covered: int

    @property
    def sentence(self) -> str:
        """What the series shows."""
        n = len(self.points)
        return (
            f"{self.covered} of {n} predictions lie inside the measured interval; "
            f"the mean distance from y = x is {self.mean_error:.2g}."
        )


def track(points: Sequence[Tracked]) -> Tracking:
    """The series' distance from y = x.

    Raises
    ------
    InvalidInputError
        No point, or an expectation that is not finite.
    """
    if not points:
        raise InvalidInputError("no prediction was measured: give at least one point.")
    expected = np.array([point.expected for point in points])
    achieved = np.array([point.achieved.value for point in points])
    if not np.isfinite(expected).all():
        raise InvalidInputError("an expectation is NaN or infinite: leave out thresholds that cannot be met.")
    return Tracking(
        points=tuple(points),
        mean_error=float(np.mean(np.abs(achieved - expected))),
        covered=sum(bool(point.inside) for point in points),
    )


def satisfied_at(rows: Mapping[str, Sequence[Any]]) -> tuple[tuple[float, ...], dict[str, float]]:
    """Thresholds at which kinds of policies are compared, and each kind's mean |achieved - threshold| over them.

    Distances grow with the threshold, so kinds are compared where all of them have one; everywhere if they share none.

    Parameters
    ----------
    rows
        Columns kind, threshold and achieved.
    """
    of: dict[str, list[tuple[float, float]]] = {}
    for kind, threshold, achieved in zip(rows["kind"], rows["threshold"], rows["achieved"], strict=True):
        of.setdefault(kind, []).append((float(threshold), float(achieved)))
    common = set.intersection(*({b for b, _ in pairs} for pairs in of.values()))
    used = tuple(dict.fromkeys(float(b) for b in rows["threshold"] if not common or b in common))
    return used, {
        kind: float(np.mean([abs(u - b) for b, u in pairs if b in used])) for kind, pairs in of.items()
    }
