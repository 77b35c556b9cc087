"""The lens in the app: focus, conflicts, and one multiplier on every page."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page

from dualign.duality.statements import Threshold
from dualign.samples import Store
from dualign.ui.analysis import look, start_of
from tests.browser.conftest import PROJECT, OpenPage, Serve
from tests.browser.lens_driver import drag, handle


@pytest.fixture(scope="module")
def app(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The whole app, on a store of its own."""
    return serve(PROJECT / "app.py", env={"DUALIGN_STORE": str(tmp_path_factory.mktemp("store"))})


def at_rest(page: Page) -> Page:
    page.wait_for_selector(".lens.ready .handle")
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
    )
    return page


def held(page: Page) -> float:
    return float(handle(page, "lam").get_attribute("aria-valuenow") or "nan")


def test_keys_and_drags_leave_focus_and_lens_where_they_are(app: str, open_page: OpenPage) -> None:
    page = at_rest(open_page(f"{app}/?set=demo"))
    top = page.locator(".panels").bounding_box()
    handle(page, "lam").focus()
    seen = [held(page)]
    for _ in range(3):
        old = page.url
        page.keyboard.press("ArrowRight")
        page.wait_for_function("old => location.href !== old", arg=old)
        at_rest(page)
        seen.append(held(page))
        focused = page.locator(".lens").evaluate("node => node.getRootNode().activeElement?.dataset.drag")
        assert focused == "lam"
    steps = np.diff(seen)
    assert steps == pytest.approx(steps[0], rel=1e-3)
    assert page.locator(".panels").bounding_box() == top
    # The pin of this place survives a swap that is undone.
    page.get_by_role("button", name="Pin as A").click()
    page.wait_for_url(re.compile("pin="))
    at_rest(page)
    drag(page, "threshold", 40, 0)
    page.wait_for_function("() => !new URLSearchParams(location.search).get('c').endsWith('~0.5')")
    at_rest(page)
    told = page.url
    page.get_by_role("button", name="Swap A and B").click()
    page.wait_for_function("old => location.href !== old", arg=told)
    at_rest(page).get_by_role("button", name="Undo", exact=True).click()
    page.wait_for_function("old => location.href === old", arg=told)


def test_a_conflict_of_two_constraints_looks_infeasible(app: str, open_page: OpenPage) -> None:
    page = at_rest(open_page(f"{app}/?set=demo&c=harmless~0.9&c=humor~0.6"))
    assert page.locator(".verdict").inner_text() == "infeasible"
    words = page.locator(".sentence").inner_text()
    assert "No λ is enough" in words
    assert "beside the others" in words
    drawn = page.locator(".lens svg text").all_text_contents()
    assert not [text for text in drawn if "P*" in text or "λ* =" in text or "D* =" in text]
    assert page.get_by_role("button", name="Back to λ*").is_disabled()
    reach = float(re.search(r"at most \+([\d.]+)", words).group(1))  # type: ignore[union-attr]
    assert 0.75 < reach < 0.8
    # Below what can be reached the wall stands where both can be met, and the lens follows λ* again.
    drag(page, "threshold", -90, 0)
    page.wait_for_function("() => !new URLSearchParams(location.search).get('c').endsWith('~0.9')")
    at_rest(page)
    assert page.locator(".verdict").inner_text() == "all constraints hold"
    assert "P*" in page.locator(".sentence").inner_text()
    assert "lam=" not in page.url


@pytest.mark.parametrize("thresholds", [{"harmless": 1.4}, {"harmless": 0.9, "humor": 0.6}])
def test_lens_and_pages_stand_at_the_same_multiplier(
    app: str, open_page: OpenPage, thresholds: dict[str, float]
) -> None:
    demo = Store().open("demo")
    lens = start_of(demo).start.with_constraints([Threshold(*item) for item in thresholds.items()])
    constraints = "".join(f"&c={name}~{value}" for name, value in thresholds.items())
    page = at_rest(open_page(f"{app}/?set=demo{constraints}"))
    # Where no multiplier is enough the pages stand at one of their own choice.
    assert held(page) == pytest.approx(float(look(demo, lens).multipliers[0]), rel=1e-5)
    drag(page, "lam", -150, 0)
    page.wait_for_url(re.compile("lam="))
    at_rest(page)
    here = held(page)
    assert here == pytest.approx(float(re.findall(r"lam=([\d.]+)", page.url)[0]), rel=1e-5)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Dual").click()
    page.wait_for_url(re.compile("/dual"))
    page.get_by_text(f"λ = {here:.3g}").first.wait_for()


def test_the_optimum_of_two_constraints_is_left_and_found_again(app: str, open_page: OpenPage) -> None:
    page = at_rest(open_page(f"{app}/?set=demo&c=harmless~0.4&c=humor~0.1"))
    best, words = held(page), page.locator(".sentence").inner_text()
    drag(page, "lam", 60, 0)
    page.wait_for_url(re.compile("lam="))
    at_rest(page)
    assert page.get_by_text("You have left the optimum").is_visible()
    back = page.get_by_role("button", name="Back to λ*")
    back.click()
    page.wait_for_function("() => !location.search.includes('lam=')")
    at_rest(page)
    assert held(page) == pytest.approx(best, rel=1e-5)
    assert page.locator(".sentence").inner_text() == words
    assert back.is_disabled()
    assert page.get_by_text("You have left the optimum").count() == 0
