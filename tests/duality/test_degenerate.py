"""Ties, dependent constraints, groups and extreme sizes: what resampling and the jackknife make of them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from dualign.duality import (
    AlignmentProblem,
    Outcome,
    Reliability,
    ScoredSamples,
    assess,
    build_problem,
    check_feasibility,
    group_share,
    parse_thresholds,
    solve_dual,
)
from dualign.duality.sandwich import sandwich
from dualign.errors import InvalidInputError


def _scores(n_prompts: int = 60, n_responses: int = 16) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    r = rng.normal(size=(n_prompts, n_responses))
    return r, rng.normal(size=r.shape) - 0.5 * r, rng.normal(size=r.shape)


def _problem(
    r: np.ndarray, columns: list[np.ndarray], thresholds: list[float], form: str = "improvement"
) -> AlignmentProblem:
    names = tuple("abcd"[: len(columns)])
    return AlignmentProblem(ScoredSamples(r, np.stack(columns, axis=2), names), thresholds, 1.0, form)  # type: ignore[arg-type]


def _assess(problem: AlignmentProblem, resamples: int = 300) -> Reliability:
    return assess(problem, solve_dual(problem), resamples=resamples, rng=np.random.default_rng(0))


@pytest.mark.parametrize("form", ["improvement", "absolute"])
def test_a_groups_interval_knows_neither_the_zero_of_the_score_nor_other_prompts(form: str) -> None:
    r, g, _ = _scores(120)
    groups = ("few",) * 40 + ("most",) * 80
    found = []
    for shift in (0.0, 100.0):
        samples = ScoredSamples(r, (g + shift)[..., None], ("safe",), groups=groups)
        value = 0.3 if form == "improvement" else shift + 0.3
        problem = build_problem(samples, parse_thresholds([f"safe[few]>={value}"]), beta=1.0, form=form)  # type: ignore[arg-type]
        plain = build_problem(
            samples.subset("few"),
            parse_thresholds([f"safe>={value}"]),
            beta=1.0,
            form=form,  # type: ignore[arg-type]
        )
        whole, alone = _assess(problem, 2000), _assess(plain, 2000)
        share = group_share(samples, "few")
        for name in ("multipliers_interval", "sandwich_multipliers_interval"):
            mine, other = getattr(whole, name) / share, getattr(alone, name)
            np.testing.assert_allclose(mine, other, atol=0.1 * np.ptp(other))
        np.testing.assert_allclose(
            whole.utilities_interval,
            alone.utilities_interval,
            atol=0.1 * np.ptp(alone.utilities_interval) + 1e-6,
        )
        found.append([whole.multipliers_interval, whole.utilities_interval - shift])
        assert whole.share_infeasible == 0
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)


def test_a_group_that_many_resamples_lack_is_judged_by_those_that_have_it() -> None:
    r, g, g2 = _scores(40, 64)
    samples = ScoredSamples(r, np.stack([g, g2], axis=2), ("a", "b"), groups=("one",) * 2 + ("rest",) * 38)
    for stated in (["a[one]>=0.3"], ["a[one]>=0.3", "b>=0.3"]):
        problem = build_problem(samples, parse_thresholds(stated), beta=1.0)
        found = _assess(problem)
        assert np.isfinite(found.multipliers_interval).all()
        assert (found.multipliers_interval[:, 0] > 0).all()


@pytest.mark.parametrize(
    ("column", "threshold", "form"),
    [
        (lambda r, g: np.ones_like(g), 1.0, "absolute"),
        (lambda r, g: np.ones_like(g), 0.0, "improvement"),
        (lambda r, g: np.repeat(g[:, :1], g.shape[1], axis=1), 0.0, "improvement"),
        (lambda r, g: np.full_like(g, 1e6 + 0.1), 1e6 + 0.1, "absolute"),
    ],
)
def test_a_threshold_that_every_reply_meets_exactly_costs_nothing(column, threshold, form) -> None:
    r, g, _ = _scores()
    found = _assess(_problem(r, [column(r, g)], [threshold], form))
    assert found.share_infeasible == 0
    assert not found.multipliers_interval.any()


def test_a_threshold_at_the_ceiling_has_no_finite_price() -> None:
    r, g, _ = _scores()
    problem = _problem(r, [(g > 0) * 1.0], [1.0], "absolute")
    solution = solve_dual(problem)
    assert solution.outcome is Outcome.INACCURATE
    assert "equals the best achievable" in solution.message
    found = assess(problem, solution, resamples=200, rng=np.random.default_rng(0))
    assert found.share_infeasible == 0  # every resample reaches it, in the limit
    assert found.multipliers_interval[0, 1] == np.inf
    assert found.trust.light == "red"


@pytest.mark.parametrize(
    ("columns", "thresholds", "prices"),
    [
        (lambda g: [g, 2 * g + 3], [0.3, 0.6], [1.0, 2.0]),
        (lambda g: [g, g], [0.3, 0.3], [1.0, 1.0]),
        (lambda g: [g, g], [0.3, 0.2], [1.0, 0.0]),
        (lambda g: [g, -g], [0.3, -0.3], [1.0, -1.0]),
        (lambda g: [g, np.ones_like(g)], [0.3, 0.0], [1.0, 0.0]),
    ],
)
def test_dependent_constraints_cost_together_what_one_costs(columns, thresholds, prices) -> None:
    r, g, _ = _scores()
    one, several = _problem(r, [g], [0.3]), _problem(r, columns(g), thresholds)
    alone, found = _assess(one, 500), _assess(several, 500)
    assert found.share_infeasible == 0
    assert found.trust.light == alone.trust.light
    assert solve_dual(several).multipliers @ prices == pytest.approx(solve_dual(one).multipliers[0], rel=1e-6)
    assert found.multipliers_corrected @ prices == pytest.approx(alone.multipliers_corrected[0], rel=1e-5)
    # The tie is broken alike: shares of the price are those of the plain solution.
    lam = solve_dual(several).multipliers
    np.testing.assert_allclose(
        found.multipliers_corrected / found.multipliers_corrected.sum(), lam / lam.sum(), atol=1e-5
    )
    np.testing.assert_allclose(
        np.asarray(prices) @ found.multipliers_interval, alone.multipliers_interval[0], rtol=0.02
    )
    np.testing.assert_allclose(
        np.asarray(prices) @ found.sandwich_multipliers_interval,
        alone.sandwich_multipliers_interval[0],
        rtol=1e-3,
    )


def test_a_sum_of_constraints_is_met_in_every_resample() -> None:
    r, a, b = _scores()
    found = _assess(_problem(r, [a, b, a + b], [0.3, 0.3, 0.6]))
    assert found.share_infeasible == 0
    assert np.isfinite(found.multipliers_interval).all()
    errors = sandwich(
        _problem(r, [a, b, a + b], [0.3, 0.3, 0.6]),
        solve_dual(_problem(r, [a, b, a + b], [0.3, 0.3, 0.6])).multipliers,
    )
    half = np.ptp(found.multipliers_interval, axis=1)[0] / 2
    assert half == pytest.approx(1.96 * errors.multipliers[0], rel=0.3)


def test_scores_beyond_float64s_moments_are_refused_in_words() -> None:
    r, g, _ = _scores()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for reward, utility, words in (
            (r * 1e300, g * 1e300, "'reward' are too large"),
            (r, g * 1e155, "'a' are too large"),
            (r * 1e155, g, "'reward' are too large"),
            (r, g * 1e-200, "'a' differ by no more than"),
        ):
            with pytest.raises(InvalidInputError, match=words):
                solve_dual(_problem(reward, [utility], [0.1]))
        for beta in (1e-300, 1e300):
            with pytest.raises(InvalidInputError, match="beta is"):
                AlignmentProblem(ScoredSamples(r, g[..., None], ("a",)), [0.1], beta)
        for scale in (1e-50, 1e50):
            scaled = AlignmentProblem(
                ScoredSamples(r * scale, g[..., None] * scale, ("a",)), [0.3 * scale], scale
            )
            found = assess(scaled, solve_dual(scaled), resamples=100, rng=np.random.default_rng(0))
            assert found.trust.light != "red"
            assert solve_dual(scaled).multipliers[0] == pytest.approx(
                solve_dual(_problem(r, [g], [0.3])).multipliers[0], rel=1e-6
            )


def test_tables_that_would_not_fit_are_refused_in_words() -> None:
    problem = _problem(*(lambda r, g, _: (r, [g], [0.3]))(*_scores()))
    with pytest.raises(InvalidInputError, match="give at most"):
        _assess(problem, 10**8)


def test_the_jackknife_gives_up_quietly_where_no_curvature_is_left() -> None:
    rng = np.random.default_rng(5)
    r = rng.normal(size=(50, 16))
    g = -0.5 * r + rng.normal(size=(50, 16))
    problem = AlignmentProblem(ScoredSamples(r, g[..., None], ("a",)), [1.5], 1e-4)
    found = _assess(problem, 100)
    assert np.isnan(found.multipliers_corrected).all()
    assert found.trust.light == "red"


@pytest.mark.parametrize("kind", ["binary", "continuous"])
def test_thresholds_that_are_together_at_the_ceiling_have_no_finite_price(kind: str) -> None:
    rng = np.random.default_rng(8)
    r, g = rng.normal(size=(40, 12)), rng.normal(size=(40, 12, 3))
    g = (g > 0) * 1.0 if kind == "binary" else g
    samples = ScoredSamples(r, g, ("a", "b", "c"))
    most = check_feasibility(AlignmentProblem(samples, np.zeros(3), 1.0)).best_slack
    at = solve_dual(AlignmentProblem(samples, np.full(3, most), 1.0))
    assert at.outcome is Outcome.INACCURATE
    assert "together equal the best achievable" in at.message
    below = solve_dual(AlignmentProblem(samples, np.full(3, 0.9 * most), 1.0))
    assert below.outcome is Outcome.OPTIMAL_BINDING
    above = solve_dual(AlignmentProblem(samples, np.full(3, 1.0001 * most), 1.0))
    assert above.outcome is Outcome.INFEASIBLE
