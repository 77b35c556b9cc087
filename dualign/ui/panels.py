"""Figures of the dual and the geometry for a lens, ready to show: data from the cache, words beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from dualign.duality import Outcome, projected_gradient
from dualign.errors import DualignError
from dualign.figures import dual, geometry, solver
from dualign.figures import tradeoff as tradeoffs
from dualign.figures.theme import steps_in_words
from dualign.ui import analysis, conflict, data, session, show, trained, words
from dualign.ui.analysis import View
from dualign.ui.state import LensSettings
from dualign.ui.texts import md, number, signed


def about(lens: LensSettings, view: View) -> dict[str, str | float]:
    """What the figures of a lens are computed from, as the command line would state it."""
    sample_set = data.open_set(lens.samples)
    problem = view.problem
    thresholds = [
        f"{name}>={f'ref{value:+}' if form == 'improvement' else value}"
        for name, value, form in zip(
            problem.samples.names, problem.thresholds.tolist(), problem.forms, strict=True
        )
    ]
    return {
        "samples": lens.samples,
        "samples_sha256": sample_set.content_hash,
        "prompts": lens.group or "all",
        "reward": lens.reward or sample_set.manifest.reward,
        "beta": lens.beta,
        "thresholds": "; ".join(thresholds),
        "multipliers": "; ".join(repr(float(value)) for value in view.multipliers),
    }


def optimum_of(view: View, focus: int) -> tuple[float, float] | None:
    """λ* of one constraint and D*, where there are any."""
    if not view.priced:
        return None
    return float(view.solution.multipliers[focus]), float(view.solution.dual_optimum)


def curve_data(lens: LensSettings, view: View) -> dual.DualCurveData:
    """The dual curve along the lens's constraint, with what is pinned."""
    focus = lens.focus
    here = (float(view.multipliers[focus]), float(view.here.dual[0]), float(view.here.slack[0, focus]))
    optimum = optimum_of(view, focus)
    others_at_best = view.at_optimum or len(view.multipliers) == 1
    interval = None
    if optimum is not None and others_at_best:
        low, high = data.reliability(lens).multipliers_interval[focus]
        interval = (float(low), float(high))
    pinned = session.pinned()
    kept = None
    if pinned is not None and pinned != lens and len(pinned.constraints) > focus:
        try:
            kept = data.curve(replace(pinned, focus=focus))
        except DualignError:
            kept = None
    return dual.dual_curve_data(
        data.curve(lens),
        name=view.names[focus],
        at=here,
        optimum=optimum if others_at_best else None,
        interval=interval,
        pinned=kept,
        feasible=view.feasible,
        held=words.others_held(view, focus),
    )


def dual_curve(lens: LensSettings, view: View) -> None:
    """The dual curve and the strip of effective samples below it."""
    drawn = curve_data(lens, view)
    look = show.look()
    at, value, slack = drawn.at
    sentence = f"At λ = {number(at)} the dual is {number(value, 4)} reward; its slope, the slack, is {signed(slack)}."
    if drawn.held:
        sentence += f" Along {drawn.name} alone: {drawn.held}."
    if drawn.optimum is not None:
        sentence += (
            f" It is lowest at λ* = {number(drawn.optimum[0])}, where D* = {number(drawn.optimum[1], 4)}."
        )
    show.figure(
        dual.dual_curve_figure(drawn, look),
        drawn.columns,
        key="dual-curve",
        sentence=sentence,
        about=about(lens, view),
    )
    strip = {name: drawn.columns[name] for name in ("multiplier", "ess_median", "ess_pooled")}
    show.figure(
        dual.reliability_figure(drawn, look),
        strip,
        key="reliability",
        about=about(lens, view),
        sentence=f"At λ = {number(at)} a prompt's replies are worth {number(float(view.here.ess_median[0]))} "
        f"equally weighted ones (median), {number(float(view.here.ess_pooled[0]))} pooled over prompts.",
    )


