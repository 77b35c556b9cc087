"""What a scored set takes as its reward, and the defaults that come with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pytest

from dualign.models.scorers.info import ScorerInfo
from dualign.models.scorers.scoring import scored_set
from dualign.samples import Manifest, SampleSet, ScoreInfo


@dataclass
class Named:
    """Stands for a scorer whose scores are known already."""

    name: str
    info: ScorerInfo = field(init=False)

    def __post_init__(self) -> None:
        self.info = ScorerInfo(name=self.name)

    def score(self, prompts: object, responses: object, **_: object) -> np.ndarray:
        raise AssertionError("not asked")


def _set(**scores: float) -> SampleSet:
    """Ten prompts with 20 replies; scores by name with their standard deviation."""
    rng = np.random.default_rng(0)
    rows = np.arange(200)
    table = pa.table(
        {
            "prompt_id": pa.array(rows // 20, pa.int32()),
            "prompt": [f"p{k // 20}" for k in rows],
            "group": [""] * 200,
            "response_id": pa.array(rows % 20, pa.int32()),
            "response": ["r"] * 200,
            **{name: spread * rng.normal(size=200) for name, spread in scores.items()},
        }
    )
    names = tuple(scores)
    return SampleSet(
        table,
        Manifest(
            name="old",
            scores={name: ScoreInfo() for name in names},
            reward=names[0] if names else "",
            utilities=names[1:],
            default_beta=2000.0,
            default_thresholds=dict.fromkeys(names[1:], 7.0),
        ),
    )


def _scored(given: SampleSet, *names: str, reward: str | None = None) -> Manifest:
    rng = np.random.default_rng(1)
    scores = {name: 0.1 * (k + 1) * rng.normal(size=200) for k, name in enumerate(names)}
    return scored_set(given, [Named(name) for name in names], scores, name="new", reward=reward).manifest


def test_an_unscored_set_gets_defaults_from_its_scores() -> None:
    found = _scored(_set(), "helpful", "harmless")
    assert (found.reward, found.utilities) == ("helpful", ("harmless",))
    assert found.default_beta == pytest.approx(0.1, rel=0.15)
    # A quarter of the best of 20 draws of standard deviation 0.2, about 1.87 of it.
    assert found.default_thresholds["harmless"] == pytest.approx(0.2 * 1.87 / 4, rel=0.15)


def test_the_sets_own_reward_and_thresholds_stay() -> None:
    found = _scored(_set(quality=3.0, safe=1.0), "humor")
    assert (found.reward, found.utilities) == ("quality", ("safe", "humor"))
    assert found.default_beta == 2000.0
    assert found.default_thresholds["safe"] == 7.0
    assert 0 < found.default_thresholds["humor"] < 0.1


@pytest.mark.parametrize("reward", ["humor", "safe"])
def test_another_reward_brings_its_own_beta(reward: str) -> None:
    found = _scored(_set(quality=3.0, safe=1.0), "humor", reward=reward)
    assert found.reward == reward
    assert found.default_beta == pytest.approx({"humor": 0.1, "safe": 1.0}[reward], rel=0.15)
    assert set(found.default_thresholds) == {"safe", "humor"} - {reward} == set(found.utilities)
    if reward == "humor":
        assert found.default_thresholds["safe"] == 7.0


def test_a_score_that_is_given_anew_brings_its_own_defaults() -> None:
    found = _scored(replace(_set(helpful=3.0, harmless=1.0)), "helpful", "harmless")
    assert found.default_beta == pytest.approx(0.1, rel=0.15)
    assert found.default_thresholds["harmless"] < 0.2
