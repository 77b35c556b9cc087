"""A message that was too long to be sent: nothing of it is lost, it waits to be shortened."""

from __future__ import annotations

import streamlit as st

from dualign.ui.chat.comparison import LONGEST_MESSAGE
from dualign.ui.chat.page_state import Chat, submit


def draft(chat: Chat) -> None:
    """The message with what is wrong with it, to be shortened and sent, or left."""
    if not chat.draft:
        return

    def send() -> None:
        submit(str(st.session_state["draft"]))

    with st.container(border=True, key="too_long"):
        st.warning(
            f"Your message has {len(chat.draft):,} characters and was not sent: at most {LONGEST_MESSAGE:,} fit. "
            "Shorten it here.",
            icon=":material/content_cut:",
        )
        st.text_area("Your message, to be shortened", chat.draft, key="draft", height=200)
        with st.container(horizontal=True):
            st.button("Send it", type="primary", key="send_draft", on_click=send)
            st.button("Leave it", key="leave_draft", on_click=setattr, args=(chat, "draft", ""))
