"""Which policies a column can show, and what they are called: in symbols, and in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dualign.models.chat import (
    AdapterPolicy,
    ChatPolicy,
    InterpolatedPolicy,
    MixedPolicy,
    ReferencePolicy,
    ResampledPolicy,
)
from dualign.models.policies import PolicySpec
from dualign.ui.chat.landscape import Landscape
from dualign.ui.texts import number

Kind = Literal["reference", "resampled", "best", "mixed", "interpolated", "adapter"]
CANDIDATES = 16


@dataclass(frozen=True)
class Option:
    """An entry of a column's list."""

    kind: Kind
    name: str = ""

    @property
    def key(self) -> str:
        """Text that the list is keyed by."""
        return f"{self.kind}:{self.name}" if self.name else self.kind


def options(specs: Mapping[str, PolicySpec]) -> list[Option]:
    """What can be chosen: the live policies first, then what was trained."""
    found = [Option("reference"), Option("resampled"), Option("best")]
    if pre_aligned(specs) is not None:
        found.append(Option("mixed"))
    if specs:
        found.append(Option("interpolated"))
    return found + [Option("adapter", name) for name in specs]


def pre_aligned(specs: Mapping[str, PolicySpec]) -> tuple[str, dict[str, str]] | None:
    """The adapter aligned to the reward alone and, by utility, those aligned to one utility alone; None if missing."""
    rewards = [n for n, s in specs.items() if s.reward and not any(s.multipliers.values())]
    utilities = {
        next(u for u, lam in spec.multipliers.items() if lam): name
        for name, spec in specs.items()
        if not spec.reward and sum(1 for lam in spec.multipliers.values() if lam) == 1
    }
    return (rewards[0], utilities) if rewards and utilities else None


def option_of(policy: ChatPolicy) -> Option:
    """The entry that a policy belongs to."""
    match policy:
        case ReferencePolicy():
            return Option("reference")
        case ResampledPolicy():
            return Option("best" if policy.best else "resampled")
        case MixedPolicy():
            return Option("mixed")
        case InterpolatedPolicy():
            return Option("interpolated")
        case AdapterPolicy():
            return Option("adapter", policy.name)


def policy_of(option: Option, lam: float, land: Landscape, specs: Mapping[str, PolicySpec]) -> ChatPolicy:
    """The policy that an entry starts with, at lam where it has one."""
    match option.kind:
        case "resampled" | "best":
            return ResampledPolicy(
                multipliers={land.utility_name: lam},
                beta=land.beta,
                reward=land.reward_name,
                candidates=CANDIDATES,
                best=option.kind == "best",
            )
        case "mixed":
            found = pre_aligned(specs)
            if found is not None:
                reward, utilities = found
                name = utilities.get(land.utility_name, next(iter(utilities.values())))
                return MixedPolicy(reward=reward, multipliers={name: lam}, beta=land.beta)
        case "interpolated":
            names = list(specs)
            weights = {names[0]: 0.5, names[1]: 0.5} if len(names) > 1 else {names[0]: 0.5}
            return InterpolatedPolicy(weights=weights)
        case "adapter":
            return AdapterPolicy(name=option.name)
    return ReferencePolicy()


def lam_of(policy: ChatPolicy) -> float | None:
    """lam of a live policy; None for one that has no slider for it."""
    if isinstance(policy, ResampledPolicy | MixedPolicy) and policy.multipliers:
        return float(next(iter(policy.multipliers.values())))
    return None


def with_lam(policy: ChatPolicy, lam: float) -> ChatPolicy:
    """A live policy moved along lam; any other as it is."""
    if isinstance(policy, ResampledPolicy | MixedPolicy) and policy.multipliers:
        first, *_ = policy.multipliers
        return replace(policy, multipliers={**policy.multipliers, first: lam})
    return policy


