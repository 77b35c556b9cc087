"""Rows of the registry as jobs, and the changes of state: each one a conditional update with its event."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dualign.errors import JobError
from dualign.jobs import files, schema
from dualign.jobs.spec import Job, JobSpec, Progress, State, check_id

_JOBS = schema.jobs


def fetch(connection: Connection, job_id: str) -> Row[Any]:
    """Row of a job.

    Raises
    ------
    JobError
        No such job.
    """
    row = connection.execute(sa.select(_JOBS).where(_JOBS.c.id == check_id(job_id))).one_or_none()
    if row is None:
        raise JobError(f"there is no job '{job_id}': 'dualign jobs list' shows the jobs.")
    return row


def move(
    connection: Connection,
    row: Row[Any],
    state: State,
    reason: str,
    *,
    changes: Mapping[str, Any] | None = None,
) -> bool:
    """Change the state of the attempt that ``row`` shows; False if it is no longer in that state.

    A state other than running gives the job's GPUs back.
    """
    now = time.time()
    values: dict[str, Any] = {"state": state, "reason": reason, **(changes or {})}
    if state in ("completed", "failed", "cancelled", "paused"):
        values |= {"ended": now}
    if state != "running":
        values |= {"wish": "", "wished": None, "pid": None, "mark": None, "handle": None}
    same = (_JOBS.c.id == row.id, _JOBS.c.attempt == row.attempt, _JOBS.c.state == row.state)
    if not connection.execute(sa.update(_JOBS).where(*same).values(values)).rowcount:
        return False
    if state != "running":
        connection.execute(sa.delete(schema.gpus).where(schema.gpus.c.job == row.id))
    add_event(connection, row.id, values.get("attempt", row.attempt), state, reason, now)
    return True


def add_event(
    connection: Connection, job_id: str, attempt: int, state: State, reason: str, now: float
) -> None:
    """Note a change of state."""
    connection.execute(
        sa.insert(schema.events).values(job=job_id, attempt=attempt, time=now, state=state, reason=reason)
    )


def to_job(row: Row[Any]) -> Job:
    """The job of a row; the progress of a running one is read from its run folder."""
    folder = files.job_folder(row.id)
    stored = json.loads(row.progress) if row.progress else {}
    if row.state == "running":
        stored = files.read_json(folder / str(row.attempt) / files.PROGRESS) or stored
    spec = JobSpec.from_json(row.spec)
    return Job(
        id=row.id,
        spec=spec,
        launcher=row.launcher,
        state=row.state,
        reason=row.reason,
        attempt=row.attempt,
        stopping=row.wish,
        created=datetime.fromtimestamp(row.created, UTC),
        started=_time(row.started),
        ended=_time(row.ended),
        progress=to_progress(stored, spec, live=row.state == "running"),
        result=json.loads(row.result) if row.result else None,
        folder=folder,
    )


def to_progress(stored: Mapping[str, Any], spec: JobSpec, *, live: bool) -> Progress:
    """Progress from what the worker wrote; the time left runs on between its reports."""
    left, basis = (stored.get("seconds_left"), str(stored.get("basis", ""))) if live else (None, "")
    if left is not None:
        left = max(0.0, float(left) - max(0.0, time.time() - float(stored.get("time", 0.0))))
    elif live:
        basis = "known after a few steps"
    total = stored.get("total")
    return Progress(
        step=int(stored.get("step", 0)),
        total=spec.total_steps if total is None else int(total),
        seconds_left=left,
        basis=basis,
        phase=str(stored.get("phase", "")) if live else "",
        metrics=dict(stored.get("metrics", {})),
    )


def _time(value: float | None) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(value, UTC)
