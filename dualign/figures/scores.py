"""Figures of a sample set alone: distributions of scores, how they move together, calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from plotly import graph_objects as go

from dualign.figures.theme import Theme, base_figure, f32, label, plain, rgba, span, true_minus

MAX_POINTS = 2000
"""SVG points that a browser draws without delay."""


@dataclass(frozen=True, eq=False)
class HistogramData:
    """Bin edges (B + 1,), responses per bin (B,), mean and unit of one score."""

    name: str
    unit: str
    edges: NDArray[Any]
    counts: NDArray[Any]
    mean: float
    deviation: float

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """Bins as plain columns."""
        return {"from": self.edges[:-1], "to": self.edges[1:], "responses": self.counts}


def histogram_data(name: str, scores: ArrayLike, *, unit: str = "", bins: int = 40) -> HistogramData:
    """The distribution of one score over all responses, (N,)."""
    values = np.asarray(scores, dtype=float)
    values = values[np.isfinite(values)]
    counts, edges = np.histogram(values, bins=bins)
    return HistogramData(name, unit, edges, counts, float(values.mean()), float(values.std()))


def histogram_figure(data: HistogramData, look: Theme) -> go.Figure:
    """Responses per bin of one score, with its mean."""
    figure = base_figure(
        look,
        # Short, so that the titles of histograms beside each other take one line each.
        title=f"{data.name}: {data.mean:.2g} ± {data.deviation:.2g}",
        x=f"{plain(data.name, 30)} ({plain(data.unit or 'score', 30)})",
        y="responses",
        x_range=span(data.edges, margin=0.02),
        y_range=(0.0, 1.12 * float(data.counts.max() or 1)),
        height=280,
    )
    figure.add_bar(
        x=f32((data.edges[:-1] + data.edges[1:]) / 2),
        y=data.counts,
        width=float(data.edges[1] - data.edges[0]) * 0.96,
        marker={"color": rgba(look.dual, 0.75), "line": {"width": 0}},
        hovertemplate="%{x:.3g}: %{y} responses<extra></extra>",
    )
    figure.add_vline(x=data.mean, line={"color": look.line, "width": 2, "dash": "dash"})
    return figure


@dataclass(frozen=True, eq=False)
class CorrelationData:
    """Correlation matrix (S, S) of the scores of single responses."""

    names: tuple[str, ...]
    matrix: NDArray[Any]
    within: NDArray[Any]

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """Pairs as plain columns: over all responses and within prompts."""
        rows, others = np.triu_indices(len(self.names), 1)
        names = np.array(self.names, dtype=object)
        return {
            "score": names[rows],
            "other": names[others],
            "correlation": self.matrix[rows, others],
            "within_prompts": self.within[rows, others],
        }


def correlation_data(names: tuple[str, ...], scores: ArrayLike, prompts: ArrayLike) -> CorrelationData:
    """Correlations between scores, over all responses and within prompts.

    Parameters
    ----------
    names
        The S score columns.
    scores
        (N, S), one row per response.
    prompts
        Prompt id of every response, (N,). Within prompts, the prompt means are taken off first: only
        that part can be traded by choosing among replies.
    """
    values = np.asarray(scores, dtype=float)
    _, index = np.unique(np.asarray(prompts), return_inverse=True)
    sums = np.stack([np.bincount(index, column) for column in values.T], axis=-1)
    centred = values - (sums / np.bincount(index)[:, None])[index]
    return CorrelationData(names, _correlation(values), _correlation(centred))


def _correlation(values: NDArray[Any]) -> NDArray[Any]:
    centred = values - values.mean(axis=0)
    scale = np.sqrt((centred**2).sum(axis=0))
    scale[scale == 0] = np.inf
    matrix: NDArray[Any] = (centred / scale).T @ (centred / scale)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def conflict(correlation: float) -> str:
    """What two scores do within prompts, in words."""
    if abs(correlation) <= 0.05:
        return "hardly move together"
    return "pull apart" if correlation < 0 else "move together"


def correlation_figure(data: CorrelationData, look: Theme) -> go.Figure:
    """Correlations within prompts as a labelled heat map."""
    names = [plain(name, 18) for name in data.names]
    rows, others = np.triu_indices(len(names), 1)
    title = "One score: nothing to compare"
    if len(rows):
        k = int(np.argmin(data.within[rows, others]))
        value = data.within[rows[k], others[k]]
        pair = f"{data.names[rows[k]]} and {data.names[others[k]]}"
        title = f"{pair} {conflict(value)} within prompts: correlation {value:+.2f}"
    figure = base_figure(
        look,
        title=title,
        x="",
        y="",
        x_range=(-0.5, len(names) - 0.5),
        y_range=(len(names) - 0.5, -0.5),
        height=130 + 62 * len(names),
    )
    dark = look.name == "dark"
    figure.add_heatmap(
        z=f32(data.within),
        x=names,
        y=names,
        zmin=-1,
        zmax=1,
        colorscale=[[0, look.line], [0.5, look.paper], [1, look.dual]],
        showscale=False,
        hovertemplate="%{x} and %{y}: %{z:.3f}<extra></extra>",
    )
    # By hand: one colour of text cannot be read on every colour of cell.
    for row, values in zip(names, data.within, strict=True):
        for column, value in zip(names, values, strict=True):
            strong = abs(value) > 0.55
            figure.add_annotation(
                text=true_minus(f"{value:+.2f}"),
                x=column,
                y=row,
                showarrow=False,
                font={"size": 13, "color": look.paper if strong else look.text if not dark else "#FFFFFF"},
            )
    return figure


@dataclass(frozen=True, eq=False)
class ScatterData:
    """A sample of responses (at most 2000): reward and one utility, with the index of each response."""

    names: tuple[str, str]
    reward: NDArray[Any]
    utility: NDArray[Any]
    total: int

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """The drawn points as plain columns."""
        return {self.names[0]: self.utility, self.names[1]: self.reward}


def scatter_data(
    names: tuple[str, str], utility: ArrayLike, reward: ArrayLike, *, seed: int = 0
) -> ScatterData:
    """At most 2000 responses, drawn evenly at random; ``names`` are of the utility and the reward."""
    first, second = np.asarray(utility, dtype=float), np.asarray(reward, dtype=float)
    total = len(first)
    if total > MAX_POINTS:
        chosen = np.sort(np.random.default_rng(seed).choice(total, MAX_POINTS, replace=False))
        first, second = first[chosen], second[chosen]
    return ScatterData(names, second, first, total)


def scatter_figure(data: ScatterData, look: Theme) -> go.Figure:
    """Reward against utility, one dot per response."""
    shown = len(data.reward)
    of = "all" if shown == data.total else f"{shown:,} of {data.total:,}"
    figure = base_figure(
        look,
        title=f"Where single replies stand ({of} responses)",
        x=f"{plain(data.names[0], 30)} (utility)",
        y=f"{plain(data.names[1], 30)} (reward)",
        x_range=span(data.utility),
        y_range=span(data.reward),
        height=360,
    )
    figure.add_scatter(
        x=f32(data.utility),
        y=f32(data.reward),
        mode="markers",
        marker={"color": rgba(look.dual, 0.35), "size": 5},
        hovertemplate="%{x:.3g}, %{y:.3g}<extra></extra>",
    )
    return figure


@dataclass(frozen=True, eq=False)
class CalibrationData:
    """Predicted and observed share of preferred replies per bin (B,), with pairs per bin."""

    name: str
    predicted: NDArray[Any]
    observed: NDArray[Any]
    pairs: NDArray[Any]
    accuracy: float | None

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """Bins as plain columns."""
        return {"predicted": self.predicted, "observed": self.observed, "pairs": self.pairs}


def calibration_error(data: CalibrationData) -> float:
    """Average distance between the share that a scorer expects and the share that people chose."""
    return float(np.average(np.abs(data.predicted - data.observed), weights=np.maximum(data.pairs, 1e-9)))


def calibration_words(data: CalibrationData) -> str:
    """What a calibration curve says about a scorer: a sentence, and how far its numbers carry."""
    off = calibration_error(data)
    centre = data.predicted - 0.5
    weight = np.maximum(data.pairs, 1e-9) * centre**2
    far = np.abs(centre) > 1e-9
    ratio = (
        float(np.average((data.observed[far] - 0.5) / centre[far], weights=weight[far])) if far.any() else 1.0
    )
    if off < 0.05:
        return "Its claims hold: differences of this score can be read as they are."
    if ratio < 0.85:
        claim = "It claims more than people confirm: a large difference of this score means less than it says"
    elif ratio > 1.15:
        claim = "It claims less than people confirm: differences of this score mean more than they say"
    else:
        claim = "Its claims bend away from what people chose, up and down"
    rest = " Trust the order it puts replies in more than the size of its differences." if off >= 0.1 else ""
    return f"{claim}.{rest}"


def calibration_figure(data: CalibrationData, look: Theme) -> go.Figure:
    """How often the reply that a scorer prefers is preferred by people, against what it claims."""
    wrong = f", right in {data.accuracy:.0%} of held-out pairs" if data.accuracy is not None else ""
    off = calibration_error(data)
    figure = base_figure(
        look,
        title=f"{data.name}: {off:.0%} off{wrong}",
        x="share the scorer expects",
        y="share people chose",
        x_range=(0.0, 1.02),
        y_range=(0.0, 1.02),
        height=340,
    )
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(tickformat=".0%")
    figure.add_scatter(
        x=f32([0, 1]),
        y=f32([0, 1]),
        mode="lines",
        hoverinfo="skip",
        line={"color": look.muted, "dash": "dot", "width": 1.5},
    )
    label(figure, look, "perfect", 0.16, 0.16, colour=look.muted, dx=8, dy=-8, anchor="left")
    figure.add_scatter(
        x=f32(data.predicted),
        y=f32(data.observed),
        mode="lines+markers",
        line={"color": look.dual, "width": 2},
        marker={"size": 9},
        customdata=data.pairs,
        hovertemplate="expects %{x:.0%}, people %{y:.0%} (%{customdata} pairs)<extra></extra>",
    )
    return figure
