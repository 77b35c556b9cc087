"""Jobs on a page: the table with its filters, one job live, two beside each other, and what can be done with them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from dualign import jobs
from dualign.errors import DualignError
from dualign.figures import training
from dualign.jobs import Job
from dualign.ui import show
from dualign.ui.align.settings import compare, policy_of, settings, title_of
from dualign.ui.texts import duration, md

STATE_WORDS = {
    "queued": ("waiting", ":material/hourglass_empty:", "gray"),
    "running": ("running", ":material/play_circle:", "blue"),
    "paused": ("paused", ":material/pause_circle:", "orange"),
    "completed": ("done", ":material/check_circle:", "green"),
    "failed": ("failed", ":material/error:", "red"),
    "cancelled": ("cancelled", ":material/cancel:", "gray"),
}
KINDS = ("align", "front", "iterate")
_COLUMNS = {"Loss": "loss", "Margin": "reward_margin", "KL": "kl"}
_SHOWN = "job_shown"
_SECONDS = 1.5


def show_job(job_id: str) -> None:
    """Let ``job_id`` be the job that the page shows in full."""
    st.session_state[_SHOWN] = job_id


def jobs_panel(kinds: Sequence[str] = KINDS) -> None:
    """The table of jobs, and the chosen one below it; live while one of them is active."""
    live = any(job.active for job in jobs.list_jobs() if job.spec.kind in kinds)
    st.fragment(_panel, run_every=_SECONDS if live else None)(tuple(kinds), live)


def _panel(kinds: tuple[str, ...], live: bool) -> None:
    with show.guarded():
        every = [job for job in jobs.list_jobs() if job.spec.kind in kinds]
        # A job that has ended leaves the rest of the page to be drawn anew: its policies are there now.
        active = any(job.active for job in every)
        seen = {job.id: job.state for job in every}
        before = st.session_state.get("jobs_seen")
        st.session_state["jobs_seen"] = seen
        if active != live or (before is not None and _ended(before, seen)):
            st.rerun()
        if not every:
            st.caption("No job yet. Launch one above; it goes on when you close this page.")
            return
        found = _filtered(every)
        if not found:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption("No job matches these filters.", width="content")
                st.button("Show all jobs", key="jobs_all", type="tertiary", on_click=_show_all)
            return
        _table(found)
        chosen = _choose(found)
        _details(chosen)
        compare(chosen, [job for job in every if job.id != chosen.id])


def _ended(before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    active = ("queued", "running", "paused")
    return any(before.get(name) in active and state not in active for name, state in now.items())


def _filtered(every: list[Job]) -> list[Job]:
    if len(every) < 2:
        return every
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    words = left.text_input("Search jobs", key="jobs_search", placeholder="name, method, state, reason")
    present = [state for state in STATE_WORDS if any(job.state == state for job in every)]
    states = right.pills(
        "State",
        present,
        selection_mode="multi",
        key="jobs_states",
        format_func=lambda state: STATE_WORDS[state][0],
    )
    wanted = (words or "").casefold().split()
    return [
        job
        for job in every
        if (not states or job.state in states) and all(word in _haystack(job) for word in wanted)
    ]


def _show_all() -> None:
    st.session_state["jobs_search"], st.session_state["jobs_states"] = "", []


def _haystack(job: Job) -> str:
    words = (job.id, job.spec.title, job.state, STATE_WORDS[job.state][0], job.reason)
    return " ".join((*words, json.dumps(job.spec.payload))).casefold()


def _table(found: list[Job]) -> None:
    rows = [
        {
            "Job": title_of(job),
            "Policy": policy_of(job),
            "State": STATE_WORDS[job.state][0],
            "Progress": 1.0 if job.state == "completed" else (job.progress.fraction or 0.0),
            **{title: _reported(job, key) for title, key in _COLUMNS.items()},
            "Started": "–" if job.started is None else job.started.astimezone().strftime("%d %b %H:%M"),
            "Took": _took(job),
            "Id": job.id,
        }
        for job in found
    ]
    event = st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        key="jobs_table",
        on_select="rerun",
        selection_mode="single-row",
        height=min(38 + 35 * len(rows), 290),
        alt="Jobs with their state and progress",
        column_config={
            "Progress": st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0),
            "Margin": st.column_config.TextColumn(help="Reward margin: chosen minus rejected, reward units."),
            "KL": st.column_config.TextColumn(help="Nats, on the training batch."),
        },
    )
    rows_picked = event.selection.rows
    picked = found[rows_picked[0]].id if rows_picked and rows_picked[0] < len(found) else None
    if picked is not None and picked != st.session_state.get("jobs_picked"):
        show_job(picked)
    st.session_state["jobs_picked"] = picked


def _reported(job: Job, key: str) -> str:
    value = job.progress.metrics.get(key)
    return f"{value:.3f}" if isinstance(value, int | float) else "–"


def _took(job: Job) -> str:
    if job.started is None:
        return "–"
    return duration(((job.ended or datetime.now(UTC)) - job.started).total_seconds())


def _choose(found: list[Job]) -> Job:
    ids = [job.id for job in found]
    if st.session_state.get(_SHOWN) not in ids:
        ordered = sorted(found, key=lambda job: (job.state != "running", not job.active))
        st.session_state[_SHOWN] = ordered[0].id
    return found[ids.index(st.session_state[_SHOWN])]


def _details(job: Job) -> None:
    words, icon, colour = STATE_WORDS[job.state]
    with st.container(border=True, key="job_shown_box"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{md(title_of(job), 120)}**")
            st.badge(words, icon=icon, color=colour)  # type: ignore[arg-type]
        said = [] if job.reason.strip(". ") == words else [md(job.reason, 600)]
        st.caption(" · ".join([*said, md(job.id), md(job.launcher), f"attempt {job.attempt}"]))
        _progress(job)
        _actions(job)
        rows = jobs.metrics(job.id)
        if rows:
            _charts(job, rows)
        if job.state == "completed" and job.result:
            names = job.result.get("policies") or []
            if names:
                _finished(names)
        with st.expander(
            "Log and settings", icon=":material/terminal:", key="job_log", on_change="rerun"
        ) as box:
            if box.open:
                _log(job)


def _finished(names: Sequence[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Made " + ", ".join(f"**{md(name)}**" for name in names) + ".", width="content")
        st.page_link(
            "pages/chat.py",
            label="Chat with it" if len(names) == 1 else "Chat with the first and the last",
            icon=":material/forum:",
            query_params={
                "col": [
                    "reference",
                    *(
                        f"adapter?{urlencode({'name': name})}"
                        for name in dict.fromkeys((names[0], names[-1]))
                    ),
                ]
            },
        )
        st.page_link("pages/geometry.py", label="See it in the set", icon=":material/hexagon:")


def _progress(job: Job) -> None:
    progress = job.progress
    fraction = 1.0 if job.state == "completed" else progress.fraction
    if fraction is None and job.state != "running":
        return
    text = f"step {progress.step}" + (f" of {progress.total}" if progress.total else "")
    if job.state == "running":
        if job.stopping:
            text += f" · {'cancelling' if job.stopping == 'cancel' else 'pausing'} at the next safe point"
        elif progress.seconds_left is not None and progress.seconds_left >= 1:
            text += f" · about {duration(progress.seconds_left)} left ({progress.basis})"
        elif progress.phase:
            text += f" · {progress.phase}"
        elif progress.basis:
            text += f" · time left {progress.basis}"
    st.progress(min(max(fraction or 0.0, 0.0), 1.0), text=md(text, 300))


def _actions(job: Job) -> None:
    with st.container(horizontal=True):
        busy = bool(job.stopping)
        if job.state in ("running", "queued"):
            _button(job, "Pause", "pause", jobs.pause, disabled=busy)
            _button(job, "Cancel", "cancel", jobs.cancel, disabled=job.stopping == "cancel")
        if job.state in ("paused", "failed", "cancelled"):
            begun = bool(job.progress.step)
            if begun:
                _button(job, "Resume", "play_arrow", jobs.resume, primary=True)
            _button(job, "Start over" if begun else "Start", "restart_alt", jobs.retry, primary=not begun)
        if job.state == "paused":
            _button(job, "Cancel", "cancel", jobs.cancel)
        if not job.active and st.button("Delete", icon=":material/delete:", key=f"delete_{job.id}"):
            _confirm_delete(job)


def _button(
    job: Job, label: str, icon: str, act: Any, *, primary: bool = False, disabled: bool = False
) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"{icon}_{job.id}",
        type="primary" if primary else "secondary",
        disabled=disabled,
        on_click=_do,
        args=(act, job.id),
    )


def _do(act: Any, job_id: str) -> None:
    try:
        act(job_id)
    except DualignError as error:
        st.toast(md(error, 400), icon=":material/error:")


@st.dialog("Delete this job?")
def _confirm_delete(job: Job) -> None:
    st.markdown(
        f"**{md(title_of(job), 120)}**, its log, metrics and checkpoints are deleted. Policies that it made stay."
    )
    with st.container(horizontal=True):
        if st.button("Delete", type="primary", key="really_delete"):
            _do(jobs.delete, job.id)
            st.session_state.pop(_SHOWN, None)
            st.rerun()
        if st.button("Keep it", key="keep_job"):
            st.rerun()


def _charts(job: Job, rows: list[dict[str, Any]]) -> None:
    columns = st.columns(len(training.QUANTITIES), gap="medium")
    for column, quantity in zip(columns, training.QUANTITIES, strict=True):
        data = training.training_data(rows, quantity, label=title_of(job))
        title = training.training_title(data)
        with column:
            if job.state == "running":
                st.markdown(f"**{md(title)}**")
                st.vega_lite_chart(
                    pd.DataFrame(data.columns),
                    training.live_spec(quantity, show.look(), total=job.progress.total),
                    theme=None,
                    key=f"live-{quantity.key}",
                    alt=title,
                )
            else:
                figure = training.training_figure(data, show.look(), total=job.progress.total)
                show.figure(figure, data.columns, key=f"job-{quantity.key}", sentence=title + ".")


def _log(job: Job) -> None:
    text = jobs.logs(job.id, last=200)
    st.code(text or "Nothing has been written yet.", language=None, height=260, wrap_lines=True)
    show.records(settings(job), alt="Settings of the job")
    st.download_button(
        "Settings (JSON)",
        json.dumps(job.spec.payload, indent=1),
        file_name=f"{job.id}.json",
        mime="application/json",
        icon=":material/download:",
        key="job_settings",
        on_click="ignore",
    )
    events = [
        {
            "When": datetime.fromtimestamp(event["time"], UTC).astimezone().strftime("%d %b %H:%M:%S"),
            "State": STATE_WORDS[event["state"]][0],
            "Why": event["reason"],
        }
        for event in jobs.history(job.id)
    ]
    show.records(events, alt="Changes of the job's state")
