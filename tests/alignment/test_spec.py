from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualign.alignment import AlignSpec, TrainOptions, estimate, job_spec, off_policy, policy_names, resolve
from dualign.alignment.off_policy import reward_margin
from dualign.duality import AlignmentProblem, ScoredSamples, evaluate_dual, solve_dual
from dualign.errors import InvalidInputError, ModelError, StoreError


def test_a_specification_survives_json() -> None:
    spec = AlignSpec(
        samples="demo",
        name="mine",
        method="mocan",
        front=({"harmless": 0.0}, {"harmless": 1.5}),
        beta=0.25,
        options=TrainOptions(steps=7, labels="hard", targets=("q_proj",)),
    )
    again = AlignSpec.from_record(json.loads(json.dumps(spec.to_record())))
    assert again == spec
    assert again.content == spec.content
    assert AlignSpec(samples="demo", name="other").content != AlignSpec(samples="demo").content


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"method": "ppo"}, "no method 'ppo'"),
        ({"name": "../x"}, "cannot name a policy"),
        ({"multipliers": {"g": -1.0}}, "at least 0"),
        ({"multipliers": {"g": float("nan")}}, "finite"),
        ({"multipliers": {"g": 1.0}, "front": ({"g": 1.0},)}, "not both"),
        ({"reward_weight": 0.0}, "above 0"),
        ({"front": ({"g": 1.0}, {"g": 2.0}, {"g": 1, "h": 0.0})}, "'g=1, h=0' twice"),
        ({"reward_weight": 0.5, "multipliers": {"g": 1.0}}, "give 1, or 0"),
        ({"samples": ""}, "no sample set"),
    ],
)
def test_bad_specifications_are_one_sentence(given: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        AlignSpec(**{"samples": "demo", **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    [
        {"steps": 0},
        {"replies": 1},
        {"labels": "maybe"},
        {"dtype": "int8"},
        {"learning_rate": 0.0},
        {"held_out": 1.0},
        {"threads": 0},
        {"targets": ()},
    ],
)
def test_bad_options_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(given))):
        TrainOptions(**given)  # type: ignore[arg-type]


def test_unknown_fields_are_named() -> None:
    with pytest.raises(InvalidInputError, match="stepz"):
        AlignSpec.from_record({"samples": "demo", "options": {"stepz": 3}})
    with pytest.raises(InvalidInputError, match="lamda"):
        AlignSpec.from_record({"samples": "demo", "lamda": 3})


def test_the_multipliers_are_those_of_the_lens(stored_set: str) -> None:
    objective = resolve(AlignSpec(samples=stored_set, thresholds={"safe": 0.3}, beta=0.4))
    scored = objective.sample_set.scored()
    expected = solve_dual(AlignmentProblem(scored, np.array([0.3]), 0.4)).multipliers
    np.testing.assert_array_equal(objective.points[0], expected)
    np.testing.assert_allclose(
        objective.scores(objective.points[0]), scored.rewards + scored.utilities @ expected, rtol=1e-12
    )
    assert objective.held_out.sum() == 6


def test_thresholds_beyond_reach_and_unknown_names_are_refused(stored_set: str) -> None:
    with pytest.raises(InvalidInputError, match="best achievable"):
        resolve(AlignSpec(samples=stored_set, thresholds={"safe": 50.0}))
    with pytest.raises(InvalidInputError, match="funny"):
        resolve(AlignSpec(samples=stored_set, thresholds={"funny": 0.0}))


@pytest.mark.parametrize(
    "given",
    [
        {"options": TrainOptions(warm_start="absent")},
        {"method": "pecan", "reward_policy": "absent"},
        {"method": "pecan", "utility_policies": {"safe": "absent"}},
    ],
)
def test_a_policy_to_start_from_must_be_stored(stored_set: str, given: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="No policy 'absent' is stored"):
        job_spec(AlignSpec(samples=stored_set, thresholds={"safe": 0.1}, **given))


def test_names_tell_what_was_asked(stored_set: str) -> None:
    def names(**given: object) -> list[str]:
        spec = AlignSpec(samples=stored_set, **given)  # type: ignore[arg-type]
        return policy_names(spec, resolve(spec))

    assert names(thresholds={"safe": 0.3}) == ["letters-mocan-safe-0.3"]
    assert names(multipliers={"safe": 0.0}) == ["letters-mocan-lam-0"]
    assert names(multipliers={"safe": 1.0}, reward_weight=0.0) == ["letters-mocan-only-safe"]
    assert names(front=({"safe": 0.0}, {"safe": 1.0})) == ["letters-mocan-1", "letters-mocan-2"]
    assert names(thresholds={"P(safe>=-0.5)": 0.05}) == ["letters-mocan-P-safe--0.5-0.05"]


