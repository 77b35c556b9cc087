"""Trained policies as experiments see them: measured on held-out prompts, beside what was predicted for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dualign.duality import ScoredSamples, tilted_weights
from dualign.errors import InvalidInputError
from dualign.evaluation.divergence import distribution_kl
from dualign.evaluation.estimates import Estimate
from dualign.evaluation.experiments.setup import Setup, weighed
from dualign.evaluation.measure import Measurement
from dualign.evaluation.policies import (
    EvaluatedPolicy,
    EvaluationRecord,
    held_out_table,
    list_evaluations,
    read_evaluation,
)
from dualign.evaluation.resampled import multipliers_for

BY_THRESHOLD = ("pecan", "mocaid", "pecaid")
"""Methods whose multipliers say nothing of the tilt on the scores: they weigh log-ratios, or were moved until the
thresholds held."""


class Predicted(NamedTuple):
    """Gains over the reference predicted for the tilted policy at a policy's multipliers.

    ``utilities`` is by name; reward and ``regularized`` in reward units, ``kl`` in nats.
    """

    reward: float
    utilities: dict[str, float]
    kl: float
    regularized: float


class Trained(NamedTuple):
    """A trained policy: its replies, what was measured, and what was predicted from the training prompts."""

    evaluated: EvaluatedPolicy
    measured: Measurement
    predicted: Predicted


def predict(setup: Setup, multipliers: dict[str, float], *, reward_weight: float = 1.0) -> Predicted:
    """What the tilted policy at ``multipliers`` gains on the training prompts' stored replies.

    Raises
    ------
    InvalidInputError
        A multiplier on something that is no score of the set.
    """
    unknown = [name for name in multipliers if name not in setup.sample_set.manifest.scores]
    if unknown:
        raise InvalidInputError(
            f"'{unknown[0]}' is no score of '{setup.sample_set.name}': it cannot be predicted."
        )
    names = tuple(dict.fromkeys([*multipliers, *setup.utilities]))
    samples = setup.sample_set.scored(setup.reward, names).subset(~setup.held)
    problem = weighed(samples, reward_weight, setup.beta)
    weights = tilted_weights(problem, [multipliers.get(name, 0.0) for name in names])
    reward = float(np.vecdot(weights, samples.rewards).mean()) - samples.reference_reward
    gains = np.einsum("pi,pij->j", weights, samples.utilities) / samples.n_prompts - samples.baseline
    kl = float(distribution_kl(weights, counts=samples.counts).mean())
    return Predicted(reward, dict(zip(names, gains.tolist(), strict=True)), kl, reward - setup.beta * kl)


def compared_at(record: EvaluationRecord, samples: ScoredSamples, *, beta: float) -> dict[str, float] | None:
    """Multipliers of the tilted policy that a trained one is held against.

    Those that it was trained at, where they weigh scores. For `BY_THRESHOLD` lam* of its thresholds on
    ``samples``, which must hold the thresholds' scores and no other; None if they do not.

    Raises
    ------
    InvalidInputError
        Thresholds that no policy over the samples can meet.
    """
    if record.method not in BY_THRESHOLD:
        return {name: float(value) for name, value in record.multipliers.items()}
    if set(samples.names) != set(record.thresholds):
        return None
    forms = _forms(record)
    row = [
        float(record.thresholds[name]) - (float(base) if forms[name] == "absolute" else 0.0)
        for name, base in zip(samples.names, samples.baseline, strict=True)
    ]
    found = multipliers_for(samples, [row], beta=beta)[0][0]
    return dict(zip(samples.names, found.tolist(), strict=True))


def _forms(record: EvaluationRecord) -> dict[str, str]:
    """The form of each of its thresholds."""
    forms = dict(zip(record.thresholds, (part.strip() for part in record.form.split(",")), strict=False))
    common = record.form if "," not in record.form else "improvement"
    return {name: forms.get(name, common) for name in record.thresholds}


def own_slack(record: EvaluationRecord, measured: Measurement) -> dict[str, Estimate]:
    """Slack of a policy against the thresholds that it was trained for, utility units, by constraint.

    Constraints that were not measured are left out.
    """
    forms = _forms(record)
    found = {}
    for name, threshold in record.thresholds.items():
        base = measured.utilities if forms[name] == "absolute" else measured.utility_gains
        if name in base:
            found[name] = base[name].shifted(-float(threshold))
    return found


def predict_trained(setup: Setup, record: EvaluationRecord) -> Predicted:
    """What was predicted for a trained policy, from the prompts that it is not measured on.

    Raises
    ------
    InvalidInputError
        A constraint on something that is no score of the set, or thresholds that cannot be met.
    """
    names = tuple(name for name in record.thresholds if name in setup.sample_set.manifest.scores)
    samples = setup.sample_set.scored(setup.reward, names or setup.utilities).subset(~setup.held)
    found = compared_at(record, samples, beta=setup.beta)
    if found is None:
        stated = (
            f"has thresholds on {', '.join(record.thresholds)}, not all of which are scores of "
            f"'{setup.sample_set.name}'"
            if record.thresholds
            else f"was trained by {record.method} at multipliers on log-ratios, without thresholds"
        )
        raise InvalidInputError(f"policy '{record.policy}' {stated}: it cannot be predicted.")
    return predict(setup, found, reward_weight=record.reward_weight)


def trained_policies(
    setup: Setup,
    *,
    thresholds: dict[str, float],
    rng: np.random.Generator,
    names: Sequence[str] | None = None,
    details: bool = True,
) -> list[Trained]:
    """Evaluated policies of the set, measured on the held-out prompts.

    Parameters
    ----------
    setup
        The set and its held-out prompts.
    thresholds
        Of every measured utility.
    rng
        Source of randomness of the bootstrap.
    names
        Policies by name; unless given, all that were evaluated on these prompts and can be predicted.
    details
        Groups, tails and distributions too.
    """
    prompts, groups = held_out_table(setup.sample_set, setup.held)
    if names is None:
        found = list_evaluations(setup.sample_set.content_hash)
    else:
        found = [read_evaluation(name) for name in names]
    kept = []
    for evaluated in found:
        try:
            replies = evaluated.replies(prompts, groups)
            predicted = predict_trained(setup, evaluated.record)
        except InvalidInputError:
            if names is not None:
                raise
            continue
        measured = setup.measure(replies, thresholds=thresholds, rng=rng, details=details)
        kept.append(Trained(evaluated, measured, predicted))
    return kept
