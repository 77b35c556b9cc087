"""Iterative dualization (MoCAID, PeCAID): dual steps on the trained policy's own replies, and a policy step after each.

    lam(t+1) = [lam(t) - eta slack(pi_t)]_+        from replies that pi_t drew
    pi_t     = DPO on pairs relabelled at lam(t), started from pi_(t-1), against the fixed reference

One-shot alignment is one iteration. Source: Zhang et al. 2025, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dualign import paths
from dualign.alignment import pecan
from dualign.alignment.iterate_spec import IterateSpec
from dualign.alignment.iterates import Iterate, best_iterate, live_metrics, read_history, write_history
from dualign.alignment.objective import Objective, resolve
from dualign.alignment.online import Score, stored_scorers
from dualign.alignment.outcome import Stopped, Trained
from dualign.alignment.phases import DRAWING, Phase, unheard
from dualign.alignment.policy_replies import reply_table
from dualign.alignment.session import Session, open_session
from dualign.alignment.stages import Stages
from dualign.alignment.train import policy_record, reference_name, total_steps, warm_start
from dualign.duality import dual_function, dual_hessian
from dualign.duality.stepping import dual_step
from dualign.errors import InvalidInputError, StoreError
from dualign.models.policies import FOLDER, read_policy, write_policy
from dualign.samples.split import held_out

Array = npt.NDArray[np.float64]
Report = Callable[[int, int, Mapping[str, float]], None]
_SPLIT_SEED = 1


@dataclass(frozen=True, kw_only=True)
class IterateResult:
    """The policy that was written, which iterate it is, and all of them."""

    policy: str
    best: int
    iterations: tuple[Iterate, ...]


def iterate(
    spec: IterateSpec,
    *,
    checkpoints: Path,
    report: Report = lambda step, total, metrics: None,
    stopping: Callable[[], bool] = lambda: False,
    may_publish: Callable[[], bool] = lambda: True,
    phase: Phase = unheard,
    score: Score | None = None,
) -> IterateResult:
    """Run the loop and write its best iterate into the store; resumes from ``checkpoints`` at any point.

    ``phase`` is told what is done beside the steps. ``score`` takes the place of the scorers that scored the set.

    Raises
    ------
    Stopped
        ``stopping`` or ``may_publish`` said so; call again to go on.
    InvalidInputError, ModelError, StoreError
        One sentence each.
    """
    objective = resolve(spec.align)
    if objective.solution is None:
        raise InvalidInputError(
            "iterations need thresholds to be moved towards: state them, not multipliers."
        )
    name = spec.align.name or spec.default_name(objective)
    root = paths.store_root() / FOLDER
    if (root / name).exists() and read_policy(root / name).options.get("content") != spec.content:
        raise StoreError(
            f"a policy named '{name}' exists in the store already: choose another name or delete it."
        )
    dual_rows = dual_prompts(objective, spec.dual_share)
    trained_on = replace(objective, held_out=objective.held_out | dual_rows)
    _check_constraints(objective)
    scores = stored_scorers(objective, threads=spec.align.options.threads) if score is None else score
    done: list[Iterate] = read_history(checkpoints, spec.content)
    state, begun = warm_start(spec.align)
    trained: list[Trained] = []
    with open_session(
        trained_on,
        spec.align.options,
        reference=reference_name(spec.align, objective),
        stopping=stopping,
        phase=phase,
    ) as session:
        stages = Stages(
            session=session,
            folder=checkpoints,
            content=spec.content,
            total=total_steps(spec.align, objective),
            report=report,
        )
        labels = _labels(spec, objective, stages)
        lam = labels.start if spec.start is None else _start(spec, objective)
        path: list[Array] = [lam]
        for t in range(1, spec.iterations + 1):
            # Every iteration sees other pairs, as the epochs of one training do.
            options = replace(session.options, seed=spec.align.options.seed + t - 1)
            stages.session = replace(session, options=options)
            found = stages.run(
                f"iterate-{t}",
                labels.at(lam),
                steps=spec.steps_of(t),
                beta=objective.problem.beta,
                start=state,
                replies=labels.n_replies,
            )
            trained.append(found)
            state = found.state
            if len(done) < t:
                if stopping():
                    raise Stopped
                done.append(
                    _measured(spec, objective, session, scores, found, lam=lam, rows=dual_rows, iteration=t)
                )
                write_history(checkpoints, spec.content, done)
            report(stages.done, stages.total, live_metrics(done))
            slack = np.array([done[t - 1].slack[n] for n in objective.names])
            path.append(
                dual_step(
                    path[-1],
                    slack,
                    hessian=dual_hessian(objective.problem, lam),
                    rule=spec.rule,
                    iteration=t,
                    step_size=spec.step_size,
                )
            )
            lam = np.mean(path[1:], axis=0) if spec.averaging else path[-1]
        best = best_iterate(done)
        point = np.array([done[best - 1].multipliers[n] for n in objective.names])
        chosen = trained[best - 1]
        if not (root / name).exists():
            record = policy_record(
                replace(spec.align, title=spec.align.title or spec.title(objective)),
                objective,
                session,
                name=name,
                point=point,
                metrics={
                    **chosen.metrics,
                    **begun,
                    "steps": float(spec.align.options.steps),
                    "iterations": [asdict(item) for item in done],
                    "best_iteration": best,
                },
                held_out=session.held_out(chosen, point),
            )
            record = replace(
                record,
                method="pecaid" if spec.align.method == "pecan" else "mocaid",
                options={**record.options, "content": spec.content, "iterate": spec.to_record()},
            )
            if not may_publish():
                raise Stopped
            with session.adapted(chosen) as model:
                write_policy(root / name, model, record)
    return IterateResult(policy=name, best=best, iterations=tuple(done))


def dual_prompts(objective: Objective, share: float) -> npt.NDArray[np.bool_]:
    """Prompts (P,) of the training part that are kept for the dual step and the choice of the best iterate."""
    train = np.flatnonzero(~objective.held_out)
    prompts, groups = objective.sample_set.prompts, objective.sample_set.groups
    chosen = held_out([prompts[i] for i in train], [groups[i] for i in train], share=share, seed=_SPLIT_SEED)
    mask = np.zeros(len(prompts), dtype=bool)
    mask[train[chosen]] = True
    return mask


@dataclass(frozen=True, kw_only=True, eq=False)
class _Labels:
    """Scores that pairs are labelled by, linear in the multipliers: ``reward`` (P, I), ``utilities`` (P, I, m)."""

    reward: Array
    utilities: Array
    start: Array
    n_replies: int | None = None

    def at(self, multipliers: Array) -> Array:
        """Scores (P, I) at multipliers (m,)."""
        return self.reward + self.utilities @ multipliers


def _labels(spec: IterateSpec, objective: Objective, stages: Stages) -> _Labels:
    if spec.align.method == "mocan":
        samples = objective.problem.samples
        start = np.asarray(objective.points[0], dtype=np.float64)
        return _Labels(
            reward=objective.reward_weight * samples.rewards, utilities=samples.utilities, start=start
        )
    pecan.check(spec.align, objective)
    solved = pecan.pecan_scores(spec.align, stages)
    session, done = stages.session, stages.done
    found = []
    for point in (np.zeros(len(objective.names)), *np.eye(len(objective.names))):
        # The pre-aligned policies are kept, so that asking again costs no step.
        stages.session = replace(session, objective=replace(session.objective, points=point[None]))
        found.append(
            pecan.pecan_scores(replace(spec.align, multipliers=objective.multipliers(point)), stages).scores
        )
    stages.session, stages.done = session, done
    utilities = np.stack([scores - found[0] for scores in found[1:]], axis=-1)
    return _Labels(reward=found[0], utilities=utilities, start=solved.multipliers, n_replies=solved.n_replies)


def _start(spec: IterateSpec, objective: Objective) -> Array:
    assert spec.start is not None
    unknown = sorted(set(spec.start) - set(objective.names))
    if unknown:
        raise InvalidInputError(
            f"no constraint is named '{unknown[0]}': start may name {', '.join(objective.names)}."
        )
    return np.array([spec.start.get(name, 0.0) for name in objective.names])


def _check_constraints(objective: Objective) -> None:
    whole = [name for name in objective.names if name in objective.sample_set.manifest.scores]
    if len(whole) < len(objective.names):
        raise InvalidInputError(
            "iterations take constraints on whole scores, without a group or a share of replies: state them so."
        )
    if objective.problem.samples.log_weights is not None:
        raise InvalidInputError("iterations need stored replies of equal weight: import an even set.")


def _measured(
    spec: IterateSpec,
    objective: Objective,
    session: Session,
    score: Score,
    found: Trained,
    *,
    lam: Array,
    rows: npt.NDArray[np.bool_],
    iteration: int,
) -> Iterate:
    places = np.flatnonzero(rows)
    prompts = [objective.sample_set.prompts[i] for i in places]
    groups = [objective.sample_set.groups[i] for i in places]

    def unless_stopped(drawn: int, total: int) -> None:
        session.phase(DRAWING, drawn, total)
        if session.stopping():
            raise Stopped

    with session.adapted(found) as model:
        table = reply_table(
            model,
            session.reference,
            prompts,
            groups,
            replies=spec.replies,
            seed=spec.align.options.seed + iteration,
            progress=unless_stopped,
        )
    scored = score(table["prompt"].to_pylist(), table["response"].to_pylist())

    def means(values: npt.ArrayLike) -> Array:
        return np.asarray(values, dtype=np.float64).reshape(len(places), -1).mean(axis=1)

    samples, problem = objective.problem.samples.subset(places), objective.problem
    reward = means(scored[objective.reward])
    reward_gain = reward - samples.rewards.mean(axis=1)
    gains = np.stack([means(scored[n]) for n in objective.names], axis=1)
    base = samples.utilities.mean(axis=1) if problem.form == "improvement" else 0.0
    slack = gains - base - np.asarray(problem.thresholds)
    kl = means(table["kl_exact"].to_numpy())
    primal = objective.reward_weight * reward_gain - problem.beta * kl
    lagrangian = primal + slack @ lam
    error = np.std(slack, axis=0, ddof=1) / np.sqrt(len(places))
    reference = objective.problem.samples.reference_reward
    return Iterate(
        iteration=iteration,
        multipliers=dict(zip(objective.names, lam.tolist(), strict=True)),
        slack=dict(zip(objective.names, slack.mean(axis=0).tolist(), strict=True)),
        slack_error=dict(zip(objective.names, error.tolist(), strict=True)),
        reward_gain=float(reward_gain.mean()),
        reward_gain_error=_error(reward_gain),
        kl=float(kl.mean()),
        kl_error=_error(kl),
        primal=float(primal.mean()),
        primal_error=_error(primal),
        lagrangian=float(lagrangian.mean()),
        lagrangian_error=_error(lagrangian),
        dual=float(np.asarray(dual_function(objective.trained, lam[None]))[0]) - reference,
        loss=float(found.metrics.get("loss", np.nan)),
        reward_margin=float(found.metrics.get("reward_margin", np.nan)),
    )


def _error(values: Array) -> float:
    return float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else float("nan")
