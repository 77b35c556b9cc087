"""What a constraint is called on the pages: costs by their own name and sign, shares of replies in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dualign.duality.statements import Threshold
from dualign.samples import Manifest
from dualign.ui.texts import number, signed

# A set made by the scorers measures in standard deviations of the scorer; the abbreviation alone explains nothing.
_SPREAD = "s.d."


@dataclass(frozen=True)
class Term:
    """A constrained quantity in words.

    Attributes
    ----------
    measured
        The score as its source calls it, without a sign.
    unit
        Of the quantity.
    turned
        The source gave a cost: what is stored is its negative.
    cutoff, group
        Of a chance or a group constraint.
    """

    measured: str
    unit: str
    turned: bool = False
    cutoff: float | None = None
    group: str | None = None

    @property
    def name(self) -> str:
        """For axes and tables, better when larger: ``harmless``, ``−toxicity``, ``share with harmless ≥ 0``."""
        if self.share:
            return f"share with {self.condition}{self.place}"
        return ("−" if self.turned else "") + self.measured + self.place

    @property
    def share(self) -> bool:
        """Whether it is a share of replies."""
        return self.cutoff is not None

    @property
    def place(self) -> str:
        """Where it is measured: empty, or ' in GROUP'."""
        return f" in {self.group}" if self.group else ""

    def required(self, value: float, form: str) -> str:
        """The constraint as it is asked for: 'harmless +0.5', 'toxicity of at most 0.2 in crisis', ...

        The value of a share is the share itself, whatever the ``form``.
        """
        if self.share:
            return f"{self.condition} in at least {number(100 * value)} % of the replies{self.place}"
        if form != "improvement":
            least = f"at most {number(-value)}" if self.turned else f"at least {number(value)}"
            return f"{self.measured} of {least}{self.place}"
        if not self.turned:
            return f"{self.measured} {signed(value)}{self.place}"
        if value > 0:
            return f"{self.measured} lower by {number(value)}{self.place}"
        return f"{self.measured} at most {number(-value)} higher{self.place}"

    @property
    def condition(self) -> str:
        """What a reply of a share must do: 'harmless ≥ 0'."""
        if self.cutoff is None:
            return ""
        # Without a break between sign and number.
        bound = f"≤\u00a0{number(-self.cutoff)}" if self.turned else f"≥\u00a0{number(self.cutoff)}"
        return f"{self.measured} {bound}"

    def step(self, size: float, *, named: bool) -> str:
        """A further step in words: '0.1', '0.1 of harmless', '0.1 less toxicity', 'percentage point'."""
        if self.share:
            points = 100 * size
            words = "percentage point" if points == 1 else f"{number(points)} points"
            return words + (f" with {self.condition}" if named else "")
        if not named:
            return number(size)
        return f"{number(size)} " + (f"less {self.measured}" if self.turned else f"of {self.measured}")

    def level(self, value: float) -> str:
        """A level as its source would state it."""
        if self.share:
            return f"{number(100 * value)} %"
        return number(-value if self.turned else value)


def is_turned(manifest: Manifest, score: str) -> bool:
    """Whether a score is a cost that was turned on import and kept its name."""
    info = manifest.scores.get(score)
    return info is not None and info.cost and info.column in ("", score)


def score_name(manifest: Manifest, score: str) -> str:
    """A score's name, with a minus where it is a cost that was turned on import."""
    return f"−{score}" if is_turned(manifest, score) else score


def term_of(manifest: Manifest, constraint: Threshold) -> Term:
    """The words for one constraint on a set."""
    info = manifest.scores.get(constraint.utility)
    unit = short_unit(info.unit if info is not None else "") or "utility units"
    return Term(
        constraint.utility,
        unit if constraint.cutoff is None else "share of replies",
        is_turned(manifest, constraint.utility),
        constraint.cutoff,
        constraint.group,
    )


def short_unit(unit: str) -> str:
    """A unit for axes: of 's.d. over 4704 fitting replies' the abbreviation, which `unit_sentence` explains."""
    return _SPREAD if unit.startswith(_SPREAD) else unit


def unit_sentence(manifest: Manifest, scores: Sequence[str]) -> str:
    """What one unit of the named scores is, where their set says so; else empty."""
    by_unit: dict[str, list[str]] = {}
    for score in dict.fromkeys(scores):
        info = manifest.scores.get(score)
        if info is not None and info.unit:
            by_unit.setdefault(short_unit(info.unit), []).append(score)
    parts = []
    for unit, names in by_unit.items():
        listed = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
        if unit == _SPREAD:
            whose = "its scorer" if len(names) == 1 else "each one's scorer"
            parts.append(
                f"One unit of {listed} is one standard deviation (s.d.) of that score over the replies that "
                f"{whose} was fitted on."
            )
        else:
            parts.append(f"The unit of {listed} is {unit}.")
    return " ".join(parts)
