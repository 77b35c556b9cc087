from __future__ import annotations

import numpy as np
import pytest

from dualign.alignment.preferences import (
    hard_preferences,
    plan_groups,
    preference_probability,
    soft_preferences,
)
from dualign.errors import InvalidInputError


def test_soft_labels_are_the_mean_of_hard_ones(rng: np.random.Generator) -> None:
    scores = np.array([0.3, -1.2, 2.0])
    wins = np.zeros((3, 3))
    draws = 20_000
    for _ in range(draws):
        found = hard_preferences(scores, rng=rng)
        wins[found.chosen, found.rejected] += 1
    soft = soft_preferences(scores)
    np.testing.assert_allclose(wins[soft.chosen, soft.rejected] / draws, soft.probability, atol=0.015)
    assert (soft.probability >= 0.5).all()
    assert set(zip(soft.chosen, soft.rejected, strict=True)) == {(0, 1), (2, 0), (2, 1)}


def test_probability_is_the_logistic_of_the_difference_and_safe_at_the_ends() -> None:
    np.testing.assert_allclose(
        preference_probability([0.0, 1.0, 2000.0], [0.0, 0.0, 0.0]), [0.5, 1 / (1 + np.exp(-1)), 1]
    )
    assert preference_probability(-2000.0, 0.0) == 0.0


def test_hard_labels_follow_their_seed() -> None:
    first = hard_preferences([0.1, 0.2, 0.3], rng=np.random.default_rng(3))
    second = hard_preferences([0.1, 0.2, 0.3], rng=np.random.default_rng(3))
    np.testing.assert_array_equal(first.chosen, second.chosen)
    assert (first.probability == 1).all()


def test_a_plan_takes_each_reply_once_a_pass_and_only_of_the_prompts_given() -> None:
    lengths = [np.arange(10, 18) + p for p in range(12)]
    plan = plan_groups(
        lengths, [0, 2, 4, 6], replies=4, batch_size=2, batches=4, rng=np.random.default_rng(0)
    )
    assert plan.prompts.shape == (8,)
    assert plan.replies.shape == (8, 4)
    used = {(int(p), int(r)) for p, row in zip(plan.prompts, plan.replies, strict=True) for r in row}
    assert used == {(p, r) for p in (0, 2, 4, 6) for r in range(8)}
    again = plan_groups(
        lengths, [0, 2, 4, 6], replies=4, batch_size=2, batches=4, rng=np.random.default_rng(0)
    )
    np.testing.assert_array_equal(plan.replies, again.replies)


def test_groups_of_like_length_share_a_batch(rng: np.random.Generator) -> None:
    lengths = [rng.integers(5, 80, 32) for _ in range(40)]
    plan = plan_groups(lengths, np.arange(40), replies=4, batch_size=4, batches=60, rng=rng)
    size = np.array(
        [lengths[p][row].sum() for p, row in zip(plan.prompts, plan.replies, strict=True)]
    ).reshape(-1, 4)
    padding = 1 - size.sum() / (4 * size.max(axis=1).sum())
    shuffled = rng.permutation(size.ravel()).reshape(-1, 4)
    assert padding < 0.5 * (1 - shuffled.sum() / (4 * shuffled.max(axis=1).sum()))


def test_too_few_replies_are_refused(rng: np.random.Generator) -> None:
    with pytest.raises(InvalidInputError, match="no prompt has more than 3"):
        plan_groups([np.ones(3)], [0], replies=4, batch_size=1, batches=1, rng=rng)
