"""Prompts held out of training: chosen by their text, so that every part of dualign holds out the same ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dualign.errors import InvalidInputError

HELD_OUT_SHARE = 0.25
"""Share of each group that is held out unless asked otherwise."""


def held_out(
    prompts: Sequence[str], groups: Sequence[str], *, share: float = HELD_OUT_SHARE, seed: int = 0
) -> npt.NDArray[np.bool_]:
    """Which prompts are held out (P,): the same share of every group.

    A prompt's place in the split depends on the seed and on the texts of its group alone, not on the order of
    the set.

    Raises
    ------
    InvalidInputError
        Lists of different lengths, a share outside (0, 1), or too few prompts to leave some on both sides.
    """
    if len(prompts) != len(groups):
        raise InvalidInputError(f"{len(prompts)} prompts and {len(groups)} groups: give one group a prompt.")
    if not 0 < share < 1:
        raise InvalidInputError(f"share is {share}: give a share between 0 and 1, such as {HELD_OUT_SHARE}.")
    keys = [hashlib.sha256(f"{seed}\n{text}".encode()).hexdigest() for text in prompts]
    chosen = np.zeros(len(prompts), dtype=bool)
    for group in sorted(set(groups)):
        members = sorted((i for i, name in enumerate(groups) if name == group), key=keys.__getitem__)
        chosen[members[: round(share * len(members))]] = True
    if chosen.all() or not chosen.any():
        raise InvalidInputError(
            f"{len(prompts)} prompts cannot be split with share {share}: add prompts or change the share."
        )
    return chosen
