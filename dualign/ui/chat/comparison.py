"""What is compared: which policies, how replies are drawn, and how a link says it. Nothing here knows Streamlit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dualign.errors import InvalidInputError
from dualign.models.chat import (
    MAX_TOKENS,
    ChatPolicy,
    ChatSettings,
    ReferencePolicy,
    parse_policy,
    policy_id,
)

Query = dict[str, list[str]]

MAX_SHOWN = 4
LETTERS = "ABCD"
LONGEST_MESSAGE = 4_000
# Parameters of an address that belong to the chat page; the lens has its own.
OWN = ("col", "seed", "tokens", "temp", "prompt", "blind", "simple", "saved")


@dataclass(frozen=True)
class Comparison:
    """The policies side by side and the settings that all share.

    Parameters
    ----------
    policies
        One to four.
    settings
        Seed, temperature and token limit of every column.
    prompt_id
        The ready-made prompt that a link opens with, by its number in the demo; None without one.
    blind
        Whether columns are shuffled and unnamed until a vote.
    simple
        The view without Greek letters.
    """

    policies: tuple[ChatPolicy, ...]
    settings: ChatSettings = field(default_factory=ChatSettings)
    prompt_id: int | None = None
    blind: bool = False
    simple: bool = False

    def with_policy(self, index: int, policy: ChatPolicy) -> Comparison:
        """The same comparison with another policy in one column."""
        policies = list(self.policies)
        policies[index] = policy
        return replace(self, policies=tuple(policies))

    def with_columns(self, count: int, spare: Sequence[ChatPolicy]) -> Comparison:
        """The same comparison with ``count`` columns; new ones take from ``spare`` what is not shown yet."""
        policies = list(self.policies[:count])
        for policy in spare:
            if len(policies) < count and policy not in policies:
                policies.append(policy)
        while len(policies) < count:
            policies.append(ReferencePolicy())
        return replace(self, policies=tuple(policies))


def to_query(comparison: Comparison) -> Query:
    """Address parameters that open the comparison again; nothing that was typed is among them."""
    settings = comparison.settings
    query: Query = {
        "col": [policy_id(policy) for policy in comparison.policies],
        "seed": [str(settings.seed)],
        "tokens": [str(settings.max_tokens)],
    }
    if settings.temperature != 1.0:
        query["temp"] = [repr(settings.temperature)]
    if comparison.prompt_id is not None:
        query["prompt"] = [str(comparison.prompt_id)]
    if comparison.blind:
        query["blind"] = ["1"]
    if comparison.simple:
        query["simple"] = ["1"]
    return query


def from_query(
    query: Mapping[str, Sequence[str]], start: Comparison, *, prompts: int
) -> tuple[Comparison, tuple[str, ...]]:
    """The comparison that an address describes, with a sentence for each value that was repaired.

    Parameters
    ----------
    query
        Parameters of the address, each a list of values.
    start
        What stands where the address says nothing.
    prompts
        Number of ready-made prompts.
    """
    notes: list[str] = []
    policies: list[ChatPolicy] = []
    for text in list(query.get("col", ()))[:MAX_SHOWN]:
        try:
            policies.append(parse_policy(str(text)[:500]))
        except InvalidInputError as error:
            notes.append(str(error))
    settings = ChatSettings(
        seed=_whole(query, "seed", start.settings.seed, 0, 2**31 - 1, notes),
        max_tokens=_whole(query, "tokens", start.settings.max_tokens, 1, MAX_TOKENS, notes),
        temperature=_number(query, "temp", start.settings.temperature, 0.0, 5.0, notes),
    )
    prompt = _whole(query, "prompt", -1, -1, prompts - 1, notes)
    shown = tuple(policies) or start.policies
    blind = _one(query, "blind") == "1" and len(shown) == 2
    return (
        Comparison(
            shown,
            settings,
            prompt_id=prompt if prompt >= 0 else None,
            blind=blind,
            simple=_one(query, "simple") == "1",
        ),
        tuple(notes),
    )


def _one(query: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = list(query.get(name, ()))
    return str(values[-1]) if values else None


def _number(
    query: Mapping[str, Sequence[str]], name: str, otherwise: float, low: float, high: float, notes: list[str]
) -> float:
    text = _one(query, name)
    if text is None:
        return otherwise
    try:
        value = float(text[:40])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        notes.append(f"'{name}' in this link is not a finite number; it was left out.")
        return otherwise
    if not low <= value <= high:
        notes.append(f"'{name}' in this link was moved into {low:g} to {high:g}.")
    return min(max(value, low), high)


def _whole(
    query: Mapping[str, Sequence[str]], name: str, otherwise: int, low: int, high: int, notes: list[str]
) -> int:
    return int(_number(query, name, otherwise, low, high, notes))
