"""What was said: messages, each with the replies of its columns. It lives in the session's memory alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dualign.models.chat import (
    ChatPolicy,
    ChatReply,
    ChatRequest,
    ChatSettings,
    PlacedScore,
    Turn,
    policy_id,
)
from dualign.models.crisis import CrisisSignal


@dataclass(frozen=True)
class Reply:
    """One policy's reply as the page keeps it.

    Attributes
    ----------
    policy
        Whose it is.
    reply
        What the back end told; None while it is under way or when it failed.
    scores
        By scorer; None until they are known.
    fault
        The sentence shown in its place.
    """

    policy: ChatPolicy
    reply: ChatReply | None = None
    scores: Mapping[str, PlacedScore] | None = None
    fault: str = ""

    @property
    def text(self) -> str:
        """The text shown."""
        return self.reply.text if self.reply else ""


@dataclass(frozen=True)
class Exchange:
    """A message and its replies, one a column; none while they wait or when a crisis holds them back."""

    message: str
    settings: ChatSettings
    replies: tuple[Reply, ...] = ()
    prompt_id: int | None = None
    signal: CrisisSignal | None = None


@dataclass(frozen=True)
class Conversation:
    """All exchanges, oldest first."""

    exchanges: tuple[Exchange, ...] = field(default=())

    @property
    def signal(self) -> CrisisSignal | None:
        """The newest crisis signal of the conversation: what is said after it is read in its light."""
        return next((e.signal for e in reversed(self.exchanges) if e.signal is not None), None)

    def add(self, exchange: Exchange) -> Conversation:
        """With one more exchange."""
        return Conversation((*self.exchanges, exchange))

    def with_last(self, exchange: Exchange) -> Conversation:
        """With the newest exchange replaced."""
        return Conversation((*self.exchanges[:-1], exchange))

    def until(self, index: int) -> Conversation:
        """The exchanges before one of them."""
        return Conversation(self.exchanges[:index])

    def turns(self, column: int, index: int) -> tuple[Turn, ...]:
        """The conversation as one column knows it, up to the message of an exchange.

        An exchange that this column has no text for is left out with its message: a conversation alternates.
        """
        turns: list[Turn] = []
        for exchange in self.exchanges[:index]:
            text = exchange.replies[column].text if column < len(exchange.replies) else ""
            if text:
                turns += [Turn("user", exchange.message), Turn("assistant", text)]
        return (*turns, Turn("user", self.exchanges[index].message))

    def requests(self, policies: Sequence[ChatPolicy], settings: ChatSettings) -> list[ChatRequest]:
        """What is asked of the back end for the newest message."""
        last = len(self.exchanges) - 1
        return [
            ChatRequest(column=str(k), turns=self.turns(k, last), policy=policy, settings=settings)
            for k, policy in enumerate(policies)
        ]


def stopped(text: str, *, n_tokens: int, seed: int, seconds: float, rate: float | None) -> ChatReply:
    """A reply that the user cut off, from what had been told of it."""
    return ChatReply(
        text=text,
        n_tokens=n_tokens,
        prompt_tokens=0,
        finish="stopped",
        seed=seed,
        log_prob=None,
        seconds=seconds,
        first_token_seconds=None,
        tokens_per_second=rate,
    )


def next_seed(settings: ChatSettings) -> ChatSettings:
    """Settings for another try."""
    return replace(settings, seed=(settings.seed + 1) % 2**31)


def shuffled(policies: Sequence[ChatPolicy], rng: np.random.Generator) -> tuple[ChatPolicy, ...]:
    """Policies in a random order, for a blind round."""
    return tuple(policies[k] for k in rng.permutation(len(policies)))


def describe(policy: ChatPolicy) -> str:
    """The policy's one-line id, as votes and exports write it."""
    return policy_id(policy)
