"""The one lens state of the app: what every page looks through, and how it is written in an address.

Nothing here knows Streamlit. A bad value in an address is repaired, with a sentence about each repair;
it never raises.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import quote, unquote

from dualign.duality.statements import Threshold, form_of

Form = Literal["improvement", "absolute"]
Query = dict[str, list[str]]

BETA_RANGE = (1e-4, 1e4)
MAX_CONSTRAINTS = 6
_LIMIT = 1e9
_OWN = ("set", "beta", "form", "c", "lam", "group", "focus", "reward", "pin")


@dataclass(frozen=True)
class LensSettings:
    """What the pages look at.

    Parameters
    ----------
    samples
        Name of the stored sample set.
    beta
        Weight of the KL term, reward units per nat.
    form
        Thresholds as ``"improvement"`` over the reference or ``"absolute"``; that of a share of replies is the share
        itself in either form.
    constraints
        At least one; each with its threshold in utility units, a share from 0 to 1.
    multipliers
        The held multipliers, reward per utility, one per constraint; None follows the optimum.
    group
        Prompt group that the analysis is restricted to; None takes all prompts.
    focus
        Index of the constraint that one-dimensional figures run along.
    reward
        Reward column; None takes the one that the set names.
    """

    samples: str
    beta: float
    form: Form
    constraints: tuple[Threshold, ...]
    multipliers: tuple[float, ...] | None = None
    group: str | None = None
    focus: int = 0
    reward: str | None = None

    def __post_init__(self) -> None:
        own = tuple(
            replace(constraint, form=None if constraint.cutoff is None else "absolute")
            for constraint in self.constraints
        )
        object.__setattr__(self, "constraints", own)

    @property
    def forms(self) -> tuple[Form, ...]:
        """How the threshold of each constraint is meant, m entries."""
        return tuple(form_of(constraint, self.form) for constraint in self.constraints)

    def with_constraints(self, constraints: Sequence[Threshold]) -> LensSettings:
        """The same lens with other constraints: back at the optimum, focus kept in range."""
        kept = tuple(constraints)
        return replace(self, constraints=kept, multipliers=None, focus=max(0, min(self.focus, len(kept) - 1)))

    def with_threshold(self, index: int, value: float) -> LensSettings:
        """The same lens with one threshold moved, following the optimum again."""
        items = list(self.constraints)
        items[index] = at_level(items[index], value)
        return replace(self, constraints=tuple(items), multipliers=None)


@dataclass(frozen=True)
class Bounds:
    """What a sample set allows: the names a lens may use, and where it starts."""

    start: LensSettings
    rewards: tuple[str, ...]
    utilities: tuple[str, ...]
    groups: tuple[str, ...] = ()
    betas: Mapping[str, float] = field(default_factory=dict)
    """Beta that fits each reward; the set's own default for its own."""

    @property
    def beta_range(self) -> tuple[float, float]:
        """Lowest and highest beta: what is usual, and whatever the set itself opens with."""
        own = (self.start.beta, *self.betas.values())
        return min(BETA_RANGE[0], *own), max(BETA_RANGE[1], *own)

    def constrainable(self, reward: str | None) -> tuple[str, ...]:
        """Scores that can be constrained while ``reward`` is maximised, None for the set's own: all the others."""
        if reward is None:
            return self.utilities
        return tuple(name for name in self.rewards if name != reward) or self.utilities


@dataclass(frozen=True)
class Restored:
    """A lens read from an address, with a sentence for each value that had to be repaired."""

    settings: LensSettings
    pinned: LensSettings | None = None
    notes: tuple[str, ...] = ()


@dataclass
class _Notes:
    found: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        if sentence not in self.found:
            self.found.append(sentence)


def clamp(value: float, low: float = -_LIMIT, high: float = _LIMIT) -> float:
    """``value`` moved into [low, high]."""
    return min(max(float(value), low), high)


def at_level(constraint: Threshold, value: float) -> Threshold:
    """The constraint with another threshold, moved to where one can lie: a share from 0 to 1."""
    return replace(constraint, value=clamp(value) if constraint.cutoff is None else clamp(value, 0.0, 1.0))


