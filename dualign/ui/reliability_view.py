"""Outcome and reliability in words, tables and pictures."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dualign.duality import Outcome, Reliability
from dualign.figures.theme import steps_in_words
from dualign.ui import conflict, session, show
from dualign.ui.analysis import View
from dualign.ui.state import LensSettings
from dualign.ui.texts import interval, join, md, number, signed


def outcome_panel(lens: LensSettings, view: View) -> None:
    """What kind of answer this is: shown only where it is not the usual one."""
    outcome = view.solution.outcome
    names, failing = view.names, conflict.failing_alone(view)
    if outcome is Outcome.INFEASIBLE:
        with st.container(border=True):
            grows = "λ" if len(names) == 1 else "some mix of the λ"
            if failing and len(names) > 1:
                grows = f"the λ of {md(join([names[j] for j in failing]))}"
            why = ", since its slope, the slack, never reaches zero" if len(names) == 1 else ""
            st.markdown(
                ":material/block: **No policy on these samples meets this.** D falls without end as "
                f"{grows} grows{why}: there is no λ\\* and no price."
            )
            rows = []
            for name, wanted, (_, alone), reach in zip(
                names, view.problem.thresholds, view.ranges, view.reach, strict=True
            ):
                row = {"Constraint": name, "Asked for": number(float(wanted))}
                if len(names) > 1:
                    row["Highest with the others kept"] = number(reach) if np.isfinite(reach) else "none"
                rows.append(row | {"Highest alone": number(alone)})
            show.records(rows, alt="What is asked for and what can be reached")
            _ease(lens, view)
            if view.solution.certificate is not None and len(names) > 1 and not failing:
                weights = np.asarray(view.solution.certificate, dtype=float)
                weights = weights / max(float(np.abs(weights).sum()), 1e-300)
                mix = ", ".join(
                    f"{w:.2f} × {md(name)}" for w, name in zip(weights, names, strict=True) if w > 1e-3
                )
                st.caption(
                    f"Proof: in the direction {mix}, even the best reply to every prompt stays "
                    f"{number(-(view.solution.best_slack or 0.0))} below what is asked."
                )
    elif outcome is Outcome.OPTIMAL_NOT_BINDING:
        st.markdown(
            ":material/check: **Not binding.** D does not fall from λ = 0 on, so the minimum lies at the edge: "
            "λ\\* = 0. The slack at λ = 0 is what is left over."
        )


def _ease(lens: LensSettings, view: View) -> None:
    """Buttons to thresholds that fit: at the very end of what can be reached, and with some room below it."""
    # Of what fails alone another may have to be lowered, before anything can be said of the one in focus.
    failing = [j for j in conflict.failing_alone(view) if np.isfinite(view.reach[j])]
    focus = lens.focus if np.isfinite(view.reach[lens.focus]) else next(iter(failing), lens.focus)
    name, reach = md(view.names[focus]), view.reach[focus]
    if not np.isfinite(reach):
        st.caption(
            f"Whatever {name} asks for, {md(conflict.in_the_way(view, focus))}: {md(conflict.lower(view, focus))}."
        )
        return
    level = min(float(view.problem.thresholds[focus]), reach)
    free = min(float(view.free.slack[0, focus]) + float(view.problem.thresholds[focus]), level)
    most, eased = (_below(reach - share * (reach - free), reach - free) for share in (0.02, 0.35))
    with st.container(horizontal=True):
        for key, value in (("ease", eased), ("ease_most", most)):
            st.button(
                f"Lower {name} to {number(value)}",
                icon=":material/arrow_downward:",
                key=key,
                on_click=_lower,
                args=(focus, value),
            )
    beside = f" with the {conflict.others(view)}" if len(view.names) > 1 else ""
    st.caption(
        f"{number(most)} is just below all that fits{beside}, but its price is steep and rests on few replies; "
        f"{number(eased)} leaves room to look around."
    )


def _below(value: float, scale: float) -> float:
    """``value`` rounded down to two digits of ``scale``."""
    unit = 10.0 ** np.floor(np.log10(max(scale, 1e-9)) - 1.0)
    return float(np.round(np.floor(value / unit) * unit, 12))


def _lower(focus: int, value: float) -> None:
    session.commit(session.current().with_threshold(focus, value))


def multipliers_table(view: View, reliable: Reliability) -> None:
    """λ* by both intervals and with the few-response correction, side by side."""
    rows = []
    apart = []
    for j, name in enumerate(view.names):
        boot, sandwich = reliable.multipliers_interval[j], reliable.sandwich_multipliers_interval[j]
        if intervals_differ(boot, sandwich):
            apart.append(name)
        rows.append(
            {
                "Price λ*": name,
                "Plain": number(float(view.solution.multipliers[j]), 4),
                "95 %, bootstrap": interval(float(boot[0]), float(boot[1])),
                "95 %, sandwich": interval(float(sandwich[0]), float(sandwich[1])),
                "Corrected for few replies": number(float(reliable.multipliers_corrected[j]), 4),
            }
        )
    show.records(rows, alt="Multipliers with intervals")
    st.caption(
        "In reward per unit of utility. Bootstrap: prompts drawn again with replacement. Sandwich: the same from one "
        "formula; the two should agree. "
        "Corrected: few replies per prompt push λ* up; a leave-one-reply-out jackknife takes most of that off."
    )
    if apart:
        st.info(
            f"The two intervals for {md(', '.join(apart))} disagree. The formula takes λ\\* for normally distributed; "
            "where a price lies close to 0 it cannot fall below, and the constraint binds in some of the drawn sets of "
            "prompts but not in others. Go by the bootstrap there.",
            icon=":material/info:",
        )


def intervals_differ(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two intervals differ by more than a third of the wider one at either end."""
    widest = max(float(first[1] - first[0]), float(second[1] - second[0]))
    return bool(np.abs(np.asarray(first) - np.asarray(second)).max() > widest / 3.0)


def reliability_panel(view: View, reliable: Reliability) -> None:
    """Intervals of everything else, effective samples and tails."""
    solution, names = view.solution, view.names

    def row(name: str, value: float, low_high: np.ndarray, unit: str) -> dict[str, str]:
        low, high = (float(x) for x in low_high)
        return {
            "Estimate": name,
            "Value": number(value, 4),
            "95 % over prompts": interval(low, high, 4),
            "Unit": unit,
        }

    rows = [
        row("D* = P*", float(solution.dual_optimum), reliable.dual_interval, "reward"),
        row("Expected reward", float(solution.expected_reward), reliable.reward_interval, "reward"),
        row("KL", float(solution.kl), reliable.kl_interval, "nats"),
    ]
    for j, name in enumerate(names):
        value = float(solution.expected_utilities[j])
        rows.append(row(f"Expected {name}", value, reliable.utilities_interval[j], view.terms[j].unit))
    with st.expander("Intervals, effective samples and tails", icon=":material/query_stats:"):
        show.records(rows, alt="Estimates with intervals")
        ess = reliable.ess
        st.markdown(
            f"Effective replies a prompt: median **{number(float(ess.median))}**, least **{number(float(ess.min))}**; "
            f"pooled over prompts **{number(float(ess.pooled))}**.  \n"
            f"Pareto k-hat of the pooled weights: **{number(float(reliable.khat_pooled), 2)}** (below 0.7 is sound, "
            "from 1 on the mean of the weights does not settle).  \n"
            f"Slack at the optimum: {', '.join(signed(float(s)) for s in solution.slack)}; KKT residual "
            f"{solution.kkt_residual:.1g} after {steps_in_words(solution.iterations)}."
        )
