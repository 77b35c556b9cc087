"""A conversation to take away: Markdown for reading, JSON Lines for machines, both with their provenance."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import dualign
from dualign.models.chat import PlacedScore
from dualign.ui.chat.conversation import Conversation, Exchange, Reply, describe


def to_markdown(conversation: Conversation, names: Mapping[str, str], provenance: Mapping[str, str]) -> str:
    """The conversation as Markdown; texts stand in fences that nothing in them can close.

    Parameters
    ----------
    names
        Titles of policies by their id.
    provenance
        What the replies depend on besides policy and seed: reference, sample set, their checksums.
    """
    lines = ["# Replies of several policies", ""]
    lines += [
        "Written by a small language model for the study of a trade-off. It is not therapy and not advice. In a "
        "crisis: 988 (US), 116 123 (Samaritans, UK and Ireland), findahelpline.com elsewhere.",
        "",
    ]
    lines += [f"- {key}: {value}" for key, value in {"dualign": dualign.__version__, **provenance}.items()]
    for number, exchange in enumerate(conversation.exchanges, start=1):
        lines += ["", f"## {number}. Message", "", fenced(exchange.message)]
        for reply in exchange.replies:
            title = names.get(describe(reply.policy), describe(reply.policy))
            lines += ["", f"### {_line(title)}", "", fenced(reply.text or reply.fault or "(no reply)")]
            lines += ["", f"`{describe(reply.policy)}` · {_facts(exchange, reply)}"]
    return "\n".join(lines) + "\n"


def to_jsonl(conversation: Conversation, provenance: Mapping[str, str]) -> str:
    """One line a reply: message, policy, text, scores, seed, settings, and what the reply depends on."""
    rows = []
    for number, exchange in enumerate(conversation.exchanges, start=1):
        for reply in exchange.replies:
            rows.append(row(number, exchange, reply) | {"dualign": dualign.__version__, **provenance})
    return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in rows)


def row(number: int, exchange: Exchange, reply: Reply) -> dict[str, Any]:
    """A reply in plain values."""
    told = reply.reply
    settings = exchange.settings
    return {
        "exchange": number,
        "message": exchange.message,
        "prompt_id": exchange.prompt_id,
        "policy": describe(reply.policy),
        "reply": reply.text,
        "fault": reply.fault or None,
        "finish": told.finish if told else None,
        "tokens": told.n_tokens if told else None,
        "tokens_per_second": told.tokens_per_second if told else None,
        "log_prob": told.log_prob if told else None,
        "effective_sample_size": told.resampling.effective_sample_size if told and told.resampling else None,
        "scores": {name: placed.value for name, placed in (reply.scores or {}).items()},
        "percentiles": {name: placed.percentile for name, placed in (reply.scores or {}).items()},
        "seed": told.seed if told else settings.seed,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_tokens": settings.max_tokens,
        "crisis": list(exchange.signal.kinds) if exchange.signal else [],
    }


def _facts(exchange: Exchange, reply: Reply) -> str:
    parts = [_score(name, placed) for name, placed in (reply.scores or {}).items()]
    if reply.reply:
        parts += [f"{reply.reply.n_tokens} tokens", f"seed {reply.reply.seed}", reply.reply.finish]
    return " · ".join(parts)


def _score(name: str, placed: PlacedScore) -> str:
    place = "" if placed.percentile is None else f" ({placed.percentile:.0f} of 100 of {placed.basis})"
    return f"{name} {placed.value:.2f}{place}"


def fenced(text: str) -> str:
    """Text in a Markdown fence that nothing in it can close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _line(text: str) -> str:
    return " ".join(text.split())[:120]