def to_query(settings: LensSettings, pinned: LensSettings | None = None) -> Query:
    """The address parameters that restore ``settings`` exactly."""
    query: Query = {
        "set": [settings.samples],
        "beta": [repr(settings.beta)],
        "form": [settings.form],
        "c": [_write_constraint(constraint) for constraint in settings.constraints],
    }
    if settings.multipliers is not None:
        query["lam"] = [",".join(repr(float(value)) for value in settings.multipliers)]
    if settings.group is not None:
        query["group"] = [settings.group]
    if settings.focus:
        query["focus"] = [str(settings.focus)]
    if settings.reward is not None:
        query["reward"] = [settings.reward]
    if pinned is not None:
        pairs = [(name, value) for name, values in to_query(pinned).items() for value in values]
        query["pin"] = ["&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)]
    return query


def has_own(query: Iterable[str]) -> bool:
    """Whether the address says anything about the lens."""
    return any(name in query for name in _OWN)


def from_query(
    query: Mapping[str, Sequence[str]],
    bounds: Mapping[str, Bounds],
    *,
    default: str,
    unscored: Mapping[str, str] | None = None,
) -> Restored:
    """The lens that an address describes, repaired where it cannot be meant.

    Parameters
    ----------
    query
        Parameters of the address, each a list of values.
    bounds
        What each known sample set allows; must hold ``default``.
    default
        Name of the set to open when the address names none, or an unknown one.
    unscored
        Stored sets that no lens can look at, by name: what they lack and what to do, as the end of a sentence.
    """
    notes = _Notes()
    named = _one(query, "set")
    if unscored and named in unscored:
        notes.add(
            f"The set '{_short(str(named))}' is stored, but the lens cannot look at it: it {unscored[str(named)]}. "
            f"Showing '{default}' instead."
        )
        return Restored(bounds[default].start, None, tuple(notes.found))
    settings = _read(query, bounds, default, notes)
    pinned = None
    packed = _one(query, "pin")
    if packed:
        inner: Query = {}
        for pair in packed[:4000].split("&"):
            name, _, value = pair.partition("=")
            if name in _OWN and name != "pin":
                inner.setdefault(name, []).append(unquote(value))
        if _one(inner, "set") in bounds:
            pinned = _read(inner, bounds, default, notes)
        else:
            notes.add("The pinned view in this link belongs to a set that is not here; it was left out.")
    return Restored(settings, pinned, tuple(notes.found))


def _read(
    query: Mapping[str, Sequence[str]], bounds: Mapping[str, Bounds], default: str, notes: _Notes
) -> LensSettings:
    named = _one(query, "set")
    if named is not None and named not in bounds:
        notes.add(
            f"The set '{_short(named)}' in this link is not stored here; showing '{default}' as it opens."
        )
        return bounds[default].start
    allowed = bounds[named if named is not None else default]
    start = allowed.start
    form = _one(query, "form") or start.form
    if form not in ("improvement", "absolute"):
        notes.add(f"The threshold form '{_short(form)}' in this link is unknown; using '{start.form}'.")
        form = start.form
    group = _one(query, "group")
    if group is not None and group not in allowed.groups:
        notes.add(f"This set has no prompt group '{_short(group)}'; showing all prompts.")
        group = None
    reward = _one(query, "reward")
    if reward is not None and reward not in allowed.rewards:
        notes.add(f"This set has no reward column '{_short(reward)}'; using its own.")
        reward = None
    fitting = allowed.betas.get(reward or "", start.beta)
    beta = _number(_one(query, "beta"), fitting, "beta", notes)
    if beta <= 0:
        notes.add(f"beta {beta:g} in this link is not above 0; using the set's own, {fitting:g}.")
        beta = fitting
    low, high = allowed.beta_range
    if not low <= beta <= high:
        notes.add(f"beta {beta:g} in this link was moved into {low:g} to {high:g}.")
        beta = clamp(beta, low, high)
    names = allowed.constrainable(reward)
    constraints = _constraints(list(query["c"]), names, allowed.groups, notes) if "c" in query else ()
    constraints = constraints or tuple(own for own in start.constraints if own.utility in names)
    settings = replace(
        start,
        beta=beta,
        form=_form(form),
        group=group,
        reward=reward,
        constraints=constraints or (Threshold(names[0], 0.0),),
        multipliers=None,
    )
    multipliers, focus = _position(query, len(settings.constraints), notes)
    return replace(settings, multipliers=multipliers, focus=focus)


def _form(text: str) -> Form:
    return "absolute" if text == "absolute" else "improvement"


def _position(
    query: Mapping[str, Sequence[str]], count: int, notes: _Notes
) -> tuple[tuple[float, ...] | None, int]:
    focus = int(clamp(_number(_one(query, "focus"), 0.0, "focus", notes), 0, count - 1))
    held: tuple[float, ...] | None = None
    text = _one(query, "lam")
    if text is not None:
        values = [_number(part, math.nan, "lam", notes) for part in text[:400].split(",")]
        if len(values) != count or not all(math.isfinite(value) for value in values):
            notes.add(f"lam in this link does not fit {count} constraint(s); showing the optimum.")
        else:
            if min(values) < 0 or max(values) > 1e6:
                notes.add("lam in this link was moved into 0 to 1e6: a multiplier is not negative.")
            held = tuple(clamp(value, 0.0, 1e6) for value in values)
    return held, focus


def _write_constraint(constraint: Threshold) -> str:
    parts = [constraint.utility, repr(float(constraint.value))]
    if constraint.cutoff is not None:
        parts += ["chance", repr(float(constraint.cutoff))]
    elif constraint.group is not None:
        parts += ["group", constraint.group]
    return "~".join(quote(part, safe="").replace("~", "%7E") for part in parts)


def _constraints(
    texts: Sequence[str], names: Sequence[str], groups: Sequence[str], notes: _Notes
) -> tuple[Threshold, ...]:
    found: list[Threshold] = []
    for text in texts[: 4 * MAX_CONSTRAINTS]:
        constraint = _read_constraint(text[:1000], names, groups, notes)
        if constraint is None:
            continue
        if any(constraint.name == other.name for other in found):
            notes.add(f"The constraint '{_short(constraint.name)}' stands twice in this link; kept once.")
        elif len(found) < MAX_CONSTRAINTS:
            found.append(constraint)
        else:
            notes.add(f"This link states more than {MAX_CONSTRAINTS} constraints; the first ones were kept.")
    if not found:
        notes.add("This link states no usable constraint; using the set's own.")
    return tuple(found)


def _read_constraint(
    text: str, names: Sequence[str], groups: Sequence[str], notes: _Notes
) -> Threshold | None:
    parts = [unquote(part) for part in text.split("~")]
    if len(parts) not in (2, 4) or parts[0] not in names:
        notes.add(f"The constraint '{_short(text)}' in this link does not fit this set; left out.")
        return None
    stated = _number(parts[1], math.nan, "a threshold", notes)
    if not math.isfinite(stated):
        return None
    found = None
    if len(parts) == 2:
        found = Threshold(parts[0], 0.0)
    elif parts[2] == "group" and parts[3] in groups:
        found = Threshold(parts[0], 0.0, group=parts[3])
    elif parts[2] == "chance":
        cutoff = _number(parts[3], math.nan, "a cutoff", notes)
        if math.isfinite(cutoff):
            found = Threshold(parts[0], 0.0, cutoff=clamp(cutoff))
    if found is None:
        notes.add(f"The constraint '{_short(text)}' in this link does not fit this set; left out.")
        return None
    found = at_level(found, stated)
    if found.value != stated:
        why = "" if found.cutoff is None else ": a share of replies lies from 0 to 1"
        notes.add(f"The threshold '{_short(parts[1])}' in this link was moved to {found.value:g}{why}.")
    return found


def _one(query: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = list(query.get(name, ()))
    return str(values[-1]) if values else None


def _number(text: str | None, otherwise: float, what: str, notes: _Notes) -> float:
    if text is None:
        return otherwise
    try:
        value = float(text[:64])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        notes.add(f"{what} '{_short(text)}' in this link is not a finite number; it was left out.")
        return otherwise
    return value


def _short(text: str, length: int = 40) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"