def image_set(lens: LensSettings, view: View) -> None:
    """The image set with the hyperplane where the lens stands."""
    focus = lens.focus
    multiplier, slack, height = (
        float(view.multipliers[focus]),
        float(view.here.slack[0, focus]),
        float(view.here.dual[0]),
    )
    at = (multiplier, slack, height - multiplier * slack, height)
    optimum = None
    if optimum_of(view, focus) is not None and (len(view.multipliers) == 1 or view.at_optimum):
        solution = view.solution
        optimum = (
            float(solution.multipliers[focus]),
            float(solution.slack[focus]),
            float(solution.dual_optimum) - float(solution.multipliers[focus]) * float(solution.slack[focus]),
            float(solution.dual_optimum),
        )
    samples = view.problem.samples
    spare = np.asarray(view.problem.reference_slack)
    others = float(view.multipliers @ spare) - multiplier * float(spare[focus])
    reference = (float(spare[focus]), float(samples.reference_reward) + others)
    policies, pinned = trained.points(lens, view), pinned_point(lens, view)
    drawn = geometry.image_set_data(
        data.boundary(lens),
        name=view.names[focus],
        at=at,
        optimum=optimum,
        reference=reference,
        pinned=pinned,
        held=words.others_held(view, focus),
        feasible=view.feasible,
        policies=policies,
    )
    sentence = (
        f"The tilted policy at λ = {number(at[0])} has slack {signed(at[1])} and "
        f"E[r] − β KL {number(at[2], 4)} reward; "
        f"its hyperplane meets slack 0 at {number(at[3], 4)}. The reference has slack {signed(reference[0])} "
        f"and reward {number(reference[1], 4)}."
    ) + "".join(
        f" The trained policy {policy.label} has slack {signed(policy.slack)} ± {number(policy.slack_error, 2)} and "
        f"{number(policy.height, 4)} reward."
        for policy in policies
    )
    if pinned is not None:
        sentence += (
            f" A, the pinned view, has slack {signed(pinned[0])} and {number(pinned[1], 4)} reward here."
        )
    show.figure(
        geometry.image_set_figure(drawn, show.look()),
        drawn.columns,
        key="image-set",
        about=about(lens, view),
        sentence=sentence,
        on_pick=_stand_at_point,
    )
    if policies:
        st.caption(trained.legend([policy.label for policy in policies]))


def _stand_at_point() -> None:
    """Move the lens to the multiplier of the boundary point that was clicked."""
    picked = st.session_state.get("image-set")
    points = picked.selection.points if picked is not None else []
    lens = session.current()
    for point in points:
        value = point.get("customdata")
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, int | float) and np.isfinite(value):
            at = [float(x) for x in data.view(lens).multipliers]
            at[lens.focus] = min(max(float(value), 0.0), 1e6)
            if value < 0:
                name = md(data.view(lens).names[lens.focus])
                st.toast(
                    f"The lens stays at λ = 0: below it less {name} would be rewarded.",
                    icon=":material/info:",
                )
            session.commit(replace(lens, multipliers=tuple(at)))
            return


def pinned_point(lens: LensSettings, view: View) -> tuple[float, float] | None:
    """Slack and height that the pinned policy has in the present view; None where it has no place there."""
    pinned = session.pinned()
    # Of other prompts it would be another policy, and of another reward its height another quantity.
    if pinned is None or pinned == lens:
        return None
    if (pinned.samples, pinned.group, pinned.reward) != (lens.samples, lens.group, lens.reward):
        return None
    try:
        return analysis.stands_at(data.view(pinned), view, lens.focus)
    except DualignError:
        return None


def _tradeoff_data(lens: LensSettings, view: View) -> tradeoffs.TradeoffData:
    traced = data.tradeoff(lens)
    focus = lens.focus
    optimum = optimum_of(view, focus)
    place = float(view.problem.thresholds[focus])
    here = (place, float(view.solution.primal_optimum), optimum[0]) if optimum is not None else None
    step = view.next_steps[focus]
    return tradeoffs.TradeoffData(
        tradeoffs.tradeoff_columns(traced.curve, traced.band),
        view.names[focus],
        lens.forms[focus],
        here,
        traced.reach,
        free=traced.free,
        unit=view.terms[focus].unit,
        step=None if step is None else (step.size, step.cost),
        kept=words.others_kept(view, lens, focus),
    )


def tradeoff(lens: LensSettings, view: View) -> None:
    """The trade-off curve and the regularization path."""
    if _still(lens, view):
        return
    drawn, focus = _tradeoff_data(lens, view), lens.focus
    if not np.isfinite(drawn.best):
        st.markdown(
            f"No threshold here can be met, since {md(conflict.in_the_way(view, focus))}: "
            f"{md(conflict.lower(view, focus))}."
        )
        return
    left, right = st.columns(2, gap="large")
    kept = f", {drawn.kept}," if drawn.kept else ""
    sentence = (
        f"P* falls as the threshold rises{kept} and no policy here reaches beyond {number(drawn.best)}."
    )
    if drawn.here is not None:
        place, value, price = drawn.here
        sentence += f" At {number(place)} it is {number(value, 4)} reward; the price at the margin is {number(price)}."
    sentence += " The shade is the 95 % interval over prompts."
    if drawn.step is not None:
        sentence += f" The next {number(drawn.step[0])} costs {number(drawn.step[1])} reward, solved again."
    with left:
        figure = tradeoffs.tradeoff_figure(drawn, show.look())
        show.figure(figure, drawn.columns, key="trade-off", sentence=sentence, about=about(lens, view))
    with right:
        _path(drawn, about(lens, view))


