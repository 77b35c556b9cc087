"""The resampled policy at any lam, measured on stored replies: no model runs.

The policy draws I replies of the reference and gives one of them, chosen with the weights of the tilted
policy. Stored replies are such draws, so that its choices can be made, and scored, at once. Predictions are
taken from other prompts than those measured on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dualign.duality import (
    AlignmentProblem,
    Outcome,
    ScoredSamples,
    evaluate_dual,
    solve_dual,
    tilted_weights,
)
from dualign.errors import InvalidInputError
from dualign.evaluation.divergence import distribution_kl
from dualign.evaluation.measure import PolicyReplies

Array = npt.NDArray[np.float64]


def reference_replies(
    scores: Mapping[str, npt.ArrayLike], groups: Sequence[str], *, name: str = "reference"
) -> PolicyReplies:
    """The reference's stored replies, every score (P, I), as a policy to compare with."""
    return PolicyReplies(
        name=name,
        scores={key: np.asarray(values, dtype=np.float64) for key, values in scores.items()},
        groups=tuple(groups),
    )


def resampled_replies(
    problem: AlignmentProblem,
    multipliers: npt.ArrayLike,
    scores: Mapping[str, npt.ArrayLike],
    *,
    draws: int,
    rng: np.random.Generator,
    candidates: int | None = None,
    name: str = "resampled",
) -> PolicyReplies:
    """Replies of the resampled policy at ``multipliers``, ``draws`` for each prompt.

    Parameters
    ----------
    problem
        Holds the prompts that are measured on; its thresholds play no part.
    multipliers : (m,)
    scores : by score name, (P, I)
        Every score to carry along.
    draws
        Replies per prompt, each chosen from fresh candidates taken out of the I stored ones.
    rng
        Source of randomness.
    candidates
        Replies that each choice is among; all I unless given. With all, choices of one prompt share their
        candidates.

    Raises
    ------
    InvalidInputError
        More candidates than stored replies, or prompts with different numbers of replies.
    """
    samples = problem.samples
    width = samples.n_responses
    count = width if candidates is None else candidates
    if samples.log_weights is not None:
        raise InvalidInputError("replies carry weights or differ in number: resample an even set.")
    if not 1 <= count <= width or draws < 1:
        raise InvalidInputError(
            f"{count} candidates and {draws} draws from {width} stored replies: give 1 to {width} candidates "
            "and at least one draw."
        )
    logs = np.log(np.maximum(tilted_weights(problem, multipliers), np.finfo(float).tiny))
    rows = np.arange(samples.n_prompts)
    picked = np.empty((samples.n_prompts, draws), dtype=np.intp)
    kl = np.empty((samples.n_prompts, draws))
    for k in range(draws):
        if count == width:
            among = np.broadcast_to(np.arange(width), logs.shape)
        else:
            among = np.argsort(rng.random(logs.shape), axis=1)[:, :count]
        own = np.take_along_axis(logs, among, axis=1)
        weights = np.exp(own - own.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        reached = (weights.cumsum(axis=1) < rng.random((len(rows), 1))).sum(axis=1)
        picked[:, k] = among[rows, np.minimum(reached, count - 1)]
        kl[:, k] = distribution_kl(weights)
    return PolicyReplies(
        name=name,
        scores={
            key: np.take_along_axis(np.asarray(values, dtype=np.float64), picked, axis=1)
            for key, values in scores.items()
        },
        groups=samples.groups or ("",) * samples.n_prompts,
        kl_terms=kl,
        kl_estimator="tilt",
    )


def multipliers_for(
    samples: ScoredSamples, thresholds: Sequence[Sequence[float]], *, beta: float
) -> tuple[Array, Array]:
    """lam* (T, m) and the predicted improvements (T, m) for rows of thresholds in improvement form.

    Raises
    ------
    InvalidInputError
        A row that no policy over the samples can meet.
    """
    lam, gains = [], []
    for row in thresholds:
        problem = AlignmentProblem(samples, np.asarray(row, dtype=np.float64), beta)
        solution = solve_dual(problem)
        if solution.outcome is Outcome.INFEASIBLE:
            raise InvalidInputError(solution.message)
        lam.append(np.asarray(solution.multipliers))
        gains.append(np.asarray(solution.expected_utilities) - samples.baseline)
    return np.array(lam), np.array(gains)


def predicted_gains(samples: ScoredSamples, multipliers: npt.ArrayLike, *, beta: float) -> dict[str, Array]:
    """Predicted gains of the tilted policy at each row of ``multipliers`` (L, m).

    Returns
    -------
    dict
        ``reward`` (L,), ``utilities`` (L, m), ``kl`` (L,) and ``regularized`` (L,), each less the
        reference's.
    """
    zero = AlignmentProblem(samples, np.zeros(samples.n_constraints), beta)
    found = evaluate_dual(zero, np.atleast_2d(np.asarray(multipliers, dtype=np.float64)))
    return {
        "reward": found.expected_reward - samples.reference_reward,
        "utilities": found.expected_utilities - samples.baseline,
        "kl": found.kl,
        "regularized": found.regularized_reward - samples.reference_reward,
    }
