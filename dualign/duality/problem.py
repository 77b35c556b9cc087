"""Scored samples and the alignment problem on them: what every other function of duality takes.

Signs: rewards and utilities are better when larger; a constraint holds when its slack is >= 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from dualign.duality.centred import Centred, centre
from dualign.duality.checks import (
    floats,
    frozen,
    group_labels,
    mean_one_exposure,
    normalised_log_weights,
    normalised_prompt_weights,
    require_finite,
)
from dualign.errors import InvalidInputError

Array = npt.NDArray[np.float64]
Form = Literal["improvement", "absolute"]
LARGEST = 1e60
"""Scores and beta lie within this and its inverse, so that fourth moments stay inside float64."""


@dataclass(frozen=True, eq=False)
class ScoredSamples:
    """Responses of the reference to a set of prompts, with a reward and utilities for each.

    Prompts may have different numbers of responses: arrays are padded to the longest, and absent
    responses carry a log weight of -inf; their scores are not read and are stored as 0.

    Parameters
    ----------
    rewards : (P, I)
        Reward units.
    utilities : (P, I, m)
        Utility units, larger is better; kept so that each utility is contiguous.
    names
        The m names of the utilities, distinct.
    log_weights : (P, I) or None
        Log importance weights with respect to the reference, -inf where there is no response; normalised
        within each prompt on construction. None: all responses weigh the same.
    prompt_weights : (P,) or None
        Non-negative, normalised on construction. None: uniform.
    groups : (P,) or None
        Label of each prompt's group.
    exposure : (P, m) or None
        How much each prompt counts for each utility: what a threshold asks of it, in thresholds, with mean 1
        over prompts. A per-group utility counts the prompts of its group alone. None: all alike.

    Raises
    ------
    InvalidInputError
        Shapes that do not fit, NaN or inf, names that repeat, negative or all-zero weights, or a prompt
        without a response.
    """

    rewards: Array
    utilities: Array
    names: tuple[str, ...]
    log_weights: Array | None = None
    prompt_weights: Array | None = None
    groups: tuple[str, ...] | None = None
    exposure: Array | None = None

    def __post_init__(self) -> None:
        rewards = floats(self.rewards, "rewards")
        if rewards.ndim != 2 or 0 in rewards.shape:
            raise InvalidInputError(
                f"rewards have shape {rewards.shape}: give one row per prompt and one column per response."
            )
        names = (self.names,) if isinstance(self.names, str) else tuple(str(name) for name in self.names)
        utilities = floats(self.utilities, "utilities")
        if utilities.ndim != 3 or utilities.shape != (*rewards.shape, len(names)) or not names:
            raise InvalidInputError(
                f"utilities have shape {utilities.shape}, but {(*rewards.shape, len(names))} is needed for "
                f"rewards of shape {rewards.shape} and {len(names)} named utilities (at least one)."
            )
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidInputError(
                f"utility '{twice[0]}' is named {names.count(twice[0])} times: rename one."
            )
        log_weights, present = normalised_log_weights(self.log_weights, rewards.shape)
        # Each utility contiguous: the passes read one utility at a time, row by row.
        planes = np.array(np.moveaxis(utilities, 2, 0), order="C")
        rewards = np.array(rewards, order="C")
        if present is not None:
            rewards[~present] = 0.0
            planes[:, ~present] = 0.0
        require_finite(rewards, "rewards")
        for plane, name in zip(planes, names, strict=True):
            require_finite(plane, f"utility '{name}'")
        set_field = object.__setattr__
        set_field(self, "rewards", frozen(rewards))
        set_field(self, "utilities", np.moveaxis(frozen(planes), 0, 2))
        set_field(self, "names", names)
        set_field(self, "log_weights", log_weights)
        set_field(self, "prompt_weights", normalised_prompt_weights(self.prompt_weights, len(rewards)))
        set_field(self, "groups", group_labels(self.groups, len(rewards)))
        set_field(
            self,
            "exposure",
            mean_one_exposure(self.exposure, self.prompt_weights, (len(rewards), len(names))),
        )

    @classmethod
    def from_ragged(
        cls,
        rewards: Sequence[npt.ArrayLike],
        utilities: Sequence[npt.ArrayLike],
        names: Sequence[str],
        *,
        log_weights: Sequence[npt.ArrayLike] | None = None,
        prompt_weights: npt.ArrayLike | None = None,
        groups: Sequence[str] | None = None,
    ) -> ScoredSamples:
        """Samples from one array per prompt: rewards (I_p,), utilities (I_p, m), log weights (I_p,).

        Raises
        ------
        InvalidInputError
            As the constructor; also where a prompt's arrays differ in length.
        """
        names = tuple(names)
        counts = [np.shape(row)[0] if np.ndim(row) == 1 else -1 for row in rewards]
        lists = {"utilities": utilities} | ({} if log_weights is None else {"log weights": log_weights})
        for what, rows in lists.items():
            if len(rows) != len(counts):
                raise InvalidInputError(
                    f"{what} cover {len(rows)} prompts and rewards {len(counts)}: give both for each."
                )
        if not counts or min(counts) < 1:
            where = int(np.argmin(counts)) if counts else 0
            raise InvalidInputError(
                f"prompt {where} has no response: leave the prompt out or add a response."
            )
        width = max(counts)
        padded = np.zeros((len(counts), width))
        planes = np.zeros((len(counts), width, len(names)))
        logs = np.full((len(counts), width), -np.inf)
        for p, count in enumerate(counts):
            block = floats(utilities[p], "utilities").reshape((*np.shape(utilities[p])[:1], -1))
            own = np.zeros(count) if log_weights is None else floats(log_weights[p], "log weights")
            if block.shape != (count, len(names)) or own.shape != (count,):
                raise InvalidInputError(
                    f"prompt {p} has {count} rewards, but utilities of shape {block.shape} and "
                    f"{own.shape[0] if own.ndim else 0} log weights: give {(count, len(names))} and {count}."
                )
            padded[p, :count], planes[p, :count], logs[p, :count] = floats(rewards[p], "rewards"), block, own
        equal = log_weights is None and min(counts) == width
        return cls(padded, planes, names, None if equal else logs, prompt_weights, groups)  # type: ignore[arg-type]

    @property
    def n_prompts(self) -> int:
        """Number of prompts, P."""
        return self.rewards.shape[0]

    @property
    def n_responses(self) -> int:
        """Largest number of responses to a prompt, I."""
        return self.rewards.shape[1]

    @property
    def n_constraints(self) -> int:
        """Number of utilities, m."""
        return len(self.names)

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """Responses of each prompt, (P,)."""
        if self.log_weights is None:
            return np.full(self.n_prompts, self.n_responses)
        return np.asarray((self.log_weights > -np.inf).sum(axis=1))

    @cached_property
    def centred(self) -> Centred:
        """Scores less their reference mean per prompt: what every pass reads.

        Raises
        ------
        InvalidInputError
            Scores so large or so close together that their moments leave float64.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            found = centre(
                self.rewards, np.moveaxis(self.utilities, 2, 0), self.log_weights, self.prompt_weights
            )
        sizes = [np.abs(found.reward_means).max(), *np.abs(found.utility_means).max(axis=0)]
        spans = [found.reward_span, *found.utility_spans]
        for name, size, span in zip(("reward", *self.names), sizes, spans, strict=True):
            if not max(size, span) <= LARGEST:
                raise InvalidInputError(
                    f"the scores of '{name}' are too large (beyond {LARGEST:.0e}): divide them by a power of ten."
                )
            if 0 < span < 1 / LARGEST:
                raise InvalidInputError(
                    f"the scores of '{name}' differ by no more than {span:.1e} within prompts: multiply them by a "
                    "power of ten."
                )
        return found

    @property
    def baseline(self) -> Array:
        """E_ref[g], utility units, (m,)."""
        return self.centred.baseline

    @property
    def reference_reward(self) -> float:
        """E_ref[r], reward units."""
        return self.centred.reference_reward

    def select(self, names: Sequence[str]) -> ScoredSamples:
        """The same responses with the named utilities alone, in the order given."""
        unknown = [name for name in names if name not in self.names]
        if unknown:
            raise InvalidInputError(
                f"no utility is named '{unknown[0]}': this set has {', '.join(self.names)}."
            )
        if tuple(names) == self.names:
            return self
        columns = [self.names.index(name) for name in names]
        return replace(
            self,
            utilities=self.utilities[..., columns],
            names=tuple(names),
            exposure=None if self.exposure is None else self.exposure[:, columns],
        )

    def subset(self, which: str | npt.ArrayLike) -> ScoredSamples:
        """The prompts of one group, of a boolean mask (P,), or at the given indices.

        Raises
        ------
        InvalidInputError
            Unknown group, a mask of another length, or no prompt left.
        """
        if isinstance(which, str):
            if self.groups is None or which not in self.groups:
                known = ", ".join(sorted(set(self.groups))) if self.groups else "not named in this set"
                raise InvalidInputError(f"no prompt is in group '{which}': the groups are {known}.")
            rows = np.flatnonzero(np.asarray(self.groups) == which)
        else:
            index = np.asarray(which)
            if index.dtype == bool and index.shape != (self.n_prompts,):
                raise InvalidInputError(
                    f"the mask has shape {index.shape}, but there are {self.n_prompts} prompts."
                )
            rows = np.flatnonzero(index) if index.dtype == bool else index.astype(np.intp)
        if not rows.size:
            raise InvalidInputError("the subset holds no prompt: widen the selection.")
        weights = None if self.prompt_weights is None else self.prompt_weights[rows]
        utilities, exposure = self.utilities[rows], None
        if self.exposure is not None:
            exposure = self.exposure[rows]
            # A group's share of the subset is another: its mean over the prompts must stay its own.
            share = np.average(exposure, axis=0, weights=weights)
            if not (share > 0).all():
                name = self.names[int(np.argmin(share))]
                raise InvalidInputError(f"the subset holds no prompt of '{name}': widen the selection.")
            utilities, exposure = utilities / share, exposure / share
        return ScoredSamples(
            self.rewards[rows],
            utilities,
            self.names,
            None if self.log_weights is None else self.log_weights[rows],
            weights,
            None if self.groups is None else tuple(self.groups[row] for row in rows),
            exposure,
        )


