"""The policies that can be talked to, and their one-line ids (for links, votes and exports)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from dualign.errors import InvalidInputError

MAX_CANDIDATES = 64


@dataclass(frozen=True, kw_only=True)
class ReferencePolicy:
    """pi_ref itself."""


@dataclass(frozen=True, kw_only=True)
class AdapterPolicy:
    """A trained policy: an adapter on the reference.

    Parameters
    ----------
    name : str
        As listed by `dualign.models.policies.list_policies`.
    """

    name: str


@dataclass(frozen=True, kw_only=True)
class ResampledPolicy:
    """One of I replies of the reference, chosen with the weights of pi_lam: exact as I grows.

    Parameters
    ----------
    multipliers : mapping of str to float
        lam by scorer name, reward per utility.
    beta : float
        Strength of the KL penalty, reward units per nat.
    candidates : int
        I, at most 64.
    reward : str
        Name of the scorer that is the reward.
    best : bool
        The limit beta -> 0: the reply of largest r + <lam, g> (best-of-I).

    References
    ----------
    Huang et al. 2024, eq. (6): pi_lam is proportional to pi_ref exp((r + <lam, h>) / beta). What is the
    same for every reply to a prompt (baseline, threshold) leaves the weights as they are.
    """

    multipliers: Mapping[str, float] = field(default_factory=lambda: {"harmless": 0.0})
    beta: float = 0.5
    candidates: int = 16
    reward: str = "helpful"
    best: bool = False

    def __post_init__(self) -> None:
        _positive("beta", self.beta)
        _finite(self.multipliers)
        if not self.multipliers:
            raise InvalidInputError("A resampled policy needs a multiplier for at least one scorer.")
        if not 1 <= self.candidates <= MAX_CANDIDATES:
            raise InvalidInputError(
                f"A resampled policy draws 1 to {MAX_CANDIDATES} candidates, not {self.candidates}."
            )


@dataclass(frozen=True, kw_only=True)
class MixedPolicy:
    """Log-probabilities of pre-aligned adapters mixed token by token (PeCAN's models, no training at lam).

    Each token is drawn from log pi_ref + w_r log(pi_r/pi_ref) + sum_j lam_j w_j log(pi_j/pi_ref), normalised;
    w = (beta of that adapter) / beta. The mixture is normalised per token and pi_lam per reply, so that the
    two differ where an early token decides what later ones are worth.

    Parameters
    ----------
    reward : str
        Adapter aligned to the reward alone.
    multipliers : mapping of str to float
        lam by the adapter aligned to one utility alone.
    beta : float, optional
        That of pi_lam; the reward adapter's own by default.
    """

    reward: str
    multipliers: Mapping[str, float]
    beta: float | None = None

    def __post_init__(self) -> None:
        _finite(self.multipliers)
        if self.beta is not None:
            _positive("beta", self.beta)


@dataclass(frozen=True, kw_only=True)
class InterpolatedPolicy:
    """Adapters added in weight space: the reference's weights plus sum_k weight_k delta_k.

    Weights (1 - t, t) go straight from one adapter to the other; one adapter with weight t goes from the
    reference to it.
    """

    weights: Mapping[str, float]

    def __post_init__(self) -> None:
        _finite(self.weights)
        if not self.weights:
            raise InvalidInputError("An interpolated policy needs at least one adapter and its weight.")


ChatPolicy = ReferencePolicy | AdapterPolicy | ResampledPolicy | MixedPolicy | InterpolatedPolicy


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise InvalidInputError(f"{name} must be above 0 and finite, not {value!r}.")


def _finite(values: Mapping[str, float]) -> None:
    for name, value in values.items():
        if not math.isfinite(value):
            raise InvalidInputError(f"The number for '{name}' is {value!r}: give a finite one.")


def policy_id(policy: ChatPolicy) -> str:
    """One line that `parse_policy` turns back into the policy: ``kind?key=value&...``."""
    pairs: list[tuple[str, str]]
    match policy:
        case ReferencePolicy():
            return "reference"
        case AdapterPolicy():
            kind, pairs = "adapter", [("name", policy.name)]
        case ResampledPolicy():
            kind = "best" if policy.best else "resampled"
            pairs = [
                ("reward", policy.reward),
                ("beta", repr(float(policy.beta))),
                ("n", str(policy.candidates)),
            ]
            pairs += _numbers("lam", policy.multipliers)
        case MixedPolicy():
            kind, pairs = "mixed", [("reward", policy.reward)]
            if policy.beta is not None:
                pairs.append(("beta", repr(float(policy.beta))))
            pairs += _numbers("lam", policy.multipliers)
        case InterpolatedPolicy():
            kind, pairs = "interpolated", _numbers("w", policy.weights)
    return f"{kind}?{urlencode(pairs)}"


def _numbers(prefix: str, values: Mapping[str, float]) -> list[tuple[str, str]]:
    return [(f"{prefix}.{name}", repr(float(value))) for name, value in values.items()]


def parse_policy(text: str) -> ChatPolicy:
    """The policy of an id written by `policy_id`.

    Raises
    ------
    InvalidInputError
        An unknown kind or key, or a value out of range.
    """
    kind, _, query = text.partition("?")
    given = dict(parse_qsl(query))
    try:
        policy = _parsed(kind, given)
    except (KeyError, ValueError) as error:
        if isinstance(error, InvalidInputError):
            raise
        raise InvalidInputError(f"The policy '{text[:200]}' cannot be read: {error}.") from error
    if given:
        raise InvalidInputError(f"The policy '{text[:200]}' has unknown keys {', '.join(sorted(given))}.")
    return policy


def _parsed(kind: str, given: dict[str, str]) -> ChatPolicy:
    """Policy of a kind; takes what it reads out of ``given``."""

    def take(prefix: str) -> dict[str, float]:
        keys = [key for key in given if key.startswith(prefix + ".")]
        return {key.removeprefix(prefix + "."): float(given.pop(key)) for key in keys}

    match kind:
        case "reference":
            return ReferencePolicy()
        case "adapter":
            return AdapterPolicy(name=given.pop("name"))
        case "resampled" | "best":
            return ResampledPolicy(
                reward=given.pop("reward", "helpful"),
                beta=float(given.pop("beta", "0.5")),
                candidates=int(given.pop("n", "16")),
                multipliers=take("lam"),
                best=kind == "best",
            )
        case "mixed":
            beta = given.pop("beta", None)
            return MixedPolicy(
                reward=given.pop("reward"),
                multipliers=take("lam"),
                beta=None if beta is None else float(beta),
            )
        case "interpolated":
            return InterpolatedPolicy(weights=take("w"))
    raise InvalidInputError(
        f"'{kind[:80]}' is no kind of policy: use reference, adapter, resampled, best, mixed or interpolated."
    )
