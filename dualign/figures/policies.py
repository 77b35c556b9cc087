"""Where policies sit between two scores: the tilted policies' path and one mark a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from plotly import graph_objects as go

from dualign.figures.theme import Theme, base_figure, f32, label, plain, span


@dataclass(frozen=True)
class Mark:
    """One policy: its letter, its title, E[g] and E[r], and whether they were measured."""

    letter: str
    title: str
    utility: float
    reward: float
    measured: bool


@dataclass(frozen=True, eq=False)
class PolicyMapData:
    """The path of the tilted policies, the reference, and the columns.

    Attributes
    ----------
    path
        multiplier, utility, reward, (L,) each.
    reference
        (E[g], E[r]) of the reference.
    best
        The multiplier that is marked as lam*; None without one.
    """

    path: Mapping[str, NDArray[Any]]
    reference: tuple[float, float]
    marks: tuple[Mark, ...]
    best: float | None
    reward_name: str
    utility_name: str

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """The marks as plain columns."""
        return {
            "column": np.asarray([mark.letter for mark in self.marks]),
            "policy": np.asarray([mark.title for mark in self.marks]),
            "utility": np.asarray([mark.utility for mark in self.marks]),
            "reward": np.asarray([mark.reward for mark in self.marks]),
            "measured": np.asarray([mark.measured for mark in self.marks]),
        }


def policy_map_figure(
    data: PolicyMapData, look: Theme, *, simple: bool = False, height: int = 260
) -> go.Figure:
    """The map. Filled marks are forecasts, open ones measured; ``simple`` writes no symbol."""
    utility, reward = data.path["utility"], data.path["reward"]
    xs = [mark.utility for mark in data.marks]
    ys = [mark.reward for mark in data.marks]
    figure = base_figure(
        look,
        title=_title(data, simple=simple),
        x="more careful →" if simple else f"E[{plain(data.utility_name)}]",
        y="more helpful →" if simple else f"E[{plain(data.reward_name)}]",
        x_range=span(utility, xs, [data.reference[0]], margin=0.12),
        y_range=span(reward, ys, [data.reference[1]], margin=0.16),
        height=height,
    )
    figure.update_layout(margin={"l": 48, "r": 12, "t": 12, "b": 40})
    figure.add_scatter(
        x=f32(utility),
        y=f32(reward),
        mode="lines",
        name="path",
        line={"color": look.dual, "width": 3},
        customdata=f32(data.path["multiplier"]),
        hovertemplate="weight on care %{customdata:.3g}<extra></extra>"
        if simple
        else "λ %{customdata:.3g}<extra></extra>",
    )
    if data.best is not None and not simple:
        at = float(np.interp(data.best, data.path["multiplier"], utility))
        height_of = float(np.interp(data.best, data.path["multiplier"], reward))
        figure.add_scatter(
            x=f32([at]),
            y=f32([height_of]),
            mode="markers",
            name="λ*",
            marker={"color": look.optimum, "size": 9, "symbol": "diamond"},
            hovertemplate="λ*<extra></extra>",
        )
    figure.add_scatter(
        x=f32([data.reference[0]]),
        y=f32([data.reference[1]]),
        mode="markers",
        name="reference",
        marker={"color": look.reference, "size": 8, "symbol": "square"},
        hovertemplate="the original<extra></extra>" if simple else "reference<extra></extra>",
    )
    for mark, dy in zip(data.marks, _lifts(data.marks), strict=True):
        figure.add_scatter(
            x=f32([mark.utility]),
            y=f32([mark.reward]),
            mode="markers",
            name=mark.letter,
            marker={
                "color": look.line,
                "size": 13,
                "symbol": "circle-open" if mark.measured else "circle",
                "line": {"color": look.line if mark.measured else look.paper, "width": 2},
            },
            hovertemplate=f"{mark.letter}: {plain(mark.title)}<br>%{{x:.2f}}, %{{y:.2f}}<extra></extra>",
        )
        label(figure, look, f"<b>{mark.letter}</b>", mark.utility, mark.reward, colour=look.line, dy=dy)
    return figure


def _lifts(marks: Sequence[Mark]) -> list[float]:
    """Heights of the letters, so that policies in one place are told apart."""
    taken: dict[tuple[float, float], int] = {}
    lifts = []
    for mark in marks:
        place = (round(mark.utility, 1), round(mark.reward, 1))
        lifts.append(15.0 + 15.0 * taken.get(place, 0))
        taken[place] = taken.get(place, 0) + 1
    return lifts


def _title(data: PolicyMapData, *, simple: bool) -> str:
    if len(data.marks) < 2:
        return "Where the policy sits"
    first, second = data.marks[:2]
    gain, loss = second.utility - first.utility, second.reward - first.reward
    if simple:
        careful = "more" if gain >= 0 else "less"
        helpful = "more" if loss >= 0 else "less"
        return f"{second.letter} is {careful} careful and {helpful} helpful than {first.letter}"
    return (
        f"{second.letter} against {first.letter}: {plain(data.utility_name)} {gain:+.2f}, "
        f"{plain(data.reward_name)} {loss:+.2f}"
    )