@dataclass(frozen=True, eq=False)
class AlignmentProblem:
    """Maximise E[r] - beta KL(pi || reference) subject to thresholds on the utilities.

    Parameters
    ----------
    samples
        Scored responses; one constraint for each of their utilities.
    thresholds : (m,)
        Utility units: required improvement over the reference, or required value.
    beta
        Weight of the KL term, reward units per nat, positive.
    form
        ``"improvement"``: E_pi[g] - E_ref[g] >= threshold. ``"absolute"``: E_pi[g] >= threshold. One for all
        constraints, or a tuple of m; a tuple of equal ones is kept as one.

    Raises
    ------
    InvalidInputError
        Thresholds of another length or not finite, beta not positive, or an unknown form.

    References
    ----------
    Huang et al. 2024, eq. (2); Zhang et al. 2025, section 2.
    """

    samples: ScoredSamples
    thresholds: Array
    beta: float
    form: Form | tuple[Form, ...] = "improvement"

    def __post_init__(self) -> None:
        thresholds = np.atleast_1d(floats(self.thresholds, "thresholds"))
        m = self.samples.n_constraints
        if thresholds.shape != (m,):
            raise InvalidInputError(
                f"thresholds have shape {thresholds.shape}, but there are {m} constraints "
                f"({', '.join(self.samples.names)}): give one for each."
            )
        require_finite(thresholds, "thresholds")
        if np.abs(thresholds).max() > LARGEST:
            raise InvalidInputError(
                f"a threshold is {thresholds[np.abs(thresholds).argmax()]:g}: give numbers within {LARGEST:.0e}."
            )
        try:
            beta = float(self.beta)
        except (TypeError, ValueError):
            beta = float("nan")
        if not (np.isfinite(beta) and beta > 0):
            raise InvalidInputError(f"beta is {self.beta}: give a positive, finite number.")
        if not 1 / LARGEST <= beta <= LARGEST:
            raise InvalidInputError(
                f"beta is {beta:g}: give a number between {1 / LARGEST:.0e} and {LARGEST:.0e}."
            )
        forms = (self.form,) if isinstance(self.form, str) else tuple(self.form)
        if len(forms) not in (1, m) or not set(forms) <= {"improvement", "absolute"}:
            raise InvalidInputError(
                f"form is {self.form!r}: give 'improvement' or 'absolute', one for all or one for each of {m}."
            )
        object.__setattr__(self, "form", forms[0] if len(set(forms)) == 1 else forms)
        object.__setattr__(self, "thresholds", frozen(thresholds.copy()))
        object.__setattr__(self, "beta", beta)

    @property
    def forms(self) -> tuple[Form, ...]:
        """The form of each constraint, m entries."""
        return (self.form,) * self.samples.n_constraints if isinstance(self.form, str) else self.form

    @property
    def relative(self) -> npt.NDArray[np.bool_]:
        """Which constraints are improvements over the reference, (m,)."""
        return np.array([form == "improvement" for form in self.forms])

    @property
    def reference_slack(self) -> Array:
        """E_ref[h]: slack of the reference, (m,); exactly -threshold in the improvement form."""
        return np.where(self.relative, 0.0, self.samples.baseline) - self.thresholds

    @property
    def offset(self) -> Array:
        """What is taken from the utilities to make margins, (m,): baseline + threshold, or threshold."""
        return np.where(self.relative, self.samples.baseline, 0.0) + self.thresholds

    @property
    def margins(self) -> Array:
        """h = g - offset of every response, (P, I, m)."""
        return self.samples.utilities - self.offset
