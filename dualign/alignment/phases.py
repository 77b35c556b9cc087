"""What a training is at, in the words that a job's progress and log show."""

from __future__ import annotations

from collections.abc import Callable

LOADING = "loading the model"
REFERENCE = "scoring replies under the reference"
TRAINING = "training"
SCORING = "scoring replies under the pre-aligned policies"
MEASURING = "measuring on held-out prompts"
DRAWING = "drawing replies for the dual step"

Phase = Callable[[str, int, int], None]
"""Told of a phase by name, and how much of it is done of how much; 0 of 0 where nothing is counted."""


def unheard(name: str, done: int, total: int) -> None:
    """A `Phase` that nobody follows."""
