"""The thread that decodes: it alone touches the model, so that sessions cannot disturb each other."""

from __future__ import annotations

import atexit
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch

from dualign.errors import DualignError, ModelError
from dualign.models.chat.adapters import RowAdapters
from dualign.models.chat.batch import Batch, Prefixes
from dualign.models.chat.columns import Column
from dualign.models.chat.context import Prompt, put_conversation
from dualign.models.chat.requests import ChatRequest
from dualign.models.chat.resampling import RememberedCandidates
from dualign.models.chat.scores import reply_scorers
from dualign.models.chat.stored import StoredAdapter, find_stored
from dualign.models.reference import Reference, load_reference

_MOST_STREAMED = 16  # columns at once; further ones wait for their turn
_MOST_ALONE = 4  # resampled columns at once, each with up to 64 rows


class Worker:
    """Decodes the replies of all sessions, step by step in turn."""

    def __init__(
        self,
        reference: Reference,
        *,
        threads: int | None,
        context_tokens: int,
        find: Callable[[str], StoredAdapter],
    ) -> None:
        self.reference = reference
        self.adapters = RowAdapters(reference.model, find)
        self.stops = reference.stop_ids
        self.prefixes = Prefixes()
        self.candidates = RememberedCandidates()
        self.scorers = reply_scorers()
        most = getattr(reference.model.config.get_text_config(), "max_position_embeddings", context_tokens)
        self.context_tokens = min(context_tokens, int(most))
        self._threads = threads
        self._waiting: deque[Column] = deque()
        self._wake = threading.Condition()
        self._closing = self._forgetting = False
        self._together = self._batch()
        self._running: list[tuple[Batch, Column]] = []
        self._thread = threading.Thread(target=self._run, name="dualign-chat", daemon=True)
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="dualign-chat-scores")
        self._thread.start()
        # A thread inside torch while the interpreter is torn down would abort the process.
        atexit.register(self.close)

    def submit(self, column: Column) -> None:
        """Queue a reply."""
        with self._wake:
            self._waiting.append(column)
            self._wake.notify()

    def put(self, request: ChatRequest) -> Prompt:
        """The conversation of a request as tokens; InvalidInputError if its newest message is too long."""
        return put_conversation(
            self.reference.tokenizer,
            self.reference.spec,
            request.turns,
            request.settings,
            limit=self.context_tokens,
        )

    def adapter(self, name: str) -> StoredAdapter:
        """Facts of an adapter, loaded; ModelError if it was trained against another reference."""
        stored = self.adapters.load(name)
        own = self.reference.spec.sha256
        if stored.reference_sha256 is not None and own is not None and stored.reference_sha256 != own:
            raise ModelError(
                f"The policy {name} was trained on another reference than {self.reference.spec.adapter}. "
                "Open the chat with its own reference."
            )
        return stored

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of token ids."""
        return str(self.reference.tokenizer.decode(list(tokens), skip_special_tokens=True))

    def text_stream(self) -> Callable[[int], str | None]:
        """A function from the next token id to the text that is now certain, if any."""
        from tokenizers.decoders import DecodeStream

        stream = DecodeStream(skip_special_tokens=True)
        core = self.reference.tokenizer.backend_tokenizer
        return lambda token: stream.step(core, token)

    def later(self, work: Callable[[], None], column: Column) -> None:
        """Do the rest of a column's work in a thread beside this one."""

        def run() -> None:
            try:
                work()
            except DualignError as error:
                column.stream.fail(column.request.column, str(error))
            except Exception as error:
                self._tell_fault(column, error)

        self._beside.submit(run)

    def forget(self) -> None:
        """Drop remembered conversations before the next step."""
        with self._wake:
            self._forgetting = True
            self._wake.notify()

    def close(self) -> None:
        """End the thread; what is under way fails with a sentence."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        atexit.unregister(self.close)
        self._beside.shutdown()

    def _batch(self) -> Batch:
        return Batch(self.reference.model, self.adapters, self.stops, self.prefixes)

    def _run(self) -> None:
        if self._threads is not None:
            torch.set_num_threads(self._threads)
        with torch.inference_mode():
            while self._next():
                pass
        for _, column in self._running:
            column.stream.fail(column.request.column, "The chat model was closed.")

    def _next(self) -> bool:
        """One turn: take in what waits, one step of every batch; False when closing."""
        with self._wake:
            while not (self._waiting or self._running or self._closing or self._forgetting):
                self._wake.wait()
            if self._closing:
                return False
            forgetting, self._forgetting = self._forgetting, False
        if forgetting:
            self.prefixes.clear()
            self.candidates.clear()
        self._admit()
        for batch in dict.fromkeys(batch for batch, _ in self._running):
            self._step(batch)
        return True

    def _admit(self) -> None:
        for column in self._admissible():
            try:
                column.prepare()
            except DualignError as error:
                column.stream.fail(column.request.column, str(error))
                continue
            except Exception as error:
                self._tell_fault(column, error)
                continue
            batch = self._batch() if column.alone else self._together
            self._running.append((batch, column))
            try:
                if column.draws and not column.stream.cancelled:
                    batch.add(column.draws)
                    column.moved(column.draws)
                self._settle(batch)
            except Exception as error:
                self._broken([pair for pair in self._running if pair[0] is batch], error)

    def _admissible(self) -> list[Column]:
        """What waits and has room now, in order; a batch of its own never keeps streamed columns waiting."""
        streamed = sum(not column.alone for _, column in self._running)
        alone = len(self._running) - streamed
        chosen, left = [], []
        with self._wake:
            for column in self._waiting:
                if column.alone and alone < _MOST_ALONE:
                    alone += 1
                    chosen.append(column)
                elif not column.alone and streamed < _MOST_STREAMED:
                    streamed += 1
                    chosen.append(column)
                else:
                    left.append(column)
            self._waiting = deque(left)
        return chosen

    def _step(self, batch: Batch) -> None:
        try:
            self._settle(batch)
            moved = set(batch.step())
            for other, column in self._running:
                if other is batch and (own := [draw for draw in column.draws if draw in moved]):
                    column.moved(own)
            self._settle(batch)
        except Exception as error:
            self._broken([pair for pair in self._running if pair[0] is batch], error)

    def _settle(self, batch: Batch) -> None:
        """Take finished and stopped replies out of a batch and tell those that are whole."""
        for pair in [pair for pair in self._running if pair[0] is batch]:
            _, column = pair
            stopped = column.stream.cancelled
            for draw in column.draws:
                if draw.rows and (stopped or draw.finish is not None):
                    batch.remove(draw)
            if stopped or all(draw.finish is not None for draw in column.draws):
                self._running.remove(pair)
                column.ended(stopped=stopped)
        if batch is self._together and not batch.draws:
            # What the rows have grown to, and what was said in them, is let go.
            self._together = self._batch()

    def _broken(self, pairs: list[tuple[Batch, Column]], error: Exception) -> None:
        """A fault ends the replies it concerns, not the thread."""
        for pair in pairs:
            if pair in self._running:
                self._running.remove(pair)
            self._tell_fault(pair[1], error)
        if any(batch is self._together for batch, _ in pairs):
            self._together = self._batch()

    def _tell_fault(self, column: Column, error: Exception) -> None:
        # The message of an error could quote what was typed; its kind is enough for a log.
        logging.getLogger(__name__).error("chat: %s while answering", type(error).__name__)
        column.stream.fail(
            column.request.column,
            f"The reply ended with {type(error).__name__}. Send the message again; if it happens again, "
            "restart the app.",
        )


def start_worker(
    reference: str,
    *,
    dtype: str,
    threads: int | None,
    context_tokens: int,
    find: Callable[[str], StoredAdapter] | None,
) -> Worker:
    """A worker on a reference of its own: its linear maps are replaced, so the model is shared with nobody."""
    loaded = load_reference(reference, dtype=dtype, threads=threads)
    return Worker(loaded, threads=threads, context_tokens=context_tokens, find=find or find_stored)
