"""What a threshold costs: the best that is attainable and its price, along one threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from plotly import graph_objects as go

from dualign.figures.theme import Theme, band, base_figure, f32, label, plain, rgba, span

if TYPE_CHECKING:
    from dualign.duality import TradeoffBand, TradeoffCurve


def tradeoff_columns(curve: TradeoffCurve, band: TradeoffBand | None = None) -> dict[str, NDArray[Any]]:
    """Plain columns of the trade-off curve: threshold, multiplier, primal_optimum, reward, kl; ends of its band."""
    ends: dict[str, NDArray[Any]] = {}
    if band is not None:
        for name in ("multiplier", "primal_optimum"):
            low, high = getattr(band, name)
            ends |= {f"{name}_low": low, f"{name}_high": high}
    return {
        "threshold": np.asarray(curve.thresholds),
        "multiplier": -np.asarray(curve.slope),
        "primal_optimum": np.asarray(curve.primal_optimum),
        "reward": np.asarray(curve.reward),
        "kl": np.asarray(curve.kl),
        **ends,
    }


@dataclass(frozen=True, eq=False)
class TradeoffData:
    """The trade-off curve of one threshold, the other thresholds kept.

    Attributes
    ----------
    columns
        As of `tradeoff_columns`.
    name, unit
        Of the constrained quantity.
    form
        ``"improvement"`` or ``"absolute"``.
    here
        Threshold, P* and λ* of the point looked at, or None where it is out of reach.
    best
        Highest threshold that can be met.
    free
        Threshold from which the constraint has a price, or None where it is not known.
    step
        A next step of the threshold and its cost, found by solving again, or None.
    kept
        What stays required of the others, in words.
    """

    columns: dict[str, NDArray[Any]]
    name: str
    form: str
    here: tuple[float, float, float] | None
    best: float
    free: float | None = None
    unit: str = "utility"
    step: tuple[float, float] | None = None
    kept: str = ""


def _threshold_axis(data: TradeoffData) -> str:
    return f"threshold on {plain(data.name, 40)} ({data.form}, {plain(data.unit, 20)})"


def tradeoff_figure(data: TradeoffData, look: Theme) -> go.Figure:
    """P* against the threshold, with the slope −λ* at the threshold looked at."""
    c = data.columns
    keep = np.isfinite(c["primal_optimum"])
    threshold, value = c["threshold"][keep], c["primal_optimum"][keep]
    x_range = span(threshold, include=[data.best], margin=0.04)
    y_range = span(value, margin=0.12)
    figure = base_figure(
        look,
        title=_tradeoff_title(data),
        x=_threshold_axis(data),
        y="best attainable P* (reward)",
        x_range=x_range,
        y_range=y_range,
    )
    _end(figure, data, look, x_range, y_range[1], dy=-10)
    _over_prompts(figure, c, "primal_optimum", look.constraint)
    figure.add_scatter(
        x=f32(threshold),
        y=f32(value),
        mode="lines",
        name="P*",
        line={"color": look.constraint, "width": 3},
        customdata=f32(c["multiplier"][keep]),
        hovertemplate="threshold %{x:.3g}<br>P* %{y:.4g} reward"
        "<br>price λ* %{customdata:.3g} reward per utility<extra></extra>",
    )
    if data.here is not None:
        _slope(figure, data.here, look, x_range, y_range)
    return figure


def _over_prompts(figure: go.Figure, c: dict[str, NDArray[Any]], name: str, colour: str) -> None:
    if f"{name}_low" in c:
        low, high = c[f"{name}_low"], c[f"{name}_high"]
        band(figure, c["threshold"], low, high, colour, name="95 % over prompts")


def _end(
    figure: go.Figure,
    data: TradeoffData,
    look: Theme,
    x_range: tuple[float, float],
    y: float,
    *,
    dy: float,
) -> None:
    """The end of what can be reached, named where the curve does not pass."""
    if not np.isfinite(data.best):
        return
    figure.add_vrect(
        x0=data.best, x1=x_range[1], fillcolor=rgba(look.doubt, 0.15), line_width=0, layer="below"
    )
    figure.add_vline(x=data.best, line={"color": look.doubt, "dash": "dot", "width": 1.5})
    label(
        figure,
        look,
        f"none beyond {data.best:.3g}",
        data.best,
        y,
        colour=look.doubt,
        dx=-6,
        dy=dy,
        anchor="right",
    )


def _slope(
    figure: go.Figure,
    here: tuple[float, float, float],
    look: Theme,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
) -> None:
    place, best, price = here
    width = 0.16 * (x_range[1] - x_range[0])
    ends = np.array([place - width, place + width])
    figure.add_scatter(
        x=f32(ends),
        y=f32(best - price * (ends - place)),
        mode="lines",
        hoverinfo="skip",
        name="slope",
        line={"color": look.line, "width": 2, "dash": "dot"},
    )
    figure.add_scatter(
        x=f32([place]),
        y=f32([best]),
        mode="markers",
        name="here",
        marker={"color": look.optimum, "size": 12, "symbol": "diamond"},
        hovertemplate="threshold %{x:.3g}<br>P* %{y:.4g} reward<extra></extra>",
    )
    # Below the curve, which is concave: there is room on the left whatever the place.
    late = place - x_range[0] > 0.3 * (x_range[1] - x_range[0])
    low = best - y_range[0] < 0.15 * (y_range[1] - y_range[0])
    label(
        figure,
        look,
        f"slope −<i>λ</i>* = {-price:.3g}",
        place,
        best,
        colour=look.line,
        dx=-12 if late else 12,
        dy=14 if low else -14,
        anchor="right" if late else "left",
    )


def _tradeoff_title(data: TradeoffData) -> str:
    kept = f", with {data.kept}" if data.kept else ""
    if data.here is None:
        return f"No policy reaches beyond {data.best:.3g} here{kept}; the threshold is not below that"
    if data.step is not None:
        return f"At threshold {data.here[0]:.3g} the next {data.step[0]:.3g} costs {data.step[1]:.3g} reward{kept}"
    return (
        f"At threshold {data.here[0]:.3g} the price at the margin is {data.here[2]:.3g} reward per unit{kept}"
    )


def path_figure(data: TradeoffData, look: Theme) -> go.Figure:
    """The regularization path: λ* against the threshold, up to the end of what can be reached."""
    c = data.columns
    keep = np.isfinite(c["multiplier"]) & np.isfinite(c["primal_optimum"])
    threshold, price = c["threshold"][keep], c["multiplier"][keep]
    top = float(np.quantile(price, 0.97)) if price.size else 1.0
    if data.here is not None:
        top = max(top, 1.3 * data.here[2])
    y_range = (-0.04 * top, 1.12 * top or 1.0)
    x_range = span(threshold, include=[data.best], margin=0.04)
    figure = base_figure(
        look,
        title=_path_title(data),
        x=_threshold_axis(data),
        y="price λ* (reward per utility)",
        x_range=x_range,
        y_range=y_range,
    )
    _end(figure, data, look, x_range, y_range[0], dy=12)
    _over_prompts(figure, c, "multiplier", look.optimum)
    figure.add_scatter(
        x=f32(threshold),
        y=f32(price),
        mode="lines",
        name="λ*",
        line={"color": look.optimum, "width": 3},
        hovertemplate="threshold %{x:.3g}<br>λ* %{y:.3g} reward per utility<extra></extra>",
    )
    if data.here is not None:
        figure.add_scatter(
            x=f32([data.here[0]]),
            y=f32([data.here[2]]),
            mode="markers",
            name="here",
            marker={"color": look.optimum, "size": 12, "symbol": "diamond"},
            hovertemplate="λ* %{y:.4g} at %{x:.3g}<extra></extra>",
        )
    return figure


def _path_title(data: TradeoffData) -> str:
    kept = f", with {data.kept}" if data.kept else ""
    if data.free is None or not data.free < data.best:
        return f"The price λ* climbs with the threshold{kept}"
    return f"Free up to {data.free:.3g}; then the price climbs without bound{kept}"
