"""Fitting a head: Bradley-Terry on pairs, logistic on labelled replies, held-out accuracy by prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from dualign.models.scorers.head import Head
from dualign.models.scorers.text_features import COUNT_NAMES, N_HASHED, counts, hashed

Array = npt.NDArray[np.float64]
# One gain per kind of feature, so that one ridge penalty suits all; these three settings, with the penalty, were
# chosen by held-out log loss among a dozen on the harmless pairs.
HIDDEN_GAIN, HASHED_GAIN = 2.0, 0.5


@dataclass(frozen=True)
class Examples:
    """Replies and what is known of them.

    Attributes
    ----------
    prompts, responses : N texts
    pairs : (n, 2)
        Rows of the preferred and the other reply.
    labelled : (k,); labels : (k,) of 0 or 1; sources : (k,)
        Rows with an absolute label and the number of the file that it came from: each file has its own
        base rate, so each gets its own intercept.
    """

    prompts: Sequence[str]
    responses: Sequence[str]
    pairs: npt.NDArray[np.int64]
    labelled: npt.NDArray[np.int64]
    labels: Array
    sources: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Design:
    """Scaled features of N replies in one matrix, and the scaling, so that a head can be read off.

    Each part is scaled so that one ridge penalty suits all: hidden states to unit variance over the root of
    their number, hashed words as they are, counts to unit variance over the root of theirs.
    """

    matrix: npt.NDArray[np.float32]
    hidden_scale: Array
    counts_scale: Array
    shape: tuple[int, int]

    def head(self, weights: Array) -> Head:
        """The head whose raw score is ``matrix @ weights`` up to a constant."""
        width = self.hidden_scale.size
        return Head(
            hidden=(weights[:width] * self.hidden_scale).reshape(self.shape),
            hashed=HASHED_GAIN * weights[width : width + N_HASHED],
            counts=weights[width + N_HASHED :] * self.counts_scale,
        )


def design(features: npt.NDArray[Any], responses: Sequence[str]) -> Design:
    """Feature matrix of replies from hidden features (N, blocks, hidden size) and their words."""
    shape = features.shape[1:]
    flat = features.reshape(len(responses), -1).astype(np.float32)
    hidden_scale = HIDDEN_GAIN / ((flat.std(axis=0) + 1e-3) * np.sqrt(flat.shape[1]))
    words = counts(responses)
    counts_scale = 1.0 / ((words.std(axis=0) + 1e-6) * np.sqrt(len(COUNT_NAMES)))
    matrix = np.concatenate(
        [
            (flat - flat.mean(axis=0)) * hidden_scale,
            HASHED_GAIN * hashed(responses).toarray(),
            (words - words.mean(axis=0)) * counts_scale,
        ],
        axis=1,
        dtype=np.float32,
    )
    return Design(matrix, hidden_scale.astype(np.float64), counts_scale, (int(shape[0]), int(shape[1])))


def fit_weights(
    matrix: npt.NDArray[np.float32], examples: Examples, *, ridge: float, labelled_weight: float = 1.0
) -> Array:
    """Ridge-penalised weights (d,) from pairs (sigmoid of the difference) and labelled replies together."""
    chosen, other = matrix[examples.pairs[:, 0]], matrix[examples.pairs[:, 1]]
    difference = chosen - other
    absolute = matrix[examples.labelled]
    sign = 2.0 * examples.labels - 1.0
    n_sources = int(examples.sources.max(initial=-1)) + 1
    width = matrix.shape[1]

    def loss(parameters: Array) -> tuple[float, Array]:
        weights, intercepts = parameters[:width], parameters[width:]
        value, gradient = 0.5 * ridge * float(weights @ weights), np.zeros_like(parameters)
        gradient[:width] = ridge * weights
        if len(difference):
            margin = (difference @ weights.astype(np.float32)).astype(np.float64)
            value += float(np.logaddexp(0, -margin).sum())
            gradient[:width] -= difference.T @ expit(-margin).astype(np.float32)
        if len(absolute):
            margin = sign * (absolute @ weights.astype(np.float32) + intercepts[examples.sources])
            value += labelled_weight * float(np.logaddexp(0, -margin).sum())
            push = labelled_weight * sign * expit(-margin)
            gradient[:width] -= absolute.T @ push.astype(np.float32)
            gradient[width:] -= np.bincount(examples.sources, weights=push, minlength=n_sources)
        return value, gradient

    start = np.zeros(width + n_sources)
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 400}).x[:width]


def openings(prompts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Number (N,) of each prompt's opening turn: dialogues that open alike are near copies."""
    first = [re.split(r"\n\nAssistant:", prompt, maxsplit=1)[0] for prompt in prompts]
    return np.asarray(np.unique(np.asarray(first, dtype=object), return_inverse=True)[1], dtype=np.int64)


