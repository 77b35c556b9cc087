"""Where each column's policy sits, and what it gives up for it: in figures, and in plain words. No Streamlit."""

from __future__ import annotations

from collections.abc import Mapping

from dualign.models.chat import (
    AdapterPolicy,
    ChatPolicy,
    InterpolatedPolicy,
    MixedPolicy,
    ReferencePolicy,
    ResampledPolicy,
)
from dualign.models.policies import PolicySpec
from dualign.ui.chat.catalogue import CANDIDATES, adjective
from dualign.ui.chat.landscape import UNKNOWN, Landscape, Spot, multiplier_of
from dualign.ui.chat.measured import measured_spot

_STILL = 5e-3


def spot_of(policy: ChatPolicy, land: Landscape, specs: Mapping[str, PolicySpec]) -> Spot:
    """Where a policy sits, by the best that is known of it: what was measured, what follows from samples, or nothing.

    A mixture by tokens and adapters added beyond their ends were never measured, and the exact tilted policy says
    nothing of them.
    """
    match policy:
        case ReferencePolicy():
            return land.spot(None)
        case ResampledPolicy():
            lam = float(policy.multipliers.get(land.utility_name, 0.0))
            return land.resampled(lam, policy.candidates, best=policy.best)
        case AdapterPolicy():
            return _trained(policy.name, land, specs)
        case InterpolatedPolicy():
            return _between(policy, land, specs)
        case MixedPolicy():
            return UNKNOWN
    return UNKNOWN


def _trained(name: str, land: Landscape, specs: Mapping[str, PolicySpec]) -> Spot:
    if name not in specs:
        return UNKNOWN
    found = measured_spot(specs[name], land)
    if found is not None:
        return found
    lam = multiplier_of(AdapterPolicy(name=name), land.utility_name, specs)
    return land.spot(lam if lam is not None else 0.0)


def _between(policy: InterpolatedPolicy, land: Landscape, specs: Mapping[str, PolicySpec]) -> Spot:
    """Adapters added with shares of at most 1 in all: between what they were measured at; an end is that adapter."""
    shares = {name: weight for name, weight in policy.weights.items() if weight}
    if not shares:
        return land.spot(None)
    if list(shares.values()) == [1.0]:
        return _trained(next(iter(shares)), land, specs)
    found = {name: measured_spot(specs[name], land) for name in shares if name in specs}
    ends = [(shares[name], spot) for name, spot in found.items() if spot is not None]
    if len(ends) < len(shares) or min(shares.values()) < 0 or sum(shares.values()) > 1 + 1e-9:
        return UNKNOWN
    ends.append((1 - sum(shares.values()), land.spot(None)))

    def mean(name: str) -> float:
        return sum(share * float(getattr(spot, name)) for share, spot in ends)

    return Spot(mean("reward"), mean("utility"), mean("reward_rank"), mean("utility_rank"), "between")


def most_helpful(policy: ChatPolicy, land: Landscape) -> Spot:
    """The policy of the same kind at lam = 0; for one without lam, the resampled one."""
    if isinstance(policy, ResampledPolicy):
        return land.resampled(0.0, policy.candidates, best=policy.best)
    return land.resampled(0.0, CANDIDATES)


def gives_up(spot: Spot, reference: Spot, free: Spot, land: Landscape, *, simple: bool) -> str:
    """What a setting gains and gives up against the reference, in one sentence with numbers.

    ``free`` is where its kind sits when care has no weight (`most_helpful`).
    """
    if not spot.known:
        return (
            "Nobody has measured what this one gains and gives up: its answers have to speak for it."
            if simple
            else "not measured, and no forecast holds for it: read its replies and their scores"
        )
    gain, loss = spot.utility - reference.utility, spot.reward - reference.reward
    if spot.basis == "reference" or max(abs(gain), abs(loss)) < _STILL:
        return (
            "This is the model as it came. The others are compared with its answers."
            if simple
            else "the model as it came: the others' figures are against it"
        )
    if simple:
        careful, helpful = adjective(land.utility_name), adjective(land.reward_name)
        typical = (
            f"Here a typical answer is more {careful} than {spot.utility_rank:.0f} of 100 answers of the original, "
            f"and more {helpful} than {spot.reward_rank:.0f} of 100."
        )
        return f"{typical} {_given(spot, free)}{_hedge(spot)}"
    source = {
        "expected": "expected",
        "predicted": "predicted for the exact policy at its λ, not measured",
        "measured": "measured",
        "between": "a guess, between what its adapters were measured at",
    }[spot.basis]
    return (
        f"{source}: {land.utility_name} {_signed(gain)}, {land.reward_name} {_signed(loss)} against the reference "
        f"(ranks {spot.utility_rank:.0f} and {spot.reward_rank:.0f} of 100)"
    )


def _hedge(spot: Spot) -> str:
    return {
        "predicted": " Nobody has measured it yet: this is a forecast.",
        "between": " This is a guess, between what the two were measured at.",
    }.get(spot.basis, "")


def _given(spot: Spot, free: Spot) -> str:
    lost = free.reward_rank - spot.reward_rank
    if spot.utility_rank < 48:
        return f"It gives up {50 - spot.utility_rank:.0f} places of care."
    if lost > 1:
        return f"Against the most helpful setting it gives up {lost:.0f} places of helpfulness."
    return "It gives up next to nothing."


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
