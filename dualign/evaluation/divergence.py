"""KL from a policy to the reference, from the replies that the policy drew."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]
Estimator = Literal["log-ratio", "non-negative", "token-exact", "tilt"]

DESCRIPTIONS: dict[str, str] = {
    "log-ratio": "mean of ln pi(y|x) - ln pi_ref(y|x) over replies drawn from pi; unbiased",
    "non-negative": "mean of l + exp(-l) - 1 with l = ln pi - ln pi_ref; unbiased, never negative, heavy-tailed "
    "where the policy has left the reference",
    "token-exact": "sum over the drawn reply's tokens of the exact KL between the next-token distributions; "
    "unbiased, least variance",
    "tilt": "exact KL of the choice among the drawn replies from an even choice, an upper bound on that of the "
    "policy that draws and chooses",
}
"""What each estimator is, for the reader of a figure."""


def kl_terms(log_ratios: npt.ArrayLike, estimator: Estimator = "log-ratio") -> Array:
    """Per-reply terms whose mean estimates KL(pi || reference), nats, shaped as ``log_ratios``.

    Parameters
    ----------
    log_ratios
        ln pi(y|x) - ln pi_ref(y|x) of replies drawn from pi, nats.
    estimator
        ``"log-ratio"`` or ``"non-negative"``; the others are computed where the model runs.

    Raises
    ------
    InvalidInputError
        Ratios that are not finite, or an estimator that needs more than ratios.
    """
    ratios = np.asarray(log_ratios, dtype=np.float64)
    if not np.isfinite(ratios).all():
        raise InvalidInputError(
            "log-ratios hold NaN or infinity: score the replies under both policies again."
        )
    if estimator == "log-ratio":
        return ratios
    if estimator == "non-negative":
        # exp(-l) of a reply that the policy made far likelier is 0; far unlikelier replies are hardly ever drawn.
        return ratios + np.expm1(-ratios)
    raise InvalidInputError(
        f"estimator is '{estimator}': from log-ratios alone give 'log-ratio' or 'non-negative'."
    )


def distribution_kl(weights: npt.ArrayLike, *, counts: npt.ArrayLike | None = None) -> Array:
    """KL (P,) in nats of the choice ``weights`` (P, I) among the replies of a prompt from an even choice.

    Parameters
    ----------
    weights : (P, I)
        Each row sums to 1; zero where there is no reply.
    counts : (P,), optional
        Replies of each prompt; I unless given.
    """
    w = np.asarray(weights, dtype=np.float64)
    sizes = np.full(len(w), w.shape[1]) if counts is None else np.asarray(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(w > 0, w * np.log(w), 0.0)
    found: Array = np.maximum(terms.sum(axis=1) + np.log(sizes), 0.0)
    return found
