"""Jobs that count (`dualign.jobs.probe`), waiting for them, and no process left behind."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from dualign import jobs
from dualign.jobs import Job, JobSpec, files, process

# Far beyond what any wait needs; busy machines are slow.
PATIENCE = 180.0


@pytest.fixture(autouse=True)
def no_process_left(temporary_store: Path) -> Iterator[None]:
    """End whatever a test's jobs have left running."""
    yield
    for item in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if item.environ().get(process.RUN_VARIABLE, "").startswith(str(temporary_store)):
                item.kill()
    deadline = time.monotonic() + PATIENCE
    while process.reap() and time.monotonic() < deadline:
        time.sleep(0.02)


def probe(title: str = "", *, gpus: int = 0, memory_bytes: int = 0, **payload: object) -> JobSpec:
    """A job that counts; the payload's options are those of `dualign.jobs.probe`."""
    return JobSpec(
        kind="test",
        entry="dualign.jobs.probe",
        payload=payload,
        title=title,
        gpus=gpus,
        memory_bytes=memory_bytes,
    )


def until(job_id: str, done: Callable[[Job], bool]) -> Job:
    """The job as soon as ``done`` holds of it."""
    deadline = time.monotonic() + PATIENCE
    while not done(job := jobs.get_job(job_id)):
        assert time.monotonic() < deadline, f"{job}\n{jobs.logs(job_id)}"
        time.sleep(0.05)
    return job


def ended(job_id: str) -> Job:
    """The job when it neither waits nor runs."""
    return until(job_id, lambda job: job.state not in ("queued", "running"))


def stepped(job_id: str, step: int = 1) -> Job:
    """The job once a worker of its present attempt runs, and it has done a number of steps."""
    return until(job_id, lambda job: _at_work(job) and job.progress.step >= step)


def _at_work(job: Job) -> bool:
    return job.state == "running" and (job.run_folder / files.WORKER).exists()


def worker_pid(job: Job) -> int:
    """Process id of the job's worker."""
    record = files.read_json(job.run_folder / files.WORKER)
    assert record is not None
    return int(record["pid"])


def supervisor_pid(job: Job) -> int:
    """Process id of the job's supervisor."""
    record = files.read_json(job.run_folder / files.SUPERVISOR)
    assert record is not None
    return int(record["pid"])


def states(job_id: str) -> list[str]:
    """The states that a job went through."""
    return [event["state"] for event in jobs.history(job_id)]


def gone(job: Job) -> bool:
    """Whether no process of the job's attempt is left; a supervisor that has recorded the end is about to leave."""
    deadline = time.monotonic() + PATIENCE
    while left := process.members(job.run_folder):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
    return True
