"""A sample set as token ids, encoded once for every policy that is trained on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign.models import Reference
from dualign.samples import SampleSet

Tokens = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Encoded:
    """Token ids of the prompts (P entries) and of their replies (P lists), as the reference reads them.

    A reply ends with the end token unless it was cut off.
    """

    prompts: list[Tokens]
    replies: list[list[Tokens]]

    @cached_property
    def lengths(self) -> list[Tokens]:
        """Tokens of each reply of each prompt, (P,) arrays (I_p,)."""
        return [np.array([reply.size for reply in row], dtype=np.int64) for row in self.replies]

    def row(self, prompt: int, reply: int) -> int:
        """Row of the table that holds a reply."""
        return int(self._starts[prompt]) + reply

    @cached_property
    def _starts(self) -> Tokens:
        return np.concatenate([[0], np.cumsum([len(row) for row in self.replies])])

    @property
    def n_replies(self) -> int:
        """Replies in all."""
        return int(self._starts[-1])

    def places(self, rows: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
        """Prompt and reply of rows of the table."""
        prompts = np.searchsorted(self._starts, rows, side="right") - 1
        return [(int(p), int(row - self._starts[p])) for p, row in zip(prompts, rows, strict=True)]


def encode(sample_set: SampleSet, reference: Reference) -> Encoded:
    """Token ids of a whole set."""
    tokenizer: Any = reference.tokenizer
    prompts = [np.array(reference.prompt_ids(text), dtype=np.int64) for text in sample_set.prompts]
    texts = sample_set.table["response"].to_pylist()
    ids = tokenizer(texts, add_special_tokens=False)["input_ids"]
    cut = [False] * len(texts)
    if "truncated" in sample_set.table.column_names:
        cut = [bool(value) for value in sample_set.table["truncated"].to_pylist()]
    end = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    flat = [
        np.array(row if short else [*row, *end], dtype=np.int64) for row, short in zip(ids, cut, strict=True)
    ]
    replies, start = [], 0
    for count in sample_set.counts:
        replies.append(flat[start : start + int(count)])
        start += int(count)
    return Encoded(prompts, replies)
