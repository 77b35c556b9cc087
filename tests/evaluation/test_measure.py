import numpy as np
import pytest

from dualign.duality import AlignmentProblem, ScoredSamples, evaluate_dual, tilted_weights
from dualign.errors import InvalidInputError
from dualign.evaluation import lessons
from dualign.evaluation.divergence import DESCRIPTIONS, distribution_kl, kl_terms
from dualign.evaluation.estimates import Estimate, PromptBootstrap
from dualign.evaluation.measure import PolicyReplies, distribution, measure
from dualign.evaluation.resampled import (
    multipliers_for,
    predicted_gains,
    reference_replies,
    resampled_replies,
)
from dualign.evaluation.tracking import Tracked, track


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def samples(rng):
    utility = rng.normal(size=(90, 64))
    return ScoredSamples(
        rewards=rng.normal(size=(90, 64)) - 0.4 * utility,
        utilities=utility[..., None],
        names=("safe",),
        groups=("a",) * 30 + ("b",) * 60,
    )


def test_an_interval_of_a_mean_has_the_width_of_its_standard_error(rng):
    values = rng.normal(size=400)
    found = PromptBootstrap.draw(400, resamples=4000, rng=rng).mean(values)
    assert found.value == pytest.approx(values.mean())
    assert (found.high - found.low) / (2 * 1.96 * values.std() / 20) == pytest.approx(1.0, abs=0.05)


def test_a_tail_is_the_mean_of_the_lowest_replies(rng):
    scores = rng.normal(size=(50, 7))
    lowest = np.sort(scores, axis=None)[:35].mean()
    draw = PromptBootstrap.draw(50, resamples=200, rng=rng)
    found = draw.tail(scores, 0.1)
    assert found.value == pytest.approx(lowest)
    assert found.low < lowest < found.high
    assert draw.tail(scores, 1.0).value == pytest.approx(scores.mean())
    moved = draw.tail_change(scores + 2.0, scores, 0.1)
    assert (moved.value, moved.low, moved.high) == pytest.approx((2.0, 2.0, 2.0))


def test_a_group_mean_leaves_out_resamples_without_the_group(rng):
    draw = PromptBootstrap.draw(6, resamples=300, rng=rng)
    found = draw.mean(np.arange(6.0), rows=[True, False, False, False, False, False])
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("estimator", ["log-ratio", "non-negative"])
def test_kl_estimators_are_unbiased(rng, estimator):
    policy, reference = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
    exact = float(policy @ np.log(policy / reference))
    drawn = rng.choice(3, size=200_000, p=policy)
    terms = kl_terms(np.log(policy / reference)[drawn], estimator)
    assert terms.mean() == pytest.approx(exact, abs=4 * terms.std() / np.sqrt(terms.size))
    assert estimator in DESCRIPTIONS
    assert estimator == "log-ratio" or terms.min() >= 0


def test_kl_of_a_choice_among_replies_is_that_of_the_tilted_policy(samples):
    problem = AlignmentProblem(samples, [0.0], 0.7)
    weights = tilted_weights(problem, [1.3])
    assert distribution_kl(weights).mean() == pytest.approx(evaluate_dual(problem, [1.3]).kl[0])
    with pytest.raises(InvalidInputError, match="NaN or infinity"):
        kl_terms([np.nan])
    with pytest.raises(InvalidInputError, match="estimator"):
        kl_terms([0.1], "token-exact")


def test_many_choices_of_the_resampled_policy_average_to_the_prediction(samples, rng):
    problem = AlignmentProblem(samples, [0.0], 0.7)
    lam, gains = multipliers_for(samples, [[0.6]], beta=0.7)
    scores = {"helpful": samples.rewards, "safe": samples.utilities[..., 0]}
    reference = reference_replies(scores, samples.groups)
    policy = resampled_replies(problem, lam[0], scores, draws=400, rng=rng)
    found = measure(policy, reference, reward="helpful", thresholds={"safe": 0.6}, beta=0.7, rng=rng)
    predicted = predicted_gains(samples, lam, beta=0.7)
    assert gains[0, 0] == pytest.approx(0.6, abs=1e-6)
    assert found.utility_gains["safe"].value == pytest.approx(0.6, abs=0.02)
    assert found.slack["safe"].value == pytest.approx(0.0, abs=0.02)
    assert found.reward_gain.value == pytest.approx(predicted["reward"][0], abs=0.02)
    assert found.kl.value == pytest.approx(predicted["kl"][0])
    assert found.regularized_gain.value == pytest.approx(predicted["regularized"][0], abs=0.03)
    # Group means weigh up to the whole, the tail moves with the utility, bins hold every reply.
    whole = (30 * found.groups["a"]["safe"].value + 60 * found.groups["b"]["safe"].value) / 90
    assert whole == pytest.approx(found.utility_gains["safe"].value)
    assert found.worst_group["safe"] == min("ab", key=lambda g: found.groups[g]["safe"].value)
    assert found.tail["safe"].change.value > 0.3
    assert sum(found.distributions["safe"].after) == pytest.approx(1.0)
    assert found.satisfied_within_noise


