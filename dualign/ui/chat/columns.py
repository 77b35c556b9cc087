"""The columns: which policy stands in each, and what was said, exchange by exchange, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from dualign.models.chat import ChatPolicy, InterpolatedPolicy, ResampledPolicy
from dualign.models.policies import PolicySpec
from dualign.ui.chat import catalogue
from dualign.ui.chat.comparison import LETTERS
from dualign.ui.chat.conversation import Exchange, Reply
from dualign.ui.chat.landscape import Landscape, Spot
from dualign.ui.chat.page_state import Chat
from dualign.ui.chat.spots import gives_up, most_helpful
from dualign.ui.texts import md, number

# A reply that grows, or says how it comes about, would tell which policy it is.
TOGETHER = "Both replies appear together, when both are ready."
_LONGEST = 32_000
# On a phone the heads would push what is said out of sight: there they follow it.
_NARROW = """<style>
@media (max-width: 640px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-heads) { order: 1; }
}
</style>"""
_HEIGHT = 480  # a taller one would trap the finger that scrolls a phone


def heads(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec], spots: Sequence[Spot]) -> None:
    """One head a column: the policy, its slider, what it gives up; ``spots`` are where all columns sit."""
    simple = chat.comparison.simple
    reference = land.spot(None)
    places = st.container(key="heads").columns(len(chat.columns), gap="medium")
    for place, column in zip(places, chat.columns, strict=True):
        with place, st.container(border=True, key=f"head_{column}"):
            letter = LETTERS[column]
            if chat.hidden:
                st.markdown(f"**{letter}** · hidden until you vote")
                wipe()
                continue
            policy = chat.shown[column]
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(
                    f"**{letter}** · {md(catalogue.title(policy, land, specs, simple=simple), 120)}",
                    width="stretch",
                )
                if len(chat.shown) > 1:
                    _focus_button(chat, column)
            if chat.order is None:
                _choice(chat, column, land, specs)
                _slider(chat, column, land, specs)
            st.caption(
                md(gives_up(spots[column], reference, most_helpful(policy, land), land, simple=simple), 300)
            )


def wipe(count: int = 6) -> None:
    """Overwrite what an earlier run left further down in this container.

    Until a run ends the browser keeps what the one before it drew, and a run that streams goes on for long: scores and
    names of the last round would stand under this one.
    """
    for _ in range(count):
        st.empty()


def _focus_button(chat: Chat, column: int) -> None:
    alone = chat.focus == column
    st.button(
        "All columns" if alone else "Focus",
        icon=":material/close_fullscreen:" if alone else ":material/open_in_full:",
        key=f"focus_{column}",
        type="tertiary",
        on_click=_set_focus,
        args=(chat, None if alone else column),
    )


def _set_focus(chat: Chat, column: int | None) -> None:
    chat.focus = column


def _choice(chat: Chat, column: int, land: Landscape, specs: Mapping[str, PolicySpec]) -> None:
    found = {option.key: option for option in catalogue.options(specs)}
    now = catalogue.option_of(chat.comparison.policies[column])
    found.setdefault(now.key, now)
    key = f"policy_{column}"
    st.session_state[key] = now.key

    def change() -> None:
        option = found.get(st.session_state[key])
        # Streamlit calls this also where nothing changed: after a run that a click ended before it drew the list.
        if option is not None and option != catalogue.option_of(chat.comparison.policies[column]):
            lam = catalogue.lam_of(chat.comparison.policies[column])
            start = lam if lam is not None else (land.best or land.top / 2)
            chat.set_policy(column, catalogue.policy_of(option, start, land, specs))

    st.selectbox(
        f"Policy in column {LETTERS[column]}",
        list(found),
        key=key,
        format_func=lambda entry: catalogue.option_title(found[entry], specs, simple=chat.comparison.simple),
        on_change=change,
        label_visibility="collapsed",
    )


def _slider(chat: Chat, column: int, land: Landscape, specs: Mapping[str, PolicySpec]) -> None:
    policy = chat.comparison.policies[column]
    if isinstance(policy, InterpolatedPolicy):
        _between(chat, column, policy, specs)
        return
    lam = catalogue.lam_of(policy)
    if lam is None:
        return
    key = f"lam_{column}"
    steps = {float(f"{land.top * k / 20:.3g}") for k in range(21)}
    choices = sorted({*steps, land.best, lam} if land.best > 0 else {*steps, lam})
    st.session_state[key] = lam

    def change() -> None:
        chat.set_policy(column, catalogue.with_lam(policy, float(st.session_state[key])))

    simple = chat.comparison.simple

    def words(value: float) -> str:
        if simple:
            return f"{round(100 * value / land.top)} %"
        return f"λ* = {number(value)}" if value == land.best and value > 0 else number(value)

    st.select_slider(
        "more helpful ↔ more careful" if simple else f"λ, reward per unit of {md(land.utility_name)}",
        choices,
        key=key,
        format_func=words,
        on_change=change,
        help="How much weight care gets when one of several drafts is chosen."
        if simple
        else "Moving it answers the newest message again, with no training: the candidates stay, their weights change.",
    )


def _between(chat: Chat, column: int, policy: InterpolatedPolicy, specs: Mapping[str, PolicySpec]) -> None:
    names = list(policy.weights)
    key, ends_key = f"between_{column}", f"ends_{column}"
    st.session_state[key] = float(policy.weights[names[-1]])
    st.session_state[ends_key] = names

    def change() -> None:
        chosen = [name for name in st.session_state[ends_key] if name in specs][:2] or names
        share = float(st.session_state[key])
        weights = {chosen[0]: share} if len(chosen) == 1 else {chosen[0]: 1 - share, chosen[1]: share}
        chat.set_policy(column, InterpolatedPolicy(weights=weights))

    simple = chat.comparison.simple
    st.multiselect(
        "Between",
        list(specs),
        key=ends_key,
        max_selections=2,
        on_change=change,
        format_func=lambda name: catalogue.option_title(
            catalogue.Option("adapter", name), specs, simple=simple
        ),
        help="Two trained policies, or one and the reference.",
    )
    st.slider("Share of the last one", -0.5, 1.5, step=0.05, key=key, on_change=change)


def layout(chat: Chat) -> tuple[Any, Any]:
    """Where the conversation goes, and what stands beside it: below, when the columns need the width."""
    if len(chat.columns) <= 2 and not chat.held_back:
        talk, beside = st.columns([3, 1], gap="medium")
        return talk, beside
    return st.container(), st.container()


def conversation(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec]) -> dict[int, Any]:
    """What was said, its end in sight; the empty elements that waiting replies are streamed into."""
    if not chat.conversation.exchanges:
        return {}
    st.html(_NARROW)
    with st.container(height=_HEIGHT, border=False, autoscroll=True, key="conversation"):
        return _exchanges(chat, land, specs)


def _exchanges(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec]) -> dict[int, Any]:
    places: dict[int, Any] = {}
    last = len(chat.conversation.exchanges) - 1
    for index, exchange in enumerate(chat.conversation.exchanges):
        _message(chat, index, exchange)
        newest = index == last
        if not exchange.replies and not (newest and chat.waiting):
            if chat.conversation.signal is not None:
                st.caption("No policy was asked for a reply to this.")
            continue
        if chat.hidden and not complete(exchange) and not (newest and chat.waiting):
            st.caption(
                "Stopped, or failed, before both replies were ready. Neither is shown, for that would tell which is "
                "which: regenerate, or send another message."
            )
            continue
        for place, column in zip(st.columns(len(chat.columns), gap="medium"), chat.columns, strict=True):
            with place, st.chat_message("assistant", avatar=":material/smart_toy:"):
                if newest and column in chat.waiting:
                    places[column] = st.empty()
                    wipe()
                elif newest and chat.waiting and chat.hidden:
                    st.text(TOGETHER)
                    wipe()
                elif column < len(exchange.replies):
                    _reply(chat, exchange.replies[column], land, specs, column, key=f"{index}_{column}")
    return places


def complete(exchange: Exchange) -> bool:
    """Whether every column has a whole text, or what the user let stand of one."""
    return bool(exchange.replies) and all(reply.text and not reply.fault for reply in exchange.replies)


def _message(chat: Chat, index: int, exchange: Exchange) -> None:
    with st.chat_message("user", avatar=":material/person:"):
        if chat.editing == index:
            _edit(chat, index, exchange)
            return
        with st.container(horizontal=True, vertical_alignment="top"):
            st.text(_cut(exchange.message), width="stretch")
            st.button(
                ":material/edit:",
                key=f"edit_{index}",
                type="tertiary",
                help="Edit and send again",
                on_click=partial(setattr, chat, "editing", index),
            )


def _edit(chat: Chat, index: int, exchange: Exchange) -> None:
    from dualign.ui.chat.comparison import LONGEST_MESSAGE

    text = st.text_area("Your message", exchange.message, key=f"edited_{index}", max_chars=LONGEST_MESSAGE)

    def send() -> None:
        edited = str(st.session_state[f"edited_{index}"]).strip()
        if edited:
            chat.resend(index, edited[:LONGEST_MESSAGE])

    with st.container(horizontal=True):
        st.button(
            "Send again", type="primary", key=f"resend_{index}", on_click=send, disabled=not text.strip()
        )
        st.button("Leave it", key=f"leave_{index}", on_click=partial(setattr, chat, "editing", None))
    if index < len(chat.conversation.exchanges) - 1:
        st.caption("What came after this message goes.")


def _reply(
    chat: Chat, reply: Reply, land: Landscape, specs: Mapping[str, PolicySpec], column: int, *, key: str
) -> None:
    if reply.fault:
        st.warning(md(reply.fault, 600), icon=":material/block:")
    if reply.reply is None:
        if not reply.fault:
            drafts = isinstance(reply.policy, ResampledPolicy)
            st.caption("Stopped before a draft was chosen." if drafts else "Stopped before the first word.")
        return
    st.text(_cut(reply.text) or "(an empty reply)", width="stretch")
    if reply.fault:
        st.caption("That is what had come until then.")
    elif reply.reply.finish == "stopped":
        st.caption("Stopped here. A fragment is not scored.")
    if chat.hidden:
        return
    simple = chat.comparison.simple
    now: ChatPolicy | None = chat.shown[column] if column < len(chat.shown) else None
    if reply.policy != now:
        st.caption(f"by {md(catalogue.title(reply.policy, land, specs, simple=simple), 160)}")
    st.caption("  \n".join(facts(reply, simple=simple)))
    if not simple and reply.reply.resampling is not None:
        _candidates(reply, key)


def facts(reply: Reply, *, simple: bool) -> list[str]:
    """Lines under a reply: its scores with their places, then how it was drawn."""
    told = reply.reply
    if told is None:
        return []
    lines = []
    scores = reply.scores or {}
    if simple:
        lines += [
            f"More {md(catalogue.adjective(name))} than {placed.percentile:.0f} of 100 answers of the original"
            for name, placed in scores.items()
            if placed.percentile is not None
        ]
        return [*lines, *(md(note, 300) for note in told.notes)]
    if scores:
        parts = [
            f"**{md(name)} {_decimal(placed.value)}**"
            + ("" if placed.percentile is None else f", above {placed.percentile:.0f} %")
            for name, placed in scores.items()
        ]
        basis = next(iter(scores.values())).basis
        lines.append(" · ".join(parts) + f" of {md(basis)}")
    parts = [f"{told.n_tokens} tokens"]
    # A resampled reply is drawn once with many others and then remembered: it has no speed of its own.
    if told.tokens_per_second is not None and told.resampling is None:
        parts.append(f"{number(told.tokens_per_second, 2)} tokens/s")
    parts.append(f"seed {told.seed}")
    if told.resampling is not None:
        effective = number(told.resampling.effective_sample_size, 2)
        parts.append(f"{len(told.resampling.texts)} candidates worth {effective} even ones")
    lines.append(" · ".join(parts))
    return [*lines, *(md(note, 300) for note in told.notes)]


def _decimal(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _candidates(reply: Reply, key: str) -> None:
    import pandas as pd

    found = reply.reply.resampling if reply.reply else None
    if found is None:
        return
    with st.popover(
        "Candidates", icon=":material/format_list_numbered:", type="tertiary", key=f"candidates_{key}"
    ):
        order = sorted(range(len(found.texts)), key=lambda k: -found.weights[k])
        rows = [
            {
                "chosen": "●" if k == found.chosen else "",
                "weight": round(found.weights[k], 3),
                **{name: round(values[k], 2) for name, values in found.scores.items()},
                "reply": _cut(found.texts[k]),
            }
            for k in order
        ]
        st.caption(
            "Drawn from the reference; the weights of the tilted policy say which one is taken, at random."
        )
        st.dataframe(
            pd.DataFrame(rows), hide_index=True, height=320, alt="Candidates with weights and scores"
        )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " […]"


def last_row(chat: Chat) -> None:
    """What can be done with the newest exchange."""
    if not chat.conversation.exchanges or chat.waiting or chat.held_back or chat.voted is not None:
        return
    st.button(
        "Regenerate",
        icon=":material/refresh:",
        key="again",
        type="tertiary",
        on_click=chat.again,
        help="Another try by every column, with the next seed.",
    )


def about(land: Landscape, *, simple: bool) -> None:
    """What the page's numbers are, in a few lines."""
    if simple:
        st.caption(
            "The original is a small language model. The adjustable columns let it write several drafts and pick one: "
            "the more care counts, the more careful the draft that is picked, and the less it may help. The scores "
            "are made by two small programs that learned from people's preferences; they are often wrong."
        )
        return
    st.caption(
        f"λ prices {md(land.utility_name)} in {md(land.reward_name)}; λ\\* is the price that the lens needs. A "
        "resampled policy draws candidates from the reference and takes one with the weights of π at λ, "
        f"β = {number(land.beta)}. Scores are those of small proxy scorers. Nothing said here is written anywhere "
        "unless you keep it."
    )
