"""The notice that always stands, and the panel that comes before any model: drawn from fixed words alone."""

from __future__ import annotations

import streamlit as st

from dualign.models.crisis import CrisisSignal
from dualign.models.crisis.guidance import EMERGENCY, LINES, guidance
from dualign.ui.chat.page_state import Chat
from dualign.ui.texts import md

NOTICE = (
    "An AI demonstration: not therapy, not advice, not a medical device. In a crisis: **988** (US), **116 123** "
    "(Samaritans, UK and Ireland), findahelpline\\.com elsewhere."
)


def notice(signal: CrisisSignal | None) -> None:
    """The notice with its crisis lines, louder once something in the conversation signalled a crisis."""
    if signal is None:
        st.caption(NOTICE, width="stretch")
    else:
        st.error(
            f"Please talk to a person now: **988** (US), **116 123** (UK and Ireland), findahelpline\\.com elsewhere. "
            f"Emergency: {EMERGENCY}. This is an AI demonstration, not therapy, not a medical device.",
            icon=":material/sos:",
        )


def crisis_panel(signal: CrisisSignal) -> None:
    """What to do and whom to call, by the most urgent kind of crisis found; no model has a part in it."""
    with st.container(border=True, key="crisis_panel"):
        for place, kind in enumerate(signal.kinds[:2]):
            told = guidance(kind)
            st.markdown(f"#### {told.heading}" if place == 0 else f"**{told.heading}**")
            st.markdown(told.words)
        further = [line for kind in signal.kinds[:2] for line in guidance(kind).lines]
        rows = [("Emergency", EMERGENCY, ""), *LINES, *dict.fromkeys(further)]
        st.markdown(
            "\n".join(f"- {md(where)}: **{md(number)}** {md(words)}" for where, number, words in rows)
        )
        st.caption(
            "These words are fixed; no language model wrote them. They show because a phrase of yours may signal "
            "a crisis. If it does not, carry on below."
        )


def study_choice(chat: Chat) -> None:
    """Whether to see what the policies would answer all the same: a choice for study, off until it is made."""
    st.session_state["study"] = chat.study

    def change() -> None:
        chat.study = bool(st.session_state["study"])
        exchange = chat.conversation.exchanges[-1]
        if chat.study and not exchange.replies:
            chat.ask()

    st.toggle(
        "Show what the policies answer, for study: a small model may say something wrong or harmful",
        key="study",
        on_change=change,
    )


def stop_button(chat: Chat) -> None:
    """A button that ends the replies under way; what stands of them is kept."""
    if chat.waiting:
        # Any click ends the run that streams; this one asks for nothing else.
        st.button("Stop", icon=":material/stop_circle:", key="stop", type="primary")
