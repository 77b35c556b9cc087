"""The import wizard: upload, what the file was taken for, corrections, preview, save."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import streamlit as st

from dualign.errors import DualignError
from dualign.figures import dual
from dualign.figures.scores import conflict, correlation_data
from dualign.samples import (
    ImportMapping,
    ImportProposal,
    Parsed,
    SampleSet,
    choose_scores,
    parse_in_child,
    sample_set_of,
)
from dualign.ui import analysis, data, session, show, words
from dualign.ui.terms import score_name
from dualign.ui.texts import interval, md, md_code, number, signed

_KEPT, _ROUND = "import_parsed", "import_round"
_SUFFIXES = ["csv", "tsv", "json", "jsonl", "parquet", "npz", "pt", "gz", "zst"]
_NOTHING = "(none)"
# How the command line would be told; the page has its own controls for it.
_FLAG = re.compile(r" \(--[a-z][a-z -]*\)")


@dataclass(frozen=True, eq=False)
class _Upload:
    identity: str
    digest: str
    parsed: Parsed | None
    error: str = ""


def import_section() -> None:
    """The wizard in its expander, closed until it is asked for and again after every import."""
    key = f"import_open_{st.session_state.get(_ROUND, 0)}"
    with st.expander("Import a file", icon=":material/upload_file:", key=key, on_change="rerun") as wizard:
        if wizard.open:
            import_wizard()


def import_wizard() -> None:
    """The wizard; an unreadable file ends in one sentence and changes nothing."""
    uploaded = st.file_uploader(
        "A file of scored replies: CSV, JSONL, Parquet (also gzip or zstd), npz, or pt with tensors only",
        type=_SUFFIXES,
        key=f"import_file_{st.session_state.get(_ROUND, 0)}",
        help="It is read by a separate process with limits on memory and time. Nothing leaves this machine.",
    )
    if uploaded is None:
        st.session_state.pop(_KEPT, None)
        st.caption(
            "One row a reply, with the prompt, a reward and at least one utility. PKU-SafeRLHF, HelpSteer2, "
            "UltraFeedback and CAN's score tensors are recognised as they are."
        )
        return
    upload = _parsed(uploaded)
    if upload.parsed is None:
        st.error(md(upload.error, 600), icon=":material/block:", title="This file cannot be imported")
        return
    _proposal(upload.parsed.proposal)
    # What is wrong stands above the form: below it nobody looks before pressing on.
    fault = st.empty()
    try:
        mapping = _corrections(upload.parsed.proposal, upload.identity)
        found = sample_set_of(upload.parsed, mapping, name="preview")
        if found.manifest.reward and found.manifest.utilities:
            _preview(found)
        else:
            st.info(
                "Without a reward and a utility this set cannot give D. Save it as it is: its page then offers to "
                "score its replies on this machine.",
                icon=":material/info:",
            )
    except DualignError as error:
        fault.error(
            md(_FLAG.sub("", str(error)), 600),
            icon=":material/block:",
            title="Not yet: correct the file, or choose other columns below",
        )
        return
    _save(upload, mapping)


def _parsed(uploaded: Any) -> _Upload:
    kept: _Upload | None = st.session_state.get(_KEPT)
    if kept is not None and kept.identity == uploaded.file_id:
        return kept
    content = uploaded.getvalue()
    # The browser names the file; only its suffixes matter to the reader, and it must stay in its folder.
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(str(uploaded.name)).name).lstrip(".-")[-80:] or "upload"
    with tempfile.TemporaryDirectory(prefix="dualign-upload-") as folder, st.spinner("Reading the file"):
        path = Path(folder) / name
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        try:
            upload = _Upload(uploaded.file_id, digest, parse_in_child(path))
        except DualignError as error:
            upload = _Upload(uploaded.file_id, digest, None, str(error))
    st.session_state[_KEPT] = upload
    return upload


def _proposal(proposal: ImportProposal) -> None:
    st.markdown(
        f"**Taken for {md(proposal.format)}**: {md(proposal.reason.rstrip('.'), 400)}. "
        f"{proposal.n_rows:,} rows, {proposal.n_prompts:,} prompts."
    )
    for warning in proposal.warnings:
        st.warning(md_code(_FLAG.sub("", warning), 500), icon=":material/warning:")
    with st.expander("Columns and reasons"):
        show.records([{"Choice": str(k), "Because": str(v)} for k, v in proposal.why.items()], alt="Reasons")
        show.records(
            [
                {
                    "Column": column.name,
                    "Kind": column.kind,
                    "Missing": f"{column.missing:,}",
                    "Distinct": "–" if column.distinct is None else f"{column.distinct:,}",
                    "Examples": " | ".join(" ".join(text.split())[:60] for text in column.examples[:3]),
                }
                for column in proposal.columns
            ],
            alt="Columns of the file",
        )


def _corrections(proposal: ImportProposal, identity: str) -> ImportMapping:
    """The mapping as the person leaves it."""
    proposed = proposal.mapping
    key = f"import_{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
    taken = {item.column for item in proposed.scores}
    numbers = [
        column.name for column in proposal.columns if column.kind == "number" and column.name not in taken
    ]
    options = [*(item.name for item in proposed.scores), *numbers]
    left, right = st.columns(2, gap="medium")
    if not options:
        return proposed
    with left:
        reward = st.selectbox(
            "Reward (to be maximised)",
            options,
            # A number that nothing marks as a score, such as an identifier, is there to choose, never chosen.
            index=options.index(proposed.reward) if proposed.reward in options else None,
            placeholder="none: store the replies unscored",
            key=f"{key}_reward",
        )
    with right:
        utilities = st.multiselect(
            "Utilities (to be constrained)",
            [name for name in options if name != reward],
            default=[name for name in proposed.utilities if name != reward and name in options],
            key=f"{key}_utilities_{reward}",
        )
    turned = [item.name for item in proposed.scores if item.cost and item.name == item.column]
    chosen = [name for name in options if name == reward or name in utilities]
    costs = st.pills(
        "Less is better in (the sign is turned)",
        chosen,
        selection_mode="multi",
        default=[name for name in turned if name in chosen],
        format_func=lambda name: md(name, 60),
        key=f"{key}_costs_{'|'.join(chosen)}",
        disabled=not chosen,
    )
    mapping = proposed
    if reward is not None and utilities:
        named = [f"{name}:cost" if name in costs else name for name in (reward, *utilities)]
        mapping = choose_scores(proposal, reward=named[0], utilities=tuple(named[1:]))
    columns = [_NOTHING, *(column.name for column in proposal.columns)]
    with st.expander("Prompts, texts and policies"):
        grouping = _column("Rows of one prompt share", columns, proposed.prompt_by, f"{key}_by")
        st.caption(
            "This changes the mathematics: the log-mean-exp is taken within a prompt, then averaged over prompts."
        )
        texts = {
            role: _column(label, columns, getattr(proposed, role), f"{key}_{role}")
            for role, label in (
                ("prompt", "Prompt text"),
                ("response", "Reply text"),
                ("group", "Prompt group"),
            )
        }
        form = st.segmented_control(
            "Thresholds stated as",
            ["improvement", "absolute"],
            default=proposed.form,
            required=True,
            key=f"{key}_form",
        )
        missing = st.segmented_control(
            "A score that is missing or not finite",
            ["reject", "drop"],
            default=proposed.missing,
            required=True,
            key=f"{key}_missing",
            format_func=lambda choice: {"reject": "refuses the file", "drop": "drops its reply"}[choice],
        )
        ragged = st.segmented_control(
            "Prompts with different numbers of replies",
            ["keep", "trim", "reject"],
            default=proposed.ragged,
            required=True,
            key=f"{key}_ragged",
            format_func=lambda c: {
                "keep": "are kept",
                "trim": "are cut to the fewest",
                "reject": "refuse the file",
            }[c],
        )
        scale = st.segmented_control(
            "Scale of the scores",
            ["as_is", "unit_variance"],
            default="as_is",
            required=True,
            key=f"{key}_scale",
            format_func=lambda c: {"as_is": "their own", "unit_variance": "spread 1 within prompts"}[c],
        )
    scores = tuple(replace(item, scale=cast("Any", scale)) for item in mapping.scores)
    return replace(
        mapping,
        scores=scores,
        prompt_by=grouping,
        form=cast("Any", form),
        missing=cast("Any", missing),
        ragged=cast("Any", ragged),
        **cast("dict[str, Any]", texts),
    )


def _column(label: str, columns: list[str], proposed: str | None, key: str) -> str | None:
    chosen = st.selectbox(
        label, columns, index=columns.index(proposed) if proposed in columns else 0, key=key
    )
    return None if chosen == _NOTHING else chosen


def _preview(found: SampleSet) -> None:
    """What the lens would open with: effective samples, D, signs, baseline."""
    lens = analysis.start_of(found).start
    view = analysis.look(found, lens)
    score, stated = found.manifest.reward, [constraint.utility for constraint in lens.constraints]
    name, reward = view.names[0], score_name(found.manifest, score)
    st.markdown("**Preview**")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        others = [column for column in found.manifest.utilities if column not in stated]
        means = found.scored(utilities=others).baseline if others else ()
        rows = [
            ("Prompts", f"{found.n_prompts:,}"),
            ("Replies per prompt", spread(found)),
            ("β (reward per nat)", number(lens.beta)),
            ("Form of thresholds", lens.form),
            (f"Reference: {reward}", number(view.problem.samples.reference_reward)),
            *(
                (f"Reference: {term}", number(float(mean)))
                for term, mean in zip(view.names, view.problem.samples.baseline, strict=True)
            ),
            *(
                (f"Reference: {score_name(found.manifest, other)}", number(float(mean)))
                for other, mean in zip(others, means, strict=True)
            ),
            *_prices(view),
            ("Effective replies, median", number(float(view.here.ess_median[0]))),
        ]
        show.records([{"What": what, "Value": value} for what, value in rows], alt="Preview")
        best = dict(zip(stated, view.solution.multipliers.tolist(), strict=True))
        for sentence in _conflicts(found, score, found.manifest.utilities, best):
            st.caption(sentence)
        if view.here.ess_median[0] < 2:
            st.warning(
                "Under two effective replies a prompt: raise β later, or D rests on single replies.",
                icon=":material/warning:",
            )
    with right:
        at = float(view.multipliers[0])
        drawn = dual.dual_curve_data(
            analysis.curve(view, 0, resamples=0),
            name=name,
            at=(at, float(view.here.dual[0]), float(view.here.slack[0, 0])),
            optimum=(at, float(view.solution.dual_optimum)) if view.feasible else None,
            feasible=view.feasible,
            held=words.others_held(view, 0),
        )
        figure = dual.dual_curve_figure(drawn, show.look())
        show.figure(
            figure, drawn.columns, key="import-preview", sentence=f"The dual of the file, along {name}."
        )


def _prices(view: analysis.View) -> list[tuple[str, str]]:
    """Threshold, λ* and its interval for every constraint that the set opens with, and the light."""
    rows = []
    reliable = analysis.reliability(view) if view.feasible else None
    for j, name in enumerate(view.names):
        rows.append((f"Threshold on {name}", number(float(view.problem.thresholds[j]))))
        rows.append((f"λ* of {name}", number(float(view.solution.multipliers[j])) if reliable else "none"))
        if reliable is not None:
            low, high = (float(end) for end in reliable.multipliers_interval[j])
            rows.append((f"95 % interval, {name}", interval(low, high)))
    if reliable is not None:
        rows.append(("Trust", words.LIGHT_WORDS[reliable.trust.light][0]))
    return rows


_VERDICTS = {
    "pull apart": "so the constraint has a price.",
    "move together": "so a constraint may be free. Is the sign right?",
    "hardly move together": "so the price is that of moving one alone.",
}


_PRICED = "yet its threshold lies beyond what the reward alone brings, so that it has a price."


def _conflicts(
    found: SampleSet, reward: str, utilities: Sequence[str], prices: Mapping[str, float]
) -> list[str]:
    """Whether each utility pulls against the reward, and so whether its sign is likely, for Markdown.

    ``prices`` are the λ* of those that the set opens with, NaN where there is none.
    """
    scores = np.stack([found.table[column].to_numpy() for column in (reward, *utilities)], axis=-1)
    names = tuple(score_name(found.manifest, column) for column in (reward, *utilities))
    within = correlation_data(names, scores, found.table["prompt_id"].to_numpy()).within[0, 1:]
    return [
        f"{md(names[0])} and {md(name)} {conflict(value)} within prompts (correlation {signed(value, 2)}), "
        + (
            _PRICED
            if conflict(value) == "move together" and prices.get(column, 0.0) > 1e-9
            else _VERDICTS[conflict(value)]
        )
        for column, name, value in zip(utilities, names[1:], within.tolist(), strict=True)
    ]


def spread(sample_set: SampleSet) -> str:
    """Replies per prompt: one number, or from the fewest to the most."""
    least, most = int(sample_set.counts.min()), int(sample_set.counts.max())
    return f"{most}" if least == most else f"{least} to {most}"


def _save(upload: _Upload, mapping: ImportMapping) -> None:
    parsed = upload.parsed
    if parsed is None:
        return
    name_key = f"import_name_{upload.digest[:8]}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        stem = re.sub(r"[^a-z0-9]+", "-", parsed.file.split(".")[0].lower()).strip("-")[:40] or "samples"
        st.text_input("Name in the store", value=stem, max_chars=64, key=name_key)
        st.text_input("Licence", placeholder="as stated by the source", max_chars=120, key="import_licence")
        st.button(
            "Save",
            type="primary",
            icon=":material/save:",
            key="import_save",
            on_click=_store,
            args=(upload, mapping, name_key),
        )
    refused = st.session_state.pop("import_refused", None)
    if refused:
        st.error(md(refused, 600), icon=":material/block:")


def _store(upload: _Upload, mapping: ImportMapping, name_key: str) -> None:
    """Store the set and look at it through the lens; what hinders it is said on the page."""
    parsed, name = upload.parsed, str(st.session_state.get(name_key, ""))
    if parsed is None:
        return
    try:
        found = sample_set_of(parsed, mapping, name=name)
        provenance = {**found.manifest.provenance, "sha256": upload.digest}
        licence = str(st.session_state.get("import_licence", ""))[:120]
        manifest = replace(found.manifest, licence=licence, provenance=provenance)
        data.store().save(SampleSet(found.table, manifest))
    except DualignError as error:
        st.session_state["import_refused"] = str(error)
        return
    st.session_state["samples_shown"] = name
    st.session_state["samples_done"] = f"{name} is stored."
    # Another key is another expander: a closed one, with an empty place for a file.
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    if manifest.reward and manifest.utilities:
        session.commit(data.bounds(name).start)
