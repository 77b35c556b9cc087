"""Constraints as people state them: plain, per-group and chance; and the problem they make.

``NAME>=VALUE`` constrains the mean of a utility, ``NAME[GROUP]>=VALUE`` its mean over one prompt
group, ``P(NAME>=CUTOFF)>=VALUE`` the share of responses that score at least the cutoff. A value
written ``ref+V`` or ``ref-V`` is always relative to the reference. A plain one has the form that is
given for the whole problem; where none is given it is an improvement over the reference, and for a
chance constraint the share itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dualign.duality.constraints import chance_name, chance_utility, group_utility
from dualign.duality.problem import AlignmentProblem, Form, ScoredSamples
from dualign.errors import InvalidInputError

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:inf|nan)\w*"
_CHANCE = re.compile(
    rf"^\s*P\(\s*(?P<name>.+?)\s*>=\s*(?P<cutoff>{_NUMBER})\s*\)\s*>=\s*(?P<value>.+?)\s*$", re.I
)
_GROUP = re.compile(r"^\s*(?P<name>[^\[\]]+?)\s*\[(?P<group>[^\]]+)\]\s*>=\s*(?P<value>.+?)\s*$")
# A name may hold '>=': the value is what stands after the last.
_PLAIN = re.compile(r"^\s*(?P<name>.+\S|\S)\s*>=\s*(?P<value>[^>]+?)\s*$")
_RELATIVE = re.compile(r"^ref(?:erence)?\s*(?P<value>[-+].+)?$", re.I)


@dataclass(frozen=True)
class Threshold:
    """One constraint as stated: ``utility`` of the set, the required ``value``, and how it is taken.

    ``form`` None leaves it to the problem whether the value is an improvement or absolute.
    """

    utility: str
    value: float
    group: str | None = None
    cutoff: float | None = None
    form: Form | None = None

    @property
    def name(self) -> str:
        """Name of the constraint in results: the utility's own, or the words of the statement."""
        if self.cutoff is not None:
            return chance_name(self.utility, self.cutoff)
        return f"{self.utility}[{self.group}]" if self.group else self.utility


def parse_thresholds(statements: Sequence[str]) -> tuple[Threshold, ...]:
    """Read ``--threshold`` statements in order; InvalidInputError on a form or number that is not one."""
    found = tuple(_parse(statement) for statement in statements)
    names = [threshold.name for threshold in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInputError(
            f"threshold on '{twice[0]}' is given {names.count(twice[0])} times: state each constraint once."
        )
    return found


def _parse(statement: str) -> Threshold:
    if match := _CHANCE.match(statement):
        value, form = _value(match["value"], statement)
        return Threshold(match["name"], value, cutoff=_number(match["cutoff"], statement), form=form)
    if match := _GROUP.match(statement):
        value, form = _value(match["value"], statement)
        return Threshold(match["name"], value, group=match["group"].strip(), form=form)
    if match := _PLAIN.match(statement):
        value, form = _value(match["value"], statement)
        return Threshold(match["name"], value, form=form)
    raise InvalidInputError(
        f"threshold '{statement}' is not of the form NAME>=VALUE: write for example --threshold 'harmless>=0.5'."
    )


def _value(text: str, statement: str) -> tuple[float, Form | None]:
    relative = _RELATIVE.match(text)
    if relative is None:
        return _number(text, statement), None
    return _number("".join((relative["value"] or "0").split()), statement), "improvement"


def _number(text: str, statement: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidInputError(
            f"threshold '{statement}' has '{text}' where a finite number is needed: write NAME>=0.5 or "
            "NAME>=ref+0.5, say."
        )
    return value


def form_of(threshold: Threshold, form: Form | None) -> Form:
    """How a threshold's value is meant in a problem of that form; None where the problem states none."""
    return threshold.form or form or ("improvement" if threshold.cutoff is None else "absolute")


def single_form(thresholds: Sequence[Threshold], form: Form | None) -> Form | None:
    """The one form of all thresholds, for what takes one; None where they leave it open.

    Raises
    ------
    InvalidInputError
        They mix improvements and absolute values.
    """
    forms = {form_of(threshold, form) for threshold in thresholds}
    if len(forms) > 1:
        raise InvalidInputError(
            "these thresholds mix improvements over the reference and absolute values, and one form is needed here: "
            "state all as ref+VALUE, or give --form."
        )
    stated = form is not None or any(t.form or t.cutoff is not None for t in thresholds)
    return forms.pop() if forms and stated else form


def build_problem(
    samples: ScoredSamples, thresholds: Sequence[Threshold], *, beta: float, form: Form | None = None
) -> AlignmentProblem:
    """The alignment problem whose constraints are ``thresholds``, in their order.

    Parameters
    ----------
    samples
        Scored responses; every utility that a threshold names must be among its names.
    thresholds
        At least one; utility units (a share between 0 and 1 for chance constraints).
    beta
        Weight of the KL term, reward units per nat.
    form
        ``"improvement"`` over the reference or ``"absolute"``, for thresholds that do not say it themselves.
        None: improvement, and absolute for chance constraints.

    Raises
    ------
    InvalidInputError
        No threshold, or one that names a utility or group that the samples lack.
    """
    if not thresholds:
        raise InvalidInputError("no constraint was stated: give at least one threshold.")
    given = samples.names
    for threshold in thresholds:
        if threshold.utility not in given:
            raise InvalidInputError(
                f"no utility is named '{threshold.utility}': this set has {', '.join(given)}."
            )
        if threshold.cutoff is not None:
            samples = chance_utility(samples, threshold.utility, threshold.cutoff, new_name=threshold.name)
        elif threshold.group is not None:
            samples = group_utility(samples, threshold.utility, threshold.group, new_name=threshold.name)
    return AlignmentProblem(
        samples=samples.select([threshold.name for threshold in thresholds]),
        thresholds=np.array([threshold.value for threshold in thresholds]),
        beta=beta,
        form=tuple(form_of(threshold, form) for threshold in thresholds),
    )
