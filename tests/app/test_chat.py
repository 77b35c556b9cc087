"""The chat page without a browser and without a model: notice, crisis, prompts, columns, views, votes."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dualign import jobs
from dualign.models.chat import ReferencePolicy, policy_id
from dualign.ui.chat import answer, scoring
from dualign.ui.chat.comparison import Comparison
from dualign.ui.chat.conversation import Conversation, Reply
from dualign.ui.chat.page_state import Chat
from tests.app.conftest import OpenApp, texts
from tests.replies import chat_reply


@pytest.fixture
def open_chat(open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenApp:
    """The page on a machine without the model: every reply is a sentence that says how to get it."""
    monkeypatch.setenv("DUALIGN_MODELS", str(tmp_path / "none"))
    return lambda **query: open_app("chat", **query)


def chat_of(app: AppTest) -> Chat:
    found: Chat = app.session_state["chat"]
    return found


def say(app: AppTest, text: str) -> AppTest:
    return app.chat_input(key="message").set_value(text).run()


def test_it_opens_with_the_notice_and_two_columns(open_chat: OpenApp) -> None:
    app = open_chat()
    said = texts(app)
    assert not app.exception
    assert "not therapy" in said
    assert "116 123" in said
    assert len(chat_of(app).shown) == 2
    assert app.query_params["col"][0] == "reference"


def test_a_missing_model_is_a_sentence_and_nothing_is_fetched(open_chat: OpenApp, tmp_path: Path) -> None:
    app = say(open_chat(), "How do I sleep better?")
    assert "dualign models fetch" in texts(app)
    assert not (tmp_path / "none").exists()


def test_a_crisis_message_shows_the_panel_and_holds_replies_back(open_chat: OpenApp) -> None:
    app = say(open_chat(), "I want to kill myself")
    assert "Please talk to a person now" in texts(app)
    assert not chat_of(app).waiting
    assert not chat_of(app).conversation.exchanges[0].replies
    app = say(app, "The weather is nice")
    assert "Please talk to a person now" in texts(app)
    assert not chat_of(app).conversation.exchanges[1].replies
    app.button(key="not_a_crisis").click().run()
    assert "Please talk to a person now" not in texts(app)


def test_plain_words_have_no_greek(open_chat: OpenApp) -> None:
    app = open_chat()
    app.segmented_control(key="view").set_value("In plain words").run()
    # The lens speaks in symbols: it stays on its own page.
    assert not app.sidebar.number_input
    main = [*app.main.title, *app.main.markdown, *app.main.caption]
    said = " ".join([str(item.value) for item in main] + [str(item.label) for item in app.main.select_slider])
    assert not set("λβπ") & set(said), said
    assert "of 100 answers" in said
    assert app.query_params["simple"][0] == "1"


def test_a_message_that_is_too_long_waits_to_be_shortened(open_chat: OpenApp) -> None:
    app = say(open_chat(), "word " * 1000)
    assert "4,999 characters" in texts(app)
    assert not chat_of(app).conversation.exchanges
    app.text_area(key="draft").set_value("a few words").run()
    app.button(key="send_draft").click().run()
    assert [exchange.message for exchange in chat_of(app).conversation.exchanges] == ["a few words"]
    assert not chat_of(app).draft
    # A sign of a crisis counts wherever it stands, also behind what a conversation can take.
    for said in ("I want to kill myself. " + "word " * 1000, "word " * 5000 + "I want to kill myself."):
        app = say(open_chat(), said)
        assert "Please talk to a person now" in texts(app)
        assert not chat_of(app).waiting


def test_a_blind_round_shows_both_replies_or_none(open_chat: OpenApp) -> None:
    app = open_chat()
    app.toggle(key="blind").set_value(True).run()
    app = say(app, "Should I call her?")
    chat = chat_of(app)
    half = chat_reply("may", finish="stopped")
    chat.settle({0: Reply(chat.shown[0], half, {}), 1: Reply(chat.shown[1], None, {})})
    app.run()
    assert "Neither is shown" in texts(app)
    assert "may" not in [item.value for item in app.main.text]
    assert not [button for button in app.button if str(button.key).startswith("vote_")]


def test_columns_come_and_go(open_chat: OpenApp) -> None:
    app = open_chat()
    app.segmented_control(key="count").set_value(4).run()
    assert len({policy_id(policy) for policy in chat_of(app).shown}) == 4
    app.button(key="focus_2").click().run()
    assert chat_of(app).columns == (2,)
    app.segmented_control(key="count").set_value(1).run()
    assert len(chat_of(app).shown) == 1
    assert not app.exception


def test_a_blind_round_hides_votes_and_stores_only_with_leave(open_chat: OpenApp) -> None:
    app = open_chat()
    app.toggle(key="blind").set_value(True).run()
    assert texts(app).count("hidden until you vote") == 2
    app = say(app, "Should I call her?")
    chat = chat_of(app)
    told = chat_reply("maybe", finish="end")
    chat.settle({k: Reply(policy, told, {}) for k, policy in enumerate(chat.shown)})
    app.run()
    app.button(key="vote_tie").click().run()
    assert "You chose **a tie**" in texts(app)
    assert len(chat_of(app).votes) == 1
    assert jobs.records("vote") == []
    chat_of(app).agreed = True
    app.button(key="next_round").click().run()
    app = say(app, "Should I call her?")
    chat = chat_of(app)
    chat.settle({k: Reply(policy, told, {}) for k, policy in enumerate(chat.shown)})
    app.run()
    app.button(key="vote_first").click().run()
    (kept,) = jobs.records("vote")
    assert "Should I call her" not in str(kept.content)
    assert kept.content["settings"]["seed"] == chat.comparison.settings.seed


def test_surprise_me_sends_the_prompt_where_policies_differ_most(open_chat: OpenApp) -> None:
    app = open_chat()
    app.button(key="surprise").click().run()
    first = chat_of(app).conversation.exchanges[0].message
    app.button(key="surprise").click().run()
    second = chat_of(app).conversation.exchanges[0].message
    assert first != second
    assert app.query_params["prompt"]


def test_a_link_opens_the_prompt_again(open_chat: OpenApp) -> None:
    app = open_chat(col=["reference", "reference"], prompt="3", tokens="17")
    chat = chat_of(app)
    assert chat.conversation.exchanges[0].prompt_id == 3
    assert chat.comparison.settings.max_tokens == 17


def test_scores_that_come_late_undo_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = Chat(Comparison((ReferencePolicy(), ReferencePolicy())))
    chat.send("How do I sleep better?")

    def late(conversation: Conversation, land: object) -> Conversation:
        chat.resend(0, "I took all my pills and want to die")
        return conversation

    monkeypatch.setattr(scoring, "scored", late)
    monkeypatch.setattr(scoring, "waits", lambda exchange: True)
    assert answer.score(chat, None)  # type: ignore[arg-type]
    assert [exchange.message for exchange in chat.conversation.exchanges] == [
        "I took all my pills and want to die"
    ]
    assert chat.conversation.signal is not None
