"""Iterative dualization from the page: launch it at the lens's thresholds, watch its iterations, measure policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

import streamlit as st

from dualign import jobs
from dualign.alignment import AlignSpec, TrainOptions
from dualign.alignment.iterate_spec import IterateSpec
from dualign.alignment.iterate_worker import job_spec
from dualign.alignment.iterates import read_history
from dualign.duality.stepping import StepRule
from dualign.errors import DualignError
from dualign.evaluation.evaluate import EvaluateOptions
from dualign.evaluation.worker import job_spec as evaluation_job
from dualign.figures import evaluation_iterations as figures
from dualign.jobs import Job
from dualign.models.policies import list_policies
from dualign.ui import data, show
from dualign.ui.align.watch import jobs_panel
from dualign.ui.evaluate import data as measured_data
from dualign.ui.state import LensSettings
from dualign.ui.texts import counted, md, number, signed

_RULES = {
    "newton": "by curvature (η = 1/D″)",
    "constant": "constant η",
    "diminishing": "diminishing η/√t",
}
_SECONDS = 3.0
_NOTE = "evaluate_note"


def iterations(lens: LensSettings) -> None:
    """The form that launches a run, the jobs, and the figures of the runs."""
    with st.expander(
        "Run it on this lens", icon=":material/autorenew:", key="iterate_form", on_change="rerun"
    ) as panel:
        if panel.open:
            _form(lens)
    _runs()


def unmeasured(lens: LensSettings) -> None:
    """Trained policies of this set that were not measured yet, with a button that measures them."""
    sample_set = data.open_set(lens.samples)
    known = measured_data.evaluated(sample_set)
    waiting = [
        policy.name
        for policy in list_policies()
        if policy.spec.samples_hash == sample_set.content_hash and policy.name not in known
    ]
    if not waiting:
        return
    many = "policy has" if len(waiting) == 1 else "policies have"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Measure on held-out prompts",
            icon=":material/fact_check:",
            key="measure_policies",
            on_click=_measure,
            args=(tuple(waiting),),
        )
        st.caption(f"{len(waiting)} trained {many} not been measured: {md(', '.join(waiting), 300)}.")


def _submit(spec: jobs.JobSpec) -> None:
    try:
        job = jobs.submit(spec)
        words = f"Job {job.id} is {job.state}; it goes on when you close this page."
        st.session_state[_NOTE] = ("success", words)
    except DualignError as error:
        st.session_state[_NOTE] = ("error", str(error))


def note() -> None:
    """What came of the last launch, once."""
    kind, words = st.session_state.pop(_NOTE, ("", ""))
    if kind == "success":
        st.success(md(words, 500), icon=":material/check:")
    elif kind == "error":
        st.error(md(words, 500), icon=":material/block:")


def _form(lens: LensSettings) -> None:
    plain = all(c.group is None and c.cutoff is None for c in lens.constraints)
    if not plain or lens.form != "improvement" or lens.group is not None:
        st.info(
            "Iterations take thresholds on whole scores over all prompts, stated as improvements: set the lens so.",
            icon=":material/info:",
        )
        return
    stated = ", ".join(f"{md(c.utility)} {signed(c.value)}" for c in lens.constraints)
    st.markdown(
        f"Thresholds of the lens: **{stated}**. One iteration is one-shot alignment at the same steps."
    )
    with st.form("iterate", border=False):
        columns = st.columns(4)
        columns[0].number_input("Iterations", 1, 16, 4, key="iterate_count")
        columns[1].number_input("Steps in all", 1, 100_000, 160, key="iterate_steps")
        columns[2].number_input("Replies per dual step", 1, 64, 8, key="iterate_replies")
        columns[3].selectbox(
            "Dual step", list(_RULES), format_func=lambda name: _RULES[name], key="iterate_rule"
        )
        st.toggle("Train at the mean of the multipliers so far", key="iterate_averaging")
        st.form_submit_button("Start", icon=":material/play_arrow:", on_click=_launch, args=(lens,))


def _launch(lens: LensSettings) -> None:
    said = st.session_state
    try:
        spec = IterateSpec(
            align=AlignSpec(
                samples=lens.samples,
                thresholds={c.utility: float(c.value) for c in lens.constraints},
                beta=lens.beta,
                reward=lens.reward or "",
                form="improvement",
                options=TrainOptions(steps=int(said["iterate_steps"])),
            ),
            iterations=int(said["iterate_count"]),
            replies=int(said["iterate_replies"]),
            rule=cast("StepRule", said["iterate_rule"]),
            averaging=bool(said["iterate_averaging"]),
        )
        job = job_spec(spec)
    except DualignError as error:
        st.session_state[_NOTE] = ("error", str(error))
        return
    _submit(job)


def _measure(names: Sequence[str]) -> None:
    try:
        job = evaluation_job(names, EvaluateOptions())
    except DualignError as error:
        st.session_state[_NOTE] = ("error", str(error))
        return
    _submit(job)


def _runs() -> None:
    every = [job for job in jobs.list_jobs() if job.spec.kind == "iterate"]
    if not every:
        st.caption("No iterative run on this machine yet.")
        return
    jobs_panel(("iterate",))
    titles = {job.id: f"{job.spec.title or job.id} · {job.state}" for job in every}
    chosen = st.selectbox(
        "Iterations of", list(titles), format_func=lambda key: titles[key], key="iterate_job"
    )
    live = any(job.active for job in every)
    st.fragment(_iterations, run_every=_SECONDS if live else None)(chosen)


def _iterations(job_id: str) -> None:
    with show.guarded():
        job = jobs.get_job(job_id)
        rows, best = history(job)
        st.caption(md(standing(job, len(rows)), 300))
        if not rows:
            return
        names = list(rows[0]["multipliers"])
        for name in names:
            drawn = figures.iterations_data(rows, name=name, best=best)
            left, right = st.columns(2, gap="large")
            with left:
                show.figure(
                    figures.values_figure(drawn, show.look()),
                    drawn.columns,
                    key=f"live-values-{name}",
                    sentence=f"After {len(rows)} iterations the best primal value is "
                    f"{number(max(float(r['primal']) for r in rows))} reward over the reference.",
                )
            with right:
                show.figure(
                    figures.multipliers_figure(drawn, show.look()),
                    drawn.columns,
                    key=f"live-multipliers-{name}",
                    sentence=f"lam of {name} stands at {number(float(rows[-1]['multipliers'][name]))}, its slack at "
                    f"{signed(float(rows[-1]['slack'][name]))}.",
                )


def standing(job: Job, measured: int) -> str:
    """Where a run is, in a sentence: which iteration of how many, and whether it trains or draws replies."""
    spec, progress = IterateSpec.from_record(job.spec.payload), job.progress
    count = spec.iterations
    if job.state != "running":
        return f"{measured} of {counted(count, 'iteration')} done; the job is {job.state}."
    if measured >= count:
        return f"All {counted(count, 'iteration')} are done; the policy of the best is being written."
    # PeCAN trains its pre-aligned policies before the first iteration.
    before = max(0, (progress.total or 0) - spec.align.options.steps)
    begun = before + sum(spec.steps_of(t) for t in range(1, measured + 1))
    own = spec.steps_of(measured + 1)
    if progress.step < before:
        return f"The pre-aligned policies are trained before iteration 1 of {count}."
    words = f"Iteration {measured + 1} of {count}: "
    if progress.step >= begun + own:
        return words + "it is trained; its policy's replies are drawn and scored for the dual step."
    phase = progress.phase or ("training" if progress.step else "loading or training")
    return words + f"{phase}, step {max(0, progress.step - begun)} of {own}."


def history(job: Job) -> tuple[Sequence[Mapping[str, Any]], int]:
    """Iterations of a job so far as plain values, and the number of the best one, 0 while it runs."""
    if job.result is not None and job.result.get("iterations"):
        return list(job.result["iterations"]), int(job.result.get("best_iteration", 0))
    content = IterateSpec.from_record(job.spec.payload).content
    return [asdict(item) for item in read_history(job.run_folder / "checkpoints", content)], 0
