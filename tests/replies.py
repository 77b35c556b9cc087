"""Replies as a chat back end tells them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dualign.models.chat import ChatReply
from dualign.models.chat.requests import Finish


def chat_reply(text: str, *, finish: Finish = "end", seed: int = 0, **figures: Any) -> ChatReply:
    """A reply as a back end tells it; what is not given is what a server may leave out."""
    told = ChatReply(
        text=text,
        n_tokens=1,
        prompt_tokens=1,
        finish=finish,
        seed=seed,
        log_prob=None,
        seconds=1.0,
        first_token_seconds=None,
        tokens_per_second=None,
    )
    return replace(told, **figures)
