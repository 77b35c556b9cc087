"""Checks of what samples and problems are built from: one clear sentence for what does not fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]


def floats(values: npt.ArrayLike, what: str) -> Array:
    """``values`` as float64."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiub":
            raise TypeError
        return array.astype(np.float64, copy=False)
    except (TypeError, ValueError):
        raise InvalidInputError(f"{what} are not an array of real numbers: give plain numbers.") from None


def frozen(array: Array) -> Array:
    """``array``, made read-only."""
    array.flags.writeable = False
    return array


def require_finite(array: Array, what: str) -> None:
    """Raise if a value is NaN or infinite."""
    # A sum is NaN or inf if any term is, and costs no temporary; only then is the place looked for.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(array.sum()):
            return
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        place = ", ".join(str(i) for i in bad[0])
        raise InvalidInputError(
            f"{what}: {len(bad)} of {array.size} values are NaN or infinite, first {array[tuple(bad[0])]} "
            f"at ({place}). Remove or repair them."
        )


def normalised_log_weights(
    values: npt.ArrayLike | None, shape: tuple[int, ...]
) -> tuple[Array | None, npt.NDArray[np.bool_] | None]:
    """Log weights that sum to one a prompt, (P, I), and which responses are present."""
    if values is None:
        return None, None
    logs = floats(values, "log weights")
    if logs.shape != shape:
        raise InvalidInputError(
            f"log weights have shape {logs.shape} and rewards {shape}: give one per response."
        )
    if np.isnan(logs).any() or (logs == np.inf).any():
        raise InvalidInputError("log weights hold NaN or +inf: give finite numbers, or -inf for no response.")
    present = logs > -np.inf
    empty = np.flatnonzero(~present.any(axis=1))
    if empty.size:
        raise InvalidInputError(
            f"{empty.size} of {shape[0]} prompts have no response, first prompt {empty[0]}: leave them out."
        )
    top = logs.max(axis=1, keepdims=True)
    return frozen(logs - (top + np.log(np.exp(logs - top).sum(axis=1, keepdims=True)))), present


def normalised_prompt_weights(values: npt.ArrayLike | None, n_prompts: int) -> Array | None:
    """Prompt weights that sum to one, (P,)."""
    if values is None:
        return None
    weights = floats(values, "prompt weights")
    if weights.shape != (n_prompts,):
        raise InvalidInputError(
            f"prompt weights have shape {weights.shape}: give one for each of {n_prompts} prompts."
        )
    require_finite(weights, "prompt weights")
    if (weights < 0).any() or not weights.sum() > 0:
        raise InvalidInputError(
            f"prompt weights run from {weights.min():g} to {weights.max():g}: give non-negative weights, not all 0."
        )
    weights = weights / weights.max()
    return frozen(weights / weights.sum())


def group_labels(
    values: Sequence[str] | npt.NDArray[np.str_] | None, n_prompts: int
) -> tuple[str, ...] | None:
    """One label a prompt."""
    if values is None:
        return None
    labels = tuple(str(label) for label in values)
    if len(labels) != n_prompts:
        raise InvalidInputError(f"{len(labels)} groups for {n_prompts} prompts: give one label for each.")
    return labels


def mean_one_exposure(
    values: npt.ArrayLike | None, weights: Array | None, shape: tuple[int, int]
) -> Array | None:
    """Exposure (P, m) with mean 1 over prompts under ``weights``."""
    if values is None:
        return None
    exposure = floats(values, "exposure")
    if exposure.shape != shape:
        raise InvalidInputError(
            f"exposure has shape {exposure.shape}: give {shape}, one a prompt and utility."
        )
    require_finite(exposure, "exposure")
    means = np.average(exposure, axis=0, weights=weights)
    if (exposure < 0).any() or not np.allclose(means, 1.0, rtol=0, atol=1e-9):
        raise InvalidInputError(
            f"exposure has means {means} and least value {exposure.min():g}: give non-negative ones of mean 1."
        )
    return frozen(exposure.copy())
