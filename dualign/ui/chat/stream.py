"""Streaming into several columns at once: a helper thread reads the back end, the script draws and can be stopped."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from dualign.errors import DualignError
from dualign.models.chat import ChatBackend, ChatEvent, ChatReply, ChatRequest
from dualign.ui.chat.conversation import stopped

_TICK = 0.08
FAULT = "The model could not answer: the details are in the log of the server. Send the message again."


@dataclass
class Cell:
    """One column while its reply comes.

    Attributes
    ----------
    text, words
        Text so far, and what is going on where there is none yet.
    reply, fault
        The whole reply, or the sentence that stands in its place.
    """

    seed: int
    text: str = ""
    words: str = ""
    n_tokens: int = 0
    rate: float | None = None
    reply: ChatReply | None = None
    fault: str = ""
    started: float = field(default_factory=time.monotonic)

    def take(self, event: ChatEvent) -> None:
        """What an event changes."""
        self.n_tokens = event.n_tokens or self.n_tokens
        self.rate = event.tokens_per_second or self.rate
        match event.kind:
            case "delta":
                self.text += event.text
                self.words = ""
            case "progress":
                self.words = event.text
            case "finished":
                self.reply = event.reply
                self.text = event.reply.text if event.reply else self.text
            case "failed":
                self.fault = event.text

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self.reply is not None or bool(self.fault)

    def closed(self) -> ChatReply | None:
        """The reply as it stands, cut off where it had not ended or failed; None when there is nothing of it."""
        if self.reply is not None or not self.text:
            return self.reply
        seconds = time.monotonic() - self.started
        return stopped(self.text, n_tokens=self.n_tokens, seed=self.seed, seconds=seconds, rate=self.rate)


@contextmanager
def streaming(backend: ChatBackend, requests: Sequence[ChatRequest]) -> Iterator[Stream]:
    """Ask the back end; leaving the block, in whatever way, stops it. The cells keep what was told."""
    stream = Stream(backend, requests)
    try:
        yield stream
    finally:
        stream.cancel.set()


class Stream:
    """Replies on their way.

    Attributes
    ----------
    cells : list of Cell
        One a request.
    """

    def __init__(self, backend: ChatBackend, requests: Sequence[ChatRequest]) -> None:
        self.cancel = threading.Event()
        self.cells = [Cell(seed=request.settings.seed, words="…") for request in requests]
        self._places = {request.column: k for k, request in enumerate(requests)}
        self._events: queue.SimpleQueue[ChatEvent | str] = queue.SimpleQueue()
        # The script thread may be ended by Streamlit at any drawing call, and only there: it must never wait
        # inside a model that is loading.
        thread = threading.Thread(
            target=_pump, args=(backend, list(requests), self.cancel, self._events.put), daemon=True
        )
        thread.start()

    def run(self, draw: Callable[[list[Cell]], None]) -> None:
        """Call ``draw`` a dozen times a second until every column has ended."""
        while True:
            changed = self._drain()
            draw(self.cells)
            if changed is False:
                return

    def _drain(self) -> bool:
        """Take what came within a tick; False when it was the end."""
        deadline = time.monotonic() + _TICK
        while (left := deadline - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except queue.Empty:
                break
            if isinstance(event, str):
                for cell in self.cells:
                    if not cell.done:
                        cell.fault = event or FAULT
                return False
            self.cells[self._places[event.column]].take(event)
            if all(cell.done for cell in self.cells):
                return False
        return True


def _pump(
    backend: ChatBackend,
    requests: list[ChatRequest],
    cancel: threading.Event,
    put: Callable[[ChatEvent | str], None],
) -> None:
    try:
        for event in backend.stream(requests, cancel=cancel):
            put(event)
        put("")
    except DualignError as error:
        put(str(error))
    except Exception as error:
        # Only the kind goes into the log: a message could quote what was typed.
        import logging

        logging.getLogger("dualign.chat").error("the back end ended with %s", type(error).__name__)
        put(FAULT)
