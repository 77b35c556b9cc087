"""Why no policy meets the constraints, in words: what fails alone first, then what excludes each other."""

from __future__ import annotations

import numpy as np

from dualign.duality import unmet_alone
from dualign.ui.analysis import View
from dualign.ui.texts import join, md, number


def failing_alone(view: View) -> list[int]:
    """Constraints that no policy meets even where nothing else is asked, by index."""
    return list(unmet_alone(view.problem))


def in_the_way(view: View, j: int) -> str:
    """What keeps the other constraints from being met, whatever ``j`` asks for; plain text, a clause."""
    failing = [k for k in failing_alone(view) if k != j]
    if not failing:
        return "the other constraints exclude each other"
    names = join([view.names[k] for k in failing])
    return f"{names} cannot be met even alone (at most {join([number(view.ranges[k][1]) for k in failing])})"


def others(view: View) -> str:
    """The constraints beside one, as they stand: 'other as it is', 'others as they are'."""
    return "other as it is" if len(view.terms) == 2 else "others as they are"


def lower(view: View, j: int) -> str:
    """What to lower so that ``j`` can be met; plain text, an imperative clause."""
    failing = [view.names[k] for k in failing_alone(view) if k != j]
    return f"lower {join(failing)} first" if failing else "lower one of those"


def reason(view: View) -> str:
    """Why no policy meets the constraints, and how far one could go; for Markdown."""
    best = view.solution.best_slack if view.solution.best_slack is not None else float("nan")
    if len(view.terms) == 1:
        return (
            f"Even a policy that always gives the reply that scores highest on {md(view.names[0])} falls short by "
            f"{number(-best)}: the highest threshold these samples allow is {number(view.reach[0])}. "
            "Lower the threshold or add responses."
        )
    failing = failing_alone(view)
    if failing:
        told = " ".join(_alone(view, j) for j in failing)
        return f"{told} Lower {'it' if len(failing) == 1 else 'them'} first."
    mix = _mix(view)
    fits = [
        f"{md(name)} could be {number(reach)}"
        for name, reach in zip(view.names, view.reach, strict=True)
        if np.isfinite(reach)
    ]
    return (
        "Each can be met alone, but not together: the best that all of them reach falls short by "
        f"{number(-best)}."
        + (f" The conflict lies in the mix {mix}: no policy lifts that mix far enough." if mix else "")
        + (f" With the {others(view)}, {join(fits)} at most." if fits else "")
        + " Lower one of the thresholds."
    )


def _alone(view: View, j: int) -> str:
    name, alone, beside = md(view.names[j]), view.ranges[j][1], view.reach[j]
    asked = number(float(view.problem.thresholds[j]))
    told = (
        f"{name} fails alone: {asked} is asked for, and {number(alone)} is the highest threshold that these samples "
        "allow it"
    )
    if np.isfinite(beside) and number(beside) != number(alone):
        told += f" ({number(beside)} with the {others(view)})"
    return told + "."


def _mix(view: View) -> str:
    """The weights of the certificate in words; empty where it names no mix."""
    certificate = view.solution.certificate
    if certificate is None:
        return ""
    direction = np.asarray(certificate, dtype=float)
    direction = direction / max(float(np.abs(direction).sum()), 1e-300)
    involved = [(float(w), name) for w, name in zip(direction, view.names, strict=True) if w > 1e-3]
    return (
        join([f"{100 * weight:.0f} % {md(name)}" for weight, name in involved]) if len(involved) > 1 else ""
    )
