"""Whether scores can be read as log-odds of a preference: Huang et al. App. M."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import numpy as np

from dualign import paths
from dualign.duality import AlignmentProblem, evaluate_dual
from dualign.errors import StoreError
from dualign.evaluation.experiments.setup import Options, Setup, open_setup
from dualign.evaluation.resampled import multipliers_for
from dualign.evaluation.results import ExperimentResult, Reading, machine, now
from dualign.samples import files

STRETCH = (0.5, 1.0, 1.5, 2.0)


def run(options: Options) -> ExperimentResult:
    """Expected and observed preferences of the scorers on held-out pairs, and what a wrong scale would do to lam*."""
    started = time.perf_counter()
    setup = open_setup(options)
    bins: dict[str, list[Any]] = {
        name: [] for name in ("scorer", "predicted", "observed", "low", "high", "pairs")
    }
    errors: dict[str, float] = {}
    for score in setup.sample_set.manifest.scores:
        found = _bins(score)
        if found is None:
            continue
        for row in found:
            for name, value in zip(
                bins, (score, *(row[k] for k in ("predicted", "observed", "low", "high", "n"))), strict=True
            ):
                bins[name].append(value)
        n = np.array([row["n"] for row in found], dtype=float)
        gap = np.array([abs(row["predicted"] - row["observed"]) for row in found])
        errors[score] = float(n @ gap / n.sum())
    if not errors:
        raise StoreError("no scorer of this set has a calibration record: fit one with 'dualign fit-scorer'.")
    stretch = _stretched(setup)
    name = setup.utilities[0]
    pairwise = {score: value for score, value in errors.items() if score in (setup.reward, name)}
    return ExperimentResult(
        name="calibration",
        title="Calibration of the scorers, and what a wrong scale does",
        settings=setup.settings(threshold=_threshold(setup)),
        tables={"bins": bins, "stretch": stretch},
        findings=(
            "Mean gap between expected and observed preference on held-out data: "
            + ", ".join(f"{value:.3f} ({score})" for score, value in errors.items())
            + ".",
            f"If {setup.reward} claimed twice the log-odds that it should, correcting it would move λ* from "
            f"{stretch['multiplier'][1]:.2f} to {stretch['multiplier'][0]:.2f} and KL from {stretch['kl'][1]:.2f} to "
            f"{stretch['kl'][0]:.2f} nats: a wrong scale of the reward acts like another β.",
        ),
        readings=(
            Reading(
                paper="Huang et al. App. M: reward and cost model are close to calibrated on held-out preferences",
                ours="mean gap " + ", ".join(f"{value:.3f} ({score})" for score, value in errors.items()),
                agreement="agrees" if max(pairwise.values(), default=1.0) < 0.05 else "partly",
                why="humor ranks well but is fitted to texts, not pairs; its probabilities are off"
                if errors.get("humor", 0.0) > 0.05
                else "",
                but_for=", ".join(
                    score for score, value in errors.items() if score not in pairwise and value > 0.05
                ),
            ),
        ),
        seconds=time.perf_counter() - started,
        machine=machine(),
        created=now(),
    )


def _bins(score: str) -> list[dict[str, float]] | None:
    for root in (paths.store_root(), paths.shipped_root()):
        path = root / "scorers" / files.check_name(score) / "calibration.json"
        if path.is_file():
            try:
                return list(json.loads(files.read_bytes(path))["bins"])
            except (ValueError, KeyError, TypeError) as error:
                raise StoreError(
                    f"the calibration record of '{score}' cannot be read: fit it again."
                ) from error
    return None


def _threshold(setup: Setup) -> float:
    return float(setup.sample_set.manifest.default_thresholds.get(setup.utilities[0], 0.0))


def _stretched(setup: Setup) -> dict[str, list[float]]:
    """lam*, KL and the reward's gain in its present units when the reward's scale is multiplied, beta kept."""
    samples, threshold = setup.scored, _threshold(setup)
    rows = []
    for factor in STRETCH:
        scaled = replace(samples, rewards=samples.rewards * factor)
        lam, _ = multipliers_for(scaled, [[threshold]], beta=setup.beta)
        found = evaluate_dual(AlignmentProblem(scaled, np.zeros(1), setup.beta), lam)
        gain = float(found.expected_reward[0]) / factor - samples.reference_reward
        rows.append((factor, float(lam[0, 0]), float(found.kl[0]), gain))
    return dict(
        zip(("factor", "multiplier", "kl", "reward_gain"), map(list, zip(*rows, strict=True)), strict=True)
    )
