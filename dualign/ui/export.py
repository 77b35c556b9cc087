"""A script that computes the present lens again."""

from __future__ import annotations

from dualign.ui.analysis import RESAMPLES
from dualign.ui.state import LensSettings


def script(lens: LensSettings) -> str:
    """A Python script that solves the lens's problem, prints the answer, and draws the dual curve and the image set."""
    constraints = "".join(
        f"    Threshold({c.utility!r}, {c.value!r}"
        + (f", group={c.group!r}" if c.group is not None else "")
        + (f", cutoff={c.cutoff!r}, form={c.form!r}" if c.cutoff is not None else "")
        + "),\n"
        for c in lens.constraints
    )
    subset = f".subset({lens.group!r})" if lens.group is not None else ""
    reward = f"reward={lens.reward!r}, " if lens.reward is not None else ""
    utilities = list(dict.fromkeys(c.utility for c in lens.constraints))
    held = "" if lens.multipliers is None else f"at = np.array({list(lens.multipliers)!r})\n"
    return f"""import numpy as np

from dualign.duality import Outcome, Threshold, assess, build_problem, dual_curve, evaluate_dual, solve_dual
from dualign.figures.dual import dual_curve_data, dual_curve_figure
from dualign.figures.geometry import image_set_data, image_set_figure
from dualign.figures.theme import LIGHT
from dualign.samples import Store

sample_set = Store().open({lens.samples!r})
samples = sample_set.scored({reward}utilities={utilities!r}){subset}
constraints = [
{constraints}]
problem = build_problem(samples, constraints, beta={lens.beta!r}, form={lens.form!r})
names = problem.samples.names
solution = solve_dual(problem)
feasible = solution.outcome is not Outcome.INFEASIBLE
rng = np.random.default_rng(0)
print(solution.message, sample_set.content_hash)
if feasible:
    at = solution.multipliers
    print("multipliers", at, "D*", solution.dual_optimum, "slack", solution.slack)
    print(assess(problem, solution, resamples={RESAMPLES}, rng=rng).multipliers_interval)
else:
    # There is no lam*: the figures stand at a multiplier of a few units of beta per spread of the scores.
    at = np.full(len(names), 4 * problem.beta / (problem.samples.utilities.std() or 1.0))
    print("best achievable slack", solution.best_slack)
    print("certificate", dict(zip(names, solution.certificate.tolist())))
{held}
focus = {lens.focus}
name, best = names[focus], solution.multipliers[focus]
here = evaluate_dual(problem, at[None, :])
lam, dual, slack = at[focus], here.dual[0], here.slack[0, focus]
end = 3 * max(lam, 1e-3)
# The lowest point along one multiplier is D* where the others stand at theirs.
solved = feasible and (len(names) == 1 or np.allclose(at, solution.multipliers))

curve = dual_curve(problem, np.linspace(0, end, 101), constraint=focus, at=at, resamples={RESAMPLES}, rng=rng)
drawn = dual_curve_data(
    curve,
    name=name,
    at=(lam, dual, slack),
    optimum=(best, solution.dual_optimum) if solved else None,
    feasible=feasible,
)
dual_curve_figure(drawn, LIGHT).write_html("dual_curve.html", include_plotlyjs=True)

# The reference earns the held multipliers times its own slacks beside its reward.
others = np.where(np.arange(len(names)) == focus, 0.0, at) @ problem.reference_slack
drawn = image_set_data(
    dual_curve(problem, np.linspace(-0.5 * end, end, 151), constraint=focus, at=at),
    name=name,
    at=(lam, slack, dual - lam * slack, dual),
    optimum=(best, solution.slack[focus], solution.dual_optimum - best * solution.slack[focus], solution.dual_optimum)
    if solved
    else None,
    reference=(problem.reference_slack[focus], samples.reference_reward + others),
    feasible=feasible,
)
image_set_figure(drawn, LIGHT).write_html("image_set.html", include_plotlyjs=True)
"""
