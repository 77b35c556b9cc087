"""The geometry: what policies can reach, what the constraint allows, and the replies behind a point."""

from __future__ import annotations

import streamlit as st

from dualign.ui import data, panels, session, show, words
from dualign.ui.lens_view import focus_choice
from dualign.ui.replies import choose_multiplier, replies
from dualign.ui.router import framed

framed()
with show.guarded():
    lens = session.current()
    show.notes()
    view = data.view(lens)
    st.title("The geometry: what can be reached, and at what price", anchor=False)
    reliable = data.reliability(lens) if view.priced else None
    st.markdown(words.geometry(view, lens, reliable))
    show.reading(reliable, view)
    focus_choice(lens, view)
    panels.image_set(lens, view)
    st.subheader("What a step of the threshold costs", anchor=False)
    panels.tradeoff(lens, view)
    st.subheader("Read the replies behind a point", anchor=False)
    choose_multiplier(lens, view)
    replies(lens, view)
