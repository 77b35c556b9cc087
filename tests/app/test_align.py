"""The Align page: what is chosen becomes a specification, jobs are told apart, and the page shows both."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from dualign import jobs
from dualign.alignment.spec import AlignSpec
from dualign.duality import Threshold
from dualign.errors import InvalidInputError
from dualign.figures import training
from dualign.figures.theme import LIGHT
from dualign.jobs import JobSpec
from dualign.samples import Store
from dualign.ui import analysis
from dualign.ui.align.choices import Choices, default_front, front_points, parse_front, specification
from dualign.ui.align.settings import difference, flat
from dualign.ui.state import LensSettings
from tests.app.conftest import OpenApp, texts


@pytest.fixture
def lens(stored: Store) -> LensSettings:
    return analysis.start_of(stored.open("plain")).start


def see(stored: Store, lens: LensSettings) -> analysis.View:
    return analysis.look(stored.open(lens.samples), lens)


def test_at_the_optimum_the_thresholds_are_handed_on(stored: Store, lens: LensSettings) -> None:
    spec = specification(lens, see(stored, lens), Choices(name=" mine "))
    assert dict(spec.thresholds) == {"harmless": 0.4}
    assert spec.multipliers is None
    assert spec.name == "mine"
    assert AlignSpec.from_record(spec.to_record()) == spec


def test_a_share_is_handed_on_as_one_and_beside_a_mean_as_what_it_asks_over_the_reference(
    stored: Store, lens: LensSettings
) -> None:
    share = replace(lens, constraints=(Threshold("harmless", 0.7, cutoff=-0.2),))
    alone = specification(share, see(stored, share), Choices())
    assert (dict(alone.thresholds), alone.form) == ({"P(harmless>=-0.2)": 0.7}, "absolute")
    assert alone.multipliers is None
    both = replace(share, constraints=(*share.constraints, Threshold("humor", 0.2)))
    view = see(stored, both)
    spec = specification(both, view, Choices())
    assert spec.form == "improvement"
    asked = 0.7 - float(view.problem.samples.baseline[0])
    assert dict(spec.thresholds) == {"P(harmless>=-0.2)": pytest.approx(asked), "humor": 0.2}
    assert list((spec.multipliers or {}).values()) == pytest.approx(view.solution.multipliers.tolist())


def test_at_the_lens_its_own_multiplier_is_trained(stored: Store, lens: LensSettings) -> None:
    held = replace(lens, multipliers=(0.7,))
    spec = specification(held, see(stored, held), Choices(target="here"))
    assert dict(spec.multipliers or {}) == {"harmless": 0.7}


def test_baselines_leave_out_one_side(stored: Store, lens: LensSettings) -> None:
    view = see(stored, lens)
    reward = specification(lens, view, Choices(target="reward"))
    assert dict(reward.multipliers or {}) == {"harmless": 0.0}
    assert reward.reward_weight == 1
    utility = specification(lens, view, Choices(target="utility"))
    assert utility.reward_weight == 0
    assert dict(utility.multipliers or {}) == {"harmless": pytest.approx(float(view.multipliers[0]))}


def test_an_infeasible_optimum_is_refused_in_words(stored: Store, lens: LensSettings) -> None:
    far = lens.with_threshold(0, 50.0)
    with pytest.raises(InvalidInputError, match="no λ\\* to train for"):
        specification(far, see(stored, far), Choices())


def test_a_front_goes_along_the_ray_through_the_optimum(stored: Store, lens: LensSettings) -> None:
    view = see(stored, lens)
    points = front_points(lens, view, default_front(view, 0, count=3))
    assert [point["harmless"] for point in points] == sorted(point["harmless"] for point in points)
    assert points[0] == {"harmless": 0.0}
    with pytest.raises(InvalidInputError, match="at least two"):
        front_points(lens, view, (0.5, 0.5))


@pytest.mark.parametrize("text", ["1, x", "-1, 2", "1, nan", "1, inf", ", ".join("1" * 13)])
def test_a_front_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_front(text)


def test_a_front_is_read_from_commas_lines_and_semicolons() -> None:
    assert parse_front("0; 0.5\n1,2,") == (0.0, 0.5, 1.0, 2.0)


def test_settings_in_which_two_jobs_differ() -> None:
    assert flat({"a": {"b": 1}, "c": 2}) == {"a.b": 1, "c": 2}
    first = jobs.submit(
        JobSpec(kind="align", entry="dualign.jobs.probe", payload={"steps": 1, "options": {"seed": 0}})
    )
    second = jobs.submit(
        JobSpec(kind="align", entry="dualign.jobs.probe", payload={"steps": 1, "options": {"seed": 3}})
    )
    for job in (first, second):
        jobs.cancel(job.id, wait=20)
    assert difference(first, second) == [
        {"Setting": "Seed", "This job": "0", "The other": "3"},
    ]


def test_training_curves_are_smoothed_thinned_and_titled() -> None:
    rows = [{"step": k, "loss": 1.0 / (1 + k / 100), "kl": None} for k in range(1, 2001)]
    loss, _, kl = (training.training_data(rows, quantity) for quantity in training.QUANTITIES)
    assert loss.columns["step"].size == training.MOST_POINTS
    assert np.all(np.diff(loss.columns["smoothed"]) < 0)
    assert kl.columns["step"].size == 0
    assert training.training_title(kl) == "KL to the reference: no step yet"
    figure = training.training_figure(
        training.training_data(rows, training.QUANTITIES[0], other=rows[:50], label="a", other_label="b"),
        LIGHT,
        total=4000,
    )
    assert figure.layout.xaxis.range[1] >= 4000
    assert {trace.name for trace in figure.data if trace.name} == {"a", "b"}


def test_the_smoothing_of_a_constant_is_the_constant() -> None:
    assert training.smooth(np.full(30, 2.5)) == pytest.approx(np.full(30, 2.5))


def test_a_set_without_a_reference_asks_for_it(open_app: OpenApp) -> None:
    app = open_app("align")
    assert not app.exception
    assert not app.error
    said = texts(app)
    assert "Name the model that drew these replies" in said
    assert "No job yet" in said


def test_the_forecast_comes_without_loading_a_model(open_app: OpenApp) -> None:
    loaded = "torch" in sys.modules
    app = open_app("align", set="demo")
    assert not app.exception
    assert not app.error
    said = texts(app)
    assert "Expected: harmless +0.5, helpful +0.376" in said
    assert "On the CPU" in said or "On a GPU" in said
    assert loaded or "torch" not in sys.modules


def test_slack_counts_from_the_threshold_at_whatever_multiplier(open_app: OpenApp) -> None:
    app = open_app("align", set="demo")
    app.pills(key="align_target").set_value("weights").run()
    app.number_input(key="align_weight_harmless").set_value(0.0).run()
    (row,) = [table.value for table in app.dataframe if "Slack of harmless" in table.value][:1]
    assert row["Slack of harmless"].iloc[0].startswith("−0.56")
    assert row["Gain in harmless"].iloc[0].startswith("−0.06")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("align_steps", 0, "steps must be a whole number of at least 1"),
        ("align_option_batch_size", -3, "Prompts a step"),
    ],
)
def test_a_bad_number_is_a_sentence_and_nothing_can_be_launched(
    open_app: OpenApp, key: str, value: int, words: str
) -> None:
    app = open_app("align", set="demo")
    app.number_input(key=key).set_value(value).run()
    assert words in " ".join(str(error.value) for error in app.error)
    assert not [button for button in app.button if button.key == "align_launch"]


def test_where_the_lens_stands_is_what_a_link_trains(open_app: OpenApp) -> None:
    app = open_app("align", set="demo", lam="0.8", c="harmless~0.5", beta="0.5", form="improvement")
    assert app.pills(key="align_target").value == "here"


def test_what_no_policy_meets_is_said_before_the_launch(open_app: OpenApp) -> None:
    app = open_app("align", set="demo", c="harmless~5", beta="0.5", form="improvement")
    assert "No policy on these samples meets" in " ".join(str(one.value) for one in app.warning)


def test_a_name_that_is_taken_is_said_before_the_launch(open_app: OpenApp) -> None:
    app = open_app("align", set="demo")
    assert not app.button(key="align_launch").disabled
    app.text_input(key="align_name").set_value("demo-harmless-0.5").run()
    assert "exists already" in " ".join(str(one.value) for one in app.warning)
    assert app.button(key="align_launch").disabled


def test_a_synthetic_set_says_that_it_has_no_texts(open_app: OpenApp) -> None:
    app = open_app("align", set="gaussian")
    assert not app.exception
    assert "no texts" in texts(app)
