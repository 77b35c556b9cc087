"""The parts of the chat page that know no Streamlit: links, conversations, votes, exports, kept conversations."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pyarrow as pa
import pytest

from dualign.errors import StoreError
from dualign.evaluation import policies
from dualign.models.chat import (
    AdapterPolicy,
    ChatReply,
    ChatSettings,
    InterpolatedPolicy,
    MixedPolicy,
    PlacedScore,
    ReferencePolicy,
    ResampledPolicy,
)
from dualign.models.crisis import detect
from dualign.models.policies import PolicySpec
from dualign.samples import Store
from dualign.ui.chat import catalogue, export, landscape, saved, spots, votes
from dualign.ui.chat.comparison import Comparison, from_query, to_query
from dualign.ui.chat.conversation import Conversation, Exchange, Reply, shuffled
from dualign.ui.chat.page_state import Chat, Live
from dualign.ui.chat.stream import Cell
from tests.app.conftest import make_set

LIVE = ResampledPolicy(multipliers={"harmless": 0.75}, beta=0.5)
START = Comparison((ReferencePolicy(), LIVE))
HOSTILE = "```\n<script>alert(1)</script> ![x](http://192.0.2.1/a.png) =1+1"


def reply(text: str, policy: object = LIVE, **changes: object) -> Reply:
    told = ChatReply(
        text=text,
        n_tokens=4,
        prompt_tokens=9,
        finish="end",
        seed=3,
        log_prob=-4.0,
        seconds=1.0,
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


def test_the_landscape_ranks_and_tells_policies_apart() -> None:
    sample_set = make_set("plain")
    land = landscape.build(sample_set, reward="helpful", utility="harmless", beta=1.0, best=0.8, top=3.0)
    reference, careful = land.spot(None), land.spot(2.0)
    assert reference.utility_rank == pytest.approx(50.0, abs=0.01)
    assert careful.utility > reference.utility
    assert careful.utility_rank > 60
    apart = land.differences(ReferencePolicy(), LIVE, {})
    assert apart.shape == (sample_set.n_prompts,)
    assert np.all((apart >= 0) & (apart <= 1))
    assert np.allclose(land.differences(LIVE, LIVE, {}), 0)
    assert land.rank("helpful", 1e9) == 100.0


def policy_spec(**metrics: object) -> PolicySpec:
    return PolicySpec(
        name="mine",
        title="Mine",
        method="mocan",
        reference="demo",
        reference_sha256="",
        samples="plain",
        samples_hash="",
        beta=1.0,
        multipliers={"harmless": 1.0},
        sha256="0" * 64,
        metrics=metrics,
    )


def test_what_is_given_up_is_counted_from_the_same_kind() -> None:
    land = landscape.build(
        make_set("plain"), reward="helpful", utility="harmless", beta=1.0, best=0.8, top=3.0
    )
    best = ResampledPolicy(multipliers={"harmless": 1.0}, beta=1.0, candidates=8, best=True)
    free, spot = spots.most_helpful(best, land), spots.spot_of(best, land, {})
    assert free.reward_rank > land.resampled(0.0, 8).reward_rank
    told = spots.gives_up(spot, land.spot(None), free, land, simple=True)
    assert f"gives up {free.reward_rank - spot.reward_rank:.0f} places of helpfulness" in told


def test_a_choice_among_few_replies_reaches_less_than_the_exact_policy() -> None:
    sample_set = make_set("plain")
    land = landscape.build(sample_set, reward="helpful", utility="harmless", beta=1.0, best=0.8, top=3.0)
    exact = land.spot(2.0)
    found = [land.resampled(2.0, candidates) for candidates in (1, 2, 4, 64)]
    assert found[0].utility == pytest.approx(land.spot(None).utility, abs=0.15)
    assert [spot.utility for spot in found] == sorted(spot.utility for spot in found)
    assert found[-1].utility == pytest.approx(exact.utility)
    assert found[-1].utility_rank == pytest.approx(exact.utility_rank)
    best = land.resampled(0.0, 64, best=True)
    assert best.reward == pytest.approx(np.nanmax(land.scores("helpful"), axis=1).mean())
    assert land.resampled(0.0, 4, best=True).reward < best.reward


def test_what_was_not_measured_has_no_figures(temporary_store: Path) -> None:
    sample_set = make_set("plain")
    Store().save(sample_set)
    land = landscape.build(sample_set, reward="helpful", utility="harmless", beta=1.0, best=0.8, top=3.0)
    reference = land.spot(None)
    specs = {"one": measured_spec("one", 0.2), "two": measured_spec("two", 0.6), "new": policy_spec()}

    def at(weights: dict[str, float]) -> landscape.Spot:
        return spots.spot_of(InterpolatedPolicy(weights=weights), land, specs)

    # An end of the way is the policy that stands there.
    assert at({"one": 0.0, "two": 1.0}) == spots.spot_of(AdapterPolicy(name="two"), land, specs)
    middle = at({"one": 0.5, "two": 0.5})
    assert middle.basis == "between"
    assert middle.utility - reference.utility == pytest.approx(0.4)
    assert at({"one": 0.5}).utility - reference.utility == pytest.approx(0.1)
    for unknown in ({"one": -0.5, "two": 1.5}, {"one": 0.5, "new": 0.5}, {"one": 0.5, "absent": 0.5}):
        assert not at(unknown).known
    mixed = spots.spot_of(MixedPolicy(reward="one", multipliers={"two": 1.0}), land, specs)
    assert not mixed.known
    # A link may name a mixture with nothing to price.
    bare = MixedPolicy(reward="one", multipliers={})
    assert catalogue.lam_of(bare) is None
    assert catalogue.with_lam(bare, 1.0) == bare
    assert catalogue.title(bare, land, specs, simple=False)
    for simple in (True, False):
        assert "measured" in spots.gives_up(mixed, reference, reference, land, simple=simple)
        assert "nan" not in spots.gives_up(mixed, reference, reference, land, simple=simple)


def measured_spec(name: str, gain: float) -> PolicySpec:
    record = {
        "reward_gain": -0.1,
        "reward_gain_error": 0.02,
        "utility_gains": {"harmless": gain},
        "utility_gains_error": {"harmless": 0.03},
        "kl": 0.4,
        "n_prompts": 5,
    }
    return replace(policy_spec(held_out_off_policy=record), name=name)


def test_plain_names_of_trained_policies() -> None:
    asked = replace(policy_spec(), thresholds={"harmless": 0.25}, title="MoCAN, harmless ≥ 0.25 (lam 0.784)")
    named = [
        asked,
        replace(asked, method="mocaid"),
        replace(asked, method="pecan"),
        replace(policy_spec(), reward="", multipliers={"harmless": 2.0}),
        replace(policy_spec(), reward="helpful", multipliers={"harmless": 0.0}),
    ]
    titles = [catalogue.option_title(catalogue.Option("adapter", "x"), {"x": s}, simple=True) for s in named]
    assert titles == [
        "Trained to be more careful by 0.25",
        "Trained in rounds to be more careful by 0.25",
        "Trained from two others to be more careful by 0.25",
        "Trained to be careful alone",
        "Trained to be helpful alone",
    ]


def test_a_trained_policy_sits_where_it_was_measured(temporary_store: Path) -> None:
    sample_set = make_set("plain")
    Store().save(sample_set)
    land = landscape.build(sample_set, reward="helpful", utility="harmless", beta=1.0, best=0.8, top=3.0)
    reference, policy = land.spot(None), AdapterPolicy(name="mine")
    assert spots.spot_of(policy, land, {"mine": policy_spec()}).basis == "predicted"
    record = {
        "reward_gain": -0.25,
        "reward_gain_error": 0.02,
        "utility_gains": {"harmless": 0.5},
        "utility_gains_error": {"harmless": 0.03},
        "kl": 0.4,
        "n_prompts": 5,
    }
    spec = policy_spec(held_out_off_policy=record)
    spot = spots.spot_of(policy, land, {"mine": spec})
    assert spot.basis == "measured"
    assert (spot.reward, spot.utility) == pytest.approx((reference.reward - 0.25, reference.utility + 0.5))
    assert spot.utility_rank > 55 > 45 > spot.reward_rank
    # Its gain in one reward is none in another.
    other = landscape.build(sample_set, reward="humor", utility="harmless", beta=1.0, best=0.8, top=3.0)
    assert spots.spot_of(policy, other, {"mine": spec}).basis == "predicted"
    asked = land.prompts[3:5]
    rows = [place for place in range(len(land.prompts)) if land.prompts[place] in asked]
    table = pa.table(
        {
            **{name: pa.array([0] * 4).cast(kind) for name, kind in policies.COLUMNS.items()},
            "prompt": [prompt for prompt in asked for _ in range(2)],
            "helpful": [1.0, 2.0, 3.0, 4.0],
            "harmless": [0.0, 0.0, 1.0, 1.0],
        }
    )
    told = policies.EvaluationRecord(
        policy="mine",
        samples="plain",
        samples_hash="",
        scores=("helpful", "harmless"),
        policy_sha256=spec.sha256,
    )
    policies.write_evaluation(told, table)
    own = spots.spot_of(policy, land, {"mine": spec})
    assert own.reward - reference.reward == pytest.approx(2.5 - np.nanmean(land.scores("helpful")[rows]))
    assert own.utility - reference.utility == pytest.approx(0.5 - np.nanmean(land.scores("harmless")[rows]))
    replies, before = np.array([0.0, 0.0, 1.0, 1.0]), land.scores("harmless")[rows]
    moved = np.mean(land.ranks("harmless", replies)) - np.mean(land.ranks("harmless", before))
    assert own.utility_rank - reference.utility_rank == pytest.approx(moved)
    again = replace(spec, sha256="1" * 64)
    assert spots.spot_of(policy, land, {"mine": again}) == spot
