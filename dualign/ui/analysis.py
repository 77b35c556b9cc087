"""What the pages compute: from a stored set and a lens to solution, reliability and curves. No Streamlit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dualign.duality import (
    AlignmentProblem,
    DualCurve,
    DualEvaluation,
    DualSolution,
    Outcome,
    Reliability,
    ScoredSamples,
    TradeoffBand,
    TradeoffCurve,
    assess,
    dual_curve,
    dual_function,
    evaluate_dual,
    feasible_range,
    reachable_threshold,
    solve_dual,
    threshold_for_multiplier,
    tilted_weights,
    tradeoff_band,
    tradeoff_curve,
)
from dualign.duality.statements import Threshold, build_problem
from dualign.errors import InvalidInputError
from dualign.samples import SampleSet, fitting_beta
from dualign.ui.state import Bounds, LensSettings
from dualign.ui.terms import Term, term_of

RESAMPLES = 1000
CURVE_POINTS = 101


def start_of(sample_set: SampleSet) -> Bounds:
    """What a set allows, and the lens it opens with: its own defaults, at the optimum."""
    manifest = sample_set.manifest
    scores = tuple(manifest.scores)
    named = [name for name in manifest.utilities if name in manifest.default_thresholds]
    chosen = named or list(manifest.utilities[:1])
    constraints = tuple(Threshold(name, float(manifest.default_thresholds.get(name, 0.0))) for name in chosen)
    start = LensSettings(
        samples=sample_set.name,
        beta=float(manifest.default_beta),
        form="absolute" if manifest.default_form == "absolute" else "improvement",
        constraints=constraints,
    )
    groups = tuple(sorted({str(group) for group in sample_set.groups if str(group)}))
    return Bounds(
        start=start,
        rewards=scores,
        utilities=tuple(name for name in scores if name != manifest.reward) or scores,
        groups=groups if len(groups) > 1 else (),
        betas={name: fitting_beta(sample_set, name) for name in scores if name != manifest.reward},
    )


def scored(sample_set: SampleSet, lens: LensSettings) -> ScoredSamples:
    """Scores of the set as the lens sees them: its reward column, its prompt group, every utility."""
    wanted = tuple(dict.fromkeys(constraint.utility for constraint in lens.constraints))
    samples = sample_set.scored(reward=lens.reward, utilities=wanted)
    return samples if lens.group is None else samples.subset(lens.group)


def problem_of(sample_set: SampleSet, lens: LensSettings) -> AlignmentProblem:
    """The alignment problem that the lens states on the set."""
    return build_problem(scored(sample_set, lens), lens.constraints, beta=lens.beta, form=lens.form)


@dataclass(frozen=True)
class NextStep:
    """A threshold raised by ``size`` (utility units) and what that costs (reward), found by solving again."""

    size: float
    cost: float


@dataclass(frozen=True, eq=False)
class View:
    """Everything the lens looks at, at one place.

    Attributes
    ----------
    problem, solution
        The problem and its solution.
    terms
        What each constraint is called.
    multipliers : (m,)
        Where the lens stands: held by the person, else λ*, else the top of the range where there is no λ*.
    here, free
        Evaluation at ``multipliers`` and at λ = 0 (the best policy without the constraints).
    cost, cost_interval
        D(0) − D*, reward units, and its 95 % interval over prompts; None without an optimum.
    ranges
        Feasible range of every threshold when its constraint stands alone, (low, high).
    reach : (m,)
        Highest threshold that each constraint can have while the others keep theirs; −inf where the others
        already exclude each other.
    next_steps
        The next step of each threshold that still fits, the others kept; None where the constraint is free, or out
        of room.
    """

    problem: AlignmentProblem
    solution: DualSolution
    terms: tuple[Term, ...]
    multipliers: NDArray[np.float64]
    here: DualEvaluation
    free: DualEvaluation
    at_optimum: bool
    cost: float | None
    cost_interval: tuple[float, float] | None
    ranges: tuple[tuple[float, float], ...]
    reach: tuple[float, ...]
    next_steps: tuple[NextStep | None, ...]

    @property
    def feasible(self) -> bool:
        """Whether some policy meets every constraint on these samples."""
        return self.solution.outcome is not Outcome.INFEASIBLE

    @property
    def priced(self) -> bool:
        """Whether λ* exists. Where a threshold is the very best that can be reached it is met in the limit alone."""
        return self.feasible and self.solution.outcome is not Outcome.INACCURATE

    @property
    def names(self) -> tuple[str, ...]:
        """What the constraints are called."""
        return tuple(term.name for term in self.terms)


def look(sample_set: SampleSet, lens: LensSettings) -> View:
    """Solve the problem of the lens and evaluate the place it stands at."""
    problem = problem_of(sample_set, lens)
    solution = solve_dual(problem)
    solved = bool(np.isfinite(solution.multipliers).all())
    count = problem.samples.n_constraints
    best = np.asarray(solution.multipliers, dtype=float) if solved else np.full(count, fallback(problem))
    here = evaluate_dual(problem, best[None, :])
    free = evaluate_dual(problem, np.zeros((1, count)))
    cost = float(free.dual[0]) - float(solution.dual_optimum) if solved else None
    terms = tuple(term_of(sample_set.manifest, constraint) for constraint in lens.constraints)
    reach = tuple(reachable_threshold(problem, constraint=j) for j in range(count))
    view = View(
        problem=problem,
        solution=solution,
        terms=terms,
        multipliers=best,
        here=here,
        free=free,
        at_optimum=solved,
        cost=cost,
        cost_interval=_cost_interval(problem, best, cost) if cost is not None else None,
        ranges=tuple(feasible_range(problem, constraint=j) for j in range(count)),
        reach=reach,
        next_steps=tuple(_next_step(problem, solution, terms[j], j, reach[j]) for j in range(count)),
    )
    return stand(view, lens)


def stand(view: View, lens: LensSettings) -> View:
    """The same solved problem, seen from where ``lens`` stands along the multipliers."""
    solved = bool(np.isfinite(view.solution.multipliers).all())
    best = np.asarray(view.solution.multipliers, dtype=float)
    held = lens.multipliers
    at = np.maximum(np.asarray(best if held is None else held, dtype=float), 0.0)
    if held is None and not solved:
        at = np.full(len(best), fallback(view.problem))
    # The browser's own solution agrees to a few parts in a million.
    near = solved and bool(np.all(np.abs(at - best) <= 1e-5 * np.maximum(1.0, np.abs(best))))
    if np.array_equal(at, view.multipliers):
        return replace(view, at_optimum=near)
    return replace(view, multipliers=at, here=evaluate_dual(view.problem, at[None, :]), at_optimum=near)


def _next_step(
    problem: AlignmentProblem, solution: DualSolution, term: Term, j: int, reach: float
) -> NextStep | None:
    """A round step of one threshold, at most half of the room that is left, and its cost."""
    now = np.asarray(problem.thresholds, dtype=float)
    room = reach - float(now[j])
    if solution.outcome is not Outcome.OPTIMAL_BINDING or not solution.multipliers[j] > 0 or not room > 1e-9:
        return None
    size = float(10.0 ** np.floor(np.log10(room / 2.0)))
    size = min(size, 0.01) if term.share else size
    raised = solve_dual(replace(problem, thresholds=now + size * np.eye(len(now))[j]))
    if raised.outcome is Outcome.INFEASIBLE:
        return None
    return NextStep(size, float(solution.dual_optimum) - float(raised.dual_optimum))


def fallback(problem: AlignmentProblem) -> float:
    """A multiplier to stand at where λ* is infinite: a few units of beta per spread of the utility."""
    spread = float(np.nanstd(np.where(np.isfinite(problem.margins), problem.margins, np.nan)))
    # A utility that does not vary has the spread of rounding; any multiplier is as good there.
    still = spread <= 1e-12 * float(np.abs(problem.samples.utilities).max())
    return 4.0 * problem.beta / (1.0 if still else spread)


def _cost_interval(
    problem: AlignmentProblem, best: NDArray[np.float64], cost: float
) -> tuple[float, float] | None:
    """95 % interval of D(0) − D* over prompts; at the optimum the error of λ* itself enters in second order only.

    It reaches to where it would lie without the bias of few replies, as every interval does (`assess`). None for one
    prompt, which says nothing of others.
    """
    from dualign.duality.jackknife import corrected_dual
    from dualign.duality.moments import prompt_moments, prompt_weights

    weights = prompt_weights(problem.samples)
    if np.count_nonzero(weights) == 1:
        return None
    zero = np.zeros_like(best)
    difference = prompt_moments(problem, zero).dual - prompt_moments(problem, best).dual
    error = 1.96 * float(np.sqrt(np.sum(weights**2 * (difference - difference @ weights) ** 2)))
    shift = corrected_dual(problem, zero)[0] - corrected_dual(problem, best)[0] - cost
    if not np.isfinite(shift):
        shift = 0.0
    return max(0.0, cost - error + min(shift, 0.0)), cost + error + max(shift, 0.0)


def reliability(view: View, *, resamples: int = RESAMPLES, seed: int = 0) -> Reliability:
    """How far to trust the solution; the seed is fixed so that a reload shows the same numbers."""
    return assess(view.problem, view.solution, resamples=resamples, rng=np.random.default_rng(seed))


def multiplier_range(view: View, focus: int) -> float:
    """Upper end of the multiplier axis: room beyond λ* and beyond where the lens stands."""
    solved = view.solution.multipliers[focus]
    best = float(solved) if np.isfinite(solved) else 0.0
    unit = fallback(view.problem) / 4.0
    return max(2.5 * best, 1.3 * float(view.multipliers[focus]), 2.0 * unit)


def curve(view: View, focus: int, *, resamples: int = RESAMPLES, seed: int = 0) -> DualCurve:
    """The dual along one multiplier, the others held where the lens stands."""
    grid = np.linspace(0.0, multiplier_range(view, focus), CURVE_POINTS)
    return dual_curve(
        view.problem,
        grid,
        constraint=focus,
        at=view.multipliers,
        resamples=resamples,
        rng=np.random.default_rng(seed),
    )


def boundary(view: View, focus: int) -> DualCurve:
    """The image set's boundary: the dual over multipliers of either sign, dense near 0 where it bends most."""
    reach = multiplier_range(view, focus)
    bend = np.sinh(np.linspace(-3.0, 3.0, 121)) / np.sinh(3.0)
    grid = np.unique(np.append(reach * np.where(bend < 0, bend, 1.2 * bend), view.multipliers[focus]))
    return dual_curve(view.problem, grid, constraint=focus, at=view.multipliers)


