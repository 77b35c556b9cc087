from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dualign.alignment.iterate_spec import IterateSpec
from dualign.alignment.iterate_worker import job_spec
from dualign.alignment.iterates import (
    Iterate,
    best_iterate,
    gap_of,
    live_metrics,
    read_history,
    write_history,
)
from dualign.alignment.iterative import dual_prompts, iterate
from dualign.alignment.objective import resolve
from dualign.alignment.outcome import Stopped
from dualign.alignment.spec import AlignSpec, TrainOptions
from dualign.errors import InvalidInputError
from dualign.models.policies import policy_folder, read_policy, verify_policy

from .letters import brevity, vowels

OPTIONS = TrainOptions(
    steps=12,
    batch_size=4,
    replies=4,
    learning_rate=0.01,
    dtype="float32",
    threads=1,
    checkpoint_every=2,
    rank=4,
)


def score(prompts: Sequence[str], replies: Sequence[str]) -> dict[str, np.ndarray]:
    return {"good": np.array([vowels(r) for r in replies]), "safe": np.array([brevity(r) for r in replies])}


def spec_of(samples: str, **changes: object) -> IterateSpec:
    align = AlignSpec(samples=samples, thresholds={"safe": 0.2}, options=OPTIONS)
    return IterateSpec(**{"align": align, "iterations": 3, "replies": 4, **changes})  # type: ignore[arg-type]


def test_it_iterates_and_keeps_the_best_policy(stored_set: str, tmp_path: Path) -> None:
    spec = spec_of(stored_set)
    seen: list[tuple[int, int, dict[str, float]]] = []
    found = iterate(spec, checkpoints=tmp_path, report=lambda *x: seen.append(x), score=score)  # type: ignore[arg-type]
    assert len(found.iterations) == 3
    objective = resolve(spec.align)
    assert found.iterations[0].multipliers["safe"] == pytest.approx(objective.points[0][0])
    # A violated constraint raises its price, one with room to spare lowers it.
    for earlier, later in zip(found.iterations, found.iterations[1:], strict=False):
        moved = later.multipliers["safe"] - earlier.multipliers["safe"]
        assert moved * earlier.slack["safe"] <= 1e-9
    policy = verify_policy(policy_folder(found.policy))
    assert policy.method == "mocaid"
    assert policy.metrics["best_iteration"] == found.best
    assert len(policy.metrics["iterations"]) == 3
    assert seen[-1][:2] == (12, 12)
    assert {"lam safe", "slack safe", "primal", "lagrangian"} <= set(seen[-1][2])
    # Weak duality: the Lagrangian of a policy is at most D at its multipliers, up to the error of few replies.
    for item in found.iterations:
        assert item.lagrangian <= item.dual + 4 * item.lagrangian_error + 0.2


def test_a_stopped_run_goes_on_where_it_was(stored_set: str, tmp_path: Path) -> None:
    whole = iterate(spec_of(stored_set), checkpoints=tmp_path / "whole", score=score)
    align = replace(spec_of(stored_set).align, name="again")
    spec = spec_of(stored_set, align=align)
    steps: list[int] = []
    for stop_at in (2, 5, 7, 10):
        with pytest.raises(Stopped):
            iterate(
                spec,
                checkpoints=tmp_path / "parts",
                report=lambda step, *_: steps.append(step),
                stopping=lambda stop_at=stop_at: bool(steps) and steps[-1] >= stop_at,  # type: ignore[misc]
                score=score,
            )
    found = iterate(spec, checkpoints=tmp_path / "parts", score=score)
    assert found.best == whole.best
    for ours, theirs in zip(found.iterations, whole.iterations, strict=True):
        assert ours.multipliers["safe"] == pytest.approx(theirs.multipliers["safe"], abs=1e-4)
        assert ours.slack["safe"] == pytest.approx(theirs.slack["safe"], abs=1e-4)


