"""Scoring a stored set as a real background job, with tiny random classifiers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dualign import jobs
from dualign.errors import InvalidInputError, StoreError
from dualign.evaluation.score_job import _keep, _resume, parts, score_job
from dualign.models.scorers import load_scorer, score_set
from dualign.samples import Manifest, SampleSet, Store
from tests.jobs.conftest import ended
from tests.models.test_scorer_folders import classifier


@pytest.fixture
def store(temporary_store: Path) -> Store:
    found = Store()
    columns = {
        "prompt_id": np.repeat(np.arange(10), 8).astype(np.int32),
        "prompt": [f"tell me of {'abcdefghij'[p]}" for p in range(10) for _ in range(8)],
        "group": [""] * 80,
        "response_id": np.tile(np.arange(8), 10).astype(np.int32),
        "response": ["it is " + "abcdefgh"[k] * (k + 1) for _ in range(10) for k in range(8)],
    }
    found.save(SampleSet(pa.table(columns), Manifest(name="raw", title="Raw")))
    return found


def test_a_set_is_scored_stored_and_opened_with_defaults(store: Store, tmp_path: Path) -> None:
    scorers = [f"{classifier(tmp_path / name)}:reward" for name in ("good", "safe")]
    job = ended(jobs.submit(score_job(store, "raw", scorers, name="raw-scored")).id)
    assert job.state == "completed", jobs.logs(job.id)
    assert job.result == {"samples": "raw-scored", "replies": 80}
    assert job.progress.step == job.progress.total == 80
    scored = store.open("raw-scored")
    assert (scored.manifest.reward, scored.manifest.utilities) == ("good", ("safe",))
    assert scored.manifest.title == "Raw, scored"
    table = scored.table
    alone = load_scorer(scorers[0]).score(table["prompt"].to_pylist(), table["response"].to_pylist())
    np.testing.assert_allclose(table["good"].to_numpy(), alone, atol=1e-5)
    assert set(scored.manifest.default_thresholds) == {"safe"}
    by_hand = score_set(store.open("raw"), scorers, name="by-hand")
    assert scored.manifest.default_beta == by_hand.manifest.default_beta
    assert scored.manifest.default_thresholds == pytest.approx(by_hand.manifest.default_thresholds)
    with pytest.raises(StoreError, match="already named"):
        score_job(store, "raw", scorers, name="raw-scored")


def test_a_set_that_was_scored_before_keeps_its_own_defaults(store: Store, tmp_path: Path) -> None:
    first, second = (f"{classifier(tmp_path / name)}:reward" for name in ("good", "safe"))
    once = score_set(store.open("raw"), [first, second], name="once")
    store.save(
        replace(once, manifest=replace(once.manifest, default_beta=7.0, default_thresholds={"safe": 3.0}))
    )
    third = f"{classifier(tmp_path / 'kind')}:reward"
    job = ended(jobs.submit(score_job(store, "once", [third], name="twice")).id)
    assert job.state == "completed", jobs.logs(job.id)
    kept = store.open("twice").manifest
    by_hand = score_set(store.open("once"), [third], name="by-hand").manifest
    assert (kept.default_beta, kept.default_thresholds) == (by_hand.default_beta, by_hand.default_thresholds)
    assert (kept.default_beta, kept.default_thresholds["safe"]) == (7.0, 3.0)


def test_parts_hold_whole_prompts_and_go_on_where_an_attempt_stopped() -> None:
    counts = np.array([30, 50, 3, 70, 2])
    found = parts(counts, 0)
    assert [start for start, _ in found[1:]] == [stop for _, stop in found[:-1]]
    assert {stop for _, stop in found} <= set(np.cumsum(counts).tolist())
    assert found[-1][1] == 155
    assert parts(counts, 83) == [(83, 153), (153, 155)]
    assert parts(counts, 155) == []


def test_a_checkpoint_of_other_scorers_is_not_used(tmp_path: Path) -> None:
    scores = {"a": np.arange(4.0), "b": np.ones(4)}
    _keep(tmp_path, scores, 3)
    again = {"a": np.zeros(4), "b": np.zeros(4)}
    assert _resume(tmp_path, again) == 3
    np.testing.assert_array_equal(again["a"], scores["a"])
    assert _resume(tmp_path, {"a": np.zeros(4), "c": np.zeros(4)}) == 0
    (tmp_path / "scores.npz").write_bytes(b"damaged")
    assert _resume(tmp_path, again) == 0


def test_texts_are_needed(store: Store) -> None:
    table = store.open("raw").table
    silent = table.set_column(table.column_names.index("response"), "response", pa.array(["", " \n"] * 40))
    store.save(SampleSet(silent, Manifest(name="silent")))
    with pytest.raises(InvalidInputError, match="all its 80 replies are empty"):
        score_set(store.open("silent"), ["helpful"], name="x")
    with pytest.raises(StoreError, match="no texts of replies"):
        score_job(store, "silent", ["helpful"], name="x")
