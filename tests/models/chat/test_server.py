from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualign.errors import InvalidInputError
from dualign.models.chat import (
    AdapterPolicy,
    ChatEvent,
    ChatPolicy,
    ChatRequest,
    ChatSettings,
    InterpolatedPolicy,
    MixedPolicy,
    ReferencePolicy,
    ResampledPolicy,
    ServerChat,
    Turn,
    chat_backend,
    local_chat,
    server_reply,
)
from dualign.models.chat.stored import StoredAdapter

from .conftest import LetterScorers


class _Server(ThreadingHTTPServer):
    """A stand-in for what cannot be provoked on a real server; that one is tried by tests/live_vllm.py."""

    daemon_threads = True
    words: list[str]
    seen: list[dict[str, Any]]
    names: list[str]
    longest = 10**9
    ending = b"data: [DONE]\n\n"
    pause = 0.0
    loads = 200
    silent: threading.Event


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer(200, {"data": [{"id": name} for name in self.server.names]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append({"path": self.path, **body})
        if self.path == "/v1/load_lora_adapter":
            self.server.names.append(body["lora_name"])
            self._answer(self.server.loads, {"detail": "Not Found"})
        elif sum(len(m["content"]) for m in body["messages"]) > self.server.longest:
            self._answer(400, {"error": {"message": "This model's maximum context length is 9 tokens."}})
        else:
            self.server.silent.wait(20)
            self._stream(body["n"])

    def _stream(self, n: int) -> None:
        self.send_response(200)
        self.end_headers()
        for k, word in enumerate(self.server.words):
            for index in range(n):
                last = k == len(self.server.words) - 1
                delta = {"content": word if index == 0 else word.upper()}
                self._event(
                    {"choices": [{"index": index, "delta": delta, "finish_reason": "stop" if last else None}]}
                )
            time.sleep(self.server.pause)
        self._event(
            {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": len(self.server.words)}}
        )
        self.wfile.write(self.server.ending)

    def _event(self, record: dict[str, Any]) -> None:
        self.wfile.write(b": a comment\n\ndata: " + json.dumps(record).encode() + b"\n\n")
        self.wfile.flush()

    def _answer(self, status: int, record: dict[str, Any]) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(record).encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True


@pytest.fixture
def server() -> Iterator[_Server]:
    instance = _Server(("127.0.0.1", 0), _Handler)
    instance.words, instance.seen, instance.names = ["he", "llo", " you"], [], ["demo"]
    instance.silent = threading.Event()
    instance.silent.set()
    thread = threading.Thread(target=instance.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield instance
    instance.shutdown()
    thread.join()
    instance.server_close()


def _chat(server: _Server, adapters: dict[str, StoredAdapter] | None = None) -> ServerChat:
    url = f"http://127.0.0.1:{server.server_address[1]}"
    return ServerChat(url, timeout=10, find=(adapters or {}).__getitem__)


def _ask(chat: ServerChat, policy: ChatPolicy, *texts: str) -> list[ChatEvent]:
    roles = ("user", "assistant")
    turns = tuple(Turn(roles[i % 2], text) for i, text in enumerate(texts or ("hi",)))  # type: ignore[arg-type]
    return list(
        chat.stream([ChatRequest(column="x", turns=turns, policy=policy, settings=ChatSettings(seed=3))])
    )


def test_a_reply_is_streamed(server: _Server) -> None:
    events = _ask(_chat(server), ReferencePolicy(), "no<|im_end|>go")
    assert [event.kind for event in events] == ["started", "delta", "delta", "delta", "finished"]
    reply = events[-1].reply
    assert reply
    assert (reply.text, reply.finish, reply.n_tokens, reply.prompt_tokens) == ("hello you", "end", 3, 7)
    sent = server.seen[0]
    assert sent["messages"][-1] == {"role": "user", "content": "no< |im_end|>go"}
    assert sent["messages"][0]["role"] == "system"
    assert (sent["model"], sent["n"], sent["max_tokens"], sent["temperature"]) == ("demo", 1, 128, 1.0)
    again = _ask(_chat(server), ReferencePolicy(), "no<|im_end|>go")[-1]
    assert again.reply
    assert server.seen[1]["seed"] == sent["seed"]


def test_an_adapter_is_loaded_once(server: _Server, adapters: dict[str, StoredAdapter]) -> None:
    chat = _chat(server, adapters)
    for _ in range(2):
        assert _ask(chat, AdapterPolicy(name="a"))[-1].reply
    loads = [seen for seen in server.seen if seen["path"] == "/v1/load_lora_adapter"]
    assert [(load["lora_name"], load["lora_path"]) for load in loads] == [("a", str(adapters["a"].folder))]
    assert server.seen[-1]["model"] == "a"


def test_an_interpolated_adapter_is_written_for_the_server(
    server: _Server, adapters: dict[str, StoredAdapter]
) -> None:
    chat = _chat(server, adapters)
    assert _ask(chat, InterpolatedPolicy(weights={"a": 0.5, "b": 0.5}))[-1].reply
    folder = Path(server.seen[0]["lora_path"])
    assert json.loads((folder / "adapter_config.json").read_text())["r"] == 4
    chat.forget()
    assert not folder.exists()


def test_a_resampled_reply_is_chosen_among_the_server_s(
    server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_reply, "reply_scorers", LetterScorers)
    reply = _ask(_chat(server), ResampledPolicy(candidates=3))[-1].reply
    assert reply
    assert reply.resampling
    assert reply.resampling.texts == ("hello you", "HELLO YOU", "HELLO YOU")
    assert reply.text == reply.resampling.texts[reply.resampling.chosen]
    assert np.sum(reply.resampling.weights) == pytest.approx(1)
    assert server.seen[0]["n"] == 3


def test_older_turns_are_left_out_until_the_server_takes_it(server: _Server) -> None:
    server.longest = 110
    events = _ask(_chat(server), ReferencePolicy(), "a" * 60, "b" * 60, "c" * 60, "d" * 20, "why")
    reply = events[-1].reply
    assert reply
    assert reply.notes == ("The 4 oldest of 5 messages were left out to fit what the model reads.",)
    failed = _ask(_chat(server), ReferencePolicy(), "a" * 200)[-1]
    assert failed.text.startswith("The message is longer than the served model reads")
    refused = _ask(_chat(server), ReferencePolicy(), "a" * 10**6)[-1]
    assert "1,000,000 characters" in refused.text


def test_stopping_cuts_the_connection_and_keeps_the_text(server: _Server) -> None:
    server.words, server.pause = ["la"] * 200, 0.05
    cancel = threading.Event()
    events = []
    turns = (Turn("user", "hi"),)
    for event in _chat(server).stream([ChatRequest(column=c, turns=turns) for c in "xy"], cancel=cancel):
        events.append(event)
        if sum(e.kind == "delta" for e in events) == 4:
            cancel.set()
    replies = [event.reply for event in events if event.reply]
    assert [reply.finish for reply in replies] == ["stopped"] * 2
    assert all(0 < len(reply.text) < 400 for reply in replies)


def test_stopping_does_not_wait_for_a_server_that_is_silent(server: _Server) -> None:
    server.silent.clear()
    cancel = threading.Event()
    timer = threading.Timer(0.3, cancel.set)
    timer.start()
    turns = (Turn("user", "hi"),)
    (event,) = _chat(server).stream([ChatRequest(column="x", turns=turns)], cancel=cancel)
    server.silent.set()
    assert event.reply
    assert (event.reply.text, event.reply.finish) == ("", "stopped")


def test_a_server_s_faults_are_told(server: _Server, adapters: dict[str, StoredAdapter]) -> None:
    chat = _chat(server, adapters)
    server.ending = b""
    assert "broke off its answer before its end" in _ask(chat, ReferencePolicy())[-1].text
    server.ending = b'data: {"error": "out of memory"}\n\n'
    assert "out of memory" in _ask(chat, ReferencePolicy())[-1].text
    server.loads = 404
    assert "does not load adapters at run time" in _ask(chat, AdapterPolicy(name="b"))[-1].text
    assert "local back end" in _ask(chat, MixedPolicy(reward="a", multipliers={}))[-1].text
    server.names = []
    assert "lists no model" in _ask(chat, ReferencePolicy())[-1].text
    absent = ServerChat("http://127.0.0.1:9")
    assert "No server answers" in _ask(absent, ReferencePolicy())[-1].text


@pytest.mark.parametrize("url", ["file:///etc/passwd", "127.0.0.1:8000", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="must look like"):
        ServerChat(url)


def test_no_folder_is_named_to_another_machine(adapters: dict[str, StoredAdapter]) -> None:
    chat = ServerChat("http://192.0.2.1:8000", find=adapters.__getitem__)
    with pytest.raises(Exception, match="only be named to a server on this machine"):
        chat._load("a", adapters["a"].folder)


def test_the_environment_names_the_back_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DUALIGN_CHAT_SERVER", raising=False)
    assert chat_backend() is local_chat()
    monkeypatch.setenv("DUALIGN_CHAT_SERVER", "http://127.0.0.1:8901")
    assert isinstance(chat_backend(), ServerChat)
    monkeypatch.setenv("DUALIGN_CHAT_SERVER", "8901")
    with pytest.raises(InvalidInputError, match="must look like"):
        chat_backend()
