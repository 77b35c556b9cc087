from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dualign.alignment.objective import resolve
from dualign.alignment.online import RewardFunction, stored_scorers, train_online
from dualign.alignment.outcome import Stopped
from dualign.alignment.session import open_session
from dualign.alignment.spec import AlignSpec, TrainOptions
from dualign.errors import ModelError

from .letters import brevity, vowels

OPTIONS = TrainOptions(
    checkpoint_every=5,
    steps=25,
    batch_size=4,
    replies=8,
    learning_rate=0.01,
    dtype="float32",
    threads=1,
    max_new_tokens=12,
)


def score(prompts: Sequence[str], replies: Sequence[str]) -> dict[str, np.ndarray]:
    return {"good": np.array([vowels(r) for r in replies]), "safe": np.array([brevity(r) for r in replies])}


@pytest.mark.parametrize("method", ["rloo", "grpo"])
def test_replies_score_higher_after_training(stored_set: str, tmp_path: Path, method: str) -> None:
    spec = AlignSpec(samples=stored_set, method=method, multipliers={"safe": 0.5}, beta=0.05, options=OPTIONS)  # type: ignore[arg-type]
    objective = resolve(spec)
    with open_session(
        objective, spec.options, reference=str(objective.sample_set.manifest.reference["name"])
    ) as session:
        found = train_online(
            spec,
            session,
            point=objective.points[0],
            folder=tmp_path / "run",
            report=lambda *_: None,
            score=score,
        )
    assert found.metrics["steps"] == 25
    assert found.metrics["score"] > found.metrics["first_score"] + 0.1
    assert found.metrics["kl_batch"] > 0


def test_a_stopped_run_goes_on_where_it_was(stored_set: str, tmp_path: Path) -> None:
    spec = AlignSpec(samples=stored_set, method="rloo", multipliers={"safe": 0.5}, options=OPTIONS)
    objective = resolve(spec)
    steps: list[int] = []

    def run(folder: Path, stop_at: int | None) -> dict[str, float]:
        with open_session(
            objective,
            spec.options,
            reference=str(objective.sample_set.manifest.reference["name"]),
            stopping=lambda: stop_at is not None and bool(steps) and steps[-1] >= stop_at,
        ) as session:
            found = train_online(
                spec,
                session,
                point=objective.points[0],
                folder=folder,
                report=lambda step, *_: steps.append(step),
                score=score,
            )
        return dict(found.metrics)

    whole = run(tmp_path / "whole", None)
    steps.clear()
    with pytest.raises(Stopped):
        run(tmp_path / "parts", 8)
    steps.clear()
    resumed = run(tmp_path / "parts", None)
    assert steps[0] == 10  # asked after step 9, the first that had seen step 8 reported
    assert resumed["final_loss"] == pytest.approx(whole["final_loss"], abs=1e-5)
    assert resumed["score"] == pytest.approx(whole["score"], abs=1e-4)


def test_group_and_chance_constraints_enter_the_score(stored_set: str) -> None:
    spec = AlignSpec(samples=stored_set, multipliers={"safe[a]": 2.0, "P(safe>=-0.5)": 3.0})
    objective = resolve(spec)
    function = RewardFunction(objective=objective, point=objective.points[0], score=score)
    prompts, replies = [0, 1], ["aeb", "bcdfghjk"]
    # A third of the prompts are in group a, so a group's utility counts threefold there and not elsewhere.
    expected = [0.5 + 2.0 * 3 * -0.3 + 3.0, 0.0]
    np.testing.assert_allclose(function(prompts, replies), expected)
    samples = objective.problem.samples
    rows = objective.sample_set.responses(0)
    np.testing.assert_allclose(
        function([0] * len(rows), rows), (samples.rewards + samples.utilities @ objective.points[0])[0]
    )


def test_scores_without_a_stored_scorer_are_refused(stored_set: str) -> None:
    objective = resolve(AlignSpec(samples=stored_set))
    with pytest.raises(ModelError, match="good"):
        stored_scorers(objective, threads=1)
