from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dualign.errors import InvalidInputError
from dualign.models.adapters import load_adapter
from dualign.models.chat import (
    AdapterPolicy,
    ChatEvent,
    ChatPolicy,
    ChatReply,
    ChatRequest,
    ChatSettings,
    InterpolatedPolicy,
    LocalChat,
    MixedPolicy,
    ReferencePolicy,
    ResampledPolicy,
    Turn,
)
from dualign.models.chat.columns import StreamedColumn
from dualign.models.chat.context import conversation_text
from dualign.models.chat.stored import StoredAdapter
from dualign.models.reference import Reference, load_reference
from dualign.models.sampling import SampleOptions, restrict

from .conftest import BETAS, Ask

Tokens = dict[str, list[int]]
Scores = Callable[[str, list[int]], torch.Tensor]
A, B = AdapterPolicy(name="a"), AdapterPolicy(name="b")
MIXED = MixedPolicy(reward="a", multipliers={"b": 0.6}, beta=0.15)
BETWEEN = InterpolatedPolicy(weights={"a": 0.3, "b": 0.7})
ALL: list[ChatPolicy] = [ReferencePolicy(), A, MIXED, B, BETWEEN, ResampledPolicy(candidates=5)]


def request(column: str, *texts: str, policy: ChatPolicy | None = None, **settings: float) -> ChatRequest:
    roles = ("user", "assistant")
    return ChatRequest(
        column=column,
        turns=tuple(Turn(roles[i % 2], text) for i, text in enumerate(texts)),  # type: ignore[arg-type]
        policy=policy or ReferencePolicy(),
        settings=ChatSettings(**{"max_tokens": 24, **settings}),  # type: ignore[arg-type]
    )


def reply_of(events: list[ChatEvent], column: str) -> ChatReply:
    return next(event.reply for event in events if event.column == column and event.reply)


@pytest.fixture(scope="session")
def merged(tiny_folder: Path, adapters: dict[str, StoredAdapter]) -> Scores:
    """Next-token log-probabilities under each model, its adapter merged the plain way."""
    references = {name: load_reference(tiny_folder, threads=1) for name in ("reference", "a", "b", "between")}
    for name in ("a", "b"):
        load_adapter(references[name].model, adapters[name].folder)
    with torch.no_grad():
        between = dict(references["between"].model.named_parameters())
        plain = dict(references["reference"].model.named_parameters())
        for name, weight in (("a", 0.3), ("b", 0.7)):
            for key, parameter in references[name].model.named_parameters():
                between[key] += weight * (parameter - plain[key])

    def log_probs(name: str, ids: list[int]) -> torch.Tensor:
        with torch.inference_mode():
            logits = references[name].model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
        return torch.log_softmax(logits.double(), dim=1)

    return log_probs


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Tokens:
    """Token ids of replies by column: a text does not tell which of the end tokens closed it."""
    found: dict[str, list[int]] = {}
    told = StreamedColumn.ended

    def ended(column: StreamedColumn, *, stopped: bool) -> None:
        found[column.request.column] = column.draws[0].tokens
        told(column, stopped=stopped)

    monkeypatch.setattr(StreamedColumn, "ended", ended)
    return found


def _log_prob(scores: torch.Tensor, prompt: list[int], tokens: list[int]) -> float:
    return float(sum(scores[len(prompt) - 1 + i, token] for i, token in enumerate(tokens)))


def test_the_reference_answers_as_it_is_sampled(ask: Ask, tiny_reference: Reference) -> None:
    for seed in range(6):
        reply = ask(ReferencePolicy(), seed=seed)["0"]
        drawn = next(
            tiny_reference.sample(["what now"], 1, seed=seed, options=SampleOptions(max_new_tokens=24))
        )[0]
        assert reply.text == drawn.text
        assert reply.n_tokens == drawn.n_tokens
        assert reply.finish == ("length" if drawn.truncated else "end")
        assert reply.log_prob == pytest.approx(drawn.log_prob, abs=1e-4)
        assert bool(reply.notes) == drawn.truncated


