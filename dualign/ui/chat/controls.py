"""The row above the columns: view, how many columns, blind mode, how replies are drawn, sharing and keeping."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode

import streamlit as st

from dualign.errors import DualignError
from dualign.models.chat import MAX_TOKENS
from dualign.models.policies import PolicySpec
from dualign.ui import session
from dualign.ui.chat import catalogue, export, page_state, saved
from dualign.ui.chat.answer import backend
from dualign.ui.chat.comparison import MAX_SHOWN, to_query
from dualign.ui.chat.landscape import Landscape
from dualign.ui.chat.page_state import Chat
from dualign.ui.chat.prompts import prompt_menu
from dualign.ui.state import to_query as lens_query
from dualign.ui.texts import md

_LONGEST_SYSTEM = 2_000
_SIMPLE, _EXACT = "In plain words", "With symbols"


def controls(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec]) -> None:
    """The row of controls."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _view(chat)
        _count(chat, land, specs)
        _blind(chat)
        with st.popover("Prompts", icon=":material/format_quote:", key="prompts"):
            prompt_menu(chat, land, specs)
        with st.popover("Settings", icon=":material/tune:", key="settings"):
            _settings(chat)
        with st.popover("Share", icon=":material/ios_share:", key="share"):
            _share(chat, land, specs)
        st.button(
            "New",
            icon=":material/restart_alt:",
            key="clear",
            on_click=_forget,
            args=(chat,),
            disabled=not chat.conversation.exchanges,
            help="Forgets everything that was said here.",
        )


def _forget(chat: Chat) -> None:
    chat.clear()
    backend().forget()


def _view(chat: Chat) -> None:
    st.session_state["view"] = _SIMPLE if chat.comparison.simple else _EXACT

    def change() -> None:
        chat.comparison = replace(chat.comparison, simple=st.session_state["view"] == _SIMPLE)

    st.segmented_control(
        "View", [_EXACT, _SIMPLE], key="view", on_change=change, required=True, label_visibility="collapsed"
    )


def _count(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec]) -> None:
    st.session_state["count"] = len(chat.comparison.policies)

    def change() -> None:
        count = int(st.session_state["count"])
        before = len(chat.comparison.policies)
        if count == before:
            return
        chat.comparison = chat.comparison.with_columns(count, catalogue.start_policies(land, specs))
        chat.focus = None
        if count > before:
            chat.ask(*range(before, count))

    st.segmented_control(
        "Columns",
        list(range(1, MAX_SHOWN + 1)),
        key="count",
        on_change=change,
        required=True,
        label_visibility="collapsed",
        help="How many columns stand side by side.",
        disabled=chat.comparison.blind,
    )


def _blind(chat: Chat) -> None:
    st.session_state["blind"] = chat.comparison.blind

    def change() -> None:
        # Streamlit calls this also where nothing changed: after a run that a click ended before it drew the switch.
        blind = bool(st.session_state["blind"])
        if blind != chat.comparison.blind:
            chat.set_blind(blind)

    st.toggle(
        "Blind",
        key="blind",
        on_change=change,
        disabled=len(chat.comparison.policies) < 2,
        help="Two columns, shuffled and unnamed. Read, vote, then see which was which. Begins a new conversation.",
    )


def _settings(chat: Chat) -> None:
    settings = chat.comparison.settings
    st.session_state.update(
        seed=settings.seed,
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        system_prompt=settings.system_prompt or "",
    )

    def change() -> None:
        chat.comparison = replace(
            chat.comparison,
            settings=replace(
                settings,
                seed=int(min(max(st.session_state["seed"], 0), 2**31 - 1)),
                max_tokens=int(min(max(st.session_state["max_tokens"], 1), MAX_TOKENS)),
                temperature=float(min(max(st.session_state["temperature"], 0.0), 2.0)),
                system_prompt=str(st.session_state["system_prompt"]).strip()[:_LONGEST_SYSTEM] or None,
            ),
        )

    st.number_input(
        "Seed",
        0,
        2**31 - 1,
        step=1,
        key="seed",
        on_change=change,
        help="The same seed, policy and conversation give the same reply.",
    )
    st.number_input("Longest reply (tokens)", 1, MAX_TOKENS, step=16, key="max_tokens", on_change=change)
    st.slider(
        "Temperature",
        0.0,
        2.0,
        step=0.1,
        key="temperature",
        on_change=change,
        help="At 1 replies come exactly from the policy; anything else bends it.",
    )
    st.text_area(
        "System prompt",
        key="system_prompt",
        on_change=change,
        max_chars=_LONGEST_SYSTEM,
        placeholder="The one that the reference was sampled with",
        help="Every forecast on this page is for the reference's own, which stands when this is empty. What you write "
        "here is not in a link.",
    )


