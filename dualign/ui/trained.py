"""Trained policies of the lens's set and where they stand, by what was measured of them. No Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dualign.figures.geometry import PolicyPoint
from dualign.models.policies import Policy, PolicySpec, list_policies
from dualign.samples import Store
from dualign.ui.analysis import View
from dualign.ui.state import LensSettings
from dualign.ui.texts import md

_MOST_POINTS = 12


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured of a policy on held-out prompts: gains over the reference with 95 % intervals.

    Attributes
    ----------
    basis
        How it was measured, in words.
    """

    reward: float
    reward_error: float
    utilities: Mapping[str, float]
    utilities_error: Mapping[str, float]
    kl: float
    beta: float
    basis: str

    @property
    def regularized(self) -> float:
        """Gain in E[r] − β KL, reward units."""
        return self.reward - self.beta * self.kl


def measured(spec: PolicySpec) -> Measured | None:
    """The held-out measurement in a policy's record, or None where it has none."""
    found = spec.metrics.get("held_out_off_policy")
    if not isinstance(found, Mapping):
        return None
    try:
        return Measured(
            reward=float(found["reward_gain"]),
            reward_error=float(found["reward_gain_error"]),
            utilities={str(k): float(v) for k, v in found["utility_gains"].items()},
            utilities_error={str(k): float(v) for k, v in found["utility_gains_error"].items()},
            kl=float(found["kl"]),
            beta=float(spec.beta),
            basis=f"{found['n_prompts']} held-out prompts, importance weights on the reference's replies",
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def of_set(lens: LensSettings) -> list[Policy]:
    """Policies that were trained on the lens's set."""
    return [policy for policy in list_policies() if policy.spec.samples == lens.samples]


def same_reward(spec: PolicySpec, reward: str | None) -> bool:
    """Whether the gain in reward that was measured of a policy is one in ``reward``, None for its set's own."""
    own = Store().manifest(spec.samples).reward
    asked = spec.options.get("specification")
    theirs = asked.get("reward") if isinstance(asked, Mapping) else None
    return (theirs or own) == (reward or own)


def points(lens: LensSettings, view: View) -> list[PolicyPoint]:
    """Trained policies as points of the image set along the constraint in focus, by slack; at most the dozen newest.

    A policy stands where its measured gains put it: slack of the constraint in focus, and E[r] − β KL with the other
    constraints' slack at the prices that the lens holds.
    """
    samples, names = view.problem.samples, [constraint.name for constraint in lens.constraints]
    asked = -np.asarray(view.problem.reference_slack)
    found = []
    for policy in sorted(of_set(lens), key=lambda one: one.spec.created, reverse=True):
        seen = measured(policy.spec)
        if seen is None or lens.group is not None or not same_reward(policy.spec, lens.reward):
            continue
        if not set(names) <= set(seen.utilities):
            continue
        height = float(samples.reference_reward) + seen.reward - lens.beta * seen.kl
        for j, name in enumerate(names):
            if j != lens.focus:
                height += float(view.multipliers[j]) * (seen.utilities[name] - float(asked[j]))
        name = names[lens.focus]
        found.append(
            PolicyPoint(
                label=policy.name,
                slack=seen.utilities[name] - float(asked[lens.focus]),
                slack_error=1.96 * seen.utilities_error.get(name, 0.0),
                height=height,
                height_error=1.96 * seen.reward_error,
                kl=seen.kl,
            )
        )
    return sorted(found[:_MOST_POINTS], key=lambda point: point.slack)


def legend(names: Sequence[str]) -> str:
    """What the numbered circles of a figure are, for Markdown."""
    named = " · ".join(f"**{k}** {md(name)}" for k, name in enumerate(names, 1))
    return (
        "Open circles are trained policies, measured on held-out prompts by importance weights on the reference's "
        f"replies: {named}."
    )
