"""``dualign solve``: the price of the stated constraints, how far to trust it, and what it buys."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dualign.cli.output import dump, table
from dualign.cli.stated import add_problem_options, stated_problem
from dualign.duality import (
    AlignmentProblem,
    DualSolution,
    Outcome,
    Reliability,
    assess,
    solve_dual,
)
from dualign.errors import InvalidInputError
from dualign.ui.texts import sentence


def add_commands(commands: Any) -> None:
    """Add ``solve``."""
    solve = commands.add_parser("solve", help="solve for lam*, the price of the stated constraints")
    add_problem_options(solve)
    solve.add_argument("--resamples", type=int, default=1000, metavar="N", help="bootstrap resamples (1000)")
    solve.add_argument("--seed", type=int, default=0, help="seed of the bootstrap (0)")
    solve.set_defaults(run=_solve)


def _solve(arguments: argparse.Namespace) -> str:
    if arguments.resamples < 100:
        raise InvalidInputError(
            f"--resamples {arguments.resamples} is too few for an interval: give at least 100."
        )
    rng = _random_generator(arguments.seed)
    stated = stated_problem(arguments)
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
    return sentence(text).rstrip(".") + "."


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
