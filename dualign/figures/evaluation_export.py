"""Figures of results as SVG files, in light and dark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from dualign.errors import DualignError, StoreError
from dualign.figures.evaluation_set import Drawing
from dualign.figures.theme import Theme, title_of

WIDTH = 720
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


class FigureError(DualignError):
    """Figures cannot be written as files here."""


def write_figures(drawings: Sequence[Drawing], folder: Path, look: Theme) -> list[Path]:
    """Each drawing as ``<folder>/<key>.svg``, its title written into it.

    Raises
    ------
    FigureError
        kaleido, or a browser for it, is not installed.
    StoreError
        The folder cannot be written.
    """
    try:
        import kaleido
    except ImportError as error:
        raise FigureError(
            "figures are written by kaleido, which is not installed: pip install 'dualign[figures]'."
        ) from error
    if "BROWSER_PATH" not in os.environ:
        found = [browser for name in _BROWSERS if (browser := shutil.which(name))]
        if found:
            os.environ["BROWSER_PATH"] = found[0]
    written: list[Path] = []
    jobs = []
    for drawing in drawings:
        figure = drawing.figure(look)
        text = _wrapped(title_of(figure))
        figure.update_layout(
            paper_bgcolor=look.paper,
            title={
                "text": text,
                "font": {"size": 14, "color": look.text},
                "x": 0.02,
                "y": 0.97,
                "yanchor": "top",
            },
            margin={"t": 40 + 18 * text.count("<br>")},
        )
        path = folder / f"{drawing.key}.svg"
        height = int(figure.layout.height) + 18
        jobs.append(
            {"fig": figure, "path": str(path), "opts": {"format": "svg", "width": WIDTH, "height": height}}
        )
        written.append(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made ({error.strerror}): choose another folder.") from error
    try:
        kaleido.write_fig_from_object_sync(jobs)
    except Exception as error:  # kaleido passes on whatever its browser raises
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FigureError(
            f"the figures could not be drawn ({first}): install Chromium, or set BROWSER_PATH to one."
        ) from error
    missing = [path.name for path in written if not path.is_file()]
    if missing:
        raise FigureError(f"the browser drew no {missing[0]}: set BROWSER_PATH to a Chromium that runs here.")
    return written


def _wrapped(title: str, width: int = 92) -> str:
    lines: list[str] = [""]
    for word in title.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)
