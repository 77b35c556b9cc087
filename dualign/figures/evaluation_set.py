"""Every figure of an experiment's result, by name: what the page shows and what the command writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from plotly import graph_objects as go

from dualign.figures import (
    evaluation,
    evaluation_constraints,
    evaluation_iterations,
    evaluation_parts,
    scores,
)
from dualign.figures.theme import Theme, title_of

if TYPE_CHECKING:
    from dualign.evaluation.results import ExperimentResult


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure of a result that can be drawn in any theme.

    ``columns`` is its text twin, ``sentence`` what it says, ``draw`` makes it.
    """

    key: str
    columns: Mapping[str, NDArray[Any]]
    sentence: str
    draw: Callable[[Theme], go.Figure]

    def figure(self, look: Theme) -> go.Figure:
        """The figure in a theme."""
        return self.draw(look)


def drawings(result: ExperimentResult) -> list[Drawing]:
    """The figures of a result, in reading order; tables that it lacks give none."""
    makers = {
        "tradeoff": _tradeoff,
        "humor": _tradeoff,
        "multi-constraint": _pairs,
        "sample-size": _sample_size,
        "calibration": _calibration,
        "one-shot-vs-iterative": _iterative,
    }
    maker = makers.get(result.name)
    return list(maker(result)) if maker else []


def _drawing(key: str, data: Any, draw: Callable[[Any, Theme], go.Figure], sentence: str = "") -> Drawing:
    from dualign.figures.theme import LIGHT

    return Drawing(
        key=key,
        columns=data.columns,
        sentence=sentence or title_of(draw(data, LIGHT)) + ".",
        draw=lambda look: draw(data, look),
    )


def _tradeoff(result: ExperimentResult) -> Iterator[Drawing]:
    settings, tables = result.settings, result.tables
    name, reward = settings["utilities"][0], settings["reward"]
    tracking = tables["tracking"]
    groups: dict[str, Mapping[str, Any]] = {
        "resampled": {
            "policy": [f"λ = {value:.2f}" for value in tracking["multiplier"]],
            "expected": tracking["expected"],
            "achieved": tracking["achieved"],
            "low": tracking["achieved_low"],
            "high": tracking["achieved_high"],
        }
    }
    if "trained" in tables:
        trained = tables["trained"]
        groups["trained"] = {
            "policy": trained["title"],
            "stored": trained["policy"],
            "expected": trained["expected"],
            "achieved": trained["achieved"],
            "low": trained["achieved_low"],
            "high": trained["achieved_high"],
        }
    yield _drawing("expected", evaluation.expected_data(groups, name=name), evaluation.expected_figure)
    if "front" in tables:
        for regularized in (False, True):
            data = evaluation.front_data(
                tables["front"],
                tables["boundary"],
                name=name,
                reward=reward,
                threshold=settings.get("main_threshold"),
                regularized=regularized,
            )
            yield _drawing("front-regularized" if regularized else "front", data, evaluation.front_figure)
    if "win_rates" in tables:
        yield _drawing(
            "win-rates", evaluation_parts.win_rate_data(tables["win_rates"]), evaluation_parts.win_rate_figure
        )
    if "candidates" in tables:
        yield _drawing(
            "candidates",
            evaluation_parts.candidates_data(tables["candidates"], name=name),
            evaluation_parts.candidates_figure,
        )


def _pairs(result: ExperimentResult) -> Iterator[Drawing]:
    first, second = result.settings["utilities"]
    data = evaluation_constraints.pairs_data(result.tables["pairs"], names=(first, second))
    yield _drawing("pairs", data, evaluation_constraints.pairs_figure)


def _sample_size(result: ExperimentResult) -> Iterator[Drawing]:
    settings = result.settings
    cases = (
        ("prompts", "prompts", settings["whole"], "on all prompts"),
        ("replies", "replies", settings["whole_corrected"], "corrected, on all replies"),
        ("gaussian", "replies", settings["exact"], "exact"),
    )
    for key, along, truth, words in cases:
        data = evaluation_parts.settling_data(result.tables[key], along=along, truth=truth, truth_words=words)
        yield _drawing(f"settling-{key}", data, evaluation_parts.settling_figure)


def _calibration(result: ExperimentResult) -> Iterator[Drawing]:
    bins = evaluation.table(result.tables["bins"])
    for scorer in dict.fromkeys(bins["scorer"]):
        own = bins["scorer"] == scorer
        data = scores.CalibrationData(
            str(scorer), bins["predicted"][own], bins["observed"][own], bins["pairs"][own], None
        )
        yield _drawing(f"calibration-{scorer}", data, scores.calibration_figure)


def _iterative(result: ExperimentResult) -> Iterator[Drawing]:
    name = result.settings["utilities"][0]
    for key, table in result.tables.items():
        if not key.startswith("satisfaction"):
            continue
        kinds = list(dict.fromkeys(table["kind"]))
        series = {
            kind: {
                column: [v for v, k in zip(values, table["kind"], strict=True) if k == kind]
                for column, values in table.items()
            }
            for kind in kinds
        }
        candidates = result.settings.get("candidates")
        who = "Trained policies" if key.endswith("trained") else f"Choice among {candidates} replies"
        data = evaluation_constraints.satisfaction_data(series, name=name, policies=who)
        yield _drawing(key, data, evaluation_constraints.satisfaction_figure)
    if "iterations" in result.tables:
        columns = evaluation.table(result.tables["iterations"])
        own = columns["threshold"] == columns["threshold"].max()
        run = evaluation_iterations.IterationsData(
            {key: values[own] for key, values in columns.items()}, name
        )
        yield _drawing("iterations-values", run, evaluation_iterations.values_figure)
        yield _drawing("iterations-multipliers", run, evaluation_iterations.multipliers_figure)
