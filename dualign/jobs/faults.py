"""What stopped a job, in one sentence: what happened, the values seen, what to do.

Exceptions are recognised by type name and wording where the type belongs to a library that this package does not
import (torch, safetensors, huggingface).
"""

from __future__ import annotations

import errno
import re
import shutil
import signal
from pathlib import Path

import psutil

from dualign.errors import DualignError

_MEMORY = re.compile(
    r"out of memory|can't allocate memory|cannot allocate memory|std::bad_alloc|Unable to allocate", re.I
)
_DEVICE = re.compile(r"\b(cuda|gpu|hip|mps)\b", re.I)
_GPU_BUSY = re.compile(r"device\(s\) is/are busy|devices? .*busy or unavailable|exclusive", re.I)
_PORT = re.compile(r"address already in use|EADDRINUSE", re.I)
_PORT_NUMBER = re.compile(r"(?:port[ :=]*|:|, )(\d{2,5})\b", re.I)
_NO_MODEL = re.compile(
    r"is not a local folder|does not appear to have a file|no file named|couldn't connect|offline mode"
    r"|RepositoryNotFound|no such model",
    re.I,
)


def size(count: float) -> str:
    """A number of bytes for people: ``3.2 GB``."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def describe(error: BaseException, *, folder: Path) -> str:
    """The sentence for an exception that ended a job whose files lie in ``folder``."""
    if isinstance(error, DualignError):
        return str(error)
    name, text = type(error).__name__, " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return disk_full(folder, limited=error.errno == errno.EFBIG)
    if isinstance(error, MemoryError) or name == "OutOfMemoryError" or _MEMORY.search(text):
        return out_of_memory(gpu=bool(_DEVICE.search(text)))
    if (isinstance(error, OSError) and error.errno == errno.EADDRINUSE) or _PORT.search(text):
        port = _PORT_NUMBER.search(text)
        return (
            f"port {port[1] if port else 'asked for'} is in use by another program: "
            "end it or choose another port, then retry."
        )
    if _GPU_BUSY.search(text) and (_DEVICE.search(text) or "busy" in text.lower()):
        return (
            "the GPU is busy or held exclusively by another program: wait for it or end it ('nvidia-smi' lists "
            "programs), then resume."
        )
    if isinstance(error, ModuleNotFoundError):
        return f"the Python package {error.name!r} is not installed: install it ('make run' does) and retry."
    if _NO_MODEL.search(text) or name in ("RepositoryNotFoundError", "LocalEntryNotFoundError"):
        return f"the model is missing ({text[:160]}): run 'dualign models fetch' or correct its name, then retry."
    if isinstance(error, FileNotFoundError):
        return f"a file is missing ({error.filename or text}): restore it or correct its name, then retry."
    if "No space left on device" in text or "disk is full" in text:
        return disk_full(folder)
    return f"unexpected {name}: {text[:300]}. The log shows where it arose."


def out_of_memory(*, gpu: bool = False) -> str:
    """The sentence for memory that ran out."""
    if gpu:
        return (
            "the GPU ran out of memory: use a smaller batch or a smaller model, or end other programs on it, "
            "then resume."
        )
    free = size(psutil.virtual_memory().available)
    return (
        f"out of memory (now {free} free): use a smaller batch or a smaller model, or close other programs, "
        "then resume."
    )


def disk_full(folder: Path, *, limited: bool = False) -> str:
    """The sentence for a disk, quota or file-size limit that ran out."""
    try:
        free = f"{size(shutil.disk_usage(folder).free)} left"
    except OSError:
        free = "nothing left"
    what = "a file reached the largest size allowed here" if limited else f"the disk is full ({free})"
    return f"{what}: free some space, then resume."


def exit_reason(code: int, *, peak: int, oom: bool, step: int) -> str:
    """The sentence for a worker that ended without a word, from its exit code (negative: a signal)."""
    after = f"after step {step}" if step else "before its first step"
    used = f"; it used up to {size(peak)}" if peak else ""
    if code == -signal.SIGKILL:
        if oom:
            return f"the system ended the worker {after} as memory ran out{used}: use a smaller batch, then resume."
        return (
            f"the worker was killed {after} (signal 9){used}: somebody ended it, or the system did for want of "
            "memory. Resume goes on from the last checkpoint."
        )
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"the worker crashed {after} ({name}): the log may say more. Resume goes on from the last checkpoint."
    return f"the worker ended {after} without a result (exit code {code}): the log may say more."
