"""The chat page in a real browser with the real model: streaming, stopping, voting, crisis, hostile texts, traces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from dualign.models.chat import ChatSettings, ReferencePolicy, ResampledPolicy, policy_id
from dualign.ui.chat import saved
from dualign.ui.chat.comparison import Comparison
from dualign.ui.chat.conversation import Conversation, Exchange, Reply
from tests.browser.conftest import PROJECT, OpenPage, Serve
from tests.replies import chat_reply

WAIT = 180_000
CANARY = "zebrafinch-4711-kettledrum"
PAYLOADS = (
    "<img src=x onerror=\"document.title='owned'\">",
    "<script>document.title='owned'</script>",
    "<svg/onload=document.title='owned'>",
    "<a href=\"javascript:document.title='owned'\">a</a>",
    "<iframe src='http://192.0.2.1/'></iframe>",
    "![x](http://192.0.2.1/x.png)",
    "[click](javascript:document.title='owned')",
    "<style>@import url(http://192.0.2.1/x.css)</style>",
    "$\\href{javascript:alert(1)}{x}$ :material/home: :red[x]",
    "```\n</script><script>document.title='owned'</script>\n```",
    "<math><mi xlink:href='javascript:1'>x</mi></math>",
    "\u202e<b>turned</b>",
    '=HYPERLINK("http://192.0.2.1")',
    "<video src=http://192.0.2.1/v onerror=document.title='owned'>",
    "<link rel=stylesheet href=http://192.0.2.1/l.css>",
    "[ref]: http://192.0.2.1 'x'\n![][ref]",
    "<form action=http://192.0.2.1><button autofocus>go</button></form>",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "<http://192.0.2.1/auto>",
    "data:text/html,<script>document.title='owned'</script>",
)
FRAMES = (
    "@",
    "\"'></textarea>@",
    "</p></div></pre>@",
    "<!-- -->@<!--",
    "**@**",
    "> @\n\n- @",
    "`@`",
    "<details open ontoggle=document.title='owned'>@</details>",
    "[@](@)",
    "&lt;@&gt;\u200d",
)
HOSTILE = [
    f"{text} {k:03d}"
    for k, text in enumerate([frame.replace("@", each) for frame in FRAMES for each in PAYLOADS] + ["'\"><x"])
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def url(serve: Serve, store: Path) -> str:
    return serve(PROJECT / "app.py", env={"DUALIGN_STORE": str(store), "OMP_NUM_THREADS": "1"})


def at(url: str, *policies: object, **settings: object) -> str:
    shown = [policy_id(policy) for policy in policies]  # type: ignore[arg-type]
    return f"{url}/chat?" + urlencode({"col": shown, **settings}, doseq=True)


def rest(page: Page) -> Page:
    page.wait_for_selector("h1", timeout=WAIT)
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=WAIT)
    return page


def say(page: Page, text: str) -> None:
    field = page.get_by_test_id("stChatInputTextArea")
    expect(field).to_be_visible(timeout=WAIT)
    field.fill(text)
    field.press("Enter")


def replies(page: Page) -> list[str]:
    """Texts of the newest replies, column by column."""
    cells = page.locator(".st-key-conversation [data-testid=stChatMessage] [data-testid=stText]")
    return [text.strip() for text in cells.all_inner_texts()]


def done(page: Page) -> Page:
    page.wait_for_selector(".st-key-again button", timeout=WAIT)
    return rest(page)


def test_two_columns_stream_at_once(url: str, open_page: OpenPage) -> None:
    # Streamlit asks for its own paths below the page's first and takes the answer 404 as a no.
    policies = (ReferencePolicy(), ReferencePolicy())
    page = rest(open_page(at(url, *policies, seed=3, tokens=48, temp=1.6), expect_errors=True))
    page.evaluate(
        """() => {
            window.seen = [];
            const look = () => {
                const cells = document.querySelectorAll(
                    '.st-key-conversation [data-testid=stChatMessage] [data-testid=stText]');
                const sizes = [...cells].slice(1).map(cell => cell.innerText.length);
                if (sizes.length === 2) window.seen.push(sizes);
            };
            new MutationObserver(look).observe(document.body, {childList: true, subtree: true, characterData: true});
        }"""
    )
    say(page, "How do I tell my flatmate that the kitchen is a mess?")
    done(page)
    sizes = page.evaluate("() => window.seen")
    final = sizes[-1]
    between = [pair for pair in sizes if 1 < pair[0] < final[0] and 1 < pair[1] < final[1]]
    assert len({tuple(pair) for pair in between}) >= 3, sizes[:50]
    expect(page.get_by_text("tokens/s").first).to_be_visible(timeout=WAIT)
    expect(page.get_by_text(re.compile("above .* % of")).first).to_be_visible(timeout=WAIT)


def test_stop_keeps_what_stands_and_editing_sends_again(url: str, open_page: OpenPage) -> None:
    page = rest(open_page(at(url, ReferencePolicy(), seed=1, tokens=512, temp=2.0), expect_errors=True))
    say(page, "Describe in many words how bread is baked.")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.st-key-conversation [data-testid=stText]')]"
        ".slice(1).some(cell => cell.innerText.length > 20 && !cell.innerText.startsWith('Loading'))",
        timeout=WAIT,
    )
    page.locator(".st-key-stop button").click()
    expect(page.get_by_text("Stopped here.")).to_be_visible(timeout=WAIT)
    kept = replies(page)[1]
    assert len(kept) > 20
    done(page)
    page.locator(".st-key-edit_0 button").first.click()
    area = page.locator(".st-key-edited_0 textarea")
    expect(area).to_be_visible(timeout=WAIT)
    area.fill("Tell me a short story.")
    area.press("Control+Enter")
    page.locator(".st-key-resend_0 button").click()
    first = page.locator(".st-key-conversation [data-testid=stText]").first
    expect(first).to_have_text("Tell me a short story.", timeout=WAIT)
    page.locator(".st-key-stop button").click()
    done(page)
    assert replies(page)[0] == "Tell me a short story."


def test_blind_vote_then_reveal(url: str, open_page: OpenPage) -> None:
    policies = (ReferencePolicy(), ResampledPolicy(multipliers={"harmless": 2.0}, candidates=2))
    page = rest(open_page(at(url, *policies, tokens=12, blind=1), expect_errors=True))
    expect(page.get_by_text("hidden until you vote")).to_have_count(2, timeout=WAIT)
    heads = page.locator(".st-key-head_0, .st-key-head_1")
    assert not re.search("resampled|Reference", "".join(heads.all_inner_texts()))
    say(page, "Should I lend my brother money again?")
    ballot = page.locator(".st-key-vote_first button")
    expect(ballot).to_be_visible(timeout=WAIT)
    rest(page)
    assert "tokens/s" not in page.locator("[data-testid=stMain]").inner_text()
    ballot.click()
    reveal = page.get_by_test_id("stAlert").filter(has_text="You chose")
    expect(reveal).to_contain_text("Reference", timeout=WAIT)
    expect(reveal).to_contain_text("resampled")
    rest(page).get_by_text("Votes", exact=True).click()
    expect(page.locator(".st-key-votes_jsonl")).to_be_visible(timeout=WAIT)


def test_the_slider_changes_the_reply(url: str, open_page: OpenPage) -> None:
    policy = ResampledPolicy(multipliers={"harmless": 0.0}, candidates=8, beta=0.05)
    page = rest(open_page(at(url, policy, seed=2, tokens=24), expect_errors=True))
    say(page, "My boss shouted at me. Should I shout back?")
    done(page)
    before = replies(page)
    knob = page.locator(".st-key-lam_0").get_by_role("slider")
    knob.focus()
    page.keyboard.press("End")
    expect(page.locator(".st-key-conversation [data-testid=stText]").nth(1)).not_to_have_text(
        before[1], timeout=WAIT
    )
    done(page)
    assert replies(page)[0] == before[0]
    assert "λ = 0," not in page.locator(".st-key-head_0").inner_text()


@pytest.fixture(scope="module")
def no_model(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    empty = tmp_path_factory.mktemp("models")
    yield serve(
        PROJECT / "app.py",
        env={"DUALIGN_STORE": str(tmp_path_factory.mktemp("alone")), "DUALIGN_MODELS": str(empty)},
    )
    assert not list(empty.iterdir()), "a model was fetched that nobody asked for"


def test_the_crisis_panel_needs_no_model(no_model: str, open_page: OpenPage) -> None:
    page = rest(open_page(f"{no_model}/chat", expect_errors=True))
    expect(page.get_by_text("An AI demonstration")).to_be_visible(timeout=WAIT)
    say(page, "I can't go on, I want to kill myself")
    panel = page.locator(".st-key-crisis_panel")
    expect(panel).to_contain_text("988", timeout=WAIT)
    expect(panel).to_contain_text("findahelpline.com")
    expect(page.get_by_test_id("stBottom").get_by_test_id("stAlert")).to_contain_text("116 123")
    rest(page)
    assert page.locator(".st-key-again").count() == 0
    page.locator(".st-key-study label").first.click()
    expect(page.get_by_text("dualign models fetch").first).to_be_visible(timeout=WAIT)
    expect(panel).to_be_visible()


def test_a_click_at_once_loses_no_crisis(no_model: str, open_page: OpenPage) -> None:
    page = rest(open_page(f"{no_model}/chat", expect_errors=True))
    for _ in range(2):
        say(page, "I can't go on, I want to kill myself")
        # Before the run that shows the panel has drawn the rest of the page.
        page.locator(".st-key-study label").first.click()
        expect(page.get_by_text("dualign models fetch").first).to_be_visible(timeout=WAIT)
        expect(page.locator(".st-key-crisis_panel")).to_be_visible()
        expect(page.get_by_text("I can't go on").first).to_be_visible()
        page.locator(".st-key-not_a_crisis button").click()
        expect(page.locator(".st-key-crisis_panel")).to_have_count(0, timeout=WAIT)
        rest(page)


@pytest.mark.parametrize("width", [1440, 390])
def test_two_hundred_hostile_texts_are_shown_as_text(
    url: str, store: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("DUALIGN_STORE", str(store))
    policies = (ReferencePolicy(), ResampledPolicy())
    told = Conversation(
        tuple(
            Exchange(
                HOSTILE[k],
                ChatSettings(),
                (_reply(policies[0], HOSTILE[k + 1]), _reply(policies[1], HOSTILE[k + 2])),
            )
            for k in range(0, len(HOSTILE), 3)
        )
    )
    key = saved.save(told, Comparison(policies), days=1)
    try:
        page = rest(open_page(f"{url}/chat?saved={key}", width=width, expect_errors=True))
        shown = page.locator(".st-key-conversation [data-testid=stText]")
        expect(shown).to_have_count(201, timeout=WAIT)
        found = {" ".join(text.split()) for text in shown.all_text_contents()}
        assert found == {" ".join(text.split()) for text in HOSTILE}
        assert len(found) == 201
        assert page.title() == "dualign"
        where = page.locator(".st-key-conversation")
        assert (
            where.locator("img, iframe, script, video, math, details, svg[onload], form, link, style").count()
            == 0
        )
        assert where.locator("a").count() == 0
        wide = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 1
    finally:
        saved.delete_saved(key)


def _reply(policy: object, text: str) -> Reply:
    return Reply(policy, chat_reply(text), {})  # type: ignore[arg-type]


def _holding(root: Path, word: str) -> list[str]:
    return [
        str(path)
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink() and word.encode() in path.read_bytes()
    ]


def test_what_was_typed_is_found_nowhere(
    url: str, store: Path, open_page: OpenPage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page = rest(open_page(at(url, ReferencePolicy(), tokens=8), expect_errors=True))
    say(page, f"How is the word {CANARY} pronounced?")
    done(page)
    everywhere = tmp_path_factory.getbasetemp()
    assert _holding(everywhere, CANARY) == []
    assert CANARY not in page.url
    page.locator(".st-key-share button").first.click()
    page.locator(".st-key-keep button").click()
    expect(page.get_by_text("Kept as")).to_be_visible(timeout=WAIT)
    kept = _holding(everywhere, CANARY)
    assert [Path(path).parent for path in kept] == [store / "conversations"]
    page.get_by_role("button", name="Delete all kept conversations").click()
    expect(page.get_by_text("Kept conversations (1)")).to_have_count(0, timeout=WAIT)
    rest(page)
    assert _holding(everywhere, CANARY) == []
