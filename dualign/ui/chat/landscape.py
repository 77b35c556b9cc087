"""Where policies sit, by the demo's scored replies: expected scores, ranks among the reference's replies, differences.

Nothing here knows Streamlit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

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


Basis = Literal["reference", "expected", "predicted", "measured", "between", "unknown"]
_DRAWS = 48


@dataclass(frozen=True)
class Spot:
    """Where a policy sits.

    Attributes
    ----------
    reward, utility
        E[r] and E[g], in score units; nan where nothing is known.
    reward_rank, utility_rank
        Mean place of its replies among those of the reference, in percent of them that score lower.
    basis
        ``expected`` of a choice among replies of the reference, which is what the policy does; ``predicted`` for the
        exact policy at the lam that a trained one approximates; ``measured`` on a trained policy's own record;
        ``between`` what its adapters were measured at, a guess; or ``unknown``.
    """

    reward: float
    utility: float
    reward_rank: float
    utility_rank: float
    basis: Basis = "expected"

    @property
    def known(self) -> bool:
        """Whether anything is known of where it sits."""
        return self.basis != "unknown"


UNKNOWN = Spot(math.nan, math.nan, math.nan, math.nan, "unknown")


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
        """Where the exact tilted policy at ``multiplier`` sits; the reference for None."""
        return self._at(self.weights(multiplier), "reference" if multiplier is None else "predicted")

    def resampled(self, multiplier: float, candidates: int, *, best: bool = False) -> Spot:
        """Where a choice among a few replies of the reference sits, by choosing among those at hand many times.

        Parameters
        ----------
        multiplier
            lam, reward per utility.
        candidates
            I, how many replies there are to choose from; all at hand where they are fewer.
        best
            Whether the reply of largest r + lam g is taken, and not one at random with the tilted weights.
        """
        found = self._resampled.get((multiplier, candidates, best))
        if found is None:
            weights = self._chosen(multiplier, candidates, best=best)
            found = self._resampled[multiplier, candidates, best] = self._at(weights, "expected")
        return found

    @cached_property
    def _resampled(self) -> dict[tuple[float, int, bool], Spot]:
        return {}

    def _chosen(self, multiplier: float, candidates: int, *, best: bool) -> Array:
        """How often each reply is given, (P, I), when ``candidates`` at random stand for choice."""
        rewards, utilities = self.scores(self.reward_name), self.scores(self.utility_name)
        tilt = (rewards + multiplier * utilities) / self.beta
        there = np.isfinite(tilt)
        tilt = np.where(there, tilt, -np.inf)
        size = min(candidates, tilt.shape[1])
        rng = np.random.default_rng(0)
        total = np.zeros_like(tilt)
        for _ in range(_DRAWS):
            order = np.where(there, rng.random(tilt.shape), 2.0)
            at = np.argpartition(order, size - 1, axis=1)[:, :size]
            some = np.take_along_axis(tilt, at, axis=1)
            shifted = some - some.max(axis=1, keepdims=True)
            weights = (shifted == 0).astype(np.float64) if best else np.exp(shifted)
            given = np.zeros_like(tilt)
            np.put_along_axis(given, at, weights / weights.sum(axis=1, keepdims=True), axis=1)
            total += given
        return total / _DRAWS

    def _at(self, weights: Array, basis: Basis) -> Spot:
        """Where a policy sits that gives the replies at hand with these weights, (P, I)."""
        prompts = self.samples.prompt_weights
        shares = np.full(len(weights), 1 / len(weights)) if prompts is None else np.asarray(prompts)
        columns = (self.scores(self.reward_name), self.scores(self.utility_name), *self._ranks)
        means = (float(shares @ np.nansum(weights * column, axis=1)) for column in columns)
        reward, utility, reward_rank, utility_rank = means
        return Spot(reward, utility, reward_rank, utility_rank, basis)

    def curve(self, points: int = 41) -> dict[str, Array]:
        """Tilted policies along lam: multiplier, reward, utility, (points,) each."""
        grid = np.linspace(0.0, self.top, points)
        there = evaluate_dual(self.problem(), grid)
        return {
            "multiplier": grid,
            "reward": np.asarray(there.expected_reward),
            "utility": np.asarray(there.expected_utilities)[:, 0],
        }

    def ranks(self, name: str, values: Array) -> Array:
        """Percent of the reference's replies, over all prompts, that score lower; ties count by half."""
        return _percentiles(values, self.scores(name))

    def rank(self, name: str, value: float) -> float:
        """`ranks` of one value."""
        return float(self.ranks(name, np.array([value]))[0])

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
        reward, utility = self.scores(self.reward_name), self.scores(self.utility_name)
        return _percentiles(reward, reward), _percentiles(utility, utility)


def _percentiles(scores: Array, others: Array) -> Array:
    """Percent of ``others`` that score lower, in the shape of ``scores``; 0 where there is no reply."""
    ordered = np.sort(others[np.isfinite(others)])
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
