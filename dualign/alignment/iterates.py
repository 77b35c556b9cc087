"""Iterations of iterative dualization: what is known of each, the best one, the duality gap, and their file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from dualign.errors import InvalidInputError, StoreError
from dualign.samples import files

HISTORY = "iterations.json"


@dataclass(frozen=True, kw_only=True)
class Iterate:
    """One iteration: the multipliers trained at, and what the policy did on prompts kept for the dual step.

    Attributes
    ----------
    iteration : int
        From 1.
    multipliers, slack, slack_error : by constraint
        Slack in utility units with its standard error over prompts.
    reward_gain, reward_gain_error : float
        E[r] over the reference, reward units.
    kl, kl_error : float
        Nats.
    primal, primal_error : float
        Gain of E[r] - beta KL over the reference, reward units.
    lagrangian, lagrangian_error : float
        ``primal`` + <lam, slack>: at most D_p(lam), reached when the policy step is exact.
    dual : float
        D(lam) over all policies less the reference's reward, from stored replies.
    loss, reward_margin : float
        Means over the last steps of the policy step.
    """

    iteration: int
    multipliers: Mapping[str, float]
    slack: Mapping[str, float]
    slack_error: Mapping[str, float]
    reward_gain: float
    reward_gain_error: float
    kl: float
    kl_error: float
    primal: float
    primal_error: float
    lagrangian: float
    lagrangian_error: float
    dual: float
    loss: float = float("nan")
    reward_margin: float = float("nan")

    @property
    def holds(self) -> bool:
        """Every slack is at least -1 standard error."""
        return all(self.slack[name] >= -self.slack_error[name] for name in self.slack)


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Duality-gap estimate of the iterations so far, reward units, with a 95 % interval.

    ``best_dual`` is the least Lagrangian value, ``best_primal`` the largest gain among iterates that hold (nan
    without one), and ``value`` their difference.
    """

    best_dual: float
    best_primal: float
    value: float
    low: float
    high: float


def best_iterate(iterations: Sequence[Iterate]) -> int:
    """Number (from 1) of the answer: the largest primal value among iterates whose constraints hold to one standard
    error; where none does, the one whose worst slack is largest."""
    if not iterations:
        raise InvalidInputError("there is no iteration to choose from.")
    kept = [item for item in iterations if item.holds]
    if kept:
        return max(kept, key=lambda item: item.primal).iteration
    return max(iterations, key=lambda item: min(item.slack.values())).iteration


def gap_of(iterations: Sequence[Iterate]) -> Gap:
    """The duality gap between the best of the dual and of the primal values seen."""
    lowest = min(iterations, key=lambda item: item.lagrangian)
    kept = [item for item in iterations if item.holds]
    if not kept:
        nan = float("nan")
        return Gap(best_dual=lowest.lagrangian, best_primal=nan, value=nan, low=nan, high=nan)
    best = max(kept, key=lambda item: item.primal)
    value = lowest.lagrangian - best.primal
    reach = 1.96 * float(np.hypot(lowest.lagrangian_error, best.primal_error))
    return Gap(
        best_dual=lowest.lagrangian,
        best_primal=best.primal,
        value=value,
        low=value - reach,
        high=value + reach,
    )


def live_metrics(done: Sequence[Iterate]) -> dict[str, float]:
    """What a live page plots of the last iteration."""
    last, gap = done[-1], gap_of(done)
    found = {"iteration": float(last.iteration), "primal": last.primal, "lagrangian": last.lagrangian}
    found |= {f"lam {name}": value for name, value in last.multipliers.items()}
    found |= {f"slack {name}": value for name, value in last.slack.items()}
    if np.isfinite(gap.value):
        found["gap"] = gap.value
    return found


def read_history(folder: Path, content: str) -> list[Iterate]:
    """Iterations measured so far; none where they belong to another specification."""
    try:
        record = json.loads(files.read_bytes(folder / HISTORY))
        known = {entry.name for entry in fields(Iterate)}
        if record["content"] != content:
            return []
        return [
            Iterate(**{k: _number(v) for k, v in item.items() if k in known}) for item in record["iterations"]
        ]
    except (StoreError, ValueError, KeyError, TypeError):
        return []


def _number(value: Any) -> Any:
    return float("nan") if value is None else value


def write_history(folder: Path, content: str, done: Sequence[Iterate]) -> None:
    """Keep the iterations, in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = [
        {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in asdict(item).items()}
        for item in done
    ]
    files.replace_file(folder / HISTORY, json.dumps({"content": content, "iterations": plain}).encode())
