"""Which trained policies are drawn for a lens: only those whose measurement is one of what it shows."""

from __future__ import annotations

from dataclasses import replace

from dualign.duality import Threshold
from dualign.samples import Store
from dualign.ui import analysis, trained
from dualign.ui.state import LensSettings

DEMO = LensSettings("demo", 0.5, "improvement", (Threshold("harmless", 0.5),))


def _names(lens: LensSettings) -> set[str]:
    view = analysis.look(Store().open("demo"), lens)
    return {point.label for point in trained.points(lens, view)}


def test_a_policy_is_drawn_for_the_reward_and_the_utilities_it_was_measured_in(
    temporary_store: object,
) -> None:
    shown = _names(DEMO)
    assert {"demo-helpful-only", "demo-harmless-0.5"} <= shown
    assert _names(replace(DEMO, reward="helpful")) == shown
    assert not _names(replace(DEMO, reward="humor"))
    two = replace(DEMO, constraints=(Threshold("harmless", 0.3), Threshold("humor", 0.1)))
    assert not _names(two)
    assert not _names(replace(DEMO, constraints=(Threshold("harmless", 0.3, group="sleep"),)))
