"""A conversation as the model reads it, within the number of tokens that it can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dualign.errors import InvalidInputError
from dualign.models.adapters import ReferenceSpec
from dualign.models.chat.requests import ChatSettings, Turn

# A tokenizer packs at most about this many characters of prose into a token; what is longer is refused unread.
_CHARACTERS_PER_TOKEN = 12


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """Token ids of a conversation, the text that its random numbers belong to, and what was left out."""

    ids: tuple[int, ...]
    key: str
    notes: tuple[str, ...] = ()


def conversation_text(
    tokenizer: Any, spec: ReferenceSpec, turns: Sequence[Turn], system_prompt: str | None = None
) -> str:
    """A conversation as the model reads it: system prompt, turns, opening of the reply.

    Parameters
    ----------
    system_prompt : str, optional
        The reference's own by default; an empty one leaves it to the template.
    """
    if getattr(tokenizer, "chat_template", None) is None:
        return "\n\n".join(turn.text for turn in turns)
    marks = tuple(tokenizer.all_special_tokens)
    messages = [{"role": turn.role, "content": plain_text(turn.text, marks)} for turn in turns]
    system = spec.system_prompt if system_prompt is None else system_prompt
    if system:
        messages.insert(0, {"role": "system", "content": plain_text(system, marks)})
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))


def plain_text(text: str, marks: tuple[str, ...]) -> str:
    """Text in which no control token stands: a typed one would end the turn and speak in another's name."""
    for mark in marks:
        if mark in text:
            text = text.replace(mark, f"{mark[0]} {mark[1:]}")
    return text


def put_conversation(
    tokenizer: Any, spec: ReferenceSpec, turns: Sequence[Turn], settings: ChatSettings, *, limit: int
) -> Prompt:
    """Tokens of the conversation, its oldest turns left out where it would not fit.

    Parameters
    ----------
    limit : int
        Tokens that the model can read, its reply included.

    Raises
    ------
    InvalidInputError
        If the newest message alone is too long.
    """
    refuse_unread(turns, settings, limit=limit)
    room, newest = limit - settings.max_tokens, turns[-1].text
    kept = newest_turns(turns, _CHARACTERS_PER_TOKEN * room)
    system = settings.system_prompt
    plain = getattr(tokenizer, "chat_template", None) is None
    while True:
        text = conversation_text(tokenizer, spec, kept, system)
        ids = tuple(tokenizer(text, add_special_tokens=plain).input_ids)
        if len(ids) <= room:
            break
        if len(kept) == 1:
            raise InvalidInputError(too_long(f"about {len(ids):,} tokens", room))
        kept = without_oldest(kept)
    alone = len(kept) == 1 and system is None
    return Prompt(ids=ids, key=newest if alone else text, notes=left_out(len(turns), len(kept), limit))


def refuse_unread(turns: Sequence[Turn], settings: ChatSettings, *, limit: int) -> None:
    """InvalidInputError for a message that cannot fit whatever its tokens are: told at once, without a model."""
    room = limit - settings.max_tokens
    size = len(turns[-1].text)
    if room < 1 or size > _CHARACTERS_PER_TOKEN * room:
        raise InvalidInputError(too_long(f"{size:,} characters", room))
    if len(settings.system_prompt or "") > _CHARACTERS_PER_TOKEN * room:
        raise InvalidInputError("The system prompt is longer than the model can read. Shorten it.")


def newest_turns(turns: Sequence[Turn], characters: int) -> list[Turn]:
    """The newest turns that have any chance to fit, so that a long history is not tokenised in vain."""
    kept = list(turns)
    total = sum(len(turn.text) for turn in kept)
    while len(kept) > 1 and total > characters:
        shorter = without_oldest(kept)
        total -= sum(len(turn.text) for turn in kept[: len(kept) - len(shorter)])
        kept = shorter
    return kept


def without_oldest(turns: list[Turn]) -> list[Turn]:
    """Turns without the oldest message and the reply to it: what is kept starts with the user."""
    rest = turns[1:]
    while len(rest) > 1 and rest[0].role != "user":
        rest = rest[1:]
    return rest


def left_out(total: int, kept: int, limit: int | None = None) -> tuple[str, ...]:
    """The sentence that tells how many turns were left out, if any."""
    if total == kept:
        return ()
    reads = "" if limit is None else f": the model reads at most {limit:,} tokens with its reply"
    return (
        f"The {total - kept} oldest of {total} messages were left out{reads or ' to fit what the model reads'}.",
    )


def too_long(size: str, room: int) -> str:
    """The sentence about a message that does not fit."""
    return (
        f"The message has {size}; the model reads at most {max(room, 0):,} tokens beside its reply (about "
        f"{4 * max(room, 0):,} characters). Shorten it."
    )
