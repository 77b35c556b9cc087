"""Ready-made prompts by group, the red-team set, and the prompt on which two policies differ most."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import streamlit as st

from dualign.models.policies import PolicySpec
from dualign.ui.chat.landscape import Landscape
from dualign.ui.chat.page_state import Chat
from dualign.ui.texts import md

RED_TEAM = "red team"
_CRISIS = "crisis"
_OPENERS = 4


@cache
def red_team() -> tuple[tuple[str, str], ...]:
    """(kind, prompt) of the red-team set, written by the project."""
    text = Path(__file__).with_name("redteam.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    return tuple((str(row["kind"]), str(row["prompt"])) for row in rows)


def surprise(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec]) -> int | None:
    """Index of the demo prompt where the first two policies differ most; each further call goes down the list.

    Prompts of people in crisis are left out: they are no surprise to play with.
    """
    if len(chat.comparison.policies) < 2:
        return None
    apart = land.differences(chat.comparison.policies[0], chat.comparison.policies[1], specs)
    order = [int(k) for k in np.argsort(-apart, kind="stable") if land.groups[int(k)] != _CRISIS]
    if not order or apart[order[0]] <= 0:
        return None
    return order[chat.surprises % len(order)]


def prompt_menu(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec]) -> None:
    """Prompts to send with one click."""
    groups = [*dict.fromkeys(land.groups), RED_TEAM]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        group = st.selectbox(
            "Prompts about", groups, key="prompt_group", format_func=lambda name: name.replace("-", " ")
        )
        _surprise_button(chat, land, specs)
    found: list[tuple[str, int | None, str]]
    if group == RED_TEAM:
        found = [(text, None, kind) for kind, text in red_team()]
    else:
        found = [
            (text, k, "")
            for k, (text, of) in enumerate(zip(land.prompts, land.groups, strict=True))
            if of == group
        ]
    with st.container(height=300, border=False):
        for place, (text, number, kind) in enumerate(found):
            label = f"{md(kind)}: {md(text, 240)}" if kind else md(text, 240)
            st.button(
                label,
                key=f"prompt_{group}_{place}",
                width="stretch",
                type="tertiary",
                on_click=_send,
                args=(chat, text, number),
            )


def openers(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec]) -> None:
    """What an empty page offers: the prompts on which the policies differ most."""
    policies = chat.comparison.policies
    if len(policies) > 1:
        apart = land.differences(policies[0], policies[1], specs)
    else:
        apart = land.differences(policies[0], policies[0], specs)
    chosen: list[int] = []
    for k in np.argsort(-apart, kind="stable"):
        group = land.groups[int(k)]
        if group != _CRISIS and group not in {land.groups[c] for c in chosen}:
            chosen.append(int(k))
        if len(chosen) == _OPENERS:
            break
    st.markdown("**Type a message below, or start with one of these**")
    for place, k in zip(st.columns(2, gap="small") * 2, chosen, strict=False):
        place.button(
            md(land.prompts[k], 200),
            key=f"opener_{k}",
            width="stretch",
            on_click=_send,
            args=(chat, land.prompts[k], k),
        )


def _surprise_button(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec]) -> None:
    def ask() -> None:
        found = surprise(chat, land, specs)
        if found is not None:
            chat.surprises += 1
            _send(chat, land.prompts[found], found)

    st.button(
        "Surprise me",
        icon=":material/casino:",
        key="surprise",
        on_click=ask,
        disabled=len(chat.comparison.policies) < 2,
        help="The demo prompt on which the first two columns are expected to differ most; again for the next.",
    )


def _send(chat: Chat, text: str, number: int | None) -> None:
    if not chat.comparison.blind:
        chat.clear()
    chat.send(text, prompt_id=number)
