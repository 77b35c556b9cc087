import numpy as np
import pytest

from dualign.duality.bootstrap import bootstrap
from dualign.duality.moments import prompt_moments, prompt_weights
from dualign.duality.problem import AlignmentProblem, ScoredSamples
from dualign.duality.resampling import percentile_interval, resample_counts, resample_weights
from dualign.duality.sandwich import sandwich
from dualign.duality.solve import Outcome, solve_dual
from dualign.duality.taylor import solve_exactly
from tests.duality.draws import gaussian_problem, ragged_problem


def _brute(problem: AlignmentProblem, weights: np.ndarray):
    """Solve from scratch on repeated prompts: a path that shares nothing with the bootstrap."""
    samples = problem.samples
    reweighted = ScoredSamples(
        rewards=samples.rewards,
        utilities=samples.utilities,
        names=samples.names,
        log_weights=samples.log_weights,
        prompt_weights=weights,
    )
    return solve_dual(
        AlignmentProblem(
            samples=reweighted, thresholds=problem.thresholds, beta=problem.beta, form=problem.form
        )
    )


@pytest.mark.parametrize("form", ["improvement", "absolute"])
@pytest.mark.parametrize("m", [1, 2, 3])
def test_resamples_agree_with_solving_each_from_scratch(m, form):
    problem = gaussian_problem(100, 32, m=m, form=form)
    solution = solve_dual(problem)
    draws = bootstrap(problem, solution.multipliers, resamples=200, rng=np.random.default_rng(1))
    weights = resample_weights(prompt_weights(problem.samples), 200, np.random.default_rng(1))
    for row in range(0, 200, 25):
        exact = _brute(problem, weights[row])
        spread = draws.multipliers.std(axis=0)
        np.testing.assert_allclose(
            draws.multipliers[row], exact.multipliers, rtol=0, atol=1e-3 * spread.min()
        )
        assert draws.dual_optimum[row] == pytest.approx(
            exact.dual_optimum, abs=1e-3 * draws.dual_optimum.std()
        )
        assert draws.expected_reward[row] == pytest.approx(
            exact.expected_reward, abs=1e-3 * draws.expected_reward.std()
        )
        assert draws.kl[row] == pytest.approx(exact.kl, abs=1e-3 * draws.kl.std())
        np.testing.assert_allclose(
            draws.expected_utilities[row],
            exact.expected_utilities,
            atol=1e-3 * draws.expected_utilities.std(axis=0).min(),
        )


def test_ragged_weighted_resamples_agree_with_solving_each():
    problem = ragged_problem()
    solution = solve_dual(problem)
    draws = bootstrap(problem, solution.multipliers, resamples=60, rng=np.random.default_rng(1))
    weights = resample_weights(prompt_weights(problem.samples), 60, np.random.default_rng(1))
    for row in range(0, 60, 10):
        exact = _brute(problem, weights[row])
        np.testing.assert_allclose(
            draws.multipliers[row], exact.multipliers, atol=0.02 * draws.multipliers.std(axis=0).max()
        )


@pytest.mark.parametrize("m", [1, 2])
@pytest.mark.parametrize("form", ["improvement", "absolute"])
def test_bootstrap_and_sandwich_agree(m, form):
    problem = gaussian_problem(300, 64, m=m, form=form)
    solution = solve_dual(problem)
    draws = bootstrap(problem, solution.multipliers, resamples=4000, rng=np.random.default_rng(2))
    errors = sandwich(problem, solution.multipliers)
    for drawn, error in (
        (draws.multipliers, errors.multipliers),
        (draws.dual_optimum, errors.dual_optimum),
        (draws.expected_reward, errors.expected_reward),
        (draws.kl, errors.kl),
        (draws.expected_utilities, errors.expected_utilities),
    ):
        np.testing.assert_allclose(drawn.std(axis=0), error, rtol=0.06, atol=1e-9)


def test_improvement_carries_the_error_of_the_baseline():
    # Prompts differ in utility far more than responses do. An improvement does not feel it (the same
    # prompts give the baseline); an absolute threshold does.
    spread = {"prompt_spread": 3.0, "n_prompts": 200}
    improvement = sandwich(problem := gaussian_problem(**spread), solve_dual(problem).multipliers)
    level = problem.samples.baseline[0] + 0.4
    absolute = gaussian_problem(**spread, threshold=level, form="absolute")
    lam = solve_dual(absolute).multipliers
    np.testing.assert_allclose(lam, solve_dual(problem).multipliers, rtol=1e-6)
    assert sandwich(absolute, lam).multipliers[0] > 5 * improvement.multipliers[0]


