"""Where policies sit, by the demo's scored replies: expected scores, ranks among the reference's replies, differences.

Nothing here knows Streamlit. What stands here are forecasts from samples, but for figures that a trained policy's
own record states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dualign.duality import AlignmentProblem, ScoredSamples, evaluate_dual, tilted_weights
from dualign.models.chat import (
    AdapterPolicy,
    ChatPolicy,
    InterpolatedPolicy,
    MixedPolicy,
    ReferencePolicy,
    ResampledPolicy,
)
from dualign.models.policies import PolicySpec
from dualign.samples import SampleSet

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Spot:
    """Where a policy is expected to sit.

    Attributes
    ----------
    reward, utility
        E[r] and E[g], in score units.
    reward_rank, utility_rank
        Mean place of its replies among those of the reference, in percent of them that score lower.
    kl
        Divergence from the reference in nats; nan where it is not known.
    effective
        Median over prompts of the effective sample size; nan where it is not known.
    measured
        Whether the expectations were measured on a trained policy and not forecast from samples.
    """

    reward: float
    utility: float
    reward_rank: float
    utility_rank: float
    kl: float = float("nan")
    effective: float = float("nan")
    measured: bool = False


@dataclass(frozen=True, eq=False)
class Landscape:
    """The demo's replies with the reward and one utility.

    Attributes
    ----------
    set_name
        Name of the stored set.
    samples
        Scores of P prompts, one utility.
    beta
        Reward units per nat.
    prompts, groups
        The P prompts and their groups.
    reward_name, utility_name
        Names of the scores, which are those of their scorers.
    best
        lam* of the lens on this utility; 0 where there is none.
    top
        Upper end of the slider.
    """

    set_name: str
    samples: ScoredSamples
    beta: float
    prompts: tuple[str, ...]
    groups: tuple[str, ...]
    reward_name: str
    utility_name: str
    best: float
    top: float

    def problem(self) -> AlignmentProblem:
        """The problem whose tilted policies are meant; its threshold does not move them."""
        return AlignmentProblem(self.samples, thresholds=np.zeros(1), beta=self.beta)

    def weights(self, multiplier: float | None) -> Array:
        """Weights (P, I) of the tilted policy; of the reference for None."""
        if multiplier is None:
            shape = np.asarray(self.samples.rewards).shape
            mask = np.isfinite(np.asarray(self.samples.rewards))
            return mask / np.maximum(1, mask.sum(axis=1, keepdims=True)) * np.ones(shape)
        return np.asarray(tilted_weights(self.problem(), np.array([multiplier])))

    def spot(self, multiplier: float | None) -> Spot:
        """Where the tilted policy at ``multiplier`` sits; the reference for None."""
        weights = self.weights(multiplier)
        reward_rank, utility_rank = (float((weights * ranks).sum(axis=1).mean()) for ranks in self._ranks)
        if multiplier is None:
            replies = np.isfinite(np.asarray(self.samples.rewards)).sum(axis=1)
            return Spot(
                reward=float(self.samples.reference_reward),
                utility=float(self.samples.baseline[0]),
                reward_rank=reward_rank,
                utility_rank=utility_rank,
                kl=0.0,
                effective=float(np.median(replies)),
            )
        there = evaluate_dual(self.problem(), np.array([[multiplier]]))
        return Spot(
            reward=float(there.expected_reward[0]),
            utility=float(there.expected_utilities[0, 0]),
            reward_rank=reward_rank,
            utility_rank=utility_rank,
            kl=float(there.kl[0]),
            effective=float(there.ess_median[0]),
        )

    def curve(self, points: int = 41) -> dict[str, Array]:
        """Tilted policies along lam: multiplier, reward, utility, (points,) each."""
        grid = np.linspace(0.0, self.top, points)
        there = evaluate_dual(self.problem(), grid)
        return {
            "multiplier": grid,
            "reward": np.asarray(there.expected_reward),
            "utility": np.asarray(there.expected_utilities)[:, 0],
        }

    def rank(self, name: str, value: float) -> float:
        """Percent of the reference's replies, over all prompts, that score lower; ties count by half."""
        others = self.scores(name)
        others = others[np.isfinite(others)]
        return float(100.0 * (np.mean(others < value) + 0.5 * np.mean(others == value)))

    def differences(self, first: ChatPolicy, second: ChatPolicy, specs: Mapping[str, PolicySpec]) -> Array:
        """How much two policies differ on each prompt, (P,): total variation of their weights on its replies."""
        tilts = [multiplier_of(policy, self.utility_name, specs) for policy in (first, second)]
        one, other = (self.weights(tilt) for tilt in tilts)
        return np.asarray(0.5 * np.abs(one - other).sum(axis=1))

    def scores(self, name: str) -> Array:
        """Scores (P, I) of the reward or of the utility."""
        if name == self.reward_name:
            return np.asarray(self.samples.rewards)
        return np.asarray(self.samples.utilities)[..., 0]

    @cached_property
    def _ranks(self) -> tuple[Array, Array]:
        return _percentiles(self.scores(self.reward_name)), _percentiles(self.scores(self.utility_name))


def _percentiles(scores: Array) -> Array:
    """Percent of all replies that score lower, in the shape of ``scores``; 0 where there is no reply."""
    ordered = np.sort(scores[np.isfinite(scores)])
    left = np.searchsorted(ordered, scores, side="left")
    right = np.searchsorted(ordered, scores, side="right")
    ranks: Array = 50.0 * (left + right) / max(1, ordered.size)
    return np.where(np.isfinite(scores), ranks, 0.0)


def multiplier_of(policy: ChatPolicy, utility: str, specs: Mapping[str, PolicySpec]) -> float | None:
    """lam of the tilted policy that this one is, or approximates; None for the reference."""
    match policy:
        case ReferencePolicy():
            return None
        case ResampledPolicy():
            return float(policy.multipliers.get(utility, 0.0))
        case AdapterPolicy():
            spec = specs.get(policy.name)
            return None if spec is None else float(spec.multipliers.get(utility, 0.0))
        case MixedPolicy():
            return float(sum(policy.multipliers.values()))
        case InterpolatedPolicy():
            known = [(weight, specs[name]) for name, weight in policy.weights.items() if name in specs]
            return float(sum(weight * spec.multipliers.get(utility, 0.0) for weight, spec in known))
    return None


def build(
    sample_set: SampleSet, *, reward: str, utility: str, beta: float, best: float, top: float
) -> Landscape:
    """The landscape of a stored set."""
    return Landscape(
        set_name=sample_set.name,
        samples=sample_set.scored(reward=reward, utilities=(utility,)),
        beta=beta,
        prompts=tuple(str(text) for text in sample_set.prompts),
        groups=tuple(str(group) for group in sample_set.groups),
        reward_name=reward,
        utility_name=utility,
        best=best,
        top=top,
    )
