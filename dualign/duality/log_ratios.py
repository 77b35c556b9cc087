"""PeCAN's problem: log-ratios of pre-aligned policies stand in for rewards and utilities.

A policy aligned to a score s at its own beta_s has ln(pi_s / reference) = s / beta_s - ln Z_s(x), so that beta_s
times the log-ratio is the score less a constant a prompt. Such constants leave the dual as it is (their mean is
taken out with the baseline), so an ordinary `AlignmentProblem` in the improvement form does the rest.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dualign.duality.problem import ScoredSamples
from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]


def log_ratio_samples(
    reward_log_ratios: npt.ArrayLike,
    utility_log_ratios: npt.ArrayLike,
    names: tuple[str, ...],
    *,
    reward_beta: float,
    utility_betas: npt.ArrayLike,
    log_weights: npt.ArrayLike | None = None,
    prompt_weights: npt.ArrayLike | None = None,
    groups: tuple[str, ...] | None = None,
) -> ScoredSamples:
    """Scored samples whose scores are implied by pre-aligned policies, up to a constant a prompt.

    Parameters
    ----------
    reward_log_ratios : (P, I)
        ln pi_r(y|x) - ln reference(y|x), nats.
    utility_log_ratios : (P, I, m)
        The same for the policy aligned to each utility.
    names
        The m utilities.
    reward_beta, utility_betas : float, (m,)
        beta at which each policy was aligned, units of its score per nat.
    log_weights, prompt_weights, groups
        As `ScoredSamples`.

    Raises
    ------
    InvalidInputError
        A beta that is not positive, or shapes that do not fit.

    Notes
    -----
    With all betas equal to the problem's this is the dual of Huang et al. 2024, eq. (9), times beta; with others,
    their appendix H. A threshold is in the utility's own units, and must be an improvement over the reference:
    log-ratios do not know a utility's level.
    """
    betas = np.atleast_1d(np.asarray(utility_betas, dtype=np.float64))
    if betas.shape != (len(names),) or not (np.isfinite(betas).all() and (betas > 0).all()):
        raise InvalidInputError(
            f"utility_betas are {betas.tolist()} for {len(names)} utilities: give a positive beta for each."
        )
    if not (np.isfinite(reward_beta) and reward_beta > 0):
        raise InvalidInputError(f"reward_beta is {reward_beta}: give a positive number.")
    return ScoredSamples(
        rewards=reward_beta * np.asarray(reward_log_ratios, dtype=np.float64),
        utilities=betas * np.asarray(utility_log_ratios, dtype=np.float64),
        names=names,
        log_weights=None if log_weights is None else np.asarray(log_weights, dtype=np.float64),
        prompt_weights=None if prompt_weights is None else np.asarray(prompt_weights, dtype=np.float64),
        groups=groups,
    )


def reference_divergence(log_ratios: npt.ArrayLike) -> Array:
    """KL(reference || pi_j) = mean of ln reference - ln pi_j over the reference's replies, nats, (m,).

    d_j of Huang et al. 2024, section 4.2. ``log_ratios`` is (P, I, m), nan where there is no reply.
    """
    values = np.asarray(log_ratios, dtype=np.float64)
    return np.asarray(-np.nanmean(np.nanmean(values, axis=1), axis=0))
