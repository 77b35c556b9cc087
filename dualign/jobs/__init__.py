"""Background jobs: a durable queue, detached workers, launchers for one machine or a cluster, and records.

Names are looked up when first used: a worker imports this package and needs no database.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dualign.jobs.control import (
        cancel,
        delete,
        get_job,
        history,
        list_jobs,
        logs,
        metrics,
        pause,
        resume,
        retry,
        running_limit,
        submit,
    )
    from dualign.jobs.ledger import Record, delete_record, record, records
    from dualign.jobs.queue import reconcile
    from dualign.jobs.spec import Job, JobSpec, Progress, State
    from dualign.jobs.work import worker

__all__ = [
    "Job",
    "JobSpec",
    "Progress",
    "Record",
    "State",
    "cancel",
    "delete",
    "delete_record",
    "get_job",
    "history",
    "list_jobs",
    "logs",
    "metrics",
    "pause",
    "reconcile",
    "record",
    "records",
    "resume",
    "retry",
    "running_limit",
    "submit",
    "worker",
]

_HOMES = {
    "spec": ("Job", "JobSpec", "Progress", "State"),
    "work": ("worker",),
    "ledger": ("Record", "record", "records", "delete_record"),
    "queue": ("reconcile",),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = next((module for module, names in _HOMES.items() if name in names), "control")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
