"""Cached access to results, evaluated policies, and what they did under the lens's constraints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dualign import jobs
from dualign.errors import DualignError
from dualign.evaluation import policies, results, stated
from dualign.evaluation.estimates import Estimate
from dualign.evaluation.measure import Measurement
from dualign.evaluation.trained import compared_at, own_slack
from dualign.models.policies import list_policies
from dualign.samples import SampleSet
from dualign.ui import data
from dualign.ui.state import LensSettings

DRAWS = 8
LENS = "lens"
FREE = "free"


@dataclass(frozen=True, eq=False)
class Shown:
    """One policy as the page shows it.

    Attributes
    ----------
    key : str
        `LENS`, `FREE`, or the name of an evaluated policy.
    title : str
    measured : Measurement
    predicted : mapping or None
        Predicted gains by score name, with "kl" and "regularized"; None where the policy's multipliers are
        not those of the lens's constraints.
    replies : list of P lists
        Its texts for each held-out prompt.
    rows : (P,)
        Places of these prompts in the set.
    scores : by score name, (P, N)
        Plain scores of the texts.
    thresholds : mapping
        The lens's, by constraint.
    own : mapping
        By constraint of its own that was measured: the threshold that it was trained for, and its slack.
    """

    key: str
    title: str
    measured: Measurement
    predicted: dict[str, float] | None
    replies: list[list[str]]
    rows: NDArray[Any]
    scores: dict[str, NDArray[np.float64]]
    thresholds: dict[str, float]
    own: dict[str, tuple[float, Estimate]]


def stored_results() -> list[str]:
    """Names of the results on disk."""
    return results.list_results()


def result(name: str) -> results.ExperimentResult:
    """A result, read again only when its file changed."""
    path = results.result_folder(name) / results.RESULT
    return _result(name, str(path), path.stat().st_mtime_ns)


@st.cache_resource(max_entries=24, show_spinner=False)
def _result(name: str, path: str, changed: int) -> results.ExperimentResult:
    return results.read_result(name)


def evaluated(sample_set: SampleSet) -> dict[str, policies.EvaluatedPolicy]:
    """Evaluated policies of a set by name."""
    found = policies.list_evaluations(sample_set.content_hash)
    return {policy.name: policy for policy in found}


def choices(sample_set: SampleSet) -> dict[str, str]:
    """What can be shown, with its title: the resampled policies first, then what was trained."""
    found = {LENS: "resampled at the lens's λ", FREE: "resampled at λ = 0, no constraint"}
    return found | {
        name: f"trained: {policy.record.title or name}" for name, policy in evaluated(sample_set).items()
    }


def shown(lens: LensSettings, key: str) -> Shown:
    """A policy measured under the lens's constraints.

    Raises
    ------
    InvalidInputError, StoreError
        Too few prompts, uneven replies, or a policy that is not there or lacks a score.
    """
    sample_set = data.open_set(lens.samples)
    stamp = ""
    if key not in (LENS, FREE):
        stamp = evaluated(sample_set)[key].record.created
    at = data.view(lens).multipliers if key == LENS else None
    held = replace(lens, multipliers=None if at is None else tuple(float(x) for x in at), focus=0)
    return _shown(sample_set.content_hash, held, key, stamp, sample_set)


@st.cache_resource(max_entries=48, show_spinner="Measuring on held-out prompts…")
def _shown(content: str, lens: LensSettings, key: str, stamp: str, _set: SampleSet) -> Shown:
    problem = stated.state(
        _set, lens.constraints, beta=lens.beta, form=lens.form, reward=lens.reward, group=lens.group
    )
    rng = np.random.default_rng(0)
    plain = {name: _set.padded(name)[problem.rows] for name in _set.manifest.scores}
    predicted: dict[str, float] | None
    found: policies.EvaluatedPolicy | None = None
    if key in (LENS, FREE):
        count = problem.test.samples.n_constraints
        lam = np.zeros(count) if lens.multipliers is None else np.asarray(lens.multipliers)
        title = "The resampled policy"
        policy, picked = stated.resampled_of(problem, lam, draws=DRAWS, rng=rng, name=title)
        texts = [
            [replies[i] for i in chosen]
            for replies, chosen in zip(
                (_set.responses(int(row)) for row in problem.rows), picked, strict=True
            )
        ]
        scores = {name: np.take_along_axis(values, picked, axis=1) for name, values in plain.items()}
        predicted = dict(stated.predicted_of(problem, lam))
    else:
        found = policies.read_evaluation(key)
        replies = found.replies(problem.prompts, problem.groups)
        policy, predicted = stated.trained_of(problem, replies), _predicted(problem, found)
        texts = [found.responses(prompt) for prompt in problem.prompts]
        scores, title = dict(replies.scores), found.record.title or key
    measured = stated.measure_stated(problem, policy, rng=rng)
    own = {} if found is None else own_slack(found.record, measured)
    return Shown(
        key,
        title,
        measured,
        predicted,
        texts,
        problem.rows,
        scores,
        {constraint.name: float(constraint.value) for constraint in lens.constraints},
        {} if found is None else {n: (float(found.record.thresholds[n]), slack) for n, slack in own.items()},
    )


def _predicted(problem: stated.Stated, found: policies.EvaluatedPolicy) -> dict[str, float] | None:
    """Predicted gains of a trained policy, where its multipliers are on the lens's constraints."""
    names = problem.test.samples.names
    if found.record.reward_weight != 1.0:
        return None
    try:
        known = compared_at(found.record, problem.train.samples, beta=problem.train.beta)
        if known is None or not set(known) <= set(names):
            return None
        return dict(stated.predicted_of(problem, [float(known.get(name, 0.0)) for name in names]))
    except DualignError:
        return None


def origin(key: str) -> str:
    """Where a trained policy comes from, in a sentence: the job that trained it, or that it ships."""
    stored = {policy.name: policy for policy in list_policies()}
    record = policies.read_evaluation(key).record
    job = record.job or next(
        (j.id for j in jobs.list_jobs() if j.result and key in (j.result.get("policies") or ())), ""
    )
    if job:
        return f"Trained by job {job}."
    if key in stored and stored[key].shipped:
        return "Ships with dualign."
    return "The job that trained it is not known on this machine."


def result_file(name: str) -> Path:
    """Where a result's JSON lies."""
    return results.result_folder(name) / results.RESULT
