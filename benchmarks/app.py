"""Opening the app and changing pages in a real browser, against the bars of 3 s and 1 s.

Two sets: the one that the app opens on, and a synthetic one of 1000 x 128 responses. Every time is from the
click (or the request) to the page's own figure drawn with the script at rest. The peer is a page of the same
server's framework with one slider and one Plotly figure of a curve, and nothing else.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from playwright.sync_api import Browser, Page

from benchmarks._browser import WINDOW, chromium, serving
from dualign.samples import Manifest, SampleSet, ScoreInfo, Store

BARS = {"open": 3.0, "page": 1.0}
FIGURES = {
    "Lens": ".lens.ready .handle",
    "Dual": ".st-key-convergence .main-svg",
    "Geometry": ".st-key-trade-off .main-svg",
    "Samples": ".st-key-histogram-0 .main-svg",
}
ROUNDS = 3


def large_set() -> SampleSet:
    """1000 prompts with 128 scored replies each."""
    rng = np.random.default_rng(0)
    reward = rng.normal(size=(1000, 128))
    columns = {
        "prompt_id": pa.array(np.repeat(np.arange(1000), 128), pa.int32()),
        "prompt": pa.array([f"prompt {i}" for i in np.repeat(np.arange(1000), 128)]),
        "group": pa.array([""] * reward.size),
        "response_id": pa.array(np.tile(np.arange(128), 1000), pa.int32()),
        "response": pa.array([f"reply {k}" for k in range(reward.size)]),
        "reward": pa.array(reward.ravel()),
        "utility": pa.array((rng.normal(size=reward.shape) - 0.5 * reward).ravel()),
    }
    manifest = Manifest(
        name="large",
        origin="synthetic",
        reward="reward",
        utilities=("utility",),
        scores={"reward": ScoreInfo(), "utility": ScoreInfo()},
        default_thresholds={"utility": 0.3},
    )
    return SampleSet(pa.table(columns), manifest)


def opened(browser: Browser, url: str, selector: str) -> tuple[Page, float]:
    """A fresh context at ``url``, and the seconds until its figure stands."""
    page = browser.new_context(viewport=WINDOW).new_page()
    begin = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(selector, timeout=120_000)
    return page, time.perf_counter() - begin


def changed(page: Page, name: str) -> float:
    """Seconds from a click on a page's name until its own figure stands."""
    begin = time.perf_counter()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    page.wait_for_selector(FIGURES[name], timeout=120_000)
    seconds = time.perf_counter() - begin
    page.wait_for_timeout(400)
    return seconds


PEER = """
import numpy as np, plotly.graph_objects as go, streamlit as st
x = np.linspace(0, 2, 101, dtype=np.float32) + st.slider("x", 0.0, 1.0)
st.plotly_chart(go.Figure(go.Scatter(x=x, y=x * x)), key="peer")
"""


def report(browser: Browser, url: str, title: str, peer: float) -> bool:
    """Print the times of one set; whether a bar is missed."""
    times = []
    for _ in range(ROUNDS):
        page, seconds = opened(browser, url, FIGURES["Lens"])
        times.append(seconds)
    print(f"{title}: first opening {times[0]:.2f} s, median {statistics.median(times):.2f} s")
    print(f"  bar {BARS['open']:.0f} s; {statistics.median(times) / peer:.1f} x the peer")
    missed = max(times) > BARS["open"]
    page.wait_for_timeout(1500)
    for name in ("Dual", "Geometry", "Samples", "Lens"):
        first = changed(page, name)
        back = "Lens" if name != "Lens" else "Dual"
        again = []
        for _ in range(ROUNDS):
            changed(page, back)
            again.append(changed(page, name))
        print(f"  to {name}: first {first:.2f} s, median {statistics.median(again):.2f} s (bar 1 s)")
        missed |= statistics.median(again) > BARS["page"]
    page.context.close()
    return missed


def main() -> int:
    """Print times beside the bars and the peer; 1 where a bar is missed."""
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DUALIGN_STORE"] = folder
        Store().save(large_set())
        script = Path(folder) / "peer.py"
        script.write_text(PEER, "utf-8")
        with (
            serving("dualign.ui.launch", "run", "app.py") as app,
            serving("streamlit", "run", str(script)) as peer_app,
            chromium() as browser,
        ):
            peer = statistics.median(opened(browser, peer_app, ".main-svg")[1] for _ in range(ROUNDS))
            print(f"peer: st.slider and one Plotly figure, opening {peer:.2f} s")
            for title, address in (("default set", ""), ("1000 x 128", "?set=large")):
                missed |= report(browser, f"{app}/{address}", title, peer)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
