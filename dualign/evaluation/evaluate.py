"""Measuring trained policies: draw replies on held-out prompts, score them, store them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dualign.alignment.arithmetic import device_words
from dualign.errors import InvalidInputError, StoreError
from dualign.evaluation.policies import (
    EvaluatedPolicy,
    EvaluationRecord,
    held_out_table,
    read_evaluation,
    write_evaluation,
)
from dualign.evaluation.results import machine, now
from dualign.models.policies import PolicySpec, adapter_name, load_policies, policy_folder, read_policy
from dualign.samples import SampleSet, open_samples
from dualign.samples.split import HELD_OUT_SHARE, held_out

Say = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """How policies are measured.

    Attributes
    ----------
    replies : int
        For each prompt.
    prompts : int or None
        Only so many of the held-out prompts, taken evenly over their groups.
    seed : int
        Of the draws.
    threads : int or None
        Of torch.
    dtype : {"float32", "bfloat16"}
    again : bool
        Whether to measure again what was measured with the same settings.
    """

    replies: int = 8
    prompts: int | None = None
    seed: int = 0
    threads: int | None = None
    dtype: str = "float32"
    again: bool = False

    def __post_init__(self) -> None:
        for name, least in (("replies", 1), ("prompts", 1), ("seed", 0), ("threads", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise InvalidInputError(f"{name} is {value}: give a whole number of at least {least}.")


def evaluate_policies(
    names: Sequence[str],
    options: EvaluateOptions,
    *,
    say: Say | None = None,
    progress: Progress | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> list[EvaluatedPolicy]:
    """Measure policies one after the other and store each; those measured now.

    All must have been trained on one reference and one sample set, whose held-out prompts are asked. Each is
    stored as soon as it is done, so that a run that was cut off goes on from there. One of fewer prompts or
    replies than are stored already is not stored: experiments need all prompts.

    Raises
    ------
    InvalidInputError
        Policies of several references or sets.
    ModelError, StoreError
        A policy, its set or its reference is missing or fails a check.
    """
    from dualign.alignment.policy_replies import reply_table, with_scores
    from dualign.models.reference import load_reference
    from dualign.models.scorers.scoring import load_scorer

    tell = say or (lambda _: None)
    specs = {name: read_policy(policy_folder(name)) for name in dict.fromkeys(names)}
    sample_set = _one_set(specs)
    known = {name: _known(spec) for name, spec in specs.items()}
    wanted = []
    for name, stored in known.items():
        if stored is None or options.again or not _covers(stored.record, options):
            wanted.append(name)
        else:
            tell(f"{name}: shown as stored, {_size(stored)}; --again measures it anew")
    if not wanted:
        return []
    shares = {_share(specs[name]) for name in wanted}
    if len(shares) > 1:
        raise InvalidInputError("the policies held out different prompts: evaluate them one at a time.")
    held = held_out(sample_set.prompts, sample_set.groups, share=shares.pop())
    prompts, groups = held_out_table(sample_set, held)
    if options.prompts is not None and options.prompts < len(prompts):
        chosen = np.linspace(0, len(prompts) - 1, options.prompts).round().astype(int)
        prompts, groups = [prompts[i] for i in chosen], [groups[i] for i in chosen]
    reference = load_reference(specs[wanted[0]].reference, dtype=options.dtype, threads=options.threads)
    reference.model.to(device_words()[0])
    scorers = [load_scorer(_scorer_name(sample_set, name)) for name in sample_set.manifest.scores]
    model = load_policies(reference, wanted)
    finished: list[EvaluatedPolicy] = []
    for place, name in enumerate(wanted):
        if stopping():
            break
        started = time.perf_counter()
        model.set_adapter(adapter_name(name))

        def told(done: int, total: int, *, place: int = place) -> None:
            if progress is not None:
                progress(place * total + done, len(wanted) * total)

        table = reply_table(
            model, reference, prompts, groups, replies=options.replies, seed=options.seed, progress=told
        )
        table = with_scores(table, scorers, threads=options.threads)
        record = _record(specs[name], sample_set, options, reference.spec.max_new_tokens)
        seconds = time.perf_counter() - started
        measured = EvaluatedPolicy(
            EvaluationRecord(
                **{**record, "seconds": round(seconds, 1), "machine": machine(), "created": now()}
            ),
            table,
        )
        finished.append(measured)
        tell(f"{name}: {table.num_rows} replies to {len(prompts)} held-out prompts in {seconds:.0f} s")
        stored = known[name]
        if stored is not None and _smaller(measured, stored):
            tell(f"{name}: not stored, as {_size(stored)} are stored already")
        else:
            write_evaluation(measured.record, table)
    return finished


def _one_set(specs: dict[str, PolicySpec]) -> SampleSet:
    if not specs:
        raise InvalidInputError("no policy was named: 'dualign policies' lists them.")
    first = next(iter(specs.values()))
    for spec in specs.values():
        if (spec.samples, spec.reference) != (first.samples, first.reference):
            raise InvalidInputError(
                f"'{first.name}' was trained on '{first.samples}' with reference '{first.reference}', '{spec.name}' on "
                f"'{spec.samples}' with '{spec.reference}': evaluate them one at a time."
            )
    sample_set = open_samples(first.samples)
    if sample_set.content_hash != first.samples_hash:
        raise StoreError(
            f"the set '{first.samples}' has changed since '{first.name}' was trained on it: train the policy again."
        )
    return sample_set


def _share(spec: PolicySpec) -> float:
    given: Any = spec.options.get("held_out", HELD_OUT_SHARE)
    share = given.get("share", HELD_OUT_SHARE) if isinstance(given, dict) else given
    return float(share)


def _scorer_name(sample_set: SampleSet, score: str) -> str:
    scorer = sample_set.manifest.scores[score].scorer
    return scorer.removeprefix("scorers/") or score


def _known(spec: PolicySpec) -> EvaluatedPolicy | None:
    """What is stored of this very policy."""
    try:
        found = read_evaluation(spec.name)
    except StoreError:
        return None
    return found if found.record.policy_sha256 == (spec.sha256 or "") else None


def _covers(record: EvaluationRecord, options: EvaluateOptions) -> bool:
    return (
        record.seed == options.seed
        and record.replies >= options.replies
        and record.prompts_limit in (None, options.prompts)
    )


def _smaller(one: EvaluatedPolicy, other: EvaluatedPolicy) -> bool:
    return one.record.replies < other.record.replies or len(one.prompts) < len(other.prompts)


def _size(stored: EvaluatedPolicy) -> str:
    return f"{stored.record.replies} replies to each of {len(stored.prompts)} held-out prompts"


def _record(spec: PolicySpec, sample_set: SampleSet, options: EvaluateOptions, tokens: int) -> dict[str, Any]:
    kept = ("steps", "steps_before", "seconds", "machine", "loss", "reward_margin", "kl")
    return {
        "policy": spec.name,
        "title": spec.title,
        "method": spec.method,
        "samples": spec.samples,
        "samples_hash": sample_set.content_hash,
        "multipliers": dict(spec.multipliers),
        "thresholds": dict(spec.thresholds),
        "form": spec.form,
        "reward_weight": 1.0 if spec.reward else 0.0,
        "beta": float(spec.beta),
        "reply_tokens": int(tokens),
        "seed": options.seed,
        "replies": options.replies,
        "prompts_limit": options.prompts,
        "scores": tuple(sample_set.manifest.scores),
        "job": str(spec.metrics.get("job", "")),
        "policy_sha256": spec.sha256 or "",
        "training": {key: spec.metrics[key] for key in kept if key in spec.metrics},
    }
