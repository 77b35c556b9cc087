"""What a policy did in parts: distributions, prompt groups, win rates, and how lam* settles with the sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from plotly import graph_objects as go

from dualign.figures.evaluation import Columns, errors, table
from dualign.figures.theme import Theme, band, base_figure, f32, label, plain, rgba, span


@dataclass(frozen=True, eq=False)
class ChangeData:
    """Share of the replies in each bin before and after, and the means."""

    columns: Columns
    name: str
    policy: str
    before: float
    after: float


def change_data(
    distribution: Mapping[str, Sequence[float]], *, name: str, policy: str, before: float, after: float
) -> ChangeData:
    """Columns of a `Distribution` as plain values: from, to, before, after."""
    edges = np.asarray(distribution["edges"], dtype=float)
    columns: Columns = {
        "from": edges[:-1],
        "to": edges[1:],
        "before": np.asarray(distribution["before"], dtype=float),
        "after": np.asarray(distribution["after"], dtype=float),
    }
    return ChangeData(columns, name, policy, float(before), float(after))


def change_figure(data: ChangeData, look: Theme) -> go.Figure:
    """The reference's distribution of a score and the policy's, over each other."""
    c = data.columns
    middle = (c["from"] + c["to"]) / 2
    top = float(max(c["before"].max(), c["after"].max(), 1e-9))
    figure = base_figure(
        look,
        title=f"{data.name}: mean {data.before:.2f} before, {data.after:.2f} after",
        x=f"{plain(data.name, 30)} of a reply",
        y="share of replies",
        x_range=span(c["from"], c["to"], margin=0.02),
        y_range=(0.0, 1.18 * top),
        height=300,
    )
    figure.update_yaxes(tickformat=".0%")
    for key, colour, dash in (("before", look.reference, "dash"), ("after", look.line, "solid")):
        figure.add_scatter(
            x=f32(middle),
            y=f32(c[key]),
            mode="lines",
            name=key,
            fill="tozeroy",
            fillcolor=rgba(colour, 0.12),
            line={"color": colour, "width": 2, "dash": dash, "shape": "hvh"},
            hovertemplate=key + " %{x:.2f}: %{y:.1%}<extra></extra>",
        )
    peaks = {key: int(np.argmax(c[key])) for key in ("before", "after")}
    left = "before" if middle[peaks["before"]] <= middle[peaks["after"]] else "after"
    for key, colour, words in (("before", look.reference, "reference"), ("after", look.line, "policy")):
        label(
            figure,
            look,
            words,
            float(middle[peaks[key]]),
            float(c[key][peaks[key]]),
            colour=colour,
            dx=-8 if key == left else 8,
            dy=8,
            anchor="right" if key == left else "left",
        )
    return figure


@dataclass(frozen=True, eq=False)
class GroupsData:
    """Gains per prompt group: columns group, gain, low, high; least gain first."""

    columns: Columns
    name: str
    whole: float


def groups_data(
    groups: Mapping[str, Mapping[str, Mapping[str, float]]], *, name: str, whole: float
) -> GroupsData:
    """Gains of one score by group, from a `Measurement` as plain values; ``whole`` is the gain over all prompts."""
    ordered = sorted(groups, key=lambda group: groups[group][name]["value"])
    columns = table(
        {
            "group": ordered,
            **{
                column: [groups[group][name][key] for group in ordered]
                for column, key in (("gain", "value"), ("low", "low"), ("high", "high"))
            },
        }
    )
    return GroupsData(columns, name, float(whole))


def groups_figure(data: GroupsData, look: Theme) -> go.Figure:
    """Gain per prompt group with intervals, the worst at the bottom."""
    c = data.columns
    worst = c["group"][0] if len(c["group"]) else ""
    figure = base_figure(
        look,
        title=f"{data.name} gains least in {worst}: {c['gain'][0]:+.2f}, over all prompts {data.whole:+.2f}",
        x=f"gain in {plain(data.name, 30)}",
        y="",
        x_range=span(c["gain"], c["low"], c["high"], include=[0.0]),
        y_range=(-0.6, len(c["group"]) - 0.4),
        height=110 + 30 * len(c["group"]),
    )
    figure.add_vline(x=0, line={"color": look.muted, "width": 1})
    figure.add_vline(x=data.whole, line={"color": look.line, "width": 1.5, "dash": "dot"})
    figure.add_scatter(
        x=f32(c["gain"]),
        y=[plain(group, 20) for group in c["group"]],
        error_x=errors(c["gain"], c["low"], c["high"], look.line),
        mode="markers",
        marker={"color": [look.doubt] + [look.line] * (len(c["group"]) - 1), "size": 10},
        hovertemplate="%{y}: %{x:+.3f}<extra></extra>",
    )
    return figure


@dataclass(frozen=True, eq=False)
class WinRateData:
    """Win rates against the reference: columns policy, judge, win_rate with ends, wins, ties, losses."""

    columns: Columns


def win_rate_data(columns: Mapping[str, Sequence[Any]]) -> WinRateData:
    """Columns of the win rates of a result."""
    return WinRateData(table(columns))


def win_rate_figure(data: WinRateData, look: Theme, *, against: str = "the reference") -> go.Figure:
    """Share of comparisons that each policy wins, ties as halves."""
    c = data.columns
    count = len(c["policy"])
    best = int(np.argmax(c["win_rate"])) if count else 0
    policies = {name: row for row, name in enumerate(dict.fromkeys(c["policy"]))}
    figure = base_figure(
        look,
        title=f"{c['policy'][best]} wins {c['win_rate'][best]:.0%} of comparisons by the {c['judge'][best]}",
        x=f"won against {against}",
        y="",
        x_range=(0.0, 1.0),
        y_range=(len(policies) - 0.4, -1.0),
        height=120 + 46 * len(policies),
    )
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(showticklabels=False, showgrid=False)
    figure.add_vline(x=0.5, line={"color": look.muted, "width": 1.5, "dash": "dot"})
    hues = dict(
        zip(dict.fromkeys(c["judge"]), (look.dual, look.constraint, look.doubt, look.pinned), strict=False)
    )
    for policy, row in policies.items():
        label(figure, look, plain(policy, 48), 0.01, float(row), dy=16, anchor="left")
    for judge in dict.fromkeys(c["judge"]):
        colour = hues.get(judge, look.muted)
        mine = np.flatnonzero(c["judge"] == judge)
        figure.add_scatter(
            x=f32(c["win_rate"][mine]),
            y=f32([policies[policy] for policy in c["policy"][mine]]),
            error_x=errors(c["win_rate"][mine], c["win_rate_low"][mine], c["win_rate_high"][mine], colour),
            mode="markers",
            marker={"color": colour, "size": 10},
            hovertemplate=f"{plain(judge)}: %{{x:.1%}}<extra></extra>",
        )
    figure.add_annotation(
        text=" · ".join(
            f"<span style='color:{hues.get(judge, look.muted)}'>● {plain(judge, 24)}</span>"
            for judge in dict.fromkeys(c["judge"])
        ),
        xref="paper",
        yref="paper",
        x=1.0,
        y=1.0,
        xanchor="right",
        yanchor="bottom",
        showarrow=False,
        font={"size": 12},
    )
    return figure


@dataclass(frozen=True, eq=False)
class SettlingData:
    """lam* by sample size: size, plain and corrected with ends; ``truth`` where it is known or best estimated."""

    columns: Columns
    along: str
    truth: float
    truth_words: str


def settling_data(
    columns: Mapping[str, Sequence[Any]], *, along: str, truth: float, truth_words: str
) -> SettlingData:
    """Columns of one table of the sample-size experiment; ``along`` is "prompts" or "replies"."""
    return SettlingData(table(columns), along, float(truth), truth_words)


def settling_figure(data: SettlingData, look: Theme) -> go.Figure:
    """lam*, plain and corrected, against the number of prompts or replies, with the central 90 % of draws."""
    c = data.columns
    sizes = c[data.along]
    seen = [c[name] for name in ("plain_low", "plain_high", "corrected_low", "corrected_high")]
    # A handful of replies can put the price many times too high; the axis follows the rest.
    top = float(np.nanmin([np.nanmax(c["plain_high"]), 3.0 * data.truth]))
    y_range = span(np.clip(np.concatenate(seen), None, top), include=[data.truth])
    figure = base_figure(
        look,
        title=_settling_title(data),
        x=f"{data.along} (log scale)" if data.along == "prompts" else f"{data.along} per prompt (log scale)",
        y="λ* (reward per utility)",
        x_range=(float(np.log10(sizes.min())) - 0.06, float(np.log10(sizes.max())) + 0.06),
        y_range=y_range,
        height=380,
    )
    # The last two sizes can be so close that their labels would overlap.
    shown = [size for size in sizes if size == sizes[-1] or size * 1.4 < sizes[-1]]
    figure.update_xaxes(type="log", tickvals=shown, ticktext=[f"{size:g}" for size in shown])
    figure.add_hline(y=data.truth, line={"color": look.optimum, "width": 1.5, "dash": "dash"})
    label(
        figure,
        look,
        plain(data.truth_words),
        float(np.log10(sizes[-1])),
        data.truth,
        colour=look.optimum,
        dy=-12,
        anchor="right",
    )
    for key, colour, dash, symbol in (
        ("plain", look.line, "solid", "circle"),
        ("corrected", look.dual, "dash", "diamond-open"),
    ):
        band(figure, np.asarray(sizes), c[f"{key}_low"], c[f"{key}_high"], colour, name=f"{key}, 95 %")
        figure.add_scatter(
            x=f32(sizes),
            y=f32(c[key]),
            mode="lines+markers",
            name=key,
            line={"color": colour, "width": 2, "dash": dash},
            marker={"symbol": symbol, "size": 9},
            hovertemplate=key + " at %{x}: λ* %{y:.3f}<extra></extra>",
        )
        inside = np.flatnonzero(np.isfinite(c[key]) & (c[key] <= y_range[1]))
        if inside.size:
            k = int(inside[0])
            label(
                figure,
                look,
                "jackknife" if key == "corrected" else "plain",
                float(np.log10(sizes[k])),
                float(c[key][k]),
                colour=colour,
                dx=10,
                dy=-14 if key == "plain" else 14,
                anchor="left",
            )
    return figure


def _settling_title(data: SettlingData) -> str:
    c = data.columns
    finite = np.flatnonzero(np.isfinite(c["plain"]))
    k = int(finite[min(1, finite.size - 1)])
    size = int(c[data.along][k])
    if data.along == "prompts":
        return (
            f"{size} prompts put λ* between {c['plain_low'][k]:.2f} and {c['plain_high'][k]:.2f}; it settles at "
            f"{c['plain'][-1]:.2f}"
        )
    return (
        f"{size} replies a prompt give λ* {c['plain'][k]:.2f} plain, {c['corrected'][k]:.2f} after the jackknife; "
        f"{plain(data.truth_words)} is {data.truth:.2f}"
    )


@dataclass(frozen=True, eq=False)
class CandidatesData:
    """Achieved gain by the number of replies that a resampled policy chooses among."""

    columns: Columns
    name: str


def candidates_data(columns: Mapping[str, Sequence[Any]], *, name: str) -> CandidatesData:
    """Columns of the trade-off experiment's table of candidates."""
    return CandidatesData(table(columns), name)


