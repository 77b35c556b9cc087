"""Replies of the chosen policy beside the reference's, prompt by prompt, with their scores."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dualign.ui import data
from dualign.ui.evaluate.data import Shown
from dualign.ui.replies import CRISIS_LINES, content_note, cut
from dualign.ui.state import LensSettings
from dualign.ui.texts import md, number

_SHOWN = 3


def side_by_side(lens: LensSettings, shown: Shown) -> None:
    """A prompt that was held out, and what both policies answered; sensitive ones behind a content note."""
    sample_set = data.open_set(lens.samples)
    if not any(any(texts) for texts in shown.replies):
        st.markdown("This set holds scores without texts, so there are no replies to read.")
        return
    sensitive = {str(group) for group in sample_set.manifest.sensitive_groups}
    hidden = np.array([str(sample_set.groups[row]) in sensitive for row in shown.rows])
    reveal = content_note(sample_set, int(hidden.sum()), key="evaluate_reveal") if hidden.any() else True
    places = [k for k in range(len(shown.rows)) if reveal or not hidden[k]]
    if not places:
        st.markdown(
            "Every held-out prompt in sight lies in a group that is hidden until you choose to see it."
        )
        return
    place = st.selectbox(
        "Held-out prompt",
        places,
        key="evaluate_prompt",
        format_func=lambda k: _label(sample_set.groups[shown.rows[k]], sample_set.prompts[shown.rows[k]]),
    )
    row = int(shown.rows[place])
    if sensitive:
        st.caption(CRISIS_LINES)
    with st.container(border=True):
        st.text(cut(sample_set.prompts[row]), width="stretch")
    left, right = st.columns(2, gap="large")
    names = list(sample_set.manifest.scores)
    with left:
        st.markdown("**Reference**")
        scores = {name: sample_set.padded(name)[row] for name in names}
        _replies(sample_set.responses(row), scores)
    with right:
        st.markdown(f"**{md(shown.title)}**")
        _replies(shown.replies[place], {name: values[place] for name, values in shown.scores.items()})


def _label(group: str, prompt: str) -> str:
    text = f"{group}: {prompt}" if group else prompt
    text = " ".join(text.split())
    return text if len(text) <= 110 else text[:109] + "…"


def _replies(texts: list[str], scores: dict[str, np.ndarray]) -> None:
    shown: dict[str, int] = {}
    for k, text in enumerate(texts):
        shown.setdefault(text, k)
    for text, k in list(shown.items())[:_SHOWN]:
        times = sum(other == text for other in texts)
        words = [f"{md(name)} {number(float(values[k]))}" for name, values in scores.items()]
        if times > 1:
            words.insert(0, f"chosen {times} of {len(texts)} times")
        with st.container(border=True, gap="xsmall"):
            st.caption(" · ".join(words))
            st.text(cut(text), width="stretch")
