"""Replies: sensitive ones behind a note, texts as plain text, filters that reach them."""

from __future__ import annotations

import numpy as np

from dualign.samples import Store
from dualign.ui import analysis
from dualign.ui.replies import favoured, matching, prompt_rows
from tests.app.conftest import OpenApp, make_set, texts

HOSTILE = "<img src=x onerror=alert(1)> ![a](http://evil.example/x.png) :red[x] $y$"


def _shown(app: object) -> str:
    return "\n".join(str(item.value) for item in app.text)  # type: ignore[attr-defined]


def test_sensitive_replies_wait_for_a_choice(open_app: OpenApp) -> None:
    app = open_app("geometry")
    assert "Replies to people in crisis follow." in texts(app)
    assert "question 2 " not in _shown(app)
    app.toggle(key="reveal").set_value(True).run()
    assert "question 2 " in _shown(app)


def test_one_sensitive_group_shows_nothing_before_the_choice(open_app: OpenApp) -> None:
    app = open_app("geometry", group="crisis")
    assert _shown(app) == ""


def test_search_finds_words_in_replies(open_app: OpenApp) -> None:
    app = open_app("geometry")
    app.text_input(key="find").set_value("QUESTION 4").run()
    shown = _shown(app)
    assert "question 4 " in shown
    assert "question 0 " not in shown
    app.text_input(key="find").set_value("not there at all").run()
    assert "No prompt matches" in texts(app)


def test_a_reply_that_was_found_is_shown_first_and_the_search_stays(open_app: OpenApp) -> None:
    app = open_app("geometry")
    # Reply 77 answers question 4, where twelve others stand before it in the order of weights or not.
    app.text_input(key="find").set_value("reply 77").run()
    assert "a calm reply 77" in _shown(app)
    assert "words found in one of them" in texts(app)
    app.switch_page("pages/dual.py").run()
    app.switch_page("pages/geometry.py").run()
    assert app.text_input(key="find").value == "reply 77"


def test_text_is_only_ever_plain_text(open_app: OpenApp, stored: Store) -> None:
    stored.save(make_set("hostile", text=HOSTILE))
    for page in ("geometry", "samples"):
        app = open_app(page, set="hostile")
        if page == "samples":
            app.session_state["samples_shown"] = "hostile"
            app.run()
        marked = "\n".join(str(item.value) for item in (*app.markdown, *app.caption))
        assert "evil.example" not in marked
        assert not app.exception


def test_weights_follow_the_multiplier() -> None:
    sample_set = make_set("plain")
    lens = analysis.start_of(sample_set).start
    problem = analysis.problem_of(sample_set, lens)
    from dualign.duality import tilted_weights

    weights = np.asarray(tilted_weights(problem, [3.0]))
    harmless = np.asarray(problem.samples.utilities)[..., 0]
    assert (weights * harmless).sum() > harmless.mean() * len(harmless)


def test_rows_of_a_group_and_matches() -> None:
    sample_set = make_set("plain", text="Try Tea")
    lens = analysis.start_of(sample_set).start
    assert len(prompt_rows(sample_set, lens)) == 30
    assert list(matching(sample_set, np.arange(30), "try question 17")) == [17]


def test_favoured_replies_come_first(stored: Store) -> None:
    sample_set = stored.open("plain")
    lens = analysis.start_of(sample_set).start
    ranked = favoured(sample_set, lens, analysis.look(sample_set, lens), 4)
    assert ranked.weights is not None
    assert (np.diff(ranked.weights) <= 0).all()
    assert np.isclose(ranked.weights.sum(), 1.0)
    assert len(ranked.table()) == len(ranked.texts) == 16
