"""The lens state in the address: exact restoration, and every bad value repaired with a sentence."""

from __future__ import annotations

import math
from dataclasses import replace
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dualign.duality.statements import Threshold, form_of, parse_thresholds
from dualign.ui.history import History, Place
from dualign.ui.state import BETA_RANGE, Bounds, LensSettings, from_query, to_query

START = LensSettings("demo", 0.3, "improvement", (Threshold("harmless", 0.5),))
UTILITIES = ("harmless", "humor", "a~b&c=d %é")
GROUPS = ("crisis", "sleep ~ & = 'grief'")
BOUNDS = {
    "demo": Bounds(START, ("helpful", *UTILITIES), UTILITIES, GROUPS),
    "other": Bounds(replace(START, samples="other"), ("helpful",), ("harmless",)),
}


def _through_address(settings: LensSettings, pinned: LensSettings | None = None) -> dict[str, list[str]]:
    return parse_qs(urlencode(to_query(settings, pinned), doseq=True), keep_blank_values=True)


finite = st.floats(-1e8, 1e8, allow_nan=False)
constraint = st.one_of(
    st.builds(Threshold, st.sampled_from(UTILITIES), finite),
    st.builds(Threshold, st.sampled_from(UTILITIES), finite, group=st.sampled_from(GROUPS)),
    st.builds(Threshold, st.sampled_from(UTILITIES), st.floats(0, 1), cutoff=finite),
)
constraints = st.lists(constraint, min_size=1, max_size=6, unique_by=lambda c: c.name).map(tuple)


@st.composite
def lenses(draw: st.DrawFn) -> LensSettings:
    chosen = draw(constraints)
    # What is maximised is not constrained too.
    left = [name for name in UTILITIES if name not in {constraint.utility for constraint in chosen}]
    held = draw(st.none() | st.tuples(*[st.floats(0, 1e6) for _ in chosen]))
    return LensSettings(
        "demo",
        draw(st.floats(*BETA_RANGE)),
        draw(st.sampled_from(["improvement", "absolute"])),
        chosen,
        held,
        draw(st.none() | st.sampled_from(GROUPS)),
        draw(st.integers(0, len(chosen) - 1)),
        draw(st.none() | st.sampled_from(left) if left else st.none()),
    )


@given(lenses(), st.none() | lenses())
def test_address_restores_exactly(settings: LensSettings, pinned: LensSettings | None) -> None:
    restored = from_query(_through_address(settings, pinned), BOUNDS, default="demo")
    assert restored.settings == settings
    assert restored.pinned == pinned
    assert restored.notes == ()


names = st.sampled_from(["set", "beta", "form", "c", "lam", "group", "focus", "reward", "pin", "junk"])


@given(st.dictionaries(names, st.lists(st.text(max_size=40), max_size=8)))
def test_any_address_gives_a_usable_lens(query: dict[str, list[str]]) -> None:
    settings = from_query(query, BOUNDS, default="demo").settings
    assert settings.samples in BOUNDS
    assert BETA_RANGE[0] <= settings.beta <= BETA_RANGE[1]
    assert 1 <= len(settings.constraints) <= 6
    assert all(math.isfinite(c.value) for c in settings.constraints)
    assert 0 <= settings.focus < len(settings.constraints)
    assert settings.multipliers is None or len(settings.multipliers) == len(settings.constraints)


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ({"set": ["gone"]}, "is not stored here"),
        ({"beta": ["-3"]}, "is not above 0; using the set's own, 0.3"),
        ({"beta": ["0"]}, "is not above 0"),
        ({"beta": ["1e9"]}, "was moved into"),
        ({"beta": ["nan"]}, "is not a finite number"),
        ({"form": ["budget"]}, "is unknown"),
        ({"group": ["nobody"]}, "no prompt group"),
        ({"reward": ["nothing"]}, "no reward column"),
        ({"c": ["unknown~1"]}, "does not fit this set"),
        ({"c": ["harmless~1", "harmless~2"]}, "stands twice"),
        ({"c": ["harmless~1~group~nobody"]}, "does not fit this set"),
        ({"c": ["harmless~.9~chance~inf"]}, "is not a finite number"),
        ({"lam": ["1,2"]}, "does not fit 1 constraint"),
        ({"lam": ["1e99"]}, "was moved into"),
        ({"pin": ["set=gone&beta=1"]}, "was left out"),
    ],
)
def test_repairs_are_said(query: dict[str, list[str]], note: str) -> None:
    assert any(note in sentence for sentence in from_query(query, BOUNDS, default="demo").notes)


