"""The sidebar: every setting of the lens. Widgets mirror the lens; their callbacks change it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import streamlit as st

from dualign.duality.statements import Threshold
from dualign.ui import conflict, data, session
from dualign.ui.analysis import View, other_form
from dualign.ui.constraints import add_constraint
from dualign.ui.state import MAX_CONSTRAINTS, LensSettings, clamp
from dualign.ui.texts import md, number

_ALL = "All prompts"
_LADDER = [float(f"{digit}e{power}") for power in range(-4, 4) for digit in (1, 1.5, 2, 3, 5, 7)] + [1e4]


def render() -> None:
    """Draw the sidebar and apply what was changed in it."""
    with st.sidebar:
        _history_row()
        _data_set()
        lens = session.current()
        bounds = data.bounds(lens.samples)
        if bounds.groups:
            _group(lens, bounds.groups)
        _beta(lens)
        st.markdown("**Constraints**")
        _form(lens)
        for index, constraint in enumerate(lens.constraints):
            _constraint(index, constraint, lens)
        if len(lens.constraints) < MAX_CONSTRAINTS:
            add_constraint(lens, bounds)
        _pin_row(lens)


def _apply(key: str, change: Any) -> None:
    """Commit ``change(lens, value of the widget)``: a new lens, or None to leave it."""
    settings = change(session.current(), st.session_state.get(key))
    if settings is not None:
        session.commit(settings)


def _mirror(key: str, value: Any) -> str:
    # Written before every drawing, so that undo, the address and the lens itself move the widget too.
    st.session_state[key] = value
    return key


def _history_row() -> None:
    stack = session.history()
    with st.container(horizontal=True, gap="xsmall"):
        st.button("Undo", on_click=session.undo, disabled=not stack.can_undo, key="undo")
        st.button("Redo", on_click=session.redo, disabled=not stack.can_redo, key="redo")
        st.button("Reset", on_click=session.reset, key="reset", help="Back to the set's own settings.")


def _title(name: str) -> str:
    manifest = data.store().manifest(name)
    title = " ".join((manifest.title or name).split())[:60]
    return (
        f"{title} (synthetic)"
        if manifest.origin == "synthetic" and "synthetic" not in title.lower()
        else title
    )


def _data_set() -> None:
    known = data.names()
    titles = {name: _title(name) for name in known}
    twice = [title for title in titles.values() if list(titles.values()).count(title) > 1]
    # The browser answers with the words shown, so that they must tell the sets apart.
    titles = {name: f"{title} · {name}" if title in twice else title for name, title in titles.items()}

    def change(lens: LensSettings, value: Any) -> LensSettings | None:
        return data.bounds(value).start if value in known and value != lens.samples else None

    st.selectbox(
        "Data set",
        known,
        key=_mirror("samples", session.current().samples),
        format_func=lambda name: titles.get(name, name),
        on_change=_apply,
        args=("samples", change),
    )


def _group(lens: LensSettings, groups: tuple[str, ...]) -> None:
    def change(now: LensSettings, chosen: Any) -> LensSettings | None:
        if chosen != "" and chosen not in groups:
            return None
        return replace(now, multipliers=None, group=chosen or None)

    st.selectbox(
        "Prompts",
        ["", *groups],
        key=_mirror("group", lens.group or ""),
        format_func=lambda group: group or _ALL,
        on_change=_apply,
        args=("group", change),
    )


def _beta(lens: LensSettings) -> None:
    def change(now: LensSettings, value: Any) -> LensSettings | None:
        return replace(now, beta=clamp(float(value), *data.bounds(now.samples).beta_range), multipliers=None)

    options = sorted({*_LADDER, lens.beta})
    st.select_slider(
        "Closeness to the reference, β",
        options,
        key=_mirror("beta", lens.beta),
        format_func=number,
        on_change=_apply,
        args=("beta", change),
        help="Reward units per nat of KL. Small β chases reward and leaves few effective samples; large β stays close.",
    )


def _form(lens: LensSettings) -> None:
    words = {"improvement": "Improvement", "absolute": "Absolute"}

    def change(now: LensSettings, value: Any) -> LensSettings | None:
        return other_form(data.view(now), now) if value in words and value != now.form else None

    st.segmented_control(
        "Thresholds stated",
        list(words),
        key=_mirror("form", lens.form),
        format_func=lambda form: words[cast("str", form)],
        on_change=_apply,
        args=("form", change),
        help="Improvement: over what the reference scores. Absolute: the level itself. "
        "Switching keeps the problem the same.",
        required=True,
        width="stretch",
    )


def _constraint(index: int, constraint: Threshold, lens: LensSettings) -> None:
    view = data.view(lens)
    term, reach = view.terms[index], view.reach[index]
    low, alone = view.ranges[index]
    high = reach if np.isfinite(reach) else alone
    base = float(view.problem.samples.baseline[index])
    key = f"threshold_{index}"

    def change(now: LensSettings, value: Any) -> LensSettings | None:
        fits = index < len(now.constraints) and value is not None and np.isfinite(value)
        return now.with_threshold(index, float(value)) if fits else None

    noun = "share" if term.share else "improvement" if lens.form == "improvement" else "level"
    # The name of a share says already what it is.
    sign = "at least" if term.share else f"{noun} ≥"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        st.number_input(
            f"{md(term.name)}, {sign}",
            key=_mirror(key, float(constraint.value)),
            min_value=0.0 if term.share else None,
            max_value=1.0 if term.share else None,
            step=0.01 if term.share else _step(high - max(low, -abs(high))),
            format="%.4g",
            on_change=_apply,
            args=(key, change),
            help=f"In {md(term.unit)}, better when larger. The reference scores {number(base)}; policies here reach "
            f"up to {number(alone)} when this constraint stands alone.",
        )
        if len(lens.constraints) > 1:
            st.button(
                ":material/close:",
                key=f"remove_{index}",
                on_click=_remove,
                args=(index,),
                help="Remove this constraint.",
            )
    st.caption(f"{_reachable(view, index, noun)} {_elsewise(constraint, noun, base)}")


def _elsewise(constraint: Threshold, noun: str, base: float) -> str:
    """The threshold in the other way to state it."""
    value = float(constraint.value)
    if noun == "improvement":
        return f"{number(value)} is a level of {number(value + base)}."
    over = f"{number(abs(value - base))} {'over' if value >= base else 'under'} the reference"
    return (
        f"{number(value)} is {f'{number(100 * value)} % of the replies, ' if noun == 'share' else ''}{over}."
    )


def _reachable(view: View, index: int, noun: str) -> str:
    reach, alone, constraints = view.reach[index], view.ranges[index][1], len(view.terms)
    noun = f"{'An' if noun == 'improvement' else 'A'} {noun}"
    if constraints > 1 and not np.isfinite(reach):
        return f"{noun} of up to {number(alone)} can be reached alone, but {md(conflict.in_the_way(view, index))}."
    told = f"{noun} of up to {number(reach)} can be reached"
    if constraints == 1:
        return f"{told}."
    if number(reach) == number(alone):
        return f"{told} with the {conflict.others(view)}."
    return f"{told} with the {conflict.others(view)} ({number(alone)} alone)."


def _step(reach: float) -> float:
    return (
        float(10.0 ** np.floor(np.log10(max(reach, 1e-6) / 10.0)))
        if np.isfinite(reach) and reach > 0
        else 0.1
    )


def _remove(index: int) -> None:
    lens = session.current()
    kept = [constraint for j, constraint in enumerate(lens.constraints) if j != index]
    if kept:
        session.commit(lens.with_constraints(kept))


def _pin_row(lens: LensSettings) -> None:
    pinned = session.pinned()
    with st.container(horizontal=True, gap="xsmall"):
        if pinned is None:
            st.button(
                "Pin as A",
                icon=":material/keep:",
                key="pin",
                on_click=session.pin,
                args=(lens,),
                help="Keep this view to compare others against.",
            )
        else:
            st.button("Unpin A", icon=":material/keep_off:", key="unpin", on_click=session.pin, args=(None,))
        with st.popover("Share", icon=":material/link:"):
            from urllib.parse import urlencode

            from dualign.ui.state import to_query

            base = (st.context.url or "").split("?")[0]
            st.code(f"{base}?{urlencode(to_query(lens, pinned), doseq=True)}", language=None, wrap_lines=True)
            st.caption(
                "Opens this very view where dualign runs with the same sample set. On another machine, put the address "
                "of dualign there before the question mark."
            )
