import numpy as np
import pytest

from dualign.duality.assess import assess
from dualign.duality.effective import effective_sample_size
from dualign.duality.jackknife import corrected_dual, jackknife
from dualign.duality.khat import khat_threshold, pareto_khat
from dualign.duality.moments import prompt_moments, prompt_weights
from dualign.duality.problem import AlignmentProblem, ScoredSamples
from dualign.duality.solve import Outcome, solve_dual
from dualign.duality.trust import judge
from dualign.errors import InvalidInputError
from tests.duality.draws import gaussian_problem, ragged_problem


def _mean_over_seeds(n_responses, beta, threshold, n_seeds=3):
    plain, corrected = [], []
    for seed in range(n_seeds):
        problem = gaussian_problem(
            2000, n_responses, seed=seed, beta=beta, threshold=threshold, correlation=-0.5, prompt_spread=0.0
        )
        solution = solve_dual(problem)
        plain.append(solution.multipliers[0])
        corrected.append(jackknife(problem, solution.multipliers).multipliers[0])
    return np.mean(plain), np.mean(corrected)


@pytest.mark.parametrize(
    ("n_responses", "beta", "threshold", "plain", "corrected"),
    [
        (4, 1.0, 0.3, 0.99, 0.84),
        (8, 1.0, 0.3, 0.90, 0.82),
        (16, 1.0, 0.3, 0.84, 0.80),
        (64, 1.0, 0.3, 0.81, 0.80),
        (16, 0.5, 0.6, 0.93, 0.85),
    ],
)
def test_jackknife_takes_out_the_bias_of_few_responses(n_responses, beta, threshold, plain, corrected):
    # Correlation -0.5, exact lam* = beta b - Cov = 0.8.
    found = _mean_over_seeds(n_responses, beta, threshold)
    assert found[0] == pytest.approx(plain, abs=0.02)
    assert found[1] == pytest.approx(corrected, abs=0.02)


def _leave_one_out_by_hand(problem, lam):
    """The jackknife of each prompt's term by literally removing responses."""
    samples = problem.samples
    logs = np.zeros_like(samples.rewards) if samples.log_weights is None else samples.log_weights
    total = 0.0
    for p in range(samples.n_prompts):
        kept = np.flatnonzero(logs[p] > -np.inf)

        def term(index, p=p):
            base = np.exp(logs[p, index])
            base /= base.sum()
            g = samples.utilities[p, index]
            h = g - problem.thresholds - (base @ g if problem.form == "improvement" else 0)
            # The baseline enters linearly with lam, so the whole term is jackknifed at once.
            return problem.beta * np.log(base @ np.exp((samples.rewards[p, index] + h @ lam) / problem.beta))

        n = kept.size
        leave = np.mean([term(np.delete(kept, k)) for k in range(n)]) if n > 1 else 0.0
        total += prompt_weights(samples)[p] * (n * term(kept) - (n - 1) * leave)
    return total


@pytest.mark.parametrize("form", ["improvement", "absolute"])
def test_corrected_dual_is_the_jackknife_by_hand(form):
    problem = ragged_problem(form=form)
    lam = np.array([0.4, 0.9])
    value, gradient, hessian = corrected_dual(problem, lam)
    assert value == pytest.approx(_leave_one_out_by_hand(problem, lam), abs=1e-10)
    for j in range(2):
        step = np.zeros(2)
        step[j] = 1e-5
        up, down = corrected_dual(problem, lam + step), corrected_dual(problem, lam - step)
        assert (up[0] - down[0]) / 2e-5 == pytest.approx(gradient[j], abs=1e-7)
        np.testing.assert_allclose((up[1] - down[1]) / 2e-5, hessian[:, j], atol=1e-6)


def test_corrected_dual_stays_finite_when_one_response_has_all_the_weight():
    rng = np.random.default_rng(0)
    samples = ScoredSamples(
        rewards=rng.normal(size=(20, 10)), utilities=rng.normal(size=(20, 10, 1)), names=("a",)
    )
    problem = AlignmentProblem(samples=samples, thresholds=[0.1], beta=1e-3)
    for value in corrected_dual(problem, [0.5]):
        assert np.isfinite(value).all()


