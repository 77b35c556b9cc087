"""One column's reply on its way: from tokens to events."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dualign.errors import InvalidInputError, ModelError
from dualign.models.chat.kinds import (
    AdapterPolicy,
    InterpolatedPolicy,
    MixedPolicy,
    ReferencePolicy,
    ResampledPolicy,
)
from dualign.models.chat.requests import ChatEvent, ChatReply, ChatRequest, Finish, Resampling
from dualign.models.chat.resampling import Candidates, resample
from dualign.models.chat.scores import scored_prompt
from dualign.models.chat.streams import Stream
from dualign.models.sampling import prompt_uniforms

if TYPE_CHECKING:
    from dualign.models.chat.batch import Draw, Lane
    from dualign.models.chat.worker import Worker

CUT = "The reply was cut at its limit of {limit} tokens."


class Column:
    """What the worker asks of a reply that it decodes.

    Attributes
    ----------
    alone : bool
        Whether the reply's rows are a batch of their own.
    draws : list of Draw
        Set by `prepare`; they share prompt and lanes.
    """

    alone = False

    def __init__(self, request: ChatRequest, stream: Stream, worker: Worker) -> None:
        self.request, self.stream, self.worker = request, stream, worker
        self.draws: list[Draw] = []
        self.notes: tuple[str, ...] = ()
        self.first: float | None = None
        # Tokenising a long conversation happens in the caller's thread, not in the one that decodes for all.
        self.prompt = worker.put(request)

    def prepare(self) -> None:
        """Load what the policy needs and set up its draws; runs in the worker's thread.

        Raises
        ------
        ModelError
            An adapter that is missing, damaged or made for another reference.
        """
        raise NotImplementedError

    def moved(self, draws: Sequence[Draw]) -> None:
        """Tell what a step has brought."""
        raise NotImplementedError

    def ended(self, *, stopped: bool) -> None:
        """Tell the whole reply; every draw has finished, or the user stopped it."""
        raise NotImplementedError

    def event(self, kind: Any, **parts: Any) -> None:
        """Hand an event of this column over."""
        self.stream.put(ChatEvent(column=self.request.column, kind=kind, **parts))

    def uniforms(self, rows: int) -> Any:
        """Random numbers (rows, T): they depend on the seed and the conversation alone."""
        settings = self.request.settings
        return prompt_uniforms(settings.seed, self.prompt.key, rows, settings.max_tokens)

    def elapsed(self) -> float:
        """Seconds since the request."""
        return time.monotonic() - self.stream.started

    def rate(self, n_tokens: int) -> float | None:
        """Tokens a second after the first."""
        if self.first is None or n_tokens < 2:
            return None
        return (n_tokens - 1) / max(self.elapsed() - self.first, 1e-9)


class StreamedColumn(Column):
    """A reply whose tokens are told one by one."""

    def prepare(self) -> None:
        from dualign.models.chat.batch import Draw

        settings = self.request.settings
        self.draws = [
            Draw(
                prompt=self.prompt.ids,
                lanes=lanes(self.request.policy, self.worker),
                uniforms=self.uniforms(1)[0],
                temperature=settings.temperature,
                top_p=settings.top_p,
            )
        ]
        self.decoder = self.worker.text_stream()
        self.text = ""
        self.event("started", notes=self.prompt.notes)

    def moved(self, draws: Sequence[Draw]) -> None:
        if self.first is None:
            self.first = self.elapsed()
        (draw,) = draws
        if draw.finish == "end":
            return
        piece = self.decoder(draw.tokens[-1])
        if piece:
            self.text += piece
            n = len(draw.tokens)
            self.event("delta", text=piece, n_tokens=n, tokens_per_second=self.rate(n))

    def ended(self, *, stopped: bool) -> None:
        (draw,) = self.draws
        finish: Finish = draw.finish or "stopped"
        shown = draw.tokens[:-1] if finish == "end" else draw.tokens
        text = self.worker.decode(shown)
        # A character whose last bytes never came is told with the whole reply only.
        rest = text.removeprefix(self.text) if text.startswith(self.text) else ""
        n = len(draw.tokens)
        if rest:
            self.event("delta", text=rest, n_tokens=n, tokens_per_second=self.rate(n))
        notes = self.prompt.notes
        if finish == "length":
            notes = (*notes, CUT.format(limit=draw.limit))
        reply = ChatReply(
            text=text,
            n_tokens=n,
            prompt_tokens=len(draw.prompt),
            finish=finish,
            seed=self.request.settings.seed,
            log_prob=draw.log_prob if n else None,
            seconds=self.elapsed(),
            first_token_seconds=self.first,
            tokens_per_second=self.rate(n),
            notes=notes,
        )
        self.event("finished", n_tokens=n, tokens_per_second=reply.tokens_per_second, reply=reply)


class ResampledColumn(Column):
    """I replies of the reference, drawn together, of which one is chosen and told."""

    alone = True

    def __init__(self, request: ChatRequest, stream: Stream, worker: Worker) -> None:
        super().__init__(request, stream, worker)
        if not isinstance(request.policy, ResampledPolicy):
            raise InvalidInputError(f"{type(request.policy).__name__} is not resampled.")
        self.policy = request.policy
        self.known: Candidates | None = None
        self.told = 0

    @property
    def _key(self) -> tuple[Any, ...]:
        settings = self.request.settings
        drawn = (settings.seed, settings.temperature, settings.top_p, settings.max_tokens)
        return (self.prompt.ids, *drawn)

    @property
    def _scorers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.policy.reward, *self.policy.multipliers)))

    def prepare(self) -> None:
        from dualign.models.chat.batch import Draw, Lane

        settings = self.request.settings
        self.event("started", notes=self.prompt.notes)
        count = self.policy.candidates
        self.known = self.worker.candidates.get(self._key, count, set(self._scorers))
        if self.known is None:
            self.draws = [
                Draw(
                    prompt=self.prompt.ids,
                    lanes=(Lane(()),),
                    uniforms=row,
                    temperature=settings.temperature,
                    top_p=settings.top_p,
                )
                for row in self.uniforms(count)
            ]

    def moved(self, draws: Sequence[Draw]) -> None:
        if self.first is None:
            self.first = self.elapsed()
        done = sum(draw.finish is not None for draw in self.draws)
        if done > self.told or self.told == 0:
            self.told = max(done, 1)
            n = sum(len(draw.tokens) for draw in self.draws)
            self.event("progress", text=f"{done} of {len(self.draws)} replies drawn", n_tokens=n)

    def ended(self, *, stopped: bool) -> None:
        if stopped and not self.known and any(draw.finish is None for draw in self.draws):
            self.event("finished", reply=self._reply("", 0, "stopped", None))
            return
        # Scoring takes longer than a step: the thread that decodes goes on with the others.
        self.worker.later(self._choose, self)

    def _choose(self) -> None:
        candidates = self.known or self._scored()
        resampling = resample(self.policy, candidates, seed=self.request.settings.seed, key=self.prompt.key)
        chosen = resampling.chosen
        finish, n = candidates.finishes[chosen], candidates.n_tokens[chosen]
        text = candidates.texts[chosen]
        reply = self._reply(text, n, finish, resampling)
        if text:
            self.event("delta", text=text, n_tokens=n)
        self.event("finished", n_tokens=n, tokens_per_second=reply.tokens_per_second, reply=reply)

    def _scored(self) -> Candidates:
        texts = tuple(
            self.worker.decode(draw.tokens[:-1] if draw.finish == "end" else draw.tokens)
            for draw in self.draws
        )
        self.event("progress", text=f"scoring {len(texts)} replies")
        scores = self.worker.scorers.score(scored_prompt(self.request.turns), texts, self._scorers)
        candidates = Candidates(
            texts=texts,
            n_tokens=tuple(len(draw.tokens) for draw in self.draws),
            finishes=tuple(draw.finish or "stopped" for draw in self.draws),
            scores=scores,
        )
        self.worker.candidates.put(self._key, candidates)
        return candidates

    def _reply(self, text: str, n: int, finish: Finish, resampling: Resampling | None) -> ChatReply:
        seconds = self.elapsed()
        notes = self.prompt.notes
        if finish == "length":
            notes = (*notes, CUT.format(limit=self.request.settings.max_tokens))
        return ChatReply(
            text=text,
            n_tokens=n,
            prompt_tokens=len(self.prompt.ids),
            finish=finish,
            seed=self.request.settings.seed,
            # pi_lam's own normaliser is unknown: only the choice among the candidates is.
            log_prob=None,
            seconds=seconds,
            first_token_seconds=seconds,
            tokens_per_second=n / seconds if n else None,
            notes=notes,
            resampling=resampling,
        )


def lanes(policy: Any, worker: Worker) -> tuple[Lane, ...]:
    """Models whose log-probabilities make up a policy, with their shares; their adapters are loaded.

    Raises
    ------
    ModelError
        An adapter that is missing, damaged or made for another reference.
    """
    from dualign.models.chat.batch import Lane

    match policy:
        case ReferencePolicy() | ResampledPolicy():
            return (Lane(()),)
        case AdapterPolicy(name=name):
            worker.adapter(name)
            return (Lane(((name, 1.0),)),)
        case InterpolatedPolicy(weights=weights):
            for name in weights:
                worker.adapter(name)
            return (Lane(tuple((name, weight) for name, weight in weights.items() if weight)),)
        case MixedPolicy():
            return _mixed_lanes(policy, worker)
    raise ModelError(f"{type(policy).__name__} is no policy that can be talked to.")


def _mixed_lanes(policy: MixedPolicy, worker: Worker) -> tuple[Lane, ...]:
    from dualign.models.chat.batch import Lane

    reward = worker.adapter(policy.reward)
    beta = policy.beta or reward.beta
    shares = {policy.reward: reward.beta / beta}
    for name, multiplier in policy.multipliers.items():
        shares[name] = shares.get(name, 0.0) + multiplier * worker.adapter(name).beta / beta
    kept = {name: share for name, share in shares.items() if share}
    rest = 1.0 - sum(kept.values())
    reference = (Lane((), rest),) if rest or not kept else ()
    return (*reference, *(Lane(((name, 1.0),), share) for name, share in kept.items()))