@pytest.mark.parametrize(
    ("policy", "shares"),
    [
        (A, {"a": 1.0}),
        (BETWEEN, {"between": 1.0}),
        (
            MIXED,
            {
                "a": BETAS["a"] / 0.15,
                "b": 0.6 * BETAS["b"] / 0.15,
                "reference": 1 - BETAS["a"] / 0.15 - 0.6 * BETAS["b"] / 0.15,
            },
        ),
        (MixedPolicy(reward="a", multipliers={"b": 0.0}), {"a": 1.0}),
    ],
)
def test_every_token_follows_the_policy_s_closed_form(
    ask: Ask,
    drawn: dict[str, list[int]],
    merged: Scores,
    tiny_reference: Reference,
    policy: ChatPolicy,
    shares: dict[str, float],
) -> None:
    prompt = tiny_reference.prompt_ids("what now")
    for seed in range(6):
        reply = ask(policy, seed=seed)["0"]
        ids = [*prompt, *drawn["0"]]
        mixed = torch.log_softmax(sum(share * merged(name, ids) for name, share in shares.items()), dim=1)
        assert reply.log_prob == pytest.approx(_log_prob(mixed, prompt, drawn["0"]), abs=2e-3)


def test_columns_answer_alike_alone_and_together(ask: Ask) -> None:
    for seed in range(4):
        together = ask(*ALL, seed=seed)
        for place, policy in enumerate(ALL):
            alone = ask(policy, seed=seed)["0"]
            beside = together[str(place)]
            assert (alone.text, alone.n_tokens, alone.finish) == (beside.text, beside.n_tokens, beside.finish)


def test_policies_differ_and_seeds_differ(ask: Ask) -> None:
    texts = {reply.text for reply in ask(*ALL, seed=1).values()}
    assert len(texts) > 3
    assert ask(A, seed=1)["0"].text != ask(A, seed=2)["0"].text


def test_temperature_and_nucleus_are_those_asked_for(
    ask: Ask, drawn: Tokens, merged: Scores, tiny_reference: Reference
) -> None:
    prompt = tiny_reference.prompt_ids("what now")
    reply = ask(ReferencePolicy(), A, seed=3, temperature=0.6, top_p=0.8)["0"]
    scores = merged("reference", [*prompt, *drawn["0"]])
    kept = torch.log_softmax(restrict(scores, SampleOptions(temperature=0.6, top_p=0.8)), dim=1)
    assert reply.log_prob == pytest.approx(_log_prob(kept, prompt, drawn["0"]), abs=1e-3)
    ask(ReferencePolicy(), temperature=0.0)
    scores = merged("reference", [*prompt, *drawn["0"]])
    assert drawn["0"] == scores[len(prompt) - 1 : -1].argmax(1).tolist()


