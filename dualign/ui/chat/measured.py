"""What was measured of a trained policy, as gains over the reference on the held-out prompts. No Streamlit."""

from __future__ import annotations

import numpy as np

from dualign.errors import DualignError
from dualign.evaluation.policies import read_evaluation
from dualign.models.policies import PolicySpec
from dualign.ui import trained
from dualign.ui.chat.landscape import Landscape, Spot


def measured_spot(spec: PolicySpec, land: Landscape) -> Spot | None:
    """Where a trained policy was measured to sit: the reference, moved by its gains on held-out prompts.

    None where nothing fits was measured.

    The policy's own replies to held-out prompts count first, then the importance-weighted replies of the reference
    that its record holds.
    """
    if spec.samples != land.set_name:
        return None
    return _own_replies(spec, land) or _off_policy(spec, land)


def _own_replies(spec: PolicySpec, land: Landscape) -> Spot | None:
    places = {prompt: place for place, prompt in enumerate(land.prompts)}
    try:
        evaluation = read_evaluation(spec.name)
    except DualignError:
        return None
    record, names = evaluation.record, (land.reward_name, land.utility_name)
    asked = evaluation.prompts
    fits = record.policy_sha256 == spec.sha256 and set(names) <= set(record.scores)
    if not asked or not fits or any(prompt not in places for prompt in asked):
        return None
    rows = [places[prompt] for prompt in asked]
    reference = land.spot(None)
    moved = []
    for name in names:
        own, before = evaluation.padded(name), land.scores(name)[rows]
        moved.append(float(np.nanmean(own) - np.nanmean(before)))
        places_of = [land.ranks(name, scores[np.isfinite(scores)]) for scores in (own, before)]
        moved.append(float(np.mean(places_of[0]) - np.mean(places_of[1])))
    return Spot(
        reward=reference.reward + moved[0],
        utility=reference.utility + moved[2],
        reward_rank=reference.reward_rank + moved[1],
        utility_rank=reference.utility_rank + moved[3],
        basis="measured",
    )


def _off_policy(spec: PolicySpec, land: Landscape) -> Spot | None:
    seen = trained.measured(spec)
    if (
        seen is None
        or land.utility_name not in seen.utilities
        or not trained.same_reward(spec, land.reward_name)
    ):
        return None
    reference = land.spot(None)
    reward, utility = reference.reward + seen.reward, reference.utility + seen.utilities[land.utility_name]
    return Spot(
        reward=reward,
        utility=utility,
        reward_rank=_moved(reference.reward_rank, land.reward_name, reference.reward, reward, land),
        utility_rank=_moved(reference.utility_rank, land.utility_name, reference.utility, utility, land),
        basis="measured",
    )


def _moved(rank: float, name: str, start: float, end: float, land: Landscape) -> float:
    """A mean place of replies, moved as far as a reply moves whose score goes from ``start`` to ``end``."""
    return min(100.0, max(0.0, rank + land.rank(name, end) - land.rank(name, start)))
