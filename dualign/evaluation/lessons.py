"""Lessons in sentences: what was achieved of what was predicted, and at what share of the predicted cost."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dualign.evaluation.estimates import Estimate
from dualign.evaluation.measure import Measurement


def share(achieved: float, predicted: float) -> str | None:
    """``achieved`` as a percentage of ``predicted``; None where the prediction is too small for a ratio."""
    if not (np.isfinite(achieved) and np.isfinite(predicted)) or abs(predicted) < 1e-3:
        return None
    return f"{100 * achieved / predicted:.0f} %"


def achieved_sentence(
    measured: Measurement,
    utility: str,
    *,
    predicted_gain: float,
    predicted_cost: float | None = None,
    free_gain: float | None = None,
) -> str:
    """The lesson of one policy and one utility.

    Parameters
    ----------
    measured
        What the policy did on held-out prompts.
    utility
        The constrained utility.
    predicted_gain
        Predicted improvement over the reference, utility units.
    predicted_cost
        Predicted E[r] - beta KL given up against the unconstrained optimum, reward units; with
        ``free_gain``, the measured gain of a policy that was trained without the constraint.
    free_gain
        That policy's measured gain of E[r] - beta KL.
    """
    gain = measured.utility_gains[utility]
    part = share(gain.value, predicted_gain)
    numbers = f"{gain.value:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}] of {predicted_gain:+.2f}"
    text = (
        f"{measured.policy} achieved {part} of the predicted {utility} ({numbers})"
        if part
        else (f"{measured.policy} changed {utility} by {numbers}")
    )
    if predicted_cost is not None and free_gain is not None and measured.regularized_gain is not None:
        cost = free_gain - measured.regularized_gain.value
        of = share(cost, predicted_cost)
        if of:
            text += f" at {of} of the predicted cost ({cost:.2f} of {predicted_cost:.2f} reward)"
    return f"{text}."


def satisfaction_sentence(
    measured: Measurement,
    *,
    thresholds: Mapping[str, float],
    slack: Mapping[str, Estimate] | None = None,
    whose: str = "",
) -> str:
    """Whether constraints hold, and by how much, within the interval; the threshold that is meant is named.

    Parameters
    ----------
    measured
        What the policy did on held-out prompts.
    thresholds
        By constraint, utility units.
    slack
        Against these thresholds; the measurement's own unless given.
    whose
        Whose thresholds they are, such as "the lens's threshold".
    """
    parts = []
    for name, found in (measured.slack if slack is None else slack).items():
        if found.low >= 0:
            words = "holds"
        elif found.high < 0:
            words = "is missed"
        else:
            words = "holds within noise" if found.value < 0 else "holds, though noise could undo it"
        stated = f"{whose} {name} ≥ {thresholds[name]:.3g}".strip()
        parts.append(f"{stated} {words} (slack {found.value:+.2f} [{found.low:+.2f}, {found.high:+.2f}])")
    return f"{measured.policy}: " + "; ".join(parts) + "."


def worst_sentence(measured: Measurement, utility: str) -> str:
    """The group that gains least, and what became of the tail."""
    text = ""
    group = measured.worst_group.get(utility)
    if group is not None:
        gain = measured.groups[group][utility]
        text = (
            f"The group that gains least {utility} is {group}: {gain.value:+.2f} "
            f"[{gain.low:+.2f}, {gain.high:+.2f}]. "
        )
    tail = measured.tail.get(utility)
    if tail is not None:
        text += (
            f"The worst 5 % of replies move by {tail.change.value:+.2f} "
            f"[{tail.change.low:+.2f}, {tail.change.high:+.2f}], from {tail.reference.value:.2f} "
            f"to {tail.policy.value:.2f}."
        )
    return text.strip()


def front_sentence(regularized: Mapping[str, Measurement]) -> str:
    """Which of several policies earns most among those whose constraints hold within noise."""
    kept = {
        name: m
        for name, m in regularized.items()
        if m.satisfied_within_noise and m.regularized_gain is not None
    }
    if not kept:
        return "No policy meets every threshold within noise."
    best = max(kept, key=lambda name: kept[name].regularized_gain.value)  # type: ignore[union-attr]
    gain = kept[best].regularized_gain
    assert gain is not None
    return (
        f"Of the policies that meet every threshold within noise, {best} earns most: "
        f"E[r] − β KL {gain.value:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}] over the reference."
    )