def test_an_estimate_tells_cost_and_expectation(stored_set: str) -> None:
    spec = AlignSpec(samples=stored_set, thresholds={"safe": 0.3}, options=TrainOptions(steps=10))
    found = estimate(spec)
    assert found.steps == 10
    assert found.seconds is not None
    assert found.seconds > 0
    assert "not trained one like it" in found.basis
    assert found.memory_bytes > 5e8
    [expected] = found.expected
    objective = resolve(spec)
    at = evaluate_dual(objective.problem, objective.points[0])
    assert expected.slack["safe"].value == pytest.approx(at.slack[0, 0], abs=1e-12)
    assert expected.kl.value == pytest.approx(at.kl[0])
    assert expected.utility_gains["safe"].value == pytest.approx(0.3, abs=1e-6)
    assert expected.kl.low < expected.kl.value < expected.kl.high
    assert expected.reward_gain.value == pytest.approx(
        at.expected_reward[0] - objective.problem.samples.reference_reward
    )
    assert found.trust in ("green", "amber", "red")


def test_a_job_is_named_before_it_runs(stored_set: str) -> None:
    spec = AlignSpec(samples=stored_set, front=({"safe": 0.0}, {"safe": 1.0}), options=TrainOptions(steps=20))
    job = job_spec(spec)
    assert (job.kind, job.entry, job.total_steps) == ("front", "dualign.alignment.worker", 30)
    again = AlignSpec.from_record(job.payload)
    assert policy_names(again, resolve(again)) == ["letters-mocan-1", "letters-mocan-2"]
    with pytest.raises(StoreError, match="demo-harmless"):
        job_spec(AlignSpec(samples=stored_set, name="demo-harmless-0.5"))


def test_the_package_loads_no_torch() -> None:
    code = "import sys, dualign.alignment; print('torch' in sys.modules, 'trl' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_importance_weights_of_the_exact_maximiser_give_its_expectations(rng: np.random.Generator) -> None:
    r, g = rng.normal(size=(50, 40)), rng.normal(size=(50, 40, 1))
    problem = AlignmentProblem(ScoredSamples(r, g, ("g",)), np.array([0.2]), 0.7)
    lam = np.array([0.8])
    exact = evaluate_dual(problem, lam)
    ratios = (r + (g @ lam)) / 0.7 + rng.normal(size=(50, 1))  # a constant a prompt cancels
    found = off_policy(r, g, ratios, multipliers=lam, beta=0.7)
    assert found.kl == pytest.approx(exact.kl[0])
    assert found.reward_gain == pytest.approx(exact.expected_reward[0] - r.mean())
    assert found.utility_gains[0] - 0.2 == pytest.approx(exact.slack[0, 0])
    assert found.lagrangian == pytest.approx(
        found.reward_gain + 0.8 * found.utility_gains[0] - 0.7 * found.kl
    )
    reference = off_policy(r, g, np.zeros((50, 40)), multipliers=lam, beta=0.7)
    assert reference.kl == reference.lagrangian == 0
    assert reference.ess == pytest.approx(40)
    ratios[3, 5:] = np.nan
    assert np.isfinite(off_policy(r, g, ratios, multipliers=lam, beta=0.7).lagrangian)
    with pytest.raises(InvalidInputError, match="prompt 2"):
        off_policy(r, g, np.where(np.arange(50)[:, None] == 2, np.nan, ratios), multipliers=lam, beta=0.7)


def test_the_margin_of_the_exact_maximiser_is_the_mean_score_difference(rng: np.random.Generator) -> None:
    scores = rng.normal(size=(30, 6))
    value, error = reward_margin(scores, scores / 0.3 + rng.normal(size=(30, 1)), beta=0.3)
    first, second = np.triu_indices(6, 1)
    assert value == pytest.approx(np.abs(scores[:, first] - scores[:, second]).mean())
    assert 0 < error < 0.1
    assert reward_margin(scores, np.zeros((30, 6)), beta=0.3)[0] == 0
    with pytest.raises(InvalidInputError, match="two replies"):
        reward_margin(scores[:, :1], scores[:, :1], beta=1.0)


