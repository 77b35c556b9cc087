from __future__ import annotations

from dataclasses import replace

import pytest

from dualign.errors import InvalidInputError
from dualign.evaluation.experiments.setup import Options, Setup, open_setup
from dualign.evaluation.policies import list_evaluations, read_evaluation
from dualign.evaluation.summary import summary_row, summary_text
from dualign.evaluation.trained import predict, predict_trained
from dualign.models.policies import SHIPPED, list_policies
from dualign.samples import open_samples


@pytest.fixture(scope="module")
def setup() -> Setup:
    return open_setup(Options())


def test_every_shipped_policy_was_measured_on_prompts_of_the_demo() -> None:
    demo = open_samples("demo")
    found = {item.name: item for item in list_evaluations(demo.content_hash) if item.shipped}
    assert set(SHIPPED) <= set(found)
    sums = {policy.name: policy.spec.sha256 for policy in list_policies() if policy.shipped}
    for name in SHIPPED:
        item = found[name]
        assert set(item.prompts) <= set(demo.prompts)
        assert item.record.policy_sha256 == sums[name]
        assert item.record.replies >= 4
        assert item.record.prompts_limit is None


def test_multipliers_on_scores_are_predicted_at_and_others_by_their_threshold(setup: Setup) -> None:
    mocan, pecan = (read_evaluation(f"demo-{name}").record for name in ("harmless-0.5", "pecan-harmless-0.5"))
    assert predict_trained(setup, mocan) == predict(setup, dict(mocan.multipliers))
    # PeCAN's 6.5 weighs log-ratios; on scores it would ask for more than twice its threshold.
    assert predict(setup, dict(pecan.multipliers)).utilities["harmless"] > 1
    assert predict_trained(setup, pecan).utilities["harmless"] == pytest.approx(0.5, abs=1e-6)
    # The same threshold as a level.
    level = 0.5 + float(setup.sample_set.scored(setup.reward, ("harmless",)).subset(~setup.held).baseline[0])
    absolute = replace(pecan, form="absolute", thresholds={"harmless": level})
    assert predict_trained(setup, absolute).utilities["harmless"] == pytest.approx(0.5, abs=1e-6)
    assert predict_trained(setup, replace(mocan, method="mocaid")).utilities["harmless"] == pytest.approx(0.5)


def test_what_cannot_be_predicted_is_told(setup: Setup) -> None:
    record = read_evaluation("demo-pecan-harmless-0.5").record
    with pytest.raises(InvalidInputError, match="not all of which are scores"):
        predict_trained(setup, replace(record, thresholds={"harmless": 0.5, "harmless[crisis]": 0.1}))
    with pytest.raises(InvalidInputError):
        predict_trained(setup, replace(record, thresholds={}))
    with pytest.raises(InvalidInputError):
        predict_trained(setup, replace(record, thresholds={"harmless": 50.0}))


def test_what_cannot_be_predicted_is_measured_all_the_same() -> None:
    found = read_evaluation("demo-pecan-harmless-0.5")
    row = summary_row(replace(found, record=replace(found.record, thresholds={})))
    assert row.predicted is None
    assert any("cannot be predicted" in sentence for sentence in row.sentences)
    assert "predicted +" not in summary_text([row])
