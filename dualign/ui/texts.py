"""Text from files and models as plain text: nothing in it may act as Markdown, HTML or a directive."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

# A point within a number and a stroke within a word mean nothing there; escaped they would be read aloud.
_MARKS = re.compile(
    r"((?<!\d)\.|\.(?!\d)|(?<![A-Za-z0-9])[_-]|[_-](?![A-Za-z0-9])|[\\`*{}\[\]()<>#+!|~$:&\"'=^@/])"
)
# A command as our own sentences write it: nothing else passes as code.
_COMMAND = re.compile(r"`(dualign [a-z -]{1,60})`")


def md(text: object, length: int = 200) -> str:
    """``text`` for a Markdown label: on one line, every mark of Markdown and of its directives escaped."""
    joined = " ".join(str(text).split())
    joined = joined if len(joined) <= length else joined[: length - 1] + "…"
    return _MARKS.sub(r"\\\1", joined)


def md_code(text: object, length: int = 200) -> str:
    """Like `md`, but a command between backticks stays code."""
    joined = " ".join(str(text).split())
    joined = joined if len(joined) <= length else joined[: length - 1] + "…"
    parts = _COMMAND.split(joined)
    return "".join(f"`{part}`" if k % 2 else _MARKS.sub(r"\\\1", part) for k, part in enumerate(parts))


def number(value: float, digits: int = 3) -> str:
    """A number as a person writes it: significant digits, a true minus, infinity as a sign."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) < 1e-12:
        return "0"
    if not 1e-4 <= abs(value) < 1e7:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        return f"{mantissa} × 10^{int(exponent)}".replace("-", "−")
    text = f"{value:.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def signed(value: float, digits: int = 3) -> str:
    """A number with its sign, also when positive."""
    # A slack at the optimum is zero up to the solver's tolerance.
    text = "0" if abs(value) < 1e-7 else number(value, digits)
    return text if text == "0" or text.startswith("−") else f"+{text}"


def join(parts: Sequence[str]) -> str:
    """A list in a sentence."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def interval(low: float, high: float, digits: int = 3) -> str:
    """An interval in words a reader of plain text understands."""
    return f"{number(low, digits)} to {number(high, digits)}"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def sentence(text: str) -> str:
    """A message of the library as a sentence of its own; its messages go on after a name and a colon elsewhere."""
    return text[:1].upper() + text[1:]
