import numpy as np
import pytest

from dualign.evaluation.experiments import EXPERIMENTS, Options, run_experiment
from dualign.evaluation.results import plain, read_result, write_result
from dualign.figures import evaluation, evaluation_constraints, evaluation_parts
from dualign.figures.evaluation_set import drawings
from dualign.figures.theme import DARK, LIGHT, title_of

SMALL = Options(draws=2, resamples=50, repeats=2)


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_an_experiment_runs_end_to_end_and_every_figure_of_it_draws(name):
    result = run_experiment(name, SMALL)
    write_result(result)
    found = drawings(read_result(name))
    assert found
    for drawing in found:
        for look in (LIGHT, DARK):
            figure = drawing.figure(look)
            assert title_of(figure)
            assert len(figure.data) > 0
        assert drawing.sentence
        assert drawing.columns
        assert len(figure.to_json()) < 200_000
    assert name in EXPERIMENTS
    assert all(reading.agreement in ("agrees", "partly", "differs", "open") for reading in result.readings)


def test_points_carry_what_was_expected_and_what_was_achieved():
    columns = {
        "policy": ["a", "b"], "stored": ["a-1", ""], "expected": [0.1, 0.5], "achieved": [0.12, 0.3],
        "low": [0.05, 0.2], "high": [0.2, 0.4],
    }  # fmt: skip
    data = evaluation.expected_data({"trained": columns, "iterative": columns}, name="safe")
    assert "trained: 1 of 2 predictions inside" in data.sentence
    figure = evaluation.expected_figure(data, LIGHT)
    drawn = [trace for trace in figure.data if trace.name == "trained"]
    np.testing.assert_allclose(drawn[0].x, [0.1, 0.5], rtol=1e-6)
    np.testing.assert_allclose(drawn[0].error_y.array, [0.08, 0.1], rtol=1e-5)
    assert [list(row) for row in drawn[0].customdata] == [["a", "a-1"], ["b", ""]]


def test_satisfaction_states_the_distance_of_each_series():
    series = {
        kind: {"threshold": [0.2, 0.4], "achieved": [0.2 - off, 0.4 - off], "low": [0, 0], "high": [1, 1]}
        for kind, off in (("one-shot", 0.1), ("iterative", 0.02))
    }
    data = evaluation_constraints.satisfaction_data(series, name="safe")
    assert data.errors == {"one-shot": pytest.approx(0.1), "iterative": pytest.approx(0.02)}
    assert "one-shot 0.1" in title_of(evaluation_constraints.satisfaction_figure(data, LIGHT))


def test_series_are_compared_at_the_thresholds_that_all_have():
    one_shot = {"threshold": [0.2, 0.8], "achieved": [0.1, 0.2], "low": [0, 0], "high": [1, 1]}
    iterative = {"threshold": [0.2], "achieved": [0.15], "low": [0], "high": [1]}
    data = evaluation_constraints.satisfaction_data(
        {"one-shot": one_shot, "iterative": iterative}, name="safe", policies="Trained policies"
    )
    assert data.errors == {"one-shot": pytest.approx(0.1), "iterative": pytest.approx(0.05)}
    title = title_of(evaluation_constraints.satisfaction_figure(data, LIGHT))
    assert title.startswith("Trained policies: mean distance")


def test_labels_from_data_cannot_act_as_markup():
    columns = {
        "policy": ["<b onclick=x>"], "stored": [""], "expected": [0.1], "achieved": [0.1], "low": [0], "high": [1]
    }  # fmt: skip
    figure = evaluation.expected_figure(evaluation.expected_data({"trained": columns}, name="<i>"), LIGHT)
    assert "<b onclick" not in figure.to_json().replace("\\u003c", "<")


def test_groups_and_changes_draw_from_a_stored_measurement():
    groups = {
        "x": {"safe": {"value": 0.4, "low": 0.3, "high": 0.5}},
        "y": {"safe": {"value": -0.1, "low": -0.2, "high": 0.0}},
    }
    data = evaluation_parts.groups_data(groups, name="safe", whole=0.2)
    assert list(data.columns["group"]) == ["y", "x"]
    assert "least in y" in title_of(evaluation_parts.groups_figure(data, LIGHT))
    change = evaluation_parts.change_data(
        {"edges": [0, 1, 2], "before": [0.7, 0.3], "after": [0.2, 0.8]},
        name="safe",
        policy="p",
        before=0.8,
        after=1.3,
    )
    assert "0.80 before, 1.30 after" in title_of(evaluation_parts.change_figure(change, DARK))
    assert plain(change.columns)["after"] == [0.2, 0.8]