def option_title(option: Option, specs: Mapping[str, PolicySpec], *, simple: bool) -> str:
    """An entry's words."""
    if option.kind == "adapter":
        spec = specs.get(option.name)
        if simple and spec is not None:
            return _plain_title(spec)
        return (spec.title if spec is not None else "") or option.name
    plain = {
        "reference": "The original",
        "resampled": "Adjustable",
        "best": "Adjustable, always the top one",
        "mixed": "Adjustable, word by word",
        "interpolated": "Between two trained models",
    }
    exact = {
        "reference": "Reference",
        "resampled": "Any λ: resampled",
        "best": "Any λ: best of I",
        "mixed": "Any λ: adapters mixed per token",
        "interpolated": "Between adapters",
    }
    return (plain if simple else exact)[option.kind]


def title(policy: ChatPolicy, land: Landscape, specs: Mapping[str, PolicySpec], *, simple: bool) -> str:
    """A policy's name as a heading says it."""
    if simple:
        return _simple_title(policy, land, specs)
    match policy:
        case ReferencePolicy():
            return "Reference"
        case ResampledPolicy():
            words = f"best of {policy.candidates}" if policy.best else f"{policy.candidates} resampled"
            return f"λ = {_lam(policy, land)}, {words}"
        case MixedPolicy():
            return f"λ = {_lam(policy, land)}, mixed per token"
        case InterpolatedPolicy():
            names = [option_title(Option("adapter", name), specs, simple=False) for name in policy.weights]
            shares = [
                f"{number(weight, 2)} {name}"
                for weight, name in zip(policy.weights.values(), names, strict=True)
            ]
            return " + ".join(shares)
    return option_title(option_of(policy), specs, simple=False)


def _lam(policy: ChatPolicy, land: Landscape) -> str:
    lam = lam_of(policy) or 0.0
    star = "*" if land.best > 0 and abs(lam - land.best) <= 1e-9 * max(1.0, land.best) else ""
    return f"{number(lam)}" + (" = λ" + star if star else "")


def _simple_title(policy: ChatPolicy, land: Landscape, specs: Mapping[str, PolicySpec]) -> str:
    if isinstance(policy, ReferencePolicy):
        return "The original"
    lam = lam_of(policy)
    if lam is not None:
        how = ", word by word" if isinstance(policy, MixedPolicy) else ""
        if isinstance(policy, ResampledPolicy) and policy.best:
            how = ", always the top draft"
        if lam <= 0:
            return f"As helpful as it gets{how}"
        if land.best > 0 and lam < 0.75 * land.best:
            return f"Leaning helpful{how}"
        if land.best > 0 and lam <= 1.25 * land.best:
            return f"Balanced{how}"
        return f"Leaning careful{how}"
    return option_title(option_of(policy), specs, simple=True)


_ROUNDS = {"mocaid", "pecaid"}
_ADJECTIVES = {
    "harmless": "careful",
    "harmlessness": "careful",
    "helpfulness": "helpful",
    "humor": "humorous",
}


def adjective(score: str) -> str:
    """What a reply is more of that has more of a score, in plain words."""
    return _ADJECTIVES.get(score, score)


def _plain_title(spec: PolicySpec) -> str:
    """A trained policy's name without a symbol: what it was asked for, and how where two differ by it alone."""
    how = " in rounds" if spec.method in _ROUNDS else " from two others" if spec.method == "pecan" else ""
    if spec.thresholds and spec.form == "improvement":
        asked = " and ".join(
            f"{'more' if value >= 0 else 'less'} {adjective(name)} by {abs(value):.2g}"
            for name, value in spec.thresholds.items()
        )
        return f"Trained{how} to be {asked}"
    priced = [adjective(name) for name, price in spec.multipliers.items() if price]
    if not spec.reward and priced:
        return f"Trained{how} to be {' and '.join(priced)} alone"
    if spec.reward and not priced:
        return f"Trained{how} to be {adjective(spec.reward)} alone"
    return f"Trained{how}, {spec.name}"


def start_policies(land: Landscape, specs: Mapping[str, PolicySpec]) -> Sequence[ChatPolicy]:
    """The columns that the page opens with, and what further columns take: the reference, λ*, λ = 0, twice λ*."""
    live = Option("resampled")
    lams = [land.best or land.top / 2, 0.0, min(land.top, 2 * (land.best or land.top / 2))]
    return [ReferencePolicy(), *(policy_of(live, lam, land, specs) for lam in lams)]
