"""Bring the registry and the world together: take in how attempts ended, enforce requests to stop, start the next.

Any process may call `reconcile` at any time: every step is a conditional change of one row, or a file that is
written once. The supervisor of a job that ended calls it, and so does every command and page.
"""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dualign.errors import DualignError, InvalidInputError, JobError
from dualign.jobs import capacity, database, faults, files, launchers, ledger, process, schema
from dualign.jobs.registry import fetch, move
from dualign.jobs.spec import JobSpec, State
from dualign.jobs.work import publish_outcome

_JOBS, _GPUS = schema.jobs, schema.gpus
# A launch takes a tenth of a second; a cluster's answer, some seconds.
LAUNCH_SECONDS = 60.0
# Beyond the supervisor's own grace.
_STOP_SECONDS = {"cancel": 7.0, "pause": 125.0}
_LINGER_SECONDS = 30.0


def reconcile(*, finished: Path | None = None) -> None:
    """Settle every running job and start what may start.

    Parameters
    ----------
    finished
        Run folder of the attempt that the caller supervised to its end.

    Raises
    ------
    StoreError
        The registry cannot be read or written.
    """
    process.reap()
    with database.reading() as connection:
        busy = connection.execute(sa.select(_JOBS).where(_JOBS.c.state == "running")).all()
    for row in busy:
        # A launcher whose settings are broken is no reason to leave the other jobs alone.
        with contextlib.suppress(InvalidInputError):
            _settle(row, finished=finished)
    _start_waiting()


def _settle(row: Row[Any], *, finished: Path | None) -> None:
    folder = files.job_folder(row.id) / str(row.attempt)
    if row.handle is None and folder != finished:
        _settle_launch(row, folder)
        return
    outcome = files.read_json(folder / files.OUTCOME)
    # On this machine an attempt has ended when its processes are gone; a cluster sees to that itself.
    if folder != finished and not (outcome and row.launcher != "local"):
        launcher = launchers.get(row.launcher)
        status = launcher.status(row.handle, folder)
        # What only waits on a cluster has nobody to ask.
        asleep = status == "waiting" and bool(row.wish)
        if status != "gone" and not asleep and not _overdue(row, outcome):
            _remind(row, folder)
            _tell(row, status)
            return
        # Also when it is gone: a part of it may have outlived the process that was known.
        with contextlib.suppress(JobError):
            launcher.kill(row.handle, folder)
    if outcome is None:
        # The fence: a supervisor that has yet to begin, or a worker that wakes up, finds the attempt decided.
        with contextlib.suppress(OSError):
            files.publish(folder / files.SUPERVISOR, {"fenced": time.time()})
            publish_outcome(folder, _lost(row, folder))
        outcome = files.read_json(folder / files.OUTCOME) or _lost(row, folder)
    with database.writing() as connection:
        absorb(connection, row, folder, outcome)


def _settle_launch(row: Row[Any], folder: Path) -> None:
    """A launch under way: left alone, taken over if its launcher died after it, undone if before."""
    alive = row.machine == process.machine() and process.lives(row.pid, row.mark)
    if alive and time.time() - row.started < LAUNCH_SECONDS:
        return
    files.make_folder(folder.parent)
    files.make_folder(folder)
    undone = files.publish(folder / files.SUPERVISOR, {"fenced": time.time()})
    with database.writing() as connection:
        if undone:
            move(connection, row, "queued", "starts again: the program that was starting it ended.")
        else:
            same = (_JOBS.c.id == row.id, _JOBS.c.attempt == row.attempt, _JOBS.c.handle.is_(None))
            handle = json.dumps(files.read_json(folder / files.SUPERVISOR))
            connection.execute(sa.update(_JOBS).where(*same).values(handle=handle))


def _overdue(row: Row[Any], outcome: dict[str, Any] | None) -> bool:
    if outcome is not None and time.time() - float(outcome.get("time", 0.0)) > _LINGER_SECONDS:
        return True
    return bool(row.wish) and time.time() - row.wished > _STOP_SECONDS[row.wish]


def _remind(row: Row[Any], folder: Path) -> None:
    if row.wish:
        ask(folder, row.wish)


def ask(folder: Path, wish: str) -> None:
    """Leave word in the run folder that the worker should stop."""
    if (files.read_json(folder / files.STOP) or {}).get("wish") != wish:
        with contextlib.suppress(OSError):
            files.replace(folder / files.STOP, {"wish": wish, "time": time.time()})


def _tell(row: Row[Any], status: str) -> None:
    """Say of a cluster's job whether it waits or runs there."""
    if row.launcher == "local":
        return
    words = {"waiting": "waits in the queue of", "unknown": "was sent, no answer yet from"}
    reason = f"{words.get(status, 'runs on')} {row.launcher}."
    if reason != row.reason:
        with database.writing() as connection:
            same = (_JOBS.c.id == row.id, _JOBS.c.attempt == row.attempt, _JOBS.c.state == "running")
            connection.execute(sa.update(_JOBS).where(*same).values(reason=reason))


def _lost(row: Row[Any], folder: Path) -> dict[str, Any]:
    step = int((files.read_json(folder / files.PROGRESS) or {}).get("step", 0))
    if row.wish:
        return {"state": "stopped", "step": step, "time": time.time()}
    after = f"after step {step}" if step else "before its first step"
    return {
        "state": "failed",
        "step": step,
        "time": time.time(),
        "reason": f"the worker and its supervisor were ended {after}: killed, or the machine was restarted. "
        "Resume goes on from the last checkpoint.",
    }


