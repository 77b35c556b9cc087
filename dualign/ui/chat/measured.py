"""What was measured of a trained policy, as gains over the reference on the held-out prompts. No Streamlit."""

from __future__ import annotations

import numpy as np

from dualign.errors import DualignError
from dualign.evaluation.policies import read_evaluation
from dualign.models.policies import PolicySpec
from dualign.ui import trained
from dualign.ui.chat.landscape import Landscape


def gains(spec: PolicySpec, land: Landscape) -> tuple[float, float] | None:
    """Gains in E[r] and E[g] over the reference, score units; None where nothing fits was measured.

    The policy's own replies to held-out prompts count first, then the importance-weighted replies of the reference
    that its record holds.
    """
    if spec.samples != land.set_name:
        return None
    return _own_replies(spec, land) or _off_policy(spec, land)


def _own_replies(spec: PolicySpec, land: Landscape) -> tuple[float, float] | None:
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
    reward, utility = (
        float(np.nanmean(evaluation.padded(name)) - np.nanmean(land.scores(name)[rows])) for name in names
    )
    return reward, utility


def _off_policy(spec: PolicySpec, land: Landscape) -> tuple[float, float] | None:
    seen = trained.measured(spec)
    if (
        seen is None
        or land.utility_name not in seen.utilities
        or not trained.same_reward(spec, land.reward_name)
    ):
        return None
    return seen.reward, seen.utilities[land.utility_name]
