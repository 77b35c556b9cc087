"""Processes of this machine: which one is meant, whether it lives, and ending one with all that it started."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

# Every process of an attempt carries this in its environment, whatever sessions or groups it makes.
RUN_VARIABLE = "DUALIGN_RUN_DIR"
_CHILDREN: dict[int, Callable[[], bool]] = {}


def machine() -> str:
    """This boot of this machine, and the space in which its process ids count."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}:{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return f"{socket.gethostname()}:{psutil.boot_time():.0f}"


def mark(pid: int) -> str | None:
    """What tells a process from a later one of the same id: its start. None if no such process lives."""
    try:
        # Clock ticks since boot. psutil's creation time moves when the clock is set, a false death.
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        fields = text[text.rindex(")") + 2 :].split()
        return None if fields[0] in "ZX" else fields[19]
    except (OSError, ValueError, IndexError):
        if Path("/proc/self/stat").exists():
            return None
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return None


def identity(pid: int | None = None) -> dict[str, int | str]:
    """Process id, start, machine and host name of a process, this one by default."""
    pid = os.getpid() if pid is None else pid
    return {"pid": pid, "mark": mark(pid) or "", "machine": machine(), "host": socket.gethostname()}


def rebooted(known: Mapping[str, Any]) -> bool:
    """Whether a process ran before this host's present start, and so cannot live."""
    boot = str(known.get("machine", "")).split(":")[0]
    return known.get("host") == socket.gethostname() and boot != machine().split(":")[0]


def lives(pid: object, known_mark: object) -> bool:
    """Whether the process with that id and that start lives; a stopped one does."""
    return isinstance(pid, int) and pid > 0 and bool(known_mark) and mark(pid) == known_mark


def members(folder: Path, identities: Iterable[Mapping[str, Any] | None] = ()) -> list[psutil.Process]:
    """Living processes of an attempt but this one: those named, what they started, all that carry its mark."""
    found: dict[int, psutil.Process] = {}
    for known in identities:
        # The mark is checked first: a process id that was given out again belongs to somebody else.
        if known and known.get("machine") == machine() and lives(known.get("pid"), known.get("mark")):
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(known["pid"])
                found[process.pid] = process
                found |= {
                    child.pid: child
                    for child in process.children(recursive=True)
                    if not _other(child, folder)
                }
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(RUN_VARIABLE) == str(folder):
                found[process.pid] = process
    found.pop(os.getpid(), None)
    return [process for process in found.values() if mark(process.pid) is not None]


def _other(process: psutil.Process, folder: Path) -> bool:
    """Whether a process belongs to another attempt: a supervisor that ends starts the next job's."""
    try:
        return process.environ().get(RUN_VARIABLE, str(folder)) != str(folder)
    except (psutil.Error, OSError):
        return False


def end(folder: Path, identities: Iterable[Mapping[str, Any] | None] = (), *, wait: float = 3.0) -> bool:
    """Kill all processes of an attempt at once; whether they are gone within ``wait`` seconds."""
    known, deadline = list(identities), time.monotonic() + wait
    while left := members(folder, known):
        if time.monotonic() > deadline:
            return False
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(0.05)
    return True


def adopt(pid: int, ended: Callable[[], bool] | None = None) -> None:
    """Take note of a child of this process; ``ended`` waits for it without blocking, if something else owns it."""
    _CHILDREN[pid] = ended or (lambda: _waited_for(pid))


def reap() -> bool:
    """Wait for children that have ended, or they would stay as zombies; whether some live on."""
    for pid, ended in list(_CHILDREN.items()):
        if ended():
            _CHILDREN.pop(pid, None)
    return bool(_CHILDREN)


def _waited_for(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True
