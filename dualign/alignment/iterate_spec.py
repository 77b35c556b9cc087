"""What to iterate: an alignment with its thresholds, and the settings of the dual steps; plain values."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from dualign.alignment.objective import Objective
from dualign.alignment.spec import AlignSpec, slug
from dualign.duality.stepping import STEP_RULES, StepRule
from dualign.errors import InvalidInputError


@dataclass(frozen=True, kw_only=True)
class IterateSpec:
    """Iterative dualization of one alignment.

    Attributes
    ----------
    align : AlignSpec
        With thresholds; its ``options.steps`` are those of all iterations together, so that one iteration
        is one-shot alignment at the same budget.
    iterations : int
        T.
    rule, step_size
        Of the dual step, see `dualign.duality.stepping.dual_step`.
    averaging : bool
        Train at the mean of the multipliers so far instead of the last ones.
    start : mapping or None
        First multipliers; lam* of the one-shot problem unless given.
    dual_share : float
        Part of each group's training prompts that is kept for the dual steps, and not trained on.
    replies : int
        Drawn from the policy for each of these prompts at every iteration.
    """

    align: AlignSpec
    iterations: int = 4
    rule: StepRule = "newton"
    step_size: float | None = None
    averaging: bool = False
    start: Mapping[str, float] | None = None
    dual_share: float = 0.25
    replies: int = 8

    def __post_init__(self) -> None:
        if not isinstance(self.iterations, int) or not 1 <= self.iterations <= min(
            64, self.align.options.steps
        ):
            raise InvalidInputError(
                f"iterations is {self.iterations!r}: give 1 to {min(64, self.align.options.steps)}, one step each at "
                "least."
            )
        if self.rule not in STEP_RULES:
            raise InvalidInputError(f"rule is '{self.rule}': give one of {', '.join(STEP_RULES)}.")
        if self.step_size is not None and not (self.step_size > 0 and math.isfinite(self.step_size)):
            raise InvalidInputError(f"step_size is {self.step_size}: give a positive number, or none.")
        if not 0 < self.dual_share < 1 or self.replies < 1:
            raise InvalidInputError(
                f"dual_share is {self.dual_share} and replies {self.replies}: give a share between 0 and 1 and at "
                "least one reply."
            )
        if self.align.method not in ("mocan", "pecan"):
            raise InvalidInputError(f"iterations run by 'mocan' or 'pecan', not '{self.align.method}'.")
        if self.align.multipliers is not None or self.align.front:
            raise InvalidInputError(
                "iterations need thresholds to be moved towards: state them, not multipliers."
            )

    def steps_of(self, iteration: int) -> int:
        """Optimizer steps of an iteration, from 1; they add up to ``align.options.steps``."""
        whole, rest = divmod(self.align.options.steps, self.iterations)
        return whole + (1 if iteration <= rest else 0)

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values."""
        record: dict[str, Any] = json.loads(json.dumps(asdict(replace(self)), allow_nan=False))
        record["align"] = self.align.to_record()
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> IterateSpec:
        """The specification written by `to_record`; InvalidInputError on unknown or unfit fields."""
        given = dict(record)
        unknown = sorted(set(given) - {entry.name for entry in fields(cls)})
        if unknown or "align" not in given:
            raise InvalidInputError(
                f"iterations have no field named '{unknown[0]}'."
                if unknown
                else "iterations need an alignment."
            )
        given["align"] = AlignSpec.from_record(given["align"])
        return cls(**given)

    @property
    def content(self) -> str:
        """SHA-256 of what is run; the same for the same specification."""
        return hashlib.sha256(json.dumps(self.to_record(), sort_keys=True).encode()).hexdigest()

    def default_name(self, objective: Objective) -> str:
        """A name for the policy."""
        stated = "".join(
            f"-{slug(name)}-{value:g}"
            for name, value in zip(objective.names, objective.problem.thresholds, strict=True)
        )
        kind = "one-shot" if self.iterations == 1 else f"iterated-{self.iterations}"
        return f"{slug(objective.sample_set.name)}-{kind}{stated}"[:60].rstrip("-.")

    def title(self, objective: Objective) -> str:
        """The policy in a line."""
        label = "PeCAID" if self.align.method == "pecan" else "MoCAID"
        stated = ", ".join(
            f"{name} ≥ {value:g}"
            for name, value in zip(objective.names, objective.problem.thresholds, strict=True)
        )
        many = "one-shot" if self.iterations == 1 else f"{self.iterations} iterations"
        return f"{label}, {stated} ({many})"
