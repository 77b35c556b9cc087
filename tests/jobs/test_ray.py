"""Jobs on a real Ray: the same specification, the registry as the truth."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dualign import jobs
from dualign.errors import InvalidInputError, JobError
from dualign.jobs import files, process
from dualign.jobs.launchers import cluster
from tests.jobs.conftest import PATIENCE, ended, gone, probe, states, stepped, until, worker_pid
from tests.jobs.ray_cluster import ray_head
from tests.jobs.test_recovery import unbroken_loss

TOKEN = "a-token-for-these-tests"


@pytest.fixture(scope="module")
def head() -> Iterator[str]:
    """Address of a Ray that asks for a token."""
    with ray_head(token=TOKEN) as address:
        yield address


@pytest.fixture
def ray(head: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment of someone who uses that Ray."""
    monkeypatch.setenv("DUALIGN_RAY_ADDRESS", head)
    monkeypatch.setenv("DUALIGN_RAY_TOKEN", TOKEN)
    return head


def test_a_job_is_paused_resumed_and_ends_as_on_one_machine(ray: str) -> None:
    job = stepped(jobs.submit(probe(steps=120, every=1000), launcher="ray").id, 5)
    environment = psutil.Process(worker_pid(job)).environ()
    assert environment["CUDA_VISIBLE_DEVICES"] == ""
    assert jobs.pause(job.id, wait=PATIENCE).state == "paused"
    jobs.resume(job.id)
    done = ended(job.id)
    assert (done.state, done.attempt) == ("completed", 2)
    assert done.result is not None
    assert done.result["loss"] == unbroken_loss(120)
    assert len(jobs.metrics(job.id)) == 120


def test_a_cancelled_job_is_gone(ray: str) -> None:
    job = stepped(jobs.submit(probe(steps=2000, deaf=True), launcher="ray").id)
    assert jobs.cancel(job.id, wait=PATIENCE).state == "cancelled"
    assert gone(job)
    assert states(job.id) == ["queued", "running", "cancelled"]


def test_a_job_that_waits_for_a_gpu_says_so_and_can_be_cancelled(ray: str) -> None:
    job = jobs.submit(probe(gpus=1), launcher="ray")
    until(job.id, lambda found: found.reason == "waits in the queue of ray.")
    assert jobs.cancel(job.id, wait=PATIENCE).state == "cancelled"


def test_a_killed_worker_is_named(ray: str) -> None:
    job = stepped(jobs.submit(probe(steps=2000), launcher="ray").id)
    os.kill(worker_pid(job), signal.SIGKILL)
    failed = ended(job.id)
    assert failed.state == "failed"
    assert "(signal 9)" in failed.reason


def test_a_job_that_vanished_leaves_no_ghost(ray: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Seconds instead of minutes: what is tried is the way from silence to Ray's word to the registry.
    monkeypatch.setattr(cluster, "_FRESH_SECONDS", 3.0)
    job = stepped(jobs.submit(probe(steps=2000), launcher="ray").id)
    process.end(job.run_folder)
    failed = ended(job.id)
    assert failed.state == "failed"
    assert "were ended after step" in failed.reason


def test_a_wrong_token_is_a_sentence(ray: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUALIGN_RAY_TOKEN", "another")
    with pytest.raises(JobError, match=r"wants a token \(40[13]\): put it in DUALIGN_RAY_TOKEN"):
        jobs.submit(probe(), launcher="ray")
    assert jobs.list_jobs() == []


def test_no_cluster_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUALIGN_RAY_ADDRESS", "http://127.0.0.1:9")
    with pytest.raises(JobError, match=r"no Ray cluster answers at http://127\.0\.0\.1:9"):
        jobs.submit(probe(), launcher="ray")
    monkeypatch.setenv("DUALIGN_RAY_ADDRESS", "ray://127.0.0.1:10001")
    with pytest.raises(InvalidInputError, match="give the address of Ray's dashboard"):
        jobs.submit(probe(), launcher="ray")
    with pytest.raises(InvalidInputError, match="is no launcher: use local, ray, slurm"):
        jobs.submit(probe(), launcher="mars")


def test_a_silent_cluster_is_given_up_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for age, answer, expected in (
        (1.0, "gone", "running"),
        (60.0, "unknown", "unknown"),
        (60.0, "gone", "gone"),
    ):
        files.replace(tmp_path / files.HEARTBEAT, {"time": time.time() - age})
        assert cluster.status(f"{age}{answer}", tmp_path, lambda answer=answer: answer) == expected
    files.replace(tmp_path / files.HEARTBEAT, {"time": time.time() - 200})
    assert cluster.status("silent", tmp_path, lambda: "running") == "gone"
