"""Killed workers, supervisors and launchers: no ghost job, no false death, no lost or repeated step."""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from dualign import jobs
from dualign.errors import JobError
from dualign.jobs import database, files, process, queue, schema
from dualign.jobs.work import Fenced, worker
from tests.jobs.conftest import (
    PATIENCE,
    ended,
    gone,
    probe,
    states,
    stepped,
    supervisor_pid,
    until,
    worker_pid,
)


def unbroken_loss(steps: int) -> float:
    """What a probe reports that nothing interrupts."""
    loss = 0.0
    for step in range(steps):
        loss += math.sin(step)
    return loss


def test_a_killed_worker_is_named_and_resumed_to_the_same_loss() -> None:
    job = stepped(jobs.submit(probe(steps=100, every=3)).id, 5)
    os.kill(worker_pid(job), signal.SIGKILL)
    failed = ended(job.id)
    assert failed.state == "failed"
    assert "was killed after step" in failed.reason
    assert "(signal 9)" in failed.reason
    again = jobs.resume(job.id)
    assert (again.state, again.attempt) == ("running", 2)
    done = ended(job.id)
    assert done.state == "completed"
    assert done.result is not None
    # Exact: the same additions in the same order.
    assert done.result["loss"] == unbroken_loss(100)
    assert done.result["attempt"] == 2
    rows = jobs.metrics(job.id)
    assert [row["step"] for row in rows] == list(range(1, 101))


@pytest.mark.parametrize("before_the_first_step", [True, False])
def test_worker_and_supervisor_killed_together_leave_no_ghost(before_the_first_step: bool) -> None:
    job = jobs.submit(probe(steps=4000))
    if not before_the_first_step:
        job = stepped(job.id, 2)
    assert process.end(job.run_folder)
    failed = ended(job.id)
    assert failed.state == "failed"
    assert "were ended" in failed.reason
    assert jobs.submit(probe(steps=1)).state == "running"


def test_a_supervisor_killed_alone_leaves_the_worker_to_finish() -> None:
    job = stepped(jobs.submit(probe(steps=100)).id, 2)
    os.kill(supervisor_pid(job), signal.SIGKILL)
    assert jobs.get_job(job.id).state == "running"
    done = ended(job.id)
    assert done.state == "completed"
    assert states(job.id) == ["queued", "running", "completed"]


def test_a_process_id_given_out_again_is_not_taken_for_the_worker() -> None:
    job = stepped(jobs.submit(probe(steps=4000)).id)
    process.end(job.run_folder)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        for name in (files.SUPERVISOR, files.CHILD, files.WORKER):
            record = files.read_json(job.run_folder / name)
            assert record is not None
            files.replace(job.run_folder / name, {**record, "pid": stranger.pid})
        assert ended(job.id).state == "failed"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_stopped_worker_stays_alive() -> None:
    job = stepped(jobs.submit(probe(steps=120)).id, 2)
    pids = (supervisor_pid(job), worker_pid(job))
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    # As after two minutes: the supervisor, stopped as well, has not beaten.
    files.replace(job.run_folder / files.HEARTBEAT, {"time": time.time() - 120, "memory": 0})
    for _ in range(3):
        queue.reconcile()
    assert jobs.get_job(job.id).state == "running"
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    assert ended(job.id).state == "completed"
    assert states(job.id) == ["queued", "running", "completed"]


def test_a_stopped_supervisor_does_not_hide_a_killed_worker() -> None:
    job = stepped(jobs.submit(probe(steps=4000)).id, 2)
    os.kill(supervisor_pid(job), signal.SIGSTOP)
    os.kill(worker_pid(job), signal.SIGKILL)
    files.replace(job.run_folder / files.HEARTBEAT, {"time": time.time() - 60, "memory": 0})
    assert ended(job.id).state == "failed"
    assert gone(job)