@pytest.mark.parametrize("form", ["improvement", "absolute"])
def test_utilities_alone_are_forecast_without_the_reward(stored_set: str, form: Any) -> None:
    spec = AlignSpec(
        samples=stored_set, thresholds={"safe": 0.3}, multipliers={"safe": 2.0}, reward_weight=0.0, form=form
    )
    [expected] = estimate(spec).expected
    scored = resolve(spec).sample_set.scored()
    r, g, beta = scored.rewards, scored.utilities[..., 0], 0.5
    weights = np.exp(2.0 * g / beta - (2.0 * g / beta).max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    gain = ((weights * g).sum(axis=1) - g.mean(axis=1)).mean()
    base = 0.0 if form == "improvement" else g.mean()
    assert expected.utility_gains["safe"].value == pytest.approx(gain)
    assert expected.slack["safe"].value == pytest.approx(base + gain - 0.3)
    assert expected.reward_gain.value == pytest.approx(((weights * r).sum(axis=1) - r.mean(axis=1)).mean())
    kl = (weights * np.log(np.maximum(weights * g.shape[1], 1e-300))).sum(axis=1).mean()
    assert expected.kl.value == pytest.approx(kl)
    assert expected.kl.low < kl < expected.kl.high
    [with_reward] = estimate(replace(spec, reward_weight=1.0)).expected
    assert with_reward.reward_gain.value > expected.reward_gain.value + 0.01


def test_slack_at_given_multipliers_is_counted_against_what_was_asked_for(stored_set: str) -> None:
    def found(**given: Any) -> tuple[float, float]:
        [expected] = estimate(AlignSpec(samples=stored_set, multipliers={"safe": 1.0}, **given)).expected
        return expected.thresholds["safe"], expected.utility_gains["safe"].value - expected.slack[
            "safe"
        ].value

    # The set asks for an improvement of 0.2.
    assert found() == pytest.approx((0.2, 0.2))
    assert found(thresholds={"safe": 0.35}) == pytest.approx((0.35, 0.35))
    assert found(form="absolute")[0] == 0.0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 19}, "batch_size is 19, but there are 18 training prompts"),
        ({"replies": 17}, "replies is 17, but no training prompt has more than 16"),
        ({"rank": 100_000}, "rank is 100000, more than the model's width"),
        ({"targets": ("q_proj", "flux")}, "targets names .flux.*name some of .*q_proj"),
        ({"warm_start": "demo-harmless-0.5", "rank": 4}, "'demo-harmless-0.5' has rank 8.*one of rank 4"),
    ],
)
def test_what_the_training_would_fail_at_is_refused_before(
    stored_set: str, options: dict[str, Any], words: str
) -> None:
    spec = AlignSpec(samples=stored_set, thresholds={"safe": 0.1}, options=TrainOptions(**options))
    with pytest.raises(InvalidInputError, match=words):
        estimate(spec)
    with pytest.raises(InvalidInputError, match=words):
        job_spec(spec)


def test_memory_grows_with_what_is_trained(stored_set: str, tiny_folder: Path) -> None:
    from transformers import AutoModelForCausalLM

    def memory(**options: Any) -> int:
        return estimate(AlignSpec(samples=stored_set, options=TrainOptions(**options))).memory_bytes

    model = AutoModelForCausalLM.from_pretrained(tiny_folder)
    wide = sum(
        sum(module.weight.shape)
        for name, module in model.named_modules()
        if name.endswith(("q_proj", "o_proj"))
    )
    targets = ("q_proj", "o_proj")
    assert memory(rank=9, targets=targets) - memory(rank=4, targets=targets) == 5 * 16 * wide


def test_a_forecast_of_pecan_says_that_its_multipliers_come_out_in_the_run(stored_set: str) -> None:
    spec = AlignSpec(samples=stored_set, method="pecan", thresholds={"safe": 0.1})
    [note] = estimate(spec).notes
    assert "log-ratios" in note
    assert job_spec(spec).title == "PeCAN, safe ≥ 0.1, letters"
    assert not estimate(replace(spec, method="mocan")).notes
    assert "(lam " in job_spec(replace(spec, method="mocan")).title


def test_a_synthetic_set_is_refused_before() -> None:
    with pytest.raises(InvalidInputError, match="belong to no replies of a model"):
        estimate(AlignSpec(samples="gaussian", reference="demo", multipliers={"utility": 1.0}))
