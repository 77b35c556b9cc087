"""What a policy does on held-out prompts, each figure as an improvement over the reference with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dualign.duality import Form
from dualign.errors import InvalidInputError
from dualign.evaluation.estimates import Estimate, PromptBootstrap

Array = npt.NDArray[np.float64]
TAIL = 0.05
"""Share of the replies, lowest first, that a tail mean is over."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PolicyReplies:
    """Scores of a policy's replies to P prompts, N each.

    Attributes
    ----------
    name : str
    scores : by score name, (P, N)
        Larger is better.
    kl_terms : (P, N), (P, 1) or None
        Terms whose mean over replies estimates each prompt's KL to the reference, nats; None for the
        reference itself.
    kl_estimator : str
        See ``dualign.evaluation.divergence.DESCRIPTIONS``.
    groups : (P,)
        Prompt group of each prompt, "" where there is none.
    """

    name: str
    scores: Mapping[str, Array]
    groups: tuple[str, ...]
    kl_terms: Array | None = None
    kl_estimator: str = ""

    def __post_init__(self) -> None:
        shapes = {name: np.shape(values) for name, values in self.scores.items()}
        if not shapes or any(len(s) != 2 or s[0] != len(self.groups) or not s[1] for s in shapes.values()):
            raise InvalidInputError(
                f"scores of '{self.name}' have shapes {shapes} for {len(self.groups)} prompts: give one row a prompt."
            )
        for name, values in self.scores.items():
            if not np.isfinite(values).all():
                raise InvalidInputError(
                    f"score '{name}' of '{self.name}' holds NaN or infinity: score its replies again."
                )

    @property
    def n_prompts(self) -> int:
        """P."""
        return len(self.groups)

    def prompt_means(self, name: str) -> Array:
        """Mean of a score over each prompt's replies, (P,)."""
        if name not in self.scores:
            raise InvalidInputError(
                f"'{self.name}' has no score named '{name}': it has {', '.join(self.scores)}."
            )
        return np.asarray(self.scores[name], dtype=np.float64).mean(axis=1)


