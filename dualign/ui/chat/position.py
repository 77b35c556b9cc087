"""The small map beside the conversation: where each column's policy sits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dualign.figures.policies import Mark, PolicyMapData, policy_map_figure
from dualign.models.policies import PolicySpec
from dualign.ui import show
from dualign.ui.chat import catalogue, columns
from dualign.ui.chat.comparison import LETTERS
from dualign.ui.chat.landscape import Landscape, Spot
from dualign.ui.chat.page_state import Chat


def position_map(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec], spots: Sequence[Spot]) -> None:
    """The map with a mark a column, where ``spots`` says; nothing while a blind round hides which is which."""
    # Always one place on the page, so that what stands below it is drawn over itself.
    with st.container():
        if chat.hidden:
            columns.wipe()
        else:
            _map(chat, land, specs, spots)


def _map(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec], spots: Sequence[Spot]) -> None:
    simple = chat.comparison.simple
    reference = land.spot(None)
    marks = [
        Mark(
            LETTERS[column],
            catalogue.title(policy, land, specs, simple=simple),
            spot.utility,
            spot.reward,
            spot.basis,
            spot.utility_rank,
            spot.reward_rank,
        )
        for column, (policy, spot) in enumerate(zip(chat.shown, spots, strict=True))
        if spot.known
    ]
    drawn = PolicyMapData(
        path=land.curve(),
        reference=(reference.utility, reference.reward),
        marks=tuple(marks),
        best=land.best or None,
        reward_name=land.reward_name,
        utility_name=land.utility_name,
        utility_word=catalogue.adjective(land.utility_name),
        reward_word=catalogue.adjective(land.reward_name),
    )
    show.figure(
        policy_map_figure(drawn, show.look(), simple=simple),
        drawn.columns(simple=simple),
        key="policy-map",
        sentence=_sentence(drawn, simple=simple),
    )
    missing = [LETTERS[column] for column, spot in enumerate(spots) if not spot.known]
    if missing:
        st.caption(f"Not on the map, for nobody has measured it: {', '.join(missing)}.")


def _sentence(drawn: PolicyMapData, *, simple: bool) -> str:
    if simple:
        return "; ".join(
            f"{mark.letter} ({mark.title}) is more {drawn.utility_word} than {mark.utility_rank:.0f} of 100 answers of "
            f"the original and more {drawn.reward_word} than {mark.reward_rank:.0f} of 100"
            for mark in drawn.marks
        )
    return "; ".join(
        f"{mark.letter} ({mark.title}) has {drawn.utility_name} {mark.utility:.2f} and {drawn.reward_name} "
        f"{mark.reward:.2f}, {mark.basis}"
        for mark in drawn.marks
    )
