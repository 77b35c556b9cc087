from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from dualign.models.chat import ChatPolicy, ChatReply, ChatRequest, ChatSettings, LocalChat, Turn
from dualign.models.chat.stored import StoredAdapter

from .. import tiny

Ask = Callable[..., dict[str, ChatReply]]
BETAS = {"a": 0.2, "b": 0.1}


class LetterScorers:
    """Scores that need no model: how many vowels, how few letters."""

    calls = 0

    def score(self, prompt: str, responses: Sequence[str], names: Sequence[str]) -> dict[str, np.ndarray]:
        self.calls += 1
        helpful = np.array([sum(c in "aeiou" for c in text) / 4 for text in responses])
        harmless = np.array([-len(text) / 10 for text in responses])
        return {"helpful": helpful, "harmless": harmless}


@pytest.fixture(scope="session")
def adapters(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> dict[str, StoredAdapter]:
    root = tmp_path_factory.mktemp("policies")
    return {
        name: StoredAdapter(
            name=name, folder=tiny.add_adapter(root / name, tiny_folder, seed=place + 5), beta=BETAS[name]
        )
        for place, name in enumerate(BETAS)
    }


@pytest.fixture(scope="session")
def chat(tiny_folder: Path, adapters: dict[str, StoredAdapter]) -> Iterator[LocalChat]:
    backend = LocalChat(
        str(tiny_folder), dtype="float32", threads=1, context_tokens=128, find=adapters.__getitem__
    )
    backend.worker().scorers = LetterScorers()
    yield backend
    backend.close()


@pytest.fixture
def ask(chat: LocalChat) -> Ask:
    """Replies of policies, side by side, to one message; columns are numbered."""

    def replies(*policies: ChatPolicy, text: str = "what now", **settings: float) -> dict[str, ChatReply]:
        given = ChatSettings(**{"max_tokens": 24, **settings})  # type: ignore[arg-type]
        requests = [
            ChatRequest(column=str(i), turns=(Turn("user", text),), policy=policy, settings=given)
            for i, policy in enumerate(policies)
        ]
        events = list(chat.stream(requests))
        assert not [event.text for event in events if event.kind == "failed"]
        for i in range(len(policies)):
            told = "".join(e.text for e in events if e.kind == "delta" and e.column == str(i))
            assert told == next(e.reply.text for e in events if e.reply and e.column == str(i))
        return {event.column: event.reply for event in events if event.reply}

    return replies
