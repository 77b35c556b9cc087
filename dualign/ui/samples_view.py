"""The Samples page in parts: the list, distributions, replies, provenance, scorers, export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dualign import paths
from dualign.errors import StoreError
from dualign.figures import scores as figures
from dualign.samples import SampleSet
from dualign.samples.export import export_bytes
from dualign.ui import data, session, show
from dualign.ui.export import script
from dualign.ui.replies import browse
from dualign.ui.score_view import scoring
from dualign.ui.state import LensSettings
from dualign.ui.terms import score_name, short_unit
from dualign.ui.texts import md, number

_TABLE = "samples_table"
# Constant: no text of a set or a person ever joins it.
_TO_TOP = "<script>document.querySelector('[data-testid=stMain]')?.scrollTo({top: 0})</script>"


def overview() -> str:
    """The stored sets as a table to choose from; returns the name of the chosen one."""
    names = data.all_names()
    shown = st.session_state.get("samples_shown")
    if shown not in names:
        shown = session.current().samples
    st.session_state["samples_shown"] = shown
    # Written before every drawing: an import or a deletion chooses a row too, and the table must follow.
    st.session_state[_TABLE] = {"selection": {"rows": [names.index(shown)], "columns": [], "cells": []}}
    st.dataframe(
        pd.DataFrame([_row(name) for name in names]),
        hide_index=True,
        on_select=lambda: _pick(names),
        selection_mode="single-row-required",
        key=_TABLE,
        alt="Stored sample sets",
        column_config={"Title": st.column_config.TextColumn(width="medium")},
    )
    done = st.session_state.pop("samples_done", None)
    if done:
        st.success(md(done), icon=":material/check:")
        # Whoever pressed Save stands far below, where the form was.
        st.html(_TO_TOP, unsafe_allow_javascript=True)
    with st.container(horizontal=True):
        if shown in data.names() and st.button(
            "Look at it through the lens",
            icon=":material/center_focus_strong:",
            type="primary",
            key="use_set",
        ):
            session.commit(
                data.bounds(shown).start if shown != session.current().samples else session.current()
            )
            st.switch_page("pages/lens.py")
        if not data.store().is_shipped(shown) and st.button("Delete", icon=":material/delete:", key="delete"):
            _confirm_delete(shown)
    if shown not in data.names():
        scoring(data.open_set(shown))
    return shown


def _pick(names: list[str]) -> None:
    rows = st.session_state[_TABLE].selection.rows
    if rows and 0 <= rows[0] < len(names):
        st.session_state["samples_shown"] = names[rows[0]]


def _row(name: str) -> dict[str, Any]:
    try:
        manifest = data.store().manifest(name)
        sample_set = data.open_set(name)
    except StoreError as error:
        return {"Name": name, "Title": "cannot be read", "Origin": str(error)}
    unscored = "not scored" if not manifest.scores else "–"
    return {
        "Name": name,
        "Title": manifest.title or name,
        "Origin": manifest.origin,
        "Prompts": sample_set.n_prompts,
        "Replies": sample_set.table.num_rows,
        "Reward": score_name(manifest, manifest.reward) if manifest.reward else unscored,
        "Utilities": ", ".join(score_name(manifest, name) for name in manifest.utilities) or unscored,
        "Licence": manifest.licence or "not stated",
        "SHA-256": sample_set.content_hash[:12],
    }


@st.dialog("Delete this set?")
def _confirm_delete(name: str) -> None:
    st.markdown(
        f"**{md(name)}** is removed from this machine's store, with its texts and scores. This cannot be undone."
    )
    with st.container(horizontal=True):
        if st.button("Delete it", type="primary", key="delete_yes", on_click=delete, args=(name,)):
            st.rerun()
        if st.button("Keep it", key="delete_no"):
            st.rerun()


def delete(name: str) -> None:
    """Remove a set from the store; the shipped ones stay."""
    if not data.store().is_shipped(name):
        data.store().delete(name)
        st.session_state.pop("samples_shown", None)


def distributions(sample_set: SampleSet) -> None:
    """A histogram per score, how the scores move together, and where single replies stand."""
    names = tuple(sample_set.manifest.scores)
    if not names:
        st.markdown("This set holds texts without scores.")
        return
    table, look = sample_set.table, show.look()
    about = {"samples": sample_set.name, "samples_sha256": sample_set.content_hash}
    values = {name: np.asarray(table[name].to_numpy(), dtype=float) for name in names}
    columns = st.columns(min(3, len(names)), gap="medium")
    for k, name in enumerate(names[:12]):
        with columns[k % len(columns)]:
            info = sample_set.manifest.scores[name]
            shown = score_name(sample_set.manifest, name)
            drawn = figures.histogram_data(shown, values[name], unit=short_unit(info.unit))
            words = (
                f"{shown} has mean {number(drawn.mean)} and standard deviation {number(drawn.deviation)} "
                f"over {table.num_rows:,} replies."
            )
            show.figure(
                figures.histogram_figure(drawn, look),
                drawn.columns,
                key=f"histogram-{k}",
                sentence=words,
                about=about,
            )
            if info.description:
                st.caption(
                    md(info.description, 300)
                    + (". Imported as a cost; the sign was turned." if info.cost else "")
                )
    if len(names) < 2:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        together = figures.correlation_data(
            tuple(score_name(sample_set.manifest, name) for name in names),
            np.stack([values[name] for name in names], axis=-1),
            table["prompt_id"].to_numpy(),
        )
        show.figure(
            figures.correlation_figure(together, look),
            together.columns,
            key="correlation",
            about=about,
            sentence="Correlations of the scores within prompts: what can be traded by choosing among replies.",
        )
    with right:
        reward = sample_set.manifest.reward or names[0]
        others = [name for name in names if name != reward]
        utility = (
            st.selectbox("Utility against the reward", others, key="scatter_utility")
            if len(others) > 1
            else others[0]
        )
        if utility not in others:
            utility = others[0]
        both = (score_name(sample_set.manifest, utility), score_name(sample_set.manifest, reward))
        cloud = figures.scatter_data(both, values[utility], values[reward])
        show.figure(
            figures.scatter_figure(cloud, look),
            cloud.columns,
            key="scatter",
            about=about,
            sentence=f"Each dot is one reply: {both[0]} across, {both[1]} up.",
        )


def responses(sample_set: SampleSet) -> None:
    """Replies per prompt, with a search and the content note."""
    counts = sample_set.counts
    least, most = int(counts.min()), int(counts.max())
    spread = f"{most}" if least == most else f"{least} to {most}"
    st.markdown(f"**{sample_set.n_prompts:,}** prompts, **{spread}** replies each.")
    groups = pd.Series([group or "(none)" for group in sample_set.groups]).value_counts()
    if len(groups) > 1:
        st.caption("Groups: " + " · ".join(f"{md(name)} {count}" for name, count in groups.items()))
    browse(sample_set)


def provenance(sample_set: SampleSet) -> None:
    """Where the set came from, under what licence, and what proves that it is unchanged."""
    manifest = sample_set.manifest
    rows = [
        ("Title", manifest.title or manifest.name),
        ("Origin", manifest.origin),
        ("Source", manifest.source),
        ("Licence", manifest.licence or "not stated"),
        ("Created", manifest.created),
        ("SHA-256 of the content", sample_set.content_hash),
        *((f"SHA-256 of {name}", digest) for name, digest in manifest.files.items()),
        ("Default β (reward per nat)", number(manifest.default_beta)),
        *(
            (f"Default threshold on {name}", number(value))
            for name, value in manifest.default_thresholds.items()
        ),
        ("Schema version", str(manifest.schema_version)),
    ]
    if manifest.description:
        st.text(manifest.description, width="stretch")
    show.records([{"What": what, "Value": value} for what, value in rows if value], alt="Provenance")
    for title, record in (("Reference policy", manifest.reference), ("How it was made", manifest.provenance)):
        if record:
            st.markdown(f"**{title}**")
            st.code(
                json.dumps(dict(record), indent=1, ensure_ascii=False, default=str)[:20000],
                language="json",
                wrap_lines=True,
            )
    scorers = [
        {
            "Score": name,
            "Unit": info.unit,
            "Scorer": info.scorer,
            "Source column": info.column,
            "Sign turned": "yes" if info.cost else "no",
        }
        for name, info in manifest.scores.items()
    ]
    if scorers:
        st.markdown("**Scores**")
        show.records(scorers, alt="Scores and their scorers")


def calibration() -> None:
    """Calibration diagrams of the scorers, where they have one."""
    folders = {
        path.parent.name: path
        for root in (paths.shipped_root(), paths.store_root())
        for path in sorted((root / "scorers").glob("*/calibration.json"))
    }
    if not folders:
        st.markdown("No scorer on this machine has a calibration record. Fit one with `dualign fit-scorer`.")
        return
    columns = st.columns(2, gap="medium")
    for k, (name, path) in enumerate(folders.items()):
        drawn = read_calibration(name, path.read_text("utf-8"), _record(path.with_name("scorer.json")))
        with columns[k % 2]:
            if drawn is None:
                st.markdown(f"The calibration record of {md(name)} cannot be read.")
                continue
            words = (
                f"{name}: shares that the scorer expects against those that people chose, on held-out pairs."
            )
            show.figure(
                figures.calibration_figure(drawn, show.look()),
                drawn.columns,
                key=f"calibration-{name}",
                sentence=words,
            )
            st.caption(figures.calibration_words(drawn))


def _record(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else "{}"


def read_calibration(name: str, text: str, scorer: str = "{}") -> figures.CalibrationData | None:
    """Bins of a calibration record, with the accuracy that the scorer's own record states; None where it is not one."""
    try:
        record = json.loads(text)
        bins = record["bins"]
        accuracy = json.loads(scorer).get("metrics", {}).get("accuracy")
        return figures.CalibrationData(
            name,
            np.asarray([row["predicted"] for row in bins], dtype=float),
            np.asarray([row["observed"] for row in bins], dtype=float),
            np.asarray([row["n"] for row in bins], dtype=float),
            float(accuracy) if accuracy is not None else None,
        )
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def take_away(sample_set: SampleSet, lens: LensSettings) -> None:
    """The set as CSV, and a script that computes the figures again."""
    st.download_button(
        "The whole set as CSV",
        lambda: export_bytes(sample_set, "csv"),
        file_name=f"{sample_set.name}.csv",
        mime="text/csv",
        icon=":material/download:",
        key="set_csv",
        on_click="ignore",
    )
    st.caption("Cells that a spreadsheet would run as a formula are quoted.")
    st.markdown(
        "**A script that reproduces the numbers, the dual curve and the image set of the present lens**"
    )
    text = script(lens)
    st.code(text, language="python", wrap_lines=True)
    st.download_button(
        "The script",
        text,
        file_name="dualign_figure.py",
        mime="text/x-python",
        icon=":material/code:",
        key="script",
        on_click="ignore",
    )
