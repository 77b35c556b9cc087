"""Checkpoints that only this installation resumes: optimizer and random states are code-adjacent files.

A sealed checkpoint carries the SHA-256 of each of its files and a keyed hash over them; the key never leaves the
store. The seal is written last, so that a checkpoint cut short by a kill is none.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import shutil
from pathlib import Path

from dualign import paths
from dualign.errors import StoreError
from dualign.models.default import file_sha256
from dualign.samples import files

SEAL = "dualign-seal.json"
_KEY = "installation.key"
_PREFIX = "checkpoint-"


def _key() -> bytes:
    path = paths.store_root() / _KEY
    try:
        found = files.read_bytes(path)
    except StoreError:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return files.read_bytes(path)
        with os.fdopen(descriptor, "wb") as file:
            found = secrets.token_bytes(32)
            file.write(found)
            file.flush()
            os.fsync(file.fileno())
    if len(found) != 32:
        raise StoreError(
            f"{path} is damaged: delete it; checkpoints of unfinished jobs are then started anew."
        )
    return found


def _sums(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise StoreError(f"{path} is a link: a checkpoint holds plain files alone.")
        if path.is_file() and path.name != SEAL:
            found[path.relative_to(folder).as_posix()] = file_sha256(path)
    return found


def _mac(content: str, sums: dict[str, str]) -> str:
    text = json.dumps([content, sums], sort_keys=True)
    return hmac.new(_key(), text.encode(), hashlib.sha256).hexdigest()


def seal(folder: Path, content: str) -> None:
    """Seal a checkpoint of the training whose specification hashes to ``content``; its files are synced first."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    sums = _sums(folder)
    record = {"content": content, "files": sums, "hmac": _mac(content, sums)}
    files.replace_file(folder / SEAL, (json.dumps(record, indent=1) + "\n").encode())


def is_sealed(folder: Path, content: str) -> bool:
    """Whether a checkpoint is whole, ours, and of that training."""
    try:
        record = json.loads(files.read_bytes(folder / SEAL))
        sums = _sums(folder)
        same = record["content"] == content and record["files"] == sums
        return same and hmac.compare_digest(str(record["hmac"]), _mac(content, sums))
    except (StoreError, OSError, ValueError, KeyError, TypeError):
        return False


def latest(folder: Path, content: str) -> Path | None:
    """The furthest sealed checkpoint of a folder; later ones that are not sealed are removed."""
    found = sorted(
        (path for path in folder.glob(f"{_PREFIX}*") if path.name.removeprefix(_PREFIX).isdigit()),
        key=lambda path: int(path.name.removeprefix(_PREFIX)),
        reverse=True,
    )
    for path in found:
        if is_sealed(path, content):
            return path
        shutil.rmtree(path, ignore_errors=True)
    return None
