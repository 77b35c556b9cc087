"""How the dual was solved: convergence beside the published algorithm, and the plane of two multipliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from plotly import graph_objects as go

from dualign.figures.theme import Theme, base_figure, f32, label, plain, steps_in_words

if TYPE_CHECKING:
    from dualign.duality import DualContour

_FLOOR = 1e-14


@dataclass(frozen=True, eq=False)
class ConvergenceData:
    """Excess D − D* (reward) of every iterate of the two solvers; ``short`` counts cut-off iterates."""

    second_order: NDArray[Any]
    gradient: NDArray[Any]


def convergence_data(second_order: ArrayLike, gradient: ArrayLike, *, optimum: float) -> ConvergenceData:
    """Excess over the optimum along both solvers' iterates.

    Parameters
    ----------
    second_order, gradient
        D at every iterate, (k,), of the projected second-order method and of projected gradient descent.
    optimum
        D*.
    """
    return ConvergenceData(
        np.maximum(np.asarray(second_order, dtype=float) - optimum, _FLOOR),
        np.maximum(np.asarray(gradient, dtype=float) - optimum, _FLOOR),
    )


def convergence_figure(data: ConvergenceData, look: Theme) -> go.Figure:
    """Excess over D* against the iteration, log scale, for both solvers."""
    longest = max(len(data.second_order), len(data.gradient), 2)
    stacked = np.concatenate([data.second_order, data.gradient])
    low, high = float(np.log10(stacked.min())), float(np.log10(stacked.max()))
    figure = base_figure(
        look,
        title=f"Second-order: {steps_in_words(len(data.second_order) - 1)} to {data.second_order[-1]:.1g} above D*; "
        f"plain gradient: {steps_in_words(len(data.gradient) - 1)} to {data.gradient[-1]:.1g}",
        x="iteration",
        y="D − D* (reward)",
        x_range=(-0.5, longest - 0.5),
        y_range=(low - 1, high + 1),
        height=360,
    )
    figure.update_yaxes(type="log", exponentformat="power")
    runs = (
        ("second-order", data.second_order, look.dual, "solid", "circle"),
        ("plain gradient", data.gradient, look.line, "dash", "square"),
    )
    for name, values, colour, dash, symbol in runs:
        figure.add_scatter(
            x=f32(np.arange(len(values))),
            y=np.asarray(values),
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 2, "dash": dash},
            marker={"symbol": symbol, "size": 7 if len(values) < 40 else 4},
            hovertemplate=name + "<br>iteration %{x}<br>%{y:.2g} above D*<extra></extra>",
        )
        middle = len(values) // 2
        label(
            figure,
            look,
            name,
            middle,
            float(np.log10(values[middle])),
            colour=colour,
            dx=10,
            dy=14,
            anchor="left",
        )
    return figure


@dataclass(frozen=True, eq=False)
class ContourData:
    """D on a grid of two multipliers, (B, A), with the solver's path (k, 2) over it."""

    first: NDArray[Any]
    second: NDArray[Any]
    dual: NDArray[Any]
    names: tuple[str, str]
    path: NDArray[Any]
    gradient_path: NDArray[Any]
    optimum: tuple[float, float] | None
    at: tuple[float, float] | None


def contour_data(
    contour: DualContour,
    *,
    names: tuple[str, str],
    path: ArrayLike,
    gradient_path: ArrayLike,
    optimum: tuple[float, float] | None,
    at: tuple[float, float] | None,
) -> ContourData:
    """Columns of the plane of two multipliers; paths are (k, 2)."""
    return ContourData(
        np.asarray(contour.grid_a),
        np.asarray(contour.grid_b),
        np.asarray(contour.dual).T,
        names,
        np.reshape(np.asarray(path, dtype=float), (-1, 2)),
        np.reshape(np.asarray(gradient_path, dtype=float), (-1, 2)),
        optimum,
        at,
    )


