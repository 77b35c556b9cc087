"""PeCAN: labels from pre-aligned policies' log-ratios instead of scores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign.alignment.objective import Objective
from dualign.alignment.outcome import Trained
from dualign.alignment.phases import SCORING
from dualign.alignment.session import Session
from dualign.alignment.spec import AlignSpec
from dualign.alignment.stages import Stages, policy_lora
from dualign.duality import AlignmentProblem, Outcome, ScoredSamples, solve_dual
from dualign.duality.log_ratios import log_ratio_samples, reference_divergence
from dualign.errors import InvalidInputError
from dualign.models.policies import policy_folder, verify_policy

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class PecanScores:
    """What PeCAN labels with.

    Attributes
    ----------
    scores : (P, I)
        s = beta_r ln(pi_r/ref) + <lam, beta_g ln(pi_g/ref)>, reward units; nan for replies that were not scored.
    multipliers : (m,)
    divergence : (m,)
        d_j = KL(reference || pi_gj), nats.
    n_replies : int
        Replies a prompt that have a score: the first so many.
    """

    scores: Array
    multipliers: Array
    divergence: Array
    n_replies: int


def stages_needed(spec: AlignSpec, objective: Objective) -> list[str]:
    """Names of the pre-alignments that are not stored: "reward" and constraint names."""
    found = [] if spec.reward_policy else ["reward"]
    return found + [name for name in objective.names if not spec.utility_policies.get(name)]


def check(spec: AlignSpec, objective: Objective) -> None:
    """Refuse what PeCAN cannot do.

    Raises
    ------
    InvalidInputError
        An absolute threshold, a front, or policies for utilities that are not constrained.
    """
    if objective.problem.form != "improvement":
        raise InvalidInputError(
            "PeCAN knows a utility only up to a constant, so its thresholds are improvements over the reference: "
            "state form improvement, or use mocan."
        )
    if len(objective.points) > 1:
        raise InvalidInputError(
            "PeCAN trains one policy a job: give one threshold or one set of multipliers."
        )
    unknown = sorted(set(spec.utility_policies) - set(objective.names))
    if unknown:
        raise InvalidInputError(
            f"a policy is named for '{unknown[0]}', which is not constrained: those are {', '.join(objective.names)}."
        )


def pecan_scores(spec: AlignSpec, stages: Stages) -> PecanScores:
    """Scores from pre-aligned policies, which are trained first where none is named.

    Raises
    ------
    InvalidInputError
        The thresholds cannot be met.
    ModelError
        A named policy is missing, or was trained on another reference.
    """
    session = stages.session
    objective, options = session.objective, session.options
    problem = objective.problem
    beta = problem.beta
    models: list[tuple[Trained, float]] = []
    for name, stored, scores in (
        ("reward", spec.reward_policy, problem.samples.rewards),
        *(
            (name, spec.utility_policies.get(name, ""), problem.samples.utilities[..., j])
            for j, name in enumerate(objective.names)
        ),
    ):
        if stored:
            models.append(_stored(stored, name, session))
        else:
            stage = f"pre-{len(models)}"
            models.append((stages.run(stage, np.asarray(scores), steps=options.steps, beta=beta), beta))
    limit = min(options.sample_replies, int(objective.sample_set.counts.max()))
    rows = np.array(
        [
            session.encoded.row(p, r)
            for p in range(objective.sample_set.n_prompts)
            for r in range(min(limit, int(objective.sample_set.counts[p])))
        ]
    )
    ratios = [
        _cached(stages.folder / f"log-ratios-{i}.npy", stages, trained, rows)
        for i, (trained, _) in enumerate(models)
    ]
    reward, utilities = ratios[0][:, :limit], np.stack([r[:, :limit] for r in ratios[1:]], axis=-1)
    scored = np.isfinite(reward)
    old = problem.samples.log_weights
    logs = (
        None
        if scored.all() and old is None
        else np.where(scored, 0.0 if old is None else old[:, :limit], -np.inf)
    )
    samples: ScoredSamples = log_ratio_samples(
        np.where(scored, reward, 0.0),
        np.where(scored[..., None], utilities, 0.0),
        objective.names,
        reward_beta=models[0][1],
        utility_betas=[own for _, own in models[1:]],
        log_weights=logs,
        prompt_weights=problem.samples.prompt_weights,
        groups=problem.samples.groups,
    )
    if spec.multipliers is not None:
        lam = objective.points[0]
    else:
        solution = solve_dual(AlignmentProblem(samples, problem.thresholds, beta))
        if solution.outcome is Outcome.INFEASIBLE:
            raise InvalidInputError(f"by the pre-aligned policies' log-ratios, {solution.message}")
        lam = np.asarray(solution.multipliers)
    scores = np.full(problem.samples.rewards.shape, np.nan)
    scores[:, :limit] = np.where(scored, samples.rewards + samples.utilities @ lam, np.nan)
    return PecanScores(
        scores=scores, multipliers=lam, divergence=reference_divergence(utilities), n_replies=limit
    )


def _stored(stored: str, name: str, session: Session) -> tuple[Trained, float]:
    """A stored policy's LoRA and the beta at which it is aligned to one score alone."""
    folder = policy_folder(stored)
    policy = verify_policy(folder)
    if policy.reference_sha256 != session.reference.spec.sha256:
        raise InvalidInputError(
            f"the policy '{stored}' was trained on another reference than '{session.reference.spec.base}' as loaded: "
            "name one of this reference, or leave it out to have it trained."
        )
    weights = {key: value for key, value in policy.multipliers.items() if value > 0}
    if name == "reward":
        if weights or policy.reward != session.objective.reward:
            raise InvalidInputError(
                f"the policy '{stored}' is not aligned to the reward '{session.objective.reward}' alone: name one "
                "trained with multipliers of 0."
            )
        return policy_lora(folder), policy.beta
    if policy.reward or set(weights) != {name}:
        raise InvalidInputError(
            f"the policy '{stored}' is not aligned to '{name}' alone: name one trained on it without a reward."
        )
    # A weight on the score is the same as a smaller beta.
    return policy_lora(folder), policy.beta / weights[name]


def _cached(path: Path, stages: Stages, trained: Trained, rows: Any) -> Array:
    session = stages.session
    shape = session.objective.sample_set.present.shape
    if path.is_file():
        found = np.load(path, allow_pickle=False)
        if found.shape == shape:
            return np.asarray(found, dtype=np.float64)

    def tell(done: int, total: int) -> None:
        session.phase(SCORING, done, total)

    session.phase(SCORING, 0, 0)
    found = session.log_ratios(trained, rows, report=tell)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp.npy")
    np.save(temporary, found)
    temporary.replace(path)
    return found
