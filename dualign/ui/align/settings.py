"""What a job was asked for: its settings by the names of their fields, and two jobs beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dualign import jobs
from dualign.figures import training
from dualign.jobs import Job
from dualign.ui import show
from dualign.ui.align.form import label_of
from dualign.ui.texts import number

_NONE = "–"


def title_of(job: Job) -> str:
    """What a job is called."""
    return job.spec.title or job.id


def policy_of(job: Job) -> str:
    """Name of the policy that a job makes, or of its front."""
    name = job.spec.payload.get("name") or (job.spec.payload.get("align") or {}).get("name")
    return str(name or "–")


def settings(job: Job) -> list[dict[str, str]]:
    """Every setting of a job that was given, one row each."""
    told = {label_of(path): _word(value) for path, value in flat(job.spec.payload).items()}
    return [{"Setting": name, "Value": value} for name, value in told.items() if value != _NONE]


def compare(job: Job, others: list[Job]) -> None:
    """Another job beside this one: the settings in which they differ, and both curves."""
    if not others:
        return
    names = {other.id: f"{title_of(other)} ({other.id})" for other in others}
    chosen = st.selectbox(
        "Compare with",
        list(names),
        index=None,
        key="job_other",
        format_func=lambda job_id: names.get(job_id, job_id),
        placeholder="another job",
    )
    other = next((one for one in others if one.id == chosen), None)
    if other is None:
        return
    rows = difference(job, other)
    if rows:
        show.records(rows, alt="Settings in which the two jobs differ")
    else:
        st.caption("Both jobs have the same settings.")
    first, second = jobs.metrics(job.id), jobs.metrics(other.id)
    policies = [policy_of(one) if policy_of(one) != "–" else one.id for one in (job, other)]
    labels = policies if policies[0] != policies[1] else [job.id, other.id]
    if not first:
        first, second, labels = second, first, labels[::-1]
    if not first:
        st.caption("Neither has made a step yet.")
        return
    columns = st.columns(len(training.QUANTITIES), gap="medium")
    for column, quantity in zip(columns, training.QUANTITIES, strict=True):
        data = training.training_data(first, quantity, other=second, label=labels[0], other_label=labels[1])
        with column:
            show.figure(
                training.training_figure(data, show.look()),
                data.columns,
                key=f"compare-{quantity.key}",
                sentence=f"{quantity.title} of both jobs, step by step.",
            )


def difference(job: Job, other: Job) -> list[dict[str, str]]:
    """Settings in which two jobs differ, one row each; nested settings by their path."""
    first, second = flat(job.spec.payload), flat(other.spec.payload)
    rows = []
    for key in dict.fromkeys([*first, *second]):
        if first.get(key) != second.get(key):
            rows.append(
                {
                    "Setting": label_of(key),
                    "This job": _word(first.get(key), none="the default"),
                    "The other": _word(second.get(key), none="the default"),
                }
            )
    return rows


def _word(value: Any, *, none: str = _NONE) -> str:
    if value is None or value == "":
        return none
    return number(float(value)) if isinstance(value, float) else str(value)


def flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested record as one level, keys joined by dots."""
    found: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
