"""What the lens shows and what a person committed by letting go of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dualign.errors import InvalidInputError


@dataclass(frozen=True)
class LensState:
    """One position of the lens.

    Attributes
    ----------
    multipliers : tuple of float
        One per constraint, in reward units per utility unit.
    thresholds : tuple of float
        One per constraint, in utility units, in the form given to the lens.
    beta : float
        In reward units.
    at_optimum : bool
        Whether the active multiplier keeps to lam* of its constraint, also where no finite one is enough.
    committed : bool
        Whether this position was let go of in the browser just before this run.
    event : int
        Number of the commit; grows with each one, 0 before the first.
    """

    multipliers: tuple[float, ...]
    thresholds: tuple[float, ...]
    beta: float
    at_optimum: bool = False
    committed: bool = False
    event: int = 0

    @property
    def values(self) -> tuple[tuple[float, ...], tuple[float, ...], float]:
        """Multipliers, thresholds and beta: what makes two positions the same."""
        return self.multipliers, self.thresholds, self.beta


@dataclass(frozen=True)
class Unreliable:
    """Where the curve should not be trusted: shaded in the lens.

    Attributes
    ----------
    effective_sample_size : float
        Multipliers whose median effective sample size per prompt is below it.
    multiplier : float or None
        Multipliers beyond it, whatever their effective sample size.
    """

    effective_sample_size: float = 5.0
    multiplier: float | None = None


@dataclass(frozen=True)
class PolicyMarker:
    """A trained or sampled policy drawn as an open marker in the image set.

    Attributes
    ----------
    label : str
        One or two characters, written in the marker.
    utility, regularized_reward : float
        Improvement (or level, in the absolute form) of the active utility, and E[r] - beta KL.
    utility_interval, reward_interval : (float, float) or None
        Where the true values lie with 95 % confidence.
    kl : float
        KL to the reference in nats. While beta is dragged the marker moves by it.
    """

    label: str
    utility: float
    regularized_reward: float
    utility_interval: tuple[float, float] | None = None
    reward_interval: tuple[float, float] | None = None
    kl: float = 0.0


def checked_state(
    multipliers: Sequence[float], thresholds: Sequence[float], beta: float, *, constraints: int
) -> LensState:
    """A position with as many finite numbers as there are constraints; a negative multiplier becomes 0."""
    state = LensState(tuple(map(float, multipliers)), tuple(map(float, thresholds)), float(beta))
    finite = all(map(math.isfinite, (*state.thresholds, state.beta)))
    if len(state.multipliers) != constraints or len(state.thresholds) != constraints:
        raise InvalidInputError(
            f"the lens has {constraints} constraints but got {len(state.multipliers)} multipliers and "
            f"{len(state.thresholds)} thresholds: give one of each per constraint."
        )
    if not finite or state.beta <= 0:
        raise InvalidInputError(
            f"the lens needs finite thresholds and beta > 0, got {state.thresholds} and {state.beta}."
        )
    # An infeasible threshold has no finite lam*; the lens then stands at the right end of its range.
    kept = tuple(min(max(0.0, value), 1e12) if not math.isnan(value) else 0.0 for value in state.multipliers)
    return LensState(kept, state.thresholds, state.beta)


def parse_commit(value: Any, *, constraints: int) -> LensState | None:
    """The position in a commit from the browser; None where it is not one (the browser is not trusted)."""
    if not isinstance(value, Mapping):
        return None
    try:
        state = checked_state(
            value["multipliers"], value["thresholds"], value["beta"], constraints=constraints
        )
        return LensState(
            *state.values,
            at_optimum=value.get("at_optimum") is True,
            committed=True,
            event=int(value["event"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def resolve(given: LensState, shown: LensState | None, commit: LensState | None, handled: int) -> LensState:
    """Decide between what the page asks for and what the browser committed.

    A commit that the page has not seen wins, unless the page itself asks for something new in the same
    run (an undo, a slider elsewhere); otherwise the page is obeyed.
    """
    if commit is not None and commit.event > handled:
        if shown is None or given.values in (shown.values, commit.values):
            return commit
        return LensState(*given.values, event=commit.event)
    return LensState(*given.values, event=max(handled, 0))
