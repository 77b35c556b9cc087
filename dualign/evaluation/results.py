"""Results of experiments on disk: ``<root>/results/<name>/result.json``, shipped ones beside the user's."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from dualign import __version__, paths
from dualign.errors import StoreError
from dualign.samples import files

RESULT = "result.json"
SCHEMA_VERSION = 1
Agreement = Literal["agrees", "partly", "differs", "open"]
Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One figure of the papers beside ours, honestly read.

    Attributes
    ----------
    paper : str
        Which figure or table it is, and what it shows.
    ours : str
        What was measured here.
    agreement : {"agrees", "partly", "differs", "open"}
        "open" where ours was not measured.
    why : str
        Where it does not agree, the reason found.
    but_for : str
        What the agreement leaves out, "" for nothing.
    """

    paper: str
    ours: str
    agreement: Agreement
    why: str = ""
    but_for: str = ""


@dataclass(frozen=True, kw_only=True)
class ExperimentResult:
    """What an experiment gave: enough to draw its figures and to run it again.

    Attributes
    ----------
    name, title : str
    settings : mapping
        Everything that was set: sample set and its hash, beta, thresholds, seeds, sizes.
    tables : by name
        Columns of equal length; what the figures show.
    measurements : by policy
        ``dualign.evaluation.measure.Measurement`` as plain values, where policies were measured.
    findings : tuple of str
        One sentence each.
    readings : tuple of Reading
    seconds : float
    machine, created, version : str
    """

    name: str
    title: str
    settings: Mapping[str, Any]
    tables: Mapping[str, Columns]
    findings: tuple[str, ...]
    readings: tuple[Reading, ...] = ()
    measurements: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    machine: str = ""
    created: str = ""
    version: str = __version__
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        files.check_name(self.name)
        for name, table in self.tables.items():
            lengths = {len(column) for column in table.values()}
            if len(lengths) > 1:
                raise StoreError(f"table '{name}' of result '{self.name}' has columns of lengths {lengths}.")


def plain(value: Any) -> Any:
    """A value as strict JSON can hold it: dataclasses as objects, NaN and infinities as null."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        # Six digits are far below any interval here and halve the file.
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def machine() -> str:
    """The kind of machine in words, without its name."""
    return f"{os.cpu_count()} CPU cores, {platform.machine()}, Python {platform.python_version()}"


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _roots() -> Iterator[tuple[Path, bool]]:
    own, shipped = paths.store_root() / "results", paths.shipped_root() / "results"
    yield own, own.resolve() == shipped.resolve()
    if own.resolve() != shipped.resolve():
        yield shipped, True


def result_folder(name: str) -> Path:
    """Folder of a result: the user's own first, then what ships.

    Raises
    ------
    StoreError
        No result of that name.
    """
    files.check_name(name)
    for root, _ in _roots():
        if (root / name / RESULT).is_file():
            return root / name
    raise StoreError(
        f"no result is named '{name}': there are {', '.join(list_results()) or 'none'}. "
        f"Run 'dualign reproduce {name}' first."
    )


def list_results() -> list[str]:
    """Names of all results, sorted."""
    return sorted({path.parent.name for root, _ in _roots() for path in root.glob(f"*/{RESULT}")})


def read_result(name: str) -> ExperimentResult:
    """A result by its name.

    Raises
    ------
    StoreError
        No such result, or its file cannot be read by this dualign.
    """
    folder = result_folder(name)
    try:
        record = json.loads(files.read_bytes(folder / RESULT))
        version = int(record["schema_version"])
        known = {entry.name for entry in fields(ExperimentResult)}
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"result '{name}' has schema {version}, newer than {SCHEMA_VERSION}: update dualign."
            )
        kept = {key: value for key, value in record.items() if key in known}
        kept["findings"] = tuple(kept["findings"])
        kept["readings"] = tuple(Reading(**reading) for reading in kept.get("readings", ()))
        return ExperimentResult(**kept)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"result '{name}' cannot be read ({error}): run 'dualign reproduce {name}' again."
        ) from error


def write_result(result: ExperimentResult, *, root: Path | None = None) -> Path:
    """Write a result whole or not at all; its folder, ``<store>/results/<name>`` unless ``root`` is given."""
    folder = (root or paths.store_root() / "results") / files.check_name(result.name)
    folder.mkdir(parents=True, exist_ok=True)
    files.replace_file(folder / RESULT, (_text(plain(result)) + "\n").encode())
    return folder


AGREEMENT_WORDS: Mapping[str, str] = {
    "agrees": "agrees",
    "partly": "in part",
    "differs": "differs",
    "open": "not measured",
}


def agreement_words(reading: Reading) -> str:
    """Whether the papers' figure and ours agree, in words."""
    words = AGREEMENT_WORDS[reading.agreement]
    return f"{words} but for {reading.but_for}" if reading.but_for else words


def readings_table(names: Sequence[str] | None = None) -> str:
    """The papers' figures beside ours as a Markdown table, from the stored results."""
    rows = ["| the papers | here | agreement |", "|---|---|---|"]
    for name in names if names is not None else list_results():
        for reading in read_result(name).readings:
            why = f"; {reading.why}" if reading.why else ""
            rows.append(f"| {reading.paper} | {reading.ours} | {agreement_words(reading)}{why} |")
    return "\n".join(rows)


def _text(value: Any, depth: int = 0) -> str:
    """JSON with one line a key down to the columns of a table: short, and still to be read in a diff."""
    if isinstance(value, Mapping) and value and depth < 3:
        inner = ",\n".join(
            f"{' ' * (depth + 1)}{json.dumps(key, ensure_ascii=False)}: {_text(item, depth + 1)}"
            for key, item in value.items()
        )
        return "{\n" + inner + "\n" + " " * depth + "}"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
