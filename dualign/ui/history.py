"""Undo and redo over what a person can lose: the lens and the view pinned beside it. The newest place comes last."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dualign.ui.state import LensSettings

_DEPTH = 100


@dataclass(frozen=True)
class Place:
    """The lens, and the view kept for comparison, if any."""

    lens: LensSettings
    pinned: LensSettings | None = None


@dataclass(frozen=True)
class History:
    """The places gone through: ``past`` ends with the present one; ``future`` holds what was undone."""

    past: tuple[Place, ...]
    future: tuple[Place, ...] = ()

    @property
    def present(self) -> Place:
        """What is shown now."""
        return self.past[-1]

    @property
    def can_undo(self) -> bool:
        """Whether there is a place to go back to."""
        return len(self.past) > 1

    @property
    def can_redo(self) -> bool:
        """Whether an undone place can be had again."""
        return bool(self.future)

    def commit(self, place: Place) -> History:
        """The stack with ``place`` on top; the same stack when nothing changed."""
        if place == self.present:
            return self
        return History((*self.past, place)[-_DEPTH:])

    def look(self, settings: LensSettings) -> History:
        """The stack with another lens on top, the pin kept."""
        return self.commit(replace(self.present, lens=settings))

    def pin(self, settings: LensSettings | None) -> History:
        """The stack with another view pinned on top, the lens kept."""
        return self.commit(replace(self.present, pinned=settings))

    def undo(self) -> History:
        """One place back, where there is one."""
        if not self.can_undo:
            return self
        return History(self.past[:-1], (self.present, *self.future))

    def redo(self) -> History:
        """One undone place forward, where there is one."""
        if not self.can_redo:
            return self
        return History((*self.past, self.future[0]), self.future[1:])
