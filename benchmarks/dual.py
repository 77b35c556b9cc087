"""Solving for lam*: dualign against the published algorithm, scipy's solvers and the floor, in one run.

The floor is one ``np.exp`` over the score array. Every solver must reach the same lam* with a KKT residual
of 1e-8, checked by one evaluation that none of them shares; a solver that stops short is marked with its
residual and its time is counted as it stands, in its favour. The peers are plain vectorised NumPy with a
log-sum-exp per prompt, analytic derivatives and centred scores, started at lam = 1 as published. Times are
processor time of one thread, peer and dualign in turn, medians: other processes then count least. Solves of
one set share what is prepared once; *first* is a solve of new scores, checks and preparation included, while
its peers are still given the centred scores.

``python -m benchmarks.dual [--quick] [--size 1000x128] [--constraints 1] [--large]``
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is loaded

import numpy as np
from scipy.optimize import minimize

from dualign.duality import AlignmentProblem, ScoredSamples, check_feasibility, evaluate_dual, solve_dual
from dualign.duality.newton import kkt_residual

Array = np.ndarray[Any, np.dtype[np.float64]]
TOLERANCE = 1e-8
BETAS = (0.1, 0.3, 1.0)
# Shares of the best achievable improvement: easy, middling, near the ceiling.
REACHES = (0.2, 0.6, 0.95)
MOST_PASSES = 3000


class Plain:
    """The dual as one would write it: whole arrays, log-sum-exp per prompt."""

    def __init__(self, problem: AlignmentProblem) -> None:
        data = problem.samples.centred
        self.rewards = data.rewards
        self.margins = np.ascontiguousarray(np.moveaxis(data.utilities, 0, 2)) + problem.reference_slack
        self.beta, self.scale = problem.beta, data.scale
        self.passes = 0

    def weights(self, lam: Array) -> tuple[float, Array]:
        """D less E_ref[r], and the tilted weights."""
        self.passes += 1
        score = (self.rewards + self.margins @ lam) / self.beta
        top = score.max(axis=1, keepdims=True)
        weights = np.exp(score - top)
        total = weights.sum(axis=1, keepdims=True)
        dual = self.beta * float((top + np.log(total)).mean() - np.log(score.shape[1]))
        return dual, weights / total

    def value(self, lam: Array) -> tuple[float, Array]:
        """D and its gradient."""
        dual, weights = self.weights(lam)
        return dual, np.einsum("pi,pij->j", weights, self.margins) / len(weights)

    def hessian(self, lam: Array) -> Array:
        """Mean covariance over beta."""
        _, weights = self.weights(lam)
        mean = np.einsum("pi,pij->pj", weights, self.margins)
        raw = np.einsum("pi,pij,pik->jk", weights, self.margins, self.margins, optimize=True)
        return (raw - mean.T @ mean) / len(weights) / self.beta

    def residual(self, lam: Array, slack: Array) -> float:
        """The residual that all are held to."""
        return kkt_residual(lam, slack, self.scale, self.beta)


def published(problem: AlignmentProblem) -> Array:
    """Projected gradient: lam0 = 1, step 1, halved whenever D fails to fall."""
    plain = Plain(problem)
    lam, step = np.ones(len(problem.thresholds)), 1.0
    dual, slack = plain.value(lam)
    while plain.residual(lam, slack) > TOLERANCE and plain.passes < MOST_PASSES:
        moved = np.maximum(0.0, lam - step * slack)
        there, slope = plain.value(moved)
        if there > dual + 1e-14 * (abs(dual) + problem.beta):
            step *= 0.5
            continue
        lam, dual, slack = moved, there, slope
    return lam


def lbfgsb(problem: AlignmentProblem) -> Array:
    """scipy L-BFGS-B with the analytic gradient, tolerances at rounding."""
    plain = Plain(problem)
    found = minimize(
        plain.value,
        np.ones(len(problem.thresholds)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * len(problem.thresholds),
        options={"ftol": 0.0, "gtol": 0.5 * TOLERANCE * float(plain.scale.min()), "maxiter": 1000},
    )
    return np.asarray(found.x)


def trust_constr(problem: AlignmentProblem) -> Array:
    """scipy trust-constr with analytic gradient and Hessian."""
    plain = Plain(problem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = minimize(
            plain.value,
            np.ones(len(problem.thresholds)),
            jac=True,
            hess=plain.hessian,
            method="trust-constr",
            bounds=[(0, np.inf)] * len(problem.thresholds),
            options={"gtol": 1e-10, "xtol": 1e-14, "barrier_tol": 1e-10, "maxiter": 300},
        )
    return np.maximum(np.asarray(found.x), 0.0)


PEERS: dict[str, Callable[[AlignmentProblem], Array]] = {
    "published": published,
    "L-BFGS-B": lbfgsb,
    "trust-constr": trust_constr,
}


def scores(n_prompts: int, n_responses: int, m: int) -> ScoredSamples:
    """Rewards and utilities in conflict, with a spread between prompts in means and widths."""
    rng = np.random.default_rng(n_prompts + m)
    rewards = rng.normal(size=(n_prompts, n_responses)) * rng.uniform(0.6, 1.4, (n_prompts, 1))
    utilities = rng.normal(size=(n_prompts, n_responses, m)) * rng.uniform(0.6, 1.4, (n_prompts, 1, 1))
    utilities += 0.3 * rng.normal(size=(n_prompts, 1, m)) - 0.4 * rewards[..., None]
    return ScoredSamples(rewards, utilities, tuple("abc"[:m]))


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds of this thread, and the answer."""
    start = time.thread_time()
    answer = call()
    return time.thread_time() - start, answer


