import numpy as np
import pytest

from dualign.errors import InvalidInputError
from dualign.samples.split import held_out


def test_every_group_gives_its_share_whatever_the_order_of_the_set():
    prompts = [f"prompt {i}" for i in range(40)]
    groups = ["a"] * 24 + ["b"] * 16
    chosen = held_out(prompts, groups)
    assert (chosen[:24].sum(), chosen[24:].sum()) == (6, 4)
    order = np.random.default_rng(0).permutation(40)
    moved = held_out([prompts[i] for i in order], [groups[i] for i in order])
    np.testing.assert_array_equal(moved, chosen[order])
    assert (held_out(prompts, groups, seed=1) != chosen).any()


@pytest.mark.parametrize(
    ("prompts", "groups", "share", "words"),
    [
        (["a", "b"], ["x"], 0.5, "one group a prompt"),
        (["a", "b"], ["x", "x"], 1.0, "between 0 and 1"),
        (["a", "b"], ["x", "y"], 0.2, "cannot be split"),
    ],
)
def test_a_split_that_cannot_be_made_is_said(prompts, groups, share, words):
    with pytest.raises(InvalidInputError, match=words):
        held_out(prompts, groups, share=share)