def test_infeasible_resamples_have_no_multiplier():
    problem = gaussian_problem(40, 8, threshold=1.36)
    solution = solve_dual(problem)
    assert solution.outcome is Outcome.OPTIMAL_BINDING
    draws = bootstrap(problem, solution.multipliers, resamples=300, rng=np.random.default_rng(0))
    weights = resample_weights(prompt_weights(problem.samples), 300, np.random.default_rng(0))
    assert 0 < draws.share_infeasible < 1
    for row in range(0, 300, 30):
        exact = _brute(problem, weights[row])
        assert (exact.outcome is Outcome.INFEASIBLE) == bool(draws.infeasible[row])
        if not draws.infeasible[row]:
            assert draws.multipliers[row, 0] == pytest.approx(exact.multipliers[0], rel=0.02)
    assert percentile_interval(draws.multipliers, 0.95)[0, 1] == np.inf


@pytest.mark.parametrize("m", [1, 2])
def test_a_constraint_that_does_not_bind_stays_at_zero(m):
    problem = gaussian_problem(200, 32, m=m, threshold=-2.0)
    solution = solve_dual(problem)
    draws = bootstrap(problem, solution.multipliers, resamples=100, rng=np.random.default_rng(0))
    assert not draws.multipliers.any()
    assert np.ptp(draws.expected_utilities) > 0
    assert not sandwich(problem, solution.multipliers).multipliers.any()


@pytest.mark.parametrize("m", [1, 2])
def test_a_constraint_that_hardly_binds_is_zero_in_some_resamples(m):
    problem = gaussian_problem(100, 32, m=m, threshold=-0.39, prompt_spread=0.0)
    solution = solve_dual(problem)
    draws = bootstrap(problem, solution.multipliers, resamples=200, rng=np.random.default_rng(0))
    weights = resample_weights(prompt_weights(problem.samples), 200, np.random.default_rng(0))
    at_zero = (draws.multipliers[:, 0] == 0).mean()
    assert 0.02 < at_zero < 0.98
    for row in range(0, 200, 40):
        np.testing.assert_allclose(
            draws.multipliers[row], _brute(problem, weights[row]).multipliers, atol=1e-4
        )


def test_counts_of_a_resample_sum_to_the_prompts():
    counts = resample_counts(300, 400, np.random.default_rng(0))
    assert counts.shape == (400, 300)
    assert (counts.sum(axis=1) == 300).all()
    assert abs(counts.mean() - 1) < 1e-12
    assert abs(counts.var() - (1 - 1 / 300)) < 0.02


def test_interval_keeps_inf_and_leaves_nan_out():
    values = np.concatenate([np.linspace(0, 1, 95), np.full(5, np.inf)])
    assert percentile_interval(values, 0.9)[1] == np.inf
    assert percentile_interval(values, 0.8)[1] <= 1
    assert percentile_interval(np.array([0.0, np.nan, 1.0]), 0.5).tolist() == [0.0, 1.0]


def test_moments_are_the_derivatives_of_each_prompt():
    problem = ragged_problem()
    lam = np.array([0.3, -0.4])
    here = prompt_moments(problem, lam, order=4)
    assert here.third is not None
    assert here.fourth is not None
    for j in range(2):
        step = np.zeros(2)
        step[j] = 1e-4
        up, down = (prompt_moments(problem, lam + s * step, order=4) for s in (1, -1))
        np.testing.assert_allclose((up.dual - down.dual) / 2e-4, here.slack[:, j], atol=1e-6)
        np.testing.assert_allclose((up.slack - down.slack) / 2e-4, here.covariance[:, :, j], atol=1e-6)
        np.testing.assert_allclose(
            (up.joint_covariance - down.joint_covariance) / 2e-4, here.third[..., 1 + j], atol=1e-6
        )
        assert up.third is not None
        assert down.third is not None
        np.testing.assert_allclose((up.third - down.third) / 2e-4, here.fourth[..., 1 + j], atol=1e-5)


def test_exact_solve_agrees_with_the_solver():
    problem = gaussian_problem(80, 16, m=2)
    found = solve_exactly(problem, prompt_weights(problem.samples))
    assert found is not None
    np.testing.assert_allclose(found[0], solve_dual(problem).multipliers, atol=1e-6)


def test_several_constraints_near_the_ceiling_are_solved_or_called_infeasible():
    # Resamples leave the reach of the expansion, and some have no solution.
    problem = gaussian_problem(30, 8, m=2, threshold=0.62, beta=0.5)
    solution = solve_dual(problem)
    assert solution.outcome is Outcome.OPTIMAL_BINDING
    draws = bootstrap(problem, solution.multipliers, resamples=60, rng=np.random.default_rng(0))
    weights = resample_weights(prompt_weights(problem.samples), 60, np.random.default_rng(0))
    spread = np.median(np.abs(draws.multipliers - solution.multipliers))
    close = []
    for row in range(0, 60, 4):
        exact = _brute(problem, weights[row])
        if exact.outcome is Outcome.INFEASIBLE or draws.infeasible[row]:
            close.append((exact.outcome is Outcome.INFEASIBLE) == bool(draws.infeasible[row]))
        else:
            close.append(bool(np.abs(draws.multipliers[row] - exact.multipliers).max() < 0.1 * spread))
    assert np.mean(close) >= 0.8
