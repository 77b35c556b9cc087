"""One column's reply from a server: chunks in, events out."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from dualign.errors import BackendError, InvalidInputError
from dualign.models.adapters import ReferenceSpec
from dualign.models.chat.columns import CUT
from dualign.models.chat.context import left_out, plain_text, without_oldest
from dualign.models.chat.kinds import ResampledPolicy
from dualign.models.chat.requests import ChatEvent, ChatReply, ChatRequest, Finish, Resampling, Turn
from dualign.models.chat.resampling import Candidates, resample
from dualign.models.chat.scores import reply_scorers, scored_prompt
from dualign.models.chat.streams import Stream
from dualign.models.chat.transport import RefusedError, Server
from dualign.models.sampling import prompt_seed

_MARKS = ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|start_header_id|>", "<s>", "</s>")
_FINISH: dict[str, Finish] = {"stop": "end", "length": "length"}


class _Choice:
    """One of the replies of a stream."""

    def __init__(self) -> None:
        self.text, self.chunks = "", 0
        self.finish: Finish | None = None


class ServerReply:
    """A reply under way on a server."""

    def __init__(self, request: ChatRequest, stream: Stream, stop: threading.Event) -> None:
        self.request, self.stream, self.stop = request, stream, stop
        policy = request.policy
        self.resampled = policy if isinstance(policy, ResampledPolicy) else None
        self.choices = [_Choice() for _ in range(self.resampled.candidates if self.resampled else 1)]
        self.first: float | None = None
        self.usage: dict[str, Any] = {}
        self.notes: tuple[str, ...] = ()

    def run(self, server: Server, model: str, spec: ReferenceSpec) -> None:
        """Ask, stream and tell; older turns are left out until the server takes the conversation.

        Raises
        ------
        BackendError
            No server, or one that refuses or breaks off.
        InvalidInputError
            The newest message alone is longer than the served model reads.
        """
        kept: list[Turn] = list(self.request.turns)
        while True:
            try:
                self._stream(server, model, spec, kept)
                break
            except RefusedError as error:
                words = error.detail.lower()
                if error.status != 400 or not ("context length" in words or "maximum" in words):
                    raise
                if len(kept) == 1:
                    raise InvalidInputError(
                        "The message is longer than the served model reads beside its reply. Shorten it."
                    ) from error
                kept = without_oldest(kept)
        self._end(kept)

    def _body(self, model: str, spec: ReferenceSpec, turns: Sequence[Turn]) -> dict[str, Any]:
        settings = self.request.settings
        system = spec.system_prompt if settings.system_prompt is None else settings.system_prompt
        return {
            "model": model,
            "messages": _messages(turns, system),
            "n": len(self.choices),
            "max_tokens": settings.max_tokens,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "seed": prompt_seed(settings.seed, turns[-1].text) % 2**31,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    def _stream(self, server: Server, model: str, spec: ReferenceSpec, kept: list[Turn]) -> None:
        body = self._body(model, spec, kept)
        told = False
        for chunk in server.events("/v1/chat/completions", body, self.stop):
            if not told:
                told = True
                self.notes = left_out(len(self.request.turns), len(kept))
                self._event("started", notes=self.notes)
            self.usage = chunk.get("usage") or self.usage
            for part in chunk.get("choices") or []:
                self._take(part)
        if not told and not self.stop.is_set():
            raise BackendError(f"The server at {server.url} sent an empty answer.")

    def _take(self, part: dict[str, Any]) -> None:
        index = part.get("index", 0)
        if not isinstance(index, int) or not 0 <= index < len(self.choices):
            raise BackendError(f"The server sent a reply numbered {index!r} of {len(self.choices)}.")
        choice = self.choices[index]
        text = (part.get("delta") or {}).get("content") or ""
        if text:
            if self.first is None:
                self.first = self._elapsed()
            choice.text += str(text)
            choice.chunks += 1
            if self.resampled is None:
                rate = self._rate(choice.chunks)
                self._event("delta", text=str(text), n_tokens=choice.chunks, tokens_per_second=rate)
        if part.get("finish_reason"):
            choice.finish = _FINISH.get(str(part["finish_reason"]), "end")
            if self.resampled is not None:
                done = sum(choice.finish is not None for choice in self.choices)
                self._event("progress", text=f"{done} of {len(self.choices)} replies drawn")

    def _end(self, kept: Sequence[Turn]) -> None:
        if self.resampled is None:
            (choice,) = self.choices
            n = int(self.usage.get("completion_tokens") or choice.chunks)
            self._finished(choice.text, choice.finish or "stopped", n, None)
        elif any(choice.finish is None for choice in self.choices):
            self._finished("", "stopped", 0, None)
        else:
            self._choose(self.resampled, kept)

    def _choose(self, policy: ResampledPolicy, kept: Sequence[Turn]) -> None:
        texts = tuple(choice.text for choice in self.choices)
        self._event("progress", text=f"scoring {len(texts)} replies")
        names = tuple(dict.fromkeys((policy.reward, *policy.multipliers)))
        candidates = Candidates(
            texts=texts,
            n_tokens=tuple(choice.chunks for choice in self.choices),
            finishes=tuple(choice.finish or "stopped" for choice in self.choices),
            scores=reply_scorers().score(scored_prompt(kept), texts, names),
        )
        resampling = resample(policy, candidates, seed=self.request.settings.seed, key=kept[-1].text)
        chosen = resampling.chosen
        n = candidates.n_tokens[chosen]
        if texts[chosen]:
            self._event("delta", text=texts[chosen], n_tokens=n)
        self._finished(texts[chosen], candidates.finishes[chosen], n, resampling)

    def _finished(self, text: str, finish: Finish, n: int, resampling: Resampling | None) -> None:
        notes = self.notes
        if finish == "length":
            notes = (*notes, CUT.format(limit=self.request.settings.max_tokens))
        seconds = self._elapsed()
        reply = ChatReply(
            text=text,
            n_tokens=n,
            prompt_tokens=int(self.usage.get("prompt_tokens") or 0),
            finish=finish,
            seed=self.request.settings.seed,
            log_prob=None,
            seconds=seconds,
            first_token_seconds=self.first if resampling is None else seconds,
            tokens_per_second=self._rate(n) if resampling is None else n / seconds,
            notes=notes,
            resampling=resampling,
        )
        self._event("finished", n_tokens=n, tokens_per_second=reply.tokens_per_second, reply=reply)

    def _event(self, kind: Any, **parts: Any) -> None:
        self.stream.put(ChatEvent(column=self.request.column, kind=kind, **parts))

    def _elapsed(self) -> float:
        return time.monotonic() - self.stream.started

    def _rate(self, n_tokens: int) -> float | None:
        if self.first is None or n_tokens < 2:
            return None
        return (n_tokens - 1) / max(self._elapsed() - self.first, 1e-9)


def _messages(turns: Sequence[Turn], system: str | None) -> list[dict[str, str]]:
    put = [{"role": str(turn.role), "content": plain_text(turn.text, _MARKS)} for turn in turns]
    return [{"role": "system", "content": plain_text(system, _MARKS)}, *put] if system else put
