from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dualign.alignment import seal as seals
from dualign.alignment.objective import resolve
from dualign.alignment.outcome import Stopped
from dualign.alignment.spec import AlignSpec, TrainOptions
from dualign.alignment.train import front_steps, front_trainings, total_steps, train
from dualign.models.policies import policy_folder, read_policy

QUICK = TrainOptions(steps=16, learning_rate=0.003, dtype="float32", threads=1, checkpoint_every=4)


def test_a_resumed_run_ends_where_an_unbroken_one_does(stored_set: str, tmp_path: Path) -> None:
    losses: dict[str, dict[int, float]] = {"whole": {}, "parts": {}}

    def run(name: str, stop_at: int | None = None) -> None:
        def stopping() -> bool:
            return stop_at is not None and len(losses[name]) >= stop_at

        train(
            AlignSpec(samples=stored_set, name=name, options=QUICK),
            checkpoints=tmp_path / name,
            report=lambda step, _, metrics: losses[name].__setitem__(step, metrics["loss"]),
            stopping=stopping,
        )

    run("whole")
    with pytest.raises(Stopped):
        run("parts", 6)
    done = len(losses["parts"])
    assert 6 <= done <= 8
    run("parts")
    assert losses["parts"] == pytest.approx(losses["whole"], abs=1e-6)
    whole, parts = (read_policy(policy_folder(name)).metrics for name in ("whole", "parts"))
    assert parts["final_loss"] == pytest.approx(whole["final_loss"], abs=1e-6)
    assert parts["steps_run"] == 16 - done


def test_checkpoints_of_others_cut_short_or_changed_are_not_resumed(
    tmp_path: Path, temporary_store: Path
) -> None:
    for step in (2, 4, 6, 8):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "optimizer.pt").write_bytes(b"state")
        if step != 8:
            seals.seal(folder, "mine")
    (tmp_path / "checkpoint-6" / "optimizer.pt").write_bytes(b"other")
    assert seals.latest(tmp_path, "mine") == tmp_path / "checkpoint-4"
    assert not (tmp_path / "checkpoint-8").exists()
    assert seals.latest(tmp_path / "checkpoint-4", "mine") is None
    assert not seals.is_sealed(tmp_path / "checkpoint-4", "another")
    (tmp_path / "checkpoint-4" / "extra.bin").write_bytes(b"x")
    assert not seals.is_sealed(tmp_path / "checkpoint-4", "mine")
    (tmp_path / "checkpoint-4" / "extra.bin").unlink()
    assert (temporary_store / "installation.key").stat().st_mode & 0o77 == 0
    # Another installation has another key.
    (temporary_store / "installation.key").write_bytes(os.urandom(32))
    assert not seals.is_sealed(tmp_path / "checkpoint-2", "mine")
    record = json.loads((tmp_path / "checkpoint-2" / seals.SEAL).read_text())
    assert set(record) == {"content", "files", "hmac"}


def test_a_front_is_one_job_that_goes_on_where_it_was(stored_set: str, tmp_path: Path) -> None:
    spec = AlignSpec(
        samples=stored_set, name="front", front=({"safe": 0.0}, {"safe": 1.0}, {"safe": 2.0}), options=QUICK
    )
    later = front_steps(16)
    objective = resolve(spec)
    trained = [step.point for step in front_trainings(objective)]
    assert total_steps(spec, objective) == 16 + (len(trained) - 1) * later
    seen: list[int] = []
    with pytest.raises(Stopped):
        train(
            spec,
            checkpoints=tmp_path / "run",
            report=lambda step, *_: seen.append(step),
            stopping=lambda: len(seen) >= 17,
        )
    result = train(spec, checkpoints=tmp_path / "run", report=lambda step, *_: seen.append(step))
    assert result.policies == ("front-1", "front-2", "front-3")
    assert sorted(set(seen)) == list(range(1, 17 + (len(trained) - 1) * later))
    assert [read_policy(policy_folder(name)).multipliers["safe"] for name in result.policies] == [
        0.0,
        1.0,
        2.0,
    ]
