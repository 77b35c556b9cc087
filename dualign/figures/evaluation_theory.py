"""How the gaps of a finite problem shrink with its parametrization gap, beside the bounds of the theory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from plotly import graph_objects as go

from dualign.figures.evaluation import Columns
from dualign.figures.theme import Theme, base_figure, f32, label

if TYPE_CHECKING:
    from dualign.duality.theory import Theory

_SHOWN = (
    ("Theorem 2, below", "duality gap D* − D*<sub>p</sub>", "dual", "circle"),
    ("Theorem 4, utility", "one-shot utility gap", "line", "diamond"),
    ("Theorem 3, utility", "multi-shot utility gap", "constraint", "triangle-up"),
)
_FLOOR = 1e-7


@dataclass(frozen=True, eq=False)
class TheoryData:
    """Columns nu, and for each bound its left side and its right side, one row a problem."""

    columns: Columns


def theory_data(found: Sequence[Theory]) -> TheoryData:
    """Both sides of every bound along a series of problems."""
    columns: Columns = {"nu": np.array([theory.gap for theory in found])}
    for k, bound in enumerate(found[0].bounds):
        columns[bound.name] = np.array([theory.bounds[k].left for theory in found])
        columns[f"{bound.name} bound"] = np.array([theory.bounds[k].right for theory in found])
    return TheoryData(columns)


def theory_figure(data: TheoryData, look: Theme) -> go.Figure:
    """Measured gaps (markers) and their bounds (lines) against nu, both axes logarithmic."""
    c = data.columns
    values = np.concatenate([c[key] for name, *_ in _SHOWN for key in (name, f"{name} bound")])
    seen = values[np.isfinite(values) & (values > _FLOOR)]
    figure = base_figure(
        look,
        title=f"Refining the policies from ν = {c['nu'].max():.2g} to {c['nu'].min():.2g}: every gap stays below its "
        "bound and shrinks with ν",
        x="parametrization gap ν (log scale)",
        y="gap (log scale)",
        x_range=(float(np.log10(c["nu"].min())) - 0.1, float(np.log10(c["nu"].max())) + 0.1),
        y_range=(float(np.log10(seen.min())) - 0.4, float(np.log10(seen.max())) + 0.5),
        height=440,
    )
    figure.update_xaxes(type="log", exponentformat="power")
    figure.update_yaxes(type="log", exponentformat="power")
    for name, words, hue, symbol in _SHOWN:
        colour = getattr(look, hue)
        figure.add_scatter(
            x=f32(c["nu"]),
            y=f32(c[f"{name} bound"]),
            mode="lines",
            hoverinfo="skip",
            line={"color": colour, "width": 1.5, "dash": "dash"},
        )
        figure.add_scatter(
            x=f32(c["nu"]),
            y=f32(np.maximum(c[name], _FLOOR)),
            mode="lines+markers",
            name=words,
            line={"color": colour, "width": 2},
            marker={"symbol": symbol, "size": 9},
            hovertemplate=words + " %{y:.3g} at ν %{x:.3g}<extra></extra>",
        )
        label(
            figure,
            look,
            f"bound: {words}",
            float(np.log10(c["nu"][-1])),
            float(np.log10(c[f"{name} bound"][-1])),
            colour=colour,
            dx=6,
            dy=-12,
            anchor="left",
        )
    return figure
