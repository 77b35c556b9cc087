"""View A, pinned, beside view B, the present one."""

from __future__ import annotations

import streamlit as st

from dualign.errors import DualignError
from dualign.ui import data, session, show
from dualign.ui.analysis import View
from dualign.ui.state import LensSettings
from dualign.ui.texts import number, signed


def comparison(lens: LensSettings, view: View) -> None:
    """The two views side by side, where one is pinned and differs."""
    pinned = session.pinned()
    if pinned is None or pinned == lens:
        return
    try:
        kept = data.view(pinned)
    except DualignError:
        return
    st.subheader("A, pinned, against B, now", anchor=False)
    first, second = _summary(pinned, kept), _summary(lens, view)
    rows = [
        {"": name, "A, pinned": first.get(name, "–"), "B, now": second.get(name, "–")}
        for name in dict.fromkeys([*first, *second])
    ]
    show.records(rows, alt="View A beside view B")
    with st.container(horizontal=True):
        st.button("Go to A", icon=":material/keep:", key="go_a", on_click=session.commit, args=(pinned,))
        st.button("Swap A and B", icon=":material/swap_horiz:", key="swap", on_click=session.swap)


def _summary(lens: LensSettings, view: View) -> dict[str, str]:
    rows = {
        "Data set": lens.samples,
        "Prompts": lens.group or "all",
        "Reward": lens.reward or data.open_set(lens.samples).manifest.reward,
        "β (reward per nat)": number(lens.beta),
    }
    for j, term in enumerate(view.terms):
        name, unit = term.name, term.unit
        rows[f"Threshold on {name} ({lens.forms[j]}, {unit})"] = number(float(view.problem.thresholds[j]))
        rows[f"λ of {name} (reward per unit)"] = number(float(view.multipliers[j]))
        rows[f"Slack of {name} ({unit})"] = signed(float(view.here.slack[0, j]))
        rows[f"Expected {name} ({unit})"] = number(float(view.here.expected_utilities[0, j]), 4)
    rows["Cost of the constraints (reward)"] = number(view.cost) if view.cost is not None else "cannot be met"
    rows["Expected reward"] = number(float(view.here.expected_reward[0]), 4)
    rows["KL (nats)"] = number(float(view.here.kl[0]))
    rows["Effective samples per prompt, median"] = number(float(view.here.ess_median[0]))
    return rows
