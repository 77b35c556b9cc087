from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from dualign.alignment.objective import resolve
from dualign.alignment.pecan import check, stages_needed
from dualign.alignment.spec import AlignSpec, TrainOptions
from dualign.alignment.train import total_steps, train
from dualign.duality import AlignmentProblem, ScoredSamples, solve_dual
from dualign.duality.log_ratios import log_ratio_samples, reference_divergence
from dualign.errors import InvalidInputError
from dualign.models.policies import policy_folder, read_policy


def exact_log_ratios(scores: np.ndarray, beta: float) -> np.ndarray:
    """ln(pi/ref) of the exact maximiser of a score on samples: score/beta less the prompt's log-partition."""
    tilt = scores / beta
    return np.asarray(tilt - (logsumexp(tilt, axis=1, keepdims=True) - np.log(scores.shape[1])))


@pytest.mark.parametrize(("reward_beta", "utility_beta"), [(0.4, 0.4), (0.1, 1.3)])
def test_exact_pre_aligned_policies_give_the_model_based_answer(
    rng: np.random.Generator, reward_beta: float, utility_beta: float
) -> None:
    r, g = rng.normal(size=(60, 32)), rng.normal(size=(60, 32)) + rng.normal(size=(60, 1))
    scored = ScoredSamples(r, g[..., None], ("g",))
    direct = solve_dual(AlignmentProblem(scored, np.array([0.7]), 0.4))
    implied = log_ratio_samples(
        exact_log_ratios(r, reward_beta),
        exact_log_ratios(g, utility_beta)[..., None],
        ("g",),
        reward_beta=reward_beta,
        utility_betas=[utility_beta],
    )
    found = solve_dual(AlignmentProblem(implied, np.array([0.7]), 0.4))
    np.testing.assert_allclose(found.multipliers, direct.multipliers, rtol=1e-6)
    np.testing.assert_allclose(found.kl, direct.kl, rtol=1e-6)


def test_the_dual_is_the_papers(rng: np.random.Generator) -> None:
    """Huang et al. 2024, eq. (9): E ln E_ref exp(ln(pi_r/ref) + lam (ln(pi_g/ref) + d - b/beta))."""
    beta, b = 0.3, 0.25
    reward = exact_log_ratios(rng.normal(size=(40, 24)), beta)
    utility = exact_log_ratios(rng.normal(size=(40, 24)), beta)
    d = reference_divergence(utility[..., None])[0]
    assert d > 0

    def dual(lam: float) -> float:
        inner = logsumexp(reward + lam * (utility + d - b / beta), axis=1) - np.log(24)
        return float(inner.mean())

    lam = minimize_scalar(dual, bounds=(0, 20), method="bounded", options={"xatol": 1e-10}).x
    samples = log_ratio_samples(reward, utility[..., None], ("g",), reward_beta=beta, utility_betas=[beta])
    solution = solve_dual(AlignmentProblem(samples, np.array([b]), beta))
    np.testing.assert_allclose(solution.multipliers[0], lam, rtol=1e-5)
    # In nats, as an imported tensor of log-probabilities states it: beta 1 and the threshold over beta.
    nats = ScoredSamples(reward, utility[..., None], ("g",))
    same = solve_dual(AlignmentProblem(nats, np.array([b / beta]), 1.0))
    np.testing.assert_allclose(same.multipliers, solution.multipliers, rtol=1e-6)


def test_betas_must_be_positive(rng: np.random.Generator) -> None:
    ratios = rng.normal(size=(3, 4))
    with pytest.raises(InvalidInputError, match="utility_betas"):
        log_ratio_samples(ratios, ratios[..., None], ("g",), reward_beta=1.0, utility_betas=[0.0])
    with pytest.raises(InvalidInputError, match="reward_beta"):
        log_ratio_samples(ratios, ratios[..., None], ("g",), reward_beta=-1.0, utility_betas=[1.0])


QUICK = TrainOptions(steps=12, learning_rate=0.005, dtype="float32", threads=1, sample_replies=8)


def test_a_policy_is_trained_on_the_log_ratios_of_two_others(stored_set: str, tmp_path: Path) -> None:
    steps: list[int] = []
    spec = AlignSpec(
        samples=stored_set, name="both", method="pecan", thresholds={"safe": 0.02}, options=QUICK
    )
    objective = resolve(spec)
    assert stages_needed(spec, objective) == ["reward", "safe"]
    assert total_steps(spec, objective) == 36
    result = train(spec, checkpoints=tmp_path / "run", report=lambda step, *_: steps.append(step))
    assert list(dict.fromkeys(steps)) == list(range(1, 37))
    policy = read_policy(policy_folder("both"))
    assert policy.method == "pecan"
    assert policy.metrics["divergence"]["safe"] > 0
    assert result.metrics["both"]["reward_margin"] == policy.metrics["reward_margin"]
    # Finished stages are not trained again.
    steps.clear()
    train(spec, checkpoints=tmp_path / "run", report=lambda step, *_: steps.append(step))
    assert steps == []


def test_stored_policies_stand_in_for_pre_alignment(stored_set: str, tmp_path: Path) -> None:
    for name, weight, lam in (("r", 1.0, 0.0), ("g", 0.0, 2.0), ("mixed", 1.0, 1.0)):
        spec = AlignSpec(
            samples=stored_set, name=name, multipliers={"safe": lam}, reward_weight=weight, options=QUICK
        )
        train(spec, checkpoints=tmp_path / name)
    spec = AlignSpec(
        samples=stored_set,
        name="mix",
        method="pecan",
        multipliers={"safe": 0.5},
        reward_policy="r",
        utility_policies={"safe": "g"},
        options=QUICK,
    )
    assert total_steps(spec, resolve(spec)) == 12
    train(spec, checkpoints=tmp_path / "mix")
    assert read_policy(policy_folder("mix")).multipliers == {"safe": 0.5}
    assert read_policy(policy_folder("g")).reward == ""
    wrong = replace(spec, name="no", utility_policies={"safe": "mixed"})
    with pytest.raises(InvalidInputError, match="'mixed' is not aligned to 'safe' alone"):
        train(wrong, checkpoints=tmp_path / "no")
    with pytest.raises(InvalidInputError, match="'g' is not aligned to the reward"):
        train(replace(spec, name="no", reward_policy="g"), checkpoints=tmp_path / "no")


def test_absolute_thresholds_and_unknown_policies_are_refused(stored_set: str) -> None:
    spec = AlignSpec(samples=stored_set, method="pecan", thresholds={"safe": -1.0}, form="absolute")
    with pytest.raises(InvalidInputError, match="up to a constant"):
        check(spec, resolve(spec))
    spec = AlignSpec(samples=stored_set, method="pecan", utility_policies={"funny": "demo-helpful-only"})
    with pytest.raises(InvalidInputError, match="funny"):
        check(spec, resolve(spec))
