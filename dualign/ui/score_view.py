"""Scoring a stored set from the page: launch it as a job, watch it, and open the scored set when it is done."""

from __future__ import annotations

import streamlit as st

from dualign import jobs
from dualign.errors import DualignError
from dualign.evaluation.score_job import KIND, score_job
from dualign.jobs import Job
from dualign.models.scorers.info import scorer_names
from dualign.samples import SampleSet
from dualign.ui import data, session, show
from dualign.ui.texts import md, number

_SECONDS = 1.5
_DEFAULTS = ("helpful", "harmless")


def scoring(sample_set: SampleSet) -> None:
    """What is missing in a set that cannot give D, and the way to mend it."""
    with st.container(border=True, key="scoring"):
        st.markdown(
            f"**{md(sample_set.name)}** holds {sample_set.table.num_rows:,} replies but "
            f"{md(data.lacking(sample_set.name))}, so it cannot give D: the lens, Dual and Geometry pages need a "
            "reward and at least one utility for every reply."
        )
        job = _job_of(sample_set.name)
        if job is not None and job.active:
            st.fragment(_watch, run_every=_SECONDS)(job.id)
            return
        scored = str(job.result.get("samples")) if job is not None and job.result else ""
        if scored in data.names():
            st.markdown(f"Its replies were scored before: they are stored as **{md(scored)}**.")
            st.button(
                "Open it",
                icon=":material/center_focus_strong:",
                key="open_scored",
                on_click=_open,
                args=(scored,),
            )
            return
        if job is not None and job.state in ("failed", "cancelled"):
            st.warning(md(f"The last scoring ended: {job.reason}", 600), icon=":material/warning:")
        _form(sample_set, job)


def _job_of(name: str) -> Job | None:
    """The newest scoring of a set."""
    found = [
        job for job in jobs.list_jobs() if job.spec.kind == KIND and job.spec.payload.get("samples") == name
    ]
    return found[0] if found else None


def _form(sample_set: SampleSet, job: Job | None) -> None:
    empty, total = sample_set.textless, sample_set.table.num_rows
    if empty == total:
        st.caption("It holds no texts of replies either: there is nothing that a scorer could read.")
        return
    if empty:
        st.caption(
            f"{empty:,} of its {total:,} replies hold no text; a scorer would score them as empty ones."
        )
    known = scorer_names()
    chosen = st.multiselect(
        "Scorers, the reward first",
        known,
        default=[name for name in _DEFAULTS if name in known],
        key=f"scorers_{sample_set.name}",
        help="Small reward models that run on this machine; the tab Scorers shows how far each can be trusted.",
    )
    enough = len(chosen) >= (1 if sample_set.manifest.reward else 2)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Score its replies",
            icon=":material/grading:",
            type="primary",
            key="score_replies",
            disabled=not enough,
            on_click=_launch,
            args=(sample_set.name, tuple(chosen)),
        )
        if job is not None and job.state in ("failed", "cancelled"):
            st.button(
                "Go on where it stopped", icon=":material/play_arrow:", key="score_resume", on_click=_act,
                args=("resume", job.id),
            )  # fmt: skip
    st.caption(
        "It runs in the background on this machine and goes on when you leave the page. The scored set is stored "
        "under a new name."
        if enough
        else "Choose a scorer for the reward and at least one more for a utility."
    )


def free_name(name: str) -> str:
    """A name for the scored set that no stored set has."""
    taken = {known.casefold() for known in data.all_names()}
    stem = f"{name[:50]}-scored"
    numbered = (f"{stem}-{k}" for k in range(2, len(taken) + 3))
    return (
        stem
        if stem.casefold() not in taken
        else next(other for other in numbered if other.casefold() not in taken)
    )


def _launch(name: str, scorers: tuple[str, ...]) -> None:
    try:
        jobs.submit(score_job(data.store(), name, scorers, name=free_name(name)))
    except DualignError as error:
        st.toast(md(error, 400), icon=":material/error:")


def _act(what: str, job_id: str) -> None:
    try:
        {"pause": jobs.pause, "resume": jobs.resume, "cancel": jobs.cancel}[what](job_id)
    except DualignError as error:
        st.toast(md(error, 400), icon=":material/error:")


def _watch(job_id: str) -> None:
    with show.guarded():
        job = jobs.get_job(job_id)
        if job.state == "completed" and job.result is not None:
            _open(str(job.result["samples"]))
            st.rerun(scope="app")
        if not job.active:
            st.rerun(scope="app")
        progress = job.progress
        text = f"{progress.step:,} of {progress.total or 0:,} replies scored"
        if job.state == "queued":
            text = f"Waiting: {job.reason}"
        elif job.state == "paused":
            text += ", paused"
        elif job.stopping:
            text += f", {'cancelling' if job.stopping == 'cancel' else 'pausing'} after the present prompts"
        elif progress.seconds_left is not None:
            text += f", about {_duration(progress.seconds_left)} left"
        st.progress(progress.fraction or 0.0, text=md(text, 300))
        with st.container(horizontal=True):
            if job.state == "paused":
                st.button(
                    "Go on",
                    icon=":material/play_arrow:",
                    key="score_on",
                    on_click=_act,
                    args=("resume", job.id),
                )
            else:
                st.button(
                    "Pause", icon=":material/pause:", key="score_pause", disabled=bool(job.stopping), on_click=_act,
                    args=("pause", job.id),
                )  # fmt: skip
            st.button(
                "Cancel", icon=":material/close:", key="score_cancel", disabled=job.stopping == "cancel",
                on_click=_act, args=("cancel", job.id),
            )  # fmt: skip


def _open(name: str) -> None:
    """Let the page and the lens look at the set that has just been scored."""
    st.session_state["samples_shown"] = name
    st.session_state["samples_done"] = f"{name} is stored with its scores, and the lens looks at it."
    session.commit(data.bounds(name).start)


def _duration(seconds: float) -> str:
    return f"{number(seconds, 2)} s" if seconds < 90 else f"{seconds / 60:.0f} min"
