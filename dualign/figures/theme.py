"""One look for every figure: Okabe-Ito hues, one per concept, doubled by dash and marker."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from plotly import graph_objects as go

Columns = Mapping[str, NDArray[Any]]
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif"


@dataclass(frozen=True)
class Theme:
    """Colours of one appearance.

    ``dual`` is the dual function and the set's boundary, ``line`` the tangent and the hyperplane,
    ``optimum`` everything at λ*, ``constraint`` thresholds and the half-plane they allow,
    ``doubt`` what should not be trusted, ``reference`` the reference policy and ``pinned`` the view kept for
    comparison.
    """

    name: Literal["light", "dark"]
    text: str
    muted: str
    grid: str
    paper: str
    dual: str
    line: str
    optimum: str
    constraint: str
    doubt: str
    reference: str
    pinned: str
    second: str
    scale: str


LIGHT = Theme(
    name="light",
    text="#1B2430",
    muted="#5B6776",
    grid="#E6EAEF",
    paper="#FFFFFF",
    dual="#0072B2",
    line="#D55E00",
    optimum="#A8437F",
    constraint="#00795A",
    doubt="#B97A00",
    reference="#1B2430",
    pinned="#6B7785",
    second="#56B4E9",
    scale="Blues",
)
DARK = Theme(
    name="dark",
    text="#E6EAF0",
    muted="#A3AEBB",
    grid="#2C3541",
    paper="#12171E",
    dual="#56B4E9",
    line="#F08A3C",
    optimum="#E29AC4",
    constraint="#35C79B",
    doubt="#F0B429",
    reference="#E6EAF0",
    pinned="#9AA6B4",
    second="#0072B2",
    scale="Blues_r",
)


def theme(name: str | None) -> Theme:
    """The theme of an appearance: dark for ``"dark"``, else light."""
    return DARK if name == "dark" else LIGHT


def plain(text: str, length: int = 60) -> str:
    """A label from a data set as Plotly text: nothing in it can act as markup."""
    text = " ".join(str(text).split())
    return html.escape(text if len(text) <= length else text[: length - 1] + "…")


def f32(values: ArrayLike) -> NDArray[np.float32]:
    """Values as the float32 array that a trace carries."""
    return np.asarray(values, dtype=np.float32)


def span(*parts: ArrayLike, margin: float = 0.06, include: Sequence[float] = ()) -> tuple[float, float]:
    """An axis range that holds all finite values of ``parts`` and ``include`` with some air."""
    joined = np.concatenate([np.ravel(np.asarray(part, dtype=float)) for part in (*parts, include)])
    finite = joined[np.isfinite(joined)]
    if finite.size == 0:
        return (0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    air = (high - low) * margin or max(abs(high), 1.0) * 0.05
    return (low - air, high + air)


def rgba(colour: str, alpha: float) -> str:
    """A hex colour with an opacity."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def base_figure(
    look: Theme,
    *,
    title: str,
    x: str,
    y: str,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    height: int = 420,
) -> go.Figure:
    """An empty figure in the house style with explicit ranges, so that a zoom survives a redraw."""
    axis = {
        "gridcolor": look.grid,
        "zeroline": False,
        "linecolor": look.muted,
        "tickfont": {"color": look.muted, "size": 12},
        "automargin": True,
    }
    # One dictionary at once: a layout that is updated step by step takes four times as long.
    return go.Figure(
        layout={
            # The page writes the title above the figure, where it wraps; the figure only carries it along.
            "meta": {"title": title},
            "font": {"family": FONT, "size": 13, "color": look.text},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 60, "r": 16, "t": 30, "b": 44},
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": look.muted, "activecolor": look.text},
            "height": height,
            "showlegend": False,
            "hovermode": "closest",
            "hoverlabel": {"font": {"family": FONT, "size": 13}},
            "uirevision": "keep",
            "dragmode": "zoom",
            "xaxis": {
                **axis,
                "range": list(x_range),
                "title": {"text": wrapped(x), "standoff": 8, "font": {"size": 13}},
            },
            "yaxis": {
                **axis,
                "range": list(y_range),
                "title": {"text": wrapped(y), "standoff": 8, "font": {"size": 13}},
            },
        }
    )


def title_of(figure: go.Figure) -> str:
    """What the figure states, as plain text."""
    return true_minus(str((figure.layout.meta or {}).get("title", "")))


def steps_in_words(count: int) -> str:
    """'1 step', '5 steps'."""
    return f"{count} step" if count == 1 else f"{count} steps"


def wrapped(text: str, length: int = 34) -> str:
    """An axis title on as many lines as a narrow screen needs; the unit in parentheses stays whole."""
    if len(text) <= length:
        return text
    head, bracket, unit = text.rpartition(" (")
    lines = textwrap.wrap(head, length, break_long_words=False, break_on_hyphens=False) if bracket else []
    return "<br>".join([*lines, f"({unit}"] if bracket else [text])


def true_minus(text: str) -> str:
    """Text with a minus sign, not a hyphen, before numbers."""
    return re.sub(r"(?<![\w.])-(?=\d)", "−", text)


def label(
    figure: go.Figure,
    look: Theme,
    text: str,
    x: float,
    y: float,
    *,
    colour: str | None = None,
    dx: float = 0,
    dy: float = -16,
    anchor: Literal["left", "center", "right"] = "center",
    row: int | None = None,
) -> None:
    """Write ``text`` beside a point, in the hue of what it names."""
    figure.add_annotation(
        text=true_minus(text),
        x=x,
        y=y,
        xshift=dx,
        yshift=dy,
        showarrow=False,
        xanchor=anchor,
        font={"color": colour or look.text, "size": 12},
        bgcolor=rgba(look.paper, 0.72),
        **({} if row is None else {"row": row, "col": 1}),
    )


def band(
    figure: go.Figure, x: NDArray[Any], low: NDArray[Any], high: NDArray[Any], colour: str, *, name: str
) -> None:
    """The space between two curves, where both are finite."""
    keep = np.isfinite(low) & np.isfinite(high)
    if not keep.any():
        return
    figure.add_scatter(
        x=f32(np.concatenate([x[keep], x[keep][::-1]])),
        y=f32(np.concatenate([low[keep], high[keep][::-1]])),
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=rgba(colour, 0.16),
        hoverinfo="skip",
        name=name,
    )


def twin(columns: Columns) -> list[dict[str, Any]]:
    """The columns as rows: the text twin of a figure, and what its CSV export holds."""
    names = list(columns)
    length = max((len(columns[name]) for name in names), default=0)
    return [{name: _item(columns[name], i) for name in names} for i in range(length)]


def _item(column: NDArray[Any], i: int) -> Any:
    return (
        column[i].item()
        if i < len(column) and hasattr(column[i], "item")
        else (column[i] if i < len(column) else None)
    )
