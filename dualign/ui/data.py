"""Cached access to stored sets and to what is computed on them, keyed by content and by the lens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from dualign.duality import DualCurve, Reliability, ScoredSamples
from dualign.errors import StoreError
from dualign.samples import SampleSet, Store
from dualign.ui import analysis
from dualign.ui.analysis import Tradeoff, View
from dualign.ui.lens import LensData
from dualign.ui.state import Bounds, LensSettings

PREFERRED = ("demo", "gaussian", "two-responses")


def store() -> Store:
    """The store of sample sets."""
    return Store()


def all_names() -> list[str]:
    """Names of all stored sets, the demo first."""
    found = list(store().names())
    return sorted(found, key=lambda name: (PREFERRED.index(name) if name in PREFERRED else 99, name))


def names() -> list[str]:
    """Names of the sets that a lens can look at: those with a reward and a utility."""
    return [name for name in all_names() if _has_dual(name)]


def _has_dual(name: str) -> bool:
    try:
        manifest = store().manifest(name)
    except StoreError:
        return False
    return bool(manifest.reward and manifest.utilities)


def lacking(name: str) -> str:
    """What a stored set lacks to be looked at through a lens: the end of a sentence on it."""
    try:
        manifest = store().manifest(name)
    except StoreError:
        return "cannot be read"
    if not manifest.scores:
        return "has no scores yet"
    if manifest.reward:
        return f"has a reward ('{manifest.reward}') but no utility to constrain"
    return "has scores, but none is named as its reward and none as a utility"


def way_on(name: str) -> str:
    """What to do about a set that lacks scores."""
    try:
        found = open_set(name)
    except StoreError as error:
        return str(error).rstrip(".")
    if found.textless == found.table.num_rows:
        return "it holds no texts to score either, so import its file again with the columns that are missing"
    return "score its replies on the Samples page, or import its file again with the columns that are missing"


def open_set(name: str) -> SampleSet:
    """A stored set; read again only when its files changed."""
    manifest = store().manifest(name)
    return _open(name, tuple(sorted(manifest.files.items())), str(store().root))


@st.cache_resource(max_entries=12, show_spinner=False)
def _open(name: str, files: tuple[tuple[str, str], ...], root: str) -> SampleSet:
    return store().open(name)


def bounds(name: str) -> Bounds:
    """What a set allows a lens to look at."""
    sample_set = open_set(name)
    return _bounds(name, sample_set.content_hash, sample_set)


@st.cache_resource(max_entries=32, show_spinner=False)
def _bounds(name: str, content: str, _set: SampleSet) -> Bounds:
    return analysis.start_of(_set)


def view(lens: LensSettings) -> View:
    """The solved problem of a lens, solved once wherever the lens stands along λ."""
    sample_set = open_set(lens.samples)
    solved = _view(sample_set.content_hash, _bare(lens), sample_set)
    return (
        solved
        if lens.multipliers is None
        else _stood(sample_set.content_hash, replace(lens, focus=0), solved)
    )


def _bare(lens: LensSettings) -> LensSettings:
    return replace(lens, multipliers=None, focus=0)


@st.cache_resource(max_entries=48, show_spinner=False)
def _view(content: str, lens: LensSettings, _set: SampleSet) -> View:
    return analysis.look(_set, lens)


@st.cache_resource(max_entries=48, show_spinner=False)
def _stood(content: str, lens: LensSettings, _solved: View) -> View:
    return analysis.stand(_solved, lens)


def _key(lens: LensSettings) -> tuple[str, LensSettings]:
    return open_set(lens.samples).content_hash, lens


def reliability(lens: LensSettings) -> Reliability:
    """Reliability of the solution; the same wherever the lens stands along λ."""
    return _reliability(*_key(_bare(lens)))


@st.cache_resource(max_entries=48, show_spinner=False)
def _reliability(content: str, lens: LensSettings) -> Reliability:
    return analysis.reliability(view(lens))


def curve(lens: LensSettings) -> DualCurve:
    """The dual along the lens's multiplier, with its band."""
    return _curve(*_key(lens))


@st.cache_resource(max_entries=48, show_spinner=False)
def _curve(content: str, lens: LensSettings) -> DualCurve:
    return analysis.curve(view(lens), lens.focus)


def boundary(lens: LensSettings) -> DualCurve:
    """The image set's boundary."""
    return _boundary(*_key(lens))


@st.cache_resource(max_entries=48, show_spinner=False)
def _boundary(content: str, lens: LensSettings) -> DualCurve:
    return analysis.boundary(view(lens), lens.focus)


def tradeoff(lens: LensSettings) -> Tradeoff:
    """The trade-off curve, where its price begins and where it ends."""
    return _tradeoff(*_key(replace(lens, multipliers=None)))


@st.cache_resource(max_entries=48, show_spinner=False)
def _tradeoff(content: str, lens: LensSettings) -> Tradeoff:
    return analysis.tradeoff(view(lens), lens.focus)


def scores_key(lens: LensSettings) -> tuple[object, ...]:
    """What decides which scores the browser gets: the set, the prompts, and what each constraint measures."""
    measured = tuple((c.utility, c.group, c.cutoff) for c in lens.constraints)
    return open_set(lens.samples).content_hash, lens.group, lens.reward, measured


def lens_data(lens: LensSettings) -> LensData:
    """The scores as the lens in the browser reads them."""
    return _lens_data(scores_key(lens), view(lens).problem.samples)


@st.cache_resource(max_entries=12, show_spinner=False)
def _lens_data(key: tuple[object, ...], _samples: ScoredSamples) -> LensData:
    return LensData.from_samples(_samples)


def weights(lens: LensSettings) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Weights of the tilted policy, (P, I), summing to 1 in every prompt."""
    return _weights(*_key(lens))


@st.cache_resource(max_entries=12, show_spinner=False)
def _weights(content: str, lens: LensSettings) -> np.ndarray[Any, np.dtype[np.float64]]:
    from dualign.duality import tilted_weights

    seen = view(lens)
    return np.asarray(tilted_weights(seen.problem, seen.multipliers))
