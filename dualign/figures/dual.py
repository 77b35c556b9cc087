"""The dual function along one multiplier: curve, band, tangent, λ*, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from plotly import graph_objects as go

from dualign.duality.trust import MEDIAN_GREEN, POOLED_GREEN
from dualign.figures.theme import Theme, band, base_figure, f32, label, plain, rgba, span

if TYPE_CHECKING:
    from dualign.duality import DualCurve


@dataclass(frozen=True, eq=False)
class DualCurveData:
    """Columns of the dual curve and the points marked on it.

    ``columns`` holds multiplier (reward per utility), dual (reward), dual_low, dual_high, slack
    (utility), reward, kl (nats), ess_median, ess_pooled (responses). ``held`` says where the other
    multipliers stand; it is empty where there are none.
    """

    columns: dict[str, NDArray[Any]]
    name: str
    at: tuple[float, float, float]
    optimum: tuple[float, float] | None
    interval: tuple[float, float] | None = None
    pinned: dict[str, NDArray[Any]] | None = None
    feasible: bool = True
    held: str = ""


def dual_curve_data(
    curve: DualCurve,
    *,
    name: str,
    at: tuple[float, float, float],
    optimum: tuple[float, float] | None,
    interval: tuple[float, float] | None = None,
    pinned: DualCurve | None = None,
    feasible: bool = True,
    held: str = "",
) -> DualCurveData:
    """Columns of the dual along one multiplier.

    Parameters
    ----------
    curve
        The evaluated curve, (L,) points.
    name
        The constraint's name.
    at
        Multiplier, D and slack of the point looked at.
    optimum
        λ* and D*, or None where there is no optimum.
    interval
        Interval of λ*.
    pinned
        The same curve of the view that is kept for comparison.
    feasible
        Whether all constraints can be met together: else no point of the curve is an answer.
    held
        Where the other multipliers stand, in words.
    """
    kept = columns_of(pinned) if pinned else None
    return DualCurveData(columns_of(curve), name, at, optimum, interval, kept, feasible, held)


def columns_of(curve: DualCurve) -> dict[str, NDArray[Any]]:
    """Plain columns of a dual curve."""
    empty = np.full(np.shape(curve.multipliers), np.nan)
    return {
        "multiplier": np.asarray(curve.multipliers),
        "dual": np.asarray(curve.dual),
        "dual_low": np.asarray(empty if curve.dual_low is None else curve.dual_low),
        "dual_high": np.asarray(empty if curve.dual_high is None else curve.dual_high),
        "slack": np.asarray(curve.slack),
        "reward": np.asarray(curve.reward),
        "kl": np.asarray(curve.kl),
        "ess_median": np.asarray(curve.ess_median),
        "ess_pooled": np.asarray(curve.ess_pooled),
    }


def dual_curve_figure(data: DualCurveData, look: Theme) -> go.Figure:
    """The dual function with its band, the tangent at the point looked at, and λ*."""
    c = data.columns
    multiplier, dual = c["multiplier"], c["dual"]
    at, value, slack = data.at
    # The band far out can dwarf the curve: the range follows the curve and the tangent's intercept.
    window = (float(multiplier.min()), float(multiplier.max()))
    y_range = span(dual, include=[value], margin=0.14)
    figure = base_figure(
        look,
        title=_title(data),
        x=f"multiplier λ on {plain(data.name, 30)} (reward per utility)",
        y="dual function D(λ) (reward)",
        x_range=span(window, margin=0.02),
        y_range=y_range,
    )
    _doubt(figure, c, look)
    band(figure, c["multiplier"], c["dual_low"], c["dual_high"], look.dual, name="95 % band")
    if data.pinned is not None:
        figure.add_scatter(
            x=f32(data.pinned["multiplier"]),
            y=f32(data.pinned["dual"]),
            mode="lines",
            name="A, pinned",
            line={"color": look.pinned, "width": 2, "dash": "dash"},
            hovertemplate="A: λ %{x:.3g}, D %{y:.4g}<extra></extra>",
        )
    figure.add_scatter(
        x=f32(multiplier),
        y=f32(dual),
        mode="lines",
        name="D(λ)",
        line={"color": look.dual, "width": 3},
        customdata=np.stack([f32(c["slack"]), f32(c["kl"]), f32(c["ess_median"])], axis=-1),
        hovertemplate="λ %{x:.3g}<br>D %{y:.4g} reward<br>slack %{customdata[0]:.3g}<br>KL %{customdata[1]:.3g} nats"
        "<br>median ESS %{customdata[2]:.3g}<extra></extra>",
    )
    ends = np.array(window)
    figure.add_scatter(
        x=f32(ends),
        y=f32(value + slack * (ends - at)),
        mode="lines",
        name="tangent",
        hoverinfo="skip",
        line={"color": look.line, "width": 2, "dash": "dot"},
    )
    figure.add_scatter(
        x=f32([at]),
        y=f32([value]),
        mode="markers",
        name="here",
        marker={
            "color": look.line,
            "size": 11,
            "symbol": "circle",
            "line": {"color": look.paper, "width": 2},
        },
        hovertemplate="here: λ %{x:.4g}<br>D %{y:.4g} reward<extra></extra>",
    )
    _optimum(figure, data, look, y_range)
    return figure


def _title(data: DualCurveData) -> str:
    at, value, slack = data.at
    held = f" ({data.held})" if data.held else ""
    if not data.feasible:
        if data.held:
            return (
                f"No λ* exists, not all constraints can be met: at λ = {at:.3g} {data.name} has slack "
                f"{slack:+.3g}{held}"
            )
        return f"D falls without end, so there is no λ*: at λ = {at:.3g} the slack is still {slack:+.3g}"
    verdict = "holds" if slack >= -1e-6 else "is broken"
    if data.optimum is not None and abs(at - data.optimum[0]) <= 1e-5 * max(1.0, abs(at)):
        spare = f", with slack {slack:+.3g} to spare" if slack > 1e-5 else ""
        return f"At λ* = {at:.3g} the dual is lowest: D* = {value:.4g} reward{spare}{held}"
    subject = f"the constraint on {data.name}" if data.held else "the constraint"
    return f"At λ = {at:.3g} {subject} {verdict}: slack {slack:+.3g}, D = {value:.4g} reward{held}"


def _doubt(figure: go.Figure, c: dict[str, NDArray[Any]], look: Theme) -> None:
    multiplier = c["multiplier"]
    bad = (np.asarray(c["ess_pooled"]) < POOLED_GREEN) | (np.asarray(c["ess_median"]) < MEDIAN_GREEN)
    if not bad.any():
        return
    edges = np.flatnonzero(np.diff(np.concatenate([[0], bad.astype(int), [0]])))
    for first, after in edges.reshape(-1, 2):
        figure.add_vrect(
            x0=float(multiplier[first]),
            x1=float(multiplier[min(after, len(multiplier) - 1)]),
            fillcolor=rgba(look.doubt, 0.13),
            line_width=0,
            layer="below",
        )
    # At the right end of the last zone, where it never leaves the frame however narrow that is.
    figure.add_annotation(
        text="unreliable",
        x=float(multiplier[min(edges.reshape(-1, 2)[-1][1], len(multiplier) - 1)]),
        y=1,
        yref="paper",
        xanchor="right",
        yanchor="top",
        showarrow=False,
        font={"color": look.doubt, "size": 12},
        hovertext="Too few effective samples: the estimate rests on a handful of replies.",
    )


def _optimum(figure: go.Figure, data: DualCurveData, look: Theme, y_range: tuple[float, float]) -> None:
    if data.optimum is None:
        return
    place, best = data.optimum
    if data.interval is not None and np.isfinite(data.interval).all():
        figure.add_vrect(
            x0=data.interval[0],
            x1=data.interval[1],
            fillcolor=rgba(look.optimum, 0.14),
            line_width=0,
            layer="below",
        )
    figure.add_scatter(
        x=f32([place, place]),
        y=f32(y_range),
        mode="lines",
        name="λ*",
        hoverinfo="skip",
        line={"color": look.optimum, "width": 1.5, "dash": "dash"},
    )
    figure.add_scatter(
        x=f32([place]),
        y=f32([best]),
        mode="markers",
        name="optimum",
        marker={"color": look.optimum, "size": 10, "symbol": "diamond"},
        hovertemplate="λ* %{x:.4g}<br>D* = P* %{y:.4g} reward<extra></extra>",
    )
    label(
        figure,
        look,
        f"<i>λ</i>* = {place:.3g}",
        place,
        y_range[0],
        colour=look.optimum,
        dx=6,
        dy=12,
        anchor="left",
    )


def reliability_figure(data: DualCurveData, look: Theme) -> go.Figure:
    """The strip below the dual curve: effective sample size per prompt (median) and pooled."""
    c = data.columns
    median = np.maximum(c["ess_median"], 1e-3)
    pooled = np.maximum(c["ess_pooled"], 1e-3)
    low, high = (
        np.log10(min(median.min(), pooled.min(), 1.0)),
        np.log10(max(pooled.max(), POOLED_GREEN) * 1.6),
    )
    figure = base_figure(
        look,
        title=f"Effective samples at λ = {data.at[0]:.3g}: {np.interp(data.at[0], c['multiplier'], median):.3g} "
        f"per prompt, {np.interp(data.at[0], c['multiplier'], pooled):.4g} pooled",
        x="multiplier λ (reward per utility)",
        y="responses",
        x_range=span(c["multiplier"], margin=0.02),
        y_range=(float(low), float(high)),
        height=240,
    )
    figure.update_yaxes(type="log", dtick=1)
    for name, values, dash, text in (
        ("median", median, "solid", "per prompt, median"),
        ("pooled", pooled, "dash", "pooled"),
    ):
        figure.add_scatter(
            x=f32(c["multiplier"]),
            y=f32(values),
            mode="lines",
            name=name,
            line={"color": look.dual, "width": 2, "dash": dash},
            hovertemplate=text + ": %{y:.4g} at λ %{x:.3g}<extra></extra>",
        )
        label(
            figure,
            look,
            text,
            float(c["multiplier"][-1]),
            float(np.log10(values[-1])),
            colour=look.dual,
            dx=-4,
            dy=10,
            anchor="right",
        )
    figure.add_hline(y=POOLED_GREEN, line={"color": look.doubt, "dash": "dot", "width": 1.5})
    label(
        figure,
        look,
        f"pooled floor {POOLED_GREEN:g}",
        float(c["multiplier"][0]),
        2.0,
        colour=look.doubt,
        dx=4,
        dy=-9,
        anchor="left",
    )
    figure.add_vline(x=data.at[0], line={"color": look.line, "width": 1.5})
    return figure
