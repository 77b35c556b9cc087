"""Where a job runs: this machine, a Ray cluster, a Slurm cluster, behind one small protocol."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import dualign
from dualign import paths
from dualign.errors import InvalidInputError
from dualign.jobs import files, process
from dualign.jobs.spec import JobSpec

Status = Literal["waiting", "running", "gone", "unknown"]
NAMES = ("local", "ray", "slurm")


class Launcher(Protocol):
    """What the queue asks of a place to run."""

    def check(self, spec: JobSpec, *, held: int) -> None:
        """Raise JobError where the job cannot run there, even when running jobs give back the ``held`` bytes."""
        ...

    def launch(self, folder: Path, spec: JobSpec, gpus: Sequence[str]) -> str:
        """Start the supervisor of a run folder; a handle by which the place knows it. JobError if it cannot."""
        ...

    def status(self, handle: str, folder: Path) -> Status:
        """Whether the attempt waits, runs or is gone; ``unknown`` when the place does not answer."""
        ...

    def kill(self, handle: str, folder: Path) -> None:
        """End the attempt at once; nothing to do if it is gone."""
        ...


def get(name: str) -> Launcher:
    """The launcher of a name.

    Raises
    ------
    InvalidInputError
        No such launcher.
    """
    if name == "local":
        from dualign.jobs.launchers.local import LocalLauncher

        return LocalLauncher()
    if name == "ray":
        from dualign.jobs.launchers.ray import RayLauncher

        return RayLauncher.from_environment()
    if name == "slurm":
        from dualign.jobs.launchers.slurm import SlurmLauncher

        return SlurmLauncher.from_environment()
    raise InvalidInputError(f"{name!a} is no launcher: use {', '.join(NAMES)}.")


def supervisor_command(folder: Path) -> list[str]:
    """Command line that runs the attempt of a run folder."""
    return [sys.executable, "-P", "-m", "dualign.jobs.supervisor", str(folder)]


def worker_environment(folder: Path) -> dict[str, str]:
    """Variables that a supervisor and its worker need, on any machine that sees the store under the same path."""
    root = str(Path(dualign.__file__).parent.parent)
    known = os.environ.get("PYTHONPATH", "")
    return {
        process.RUN_VARIABLE: str(folder),
        "DUALIGN_STORE": str(paths.store_root().absolute()),
        # The same code as here, installed or not; and words in the log as they are said.
        "PYTHONPATH": root if known in ("", root) else f"{root}{os.pathsep}{known}",
        "PYTHONUNBUFFERED": "1",
    }


def identities(handle: str, folder: Path) -> list[dict[str, Any] | None]:
    """Who runs the attempt: the supervisor first, then the entry's process and the worker, where known."""
    supervisor = files.read_json(folder / files.SUPERVISOR)
    if supervisor is None or "pid" not in supervisor:
        with contextlib.suppress(ValueError, TypeError):
            supervisor = json.loads(handle)
    return [supervisor, files.read_json(folder / files.CHILD), files.read_json(folder / files.WORKER)]


def heartbeat_age(folder: Path) -> float | None:
    """Seconds since the supervisor's last beat; None before the first."""
    record = files.read_json(folder / files.HEARTBEAT)
    return None if record is None else max(0.0, time.time() - float(record.get("time", 0.0)))
