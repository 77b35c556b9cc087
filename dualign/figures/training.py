"""What a training job has reported, step by step, and two jobs beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from plotly import graph_objects as go

from dualign.figures.theme import Theme, base_figure, f32, label, plain, rgba, span

MOST_POINTS = 600
"""Points of a drawn line: beyond it, neighbours are averaged."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What can be drawn of a training job: its name in the reports, its title and unit, and its colour's role."""

    key: str
    title: str
    axis: str
    role: str


QUANTITIES = (
    Quantity(key="loss", title="Loss", axis="loss (nats)", role="dual"),
    Quantity(
        key="reward_margin",
        title="Reward margin",
        axis="chosen − rejected (reward)",
        role="constraint",
    ),
    Quantity(key="kl", title="KL to the reference", axis="KL (nats)", role="line"),
)


@dataclass(frozen=True, eq=False)
class TrainingData:
    """One quantity over the steps of a job, and of a second job where two are compared.

    Attributes
    ----------
    columns
        ``step``, ``value`` and ``smoothed``; with a second job ``other_step``, ``other_value`` and ``other_smoothed``.
    """

    quantity: Quantity
    columns: dict[str, NDArray[Any]]
    label: str = ""
    other_label: str = ""

    @property
    def last(self) -> float:
        """The smoothed value at the last step; nan without reports."""
        values = self.columns["smoothed"]
        return float(values[-1]) if values.size else float("nan")

    @property
    def first(self) -> float:
        """The smoothed value at the first tenth of the steps, which is less noisy than the first step."""
        values = self.columns["value"]
        return float(values[: max(1, values.size // 10)].mean()) if values.size else float("nan")


def training_data(
    rows: Sequence[Mapping[str, Any]],
    quantity: Quantity,
    *,
    other: Sequence[Mapping[str, Any]] = (),
    label: str = "",
    other_label: str = "",
) -> TrainingData:
    """One quantity of a job's reports as plain columns.

    Parameters
    ----------
    rows, other
        Reports of a job, and of a second one, as `dualign.jobs.metrics` gives them.
    quantity
        Which of `QUANTITIES`.
    label, other_label
        What the two jobs are called.
    """
    step, value = _series(rows, quantity.key)
    columns = {"step": step, "value": value, "smoothed": smooth(value)}
    if other:
        step, value = _series(other, quantity.key)
        columns |= {"other_step": step, "other_value": value, "other_smoothed": smooth(value)}
    return TrainingData(quantity, columns, label, other_label)


def _series(rows: Sequence[Mapping[str, Any]], key: str) -> tuple[NDArray[Any], NDArray[Any]]:
    found = [(row["step"], row[key]) for row in rows if isinstance(row.get(key), int | float)]
    step = np.array([pair[0] for pair in found], dtype=float)
    value = np.array([pair[1] for pair in found], dtype=float)
    if step.size > MOST_POINTS:
        edges = np.linspace(0, step.size, MOST_POINTS + 1).astype(int)
        counts = np.diff(edges)
        step = np.add.reduceat(step, edges[:-1]) / counts
        value = np.add.reduceat(value, edges[:-1]) / counts
    return step, value


def smooth(values: NDArray[Any], *, share: float = 0.06) -> NDArray[Any]:
    """Exponential mean of the values over about ``share`` of them, without the pull of the first one."""
    weight = 1.0 - 1.0 / max(1.0, share * values.size)
    out = np.empty_like(values)
    total = norm = 0.0
    for k, value in enumerate(values):
        total = weight * total + value
        norm = weight * norm + 1.0
        out[k] = total / norm
    return out


def training_figure(data: TrainingData, look: Theme, *, total: int | None = None) -> go.Figure:
    """A quantity over the steps: each report faint, its running mean thick; a second job dashed.

    ``total`` is the number of steps that the job will have, so that the axis stands still while it runs.
    """
    c = data.columns
    other = c.get("other_step", np.empty(0))
    longest = max([float(total or 0), *c["step"][-1:], *other[-1:], 1.0])
    shown = [c["value"], c.get("other_value", np.empty(0))]
    figure = base_figure(
        look,
        title=training_title(data),
        x="step",
        y=data.quantity.axis,
        x_range=(0.0, longest * 1.02),
        y_range=span(*shown, margin=0.12),
        height=260,
    )
    colour = str(getattr(look, data.quantity.role))
    runs = [("", colour, "solid", data.label)]
    if other.size:
        runs.append(("other_", look.pinned, "dash", data.other_label))
    for prefix, hue, dash, name in runs:
        step, value, mean = (c[f"{prefix}{part}"] for part in ("step", "value", "smoothed"))
        if not step.size:
            continue
        figure.add_scatter(
            x=f32(step),
            y=f32(value),
            mode="lines",
            hoverinfo="skip",
            line={"color": rgba(hue, 0.3), "width": 1},
        )
        figure.add_scatter(
            x=f32(step),
            y=f32(mean),
            mode="lines" if step.size > 1 else "markers",
            line={"color": hue, "width": 2.5, "dash": dash},
            marker={"color": hue, "size": 8},
            name=name,
            hovertemplate=f"{plain(name, 40)}<br>step %{{x:.0f}}<br>%{{y:.4g}}<extra></extra>",
        )
        if other.size:
            label(
                figure,
                look,
                plain(name, 24),
                float(step[-1]),
                float(mean[-1]),
                colour=hue,
                anchor="right",
                dy=-14 if not prefix else 14,
            )
    return figure


def live_spec(quantity: Quantity, look: Theme, *, total: int | None) -> dict[str, Any]:
    """A Vega-Lite specification of a quantity over the steps, its data apart.

    A Plotly figure is mounted anew at every change, which a job that reports each second never lets finish; this
    one stays and takes the new data.
    """
    axis = {
        "labelColor": look.muted,
        "titleColor": look.text,
        "gridColor": look.grid,
        "domainColor": look.muted,
    }
    steps: dict[str, Any] = {"field": "step", "type": "quantitative", "axis": {**axis, "title": "step"}}
    if total:
        steps["scale"] = {"domain": [0, total]}
    colour = str(getattr(look, quantity.role))

    def line(field: str, **mark: Any) -> dict[str, Any]:
        scale = {"zero": False}
        height = {
            "field": field,
            "type": "quantitative",
            "scale": scale,
            "axis": {**axis, "title": quantity.axis},
        }
        return {"mark": {"type": "line", "color": colour, **mark}, "encoding": {"x": steps, "y": height}}

    return {
        "layer": [line("value", opacity=0.3, strokeWidth=1), line("smoothed", strokeWidth=2.5, tooltip=True)],
        "height": 200,
        "background": "transparent",
    }


def training_title(data: TrainingData) -> str:
    """What the line says."""
    name = data.quantity.title
    if not data.columns["step"].size:
        return f"{name}: no step yet"
    if data.columns["step"].size == 1:
        return f"{name}: {data.last:.3g}"
    return f"{name}: {data.first:.3g} at first, now {data.last:.3g}"