@dataclass(frozen=True, kw_only=True)
class Tail:
    """Mean of the lowest `TAIL` of all replies, utility units: policy, reference, and the change."""

    policy: Estimate
    reference: Estimate
    change: Estimate


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """Share of the replies in each bin, before (reference) and after (policy); ``edges`` has one more."""

    edges: tuple[float, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A policy on held-out prompts.

    Attributes
    ----------
    policy : str
    n_prompts, n_replies, n_reference_replies, resamples : int
        Replies are per prompt.
    level : float
    reward, reward_gain : Estimate
        E[r], and over the reference on the same prompts; reward units.
    utilities, utility_gains, slack : by utility name
        E[g], over the reference, and less the threshold (improvement form) or level; utility units.
    kl : Estimate or None
        Nats; None where it was not estimated.
    kl_estimator : str
    regularized_gain : Estimate or None
        Gain of E[r] - beta KL, reward units.
    groups : by group, then score name
        Gains within one prompt group.
    worst_group : by utility name
        The group with the smallest gain; its interval is that of the group alone, and does not count that
        it was picked.
    tail : by utility name
    distributions : by score name
    """

    policy: str
    n_prompts: int
    n_replies: int
    n_reference_replies: int
    resamples: int
    level: float
    beta: float
    reward_name: str
    reward: Estimate
    reward_gain: Estimate
    utilities: Mapping[str, Estimate]
    utility_gains: Mapping[str, Estimate]
    slack: Mapping[str, Estimate]
    kl: Estimate | None
    kl_estimator: str
    regularized_gain: Estimate | None
    groups: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    worst_group: Mapping[str, str] = field(default_factory=dict)
    tail: Mapping[str, Tail] = field(default_factory=dict)
    distributions: Mapping[str, Distribution] = field(default_factory=dict)

    @property
    def satisfied(self) -> bool:
        """Every measured slack is at least 0."""
        return all(estimate.value >= 0 for estimate in self.slack.values())

    @property
    def satisfied_within_noise(self) -> bool:
        """No slack is below 0 by more than its interval."""
        return all(estimate.high >= 0 for estimate in self.slack.values())


def measure(
    policy: PolicyReplies,
    reference: PolicyReplies,
    *,
    reward: str,
    thresholds: Mapping[str, float],
    beta: float,
    rng: np.random.Generator,
    form: Form = "improvement",
    resamples: int = 1000,
    level: float = 0.95,
    details: bool = True,
) -> Measurement:
    """The policy's expectations, gains over the reference, slack, KL, groups, tail and distributions.

    Parameters
    ----------
    policy, reference
        Their replies to the same prompts, in the same order.
    reward
        Score that is maximised.
    thresholds
        Required improvement or level of each constrained utility, utility units.
    beta
        Weight of the KL term, reward units per nat.
    rng
        Source of randomness of the bootstrap over prompts.
    form
        How ``thresholds`` are meant.
    resamples, level
        Of the bootstrap; every interval uses the same resamples.
    details
        False leaves out groups, tails and distributions.

    Raises
    ------
    InvalidInputError
        Other prompts, a score that one of the two lacks, or no threshold.
    """
    if policy.groups != reference.groups:
        raise InvalidInputError(
            f"'{policy.name}' answered {policy.n_prompts} prompts and '{reference.name}' {reference.n_prompts}, or "
            "their groups differ: measure both on the same prompts."
        )
    if not thresholds:
        raise InvalidInputError("no threshold was given: name at least one utility with its threshold.")
    draw = PromptBootstrap.draw(policy.n_prompts, resamples=resamples, level=level, rng=rng)
    names = (reward, *(name for name in thresholds if name != reward))
    gains = {name: policy.prompt_means(name) - reference.prompt_means(name) for name in names}
    utilities = {name: draw.mean(policy.prompt_means(name)) for name in thresholds}
    utility_gains = {name: draw.mean(gains[name]) for name in thresholds}
    stated = utility_gains if form == "improvement" else utilities
    kl = regularized = None
    if policy.kl_terms is not None:
        per_prompt = np.asarray(policy.kl_terms, dtype=np.float64).mean(axis=1)
        kl = draw.mean(per_prompt)
        regularized = draw.mean(gains[reward] - beta * per_prompt)
    found = Measurement(
        policy=policy.name,
        n_prompts=policy.n_prompts,
        n_replies=np.shape(policy.scores[reward])[1],
        n_reference_replies=np.shape(reference.scores[reward])[1],
        resamples=resamples,
        level=level,
        beta=float(beta),
        reward_name=reward,
        reward=draw.mean(policy.prompt_means(reward)),
        reward_gain=draw.mean(gains[reward]),
        utilities=utilities,
        utility_gains=utility_gains,
        slack={name: stated[name].shifted(-float(value)) for name, value in thresholds.items()},
        kl=kl,
        kl_estimator=policy.kl_estimator,
        regularized_gain=regularized,
    )
    if not details:
        return found
    labels = np.asarray(policy.groups, dtype=object)
    groups = {
        str(group): {name: draw.mean(gains[name], rows=labels == group) for name in names}
        for group in sorted({g for g in policy.groups if g})
    }
    return replace(
        found,
        groups=groups,
        worst_group={
            name: min(groups, key=lambda group, name=name: groups[group][name].value)  # type: ignore[misc]
            for name in thresholds
            if groups
        },
        tail={
            name: Tail(
                policy=draw.tail(policy.scores[name], TAIL),
                reference=draw.tail(reference.scores[name], TAIL),
                change=draw.tail_change(policy.scores[name], reference.scores[name], TAIL),
            )
            for name in thresholds
        },
        distributions={name: distribution(policy.scores[name], reference.scores[name]) for name in names},
    )


def distribution(after: npt.ArrayLike, before: npt.ArrayLike, *, bins: int = 30) -> Distribution:
    """Histograms of a score before and after, on common bins over all but the outermost 0.2 % of replies."""
    new, old = np.ravel(np.asarray(after, dtype=float)), np.ravel(np.asarray(before, dtype=float))
    low, high = np.quantile(np.concatenate([new, old]), [0.001, 0.999])
    edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
    shares = [np.histogram(np.clip(x, edges[0], edges[-1]), edges)[0] / x.size for x in (old, new)]
    return Distribution(
        edges=tuple(float(e) for e in edges),
        before=tuple(float(s) for s in shares[0]),
        after=tuple(float(s) for s in shares[1]),
    )
