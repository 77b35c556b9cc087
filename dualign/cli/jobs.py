"""``dualign jobs``: what runs, waits and has run; look at a job, stop it, start it again, delete it."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dualign.errors import InvalidInputError

if TYPE_CHECKING:
    from dualign.jobs import Job

_ACTIONS = ("list", "show", "logs", "cancel", "pause", "resume", "retry", "delete", "limit")
# Beyond the grace of a cancel; a pause waits for a step and a checkpoint.
_WAIT_SECONDS = {"cancel": 15.0, "pause": 130.0}


def add_commands(commands: Any) -> None:
    """Add ``jobs``."""
    jobs = commands.add_parser("jobs", help="list background jobs; show, stop, resume or delete one")
    jobs.add_argument(
        "action",
        nargs="?",
        choices=_ACTIONS,
        default="list",
        help="list (default); show, logs, cancel, pause, resume (from the last checkpoint), retry (from the "
        "beginning) or delete a job; limit: how many CPU jobs run at once",
    )
    jobs.add_argument("job", nargs="?", metavar="ID", help="id of the job; a number for 'limit'")
    jobs.add_argument("--lines", type=int, default=200, help="lines of the log to show (200)")
    jobs.add_argument("--json", action="store_true", help="print one JSON object")
    jobs.set_defaults(run=_jobs)


def job_record(job: Job) -> dict[str, Any]:
    """What is said of one job, in plain values."""
    progress = job.progress
    return {
        "id": job.id,
        "kind": job.spec.kind,
        "title": job.spec.title,
        "state": job.state,
        "stopping": job.stopping or None,
        "reason": job.reason,
        "launcher": job.launcher,
        "attempt": job.attempt,
        "step": progress.step,
        "total_steps": progress.total,
        "phase": progress.phase or None,
        "seconds_left": progress.seconds_left,
        "basis": progress.basis or None,
        "metrics": dict(progress.metrics),
        "gpus": job.spec.gpus,
        "memory_bytes": job.spec.memory_bytes,
        "created": _iso(job.created),
        "started": _iso(job.started),
        "ended": _iso(job.ended),
        "result": job.result,
    }


def _jobs(arguments: argparse.Namespace) -> str:
    from dualign import jobs
    from dualign.cli.output import dump

    action, job_id = arguments.action, arguments.job
    if action == "list":
        found = jobs.list_jobs()
        return dump({"jobs": [job_record(job) for job in found]}) if arguments.json else _table(found)
    if action == "limit":
        limit = jobs.running_limit(_number(job_id))
        return dump({"limit": limit}) if arguments.json else f"{limit} CPU job{'s' * (limit > 1)} at once."
    if job_id is None:
        raise InvalidInputError(
            f"'dualign jobs {action}' needs the id of a job: 'dualign jobs list' shows the ids."
        )
    if action == "logs":
        text = jobs.logs(job_id, last=arguments.lines)
        return dump({"id": job_id, "log": text}) if arguments.json else text or "the log is empty."
    if action == "delete":
        jobs.delete(job_id)
        return dump({"deleted": job_id}) if arguments.json else f"deleted {job_id}; what it made stays."
    if action == "show":
        job = jobs.get_job(job_id)
    elif action in _WAIT_SECONDS:
        job = (jobs.cancel if action == "cancel" else jobs.pause)(job_id, wait=_WAIT_SECONDS[action])
    else:
        job = (jobs.resume if action == "resume" else jobs.retry)(job_id)
    if arguments.json:
        return dump(job_record(job) | {"payload": dict(job.spec.payload), "history": jobs.history(job_id)})
    return _details(job) if action == "show" else f"{job.id} {job.state}: {job.reason}"


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise InvalidInputError(f"the limit must be a whole number, not {text!a}.") from None


def _table(found: list[Job]) -> str:
    from dualign.cli.output import duration, table

    if not found:
        return "there are no jobs yet."
    rows = [("id", "state", "progress", "left", "created", "title", "reason")]
    for job in found:
        rows.append(
            (
                job.id,
                f"stopping ({job.stopping})" if job.stopping else job.state,
                _steps(job),
                "-" if job.progress.seconds_left is None else duration(job.progress.seconds_left),
                job.created.astimezone().strftime("%Y-%m-%d %H:%M"),
                job.spec.title or job.spec.kind,
                job.reason,
            )
        )
    return table(rows)


def _details(job: Job) -> str:
    from dualign.cli.output import duration, table

    progress = job.progress
    left = ""
    if job.state == "running":
        time_ = "time unknown" if progress.seconds_left is None else f"{duration(progress.seconds_left)} left"
        left = f"{time_} ({progress.basis})"
    phase = "" if progress.basis.startswith(progress.phase) else progress.phase
    rows = [
        ("job", job.id),
        ("title", job.spec.title or job.spec.kind),
        ("state", f"{job.state}: {job.reason}"),
        ("progress", "  ".join(part for part in (_steps(job), phase, left) if part)),
        ("metrics", "  ".join(f"{name} {_figure(value)}" for name, value in progress.metrics.items()) or "-"),
        ("launcher", f"{job.launcher}, attempt {job.attempt}"),
        ("folder", str(job.run_folder)),
    ]
    return table(rows)


def _steps(job: Job) -> str:
    progress = job.progress
    return f"{progress.step}/{progress.total}" if progress.total else str(progress.step or "-")


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
