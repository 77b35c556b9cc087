"""From the lens and what a person chose to the specification of an alignment. No Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from dualign.alignment.spec import AlignSpec, Method, TrainOptions
from dualign.errors import InvalidInputError
from dualign.ui.analysis import View
from dualign.ui.state import Form, LensSettings

Target = Literal["optimum", "here", "front", "reward", "utility", "weights"]

METHOD_WORDS: dict[Method, tuple[str, str]] = {
    "mocan": (
        "MoCAN",
        "The scores label pairs of sampled replies; DPO at the same β fits the policy to them. No new samples.",
    ),
    "pecan": (
        "PeCAN",
        "Policies aligned to the reward and to each utility come first; their log-probabilities take the place "
        "of the scores.",
    ),
    "rloo": (
        "RLOO",
        "Samples replies while it trains and rewards them by r + ⟨λ, g⟩ of the scorers. Slower.",
    ),
    "grpo": ("GRPO", "As RLOO, in trl's form that divides by no spread, so that β means the same. Slower."),
}


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a person chose on the page.

    Attributes
    ----------
    target
        ``optimum`` solves for λ*, ``here`` takes the lens's λ, ``front`` several along one ray, ``reward`` and
        ``utility`` are the two one-sided baselines, ``weights`` takes multipliers as typed.
    multipliers
        For ``weights``: one per constraint.
    front
        For ``front``: the multipliers of the constraint in focus, ascending; the others keep their ratio.
    reference
        The model that drew the replies, where the set does not name it.
    """

    target: Target = "optimum"
    method: Method = "mocan"
    name: str = ""
    multipliers: tuple[float, ...] = ()
    front: tuple[float, ...] = ()
    reference: str = ""
    options: TrainOptions = field(default_factory=TrainOptions)


def specification(lens: LensSettings, view: View, choices: Choices) -> AlignSpec:
    """The alignment that the choices describe on the lens's set.

    Raises
    ------
    InvalidInputError
        A front of fewer than two values, values that are no multipliers, or an optimum that does not exist.
    """
    names = [constraint.name for constraint in lens.constraints]
    problem = view.problem
    # One form holds for all thresholds of a training: of mixed ones each is what it asks for over the reference.
    mixed = len(set(problem.forms)) > 1
    form: Form = "improvement" if mixed else problem.forms[0]
    thresholds = -problem.reference_slack if mixed else problem.thresholds
    spec = AlignSpec(
        samples=lens.samples,
        name=choices.name.strip(),
        method=choices.method,
        thresholds=_named(names, thresholds),
        reward=lens.reward or "",
        beta=lens.beta,
        form=form,
        reference=choices.reference.strip(),
        options=choices.options,
    )
    if choices.target == "optimum":
        if not view.feasible:
            raise InvalidInputError(
                "there is no λ* to train for: no policy on these samples meets the thresholds. Lower one of them, or "
                "train at a λ of your own."
            )
        if lens.group is None and not mixed:
            return spec
        # λ* of the group that the lens looks at, on all prompts; or of the shares as the lens states them.
        return replace(spec, multipliers=_named(names, view.solution.multipliers))
    if choices.target == "here":
        return replace(spec, multipliers=_named(names, view.multipliers))
    if choices.target == "reward":
        return replace(spec, thresholds={}, multipliers=dict.fromkeys(names, 0.0))
    if choices.target == "utility":
        return replace(spec, thresholds={}, reward_weight=0.0, multipliers=_one_sided(names, view))
    if choices.target == "weights":
        if len(choices.multipliers) != len(names):
            raise InvalidInputError(
                f"{len(choices.multipliers)} multipliers for {len(names)} constraints: give one for each."
            )
        return replace(spec, thresholds={}, multipliers=_named(names, choices.multipliers))
    return replace(spec, thresholds={}, front=front_points(lens, view, choices.front))


def _named(names: Sequence[str], values: Sequence[float] | np.ndarray) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def _one_sided(names: Sequence[str], view: View) -> dict[str, float]:
    """Multipliers of a policy that ignores the reward: those of λ*, or 1 where the constraints are free."""
    best = view.solution.multipliers
    usable = bool(np.isfinite(best).all()) and float(np.max(best)) > 0
    return _named(names, best if usable else np.ones(len(names)))


def front_points(lens: LensSettings, view: View, values: Sequence[float]) -> tuple[Mapping[str, float], ...]:
    """Multipliers along the ray through λ*, given by that of the constraint in focus."""
    chosen = sorted(set(values))
    if len(chosen) < 2:
        raise InvalidInputError("a front needs at least two values of λ: add one, or train a single policy.")
    names = [constraint.name for constraint in lens.constraints]
    best = np.asarray(view.solution.multipliers, dtype=float)
    own = best[lens.focus]
    solved = bool(np.isfinite(best).all()) and own > 0
    ratio = best / own if solved else np.eye(len(names))[lens.focus]
    return tuple(_named(names, ratio * value) for value in chosen)


def default_front(view: View, focus: int, *, count: int = 5) -> tuple[float, ...]:
    """Values of λ worth training for: from 0 over λ* to twice λ*, evenly spaced."""
    best = float(view.solution.multipliers[focus])
    if not np.isfinite(best) or best <= 0:
        best = max(float(view.multipliers[focus]), 1.0)
    return tuple(float(f"{value:.3g}") for value in np.linspace(0.0, 2.0 * best, count))


def parse_front(text: str) -> tuple[float, ...]:
    """Values of λ from text such as "0, 0.7, 1.5".

    Raises
    ------
    InvalidInputError
        Something that is no number of at least 0, or more than 12 values.
    """
    parts = [part for part in text.replace(";", ",").replace("\n", ",").split(",") if part.strip()]
    values = []
    for part in parts:
        try:
            value = float(part)
        except ValueError:
            value = float("nan")
        if not 0 <= value <= 1e6:
            raise InvalidInputError(
                f"'{part.strip()[:40]}' is no multiplier: write numbers from 0 up, separated by commas."
            )
        values.append(value)
    if len(values) > 12:
        raise InvalidInputError(f"{len(values)} policies are too many for one front here: give 12 at most.")
    return tuple(values)
