"""What was predicted and what policies did: one policy at the lens, and the papers' experiments."""

from __future__ import annotations

import streamlit as st

from dualign.errors import DualignError
from dualign.ui import session, show
from dualign.ui.evaluate import (
    data,
    experiments_view,
    iterate_view,
    policy_view,
    replies_view,
    theory_view,
    votes_view,
)
from dualign.ui.router import framed
from dualign.ui.texts import md

framed()
with show.guarded():
    lens = session.current()
    st.title("Evaluate: what was predicted, and what policies did", anchor=False)
    st.markdown(experiments_view.headline())
    iterate_view.note()
    chosen = policy_view.choose(lens)
    shown = None
    try:
        shown = data.shown(lens, chosen)
    except DualignError as error:
        st.info(md(error, 500), icon=":material/info:")
    if shown is not None:
        policy_view.policy(lens, shown)
        with st.expander(
            "Read its replies beside the reference's",
            icon=":material/compare:",
            key="read",
            on_change="rerun",
        ) as panel:
            if panel.open:
                replies_view.side_by_side(lens, shown)
    iterate_view.unmeasured(lens)
    st.subheader("The experiments", anchor=False)
    experiment = experiments_view.choose()
    experiments_view.experiment(experiment, lens.samples)
    if experiment == "one-shot-vs-iterative":
        iterate_view.iterations(lens)
    votes_view.judgements(policy_view.measured(lens))
    votes_view.votes()
    theory_view.theory()
    with st.expander("All figures of the papers beside ours", icon=":material/menu_book:"):
        experiments_view.overview()
