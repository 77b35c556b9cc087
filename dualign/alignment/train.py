"""Training by specification: every method, resumable, policies written at the end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign import paths
from dualign.alignment import pecan
from dualign.alignment.arithmetic import device_words, machine_words
from dualign.alignment.checks import check_start, require_texts
from dualign.alignment.cost import model_size
from dualign.alignment.front import FrontStep, front_order, front_weights, mixed_state, score_products
from dualign.alignment.objective import Objective, policy_names, resolve
from dualign.alignment.online import train_online
from dualign.alignment.outcome import HeldOut, State, Stopped, Trained
from dualign.alignment.phases import LOADING, Phase, unheard
from dualign.alignment.session import Session, open_session
from dualign.alignment.spec import OFFLINE, AlignSpec
from dualign.alignment.stages import Stages, policy_lora
from dualign.alignment.timing import Duration, Rates, durations
from dualign.errors import InvalidInputError, StoreError
from dualign.models.default import import_train_stack
from dualign.models.policies import (
    FOLDER,
    PolicySpec,
    policy_folder,
    read_policy,
    verify_policy,
    write_policy,
)

Array = npt.NDArray[np.float64]
Report = Callable[[int, int, Mapping[str, float]], None]
_log = logging.getLogger(__name__)

# Steps of a later training of a front as a share of the first one's, and its learning rate as a multiple: measured
# by benchmarks/training.py.
FRONT_SHARE = 0.5
FRONT_RATE = 2.0


@dataclass(frozen=True, kw_only=True)
class TrainResult:
    """Names of the policies that were written, and what was measured of each."""

    policies: tuple[str, ...]
    metrics: Mapping[str, Mapping[str, Any]]


def front_steps(steps: int) -> int:
    """Optimizer steps of a front's training that starts from others."""
    return max(1, round(FRONT_SHARE * steps))


def front_trainings(objective: Objective) -> list[FrontStep]:
    """The trainings of a front, in order."""
    train, samples = ~objective.held_out, objective.problem.samples
    columns = [objective.reward_weight * samples.rewards, *np.moveaxis(samples.utilities, 2, 0)]
    known = score_products([column[train] for column in columns], objective.sample_set.present[train])
    # r_lam is linear in (1, lam), and so its products are bilinear.
    weights = np.hstack([np.ones((len(objective.points), 1)), np.asarray(objective.points)])
    return front_order(objective.points, weights @ known @ weights.T)


def total_steps(spec: AlignSpec, objective: Objective) -> int:
    """Optimizer steps of a whole specification."""
    steps = spec.options.steps
    if spec.method == "pecan":
        return steps * (1 + len(pecan.stages_needed(spec, objective)))
    return steps + (len(front_trainings(objective)) - 1) * front_steps(steps)


def expected_duration(spec: AlignSpec, objective: Objective) -> Duration:
    """How long a specification will take, phase by phase."""
    reference = reference_name(spec, objective)
    return durations(
        spec,
        objective,
        model_size(reference),
        reference=reference,
        steps=total_steps(spec, objective),
    )