def _still(lens: LensSettings, view: View) -> bool:
    """Whether the constraint in focus is on something that no policy moves; says so."""
    if words.moves(view, lens.focus):
        return False
    st.markdown(
        f"{md(view.names[lens.focus])} does not vary within any prompt: no policy moves it, and no threshold on it has "
        "a price."
    )
    return True


def price_path(lens: LensSettings, view: View) -> None:
    """The price λ* for every threshold, up to the end of what can be reached."""
    if _still(lens, view):
        return
    drawn, focus = _tradeoff_data(lens, view), lens.focus
    if not np.isfinite(drawn.best):
        st.markdown(
            f"{md(view.names[focus])} has no price, since {md(conflict.in_the_way(view, focus))}: "
            f"{md(conflict.lower(view, focus))}."
        )
        return
    _path(drawn, about(lens, view))


def _path(drawn: tradeoffs.TradeoffData, source: dict[str, str | float]) -> None:
    columns = ("threshold", "multiplier", "multiplier_low", "multiplier_high")
    path = {name: drawn.columns[name] for name in columns}
    sentence = "The price λ* for every threshold"
    if drawn.free is not None:
        sentence += f": zero up to {number(drawn.free)}"
    sentence += f", without bound towards {number(drawn.best)}. The shade is the 95 % interval over prompts."
    if drawn.kept:
        sentence += f" Throughout, {drawn.kept}."
    show.figure(tradeoffs.path_figure(drawn, show.look()), path, key="path", sentence=sentence, about=source)


def convergence(lens: LensSettings, view: View) -> None:
    """The solver's steps beside the published projected gradient."""
    if not np.isfinite(view.solution.multipliers).all():
        st.markdown(
            "There is no minimum to converge to: D falls without end along the certificate's direction."
        )
        return
    plain = projected_gradient(view.problem, max_iterations=300)
    second = analysis.dual_along(view, np.asarray(view.solution.path))
    first = analysis.dual_along(view, np.asarray(plain.path))
    drawn = solver.convergence_data(second, first, optimum=float(view.solution.dual_optimum))
    columns = {"second_order_excess": drawn.second_order, "gradient_excess": drawn.gradient}
    sentence = (
        f"The second-order method needs {steps_in_words(len(second) - 1)} for "
        f"D − D* = {drawn.second_order[-1]:.1g} reward; "
        f"plain projected gradient is at {drawn.gradient[-1]:.1g} after {len(first) - 1}."
    )
    show.figure(
        solver.convergence_figure(drawn, show.look()),
        columns,
        key="convergence",
        sentence=sentence,
        about=about(lens, view),
    )
    with st.expander("Every step in numbers"):
        steps = np.asarray(view.solution.path)
        rows = [
            {
                "step": str(k),
                "λ (reward per utility)": ", ".join(number(float(x), 6) for x in row),
                "D − D* (reward)": number(float(e)),
            }
            for k, (row, e) in enumerate(zip(steps, drawn.second_order, strict=True))
        ]
        show.records(rows, alt="Iterates of the solver")


def contour(lens: LensSettings, view: View, pair: tuple[int, int]) -> None:
    """D over two multipliers with the solvers' paths, the other multipliers held where the lens stands."""
    from dualign.duality import dual_contour

    names = view.names
    both = (names[pair[0]], names[pair[1]])
    best = view.solution.multipliers
    solved = bool(np.isfinite(best).all())
    flat = len(names) == 2
    path = np.asarray(view.solution.path)[:, list(pair)] if flat and solved else np.empty((0, 2))
    other = np.empty((0, 2))
    if flat and solved:
        other = np.asarray(projected_gradient(view.problem, max_iterations=300).path)[:, list(pair)]
    reach = [
        max(
            analysis.multiplier_range(view, j) * (0.8 if solved else 1.0),
            1.1 * float(path[:, k].max(initial=0.0)),
        )
        for k, j in enumerate(pair)
    ]
    grids = [np.linspace(0.0, top, 41) for top in reach]
    surface = dual_contour(view.problem, grids[0], grids[1], pair=pair, at=view.multipliers)
    drawn = solver.contour_data(
        surface,
        names=both,
        path=path,
        gradient_path=other,
        optimum=(float(best[pair[0]]), float(best[pair[1]])) if solved else None,
        at=(float(view.multipliers[pair[0]]), float(view.multipliers[pair[1]])),
    )
    where = (
        ""
        if view.solution.outcome is Outcome.INFEASIBLE
        else (
            f" It is lowest at {number(float(best[pair[0]]))} for {both[0]} "
            f"and {number(float(best[pair[1]]))} for {both[1]}."
        )
    )
    show.figure(
        solver.contour_figure(drawn, show.look()),
        solver.contour_columns(drawn),
        key=f"contour-{pair[0]}-{pair[1]}",
        about=about(lens, view),
        sentence=f"D over the multipliers of {both[0]} and {both[1]}.{where}",
    )
