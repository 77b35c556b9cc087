"""Sampling error by influence functions over prompts: the sandwich formula of every estimate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from dualign.duality.dependence import undetermined
from dualign.duality.moments import prompt_moments, prompt_weights
from dualign.duality.problem import AlignmentProblem

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SandwichErrors:
    """Standard errors over prompts, the baseline's own included.

    Attributes
    ----------
    multipliers, expected_utilities : (m,)
        A multiplier at zero whose constraint is slack has error 0: it stays there under small changes.
    dual_optimum, expected_reward, kl : float
    """

    multipliers: Array
    dual_optimum: float
    expected_reward: float
    kl: float
    expected_utilities: Array


def normal_interval(
    estimate: npt.ArrayLike, error: npt.ArrayLike, level: float, *, low: float = -np.inf
) -> Array:
    """Symmetric normal interval, shape (..., 2), cut at ``low``."""
    centre, width = np.asarray(estimate, dtype=np.float64), np.asarray(error, dtype=np.float64)
    reach = float(ndtri((1 + level) / 2)) * width
    return np.maximum(np.stack([centre - reach, centre + reach], axis=-1), low)


def sandwich(problem: AlignmentProblem, multipliers: npt.ArrayLike) -> SandwichErrors:
    """Standard errors of lam*, D*, reward, KL and utilities from each prompt's influence on them.

    With bread H = Hessian of D on the binding constraints and meat Cov of the per-prompt slacks, the
    error of lam* is H^-1 meat H^-1 / P; the others follow by the chain rule. In improvement form each
    prompt's slack holds its own baseline, so the baseline's sampling error is carried along.

    Parameters
    ----------
    problem
        The problem.
    multipliers : (m,)
        Its solution, finite.
    """
    lam = np.asarray(multipliers, dtype=np.float64).reshape(-1)
    found, omega, beta = prompt_moments(problem, lam), prompt_weights(problem.samples), float(problem.beta)
    slack = omega @ found.slack
    joint = np.einsum("p,pab->ab", omega, found.joint_covariance) / beta
    data = problem.samples.centred
    # Of dependent constraints the smallest multipliers are named, and those at 0 among them stay there.
    free = (lam > 0) if undetermined(data) else ~((lam <= 0) & (slack > 0))
    influence = np.zeros_like(found.slack)
    if free.any():
        unit = np.where(data.scale > 0, data.scale, 1.0)[free]
        bread = joint[1:, 1:][np.ix_(free, free)] / np.outer(unit, unit)
        inverse = np.linalg.pinv(bread, rcond=1e-10, hermitian=True) / np.outer(unit, unit)
        influence[:, free] = -found.slack[:, free] @ inverse
    n_prompts = omega.size
    inflation = n_prompts / (n_prompts - 1) if n_prompts > 1 else np.inf

    def error(values: Array) -> Array:
        centred = values - omega @ values
        squares = np.einsum("p,p...->...", omega**2, centred**2)
        return np.sqrt(squares * inflation) if n_prompts > 1 else np.full_like(squares, np.inf)

    reward = found.reward + influence @ joint[0, 1:]
    # A group's mean is a ratio: what it gains from a prompt is that prompt's distance from it.
    mean = omega @ found.utilities
    counted = 1.0 if problem.samples.exposure is None else problem.samples.exposure
    utilities = found.utilities - counted * mean + influence @ joint[1:, 1:]
    kl = found.kl + influence @ ((joint[0, 1:] + joint[1:, 1:] @ lam) / beta)
    return SandwichErrors(
        multipliers=error(influence),
        dual_optimum=float(error(found.dual)),
        expected_reward=float(error(reward)),
        kl=float(error(kl)),
        expected_utilities=error(utilities),
    )
