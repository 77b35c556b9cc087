"""Which replies are compared with each other, in which order, and which of two is preferred."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


class Preferences(NamedTuple):
    """Pairs of one group of replies.

    ``chosen`` and ``rejected`` (n,) are places within the group; ``probability`` (n,) is that of preferring
    ``chosen``: 1 for a drawn label.
    """

    chosen: Index
    rejected: Index
    probability: Array


def preference_probability(first: npt.ArrayLike, second: npt.ArrayLike) -> Array:
    """sigmoid(first - second): probability of preferring the first of two replies with scores r_lam.

    The Bradley-Terry model of Huang et al. 2024, algorithm 1, line 4. beta enters when a policy is fitted to
    these preferences, not here: the optimum has beta (log-ratio difference) = score difference.
    """
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(np.subtract(second, first))), dtype=np.float64)


def soft_preferences(scores: npt.ArrayLike) -> Preferences:
    """All pairs of a group with scores (k,), the likelier reply as chosen, with its probability."""
    values = np.asarray(scores, dtype=np.float64)
    first, second = np.triu_indices(values.size, 1)
    swap = values[second] > values[first]
    chosen, rejected = np.where(swap, second, first), np.where(swap, first, second)
    return Preferences(chosen, rejected, preference_probability(values[chosen], values[rejected]))


def hard_preferences(scores: npt.ArrayLike, *, rng: np.random.Generator) -> Preferences:
    """All pairs of a group with scores (k,), each drawn by Bernoulli(sigmoid(score difference))."""
    values = np.asarray(scores, dtype=np.float64)
    first, second = np.triu_indices(values.size, 1)
    wins = rng.random(first.size) < preference_probability(values[first], values[second])
    return Preferences(np.where(wins, first, second), np.where(wins, second, first), np.ones(first.size))


class Plan(NamedTuple):
    """Groups of replies in training order: ``prompts`` (n,) and ``replies`` (n, k), their places in the set."""

    prompts: Index
    replies: Index


def plan_groups(
    lengths: Sequence[npt.ArrayLike],
    prompts: npt.ArrayLike,
    *,
    replies: int,
    batch_size: int,
    batches: int,
    rng: np.random.Generator,
) -> Plan:
    """Groups for ``batches`` batches of ``batch_size`` prompts, ``replies`` of one prompt in each group.

    Every pass over the prompts cuts a new random order of each prompt's replies into groups. Groups of like
    length share a batch, so that little of it is padding; the order of the batches is random.

    Parameters
    ----------
    lengths
        For every prompt, tokens of each of its replies with the prompt, (I_p,).
    prompts
        Places of the prompts to train on.
    replies, batch_size, batches
        Group size, prompts a batch, and number of batches.
    rng
        Source of randomness; the same state gives the same plan whatever the scores.

    Raises
    ------
    InvalidInputError
        No prompt has enough replies.
    """
    usable = [int(p) for p in np.asarray(prompts) if np.size(lengths[int(p)]) >= replies]
    if not usable:
        most = max((np.size(lengths[int(p)]) for p in np.asarray(prompts)), default=0)
        raise InvalidInputError(
            f"groups of {replies} replies were asked for, but no prompt has more than {most}: lower replies."
        )
    needed = batches * batch_size
    found_prompts: list[int] = []
    found_replies: list[Index] = []
    while len(found_prompts) < needed:
        block: list[tuple[int, Index]] = []
        for p in usable:
            order = rng.permutation(np.size(lengths[p]))
            cut = order[: order.size // replies * replies].reshape(-1, replies)
            block += [(p, row) for row in cut]
        size = np.array([float(np.asarray(lengths[p])[row].sum()) for p, row in block])
        # Neighbours within a random eighth of the pass: like lengths, and yet a mix of prompts.
        shuffled = rng.permutation(len(block))
        for part in np.array_split(shuffled, max(1, len(block) // (8 * batch_size))):
            by_size = part[np.argsort(size[part], kind="stable")]
            batches_of = [by_size[i : i + batch_size] for i in range(0, by_size.size, batch_size)]
            for j in rng.permutation(len(batches_of)):
                if batches_of[j].size == batch_size or len(block) < batch_size:
                    found_prompts += [block[i][0] for i in batches_of[j]]
                    found_replies += [block[i][1] for i in batches_of[j]]
    return Plan(
        np.array(found_prompts[:needed], dtype=np.int64), np.stack(found_replies[:needed]).astype(np.int64)
    )
