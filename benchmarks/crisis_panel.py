"""From sending a message to the crisis panel on the screen, in a real browser: without a model, and while one replies.

The clock runs in the page, from the Enter key to the first animation frame in which the panel is there. Every round
is a new session; its first crisis message is the one that counts, so that nothing is warm but the server.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Browser, Page

from benchmarks._browser import WINDOW, chromium, serving

GOAL = 500.0
MESSAGES = (
    "I can't go on, I want to kill myself",
    "I took all the pills and nobody knows",
    "tonight I will end it, goodbye",
    "I keep cutting myself and it is getting worse",
)
CLOCK = """() => { window.took = new Promise(done => {
    const look = () => document.querySelector('.st-key-crisis_panel')
        ? done(performance.now() - window.began) : requestAnimationFrame(look);
    window.addEventListener('keydown', event => {
        if (event.key === 'Enter') { window.began = performance.now(); look(); }
    }, {capture: true});
}); }"""


def visit(browser: Browser, url: str) -> Page:
    """The chat page in a session of its own, at rest."""
    page = browser.new_context(viewport=WINDOW).new_page()
    page.goto(url)
    page.wait_for_selector("h1", timeout=90_000)
    page.wait_for_selector("[data-testid=stChatInputTextArea]", timeout=90_000)
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=90_000)
    return page


def send(page: Page, text: str) -> None:
    """Type and send."""
    field = page.get_by_test_id("stChatInputTextArea")
    field.fill(text)
    field.press("Enter")


def panel(page: Page, text: str) -> float:
    """Milliseconds until the panel stands."""
    field = page.get_by_test_id("stChatInputTextArea")
    field.fill(text)
    page.evaluate(CLOCK)
    field.press("Enter")
    return float(page.evaluate("() => window.took"))


def measure(browser: Browser, url: str, rounds: int, *, replying: bool) -> np.ndarray:
    """Times of all rounds in ms; with ``replying`` two columns are streaming when the message is sent."""
    times = []
    for k in range(rounds):
        page = visit(browser, url)
        if replying:
            send(page, "Describe in many words how bread is baked.")
            page.wait_for_function(
                "() => [...document.querySelectorAll('.st-key-conversation [data-testid=stText]')].slice(1)"
                ".some(cell => cell.innerText.length > 20 && !cell.innerText.startsWith('Loading'))",
                timeout=180_000,
            )
        times.append(panel(page, MESSAGES[k % len(MESSAGES)]))
        page.context.close()
    return np.array(times)


def main() -> int:
    """Measure, print, and exit with 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        empty = Path(place) / "models"
        empty.mkdir()
        own = {"DUALIGN_STORE": str(Path(place) / "store"), "OMP_NUM_THREADS": "1"}
        columns = urlencode({"col": ["reference", "reference"], "tokens": 512, "temp": 1.5}, doseq=True)
        cases = (
            ("no model there", own | {"DUALIGN_MODELS": str(empty)}, "chat", False),
            ("two columns replying", own, f"chat?{columns}", True),
        )
        for name, environment, address, replying in cases:
            with serving("streamlit", "run", "app.py", environment=environment) as app:
                took = measure(browser, f"{app}/{address}", options.rounds, replying=replying)
            worst = float(took.max())
            missed = missed or worst > GOAL
            print(f"{name}, ms by round: {', '.join(f'{each:.0f}' for each in took)}")
            print(
                f"{name}: panel after {np.median(took):.0f} ms (median), {worst:.0f} ms (worst of {took.size}); "
                f"goal {GOAL:.0f} ms {'missed' if worst > GOAL else 'met'}",
                flush=True,
            )
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
