"""Files of the store: safe names, writes that are whole or absent, checksums, links never followed."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Mapping
from pathlib import Path

from dualign.errors import StoreError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# Device names of Windows: a store on a shared disk must open there too.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_STALE_SECONDS = 3600.0


def check_name(name: str, kind: str = "sample set") -> str:
    """The name itself, if it can name a folder of the store on every file system; ``kind`` is what it names.

    Raises
    ------
    StoreError
        Anything but 1 to 64 letters, digits, '.', '_' and '-', starting with a letter or digit, ending
        with another character than '.'.
    """
    if (
        isinstance(name, str)
        and _NAME.fullmatch(name)
        and not name.endswith(".")
        and not _RESERVED.fullmatch(name)
    ):
        return name
    shown = ascii(name) if len(str(name)) <= 80 else f"{str(name)[:60]!a}... ({len(str(name))} characters)"
    raise StoreError(
        f"{shown} cannot name a {kind}: use 1 to 64 letters, digits, '.', '_' or '-', "
        "the first a letter or digit, such as 'my-samples'."
    )


def is_plain_folder(path: Path) -> bool:
    """Whether the path is a folder itself, not a link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def read_bytes(path: Path) -> bytes:
    """Content of a plain file; a link, pipe or device is refused with StoreError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read ({error.strerror}): restore it or delete the set."
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise StoreError(f"{path} is not a plain file: restore it or delete the set.")
        return file.read()


def sha256(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sync_folder(path: Path) -> None:
    """Make the folder's entries durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, content: bytes) -> None:
    """Write a new file and wait until the disk has it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o644), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file in one step: a reader sees the old content or the new, never a part."""
    temporary = path.with_name(f".tmp-{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        write_durably(temporary, content)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def create_folder(path: Path, contents: Mapping[str, bytes]) -> None:
    """Create a folder with its files in one step; OSError if something stands there already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".tmp-{os.getpid()}-{secrets.token_hex(6)}"
    temporary.mkdir()
    try:
        for name, content in contents.items():
            write_durably(temporary / name, content)
        sync_folder(temporary)
        if os.path.lexists(path):
            raise FileExistsError(path)
        # rename refuses a folder that is not empty, so a set made meanwhile by another process survives.
        os.rename(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_folder(path.parent)


def remove_folder(path: Path) -> None:
    """Remove a folder: out of sight in one step, then its files."""
    hidden = path.parent / f".tmp-{os.getpid()}-{secrets.token_hex(6)}"
    os.rename(path, hidden)
    sync_folder(path.parent)
    shutil.rmtree(hidden, ignore_errors=True)


def sweep(root: Path) -> None:
    """Remove what killed writers left behind more than an hour ago."""
    horizon = time.time() - _STALE_SECONDS
    for leftover in (*root.glob(".tmp-*"), *root.glob("*/.tmp-*")):
        try:
            if leftover.lstat().st_mtime > horizon:
                continue
            if is_plain_folder(leftover):
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)
        except OSError:
            continue
