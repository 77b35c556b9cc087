"""What a job is: the specification that is submitted, and the job as the registry knows it."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from dualign.errors import InvalidInputError

State = Literal["queued", "running", "paused", "completed", "failed", "cancelled"]

ACTIVE: tuple[State, ...] = ("queued", "running", "paused")
ENDED: tuple[State, ...] = ("completed", "failed", "cancelled")

_KIND = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_ENTRY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_ID = re.compile(r"[a-z][a-z0-9_-]{0,31}-[0-9a-f]{8}")
_MAX_PAYLOAD = 4 * 2**20
_MAX_TITLE = 200
_MAX_GPUS = 64


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """What to run, in plain values: the same specification runs on this machine and on a cluster.

    Parameters
    ----------
    kind
        What sort of work it is, a word such as ``align`` or ``evaluate``; the id starts with it.
    entry
        Module that does it, run as ``python -m ENTRY RUN_DIR``.
    payload
        What the entry needs, plain JSON.
    title
        A line for people.
    total_steps
        Steps that the job will report, if known beforehand.
    gpus
        GPUs that the job claims; 0 runs it on the CPU.
    memory_bytes
        Memory that it will need: main memory without GPUs, else memory of each GPU. 0 when unknown.

    Raises
    ------
    InvalidInputError
        A field that cannot be used, or a payload that is not JSON.
    """

    kind: str
    entry: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    total_steps: int | None = None
    gpus: int = 0
    memory_bytes: int = 0

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(str(self.kind)):
            raise InvalidInputError(
                f"{self.kind!a} cannot be the kind of a job: use up to 32 lower-case letters, digits, '_' or '-'."
            )
        if not _ENTRY.fullmatch(str(self.entry)):
            raise InvalidInputError(
                f"{self.entry!a} is no Python module name: give one such as 'package.worker'."
            )
        for name, low, high in (
            ("gpus", 0, _MAX_GPUS),
            ("memory_bytes", 0, 2**60),
            ("total_steps", 1, 2**53),
        ):
            value = getattr(self, name)
            if value is None and name == "total_steps":
                continue
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise InvalidInputError(
                    f"{name} of a job must be a whole number of at least {low}, not {value!r}."
                )
        if len(self.title) > _MAX_TITLE:
            raise InvalidInputError(
                f"the title of a job has {len(self.title)} characters: use {_MAX_TITLE} at most."
            )
        text = canonical(self.payload)
        if len(text) > _MAX_PAYLOAD:
            raise InvalidInputError(
                f"the payload of a job has {len(text)} bytes: pass large data by file, {_MAX_PAYLOAD} at most."
            )
        # A copy in plain JSON, so that a caller's later change reaches neither the registry nor the worker.
        object.__setattr__(self, "payload", json.loads(text))

    @property
    def content(self) -> str:
        """SHA-256 of what the job does (kind, entry, payload): equal for jobs that do the same."""
        same = {"kind": self.kind, "entry": self.entry, "payload": self.payload}
        return hashlib.sha256(canonical(same).encode()).hexdigest()

    def to_json(self) -> str:
        """The specification as one JSON object."""
        return canonical(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> JobSpec:
        """The specification written by `to_json`."""
        return cls(**json.loads(text))


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a job is.

    ``phase`` is what it is at, such as loading or training, "" where it does not say.
    ``seconds_left`` is None while unknown; ``basis`` says in words what the estimate rests on. ``metrics``
    are the last ones reported, such as loss, reward margin and KL.
    """

    step: int = 0
    total: int | None = None
    seconds_left: float | None = None
    basis: str = ""
    phase: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fraction(self) -> float | None:
        """Share of the steps done, 0 to 1, or None where the total is not known."""
        return min(1.0, self.step / self.total) if self.total else None


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as the registry knows it; ``reason`` says in words why it is in its state.

    ``stopping`` is ``"cancel"`` or ``"pause"`` from the request until the worker is gone, else empty.
    ``folder`` holds the specification and one run folder for each attempt. Times are in UTC.
    """

    id: str
    spec: JobSpec
    launcher: str
    state: State
    reason: str
    attempt: int
    stopping: Literal["", "cancel", "pause"]
    created: datetime
    started: datetime | None
    ended: datetime | None
    progress: Progress
    result: Mapping[str, Any] | None
    folder: Path

    @property
    def active(self) -> bool:
        """Whether the job is queued, running or paused."""
        return self.state in ACTIVE

    @property
    def run_folder(self) -> Path:
        """Folder of the present attempt: log, metrics, checkpoints."""
        return self.folder / str(self.attempt)


def check_id(job_id: str) -> str:
    """The id itself, if it can be one; nothing else is ever joined to a path.

    Raises
    ------
    InvalidInputError
        Anything but a kind, a dash and eight hexadecimal digits.
    """
    if isinstance(job_id, str) and _ID.fullmatch(job_id):
        return job_id
    raise InvalidInputError(
        f"{str(job_id)[:60]!a} is not the id of a job: 'dualign jobs list' shows the ids."
    )


def canonical(value: Any) -> str:
    """JSON text of a plain value, the same for equal values.

    Raises
    ------
    InvalidInputError
        The value is not plain JSON, or holds NaN or an infinity.
    """
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(
            f"what a job is given must be plain JSON without NaN or infinities: {error}."
        ) from None


def plain(value: Any) -> Any:
    """A value as strict JSON can hold it: NumPy numbers as numbers, NaN and infinities as null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
