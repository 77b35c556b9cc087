"""What to expect of an alignment before it is launched, and the button that launches it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from dualign import jobs
from dualign.alignment.checks import require_texts
from dualign.alignment.estimate import Estimate, Expected, Interval, estimate
from dualign.alignment.launch import job_spec
from dualign.alignment.spec import AlignSpec
from dualign.errors import DualignError, InvalidInputError
from dualign.evaluation.results import read_result
from dualign.jobs.capacity import available_memory, gpus
from dualign.jobs.faults import size
from dualign.jobs.launchers import NAMES
from dualign.models.policies import list_policies
from dualign.ui import data, show
from dualign.ui.align.choices import Choices, specification
from dualign.ui.align.form import named
from dualign.ui.align.watch import show_job
from dualign.ui.analysis import View
from dualign.ui.state import LensSettings
from dualign.ui.texts import duration, md, number, sentence, signed
from dualign.ui.words import LIGHT_WORDS


def panel(lens: LensSettings, view: View, choices: Choices) -> None:
    """The forecast of what was chosen, its price in time and memory, and the launch."""
    if lens.group is not None:
        st.info(
            f"The lens looks at **{md(lens.group)}** alone; training takes all prompts, at the λ of this group.",
            icon=":material/info:",
        )
    sample_set = data.open_set(lens.samples)
    try:
        require_texts(sample_set)
    except InvalidInputError as error:
        st.info(md(sentence(str(error)), 400), icon=":material/info:")
        return
    if not (sample_set.manifest.reference.get("name") or choices.reference.strip()):
        st.info(
            "Name the model that drew these replies above; then the forecast and the launch appear here.",
            icon=":material/info:",
        )
        return
    try:
        spec = specification(lens, view, choices)
        found = _estimate(sample_set.content_hash, json.dumps(spec.to_record()), spec)
    except DualignError as error:
        st.error(md(named(str(error)), 600), icon=":material/block:")
        return
    if not view.feasible:
        st.warning(
            "No policy on these samples meets what the lens asks for, so there is no λ\\*. What is trained here will "
            "miss it too: the sidebar says how far each threshold can go.",
            icon=":material/block:",
        )
    required = dict(zip(view.names, -view.problem.reference_slack, strict=True))
    with st.container(border=True, key="align_forecast"):
        st.markdown(f"**{_headline(found.expected, lens)}**")
        show.records([_row(one, required) for one in found.expected], alt="What is expected of each policy")
        st.caption(
            "Forecast for the best possible policy at this λ, with 95 % intervals over prompts; gains are over the "
            f"reference. A trained policy differs from it{md(_reached(), 300)}."
        )
        for note in found.notes:
            st.caption(md(note, 400))
        if found.trust and found.trust != "green":
            words, icon, _ = LIGHT_WORDS[found.trust]
            st.warning(f"Trust: {words}. " + md(" ".join(found.trust_reasons), 500), icon=icon)
        _cost(found)
        _launch(spec, found)


@st.cache_data(max_entries=64, show_spinner="Looking ahead…")
def _estimate(content: str, record: str, _spec: AlignSpec) -> Estimate:
    return estimate(_spec)


def _headline(expected: tuple[Expected, ...], lens: LensSettings) -> str:
    if len(expected) > 1:
        return f"{len(expected)} policies, trained as one job"
    one = expected[0]
    gains = ", ".join(f"{md(name)} {signed(gain.value)}" for name, gain in one.utility_gains.items())
    reward = md(lens.reward or data.open_set(lens.samples).manifest.reward)
    return f"Expected: {gains}, {reward} {signed(one.reward_gain.value)}, {number(one.kl.value)} nats away"


def _reached() -> str:
    """What the shipped policies reached of their own forecasts, by the stored experiment; empty without it."""
    try:
        rows = read_result("tradeoff").tables["trained"]
    except (DualignError, KeyError):
        return ""
    shares: dict[str, list[float]] = {}
    for title, expected, achieved in zip(rows["title"], rows["expected"], rows["achieved"], strict=True):
        method, _, asked = str(title).partition(",")
        if "≥" in asked:
            shares.setdefault(method, []).append(100 * achieved / expected)
    told = [
        f"{method} {min(found):.0f}" + (f" to {max(found):.0f} %" if len(found) > 1 else " %")
        for method, found in shares.items()
    ]
    return f": of the gain forecast for them the shipped ones reached {', '.join(told)}" if told else ""


def _row(one: Expected, required: Mapping[str, float]) -> dict[str, str]:
    """A policy's forecast; slack counts from what the lens asks for, at whatever λ is trained."""
    row = {"λ": ", ".join(f"{name} {number(value)}" for name, value in one.multipliers.items())}
    row |= {f"Gain in {name}": _range(gain) for name, gain in one.utility_gains.items()}
    row["Gain in reward"] = _range(one.reward_gain)
    row["KL (nats)"] = _range(one.kl, plain=True)
    row |= {
        f"Slack of {name}": _range(
            replace(
                gain,
                value=gain.value - required[name],
                low=gain.low - required[name],
                high=gain.high - required[name],
            )
        )
        for name, gain in one.utility_gains.items()
        if name in required
    }
    row["Name"] = one.policy
    return row


def _range(value: Interval, *, plain: bool = False) -> str:
    word = number if plain else signed
    return f"{word(value.value, 3)} ({word(value.low, 2)} to {word(value.high, 2)})"


def _cost(found: Estimate) -> None:
    seconds, memory, device = st.columns([1, 1, 2], gap="medium")
    seconds.metric("Time", "unknown" if found.seconds is None else f"about {duration(found.seconds)}")
    memory.metric("Memory", size(found.memory_bytes) if found.memory_bytes else "unknown")
    here = gpus()
    with device:
        if here:
            st.markdown(f"**On a GPU** ({len(here)} found by the driver), claimed when the job starts.")
        else:
            st.markdown("**On the CPU**: no NVIDIA GPU was found on this machine.")
        st.caption(f"{found.steps} steps; {md(found.basis, 300)}. Free memory: {size(available_memory())}.")


def _launch(spec: AlignSpec, found: Estimate) -> None:
    stored = {policy.name for policy in list_policies()}
    taken = [one.policy for one in found.expected if one.policy in stored]
    if taken:
        st.warning(
            f"A policy named **{md(taken[0])}** exists already: give this one another name above.",
            icon=":material/edit:",
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Launch",
            type="primary",
            icon=":material/rocket_launch:",
            key="align_launch",
            disabled=bool(taken),
            on_click=_submit,
            args=(spec, found),
        )
        st.selectbox(
            "Where",
            NAMES,
            key="align_launcher",
            width=160,
            format_func=lambda name: {"local": "this machine", "ray": "Ray cluster", "slurm": "Slurm"}.get(
                name, name
            ),
        )
    failed = st.session_state.pop("align_failed", None)
    if failed:
        st.error(md(failed, 600), icon=":material/block:")


def _submit(spec: AlignSpec, found: Estimate) -> None:
    try:
        asked = 1 if gpus() else 0
        launcher = st.session_state.get("align_launcher") or "local"
        job = jobs.submit(job_spec(spec, gpus=asked, found=found), launcher=launcher)
    except DualignError as error:
        st.session_state["align_failed"] = str(error)
        return
    show_job(job.id)
    st.session_state.pop("jobs_table", None)
    st.toast(f"Launched: {md(job.spec.title, 120)}", icon=":material/rocket_launch:")
