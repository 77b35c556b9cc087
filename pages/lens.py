"""The lens: what the constraint costs, in one sentence, and the picture to move it in."""

from __future__ import annotations

import streamlit as st

from dualign.ui import data, panels, session, show, words
from dualign.ui.compare import comparison
from dualign.ui.lens_view import lens_picture
from dualign.ui.router import framed

framed()
with show.guarded():
    lens = session.current()
    show.notes()
    view = data.view(lens)
    found = words.finding(view, lens)
    st.title(found.headline, anchor=False)
    plain = f"{found.support} {words.levels(view, lens)}" if found.tone == "price" else found.support
    st.markdown(plain)
    st.caption(words.units(data.open_set(lens.samples).manifest, lens))
    light = st.container()
    lens_picture(lens, view)

    reliable = data.reliability(lens) if view.priced else None
    with light:
        show.reading(reliable, view)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":material/arrow_forward: {words.next_step(view, reliable)}", width="content")
        if view.feasible and st.button(
            "Align at this λ",
            icon=":material/model_training:",
            key="align_here",
            help="Train the policy for where the lens stands, in the background.",
        ):
            st.session_state["align_target"] = "optimum" if view.at_optimum else "here"
            st.switch_page("pages/align.py")

    comparison(lens, view)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("What it means", anchor=False)
        for line in words.meaning(view, lens):
            st.markdown(line)
        if reliable is not None:
            st.markdown(words.price_with_interval(view, reliable))
        with st.expander("All numbers", icon=":material/table:"):
            show.records(words.expectations(view), alt="Expected reward, utilities, KL and effective samples")
    with right:
        panels.price_path(lens, view)
