"""The whole app in a real browser: open, drag, commit, change page, reload, import, refuse."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PROJECT, OpenPage, Serve

WAIT = 90_000
PAYLOADS = (
    "<img src=x onerror=\"document.title='owned'\">",
    "<script>document.title='owned'</script>",
    "![x](http://192.0.2.1/x.png)",
    "[click](javascript:alert(1))",
    '=HYPERLINK("http://192.0.2.1")',
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def url(serve: Serve, store: Path) -> str:
    return serve(PROJECT / "app.py", env={"DUALIGN_STORE": str(store)})


def ready(page: Page) -> Page:
    """Wait until the heading stands and the script has come to rest."""
    page.wait_for_selector("h1", timeout=WAIT)
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=WAIT)
    return page


def lens_ready(page: Page) -> Page:
    ready(page).wait_for_selector('.handle[data-drag="lam"]', timeout=WAIT)
    return page


def threshold(page: Page) -> Locator:
    return page.locator(".st-key-threshold_0 input")


def go(page: Page, name: str) -> Page:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    page.wait_for_url(re.compile(f"/{name.lower()}" if name != "Lens" else r"/(\?|$)"), timeout=WAIT)
    return ready(page)


def test_it_opens_on_the_demo_with_the_story_told(url: str, open_page: OpenPage) -> None:
    page = lens_ready(open_page(url))
    expect(page.locator("h1").first).to_contain_text(re.compile(r"costs .* reward units"), timeout=WAIT)
    assert page.locator(".panel-set svg").count() == 1
    expect(page).to_have_url(re.compile("set=demo"), timeout=WAIT)


def test_drag_commits_and_stands_on_every_page_and_after_a_reload(url: str, open_page: OpenPage) -> None:
    page = lens_ready(open_page(url))
    box = page.locator('.handle[data-drag="threshold"] .knob').bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x - 6 * step, y)
    page.mouse.up()
    page.wait_for_url(re.compile(r"c="), timeout=WAIT)
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=WAIT)
    field = threshold(page)
    expect(field).not_to_have_value("0.5", timeout=WAIT)
    dragged = field.input_value()
    go(page, "Dual")
    assert threshold(page).input_value() == dragged
    page.get_by_role("button", name="Undo").click()
    expect(threshold(page)).not_to_have_value(dragged, timeout=WAIT)
    page.get_by_role("button", name="Redo").click()
    expect(threshold(page)).to_have_value(dragged, timeout=WAIT)
    go(page, "Lens").reload()
    ready(page)
    expect(threshold(page)).to_have_value(dragged, timeout=WAIT)


def test_arrow_keys_move_the_multiplier_and_commit(url: str, open_page: OpenPage) -> None:
    page = lens_ready(open_page(url))
    knob = page.locator('.handle[data-drag="lam"]')
    before = knob.get_attribute("aria-valuenow")
    knob.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_url(re.compile("lam="), timeout=WAIT)
    assert knob.get_attribute("aria-valuenow") != before


def test_the_lens_leads_to_the_training_of_where_it_stands(url: str, open_page: OpenPage) -> None:
    page = lens_ready(open_page(f"{url}/?lam=2.5"))
    page.get_by_role("button", name="Align at this").click()
    page.wait_for_url(re.compile("/align"), timeout=WAIT)
    expect(page.get_by_role("radio", checked=True, name="At the lens")).to_be_visible(timeout=WAIT)


def _import(page: Page, path: Path) -> None:
    go(page, "Samples")
    page.get_by_text("Import a file").click()
    page.locator("input[type=file]").set_input_files(path)


def test_a_file_is_imported_and_its_text_is_data(url: str, open_page: OpenPage, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "mine.csv"
    rows = ["prompt,response,helpful,harmless"]
    for prompt in range(30):
        for reply in range(16):
            text = PAYLOADS[reply % len(PAYLOADS)].replace('"', '""')
            r, g = rng.normal(size=2)
            rows.append(f'"question {prompt} {text}","{text} {reply}",{r:.4f},{g - 0.3 * r:.4f}')
    path.write_text("\n".join(rows) + "\n", "utf-8")
    page = lens_ready(open_page(url))
    _import(page, path)
    name = page.get_by_label(re.compile("^Name")).first
    expect(name).to_be_visible(timeout=WAIT)
    name.fill("mine")
    name.press("Enter")
    save = page.get_by_role("button", name=re.compile("Save"))
    expect(save.first).to_be_enabled(timeout=WAIT)
    save.first.click()
    page.wait_for_url(re.compile("set=mine"), timeout=WAIT)
    ready(page)
    # The page shows what was imported, and its main button leads there and nowhere else.
    expect(page.get_by_test_id("stAlert").filter(has_text="mine is stored")).to_be_in_viewport(timeout=WAIT)
    expect(page.get_by_test_id("stFileUploader")).to_have_count(0, timeout=WAIT)
    page.get_by_role("tab", name="Replies").click()
    expect(page.get_by_text("question 0").first).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Look at it through the lens").click()
    page.wait_for_url(re.compile(r"/\?.*set=mine"), timeout=WAIT)
    lens_ready(page)
    expect(page.locator("h1").first).to_contain_text("Requiring harmless", timeout=WAIT)
    go(page, "Geometry")
    expect(page.get_by_text("question 0").first).to_be_visible(timeout=WAIT)
    assert page.title() != "owned"
    assert page.locator("img[src*='192.0.2.1']").count() == 0


def test_a_broken_file_is_refused_in_one_sentence(
    url: str, store: Path, open_page: OpenPage, tmp_path: Path
) -> None:
    path = tmp_path / "broken.csv"
    path.write_text("prompt,response,helpful,harmless\na,b,1,2\nc,d,1\n", "utf-8")
    before = sorted(store.rglob("*"))
    page = lens_ready(open_page(url))
    _import(page, path)
    alert = page.get_by_test_id("stAlert").filter(has_text="broken.csv")
    expect(alert.first).to_be_visible(timeout=WAIT)
    assert "row" in alert.first.inner_text()
    assert "Traceback" not in page.locator("body").inner_text()
    assert sorted(store.rglob("*")) == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone(url: str, open_page: OpenPage, scheme: str) -> None:
    page = lens_ready(open_page(url, width=390, height=844, scheme=scheme, touch=True))
    for name in ("lens", "dual", "geometry", "samples"):
        if name != "lens":
            opener = page.get_by_test_id("stExpandSidebarButton")
            if opener.is_visible():
                opener.click()
            page.get_by_test_id("stSidebarNav").get_by_role("link", name=name.capitalize()).click()
            page.wait_for_url(re.compile(f"/{name}"), timeout=WAIT)
            ready(page)
        wide = page.evaluate(
            "() => Math.max(document.documentElement.scrollWidth - window.innerWidth,"
            " ...[...document.querySelectorAll('[data-testid=stMain]')].map(m => m.scrollWidth - m.clientWidth))"
        )
        assert wide <= 1, name
        assert page.get_by_test_id("stException").count() == 0


def test_dark_pages_are_dark_and_their_figures_readable(url: str, open_page: OpenPage) -> None:
    page = go(lens_ready(open_page(url, scheme="dark")), "Dual")
    page.wait_for_selector(".js-plotly-plot .xtick text", timeout=WAIT)

    def brightness(selector: str, what: str) -> float:
        colour = page.evaluate(f"() => getComputedStyle(document.querySelector('{selector}')).{what}")
        return sum(float(part) for part in re.findall(r"[\d.]+", colour)[:3]) / 765

    assert brightness("[data-testid=stApp]", "backgroundColor") < 0.2
    assert brightness(".js-plotly-plot .xtick text", "fill") > 0.5


def test_a_page_asked_for_first_stands_in_its_frame(
    serve: Serve, open_page: OpenPage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = str(tmp_path_factory.mktemp("first"))
    address = serve(PROJECT / "app.py", env={"DUALIGN_STORE": store})
    # Streamlit asks for its own paths below the page's first and takes the answer 404 as a no.
    page = ready(open_page(f"{address}/dual?set=gaussian&c=utility~0.2&beta=2.0", expect_errors=True))
    expect(threshold(page)).to_have_value("0.2", timeout=WAIT)
    expect(page.locator("h1").first).to_contain_text("The dual", timeout=WAIT)


@pytest.mark.parametrize("header", ["Host: evil.example", "Origin: http://evil.example"])
def test_foreign_hosts_and_origins_are_refused(url: str, header: str) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    lines = ["GET /_stcore/stream HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", header]
    if not header.startswith("Host"):
        lines.append(f"Host: {host}:{port}")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        assert b" 403 " in connection.recv(200).splitlines()[0]
