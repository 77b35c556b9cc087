"""The form that adds a constraint: the mean of a utility, its mean in one group, or a share of replies."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dualign.duality.statements import Threshold, form_of
from dualign.ui import data, session
from dualign.ui.state import Bounds, LensSettings, at_level
from dualign.ui.terms import score_name, term_of
from dualign.ui.texts import md

_KINDS = {"mean": "Mean", "group": "Mean in one group", "chance": "Share of replies"}


def add_constraint(lens: LensSettings, bounds: Bounds) -> None:
    """A popover that states one more constraint."""
    names = bounds.constrainable(lens.reward)
    taken = {constraint.name for constraint in lens.constraints}
    manifest = data.open_set(lens.samples).manifest
    stated_now = (lens.samples, *sorted(taken))
    if st.session_state.get("new_beside") != stated_now:
        # Start at what is not stated yet; a group or a share of what is may still be asked for.
        st.session_state["new_beside"] = stated_now
        st.session_state["new_utility"] = next((name for name in names if name not in taken), names[0])
    with st.popover("Add a constraint", icon=":material/add:", type="tertiary"):
        utility = st.selectbox(
            "Utility",
            names,
            key="new_utility",
            format_func=lambda name: score_name(manifest, name),
        )
        kinds = [kind for kind in _KINDS if kind != "group" or (bounds.groups and lens.group is None)]
        kind = st.segmented_control(
            "What about it",
            kinds,
            default="mean",
            required=True,
            format_func=_KINDS.__getitem__,
            key="new_kind",
        )
        group = st.selectbox("Group", bounds.groups, key="new_group") if kind == "group" else None
        cutoff = None
        if kind == "chance" and utility is not None:
            scores = np.asarray(data.open_set(lens.samples).table[utility].to_numpy(), dtype=float)
            cutoff = st.number_input(
                f"A reply counts when {md(score_name(manifest, utility))} is at least",
                value=float(np.round(np.nanmedian(scores), 2)),
                format="%.4g",
                key=f"new_cutoff_{utility}",
            )
            st.caption("Example: 95 % of replies score at least this. The threshold is a share from 0 to 1.")
        if utility is None:
            return
        new = _with_level(lens, Threshold(utility, 0.0, group=group, cutoff=cutoff))
        stated = new.name in taken
        st.button("Add", type="primary", key="add_constraint", disabled=stated, on_click=_add, args=(new,))
        name = md(term_of(manifest, new).name)
        if stated:
            st.caption(
                f"{name} is stated already: choose another utility, {'a group ' if len(kinds) > 2 else ''}"
                "or a share of replies."
            )
        else:
            start = "its own share" if new.cutoff is not None else "no improvement"
            st.caption(f"Starts at what the reference does: {name} with {start} asked.")


def _with_level(lens: LensSettings, constraint: Threshold) -> Threshold:
    if form_of(constraint, lens.form) == "improvement":
        return constraint
    from dualign.ui.analysis import problem_of

    alone = lens.with_constraints([constraint])
    baseline = problem_of(data.open_set(lens.samples), alone).samples.baseline[0]
    return at_level(constraint, float(baseline))


def _add(constraint: Threshold) -> None:
    lens = session.current()
    if all(constraint.name != other.name for other in lens.constraints):
        session.commit(lens.with_constraints([*lens.constraints, constraint]))
