"""The scored samples: what is stored, where it came from, what it looks like; import and export."""

from __future__ import annotations

import streamlit as st

from dualign.ui import data, session, show
from dualign.ui.router import framed
from dualign.ui.samples_view import calibration, distributions, overview, provenance, responses, take_away
from dualign.ui.wizard import import_section

framed()
with show.guarded():
    show.notes()
    st.title("The samples: what everything here is computed from", anchor=False)
    chosen = overview()
    import_section()
    sample_set = data.open_set(chosen)
    tabs = st.tabs(
        ["Scores", "Replies", "Provenance", "Scorers", "Take away"], key="samples_tab", on_change="rerun"
    )
    if tabs[0].open:
        with tabs[0]:
            distributions(sample_set)
    if tabs[1].open:
        with tabs[1]:
            responses(sample_set)
    if tabs[2].open:
        with tabs[2]:
            provenance(sample_set)
    if tabs[3].open:
        with tabs[3]:
            calibration()
    if tabs[4].open:
        with tabs[4]:
            take_away(sample_set, session.current())
