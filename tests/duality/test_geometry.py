from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from dualign.duality.contour import dual_contour
from dualign.duality.curve import dual_curve
from dualign.duality.evaluate import evaluate_dual
from dualign.duality.feasibility import reachable_threshold
from dualign.duality.geometry import image_boundary, supporting_hyperplane, tangent
from dualign.duality.problem import AlignmentProblem, ScoredSamples
from dualign.duality.sandwich import sandwich
from dualign.duality.solve import Outcome, solve_dual
from dualign.duality.tradeoff import (
    feasible_range,
    multiplier_for_threshold,
    regularization_path,
    threshold_for_multiplier,
    tradeoff_band,
    tradeoff_curve,
)
from dualign.errors import InvalidInputError
from tests.duality.draws import gaussian_problem, ragged_problem


def _vectors(values, m, constraint, at):
    lam = np.tile(at, (len(values), 1)).astype(float)
    lam[:, constraint] = values
    return lam


@pytest.mark.parametrize("beta", [1e-3, 0.05, 1.0, 1e3])
@pytest.mark.parametrize("spaced", [True, False])
@pytest.mark.parametrize("kind", ["equal", "ragged"])
def test_curve_equals_plain_evaluation(kind, spaced, beta):
    base = gaussian_problem(40, 50, m=2) if kind == "equal" else ragged_problem()
    problem = AlignmentProblem(samples=base.samples, thresholds=base.thresholds, beta=beta)
    values = np.linspace(-1.0, 3.0, 101)
    if not spaced:
        values = np.sort(np.random.default_rng(0).uniform(-1, 3, size=30))
    curve = dual_curve(problem, values, constraint=1, at=[0.7, 9.0])
    plain = evaluate_dual(problem, _vectors(values, 2, 1, [0.7, 0.0]))
    scale = 1e-10
    np.testing.assert_allclose(curve.dual, plain.dual, rtol=scale, atol=scale)
    np.testing.assert_allclose(curve.slack, plain.slack[:, 1], rtol=scale, atol=scale)
    np.testing.assert_allclose(curve.reward, plain.expected_reward, rtol=scale, atol=scale)
    np.testing.assert_allclose(curve.utility, plain.expected_utilities[:, 1], rtol=scale, atol=scale)
    np.testing.assert_allclose(curve.kl, plain.kl, rtol=1e-9, atol=1e-9 * max(1.0, 1e-2 / beta))
    np.testing.assert_allclose(curve.ess_min, plain.ess_min, rtol=1e-9)
    np.testing.assert_allclose(curve.ess_median, plain.ess_median, rtol=1e-2)
    np.testing.assert_allclose(curve.ess_pooled, plain.ess_pooled, rtol=1e-9)


def test_curve_does_not_feel_large_scores():
    problem = gaussian_problem(30, 20)
    moved = AlignmentProblem(
        samples=ScoredSamples(
            rewards=problem.samples.rewards + 1e6, utilities=problem.samples.utilities - 1e6, names=("a",)
        ),
        thresholds=problem.thresholds,
        beta=problem.beta,
    )
    values = np.linspace(0, 2, 41)
    plain, large = dual_curve(problem, values), dual_curve(moved, values)
    np.testing.assert_allclose(large.dual - 1e6, plain.dual, atol=1e-8)
    np.testing.assert_allclose(large.slack, plain.slack, atol=1e-8)
    np.testing.assert_allclose(large.kl, plain.kl, atol=1e-8)


def test_band_holds_the_curve_and_is_as_wide_as_the_prompts_vary():
    problem = gaussian_problem(150, 40)
    values = np.linspace(0, 2, 21)
    curve = dual_curve(problem, values, resamples=2000, rng=np.random.default_rng(0))
    assert curve.dual_low is not None
    assert curve.dual_high is not None
    assert (curve.dual_low < curve.dual).all()
    assert (curve.dual < curve.dual_high).all()
    from dualign.duality.moments import prompt_moments

    for k in (0, 10, 20):
        error = prompt_moments(problem, [values[k]]).dual.std() / np.sqrt(150)
        assert curve.dual_high[k] - curve.dual_low[k] == pytest.approx(2 * 1.96 * error, rel=0.08)