def test_the_sets_own_reward_can_be_constrained_where_another_is_maximised() -> None:
    query = {"set": ["demo"], "reward": ["harmless"], "c": ["helpful~0.2"]}
    restored = from_query(query, BOUNDS, default="demo")
    assert not restored.notes
    assert restored.settings.constraints == (Threshold("helpful", 0.2),)
    # A reward is never its own constraint, even where the set's defaults would say so.
    alone = from_query({"set": ["demo"], "reward": ["harmless"]}, BOUNDS, default="demo").settings
    assert "harmless" not in [constraint.utility for constraint in alone.constraints]
    assert alone.constraints


def test_a_set_opens_at_its_own_beta_however_far_out() -> None:
    tiny = Bounds(replace(START, beta=1e-9), ("helpful", *UTILITIES), UTILITIES, betas={"harmless": 40.0})
    opened = from_query({"set": ["demo"]}, {"demo": tiny}, default="demo")
    assert (opened.settings.beta, opened.notes) == (1e-9, ())
    # Another reward brings the beta that fits it, unless the link says which.
    other = from_query({"set": ["demo"], "reward": ["harmless"]}, {"demo": tiny}, default="demo")
    assert other.settings.beta == 40.0
    asked = {"set": ["demo"], "reward": ["harmless"], "beta": ["0.7"]}
    assert from_query(asked, {"demo": tiny}, default="demo").settings.beta == 0.7


def test_a_share_is_a_share_in_either_form() -> None:
    query = {"set": ["demo"], "c": ["harmless~0.95~chance~-1.0", "humor~0.2"], "form": ["improvement"]}
    restored = from_query(query, BOUNDS, default="demo")
    assert restored.notes == ()
    assert restored.settings.forms == ("absolute", "improvement")
    assert replace(restored.settings, form="absolute").forms == ("absolute", "absolute")
    assert restored.settings.with_threshold(0, 3.0).constraints[0].value == 1.0
    # As the command line reads it.
    (stated,) = parse_thresholds(["P(harmless>=-1)>=0.95"])
    assert form_of(stated, None) == restored.settings.forms[0]
    for beyond, kept in (("1.5", 1.0), ("-0.2", 0.0)):
        moved = from_query({"c": [f"harmless~{beyond}~chance~0"]}, BOUNDS, default="demo")
        assert moved.settings.constraints[0].value == kept
        assert "a share of replies lies from 0 to 1" in moved.notes[0]


def test_moving_a_threshold_returns_to_the_optimum() -> None:
    held = replace(START, multipliers=(2.0,))
    assert held.with_threshold(0, 0.7) == replace(START, constraints=(Threshold("harmless", 0.7),))


def test_fewer_constraints_keep_focus_in_range() -> None:
    two = replace(START, constraints=(Threshold("harmless", 0.0), Threshold("humor", 0.0)), focus=1)
    assert two.with_constraints(two.constraints[:1]).focus == 0


def test_undo_redo_and_forgetting() -> None:
    first, second, third = (replace(START, beta=beta) for beta in (0.1, 0.2, 0.3))
    stack = History((Place(first),)).look(second)
    assert stack.look(second) is stack
    assert stack.undo().present.lens == first
    assert stack.undo().redo().present.lens == second
    assert stack.undo().undo().present.lens == first
    branched = stack.undo().look(third)
    assert branched.present.lens == third
    assert not branched.can_redo
    deep = History((Place(first),))
    for k in range(300):
        deep = deep.look(replace(START, beta=0.1 + k / 1000))
    assert len(deep.past) == 100


def test_the_pin_is_part_of_what_undo_brings_back() -> None:
    first, second = (replace(START, beta=beta) for beta in (0.1, 0.2))
    stack = History((Place(first),)).pin(first).look(second)
    assert stack.present == Place(second, pinned=first)
    swapped = stack.commit(Place(first, pinned=second))
    assert swapped.undo().present == Place(second, pinned=first)
    assert swapped.undo().redo().present == Place(first, pinned=second)
    assert stack.undo().undo().present == Place(first)
    assert stack.pin(None).undo().present.pinned == first
