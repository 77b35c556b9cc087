"""The table of trained policies on the Align page, and the way to delete one."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dualign.errors import DualignError
from dualign.models.policies import Policy, delete_policy
from dualign.ui import data
from dualign.ui.state import LensSettings
from dualign.ui.texts import md, number, signed
from dualign.ui.trained import measured, of_set, same_reward


def table(lens: LensSettings) -> None:
    """The policies of the lens's set with what was measured of them, and a way to delete one's own."""
    found = of_set(lens)
    if not found:
        st.caption("No policy has been trained on this set yet.")
        return
    st.dataframe(
        pd.DataFrame([_row(policy, lens) for policy in found]),
        hide_index=True,
        alt="Trained policies and what was measured of them",
        height="content",
        column_config={
            "Policy": st.column_config.Column(width=215),
            "From": st.column_config.Column(width=70),
        },
    )
    st.caption(
        "Gains over the reference on held-out prompts, with 95 % intervals; KL in nats. Judged from the reference's "
        "own replies by importance weights: quick, and too good where few replies carry the weight. The Evaluate "
        "page samples new replies."
    )
    own = [policy.name for policy in found if not policy.shipped]
    if own:
        with st.popover("Delete a policy", icon=":material/delete:", type="tertiary"):
            name = st.selectbox("Policy", own, key="policy_to_delete")
            if st.button("Delete it", key="delete_policy", disabled=name is None):
                try:
                    delete_policy(str(name))
                except DualignError as error:
                    st.error(md(error, 300))
                else:
                    st.rerun()


def _row(policy: Policy, lens: LensSettings) -> dict[str, Any]:
    spec = policy.spec
    seen = measured(spec)
    row: dict[str, Any] = {
        "Policy": spec.title or spec.name,
        "λ": ", ".join(f"{name} {number(float(value))}" for name, value in spec.multipliers.items()) or "–",
    }
    reward = lens.reward or data.open_set(lens.samples).manifest.reward
    comparable = seen is not None and same_reward(spec, lens.reward)
    row[f"Gain in {reward}"] = (
        "–" if not comparable or seen is None else _with(seen.reward, seen.reward_error)
    )
    for constraint in lens.constraints:
        name = constraint.name
        known = seen is not None and name in seen.utilities
        row[f"Gain in {name}"] = (
            _with(seen.utilities[name], seen.utilities_error.get(name, 0.0)) if known and seen else "–"
        )
    row["KL (nats)"] = "–" if seen is None else number(seen.kl)
    steps = sum(int(spec.metrics.get(key, 0)) for key in ("steps_before", "steps"))
    row["Steps"] = str(steps) if steps else "fitted" if "front" in spec.metrics else "–"
    row["Name"] = spec.name
    row["From"] = "shipped" if policy.shipped else (spec.created[:16].replace("T", " ") or "–")
    return row


def _with(value: float, error: float) -> str:
    return f"{signed(value, 2)} ± {number(1.96 * error, 2)}"
