"""Figures without drawing: columns, what they state, units on axes, and text from data sets as text."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest

from dualign.duality import (
    AlignmentProblem,
    ScoredSamples,
    dual_contour,
    dual_curve,
    evaluate_dual,
    feasible_range,
    projected_gradient,
    solve_dual,
    tradeoff_curve,
)
from dualign.figures import dual, geometry, scores, solver, tradeoff
from dualign.figures.theme import DARK, LIGHT, Theme, plain, span, theme, title_of, true_minus, twin

HOSTILE = '<a href="http://evil.example">x</a><script>alert(1)</script>'


def make_problem(name: str = "harmless", constraints: int = 1, threshold: float = 0.4) -> AlignmentProblem:
    rng = np.random.default_rng(0)
    rewards = rng.normal(size=(40, 24))
    utilities = rng.normal(size=(40, 24, constraints)) - 0.5 * rewards[..., None]
    names = (name, "humor")[:constraints]
    return AlignmentProblem(
        samples=ScoredSamples(rewards=rewards, utilities=utilities, names=names),
        thresholds=np.full(constraints, threshold),
        beta=1.0,
    )


def make_curve(name: str = "harmless") -> dual.DualCurveData:
    problem = make_problem(name)
    solution = solve_dual(problem)
    best = float(solution.multipliers[0])
    curve = dual_curve(problem, np.linspace(0, 3 * best, 41), resamples=50, rng=np.random.default_rng(1))
    return dual.dual_curve_data(
        curve,
        name=name,
        at=(best, float(solution.dual_optimum), float(solution.slack[0])),
        optimum=(best, float(solution.dual_optimum)),
        interval=(0.9 * best, 1.1 * best),
        pinned=curve,
    )


def make_image(name: str = "harmless") -> geometry.ImageSetData:
    problem = make_problem(name)
    solution = solve_dual(problem)
    best, top = float(solution.multipliers[0]), float(solution.dual_optimum)
    at = (best, 0.0, top, top)
    curve = dual_curve(problem, np.linspace(-2, 4, 61))
    return geometry.image_set_data(
        curve,
        name=name,
        at=at,
        optimum=at,
        reference=(-0.4, problem.samples.reference_reward),
        pinned=(0.1, 0.1),
    )


def make_tradeoff(name: str = "harmless") -> tradeoff.TradeoffData:
    problem = make_problem(name)
    high = feasible_range(problem).high
    solution = solve_dual(problem)
    here = (0.4, float(solution.primal_optimum), float(solution.multipliers[0]))
    traced = tradeoff_curve(problem, np.linspace(-1, 0.95 * high, 21))
    return tradeoff.TradeoffData(tradeoff.tradeoff_columns(traced), name, "improvement", here, high)


def make_contour(name: str = "harmless") -> solver.ContourData:
    problem = make_problem(name, constraints=2, threshold=0.2)
    solution = solve_dual(problem)
    grid = np.linspace(0, 3, 11)
    return solver.contour_data(
        dual_contour(problem, grid, 2 * grid),
        names=(name, "humor"),
        path=solution.path,
        gradient_path=projected_gradient(problem).path,
        optimum=(float(solution.multipliers[0]), float(solution.multipliers[1])),
        at=(1.0, 1.0),
    )


def make_correlation(name: str = "harmless") -> scores.CorrelationData:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 2)) @ np.array([[1.0, -0.8], [0.0, 1.0]])
    return scores.correlation_data(("helpful", name), values, np.repeat(np.arange(20), 10))


def make_scatter(name: str = "harmless") -> scores.ScatterData:
    rng = np.random.default_rng(0)
    return scores.scatter_data((name, "helpful"), rng.normal(size=5000), rng.normal(size=5000))


Draw = Callable[[str, Theme], go.Figure]
FIGURES: dict[str, Draw] = {
    "dual": lambda name, look: dual.dual_curve_figure(make_curve(name), look),
    "reliability": lambda name, look: dual.reliability_figure(make_curve(name), look),
    "image": lambda name, look: geometry.image_set_figure(make_image(name), look),
    "tradeoff": lambda name, look: tradeoff.tradeoff_figure(make_tradeoff(name), look),
    "path": lambda name, look: tradeoff.path_figure(make_tradeoff(name), look),
    "contour": lambda name, look: solver.contour_figure(make_contour(name), look),
    "convergence": lambda name, look: solver.convergence_figure(
        solver.convergence_data([1.0, 0.1, 0.0], [1.0, 0.5, 0.2, 0.1], optimum=0.0), look
    ),
    "histogram": lambda name, look: scores.histogram_figure(
        scores.histogram_data(name, np.arange(100.0), unit=name), look
    ),
    "correlation": lambda name, look: scores.correlation_figure(make_correlation(name), look),
    "scatter": lambda name, look: scores.scatter_figure(make_scatter(name), look),
    "calibration": lambda name, look: scores.calibration_figure(
        scores.CalibrationData(name, np.array([0.2, 0.8]), np.array([0.3, 0.7]), np.array([10, 20]), 0.7),
        look,
    ),
}


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("kind", FIGURES)
def test_every_figure_states_something_and_holds_its_ranges(kind: str, look: Theme) -> None:
    figure = FIGURES[kind]("harmless", look)
    assert len(title_of(figure)) > 12
    assert figure.layout.xaxis.range is not None
    assert figure.layout.yaxis.range is not None
    assert "$" not in figure.to_json()
    assert len(figure.to_json()) < 200_000


@pytest.mark.parametrize("kind", FIGURES)
def test_no_name_acts_as_markup(kind: str) -> None:
    drawn = FIGURES[kind](HOSTILE, LIGHT).to_plotly_json()
    drawn["layout"].pop("meta")
    for trace in drawn["data"]:
        trace.pop("name", None)
    text = str(drawn)
    assert "<script>" not in text
    assert "<a href" not in text


@pytest.mark.parametrize("kind", ["dual", "image", "tradeoff", "path"])
def test_curves_travel_as_float32(kind: str) -> None:
    for trace in FIGURES[kind]("harmless", LIGHT).data:
        assert np.asarray(trace.x).dtype == np.float32
        assert np.asarray(trace.y).dtype == np.float32


def test_axes_carry_units() -> None:
    for kind in ("dual", "image", "tradeoff", "path", "contour"):
        layout = FIGURES[kind]("harmless", LIGHT).layout
        for axis in (layout.xaxis, layout.yaxis):
            assert any(unit in axis.title.text for unit in ("reward", "utility"))


def test_the_heights_of_the_set_are_those_of_its_policies() -> None:
    problem = make_problem()
    multipliers = np.linspace(-2, 3, 11)
    data = geometry.image_set_data(
        dual_curve(problem, multipliers), name="harmless", at=(0, 0, 0, 0), optimum=None, reference=(0, 0)
    )
    exact = evaluate_dual(problem, multipliers[:, None]).regularized_reward
    np.testing.assert_allclose(data.columns["regularized_reward"], exact, atol=1e-9)


def test_correlation_within_prompts_leaves_prompt_means_out() -> None:
    rng = np.random.default_rng(0)
    prompts = np.repeat(np.arange(50), 20)
    shared = np.repeat(rng.normal(size=50), 20) * 10
    inner = rng.normal(size=1000)
    values = np.stack([shared + inner, shared - inner], axis=-1)
    found = scores.correlation_data(("a", "b"), values, prompts)
    assert found.matrix[0, 1] > 0.9
    assert found.within[0, 1] == pytest.approx(-1.0)


def test_scatter_thins_out_evenly() -> None:
    assert len(make_scatter().reward) == scores.MAX_POINTS


def test_constant_scores_make_a_figure() -> None:
    data = scores.histogram_data("flat", np.zeros(10))
    assert scores.histogram_figure(data, LIGHT).data


def test_small_things() -> None:
    assert theme("dark") is DARK
    assert theme(None) is LIGHT
    assert span([np.nan]) == (0.0, 1.0)
    assert plain("<b>") == "&lt;b&gt;"
    assert true_minus("x-y is -0.5") == "x-y is −0.5"
    assert twin({"a": np.array([1.0, 2.0]), "b": np.array([3.0])}) == [
        {"a": 1.0, "b": 3.0},
        {"a": 2.0, "b": None},
    ]
