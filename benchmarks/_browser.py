"""A Streamlit server and a browser for the benchmarks that need both."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser_setup import ARGUMENTS, require_chromium
from tests.serving import start, stop

WINDOW = {"width": 1440, "height": 1000}


@contextlib.contextmanager
def serving(*command: str, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Address of ``python -m command...``, a Streamlit server on loopback that has answered its first request."""
    with tempfile.TemporaryDirectory() as folder:
        process, url = start(*command, log=Path(folder) / "log.txt", environment=environment)
        try:
            yield url
        finally:
            stop(process)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of the browser tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_chromium(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
