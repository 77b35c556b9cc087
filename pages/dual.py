"""The dual function: its minimum is the price; how sure it is, and how it was found."""

from __future__ import annotations

from itertools import combinations

import streamlit as st

from dualign.ui import data, panels, session, show, words
from dualign.ui.lens_view import focus_choice
from dualign.ui.reliability_view import multipliers_table, outcome_panel, reliability_panel
from dualign.ui.router import framed

framed()
with show.guarded():
    lens = session.current()
    show.notes()
    view = data.view(lens)
    st.title("The dual: where the price comes from", anchor=False)
    found = words.finding(view, lens)
    st.markdown(f"**{found.headline}.** {found.support}")
    outcome_panel(lens, view)
    reliable = data.reliability(lens) if view.priced else None
    show.reading(reliable, view)
    focus_choice(lens, view)
    panels.dual_curve(lens, view)
    if reliable is not None:
        st.subheader("The price with its interval", anchor=False)
        multipliers_table(view, reliable)
        reliability_panel(view, reliable)

    names = view.names
    if len(names) >= 2:
        st.subheader("All prices at once", anchor=False)
        pairs = list(combinations(range(len(names)), 2))
        if len(pairs) == 1:
            panels.contour(lens, view, pairs[0])
        else:
            st.caption(
                "Slices through D, two multipliers at a time; the others are held where the lens stands."
            )
            columns = st.columns(2, gap="medium")
            for k, pair in enumerate(pairs[:6]):
                with columns[k % 2]:
                    panels.contour(lens, view, pair)

    st.subheader("How it was solved", anchor=False)
    panels.convergence(lens, view)
    with st.expander("The equations", icon=":material/functions:"):
        st.latex(
            r"D(\lambda)=\beta\,\mathbb E_x\ln\mathbb E_{y\sim\pi_{\mathrm{ref}}}"
            r"\exp\frac{r+\langle\lambda,h\rangle}{\beta}"
            r",\qquad \lambda^\star=\arg\min_{\lambda\ge0}D(\lambda)"
        )
        st.latex(
            r"\nabla D(\lambda)=\mathbb E_{\pi_\lambda}[h]\ \text{(slack)},"
            r"\qquad \nabla^2D=\tfrac1\beta\,\mathbb E_x\mathrm{Cov}_{\pi_\lambda}[h]"
        )
        st.markdown(
            "r is the reward, h a utility minus what is required of it, β the weight of the KL term. "
            "D, P\\* and β are in reward units, slack in utility units, a multiplier in reward per utility, KL in nats."
        )
