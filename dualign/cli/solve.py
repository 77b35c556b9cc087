"""``dualign solve`` and ``dualign curve``: the price of a constraint, and the whole trade-off."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dualign.cli.output import dump, table
from dualign.cli.samples import cost_sentence, open_samples
from dualign.duality import (
    AlignmentProblem,
    DualSolution,
    Form,
    Outcome,
    Reliability,
    assess,
    dual_curve,
    solve_dual,
)
from dualign.duality.statements import Threshold, build_problem, parse_thresholds
from dualign.errors import InvalidInputError

if TYPE_CHECKING:
    from dualign.samples import Manifest, SampleSet


_MOST_POINTS = 100_000


def add_commands(commands: Any) -> None:
    """Add ``solve`` and ``curve``."""
    solve = commands.add_parser("solve", help="solve for lam*, the price of the stated constraints")
    _add_problem_options(solve)
    solve.add_argument("--resamples", type=int, default=1000, metavar="N", help="bootstrap resamples (1000)")
    solve.set_defaults(run=_solve)
    curve = commands.add_parser(
        "curve", help="D, slack, reward, KL and ESS along lam; P* along the threshold"
    )
    _add_problem_options(curve)
    curve.add_argument("--constraint", metavar="NAME", help="constraint whose multiplier moves (the first)")
    curve.add_argument("--points", type=int, default=41, metavar="N", help="points along the curve (41)")
    curve.add_argument(
        "--max", type=float, metavar="LAM", help="largest multiplier (three times lam*, at least 1)"
    )
    curve.set_defaults(run=_curve)


def _add_problem_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("samples", metavar="SAMPLES", help="a stored name or a file of scored samples")
    parser.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="'NAME>=VALUE'",
        help="one constraint on a score of the set; also 'NAME[GROUP]>=VALUE' and 'P(NAME>=CUTOFF)>=VALUE', the "
        "share of replies; VALUE 'ref+0.5' is over the reference (the set's own default)",
    )
    parser.add_argument(
        "--form",
        choices=("improvement", "absolute"),
        help="how plain VALUEs are meant (the set's own, and the share itself for P(..))",
    )
    parser.add_argument("--reward", metavar="SCORE", help="score taken as the reward (the set's own)")
    parser.add_argument(
        "--beta", type=float, help="weight of the KL term, reward units per nat (the set's own)"
    )
    parser.add_argument("--group", metavar="GROUP", help="only the prompts of this group")
    parser.add_argument("--seed", type=int, default=0, help="seed of the bootstrap (0)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


@dataclass(frozen=True)
class _Stated:
    problem: AlignmentProblem
    name: str
    reward: str
    costs: tuple[str, ...]
    notes: tuple[str, ...]


def _stated_problem(arguments: argparse.Namespace) -> _Stated:
    sample_set = open_samples(arguments.samples)
    notes, open_reward = [], sample_set.manifest.reward
    if arguments.reward not in (None, open_reward):
        sample_set = _with_reward(sample_set, arguments.reward)
    manifest = sample_set.manifest
    thresholds = parse_thresholds(arguments.threshold)
    form: Form | None = arguments.form
    if form is None and manifest.default_form == "absolute":
        form = "absolute"
    beta = manifest.default_beta if arguments.beta is None else arguments.beta
    if arguments.beta is None:
        own = manifest.reward == open_reward
        notes.append(
            f"beta {beta:g} is the set's default"
            if own
            else f"beta {beta:g} is the rounded standard deviation of '{manifest.reward}' within prompts"
        )
    if not thresholds:
        thresholds = _default_thresholds(manifest, arguments.form)
        stated = ", ".join(f"{threshold.name}>={threshold.value:g}" for threshold in thresholds)
        notes.append(f"no threshold was given, so the set's default is used: {stated}")
    wanted = tuple(dict.fromkeys(threshold.utility for threshold in thresholds))
    if manifest.reward in wanted:
        raise InvalidInputError(
            f"'{manifest.reward}' is the reward of '{sample_set.name}': constrain another score, or name another "
            "reward with --reward."
        )
    scored = sample_set.scored(utilities=wanted or None)
    if arguments.group is not None:
        scored = scored.subset(arguments.group)
    costs = tuple(name for name in (manifest.reward, *wanted) if manifest.scores[name].cost)
    notes += [cost_sentence(manifest, name) for name in costs]
    problem = build_problem(scored, thresholds, beta=beta, form=form)
    return _Stated(problem, sample_set.name, manifest.reward, costs, tuple(notes))


def _with_reward(sample_set: SampleSet, reward: str) -> SampleSet:
    from dualign.samples.apply import with_defaults
    from dualign.samples.sampleset import SampleSet

    manifest = sample_set.manifest
    if reward not in manifest.scores:
        raise InvalidInputError(
            f"'{sample_set.name}' has no score named '{reward}': it has {', '.join(manifest.scores) or 'none'}."
        )
    utilities = tuple(name for name in manifest.utilities if name != reward)
    if not utilities and manifest.reward:
        utilities = (manifest.reward,)
    changed = replace(manifest, reward=reward, utilities=utilities)
    return with_defaults(SampleSet(sample_set.table, changed))


def _default_thresholds(manifest: Manifest, form: str | None) -> tuple[Threshold, ...]:
    defaults = {
        name: value for name, value in manifest.default_thresholds.items() if name in manifest.utilities
    }
    if defaults and form not in (None, manifest.default_form):
        raise InvalidInputError(
            f"the set's default thresholds are meant as {manifest.default_form}, not {form}: state --threshold "
            "'NAME>=VALUE'."
        )
    if defaults:
        return tuple(
            Threshold(name, float(value), form=manifest.default_form) for name, value in defaults.items()
        )
    if "absolute" in (form, manifest.default_form):
        raise InvalidInputError("an absolute threshold has no default: state --threshold 'NAME>=VALUE'.")
    return tuple(Threshold(name, 0.0) for name in manifest.utilities)


def _solve(arguments: argparse.Namespace) -> str:
    if arguments.resamples < 100:
        raise InvalidInputError(
            f"--resamples {arguments.resamples} is too few for an interval: give at least 100."
        )
    rng = _random_generator(arguments.seed)
    stated = _stated_problem(arguments)
    solution = solve_dual(stated.problem)
    reliability = assess(stated.problem, solution, resamples=arguments.resamples, rng=rng)
    record = solution_record(stated.problem, solution, reliability, notes=stated.notes)
    record = {"samples": stated.name, "reward": stated.reward, "costs": list(stated.costs), **record}
    if arguments.json:
        return dump(record)
    return _solution_text(record)


def solution_record(
    problem: AlignmentProblem, solution: DualSolution, reliability: Reliability, *, notes: Sequence[str] = ()
) -> dict[str, Any]:
    """The contract of ``solve --json``: plain numbers by constraint name, null where there is none."""
    names = problem.samples.names
    solved = solution.outcome is not Outcome.INFEASIBLE
    ess = reliability.ess

    def by_name(values: Any) -> dict[str, Any] | None:
        return dict(zip(names, np.asarray(values).tolist(), strict=True)) if solved else None

    return {
        "status": str(solution.outcome),
        "beta": problem.beta,
        "form": _form_record(problem),
        "thresholds": dict(zip(names, problem.thresholds.tolist(), strict=True)),
        "multipliers": by_name(solution.multipliers),
        "multipliers_corrected": by_name(reliability.multipliers_corrected),
        "interval": by_name(reliability.multipliers_interval),
        # JSON has no infinity: these intervals have no upper end, where a null elsewhere means unknown.
        "interval_unbounded": [
            name
            for name, (_, high) in zip(names, reliability.multipliers_interval, strict=True)
            if np.isinf(high)
        ],
        "dual_optimum": solution.dual_optimum if solved else None,
        "primal_optimum": solution.primal_optimum if solved else None,
        "slack": by_name(solution.slack),
        "best_achievable_slack": solution.best_slack,
        "certificate": None
        if solution.certificate is None
        else dict(zip(names, np.asarray(solution.certificate).tolist(), strict=True)),
        "kkt_residual": solution.kkt_residual if solved else None,
        "iterations": solution.iterations,
        "expected": {
            "reward": solution.expected_reward,
            "kl": solution.kl,
            "regularized_reward": solution.regularized_reward,
            "utilities": by_name(solution.expected_utilities),
        }
        if solved
        else None,
        "reference": {
            "reward": problem.samples.reference_reward,
            "utilities": dict(zip(names, problem.samples.baseline.tolist(), strict=True)),
        },
        "effective_sample_size": {"min": ess.min, "median": ess.median, "pooled": ess.pooled}
        if solved
        else None,
        "khat": reliability.khat_pooled if solved else None,
        "trust": reliability.trust.light,
        "trust_reasons": list(reliability.trust.reasons),
        "message": ". ".join([solution.message.rstrip("."), *notes]) + ".",
    }


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _random_generator(seed: int) -> np.random.Generator:
    """Generator of a seed from the command line."""
    if seed < 0:
        raise InvalidInputError(f"--seed {seed} is negative: give a whole number from 0.")
    return np.random.default_rng(seed)


def _form_record(problem: AlignmentProblem) -> Any:
    """The form of all thresholds, or by constraint where they differ."""
    if isinstance(problem.form, str):
        return problem.form
    return dict(zip(problem.samples.names, problem.form, strict=True))


def _solution_text(record: Mapping[str, Any]) -> str:
    lines = [record["message"], ""]
    if record["multipliers"] is None:
        return record["message"]
    rows = [("constraint", "threshold", "lam*", "95 % interval", "corrected", "slack")]
    for name, multiplier in record["multipliers"].items():
        low, high = record["interval"][name]
        form = record["form"] if isinstance(record["form"], str) else record["form"][name]
        rows.append(
            (
                name,
                f">= {record['thresholds'][name]:g}" + (" over reference" if form == "improvement" else ""),
                f"{multiplier:.4g}",
                f"{low:.4g} to {high:.4g}",
                f"{record['multipliers_corrected'][name]:.4g}",
                f"{record['slack'][name]:.3g}",
            )
        )
    lines += [table(rows)]
    expected, ess = record["expected"], record["effective_sample_size"]
    lines += [
        "",
        f"D* = {record['dual_optimum']:.6g}, P* = {record['primal_optimum']:.6g} reward units",
        f"expected reward '{record['reward']}' {expected['reward']:.4g} "
        f"(reference {record['reference']['reward']:.4g}), KL {expected['kl']:.4g} nats",
        f"effective sample size per prompt: median {ess['median']:.3g}, least {ess['min']:.3g}; "
        f"pooled {ess['pooled']:.4g}",
        " ".join([f"trust: {record['trust']}.", *(_sentence(reason) for reason in record["trust_reasons"])]),
    ]
    return "\n".join(lines)


def _curve(arguments: argparse.Namespace) -> str:
    if not 2 <= arguments.points <= _MOST_POINTS:
        raise InvalidInputError(f"--points {arguments.points} is no curve: give 2 to {_MOST_POINTS}.")
    stated = _stated_problem(arguments)
    problem = stated.problem
    names = problem.samples.names
    name = arguments.constraint or names[0]
    if name not in names:
        raise InvalidInputError(f"no constraint is named '{name}': those stated are {', '.join(names)}.")
    constraint = names.index(name)
    solution = solve_dual(problem)
    feasible = solution.outcome is not Outcome.INFEASIBLE
    at = np.asarray(solution.multipliers) if feasible else np.zeros(len(names))
    largest = arguments.max if arguments.max is not None else max(1.0, 3.0 * float(at[constraint]))
    if not (math.isfinite(largest) and largest > 0):
        raise InvalidInputError(f"--max {largest:g} is no range of multipliers: give a number above 0.")
    grid = np.linspace(0.0, largest, arguments.points)
    curve = dual_curve(problem, grid, constraint=constraint, at=at)
    columns = {
        "multiplier": curve.multipliers,
        "dual": curve.dual,
        "slack": curve.slack,
        "expected_reward": curve.reward,
        "expected_utility": curve.utility,
        "kl": curve.kl,
        "effective_sample_size": curve.ess_median,
    }
    record = {
        "samples": stated.name,
        "constraint": name,
        "beta": problem.beta,
        "form": problem.forms[constraint],
        "threshold": float(problem.thresholds[constraint]),
        "curve": {key: np.asarray(values).tolist() for key, values in columns.items()},
    }
    if arguments.json:
        return dump(record)
    head = ",".join(columns)
    body = [",".join(f"{value:.10g}" for value in row) for row in zip(*columns.values(), strict=True)]
    return "\n".join([head, *body])