def fold_of_prompts(prompts: Sequence[str], *, folds: int = 5) -> npt.NDArray[np.int64]:
    """Fold (N,) of each prompt; prompts that open alike share one."""
    groups = openings(prompts)
    # Openings are dealt to folds by size, largest first, so that folds are of equal size.
    order = np.argsort(-np.bincount(groups), kind="stable")
    fold_of = np.empty(order.size, dtype=np.int64)
    fold_of[order] = np.arange(order.size) % folds
    return fold_of[groups]


def held_out_scores(
    matrix: npt.NDArray[np.float32],
    examples: Examples,
    *,
    ridge: float,
    labelled_weight: float = 1.0,
    folds: int = 5,
) -> Array:
    """Raw score (N,) of every reply by weights that never saw its prompt."""
    fold = fold_of_prompts(examples.prompts, folds=folds)
    scores = np.empty(len(examples.prompts))
    for test in range(folds):
        keep = examples.labelled[fold[examples.labelled] != test]
        kept = np.isin(examples.labelled, keep)
        part = Examples(
            examples.prompts,
            examples.responses,
            examples.pairs[fold[examples.pairs[:, 0]] != test],
            examples.labelled[kept],
            examples.labels[kept],
            examples.sources[kept],
        )
        weights = fit_weights(matrix, part, ridge=ridge, labelled_weight=labelled_weight)
        scores[fold == test] = matrix[fold == test] @ weights.astype(np.float32)
    return scores


def wilson(successes: float, n: int) -> tuple[float, float]:
    """95 % Wilson interval of a proportion."""
    z, share = 1.959964, successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return float(middle - half), float(middle + half)


def pair_metrics(scores: Array, pairs: npt.NDArray[np.int64], responses: Sequence[str]) -> dict[str, Any]:
    """Held-out pairwise accuracy with its interval, beside the rule that the longer reply wins."""
    difference = scores[pairs[:, 0]] - scores[pairs[:, 1]]
    lengths = np.array([len(text) for text in responses])
    longer = np.sign(lengths[pairs[:, 0]] - lengths[pairs[:, 1]])
    wins = float(((difference > 0) + 0.5 * (difference == 0)).sum())
    return {
        "measure": "pairwise accuracy",
        "accuracy": wins / len(pairs),
        "interval": list(wilson(wins, len(pairs))),
        "n": len(pairs),
        "longer_reply_wins": float(((longer > 0) + 0.5 * (longer == 0)).mean()),
        # Of what does not vary there is none.
        "correlation_with_log_length": float(np.corrcoef(scores, np.log1p(lengths))[0, 1])
        if np.ptp(scores) > 0 and np.ptp(lengths) > 0
        else None,
    }


def label_metrics(scores: Array, rows: npt.NDArray[np.int64], labels: Array) -> dict[str, Any]:
    """Held-out accuracy at the best-balanced cut and area under the ROC curve of labelled replies."""
    from scipy.stats import rankdata

    given = scores[rows]
    good, bad = int(labels.sum()), int((1 - labels).sum())
    auc = (rankdata(given)[labels == 1].sum() - good * (good + 1) / 2) / (good * bad)
    right = float(((given > np.quantile(given, 1 - labels.mean())) == (labels == 1)).sum())
    return {
        "measure": "accuracy",
        "accuracy": right / labels.size,
        "interval": list(wilson(right, labels.size)),
        "n": int(labels.size),
        "auc": float(auc),
    }


def calibration_table(predicted: Array, observed: Array, *, bins: int = 10) -> dict[str, Any]:
    """Predicted against observed frequency in equally filled bins, intervals, mean absolute gap."""
    order = np.argsort(predicted, kind="stable")
    rows = []
    gap = 0.0
    for part in np.array_split(order, bins):
        successes = float(observed[part].sum())
        low, high = wilson(successes, part.size)
        mean = float(predicted[part].mean())
        rows.append(
            {
                "predicted": mean,
                "observed": successes / part.size,
                "low": low,
                "high": high,
                "n": int(part.size),
            }
        )
        gap += abs(mean - successes / part.size) * part.size / predicted.size
    return {"bins": rows, "expected_calibration_error": gap, "n": int(predicted.size)}
