"""The lens picture: the browser component, and what a person committed in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from dualign.duality.trust import MEDIAN_GREEN
from dualign.errors import DualignError
from dualign.ui import conflict, data, session, trained
from dualign.ui.analysis import View
from dualign.ui.lens import LensState, PolicyMarker, Unreliable, committed_state, lens
from dualign.ui.state import LensSettings, at_level, clamp
from dualign.ui.terms import score_name
from dualign.ui.texts import md, number

_KEY = "lens"


def lens_picture(settings: LensSettings, view: View) -> None:
    """Show the linked dual curve and image set; a position let go of in them becomes the lens."""
    # The component has its own way back to λ*.
    focus_choice(settings, view, way_back=False)
    solved = view.priced
    sample_set = data.open_set(settings.samples)
    manifest = sample_set.manifest
    reward = settings.reward or manifest.reward
    interval = None
    if view.priced and (view.at_optimum or len(view.multipliers) == 1):
        low, high = (float(end) for end in data.reliability(settings).multipliers_interval[settings.focus])
        interval = (low, high) if np.isfinite([low, high]).all() else None
    markers = _policies(settings, view)
    pinned = _pinned(settings)
    lens(
        data.lens_data(settings),
        key=_KEY,
        beta=settings.beta,
        thresholds=[float(value) for value in view.problem.thresholds],
        multipliers=[float(value) for value in view.multipliers],
        constraint=settings.focus,
        optimum=[float(value) for value in view.solution.multipliers] if solved else None,
        reach=float(view.reach[settings.focus]),
        blocked=conflict.in_the_way(view, settings.focus),
        following=settings.multipliers is None,
        form=settings.forms,
        names=[_short(name) for name in view.names],
        units=[_short(term.unit) for term in view.terms],
        reward_name=_short(score_name(manifest, reward)),
        reward_unit="reward units",
        unreliable=Unreliable(effective_sample_size=MEDIAN_GREEN),
        interval=interval,
        pinned=pinned,
        pinned_label="A" if pinned is None or pinned.beta == settings.beta else f"A, β {number(pinned.beta)}",
        policies=[marker for _, marker in markers],
        source=sample_set.content_hash,
        on_commit=_commit,
    )
    if markers:
        st.caption(trained.legend([name for name, _ in markers]))


def _policies(settings: LensSettings, view: View) -> list[tuple[str, PolicyMarker]]:
    """Trained policies and their marks. With several constraints the set is cut where the others stand: none."""
    if len(view.multipliers) > 1:
        return []
    level = float(view.problem.thresholds[settings.focus])
    found = trained.points(settings, view)
    return [
        (
            point.label,
            PolicyMarker(
                label=str(k),
                utility=point.slack + level,
                regularized_reward=point.height,
                utility_interval=(
                    point.slack + level - point.slack_error,
                    point.slack + level + point.slack_error,
                ),
                reward_interval=(point.height - point.height_error, point.height + point.height_error),
                kl=point.kl,
            ),
        )
        for k, point in enumerate(found, 1)
    ]


def _short(name: str) -> str:
    text = " ".join(name.split())
    return text if len(text) <= 32 else text[:31] + "…"


def _pinned(settings: LensSettings) -> LensState | None:
    """The pinned view, where the lens can draw it: the same scores, its thresholds in the present forms."""
    pinned = session.pinned()
    if pinned is None or pinned == settings:
        return None
    try:
        if data.scores_key(pinned) != data.scores_key(settings):
            return None
        kept = data.view(pinned)
    except DualignError:
        # Its set may be gone from the store by now.
        return None
    # What is asked over the reference, or the level itself.
    relative = np.asarray([form == "improvement" for form in settings.forms])
    problem = kept.problem
    asked = np.where(relative, 0.0, problem.samples.baseline) - problem.reference_slack
    thresholds = tuple(
        float(value) for value in np.where(relative == problem.relative, problem.thresholds, asked)
    )
    return LensState(tuple(float(value) for value in kept.multipliers), thresholds, pinned.beta)


def _commit() -> None:
    """Take over the position that the person let go of, before the page runs."""
    now = session.current()
    state = committed_state(_KEY, constraints=len(now.constraints))
    if state is None:
        return
    constraints = tuple(
        at_level(constraint, value)
        for constraint, value in zip(now.constraints, state.thresholds, strict=True)
    )
    there = replace(
        now,
        beta=clamp(state.beta, *data.bounds(now.samples).beta_range),
        constraints=constraints,
        multipliers=None,
    )
    held = tuple(clamp(value, 0.0, 1e6) for value in state.multipliers)
    session.commit(
        there if state.at_optimum and _follows(now, there, held) else replace(there, multipliers=held)
    )


def _follows(now: LensSettings, there: LensSettings, held: tuple[float, ...]) -> bool:
    """Whether a lens at the lowest point along one multiplier goes on with λ* of all constraints."""
    # With several constraints the lens minimises along one of them: one that followed λ* goes on doing so, and one
    # that came back to it by hand or by the button does so again.
    if len(held) == 1 or now.multipliers is None:
        return True
    try:
        return data.view(replace(there, multipliers=held)).at_optimum
    except DualignError:
        return False


def focus_choice(settings: LensSettings, view: View, *, way_back: bool = True) -> None:
    """Which constraint the one-dimensional figures run along, where there are several; and the way back to λ*."""
    names = view.names
    if len(names) == 1 and not way_back:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(names) > 1:
            st.session_state["focus"] = settings.focus
            st.segmented_control(
                "Look along",
                range(len(names)),
                key="focus",
                required=True,
                on_change=_refocus,
                format_func=lambda j: md(_short(names[j])),
            )
        if way_back:
            # Always in its place: a row that comes and goes would move what stands below it.
            st.button(
                "Back to λ\\*",
                icon=":material/my_location:",
                key="back",
                on_click=_back,
                disabled=settings.multipliers is None or not view.feasible,
            )


def _refocus() -> None:
    now = session.current()
    chosen = st.session_state.get("focus")
    if isinstance(chosen, int) and 0 <= chosen < len(now.constraints):
        session.commit(replace(now, focus=chosen))


def _back() -> None:
    session.commit(replace(session.current(), multipliers=None))
