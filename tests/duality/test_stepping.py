import numpy as np
import pytest

from dualign.duality import AlignmentProblem, ScoredSamples, evaluate_dual, solve_dual
from dualign.duality.stepping import STEP_RULES, default_step_size, dual_step
from dualign.errors import InvalidInputError


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    samples = ScoredSamples(rng.normal(size=(60, 64)), rng.normal(size=(60, 64, 2)), ("safe", "kind"))
    return AlignmentProblem(samples, np.array([0.4, 0.1]), 1.0)


@pytest.mark.parametrize(("rule", "iterations"), [("newton", 12), ("constant", 400), ("diminishing", 4000)])
def test_steps_with_the_exact_slack_end_at_the_optimum(problem, rule, iterations):
    lam, best = np.zeros(2), solve_dual(problem)
    for t in range(1, iterations + 1):
        found = evaluate_dual(problem, lam[None])
        lam = dual_step(lam, found.slack[0], hessian=found.hessian[0], rule=rule, iteration=t)
    np.testing.assert_allclose(lam, best.multipliers, atol=2e-3)


def test_one_constraint_moves_by_its_slack_over_the_curvature():
    assert dual_step([1.0], [0.2], hessian=[[0.5]]) == pytest.approx([0.6])
    assert dual_step([0.1], [0.2], hessian=[[0.5]]) == pytest.approx([0.0])
    assert dual_step([1.0], [-0.2], hessian=[[0.5]], rule="constant", step_size=2.0) == pytest.approx([1.4])
    assert dual_step([1.0], [-0.2], hessian=[[0.5]], rule="diminishing", iteration=4) == pytest.approx([1.2])
    assert default_step_size([[2.0, 0.0], [0.0, 4.0]]) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"slack": [0.1, 0.2]}, "shape"),
        ({"slack": [np.nan]}, "finite"),
        ({"rule": "other"}, "rule is 'other'"),
        ({"hessian": [[0.0]]}, "flat"),
        ({"hessian": [[0.0]], "rule": "constant"}, "flat"),
        ({"step_size": -1.0, "rule": "constant"}, "positive step"),
    ],
)
def test_steps_that_cannot_be_taken_are_said(change, words):
    given = {"multipliers": [1.0], "slack": [0.1], "hessian": [[1.0]], **change}
    with pytest.raises(InvalidInputError, match=words):
        dual_step(given.pop("multipliers"), given.pop("slack"), **given)


def test_the_rules_are_listed():
    assert STEP_RULES == ("newton", "constant", "diminishing")
