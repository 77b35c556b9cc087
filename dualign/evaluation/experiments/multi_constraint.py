"""Two constraints at once, harmlessness and humor, 14 threshold pairs: Zhang et al. Tables 6 to 8."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from dualign.duality import AlignmentProblem, Outcome, evaluate_dual, feasible_range, solve_dual
from dualign.errors import InvalidInputError
from dualign.evaluation.experiments.setup import Options, Setup, estimate_columns, open_setup
from dualign.evaluation.measure import Measurement
from dualign.evaluation.resampled import multipliers_for
from dualign.evaluation.results import ExperimentResult, Reading, machine, now, plain
from dualign.evaluation.tracking import Tracked, track
from dualign.evaluation.trained import trained_policies

PAIRS = 14


def run(options: Options) -> ExperimentResult:
    """Both constraints at 14 pairs of thresholds that can be met together."""
    started = time.perf_counter()
    setup = open_setup(options, utilities=("harmless", "humor"))
    if len(setup.utilities) != 2:
        raise InvalidInputError(
            f"two utilities are needed and {len(setup.utilities)} were named: give --utility twice."
        )
    rng = np.random.default_rng(options.seed)
    pairs = threshold_pairs(setup, count=PAIRS)
    lam, gains = multipliers_for(setup.train, pairs, beta=setup.beta)
    measured = [
        setup.measure(
            setup.resampled(row, rng=rng, name=f"pair {k + 1} (resampled)"),
            thresholds=dict(zip(setup.utilities, pair, strict=True)),
            rng=rng,
        )
        for k, (row, pair) in enumerate(zip(lam, pairs, strict=True))
    ]
    tables: dict[str, dict[str, Any]] = {"pairs": _columns(setup, pairs, lam, gains, measured)}
    within = sum(m.satisfied_within_noise for m in measured)
    met = sum(m.satisfied for m in measured)
    tracked = {
        name: track(
            [
                Tracked(
                    label=f"{pair[j]:g}",
                    multiplier=float(lam[k, j]),
                    expected=float(gains[k, j]),
                    achieved=measured[k].utility_gains[name],
                )
                for k, pair in enumerate(pairs)
            ]
        )
        for j, name in enumerate(setup.utilities)
    }
    findings = [
        f"Resampled policies meet both constraints in {met} of {len(pairs)} pairs, within noise in {within}.",
        *(f"{name}: {found.sentence}" for name, found in tracked.items()),
    ]
    trained = [
        t
        for t in trained_policies(
            setup,
            thresholds=dict.fromkeys(setup.utilities, 0.0),
            rng=rng,
            names=options.policies,
            details=False,
        )
        if len([name for name in setup.utilities if t.evaluated.record.multipliers.get(name, 0.0) > 0]) == 2
    ]
    if trained:
        tables["trained"] = {
            "policy": [t.evaluated.name for t in trained],
            **{
                key: value
                for name in setup.utilities
                for key, value in {
                    f"{name}_threshold": [t.evaluated.record.thresholds.get(name) for t in trained],
                    f"{name}_expected": [t.predicted.utilities[name] for t in trained],
                    **estimate_columns(name, [t.measured.utility_gains[name] for t in trained]),
                }.items()
            },
        }
        findings.append(f"{len(trained)} trained policies hold both constraints in their objective.")
    errors = ", ".join(f"{found.mean_error:.3f} for {name}" for name, found in tracked.items())
    return ExperimentResult(
        name="multi-constraint",
        title=" and ".join(setup.utilities) + f": {len(pairs)} pairs of thresholds",
        settings=setup.settings(pairs=pairs),
        tables=tables,
        findings=tuple(findings),
        readings=(
            Reading(
                paper="Zhang et al. Tables 6 to 8: both constraints met in 7 of 14 pairs; mean tracking error .055 "
                "(harmless) and .095 (humor)",
                ours=f"resampled policies: both met in {met} of {len(pairs)}, within noise in {within}; mean tracking "
                f"error {errors}",
                agreement="agrees" if within >= 10 else "partly" if met >= 7 else "differs",
            ),
        ),
        measurements={m.policy: plain(m) for m in measured},
        seconds=time.perf_counter() - started,
        machine=machine(),
        created=now(),
    )


def threshold_pairs(setup: Setup, *, count: int) -> list[list[float]]:
    """Pairs of thresholds inside what both utilities can reach together, spread over it, both binding.

    Candidates lie on a grid between what the free policy has and what each utility reaches alone; those that
    cannot be met together, or where one of the two costs nothing, are left out, and ``count`` are kept that
    lie far from each other.

    Raises
    ------
    InvalidInputError
        Fewer pairs can be met.
    """
    samples = setup.train
    problem = AlignmentProblem(samples, np.zeros(2), setup.beta)
    free = evaluate_dual(problem, [[0.0, 0.0]]).slack[0]
    tops = [feasible_range(problem, constraint=j).high for j in range(2)]
    axes = [f + (top - f) * np.linspace(0.08, 0.8, 10) for f, top in zip(free, tops, strict=True)]
    found = []
    for first in axes[0]:
        for second in axes[1]:
            pair = [round(float(first), 2), round(float(second), 2)]
            solution = solve_dual(AlignmentProblem(samples, np.array(pair), setup.beta))
            # Beyond a few nats the weights sit on single replies, and nothing could be predicted.
            if solution.outcome is Outcome.OPTIMAL_BINDING and (
                min(solution.multipliers) > 0 and solution.kl < 2.0
            ):
                found.append(pair)
    if len(found) < count:
        raise InvalidInputError(
            f"only {len(found)} pairs of thresholds can be met together and {count} were asked for: choose other "
            "utilities or a larger beta."
        )
    points = (np.array(found) - free) / (np.array(tops) - free)
    chosen = [int(points.sum(axis=1).argmin())]
    while len(chosen) < count:
        apart = np.linalg.norm(points[:, None] - points[chosen], axis=2).min(axis=1)
        chosen.append(int(apart.argmax()))
    return [found[k] for k in sorted(chosen)]


def _columns(
    setup: Setup, pairs: list[list[float]], lam: Any, gains: Any, measured: list[Measurement]
) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for j, name in enumerate(setup.utilities):
        columns |= {
            f"{name}_threshold": [pair[j] for pair in pairs],
            f"{name}_multiplier": lam[:, j].tolist(),
            f"{name}_expected": gains[:, j].tolist(),
            **estimate_columns(name, [m.utility_gains[name] for m in measured]),
            **estimate_columns(f"{name}_slack", [m.slack[name] for m in measured]),
        }
    return columns | {
        **estimate_columns("reward", [m.reward_gain for m in measured]),
        "kl": [m.kl.value if m.kl else None for m in measured],
        "met": [m.satisfied for m in measured],
        "met_within_noise": [m.satisfied_within_noise for m in measured],
    }
