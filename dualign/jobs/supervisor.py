"""The process beside a worker, on this machine or a cluster's node: ``python -m dualign.jobs.supervisor RUN_DIR``.

It starts the entry, keeps a heartbeat whatever the worker computes, hands requests to stop on and enforces them,
and knows for certain how the worker ended. On this machine it then records the end and starts the next job, so
that the queue goes on with no dashboard open.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from dualign.errors import StoreError
from dualign.jobs import faults, files, process
from dualign.jobs.spec import JobSpec
from dualign.jobs.work import publish_outcome

HEARTBEAT_SECONDS = 2.0
_POLL_SECONDS = 0.2
# How long a worker may take to leave by itself. A pause waits for a step and a checkpoint; a cluster that ends
# the supervisor kills it after three seconds.
GRACE = {"cancel": 5.0, "pause": 120.0, "shutdown": 2.0}
# Time to unload libraries after the outcome is written.
_EXIT_GRACE = 15.0
REMOTE_VARIABLE = "DUALIGN_REMOTE_WORKER"
LAUNCH = "accelerate.commands.launch"


def main(arguments: list[str]) -> int:
    """Run the attempt of one run folder to its end; 0 unless it cannot even be read."""
    folder = Path(arguments[0]).absolute()
    record = files.read_json(folder.parent / files.SPEC)
    if record is None or not files.publish(folder / files.SUPERVISOR, process.identity()):
        return 1
    spec = JobSpec(**record)
    remote = bool(os.environ.get(REMOTE_VARIABLE))
    if remote:
        _log_to(folder / files.LOG)
    files.reserve(folder)
    os.environ[process.RUN_VARIABLE] = str(folder)
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, frame: stopped.append(number))
    ooms = _oom_kills()
    code, peak = _watch(folder, _start(folder, spec), stopped)
    process.end(folder, (files.read_json(folder / files.CHILD),))
    outcome = _outcome(folder, code, peak, oom=_oom_kills() > ooms, stopped=bool(stopped))
    if publish_outcome(folder, outcome) and "reason" in outcome:
        _say(outcome["reason"])
    if not remote:
        _record(folder)
    files.release(folder)
    return 0


def _say(reason: str) -> None:
    """The end of a worker that could not tell of it, as the log's last line."""
    with contextlib.suppress(OSError):
        print(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {reason}", file=sys.stderr, flush=True)


def _log_to(path: Path) -> None:
    """Words go to the run folder, where they are looked for, not to the scheduler's own place."""
    log = files.open_append(path)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.close(log)


def _record(folder: Path) -> None:
    from dualign.jobs.queue import reconcile

    try:
        reconcile(finished=folder)
    except StoreError:
        # A full disk: the room set aside is enough for a few rows.
        files.release(folder)
        with contextlib.suppress(StoreError):
            reconcile(finished=folder)


def command(folder: Path, spec: JobSpec) -> list[str]:
    """The entry's command line; several GPUs run under accelerate, one process each."""
    if spec.gpus > 1:
        # Port 0 is any free one: two jobs on one machine must not meet on the default.
        options = ["--multi_gpu", "--num_processes", str(spec.gpus), "--num_machines", "1"]
        options += ["--main_process_port", "0", "--mixed_precision", "no", "--dynamo_backend", "no"]
        return [sys.executable, "-P", "-m", LAUNCH, *options, "--module", spec.entry, str(folder)]
    return [sys.executable, "-P", "-m", spec.entry, str(folder)]


def _start(folder: Path, spec: JobSpec) -> subprocess.Popen[bytes]:
    # Its own session: ending the worker's group must not end the one who records it.
    child = subprocess.Popen(command(folder, spec), stdin=subprocess.DEVNULL, start_new_session=True)
    with contextlib.suppress(OSError):
        files.replace(folder / files.CHILD, process.identity(child.pid))
    return child


def _watch(folder: Path, child: subprocess.Popen[bytes], stopped: list[int]) -> tuple[int, int]:
    """Exit code of the worker and the peak of its memory in bytes."""
    peak, beat, deadline, asked = 0, 0.0, float("inf"), ""
    alone = LAUNCH not in (child.args if isinstance(child.args, list) else ())
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(_POLL_SECONDS), peak
        now = time.monotonic()
        if now - beat > HEARTBEAT_SECONDS:
            beat, peak = now, max(peak, _memory(child.pid))
            with contextlib.suppress(OSError):
                files.replace(folder / files.HEARTBEAT, {"time": time.time(), "memory": peak})
        wish = (files.read_json(folder / files.STOP) or {}).get("wish", "shutdown" if stopped else "")
        if wish not in ("", asked):
            deadline = min(deadline, now + GRACE[wish])
            # Ranks under accelerate read the stop file: a signal would take their launcher from them.
            if not asked and (alone or stopped):
                child.terminate()
            asked = wish
        if (folder / files.OUTCOME).exists():
            deadline = min(deadline, now + _EXIT_GRACE)
        if now > deadline:
            process.end(folder, (process.identity(child.pid),))


def _outcome(folder: Path, code: int, peak: int, *, oom: bool, stopped: bool) -> dict[str, Any]:
    """How an attempt ended whose worker left no word of its own."""
    progress = files.read_json(folder / files.PROGRESS) or {}
    step = int(progress.get("step", 0))
    if stopped or (folder / files.STOP).exists():
        return {"state": "stopped", "step": step}
    return {
        "state": "failed",
        "step": step,
        "reason": faults.exit_reason(code, peak=peak, oom=oom and code == -signal.SIGKILL, step=step),
    }


def _memory(pid: int) -> int:
    total = 0
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        for member in (root, *root.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += member.memory_info().rss
    return total


def _oom_kills() -> int:
    """Processes that the kernel has ended for want of memory since boot; 0 where it does not tell."""
    try:
        for line in Path("/proc/vmstat").read_text("ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0


def _close_inherited() -> None:
    """Let go of what the launching program had open: a dashboard's port would stay taken as long as the job runs."""
    for name in os.listdir("/dev/fd"):
        if int(name) > 2:
            with contextlib.suppress(OSError):
                os.close(int(name))


if __name__ == "__main__":
    _close_inherited()
    sys.exit(main(sys.argv[1:]))
