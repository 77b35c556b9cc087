"""``dualign curve``: D along a multiplier, or P* along a threshold."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from dualign.cli.output import dump
from dualign.cli.stated import add_problem_options, stated_problem
from dualign.duality import (
    AlignmentProblem,
    DualSolution,
    Outcome,
    dual_curve,
    reachable_threshold,
    solve_dual,
    threshold_for_multiplier,
    tradeoff_curve,
    unmet_alone,
)
from dualign.errors import InvalidInputError

_MOST_POINTS, _MOST_SOLVES = 100_000, 2_000


def add_commands(commands: Any) -> None:
    """Add ``curve``."""
    curve = commands.add_parser(
        "curve", help="D, slack, reward, KL and ESS along a multiplier, or P* along a threshold"
    )
    add_problem_options(curve)
    curve.add_argument(
        "--along",
        choices=("multiplier", "threshold"),
        default="multiplier",
        help="what moves: the multiplier (D), or the threshold (P* and its price)",
    )
    curve.add_argument("--constraint", metavar="NAME", help="constraint that moves (the first)")
    curve.add_argument("--points", type=int, default=41, metavar="N", help="points along the curve (41)")
    curve.add_argument(
        "--max",
        type=float,
        metavar="VALUE",
        help="where it ends (three times lam*, at least 1; the highest threshold that can be met)",
    )
    curve.set_defaults(run=_curve)


def _curve(arguments: argparse.Namespace) -> str:
    if not 2 <= arguments.points <= _MOST_POINTS:
        raise InvalidInputError(f"--points {arguments.points} is no curve: give 2 to {_MOST_POINTS}.")
    stated = stated_problem(arguments)
    problem = stated.problem
    names = problem.samples.names
    name = arguments.constraint or names[0]
    if name not in names:
        raise InvalidInputError(f"no constraint is named '{name}': those stated are {', '.join(names)}.")
    constraint = names.index(name)
    if arguments.max is not None and not math.isfinite(arguments.max):
        raise InvalidInputError(f"--max {arguments.max:g} is no end of a curve: give a finite number.")
    solution = solve_dual(problem)
    trace = _along_threshold if arguments.along == "threshold" else _along_multiplier
    columns = trace(problem, solution, constraint, arguments.points, arguments.max)
    record = {
        "samples": stated.name,
        "reward": stated.reward,
        "constraint": name,
        "beta": problem.beta,
        "form": problem.forms[constraint],
        "threshold": float(problem.thresholds[constraint]),
        "status": str(solution.outcome),
        "message": ". ".join([solution.message.rstrip("."), *stated.notes]) + ".",
        "along": arguments.along,
        "curve": {key: np.asarray(values).tolist() for key, values in columns.items()},
    }
    if arguments.json:
        return dump(record)
    if solution.outcome is Outcome.INFEASIBLE:
        # The table is for other programs to read, so the note stands beside it.
        print(f"dualign: {solution.message}", file=sys.stderr)
    head = ",".join(columns)
    body = [",".join(f"{value:.10g}" for value in row) for row in zip(*columns.values(), strict=True)]
    return "\n".join([head, *body])


def _along_multiplier(
    problem: AlignmentProblem, solution: DualSolution, constraint: int, points: int, largest: float | None
) -> Mapping[str, Any]:
    """D and the tilted policy as one multiplier grows from 0, the others at their optimum."""
    feasible = solution.outcome is not Outcome.INFEASIBLE
    at = np.asarray(solution.multipliers) if feasible else np.zeros(problem.samples.n_constraints)
    end = max(1.0, 3.0 * float(at[constraint])) if largest is None else largest
    if not end > 0:
        raise InvalidInputError(f"--max {end:g} is no range of multipliers: give a number above 0.")
    curve = dual_curve(problem, np.linspace(0.0, end, points), constraint=constraint, at=at)
    return {
        "multiplier": curve.multipliers,
        "dual": curve.dual,
        "slack": curve.slack,
        "expected_reward": curve.reward,
        "expected_utility": curve.utility,
        "kl": curve.kl,
        "effective_sample_size": curve.ess_median,
    }


def _along_threshold(
    problem: AlignmentProblem, solution: DualSolution, constraint: int, points: int, largest: float | None
) -> Mapping[str, Any]:
    """P* and its price as one threshold grows from where it costs nothing to the highest that can be met."""
    if points > _MOST_SOLVES:
        raise InvalidInputError(
            f"--points {points} are as many solves: give at most {_MOST_SOLVES} along a threshold."
        )
    highest = reachable_threshold(problem, constraint=constraint)
    if not math.isfinite(highest):
        names, alone = problem.samples.names, unmet_alone(problem)
        blocking = [f"'{names[j]}' (at most {most:.6g})" for j, most in alone.items() if j != constraint]
        raise InvalidInputError(
            f"whatever this threshold is, {', '.join(blocking)} cannot be met even alone: lower that first."
            if blocking
            else "the other constraints cannot be met together, whatever this threshold is."
        )
    free = threshold_for_multiplier(problem, 0.0, constraint=constraint)
    # At the highest itself lam* is infinite: the default curve ends a little before it.
    end = highest - 1e-3 * (highest - free) if largest is None else largest
    if not end > free:
        raise InvalidInputError(
            f"--max {end:g} costs nothing: the threshold binds from {free:.6g} and can be met up to {highest:.6g}."
        )
    curve = tradeoff_curve(problem, np.linspace(free, end, points), constraint=constraint)
    return {
        "threshold": curve.thresholds,
        "primal_optimum": curve.primal_optimum,
        "multiplier": curve.multipliers[:, constraint],
        "expected_reward": curve.reward,
        "kl": curve.kl,
    }
