"""One of I replies chosen with the weights of the tilted policy."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign.duality import AlignmentProblem, ScoredSamples, tilted_weights
from dualign.models.chat.kinds import MAX_CANDIDATES, ResampledPolicy
from dualign.models.chat.requests import Finish, Resampling
from dualign.models.sampling import prompt_seed

Array = npt.NDArray[np.float64]
_REMEMBERED = 64


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Replies of the reference to one conversation, in the order of their random numbers."""

    texts: tuple[str, ...]
    n_tokens: tuple[int, ...]
    finishes: tuple[Finish, ...]
    scores: Mapping[str, Array]

    def first(self, count: int) -> Candidates:
        """The first ``count`` of them: what a smaller I would have drawn."""
        return Candidates(
            texts=self.texts[:count],
            n_tokens=self.n_tokens[:count],
            finishes=self.finishes[:count],
            scores={name: values[:count] for name, values in self.scores.items()},
        )


class RememberedCandidates:
    """Candidates of the latest conversations, so that moving lam needs no new draws."""

    def __init__(self) -> None:
        self._found: OrderedDict[Any, Candidates] = OrderedDict()

    def get(self, key: Any, count: int, scorers: set[str]) -> Candidates | None:
        """At least ``count`` candidates with these scores, cut to ``count``."""
        found = self._found.get(key)
        if found is None or len(found.texts) < count or not scorers <= set(found.scores):
            return None
        self._found.move_to_end(key)
        return found.first(count)

    def put(self, key: Any, candidates: Candidates) -> None:
        """Remember candidates; the oldest conversations are dropped."""
        self._found[key] = candidates
        while len(self._found) > _REMEMBERED:
            self._found.popitem(last=False)

    def clear(self) -> None:
        """Forget every conversation."""
        self._found.clear()


def resampling_weights(policy: ResampledPolicy, scores: Mapping[str, Array]) -> Array:
    """Weights (I,) of the tilted policy over candidates; for best-of-I all on the best, shared among ties."""
    names = tuple(policy.multipliers)
    utilities = np.stack([scores[name] for name in names], axis=1)
    lam = np.array([policy.multipliers[name] for name in names])
    if policy.best:
        values = scores[policy.reward] + utilities @ lam
        best = values == values.max()
        return np.asarray(best / best.sum(), dtype=np.float64)
    samples = ScoredSamples(rewards=scores[policy.reward][None], utilities=utilities[None], names=names)
    # Thresholds shift every candidate alike and leave the weights as they are.
    problem = AlignmentProblem(samples, thresholds=np.zeros(len(names)), beta=policy.beta)
    return tilted_weights(problem, lam[None])[0]


def choose(weights: Array, *, seed: int, key: str) -> int:
    """A draw from ``weights`` (I,) whose random numbers do not depend on them.

    The largest of log w + Gumbel noise: a small change of lam changes the choice only if it must.
    """
    rng = np.random.default_rng(prompt_seed(seed, f"choice\n{key}"))
    noise = rng.gumbel(size=MAX_CANDIDATES)[: len(weights)]
    with np.errstate(divide="ignore"):
        return int(np.argmax(np.log(weights) + noise))


def resample(policy: ResampledPolicy, candidates: Candidates, *, seed: int, key: str) -> Resampling:
    """The choice among candidates, with all that it rests on."""
    weights = resampling_weights(policy, candidates.scores)
    return Resampling(
        texts=candidates.texts,
        scores={name: tuple(values.tolist()) for name, values in candidates.scores.items()},
        weights=tuple(weights.tolist()),
        chosen=choose(weights, seed=seed, key=key),
        effective_sample_size=float(1.0 / (weights @ weights)),
    )
