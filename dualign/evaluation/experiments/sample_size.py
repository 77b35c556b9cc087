"""How lam* settles with the number of prompts and of replies: Huang et al. Fig. 4, and the jackknife beside it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign.duality import AlignmentProblem, Outcome, ScoredSamples, jackknife, solve_dual
from dualign.evaluation.experiments.setup import Options, open_setup
from dualign.evaluation.results import ExperimentResult, Reading, machine, now

Array = npt.NDArray[np.float64]
EXACT = 0.8
_GAUSSIAN_PROMPTS = 1000


def run(options: Options) -> ExperimentResult:
    """lam* on random subsets of the prompts and of the replies, plain and corrected; a closed form beside it."""
    started = time.perf_counter()
    setup = open_setup(options)
    rng = np.random.default_rng(options.seed)
    name = setup.utilities[0]
    threshold = setup.sample_set.manifest.default_thresholds.get(name, 0.0)
    samples = setup.scored
    problem = AlignmentProblem(samples, np.array([threshold]), setup.beta)
    whole = float(solve_dual(problem).multipliers[0])
    corrected = float(jackknife(problem, [whole]).multipliers[0])
    prompts = _sizes(samples.n_prompts)
    replies = _sizes(samples.n_responses, least=4)
    tables: dict[str, dict[str, Any]] = {
        "prompts": _by_prompts(problem, prompts, options.repeats, rng),
        "replies": _by_replies(problem, replies, options.repeats, rng),
        "gaussian": _gaussian(replies, max(4, options.repeats // 10), rng),
    }
    few, known = tables["replies"], tables["gaussian"]
    tight = _settles(tables["prompts"], whole)
    at = list(few["replies"]).index(16) if 16 in few["replies"] else 0
    findings = (
        f"On all {samples.n_prompts} prompts and {samples.n_responses} replies λ* is {whole:.2f}, "
        f"{corrected:.2f} after the jackknife.",
        f"With {few['replies'][at]} replies a prompt, λ* is {few['plain'][at]:.2f} on average, and "
        f"{few['corrected'][at]:.2f} after the jackknife: few replies raise the price, the correction lowers it again.",
        f"Where the exact price is known ({EXACT}), {known['replies'][at]} replies give {known['plain'][at]:.2f} plain "
        f"and {known['corrected'][at]:.2f} corrected.",
        f"Subsets of {tight} prompts or more keep λ* within 10 % of its value on all in 90 % of the draws.",
    )
    over = few["plain"][0] > few["plain"][-1]
    return ExperimentResult(
        name="sample-size",
        title="λ* against the number of prompts and of replies",
        settings=setup.settings(threshold=threshold, whole=whole, whole_corrected=corrected, exact=EXACT),
        tables=tables,
        findings=findings,
        readings=(
            Reading(
                paper="Huang et al. Fig. 4: λ* settles from about 600 prompts and is over-estimated below about 100 "
                "replies a prompt",
                ours=f"λ* settles from about {tight} of {samples.n_prompts} prompts (within 10 % in 90 % of draws); "
                f"below {few['replies'][-1]} replies it is over-estimated, by "
                f"{100 * (few['plain'][0] / few['plain'][-1] - 1):.0f} % at {few['replies'][0]}",
                agreement="agrees" if over else "differs",
                why="fewer prompts suffice here because β is five times theirs, and the weights are spread wider",
            ),
        ),
        seconds=time.perf_counter() - started,
        machine=machine(),
        created=now(),
    )


def _sizes(most: int, *, least: int = 12) -> list[int]:
    found = []
    size = least
    while size < most:
        found.append(size)
        size *= 2
    return [*found, most]


def _both(problem: AlignmentProblem) -> tuple[float, float]:
    solution = solve_dual(problem)
    if solution.outcome is Outcome.INFEASIBLE:
        return np.inf, np.nan
    plain = float(solution.multipliers[0])
    return plain, float(jackknife(problem, solution.multipliers).multipliers[0])


def _summary(size_name: str, sizes: Sequence[int], rows: list[Array]) -> dict[str, Any]:
    """Mean and central 90 % of the draws (R, 2) at each size; infeasible draws are counted, not averaged."""
    columns: dict[str, Any] = {size_name: list(sizes)}
    for j, which in enumerate(("plain", "corrected")):
        kept = [row[np.isfinite(row[:, j]), j] for row in rows]
        columns |= {
            which: [float(x.mean()) if x.size else None for x in kept],
            f"{which}_low": [float(np.quantile(x, 0.05)) if x.size else None for x in kept],
            f"{which}_high": [float(np.quantile(x, 0.95)) if x.size else None for x in kept],
        }
    return columns | {"infeasible": [float(np.mean(~np.isfinite(row[:, 0]))) for row in rows]}


def _by_prompts(
    problem: AlignmentProblem, sizes: list[int], repeats: int, rng: np.random.Generator
) -> dict[str, Any]:
    samples, rows = problem.samples, []
    for size in sizes:
        count = 1 if size == samples.n_prompts else repeats
        draws = [
            _both(
                replace(problem, samples=samples.subset(np.sort(rng.permutation(samples.n_prompts)[:size])))
            )
            for _ in range(count)
        ]
        rows.append(np.array(draws))
    return _summary("prompts", sizes, rows)


def _by_replies(
    problem: AlignmentProblem, sizes: list[int], repeats: int, rng: np.random.Generator
) -> dict[str, Any]:
    samples, rows = problem.samples, []
    for size in sizes:
        count = 1 if size == samples.n_responses else repeats
        rows.append(
            np.array([_both(replace(problem, samples=_fewer(samples, size, rng))) for _ in range(count)])
        )
    return _summary("replies", sizes, rows)


def _fewer(samples: ScoredSamples, size: int, rng: np.random.Generator) -> ScoredSamples:
    """``size`` replies of each prompt, drawn without replacement."""
    chosen = np.argsort(rng.random(samples.rewards.shape), axis=1)[:, :size]
    return replace(
        samples,
        rewards=np.take_along_axis(samples.rewards, chosen, axis=1),
        utilities=np.take_along_axis(samples.utilities, chosen[..., None], axis=1),
        log_weights=None
        if samples.log_weights is None
        else np.take_along_axis(samples.log_weights, chosen, axis=1),
    )


def _gaussian(sizes: list[int], repeats: int, rng: np.random.Generator) -> dict[str, Any]:
    """Var r = Var g = 1, Cov = -0.5, beta 1, improvement 0.3: lam* is exactly 0.8 in the limit of many replies."""
    factor = np.linalg.cholesky([[1.0, -0.5], [-0.5, 1.0]])
    rows = []
    for size in sizes:
        draws = []
        for _ in range(repeats):
            scores = rng.normal(size=(_GAUSSIAN_PROMPTS, size, 2)) @ factor.T
            samples = ScoredSamples(scores[..., 0], scores[..., 1:], ("utility",))
            draws.append(_both(AlignmentProblem(samples, np.array([0.3]), 1.0)))
        rows.append(np.array(draws))
    return _summary("replies", sizes, rows)


def _settles(table: dict[str, Any], whole: float) -> int:
    for size, low, high in zip(table["prompts"], table["plain_low"], table["plain_high"], strict=True):
        if low is not None and abs(low / whole - 1) <= 0.1 and abs(high / whole - 1) <= 0.1:
            return int(size)
    return int(table["prompts"][-1])
