from __future__ import annotations

from pathlib import Path

import pytest

from dualign.alignment import AlignSpec, TrainOptions, estimate
from dualign.alignment.phases import LOADING, MEASURING, REFERENCE, SCORING, TRAINING
from dualign.alignment.timing import read_rates
from dualign.alignment.train import train
from dualign.samples import SampleSet, Store

OPTIONS = TrainOptions(steps=6, dtype="float32", threads=1, learning_rate=0.002)


def test_an_estimate_counts_loading_and_measuring(stored_set: str) -> None:
    front = ({"safe": 0.0}, {"safe": 1.0})
    one = estimate(AlignSpec(samples=stored_set, options=OPTIONS))
    assert one.seconds == pytest.approx(sum(one.phases.values()))
    assert list(one.phases) == [LOADING, REFERENCE, TRAINING, MEASURING]
    assert one.phases[LOADING] > 1
    # The set says what its replies' log-probabilities are.
    assert one.phases[REFERENCE] == 0
    two = estimate(AlignSpec(samples=stored_set, front=front, options=OPTIONS))
    assert two.phases[MEASURING] == pytest.approx(2 * one.phases[MEASURING])
    fewer = estimate(
        AlignSpec(
            samples=stored_set, options=TrainOptions(steps=6, threads=1, dtype="float32", measure_replies=8)
        )
    )
    assert fewer.phases[MEASURING] == pytest.approx(one.phases[MEASURING] / 2)
    pecan = estimate(AlignSpec(samples=stored_set, method="pecan", options=OPTIONS))
    assert pecan.phases[SCORING] == pytest.approx(2 * 4 * pecan.phases[MEASURING])


def test_replies_without_log_probabilities_are_scored_first(
    tiny_set: SampleSet, temporary_store: Path
) -> None:
    Store().save(SampleSet(tiny_set.table.drop_columns(["log_prob"]), tiny_set.manifest))
    found = estimate(AlignSpec(samples=tiny_set.name, options=OPTIONS))
    # Six steps of four groups of four reach 96 of the 288 training replies; all 96 held-out ones are measured on.
    assert found.phases[REFERENCE] == pytest.approx(2 * found.phases[MEASURING], rel=0.01)


def test_a_training_tells_its_phases_and_leaves_its_pace(stored_set: str, tmp_path: Path) -> None:
    spec = AlignSpec(samples=stored_set, name="paced", options=OPTIONS)
    told: list[tuple[str, int, int]] = []
    train(spec, checkpoints=tmp_path / "run", phase=lambda *phase: told.append(phase))
    assert list(dict.fromkeys(name for name, _, _ in told if name != REFERENCE)) == [
        LOADING,
        TRAINING,
        MEASURING,
    ]
    assert told[-1] == (MEASURING, 96, 96)
    kinds = {key.split()[0] for key in read_rates()}
    assert kinds == {"dpo", "loading", "scoring"}
    later = estimate(AlignSpec(samples=stored_set, name="later", options=OPTIONS))
    rates = {key.split()[0]: entry for key, entry in read_rates().items()}
    assert later.phases[LOADING] == rates["loading"]["seconds"]
    assert later.phases[TRAINING] > 0
    assert "from the last training of this kind" in later.basis
