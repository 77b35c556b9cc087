"""What a training gives: the adapter, its held-out figures, or word that it was stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dualign.alignment.off_policy import OffPolicy

State = Mapping[str, Any]


class Stopped(Exception):
    """Training was asked to stop; the last checkpoint says how far it came."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A trained LoRA: its tensors by name, and what the last steps showed.

    ``reward_margin`` is beta times the log-ratio difference of chosen and rejected replies.
    """

    state: State
    metrics: Mapping[str, float]
    rank: int
    alpha: int
    targets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """A policy on held-out prompts: importance estimates, and the reward margin of its pairs of replies."""

    off_policy: OffPolicy
    margin: float
    margin_error: float
