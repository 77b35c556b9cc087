"""A real Streamlit server on a free loopback port and a real Chromium that may speak to nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests import serving
from tests.browser_setup import ARGUMENTS, require_chromium
from tests.serving import PROJECT as PROJECT


@dataclass
class Watch:
    """What a page asked for and complained about while a test ran."""

    origin: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def check(self) -> None:
        """Fail when the page asked another host for anything, or when its console holds an error."""
        assert not self.foreign, f"requests that leave the machine: {self.foreign}"
        assert not self.errors, f"errors in the browser's console: {self.errors}"

    def _request(self, request: Request) -> None:
        url = request.url
        local = (self.origin + "/", self.origin.replace("http", "ws", 1) + "/", "data:", "blob:", "about:")
        if not url.startswith(local):
            self.foreign.append(url)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)


Serve = Callable[..., str]


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start ``streamlit run SCRIPT`` on a free port; return its address. Stopped after the module."""
    started: list[subprocess.Popen[bytes]] = []

    def run(script: Path, *, env: dict[str, str] | None = None, options: tuple[str, ...] = ()) -> str:
        log = tmp_path_factory.mktemp("server") / "log.txt"
        command = ("streamlit", "run", str(script), "--browser.gatherUsageStats=false", *options)
        process, url = serving.start(*command, "--server.fileWatcherType=none", log=log, environment=env)
        started.append(process)
        return url

    yield run
    for process in started:
        serving.stop(process)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run; a sentence how to get one where there is none."""
    executable = require_chromium()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open an address: ``open_page(url, width=1440, height=1000, scheme="light", touch=False)``.

    When the test ends, every page opened this way must have asked nothing of another host and must
    have logged no error (``expect_errors=True`` lifts the second demand for that page).
    """
    opened: list[tuple[BrowserContext, Watch, bool]] = []

    def open_one(
        url: str,
        *,
        width: int = 1440,
        height: int = 1000,
        scheme: str = "light",
        touch: bool = False,
        expect_errors: bool = False,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            has_touch=touch,
            is_mobile=touch,
            accept_downloads=True,
        )
        context.set_default_timeout(90_000)
        origin = "/".join(url.split("/")[:3])
        watch = Watch(origin)
        page = context.new_page()
        watch.attach(page)
        opened.append((context, watch, expect_errors))
        page.goto(url, wait_until="domcontentloaded")
        return page

    yield open_one
    for context, _, _ in opened:
        context.close()
    for _, watch, expect_errors in opened:
        if expect_errors:
            watch.errors.clear()
        watch.check()