def test_fewer_candidates_keep_the_policy_nearer_to_the_reference(samples, rng):
    problem = AlignmentProblem(samples, [0.0], 0.3)
    scores = {"safe": samples.utilities[..., 0]}
    made = [
        resampled_replies(problem, [2.0], scores, draws=60, rng=rng, candidates=count)
        for count in (1, 4, 16, 64)
    ]
    means = [policy.scores["safe"].mean() for policy in made]
    assert means[0] == pytest.approx(samples.baseline[0], abs=0.05)
    assert means == sorted(means)
    assert all(
        policy.kl_terms.max() <= np.log(c) + 1e-9 for policy, c in zip(made, (1, 4, 16, 64), strict=True)
    )


@pytest.mark.parametrize("options", [{"draws": 0}, {"draws": 1, "candidates": 65}])
def test_impossible_draws_are_said(samples, rng, options):
    with pytest.raises(InvalidInputError, match="64 stored replies"):
        resampled_replies(AlignmentProblem(samples, [0.0], 1.0), [0.0], {}, rng=rng, **options)


def test_absolute_thresholds_are_levels(rng):
    policy = PolicyReplies(
        name="p", scores={"r": np.ones((4, 2)), "g": np.full((4, 2), 3.0)}, groups=("",) * 4
    )
    reference = PolicyReplies(
        name="q", scores={"r": np.zeros((4, 3)), "g": np.ones((4, 3))}, groups=("",) * 4
    )
    found = measure(policy, reference, reward="r", thresholds={"g": 2.5}, beta=1.0, rng=rng, form="absolute")
    assert found.slack["g"] == Estimate(0.5, 0.5, 0.5)
    assert (found.kl, found.regularized_gain, found.groups) == (None, None, {})
    assert found.satisfied


@pytest.mark.parametrize(
    ("groups", "thresholds", "words"),
    [(("x",) * 4, {"g": 0.0}, "same prompts"), (("",) * 4, {}, "threshold")],
)
def test_what_cannot_be_compared_is_said(rng, groups, thresholds, words):
    scores = {"r": np.ones((4, 2)), "g": np.ones((4, 2))}
    policy = PolicyReplies(name="p", scores=scores, groups=("",) * 4)
    reference = PolicyReplies(name="q", scores=scores, groups=groups)
    with pytest.raises(InvalidInputError, match=words):
        measure(policy, reference, reward="r", thresholds=thresholds, beta=1.0, rng=rng)


def test_scores_that_are_not_finite_are_refused():
    with pytest.raises(InvalidInputError, match="NaN"):
        PolicyReplies(name="p", scores={"r": np.full((2, 2), np.nan)}, groups=("", ""))
    with pytest.raises(InvalidInputError, match="one row a prompt"):
        PolicyReplies(name="p", scores={"r": np.ones((3, 2))}, groups=("", ""))


def test_tracking_counts_intervals_that_hold_the_prediction():
    points = [
        Tracked(
            label=str(x), multiplier=x, expected=x, achieved=Estimate(x + off, x + off - 0.1, x + off + 0.1)
        )
        for x, off in ((0.0, 0.0), (1.0, 0.05), (2.0, 0.4))
    ]
    found = track(points)
    assert (found.covered, found.mean_error) == (2, pytest.approx(0.15))
    assert "2 of 3" in found.sentence
    with pytest.raises(InvalidInputError):
        track([])


def test_a_lesson_says_what_share_was_achieved_at_what_cost(samples, rng):
    problem = AlignmentProblem(samples, [0.0], 0.7)
    scores = {"helpful": samples.rewards, "safe": samples.utilities[..., 0]}
    reference = reference_replies(scores, samples.groups)
    lam, _ = multipliers_for(samples, [[0.6]], beta=0.7)
    options = {"reward": "helpful", "thresholds": {"safe": 0.6}, "beta": 0.7, "rng": rng}
    half = measure(
        resampled_replies(problem, lam[0], scores, draws=200, rng=rng, name="half"), reference, **options
    )
    text = lessons.achieved_sentence(
        half, "safe", predicted_gain=1.2, predicted_cost=0.5, free_gain=half.regularized_gain.value + 0.25
    )
    assert text.startswith("half achieved 50 % of the predicted safe") or "49 %" in text or "51 %" in text
    assert "at 50 % of the predicted cost" in text
    said = lessons.satisfaction_sentence(half, thresholds={"safe": 0.6}, whose="its own threshold")
    assert "noise" in said
    assert "its own threshold safe ≥ 0.6 holds" in said
    assert "worst 5 %" in lessons.worst_sentence(half, "safe")
    assert "half earns most" in lessons.front_sentence({"half": half})
    assert lessons.share(1.0, 1e-9) is None


def test_bins_hold_replies_beyond_the_edges():
    found = distribution(np.r_[np.zeros(998), 1e6, -1e6], np.zeros(10))
    assert sum(found.after) == pytest.approx(1.0)
    assert sum(found.before) == pytest.approx(1.0)
