"""Where policies sit between two scores: the tilted policies' path and one mark a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from plotly import graph_objects as go

from dualign.figures.theme import Theme, base_figure, f32, label, plain, span

_PLAIN = {
    "reference": "what it is",
    "expected": "its rule of choice",
    "predicted": "a forecast",
    "measured": "a measurement",
    "between": "a guess",
}


@dataclass(frozen=True)
class Mark:
    """One policy: its letter, its title, E[g] and E[r], what they rest on, and its mean ranks in percent."""

    letter: str
    title: str
    utility: float
    reward: float
    basis: str
    utility_rank: float
    reward_rank: float

    @property
    def measured(self) -> bool:
        """Whether the figures were measured on the policy itself."""
        return self.basis == "measured"


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
    utility_word: str = "careful"
    reward_word: str = "helpful"

    def columns(self, *, simple: bool = False) -> dict[str, NDArray[Any]]:
        """The marks as plain columns: expectations, or for ``simple`` the mean ranks."""
        named = {
            "column": np.asarray([mark.letter for mark in self.marks], dtype=str),
            "policy": np.asarray([mark.title for mark in self.marks], dtype=str),
        }
        if simple:
            return {
                **named,
                f"more {self.utility_word} than, of 100": np.asarray(
                    [round(m.utility_rank) for m in self.marks]
                ),
                f"more {self.reward_word} than, of 100": np.asarray(
                    [round(m.reward_rank) for m in self.marks]
                ),
                "known by": np.asarray([_PLAIN[mark.basis] for mark in self.marks], dtype=str),
            }
        return {
            **named,
            f"E[{self.utility_name}]": np.asarray([mark.utility for mark in self.marks]),
            f"E[{self.reward_name}]": np.asarray([mark.reward for mark in self.marks]),
            "basis": np.asarray([mark.basis for mark in self.marks], dtype=str),
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
        x=f"more {plain(data.utility_word)} →" if simple else f"E[{plain(data.utility_name)}]",
        y=f"more {plain(data.reward_word)} →" if simple else f"E[{plain(data.reward_name)}]",
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
        return "Where the policies sit"
    first, second = data.marks[:2]
    if simple:
        careful = _compared(second.utility_rank - first.utility_rank, data.utility_word)
        helpful = _compared(second.reward_rank - first.reward_rank, data.reward_word)
        return f"{second.letter} is {careful} and {helpful}, beside {first.letter}"
    gain, loss = second.utility - first.utility, second.reward - first.reward
    return (
        f"{second.letter} against {first.letter}: {plain(data.utility_name)} {gain:+.2f}, "
        f"{plain(data.reward_name)} {loss:+.2f}"
    )


def _compared(difference: float, word: str) -> str:
    """Ranks that differ by less than a place of 100 are told as alike."""
    if abs(difference) < 1:
        return f"about as {plain(word)}"
    return f"{'more' if difference > 0 else 'less'} {plain(word)}"