def test_boundary_coordinates_and_hyperplane_support():
    problem = gaussian_problem(60, 40)
    solution = solve_dual(problem)
    boundary = image_boundary(problem, np.linspace(-3, 3, 61))
    np.testing.assert_allclose(boundary.utility - boundary.baseline, boundary.improvement)
    np.testing.assert_allclose(boundary.improvement - problem.thresholds[0], boundary.slack, atol=1e-12)
    assert boundary.threshold_utility == pytest.approx(boundary.baseline + problem.thresholds[0])
    assert boundary.baseline == pytest.approx(problem.samples.baseline[0])
    assert boundary.reference_reward == pytest.approx(problem.samples.reference_reward)
    assert (np.diff(boundary.utility) > 0).all()
    for lam in (-1.0, 0.0, 0.5, solution.multipliers[0]):
        plane = supporting_hyperplane(problem, [lam])
        heights = plane.height(boundary.slack[:, None])
        assert (boundary.regularized_reward <= heights + 1e-12).all()
        assert plane.height(plane.touches[:1]) == pytest.approx(plane.touches[1])
    at_solution = supporting_hyperplane(problem, solution.multipliers)
    assert at_solution.height([0.0]) == pytest.approx(solution.primal_optimum, abs=1e-7)
    np.testing.assert_array_equal(at_solution.normal, [solution.multipliers[0], 1.0])


def test_random_policies_lie_under_every_hyperplane():
    problem = gaussian_problem(20, 10, m=2)
    rng = np.random.default_rng(0)
    plane = supporting_hyperplane(problem, [0.6, -0.3])
    for _ in range(50):
        policy = rng.dirichlet(np.full(10, 0.3), size=20)
        utility = np.einsum("pi,pij->j", policy, problem.margins) / 20
        kl = np.sum(policy * np.log(np.maximum(policy, 1e-300) * 10)) / 20
        reward = np.sum(policy * problem.samples.rewards) / 20 - problem.beta * kl
        assert reward <= plane.height(utility) + 1e-12


def test_tangent_touches_the_curve_from_below():
    problem = gaussian_problem(50, 20)
    line = tangent(problem, 0.7)
    values = np.linspace(-2, 3, 26)
    curve = dual_curve(problem, values)
    assert (line.height(values) <= curve.dual + 1e-12).all()
    assert line.height(0.7) == pytest.approx(line.dual)
    assert line.intercept == pytest.approx(line.height(0.0))
    assert line.intercept == pytest.approx(dual_curve(problem, [0.7]).regularized_reward[0])


@pytest.mark.parametrize("m", [1, 2])
def test_tradeoff_is_concave_with_slope_minus_multiplier(m):
    problem = gaussian_problem(60, 40, m=m)
    low = threshold_for_multiplier(problem, 0.0)
    eps = np.linspace(low - 0.2, 1.2, 25)
    curve = tradeoff_curve(problem, eps)
    assert (np.diff(curve.primal_optimum, 2) <= 1e-7).all()
    for k in (5, 12, 20):
        pair = tradeoff_curve(problem, [eps[k] - 1e-4, eps[k] + 1e-4])
        assert np.diff(pair.primal_optimum)[0] / 2e-4 == pytest.approx(curve.slope[k], abs=1e-4)
    assert curve.slope[0] == 0
    np.testing.assert_array_equal(curve.slope, -curve.multipliers[:, 0])


def test_thresholds_out_of_reach_leave_nan():
    problem = gaussian_problem(20, 10)
    high = feasible_range(problem).high
    curve = tradeoff_curve(problem, [0.0, high + 0.1])
    assert np.isnan(curve.primal_optimum[1])
    assert curve.slope[1] == -np.inf
    path = regularization_path(problem, [0.0, high + 0.1])
    assert path.outcomes[1] is Outcome.INFEASIBLE
    assert path.multipliers[1, 0] == np.inf
    assert np.isfinite(path.reward[0])


@pytest.mark.parametrize("form", ["improvement", "absolute"])
def test_feasible_range_is_exact(form):
    problem = gaussian_problem(20, 10, form=form)
    low, high = feasible_range(problem)
    assert multiplier_for_threshold(problem, high + 1e-6) == np.inf
    assert np.isfinite(multiplier_for_threshold(problem, high - 1e-2))
    shift = problem.samples.baseline[0] if form == "improvement" else 0.0
    assert low == pytest.approx(problem.samples.utilities.min(axis=1).mean() - shift)


