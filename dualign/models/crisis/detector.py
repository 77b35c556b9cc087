"""``detect``: whether a message signals a crisis, in milliseconds and without any language model."""

from __future__ import annotations

import hashlib
import io
import json
import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from dualign import paths
from dualign.models.crisis import features, phrases
from dualign.models.crisis.normalize import plain

_LOG = logging.getLogger("dualign.crisis")
WEIGHTS, RECORD = "weights.npy", "crisis.json"
# Order in which a message of several kinds is answered: what needs a doctor or the police at once comes first.
URGENCY = ("medical", "danger", "harm_to_others", "suicide", "self_harm", "psychosis", "other_person")


@dataclass(frozen=True, kw_only=True)
class CrisisSignal:
    """What in a message signals a crisis.

    Parameters
    ----------
    kinds
        Kinds of crisis found, the most urgent first: of `URGENCY`; ``("suicide",)`` when only the fitted part spoke.
    score
        Log-odds of the fitted part, the highest over the message; nan where its weights could not be read.
    by
        ``"phrase"``, ``"phrase in another language"`` or ``"score"``.
    """

    kinds: tuple[str, ...]
    score: float
    by: str


def folder() -> Path:
    """Where the shipped weights and their record lie."""
    return paths.shipped_root() / "crisis"


@cache
def load_weights(where: Path | None = None) -> features.Weights | None:
    """The shipped weights, or None, with a line in the log, when they are missing or were changed.

    A damaged file must not silence the detector: the phrases work without it.
    """
    where = where or folder()
    try:
        record: dict[str, Any] = json.loads((where / RECORD).read_text("utf-8"))
        data = (where / WEIGHTS).read_bytes()
        if hashlib.sha256(data).hexdigest() != record["sha256"]:
            raise ValueError(f"{WEIGHTS} does not match its SHA-256")
        values = np.load(io.BytesIO(data), allow_pickle=False).astype(np.float32)
        if values.shape != (features.N_HASHED,) or not np.isfinite(values).all():
            raise ValueError(f"{WEIGHTS} has shape {values.shape} or values that are not finite")
        return features.Weights(values, float(record["intercept"]), float(record["threshold"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        _LOG.warning("The crisis detector works by its phrases alone: %s", error)
        return None


def detect(message: str) -> CrisisSignal | None:
    """The crisis that a message signals, or None.

    Reads text only: nothing is stored, logged or sent. Pass each message of the user; a signal stands for the rest of a
    conversation, since a later message seldom repeats it.

    Parameters
    ----------
    message
        What the user wrote, of any length and script.
    """
    weights = load_weights()
    score, told, soft = float("nan"), True, set[str]()
    for reading in features.readings(message):
        if weights is not None:
            score = float(np.fmax(score, features.score(reading, weights)))
        if reading.kinds and not reading.softened:
            # One is enough: reading on would only keep the panel waiting.
            return CrisisSignal(kinds=_ordered(set(reading.kinds)), score=score, by="phrase")
        told &= reading.softened
        soft |= set(reading.kinds)
    foreign = phrases.kinds(plain(message))
    if foreign:
        return CrisisSignal(kinds=_ordered(foreign), score=score, by="phrase in another language")
    # A past that is over and a quoted text are no cry for help, however they sound.
    if weights is not None and score >= weights.threshold and not told:
        return CrisisSignal(kinds=_ordered(soft or {"suicide"}), score=score, by="score")
    return None


def _ordered(kinds: set[str]) -> tuple[str, ...]:
    return tuple(kind for kind in URGENCY if kind in kinds)
