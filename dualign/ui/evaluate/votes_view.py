"""Win rates by people's blind votes in the chat."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dualign import jobs
from dualign.errors import StoreError
from dualign.evaluation.winrates import vote_rate
from dualign.figures import evaluation_parts as figures
from dualign.ui import show


def votes() -> None:
    """The figure of the votes, or where votes come from."""
    try:
        rows = [record.content for record in jobs.records("vote")]
    except StoreError:
        rows = []
    policies = sorted({str(row[side]) for row in rows for side in ("first", "second") if side in row})
    rates = {policy: vote_rate(rows, policy, rng=np.random.default_rng(0)) for policy in policies}
    kept = {policy: rate for policy, rate in rates.items() if rate is not None}
    if not kept:
        st.caption(
            "No blind votes are stored yet: switch on Blind on the Chat page and agree to keep your votes; "
            "win rates by people then stand here."
        )
        return
    drawn = figures.win_rate_data(
        {
            "policy": list(kept),
            "judge": ["people"] * len(kept),
            "win_rate": [rate.rate.value for rate in kept.values()],
            "win_rate_low": [rate.rate.low for rate in kept.values()],
            "win_rate_high": [rate.rate.high for rate in kept.values()],
            "wins": [rate.wins for rate in kept.values()],
            "ties": [rate.ties for rate in kept.values()],
            "losses": [rate.losses for rate in kept.values()],
        }
    )
    show.figure(
        figures.win_rate_figure(drawn, show.look(), against="the other policy shown"),
        drawn.columns,
        key="votes-win-rates",
        sentence=f"Win rates of {len(kept)} policies by {len(rows)} blind votes, ties as halves.",
    )
