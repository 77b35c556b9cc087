from __future__ import annotations

import numpy as np
import pytest

from dualign.duality import AlignmentProblem, ScoredSamples, tilted_weights
from dualign.models.chat import LocalChat, ResampledPolicy
from dualign.models.chat.kinds import MAX_CANDIDATES
from dualign.models.chat.resampling import choose
from dualign.models.reference import Reference
from dualign.models.sampling import SampleOptions

from .conftest import Ask, LetterScorers


def test_candidates_are_the_reference_s_and_weights_those_of_the_tilted_policy(
    ask: Ask, tiny_reference: Reference
) -> None:
    policy = ResampledPolicy(multipliers={"harmless": 0.7}, beta=0.4, candidates=9)
    reply = ask(policy, seed=5)["0"]
    found = reply.resampling
    assert found is not None
    drawn = next(tiny_reference.sample(["what now"], 9, seed=5, options=SampleOptions(max_new_tokens=24)))
    assert list(found.texts) == [r.text for r in drawn]
    assert reply.text == found.texts[found.chosen]
    helpful, harmless = (np.array(found.scores[name]) for name in ("helpful", "harmless"))
    samples = ScoredSamples(rewards=helpful[None], utilities=harmless[None, :, None], names=("harmless",))
    problem = AlignmentProblem(samples, thresholds=np.array([0.5]), beta=0.4)
    np.testing.assert_allclose(found.weights, tilted_weights(problem, 0.7)[0], rtol=1e-12)
    assert found.effective_sample_size == pytest.approx(1 / np.sum(np.square(found.weights)))


def test_moving_lam_draws_nothing_anew(ask: Ask, chat: LocalChat) -> None:
    chat.forget()
    scorers = chat.worker().scorers
    assert isinstance(scorers, LetterScorers)
    before = scorers.calls
    first = ask(ResampledPolicy(multipliers={"harmless": 0.0}, candidates=12), seed=8)["0"]
    second = ask(ResampledPolicy(multipliers={"harmless": 5.0}, candidates=12), seed=8)["0"]
    fewer = ask(ResampledPolicy(multipliers={"harmless": 5.0}, candidates=6), seed=8)["0"]
    assert scorers.calls == before + 1
    assert first.resampling
    assert second.resampling
    assert fewer.resampling
    assert first.resampling.texts == second.resampling.texts
    assert fewer.resampling.texts == first.resampling.texts[:6]
    assert first.resampling.weights != second.resampling.weights


def test_the_limit_is_the_best_candidate(ask: Ask) -> None:
    best = ask(ResampledPolicy(multipliers={"harmless": 0.7}, candidates=16, best=True), seed=5)[
        "0"
    ].resampling
    cold = ask(ResampledPolicy(multipliers={"harmless": 0.7}, candidates=16, beta=1e-4), seed=5)[
        "0"
    ].resampling
    assert best
    assert cold
    values = np.array(best.scores["helpful"]) + 0.7 * np.array(best.scores["harmless"])
    assert values[best.chosen] == values.max()
    np.testing.assert_allclose(best.weights, cold.weights, atol=1e-12)


def test_choices_follow_the_weights_and_change_only_if_they_must() -> None:
    weights = np.array([0.5, 0.3, 0.2, 0.0])
    chosen = np.array([choose(weights, seed=seed, key="k") for seed in range(4000)])
    counts = np.bincount(chosen, minlength=4)
    assert counts[3] == 0
    np.testing.assert_allclose(counts / 4000, weights, atol=0.03)
    other = np.array([0.48, 0.32, 0.2, 0.0])
    moved = np.mean(chosen != [choose(other, seed=seed, key="k") for seed in range(4000)])
    assert moved < 0.03
    assert choose(np.full(MAX_CANDIDATES, 1 / MAX_CANDIDATES), seed=0, key="k") < MAX_CANDIDATES
