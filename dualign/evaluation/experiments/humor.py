"""Humor as the constrained utility instead of harmlessness: the same predictions, another trade-off."""

from __future__ import annotations

import time

import numpy as np

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
from dualign.evaluation.experiments.tradeoff import tracking_columns
from dualign.evaluation.results import ExperimentResult, Reading, machine, now, plain
from dualign.evaluation.tracking import track

THRESHOLDS = 8


def run(options: Options) -> ExperimentResult:
    """The trade-off of the reward against humor, and what it does to harmlessness on the way."""
    started = time.perf_counter()
    setup = open_setup(options, utilities=("humor",))
    rng = np.random.default_rng(options.seed)
    name = setup.utilities[0]
    thresholds = spread_thresholds(setup.train, setup.beta, count=THRESHOLDS)
    points, measured, lam = tracked_resampled(setup, thresholds, rng=rng)
    tracking = track(points)
    bystanders = [s for s in setup.test_scores if s not in (setup.reward, name)]
    side = {
        other: [
            setup.measure(setup.resampled([x], rng=rng, name=f"{x:.2f}"), thresholds={other: 0.0}, rng=rng)
            for x in lam
        ]
        for other in bystanders
    }
    columns = tracking_columns(setup, points, measured)
    for other, found in side.items():
        columns |= estimate_columns(other, [m.utility_gains[other] for m in found])
    covered, errors = repeated_splits(setup, thresholds)
    findings = [
        f"Resampled policies under a threshold on {name}: {tracking.sentence}",
        splits_sentence(covered, errors, len(thresholds)),
    ]
    for other, found in side.items():
        last = found[-1].utility_gains[other]
        findings.append(
            f"At the highest threshold on {name}, {other} moves by {last.value:+.2f} "
            f"[{last.low:+.2f}, {last.high:+.2f}] though nothing asked for it."
        )
    return ExperimentResult(
        name="humor",
        title=f"{setup.reward.capitalize()} against {name}: expected and achieved",
        settings=setup.settings(thresholds=thresholds),
        tables={
            "tracking": columns,
            "boundary": boundary_columns(setup.train, setup.beta, top=1.3 * float(lam.max())),
            "splits": {"covered": covered, "mean_error": errors},
        },
        findings=tuple(findings),
        readings=(
            Reading(
                paper="Zhang et al. appendix: humor as a constrained utility, achieved follows expected",
                ours=f"resampled policies: {tracking.covered} of {len(points)} predictions inside on this split, "
                f"{np.mean(covered):.1f} on average over {len(covered)} splits",
                agreement="agrees" if 4 * np.mean(covered) >= 3 * len(points) else "differs",
                but_for=""
                if 4 * tracking.covered >= 3 * len(points)
                else f"the split of seed {setup.options.seed}",
                why=""
                if 4 * tracking.covered >= 3 * len(points)
                else f"one split is one draw: its held-out prompts have {100 * _spread(setup):.0f} % of the spread in "
                f"{name} that the others have, and all thresholds share those prompts",
            ),
        ),
        measurements={m.policy: plain(m) for m in measured},
        seconds=time.perf_counter() - started,
        machine=machine(),
        created=now(),
    )


def _spread(setup: Setup) -> float:
    """Spread of the utility within held-out prompts over that within the others."""
    inside = [float(part.utilities[..., 0].std(axis=1).mean()) for part in (setup.test, setup.train)]
    return inside[0] / inside[1]
