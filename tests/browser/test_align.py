"""The Align page in a real browser: launch, watch, kill the worker, resume, and the policy is there."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dualign import jobs
from dualign.jobs import Job
from dualign.samples import Store
from tests.alignment.letters import letters_set
from tests.models import tiny

expect.set_options(timeout=60_000)
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def store_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("align")
    root = folder / "store"
    sample_set = letters_set(tiny.build(folder / "tiny"))
    Store(root / "samples").save(sample_set)
    return root


@pytest.fixture(scope="module")
def server(serve: Callable[..., str], store_root: Path) -> str:
    return serve(PROJECT / "app.py", env={"DUALIGN_STORE": str(store_root)})


@pytest.fixture(autouse=True)
def same_store(store_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The test asks the registry that the server writes; jobs that are left over end with it."""
    monkeypatch.setenv("DUALIGN_STORE", str(store_root))
    yield
    for job in jobs.list_jobs():
        if job.active:
            jobs.cancel(job.id, wait=20)


def only_job() -> Job:
    (job,) = jobs.list_jobs()
    return job


def worker_pid(job: Job) -> int:
    return int(json.loads((job.run_folder / "worker.json").read_text("utf-8"))["pid"])


def shown(page: Page, text: str, *, seconds: float = 120) -> None:
    expect(page.locator(".st-key-job_shown_box")).to_contain_text(text, timeout=seconds * 1000)


def test_launch_kill_resume_and_the_policy_is_there(server: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server}/?set=letters")
    page.wait_for_selector(".lens.ready")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Align").click()
    page.wait_for_selector(".st-key-align_launch button")
    expect(page.locator(".st-key-align_forecast")).to_contain_text("Expected: safe +0.2")
    steps = page.get_by_label("Steps", exact=True)
    steps.fill("4000")
    steps.press("Enter")
    expect(page.locator(".st-key-align_forecast")).to_contain_text("4000 steps")
    page.locator(".st-key-align_launch button").click()

    shown(page, "running")
    page.wait_for_function(
        "() => /step [1-9]\\d* of 4000/.test(document.querySelector('.st-key-job_shown_box')?.innerText || '')",
        timeout=180_000,
    )
    first = page.locator(".st-key-job_shown_box").inner_text()
    page.wait_for_function(
        "text => { const now = document.querySelector('.st-key-job_shown_box')?.innerText || '';"
        " const at = t => Number((/step (\\d+) of/.exec(t) || [])[1] || 0); return at(now) > at(text); }",
        arg=first,
    )
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()

    # Leave and come back: the job went on, and is still the one that is shown.
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Samples").click()
    page.wait_for_selector("h1:has-text('samples')")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Align").click()
    shown(page, "running")

    page.wait_for_function(
        "() => Number((/step (\\d+) of/.exec(document.querySelector('.st-key-job_shown_box')?.innerText || '')"
        " || [])[1] || 0) > 50",
        timeout=180_000,
    )
    os.kill(worker_pid(only_job()), signal.SIGKILL)
    shown(page, "failed", seconds=40)
    shown(page, "killed")

    page.locator(".st-key-job_shown_box").get_by_role("button", name="Resume").click()
    shown(page, "attempt 2")
    shown(page, "running")
    # The rest of the run is not what is tested: let it end early and finish a short one instead.
    page.locator(".st-key-job_shown_box").get_by_role("button", name="Cancel").click()
    shown(page, "cancelled", seconds=40)

    steps = page.get_by_label("Steps", exact=True)
    steps.fill("20")
    steps.press("Enter")
    expect(page.locator(".st-key-align_forecast")).to_contain_text("20 steps")
    page.locator(".st-key-align_launch button").click()
    shown(page, "done")
    shown(page, "Made letters-mocan-safe-0.2")
    expect(page.get_by_role("heading", name="Trained policies")).to_be_visible()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Geometry").click()
    figure = page.get_by_role("figure", name=re.compile("trained policy letters-mocan-safe-0.2"))
    expect(figure).to_be_visible()
