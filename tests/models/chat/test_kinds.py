from __future__ import annotations

import pytest

from dualign.errors import InvalidInputError
from dualign.models.chat import (
    AdapterPolicy,
    ChatPolicy,
    InterpolatedPolicy,
    MixedPolicy,
    ReferencePolicy,
    ResampledPolicy,
    parse_policy,
    policy_id,
)

POLICIES: list[ChatPolicy] = [
    ReferencePolicy(),
    AdapterPolicy(name="mocan b=0.5 & more?"),
    ResampledPolicy(multipliers={"harmless": 0.1, "humor": -2.0}, beta=0.3, candidates=7),
    ResampledPolicy(multipliers={"harmless": 1 / 3}, best=True),
    MixedPolicy(reward="helpful-only", multipliers={"harmless-only": 0.7}),
    MixedPolicy(reward="r", multipliers={"g": 0.0, "h.i": 1e-9}, beta=0.05),
    InterpolatedPolicy(weights={"a": 0.25, "b.c": 0.75}),
]


@pytest.mark.parametrize("policy", POLICIES)
def test_an_id_is_one_line_that_gives_the_policy_back(policy: ChatPolicy) -> None:
    text = policy_id(policy)
    assert parse_policy(text) == policy
    assert "\n" not in text
    assert " " not in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing",
        "adapter",
        "adapter?nam=x",
        "reference?x=1",
        "resampled?lam.harmless=nan",
        "resampled?lam.harmless=x",
        "resampled?n=16",
        "resampled?lam.harmless=1&n=65",
        "resampled?lam.harmless=1&beta=0",
        "mixed?lam.x=1",
        "mixed?reward=r&beta=-1",
        "interpolated",
        "interpolated?w.a=inf",
    ],
)
def test_another_id_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"\w+ .*\."):
        parse_policy(text)