def test_jackknife_of_single_responses_changes_nothing():
    samples = ScoredSamples(
        rewards=np.array([[0.0], [1.0]]), utilities=np.array([[[0.5]], [[0.7]]]), names=("a",)
    )
    problem = AlignmentProblem(samples=samples, thresholds=[0.1], beta=1.0, form="absolute")
    found = jackknife(problem, [0.0])
    assert found.converged
    assert found.dual_optimum == pytest.approx(0.5)


def test_khat_knows_a_heavy_tail_from_a_light_one():
    rng = np.random.default_rng(0)
    weights = np.full(4, 0.25)
    light = pareto_khat(np.log(rng.uniform(0.5, 1.0, size=(4, 2000))), weights)
    heavy = pareto_khat(np.log(rng.pareto(1 / 1.2, size=(4, 2000)) + 1), weights)
    assert light.pooled < 0.1
    assert light.median < 0.2
    assert heavy.pooled == pytest.approx(1.2, abs=0.2)
    assert heavy.share_above == 1.0


def test_khat_is_left_out_for_few_or_tied_responses():
    few = pareto_khat(np.zeros((3, 8)), np.full(3, 1 / 3))
    assert np.isnan(few.median)
    assert few.share_fitted == 0
    assert np.isnan(pareto_khat(np.zeros((3, 100)), np.full(3, 1 / 3)).pooled)


def test_khat_threshold_follows_the_number_of_draws():
    assert khat_threshold(10_000) == 0.7
    assert khat_threshold(64) == pytest.approx(1 - 1 / np.log10(64))
    assert khat_threshold(5) == 0.0


def test_effective_sample_size_counts_equal_weights():
    found = effective_sample_size(np.full(10, 1 / 64), np.full(10, 0.1))
    assert found.min == found.median == pytest.approx(64)
    assert found.pooled == pytest.approx(640)


def test_green_is_reached_by_a_demo_sized_set_at_a_moderate_beta():
    problem = gaussian_problem(216, 64, beta=1.0, threshold=0.3)
    found = assess(problem, solve_dual(problem), rng=np.random.default_rng(0))
    assert found.trust.light == "green", found.trust.reasons
    assert found.trust.reasons
    assert found.share_infeasible == 0
    assert found.zero_inside == (False,)
    assert (
        found.multipliers_interval[0, 0] < found.multipliers_corrected[0] < found.multipliers_interval[0, 1]
    )
    np.testing.assert_allclose(
        found.multipliers_interval,
        found.sandwich_multipliers_interval,
        atol=0.15 * np.ptp(found.multipliers_interval),
    )
    np.testing.assert_allclose(
        found.dual_interval, found.sandwich_dual_interval, atol=0.15 * np.ptp(found.dual_interval)
    )
    np.testing.assert_allclose(
        found.kl_interval, found.sandwich_kl_interval, atol=0.15 * np.ptp(found.kl_interval)
    )


def test_a_small_beta_is_red_and_says_why():
    problem = gaussian_problem(1000, 64, beta=0.1, threshold=0.5)
    found = assess(problem, solve_dual(problem), resamples=200, rng=np.random.default_rng(0))
    assert found.ess.median < 2
    assert found.trust.light == "red"
    assert any("effective responses in the median prompt" in reason for reason in found.trust.reasons)


def test_zero_inside_the_interval_is_said():
    problem = gaussian_problem(216, 64, threshold=-0.39, prompt_spread=0.0)
    found = assess(problem, solve_dual(problem), resamples=300, rng=np.random.default_rng(0))
    assert found.zero_inside == (True,)
    assert found.multipliers_interval[0, 0] == 0


