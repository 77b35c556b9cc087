"""Phrases that signal a crisis in plain English words, written by the project, with what takes their force away.

Every pattern reads text as `plain` leaves it: lower case, no apostrophes, shorthand spelt out, ``do not`` as ``dont``.
"""

from __future__ import annotations

import re
from typing import Literal

from dualign.models.crisis.patterns import context, danger, harm, health, hints, suicide
from dualign.models.crisis.patterns.context import ABOUT, DENIALS, IDIOMS, NOW, PAST, QUOTED

__all__ = [
    "ABOUT",
    "DENIALS",
    "FIRST",
    "IDIOMS",
    "NOW",
    "OTHER",
    "PAST",
    "QUOTED",
    "STRONG",
    "Kind",
    "compiled",
]

Kind = Literal["suicide", "self_harm", "danger", "medical", "psychosis", "harm_to_others"]
STRONG: dict[Kind, tuple[str, ...]] = {
    "suicide": suicide.OUTRIGHT + suicide.HINTS + hints.SUICIDE,
    "self_harm": harm.SELF_HARM + hints.SELF_HARM,
    "danger": danger.DANGER + hints.DANGER,
    "medical": health.MEDICAL + hints.MEDICAL,
    "psychosis": health.PSYCHOSIS + hints.PSYCHOSIS,
    "harm_to_others": harm.HARM_TO_OTHERS + hints.HARM_TO_OTHERS,
}
OTHER: tuple[str, ...] = context.OTHER + hints.OTHER
FIRST = r"\b(?:i|im|ive|id|ill|me|my|myself|mine|we|us|our)\b"


def compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """The patterns, ready for use."""
    return tuple(re.compile(pattern, re.DOTALL) for pattern in patterns)
