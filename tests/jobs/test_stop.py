"""Cancel, pause, resume: asked once, done once, and nothing of it left running."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from dualign import jobs
from dualign.errors import JobError
from tests.jobs.conftest import PATIENCE, ended, gone, probe, states, stepped, supervisor_pid
from tests.jobs.test_recovery import unbroken_loss


def test_ten_cancels_are_one_transition_and_the_group_is_gone() -> None:
    job = stepped(jobs.submit(probe(steps=4000)).id)
    threads = [threading.Thread(target=jobs.cancel, args=(job.id,)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = ended(job.id)
    assert done.state == "cancelled"
    assert done.reason.startswith("cancelled on request at step")
    assert states(job.id) == ["queued", "running", "cancelled"]
    assert gone(job)
    assert jobs.cancel(job.id).state == "cancelled"


def test_cancel_reaches_a_worker_whose_supervisor_is_gone_or_stopped() -> None:
    jobs.running_limit(2)
    signs = (signal.SIGKILL, signal.SIGSTOP)
    running = [jobs.submit(probe(steps=4000, deaf=True, sign=int(sign))) for sign in signs]
    for job, sign in zip(running, signs, strict=True):
        os.kill(supervisor_pid(stepped(job.id)), sign)
        jobs.cancel(job.id)
    for job in running:
        assert ended(job.id).state == "cancelled"
        assert gone(job)


def test_a_waiting_job_is_cancelled_at_once() -> None:
    jobs.submit(probe(steps=4000))
    waiting = jobs.submit(probe(steps=1))
    assert jobs.cancel(waiting.id).state == "cancelled"
    assert states(waiting.id) == ["queued", "cancelled"]


def test_pause_and_resume_go_on_from_the_checkpoint() -> None:
    # Checkpoints are rare here: only the one written for the pause explains the exact continuation.
    job = stepped(jobs.submit(probe(steps=100, every=1000)).id, 5)
    paused = jobs.pause(job.id, wait=PATIENCE)
    assert paused.state == "paused"
    assert paused.reason.startswith("paused on request at step")
    assert paused.active
    assert jobs.resume(job.id).progress.step == paused.progress.step
    done = ended(job.id)
    assert done.result is not None
    assert done.result["loss"] == unbroken_loss(100)
    assert [row["step"] for row in jobs.metrics(job.id)] == list(range(1, 101))
    assert states(job.id) == ["queued", "running", "paused", "queued", "running", "completed"]
    with pytest.raises(JobError, match="there is nothing to pause"):
        jobs.pause(job.id)


def test_a_pause_can_become_a_cancel_that_ends_a_worker_which_does_not_listen() -> None:
    job = stepped(jobs.submit(probe(steps=4000, deaf=True)).id)
    assert jobs.pause(job.id).stopping == "pause"
    assert jobs.cancel(job.id, wait=PATIENCE).state == "cancelled"
    assert gone(job)


def test_a_waiting_job_that_is_paused_leaves_the_queue() -> None:
    first = jobs.submit(probe(steps=4000))
    waiting = jobs.submit(probe(steps=1))
    assert jobs.pause(waiting.id).state == "paused"
    jobs.cancel(first.id, wait=PATIENCE)
    assert jobs.get_job(waiting.id).state == "paused"
    jobs.resume(waiting.id)
    assert ended(waiting.id).state == "completed"


def test_a_shutdown_leaves_a_job_that_can_be_resumed() -> None:
    job = stepped(jobs.submit(probe(steps=4000, every=1000)).id, 3)
    os.kill(supervisor_pid(job), signal.SIGTERM)
    done = ended(job.id)
    assert done.state == "paused"
    assert "because the system asked its worker to end" in done.reason
    assert (done.run_folder / "checkpoints" / "state.json").exists()
