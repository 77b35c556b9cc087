"""Scores of the replies on the page, after their stream has ended."""

from __future__ import annotations

from dataclasses import replace

from dualign.errors import DualignError
from dualign.models.chat import score_reply
from dualign.models.default import default_model_state
from dualign.ui.chat.conversation import Conversation, Exchange, Reply
from dualign.ui.chat.landscape import Landscape


def scored(conversation: Conversation, land: Landscape) -> Conversation:
    """The conversation with scores for the replies of its newest exchange; as it is where they cannot be had."""
    if not conversation.exchanges:
        return conversation
    last = len(conversation.exchanges) - 1
    exchange = conversation.exchanges[last]
    if all(reply.scores is not None or not reply.text for reply in exchange.replies):
        return conversation
    replies = tuple(
        _scored(reply, conversation, column, last, land) for column, reply in enumerate(exchange.replies)
    )
    return conversation.with_last(replace(exchange, replies=replies))


def _scored(reply: Reply, conversation: Conversation, column: int, index: int, land: Landscape) -> Reply:
    if reply.scores is not None or not reply.text:
        return reply
    if not default_model_state().present or (reply.reply is not None and reply.reply.finish == "stopped"):
        # A fragment would be ranked among whole replies.
        return replace(reply, scores={})
    names = (land.reward_name, land.utility_name)
    try:
        placed = score_reply(
            conversation.turns(column, index), reply.text, scorers=names, samples=land.set_name
        )
    except DualignError:
        return replace(reply, scores={})
    return replace(reply, scores=placed)


def waits(exchange: Exchange) -> bool:
    """Whether a reply has no scores yet."""
    return any(reply.text and reply.scores is None for reply in exchange.replies)
