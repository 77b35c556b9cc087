"""Constraints met or missed: achieved against threshold, and two constraints at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from plotly import graph_objects as go

from dualign.evaluation.tracking import satisfied_at
from dualign.figures.evaluation import Columns, errors, legend, mark, points, table
from dualign.figures.theme import Theme, base_figure, f32, label, plain, rgba, span


@dataclass(frozen=True, eq=False)
class SatisfactionData:
    """Achieved gain against the threshold for several series: columns policy, stored, kind, threshold, achieved,
    low, high; ``errors`` is each series' mean distance from the threshold."""

    columns: Columns
    errors: dict[str, float]
    name: str
    policies: str = ""


def satisfaction_data(
    series: Mapping[str, Mapping[str, Sequence[Any]]], *, name: str, policies: str = ""
) -> SatisfactionData:
    """Series by kind ("one-shot", "iterative"), each with threshold, achieved, low and high.

    ``policies`` says which policies they are, as the title begins.
    """
    rows: dict[str, list[Any]] = {
        key: [] for key in ("policy", "stored", "kind", "threshold", "achieved", "low", "high")
    }
    for kind, group in series.items():
        count = len(group["threshold"])
        for key, values in rows.items():
            values += [kind] * count if key == "kind" else list(group.get(key, [""] * count))
    return SatisfactionData(table(rows), satisfied_at(rows)[1], name, policies)


def satisfaction_figure(data: SatisfactionData, look: Theme) -> go.Figure:
    """What was achieved at each threshold; on or above the line the constraint holds."""
    c = data.columns
    both = span(c["threshold"], c["achieved"], c["low"], c["high"])
    figure = base_figure(
        look,
        title=(f"{data.policies}: mean" if data.policies else "Mean")
        + " distance from the threshold "
        + ", ".join(f"{kind} {value:.2g}" for kind, value in data.errors.items()),
        x=f"gain required in {plain(data.name, 24)}",
        y="gain achieved (utility)",
        x_range=span(c["threshold"], margin=0.1),
        y_range=both,
        height=440,
    )
    line = np.array(span(c["threshold"], margin=0.1))
    figure.add_scatter(
        x=f32([*line, line[1], line[0]]),
        y=f32([*line, both[1], both[1]]),
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=rgba(look.constraint, 0.08),
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=f32(line),
        y=f32(line),
        mode="lines",
        hoverinfo="skip",
        line={"color": look.constraint, "dash": "dash", "width": 2},
    )
    label(
        figure,
        look,
        "the constraint holds above",
        line[1],
        line[1],
        colour=look.constraint,
        dx=-8,
        dy=14,
        anchor="right",
    )
    for kind in data.errors:
        points(figure, c, c["kind"] == kind, mark(kind, look), x="threshold")
    legend(figure, look, list(data.errors))
    return figure


@dataclass(frozen=True, eq=False)
class PairsData:
    """Two constraints: thresholds and achieved gains with intervals, one row a pair."""

    columns: Columns
    names: tuple[str, str]
    met: int
    within: int


def pairs_data(columns: Mapping[str, Sequence[Any]], *, names: tuple[str, str]) -> PairsData:
    """Columns of the experiment on pairs of thresholds, for the utilities ``names``."""
    found = table(columns)
    return PairsData(found, names, int(found["met"].sum()), int(found["met_within_noise"].sum()))


def pairs_figure(data: PairsData, look: Theme) -> go.Figure:
    """From what was asked for (squares) to what was achieved (dots), both utilities at once."""
    c, (first, second) = data.columns, data.names
    x, y = c[first], c[second]
    wanted = c[f"{first}_threshold"], c[f"{second}_threshold"]
    figure = base_figure(
        look,
        title=f"Both constraints hold within noise in {data.within} of {len(x)} pairs",
        x=f"gain in {plain(first, 30)} (utility)",
        y=f"gain in {plain(second, 30)} (utility)",
        x_range=span(x, c[f"{first}_low"], c[f"{first}_high"], wanted[0]),
        y_range=span(y, c[f"{second}_low"], c[f"{second}_high"], wanted[1]),
        height=460,
    )
    for k in range(len(x)):
        figure.add_scatter(
            x=f32([wanted[0][k], x[k]]),
            y=f32([wanted[1][k], y[k]]),
            mode="lines",
            hoverinfo="skip",
            line={"color": look.muted, "width": 1},
        )
    figure.add_scatter(
        x=f32(wanted[0]),
        y=f32(wanted[1]),
        mode="markers",
        name="thresholds",
        marker={"color": look.constraint, "symbol": "square-open", "size": 10, "line": {"width": 2}},
        hovertemplate="asked for %{x:.2f}, %{y:.2f}<extra></extra>",
    )
    how = mark("resampled", look)
    figure.add_scatter(
        x=f32(x),
        y=f32(y),
        error_x=errors(x, c[f"{first}_low"], c[f"{first}_high"], how.colour),
        error_y=errors(y, c[f"{second}_low"], c[f"{second}_high"], how.colour),
        mode="markers",
        name="achieved",
        marker={"color": how.colour, "size": 9},
        hovertemplate="achieved %{x:.2f}, %{y:.2f}<extra></extra>",
    )
    figure.add_annotation(
        text=f"<span style='color:{look.constraint}'>□ asked for</span><br>"
        f"<span style='color:{how.colour}'>● achieved</span>",
        xref="paper",
        yref="paper",
        x=0.98,
        y=0.99,
        showarrow=False,
        xanchor="right",
        yanchor="top",
        align="left",
        bgcolor=rgba(look.paper, 0.72),
        font={"size": 12},
    )
    return figure