def compare(
    samples: ScoredSamples,
    peers: list[str],
    repeats: int,
    betas: tuple[float, ...],
    reaches: tuple[float, ...],
) -> dict[str, list[float]]:
    """One table; geometric-mean material: floors of ours, and each peer's time over ours."""
    n_prompts, n_responses = samples.rewards.shape
    m = samples.n_constraints
    prepare, _ = timed(lambda: (samples.centred, samples.centred.ceiling, samples.centred.moments))
    zero = AlignmentProblem(samples, np.zeros(m), 1.0)
    ceiling = check_feasibility(zero).best_slack
    floors = [timed(lambda: np.exp(samples.rewards))[0] for _ in range(15)]
    floor = statistics.median(floors)
    print(
        f"\n{n_prompts} x {n_responses}, m = {m}: floor {floor * 1e3:.3f} ms; "
        f"preparing once {prepare / floor:.0f} floors"
    )
    print(
        f"{'beta':>5} {'reach':>5} {'lam*':>8} {'passes':>6} {'floors':>7}  "
        + "  ".join(f"{p:>22}" for p in peers)
    )
    ratios: dict[str, list[float]] = defaultdict(list)
    for beta in betas:
        for reach in reaches:
            problem = AlignmentProblem(samples, np.full(m, reach * ceiling), beta)
            solution = solve_dual(problem)
            ours: list[float] = []
            theirs: dict[str, list[float]] = defaultdict(list)
            answers: dict[str, Array] = {}
            for _ in range(repeats):
                floors.append(timed(lambda: np.exp(samples.rewards))[0])
                for name in peers:
                    ours += [timed(lambda p=problem: solve_dual(p))[0] for _ in range(3)]
                    seconds, answers[name] = timed(lambda p=problem, n=name: PEERS[n](p))
                    theirs[name].append(seconds)
                ours += [timed(lambda p=problem: solve_dual(p))[0] for _ in range(3)]
            mine = statistics.median(ours)
            first = statistics.median(timed(lambda p=problem: fresh_solve(p))[0] for _ in range(repeats))
            ratios["floors"].append(mine / statistics.median(floors))
            ratios["floors, first"].append(first / statistics.median(floors))
            _demand(problem, solution.multipliers, TOLERANCE)
            cells = []
            for name in peers:
                ratio = statistics.median(theirs[name]) / mine
                ratios[name].append(ratio)
                ratios[f"{name}, first"].append(statistics.median(theirs[name]) / first)
                reached = _demand(problem, answers[name], 1e-2)
                mark = "" if reached <= TOLERANCE else f" (KKT {reached:.0e})"
                cells.append(f"{f'{ratio:.1f} x{mark}':>22}")
            print(
                f"{beta:5} {reach:5} {solution.multipliers[0]:8.4f} {solution.iterations:6} "
                f"{ratios['floors'][-1]:7.1f}  " + "  ".join(cells),
                flush=True,
            )
    means = {name: float(np.exp(np.mean(np.log(values)))) for name, values in ratios.items()}
    print(
        "geometric mean: "
        + ", ".join(f"{n} {v:.1f}{'' if n.startswith('floors') else ' x'}" for n, v in means.items())
    )
    return ratios


def fresh_solve(problem: AlignmentProblem) -> Any:
    """lam* from plain arrays."""
    known = problem.samples
    samples = ScoredSamples(known.rewards, known.utilities, known.names)
    return solve_dual(AlignmentProblem(samples, problem.thresholds, problem.beta))


def _demand(problem: AlignmentProblem, lam: Array, most: float) -> float:
    at = evaluate_dual(problem, lam)
    reached = kkt_residual(lam, at.slack[0], problem.samples.centred.scale, problem.beta)
    if not reached <= most:
        raise SystemExit(f"another answer: KKT residual {reached:.1e} at {lam} for beta {problem.beta}")
    return reached


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one repeat, three of nine cases")
    parser.add_argument("--size", action="append", metavar="PxI", help="only these sizes")
    parser.add_argument("--constraints", type=int, action="append", help="only these m, of 1, 2, 3")
    parser.add_argument("--peer", action="append", choices=list(PEERS), help="only these peers")
    parser.add_argument("--large", action="store_true", help="100000 x 64 too (minutes)")
    options = parser.parse_args()
    cases = [(1000, 128, 1), (1000, 128, 2), (1000, 128, 3), (1604, 192, 1)]
    cases += [(100_000, 64, 1)] if options.large else []
    if options.size:
        sizes = [tuple(map(int, size.split("x"))) for size in options.size]
        cases = [(p, i, m) for p, i in sizes for m in options.constraints or [1]]
    elif options.constraints:
        cases = [case for case in cases if case[2] in options.constraints]
    peers = options.peer or list(PEERS)
    single: dict[str, list[float]] = defaultdict(list)
    for n_prompts, n_responses, m in cases:
        large = n_prompts * n_responses > 10**6
        betas = (0.3,) if options.quick or large else BETAS
        ratios = compare(
            scores(n_prompts, n_responses, m), peers, 1 if options.quick or large else 5, betas, REACHES
        )
        if m == 1:
            for name, values in ratios.items():
                single[name] += values
    if single:
        print("\nall of m = 1, geometric means against the goals:")
        goals = {"floors": "goal <= 12", "published": "goal >= 10 x", "L-BFGS-B": "goal >= 5 x"}
        for name, values in single.items():
            print(f"{name:>20} {np.exp(np.mean(np.log(values))):7.1f}   {goals.get(name, 'no goal')}")


if __name__ == "__main__":
    main()