def test_a_late_writer_changes_nothing() -> None:
    job = stepped(jobs.submit(probe(steps=4000, every=1)).id, 3)
    first = worker_pid(job)
    os.kill(first, signal.SIGSTOP)
    # Another machine gives the attempt up: what it has of the worker is the run folder alone.
    assert files.publish(
        job.run_folder / files.OUTCOME, {"state": "failed", "reason": "given up.", "step": 3}
    )
    late = worker(job.run_folder)
    checkpoints = files.jobs_root() / job.id / "2" / files.CHECKPOINTS
    files.make_folder(checkpoints.parent)
    files.take_checkpoints(job.folder, 2, since=1)
    held = (checkpoints / "state.json").read_bytes()
    with pytest.raises(Fenced):
        late.complete({"loss": 0.0})
    assert late.fenced
    assert late.stopping
    os.kill(first, signal.SIGCONT)
    failed = ended(job.id)
    assert (failed.state, failed.reason) == ("failed", "given up.")
    assert (checkpoints / "state.json").read_bytes() == held
    assert not (job.run_folder / files.CHECKPOINTS).exists()


def test_a_launch_cut_off_before_it_began_is_undone_and_done_again() -> None:
    blocker = jobs.submit(probe(steps=4000))
    job = jobs.submit(probe(steps=3))
    _claim_by_a_dead_process(job.id)
    jobs.cancel(blocker.id, wait=PATIENCE)
    done = ended(job.id)
    assert done.state == "completed"
    assert states(job.id)[:3] == ["queued", "queued", "running"]
    # The supervisor of the launch that was cut off finds its attempt taken and leaves.
    command = [sys.executable, "-m", "dualign.jobs.supervisor", str(job.folder / "1")]
    assert subprocess.run(command, check=False).returncode == 1


def _claim_by_a_dead_process(job_id: str) -> None:
    table = schema.jobs
    changes = {"state": "running", "attempt": 1, "started": time.time(), "machine": process.machine()}
    with database.writing() as connection:
        connection.execute(
            sa.update(table).where(table.c.id == job_id).values(**changes, pid=2**22 + 1, mark="1")
        )


def test_a_launch_cut_off_after_it_began_is_taken_over() -> None:
    job = stepped(jobs.submit(probe(steps=120)).id)
    with database.writing() as connection:
        connection.execute(sa.update(schema.jobs).values(handle=None, pid=2**22 + 1, mark="1"))
    assert ended(job.id).state == "completed"
    assert states(job.id) == ["queued", "running", "completed"]


def test_a_job_of_an_earlier_boot_is_over_at_once() -> None:
    job = stepped(jobs.submit(probe(steps=4000)).id)
    process.end(job.run_folder)
    record = files.read_json(job.run_folder / files.SUPERVISOR)
    assert record is not None
    before = {**record, "machine": "an-earlier-boot:1"}
    assert process.rebooted(before)
    files.replace(job.run_folder / files.SUPERVISOR, before)
    assert jobs.get_job(job.id).state in ("running", "failed")
    assert ended(job.id).state == "failed"


def test_retry_begins_again_and_resume_does_not() -> None:
    job = stepped(jobs.submit(probe(steps=100)).id, 3)
    os.kill(worker_pid(job), signal.SIGKILL)
    ended(job.id)
    jobs.retry(job.id)
    second = until(job.id, lambda found: found.attempt == 2 and found.progress.step >= 1)
    assert second.progress.step < 3 or jobs.metrics(job.id)[0]["step"] == 1
    done = ended(job.id)
    assert done.result is not None
    assert done.result["loss"] == unbroken_loss(100)
    with pytest.raises(JobError, match="is completed: only a paused, failed or cancelled job"):
        jobs.resume(job.id)


def test_resume_is_refused_while_another_job_does_the_same() -> None:
    spec = probe(steps=4000)
    first = jobs.submit(spec)
    jobs.cancel(first.id, wait=PATIENCE)
    second = jobs.submit(spec)
    with pytest.raises(JobError, match="another active job does the same"):
        jobs.resume(first.id)
    assert jobs.get_job(second.id).state == "running"


def test_records_enter_with_the_completion() -> None:
    job = ended(jobs.submit(probe(steps=2, record="mine")).id)
    assert job.state == "completed"
    [row] = jobs.records("probe")
    assert (row.name, row.content) == ("mine", {"steps": 2})


def test_the_port_of_the_launching_program_is_free_while_the_job_runs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        # As web servers make theirs.
        server.set_inheritable(True)
        port = server.getsockname()[1]
        job = stepped(jobs.submit(probe(steps=100_000)).id, 2)
    with socket.create_server(("127.0.0.1", port)):
        assert jobs.get_job(job.id).state == "running"
    assert jobs.cancel(job.id, wait=PATIENCE).state == "cancelled"
