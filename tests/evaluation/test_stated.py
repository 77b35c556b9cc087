import numpy as np
import pytest

from dualign.duality.statements import parse_thresholds
from dualign.errors import InvalidInputError
from dualign.evaluation.measure import PolicyReplies
from dualign.evaluation.stated import (
    measure_stated,
    predicted_of,
    reference_of,
    resampled_of,
    state,
    trained_of,
)
from tests.app.conftest import make_set


@pytest.fixture(scope="module")
def sample_set():
    return make_set("plain", prompts=120, replies=32)


@pytest.mark.parametrize(
    "words",
    [["harmless>=0.3"], ["harmless[sleep]>=0.3"], ["P(harmless>=0)>=0.1"], ["harmless>=0.2", "humor>=0.1"]],
)
def test_any_kind_of_constraint_is_measured_as_it_is_predicted(sample_set, words):
    stated = state(sample_set, parse_thresholds(words), beta=1.0, form="improvement")
    lam = np.full(len(words), 0.8)
    rng = np.random.default_rng(0)
    policy, picked = resampled_of(stated, lam, draws=100, rng=rng, name="p")
    found = measure_stated(stated, policy, rng=rng, resamples=100)
    predicted = predicted_of(stated, lam)
    assert picked.shape == (len(stated.rows), 100)
    for name, gain in found.utility_gains.items():
        # Prompts differ, so that agreement is up to the error of both sides.
        assert abs(gain.value - predicted[name]) < 4 * (gain.high - gain.low)
        assert found.slack[name].value == pytest.approx(gain.value - stated.thresholds[name])


def test_a_trained_policy_that_repeats_the_reference_gains_nothing(sample_set):
    constraints = parse_thresholds(["harmless[work]>=0.3", "P(humor>=0.2)>=0.1"])
    stated = state(sample_set, constraints, beta=1.0, form="improvement")
    plain = {name: sample_set.padded(name)[stated.rows] for name in ("helpful", "harmless", "humor")}
    copy = trained_of(stated, PolicyReplies(name="copy", scores=plain, groups=stated.groups))
    found = measure_stated(stated, copy, rng=np.random.default_rng(0), resamples=50)
    assert all(abs(gain.value) < 1e-12 for gain in found.utility_gains.values())
    np.testing.assert_allclose(copy.scores["helpful"], reference_of(stated).scores["helpful"])
    fewer = PolicyReplies(
        name="x", scores={name: plain[name] for name in ("helpful", "harmless")}, groups=stated.groups
    )
    with pytest.raises(InvalidInputError, match="no score named 'humor'"):
        trained_of(stated, fewer)


def test_one_group_is_split_too_and_too_few_prompts_are_said(sample_set):
    stated = state(sample_set, parse_thresholds(["harmless>=0.3"]), beta=1.0, form="absolute", group="sleep")
    assert set(stated.groups) == {"sleep"}
    with pytest.raises(InvalidInputError, match="cannot be split"):
        state(make_set("tiny", prompts=3), parse_thresholds(["harmless>=0.3"]), beta=1.0, form="improvement")