def test_an_infeasible_problem_is_red_without_intervals():
    problem = gaussian_problem(30, 8, threshold=9.0)
    solution = solve_dual(problem)
    assert solution.outcome is Outcome.INFEASIBLE
    found = assess(problem, solution, resamples=50, rng=np.random.default_rng(0))
    assert found.trust.light == "red"
    assert np.isnan(found.multipliers_interval).all()
    assert found.share_infeasible == 1


def test_infeasible_resamples_are_counted_and_keep_the_light_from_green():
    problem = gaussian_problem(40, 8, threshold=1.36)
    found = assess(problem, solve_dual(problem), resamples=300, rng=np.random.default_rng(0))
    assert 0 < found.share_infeasible < 1
    assert found.multipliers_interval[0, 1] == np.inf
    assert found.trust.light == "red"
    assert any("resamples cannot meet" in reason for reason in found.trust.reasons)


def test_assess_is_the_same_for_the_same_seed_and_any_number_of_constraints():
    problem = ragged_problem(m=3)
    solution = solve_dual(problem)
    first, second = (assess(problem, solution, resamples=50, rng=np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.multipliers_interval, second.multipliers_interval)
    assert first.multipliers_interval.shape == (3, 2)
    assert first.multipliers_corrected.shape == (3,)


@pytest.mark.parametrize(("level", "resamples"), [(0.0, 10), (1.0, 10), (0.9, 1)])
def test_assess_refuses_senseless_options(level, resamples):
    problem = gaussian_problem(20, 16)
    with pytest.raises(InvalidInputError):
        assess(problem, solve_dual(problem), level=level, resamples=resamples, rng=np.random.default_rng(0))


def test_each_criterion_alone_takes_green_away():
    problem = gaussian_problem(216, 64)
    found = prompt_moments(problem, [0.5])
    omega = prompt_weights(problem.samples)
    good = {
        "ess": effective_sample_size(np.full(216, 1 / 40), omega),
        "khat": pareto_khat(found.log_weights * 0.1, omega),
        "dual_gap": 0.1,
        "multiplier_gap": 0.1,
        "share_infeasible": 0.0,
        "n_prompts": 216,
    }
    assert judge(**good).light == "green"
    for change, light in (
        ({"dual_gap": 2.2}, "amber"),
        ({"multiplier_gap": 4.0}, "red"),
        ({"dual_gap": float("nan")}, "amber"),
        ({"share_infeasible": 0.01}, "amber"),
        ({"n_prompts": 20}, "amber"),
        ({"failure": "the solver stopped early."}, "red"),
        ({"ess": effective_sample_size(np.full(216, 1 / 4), omega)}, "amber"),
        ({"ess": effective_sample_size(np.full(216, 1 / 1.2), omega)}, "red"),
        ({"khat": pareto_khat(found.log_weights * 30, omega)}, "red"),
    ):
        assert judge(**{**good, **change}).light == light, change


@pytest.mark.parametrize("seed", range(4))
def test_a_utility_that_does_not_vary_has_no_price(seed):
    rng = np.random.default_rng(seed)
    samples = ScoredSamples(rewards=rng.normal(size=(7, 5)), utilities=np.ones((7, 5, 1)), names=("g",))
    problem = AlignmentProblem(samples, thresholds=[0.0], beta=float(rng.choice([0.5, 10.0])))
    found = assess(problem, solve_dual(problem), resamples=50, rng=rng)
    np.testing.assert_allclose(found.multipliers_corrected, 0.0, atol=1e-9)
    np.testing.assert_allclose(found.multipliers_interval, 0.0, atol=1e-9)


def test_one_prompt_says_nothing_of_others():
    rng = np.random.default_rng(0)
    samples = ScoredSamples(
        rewards=rng.normal(size=(1, 30)), utilities=rng.normal(size=(1, 30, 1)), names=("g",)
    )
    problem = AlignmentProblem(samples, thresholds=[0.2], beta=1.0)
    found = assess(problem, solve_dual(problem), resamples=50, rng=rng)
    assert found.multipliers_interval.tolist() == [[0.0, np.inf]]
    assert not np.isfinite(found.dual_interval).any()
    assert found.trust.light == "red"
