"""What is compared: which policies, how replies are drawn, and how a link says it. Nothing here knows Streamlit."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dualign.errors import InvalidInputError
from dualign.models.chat import (
    MAX_TOKENS,
    AdapterPolicy,
    ChatPolicy,
    ChatSettings,
    InterpolatedPolicy,
    MixedPolicy,
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
    query: Mapping[str, Sequence[str]],
    start: Comparison,
    *,
    prompts: int,
    known: Collection[str] | None = None,
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
    known
        Names of the stored policies; a column that needs another one is left out. None asks for nothing.
    """
    notes: list[str] = []
    policies: list[ChatPolicy] = []
    for text in list(query.get("col", ()))[:MAX_SHOWN]:
        try:
            policy = parse_policy(str(text)[:500])
        except InvalidInputError as error:
            notes.append(str(error))
            continue
        absent = [name for name in _needed(policy) if known is not None and name not in known]
        if absent:
            notes.append(
                f"The policy '{absent[0][:80]}' in this link is not stored here; its column was left out."
            )
        else:
            policies.append(policy)
    settings = ChatSettings(
        seed=_whole(query, "seed", start.settings.seed, 0, 2**31 - 1, notes),
        max_tokens=_whole(query, "tokens", start.settings.max_tokens, 1, MAX_TOKENS, notes),
        temperature=_number(query, "temp", start.settings.temperature, 0.0, 5.0, notes),
    )
    prompt = _prompt(query, prompts, notes)
    shown = tuple(policies) or start.policies
    blind = _one(query, "blind") == "1"
    if blind and len(shown) != 2:
        notes.append(f"A blind round has two columns, and this link names {len(shown)}; it opens with names.")
        blind = False
    return (
        Comparison(
            shown,
            settings,
            prompt_id=prompt,
            blind=blind,
            simple=_one(query, "simple") == "1",
        ),
        tuple(notes),
    )


def _needed(policy: ChatPolicy) -> tuple[str, ...]:
    """Stored policies that one is made of."""
    match policy:
        case AdapterPolicy():
            return (policy.name,)
        case MixedPolicy():
            return (policy.reward, *policy.multipliers)
        case InterpolatedPolicy():
            return tuple(policy.weights)
    return ()


def _prompt(query: Mapping[str, Sequence[str]], prompts: int, notes: list[str]) -> int | None:
    """Number of a ready-made prompt; None where the address names none that there is: another would be a surprise."""
    text = _one(query, "prompt")
    if text is None:
        return None
    if text.isascii() and text.isdigit() and int(text[:9]) < prompts:
        return int(text[:9])
    notes.append(
        f"There is no ready-made prompt '{text[:20]}': they go from 0 to {prompts - 1}. None was sent."
    )
    return None


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