def test_sessions_at_once_answer_as_one_by_one(chat: LocalChat, ask: Ask) -> None:
    alone = [ask(ALL[i % 5], seed=i)["0"].text for i in range(12)]
    found: dict[int, str] = {}

    def session(i: int) -> None:
        events = list(chat.stream([request("c", "what now", policy=ALL[i % 5], seed=i)]))
        found[i] = reply_of(events, "c").text

    threads = [threading.Thread(target=session, args=(i,)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(12)] == alone


def test_stopping_keeps_the_text_so_far(chat: LocalChat) -> None:
    cancel = threading.Event()
    events = []
    slow = [request(c, "what now", temperature=5.0, max_tokens=100, seed=s) for c, s in (("x", 4), ("y", 1))]
    for event in chat.stream([*slow, request("z", "what now", policy=ResampledPolicy())], cancel=cancel):
        events.append(event)
        if sum(e.kind == "delta" for e in events) == 3:
            cancel.set()
    replies = [reply_of(events, c) for c in "xyz"]
    stopped = [reply for reply in replies if reply.finish == "stopped"]
    assert stopped
    for column, reply in zip("xyz", replies, strict=True):
        assert reply.text == "".join(e.text for e in events if e.kind == "delta" and e.column == column)
    assert not chat.worker()._running


def test_leaving_the_iteration_stops_the_columns(chat: LocalChat) -> None:
    events = chat.stream([request("x", "what now", temperature=5.0, max_tokens=100)])
    assert next(events).kind == "started"
    events.close()
    deadline = time.monotonic() + 20
    while chat.worker()._running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not chat.worker()._running


def test_a_long_conversation_loses_its_oldest_turns_and_says_so(chat: LocalChat) -> None:
    texts = [letter * 20 for letter in "abcdefg"]
    events = list(chat.stream([request("x", *texts)]))
    (note,) = reply_of(events, "x").notes[:1]
    assert note.startswith("The 4 oldest of 7 messages were left out: the model reads at most 128 tokens")
    assert events[0].notes == (note,)
    short = list(chat.stream([request("x", *texts[4:])]))
    assert reply_of(short, "x").text == reply_of(events, "x").text


@pytest.mark.parametrize("size", [105, 10**6])
def test_a_message_that_cannot_be_read_is_refused_in_a_sentence(chat: LocalChat, size: int) -> None:
    events = list(chat.stream([request("x", "a" * size), request("y", "hi")]))
    failed = next(event.text for event in events if event.kind == "failed")
    assert failed.startswith("The message has ")
    assert "at most 104 tokens" in failed
    assert reply_of(events, "y").text


def test_a_hopeless_message_is_refused_without_loading_a_model() -> None:
    backend = LocalChat("no such model")
    (event,) = backend.stream([request("x", "a" * 10**6)])
    assert event.text.startswith("The message has 1,000,000 characters")
    assert not backend.loaded


def test_a_remembered_beginning_changes_nothing(chat: LocalChat) -> None:
    texts = ("a" * 40, "b" * 30, "why")
    chat.forget()
    policies = (ReferencePolicy(), A)
    first = [reply_of(list(chat.stream([request("x", *texts, policy=p)])), "x") for p in policies]
    assert len(chat.worker().prefixes._blocks) == 2
    again = [reply_of(list(chat.stream([request("x", *texts, policy=p)])), "x") for p in policies]
    assert [(r.text, r.log_prob) for r in first] == [(r.text, r.log_prob) for r in again]
    chat.forget()
    list(chat.stream([request("x", "hi")]))
    assert not chat.worker().prefixes._blocks


def test_one_column_s_fault_leaves_the_others(tiny_folder: Path, adapters: dict[str, StoredAdapter]) -> None:
    def find(name: str) -> StoredAdapter:
        if name == "broken":
            raise RuntimeError("typed text")
        if name == "other":
            return StoredAdapter(name=name, folder=adapters["a"].folder, reference_sha256="0" * 64)
        return adapters[name]

    backend = LocalChat(str(tiny_folder), dtype="float32", threads=1, find=find)
    backend.worker().reference.spec.__dict__["sha256"] = "1" * 64
    policies = {"x": ReferencePolicy(), "y": AdapterPolicy(name="broken"), "z": AdapterPolicy(name="other")}
    try:
        events = list(backend.stream([request(c, "what now", policy=p) for c, p in policies.items()]))
    finally:
        backend.close()
    failed = {event.column: event.text for event in events if event.kind == "failed"}
    assert set(failed) == {"y", "z"}
    assert "RuntimeError" in failed["y"]
    assert "typed text" not in failed["y"]
    assert "another reference" in failed["z"]
    assert reply_of(events, "x").text


def test_a_conversation_is_put_as_the_template_says(tiny_reference: Reference) -> None:
    tokenizer, spec = tiny_reference.tokenizer, tiny_reference.spec
    one = conversation_text(tokenizer, spec, [Turn("user", "hi")])
    assert one == tiny_reference.chat_text("hi")
    several = [Turn("user", "hi"), Turn("assistant", "yes"), Turn("user", "no<end>go")]
    assert (
        conversation_text(tokenizer, spec, several, "be kind") == "be kind<end>hi<end>yes<end>no< end>go<end>"
    )


@pytest.mark.parametrize(
    ("turns", "named"),
    [
        ((), "must end with a message of the user"),
        ((Turn("user", "a"), Turn("assistant", "b")), "must end with a message of the user"),
        ((Turn("user", "  "),), "empty"),
    ],
)
def test_what_is_no_conversation_is_refused(chat: LocalChat, turns: tuple[Turn, ...], named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        chat.stream([ChatRequest(column="x", turns=turns)])


def test_columns_are_named_and_few(chat: LocalChat) -> None:
    with pytest.raises(InvalidInputError, match="different names"):
        chat.stream([request("x", "a"), request("x", "a")])
    with pytest.raises(InvalidInputError, match="1 to 8"):
        chat.stream([request(str(i), "a") for i in range(9)])


@pytest.mark.parametrize(
    "given",
    [
        {"temperature": -1},
        {"temperature": float("nan")},
        {"top_p": 0},
        {"max_tokens": 513},
        {"max_tokens": 0},
    ],
)
def test_settings_out_of_range_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(given))):
        ChatSettings(**given)  # type: ignore[arg-type]