def contour_figure(data: ContourData, look: Theme) -> go.Figure:
    """Level lines of D over two multipliers, the solvers' paths and the optimum."""
    first, second = (plain(name, 24) for name in data.names)
    if data.optimum is not None:
        title = f"D is lowest at λ* = ({data.optimum[0]:.3g}, {data.optimum[1]:.3g})"
    else:
        title = "D falls without end in this plane: the constraints cannot all be met"
    figure = base_figure(
        look,
        title=title,
        x=f"multiplier on {first} (reward per utility)",
        y=f"multiplier on {second} (reward per utility)",
        x_range=(float(data.first.min()), float(data.first.max())),
        y_range=(float(data.second.min()), float(data.second.max())),
        height=460,
    )
    _levels(figure, data, look, first, second)
    # Gradient descent begins at λ = 1, often close below the optimum, whose own label stands above.
    for name, path, colour, dash, symbol, dy in (
        ("plain gradient", data.gradient_path, look.line, "dash", "square", -12),
        ("second-order", data.path, look.text, "solid", "circle", 11),
    ):
        if len(path):
            figure.add_scatter(
                x=f32(path[:, 0]),
                y=f32(path[:, 1]),
                mode="lines+markers",
                name=name,
                text=[name] * len(path),
                line={"color": colour, "width": 2, "dash": dash},
                marker={"size": 6, "symbol": symbol},
                hovertemplate=name + "<br>(%{x:.3g}, %{y:.3g})<extra></extra>",
            )
            # Where the solver began: at the other end both paths meet.
            label(figure, look, name, *path[0], colour=colour, dx=8, dy=dy, anchor="left")
    if data.optimum is not None:
        figure.add_scatter(
            x=f32([data.optimum[0]]),
            y=f32([data.optimum[1]]),
            mode="markers",
            name="λ*",
            marker={
                "color": look.optimum,
                "size": 15,
                "symbol": "diamond",
                "line": {"color": look.paper, "width": 2},
            },
            hovertemplate="λ* (%{x:.4g}, %{y:.4g})<extra></extra>",
        )
        label(figure, look, "<i>λ</i>*", *data.optimum, colour=look.optimum, dy=-18)
    if data.at is not None and data.at != data.optimum:
        figure.add_scatter(
            x=f32([data.at[0]]),
            y=f32([data.at[1]]),
            mode="markers",
            name="here",
            marker={"color": look.line, "size": 12, "line": {"color": look.paper, "width": 2}},
            hovertemplate="here<extra></extra>",
        )
    return figure


def _levels(figure: go.Figure, data: ContourData, look: Theme, first: str, second: str) -> None:
    """Level lines of D, some of them with their value."""
    lowest = float(np.nanmin(data.dual))
    # Even steps of D crowd at the rim; steps of the root of the excess show the bowl.
    depth = np.sqrt(np.maximum(data.dual - lowest, 0.0))
    step = float(np.nanmax(depth)) / 12.0 or 1.0
    figure.add_contour(
        x=f32(data.first),
        y=f32(data.second),
        z=f32(depth),
        customdata=f32(data.dual),
        contours={"start": step, "end": 12.0 * step, "size": step},
        autocontour=False,
        showscale=False,
        colorscale=look.scale,
        opacity=0.75,
        line={"width": 1, "color": look.grid},
        hovertemplate=f"λ {first} %{{x:.3g}}<br>λ {second} %{{y:.3g}}<br>D %{{customdata:.4g}} reward<extra></extra>",
    )
    # Values stand where a line from the lowest point to the farthest corner crosses the levels.
    row, column = np.unravel_index(int(np.nanargmin(data.dual)), data.dual.shape)
    far_row = 0 if row > data.dual.shape[0] / 2 else data.dual.shape[0] - 1
    far_column = 0 if column > data.dual.shape[1] / 2 else data.dual.shape[1] - 1
    share = np.linspace(0.0, 1.0, 200)
    rows, columns = row + share * (far_row - row), column + share * (far_column - column)
    along = depth[np.rint(rows).astype(int), np.rint(columns).astype(int)]
    for k in range(3, 12, 3):
        crossed = np.flatnonzero(along >= k * step)
        if len(crossed) and share[crossed[0]] < 0.85:
            x = float(np.interp(columns[crossed[0]], np.arange(len(data.first)), data.first))
            y = float(np.interp(rows[crossed[0]], np.arange(len(data.second)), data.second))
            label(figure, look, f"<i>D</i> = {lowest + (k * step) ** 2:.3g}", x, y, colour=look.dual, dy=0)


def contour_columns(data: ContourData) -> dict[str, NDArray[Any]]:
    """The grid as long columns: the two multipliers and D."""
    a, b = np.meshgrid(data.first, data.second)
    return {
        f"multiplier {data.names[0]}": a.ravel(),
        f"multiplier {data.names[1]}": b.ravel(),
        "dual": data.dual.ravel(),
    }
