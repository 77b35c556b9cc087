"""Evaluated policies in a table: measured gains beside the predicted ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dualign.errors import InvalidInputError
from dualign.evaluation import lessons
from dualign.evaluation.estimates import Estimate
from dualign.evaluation.experiments.setup import Options, Setup, open_setup
from dualign.evaluation.measure import Measurement
from dualign.evaluation.policies import EvaluatedPolicy, read_evaluation
from dualign.evaluation.trained import Predicted, predict_trained
from dualign.evaluation.winrates import Pair, PairJudge, WinRate, judge_pairs


@dataclass(frozen=True, kw_only=True)
class SummaryRow:
    """One policy: what was measured on its held-out prompts, what was predicted, and lessons in sentences.

    ``predicted`` is None where nothing can be, and the sentences say why.
    """

    policy: str
    measured: Measurement
    predicted: Predicted | None
    sentences: tuple[str, ...]


def setup_of(evaluated: EvaluatedPolicy) -> Setup:
    """The set of a policy, split into the prompts it was measured on and the others."""
    utilities = tuple(name for name in evaluated.record.multipliers if name in evaluated.record.scores)
    setup = open_setup(Options(samples=evaluated.record.samples), utilities=utilities)
    asked = set(evaluated.prompts)
    held = np.array([prompt in asked for prompt in setup.sample_set.prompts])
    return replace(setup, held=held, beta=evaluated.record.beta)


def summary_row(evaluated: EvaluatedPolicy, *, seed: int = 0) -> SummaryRow:
    """What a policy did on the prompts that it was measured on.

    Its own thresholds are used where it has them, else the set's defaults, else 0.
    """
    setup = setup_of(evaluated)
    record, defaults = evaluated.record, setup.sample_set.manifest.default_thresholds
    thresholds = {
        name: float(record.thresholds.get(name, defaults.get(name, 0.0))) for name in setup.utilities
    }
    rows = np.flatnonzero(setup.held)
    prompts = [setup.sample_set.prompts[i] for i in rows]
    groups = [setup.sample_set.groups[i] for i in rows]
    measured = setup.measure(
        evaluated.replies(prompts, groups),
        thresholds=thresholds,
        rng=np.random.default_rng(seed),
        details=True,
    )
    own = [name for name in thresholds if name in record.thresholds]
    sentences = [
        lessons.satisfaction_sentence(
            measured, thresholds=thresholds, whose="its own threshold" if own else "the set's threshold"
        )
    ]
    predicted = None
    try:
        predicted = predict_trained(setup, record)
    except InvalidInputError as error:
        sentences.append(f"{str(error)[:1].upper()}{str(error)[1:]}")
    for name in setup.utilities:
        if predicted is not None:
            gain = predicted.utilities[name]
            sentences.append(lessons.achieved_sentence(measured, name, predicted_gain=gain))
        sentences.append(lessons.worst_sentence(measured, name))
    return SummaryRow(
        policy=evaluated.name,
        measured=measured,
        predicted=predicted,
        sentences=tuple(s for s in sentences if s),
    )


def summary_rows(
    policies: Sequence[str], *, seed: int = 0, measured: Sequence[EvaluatedPolicy] = ()
) -> list[SummaryRow]:
    """`summary_row` of policies by name: as in ``measured``, else as stored."""
    now = {item.name: item for item in measured}
    return [
        summary_row(now.get(name) or read_evaluation(name), seed=seed) for name in dict.fromkeys(policies)
    ]


def judged(
    evaluated: EvaluatedPolicy,
    judge: PairJudge,
    *,
    pairs: int = 1,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> WinRate:
    """Win rate of a policy against the reference by a judge who sees each pair in both orders.

    Parameters
    ----------
    evaluated
        The policy's stored replies.
    judge
        A judge model, or anything that prefers one of two replies.
    pairs
        Pairs for each held-out prompt: a reply of the policy beside one of the reference's.
    seed
        Which replies are paired, and the bootstrap.
    progress
        Called with pairs judged and in all.
    """
    if pairs < 1:
        raise InvalidInputError(f"pairs is {pairs}: give a whole number of at least 1.")
    setup, rng = setup_of(evaluated), np.random.default_rng(seed)
    made = []
    for row in np.flatnonzero(setup.held):
        prompt, theirs = setup.sample_set.prompts[row], setup.sample_set.responses(int(row))
        ours = evaluated.responses(prompt)
        for _ in range(pairs):
            made.append(
                Pair(
                    prompt=prompt,
                    ours=ours[int(rng.integers(len(ours)))],
                    theirs=theirs[int(rng.integers(len(theirs)))],
                )
            )
    return judge_pairs(made, judge, rng=rng, progress=progress)


def _cell(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    return f"{estimate.value:+.3f} [{estimate.low:+.3f}, {estimate.high:+.3f}]"


def _beside(predicted: float | None) -> str:
    return "" if predicted is None else f"  predicted {predicted:+.3f}"


def summary_text(rows: Sequence[SummaryRow]) -> str:
    """The rows for a terminal."""
    lines = []
    for row in rows:
        m = row.measured
        p = row.predicted
        lines += [f"{row.policy}: {m.n_prompts} held-out prompts, {m.n_replies} replies each"]
        lines.append(f"  {m.reward_name:<20} {_cell(m.reward_gain)}{_beside(p and p.reward)}")
        for name, gain in m.utility_gains.items():
            lines.append(f"  {name:<20} {_cell(gain)}{_beside(p and p.utilities[name])}")
        lines.append(f"  {'KL (nats)':<20} {_cell(m.kl)}{_beside(p and p.kl)}; {m.kl_estimator}")
        lines.append(f"  {'E[r] - beta KL':<20} {_cell(m.regularized_gain)}{_beside(p and p.regularized)}")
        lines += [f"  {sentence}" for sentence in row.sentences]
    return "\n".join(lines)
