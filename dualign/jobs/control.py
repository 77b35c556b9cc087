"""What commands and pages call: submit a job, look at jobs, stop, resume and delete them."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from dualign.errors import JobError, StoreError
from dualign.jobs import capacity, database, files, launchers, schema
from dualign.jobs.queue import ask, max_running, read_load, reconcile
from dualign.jobs.registry import add_event, fetch, move, to_job
from dualign.jobs.spec import ACTIVE, Job, JobSpec, check_id

_JOBS = schema.jobs
_LOG_BYTES = 2**20
# Pages ask many times a second; the world is looked at once.
_LOOK_SECONDS = 0.5
_LOOKED: dict[str, float] = {}
_GUARD = threading.Lock()


def submit(spec: JobSpec, *, launcher: str = "local") -> Job:
    """Put a job in the queue and start it if it may start; an active job of the same content is returned instead.

    Raises
    ------
    JobError
        The job cannot fit: too much memory, too many GPUs.
    InvalidInputError
        No such launcher.
    StoreError
        The registry cannot be written.
    """
    place = launchers.get(launcher)
    twin = _active_twin(spec.content)
    if twin is None:
        place.check(spec, held=_held())
        now, job_id = time.time(), f"{spec.kind}-{secrets.token_hex(4)}"
        reason = "waits for its turn."
        row: dict[str, Any] = {
            "id": job_id,
            "spec": spec.to_json(),
            "content": spec.content,
            "gpus": spec.gpus,
            "memory_bytes": spec.memory_bytes,
            "launcher": launcher,
            "state": "queued",
            "reason": reason,
            "attempt": 0,
            "since": 1,
            "wish": "",
            "created": now,
            "queued": now,
        }
        try:
            with database.writing() as connection:
                connection.execute(sa.insert(_JOBS).values(row))
                add_event(connection, job_id, 0, "queued", reason, now)
            twin = job_id
        except sa.exc.IntegrityError:
            twin = _active_twin(spec.content) or job_id
    reconcile()
    return _job(twin)


def _held() -> int:
    with database.reading() as connection:
        return read_load(connection).held


def _active_twin(content: str) -> str | None:
    with database.reading() as connection:
        same = (_JOBS.c.content == content, _JOBS.c.state.in_(ACTIVE))
        return connection.execute(sa.select(_JOBS.c.id).where(*same)).scalar()


def list_jobs() -> list[Job]:
    """All jobs, newest first, as they are now."""
    _look()
    with database.reading() as connection:
        rows = connection.execute(sa.select(_JOBS).order_by(_JOBS.c.created.desc(), _JOBS.c.id)).all()
    return [to_job(row) for row in rows]


def get_job(job_id: str) -> Job:
    """A job as it is now.

    Raises
    ------
    JobError
        No such job.
    """
    check_id(job_id)
    _look()
    return _job(job_id)


def _job(job_id: str) -> Job:
    with database.reading() as connection:
        return to_job(fetch(connection, job_id))


def _look() -> None:
    key, now = str(database.database_file()), time.monotonic()
    with _GUARD:
        if now - _LOOKED.get(key, -_LOOK_SECONDS) < _LOOK_SECONDS:
            return
        _LOOKED[key] = now
    try:
        reconcile()
    except StoreError:
        # A full disk stops the registry from changing, not from being read.
        return


def cancel(job_id: str, *, wait: float = 0.0) -> Job:
    """Cancel a job: at once where it waits; a running one is asked to end, and killed if it does not within seconds.

    ``wait`` gives the seconds to wait for its end; the job is returned as it is then. An ended job stays as it is.
    """
    return _stop(job_id, "cancel", wait)


def pause(job_id: str, *, wait: float = 0.0) -> Job:
    """Ask a running job to write a checkpoint and leave; a waiting one steps out of the queue.

    Raises
    ------
    JobError
        The job has ended.
    """
    with database.reading() as connection:
        row = fetch(connection, job_id)
    if row.state not in ACTIVE:
        raise JobError(f"job '{job_id}' has ended ({row.state}): there is nothing to pause.")
    return _stop(job_id, "pause", wait)


def _stop(job_id: str, wish: str, wait: float) -> Job:
    with database.writing() as connection:
        row = fetch(connection, job_id)
        if row.state == "queued" or (row.state == "paused" and wish == "cancel"):
            if wish == "cancel":
                move(connection, row, "cancelled", "cancelled on request while it waited.")
            else:
                move(connection, row, "paused", "paused on request while it waited.")
        elif row.state == "running" and row.wish not in ("cancel", wish):
            same = (_JOBS.c.id == job_id, _JOBS.c.attempt == row.attempt)
            connection.execute(sa.update(_JOBS).where(*same).values(wish=wish, wished=time.time()))
    if row.state == "running":
        ask(files.job_folder(job_id) / str(row.attempt), "cancel" if "cancel" in (row.wish, wish) else wish)
    deadline = time.monotonic() + wait
    while True:
        reconcile()
        job = _job(job_id)
        if job.state != "running" or time.monotonic() >= deadline:
            return job
        time.sleep(0.1)


def resume(job_id: str) -> Job:
    """Put a paused, failed or cancelled job back in the queue; it goes on from its last checkpoint.

    Raises
    ------
    JobError
        The job is active already, completed, or another active job does the same.
    """
    return _again(job_id, lambda row: {})


def retry(job_id: str) -> Job:
    """Put a paused, failed or cancelled job back in the queue, from the beginning: its checkpoints are not used.

    Raises
    ------
    JobError
        As for `resume`.
    """
    return _again(job_id, lambda row: {"since": row.attempt + 1, "progress": None})


def _again(job_id: str, changes: Callable[[Any], dict[str, Any]]) -> Job:
    with database.reading() as connection:
        row = fetch(connection, job_id)
    if row.state not in ("paused", "failed", "cancelled"):
        raise JobError(
            f"job '{job_id}' is {row.state}: only a paused, failed or cancelled job can be started again."
        )
    launchers.get(row.launcher).check(JobSpec.from_json(row.spec), held=_held())
    values = {"queued": time.time(), "ended": None, "result": None, **changes(row)}
    try:
        with database.writing() as connection:
            if not move(connection, row, "queued", "waits for its turn.", changes=values):
                raise JobError(f"job '{job_id}' has just changed: look at it again.")
    except sa.exc.IntegrityError:
        raise JobError(
            f"another active job does the same as '{job_id}': wait for it, or cancel it first."
        ) from None
    reconcile()
    return _job(job_id)


def delete(job_id: str) -> None:
    """Delete an ended job with its run folders; records and policies that it made stay.

    Raises
    ------
    JobError
        The job is active: cancel it first.
    """
    with database.writing() as connection:
        row = fetch(connection, job_id)
        if row.state in ACTIVE:
            raise JobError(f"job '{job_id}' is {row.state}: cancel it before deleting it.")
        connection.execute(sa.delete(_JOBS).where(_JOBS.c.id == job_id))
    files.remove_folder(files.job_folder(job_id))


def logs(job_id: str, *, last: int = 200) -> str:
    """The last lines that a job has written, all attempts together, from at most 1 MiB of each."""
    job = _job(job_id)
    lines: list[str] = []
    for attempt in range(1, job.attempt + 1):
        text = files.tail(job.folder / str(attempt) / files.LOG, limit=_LOG_BYTES).decode("utf-8", "replace")
        if text and job.attempt > 1:
            lines.append(f"--- attempt {attempt}")
        lines += text.splitlines()
    return "\n".join(lines[-last:])


def metrics(job_id: str) -> list[dict[str, Any]]:
    """What a job has reported, in order of steps: ``time``, ``step`` and the metrics of each report.

    A resumed attempt goes on from a checkpoint; what the one before had reported beyond it is left out.
    """
    job = _job(job_id)
    with database.reading() as connection:
        since = fetch(connection, job_id).since
    rows: list[dict[str, Any]] = []
    for attempt in range(since, job.attempt + 1):
        own = list(_lines(files.tail(job.folder / str(attempt) / files.METRICS, limit=64 * 2**20)))
        if own:
            rows = [row for row in rows if row["step"] < own[0]["step"]]
        rows += own
    return rows


def _lines(content: bytes) -> list[dict[str, Any]]:
    rows = []
    for line in content.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            # The last line of a worker that was killed may be cut.
            continue
        if isinstance(row, dict) and isinstance(row.get("step"), int):
            rows.append(row)
    return rows


def history(job_id: str) -> list[dict[str, Any]]:
    """Changes of a job's state, oldest first: ``attempt``, ``time`` (seconds since 1970), ``state``, ``reason``."""
    table = schema.events
    with database.reading() as connection:
        fetch(connection, job_id)
        rows = connection.execute(sa.select(table).where(table.c.job == job_id).order_by(table.c.id)).all()
    return [
        {"attempt": row.attempt, "time": row.time, "state": row.state, "reason": row.reason} for row in rows
    ]


def running_limit(limit: int | None = None) -> int:
    """How many CPU jobs may run at once; ``limit`` sets it for this store.

    Raises
    ------
    InvalidInputError
        Not a whole number from 1 to 64.
    """
    if limit is not None:
        capacity.check_limit(limit)
        table = schema.settings
        with database.writing() as connection:
            connection.execute(sa.delete(table).where(table.c.key == "max_running"))
            connection.execute(sa.insert(table).values(key="max_running", value=str(limit)))
        reconcile()
    with database.reading() as connection:
        return max_running(connection)
