"""A policy measured against stated constraints of any kind: on all prompts, on a group, or on a share of replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dualign.duality import AlignmentProblem, Form, ScoredSamples, build_problem, evaluate_dual
from dualign.duality.statements import Threshold
from dualign.errors import InvalidInputError
from dualign.evaluation.measure import Measurement, PolicyReplies, measure
from dualign.evaluation.resampled import resampled_replies
from dualign.samples import SampleSet
from dualign.samples.split import HELD_OUT_SHARE, held_out

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Stated:
    """Constraints on a set whose prompts are split into those predicted from and those measured on.

    Attributes
    ----------
    train, test : AlignmentProblem
        The stated problem on the two parts; thresholds and names are the same.
    rows : (P_test,)
        Places in the set of the prompts that are measured on.
    reward : str
    """

    train: AlignmentProblem
    test: AlignmentProblem
    rows: npt.NDArray[np.intp]
    reward: str
    sample_set: SampleSet
    constraints: tuple[Threshold, ...]

    @property
    def thresholds(self) -> dict[str, float]:
        """By constraint name, utility units."""
        return dict(zip(self.test.samples.names, np.asarray(self.test.thresholds).tolist(), strict=True))

    @property
    def prompts(self) -> list[str]:
        """Prompts that are measured on."""
        return [self.sample_set.prompts[i] for i in self.rows]

    @property
    def groups(self) -> tuple[str, ...]:
        """Their groups."""
        return tuple(self.sample_set.groups[i] for i in self.rows)


def state(
    sample_set: SampleSet,
    constraints: Sequence[Threshold],
    *,
    beta: float,
    form: Form,
    reward: str | None = None,
    group: str | None = None,
    share: float = HELD_OUT_SHARE,
) -> Stated:
    """The stated problem on the prompts that predictions come from, and on those that are measured on.

    Raises
    ------
    InvalidInputError
        Too few prompts to hold some out, or a constraint on a group that one part lacks.
    """
    held = held_out(sample_set.prompts, sample_set.groups, share=share)
    groups = np.asarray(sample_set.groups, dtype=object)
    kept = np.ones(len(groups), dtype=bool) if group is None else groups == group
    wanted = tuple(dict.fromkeys(constraint.utility for constraint in constraints))
    scored = sample_set.scored(reward=reward, utilities=wanted)
    parts = []
    for mask in (kept & ~held, kept & held):
        if not mask.any():
            raise InvalidInputError(
                f"only {int(kept.sum())} prompts are in sight, too few to hold some out: look at all prompts."
            )
        parts.append(build_problem(scored.subset(mask), constraints, beta=beta, form=form))
    return Stated(
        train=parts[0],
        test=parts[1],
        rows=np.flatnonzero(kept & held),
        reward=reward or sample_set.manifest.reward,
        sample_set=sample_set,
        constraints=tuple(constraints),
    )


def reference_of(stated: Stated) -> PolicyReplies:
    """The reference's stored replies, scored as the constraints read them."""
    return _policy(stated, stated.test.samples, name="reference")


def _policy(stated: Stated, samples: ScoredSamples, *, name: str) -> PolicyReplies:
    scores = {stated.reward: samples.rewards}
    scores |= {key: samples.utilities[..., j] for j, key in enumerate(samples.names) if key != stated.reward}
    return PolicyReplies(name=name, scores=scores, groups=stated.groups)


def resampled_of(
    stated: Stated, multipliers: npt.ArrayLike, *, draws: int, rng: np.random.Generator, name: str
) -> tuple[PolicyReplies, npt.NDArray[np.intp]]:
    """The resampled policy on the held-out prompts, and which stored replies it chose, (P, N)."""
    samples = stated.test.samples
    scores: dict[str, Array] = dict(reference_of(stated).scores)
    place = np.broadcast_to(np.arange(samples.n_responses, dtype=np.float64), samples.rewards.shape)
    drawn = resampled_replies(
        stated.test, multipliers, {**scores, "": place}, draws=draws, rng=rng, name=name
    )
    picked = drawn.scores[""].astype(np.intp)
    return (
        PolicyReplies(
            name=name,
            scores={key: drawn.scores[key] for key in scores},
            groups=stated.groups,
            kl_terms=drawn.kl_terms,
            kl_estimator=drawn.kl_estimator,
        ),
        picked,
    )


def trained_of(stated: Stated, replies: PolicyReplies) -> PolicyReplies:
    """A trained policy's plain scores turned into those that the constraints read.

    Raises
    ------
    InvalidInputError
        It was not scored by a score that the constraints need.
    """
    wanted = dict.fromkeys([stated.reward, *(constraint.utility for constraint in stated.constraints)])
    missing = [name for name in wanted if name not in replies.scores]
    if missing:
        raise InvalidInputError(
            f"the replies of '{replies.name}' carry no score named '{missing[0]}': evaluate the policy again."
        )
    utilities = tuple(dict.fromkeys(constraint.utility for constraint in stated.constraints))
    samples = ScoredSamples(
        rewards=replies.scores[stated.reward],
        utilities=np.stack([replies.scores[name] for name in utilities], axis=-1),
        names=utilities,
        groups=stated.groups if any(stated.groups) else None,
    )
    problem = build_problem(samples, stated.constraints, beta=stated.test.beta)
    found = _policy(stated, problem.samples, name=replies.name)
    return PolicyReplies(
        name=found.name,
        scores=found.scores,
        groups=stated.groups,
        kl_terms=replies.kl_terms,
        kl_estimator=replies.kl_estimator,
    )


def measure_stated(
    stated: Stated, policy: PolicyReplies, *, rng: np.random.Generator, resamples: int = 400
) -> Measurement:
    """The policy's gains, slack, groups and tail under the stated constraints."""
    test, thresholds = stated.test, stated.thresholds
    form: Form = "improvement"
    if isinstance(test.form, str):
        form = test.form
    else:
        # Of mixed forms each is what it asks for over the reference.
        thresholds = dict(zip(test.samples.names, (-test.reference_slack).tolist(), strict=True))
    return measure(
        policy,
        reference_of(stated),
        reward=stated.reward,
        thresholds=thresholds,
        beta=test.beta,
        form=form,
        rng=rng,
        resamples=resamples,
    )


def predicted_of(stated: Stated, multipliers: npt.ArrayLike) -> Mapping[str, float]:
    """Gains that the training prompts predict at ``multipliers`` (m,), by score name; "kl" and "regularized" too."""
    samples = stated.train.samples
    found = evaluate_dual(stated.train, np.atleast_2d(np.asarray(multipliers, dtype=np.float64)))
    gains = found.expected_utilities[0] - samples.baseline
    return {
        stated.reward: float(found.expected_reward[0]) - samples.reference_reward,
        **dict(zip(samples.names, gains.tolist(), strict=True)),
        "kl": float(found.kl[0]),
        "regularized": float(found.regularized_reward[0]) - samples.reference_reward,
    }
