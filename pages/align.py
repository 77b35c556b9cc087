"""Align: train the policy for a λ in the background, watch it, and see what came out."""

from __future__ import annotations

import streamlit as st

from dualign.ui import data, session, show
from dualign.ui.align import form, launch, policies, watch
from dualign.ui.router import framed

framed()
with show.guarded():
    lens = session.current()
    view = data.view(lens)
    st.title("Align: train the policy for a price", anchor=False)
    st.markdown(
        "Every λ on the lens is a policy that could be trained. Choose one, see what to expect, and launch it: it "
        "trains in the background, goes on when this page is closed, and can be talked to when it is done."
    )
    choices = form.checked(lens, view)
    if choices is not None:
        launch.panel(lens, view, choices)
    st.subheader("Jobs", anchor=False)
    watch.jobs_panel()
    st.subheader("Trained policies", anchor=False)
    policies.table(lens)
