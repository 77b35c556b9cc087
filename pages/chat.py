"""Talk to the policies: the same message to each, their replies and scores side by side."""

from __future__ import annotations

import streamlit as st

from dualign.ui import show
from dualign.ui.chat import (
    answer,
    ballot,
    catalogue,
    columns,
    controls,
    page_state,
    position,
    prompts,
    safety,
)
from dualign.ui.chat.comparison import LONGEST_MESSAGE
from dualign.ui.router import framed
from dualign.ui.texts import md

framed()
with show.guarded():
    land, specs = page_state.read_landscape(), page_state.read_specs()
    chat = page_state.begin(land, specs)
    with st.bottom:
        safety.stop_button(chat)
        st.chat_input(
            "Your message to every column",
            key="message",
            max_chars=LONGEST_MESSAGE,
            on_submit=page_state.take_message,
        )
        safety.notice(chat.conversation.signal)
    page_state.end()

    simple = chat.comparison.simple
    st.title(
        "Ask once, read what each setting answers" if simple else "Talk to the policies, at any λ",
        anchor=False,
    )
    for note in chat.notes:
        st.info(md(note, 400), icon=":material/info:")
    chat.notes = ()
    controls.controls(chat, land, specs)
    spots = [catalogue.spot_of(policy, land, specs) for policy in chat.shown]
    talk, beside = columns.layout(chat)
    with talk:
        columns.heads(chat, land, specs, spots)
        offer = st.empty()
        if not chat.conversation.exchanges:
            with offer.container():
                prompts.openers(chat, land, specs)
        places = columns.conversation(chat, land, specs)
        if chat.conversation.signal is not None:
            safety.study_choice(chat)
        after = st.empty()
        if not chat.waiting:
            with after.container():
                columns.last_row(chat)
                ballot.ballot(chat, land, specs)
    with beside:
        position.position_map(chat, land, specs, spots)
        ballot.tally_panel(chat, land, specs)
        columns.about(land, simple=simple)
    if chat.waiting:
        answer.answer(chat, places)
        st.rerun()
    if answer.score(chat, land):
        st.rerun()
