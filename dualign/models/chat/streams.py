"""From the thread that decodes to the one that shows: a queue of events for each call of ``stream``."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator

from dualign.models.chat.requests import ChatEvent


class Stream:
    """Events of the columns of one call; ends when every column has finished or failed."""

    def __init__(self, columns: int, cancel: threading.Event) -> None:
        self.started = time.monotonic()
        self.closed = threading.Event()
        self._cancel = cancel
        self._left = columns
        self._queue: queue.SimpleQueue[ChatEvent] = queue.SimpleQueue()

    @property
    def cancelled(self) -> bool:
        """Whether what is not finished should end now."""
        return self._cancel.is_set() or self.closed.is_set()

    def put(self, event: ChatEvent) -> None:
        """Hand an event over."""
        self._queue.put(event)

    def fail(self, column: str, sentence: str) -> None:
        """End a column with a sentence."""
        self.put(ChatEvent(column=column, kind="failed", text=sentence))

    def events(self) -> Iterator[ChatEvent]:
        """Events as they come."""
        while self._left:
            event = self._queue.get()
            if event.kind in ("finished", "failed"):
                self._left -= 1
            yield event
