"""The small map beside the conversation: where each column's policy sits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dualign.figures.policies import Mark, PolicyMapData, policy_map_figure
from dualign.models.policies import PolicySpec
from dualign.ui import show
from dualign.ui.chat import catalogue
from dualign.ui.chat.comparison import LETTERS
from dualign.ui.chat.landscape import Landscape, Spot
from dualign.ui.chat.page_state import Chat


def position_map(chat: Chat, land: Landscape, specs: Mapping[str, PolicySpec], spots: Sequence[Spot]) -> None:
    """The map with a mark a column, where ``spots`` says; nothing while a blind round hides which is which."""
    if chat.hidden:
        return
    simple = chat.comparison.simple
    reference = land.spot(None)
    marks = []
    for column, (policy, spot) in enumerate(zip(chat.shown, spots, strict=True)):
        title = catalogue.title(policy, land, specs, simple=simple)
        marks.append(Mark(LETTERS[column], title, spot.utility, spot.reward, spot.measured))
    drawn = PolicyMapData(
        path=land.curve(),
        reference=(reference.utility, reference.reward),
        marks=tuple(marks),
        best=land.best or None,
        reward_name=land.reward_name,
        utility_name=land.utility_name,
    )
    sentence = "; ".join(
        f"{mark.letter} ({mark.title}) has {land.utility_name} {mark.utility:.2f} and {land.reward_name} "
        f"{mark.reward:.2f}, {'measured' if mark.measured else 'forecast'}"
        for mark in marks
    )
    show.figure(
        policy_map_figure(drawn, show.look(), simple=simple),
        drawn.columns,
        key="policy-map",
        sentence=sentence,
    )
