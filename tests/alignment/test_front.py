from __future__ import annotations

import numpy as np
import pytest

from dualign.alignment.front import front_order, front_weights, mixed_state, score_products


def products(points: list[list[float]], *, covariance: float = 0.0) -> np.ndarray:
    """Of a reward and utilities with unit variance, the reward's covariance with each, and none among them."""
    columns = np.hstack([np.ones((len(points), 1)), np.asarray(points)])
    spread = np.eye(columns.shape[1])
    spread[0, 1:] = spread[1:, 0] = covariance
    return columns @ spread @ columns.T


def test_products_are_those_of_scores_centred_within_prompts(rng: np.random.Generator) -> None:
    present = np.ones((3, 4), dtype=bool)
    present[1, 3] = False
    first, second = rng.normal(size=(2, 3, 4))
    found = score_products([first, second], present)
    expected = sum(
        np.sum((first[p, k] - first[p, k].mean()) * (second[p, k] - second[p, k].mean()))
        for p, k in enumerate(present)
    )
    assert found[0, 1] == pytest.approx(expected)
    # What every reply of a prompt has in common, and whatever stands where there is none, is nothing.
    moved = np.where(present, first + np.array([[5.0], [-3.0], [1.0]]), np.nan)
    np.testing.assert_allclose(score_products([moved, second], present), found)


def test_a_front_trains_from_the_point_most_like_the_others_outwards() -> None:
    points = [[0.0], [0.75], [1.5], [2.25], [3.0]]
    order = front_order(points, products(points, covariance=-0.2))
    # Cosines with the ends: .76 and .75 at .75; at 1.5 that with 0 is .43.
    assert [step.point for step in order] == [1, 4, 0]
    assert order[0].start == {}
    assert order[1].start == {1: 1.0}
    assert order[2].start == pytest.approx({1: 4 / 3, 4: -1 / 3})


def test_a_point_between_is_trained_where_none_is_like_it() -> None:
    points = [[0.0], [1.0], [4.0], [16.0]]
    trained = [step.point for step in front_order(points, products(points))]
    # 4 has the direction of 16, but a quarter of its size.
    assert sorted(trained) == [0, 1, 2, 3]


def test_policies_are_values_of_a_linear_fit_to_the_trained_ones_around() -> None:
    points = [[0.0], [0.75], [1.5], [3.0], [30.0]]
    trained = [0, 1, 3, 4]
    for place, weights in enumerate(front_weights(points, trained)):
        assert sum(weights.values()) == pytest.approx(1.0)
        assert sum(w * points[i][0] for i, w in weights.items()) == pytest.approx(points[place][0])
    near = front_weights(points, trained)[2]
    assert set(near) == {0, 1, 3}
    values = np.array([1.0, 4.0, 2.0])
    slope, constant = np.polyfit([0.0, 0.75, 3.0], values, 1)
    assert sum(near[i] * v for i, v in zip((0, 1, 3), values, strict=True)) == pytest.approx(
        constant + 1.5 * slope
    )


def test_as_many_points_as_determine_a_fit_stay_as_they_were_trained() -> None:
    assert [w.get(i) for i, w in enumerate(front_weights([[0.0], [2.0]], [0, 1]))] == pytest.approx(
        [1.0, 1.0]
    )
    assert front_weights([[1.0]], [0]) == [{0: 1.0}]


def test_a_far_extrapolation_is_cut_short() -> None:
    points = [[1.0], [1.1], [9.0]]
    table = np.array([[1.0, 0.2, 0.5], [0.2, 1.0, 0.5], [0.5, 0.5, 1.0]])
    starts = {step.point: step.start for step in front_order(points, table)}
    assert starts[2] == {}
    [last] = [start for start in starts.values() if len(start) == 2]
    assert sum(last.values()) == pytest.approx(1.0)
    assert sum(abs(w) for w in last.values()) <= 2.0 + 1e-12


def test_a_front_of_several_utilities_covers_every_point() -> None:
    points = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [0.5, 0.5]]
    order = front_order(points, products(points))
    trained = [step.point for step in order]
    assert len(set(trained)) == len(trained)
    # The corners of the square, or what stands for them; the second (0, 0) is the first.
    assert {1, 2, 3} < set(trained)
    assert not {0, 4} <= set(trained)
    for number, step in enumerate(order):
        assert set(step.start) <= set(trained[:number])
        assert not step.start or sum(step.start.values()) == pytest.approx(1.0)
    for place, weights in enumerate(front_weights(points, trained)):
        reached = sum(w * np.array(points[i]) for i, w in weights.items())
        np.testing.assert_allclose(reached, points[place], atol=1e-12)


def test_nearest_that_do_not_reach_a_point_are_joined_by_more() -> None:
    points = [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [1.5, 40.0], [1.5, 2.0]]
    weights = front_weights(points, [0, 1, 2, 3, 4])[5]
    assert 4 in weights
    np.testing.assert_allclose(sum(w * np.array(points[i]) for i, w in weights.items()), [1.5, 2.0])


def test_mixed_tensors() -> None:
    assert mixed_state({0: {"a": 1.0}, 2: {"a": 3.0}}, {0: 0.25, 2: 0.75}) == {"a": 2.5}
