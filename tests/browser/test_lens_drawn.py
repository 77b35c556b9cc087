"""What the lens alone draws, hands out and asks for: labels, table, downloads, the scores' one journey."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from tests.browser.conftest import OpenPage, Serve
from tests.browser.lens_driver import await_state, drag, ready, state
from tests.lens import reference

SCRIPT = Path(__file__).parent / "lens_page.py"


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(SCRIPT)


@pytest.fixture(scope="module")
def oracle() -> reference.Scores:
    """The scores of the page, drawn again."""
    rng = np.random.default_rng(7)
    r = rng.normal(size=(200, 64)) + rng.normal(size=(200, 1))
    g = rng.normal(size=(200, 64, 1)) - 0.5 * r[..., None]
    return reference.scores(list(r), list(g))


def test_the_scores_travel_once(url: str, open_page: OpenPage) -> None:
    page = ready(open_page(url))
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data))))
    page.reload()
    ready(page)
    scores = 200 * 64 * 2 * 8
    assert sum(received) > scores
    received.clear()
    before = state(page)
    drag(page, "lam", 70, 0)
    await_state(page, before)
    assert 0 < sum(received) < scores / 2


def test_the_table_and_the_downloads_say_what_is_drawn(
    url: str, open_page: OpenPage, oracle: reference.Scores
) -> None:
    page = ready(open_page(url))
    page.get_by_text("All values as a table").click()
    assert page.get_by_role("row", name="KL divergence").is_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text())))
    assert len(rows) == 49
    # Whoever holds the set can tell that it is this one.
    assert {row["samples_sha256"] for row in rows} == {"5e7" * 21 + "5"}
    for row in rows[::12]:
        lam = np.array([float(row["multiplier"])])
        expected = reference.evaluate(oracle, 0.5, np.array([0.5]), lam)
        assert float(row["dual"]) == pytest.approx(expected["dual"], abs=1e-9)
        assert float(row["slack"]) == pytest.approx(expected["slack"][0], abs=1e-9)
    with page.expect_download() as picture:
        page.get_by_role("button", name="SVG").click()
    text = Path(picture.value.path()).read_text()
    assert text.startswith("<svg")
    assert f"samples SHA-256 {'5e7' * 21}5" in text
    assert "harmlessness" in text
    assert "var(" not in text


@pytest.mark.parametrize(
    ("width", "scheme", "policies"),
    [(390, "light", "1"), (390, "dark", "crowd"), (1000, "light", "1"), (1440, "dark", "crowd")],
)
def test_every_label_is_inside_and_none_covers_another(
    url: str, open_page: OpenPage, width: int, scheme: str, policies: str
) -> None:
    page = ready(open_page(f"{url}/?policies={policies}&pinned=1", width=width, height=1400, scheme=scheme))
    boxes = page.evaluate(
        """() => {
            const roots = [...document.querySelectorAll('*')].map(n => n.shadowRoot);
            const root = roots.find(s => s?.querySelector('.lens'));
            return [...root.querySelectorAll('svg')].map(svg => {
                const frame = svg.getBoundingClientRect();
                return [...svg.querySelectorAll('text')].map(node => {
                    const box = node.getBBox();
                    const [right, bottom] = [box.x + box.width, box.y + box.height];
                    return [node.textContent, box.x, box.y + 3, right, bottom - 3, frame.width];
                });
            });
        }"""
    )
    if policies == "crowd":
        assert {"1", "2", "3", "4"} <= {text for text, *_ in boxes[1]}
    for panel in boxes:
        for i, (text, left, top, right, bottom, across) in enumerate(panel):
            assert left >= -1, text
            assert right <= across + 1, text
            for other, left2, top2, right2, bottom2, _ in panel[i + 1 :]:
                apart = right <= left2 + 1 or right2 <= left + 1 or bottom <= top2 + 1 or bottom2 <= top + 1
                assert apart, f"{text!r} covers {other!r}"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    columns = page.locator(".panels").evaluate(
        "n => getComputedStyle(n).gridTemplateColumns.split(' ').length"
    )
    assert columns == (1 if width < 900 else 2)
