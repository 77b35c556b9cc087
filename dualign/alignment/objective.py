"""From a specification to what is optimised: the problem, its multipliers, and r_lam of every reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dualign.alignment.spec import AlignSpec, slug
from dualign.duality import (
    AlignmentProblem,
    DualSolution,
    Outcome,
    Threshold,
    build_problem,
    parse_thresholds,
    solve_dual,
)
from dualign.errors import InvalidInputError
from dualign.models.policies import policy_folder
from dualign.samples import SampleSet, open_samples
from dualign.samples.split import held_out

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Objective:
    """A specification with its sample set opened and its multipliers known.

    Attributes
    ----------
    sample_set : SampleSet
    problem : AlignmentProblem
        Its constraints are those named by thresholds or multipliers, in that order.
    constraints : tuple of Threshold
        The same as stated.
    solution : DualSolution or None
        None where the multipliers were given.
    points : (F, m)
        Multipliers of each policy to train.
    reward : str
    reward_weight : float
    held_out : (P,)
        Prompts that are not trained on.
    """

    sample_set: SampleSet
    problem: AlignmentProblem
    constraints: tuple[Threshold, ...]
    solution: DualSolution | None
    points: Array
    reward: str
    reward_weight: float
    held_out: npt.NDArray[np.bool_]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the constraints."""
        return self.problem.samples.names

    def scores(self, point: Array) -> Array:
        """r_lam = r + <lam, g> of every reply (P, I), reward units; 0 where there is none."""
        samples = self.problem.samples
        return self.reward_weight * samples.rewards + samples.utilities @ point

    @property
    def trained(self) -> AlignmentProblem:
        """The problem whose maximiser is trained for: the rewards by ``reward_weight``."""
        if self.reward_weight == 1:
            return self.problem
        samples = self.problem.samples
        return replace(self.problem, samples=replace(samples, rewards=self.reward_weight * samples.rewards))

    def multipliers(self, point: Array) -> dict[str, float]:
        """Multipliers by constraint name."""
        return dict(zip(self.names, point.tolist(), strict=True))


def resolve(spec: AlignSpec) -> Objective:
    """The objective of a specification.

    Raises
    ------
    InvalidInputError
        Unknown scores or constraints, thresholds that no policy can meet, or too few prompts to hold out.
    StoreError, SampleFileError
        The sample set cannot be opened.
    ModelError
        A policy to start from or to weigh by is not stored.
    """
    for policy in (spec.options.warm_start, spec.reward_policy, *spec.utility_policies.values()):
        if policy:
            policy_folder(policy)
    sample_set = open_samples(spec.samples)
    manifest = sample_set.manifest
    form = spec.form or manifest.default_form
    beta = manifest.default_beta if spec.beta is None else spec.beta
    thresholds = dict(spec.thresholds)
    given = [spec.multipliers] if spec.multipliers is not None else list(spec.front)
    if not thresholds and not given:
        thresholds = dict(manifest.default_thresholds)
        if thresholds and form != manifest.default_form:
            raise InvalidInputError(
                f"the set's default thresholds are meant as {manifest.default_form}, not {form}: state a threshold."
            )
    stated = dict.fromkeys([*thresholds, *(name for point in given for name in point)])
    if form == manifest.default_form:
        # Given multipliers are judged by what the set asks for, unless something else was asked for.
        thresholds = {
            name: manifest.default_thresholds[name] for name in stated if name in manifest.default_thresholds
        } | thresholds
    if not stated:
        raise InvalidInputError(
            f"no constraint was stated and '{sample_set.name}' has no default: give a threshold or multipliers."
        )
    constraints = parse_thresholds([f"{name}>={thresholds.get(name, 0.0)!r}" for name in stated])
    wanted = dict.fromkeys(constraint.utility for constraint in constraints)
    samples = sample_set.scored(spec.reward or None, tuple(wanted))
    problem = build_problem(samples, constraints, beta=beta, form=form)
    # parse_thresholds may write a name in another way (spaces, 0.50 for 0.5).
    names = dict(zip(stated, problem.samples.names, strict=True))
    solution = None
    if given:
        points = np.array(
            [[_get(point, names, name) for name in problem.samples.names] for point in given],
            dtype=np.float64,
        )
    else:
        solution = solve_dual(problem)
        if solution.outcome is Outcome.INFEASIBLE:
            raise InvalidInputError(solution.message)
        points = np.asarray(solution.multipliers, dtype=np.float64)[None]
    return Objective(
        sample_set=sample_set,
        problem=problem,
        constraints=constraints,
        solution=solution,
        points=points,
        reward=spec.reward or manifest.reward,
        reward_weight=float(spec.reward_weight),
        held_out=held_out(sample_set.prompts, sample_set.groups, share=spec.options.held_out),
    )


def _get(point: Mapping[str, float], names: Mapping[str, str], name: str) -> float:
    return next((value for key, value in point.items() if names[key] == name), 0.0)


def policy_names(spec: AlignSpec, objective: Objective) -> list[str]:
    """Names of the policies that a specification trains, distinct."""
    base = spec.name
    if not base:
        base = f"{slug(objective.sample_set.name)}-{spec.method}"
        if spec.reward_weight == 0:
            base += "-only-" + slug("-".join(objective.names))
        elif objective.solution is not None:
            base += "".join(
                f"-{slug(name)}-{value:g}"
                for name, value in zip(objective.names, objective.problem.thresholds, strict=True)
            )
        elif len(objective.points) == 1:
            base += "-lam-" + "-".join(f"{value:.3g}" for value in objective.points[0])
        base = base[:60].rstrip("-.")
    if len(objective.points) == 1:
        return [base]
    return [f"{base[:60]}-{number}" for number in range(1, len(objective.points) + 1)]
