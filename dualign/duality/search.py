"""What the searches for lam* share: the samples as they see them, the residual, and where they ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dualign.duality.centred import Centred
from dualign.duality.kernels import Tilt, tilt
from dualign.duality.problem import AlignmentProblem

Array = npt.NDArray[np.float64]
WORTH_A_PART = 512
"""Below this many prompts a part of them costs as much as all: the calls outweigh the arithmetic."""
PART = 8
"""One prompt in so many makes the part that the start is found on."""


def kkt_residual(multipliers: Array, slack: Array, scale: Array, beta: float) -> float:
    """max_j |min(lam_j s_j / beta, slack_j / s_j)|: zero at lam* and nowhere else; no unit.

    s_j is the within-prompt standard deviation of utility j under the reference (1 where that is 0), so
    that lam_j s_j / beta is the tilt in standard deviations and slack_j / s_j the shortfall in them.
    """
    safe = np.where(scale > 0, scale, 1.0)
    return float(np.abs(np.minimum(multipliers * safe / beta, slack / safe)).max())


@dataclass
class View:
    """All prompts, or a part, at some beta; counts its passes and keeps the multipliers of each."""

    centred: Centred
    reference_slack: Array
    beta: float
    scale: Array
    path: list[Array] = field(default_factory=list)

    @classmethod
    def whole(cls, problem: AlignmentProblem) -> View:
        """Every prompt of the problem."""
        data = problem.samples.centred
        return cls(data, problem.reference_slack, problem.beta, data.scale)

    def part(self) -> View:
        """One prompt in ``PART``, sharing the path.

        The ceiling of all prompts is known and that of the part differs by chance. Near the ceiling a
        prompt's tilted mean moves with its ceiling, near the reference it does not: the difference enters
        by the share of the way that the thresholds ask for.
        """
        data = self.centred.part(PART)
        away = np.clip(
            -self.reference_slack / np.where(self.centred.ceiling > 0, self.centred.ceiling, 1.0), 0, 1
        )
        shift = away * (self.centred.ceiling - data.ceiling)
        return replace(self, centred=data, reference_slack=self.reference_slack + shift)

    def evaluate(self, lam: Array, *, order: int = 2) -> Tilt:
        """D, slack and derivatives at ``lam``; one pass."""
        self.path.append(lam)
        return tilt(self.centred, self.reference_slack, self.beta, lam, order=order, with_reward=order == 1)

    def residual(self, lam: Array, slack: Array) -> float:
        """KKT residual on this view."""
        return kkt_residual(lam, slack, self.scale, self.beta)


@dataclass(frozen=True, eq=False)
class Search:
    """Where a search ended: multipliers, the order-1 pass at them, residual, and every pass on the way.

    ``variance`` is the least of any mixture of the binding constraints under the tilted policy, within prompts
    and in squared spreads of the reference: next to nothing where the policy has run into a ceiling. Infinite
    where it was not computed.
    """

    multipliers: Array
    at: Tilt
    residual: float
    path: list[Array]
    variance: float = np.inf
