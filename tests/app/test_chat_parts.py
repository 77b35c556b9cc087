"""The parts of the chat page that know no Streamlit: links, conversations, votes, exports, kept conversations."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from dualign.errors import StoreError
from dualign.models.chat import (
    AdapterPolicy,
    ChatSettings,
    PlacedScore,
    ReferencePolicy,
    ResampledPolicy,
)
from dualign.models.crisis import detect
from dualign.ui.chat import export, saved, votes
from dualign.ui.chat.comparison import Comparison, from_query, to_query
from dualign.ui.chat.conversation import Conversation, Exchange, Reply, shuffled
from dualign.ui.chat.page_state import Chat, Live
from dualign.ui.chat.stream import Cell
from tests.replies import chat_reply

LIVE = ResampledPolicy(multipliers={"harmless": 0.75}, beta=0.5)
START = Comparison((ReferencePolicy(), LIVE))
HOSTILE = "```\n<script>alert(1)</script> ![x](http://192.0.2.1/a.png) =1+1"


def reply(text: str, policy: object = LIVE, **changes: object) -> Reply:
    told = chat_reply(
        text,
        n_tokens=4,
        prompt_tokens=9,
        seed=3,
        log_prob=-4.0,
        first_token_seconds=0.2,
        tokens_per_second=5.0,
    )
    scores = {"helpful": PlacedScore(value=0.5, percentile=62.0, basis="the reference's replies")}
    return replace(Reply(policy, told, scores), **changes)  # type: ignore[arg-type]


def talk(*messages: str) -> Conversation:
    told = Conversation()
    for message in messages:
        replies = (reply(f"a {message}", ReferencePolicy()), reply(f"b {message}"))
        told = told.add(Exchange(message, ChatSettings(), replies, signal=detect(message)))
    return told


def test_a_link_opens_the_same_comparison_and_holds_no_text() -> None:
    comparison = Comparison(
        (ReferencePolicy(), LIVE, AdapterPolicy(name="mine")),
        ChatSettings(seed=7, max_tokens=33, temperature=0.5),
        prompt_id=4,
        simple=True,
    )
    query = to_query(comparison)
    assert from_query(query, START, prompts=10) == (comparison, ())
    assert "message" not in query


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"col": ["nothing?x=1"]}, "no kind of policy"),
        ({"seed": ["nan"]}, "finite"),
        ({"tokens": ["100000"]}, "moved into"),
        ({"prompt": ["99999"]}, "no ready-made prompt"),
        ({"prompt": ["-1"]}, "no ready-made prompt"),
        ({"col": ["adapter?name=absent"]}, "not stored here"),
        ({"col": ["interpolated?w.absent=0.5"]}, "not stored here"),
    ],
)
def test_a_bad_link_is_repaired_with_a_sentence(query: dict[str, list[str]], word: str) -> None:
    comparison, notes = from_query(query, START, prompts=10, known=("mine",))
    assert comparison.prompt_id is None
    assert any(word in note for note in notes)
    assert comparison.policies == START.policies


def test_blind_needs_two_columns() -> None:
    alone = {"col": ["reference"], "blind": ["1"]}
    assert not from_query(alone, START, prompts=1)[0].blind
    assert from_query({"blind": ["1"]}, START, prompts=1)[0].blind
    three, notes = from_query({"col": ["reference"] * 3, "blind": ["1"]}, START, prompts=1)
    assert not three.blind
    assert any("two columns" in note for note in notes)


def test_each_column_remembers_its_own_replies() -> None:
    told = talk("one", "two").add(Exchange("three", ChatSettings()))
    turns = told.turns(1, 2)
    assert [turn.text for turn in turns] == ["one", "b one", "two", "b two", "three"]
    assert [turn.role for turn in turns] == ["user", "assistant"] * 2 + ["user"]
    failed = told.exchanges[0].replies[1]
    without = Conversation(
        (replace(told.exchanges[0], replies=(failed, Reply(LIVE, fault="no"))), *told.exchanges[1:])
    )
    assert [turn.text for turn in without.turns(1, 2)] == ["two", "b two", "three"]


def streaming_chat() -> tuple[Chat, Live]:
    """A chat whose first column has answered and whose second is half way."""
    chat = Chat(START)
    chat.send("Hello")
    ended = Cell(seed=3, text="Good day.", reply=reply("Good day.").reply)
    live = Live(dict(enumerate(START.policies)), {0: ended, 1: Cell(seed=3, text="Well, I")}, Event())
    chat.start(live)
    return chat, live


def test_a_stop_keeps_what_stands_though_the_run_that_streamed_ends_after_it() -> None:
    chat, live = streaming_chat()
    chat.stop()
    chat.finish(live)
    assert live.cancel.is_set()
    assert chat.waiting == ()
    answers = chat.conversation.exchanges[0].replies
    assert [answer.text for answer in answers] == ["Good day.", "Well, I"]
    assert [answer.reply.finish for answer in answers if answer.reply] == ["end", "stopped"]


def test_a_click_elsewhere_leaves_what_had_not_ended_to_the_next_run() -> None:
    chat, live = streaming_chat()
    chat.finish(live)
    assert chat.waiting == (1,)
    assert chat.conversation.exchanges[0].replies[0].text == "Good day."


def test_a_run_that_ends_late_writes_nothing_under_another_message() -> None:
    chat, live = streaming_chat()
    chat.resend(0, "Good evening")
    chat.finish(live)
    assert chat.conversation.exchanges[0].replies == ()
    assert chat.waiting == (0, 1)
    chat, live = streaming_chat()
    chat.send("And now?")
    chat.finish(live)
    assert [exchange.message for exchange in chat.conversation.exchanges] == ["Hello", "And now?"]
    assert [answer.text for answer in chat.conversation.exchanges[0].replies] == ["Good day.", "Well, I"]
    assert chat.conversation.exchanges[1].replies == ()


def test_another_policy_in_one_column_leaves_the_other_column_its_reply() -> None:
    chat, live = streaming_chat()
    chat.set_policy(0, AdapterPolicy(name="mine"))
    chat.finish(live)
    assert chat.waiting == (0, 1)
    chat, live = streaming_chat()
    chat.set_policy(1, AdapterPolicy(name="mine"))
    chat.finish(live)
    assert chat.waiting == (1,)
    assert chat.conversation.exchanges[0].replies[0].text == "Good day."


def test_a_signal_stands_for_the_rest_of_the_conversation() -> None:
    told = talk("I want to kill myself", "the weather is nice")
    assert told.signal is not None
    assert told.signal.kinds[0] == "suicide"
    assert talk("the weather is nice").signal is None


def test_columns_are_shuffled_fairly() -> None:
    rng = np.random.default_rng(0)
    first = sum(shuffled(START.policies, rng)[0] == LIVE for _ in range(2000))
    assert abs(first - 1000) < 4 * math.sqrt(500)


def test_the_tally_does_not_mind_the_side() -> None:
    settings = ChatSettings()
    left, right = (ReferencePolicy(), LIVE), (LIVE, ReferencePolicy())
    cast = [votes.vote(left, "second", settings, prompt_id=1, turns=1) for _ in range(3)]
    cast += [votes.vote(right, "first", settings, prompt_id=None, turns=2) for _ in range(5)]
    cast += [
        votes.vote(left, choice, settings, prompt_id=1, turns=1) for choice in ("first", "tie", "both_unsafe")
    ]
    (pair,) = votes.tally(cast)
    wins = {pair.a: pair.a_wins, pair.b: pair.b_wins}
    assert wins[votes.policy_id(LIVE)] == 8
    assert (pair.votes, pair.ties, pair.both_unsafe) == (11, 1, 1)
    assert pair.low < pair.share < pair.high


def test_wilson_against_its_published_example() -> None:
    # Newcombe (1998), table I, method 3: 81 of 263.
    low, high = votes.wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert votes.wilson(0, 0) == (0.0, 1.0)


def test_votes_hold_no_text_and_come_back() -> None:
    cast = votes.vote(START.policies, "tie", ChatSettings(seed=5), prompt_id=None, turns=1)
    content = json.loads(json.dumps(cast.content()))
    assert votes.read_vote(content) == cast
    assert votes.read_vote({**content, "choice": "maybe"}) is None
    assert votes.read_vote({"first": "a"}) is None
    assert set(content) == {"first", "second", "choice", "prompt_id", "turns", "settings"}


def test_the_latex_table_escapes_names() -> None:
    cast = [votes.vote(START.policies, "first", ChatSettings(), prompt_id=None, turns=1)]
    table = votes.to_latex(votes.tally(cast), {"reference": r"50%_\of λ* ≥ 1 & 語"})
    assert r"50\%\_\textbackslash{}of $\lambda$$^\ast$ $\geq$ 1 \& U+8A9E" in table
    assert table.count(r"\\") == 2


def test_exports_keep_texts_as_data() -> None:
    told = talk(HOSTILE)
    text = export.to_markdown(told, {}, {"samples": "demo"})
    inside = text.split("````text\n")[1].split("\n````")[0]
    assert inside == HOSTILE
    rows = [json.loads(line) for line in export.to_jsonl(told, {"samples": "demo"}).splitlines()]
    assert [row["reply"] for row in rows] == [f"a {HOSTILE}", f"b {HOSTILE}"]
    assert rows[1]["policy"].startswith("resampled?")
    assert rows[0]["percentiles"] == {"helpful": 62.0}


def test_a_kept_conversation_comes_back_expires_and_goes(temporary_store: Path) -> None:
    told = talk("hello", "I want to die")
    key = saved.save(told, START, days=7, now=1000.0)
    comparison, back = saved.open_saved(key, START, prompts=3, now=2000.0)
    assert comparison == START
    assert [e.message for e in back.exchanges] == ["hello", "I want to die"]
    assert back.exchanges[0].replies == told.exchanges[0].replies
    assert back.signal is not None
    assert (temporary_store / "conversations" / f"{key}.json").stat().st_mode & 0o077 == 0
    assert saved.list_saved(now=1000.0 + 8 * 86_400) == []
    assert not list((temporary_store / "conversations").iterdir())
    with pytest.raises(StoreError, match="deleted"):
        saved.open_saved(key, START, prompts=3, now=2000.0)


@pytest.mark.parametrize("key", ["../demo", "", "x" * 65, "a/b", "..", "a.json"])
def test_no_other_file_can_be_named(key: str) -> None:
    with pytest.raises(StoreError):
        saved.open_saved(key, START, prompts=3)
    saved.delete_saved(key)


def test_a_broken_file_is_left_out(temporary_store: Path) -> None:
    key = saved.save(talk("hello"), START, days=1)
    (temporary_store / "conversations" / "broken.json").write_text("{", "utf-8")
    assert [entry.id for entry in saved.list_saved()] == [key]
    saved.delete_all()
    assert not list((temporary_store / "conversations").iterdir())
