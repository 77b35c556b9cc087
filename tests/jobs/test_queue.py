"""The life of a job that nothing disturbs, and who may start when."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from dualign import jobs
from dualign.errors import InvalidInputError, JobError
from dualign.jobs import JobSpec, capacity, database, schema
from tests.jobs.conftest import PATIENCE, ended, probe, states, stepped, worker_pid


def test_a_job_runs_to_its_end_with_progress_metrics_and_result() -> None:
    job = jobs.submit(probe("counts", steps=8))
    assert job.state == "running"
    assert job.attempt == 1
    running = stepped(job.id, 4)
    assert running.progress.total == 8
    assert "steps took" in running.progress.basis
    done = ended(job.id)
    assert (done.state, done.reason) == ("completed", "completed at step 8.")
    assert done.result is not None
    assert done.result["steps"] == 8
    assert [row["step"] for row in jobs.metrics(job.id)] == list(range(1, 9))
    assert jobs.metrics(job.id)[-1]["loss"] == pytest.approx(done.result["loss"])
    assert states(job.id) == ["queued", "running", "completed"]
    assert done.folder.stat().st_mode & 0o777 == done.run_folder.stat().st_mode & 0o777 == 0o700


def test_the_queue_goes_on_while_nobody_looks() -> None:
    first = jobs.submit(probe(steps=20))
    second = jobs.submit(probe(steps=3))
    deadline = time.monotonic() + PATIENCE
    # The table alone is read: no call of this process settles or starts anything.
    while _state(second.id) != "completed":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert jobs.history(second.id)[1]["time"] >= jobs.history(first.id)[2]["time"]


def _state(job_id: str) -> str:
    with database.reading() as connection:
        query = sa.select(schema.jobs.c.state).where(schema.jobs.c.id == job_id)
        return str(connection.execute(query).scalar_one())


def test_as_many_run_as_the_limit_says() -> None:
    assert jobs.running_limit() == 1
    ids = [jobs.submit(probe(steps=4000, number=number)).id for number in range(3)]
    assert [jobs.get_job(i).state for i in ids] == ["running", "queued", "queued"]
    assert jobs.get_job(ids[1]).reason == "waits for the running job to end."
    assert jobs.running_limit(2) == 2
    assert [jobs.get_job(i).state for i in ids] == ["running", "running", "queued"]
    with pytest.raises(InvalidInputError, match="from 1 to 64, not 0"):
        jobs.running_limit(0)


def test_an_active_job_is_launched_once() -> None:
    spec, found, gate = probe(steps=4000), [], threading.Barrier(8)

    def press() -> None:
        gate.wait()
        found.append(jobs.submit(spec).id)

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(jobs.list_jobs()) == 1
    jobs.cancel(found[0], wait=PATIENCE)
    assert jobs.submit(spec).id != found[0]


def test_a_job_that_cannot_fit_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(JobError, match=r"needs about \d+\.\d GB of memory and .* are free"):
        jobs.submit(probe(memory_bytes=psutil.virtual_memory().total + 2**40))
    monkeypatch.setenv("DUALIGN_GPUS", "")
    with pytest.raises(JobError, match="asks for 2 GPUs and this machine has 0"):
        jobs.submit(probe(gpus=2))
    assert jobs.list_jobs() == []


def test_a_job_waits_for_memory_that_a_running_one_was_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.running_limit(2)
    monkeypatch.setattr(capacity, "available_memory", lambda: 10 * 10**9)
    jobs.submit(probe(steps=4000, memory_bytes=8 * 10**9))
    second = jobs.submit(probe(steps=4001, memory_bytes=4 * 10**9))
    assert second.state == "queued"
    assert second.reason.startswith("waits for memory: it needs about 4.0 GB")


def test_gpus_are_claimed_by_one_job_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUALIGN_GPUS", "0,1,2")
    one, two, three = (jobs.submit(probe(steps=4000, gpus=1, number=n)) for n in range(3))
    four = jobs.submit(probe(steps=4000, gpus=1, number=3))
    assert [one.state, two.state, three.state] == ["running"] * 3
    assert (four.state, four.reason) == ("queued", "waits for 1 GPU: 0 of 3 are free.")
    visible = {
        psutil.Process(pid).environ()["CUDA_VISIBLE_DEVICES"] for pid in map(_worker, (one, two, three))
    }
    assert visible == {"0", "1", "2"}
    jobs.cancel(two.id, wait=PATIENCE)
    assert stepped(four.id).state == "running"
    assert psutil.Process(_worker(four)).environ()["CUDA_VISIBLE_DEVICES"] == "1"


def _worker(job: jobs.Job) -> int:
    return worker_pid(stepped(job.id))


def test_a_large_gpu_job_is_not_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUALIGN_GPUS", "0,1")
    jobs.submit(probe(steps=4000, gpus=1))
    large = jobs.submit(probe(steps=1, gpus=2, number=1))
    small = jobs.submit(probe(steps=1, gpus=1, number=2))
    assert large.reason == "waits for 2 GPUs: 1 of 2 are free."
    assert (small.state, small.reason) == ("queued", "waits for the jobs before it.")


def test_a_gpu_that_another_program_uses_is_left_alone() -> None:
    busy = capacity.Gpu(name="0", total=80 * 10**9, free=3 * 10**9)
    idle = capacity.Gpu(name="1", total=80 * 10**9, free=79 * 10**9)
    load = capacity.Load(running=0, held=0, promised=0, claimed=frozenset())
    assert capacity.choose(1, 0, load, here=(busy, idle), limit=1) == ("1",)
    reason = "waits for 2 GPUs: 1 of 2 are free, 1 busy with other programs."
    assert capacity.choose(2, 0, load, here=(busy, idle), limit=1) == reason


def test_deleting_removes_an_ended_job_and_its_folder() -> None:
    job = jobs.submit(probe(steps=4000))
    with pytest.raises(JobError, match="cancel it before deleting it"):
        jobs.delete(job.id)
    jobs.cancel(job.id, wait=PATIENCE)
    # A link in a run folder is removed, what it points to is not.
    outside = job.folder.parent.parent / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept", "utf-8")
    (job.folder / "link").symlink_to(outside)
    jobs.delete(job.id)
    assert not job.folder.exists()
    assert (outside / "kept").exists()
    with pytest.raises(JobError, match="there is no job"):
        jobs.get_job(job.id)


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc", "test-123", "test-0000000g", "a/b-00000000", "\0", "T-00000000"]
)
def test_ids_never_leave_the_root(name: str) -> None:
    for call in (jobs.get_job, jobs.cancel, jobs.delete, jobs.logs, jobs.metrics, jobs.resume):
        with pytest.raises(InvalidInputError, match="is not the id of a job"):
            call(name)


def test_a_link_in_place_of_a_run_folder_is_refused(temporary_store: Path) -> None:
    blocker = jobs.submit(probe(steps=4000))
    waiting = jobs.submit(probe(steps=2))
    target = temporary_store / "elsewhere"
    target.mkdir()
    waiting.folder.symlink_to(target)
    jobs.cancel(blocker.id, wait=PATIENCE)
    job = ended(waiting.id)
    assert job.state == "failed"
    assert "is no folder but a link" in job.reason
    assert not os.listdir(target)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "No Kind"}, "cannot be the kind"),
        ({"entry": "os; rm"}, "is no Python module name"),
        ({"gpus": -1}, "gpus of a job"),
        ({"memory_bytes": 1.5}, "memory_bytes of a job"),
        ({"total_steps": 0}, "total_steps of a job"),
        ({"payload": {"x": float("nan")}}, "plain JSON"),
        ({"payload": {"x": object()}}, "plain JSON"),
        ({"title": "x" * 201}, "the title of a job"),
    ],
)
def test_a_specification_is_checked(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        JobSpec(**{"kind": "test", "entry": "dualign.jobs.probe", **change})  # type: ignore[arg-type]


def test_a_specification_survives_json_and_does_not_share_its_payload() -> None:
    payload = {"b": 1, "a": [1, 2]}
    spec = probe(steps=1, inner=payload)
    payload["b"] = 2
    assert spec.payload["inner"] == {"a": [1, 2], "b": 1}
    assert JobSpec.from_json(spec.to_json()) == spec
    assert probe("other title", steps=1, inner=spec.payload["inner"]).content == spec.content


def test_a_missing_entry_is_named() -> None:
    job = jobs.submit(JobSpec(kind="test", entry="dualign.no_such_module"))
    done = ended(job.id)
    assert done.state == "failed"
    assert "before its first step" in done.reason
    assert "No module named" in jobs.logs(job.id)


def test_a_cpu_job_sees_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    job = jobs.submit(probe(steps=4000))
    assert psutil.Process(_worker(job)).environ()["CUDA_VISIBLE_DEVICES"] == ""
