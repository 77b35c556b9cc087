"""What a scorer says of itself, and the files it consists of."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from dualign import paths
from dualign.errors import ModelError
from dualign.samples.files import check_name

SCHEMA_VERSION = 1
CONFIG = "scorer.json"
WEIGHTS = "weights.safetensors"
CALIBRATION = "calibration.json"


@dataclass(frozen=True, kw_only=True)
class ScorerInfo:
    """The record of a scorer.

    Attributes
    ----------
    kind : "head", "sequence-classification" or "beaver"
    base : default model's name, or a folder
    unit : what one unit of the score is
    metrics : held-out accuracy with its interval, baselines, calibration error
    data : what it was fitted on, one record a file
    files : SHA-256 by file name
    """

    name: str
    kind: str = "head"
    description: str = ""
    base: str = "smollm2-135m-instruct"
    unit: str = "s.d."
    licence: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    data: tuple[Mapping[str, Any], ...] = ()
    encoding: Mapping[str, Any] = field(default_factory=dict)
    calibrated_on: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION


def scorers_root() -> Path:
    """Folder of the user's scorers."""
    return paths.store_root() / "scorers"


def scorer_folder(name: str | Path) -> Path:
    """Folder of a scorer by its name in the store or among those shipped, or by its path.

    Raises
    ------
    ModelError
        If there is none.
    """
    for root in (scorers_root(), paths.shipped_root() / "scorers"):
        folder = root / str(name)
        if Path(name).name == str(name) and (folder / CONFIG).is_file():
            return folder
    if Path(name).is_dir():
        return Path(name)
    raise ModelError(
        f"no scorer is named '{name}' and no such folder exists: there are {', '.join(scorer_names()) or 'none'}."
    )


def new_scorer_folder(name: str) -> Path:
    """Folder in the store for a new scorer.

    Raises
    ------
    StoreError
        A name that cannot name a folder.
    ModelError
        The name of a shipped scorer, or one that is taken.
    """
    check_name(name, "scorer")
    shipped = {path.parent.name.casefold() for path in (paths.shipped_root() / "scorers").glob(f"*/{CONFIG}")}
    if name.casefold() in shipped:
        raise ModelError(f"'{name}' is the name of a scorer that ships with dualign: choose another name.")
    if name.casefold() in {path.name.casefold() for path in scorers_root().glob("*")}:
        raise ModelError(f"a scorer is already named '{name}': choose another name or delete it first.")
    return scorers_root() / name


def scorer_names() -> list[str]:
    """Names of the scorers in the store and of those shipped, sorted."""
    roots = (scorers_root(), paths.shipped_root() / "scorers")
    return sorted({path.parent.name for root in roots for path in root.glob(f"*/{CONFIG}")})


def read_info(folder: Path) -> ScorerInfo:
    """Record of the scorer in ``folder``, its files checked against their SHA-256.

    Raises
    ------
    ModelError
        Unreadable, written by a newer dualign, a file without a checksum, or one that was changed.
    """
    try:
        record = json.loads((folder / CONFIG).read_text("utf-8"))
        version = int(record.get("schema_version", 0))
    except (OSError, ValueError, AttributeError):
        raise ModelError(f"the scorer in {folder.name} has no readable {CONFIG}: fit it again.") from None
    if version > SCHEMA_VERSION:
        raise ModelError(
            f"scorer '{folder.name}' has schema {version}, newer than {SCHEMA_VERSION}: update dualign."
        )
    known = {entry.name for entry in fields(ScorerInfo)}
    kept: dict[str, Any] = {k: tuple(v) if k == "data" else v for k, v in record.items() if k in known}
    if not isinstance(kept.get("name"), str) or not isinstance(kept.get("files"), dict):
        raise ModelError(f"{CONFIG} of scorer '{folder.name}' lacks its name or its checksums: fit it again.")
    info = ScorerInfo(**kept)
    unlisted = [name for name in (WEIGHTS, CALIBRATION) if name not in info.files]
    if unlisted:
        raise ModelError(
            f"scorer '{info.name}' records no checksum for {' and '.join(unlisted)}, so nothing tells "
            "whether it was changed: fit it again."
        )
    for name, expected in info.files.items():
        path = folder / Path(name).name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise ModelError(
                f"{name} of scorer '{info.name}' does not match its SHA-256, so it was changed or damaged: "
                "fit it again."
            )
    return info


def write_scorer(folder: Path, info: ScorerInfo, contents: Mapping[str, bytes]) -> ScorerInfo:
    """Write a scorer's files with their SHA-256 to a temporary folder, then rename it into place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    info = replace(info, files=sums)
    config = (json.dumps(asdict(info), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    if folder.exists():
        raise ModelError(f"a scorer is already in {folder.name}: choose another name or delete it first.")
    scratch = Path(tempfile.mkdtemp(prefix=".writing-", suffix=".tmp", dir=folder.parent))
    for name, data in {**contents, CONFIG: config}.items():
        with (scratch / name).open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    scratch.chmod(0o755)
    os.rename(scratch, folder)
    return info
