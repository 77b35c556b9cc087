"""What is asked of a chat back end, and what it tells while it answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from dualign.errors import InvalidInputError
from dualign.models.chat.kinds import ChatPolicy, ReferencePolicy

MAX_TOKENS = 512
MAX_COLUMNS = 8

Role = Literal["user", "assistant"]
Finish = Literal["end", "length", "stopped"]
Kind = Literal["started", "delta", "progress", "finished", "failed"]


@dataclass(frozen=True)
class Turn:
    """One message of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, kw_only=True)
class ChatSettings:
    """How replies are drawn. At temperature 1 and top_p 1 they are exactly the policy's.

    Parameters
    ----------
    seed : int
        The same seed gives the same reply, whatever other columns answer beside it.
    temperature : float
        Divides the policy's log-probabilities; 0 takes the likeliest token each time.
    top_p : float
        Mass of the nucleus that is drawn from.
    max_tokens : int
        Longest reply, at most 512.
    system_prompt : str, optional
        The reference's own by default; an empty one leaves it to the model's template.
    """

    seed: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 128
    system_prompt: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 5:
            raise InvalidInputError(f"temperature must lie in [0, 5], not {self.temperature!r}.")
        if not 0 < self.top_p <= 1:
            raise InvalidInputError(f"top_p must lie in (0, 1], not {self.top_p!r}.")
        if not 1 <= self.max_tokens <= MAX_TOKENS:
            raise InvalidInputError(f"max_tokens must lie in 1 to {MAX_TOKENS}, not {self.max_tokens!r}.")


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """One column's reply to a conversation.

    Parameters
    ----------
    column : str
        Name that its events carry.
    turns : sequence of Turn
        From oldest to newest, the last one the user's.
    """

    column: str
    turns: Sequence[Turn]
    policy: ChatPolicy = field(default_factory=ReferencePolicy)
    settings: ChatSettings = field(default_factory=ChatSettings)


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """How a resampled reply was chosen.

    Attributes
    ----------
    texts : tuple of str (I,)
        The candidates, drawn from the reference.
    scores : mapping of str to tuple of float (I,)
        By scorer.
    weights : tuple of float (I,)
        Of the tilted policy; they sum to 1.
    chosen : int
        Which candidate is the reply.
    effective_sample_size : float
        1 / sum of squared weights, from 1 to I.
    """

    texts: tuple[str, ...]
    scores: Mapping[str, tuple[float, ...]]
    weights: tuple[float, ...]
    chosen: int
    effective_sample_size: float


@dataclass(frozen=True, kw_only=True)
class ChatReply:
    """A reply as it stands at its end.

    Attributes
    ----------
    finish : {"end", "length", "stopped"}
        The model ended it, the token limit cut it, or the user stopped it.
    log_prob : float or None
        Of the reply under the policy as it was drawn, in nats; None where a server does not tell it.
    seconds, first_token_seconds : float
        From the request; waiting for other replies is part of both.
    tokens_per_second : float
        After the first token.
    notes : tuple of str
        What the user should know: turns left out, a reply that was cut.
    """

    text: str
    n_tokens: int
    prompt_tokens: int
    finish: Finish
    seed: int
    log_prob: float | None
    seconds: float
    first_token_seconds: float | None
    tokens_per_second: float | None
    notes: tuple[str, ...] = ()
    resampling: Resampling | None = None


@dataclass(frozen=True, kw_only=True)
class ChatEvent:
    """Something that happened in one column.

    Attributes
    ----------
    kind : {"started", "delta", "progress", "finished", "failed"}
        ``started`` carries notes, ``delta`` new text, ``progress`` words about a reply that cannot be shown
        yet, ``finished`` the whole reply, ``failed`` a sentence in ``text``.
    n_tokens : int
        Tokens of this column so far.
    """

    column: str
    kind: Kind
    text: str = ""
    n_tokens: int = 0
    tokens_per_second: float | None = None
    notes: tuple[str, ...] = ()
    reply: ChatReply | None = None


class ChatBackend(Protocol):
    """Where replies come from: this process, or a server."""

    def stream(
        self, requests: Sequence[ChatRequest], *, cancel: threading.Event | None = None
    ) -> Iterator[ChatEvent]:
        """Events of all columns as they happen, ending when each has finished or failed.

        Setting ``cancel``, or leaving the iteration, stops every column; what stands is kept as a reply
        whose ``finish`` is ``"stopped"``.
        """
        ...

    def forget(self) -> None:
        """Drop every text and intermediate result that is still in memory."""
        ...


def check_requests(requests: Sequence[ChatRequest]) -> None:
    """InvalidInputError where the columns or the conversation cannot be answered at all."""
    if not 1 <= len(requests) <= MAX_COLUMNS:
        raise InvalidInputError(f"{len(requests)} columns were asked for: give 1 to {MAX_COLUMNS}.")
    names = [request.column for request in requests]
    if len(set(names)) != len(names):
        raise InvalidInputError(f"Columns need different names, not {', '.join(names)}.")
    for request in requests:
        turns = request.turns
        if not turns or turns[-1].role != "user":
            raise InvalidInputError("A conversation must end with a message of the user.")
        if not turns[-1].text.strip():
            raise InvalidInputError("The message is empty: write something.")
