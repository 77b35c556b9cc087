"""``dualign jobs`` in process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dualign import jobs
from dualign.cli import main
from tests.jobs.conftest import ended, no_process_left, probe, stepped

__all__ = ["no_process_left"]


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["jobs", *arguments, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert isinstance(record, dict)
    return record


def test_a_job_is_listed_shown_cancelled_resumed_and_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs"]) == 0
    assert capsys.readouterr().out == "there are no jobs yet.\n"
    job = stepped(jobs.submit(probe("counts slowly", steps=4000)).id, 2)
    [listed] = _json(capsys)["jobs"]
    assert (listed["id"], listed["state"], listed["total_steps"]) == (job.id, "running", 4000)
    assert main(["jobs", "show", job.id]) == 0
    shown = capsys.readouterr().out
    assert "counts slowly" in shown
    assert "running: running." in shown
    cancelled = _json(capsys, "cancel", job.id)
    assert cancelled["state"] == "cancelled"
    assert [event["state"] for event in cancelled["history"]] == ["queued", "running", "cancelled"]
    assert main(["jobs", "resume", job.id]) == 0
    assert capsys.readouterr().out == f"{job.id} running: running.\n"
    assert main(["jobs", "cancel", job.id]) == 0
    assert capsys.readouterr().out.startswith(f"{job.id} cancelled: cancelled on request")
    short = ended(jobs.submit(probe(steps=2)).id)
    assert main(["jobs", "list"]) == 0
    assert "completed at step 2." in capsys.readouterr().out
    assert _json(capsys, "delete", short.id) == {"deleted": short.id}
    assert main(["jobs", "logs", job.id]) == 0
    log = capsys.readouterr().out
    assert "attempt 1: counts slowly\n" in log
    assert "step 1 of 4000: loss " in log
    assert "stopped as asked" in log
    assert _json(capsys, "delete", job.id) == {"deleted": job.id}
    assert _json(capsys) == {"jobs": []}


def test_the_log_of_a_killed_job_shows_how_far_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    job = ended(jobs.submit(probe(steps=9, fault="kill", at=3)).id)
    assert job.state == "failed"
    assert main(["jobs", "logs", job.id]) == 0
    *_, before, last = capsys.readouterr().out.splitlines()
    assert "step 3 of 9: loss " in before
    assert "the worker was killed after step " in last


def test_the_limit_is_shown_and_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert _json(capsys, "limit") == {"limit": 1}
    assert _json(capsys, "limit", "2") == {"limit": 2}
    assert main(["jobs", "limit", "many"]) == 1
    assert capsys.readouterr().err == "dualign: the limit must be a whole number, not 'many'.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show"], "needs the id of a job"),
        (["show", "../x"], "is not the id of a job"),
        (["cancel", "test-00000000"], "there is no job 'test-00000000'"),
    ],
)
def test_mistakes_are_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["jobs", *arguments]) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
