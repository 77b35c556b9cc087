"""What the commands print: strict JSON and aligned columns."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np


def dump(record: Any) -> str:
    """Strict JSON text: NaN and infinities, which JSON lacks, become null."""
    return json.dumps(_plain(record), indent=2, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(item) for item in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of equal length in aligned columns, the first row as heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def progress(what: str) -> Callable[[int, int], None]:
    """Tells on stderr how much of ``what`` is done and when the rest will be: in place, or line by line in a log."""
    began, told, first = time.monotonic(), -math.inf, 0

    def report(done: int, total: int) -> None:
        nonlocal told, first
        now, live = time.monotonic(), sys.stderr.isatty()
        if math.isinf(told):
            first = done
        if done < total and now - told < (0.2 if live else 30.0):
            return
        told = now
        line = f"{done} of {total} {what}"
        if first < done < total:
            left = (now - began) * (total - done) / (done - first)
            line += f", about {left / 60:.0f} min left" if left >= 90 else f", about {left:.0f} s left"
        end = "\n" if done >= total or not live else ""
        print(f"\r{line:<70}" if live else line, end=end, file=sys.stderr, flush=True)

    return report
