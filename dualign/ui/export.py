"""A script that computes the present lens again."""

from __future__ import annotations

from dualign.ui.analysis import RESAMPLES
from dualign.ui.state import LensSettings


def script(lens: LensSettings) -> str:
    """A Python script that solves the lens's problem and draws its dual curve."""
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
    at = "solution.multipliers" if lens.multipliers is None else f"np.array({list(lens.multipliers)!r})"
    return f"""import numpy as np

from dualign.duality import Threshold, assess, build_problem, dual_curve, evaluate_dual, solve_dual
from dualign.figures.dual import dual_curve_data, dual_curve_figure
from dualign.figures.theme import LIGHT
from dualign.samples import Store

sample_set = Store().open({lens.samples!r})
samples = sample_set.scored({reward}utilities={utilities!r}){subset}
constraints = [
{constraints}]
problem = build_problem(samples, constraints, beta={lens.beta!r}, form={lens.form!r})
solution = solve_dual(problem)
print(solution.message, sample_set.content_hash)
print("multipliers", solution.multipliers, "D*", solution.dual_optimum, "slack", solution.slack)
rng = np.random.default_rng(0)
print(assess(problem, solution, resamples={RESAMPLES}, rng=rng).multipliers_interval)

focus = {lens.focus}
at = {at}
grid = np.linspace(0, 3 * max(at[focus], 1e-3), 101)
curve = dual_curve(problem, grid, constraint=focus, at=at, resamples={RESAMPLES}, rng=rng)
here = evaluate_dual(problem, at[None, :])
drawn = dual_curve_data(
    curve,
    name=samples.names[focus],
    at=(at[focus], here.dual[0], here.slack[0, focus]),
    optimum=(solution.multipliers[focus], solution.dual_optimum),
)
dual_curve_figure(drawn, LIGHT).write_html("dual_curve.html", include_plotlyjs=True)
"""
