"""The notice that always stands, and the panel that comes before any model: drawn from fixed words alone."""

from __future__ import annotations

import streamlit as st

from dualign.models.crisis import CrisisSignal
from dualign.models.crisis.guidance import EMERGENCY, LINES, guidance
from dualign.ui.chat.page_state import CHAT_KEY, Chat
from dualign.ui.texts import md

NOTICE = (
    "An AI demonstration: not therapy, not advice, not a medical device. In a crisis: **988** (US), **116 123** "
    "(Samaritans, UK and Ireland), findahelpline\\.com elsewhere."
)


_DRAWN = "crisis_drawn"


def first() -> None:
    """The crisis panel, before everything else on the page: call it ahead of the sidebar and of any model.

    A message is judged by the callback that takes it, so that this is the first thing a run draws.
    """
    chat: Chat | None = st.session_state.get(CHAT_KEY)
    signal = chat.conversation.signal if chat is not None else None
    st.session_state[_DRAWN] = signal is not None
    if chat is not None and signal is not None:
        _panel(chat, signal)


def notice(signal: CrisisSignal | None) -> None:
    """The notice that stands below the input, whatever is shown above."""
    if signal is None:
        st.caption(NOTICE, width="stretch")
        return
    if not st.session_state.get(_DRAWN):
        st.rerun()
    st.caption("An AI demonstration: not therapy, not advice, not a medical device.", width="stretch")


def _panel(chat: Chat, signal: CrisisSignal) -> None:
    with st.bottom:
        st.error(
            "Please talk to a person now: **988** (US), **116 123** (UK and Ireland), findahelpline\\.com elsewhere. "
            f"Emergency: {EMERGENCY}.",
            icon=":material/sos:",
        )
    with st.container(border=True, key="crisis_panel"):
        for place, kind in enumerate(signal.kinds[:2]):
            told = guidance(kind)
            if place == 0:
                st.title(told.heading, anchor=False)
            else:
                st.markdown(f"**{told.heading}**")
            st.markdown(told.words)
        further = [line for kind in signal.kinds[:2] for line in guidance(kind).lines]
        rows = [("Emergency", EMERGENCY, ""), *LINES, *dict.fromkeys(further)]
        st.markdown(
            "\n".join(f"- {md(where)}: **{md(number)}** {md(words)}" for where, number, words in rows)
        )
        later = len(chat.conversation.exchanges) > 1 and chat.conversation.exchanges[-1].signal is None
        st.caption(
            "These words are fixed; no language model wrote them. They show because something in this conversation may "
            "signal a crisis, and stay until a new one is begun."
            + (" Your newest message stands below; no policy was asked." if later and not chat.study else "")
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "This was not about a crisis: begin anew",
                icon=":material/restart_alt:",
                key="not_a_crisis",
                on_click=chat.clear,
            )
            _study_choice(chat)


def _study_choice(chat: Chat) -> None:
    """Whether to see what the policies would answer all the same: a choice for study, off until it is made."""
    st.session_state["study"] = chat.study

    def change() -> None:
        chat.study = bool(st.session_state["study"])
        newest = chat.conversation.exchanges[-1:]
        if chat.study and newest and not newest[0].replies:
            chat.ask()

    st.toggle(
        "For study, ask the policies: a small model may say something wrong or harmful",
        key="study",
        on_change=change,
    )


def stop_button(chat: Chat) -> None:
    """A button that ends the replies under way; what stands of them is kept."""
    # The place stays when the button goes: what is drawn below, a half-typed message too, must not be mounted anew.
    place = st.empty()
    if chat.waiting:
        place.button("Stop", icon=":material/stop_circle:", key="stop", type="primary", on_click=chat.stop)
