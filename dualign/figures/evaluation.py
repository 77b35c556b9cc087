"""Expected against achieved, the front, and constraint satisfaction: predictions beside measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from plotly import graph_objects as go

from dualign.figures.theme import Theme, base_figure, f32, label, plain, rgba, span

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Mark:
    """How one kind of policy is drawn: hue, symbol, and what it is called."""

    colour: str
    symbol: str
    words: str


def mark(kind: str, look: Theme) -> Mark:
    """The one look of a kind of policy in every figure of the evaluation."""
    marks = {
        "resampled": Mark(look.optimum, "circle", "resampled"),
        "trained": Mark(look.line, "diamond-open", "trained"),
        "one-shot": Mark(look.line, "diamond-open", "one-shot"),
        "iterative": Mark(look.constraint, "triangle-up", "iterative"),
        "baseline": Mark(look.pinned, "square-open", "baseline"),
        "reference": Mark(look.reference, "x", "reference"),
    }
    return marks.get(kind, Mark(look.muted, "circle-open", kind))


def table(columns: Mapping[str, Sequence[Any]]) -> Columns:
    """Columns of a result as arrays, numbers with nan where there is none."""
    found: Columns = {}
    for name, values in columns.items():
        listed = list(values)
        numeric = all(v is None or isinstance(v, int | float) for v in listed)
        found[name] = np.array(
            [np.nan if v is None else float(v) for v in listed] if numeric else listed,
            dtype=float if numeric else object,
        )
    return found


def errors(value: NDArray[Any], low: NDArray[Any], high: NDArray[Any], colour: str) -> dict[str, Any]:
    """Asymmetric error bars from the ends of an interval; none where an end is unknown."""
    down, up = np.nan_to_num(value - low), np.nan_to_num(high - value)
    return {
        "type": "data",
        "symmetric": False,
        "array": f32(np.maximum(up, 0.0)),
        "arrayminus": f32(np.maximum(down, 0.0)),
        "color": rgba(colour, 0.55),
        "thickness": 1.5,
        "width": 3,
    }


@dataclass(frozen=True, eq=False)
class ExpectedData:
    """Expected and achieved values of policies, utility or reward units.

    ``columns`` holds policy, kind, expected, achieved, low, high, and ``stored`` (the policy's name, "" where
    none is stored).
    """

    columns: Columns
    name: str
    unit: str
    sentence: str


def expected_data(
    groups: Mapping[str, Mapping[str, Sequence[Any]]], *, name: str, unit: str = "utility"
) -> ExpectedData:
    """Points of several kinds of policies.

    Parameters
    ----------
    groups
        By kind ("resampled", "trained", ...): columns policy, stored, expected, achieved, low, high.
    name
        What is expected and achieved.
    unit
        Its unit in words.
    """
    rows: dict[str, list[Any]] = {
        key: [] for key in ("policy", "stored", "kind", "expected", "achieved", "low", "high")
    }
    for kind, group in groups.items():
        count = len(group["expected"])
        for key, values in rows.items():
            values += [kind] * count if key == "kind" else list(group.get(key, [""] * count))
    columns = table(rows)
    parts = []
    for kind in groups:
        own = columns["kind"] == kind
        inside = (columns["low"] <= columns["expected"]) & (columns["expected"] <= columns["high"])
        off = float(np.mean(np.abs(columns["achieved"] - columns["expected"])[own]))
        parts.append(
            f"{kind}: {int(inside[own].sum())} of {int(own.sum())} predictions inside, {off:.2g} off on average"
        )
    return ExpectedData(columns, name, unit, "; ".join(parts))


def expected_figure(data: ExpectedData, look: Theme) -> go.Figure:
    """Achieved against expected with intervals, beside the line y = x."""
    c = data.columns
    both = span(c["expected"], c["achieved"], c["low"], c["high"], include=[0.0])
    figure = base_figure(
        look,
        title=data.sentence[:1].upper() + data.sentence[1:],
        x=f"expected gain in {plain(data.name, 24)}",
        y="achieved gain",
        x_range=both,
        y_range=both,
        height=440,
    )
    figure.add_scatter(
        x=f32(both),
        y=f32(both),
        mode="lines",
        hoverinfo="skip",
        line={"color": look.muted, "dash": "dot", "width": 1.5},
    )
    place = both[0] + 0.6 * (both[1] - both[0])
    label(
        figure, look, "achieved =<br>expected", place, place, colour=look.muted, dx=14, dy=-20, anchor="left"
    )
    for kind in dict.fromkeys(c["kind"]):
        points(figure, c, c["kind"] == kind, mark(kind, look), x="expected")
    legend(figure, look, dict.fromkeys(c["kind"]))
    return figure


def points(figure: go.Figure, c: Columns, own: NDArray[Any], how: Mark, *, x: str) -> None:
    """Achieved values of the rows ``own`` against the column ``x``, with intervals."""
    figure.add_scatter(
        x=f32(c[x][own]),
        y=f32(c["achieved"][own]),
        error_y=errors(c["achieved"][own], c["low"][own], c["high"][own], how.colour),
        mode="markers",
        name=how.words,
        marker={
            "color": how.colour,
            "symbol": how.symbol,
            "size": 10,
            "line": {"color": how.colour, "width": 2},
        },
        customdata=[[plain(p), s] for p, s in zip(c["policy"][own], c["stored"][own], strict=True)],
        unselected={"marker": {"opacity": 1}},
        hovertemplate="%{customdata[0]}<br>" + x + " %{x:.3f}<br>achieved %{y:.3f}<extra></extra>",
    )


def legend(
    figure: go.Figure, look: Theme, kinds: Sequence[str] | Mapping[str, None], *, at: float = 0.02
) -> None:
    """Symbols with their names in a corner, in the hue of what they name."""
    signs = {
        "circle": "●",
        "diamond-open": "◇",
        "triangle-up": "▲",
        "square-open": "□",
        "x": "✕",
        "circle-open": "○",
    }
    lines = [
        f"<span style='color:{how.colour}'>{signs[how.symbol]} {plain(how.words)}</span>"
        for how in (mark(kind, look) for kind in kinds)
    ]
    figure.add_annotation(
        text="<br>".join(lines),
        xref="paper",
        yref="paper",
        x=at,
        y=0.99,
        showarrow=False,
        align="left",
        xanchor="left",
        yanchor="top",
        bgcolor=rgba(look.paper, 0.72),
        font={"size": 12},
    )


@dataclass(frozen=True, eq=False)
class FrontData:
    """The front: policies by their gains in the utility and the reward, and the predicted boundary.

    ``columns`` holds policy, stored, kind, utility and reward gains with ``_low`` and ``_high``, kl, and
    ``boundary`` multiplier, utility_gain and reward_gain (or ``regularized_gain``).
    """

    columns: Columns
    boundary: Columns
    name: str
    reward: str
    threshold: float | None
    regularized: bool = False


def front_data(
    front: Mapping[str, Sequence[Any]],
    boundary: Mapping[str, Sequence[Any]],
    *,
    name: str,
    reward: str,
    threshold: float | None = None,
    regularized: bool = False,
) -> FrontData:
    """Columns of the front; ``regularized`` puts E[r] - beta KL on the axis instead of E[r]."""
    return FrontData(table(front), table(boundary), name, reward, threshold, regularized)


def front_figure(data: FrontData, look: Theme) -> go.Figure:
    """Gain in reward against gain in the utility, with intervals, beside the predicted boundary."""
    c, b = data.columns, data.boundary
    which = "regularized" if data.regularized else "reward"
    height = b["regularized_gain" if data.regularized else "reward_gain"]
    x_range = span(c["utility"], c["utility_low"], c["utility_high"], include=[0.0])
    shown = (b["utility_gain"] >= x_range[0]) & (b["utility_gain"] <= x_range[1])
    y_range = span(c[which], c[f"{which}_low"], c[f"{which}_high"], height[shown], include=[0.0])
    figure = base_figure(
        look,
        title=_front_title(data, which),
        x=f"gain in {plain(data.name, 30)} (utility)",
        y="gain in E[r] − β KL (reward)"
        if data.regularized
        else f"gain in {plain(data.reward, 30)} (reward)",
        x_range=x_range,
        y_range=y_range,
        height=460,
    )
    if data.threshold is not None:
        figure.add_vline(x=data.threshold, line={"color": look.constraint, "width": 2, "dash": "dash"})
        label(
            figure,
            look,
            "threshold",
            data.threshold,
            y_range[0],
            colour=look.constraint,
            dx=6,
            dy=12,
            anchor="left",
        )
    figure.add_scatter(
        x=f32(b["utility_gain"][shown]),
        y=f32(height[shown]),
        mode="lines",
        name="predicted",
        line={"color": look.dual, "width": 3},
        customdata=f32(b["multiplier"][shown]),
        hovertemplate="predicted at λ %{customdata:.2f}<br>%{x:.3f}, %{y:.3f}<extra></extra>",
    )
    if shown.any():
        places = np.flatnonzero(shown)
        k = int(places[int(0.85 * (len(places) - 1))])
        label(
            figure,
            look,
            "predicted",
            b["utility_gain"][k],
            height[k],
            colour=look.dual,
            dx=-12,
            dy=-4,
            anchor="right",
        )
    kinds = dict.fromkeys(c["kind"])
    for kind in kinds:
        own, how = c["kind"] == kind, mark(kind, look)
        figure.add_scatter(
            x=f32(c["utility"][own]),
            y=f32(c[which][own]),
            error_x=errors(c["utility"][own], c["utility_low"][own], c["utility_high"][own], how.colour),
            error_y=errors(c[which][own], c[f"{which}_low"][own], c[f"{which}_high"][own], how.colour),
            mode="markers",
            name=how.words,
            marker={
                "color": how.colour,
                "symbol": how.symbol,
                "size": 10,
                "line": {"color": how.colour, "width": 2},
            },
            customdata=[[plain(p), s] for p, s in zip(c["policy"][own], c["stored"][own], strict=True)],
            unselected={"marker": {"opacity": 1}},
            hovertemplate="%{customdata[0]}<br>"
            + plain(data.name, 20)
            + " %{x:+.3f}<br>"
            + which
            + " %{y:+.3f}<extra></extra>",
        )
    figure.add_scatter(
        x=f32([0]),
        y=f32([0]),
        mode="markers",
        name="reference",
        marker={"color": look.reference, "symbol": "x", "size": 10},
        hovertemplate="reference<extra></extra>",
    )
    legend(figure, look, {**kinds, "reference": None}, at=0.74)
    return figure


def _front_title(data: FrontData, which: str) -> str:
    c = data.columns
    trained = c["kind"] == "trained"
    if not trained.any():
        cost = f"{data.reward} less β KL" if data.regularized else data.reward
        return f"More {data.name} costs {cost}: resampled policies lie along the predicted front"
    best = int(np.flatnonzero(trained)[np.argmax(c["utility"][trained])])
    cost = f"{data.reward} less β KL" if data.regularized else data.reward
    return (
        f"Of the trained policies, {c['policy'][best]} gains most {data.name}: {c['utility'][best]:+.2f} at "
        f"{c[which][best]:+.2f} {cost}"
    )
