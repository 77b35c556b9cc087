"""What the experiments share: the set split into prompts to predict from and prompts to measure on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign.duality import AlignmentProblem, ScoredSamples, dual_curve, evaluate_dual, feasible_range
from dualign.errors import InvalidInputError
from dualign.evaluation.measure import Measurement, PolicyReplies, measure
from dualign.evaluation.resampled import multipliers_for, reference_replies, resampled_replies
from dualign.evaluation.tracking import Tracked, track
from dualign.samples import SampleSet, Store
from dualign.samples.split import HELD_OUT_SHARE, held_out

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How an experiment is run.

    Attributes
    ----------
    samples : str
        Stored set.
    reward, utilities
        Score names; the set's own unless given.
    beta : float or None
        Reward units per nat; the set's own unless given.
    draws : int
        Replies of a resampled policy for each held-out prompt.
    resamples : int
        Bootstrap resamples over prompts.
    repeats : int
        Random splits, or subsets, where an experiment repeats itself.
    share : float
        Part of each prompt group that is measured on.
    seed : int
    policies : tuple of str
        Trained policies to measure beside the resampled ones; those at hand unless given.
    """

    samples: str = "demo"
    reward: str = ""
    utilities: tuple[str, ...] = ()
    beta: float | None = None
    draws: int = 8
    resamples: int = 1000
    repeats: int = 100
    share: float = HELD_OUT_SHARE
    seed: int = 0
    policies: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        least = {"draws": 1, "resamples": 2, "repeats": 1, "seed": 0}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise InvalidInputError(f"{name} is {getattr(self, name)}: give at least {low}.")


@dataclass(frozen=True, kw_only=True, eq=False)
class Setup:
    """A set opened for an experiment.

    Attributes
    ----------
    sample_set : SampleSet
    reward : str
    utilities : tuple of str
    beta : float
    held : (P,)
        Prompts that are measured on.
    options : Options
    """

    sample_set: SampleSet
    reward: str
    utilities: tuple[str, ...]
    beta: float
    held: npt.NDArray[np.bool_]
    options: Options = field(default_factory=Options)

    @cached_property
    def scored(self) -> ScoredSamples:
        """All prompts."""
        return self.sample_set.scored(self.reward, self.utilities)

    @cached_property
    def train(self) -> ScoredSamples:
        """Prompts that lam* and the predictions come from."""
        return self.scored.subset(~self.held)

    @cached_property
    def test(self) -> ScoredSamples:
        """Prompts that are measured on."""
        return self.scored.subset(self.held)

    @cached_property
    def test_scores(self) -> dict[str, Array]:
        """Every score of the held-out prompts' stored replies, (P, I)."""
        return {name: self.sample_set.padded(name)[self.held] for name in self.sample_set.manifest.scores}

    @cached_property
    def reference(self) -> PolicyReplies:
        """The reference on the held-out prompts."""
        return reference_replies(self.test_scores, self.test.groups or ("",) * self.test.n_prompts)

    def settings(self, **more: Any) -> dict[str, Any]:
        """What was set, for the result."""
        return {
            "samples": self.sample_set.name,
            "samples_hash": self.sample_set.content_hash,
            "reward": self.reward,
            "utilities": list(self.utilities),
            "beta": self.beta,
            "prompts_predicted_from": int((~self.held).sum()),
            "prompts_measured_on": int(self.held.sum()),
            "stored_replies": int(self.sample_set.counts.max()),
            **{
                k: v
                for k, v in asdict(self.options).items()
                if k not in ("samples", "reward", "utilities", "beta")
            },
            **more,
        }

    def resampled(
        self,
        multipliers: npt.ArrayLike,
        *,
        rng: np.random.Generator,
        name: str,
        candidates: int | None = None,
        reward_weight: float = 1.0,
    ) -> PolicyReplies:
        """The resampled policy at ``multipliers`` on the held-out prompts."""
        return resampled_replies(
            weighed(self.test, reward_weight, self.beta),
            multipliers,
            self.test_scores,
            draws=self.options.draws,
            rng=rng,
            candidates=candidates,
            name=name,
        )

    def measure(
        self,
        policy: PolicyReplies,
        *,
        thresholds: Mapping[str, float],
        rng: np.random.Generator,
        details: bool = False,
    ) -> Measurement:
        """The policy measured on the held-out prompts."""
        return measure(
            policy,
            self.reference,
            reward=self.reward,
            thresholds=thresholds,
            beta=self.beta,
            rng=rng,
            resamples=self.options.resamples,
            details=details,
        )


def weighed(samples: ScoredSamples, reward_weight: float, beta: float) -> AlignmentProblem:
    """The problem without thresholds, its reward scaled: 0 for a policy that ignores it."""
    scaled = ScoredSamples(
        samples.rewards * reward_weight,
        samples.utilities,
        samples.names,
        samples.log_weights,
        samples.prompt_weights,
        samples.groups,
    )
    return AlignmentProblem(scaled, np.zeros(samples.n_constraints), beta)


