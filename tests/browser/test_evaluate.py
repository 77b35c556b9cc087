"""The page Evaluate in a real browser: figures, experiments in the address, replies, the way to the chat."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PROJECT, OpenPage, Serve
from tests.browser.test_app import WAIT, go, lens_ready, ready


@pytest.fixture(scope="module")
def url(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    store: Path = tmp_path_factory.mktemp("store")
    return serve(PROJECT / "app.py", env={"DUALIGN_STORE": str(store)})


def test_predictions_stand_beside_measurements(url: str, open_page: OpenPage) -> None:
    page = go(lens_ready(open_page(url)), "Evaluate")
    expect(page.get_by_text("predictions lie inside").first).to_be_visible(timeout=WAIT)
    page.locator(".st-key-result-front svg.main-svg").first.wait_for(timeout=WAIT)
    expect(page.locator(".st-key-result-expected")).to_contain_text("expected gain in harmless", timeout=WAIT)
    page.get_by_role("radio", name="Two constraints").click()
    page.wait_for_url(re.compile("experiment=Two"), timeout=WAIT)
    page.locator(".st-key-result-pairs svg.main-svg").first.wait_for(timeout=WAIT)


def test_an_address_opens_its_experiment(url: str, open_page: OpenPage) -> None:
    # Streamlit asks for its own paths below the page's first and takes the answer 404 as a no.
    page = ready(open_page(f"{url}/evaluate?experiment=Sample+size", expect_errors=True))
    page.locator(".st-key-result-settling-replies svg.main-svg").first.wait_for(timeout=WAIT)


def test_a_clicked_point_shows_its_policy(url: str, open_page: OpenPage) -> None:
    page = go(lens_ready(open_page(url)), "Evaluate")
    drawing = page.locator(".st-key-result-expected")
    drawing.locator("svg.main-svg").first.wait_for(timeout=WAIT)
    # Every click leads there, not the first alone.
    for point, named in ((0, "demo-harmless-0.25"), (1, "demo-harmless-0.5")):
        page.evaluate(
            "() => document.querySelector('.st-key-result-expected').scrollIntoView({block: 'center'})"
        )
        expect(page.locator(".st-key-policy_choice")).not_to_be_in_viewport(timeout=WAIT)
        place = page.evaluate(
            """point => {
                const plot = document.querySelector('.st-key-result-expected .js-plotly-plot');
                const k = plot.data.findIndex(trace => trace.name === 'trained');
                if (k < 0) return null;
                const {xaxis, yaxis} = plot._fullLayout, at = plot.getBoundingClientRect();
                // The data itself is encoded; its points as drawn are not.
                const drawn = plot.calcdata[k][point];
                return [at.left + xaxis._offset + xaxis.l2p(drawn.x), at.top + yaxis._offset + yaxis.l2p(drawn.y)];
            }""",
            point,
        )
        assert place, "the shipped trade-off holds no trained policy"
        page.mouse.move(*place)
        page.mouse.click(*place)
        page.wait_for_url(re.compile(f"policy={named}$"), timeout=WAIT)
        expect(page.get_by_role("combobox", name="Policy").first).to_have_value(
            re.compile("^trained: "), timeout=WAIT
        )
        expect(page.locator(".st-key-policy_choice")).to_be_in_viewport(timeout=WAIT)


def test_replies_are_read_side_by_side_and_the_chat_is_one_step_away(url: str, open_page: OpenPage) -> None:
    page = ready(open_page(f"{url}/evaluate", width=390, expect_errors=True))
    page.get_by_text("Read its replies beside the reference's").click()
    expect(page.get_by_text("Content note").first).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("Reference", exact=True).first).to_be_visible(timeout=WAIT)
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth + 1")
    page.get_by_role("link", name="Chat with it").click()
    page.wait_for_url(re.compile(r"/chat\?.*col=reference.*col=resampled"), timeout=WAIT)
