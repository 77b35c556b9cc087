"""What each prompt contributes to the dual at one multiplier vector.

Every sum over prompts in D, its derivatives and the expectations is linear in the prompt weights once
the baseline, itself a mean over the same prompts, is taken prompt by prompt. Resampling prompts is then
a matrix product with these columns, and their spread is the sampling error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dualign.duality.problem import AlignmentProblem, ScoredSamples

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PromptMoments:
    """Per-prompt contributions at ``multipliers``; prompt-weighted means give the estimates.

    Attributes
    ----------
    multipliers : (m,)
    dual : (P,)
        beta ln E_ref exp((r + <lam, h>)/beta) with the prompt's own baseline in h; its mean is D.
    slack : (P, m)
        Gradient of ``dual``; its mean is the slack of the tilted policy.
    joint_covariance : (P, 1 + m, 1 + m)
        Covariance of (reward, margins) under the tilted policy, reward first.
    reward, kl : (P,)
    utilities : (P, m)
        Mean utilities (not margins) under the tilted policy.
    sum_squares : (P,)
        Sum of squared tilted weights; its inverse is the effective sample size.
    log_weights : (P, I)
        Log of the tilted weights, normalised per prompt.
    third, fourth : (P, 1 + m, ..) with three and four axes after the prompt, or None
        Third and fourth cumulants of (reward, margins), for order 4.
    """

    multipliers: Array
    dual: Array
    slack: Array
    joint_covariance: Array
    reward: Array
    utilities: Array
    kl: Array
    sum_squares: Array
    log_weights: Array
    third: Array | None = None
    fourth: Array | None = None

    @property
    def covariance(self) -> Array:
        """Covariance of the margins, (P, m, m); its prompt-weighted mean over beta is the Hessian of D."""
        return self.joint_covariance[:, 1:, 1:]


def prompt_weights(samples: ScoredSamples) -> Array:
    """Normalised prompt weights, (P,)."""
    if samples.prompt_weights is None:
        return np.full(samples.n_prompts, 1.0 / samples.n_prompts)
    return np.asarray(samples.prompt_weights, dtype=np.float64)


def reference_log_weights(samples: ScoredSamples) -> Array:
    """Log weights of the reference per prompt, normalised, -inf where there is no response; (P, I)."""
    if samples.log_weights is None:
        return np.full(samples.rewards.shape, -np.log(samples.rewards.shape[1]))
    logs = np.asarray(samples.log_weights, dtype=np.float64)
    top = logs.max(axis=1, keepdims=True)
    return logs - (top + np.log(np.exp(logs - top).sum(axis=1, keepdims=True)))


def offsets(problem: AlignmentProblem) -> tuple[Array, Array, Array]:
    """Utilities without padding, per-prompt offset and per-prompt baseline.

    Returns
    -------
    utilities : (P, I, m)
        Zero where there is no response.
    offset : (P, m)
        What is taken from the utilities: the prompt's baseline + b, or c, where it counts for the
        constraint. Means over prompts agree with the problem's margins.
    baseline : (P, m)
        E_ref[g] of each prompt.
    """
    samples = problem.samples
    if samples.log_weights is None:
        utilities = samples.utilities
        baseline = utilities.mean(axis=1)
    else:
        base = np.exp(reference_log_weights(samples))
        utilities = np.where((base > 0)[..., None], samples.utilities, 0.0)
        baseline = np.einsum("pi,pij->pj", base, utilities)
    asked = problem.thresholds if samples.exposure is None else problem.thresholds * samples.exposure
    return utilities, np.where(problem.relative, baseline, 0.0) + asked, baseline


def mass(samples: ScoredSamples, weights: Array) -> Array:
    """Part of each constraint's prompts that reweighted prompts (B, P) hold, (B, m); 1 where all count alike."""
    if samples.exposure is None:
        return np.ones((len(weights), samples.n_constraints))
    return weights @ samples.exposure


def prompt_moments(problem: AlignmentProblem, multipliers: npt.ArrayLike, *, order: int = 2) -> PromptMoments:
    """Per-prompt contributions to D, its gradient and Hessian, and the expectations at ``multipliers``.

    Parameters
    ----------
    problem
        The problem.
    multipliers : (m,)
        Any sign; reward per utility.
    order
        2, or 4 to add the third and fourth cumulants.
    """
    lam = np.asarray(multipliers, dtype=np.float64).reshape(-1)
    samples, beta = problem.samples, float(problem.beta)
    logs = reference_log_weights(samples)
    present = logs > -np.inf
    utilities, offset, _ = offsets(problem)
    rewards = np.where(present, samples.rewards, 0.0)
    score = rewards + utilities @ lam
    # Subtracting the largest score before dividing keeps 1e6-sized scores exact at a small beta.
    top = np.where(present, score, -np.inf).max(axis=1, keepdims=True)
    exponent = (score - top) / beta + logs
    peak = exponent.max(axis=1, keepdims=True)
    weights = np.exp(exponent - peak)
    total = weights.sum(axis=1, keepdims=True)
    weights /= total
    log_mean = (peak + np.log(total))[:, 0]
    mean = np.einsum("pi,pij->pj", weights, utilities)
    reward_top = rewards.max(axis=1, keepdims=True)
    reward = reward_top[:, 0] + np.vecdot(weights, rewards - reward_top)
    centred = np.concatenate([(rewards - reward[:, None])[..., None], utilities - mean[:, None, :]], axis=2)
    weighted = centred * weights[..., None]
    covariance = np.matmul(weighted.transpose(0, 2, 1), centred)
    third = fourth = None
    if order == 4:
        third, fourth = _higher_cumulants(centred, weighted, covariance)
    slack = mean - offset
    log_tilted = exponent - peak - np.log(total)
    with np.errstate(invalid="ignore"):
        kl = np.where(weights > 0, weights * (log_tilted - logs), 0.0).sum(axis=1)
    return PromptMoments(
        multipliers=lam,
        dual=top[:, 0] - offset @ lam + beta * log_mean,
        slack=slack,
        joint_covariance=covariance,
        reward=reward,
        utilities=mean,
        kl=np.maximum(kl, 0.0),
        sum_squares=np.vecdot(weights, weights),
        log_weights=log_tilted,
        third=third,
        fourth=fourth,
    )


def _higher_cumulants(centred: Array, weighted: Array, covariance: Array) -> tuple[Array, Array]:
    n_prompts, n_responses, width = centred.shape
    pairs = (centred[..., :, None] * centred[..., None, :]).reshape(n_prompts, n_responses, width**2)
    heavy = (weighted[..., :, None] * centred[..., None, :]).reshape(n_prompts, n_responses, width**2)
    third = np.matmul(weighted.transpose(0, 2, 1), pairs).reshape(n_prompts, width, width, width)
    fourth = np.matmul(heavy.transpose(0, 2, 1), pairs).reshape(n_prompts, *[width] * 4)
    outer = np.einsum("pab,pcd->pabcd", covariance, covariance)
    fourth -= outer + outer.transpose(0, 1, 3, 2, 4) + outer.transpose(0, 1, 3, 4, 2)
    return third, fourth
