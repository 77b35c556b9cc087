"""What this machine can hold: free memory, GPUs, and how many jobs may run at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from dualign.errors import InvalidInputError, JobError
from dualign.jobs.faults import size
from dualign.jobs.spec import JobSpec

MAX_RUNNING = 1
_CACHE_SECONDS = 5.0
# A desktop's own windows take some GPU memory; a program that computes takes more.
_GPU_IDLE_BYTES = 2 * 2**30
_CACHED: tuple[float, tuple[Gpu, ...]] | None = None
_GUARD = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """A GPU by the name that CUDA_VISIBLE_DEVICES takes, its memory in bytes; None where unknown."""

    name: str
    total: int | None = None
    free: int | None = None

    def busy(self, needed: int) -> bool:
        """Whether another program leaves too little of it."""
        if self.free is None or self.total is None:
            return False
        return self.free < (needed or self.total - _GPU_IDLE_BYTES)


def available_memory() -> int:
    """Bytes of main memory that can be had without swapping, within the limit of a container."""
    free = psutil.virtual_memory().available
    limit, used = (_number(Path("/sys/fs/cgroup") / name) for name in ("memory.max", "memory.current"))
    return free if limit is None else min(free, max(0, limit - (used or 0)))


def gpus() -> tuple[Gpu, ...]:
    """GPUs of this machine, asked of the driver at most every few seconds.

    ``DUALIGN_GPUS`` names them instead ("0,1", or "" for none); CUDA_VISIBLE_DEVICES narrows them.
    """
    stated = os.environ.get("DUALIGN_GPUS")
    if stated is not None:
        return tuple(Gpu(name=name.strip()) for name in stated.split(",") if name.strip())
    global _CACHED
    with _GUARD:
        if _CACHED is None or time.monotonic() - _CACHED[0] > _CACHE_SECONDS:
            _CACHED = (time.monotonic(), _ask_driver())
        found = _CACHED[1]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return found
    names = [name.strip() for name in visible.split(",") if name.strip()]
    return tuple(gpu for gpu in found if gpu.name in names)


def _ask_driver() -> tuple[Gpu, ...]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    query = [tool, "--query-gpu=index,memory.total,memory.free", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout
        rows = [line.split(",") for line in answer.splitlines() if line.strip()]
        return tuple(
            Gpu(name=name.strip(), total=int(total) * 2**20, free=int(free) * 2**20)
            for name, total, free in rows
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return ()


def refuse(spec: JobSpec, *, held: int = 0) -> None:
    """Raise JobError with a sentence for a job that this machine cannot hold.

    ``held`` bytes of main memory are with running jobs, which will end.

    Raises
    ------
    JobError
        More GPUs than there are, or more memory than is free.
    """
    if spec.gpus:
        here = gpus()
        if spec.gpus > len(here):
            raise JobError(
                f"this job asks for {spec.gpus} GPU{'s' * (spec.gpus > 1)} and this machine has {len(here)}: "
                "ask for fewer, or send it to a cluster."
            )
        totals = sorted((gpu.total for gpu in here if gpu.total is not None), reverse=True)
        if len(totals) >= spec.gpus and spec.memory_bytes > (least := totals[spec.gpus - 1]):
            raise JobError(
                f"this job needs about {size(spec.memory_bytes)} on each GPU, which have {size(least)}: "
                "use a smaller model or a smaller batch."
            )
    elif spec.memory_bytes > (free := available_memory() + held):
        raise JobError(
            f"this job needs about {size(spec.memory_bytes)} of memory and {size(free)} are free: use a smaller model "
            "or a smaller batch, or close other programs."
        )


@dataclass(frozen=True, kw_only=True)
class Load:
    """What runs already: how many CPU jobs, the bytes that they hold and will yet take, and GPUs claimed."""

    running: int
    held: int
    promised: int
    claimed: frozenset[str]


def choose(
    spec_gpus: int, memory_bytes: int, load: Load, *, here: Sequence[Gpu], limit: int
) -> tuple[str, ...] | str:
    """The GPUs for a job that may start now (none for a CPU job), or in words what it waits for."""
    if not spec_gpus:
        if load.running >= limit:
            return f"waits for {'the running job' if limit == 1 else f'one of {limit} running jobs'} to end."
        free = available_memory() - load.promised
        if memory_bytes > free:
            return f"waits for memory: it needs about {size(memory_bytes)}, {size(max(0, free))} are free."
        return ()
    open_ = [gpu for gpu in here if gpu.name not in load.claimed]
    usable = [gpu for gpu in open_ if not gpu.busy(memory_bytes)]
    if len(usable) >= spec_gpus:
        return tuple(gpu.name for gpu in usable[:spec_gpus])
    busy = len(open_) - len(usable)
    other = f", {busy} busy with other programs" if busy else ""
    return f"waits for {spec_gpus} GPU{'s' * (spec_gpus > 1)}: {len(usable)} of {len(here)} are free{other}."


def check_limit(limit: int) -> int:
    """A number of CPU jobs that may run at once, if it can be one.

    Raises
    ------
    InvalidInputError
        Not a whole number from 1 to 64.
    """
    if isinstance(limit, int) and not isinstance(limit, bool) and 1 <= limit <= 64:
        return limit
    raise InvalidInputError(
        f"the number of jobs that run at once must be a whole number from 1 to 64, not {limit!r}."
    )


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return None
