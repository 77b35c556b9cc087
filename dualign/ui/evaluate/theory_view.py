"""The theory on a finite problem: the parametrization gap, computed, and every bound with both of its sides."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dualign.duality.parametrized import FiniteProblem
from dualign.duality.theory import Theory, check_theory
from dualign.figures import evaluation_theory as figures
from dualign.ui import show
from dualign.ui.texts import number

LEVELS = (5, 9, 17, 33, 65, 127)


@st.cache_resource(max_entries=1, show_spinner=False)
def _series() -> tuple[Theory, ...]:
    rewards = np.stack([np.zeros(3), [0.5, 0.75, 1.0]], axis=1)
    margins = np.tile([0.3, -0.7], (3, 1))
    return tuple(
        check_theory(FiniteProblem.with_resolution(rewards, margins, levels=count, beta=0.5))
        for count in LEVELS
    )


def theory() -> None:
    """The toy problem behind an expander: the figure, and the bounds at one resolution."""
    with st.expander(
        "The theory on a problem where everything can be computed",
        icon=":material/functions:",
        key="theory",
        on_change="rerun",
    ) as panel:
        if not panel.open:
            return
        st.markdown(
            "Three prompts with two replies each; a policy may take only a grid of probabilities, as a trained model "
            "reaches only some distributions. So the parametrization gap ν is known exactly, and every gap of the "
            "theory can be held against its bound. For a language model ν cannot be computed; what the page shows "
            "there is measured error."
        )
        found = _series()
        drawn = figures.theory_data(found)
        every = all(bound.holds for item in found for bound in item.bounds)
        show.figure(
            figures.theory_figure(drawn, show.look()),
            drawn.columns,
            key="theory-gaps",
            sentence=f"{'Every bound holds' if every else 'A bound fails'} at all of {len(found)} resolutions; from "
            f"ν = {number(found[0].gap)} to {number(found[-1].gap)} the duality gap falls from "
            f"{number(found[0].dual_optimum - found[0].dual_optimum_parametrized)} to "
            f"{number(found[-1].dual_optimum - found[-1].dual_optimum_parametrized)} reward.",
        )
        count = st.select_slider(
            "Probabilities that a policy can take", LEVELS, value=17, key="theory_levels"
        )
        item = found[LEVELS.index(int(count))]
        st.caption(
            f"ν = {number(item.gap)}, λ\\* = {number(item.multiplier)}, "
            f"λ\\*ₚ = {number(item.multiplier_parametrized)}, "
            f"D\\* = {number(item.dual_optimum, 4)}, D\\*ₚ = {number(item.dual_optimum_parametrized, 4)}, "
            f"P\\*ₚ = {number(item.primal_optimum_parametrized, 4)}"
        )
        rows = [
            {
                "Bound": bound.name,
                "Left side": number(bound.left),
                "Right side": number(bound.right),
                "Holds": "yes" if bound.holds else "no",
            }
            for bound in item.bounds
        ]
        show.records(rows, alt="Both sides of every bound of the theory")
