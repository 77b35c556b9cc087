"""What a policy does, judged from the reference's replies by importance weights: no reply is generated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class OffPolicy:
    """Expectations under a policy from the reference's replies, with standard errors over prompts.

    Attributes
    ----------
    reward_gain : float
        E_pi[r] - E_ref[r], reward units.
    utility_gains : (m,)
        E_pi[g] - E_ref[g], utility units.
    kl : float
        KL(pi || reference), nats.
    lagrangian : float
        reward_gain + <lam, utility_gains> - beta kl, reward units: what the training maximises, 0 for the
        reference.
    *_error : as above
        Standard errors over prompts.
    ess : float
        Median effective replies a prompt; estimates with few are too good, as those of the best of a few are.
    """

    reward_gain: float
    utility_gains: Array
    kl: float
    lagrangian: float
    reward_gain_error: float
    utility_gains_error: Array
    kl_error: float
    lagrangian_error: float
    ess: float
    n_prompts: int
    n_replies: int


def off_policy(
    rewards: npt.ArrayLike,
    utilities: npt.ArrayLike,
    log_ratios: npt.ArrayLike,
    *,
    multipliers: npt.ArrayLike,
    beta: float,
    reward_weight: float = 1.0,
) -> OffPolicy:
    """Self-normalised importance estimates of a policy's expectations.

    Parameters
    ----------
    rewards : (P, I)
    utilities : (P, I, m)
    log_ratios : (P, I)
        ln pi(y|x) - ln ref(y|x) of replies drawn from the reference, nats; nan where a reply is not used.
    multipliers : (m,)
    beta
        Reward units per nat.
    reward_weight
        1, or 0 where the reward is ignored.

    Raises
    ------
    InvalidInputError
        A prompt without a reply.

    Notes
    -----
    Within a prompt, w = exp(log_ratio) / sum and KL = sum w (log_ratio - ln mean exp log_ratio), which is at least
    0. The sampler's uniform draws make the weights; with I replies KL cannot pass ln I.
    """
    r, g = np.asarray(rewards, np.float64), np.asarray(utilities, np.float64)
    ratios, lam = np.asarray(log_ratios, np.float64), np.asarray(multipliers, np.float64)
    used = np.isfinite(ratios)
    counts = used.sum(axis=1)
    if (counts == 0).any():
        raise InvalidInputError(
            f"prompt {int(np.argmin(counts))} has no reply with a log-ratio: score at least one."
        )
    top = np.where(used, ratios, -np.inf).max(axis=1, keepdims=True)
    weights = np.where(used, np.exp(np.where(used, ratios, top) - top), 0.0)
    total = weights.sum(axis=1, keepdims=True)
    log_mean = (top + np.log(total) - np.log(counts[:, None]))[:, 0]
    w = weights / total
    even = used / counts[:, None]
    reward = ((w - even) * r).sum(axis=1)
    utility = ((w - even)[..., None] * g).sum(axis=1)
    kl = (w * np.where(used, ratios, 0.0)).sum(axis=1) - log_mean
    lagrangian = reward_weight * reward + utility @ lam - beta * kl

    def error(values: Array) -> Array:
        return np.asarray(values.std(axis=0, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan)

    return OffPolicy(
        reward_gain=float(reward.mean()),
        utility_gains=utility.mean(axis=0),
        kl=float(kl.mean()),
        lagrangian=float(lagrangian.mean()),
        reward_gain_error=float(error(reward)),
        utility_gains_error=np.atleast_1d(error(utility)),
        kl_error=float(error(kl)),
        lagrangian_error=float(error(lagrangian)),
        ess=float(np.median(1.0 / (w**2).sum(axis=1))),
        n_prompts=len(r),
        n_replies=int(counts.max()),
    )


def reward_margin(scores: npt.ArrayLike, log_ratios: npt.ArrayLike, *, beta: float) -> tuple[float, float]:
    """How far a policy sets the better of two replies of a prompt apart, reward units, and its standard error.

    beta (ln pi/ref of the better reply - of the other), meaned over all pairs of a prompt and over prompts; 0 for
    the reference, the mean score difference for the exact maximiser. ``scores`` and ``log_ratios`` are (P, I), nan
    where a reply is not used.
    """
    values, ratios = np.asarray(scores, np.float64), np.asarray(log_ratios, np.float64)
    found = []
    for score, ratio in zip(values, ratios, strict=True):
        used = np.isfinite(ratio) & np.isfinite(score)
        first, second = np.triu_indices(int(used.sum()), 1)
        if first.size:
            sign = np.sign(score[used][first] - score[used][second])
            found.append(beta * float(np.mean(sign * (ratio[used][first] - ratio[used][second]))))
    if not found:
        raise InvalidInputError("no prompt has two replies with a log-ratio: score at least two.")
    error = float(np.std(found, ddof=1) / np.sqrt(len(found))) if len(found) > 1 else float("nan")
    return float(np.mean(found)), error
