"""Iterations of iterative dualization: primal and dual values with the gap between them, multipliers and slack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from plotly import graph_objects as go

from dualign.figures.evaluation import Columns, errors, table
from dualign.figures.theme import Theme, base_figure, f32, label, plain, rgba, span

_Z = 1.96


@dataclass(frozen=True, eq=False)
class IterationsData:
    """One run, one row an iteration, of the constraint ``name``.

    Columns iteration, multiplier, slack, slack_error, primal, primal_error, lagrangian, lagrangian_error and dual.
    ``best`` is the number of the answer, 0 while unknown.
    """

    columns: Columns
    name: str
    best: int = 0


def iterations_data(iterations: Sequence[Mapping[str, Any]], *, name: str, best: int = 0) -> IterationsData:
    """Columns from iterations as plain values (see `dualign.alignment.iterates.Iterate`), for one constraint."""
    plain_keys = ("iteration", "primal", "primal_error", "lagrangian", "lagrangian_error", "dual")
    columns = {key: [item[key] for item in iterations] for key in plain_keys}
    for key, source in (("multiplier", "multipliers"), ("slack", "slack"), ("slack_error", "slack_error")):
        columns[key] = [item[source][name] for item in iterations]
    return IterationsData(table(columns), name, best)


def values_figure(data: IterationsData, look: Theme) -> go.Figure:
    """Primal value, Lagrangian value and D at each iteration: what training and sampling leave of the gap."""
    c = data.columns
    t = c["iteration"]
    ends = [c[key] + sign * _Z * c[f"{key}_error"] for key in ("primal", "lagrangian") for sign in (-1, 1)]
    figure = base_figure(
        look,
        title=_values_title(data),
        x="iteration",
        y="gain over the reference (reward)",
        x_range=(float(t.min()) - 0.4, float(t.max()) + 0.4),
        y_range=span(*ends, c["dual"]),
        height=380,
    )
    figure.update_xaxes(dtick=1)
    figure.add_scatter(
        x=f32(t),
        y=f32(c["dual"]),
        mode="lines+markers",
        name="D over all policies",
        line={"color": look.dual, "width": 2, "dash": "dash"},
        marker={"symbol": "circle-open", "size": 8},
        hovertemplate="iteration %{x}: D %{y:.3f}<extra></extra>",
    )
    for key, colour, symbol, words in (
        ("lagrangian", look.line, "diamond", "Lagrangian of the policy"),
        ("primal", look.constraint, "circle", "primal: E[r] − β KL"),
    ):
        half = _Z * c[f"{key}_error"]
        figure.add_scatter(
            x=f32(t),
            y=f32(c[key]),
            error_y=errors(c[key], c[key] - half, c[key] + half, colour),
            mode="lines+markers",
            name=words,
            line={"color": colour, "width": 2},
            marker={"symbol": symbol, "size": 9},
            hovertemplate=words + " %{y:.3f}<extra></extra>",
        )
    for key, colour, words, dy in (
        ("dual", look.dual, "D over all policies", -12),
        ("lagrangian", look.line, "Lagrangian of the policy", -12),
        ("primal", look.constraint, "primal", 14),
    ):
        label(figure, look, words, float(t[0]), float(c[key][0]), colour=colour, dx=6, dy=dy, anchor="left")
    if data.best:
        figure.add_vline(x=data.best, line={"color": look.optimum, "width": 1.5, "dash": "dot"})
    return figure


def _values_title(data: IterationsData) -> str:
    c = data.columns
    lost = float(np.mean(c["dual"] - c["lagrangian"]))
    text = f"The policies' Lagrangian stays {lost:.2f} below D on average"
    holds = c["slack"] >= -c["slack_error"]
    if holds.any():
        gap = float(np.min(c["lagrangian"]) - np.max(c["primal"][holds]))
        text += f"; least Lagrangian less best primal value that holds {gap:+.2f}"
    return text + (f"; iterate {data.best} is the answer" if data.best else "")


def multipliers_figure(data: IterationsData, look: Theme) -> go.Figure:
    """Slack against multiplier, iteration by iteration: the dual steps walk towards slack 0."""
    c = data.columns
    half = _Z * c["slack_error"]
    figure = base_figure(
        look,
        title=f"{plain(data.name, 30)}: λ from {c['multiplier'][0]:.2f} to {c['multiplier'][-1]:.2f}, slack from "
        f"{c['slack'][0]:+.2f} to {c['slack'][-1]:+.2f}",
        x=f"multiplier λ on {plain(data.name, 30)}",
        y="slack (utility)",
        x_range=span(c["multiplier"], margin=0.15),
        y_range=span(c["slack"] - half, c["slack"] + half, include=[0.0]),
        height=380,
    )
    low = figure.layout.yaxis.range[0]
    figure.add_hrect(
        y0=0,
        y1=figure.layout.yaxis.range[1],
        fillcolor=rgba(look.constraint, 0.08),
        line_width=0,
        layer="below",
    )
    figure.add_hline(y=0, line={"color": look.constraint, "width": 2, "dash": "dash"})
    label(
        figure,
        look,
        "the constraint holds",
        figure.layout.xaxis.range[0],
        0,
        colour=look.constraint,
        dx=6,
        dy=10,
        anchor="left",
    )
    figure.add_scatter(
        x=f32(c["multiplier"]),
        y=f32(c["slack"]),
        error_y=errors(c["slack"], c["slack"] - half, c["slack"] + half, look.line),
        mode="lines+markers",
        line={"color": look.line, "width": 1.5},
        marker={"size": 9},
        customdata=f32(c["iteration"]),
        hovertemplate="iteration %{customdata}: λ %{x:.3f}, slack %{y:+.3f}<extra></extra>",
    )
    for k in range(len(c["iteration"])):
        label(
            figure,
            look,
            f"{c['iteration'][k]:g}",
            float(c["multiplier"][k]),
            float(c["slack"][k]),
            dx=9,
            dy=12 if c["slack"][k] > low else -12,
        )
    return figure