def train(
    spec: AlignSpec,
    *,
    checkpoints: Path,
    report: Report = lambda step, total, metrics: None,
    stopping: Callable[[], bool] = lambda: False,
    may_publish: Callable[[], bool] = lambda: True,
    phase: Phase = unheard,
) -> TrainResult:
    """Train what a specification asks for and write its policies into the store.

    Parameters
    ----------
    spec
        What to train.
    checkpoints
        Folder for what a later attempt goes on from; one that is not empty is resumed.
    report
        Told of every step: steps done over all policies, steps in all, metrics.
    stopping
        Asked after every step.
    may_publish
        Asked before a policy is written.
    phase
        Told what is done: loading, training, measuring, and how much of it.

    Raises
    ------
    Stopped
        ``stopping`` or ``may_publish`` said so; call again to go on.
    InvalidInputError, ModelError, StoreError, SampleFileError
        One sentence each.
    """
    began = time.monotonic()
    phase(LOADING, 0, 0)
    import_train_stack("torch", "transformers", "trl", "peft", "datasets", "accelerate")
    objective = resolve(spec)
    names = policy_names(spec, objective)
    root = paths.store_root() / FOLDER
    for name in names:
        if (root / name).exists() and not _is_ours(root / name, spec):
            raise StoreError(
                f"a policy named '{name}' exists in the store already: choose another name or delete it."
            )
    if spec.method not in OFFLINE and len(objective.points) > 1:
        raise InvalidInputError(
            f"{_TITLES[spec.method]} trains one policy a job: give one set of multipliers."
        )
    if spec.method == "pecan":
        pecan.check(spec, objective)
    require_texts(objective.sample_set)
    with open_session(
        objective,
        spec.options,
        reference=reference_name(spec, objective),
        stopping=stopping,
        phase=phase,
    ) as session:
        rates = Rates(spec, objective, model_size(reference_name(spec, objective)), device_words()[0])
        rates.loaded(time.monotonic() - began)
        stages = Stages(
            session=session,
            folder=checkpoints,
            content=spec.content,
            total=total_steps(spec, objective),
            report=report,
        )
        run = {"mocan": _mocan, "pecan": _pecan}.get(spec.method, _online)
        found = run(spec, stages)
        metrics = {}
        for place, (name, (trained, point, more)) in enumerate(zip(names, found, strict=True)):
            folder = root / name
            if folder.exists():
                metrics[name] = dict(read_policy(folder).metrics)
                continue
            began = time.monotonic()
            measured = session.held_out(trained, point, place=place, count=len(names))
            if measured is not None:
                rates.measured(time.monotonic() - began)
                _log.info("'%s' on held-out prompts: %s", name, measured_words(objective, measured))
            policy = policy_record(
                spec,
                objective,
                session,
                name=name,
                point=point,
                metrics={**trained.metrics, **more},
                held_out=measured,
            )
            if not may_publish():
                raise Stopped
            with session.adapted(trained) as model:
                write_policy(folder, model, policy)
            _log.info("policy '%s' is in the store", name)
            metrics[name] = dict(policy.metrics)
        for trained, _, _ in found:
            # Resumed trainings tell the seconds of their last attempt alone.
            rates.trained(trained.metrics["seconds"], int(trained.metrics.get("steps_run", 0)))
    return TrainResult(policies=tuple(names), metrics=metrics)


def measured_words(objective: Objective, measured: HeldOut) -> str:
    """What a policy does on held-out prompts, in a line."""
    found = measured.off_policy
    gains = [f"{name} {gain:+.3f}" for name, gain in zip(objective.names, found.utility_gains, strict=True)]
    return ", ".join([f"{objective.reward} {found.reward_gain:+.3f}", *gains, f"KL {found.kl:.3f}"])


def reference_name(spec: AlignSpec, objective: Objective) -> str:
    """The reference to train on: the specification's, else the one that drew the samples."""
    recorded = objective.sample_set.manifest.reference.get("name")
    name = spec.reference or (str(recorded) if recorded else "")
    if not name:
        raise InvalidInputError(
            f"'{objective.sample_set.name}' does not say which reference drew its replies: name one with reference."
        )
    return name


def _is_ours(folder: Path, spec: AlignSpec) -> bool:
    # An attempt may have been killed between writing its policy and saying so.
    try:
        return read_policy(folder).options.get("content") == spec.content
    except Exception:
        return False


def warm_start(spec: AlignSpec) -> tuple[State | None, dict[str, Any]]:
    """LoRA to start from, and how many steps it had."""
    if not spec.options.warm_start:
        return None, {}
    folder = policy_folder(spec.options.warm_start)
    before = verify_policy(folder).metrics
    check_start(spec.options)
    return policy_lora(folder).state, {"steps_before": before.get("steps", 0) + before.get("steps_before", 0)}


def _mocan(spec: AlignSpec, stages: Stages) -> list[tuple[Trained, Array, dict[str, Any]]]:
    objective = stages.session.objective
    steps, beta = spec.options.steps, objective.problem.beta
    start, more = warm_start(spec)
    done: dict[int, Trained] = {}
    for step in front_trainings(objective):
        later = bool(step.start)
        done[step.point] = stages.run(
            f"policy-{step.point}",
            objective.scores(objective.points[step.point]),
            steps=front_steps(steps) if later else steps,
            beta=beta,
            start=mixed_state({i: done[i].state for i in step.start}, step.start) if later else start,
            learning_rate=FRONT_RATE * spec.options.learning_rate if later else None,
            # Groups that no training before it saw teach more than those that all have seen.
            skip=steps if later else 0,
        )
    if len(objective.points) == 1:
        return [(done[0], objective.points[0], more)]
    return [
        (
            _fitted(done, point, weights),
            objective.points[point],
            {**more, **_front_record(objective, weights)},
        )
        for point, weights in enumerate(front_weights(objective.points, list(done)))
    ]


