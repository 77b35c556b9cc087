"""How much a file may ask for before it is refused, and how a refusal names its place."""

from __future__ import annotations

from dataclasses import dataclass

from dualign.errors import SampleFileError

MIB = 2**20
GIB = 2**30


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds on one imported file; the child process that parses it is held to them.

    ``file_bytes`` bounds any file, ``text_bytes`` what a text format may hold after decompression,
    ``table_bytes`` the parsed table and any compressed array, ``rows`` the replies. A compressed file
    beyond 64 MiB may not expand more than ``ratio``-fold. ``memory_bytes`` bounds the child's address
    space beside the file itself, which is mapped, not copied.
    """

    file_bytes: int = 8 * GIB
    text_bytes: int = GIB
    table_bytes: int = GIB
    rows: int = 20_000_000
    text_rows: int = 2_000_000
    columns: int = 2_000
    cell_characters: int = 1_000_000
    ratio: float = 100.0
    memory_bytes: int = 4 * GIB
    cpu_seconds: int = 120
    wall_seconds: float = 180.0


def fault(
    file: str, message: str, *, row: int | None = None, line: int | None = None, column: str | None = None
) -> SampleFileError:
    """A SampleFileError that names file, row (1 is the first row of data) and column."""
    place = [f"'{file}'"]
    if row is not None:
        place.append(f"row {row}" + (f" (line {line})" if line is not None else ""))
    if column is not None:
        place.append(f"column {shown(column)}")
    return SampleFileError(f"{', '.join(place)}: {message}")


def shown(value: object, limit: int = 60) -> str:
    """A value as it may stand in a sentence: quoted, one line, cut."""
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + "..."


def size(count: float) -> str:
    """Bytes in words."""
    for unit, scale in (("GiB", GIB), ("MiB", MIB), ("KiB", 1024)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count:.0f} bytes"


def usable_name(name: str) -> bool:
    """Whether a score may have this name: it is printed, and typed in thresholds."""
    return 0 < len(name) <= 200 and name == name.strip() and name.isprintable()
