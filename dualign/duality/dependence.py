"""Constraints that say the same thing: linear dependence of utilities within prompts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from dualign.duality.centred import Centred
from dualign.duality.problem import ScoredSamples

Array = npt.NDArray[np.float64]


class _Dependence(NamedTuple):
    lead: int
    others: Array  # indices
    factors: Array
    constant: bool  # one constant for all prompts


def dependent_constraints(samples: ScoredSamples) -> tuple[str, ...]:
    """One sentence per linear dependence among the utilities, up to a constant per prompt.

    The Hessian of D is singular exactly along such combinations, so the multipliers are then not unique.

    Parameters
    ----------
    samples
        Scored samples; (P, I, m) utilities.
    """
    return _sentences(samples.centred, samples.names)


def _sentences(data: Centred, names: tuple[str, ...]) -> tuple[str, ...]:
    found = [
        f"'{name}' does not vary within any prompt, so no policy over these responses can move it"
        for name, still in zip(names, data.scale == 0, strict=True)
        if still
    ]
    for one in _dependences(data):
        terms = " + ".join(
            f"{factor:.4g} x '{names[other]}'" for factor, other in zip(one.factors, one.others, strict=True)
        ).replace("+ -", "- ")
        constant = "a constant" if one.constant else "a constant per prompt"
        found.append(f"'{names[one.lead]}' is {terms} plus {constant} on these samples")
    return tuple(found)


def _dependences(data: Centred) -> list[_Dependence]:
    """Each utility that is a combination of those before it."""
    moving = np.flatnonzero(data.scale > 0)
    if moving.size < 2:
        return []
    gram = data.moments[1:, 1:] / np.outer(
        np.where(data.scale > 0, data.scale, 1.0), data.scale + (data.scale == 0)
    )
    if np.linalg.eigvalsh(gram[np.ix_(moving, moving)])[0] > 1e-9:
        return []
    found: list[_Dependence] = []
    kept = [moving[0]]
    for lead in moving[1:]:
        factors, *_ = np.linalg.lstsq(gram[np.ix_(kept, kept)], gram[kept, lead], rcond=None)
        left = float(gram[lead, lead] - factors @ gram[kept, lead])
        factors = factors * data.scale[lead] / data.scale[kept]
        # The Gram matrix squares the residual; what looks dependent in it is checked on the scores.
        if left < 1e-9 and _vanishes(data, lead, kept, factors):
            large = np.abs(factors) * data.scale[kept] > 1e-8 * data.scale[lead]
            index = np.array(kept)[large]
            constants = data.utility_means[:, lead] - data.utility_means[:, index] @ factors[large]
            size = np.abs(data.utility_means[:, [lead, *index]]).max() + data.utility_spans[lead]
            found.append(
                _Dependence(int(lead), index, factors[large], bool(np.ptp(constants) <= 1e-9 * size))
            )
        else:
            kept.append(lead)
    return found


def _vanishes(data: Centred, lead: int, kept: list[int], factors: Array) -> bool:
    rest = data.utilities[lead] - np.tensordot(factors, data.utilities[kept], axes=1)
    reach = data.utility_spans[lead] + np.abs(factors) @ data.utility_spans[kept]
    raw = np.abs(data.utility_means[:, [lead, *kept]]).max()
    return float(np.abs(rest).max()) <= 1e-10 * float(reach) + 1e-14 * float(raw)


def undetermined(data: Centred) -> bool:
    """Whether multipliers may move without moving the tilted policy: a dependence, or a utility that is still."""
    return bool(_dependences(data)) or bool((data.scale == 0).any())


def smallest_multipliers(data: Centred, reference_slack: Array, multipliers: Array) -> Array:
    """Of all multipliers with the same tilted policy and D, the smallest (in units of beta per spread).

    Where constraints are dependent lam* is a face of solutions; one of them has to be named, and the
    smallest does not depend on where the search came from. ``reference_slack`` (m,) is E_ref[h].
    """
    if not _dependences(data):
        return multipliers
    safe = np.where(data.scale > 0, data.scale, 1.0)
    gram = data.moments[1:, 1:] / np.outer(safe, safe)
    # Unit rows, so that one rank tolerance serves both: margins that do not move, and D that does not.
    pull = reference_slack / safe
    rows = np.vstack([gram, pull / max(float(np.abs(pull).max()), 1e-300)])
    _, values, right = np.linalg.svd(rows)
    null = right[int((values > 1e-9 * values[0]).sum()) :].T
    if not null.size:
        return multipliers
    start = multipliers * safe
    inside = null @ (null.T @ start)
    # Least distance programming (Lawson and Hanson, ch. 23): min |z| subject to null z >= inside - start.
    stacked = np.vstack([null.T, inside - start])
    target = np.r_[np.zeros(null.shape[1]), 1.0]
    dual, _ = nnls(stacked, target)
    residual = stacked @ dual - target
    if abs(residual[-1]) < 1e-14:
        return multipliers
    moved = np.maximum(start - inside + null @ (-residual[:-1] / residual[-1]), 0.0)
    moved[moved < 1e-13 * moved.max()] = 0.0
    return np.asarray(moved / safe)
