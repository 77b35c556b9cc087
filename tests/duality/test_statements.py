"""What a stated constraint means: its form, its name, and which names a set has."""

from __future__ import annotations

import numpy as np
import pytest

from dualign.duality import (
    AlignmentProblem,
    Form,
    ScoredSamples,
    Threshold,
    assess,
    build_problem,
    parse_thresholds,
    single_form,
    solve_dual,
)
from dualign.errors import InvalidInputError


@pytest.fixture
def samples() -> ScoredSamples:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(60, 32, 3))
    groups = ("work",) * 20 + ("sleep",) * 40
    return ScoredSamples(
        z[..., 0],
        np.stack([z[..., 1] - 0.4 * z[..., 0] + 2, z[..., 2]], axis=2),
        ("a", "b>=c"),
        groups=groups,
    )


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("a>=0.5", Threshold("a", 0.5)),
        (" a >= -1e-3 ", Threshold("a", -1e-3)),
        ("a>=ref+0.5", Threshold("a", 0.5, form="improvement")),
        ("a >= reference - 0.25", Threshold("a", -0.25, form="improvement")),
        ("a>=ref", Threshold("a", 0.0, form="improvement")),
        ("a[work]>=ref+1", Threshold("a", 1.0, group="work", form="improvement")),
        ("P(a>=0)>=0.95", Threshold("a", 0.95, cutoff=0.0)),
        ("P(a >= -0.5) >= ref+.1", Threshold("a", 0.1, cutoff=-0.5, form="improvement")),
        ("b>=c>=0.5", Threshold("b>=c", 0.5)),
        ("P(b>=c>=1)>=0.5", Threshold("b>=c", 0.5, cutoff=1.0)),
    ],
)
def test_statements(statement: str, expected: Threshold) -> None:
    assert parse_thresholds([statement]) == (expected,)


@pytest.mark.parametrize(
    "statement", ["a>0.5", "a>=", "a>=ref*2", "a>=nan", ">=1", "a>=refer+1", "P(a>=x)>=.5>=", ""]
)
def test_what_is_no_statement(statement: str) -> None:
    with pytest.raises(InvalidInputError, match="threshold '"):
        parse_thresholds([statement])


@pytest.mark.parametrize(
    ("form", "forms"),
    [
        (None, ("improvement", "absolute", "improvement")),
        ("improvement", ("improvement", "improvement", "improvement")),
        ("absolute", ("absolute", "absolute", "improvement")),
    ],
)
def test_a_chance_constraint_is_a_share_unless_stated_otherwise(
    samples: ScoredSamples, form: Form | None, forms: tuple[Form, ...]
) -> None:
    stated = parse_thresholds(["a>=0.5", "P(a>=2)>=0.4", "b>=c>=ref+0.1"])
    assert build_problem(samples, stated, beta=1.0, form=form).forms == forms


def test_an_improvement_and_a_share_together(samples: ScoredSamples) -> None:
    problem = build_problem(samples, parse_thresholds(["a>=0.3", "P(a>=2)>=0.75"]), beta=1.0)
    solution = solve_dual(problem)
    found = assess(problem, solution, resamples=200, rng=np.random.default_rng(0))
    np.testing.assert_allclose(solution.expected_utilities, solution.slack + problem.offset, atol=1e-9)
    assert solution.expected_utilities[1] >= 0.75 - 1e-7
    # The same problem with both in one form: the same answer, and an interval that knows which baseline moves.
    level = AlignmentProblem(problem.samples, problem.offset, 1.0, "absolute")
    np.testing.assert_allclose(solve_dual(level).multipliers, solution.multipliers, atol=1e-6)
    np.testing.assert_allclose(found.utilities_interval[1], 0.75, atol=1e-3)
    assert np.ptp(found.utilities_interval[0]) > 0.05


def test_forms_that_do_not_fit_are_refused(samples: ScoredSamples) -> None:
    one = samples.select(["a"])
    assert AlignmentProblem(one, [0.1], 1.0, ("absolute",)).form == "absolute"
    for form in ("level", ("absolute", "absolute"), ("level",), ()):
        with pytest.raises(InvalidInputError, match="form is"):
            AlignmentProblem(one, [0.1], 1.0, form)  # type: ignore[arg-type]


def test_one_form_for_what_takes_one() -> None:
    assert single_form(parse_thresholds(["a>=1"]), None) is None
    assert single_form(parse_thresholds(["a>=ref+1"]), None) == "improvement"
    assert single_form(parse_thresholds(["P(a>=1)>=.5"]), None) == "absolute"
    assert single_form(parse_thresholds(["a>=1", "P(a>=1)>=.5"]), "absolute") == "absolute"
    with pytest.raises(InvalidInputError, match="mix improvements"):
        single_form(parse_thresholds(["a>=1", "P(a>=1)>=.5"]), None)


def test_cutoffs_that_differ_have_names_that_differ(samples: ScoredSamples) -> None:
    stated = parse_thresholds(["P(a>=0.1234561)>=0.2", "P(a>=0.1234562)>=0.2", "P(a>=2)>=0.2"])
    names = build_problem(samples, stated, beta=1.0).samples.names
    assert names == ("P(a>=0.1234561)", "P(a>=0.1234562)", "P(a>=2)")


def test_an_unknown_name_is_told_those_of_the_set_alone(samples: ScoredSamples) -> None:
    with pytest.raises(InvalidInputError) as refused:
        build_problem(samples, parse_thresholds(["P(a>=0)>=0.2", "x>=1"]), beta=1.0)
    assert str(refused.value).endswith("this set has a, b>=c.")