@pytest.mark.parametrize(("rule", "averaging"), [("constant", False), ("diminishing", True)])
def test_other_rules_and_one_shot(stored_set: str, tmp_path: Path, rule: str, averaging: bool) -> None:
    found = iterate(
        spec_of(stored_set, rule=rule, averaging=averaging, iterations=2, start={"safe": 0.0}),
        checkpoints=tmp_path / rule,
        score=score,
    )
    assert found.iterations[0].multipliers["safe"] == 0.0
    one = iterate(spec_of(stored_set, iterations=1), checkpoints=tmp_path / "one", score=score)
    assert (one.best, len(one.iterations)) == (1, 1)
    assert "one-shot" in read_policy(policy_folder(one.policy)).title
    align = spec_of(stored_set).align
    begun = replace(align, name="begun", options=replace(OPTIONS, steps=2, warm_start=one.policy))
    more = iterate(
        spec_of(stored_set, align=begun, iterations=1), checkpoints=tmp_path / "begun", score=score
    )
    assert read_policy(policy_folder(more.policy)).metrics["steps_before"] == 12


def test_pecaid_labels_by_log_ratios(stored_set: str, tmp_path: Path) -> None:
    options = replace(OPTIONS, steps=6, sample_replies=8)
    align = AlignSpec(samples=stored_set, method="pecan", thresholds={"safe": 0.01}, options=options)
    found = iterate(IterateSpec(align=align, iterations=2, replies=4), checkpoints=tmp_path, score=score)
    assert read_policy(policy_folder(found.policy)).method == "pecaid"


def test_dual_prompts_are_neither_trained_on_nor_measured_on(stored_set: str) -> None:
    objective = resolve(spec_of(stored_set).align)
    rows = dual_prompts(objective, 0.25)
    assert rows.sum() > 0
    assert not (rows & objective.held_out).any()


def item(
    number: int, *, slack: float, primal: float, lagrangian: float = 0.5, error: float = 0.05
) -> Iterate:
    return Iterate(
        iteration=number, multipliers={"safe": 1.0}, slack={"safe": slack}, slack_error={"safe": error},
        reward_gain=0.1, reward_gain_error=error, kl=0.1, kl_error=error, primal=primal, primal_error=error,
        lagrangian=lagrangian, lagrangian_error=error, dual=1.0,
    )  # fmt: skip


def test_the_best_iterate_holds_before_it_earns(tmp_path: Path) -> None:
    broken, kept, better = (
        item(1, slack=-0.3, primal=0.9),
        item(2, slack=0.1, primal=0.2),
        item(3, slack=-0.01, primal=0.4),
    )
    assert best_iterate([broken, kept, better]) == 3
    assert best_iterate([broken, item(2, slack=-0.2, primal=0.1)]) == 2
    gap = gap_of([broken, kept, better])
    assert gap.value == pytest.approx(0.1)
    assert gap.low < gap.value < gap.high
    assert np.isnan(gap_of([broken]).value)
    assert "gap" in live_metrics([kept])
    assert "gap" not in live_metrics([broken])
    write_history(tmp_path, "content", [broken, replace(kept, loss=float("nan"))])
    assert [i.iteration for i in read_history(tmp_path, "content")] == [1, 2]
    assert read_history(tmp_path, "other") == []
    with pytest.raises(InvalidInputError):
        best_iterate([])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"iterations": 0}, "iterations is 0"),
        ({"iterations": 13}, "1 to 12"),
        ({"rule": "other"}, "rule is 'other'"),
        ({"step_size": 0.0}, "positive"),
        ({"dual_share": 1.0}, "dual_share"),
        ({"align": AlignSpec(samples="x", multipliers={"safe": 1.0}, options=OPTIONS)}, "thresholds"),
        (
            {"align": AlignSpec(samples="x", method="rloo", thresholds={"safe": 1.0}, options=OPTIONS)},
            "mocan",
        ),
    ],
)
def test_what_cannot_be_iterated_is_said(change: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        spec_of("x", **change)


def test_a_specification_travels_as_json(stored_set: str) -> None:
    spec = spec_of(stored_set, start={"safe": 0.5}, rule="constant", step_size=0.1)
    assert IterateSpec.from_record(spec.to_record()) == spec
    job = job_spec(spec)
    assert (job.kind, job.total_steps) == ("iterate", 12)
    assert [spec.steps_of(t) for t in (1, 2, 3)] == [4, 4, 4]
    with pytest.raises(InvalidInputError, match="no field named"):
        IterateSpec.from_record({**spec.to_record(), "iteratons": 3})
