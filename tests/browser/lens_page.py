"""A page with nothing but the lens, on scores drawn from a fixed seed."""

from __future__ import annotations

import json

import numpy as np
import streamlit as st

from dualign.ui.lens import LensData, LensState, PolicyMarker, lens

QUERY = st.query_params
M = int(QUERY.get("m", "1"))
P, N = int(QUERY.get("prompts", "200")), int(QUERY.get("responses", "64"))
POLICIES = {
    "1": [PolicyMarker("1", 0.4, 0.55, (0.33, 0.47), (0.5, 0.6))],
    "level": [PolicyMarker("1", 0.2, 0.6), PolicyMarker("2", 0.5, 0.6, kl=0.8)],
    # Two of them nearly at one place.
    "crowd": [
        PolicyMarker(str(k), utility, value)
        for k, (utility, value) in enumerate([(0.05, 0.75), (0.3, 0.6), (0.32, 0.59), (0.5, 0.4)], 1)
    ],
}
START = {"beta": float(QUERY.get("beta", "0.5")), "b": float(QUERY.get("b", "0.5"))}


@st.cache_resource
def scores(prompts: int, responses: int, m: int) -> LensData:
    """Reward and utilities that pull apart, with prompts of unequal difficulty."""
    rng = np.random.default_rng(7)
    r = rng.normal(size=(prompts, responses)) + rng.normal(size=(prompts, 1))
    g = rng.normal(size=(prompts, responses, m)) - 0.5 * r[..., None]
    return LensData.from_arrays(list(r), list(g))


st.set_page_config(layout="wide")
state = st.session_state.setdefault("state", LensState((0.578,) * M, (START["b"],) * M, START["beta"]))
if st.button("threshold to 0.2"):
    state = LensState(state.multipliers, (0.2, *state.thresholds[1:]), state.beta)
if st.button("back"):
    state = LensState((0.25,) * M, (START["b"],) * M, START["beta"])
shown = lens(
    scores(P, N, M),
    key="lens",
    beta=state.beta,
    thresholds=state.thresholds,
    multipliers=state.multipliers,
    names=["harmlessness", "humor"][:M],
    units=["points"] * M,
    form="absolute" if QUERY.get("form") == "absolute" else "improvement",
    reward_name="helpfulness",
    source="5e7" * 21 + "5",
    policies=POLICIES.get(QUERY.get("policies", ""), []),
    pinned=LensState((0.4,) * M, (0.2,) * M, 1.0) if "pinned" in QUERY else None,
)
st.session_state["state"] = shown
st.text(
    "state "
    + json.dumps([shown.multipliers, shown.thresholds, shown.beta, shown.committed, shown.at_optimum])
)
