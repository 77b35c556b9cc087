import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dualign.duality import AlignmentProblem, ScoredSamples, solve_dual
from dualign.duality.parametrized import (
    FiniteProblem,
    dual,
    minimise_dual,
    minimise_parametrized_dual,
    parametrization_gap,
    parametrized_dual,
    parametrized_policies,
    parametrized_primal,
    tilted_policy,
    value_of,
)
from dualign.duality.theory import check_theory
from dualign.errors import InvalidInputError
from tests.systems import two_responses


def conflict(levels=9, beta=0.5, threshold=0.2, prompts=3):
    """The second response earns more, the first is safer."""
    rho = np.linspace(0.5, 1.0, prompts)
    rewards = np.stack([np.zeros(prompts), rho], axis=1)
    margins = np.tile([0.5 - threshold, -0.5 - threshold], (prompts, 1))
    return FiniteProblem.with_resolution(rewards, margins, levels=levels, beta=beta)


def test_over_all_policies_it_is_the_problem_of_the_sampled_dual():
    problem = conflict()
    samples = ScoredSamples(problem.rewards, problem.margins[..., None], ("safe",))
    sampled = solve_dual(AlignmentProblem(samples, [0.0], problem.beta, form="absolute"))
    found = minimise_dual(problem)
    assert found.multiplier == pytest.approx(sampled.multipliers[0], abs=1e-7)
    assert found.value == pytest.approx(sampled.dual_optimum, abs=1e-10)
    assert value_of(problem, tilted_policy(problem, found.multiplier)).regularized == pytest.approx(
        found.value
    )
    oracle = two_responses(rho=0.7, threshold=0.2, beta=0.5)
    same = FiniteProblem.with_resolution([[0, 0.7]], [[0.3, -0.7]], levels=3, beta=0.5)
    assert minimise_dual(same).multiplier == pytest.approx(oracle.multipliers[0])


def test_the_parametrized_optimum_matches_a_plain_search():
    problem = conflict(levels=7)
    found = minimise_parametrized_dual(problem)
    grid = np.linspace(0, 4, 4001)
    searched = np.array([parametrized_dual(problem, x) for x in grid])
    assert found.value == pytest.approx(searched.min(), abs=2e-3)
    assert found.value <= searched.min() + 1e-12
    best, policy = parametrized_primal(problem)
    every = [value_of(problem, p) for p in np.stack(np.meshgrid(*problem.choices), -1).reshape(-1, 3)]
    assert best == pytest.approx(max(v.regularized for v in every if v.slack >= -1e-12))
    assert value_of(problem, policy).regularized == pytest.approx(best)
    low, high = parametrized_policies(problem, found.multiplier)
    assert value_of(problem, low).slack <= 1e-12 <= value_of(problem, high).slack + 2e-12


def test_nu_is_the_distance_of_the_worst_policy():
    rng = np.random.default_rng(0)
    for levels in (3, 5, 17):
        problem = conflict(levels=levels, prompts=1)
        nu, p = parametrization_gap(problem), np.append(rng.random(4000), [0.0, 1.0])

        def kl(q):
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.nan_to_num(q * np.log(2 * q)) + np.nan_to_num((1 - q) * np.log(2 * (1 - q)))

        grid = problem.choices[0]
        apart = np.maximum(2 * np.abs(p[:, None] - grid), np.abs(kl(p)[:, None] - kl(grid)))
        assert apart.min(axis=1).max() <= nu + 1e-12
        assert apart.min(axis=1).max() == pytest.approx(nu, rel=2e-2)
    bounded = FiniteProblem([[0, 1]], [[0.3, -0.7]], [[0.1, 0.5, 0.9]], 0.5)
    assert parametrization_gap(bounded) >= abs(np.log(2) - value_of(bounded, [0.1]).kl)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    levels=st.sampled_from([3, 5, 9, 33]),
    beta=st.floats(0.1, 3.0),
    prompts=st.integers(1, 3),
)
def test_every_bound_of_the_theory_holds(seed, levels, beta, prompts):
    rng = np.random.default_rng(seed)
    margins = rng.normal(size=(prompts, 2)) - 0.2
    problem = FiniteProblem.with_resolution(rng.normal(size=(prompts, 2)), margins, levels=levels, beta=beta)
    assume(margins.max(axis=1).mean() > 0.01)
    theory = check_theory(problem)
    assert [bound for bound in theory.bounds if not bound.holds] == []
    assert theory.dual_optimum_parametrized <= theory.dual_optimum + 1e-9


def test_gaps_shrink_with_nu_at_the_rates_of_the_theory():
    found = [check_theory(conflict(levels=n)) for n in (5, 9, 17, 33, 65, 127)]
    gaps = np.array([theory.gap for theory in found])
    apart = np.array([theory.dual_optimum - theory.dual_optimum_parametrized for theory in found])
    assert (np.diff(gaps) < 0).all()
    assert (apart <= 4 * gaps).all()
    assert (apart > 0).all()
    for theory in found:
        assert abs(theory.one_shot_slack) <= 2 * np.sqrt(theory.gap)
        assert abs(theory.multi_shot_slack) <= 6 * np.sqrt(theory.gap)


def test_a_constraint_that_does_not_bind_has_price_zero():
    problem = conflict(threshold=-0.9)
    assert minimise_dual(problem).multiplier == 0
    assert minimise_parametrized_dual(problem).multiplier == 0
    assert dual(problem, 0.0) == minimise_dual(problem).value


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: conflict(levels=4), "odd number"),
        (lambda: FiniteProblem([[0, 1]], [[0, 1]], [[0.2, 0.4]], 1.0), "reference"),
        (lambda: FiniteProblem([[0, 1]], [[0, 1]], [[0.5]], 0.0), "beta > 0"),
        (lambda: conflict(levels=201, prompts=4), "too many"),
        (lambda: minimise_dual(conflict(threshold=0.6)), "no policy has slack"),
        (lambda: minimise_parametrized_dual(conflict(threshold=0.5)), "no parametrized policy"),
    ],
)
def test_problems_that_cannot_be_solved_are_said(make, words):
    with pytest.raises(InvalidInputError, match=words):
        make()
