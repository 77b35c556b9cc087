"""What the fitted part of the detector sees: hashed groups of words and letters, and which phrases stand there."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dualign.models.crisis import patterns
from dualign.models.crisis.normalize import plain

N_HASHED = 1 << 16
KINDS: tuple[patterns.Kind, ...] = tuple(patterns.STRONG)
FLAGS = (*KINDS, "other_person", "denial", "idiom", "about", "quoted", "past", "now", "first")


@dataclass(frozen=True)
class Weights:
    """The fitted part: weights (`N_HASHED`,), intercept and threshold on the log-odds."""

    values: npt.NDArray[np.float32]
    intercept: float
    threshold: float


_STRONG = {kind: patterns.compiled(found) for kind, found in patterns.STRONG.items()}
_DENIALS, _IDIOMS = patterns.compiled(patterns.DENIALS), patterns.compiled(patterns.IDIOMS)
_CONTEXT = {
    "other_person": patterns.compiled(patterns.OTHER),
    "about": patterns.compiled(patterns.ABOUT),
    "quoted": patterns.compiled(patterns.QUOTED),
    "past": patterns.compiled(patterns.PAST),
    "now": patterns.compiled(patterns.NOW),
}
_FIRST = re.compile(patterns.FIRST)
_SUBJECT = re.compile(
    r"\b(?:characters?|novels?|stor(?:y|ies)|books?|movies?|films?|people|someone|individuals?|persons?|who|protagonists?|poems?|songs?)\b"
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")
_WINDOW, _STEP = 60, 40
_FULL = 40


@dataclass(frozen=True)
class Reading:
    """One stretch of a message: its plain words and the flags of `FLAGS` that stand in it."""

    text: str
    flags: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of crisis whose phrases stand in the text."""
        return tuple(flag for flag in self.flags if flag in KINDS or flag == "other_person")

    @property
    def softened(self) -> bool:
        """Whether the words tell of a past that is over or quote a text, and not of the writer now."""
        return "quoted" in self.flags or ("past" in self.flags and "now" not in self.flags)


def readings(message: str) -> Iterator[Reading]:
    """A message read stretch by stretch: see `windows`. That it puts up a text for judgement holds for all of it."""
    whole = plain(message)
    quoted = any(pattern.search(whole) for pattern in _CONTEXT["quoted"])
    for text in windows(whole):
        yield read(text, quoted=quoted)


def read(text: str, *, quoted: bool = False) -> Reading:
    """The flags of plain text, denials and idioms taken out of it first."""
    flags = []
    for name, found in (("denial", _DENIALS), ("idiom", _IDIOMS)):
        cleaned = text
        for pattern in found:
            cleaned = pattern.sub(" _ ", cleaned)
        if cleaned != text:
            flags.append(name)
            text = cleaned
    text = " ".join(text.split())
    told = [name for name, found in _CONTEXT.items() if any(pattern.search(text) for pattern in found)]
    for kind, phrases in _STRONG.items():
        if any(_stands(pattern, text, about="about" in told) for pattern in phrases):
            flags.append(kind)
    flags += told
    if quoted and "quoted" not in told:
        flags.append("quoted")
    if _FIRST.search(text):
        flags.append("first")
    return Reading(text, tuple(flags))


def _stands(pattern: re.Pattern[str], text: str, *, about: bool) -> bool:
    """Whether a phrase stands in the text; in talk about a subject, only one that the writer says of himself."""
    if not about:
        return pattern.search(text) is not None
    return any(_own(text, found) for found in pattern.finditer(text))


def _own(text: str, found: re.Match[str]) -> bool:
    before = re.split("[.!?]", text[max(0, found.start() - 70) : found.start()])[-1]
    stretch = before + found.group()
    return _FIRST.search(stretch) is not None and _SUBJECT.search(stretch) is None


def windows(text: str) -> list[str]:
    """Plain text itself when short, else overlapping stretches of about sixty words.

    A cry for help at the end of a long story must weigh as much as when it stands alone.
    """
    if text.count(" ") <= _WINDOW:
        return [text]
    parts: list[str] = []
    current: list[str] = []
    for sentence in _SENTENCE.findall(text):
        words = sentence.split()
        for start in range(0, len(words), _STEP):
            piece = words[start : start + _STEP]
            if current and len(current) + len(piece) > _WINDOW:
                parts.append(" ".join(current))
                current = current[-(_WINDOW - _STEP) :]
            current = current + piece
    parts.append(" ".join(current))
    return parts


def columns(reading: Reading) -> npt.NDArray[np.int64]:
    """Indices (n,) of the hashed groups of a stretch of text; each counts once."""
    return np.fromiter(
        sorted({zlib.crc32(group.encode()) % N_HASHED for group in _groups(reading.text)}), np.int64
    )


def score(reading: Reading, weights: Weights) -> float:
    """Log-odds of the fitted part for one stretch of text."""
    found = columns(reading)
    return float(weights.values[found].sum() * scale(found.size) + weights.intercept)


def scale(groups: int) -> float:
    """What each of so many groups weighs: one over the root of their number, with a ceiling for short texts.

    Without it two or three everyday words of a greeting would decide as loudly as a whole paragraph.
    """
    return 1 / float(np.sqrt(max(_FULL, groups)))


def _groups(text: str) -> Iterator[str]:
    words = [word for word in text.split() if word not in ",;"]
    for size in (1, 2, 3):
        for start in range(len(words) - size + 1):
            yield f"{size} {' '.join(words[start : start + size])}"
    for word in words:
        if len(word) > 4:
            padded = f"^{word}$"
            for start in range(len(padded) - 3):
                yield f"c {padded[start : start + 4]}"
