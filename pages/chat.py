"""Talk to the policies: the same message to each, their replies and scores side by side."""

from __future__ import annotations

import streamlit as st

from dualign.ui import show
from dualign.ui.chat import (
    answer,
    ballot,
    columns,
    controls,
    page_state,
    position,
    prompts,
    safety,
    spots,
)
from dualign.ui.chat.draft import draft
from dualign.ui.router import framed
from dualign.ui.texts import md

framed()
with show.guarded():
    land, specs = page_state.read_landscape(), page_state.read_specs()
    chat = page_state.begin(land, specs)
    with st.bottom:
        safety.stop_button(chat)
        # A limit of the input itself would drop a longer paste without a word.
        st.chat_input("Your message to every column", key="message", on_submit=page_state.take_message)
        safety.notice(chat.conversation.signal)
    page_state.end()

    simple = chat.comparison.simple
    if not chat.held_back:
        st.title(
            "Ask once, read what each setting answers" if simple else "Talk to the policies, at any λ",
            anchor=False,
        )
    for note in chat.notes:
        st.info(md(note, 400), icon=":material/info:")
    chat.notes = ()
    if not chat.held_back:
        controls.controls(chat, land, specs)
    draft(chat)
    places_of = [spots.spot_of(policy, land, specs) for policy in chat.shown]
    talk, beside = columns.layout(chat)
    with talk:
        if not chat.held_back:
            columns.heads(chat, land, specs, places_of)
        offer = st.empty()
        if not chat.conversation.exchanges:
            with offer.container():
                prompts.openers(chat, land, specs)
        places = columns.conversation(chat, land, specs)
        after = st.empty()
        if not chat.waiting:
            with after.container():
                columns.last_row(chat)
                ballot.ballot(chat, land, specs)
    if not chat.held_back:
        with beside:
            position.position_map(chat, land, specs, places_of)
            ballot.tally_panel(chat, land, specs)
            columns.about(land, simple=simple)
    if chat.waiting:
        answer.answer(chat, places)
        st.rerun()
    if answer.score(chat, land):
        st.rerun()
