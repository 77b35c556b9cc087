"""Asking the policies: the placeholders are filled as text comes, and what stands is kept however the run ends."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from dualign.models.chat import ChatBackend, LocalChat, chat_backend
from dualign.models.default import WHEEL_VARIABLE, default_model_state
from dualign.ui.chat import columns, scoring
from dualign.ui.chat.conversation import Reply
from dualign.ui.chat.landscape import Landscape
from dualign.ui.chat.page_state import Chat, Live
from dualign.ui.chat.stream import Cell, streaming

_PATIENCE = 6.0  # seconds


def backend() -> ChatBackend:
    """Where replies come from."""
    return chat_backend()


def missing() -> str:
    """A sentence when the model would have to be fetched first, which only the user may ask for; else ""."""
    elsewhere = not isinstance(backend(), LocalChat)
    if elsewhere or default_model_state().present or os.environ.get(WHEEL_VARIABLE):
        return ""
    return (
        "The model is not on this machine. Fetch it with 'dualign models fetch', then send the message again."
    )


def answer(chat: Chat, places: Mapping[int, Any]) -> None:
    """Stream the replies that the chat waits for into ``places`` (one empty element a column), then score them."""
    waiting = [k for k in chat.waiting if k < len(chat.shown)]
    lacking = missing()
    if lacking or not waiting:
        chat.settle({k: Reply(chat.shown[k], None, None, lacking) for k in waiting})
        return
    source = backend()
    asked = chat.conversation.requests(chat.shown, chat.comparison.settings)
    shown: dict[int, str] = {}

    def draw(now: list[Cell]) -> None:
        for k, cell in zip(waiting, now, strict=True):
            text = columns.TOGETHER if chat.hidden else cell.fault or cell.text or _words(cell)
            place = places.get(k)
            if place is not None and shown.get(k) != text:
                shown[k] = text
                place.text(text, width="stretch")
        # A drawing call is where Streamlit may end the run; without a change there would be none.
        pulse.empty()

    pulse = st.empty()
    with streaming(source, [asked[k] for k in waiting]) as stream:
        live = Live(
            {k: chat.shown[k] for k in waiting}, dict(zip(waiting, stream.cells, strict=True)), stream.cancel
        )
        chat.start(live)
        try:
            if not getattr(source, "loaded", True):
                for cell in stream.cells:
                    cell.words = "Loading the model, once for all: some twenty seconds."
            stream.run(draw)
        finally:
            # A click elsewhere ends this run too: its next asks again and, by the seed, gets the same reply. The stop
            # button, a new message or another policy may have settled the replies before this.
            chat.finish(live)


def _words(cell: Cell) -> str:
    waited = time.monotonic() - cell.started
    return "Still waiting for the model to begin." if cell.words == "…" and waited > _PATIENCE else cell.words


def score(chat: Chat, land: Landscape) -> bool:
    """Score what has no scores yet; whether anything changed."""
    before = chat.conversation
    if not before.exchanges or not scoring.waits(before.exchanges[-1]):
        return False
    with st.spinner("Scoring the replies"):
        found = scoring.scored(before, land)
    with chat.lock:
        # A click may have changed the conversation meanwhile: its own run scores what stands there now.
        if chat.conversation is before:
            chat.conversation = found
    return True


def keep_unscored(chat: Chat) -> None:
    """Give up on scores that cannot be had, so that the page does not ask again and again."""
    exchange = chat.conversation.exchanges[-1]
    replies = tuple(r if r.scores is not None else replace(r, scores={}) for r in exchange.replies)
    chat.conversation = chat.conversation.with_last(replace(exchange, replies=replies))
