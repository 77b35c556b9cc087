"""What the parts of benchmarks.faults share: jobs that count, waiting for them, the printed table."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from dualign import jobs
from dualign.jobs import Job, JobSpec, files

PATIENCE = 120.0
FAILED: list[str] = []


def probe(*, gpus: int = 0, **payload: object) -> JobSpec:
    """A job that counts."""
    return JobSpec(kind="test", entry="dualign.jobs.probe", payload=payload, gpus=gpus)


def show(what: str, found: object, bar: str, good: bool) -> None:
    """One line of the table; a missed bar is remembered."""
    print(f"  {what:<62} {found!s:>16}   {bar:<22} {'ok' if good else 'MISSED'}", flush=True)
    if not good:
        FAILED.append(what)


def until(job_id: str, done: Callable[[Job], bool], patience: float = PATIENCE) -> Job:
    """The job once ``done`` holds; the time to get there is what callers measure."""
    deadline = time.monotonic() + patience
    while not done(job := jobs.get_job(job_id)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{job}\n{jobs.logs(job_id)}")
        time.sleep(0.1)
    return job


def stepped(job_id: str, step: int = 1) -> Job:
    """The job once a worker of its present attempt runs, and it has done a number of steps."""
    return until(job_id, lambda job: _at_work(job) and job.progress.step >= step)


def _at_work(job: Job) -> bool:
    return job.state == "running" and (job.run_folder / files.WORKER).exists()


def ended(job_id: str) -> Job:
    """The job once it neither waits nor runs."""
    return until(job_id, lambda job: job.state not in ("queued", "running"))


def pid_of(job: Job, name: str) -> int:
    """Process id in a file of the run folder."""
    record = files.read_json(job.run_folder / name)
    assert record is not None, (job, name)
    return int(record["pid"])


def client(*arguments: str) -> subprocess.Popen[str]:
    """One of the processes of benchmarks._faults_clients."""
    command = [sys.executable, "-m", "benchmarks._faults_clients", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def said(output: str) -> list[dict[str, Any]]:
    """Whole lines of a client that may have been killed in the middle of one."""
    return [json.loads(line) for line in output.split("\n")[:-1]]