@pytest.mark.parametrize("form", ["improvement", "absolute"])
@pytest.mark.parametrize("m", [1, 2, 3])
def test_reachable_threshold_is_that_of_the_linear_program_over_policies(m, form):
    problem = gaussian_problem(12, 6, m=m, form=form)
    utilities = np.asarray(problem.samples.utilities)
    shift = problem.samples.baseline if form == "improvement" else np.zeros(m)
    thresholds = np.asarray(problem.thresholds) + np.r_[0.0, np.full(m - 1, 0.4)]
    problem = replace(problem, thresholds=thresholds)
    one_each = np.kron(np.eye(12), np.ones(6))
    program = linprog(
        -utilities[..., 0].ravel() / 12,
        A_ub=-utilities[..., 1:].reshape(72, m - 1).T / 12 if m > 1 else None,
        b_ub=-(thresholds + shift)[1:] if m > 1 else None,
        A_eq=one_each,
        b_eq=np.ones(12),
    )
    assert reachable_threshold(problem) == pytest.approx(-program.fun - shift[0], abs=1e-9)


def test_nothing_is_reachable_where_the_other_constraints_exclude_each_other():
    problem = gaussian_problem(12, 6, m=3)
    problem = replace(problem, thresholds=np.array([0.0, 0.1, 50.0]))
    assert reachable_threshold(problem) == -np.inf
    assert np.isfinite(reachable_threshold(problem, constraint=2))
    with pytest.raises(InvalidInputError, match="constraint is 3"):
        reachable_threshold(problem, constraint=3)


@pytest.mark.parametrize("m", [1, 2])
@pytest.mark.parametrize("multiplier", [0.2, 1.0, 3.0])
def test_threshold_and_multiplier_are_inverse(m, multiplier):
    problem = gaussian_problem(60, 40, m=m)
    threshold = threshold_for_multiplier(problem, multiplier)
    assert multiplier_for_threshold(problem, threshold) == pytest.approx(multiplier, rel=1e-5)


def test_contour_equals_plain_evaluation():
    problem = gaussian_problem(30, 20, m=3)
    a, b = np.linspace(0, 2, 7), np.linspace(-1, 3, 41)
    contour = dual_contour(problem, a, b, pair=(2, 0), at=[5.0, 0.3, 5.0])
    lam = np.array([[y, 0.3, x] for x in a for y in b])
    np.testing.assert_allclose(contour.dual.ravel(), evaluate_dual(problem, lam).dual, rtol=1e-10, atol=1e-10)
    assert contour.names == ("c", "a")


def test_what_cannot_be_drawn_is_refused():
    problem = gaussian_problem(10, 5, m=2)
    for call in (
        lambda: dual_curve(problem, [0.0], constraint=2),
        lambda: dual_curve(problem, [np.nan]),
        lambda: dual_curve(problem, [0.0], at=[1.0]),
        lambda: dual_curve(problem, [0.0], resamples=10),
        lambda: dual_contour(problem, [0.0], [0.0], pair=(1, 1)),
        lambda: dual_contour(problem, [np.inf], [0.0]),
        lambda: tradeoff_curve(problem, [0.0], constraint=5),
        lambda: regularization_path(problem, [0.0, 1.0]),
        lambda: threshold_for_multiplier(problem, np.inf),
    ):
        with pytest.raises(InvalidInputError):
            call()


def test_tradeoff_band_agrees_with_the_reliability_of_each_threshold():
    problem = gaussian_problem()
    curve = tradeoff_curve(problem, [0.1, 0.4, 50.0])
    band = tradeoff_band(problem, curve)
    for k in range(2):
        here = replace(problem, thresholds=curve.thresholds[k : k + 1])
        errors = sandwich(here, curve.multipliers[k])
        half = 1.959963984540054 * errors.dual_optimum
        np.testing.assert_allclose(np.diff(band.primal_optimum[:, k]), 2 * half)
        assert band.multiplier[0, k] < curve.multipliers[k, 0] < band.multiplier[1, k]
    assert np.isnan([band.primal_optimum[:, 2], band.multiplier[:, 2]]).all()
