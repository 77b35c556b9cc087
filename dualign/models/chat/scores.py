"""What a reply is worth to the scorers, and where that lies among the reference's own replies."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dualign.models.chat.requests import Turn
from dualign.samples import SampleSet, Store

if TYPE_CHECKING:
    from dualign.models.scorers import Scorer
    from dualign.models.scorers.encode import Encoder

Array = npt.NDArray[np.float64]
SCORERS = ("helpful", "harmless")


@dataclass(frozen=True, kw_only=True)
class PlacedScore:
    """A score and its place.

    Attributes
    ----------
    value : float
        In the scorer's units, larger is better.
    percentile : float or None
        Share of the reference's replies that score lower, ties by half, in [0, 100]; None where the sample
        set does not hold this score.
    basis : str
        Which replies it was compared with, in words.
    """

    value: float
    percentile: float | None
    basis: str


class ReplyScorers:
    """Scorers and their base model, loaded once and used by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scorers: dict[str, Scorer] = {}
        self._encoders: dict[tuple[str, int], Encoder] = {}

    def score(
        self, prompt: str, responses: Sequence[str], names: Sequence[str] = SCORERS
    ) -> dict[str, Array]:
        """Scores (N,) of replies to one prompt by scorer name.

        Raises
        ------
        ModelError
            A scorer that is missing or damaged.
        """
        from dualign.models.scorers import load_scorer, score_many

        with self._lock:
            for name in names:
                if name not in self._scorers:
                    self._scorers[name] = load_scorer(name)
            chosen = [self._scorers[name] for name in names]
            found = score_many(chosen, [prompt] * len(responses), responses, encoders=self._encoders)
        return {name: found[scorer.info.name] for name, scorer in zip(names, chosen, strict=True)}


_SHARED = ReplyScorers()


def reply_scorers() -> ReplyScorers:
    """The scorers of this process, shared by all sessions."""
    return _SHARED


def score_reply(
    turns: Sequence[Turn], reply: str, *, scorers: Sequence[str] = SCORERS, samples: str = "demo"
) -> dict[str, PlacedScore]:
    """Scores of a finished reply by scorer name, each with its place among the reference's replies.

    Parameters
    ----------
    turns : sequence of Turn
        The conversation up to the message that was answered.
    samples : str
        Set whose replies it is compared with: those to the same prompt where the conversation is just one of
        its prompts, else all.

    Raises
    ------
    ModelError
        A scorer that is missing or damaged.
    StoreError
        No such set.
    """
    prompt = scored_prompt(turns)
    values = _SHARED.score(prompt, [reply], scorers)
    references = {name: _reference_scores(samples, prompt, name) for name in scorers}
    return {name: place(float(values[name][0]), *references[name]) for name in scorers}


def place(value: float, among: Array, basis: str) -> PlacedScore:
    """A score and the percentile at which it stands ``among`` others (N,)."""
    if not len(among):
        return PlacedScore(value=value, percentile=None, basis=basis)
    below = float(np.mean(among < value) + 0.5 * np.mean(among == value))
    return PlacedScore(value=value, percentile=100.0 * below, basis=basis)


def scored_prompt(turns: Sequence[Turn]) -> str:
    """A conversation as the scorers read it: one message as it stands, several with their speakers."""
    if len(turns) == 1:
        return turns[0].text
    who: Mapping[str, str] = {"user": "Human", "assistant": "Assistant"}
    return "\n\n".join(f"{who[turn.role]}: {turn.text}" for turn in turns)


_SETS: dict[str, SampleSet] = {}
_SETS_LOCK = threading.Lock()


def _reference_scores(samples: str, prompt: str, name: str) -> tuple[Array, str]:
    with _SETS_LOCK:
        if samples not in _SETS:
            _SETS[samples] = Store().open(samples)
        table = _SETS[samples].table
    if name not in table.column_names:
        return np.zeros(0), f"The set '{samples}' holds no score '{name}'."
    scores = table[name].to_numpy()
    same = np.asarray(table["prompt"].to_pylist(), dtype=object) == prompt
    if same.any():
        return scores[same], f"the reference's {int(same.sum()):,} replies to this prompt"
    n_prompts = len(set(table["prompt_id"].to_pylist()))
    return scores, f"the reference's {len(scores):,} replies to {n_prompts} other prompts"
