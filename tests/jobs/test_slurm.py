"""Slurm by submitit: the same supervisor through submitit's local executor, and what is said without Slurm."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from dualign import jobs
from dualign.errors import InvalidInputError, JobError
from dualign.jobs.launchers.slurm import SlurmLauncher
from tests.jobs.conftest import PATIENCE, ended, gone, probe, stepped, worker_pid


@pytest.fixture
def local_slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    """submitit on this machine in place of a cluster."""
    monkeypatch.setenv("DUALIGN_SLURM", '{"cluster": "local", "slurm_partition": "gpu", "timeout_min": 5}')


@pytest.mark.usefixtures("local_slurm")
def test_a_job_runs_to_its_end_through_submitit() -> None:
    done = ended(jobs.submit(probe(steps=5), launcher="slurm").id)
    assert (done.state, done.reason) == ("completed", "completed at step 5.")


@pytest.mark.usefixtures("local_slurm")
def test_a_killed_worker_is_named_and_a_cancelled_job_is_gone() -> None:
    job = stepped(jobs.submit(probe(steps=2000), launcher="slurm").id)
    assert job.reason in ("runs on slurm.", "running.")
    os.kill(worker_pid(job), signal.SIGKILL)
    assert "(signal 9)" in ended(job.id).reason
    jobs.resume(job.id)
    job = stepped(job.id)
    assert jobs.cancel(job.id, wait=PATIENCE).state == "cancelled"
    assert gone(job)


def test_without_slurm_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JobError, match="there is no Slurm here"):
        jobs.submit(probe(), launcher="slurm")
    monkeypatch.setenv("DUALIGN_SLURM", "gpu")
    with pytest.raises(InvalidInputError, match="give a JSON object of submitit's options"):
        jobs.submit(probe(), launcher="slurm")


def test_options_reach_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A fake sbatch shows what submitit would hand in; Slurm itself is not to be had here.
    for name in ("srun", "sbatch"):
        tool = tmp_path / name
        tool.write_text(
            f'#!/bin/sh\ncat "$1" > {tmp_path}/script\necho "Submitted batch job 4711"\n', "utf-8"
        )
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    launcher = SlurmLauncher(options={"slurm_partition": "long", "timeout_min": 90})
    folder = tmp_path / "1"
    folder.mkdir()
    handle = launcher.launch(folder, probe(gpus=2), ())
    assert handle == '{"cluster": "slurm", "id": "4711"}'
    script = (tmp_path / "script").read_text("utf-8")
    for line in ("--partition=long", "--time=90", "--gpus-per-node=2", "--job-name=dualign-test"):
        assert f"#SBATCH {line}" in script