def stands_at(kept: View, view: View, focus: int) -> tuple[float, float]:
    """Where the policy of another view on the same prompts stands in this one: slack, and height of the image set.

    Reward, thresholds, beta and prices of the other constraints are those of ``view``: the axes of its picture, in
    which no policy lies above the boundary.
    """
    problem = view.problem
    samples = problem.samples
    weights = tilted_weights(kept.problem, kept.multipliers)
    if samples.prompt_weights is None:
        weights = weights / samples.n_prompts
    else:
        weights = weights * np.asarray(samples.prompt_weights)[:, None]
    slack = np.einsum("pi,pij->j", weights, samples.utilities) - problem.offset
    prices = np.where(np.arange(len(slack)) == focus, 0.0, view.multipliers)
    reward = float(np.sum(weights * samples.rewards))
    height = reward - problem.beta * float(kept.here.kl[0]) + float(prices @ slack)
    return float(slack[focus]), height


@dataclass(frozen=True, eq=False)
class Tradeoff:
    """P* over thresholds of one constraint, the other thresholds kept.

    Attributes
    ----------
    curve
        P* and the price from well below the reference to close to ``reach``.
    reach
        Highest threshold that can be met.
    free
        Threshold from which the constraint has a price; None where the other constraints exclude each other.
    band
        95 % intervals over prompts along the curve.
    """

    curve: TradeoffCurve
    reach: float
    free: float | None
    band: TradeoffBand