def candidates_figure(data: CandidatesData, look: Theme) -> go.Figure:
    """How many candidates a resampled policy needs to reach its threshold."""
    c = data.columns
    threshold = float(c["threshold"][0])
    enough = c["candidates"][c["achieved_high"] >= threshold]
    words = f"{enough[0]:g} candidates reach it within noise" if enough.size else "none reaches it"
    figure = base_figure(
        look,
        title=f"At λ* for {data.name} {threshold:+g}: {words}",
        x="replies that the policy chooses among (log scale)",
        y=f"gain in {plain(data.name, 30)} (utility)",
        x_range=(
            float(np.log10(c["candidates"].min())) - 0.06,
            float(np.log10(c["candidates"].max())) + 0.06,
        ),
        y_range=span(c["achieved_low"], c["achieved_high"], include=[threshold, 0.0]),
        height=380,
    )
    figure.update_xaxes(
        type="log", tickvals=c["candidates"].tolist(), ticktext=[f"{size:g}" for size in c["candidates"]]
    )
    figure.add_hline(y=threshold, line={"color": look.constraint, "width": 2, "dash": "dash"})
    label(
        figure,
        look,
        "threshold",
        float(np.log10(c["candidates"].min())),
        threshold,
        colour=look.constraint,
        dx=4,
        dy=-12,
        anchor="left",
    )
    figure.add_scatter(
        x=f32(c["candidates"]),
        y=f32(c["achieved"]),
        error_y=errors(c["achieved"], c["achieved_low"], c["achieved_high"], look.optimum),
        mode="lines+markers",
        line={"color": look.optimum, "width": 2},
        marker={"size": 9},
        hovertemplate="among %{x}: %{y:+.3f}<extra></extra>",
    )
    return figure