def absorb(connection: Connection, row: Row[Any], folder: Path, outcome: dict[str, Any]) -> bool:
    """Take the outcome of an attempt into the registry, its records with it; False if that was done before."""
    step, said = int(outcome.get("step", 0)), outcome.get("state")
    progress = files.read_json(folder / files.PROGRESS) or {}
    progress |= {"step": step or int(progress.get("step", 0))}
    at = f"at step {progress['step']}" if progress["step"] else "before its first step"
    state: State
    if said == "completed":
        state, reason = "completed", f"completed {at}." if progress["step"] else "completed."
    elif row.wish == "cancel":
        state, reason = "cancelled", f"cancelled on request {at}."
    elif said == "stopped":
        state = "paused"
        by = "on request" if row.wish == "pause" else "because the system asked its worker to end"
        reason = f"paused {by} {at}; resume goes on from its last checkpoint."
    else:
        state, reason = "failed", str(outcome.get("reason") or "failed without a reason.")
    changes = {
        "progress": json.dumps(progress),
        "result": json.dumps(outcome["result"]) if outcome.get("result") is not None else None,
    }
    if not move(connection, row, state, reason, changes=changes):
        return False
    for item in outcome.get("records", ()):
        ledger.insert(connection, item["kind"], item["name"], item["content"], replace=True)
    return True


def _start_waiting() -> None:
    with database.reading() as connection:
        query = sa.select(sa.func.count(), sa.func.max(_JOBS.c.gpus)).where(_JOBS.c.state == "queued")
        waiting, gpus = connection.execute(query).one()
    if not waiting:
        return
    # Asked only when needed, and before the transaction: the driver takes its time.
    here = capacity.gpus() if gpus else ()
    while (claimed := _claim(here)) is not None:
        _launch(*claimed)


def _claim(here: tuple[capacity.Gpu, ...]) -> tuple[Row[Any], tuple[str, ...]] | None:
    """The next job that may start, claimed with its GPUs in one transaction; None if none may."""
    with database.writing() as connection:
        waiting = connection.execute(
            sa.select(_JOBS).where(_JOBS.c.state == "queued").order_by(_JOBS.c.queued)
        ).all()
        if not waiting:
            return None
        load, limit, closed = read_load(connection), max_running(connection), set()
        for row in waiting:
            local = row.launcher == "local"
            # First come, first served among those that wait for the same thing: large jobs are not starved.
            queue = ("gpu" if row.gpus else "cpu") if local else row.launcher
            if local:
                chosen = capacity.choose(row.gpus, row.memory_bytes, load, here=here, limit=limit)
                if queue in closed and not isinstance(chosen, str):
                    chosen = "waits for the jobs before it."
            else:
                chosen = ()
            if isinstance(chosen, str):
                closed.add(queue)
                if chosen != row.reason:
                    connection.execute(sa.update(_JOBS).where(_JOBS.c.id == row.id).values(reason=chosen))
                continue
            own = process.identity()
            changes = {
                "attempt": row.attempt + 1,
                "started": time.time(),
                "ended": None,
                "handle": None,
                **{key: own[key] for key in ("pid", "mark", "machine")},
            }
            move(connection, row, "running", "running.", changes=changes)
            for gpu in chosen:
                connection.execute(sa.insert(_GPUS).values(machine=process.machine(), gpu=gpu, job=row.id))
            return fetch(connection, row.id), chosen
    return None


def read_load(connection: Connection) -> capacity.Load:
    """What runs on this machine."""
    rows = connection.execute(sa.select(_JOBS).where(_JOBS.c.state == "running")).all()
    cpu = [row for row in rows if row.launcher == "local" and not row.gpus]
    held = promised = 0
    for row in cpu:
        beat = files.read_json(files.job_folder(row.id) / str(row.attempt) / files.HEARTBEAT) or {}
        held += int(beat.get("memory", 0))
        promised += max(0, row.memory_bytes - int(beat.get("memory", 0)))
    # Slots of an earlier boot belong to jobs that are about to be settled.
    gpus = connection.execute(sa.select(_GPUS.c.gpu).where(_GPUS.c.machine == process.machine())).scalars()
    return capacity.Load(running=len(cpu), held=held, promised=promised, claimed=frozenset(gpus))


def max_running(connection: Connection) -> int:
    """How many CPU jobs may run at once."""
    table = schema.settings
    value = connection.execute(sa.select(table.c.value).where(table.c.key == "max_running")).scalar()
    return capacity.MAX_RUNNING if value is None else int(value)


def _launch(row: Row[Any], gpus: tuple[str, ...]) -> None:
    spec = JobSpec.from_json(row.spec)
    folder = files.job_folder(row.id)
    run = folder / str(row.attempt)
    try:
        for path in (files.jobs_root(), folder, run):
            files.make_folder(path)
        files.replace(folder / files.SPEC, json.loads(row.spec), durable=True)
        files.take_checkpoints(folder, row.attempt, since=row.since)
        if row.progress:
            # Until the first report of this attempt: how far the one before was.
            before = json.loads(row.progress)
            kept = {key: before[key] for key in ("step", "total", "metrics") if key in before}
            files.replace(run / files.PROGRESS, kept)
        handle = launchers.get(row.launcher).launch(run, spec, gpus)
    except (DualignError, OSError) as error:
        with database.writing() as connection:
            move(connection, row, "failed", faults.describe(error, folder=files.jobs_root()))
        return
    with database.writing() as connection:
        same = (_JOBS.c.id == row.id, _JOBS.c.attempt == row.attempt, _JOBS.c.state == "running")
        connection.execute(sa.update(_JOBS).where(*same).values(handle=handle))
        wish = connection.execute(sa.select(_JOBS.c.wish).where(*same)).scalar()
    if wish:
        ask(run, wish)
