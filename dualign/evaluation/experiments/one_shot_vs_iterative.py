"""Constraint satisfaction against threshold, one-shot and iterative: Zhang et al. Fig. 2 and Tables 4 and 5.

Trained policies stand here when they are at hand. Beside them runs a policy class whose gap can be seen without
training: a policy that chooses among a few replies of the reference cannot reach the tilted policy, so that
lam* of the one-shot problem undershoots, and dual steps on its own replies can set it right.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign.alignment.iterates import Iterate, best_iterate
from dualign.duality import AlignmentProblem, dual_function, dual_hessian
from dualign.duality.stepping import dual_step
from dualign.evaluation.experiments.setup import Options, Setup, open_setup
from dualign.evaluation.measure import Measurement
from dualign.evaluation.resampled import multipliers_for, reference_replies, resampled_replies
from dualign.evaluation.results import ExperimentResult, Reading, machine, now, plain
from dualign.evaluation.tracking import satisfied_at
from dualign.evaluation.trained import Trained, trained_policies
from dualign.samples.split import held_out

Array = npt.NDArray[np.float64]
CANDIDATES = 8
ITERATIONS = 4
# The gap to be seen is a tenth of a unit: more replies than elsewhere keep the noise of choosing below it.
DRAWS_TIMES = 4
SPLITS = 10
THRESHOLDS = 5


def run(options: Options) -> ExperimentResult:
    """One-shot and iterative at five thresholds, by choice among few replies and, where at hand, by training."""
    started = time.perf_counter()
    setup = open_setup(replace(options, draws=DRAWS_TIMES * options.draws))
    rng = np.random.default_rng(options.seed)
    name = setup.utilities[0]
    thresholds = _thresholds(setup, rng)
    rows: dict[str, list[Any]] = {
        key: [] for key in ("kind", "policy", "stored", "threshold", "multiplier", "achieved", "low", "high")
    }
    paths: dict[str, list[Any]] = {
        key: []
        for key in (
            "threshold",
            "iteration",
            "multiplier",
            "slack",
            "slack_error",
            "primal",
            "primal_error",
            "lagrangian",
            "lagrangian_error",
            "dual",
        )
    }
    measured: dict[str, Measurement] = {}
    for threshold in thresholds:
        iterations = iterate_resampled(setup, threshold, iterations=ITERATIONS, rng=rng)
        for item in iterations:
            for key, value in (
                ("threshold", threshold),
                ("iteration", item.iteration),
                ("multiplier", item.multipliers[name]),
                ("slack", item.slack[name]),
                ("slack_error", item.slack_error[name]),
                ("primal", item.primal),
                ("primal_error", item.primal_error),
                ("lagrangian", item.lagrangian),
                ("lagrangian_error", item.lagrangian_error),
                ("dual", item.dual),
            ):
                paths[key].append(value)
        best = iterations[best_iterate(iterations) - 1]
        for kind, item in (("one-shot", iterations[0]), ("iterative", best)):
            lam = item.multipliers[name]
            policy = setup.resampled([lam], rng=rng, name=f"{kind} at {threshold:g}", candidates=CANDIDATES)
            found = setup.measure(policy, thresholds={name: threshold}, rng=rng)
            measured[policy.name] = found
            _append(rows, kind, policy.name, "", threshold, lam, found.utility_gains[name])
    tables: dict[str, dict[str, Any]] = {"satisfaction": rows, "iterations": paths}
    trained = [
        t
        for t in trained_policies(
            setup, thresholds={name: 0.0}, rng=rng, names=options.policies, details=False
        )
        if set(t.evaluated.record.thresholds) == {name}
    ]
    learnt = _trained_rows(trained, name)
    if learnt:
        tables["satisfaction-trained"] = learnt
    (_, errors), held = satisfied_at(rows), _held(rows)
    splits = _repeated(setup, thresholds)
    tables["splits"] = splits
    whole = {kind: float(np.mean(splits[kind])) for kind in ("one-shot", "iterative")}
    findings = [
        f"Choosing among {CANDIDATES} replies, one-shot lies {errors['one-shot']:.3f} from its threshold on average, "
        f"iterative {errors['iterative']:.3f}.",
        f"Over {len(splits['iterative'])} other random splits: {whole['one-shot']:.3f} one-shot, "
        f"{whole['iterative']:.3f} iterative, {100 * (1 - whole['iterative'] / whole['one-shot']):.0f} % less.",
        f"The constraint holds within noise at {held['one-shot']} of {len(thresholds)} thresholds one-shot, at "
        f"{held['iterative']} iteratively.",
    ]
    readings = [_reading(f"choice among {CANDIDATES} replies, mean over random splits", whole)]
    if learnt:
        shared, trained_errors = satisfied_at(learnt)
        at = ", ".join(f"{value:g}" for value in shared)
        findings.append(
            f"Trained policies at {name} ≥ {at}: mean distance from the threshold "
            + ", ".join(f"{kind} {value:.3f}" for kind, value in trained_errors.items())
            + "."
        )
        if len(trained_errors) == 2:
            readings.append(_reading(f"trained policies at {name} ≥ {at}", trained_errors))
    if len(readings) == 1:
        readings.append(
            Reading(
                paper="Zhang et al. Tables 4 and 5, trained policies",
                ours="no iterated policy was evaluated",
                agreement="open",
            )
        )
    return ExperimentResult(
        name="one-shot-vs-iterative",
        title=f"{name}: achieved against required, one-shot and iterative",
        settings=setup.settings(
            thresholds=thresholds, candidates=CANDIDATES, iterations=ITERATIONS, step_rule="newton"
        ),
        tables=tables,
        findings=tuple(findings),
        readings=tuple(readings),
        measurements={key: plain(m) for key, m in measured.items()},
        seconds=time.perf_counter() - started,
        machine=machine(),
        created=now(),
    )


def _repeated(setup: Setup, thresholds: list[float]) -> dict[str, list[float]]:
    """Mean distance from the thresholds on other random splits."""
    prompts, groups, options = setup.sample_set.prompts, setup.sample_set.groups, setup.options
    name = setup.utilities[0]
    found: dict[str, list[float]] = {"one-shot": [], "iterative": []}
    for seed in range(options.seed + 1, options.seed + 1 + min(SPLITS, options.repeats)):
        rng = np.random.default_rng(seed)
        other = replace(setup, held=held_out(prompts, groups, share=options.share, seed=seed))
        off: dict[str, list[float]] = {kind: [] for kind in found}
        for threshold in thresholds:
            iterations = iterate_resampled(other, threshold, iterations=ITERATIONS, rng=rng)
            best = iterations[best_iterate(iterations) - 1]
            for kind, item in (("one-shot", iterations[0]), ("iterative", best)):
                policy = other.resampled([item.multipliers[name]], rng=rng, name=kind, candidates=CANDIDATES)
                gain = policy.prompt_means(name) - other.reference.prompt_means(name)
                off[kind].append(abs(float(gain.mean()) - threshold))
        for kind, values in off.items():
            found[kind].append(float(np.mean(values)))
    return found


def iterate_resampled(
    setup: Setup, threshold: float, *, iterations: int, rng: np.random.Generator, candidates: int = CANDIDATES
) -> list[Iterate]:
    """Dual steps on the replies that the policy itself chooses among ``candidates``, on the training prompts.

    lam starts at the one-shot optimum of all stored replies; eta is 1 / D'' there (see
    `dualign.duality.stepping.dual_step`).
    """
    name, samples = setup.utilities[0], setup.train
    scores = {
        setup.reward: samples.rewards,
        name: samples.utilities[..., 0],
    }
    problem = AlignmentProblem(samples, np.array([threshold]), setup.beta)
    groups = samples.groups or ("",) * samples.n_prompts
    reference = reference_replies(scores, groups)
    lam = multipliers_for(samples, [[threshold]], beta=setup.beta)[0][0]
    found: list[Iterate] = []
    for t in range(1, iterations + 1):
        policy = resampled_replies(
            problem,
            lam,
            scores,
            draws=setup.options.draws,
            rng=rng,
            candidates=candidates,
            name=f"iteration {t}",
        )
        reward = policy.prompt_means(setup.reward) - reference.prompt_means(setup.reward)
        slack = policy.prompt_means(name) - reference.prompt_means(name) - threshold
        kl = np.asarray(policy.kl_terms).mean(axis=1)
        primal = reward - setup.beta * kl
        lagrangian = primal + lam[0] * slack
        found.append(
            Iterate(
                iteration=t,
                multipliers={name: float(lam[0])},
                slack={name: float(slack.mean())},
                slack_error={name: _error(slack)},
                reward_gain=float(reward.mean()),
                reward_gain_error=_error(reward),
                kl=float(kl.mean()),
                kl_error=_error(kl),
                primal=float(primal.mean()),
                primal_error=_error(primal),
                lagrangian=float(lagrangian.mean()),
                lagrangian_error=_error(lagrangian),
                dual=float(np.asarray(dual_function(problem, lam[None]))[0]) - samples.reference_reward,
            )
        )
        lam = dual_step(lam, [slack.mean()], hessian=dual_hessian(problem, lam), iteration=t)
    return found


def _error(values: Array) -> float:
    return float(values.std(ddof=1) / np.sqrt(values.size))


def _thresholds(setup: Setup, rng: np.random.Generator) -> list[float]:
    """Thresholds between the free policy and what choosing among the few candidates can reach."""
    name, samples = setup.utilities[0], setup.train
    utility = samples.utilities[..., 0]
    order = np.argsort(rng.random(utility.shape), axis=1)[:, :CANDIDATES]
    top = float((np.take_along_axis(utility, order, axis=1).max(axis=1) - utility.mean(axis=1)).mean())
    free = setup.resampled([0.0], rng=rng, name="free", candidates=CANDIDATES)
    start = float((free.prompt_means(name) - setup.reference.prompt_means(name)).mean())
    return [round(start + (top - start) * (0.15 + 0.7 * k / (THRESHOLDS - 1)), 2) for k in range(THRESHOLDS)]


def _append(
    rows: dict[str, list[Any]], kind: str, policy: str, stored: str, threshold: float, lam: float, gain: Any
) -> None:
    values = (kind, policy, stored, threshold, lam, gain.value, gain.low, gain.high)
    for key, value in zip(rows, values, strict=True):
        rows[key].append(value)


def _trained_rows(trained: list[Trained], name: str) -> dict[str, list[Any]] | None:
    rows: dict[str, list[Any]] = {
        key: [] for key in ("kind", "policy", "stored", "threshold", "multiplier", "achieved", "low", "high")
    }
    for t in sorted(trained, key=lambda t: (t.evaluated.record.thresholds[name], t.evaluated.name)):
        method = t.evaluated.record.method
        one_shot = method in ("mocan", "pecan") or "one-shot" in t.measured.policy
        if method not in ("mocan", "mocaid"):
            continue
        _append(
            rows,
            "one-shot" if one_shot else "iterative",
            t.measured.policy,
            t.evaluated.name,
            float(t.evaluated.record.thresholds[name]),
            float(t.evaluated.record.multipliers.get(name, np.nan)),
            t.measured.utility_gains[name],
        )
    return rows if rows["kind"] else None


def _held(rows: dict[str, list[Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for kind, threshold, high in zip(rows["kind"], rows["threshold"], rows["high"], strict=True):
        found[kind] = found.get(kind, 0) + int(high >= threshold)
    return found


def _reading(what: str, errors: dict[str, float]) -> Reading:
    share = errors["iterative"] / errors["one-shot"] if errors["one-shot"] > 0 else np.inf
    return Reading(
        paper="Zhang et al. Tables 4 and 5: mean distance of measured from required .74 iterative, 1.52 one-shot",
        ours=f"{what}: {errors['iterative']:.3f} iterative against {errors['one-shot']:.3f} one-shot",
        agreement="agrees" if share <= 0.5 else "partly" if share < 1 else "differs",
        why="" if share <= 0.5 else "iterations help by less than half here",
    )
