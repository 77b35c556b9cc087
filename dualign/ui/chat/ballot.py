"""The blind vote on the page: the ballot, the reveal, whether votes are stored, the tally and its exports."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import partial

import streamlit as st

from dualign import jobs
from dualign.errors import DualignError
from dualign.models.chat import parse_policy
from dualign.models.policies import PolicySpec
from dualign.ui.chat import catalogue, votes
from dualign.ui.chat.columns import complete
from dualign.ui.chat.landscape import Landscape
from dualign.ui.chat.page_state import Chat
from dualign.ui.chat.votes import Choice, Vote
from dualign.ui.texts import md

_MOST_PAIRS = 12
_WORDS: dict[Choice, str] = {
    "first": "A is better",
    "second": "B is better",
    "tie": "Tie",
    "both_unsafe": "Both unsafe",
}


def ballot(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec]) -> None:
    """The ballot under a blind round, and what is revealed by it."""
    if chat.order is None or not chat.conversation.exchanges or chat.waiting:
        return
    newest = chat.conversation.exchanges[-1]
    if not complete(newest):
        return
    if chat.voted is None:
        st.markdown("**Which reply would you rather give?**")
        with st.container(horizontal=True, gap="small", key="ballot"):
            for choice, words in _WORDS.items():
                st.button(words, key=f"vote_{choice}", on_click=_cast, args=(chat, choice))
        return
    simple = chat.comparison.simple
    names = [catalogue.title(policy, land, specs, simple=simple) for policy in chat.order]
    chosen = {"first": "A", "second": "B", "tie": "a tie", "both_unsafe": "both unsafe"}[chat.voted]
    st.success(
        f"You chose **{chosen}**. A was **{md(names[0], 120)}**, B was **{md(names[1], 120)}**.",
        icon=":material/visibility:",
    )
    st.button(
        "Next round", icon=":material/skip_next:", type="primary", key="next_round", on_click=chat.clear
    )


def _cast(chat: Chat, choice: Choice) -> None:
    if chat.order is None or chat.voted is not None:
        return
    first = chat.conversation.exchanges[0]
    cast = votes.vote(
        chat.order,
        choice,
        chat.conversation.exchanges[-1].settings,
        prompt_id=first.prompt_id,
        turns=len(chat.conversation.exchanges),
    )
    chat.voted = choice
    chat.votes.append(cast)
    if chat.agreed:
        _store(cast)


def _store(cast: Vote) -> None:
    try:
        jobs.record(votes.KIND, "chat", cast.content())
    except DualignError as error:
        st.session_state["vote_note"] = str(error)


def stored() -> list[tuple[int, Vote]]:
    """Stored votes with the number of their row, oldest first."""
    rows = [(row.id, votes.read_vote(row.content)) for row in jobs.records(votes.KIND)]
    return [(number, cast) for number, cast in rows if cast is not None]


def tally_panel(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec]) -> None:
    """Whether votes are stored, the tally, its exports, and how to delete it."""
    with st.expander("Votes", icon=":material/how_to_vote:", key="votes_open", on_change="rerun") as panel:
        if not panel.open:
            return
        st.session_state["agree"] = chat.agreed
        st.toggle(
            "Store my votes on this machine",
            key="agree",
            on_change=lambda: setattr(chat, "agreed", bool(st.session_state["agree"])),
            help="A vote holds the two policies, the choice, seed, settings and the number of a ready-made prompt. "
            "Never a text.",
        )
        note = st.session_state.pop("vote_note", None)
        if note:
            st.warning(md(note, 400))
        kept = stored()
        unstored = [] if chat.agreed else chat.votes
        shown = [cast for _, cast in kept] + [cast for cast in unstored if cast not in [c for _, c in kept]]
        if not shown:
            st.caption("No votes yet: switch on Blind, send a message, and vote.")
            return
        _table(shown, land, specs, simple=chat.comparison.simple)
        _exports(shown, land, specs)
        if kept:
            st.button(
                f"Delete the {len(kept)} stored votes",
                icon=":material/delete:",
                key="delete_votes",
                on_click=partial(_delete, [number for number, _ in kept]),
            )


def _delete(numbers: list[int]) -> None:
    for number in numbers:
        jobs.delete_record(number)


def _names(
    shown: list[Vote], land: Landscape, specs: Mapping[str, PolicySpec], *, simple: bool
) -> dict[str, str]:
    names = {}
    for key in {key for cast in shown for key in (cast.first, cast.second)}:
        try:
            names[key] = catalogue.title(parse_policy(key), land, specs, simple=simple)
        except DualignError:
            names[key] = key
    return names


def _table(shown: list[Vote], land: Landscape, specs: Mapping[str, PolicySpec], *, simple: bool) -> None:
    """Each pair in a few lines: a table would not fit beside the conversation."""
    names = _names(shown, land, specs, simple=simple)
    pairs = votes.tally(shown)
    for pair in pairs[:_MOST_PAIRS]:
        with st.container(border=True):
            st.markdown(f"**{md(names[pair.a], 120)}** or **{md(names[pair.b], 120)}**")
            st.markdown(
                f"{_count(pair.votes, 'vote')}: {pair.a_wins} for the first, {pair.b_wins} for the second, "
                f"{_count(pair.ties, 'tie')}, {pair.both_unsafe} found both unsafe  \n"
                f"first preferred: {_share(pair.share, pair.low, pair.high)}  \n"
                f"both unsafe: {_share(pair.unsafe_share, pair.unsafe_low, pair.unsafe_high)}"
            )
    more = (
        f" {len(pairs) - _MOST_PAIRS} further pairs are in the downloads." if len(pairs) > _MOST_PAIRS else ""
    )
    st.caption(
        "Shares of the decided votes and of all votes, with 95 % Wilson intervals. Few votes say little: look at "
        f"the interval.{more}"
    )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


def _share(share: float, low: float, high: float) -> str:
    if math.isnan(share):
        return "not decided"
    return f"{100 * share:.0f} % ({100 * low:.0f} to {100 * high:.0f} %)"


def _exports(shown: list[Vote], land: Landscape, specs: Mapping[str, PolicySpec]) -> None:
    names = _names(shown, land, specs, simple=False)
    with st.container(horizontal=True):
        st.download_button(
            "JSONL",
            lambda: votes.to_jsonl([cast.content() for cast in shown]),
            file_name="dualign-votes.jsonl",
            mime="application/jsonl",
            key="votes_jsonl",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "LaTeX table",
            lambda: votes.to_latex(votes.tally(shown), names),
            file_name="dualign-votes.tex",
            mime="application/x-tex",
            key="votes_tex",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "JSON tally",
            lambda: json.dumps([pair.__dict__ for pair in votes.tally(shown)], indent=1),
            file_name="dualign-tally.json",
            mime="application/json",
            key="votes_tally",
            icon=":material/download:",
            on_click="ignore",
        )
