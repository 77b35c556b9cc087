"""What launchers of clusters share: the store on a shared folder, the heartbeat first, then the scheduler's word."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from dualign.jobs.launchers import Status, heartbeat_age, worker_environment
from dualign.jobs.supervisor import REMOTE_VARIABLE

# Ten beats. A scheduler is asked about an attempt that is silent longer.
_FRESH_SECONDS = 20.0
# Schedulers may call a dead job running for more than a minute; beyond this silence it is given up and fenced.
_LOST_SECONDS = 150.0
_ASK_SECONDS = 2.0
_ANSWERS: dict[str, tuple[float, Status]] = {}
_GUARD = threading.Lock()


def remote_environment(folder: Path, *, gpus: int) -> dict[str, str]:
    """Variables of a supervisor on a node: it keeps to the run folder and leaves the database alone."""
    environment = {**worker_environment(folder), REMOTE_VARIABLE: "1"}
    # With a claim the scheduler names the GPUs.
    return environment if gpus else {**environment, "CUDA_VISIBLE_DEVICES": ""}


def status(handle: str, folder: Path, ask: Callable[[], Status]) -> Status:
    """Status of an attempt from its heartbeat and, where that is old, from the scheduler."""
    age = heartbeat_age(folder)
    if age is not None and age < _FRESH_SECONDS:
        return "running"
    with _GUARD:
        known = _ANSWERS.get(handle)
    if known is None or time.monotonic() - known[0] > _ASK_SECONDS:
        known = (time.monotonic(), ask())
        with _GUARD:
            _ANSWERS[handle] = known
    if known[1] != "gone" and age is not None and age > _LOST_SECONDS:
        return "gone"
    return known[1]
