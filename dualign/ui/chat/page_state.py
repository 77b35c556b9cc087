"""The chat of one browser session: in memory only, read from a link once, changed by callbacks."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import streamlit as st

from dualign.errors import StoreError
from dualign.models.chat import ChatPolicy
from dualign.models.crisis import CrisisSignal, detect
from dualign.models.policies import PolicySpec
from dualign.samples import SampleSet
from dualign.ui import data, session
from dualign.ui.analysis import multiplier_range
from dualign.ui.chat import catalogue, landscape, saved
from dualign.ui.chat.comparison import LONGEST_MESSAGE, OWN, Comparison, Query, from_query, to_query
from dualign.ui.chat.conversation import Conversation, Exchange, Reply, next_seed, shuffled
from dualign.ui.chat.landscape import Landscape
from dualign.ui.chat.stream import Cell
from dualign.ui.chat.votes import Choice, Vote
from dualign.ui.state import LensSettings

CHAT_KEY = "chat"
# A pasted message is read for signs of a crisis, and kept to be shortened, up to here: that takes a few seconds.
_LONGEST_READ = 100_000


@dataclass(frozen=True, eq=False)
class Live:
    """Replies that one run of the page streams: by column, whose it is and its cell; ``cancel`` ends them."""

    policies: Mapping[int, ChatPolicy]
    cells: Mapping[int, Cell]
    cancel: threading.Event

    def replies(self) -> dict[int, Reply]:
        """The replies as they stand."""
        return {k: Reply(self.policies[k], cell.closed(), None, cell.fault) for k, cell in self.cells.items()}

    @property
    def left(self) -> tuple[int, ...]:
        """Columns whose reply has not ended."""
        return tuple(k for k, cell in self.cells.items() if not cell.done)


@dataclass
class Chat:
    """What the page holds between runs.

    Attributes
    ----------
    comparison, conversation
        What is compared, and what was said.
    order
        The policies of a blind round as they are shown; None outside of one.
    voted
        The vote of the blind round, once it is cast.
    waiting
        Columns whose reply to the newest message is still to come.
    study
        Whether the policies' replies are shown although a crisis was signalled.
    focus
        The only column shown; None for all.
    editing
        The exchange whose message is being edited.
    draft
        A message that is too long to be sent, to be shortened.
    votes, agreed
        Votes of this session, and whether they may be stored.
    surprises
        How often "surprise me" was asked, to go down its list.
    written
        The address parameters that this page wrote last.
    live
        What is streamed now. A click starts its run in a thread of its own while the run that streams comes to
        its end: the one that takes ``live`` away, under ``lock``, says what becomes of the replies.
    """

    comparison: Comparison
    conversation: Conversation = field(default_factory=Conversation)
    order: tuple[ChatPolicy, ...] | None = None
    voted: Choice | None = None
    waiting: tuple[int, ...] = ()
    study: bool = False
    focus: int | None = None
    editing: int | None = None
    draft: str = ""
    votes: list[Vote] = field(default_factory=list)
    agreed: bool = False
    surprises: int = 0
    written: Query = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    live: Live | None = None
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    @property
    def shown(self) -> tuple[ChatPolicy, ...]:
        """Policies of the columns as they stand."""
        return self.order or self.comparison.policies

    @property
    def hidden(self) -> bool:
        """Whether names, scores and places are kept back: a blind round before its vote."""
        return self.order is not None and self.voted is None

    @property
    def columns(self) -> tuple[int, ...]:
        """Indices of the columns drawn."""
        everything = tuple(range(len(self.shown)))
        return (self.focus,) if self.focus in everything else everything

    @property
    def held_back(self) -> bool:
        """Whether replies wait behind a choice, since the conversation signalled a crisis."""
        return self.conversation.signal is not None and not self.study

    def send(self, message: str, *, prompt_id: int | None = None, signal: CrisisSignal | None = None) -> None:
        """Add a message; whether it signals a crisis is settled before any model hears of it.

        ``signal`` is what was found in the whole of a message of which this is the beginning.
        """
        with self.lock:
            self.stop()
            if self.voted is not None and self.conversation.signal is None:
                # Names are known by now: what is said next begins another round.
                self.clear()
            found = signal or detect(message)
            exchange = Exchange(message, self.comparison.settings, prompt_id=prompt_id, signal=found)
            self.conversation = self.conversation.add(exchange)
            self.comparison = replace(self.comparison, prompt_id=prompt_id)
            self.editing, self.draft = None, ""
            self.ask()

    def ask(self, *columns: int) -> None:
        """Ask for replies to the newest message: of all columns, or of some beside those still waited for."""
        with self.lock:
            live = self._halt()
            if not self.conversation.exchanges:
                return
            if columns and live is not None:
                # Cells still fill: what has ended is asked once.
                left = live.left
                self.settle({k: r for k, r in live.replies().items() if k not in left}, left=left)
            if columns:
                columns = tuple(sorted({*self.waiting, *columns}))
            self.waiting = () if self.held_back else (columns or tuple(range(len(self.shown))))

    def again(self) -> None:
        """Another try at the newest message, with the next seed."""
        self.comparison = replace(self.comparison, settings=next_seed(self.comparison.settings))
        self.ask()

    def resend(self, index: int, message: str) -> None:
        """Send an edited message in place of one; what came after it goes."""
        old = self.conversation.exchanges[index]
        with self.lock:
            self._halt()
            self.conversation = self.conversation.until(index)
            self.send(message, prompt_id=old.prompt_id if message == old.message else None)

    def clear(self) -> None:
        """Forget the conversation, and begin another blind round where there is one."""
        with self.lock:
            self._halt()
        self.conversation, self.waiting, self.study, self.editing = Conversation(), (), False, None
        self.draft = ""
        self.comparison = replace(self.comparison, prompt_id=None)
        self.voted = None
        self.order = self._shuffle() if self.comparison.blind else None

    def set_policy(self, column: int, policy: ChatPolicy) -> None:
        """Another policy in one column, which then answers the newest message too."""
        if policy != self.comparison.policies[column]:
            self.comparison = self.comparison.with_policy(column, policy)
            self.ask(column)

    def set_blind(self, blind: bool) -> None:
        """Enter or leave blind mode; either begins a new conversation."""
        policies = self.comparison.policies[:2]
        fits = len(policies) == 2
        self.comparison = replace(
            self.comparison, blind=blind and fits, policies=policies if blind else self.comparison.policies
        )
        self.focus = None
        self.clear()

    def stop(self) -> None:
        """Wait for no more; what stands of the replies is kept."""
        with self.lock:
            live = self._halt()
            if live is not None:
                self.settle(live.replies())
            self.waiting = ()

    def start(self, live: Live) -> None:
        """Another stream is under way, and the one before it counts no more."""
        with self.lock:
            self._halt()
            self.live = live

    def finish(self, live: Live) -> None:
        """A stream has ended, or the run that drew it: nothing happens if a callback has settled it before.

        Columns that had not ended are still waited for: by their seed they give the same reply again.
        """
        with self.lock:
            if self.live is live:
                self._halt()
                self.settle(live.replies(), left=live.left)

    def _halt(self) -> Live | None:
        live, self.live = self.live, None
        if live is not None:
            live.cancel.set()
        return live

    def settle(self, replies: Mapping[int, Reply], *, left: tuple[int, ...] = ()) -> None:
        """Put replies of some columns into the newest exchange; the columns ``left`` are still waited for."""
        exchange = self.conversation.exchanges[-1]
        old = dict(enumerate(exchange.replies))
        kept = tuple(replies.get(k, old.get(k, Reply(policy))) for k, policy in enumerate(self.shown))
        settings = self.comparison.settings
        self.conversation = self.conversation.with_last(replace(exchange, replies=kept, settings=settings))
        self.waiting = left

    def _shuffle(self) -> tuple[ChatPolicy, ...]:
        return shuffled(self.comparison.policies, np.random.default_rng())


def take_message() -> None:
    """Take what was typed, before the page runs."""
    submit(str(st.session_state.get("message") or ""))


def submit(text: str) -> None:
    """Send a message; one that is too long is kept to be shortened, unless it signals a crisis."""
    message, chat = text.strip(), current()
    if len(message) <= LONGEST_MESSAGE:
        if message:
            chat.send(message)
    elif (found := detect(message[:_LONGEST_READ])) is not None:
        # Help comes first, wherever in the message the sign stands; its beginning stands for it in the conversation.
        chat.send(message[:LONGEST_MESSAGE], signal=found)
    else:
        chat.stop()
        chat.draft = message[:_LONGEST_READ]


def current() -> Chat:
    """The chat of this session."""
    found: Chat = st.session_state[CHAT_KEY]
    return found


def plain() -> bool:
    """Whether the page stands, or is about to open, in the view without symbols."""
    known: Chat | None = st.session_state.get(CHAT_KEY)
    return known.comparison.simple if known is not None else st.query_params.get("simple") == "1"


def begin(land: Landscape, specs: Mapping[str, PolicySpec]) -> Chat:
    """The chat of this session; on the first run, or when the address was changed by hand, what a link says."""
    query: Query = {name: st.query_params.get_all(name) for name in OWN if name in st.query_params}
    known: Chat | None = st.session_state.get(CHAT_KEY)
    if known is None or (query and query != known.written):
        start = Comparison(tuple(catalogue.start_policies(land, specs)[:2]))
        st.session_state[CHAT_KEY] = known = _from_link(query, start, land, specs, known)
    return known


def _from_link(
    query: Query, start: Comparison, land: Landscape, specs: Mapping[str, PolicySpec], known: Chat | None
) -> Chat:
    comparison, notes = from_query(query, start, prompts=len(land.prompts), known=specs)
    chat = Chat(comparison, notes=notes)
    if known is not None:
        chat.votes, chat.agreed = known.votes, known.agreed
    if query.get("saved"):
        try:
            chat.comparison, chat.conversation = saved.open_saved(
                query["saved"][-1], start, prompts=len(land.prompts)
            )
        except StoreError as error:
            chat.notes = (*notes, str(error))
    elif comparison.blind:
        chat.clear()
        chat.comparison = comparison
    if comparison.prompt_id is not None and not chat.conversation.exchanges:
        chat.send(land.prompts[comparison.prompt_id], prompt_id=comparison.prompt_id)
    return chat


def end() -> None:
    """Write the comparison into the address, beside the lens."""
    chat = current()
    chat.written = to_query(chat.comparison)
    lens = {n: st.query_params.get_all(n) for n in st.query_params if n not in OWN}
    whole = {**lens, **chat.written}
    if {name: st.query_params.get_all(name) for name in st.query_params} != whole:
        st.query_params.from_dict(whole)


def scored_lens() -> LensSettings:
    """The lens if its scores are those of scorers that can score a chat's replies, else the demo's own."""
    lens = session.current()
    manifest = data.store().manifest(lens.samples)
    names = {lens.reward or manifest.reward, lens.constraints[lens.focus].utility}
    infos = [manifest.scores.get(name) for name in names]
    fits = manifest.reference and all(info is not None and info.scorer for info in infos)
    return lens if fits else data.bounds(data.PREFERRED[0]).start


def read_landscape() -> Landscape:
    """The landscape of the lens."""
    lens = scored_lens()
    sample_set = data.open_set(lens.samples)
    return _landscape(sample_set.content_hash, lens, sample_set)


@st.cache_resource(max_entries=16, show_spinner=False)
def _landscape(content: str, lens: LensSettings, _set: SampleSet) -> Landscape:
    view = data.view(lens)
    solved = float(view.solution.multipliers[lens.focus])
    return landscape.build(
        _set,
        reward=lens.reward or _set.manifest.reward,
        utility=lens.constraints[lens.focus].utility,
        beta=lens.beta,
        best=float(f"{solved:.4g}") if np.isfinite(solved) else 0.0,
        top=float(f"{multiplier_range(view, lens.focus):.2g}"),
    )


def read_specs(reference: str = "demo") -> dict[str, PolicySpec]:
    """Trained policies that can be talked to beside the demo's reference, by name."""
    from dualign.models.policies import list_policies

    return {policy.name: policy.spec for policy in list_policies() if policy.spec.reference == reference}


def provenance() -> dict[str, Any]:
    """What every reply depends on besides its policy and seed."""
    lens = scored_lens()
    sample_set = data.open_set(lens.samples)
    reference = sample_set.manifest.reference
    return {
        "samples": lens.samples,
        "samples_sha256": sample_set.content_hash,
        "reference": str(reference.get("name", "")),
        "reference_sha256": str(reference.get("sha256", "")),
        "beta": lens.beta,
    }
