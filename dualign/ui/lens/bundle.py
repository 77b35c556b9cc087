"""The lens's ES modules as one script, since a component takes a single one and no build step is wanted."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
MODULES = (
    "samples.js",
    "dual.js",
    "format.js",
    "model.js",
    "svg.js",
    "marks.js",
    "dualpanel.js",
    "setpanel.js",
    "readout.js",
    "download.js",
    "drag.js",
    "main.js",
)
"""Every module stands after those it imports from; top-level names are unique over all of them."""

_IMPORT = re.compile(r"^import\s[^;]*?;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
# Streamlit sends the script again with every position of the lens: what only a reader needs stays here. No string
# of the modules runs over several lines.
_SPARE = re.compile(r"^[ \t]*(//.*)?\n|^[ \t]+", re.MULTILINE)


def _plain(name: str) -> str:
    text = (FOLDER / "js" / name).read_text(encoding="utf-8")
    return _SPARE.sub("", _EXPORT.sub("", _IMPORT.sub("", text)))


@cache
def lens_script() -> str:
    """JavaScript of the lens: its modules joined, imports and exports removed but for the default export."""
    return "\n".join(_plain(name) for name in MODULES)


@cache
def carrier_script() -> str:
    """JavaScript of the carrier, which only receives the scores."""
    return "\n".join(_plain(name) for name in ("samples.js", "carrier.js"))


@cache
def lens_style() -> str:
    """Style sheet of the lens."""
    return (FOLDER / "lens.css").read_text(encoding="utf-8")
