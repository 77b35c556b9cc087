"""What the commands print: strict JSON and aligned columns."""

from __future__ import annotations

import json
import math
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dualign.ui.texts import duration


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


def quiet_libraries() -> None:
    """Leave stderr to the progress line and to one sentence: no loading bars or notices of libraries."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"(transformers|peft|torch)\b")


def told(text: str, *, last: bool = True) -> None:
    """A line on stderr; on a terminal one that is not the last is written over by the next."""
    live = sys.stderr.isatty()
    print(
        f"\r{text:<100}" if live else text, end="" if live and not last else "\n", file=sys.stderr, flush=True
    )


def progress(what: str) -> Callable[[int, int], None]:
    """Tells on stderr how much of ``what`` is done and when the rest will be: in place, or now and then in a log."""
    began, shown, first = 0.0, -math.inf, 0

    def report(done: int, total: int) -> None:
        nonlocal began, shown, first
        now = time.monotonic()
        if math.isinf(shown):
            # What came before the first report, such as loading a model, is not part of the pace.
            began, first = now, done
        if done < total and now - shown < (0.2 if sys.stderr.isatty() else 30.0):
            return
        shown = now
        line = f"{done} of {total} {what}"
        if first < done < total:
            line += f", about {duration((now - began) * (total - done) / (done - first))} left"
        told(line, last=done >= total)

    return report
