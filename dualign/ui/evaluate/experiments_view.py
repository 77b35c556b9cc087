"""The experiments of the papers: findings, figures, what agrees, and how to run them again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from dualign.evaluation.experiments import EXPERIMENTS
from dualign.evaluation.results import ExperimentResult, Reading, plain
from dualign.figures.evaluation_set import Drawing, drawings
from dualign.figures.theme import true_minus
from dualign.ui import show
from dualign.ui.evaluate import data as measured_data
from dualign.ui.evaluate.policy_view import pick_from
from dualign.ui.texts import counted, md, number

NAMES = {
    "tradeoff": "Trade-off",
    "one-shot-vs-iterative": "Iterative",
    "multi-constraint": "Two constraints",
    "humor": "Humor",
    "sample-size": "Sample size",
    "calibration": "Calibration",
}
AGREEMENT = {
    "agrees": ("agrees", ":material/check_circle:", "green"),
    "partly": ("agrees in part", ":material/error:", "orange"),
    "differs": ("differs", ":material/cancel:", "red"),
    "open": ("not measured yet", ":material/pending:", "gray"),
}


def headline() -> str:
    """What the trade-off experiment says in a sentence; what to run where there is none."""
    if "tradeoff" not in measured_data.stored_results():
        return "Run `dualign reproduce tradeoff` to hold predictions against measurements."
    found = measured_data.result("tradeoff")
    tracking = found.tables["tracking"]
    inside, count = sum(bool(x) for x in tracking["inside"]), len(tracking["inside"])
    text = (
        f"On the set {md(found.settings['samples'])}, predictions come from prompts that were not measured on. Of "
        f"{count} thresholds, **{inside}** predictions lie inside the measured 95 % interval when the policy resamples "
        "the reference's replies."
    )
    return text + (_trained(found.tables["trained"]) if "trained" in found.tables else "")


def _trained(table: Mapping[str, Sequence[Any]]) -> str:
    """How far trained policies lie from their predictions, and what that comes from; λ of theirs is told too."""
    apart: dict[bool, list[float]] = {True: [], False: []}
    for title, achieved, expected in zip(table["title"], table["achieved"], table["expected"], strict=True):
        apart[str(title).startswith("MoCAN")].append(abs(float(achieved) - float(expected)))
    plain_, others = apart[True], apart[False]
    text = ""
    if plain_:
        text = (
            f" {counted(len(plain_), 'policy', 'policies')} trained by MoCAN at given λ lie "
            f"{number(sum(plain_) / len(plain_))} from theirs on average, which comes from training."
        )
    if others:
        text += (
            f" For {len(others)} by PeCAN and by iterations it is {number(sum(others) / len(others))}: they are "
            "held against λ\\* of their threshold, while their own λ weighs log-ratios or was moved by dual steps."
        )
    return (
        text + " The λ of trained policies was solved for on all prompts of the set, the measured ones too."
    )


def choose() -> str:
    """Which experiment is shown; kept in the address."""
    st.session_state.setdefault("experiment", "tradeoff")
    return str(
        st.segmented_control(
            "Experiment",
            list(EXPERIMENTS),
            key="experiment",
            format_func=lambda name: NAMES.get(name, name),
            required=True,
            label_visibility="collapsed",
            bind="query-params",
        )
    )


def experiment(name: str, samples: str) -> None:
    """One experiment: findings, figures, the papers beside it, settings; a sentence where it was not run.

    ``samples`` is the set that the lens looks at: results of another are named as such.
    """
    if name not in measured_data.stored_results():
        st.info(
            f"This experiment has not been run here: dualign reproduce {name}", icon=":material/play_circle:"
        )
        return
    found = measured_data.result(name)
    if found.settings["samples"] != samples:
        st.info(
            f"These are results of the set {md(found.settings['samples'])}; the lens looks at {md(samples)}, where "
            "this experiment has not been run.",
            icon=":material/info:",
        )
    st.markdown("\n".join(f"- {md(true_minus(finding), 500)}" for finding in found.findings))
    drawn = drawings(found)
    for left in range(0, len(drawn), 2):
        pair = drawn[left : left + 2]
        for place, drawing in zip(st.columns(2, gap="large"), pair, strict=False):
            with place:
                _figure(drawing)
    readings(found)
    _again(found)


def _figure(drawing: Drawing) -> None:
    clickable = drawing.key.startswith(("front", "expected", "satisfaction"))
    key = f"result-{drawing.key}"
    show.figure(
        drawing.figure(show.look()),
        drawing.columns,
        key=key,
        sentence=drawing.sentence,
        on_pick=partial(pick_from, key) if clickable else None,
    )


def readings(found: ExperimentResult) -> None:
    """The papers' figure, ours, and whether they agree."""
    for reading in found.readings:
        words, icon, colour = AGREEMENT[reading.agreement]
        words = _but_for(reading, words)
        with st.container(border=True, gap="xsmall"):
            st.badge(md(words), icon=icon, color=colour)  # type: ignore[arg-type]
            st.markdown(f"**Paper.** {md(reading.paper, 500)}")
            st.markdown(f"**Here.** {md(true_minus(reading.ours), 500)}")
            if reading.why:
                st.caption(f"Why: {md(reading.why, 500)}.")


def _but_for(reading: Reading, words: str) -> str:
    return f"{words} but for {reading.but_for}" if reading.but_for else words


def _again(found: ExperimentResult) -> None:
    with st.expander("Settings, and how to run it again", icon=":material/settings:"):
        st.code(f"dualign reproduce {found.name} --figures", language=None)
        rows = [
            {"setting": key, "value": json.dumps(plain(value), ensure_ascii=False)}
            for key, value in found.settings.items()
        ]
        show.records(rows, alt=f"Settings of {found.name}")
        st.caption(
            f"{number(found.seconds)} s on {md(found.machine)}; {md(found.created)}; dualign {md(found.version)}."
        )
        st.download_button(
            "Result as JSON",
            lambda: measured_data.result_file(found.name).read_bytes(),
            file_name=f"dualign-{found.name}.json",
            mime="application/json",
            key=f"download-{found.name}",
            icon=":material/download:",
            on_click="ignore",
        )


def overview() -> None:
    """Every figure of the papers that has a counterpart here, in one table."""
    rows = []
    for name in EXPERIMENTS:
        if name in measured_data.stored_results():
            rows += [
                {
                    "Experiment": NAMES.get(name, name),
                    "Paper": reading.paper,
                    "Here": reading.ours,
                    "Agreement": _but_for(reading, AGREEMENT[reading.agreement][0]),
                }
                for reading in measured_data.result(name).readings
            ]
    if rows:
        show.records(rows, alt="The papers' figures beside ours")
