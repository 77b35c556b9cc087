"""Expected against achieved, and the front: Huang et al. Fig. 3 and Table 4, Zhang et al. Fig. 1 and 2."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import numpy as np

from dualign.evaluation import lessons
from dualign.evaluation.experiments.setup import (
    Options,
    Setup,
    boundary_columns,
    estimate_columns,
    open_setup,
    repeated_splits,
    splits_sentence,
    spread_thresholds,
    tracked_resampled,
)
from dualign.evaluation.measure import Measurement
from dualign.evaluation.resampled import multipliers_for
from dualign.evaluation.results import ExperimentResult, Reading, machine, now, plain
from dualign.evaluation.tracking import Tracked, track
from dualign.evaluation.trained import Trained, predict, trained_policies
from dualign.evaluation.winrates import ScoreJudge, judge_policies

THRESHOLDS = 8
CANDIDATES = (2, 4, 8, 16, 32)
LEAST_GAIN = 0.05
"""Predicted gains below this are too near 0 for a share to mean anything, utility units."""


def run(options: Options) -> ExperimentResult:
    """The experiment on one constraint, with the trained policies that are at hand."""
    started = time.perf_counter()
    setup = open_setup(options)
    rng = np.random.default_rng(options.seed)
    name = setup.utilities[0]
    thresholds = spread_thresholds(setup.train, setup.beta, count=THRESHOLDS)
    points, measured, lam = tracked_resampled(setup, thresholds, rng=rng)
    tracking = track(points)
    main = setup.sample_set.manifest.default_thresholds.get(name, thresholds[len(thresholds) // 2])
    main_lam = float(multipliers_for(setup.train, [[main]], beta=setup.beta)[0][0, 0])
    baselines = _baselines(setup, main, main_lam, rng)
    trained = trained_policies(setup, thresholds={name: main}, rng=rng, names=options.policies)
    covered, errors = repeated_splits(setup, thresholds)
    tables: dict[str, dict[str, Any]] = {
        "tracking": tracking_columns(setup, points, measured),
        "front": _front_columns(setup, measured, baselines, trained),
        "boundary": boundary_columns(setup.train, setup.beta, top=1.3 * float(lam.max())),
        "splits": {"covered": covered, "mean_error": errors},
        "candidates": _candidates(setup, main, main_lam, rng),
        "win_rates": _win_rates(setup, main_lam, trained, rng),
    }
    if trained:
        tables["trained"] = _trained_columns(trained, name)
    findings = [
        f"Resampled policies: {tracking.sentence}",
        splits_sentence(covered, errors, len(thresholds)),
    ]
    findings += _lessons(setup, baselines, trained, main)
    readings = [
        Reading(
            paper="Huang et al. Table 4: 6 of 8 predictions inside the measured 95 % interval",
            ours=f"{tracking.covered} of {len(points)} for resampled policies, mean distance "
            f"{tracking.mean_error:.2g} of a range of {points[-1].expected - points[0].expected:.2g}",
            agreement="agrees" if tracking.covered >= 6 else "differs",
        ),
        _trained_reading(trained, name),
    ]
    everyone = {m.policy: m for m in [*baselines.values(), *(t.measured for t in trained)]}
    return ExperimentResult(
        name="tradeoff",
        title=f"{setup.reward.capitalize()} against {name}: expected and achieved",
        settings=setup.settings(thresholds=thresholds, main_threshold=main, main_multiplier=main_lam),
        tables=tables,
        findings=tuple(findings),
        readings=tuple(readings),
        measurements={policy: plain(m) for policy, m in everyone.items()},
        seconds=time.perf_counter() - started,
        machine=machine(),
        created=now(),
    )


def _baselines(
    setup: Setup, main: float, main_lam: float, rng: np.random.Generator
) -> dict[str, Measurement]:
    name = setup.utilities[0]
    policies = {
        f"{setup.reward} only": setup.resampled([0.0], rng=rng, name=f"{setup.reward} only (resampled)"),
        "optimum": setup.resampled([main_lam], rng=rng, name=f"λ* = {main_lam:.2f} (resampled)"),
        "fixed weight": setup.resampled([1.0], rng=rng, name="fixed weight λ = 1 (resampled)"),
        f"{name} only": setup.resampled([1.0], rng=rng, name=f"{name} only (resampled)", reward_weight=0.0),
    }
    return {
        key: setup.measure(policy, thresholds={name: main}, rng=rng, details=True)
        for key, policy in policies.items()
    }


def tracking_columns(setup: Setup, points: list[Tracked], measured: list[Measurement]) -> dict[str, Any]:
    """Expected and achieved utility, reward and KL at each threshold of the one constraint, as columns."""
    name = setup.utilities[0]
    expected = [predict(setup, {name: point.multiplier}) for point in points]
    return {
        "threshold": [float(point.label) for point in points],
        "multiplier": [point.multiplier for point in points],
        "expected": [point.expected for point in points],
        **estimate_columns("achieved", [point.achieved for point in points]),
        "inside": [bool(point.inside) for point in points],
        "reward_expected": [p.reward for p in expected],
        **estimate_columns("reward", [m.reward_gain for m in measured]),
        "kl_expected": [p.kl for p in expected],
        "kl": [m.kl.value if m.kl else None for m in measured],
        **estimate_columns("slack", [m.slack[name] for m in measured]),
    }


def _front_columns(
    setup: Setup, measured: list[Measurement], baselines: dict[str, Measurement], trained: list[Trained]
) -> dict[str, Any]:
    name = setup.utilities[0]
    rows = [(m, "resampled", m.policy, "") for m in measured]
    rows += [(m, "baseline", m.policy, "") for key, m in baselines.items() if key != "optimum"]
    rows += [(t.measured, "trained", t.measured.policy, t.evaluated.name) for t in trained]
    return {
        "policy": [label for _, _, label, _ in rows],
        "kind": [kind for _, kind, _, _ in rows],
        "stored": [stored for *_, stored in rows],
        **estimate_columns("utility", [m.utility_gains[name] for m, *_ in rows]),
        **estimate_columns("reward", [m.reward_gain for m, *_ in rows]),
        **estimate_columns("regularized", [m.regularized_gain for m, *_ in rows]),
        **estimate_columns("kl", [m.kl for m, *_ in rows]),
    }


def _candidates(setup: Setup, main: float, main_lam: float, rng: np.random.Generator) -> dict[str, Any]:
    """What is achieved at lam* when the policy chooses among fewer replies."""
    name = setup.utilities[0]
    counts = [c for c in (*CANDIDATES, setup.test.n_responses) if c <= setup.test.n_responses]
    found = [
        setup.measure(
            setup.resampled([main_lam], rng=rng, name=f"among {c}", candidates=c),
            thresholds={name: main},
            rng=rng,
        )
        for c in counts
    ]
    return {
        "candidates": counts,
        **estimate_columns("achieved", [m.utility_gains[name] for m in found]),
        **estimate_columns("reward", [m.reward_gain for m in found]),
        "threshold": [main] * len(counts),
    }


def _win_rates(
    setup: Setup, main_lam: float, trained: list[Trained], rng: np.random.Generator
) -> dict[str, Any]:
    """Share of comparisons won against the reference, by each score."""
    policies = [setup.resampled([main_lam], rng=rng, name=f"λ* = {main_lam:.2f} (resampled)")]
    policies.append(setup.resampled([0.0], rng=rng, name=f"{setup.reward} only (resampled)"))
    prompts, groups = setup.sample_set.prompts, setup.sample_set.groups
    asked = [prompts[i] for i in np.flatnonzero(setup.held)], [groups[i] for i in np.flatnonzero(setup.held)]
    policies += [t.evaluated.replies(*asked) for t in trained]
    rows = []
    for policy in policies:
        for score in (setup.reward, *setup.utilities):
            rate = judge_policies(
                policy.scores[score],
                setup.reference.scores[score],
                ScoreJudge(),
                rng=rng,
                resamples=setup.options.resamples,
            )
            rows.append((policy.name, score, rate))
    return {
        "policy": [name for name, _, _ in rows],
        "judge": [f"{score} scorer" for _, score, _ in rows],
        **estimate_columns("win_rate", [rate.rate for *_, rate in rows]),
        "wins": [rate.wins for *_, rate in rows],
        "ties": [rate.ties for *_, rate in rows],
        "losses": [rate.losses for *_, rate in rows],
    }


def _trained_columns(trained: list[Trained], name: str) -> dict[str, Any]:
    return {
        "policy": [t.evaluated.name for t in trained],
        "title": [t.measured.policy for t in trained],
        "multiplier": [t.evaluated.record.multipliers.get(name) for t in trained],
        "reward_weight": [t.evaluated.record.reward_weight for t in trained],
        "expected": [t.predicted.utilities[name] for t in trained],
        **estimate_columns("achieved", [t.measured.utility_gains[name] for t in trained]),
        "reward_expected": [t.predicted.reward for t in trained],
        **estimate_columns("reward", [t.measured.reward_gain for t in trained]),
        "kl_expected": [t.predicted.kl for t in trained],
        **estimate_columns("kl", [t.measured.kl for t in trained]),
        "regularized_expected": [t.predicted.regularized for t in trained],
        **estimate_columns("regularized", [t.measured.regularized_gain for t in trained]),
    }


def _lessons(
    setup: Setup, baselines: dict[str, Measurement], trained: list[Trained], main: float
) -> list[str]:
    name = setup.utilities[0]
    optimum = baselines["optimum"]
    found = [f"{optimum.policy}: {lessons.worst_sentence(optimum, name)}"]
    free = _free(trained)
    for t in trained:
        if t is free or t.predicted.utilities[name] < LEAST_GAIN:
            continue
        cost = free.predicted.regularized - t.predicted.regularized if free else None
        free_gain = free.measured.regularized_gain.value if free and free.measured.regularized_gain else None
        found.append(
            lessons.achieved_sentence(
                t.measured,
                name,
                predicted_gain=t.predicted.utilities[name],
                predicted_cost=cost,
                free_gain=free_gain,
            )
        )
    return found


def _trained_reading(trained: list[Trained], name: str) -> Reading:
    paper = (
        "Huang et al. Fig. 3 and Table 4, Zhang et al. Fig. 1: trained policies follow the predicted front"
    )
    free = _free(trained)
    ours = [
        t for t in trained if t.evaluated.record.method == "mocan" and t.evaluated.record.reward_weight == 1
    ]
    if not ours:
        return Reading(paper=paper, ours="no trained policy was evaluated", agreement="open")
    ours.sort(key=lambda t: t.predicted.utilities[name])
    points = [
        Tracked(
            label=t.evaluated.name,
            multiplier=np.nan,
            expected=t.predicted.utilities[name],
            achieved=t.measured.utility_gains[name],
        )
        for t in ours
    ]
    found = track(points)
    rising = all(later.achieved.value > earlier.achieved.value for earlier, later in pairwise(points))
    inside = ", ".join(point.label for point in points if point.inside)
    text = f"{len(ours)} MoCAN policies: {found.covered} of {len(ours)} predictions inside"
    text += f" ({inside})" if inside else ""
    moved = [t for t in ours if t is not free and t.predicted.utilities[name] >= LEAST_GAIN]
    if moved:
        text += f"; with a threshold, {_shares(moved, free, name)}"
    for t in trained:
        if t.evaluated.record.method == "pecan" and t.predicted.utilities[name] >= LEAST_GAIN:
            text += f"; PeCAN {_shares([t], free, name)}"
    agrees = 4 * found.covered >= 3 * len(ours)
    steps = " to ".join(f"{n:.0f}" for n in sorted({min(map(_steps, ours)), max(map(_steps, ours))}))
    order = (
        "the order is as predicted, the size is not" if rising else "neither order nor size is as predicted"
    )
    return Reading(
        paper=paper,
        ours=text,
        agreement="agrees" if agrees else "partly" if rising else "differs",
        why="" if agrees else f"{order}: LoRAs of {steps} steps stop short of the tilted policy",
    )


def _free(trained: list[Trained]) -> Trained | None:
    """The policy trained for the reward alone."""
    return next(
        (
            t
            for t in trained
            if t.evaluated.record.reward_weight == 1 and not any(t.evaluated.record.multipliers.values())
        ),
        None,
    )


def _steps(t: Trained) -> float:
    known = t.evaluated.record.training
    return float(known.get("steps", 0.0)) + float(known.get("steps_before", 0.0))


def _shares(policies: list[Trained], free: Trained | None, name: str) -> str:
    """What was achieved of the prediction, at what part of its cost and KL: the least and the most, in percent."""

    def span(parts: list[float]) -> str:
        low, high = f"{100 * min(parts):.0f}", f"{100 * max(parts):.0f}"
        return f"{low} %" if low == high else f"{low} to {high} %"

    text = f"{span([t.measured.utility_gains[name].value / t.predicted.utilities[name] for t in policies])} of the "
    text += f"predicted {name}"
    gain = free.measured.regularized_gain if free else None
    costs = [
        (gain.value - t.measured.regularized_gain.value)
        / (free.predicted.regularized - t.predicted.regularized)
        for t in policies
        if free and gain and t.measured.regularized_gain
    ]
    if costs:
        text += f" at {span(costs)} of the predicted cost"
    kl = [t.measured.kl.value / t.predicted.kl for t in policies if t.measured.kl]
    return f"{text} and {span(kl)} of the predicted KL" if kl else text
