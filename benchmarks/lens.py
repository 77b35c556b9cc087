"""Frame times of the lens in a real browser at 1000 x 128, and its round trip to Python beside a slider's.

A frame is one animation frame of a drag: numerics and drawing, held against the goals; beside it the time up
to the first task after it, which adds style, layout, paint and the waiting for a busy machine's cores.
The peer is st.slider with two Plotly figures of the same curve, which can only redraw by a round trip.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from playwright.sync_api import Page

from benchmarks._browser import WINDOW, chromium, serving

GOALS = {"multiplier": 16.0, "boundary": 16.0, "hyperplane": 16.0, "threshold": 16.0, "beta": 50.0}
HOOK = """() => {
    window.frames0 = [];
    globalThis.dualignFrame = (start, end) => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.frames0.push([end - start, performance.now() - start]);
        channel.port2.postMessage(0);
    };
}"""
FRAMES = 120


def visit(page: Page, url: str, selector: str) -> None:
    """Open an address and wait for what is measured."""
    page.goto(url)
    page.wait_for_selector(selector, timeout=60_000)
    page.wait_for_selector("text=/^state /", timeout=60_000)
    time.sleep(1)


def drag(page: Page, x: float, y: float, path: Callable[[float], tuple[float, float]]) -> np.ndarray:
    """Frame times (script, whole) in ms of one drag along ``path`` of an angle."""
    page.evaluate("window.frames0 = []")
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(FRAMES):
        dx, dy = path(2 * np.pi * k / FRAMES)
        page.mouse.move(x + dx, y + dy)
        page.evaluate("() => new Promise(requestAnimationFrame)")
    page.mouse.up()
    return np.array(page.evaluate("window.frames0"))[5:]


def round_trip(page: Page, act: Callable[[], None], settle: float) -> float:
    """Milliseconds from letting go to the new text that the server sent."""
    old = page.locator("text=/^state /").inner_text()
    page.evaluate(
        """old => { window.arrived = new Promise(done => {
            const look = () => [...document.querySelectorAll('[data-testid=stText]')].some(n =>
                n.textContent.startsWith('state ') && n.textContent !== old)
                ? done(performance.now()) : requestAnimationFrame(look);
            for (const kind of ['pointerup', 'keydown']) {
                const begin = () => window.began = performance.now();
                window.addEventListener(kind, begin, {capture: true, once: true});
            }
            look();
        }); }""",
        old,
    )
    act()
    taken = float(page.evaluate("window.arrived.then(end => end - window.began)"))
    time.sleep(settle)
    return taken


def measure(page: Page) -> dict[str, np.ndarray]:
    """Frame times of each kind of drag."""

    def knob(name: str) -> tuple[float, float]:
        box = page.locator(f'.handle[data-drag="{name}"] .knob').bounding_box()
        assert box
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    page.evaluate(HOOK)
    times = {
        "multiplier": drag(page, *knob("lam"), lambda a: (120 * np.sin(a), 0)),
        "boundary": drag(page, *knob("boundary"), lambda a: (60 * np.sin(a), 30 * np.sin(a))),
        "hyperplane": drag(page, *knob("hyperplane"), lambda a: (0, 35 * np.sin(a))),
    }
    page.get_by_role("button", name="Back to λ*").click()
    time.sleep(1)
    times["threshold"] = drag(page, *knob("threshold"), lambda a: (60 * np.sin(a), 0))
    box = page.get_by_label("beta, strength of the KL penalty").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    times["beta"] = drag(page, x, y, lambda a: (0.18 * box["width"] * np.sin(a), 0))
    return times


def main() -> int:
    """Print both tables; 1 when a frame goal is missed."""
    with (
        serving("streamlit", "run", "tests/browser/lens_page.py") as lens,
        serving("streamlit", "run", "benchmarks/_slider_page.py") as peer_page,
        chromium() as browser,
    ):
        page = browser.new_page(viewport=WINDOW)
        visit(page, f"{lens}/?prompts=1000&responses=128", ".lens.ready .handle")
        missed = report_frames(measure(page))
        handle = page.locator('.handle[data-drag="lam"]')

        def release() -> None:
            box = handle.locator(".knob").bounding_box()
            assert box
            page.mouse.move(box["x"] + 6, box["y"] + 6)
            page.mouse.down()
            page.mouse.move(box["x"] + 6 + (40 if len(ours) % 2 else -40), box["y"] + 6)
            page.evaluate("() => new Promise(requestAnimationFrame)")
            page.mouse.up()

        ours: list[float] = []
        for _ in range(20):
            ours.append(round_trip(page, release, 0.3))
        visit(page, peer_page, ".js-plotly-plot")
        slider = page.get_by_role("slider")
        slider.focus()
        peer = [round_trip(page, lambda: page.keyboard.press("ArrowRight"), 0.5) for _ in range(20)]
    print("\nround trip, ms                p50      p95")
    for name, values in (("lens, commit to Python", ours), ("st.slider and Plotly", peer)):
        print(f"{name:26s} {np.percentile(values, 50):7.1f}  {np.percentile(values, 95):7.1f}")
    print(f"slider's round trip over the lens's: {np.median(peer) / np.median(ours):.1f} x")
    return int(missed)


def report_frames(times: dict[str, np.ndarray]) -> bool:
    """Print the frame times beside their goals; whether one is missed."""
    print("drag            script p50    p95   to paint p50    p95   goal p95   frames")
    missed = False
    for name, values in times.items():
        script, whole = np.percentile(values, [50, 95], axis=0).T
        goal = GOALS[name]
        missed |= bool(script[1] > goal)
        print(
            f"{name:14s} {script[0]:11.1f} {script[1]:6.1f} {whole[0]:14.1f} {whole[1]:6.1f} {goal:10.0f} "
            f"{len(values):8d}{'  missed' if script[1] > goal else ''}"
        )
    return missed


if __name__ == "__main__":
    sys.exit(main())
