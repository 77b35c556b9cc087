"""Replies of this process: one model in memory, one thread that decodes for every session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dualign.errors import DualignError, InvalidInputError
from dualign.models.chat.columns import Column, ResampledColumn, StreamedColumn
from dualign.models.chat.context import refuse_unread
from dualign.models.chat.kinds import ResampledPolicy
from dualign.models.chat.requests import ChatEvent, ChatRequest, check_requests
from dualign.models.chat.stored import StoredAdapter
from dualign.models.chat.streams import Stream

_CONTEXT = 2048


class LocalChat:
    """Replies from a model in this process, columns and sessions batched together.

    The model is loaded with the first request. Every method may be called from any thread.

    Parameters
    ----------
    reference : str
        See `dualign.models.reference.resolve_spec`.
    dtype : {"bfloat16", "float32"}
        Arithmetic of the model.
    threads : int, optional
        Threads of torch; its own choice by default.
    context_tokens : int
        Conversation and reply together; at most what the model was made for.
    find : callable, optional
        From an adapter's name to a `dualign.models.chat.stored.StoredAdapter`; the stored policies by default.
    """

    def __init__(
        self,
        reference: str = "demo",
        *,
        dtype: str = "bfloat16",
        threads: int | None = None,
        context_tokens: int = _CONTEXT,
        find: Callable[[str], StoredAdapter] | None = None,
    ) -> None:
        self.reference_name, self.dtype, self.threads = reference, dtype, threads
        self.context_tokens, self._find = context_tokens, find
        self._lock = threading.Lock()
        self._worker: Any = None

    def worker(self) -> Any:
        """The decoding thread, its model loaded.

        Raises
        ------
        ModelError
            If the reference cannot be loaded.
        """
        with self._lock:
            if self._worker is None:
                from dualign.models.chat.worker import start_worker

                self._worker = start_worker(
                    self.reference_name,
                    dtype=self.dtype,
                    threads=self.threads,
                    context_tokens=self.context_tokens,
                    find=self._find,
                )
            return self._worker

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._worker is not None

    def stream(
        self, requests: Sequence[ChatRequest], *, cancel: threading.Event | None = None
    ) -> Iterator[ChatEvent]:
        """Events of all columns: see `ChatBackend.stream`.

        Raises
        ------
        InvalidInputError
            No columns, too many, or a conversation that does not end with a message of the user.
        ModelError
            If the reference cannot be loaded. What concerns one column is a ``failed`` event.
        """
        check_requests(requests)
        return self._events(list(requests), cancel or threading.Event())

    def _events(self, requests: list[ChatRequest], cancel: threading.Event) -> Iterator[ChatEvent]:
        stream = Stream(len(requests), cancel)
        fitting = []
        for request in requests:
            try:
                refuse_unread(request.turns, request.settings, limit=self.context_tokens)
                fitting.append(request)
            except InvalidInputError as error:
                stream.fail(request.column, str(error))
        try:
            for request in fitting:
                worker = self.worker()
                try:
                    worker.submit(_column(request, stream, worker))
                except DualignError as error:
                    stream.fail(request.column, str(error))
            yield from stream.events()
        finally:
            stream.closed.set()

    def forget(self) -> None:
        """Drop conversations and candidates that are kept to answer sooner."""
        if self._worker is not None:
            self._worker.forget()

    def close(self) -> None:
        """End the thread and let the model go."""
        with self._lock:
            if self._worker is not None:
                self._worker.close()
                self._worker = None


def _column(request: ChatRequest, stream: Stream, worker: Any) -> Column:
    if isinstance(request.policy, ResampledPolicy):
        return ResampledColumn(request, stream, worker)
    return StreamedColumn(request, stream, worker)


_SHARED: dict[str, LocalChat] = {}
_SHARED_LOCK = threading.Lock()


def local_chat(reference: str = "demo") -> LocalChat:
    """The one back end of this process for a reference, shared by all sessions."""
    with _SHARED_LOCK:
        if reference not in _SHARED:
            _SHARED[reference] = LocalChat(reference)
        return _SHARED[reference]
