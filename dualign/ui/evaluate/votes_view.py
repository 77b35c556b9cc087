"""Win rates by people's blind votes in the chat, and by a judge model."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import streamlit as st

from dualign import jobs
from dualign.errors import StoreError
from dualign.evaluation.estimates import Estimate
from dualign.evaluation.judged import KIND
from dualign.evaluation.winrates import WinRate, position_sentence, vote_rate
from dualign.figures import evaluation_parts as figures
from dualign.ui import show
from dualign.ui.texts import md


def judgements(known: Collection[str]) -> None:
    """What judge models said of the policies in ``known``; nothing where none was asked."""
    try:
        rows = [record.content for record in jobs.records(KIND)]
    except StoreError:
        return
    rows = [row for row in rows if row.get("policy") in known]
    if not rows:
        return
    rates = [WinRate(**{**row["rate"], "rate": Estimate(**row["rate"]["rate"])}) for row in rows]
    who = [f"{row['judge']} ({row['criterion']})" for row in rows]
    drawn = figures.win_rate_data(_columns([str(row["policy"]) for row in rows], who, rates))
    show.figure(
        figures.win_rate_figure(drawn, show.look(), against="the reference"),
        drawn.columns,
        key="judge-win-rates",
        sentence=f"Win rates of {len(set(drawn.columns['policy']))} policies against the reference by a judge model "
        "who saw every pair in both orders, ties as halves.",
    )
    for row, by, rate in zip(rows, who, rates, strict=True):
        told = [f"{rate.skipped} pairs were not judged."] if rate.skipped else []
        told += [sentence for sentence in (position_sentence(rate),) if sentence]
        if told:
            st.caption(md(f"{row['policy']} by {by}: {' '.join(told)}", 500))


def _columns(policies: list[str], judges: list[str], rates: list[WinRate]) -> dict[str, Any]:
    return {
        "policy": policies,
        "judge": judges,
        "win_rate": [rate.rate.value for rate in rates],
        "win_rate_low": [rate.rate.low for rate in rates],
        "win_rate_high": [rate.rate.high for rate in rates],
        "wins": [rate.wins for rate in rates],
        "ties": [rate.ties for rate in rates],
        "losses": [rate.losses for rate in rates],
    }


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
    drawn = figures.win_rate_data(_columns(list(kept), ["people"] * len(kept), list(kept.values())))
    show.figure(
        figures.win_rate_figure(drawn, show.look(), against="the other policy shown"),
        drawn.columns,
        key="votes-win-rates",
        sentence=f"Win rates of {len(kept)} policies by {len(rows)} blind votes, ties as halves.",
    )