def _share(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec]) -> None:
    lens = lens_query(session.current(), session.pinned())
    base = (st.context.url or "").split("?")[0]
    st.markdown("**A link to this comparison**")
    st.code(
        f"{base}?{urlencode({**lens, **to_query(chat.comparison)}, doseq=True)}",
        language=None,
        wrap_lines=True,
    )
    st.caption("It names policies, settings and a ready-made prompt; what you typed is not in it.")
    if chat.conversation.exchanges and not chat.hidden:
        _downloads(chat, land, specs)
    st.markdown("**Keep this conversation on this machine**")
    st.caption(
        "Nothing is kept unless you press the button. A kept one is deleted on its day, or by you at once."
    )
    days = st.segmented_control(
        "For how long",
        saved.DAYS,
        default=7,
        key="keep_days",
        required=True,
        format_func=lambda count: "1 day" if count == 1 else f"{count} days",
    )
    st.button(
        "Keep it",
        icon=":material/save:",
        key="keep",
        on_click=_keep,
        args=(chat, int(days or 7)),
        disabled=not chat.conversation.exchanges or chat.hidden,
    )
    for note in st.session_state.pop("keep_note", ()):
        st.info(md(note, 300))
    _kept(base)


def _downloads(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec]) -> None:
    facts = {name: str(value) for name, value in page_state.provenance().items()}
    names = {
        export.describe(reply.policy): catalogue.title(
            reply.policy, land, specs, simple=chat.comparison.simple
        )
        for exchange in chat.conversation.exchanges
        for reply in exchange.replies
    }
    st.markdown("**Take it away**")
    with st.container(horizontal=True):
        st.download_button(
            "Markdown",
            lambda: export.to_markdown(chat.conversation, names, facts),
            file_name="dualign-chat.md",
            mime="text/markdown",
            key="chat_md",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "JSONL",
            lambda: export.to_jsonl(chat.conversation, facts),
            file_name="dualign-chat.jsonl",
            mime="application/jsonl",
            key="chat_jsonl",
            icon=":material/download:",
            on_click="ignore",
        )


def _keep(chat: Chat, days: int) -> None:
    try:
        # After a blind round the columns stand as they were shown.
        kept = replace(chat.comparison, policies=chat.shown, blind=False)
        key = saved.save(chat.conversation, kept, days=days)
    except DualignError as error:
        st.session_state["keep_note"] = (str(error),)
    else:
        st.session_state["keep_note"] = (f"Kept as {key} for {days} day{'s' if days > 1 else ''}.",)


def _kept(base: str) -> None:
    found = saved.list_saved()
    if not found:
        return
    st.markdown(f"**Kept conversations ({len(found)})**")
    for entry in found[:20]:
        left = max(0.0, entry.expires - time.time()) / 86_400
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.text(entry.title, width="stretch")
            st.caption(f"{left:.1f} days left")
            st.button("Open", key=f"open_{entry.id}", type="tertiary", on_click=_open, args=(entry.id,))
            st.button(
                "Delete",
                key=f"delete_{entry.id}",
                type="tertiary",
                on_click=partial(saved.delete_saved, entry.id),
            )
    st.button("Delete all kept conversations", key="delete_all", on_click=saved.delete_all)


def _open(key: str) -> None:
    chat = page_state.current()
    try:
        comparison, conversation = saved.open_saved(key, chat.comparison, prompts=10**6)
    except DualignError as error:
        st.session_state["keep_note"] = (str(error),)
        return
    chat.clear()
    chat.comparison, chat.conversation, chat.order = comparison, conversation, None
