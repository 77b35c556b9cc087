"""Per-group and chance constraints, written as utilities so that the same dual solves them.

Both are linear in the policy: a utility that is zero outside a prompt group, and the indicator of a
score that reaches a cutoff.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dualign.duality.problem import ScoredSamples
from dualign.errors import InvalidInputError


def _column(samples: ScoredSamples, name: str) -> int:
    if name not in samples.names:
        raise InvalidInputError(
            f"no utility is named '{name}': this set has {', '.join(samples.names)}. Name one of them."
        )
    return samples.names.index(name)


def _with_utility(
    samples: ScoredSamples, new_name: str, values: np.ndarray, exposure: np.ndarray | None = None
) -> ScoredSamples:
    if new_name in samples.names:
        raise InvalidInputError(
            f"a utility is already named '{new_name}': the set has {', '.join(samples.names)}. "
            "Choose another new_name."
        )
    if samples.exposure is not None or exposure is not None:
        plain = np.ones((samples.n_prompts, samples.n_constraints))
        old = plain if samples.exposure is None else samples.exposure
        exposure = np.column_stack([old, plain[:, 0] if exposure is None else exposure])
    return replace(
        samples,
        utilities=np.concatenate([samples.utilities, values[..., None]], axis=2),
        names=(*samples.names, new_name),
        exposure=exposure,
    )


def group_share(samples: ScoredSamples, group: str) -> float:
    """Share of the prompt weight that ``group`` holds, in (0, 1].

    Raises
    ------
    InvalidInputError
        No prompt groups, no such group, or a group without weight.
    """
    if samples.groups is None:
        raise InvalidInputError(
            f"group '{group}' was asked for, but these samples name no prompt groups: add a group per prompt."
        )
    labels = np.asarray(samples.groups)
    member = labels == group
    weights = np.full(samples.n_prompts, 1.0 / samples.n_prompts)
    if samples.prompt_weights is not None:
        weights = np.asarray(samples.prompt_weights)
    share = float(weights[member].sum())
    if share <= 0:
        known = ", ".join(sorted(set(labels.tolist())))
        raise InvalidInputError(f"no prompt is in group '{group}': the groups are {known}. Name one of them.")
    return share


def group_utility(
    samples: ScoredSamples, name: str, group: str, *, new_name: str | None = None
) -> ScoredSamples:
    """Samples with one more utility: ``name`` over the prompts of ``group`` alone.

    The new utility is g / share inside the group and 0 outside, where share is the group's part of the
    prompt weight. Its mean over all prompts is therefore the group's own mean of g, so a threshold on it
    is in the units of g over that group, and its multiplier is the price of one unit of the group's mean.

    The share is taken as known: it belongs to the choice of prompts. Resampling prompts therefore moves the
    group's mean and not its size, and intervals do not depend on where the zero of g lies.

    Parameters
    ----------
    samples
        Scored responses with prompt groups.
    name
        Utility to restrict.
    group
        Prompt group.
    new_name
        Name of the new utility; ``"name[group]"`` unless given.

    Raises
    ------
    InvalidInputError
        Unknown utility or group, or a name already taken.
    """
    column = _column(samples, name)
    share = group_share(samples, group)
    member = np.asarray(samples.groups) == group
    values = np.where(member[:, None], samples.utilities[..., column] / share, 0.0)
    new_name = f"{name}[{group}]" if new_name is None else new_name
    return _with_utility(samples, new_name, values, member / share)


def chance_name(name: str, cutoff: float) -> str:
    """Name of a chance constraint; different cutoffs give different names."""
    text = f"{cutoff:g}"
    return f"P({name}>={text if float(text) == cutoff else repr(float(cutoff))})"


def chance_utility(
    samples: ScoredSamples, name: str, cutoff: float, *, new_name: str | None = None
) -> ScoredSamples:
    """Samples with one more utility: 1 where ``name`` scores at least ``cutoff``, else 0.

    Its mean under a policy is the share of responses that reach the cutoff, so an absolute threshold of
    0.95 reads "at least 95 % of responses score >= cutoff"; its multiplier is reward per unit of share.

    Raises
    ------
    InvalidInputError
        Unknown utility, a cutoff that is not finite, or a name already taken.
    """
    column = _column(samples, name)
    if not np.isfinite(cutoff):
        raise InvalidInputError(f"the cutoff on '{name}' is {cutoff}: give a finite score.")
    values = (samples.utilities[..., column] >= cutoff).astype(np.float64)
    return _with_utility(samples, chance_name(name, cutoff) if new_name is None else new_name, values)