def _fitted(done: Mapping[int, Trained], point: int, weights: Mapping[int, float]) -> Trained:
    # Loss and margin are those of a single training; of the fit the held-out figures speak.
    spent = done[point].metrics if point in done else {}
    return replace(
        next(iter(done.values())),
        state=mixed_state({i: done[i].state for i in weights}, weights),
        metrics={key: spent.get(key, 0.0) for key in ("steps", "seconds", "steps_run")},
    )


def _front_record(objective: Objective, weights: Mapping[int, float]) -> dict[str, Any]:
    return {
        "front_rate": FRONT_RATE,
        "front": [
            {"multipliers": objective.multipliers(objective.points[i]), "weight": weight}
            for i, weight in weights.items()
        ],
    }


def _pecan(spec: AlignSpec, stages: Stages) -> list[tuple[Trained, Array, dict[str, Any]]]:
    objective = stages.session.objective
    start, more = warm_start(spec)
    found = pecan.pecan_scores(spec, stages)
    trained = stages.run(
        "policy-0",
        found.scores,
        steps=spec.options.steps,
        beta=objective.problem.beta,
        start=start,
        replies=found.n_replies,
    )
    more |= {"divergence": dict(zip(objective.names, found.divergence.tolist(), strict=True))}
    return [(trained, found.multipliers, more)]


def _online(spec: AlignSpec, stages: Stages) -> list[tuple[Trained, Array, dict[str, Any]]]:
    session = stages.session
    point = session.objective.points[0]
    found = train_online(spec, session, point=point, folder=stages.folder / "policy-0", report=stages.report)
    return [(found, point, {})]


def policy_record(
    spec: AlignSpec,
    objective: Objective,
    session: Session,
    *,
    name: str,
    point: Array,
    metrics: Mapping[str, Any],
    held_out: HeldOut | None,
) -> PolicySpec:
    """The record of a trained policy."""
    problem = objective.problem
    device, _ = device_words()
    figures: dict[str, Any] = {**metrics, "device": device, "machine": machine_words()}
    if held_out is not None:
        plain = asdict(held_out.off_policy)
        for key in ("utility_gains", "utility_gains_error"):
            plain[key] = dict(zip(objective.names, np.asarray(plain[key]).tolist(), strict=True))
        figures["held_out_off_policy"] = plain
        figures["held_out_margin"] = {"value": held_out.margin, "error": held_out.margin_error}
    thresholds = (
        dict(zip(objective.names, problem.thresholds.tolist(), strict=True))
        if objective.solution is not None
        else {}
    )
    return PolicySpec(
        name=name,
        title=spec.title or title(spec, objective, point),
        method=spec.method,
        reference=reference_name(spec, objective),
        reference_sha256=session.reference.spec.sha256,
        samples=objective.sample_set.name,
        samples_hash=objective.sample_set.content_hash,
        beta=problem.beta,
        form=problem.form if isinstance(problem.form, str) else ", ".join(problem.form),
        thresholds=thresholds,
        multipliers=objective.multipliers(point),
        reward=objective.reward if objective.reward_weight else "",
        options={
            **asdict(spec.options),
            "targets": list(spec.options.targets),
            "content": spec.content,
            "specification": spec.to_record(),
        },
        metrics=figures,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


_TITLES = {"mocan": "MoCAN", "pecan": "PeCAN", "rloo": "RLOO", "grpo": "GRPO"}


def title(spec: AlignSpec, objective: Objective, point: Array, *, trained: bool = True) -> str:
    """A policy in a line; before it is ``trained``, PeCAN's multipliers are not known."""
    priced = trained or spec.method != "pecan" or objective.solution is None
    label = _TITLES[spec.method]
    if objective.reward_weight == 0:
        return f"{label}, {', '.join(objective.names)} only"
    if not point.any():
        return f"{label}, {objective.reward} only"
    prices = ", ".join(f"lam {value:.3g}" for value in point) if priced else ""
    if objective.solution is None:
        return f"{label}, {', '.join(objective.names)} at {prices}"
    stated = ", ".join(
        f"{name} ≥ {value:g}"
        for name, value in zip(objective.names, objective.problem.thresholds, strict=True)
    )
    return f"{label}, {stated} ({prices})" if prices else f"{label}, {stated}"
