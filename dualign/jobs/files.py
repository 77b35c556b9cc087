"""Files of a run folder: owner-only, whole or absent, links never followed.

Two kinds of write, both by a temporary name in the same folder: `replace` for what changes (heartbeat, progress)
and `publish` for what is decided once (who runs an attempt, how it ended). The second is the fence: on a local
disk as on a shared folder exactly one writer wins, whoever was declared dead and wakes up later.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dualign import paths
from dualign.errors import StoreError
from dualign.jobs.spec import check_id

LOG, METRICS, PROGRESS, HEARTBEAT, OUTCOME, STOP = (
    "log.txt",
    "metrics.jsonl",
    "progress.json",
    "heartbeat.json",
    "outcome.json",
    "stop.json",
)
SUPERVISOR, CHILD, WORKER, SPEC, CHECKPOINTS, RESERVE = (
    "supervisor.json",
    "child.json",
    "worker.json",
    "spec.json",
    "checkpoints",
    ".reserve",
)
# Given back when the disk is full, so that there is room to say so: the outcome, and SQLite's log and index of it.
RESERVE_BYTES = 256 * 1024
_GONE = ".gone-"
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


def jobs_root() -> Path:
    """Folder of all run folders: ``<store>/jobs``."""
    return paths.store_root().absolute() / "jobs"


def job_folder(job_id: str) -> Path:
    """Folder of a job, inside the root for every id."""
    return jobs_root() / check_id(job_id)


def make_folder(path: Path) -> Path:
    """A folder that only its owner may enter; existing ones are kept, a link in its place is refused.

    Raises
    ------
    StoreError
        Something else stands there, or the disk refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        if not stat.S_ISDIR(path.lstat().st_mode):
            raise StoreError(f"{path} is no folder but a link or a file: remove it.")
    except OSError as error:
        raise StoreError(f"the folder {path} cannot be made: {error.strerror}.") from error
    return path


def open_append(path: Path) -> int:
    """Descriptor to append to a plain file, made for its owner alone; a link is refused with OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
    return os.open(path, flags, 0o600)


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a plain file, or None where there is none (yet)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            record = json.loads(file.read())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def replace(path: Path, record: Mapping[str, Any], *, durable: bool = False) -> None:
    """Replace a JSON file in one step; ``durable`` waits until the disk has it."""
    temporary = _write(path, record, durable=durable)
    try:
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    if durable:
        sync_folder(path.parent)


def publish(path: Path, record: Mapping[str, Any]) -> bool:
    """Write a JSON file that is decided once; False if another writer was first, whose file stays."""
    temporary = _write(path, record, durable=True)
    try:
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _publish_exclusively(path, record)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def _publish_exclusively(path: Path, record: Mapping[str, Any]) -> bool:
    # File systems without hard links: exclusive creation decides, readers wait for the whole content.
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(record, file, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())
    return True


def _write(path: Path, record: Mapping[str, Any], *, durable: bool) -> Path:
    temporary = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "w", encoding="utf-8") as file:
            json.dump(record, file, allow_nan=False, ensure_ascii=False)
            file.flush()
            if durable:
                os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def sync_folder(path: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def reserve(folder: Path) -> None:
    """Set room aside in the run folder for its last words."""
    with contextlib.suppress(OSError), os.fdopen(open_append(folder / RESERVE), "wb") as file:
        file.write(b"\0" * RESERVE_BYTES)


def release(folder: Path) -> None:
    """Give the room back that `reserve` set aside."""
    (folder / RESERVE).unlink(missing_ok=True)


def tail(path: Path, *, limit: int) -> bytes:
    """The last ``limit`` bytes of a plain file; empty where there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        file.seek(max(0, os.fstat(descriptor).st_size - limit))
        return file.read(limit)


def remove_folder(path: Path) -> None:
    """Remove a folder: out of sight in one step, then its files; links inside are removed, not followed."""
    with contextlib.suppress(FileNotFoundError):
        os.rename(path, path.parent / f"{_GONE}{os.getpid()}-{secrets.token_hex(6)}")
    # Also what a process killed in the middle of this has left.
    for hidden in path.parent.glob(f"{_GONE}*"):
        shutil.rmtree(hidden, ignore_errors=True)


def take_checkpoints(folder: Path, attempt: int, *, since: int) -> None:
    """Move the newest checkpoints of the attempts from ``since`` on into the folder of ``attempt``; drop all others.

    The move is a fence: an earlier worker that wakes up finds its folder gone and can change nothing in it.
    """
    target = folder / str(attempt) / CHECKPOINTS
    for earlier in range(attempt - 1, since - 1, -1):
        source = folder / str(earlier) / CHECKPOINTS
        with contextlib.suppress(OSError):
            if stat.S_ISDIR(source.lstat().st_mode) and any(source.iterdir()):
                os.rename(source, target)
                break
    for earlier in range(1, attempt):
        if os.path.lexists(folder / str(earlier) / CHECKPOINTS):
            remove_folder(folder / str(earlier) / CHECKPOINTS)
    make_folder(target)
