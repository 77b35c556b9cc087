"""Expected against achieved: how far measurements lie from y = x, and how often their intervals hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    slope : float
        Least-squares slope of achieved on expected; 1 on the line y = x, nan for fewer than two
        different expectations.
    """

    points: tuple[Tracked, ...]
    mean_error: float
    covered: int
    slope: float

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
    spread = expected - expected.mean()
    slope = float(spread @ achieved / (spread @ spread)) if np.ptp(expected) > 0 else float("nan")
    return Tracking(
        points=tuple(points),
        mean_error=float(np.mean(np.abs(achieved - expected))),
        covered=sum(bool(point.inside) for point in points),
        slope=slope,
    )