def open_setup(options: Options, *, utilities: Sequence[str] = ()) -> Setup:
    """The set of ``options`` with its held-out prompts.

    Raises
    ------
    InvalidInputError, StoreError
        No such set or score, replies that are uneven, or too few prompts to hold some out.
    """
    sample_set = Store().open(options.samples)
    manifest = sample_set.manifest
    names = tuple(options.utilities or utilities or manifest.utilities[:1])
    return Setup(
        sample_set=sample_set,
        reward=options.reward or manifest.reward,
        utilities=names,
        beta=float(options.beta if options.beta is not None else manifest.default_beta),
        held=held_out(sample_set.prompts, sample_set.groups, share=options.share, seed=options.seed),
        options=options,
    )


def spread_thresholds(samples: ScoredSamples, beta: float, *, count: int) -> list[float]:
    """Thresholds of the one utility, from where it starts to bind to near the end of what can be reached."""
    problem = AlignmentProblem(samples, np.zeros(1), beta)
    free = float(evaluate_dual(problem, [[0.0]]).slack[0, 0])
    room = feasible_range(problem).high - free
    return [round(float(x), 2) for x in free + room * np.linspace(0.1, 0.8, count)]


def tracked_resampled(
    setup: Setup, thresholds: Sequence[float], *, rng: np.random.Generator, candidates: int | None = None
) -> tuple[list[Tracked], list[Measurement], Array]:
    """Predictions from the training prompts and measurements of the resampled policy, one constraint.

    Returns
    -------
    points, measurements
        One for each threshold.
    multipliers : (T,)
    """
    name = setup.utilities[0]
    lam, gains = multipliers_for(setup.train, [[b] for b in thresholds], beta=setup.beta)
    points, found = [], []
    for b, row, gain in zip(thresholds, lam, gains, strict=True):
        policy = setup.resampled(row, rng=rng, name=f"resampled at λ = {row[0]:.2f}", candidates=candidates)
        measured = setup.measure(policy, thresholds={name: b}, rng=rng)
        found.append(measured)
        points.append(
            Tracked(
                label=f"{b:g}",
                multiplier=float(row[0]),
                expected=float(gain[0]),
                achieved=measured.utility_gains[name],
            )
        )
    return points, found, lam[:, 0]


def repeated_splits(setup: Setup, thresholds: Sequence[float]) -> tuple[list[int], list[float]]:
    """Predictions inside, and the mean distance from y = x, for ``options.repeats`` other random splits.

    All thresholds are measured on the same prompts, so that their misses come together: one split says
    little about coverage.
    """
    covered, errors = [], []
    prompts, groups, options = setup.sample_set.prompts, setup.sample_set.groups, setup.options
    for seed in range(options.seed + 1, options.seed + 1 + options.repeats):
        held = held_out(prompts, groups, share=options.share, seed=seed)
        other = replace(setup, held=held, options=replace(options, resamples=min(options.resamples, 400)))
        found = track(tracked_resampled(other, thresholds, rng=np.random.default_rng(seed))[0])
        covered.append(found.covered)
        errors.append(found.mean_error)
    return covered, errors


def splits_sentence(covered: Sequence[int], errors: Sequence[float], count: int) -> str:
    """What the repeated splits show."""
    return (
        f"Over {len(covered)} other random splits, {np.mean(covered):.1f} of {count} predictions lie inside on average "
        f"(median {np.median(covered):.0f}); the mean distance is {np.mean(errors):.2g}. The intervals do not count "
        "the error of the prediction itself, so a little less than 95 % is what to expect."
    )


def boundary_columns(
    samples: ScoredSamples, beta: float, *, top: float, points: int = 61
) -> dict[str, list[float]]:
    """The predicted front of one constraint: gains of the tilted policy along lam from 0 to ``top``."""
    problem = AlignmentProblem(samples, np.zeros(1), beta)
    curve = dual_curve(problem, np.linspace(0.0, top, points))
    base, reference = float(samples.baseline[0]), samples.reference_reward
    return {
        "multiplier": np.asarray(curve.multipliers).tolist(),
        "utility_gain": (np.asarray(curve.utility) - base).tolist(),
        "reward_gain": (np.asarray(curve.reward) - reference).tolist(),
        "kl": np.asarray(curve.kl).tolist(),
        "regularized_gain": (np.asarray(curve.reward) - beta * np.asarray(curve.kl) - reference).tolist(),
    }


def estimate_columns(prefix: str, estimates: Sequence[Any]) -> dict[str, list[float | None]]:
    """Columns ``prefix``, ``prefix_low`` and ``prefix_high`` of estimates, None where there is none."""
    parts = {"": "value", "_low": "low", "_high": "high"}
    return {
        prefix + suffix: [None if e is None else float(getattr(e, part)) for e in estimates]
        for suffix, part in parts.items()
    }