def tradeoff(view: View, focus: int) -> Tradeoff:
    """P* over thresholds up to the end of what can be reached, and where its price begins."""
    low, alone = view.ranges[focus]
    here = float(view.problem.thresholds[focus])
    reach = view.reach[focus]
    try:
        free: float | None = threshold_for_multiplier(view.problem, 0.0, constraint=focus)
    except InvalidInputError:
        free = None
    high = reach if np.isfinite(reach) else alone
    level = low if free is None else min(free, high)
    start = max(low, min(level, here) - 0.35 * max(high - level, 1e-9))
    stop = high - 0.02 * (high - start)
    grid = np.linspace(min(start, stop - 1e-9), stop, 41)
    if free is not None and start < free < stop:
        grid = np.append(grid, free)
    if here < stop:
        grid = np.append(grid, here)
    traced = tradeoff_curve(view.problem, np.unique(grid), constraint=focus)
    return Tradeoff(traced, reach, free, tradeoff_band(view.problem, traced, constraint=focus))


def dual_along(view: View, path: NDArray[np.float64]) -> NDArray[np.float64]:
    """D at every iterate of a path, (k, m) -> (k,)."""
    return np.atleast_1d(np.asarray(dual_function(view.problem, np.atleast_2d(path))))


def other_form(view: View, lens: LensSettings) -> LensSettings:
    """The same problem with its thresholds stated in the other form; shares of replies stay what they are."""
    baseline = np.asarray(view.problem.samples.baseline)
    to_absolute = lens.form == "improvement"
    moved = [
        constraint
        if constraint.cutoff is not None
        else replace(constraint, value=float(constraint.value + (base if to_absolute else -base)))
        for constraint, base in zip(lens.constraints, baseline, strict=True)
    ]
    return replace(lens, form="absolute" if to_absolute else "improvement", constraints=tuple(moved))
