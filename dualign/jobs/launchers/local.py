"""This machine: one detached supervisor a job, alive when dashboard and shell are gone."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from dualign.errors import JobError
from dualign.jobs import capacity, files, process
from dualign.jobs.launchers import (
    Status,
    heartbeat_age,
    identities,
    supervisor_command,
    worker_environment,
)
from dualign.jobs.spec import JobSpec

# Ten beats of a supervisor whose process ids cannot be seen from here, as after a container's restart.
_STALE_SECONDS = 20.0
# A supervisor notices its worker's end within a second.
_NOTICE_SECONDS = 15.0


class LocalLauncher:
    """Detached processes of this machine."""

    def check(self, spec: JobSpec, *, held: int) -> None:
        """Refuse what this machine cannot hold."""
        capacity.refuse(spec, held=held)

    def launch(self, folder: Path, spec: JobSpec, gpus: Sequence[str]) -> str:
        """Start the supervisor in a session of its own; its identity."""
        environment = os.environ | worker_environment(folder)
        # Without a claim there is no GPU: two jobs would meet on the first one.
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
        # The driver's numbers, not the order of speed that CUDA would choose.
        environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
        command = supervisor_command(folder)
        try:
            log = files.open_append(folder / files.LOG)
        except OSError as error:
            raise JobError(f"the log of the job cannot be written ({error.strerror}).") from error
        try:
            pid = os.posix_spawn(
                command[0],
                command,
                environment,
                setsid=True,
                setsigmask=(),
                setsigdef=(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD),
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, log, 1),
                    (os.POSIX_SPAWN_DUP2, log, 2),
                ],
            )
        except OSError as error:
            raise JobError(f"the worker cannot be started ({error.strerror}): end other programs.") from error
        finally:
            os.close(log)
        process.adopt(pid)
        return json.dumps(process.identity(pid))

    def status(self, handle: str, folder: Path) -> Status:
        """By process id and start, on this machine; by the heartbeat if the supervisor runs on another one."""
        known = identities(handle, folder)
        supervisor = known[0]
        if not supervisor:
            return "gone"
        age = heartbeat_age(folder)
        if process.rebooted(supervisor):
            return "gone"
        if supervisor.get("machine") != process.machine():
            return "running" if age is not None and age < _STALE_SECONDS else "gone"
        workers = [item for item in known[1:] if item]
        if any(process.lives(item.get("pid"), item.get("mark")) for item in workers):
            return "running"
        if not process.lives(supervisor.get("pid"), supervisor.get("mark")):
            return "gone"
        # A supervisor that is stopped itself cannot tell that its worker is gone.
        return "gone" if workers and age is not None and age > _NOTICE_SECONDS else "running"

    def kill(self, handle: str, folder: Path) -> None:
        """End supervisor and worker with all that they started."""
        process.end(folder, identities(handle, folder))
