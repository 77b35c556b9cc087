"""The solver against exact multipliers, its own optimality conditions and an independent program."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualign.duality import (
    AlignmentProblem,
    Outcome,
    ScoredSamples,
    dual_function,
    evaluate_dual,
    projected_gradient,
    solve_dual,
    unmet_alone,
)
from dualign.errors import InvalidInputError
from tests.systems import best_slack_by_program, gaussian, random_problem, two_responses

TOLERANCE = 1e-8


@pytest.mark.parametrize("rho", [-1.0, 0.0, 0.7, 3.0])
@pytest.mark.parametrize("threshold", [-0.3, 0.0, 0.2, 0.49])
@pytest.mark.parametrize("beta", [1e-2, 0.5, 1e4])
def test_two_responses(rho: float, threshold: float, beta: float) -> None:
    system = two_responses(rho=rho, threshold=threshold, beta=beta)
    found = solve_dual(system.problem)
    assert found.multipliers == pytest.approx(system.multipliers, abs=1e-7 * (1 + beta))
    assert found.dual_optimum == pytest.approx(system.dual_optimum, abs=1e-9 * (1 + beta))
    binding = system.multipliers[0] > 0
    assert found.outcome is (Outcome.OPTIMAL_BINDING if binding else Outcome.OPTIMAL_NOT_BINDING)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_gaussian_scores(beta: float, shift: float) -> None:
    system = gaussian(
        np.array([0.5]), covariance=np.array([[1.0, -0.4], [-0.4, 1.0]]), beta=beta, shift=shift
    )
    found = solve_dual(system.problem)
    assert found.multipliers == pytest.approx(system.multipliers, rel=1e-7)
    assert found.dual_optimum == pytest.approx(system.dual_optimum, rel=1e-10)


def test_two_gaussian_constraints() -> None:
    covariance = np.array([[1.0, -0.4, -0.2], [-0.4, 1.0, 0.3], [-0.2, 0.3, 1.0]])
    system = gaussian(np.array([0.3, 0.4]), covariance=covariance, nodes=24)
    found = solve_dual(system.problem)
    assert found.multipliers == pytest.approx(system.multipliers, abs=1e-7)
    assert found.dual_optimum == pytest.approx(system.dual_optimum, abs=1e-9)


def test_many_responses_tend_to_the_gaussian_multiplier() -> None:
    rng = np.random.default_rng(0)
    rewards = rng.normal(size=(2000, 256))
    utilities = -0.3 * rewards + np.sqrt(0.91) * rng.normal(size=(2000, 256))
    samples = ScoredSamples(rewards, utilities[..., None], ("safe",))
    found = solve_dual(AlignmentProblem(samples, [0.5], 1.0))
    assert found.multipliers[0] == pytest.approx(0.8, abs=0.03)
    # From a part of the prompts, then few passes over all.
    assert found.iterations <= 9


def _check(problem: AlignmentProblem) -> None:
    found = solve_dual(problem)
    scale = np.where(problem.samples.centred.scale > 0, problem.samples.centred.scale, 1.0)
    best = best_slack_by_program(problem)
    size = float(scale.max())
    if found.outcome is Outcome.INFEASIBLE:
        assert best <= 1e-8 * size
        assert found.best_slack == pytest.approx(best, abs=1e-6 * size)
        direction = found.certificate
        assert direction is not None
        assert (direction >= 0).all()
        # Along the certificate the best response of every prompt still falls short.
        reach = problem.margins @ direction
        if problem.samples.log_weights is not None:
            reach[problem.samples.log_weights == -np.inf] = -np.inf
        assert problem.samples.centred.prompt_weights @ reach.max(axis=1) < 0
        assert "cannot be met" in found.message
        return
    assert best >= -1e-7 * size
    assert found.outcome in (Outcome.OPTIMAL_BINDING, Outcome.OPTIMAL_NOT_BINDING)
    lam = found.multipliers
    assert (lam >= 0).all()
    assert (lam > 0).any() == (found.outcome is Outcome.OPTIMAL_BINDING)
    at = evaluate_dual(problem, lam)
    rewards = 1 + np.abs(problem.samples.rewards).max() + problem.beta
    tilts = 1 + float((lam * scale).sum()) + rewards
    np.testing.assert_allclose(
        np.abs(np.minimum(lam * scale / problem.beta, at.slack[0] / scale)), 0, atol=1.1e-8
    )
    assert found.slack == pytest.approx(at.slack[0], abs=1e-10 * size)
    assert found.kl == pytest.approx(at.kl[0], abs=1e-10 * tilts / problem.beta)
    assert found.expected_reward == pytest.approx(at.expected_reward[0], abs=1e-10 * rewards)
    np.testing.assert_allclose(found.expected_utilities, at.expected_utilities[0], atol=1e-9 * (1 + size))
    # Zero gap at the solution, weak duality elsewhere.
    assert found.dual_optimum == pytest.approx(found.primal_optimum, abs=1e-7 * tilts)
    others = np.abs(lam + tilts * np.random.default_rng(0).normal(size=(20, len(lam))) / scale)
    values = np.atleast_1d(dual_function(problem, others if len(lam) > 1 else others.ravel()))
    assert (values >= found.primal_optimum - 1e-7 * tilts).all()


@settings(max_examples=120, deadline=None)
@given(
    st.builds(
        random_problem,
        st.integers(0, 10**6),
        m=st.integers(1, 4),
        n_prompts=st.integers(1, 9),
        n_responses=st.integers(1, 12),
        beta=st.floats(-4, 4).map(lambda power: 10.0**power),
        form=st.sampled_from(["improvement", "absolute"]),
        ragged=st.booleans(),
        ties=st.booleans(),
        reach=st.sampled_from([-0.5, 0.3, 0.8, 1.0, 1.5]),
    )
)
def test_random_problems(problem: AlignmentProblem) -> None:
    _check(problem)


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("reach", [0.2, 0.7])
@pytest.mark.parametrize("ragged", [False, True])
def test_sizes_that_start_on_a_part(m: int, reach: float, ragged: bool) -> None:
    _check(random_problem(m, m=m, n_prompts=600, n_responses=10, beta=0.3, ragged=ragged, reach=reach))


@pytest.mark.parametrize("beta", [1e-4, 1e-2, 1.0, 1e2, 1e4])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("m", [1, 2])
def test_the_residual_is_reached_at_every_scale(beta: float, scale: float, m: int) -> None:
    plain = random_problem(9, m=m, n_prompts=7, n_responses=9, beta=beta, reach=0.6)
    samples = plain.samples
    scaled = AlignmentProblem(
        ScoredSamples(samples.rewards * scale, samples.utilities / scale, samples.names),
        plain.thresholds / scale,
        beta * scale,
    )
    one, other = solve_dual(plain), solve_dual(scaled)
    assert other.outcome is one.outcome
    assert max(one.kkt_residual, other.kkt_residual) <= TOLERANCE
    np.testing.assert_allclose(other.multipliers / scale**2, one.multipliers, rtol=1e-5, atol=1e-7 * beta)


def test_infeasible_by_a_hair_is_infeasible_and_the_ceiling_itself_is_not() -> None:
    samples = random_problem(2, n_prompts=5).samples
    ceiling = samples.centred.ceiling
    for extra, outcome in ((1e-9, Outcome.INFEASIBLE), (-1e-3, Outcome.OPTIMAL_BINDING)):
        found = solve_dual(AlignmentProblem(samples, ceiling + extra, 0.5))
        assert found.outcome is outcome
        assert found.best_slack == pytest.approx(-extra, rel=1e-4)
    at = solve_dual(AlignmentProblem(samples, ceiling, 0.5))
    assert at.outcome is Outcome.INACCURATE
    assert at.best_slack == 0.0
    assert "no finite value" in at.message


def test_constraints_that_fit_one_by_one_but_not_together() -> None:
    samples = ScoredSamples([[0.0, 0.0]], [[[1.0, 0.0], [0.0, 1.0]]], ("a", "b"))
    found = solve_dual(AlignmentProblem(samples, [0.7, 0.7], 1.0, "absolute"))
    assert found.outcome is Outcome.INFEASIBLE
    assert found.best_slack == pytest.approx(-0.2, abs=1e-12)
    assert found.certificate == pytest.approx([0.5, 0.5])
    assert "0.5 x 'a' + 0.5 x 'b'" in found.message
    assert np.isnan(found.multipliers).all()


def test_the_threshold_that_cannot_be_met_is_said_with_the_best() -> None:
    samples = ScoredSamples([[0.0, 1.0]], [[[1.7], [0.0]]], ("safety",))
    found = solve_dual(AlignmentProblem(samples, [2.5], 0.1, "absolute"))
    assert found.message == (
        "threshold 2.5 on 'safety' cannot be met on these samples: best achievable is 1.7. "
        "Lower the threshold or add responses."
    )


def test_one_response_decides_by_itself() -> None:
    samples = ScoredSamples([[2.0]], [[[1.0]]], ("a",))
    assert solve_dual(AlignmentProblem(samples, [-0.1], 1.0)).outcome is Outcome.OPTIMAL_NOT_BINDING
    assert solve_dual(AlignmentProblem(samples, [0.1], 1.0)).outcome is Outcome.INFEASIBLE
    assert solve_dual(AlignmentProblem(samples, [0.0], 1.0)).outcome is Outcome.OPTIMAL_NOT_BINDING


def test_too_few_iterations_are_confessed() -> None:
    problem = random_problem(8, m=2, n_prompts=30, beta=0.05, reach=0.9)
    found = solve_dual(problem, max_iterations=1)
    assert found.outcome is Outcome.INACCURATE
    assert found.kkt_residual > TOLERANCE
    assert "raise beta or max_iterations" in found.message
    with pytest.raises(InvalidInputError, match="must be positive"):
        solve_dual(problem, tolerance=0.0)


def test_projected_gradient_ends_where_newton_does() -> None:
    system = two_responses(beta=0.5)
    descent = projected_gradient(system.problem)
    assert descent.converged
    assert descent.path[0] == pytest.approx([1.0])
    assert descent.path[-1] == pytest.approx(system.multipliers, abs=1e-6)
    assert (np.diff(descent.dual) <= 1e-12).all()
    assert descent.residual[-1] <= TOLERANCE
    assert descent.passes > solve_dual(system.problem).iterations
    several = random_problem(1, m=3, beta=1.0, reach=0.3)
    np.testing.assert_allclose(
        projected_gradient(several, max_iterations=5000).path[-1], solve_dual(several).multipliers, atol=1e-5
    )
    with pytest.raises(InvalidInputError, match="positive step"):
        projected_gradient(several, step=0.0)


def test_what_cannot_be_met_alone_is_told_before_any_mix() -> None:
    utilities = np.array([[[0.0, 2.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]])
    samples = ScoredSamples(np.zeros((2, 2)), utilities, ("calm", "brief"))
    both = solve_dual(AlignmentProblem(samples, np.array([0.9, 1.4]), 1.0, "absolute"))
    assert "the thresholds cannot be met together" in both.message
    assert unmet_alone(AlignmentProblem(samples, np.array([0.9, 1.4]), 1.0, "absolute")) == {}
    one = AlignmentProblem(samples, np.array([0.9, 1.6]), 1.0, "absolute")
    assert unmet_alone(one) == {1: pytest.approx(1.5)}
    message = solve_dual(one).message
    assert "threshold 1.6 on 'brief' cannot be met even alone, the best achievable is 1.5" in message
    assert "calm" not in message
