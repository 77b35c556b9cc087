"""The real replies that a tilted policy favours, prompt by prompt; sensitive ones behind a content note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dualign.samples import SampleSet
from dualign.ui import analysis, data, session
from dualign.ui.analysis import View
from dualign.ui.state import LensSettings
from dualign.ui.terms import score_name
from dualign.ui.texts import md, number

_PER_PAGE = 8
_LONGEST = 32_000
CRISIS_LINES = (
    "Samples of a language model: not therapy, not advice, not a medical device. In a crisis: 988 (US), 116 123 "
    "(Samaritans, UK and Ireland), findahelpline\\.com elsewhere."
)
DEFAULT_NOTE = (
    "The next texts are replies of a small language model to harmful requests or to people in crisis. Some are "
    "wrong or unsafe. They are shown for study, not as advice."
)


@dataclass(frozen=True, eq=False)
class Ranked:
    """Replies to one prompt in the order shown: texts, weights (summing to 1) if any, scores by name."""

    texts: list[str]
    weights: np.ndarray | None
    scores: dict[str, np.ndarray]

    def holding(self, words: list[str]) -> list[int]:
        """Places of the replies that hold every word, in the order shown."""
        return [place for place, text in enumerate(self.texts) if _holds(text, words)] if words else []

    def table(self) -> pd.DataFrame:
        """All replies as a table; a score that is named like one of its own columns gives way."""
        own: dict[str, Any] = {}
        if self.weights is not None:
            own["times even"] = np.round(self.weights * len(self.texts), 3)
        own |= {name: values for name, values in self.scores.items() if name not in own}
        return pd.DataFrame({**own, "reply": [cut(text) for text in self.texts]})


def choose_multiplier(lens: LensSettings, view: View) -> None:
    """Move the lens along λ without dragging: from λ = 0 over λ* to beyond."""
    focus = lens.focus
    top = analysis.multiplier_range(view, focus)
    best = view.solution.multipliers[focus]
    options = {*(float(f"{x:.3g}") for x in np.linspace(0.0, top, 26)), float(view.multipliers[focus])}
    if np.isfinite(best):
        options.add(float(best))
    st.session_state["choose_lam"] = float(view.multipliers[focus])

    def words(value: float) -> str:
        at_best = np.isfinite(best) and value == float(best)
        return f"λ* = {number(value)}" if at_best else f"λ = {number(value)}"

    st.select_slider(
        f"Policy shown: multiplier on {md(view.names[focus])} (reward per utility)",
        sorted(options),
        key="choose_lam",
        format_func=words,
        on_change=_move,
        args=(tuple(view.multipliers), focus, float(best) if np.isfinite(best) else None),
    )


def _move(at: tuple[float, ...], focus: int, best: float | None) -> None:
    lens = session.current()
    value = float(np.clip(float(st.session_state["choose_lam"]), 0.0, 1e6))
    moved = list(at)
    moved[focus] = value
    alone = len(moved) == 1 and best is not None and value == best
    if len(moved) == len(lens.constraints):
        session.commit(replace(lens, multipliers=None if alone else tuple(moved)))


def prompt_rows(sample_set: SampleSet, lens: LensSettings) -> np.ndarray:
    """Indices in the set of the prompts that the lens keeps, in the order of the analysis."""
    groups = np.asarray(sample_set.groups, dtype=object)
    return np.flatnonzero(groups == lens.group) if lens.group is not None else np.arange(len(groups))


def matching(sample_set: SampleSet, rows: np.ndarray, query: str) -> np.ndarray:
    """The prompts that hold every word of the query, whatever the case, in their text or in one of their replies."""
    words = query.casefold().split()
    if not words:
        return rows
    return np.asarray(
        [row for row in rows if any(_holds(text, words) for text in _texts(sample_set, int(row)))], dtype=int
    )


def _texts(sample_set: SampleSet, row: int) -> list[str]:
    return [sample_set.prompts[row], *sample_set.responses(row)]


def _holds(text: str, words: list[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def replies(lens: LensSettings, view: View) -> None:
    """Prompts with the replies that the policy favours, filtered by text and group."""
    sample_set = data.open_set(lens.samples)
    _browse(
        sample_set,
        prompt_rows(sample_set, lens),
        lambda row: favoured(sample_set, lens, view, row),
        weighted=True,
    )


def browse(sample_set: SampleSet) -> None:
    """Prompts with their replies as they were drawn, whatever the lens."""
    _browse(sample_set, np.arange(sample_set.n_prompts), lambda row: drawn(sample_set, row), weighted=False)


def _browse(
    sample_set: SampleSet, rows: np.ndarray, table: Callable[[int], Ranked], *, weighted: bool
) -> None:
    if not any(str(text) for text in sample_set.responses(int(rows[0]))):
        st.markdown("This set holds scores without texts, so there are no replies to read.")
        return
    sensitive = {str(group) for group in sample_set.manifest.sensitive_groups}
    groups = sorted({str(sample_set.groups[row]) for row in rows})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        query = st.text_input(
            "Find in prompts and replies",
            key="find",
            placeholder="words, e.g. sleep",
            max_chars=200,
            persist_state="session",
        )
        chosen = ""
        if len(groups) > 1:
            chosen = st.selectbox(
                "Group",
                ["", *groups],
                format_func=lambda group: group or "All groups",
                key="find_group",
                persist_state="session",
            )
        count = st.number_input(
            "Replies per prompt",
            min_value=1,
            max_value=64,
            value=3,
            key="find_count",
            width=170,
            persist_state="session",
        )
    if chosen and chosen in groups:
        rows = rows[[str(sample_set.groups[row]) == chosen for row in rows]]
    found = matching(sample_set, rows, query or "")
    hidden = np.asarray([str(sample_set.groups[row]) in sensitive for row in found], dtype=bool)
    reveal = content_note(sample_set, int(hidden.sum())) if hidden.any() else False
    shown = found if reveal else found[~hidden]
    if len(shown) == 0:
        st.markdown(
            "No prompt matches."
            if not hidden.any()
            else "Every match lies in a group that is hidden until you choose to see it."
        )
        return
    pages = int(np.ceil(len(shown) / _PER_PAGE))
    page = 1
    if pages > 1:
        page = st.pagination(pages, key=f"find_page_{pages}")
    if sensitive:
        st.caption(CRISIS_LINES)
    words = " Weight 1 × is an even choice among a prompt's replies." if weighted else ""
    st.caption(f"{len(shown):,} of {len(rows):,} prompts.{words}")
    for row in shown[(page - 1) * _PER_PAGE : page * _PER_PAGE]:
        _prompt(
            sample_set,
            table(int(row)),
            int(row),
            int(np.clip(count, 1, 64)),
            (query or "").casefold().split(),
        )


def content_note(sample_set: SampleSet, hidden: int, *, key: str = "reveal") -> bool:
    """The note that stands before sensitive replies; whether the reader chose to see them."""
    st.warning(
        md(sample_set.manifest.content_note or DEFAULT_NOTE, 1000),
        icon=":material/visibility_off:",
        title="Content note",
    )
    return bool(
        st.toggle(
            f"Show {'this prompt and its' if hidden == 1 else f'these {hidden} prompts and their'} replies",
            key=key,
            value=False,
        )
    )


def _prompt(sample_set: SampleSet, found: Ranked, row: int, count: int, sought: list[str]) -> None:
    group = str(sample_set.groups[row])
    head = [md(group)] if group else []
    if found.weights is None:
        head.append(f"{len(found.texts)} replies")
    else:
        effective = number(1.0 / float(np.sum(np.square(found.weights))))
        head.append(f"{len(found.texts)} replies, worth {effective} even ones under this policy")
    hits = found.holding(sought)
    # A reply that was sought comes first, or the match would stay out of sight among the others.
    places = sorted(range(len(found.texts)), key=lambda place: place not in hits)
    if sought:
        many = f"in {len(hits)} of them" if len(hits) > 1 else "in one of them"
        head.append(f"words found {many}" if hits else "words found in the prompt")
    with st.container(border=True):
        st.text(cut(str(sample_set.prompts[row])), width="stretch")
        st.caption(" · ".join(head))
        for place in places[: max(1, count)]:
            words = [f"{md(name)} {number(float(values[place]))}" for name, values in found.scores.items()]
            if found.weights is not None:
                times = float(found.weights[place]) * len(found.texts)
                words.insert(0, f"**weight {number(times)} ×**")
            with st.container(gap="xsmall"):
                st.caption(" · ".join(words))
                st.text(cut(found.texts[place]), width="stretch")
        if len(found.texts) > count:
            label = f"All {len(found.texts)} replies"
            with st.expander(label, key=f"all_{row}", on_change="rerun") as more:
                if more.open:
                    st.dataframe(found.table(), hide_index=True, alt="Replies with weights and scores")


def cut(text: str) -> str:
    """A text no longer than a browser draws without delay."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " […]"


def favoured(sample_set: SampleSet, lens: LensSettings, view: View, row: int) -> Ranked:
    """Replies to one prompt, the one that the tilted policy favours most first."""
    place = int(np.searchsorted(prompt_rows(sample_set, lens), row))
    texts = sample_set.responses(row)
    weights = np.asarray(data.weights(lens))[place, : len(texts)]
    order = np.argsort(-weights, kind="stable")
    seen = analysis.scored(sample_set, lens)
    manifest = sample_set.manifest
    reward = score_name(manifest, lens.reward or manifest.reward)
    scores = {reward: seen.rewards[place, : len(texts)][order]}
    for j, utility in enumerate(seen.names):
        scores[score_name(manifest, utility)] = seen.utilities[place, : len(texts), j][order]
    return Ranked([texts[k] for k in order], weights[order], scores)


def drawn(sample_set: SampleSet, row: int) -> Ranked:
    """Replies to one prompt in the order they were drawn, with all their scores."""
    texts = sample_set.responses(row)
    part, manifest = (
        sample_set.table.slice(int(np.sum(sample_set.counts[:row])), len(texts)),
        sample_set.manifest,
    )
    return Ranked(
        texts, None, {score_name(manifest, name): part[name].to_numpy() for name in manifest.scores}
    )
