"""Every page on a demo-like set and on the hard cases: infeasible, free, several constraints, bad addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dualign.duality import Threshold, build_problem, parse_thresholds, solve_dual
from dualign.samples import SampleSet, Store
from dualign.ui import analysis, conflict, words
from tests.app.conftest import OpenApp, make_set, texts

PAGES = ("lens", "dual", "geometry", "samples")
CASES = {
    "plain": {},
    "infeasible": {"c": "harmless~50.0"},
    "free": {"c": "harmless~-5.0"},
    "two": {"c": ["harmless~0.3", "humor~0.2"]},
    "two infeasible": {"c": ["harmless~50.0", "humor~0.2"]},
    "group": {"c": "harmless~0.3~group~sleep"},
    "chance": {"c": "harmless~0.8~chance~0.0"},
    "chance beside a mean": {"c": ["harmless~0.7~chance~0.0", "humor~0.2"], "focus": "1"},
    "held": {"lam": "2.5"},
    "absolute": {"form": "absolute", "c": "harmless~0.4"},
    "one group": {"group": "work"},
    "small beta": {"beta": "0.001"},
    "large beta": {"beta": "5000"},
    "bad": {"beta": "x", "c": "nobody~1", "lam": "1,2,3", "group": "<b>", "form": "?", "set": "plain"},
}


@pytest.mark.parametrize("case", CASES)
def test_every_page_in_every_case(open_app: OpenApp, case: str) -> None:
    app = open_app(**CASES[case])
    for page in PAGES:
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception, page
        assert not app.error, page
        assert app.title, page


def test_three_constraints(open_app: OpenApp, stored: Store) -> None:
    stored.save(make_set("three", utilities=3))
    app = open_app(set="three", c=["harmless~0.3", "humor~0.2", "brief~0.1"])
    for page in PAGES:
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception, page
        assert not app.error, page


def test_the_story_is_told(open_app: OpenApp) -> None:
    app = open_app()
    headline = str(app.title[0].value).replace("\\", "")
    assert "Requiring harmless +0.4 costs" in headline
    assert "the next" in headline
    assert "95 % interval" in texts(app)


def test_one_constraint_more_names_what_the_others_leave(open_app: OpenApp) -> None:
    alone = open_app(c="harmless~0.3")
    app = open_app(c=["harmless~0.3", "humor~0.9"])
    headline = str(app.title[0].value).replace("\\", "")
    assert "together costs" in headline
    said = texts(app)
    assert "with the other as it is" in said
    assert "with humor +0.9 still required" in said
    assert "with the other as it is" not in texts(alone)
    app.switch_page("pages/dual.py").run()
    assert "humor held at" in texts(app)


@pytest.mark.parametrize("page", ["lens", "dual", "geometry"])
def test_no_page_says_that_excluding_constraints_hold(open_app: OpenApp, page: str) -> None:
    said = texts(open_app(page, c=["harmless~1.45", "humor~1.45"]))
    assert "cannot all be met" in said or "can be met" in said or "No policy reaches" in said
    for claim in ("holds: slack", "holds with slack", "D* = P* = ", "the dual is lowest"):
        assert claim not in said


def test_free_level_and_next_step_are_those_of_another_solve(stored: Store) -> None:
    sample_set = stored.open("plain")
    lens = analysis.start_of(sample_set).start
    view = analysis.look(sample_set, lens)
    step = view.next_steps[0]
    assert step is not None
    further = analysis.look(sample_set, lens.with_threshold(0, lens.constraints[0].value + step.size))
    assert step.cost == pytest.approx(view.solution.dual_optimum - further.solution.dual_optimum)
    assert lens.constraints[0].value + step.size < view.reach[0]
    free = analysis.tradeoff(view, 0).free
    assert free is not None
    assert analysis.look(sample_set, lens.with_threshold(0, free - 1e-6)).solution.multipliers[0] == 0
    assert analysis.look(sample_set, lens.with_threshold(0, free + 1e-3)).solution.multipliers[0] > 0


def test_a_price_is_never_said_of_a_step_that_does_not_fit(stored: Store) -> None:
    sample_set = stored.open("plain")
    lens = analysis.start_of(sample_set).start
    reach = analysis.look(sample_set, lens).reach[0]
    close = lens.with_threshold(0, reach - 0.3)
    view = analysis.look(sample_set, close)
    step = view.next_steps[0]
    assert step is not None
    assert step.size == pytest.approx(0.1)
    assert "the next unit" not in words.finding(view, close).headline
    assert analysis.look(sample_set, lens.with_threshold(0, reach + 1.0)).next_steps == (None,)


def test_a_lens_that_stands_at_the_optimum_by_hand_is_at_the_optimum(stored: Store) -> None:
    sample_set = stored.open("plain")
    lens = replace(
        analysis.start_of(sample_set).start, constraints=(Threshold("harmless", 0.3), Threshold("humor", 0.2))
    )
    best = analysis.look(sample_set, lens).solution.multipliers
    held = replace(lens, multipliers=tuple(float(value) * (1 + 1e-7) for value in best))
    assert analysis.look(sample_set, held).at_optimum
    assert not analysis.look(sample_set, replace(held, multipliers=(float(best[0]), 0.0))).at_optimum


def test_infeasible_in_words(open_app: OpenApp) -> None:
    app = open_app("dual", c="harmless~50.0")
    said = texts(app)
    assert "cannot be met" in said
    assert "the highest threshold these samples allow" in said
    app.button(key="ease_most").click().run()
    assert "cannot be met" not in texts(app)


def test_what_fails_alone_is_named_before_any_conflict(open_app: OpenApp) -> None:
    app = open_app(c=["harmless~0.3", "humor~50.0"])
    for page in ("lens", "dual", "geometry"):
        app.switch_page(f"pages/{page}.py").run()
        said = texts(app)
        assert "exclude each other" not in said, page
        assert "humor cannot be met even alone (at most" in said, page
        assert "infinite" not in said, page
        if page != "geometry":
            assert "humor fails alone: 50 is asked for, and" in said
            assert "the mix" not in said
    # The button lowers what fails, whatever the page looks along.
    app.switch_page("pages/dual.py").run()
    assert app.button(key="ease").label.startswith("Lower humor to")
    app.button(key="ease_most").click().run()
    assert "humor fails alone" not in texts(app)


def test_what_excludes_each_other_is_a_mix(open_app: OpenApp) -> None:
    said = texts(open_app("dual", c=["harmless~1.45", "humor~1.45"]))
    assert "Each can be met alone, but not together" in said
    assert "The conflict lies in the mix" in said
    assert "fails alone" not in said


def test_others_exclude_each_other_only_where_several_do(stored: Store) -> None:
    found = stored.open("plain")
    lens = replace(
        analysis.start_of(found).start,
        constraints=(
            Threshold("harmless", 1.45),
            Threshold("humor", 1.45),
            Threshold("harmless", 0.1, cutoff=0.0),
        ),
    )
    view = analysis.look(found, lens)
    assert not np.isfinite(view.reach[2])
    assert conflict.failing_alone(view) == []
    assert conflict.in_the_way(view, 2) == "the other constraints exclude each other"
    far = analysis.look(found, lens.with_threshold(1, 9.0))
    assert conflict.failing_alone(far) == [1]
    assert conflict.in_the_way(far, 2).startswith("humor cannot be met even alone (at most ")
    assert conflict.lower(far, 2) == "lower humor first"


def test_not_binding_in_words(open_app: OpenApp) -> None:
    assert "costs nothing" in texts(open_app(c="harmless~-5.0"))
    assert "Not binding" in texts(open_app("dual", c="harmless~-5.0"))


def test_bad_address_is_repaired_aloud(open_app: OpenApp) -> None:
    app = open_app(set="nowhere")
    assert "is not stored here" in texts(app)


def test_pages_keep_the_lens_and_write_the_address(open_app: OpenApp) -> None:
    app = open_app(c="harmless~0.25", beta="2.0")
    app.switch_page("pages/dual.py").run()
    assert app.number_input(key="threshold_0").value == 0.25
    assert app.query_params["c"] == "harmless~0.25"
    assert app.query_params["beta"] == "2.0"


def test_undo_redo_reset(open_app: OpenApp) -> None:
    app = open_app()
    app.number_input(key="threshold_0").set_value(0.2).run()
    assert app.query_params["c"] == "harmless~0.2"
    app.button(key="undo").click().run()
    assert app.number_input(key="threshold_0").value == 0.4
    app.button(key="redo").click().run()
    assert app.number_input(key="threshold_0").value == 0.2
    app.button(key="reset").click().run()
    assert app.number_input(key="threshold_0").value == 0.4


@pytest.mark.parametrize("page", ["lens", "dual", "geometry"])
def test_no_page_is_without_interval_and_light(open_app: OpenApp, page: str) -> None:
    said = texts(open_app(page))
    assert "95 % interval" in said or "95% interval" in said or page == "dual"
    assert "Trust" in said


def test_form_switch_keeps_the_problem(open_app: OpenApp) -> None:
    app = open_app()
    before = str(app.title[0].value).split("costs")[1]
    app.segmented_control(key="form").set_value("absolute").run()
    assert app.number_input(key="threshold_0").value != 0.4
    assert str(app.title[0].value).split("costs")[1] == before


def test_a_share_means_what_the_command_line_means(open_app: OpenApp, stored: Store) -> None:
    app = open_app(c=["harmless~0.7~chance~-0.2", "humor~0.2"])
    headline = str(app.title[0].value).replace("\\", "")
    assert "harmless ≥ −0.2 in at least 70 % of the replies and humor +0.2" in headline.replace("\u00a0", " ")
    said = texts(app).replace("\u00a0", " ")
    assert "has to rise to 70 %" in said
    box = app.number_input(key="threshold_0")
    assert (box.value, box.min, box.max) == (0.7, 0.0, 1.0)
    assert "\\" not in box.label
    assert box.label.replace("\u00a0", " ") == "share with harmless ≥ −0.2, at least"
    # The other form restates the mean alone.
    app.segmented_control(key="form").set_value("absolute").run()
    assert app.number_input(key="threshold_0").value == 0.7
    assert app.number_input(key="threshold_1").value != 0.2
    assert str(app.title[0].value).split("costs")[1] == headline.split("costs")[1]
    found = stored.open("plain")
    start = analysis.start_of(found).start
    lens = replace(start, constraints=(Threshold("harmless", 0.7, cutoff=-0.2), Threshold("humor", 0.2)))
    stated = parse_thresholds(["P(harmless>=-0.2)>=0.7", "humor>=0.2"])
    problem = build_problem(found.scored(), stated, beta=start.beta)
    view = analysis.look(found, lens)
    np.testing.assert_allclose(view.solution.multipliers, solve_dual(problem).multipliers, rtol=1e-9)
    assert view.problem.forms == ("absolute", "improvement")


def test_pin_and_compare(open_app: OpenApp) -> None:
    app = open_app()
    app.button(key="pin").click().run()
    app.number_input(key="threshold_0").set_value(0.1).run()
    assert "A, pinned, against B, now" in texts(app)
    assert "pin" in app.query_params
    app.button(key="go_a").click().run()
    assert app.number_input(key="threshold_0").value == 0.4


@pytest.mark.parametrize(
    "change",
    [
        {"constraints": (Threshold("harmless", 0.8),)},
        {"constraints": (Threshold("harmless", 0.8),), "beta": 0.3},
        {"constraints": (Threshold("humor", 0.1), Threshold("harmless", 0.2)), "focus": 1},
        {"reward": "humor"},
        {"constraints": (Threshold("harmless", -5.0),), "multipliers": (2.0,)},
    ],
)
def test_a_pinned_policy_stands_where_the_present_axes_put_it(stored: Store, change: dict[str, Any]) -> None:
    found = stored.open("plain")
    pinned = analysis.start_of(found).start
    lens = replace(pinned, **change)
    kept, view = analysis.look(found, pinned), analysis.look(found, lens)
    slack, height = analysis.stands_at(kept, view, lens.focus)
    if lens.constraints[lens.focus].utility == "harmless":
        asked = lens.constraints[lens.focus].value
        assert slack == pytest.approx(float(kept.here.slack[0, 0]) + 0.4 - asked, abs=1e-12)
    # Supporting lines touch the set: no policy lies above any of them, its own beta's boundary included.
    curve = analysis.boundary(view, lens.focus)
    lines = np.asarray(curve.dual) - np.asarray(curve.multipliers) * slack
    assert height <= lines.min() + 1e-9
    if change.keys() == {"constraints"} and len(lens.constraints) == 1:
        assert height == pytest.approx(float(kept.here.regularized_reward[0]), abs=1e-9)
        own = float(kept.here.dual[0] - kept.multipliers[0] * kept.here.slack[0, 0])
        assert height == pytest.approx(own, abs=1e-9)


def test_constraints_added_and_removed(open_app: OpenApp) -> None:
    app = open_app()
    app.selectbox(key="new_utility").set_value("humor").run()
    app.button(key="add_constraint").click().run()
    assert app.number_input(key="threshold_1").value == 0.0
    app.segmented_control(key="new_kind").set_value("chance").run()
    app.button(key="add_constraint").click().run()
    assert len(app.query_params["c"]) == 3
    app.button(key="remove_0").click().run()
    assert len(app.query_params["c"]) == 2
    assert not app.exception


def test_server_checks_what_the_browser_sends(open_app: OpenApp) -> None:
    app = open_app()
    app.number_input(key="threshold_0").set_value(1e300).run()
    assert not app.exception
    assert app.query_params["c"] == "harmless~1000000000.0"


def test_empty_store_says_what_to_do(open_app: OpenApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "names", lambda self: [])
    app = open_app()
    assert "the store holds no sample set" in texts(app)
    assert not app.exception


def test_surprises_stay_in_the_log(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("dualign.ui.data.view", broken)
    app = open_app()
    assert "Something went wrong" in texts(app)
    assert "secret detail" not in texts(app)
    assert "secret detail" in caplog.text


def test_a_score_that_does_not_vary_has_no_price(open_app: OpenApp, stored: Store) -> None:
    kept = make_set("still")
    columns = {name: kept.table[name].to_numpy() for name in kept.table.column_names}
    columns["harmless"] = np.ones(len(columns["harmless"]))
    stored.save(SampleSet(pa.table(columns), replace(kept.manifest, files={})))
    app = open_app(set="still", c="harmless~0.0")
    assert "does not vary within any prompt" in texts(app)
    assert "until it starts to cost" not in texts(app)
    for page in ("dual", "geometry"):
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception, page
        assert not app.error, page
        assert "does not vary within any prompt" in texts(app)


@pytest.mark.parametrize("page", [None, "dual", "geometry"])
def test_what_only_the_limit_meets_has_no_price(open_app: OpenApp, page: str | None) -> None:
    app = open_app(page, c="harmless~1.0~chance~0.0", beta="1.0", form="improvement")
    assert not app.exception
    assert "equals the best achievable" in " ".join(str(one.value) for one in app.warning)
    assert "∞" not in texts(app)
    assert "At λ* =" not in texts(app)
