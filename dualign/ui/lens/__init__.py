"""The lens: dual curve and image set, linked, dragged in the browser and committed to Python on release.

The scores travel in a component of their own whose message never changes, so that Streamlit sends only a
reference to it on later runs; the lens beside it receives nothing but its position.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

import streamlit as st

from dualign.errors import InvalidInputError
from dualign.ui.lens.bundle import carrier_script, lens_script, lens_style
from dualign.ui.lens.data import LensData
from dualign.ui.lens.state import LensState, PolicyMarker, Unreliable, checked_state, parse_commit, resolve

__all__ = ["LensData", "LensState", "PolicyMarker", "Unreliable", "committed_state", "lens"]

Panel = Literal["dual", "set"]
Form = Literal["improvement", "absolute"]


def committed_state(key: str, *, constraints: int) -> LensState | None:
    """Position last committed by the lens ``key``: for the ``on_commit`` callback, before the page runs."""
    value = st.session_state.get(key)
    return parse_commit(value.get("commit"), constraints=constraints) if isinstance(value, Mapping) else None


def lens(
    data: LensData,
    *,
    key: str,
    beta: float,
    thresholds: Sequence[float],
    multipliers: Sequence[float],
    constraint: int = 0,
    optimum: Sequence[float] | None = None,
    reach: float | None = None,
    blocked: str = "the other constraints exclude each other",
    following: bool | None = None,
    form: Form | Sequence[Form] = "improvement",
    names: Sequence[str] = (),
    units: Sequence[str] = (),
    reward_name: str = "reward",
    reward_unit: str = "reward units",
    show: Sequence[Panel] = ("dual", "set"),
    policies: Sequence[PolicyMarker] = (),
    unreliable: Unreliable | None = None,
    interval: tuple[float, float] | None = None,
    beta_range: tuple[float, float] | None = None,
    pinned: LensState | None = None,
    pinned_label: str = "B",
    height: int = 400,
    source: str = "",
    on_commit: Callable[[], None] | None = None,
) -> LensState:
    """Show the lens at a position; return the position it now has.

    The lens is controlled by the page: each run shows what is given here, except that a position
    committed by the person since the last run wins and comes back with ``committed`` set. The page then
    takes it over; ``on_commit`` runs before the page, where :func:`committed_state` reads it.

    Parameters
    ----------
    data
        Scores of all prompts and responses.
    key
        Identity of the lens in the session.
    beta
        Strength of the KL penalty, in reward units.
    thresholds, multipliers
        One per constraint: utility units, in the given form, and reward per utility unit.
    constraint
        Index of the constraint that is dragged; the others are held.
    optimum
        lam* of all constraints together at this position; None where there is none.
    reach
        Highest threshold of the dragged constraint that some policy meets together with the others, in
        the given form; -inf where the others cannot be met; None: what these scores allow it alone.
    blocked
        Why no threshold can be met where ``reach`` is -inf, in words.
    following
        Whether the page keeps to lam* when a threshold moves; None: where the multiplier is lam* itself.
    form
        Whether thresholds are improvements over the reference or absolute levels: one for all, or one for each.
    names, units
        Name and unit of each utility.
    reward_name, reward_unit
        Name and unit of the reward.
    show
        Panels: the dual curve, the image set, or both.
    policies
        Policies drawn as open markers in the image set.
    unreliable
        Where the curve is shaded as not to be trusted.
    interval
        Interval of lam*, drawn as a band.
    beta_range
        Range of the slider for beta; None: a factor of 30 to both sides.
    pinned, pinned_label
        A second position on the same scores, drawn dashed.
    height
        Of each panel, in pixels.
    source
        SHA-256 of the sample set, which exports carry; that of the scores as they are shown unless given.
    on_commit
        Called before the page runs when the person lets go.

    Returns
    -------
    LensState

    Raises
    ------
    InvalidInputError
        Where the numbers do not fit the number of constraints.
    """
    m = data.n_constraints
    given = checked_state(multipliers, thresholds, beta, constraints=m)
    if not 0 <= constraint < m:
        raise InvalidInputError(f"constraint {constraint} of {m}: give an index from 0 to {m - 1}.")
    memory_key = f"{key}:lens"
    handled, shown, spread = st.session_state.get(memory_key, (0, None, None))
    state = resolve(given, shown, committed_state(key, constraints=m), handled)
    # The slider keeps its ends from run to run, or its thumb would jump back to the middle.
    low, high = beta_range or spread or (state.beta / 30, state.beta * 30)
    low, high = min(low, state.beta), max(high, state.beta)
    st.session_state[memory_key] = (state.event, state, (low, high))
    message = {
        "samples": data.content_hash,
        "source": source or data.content_hash,
        "prompts": [data.n_prompts, data.n_prompts_total],
        "multipliers": state.multipliers,
        "thresholds": state.thresholds,
        "beta": state.beta,
        "seen": state.event,
        "constraint": constraint,
        "optimum": None if optimum is None else [float(value) for value in optimum],
        "reach": _reach(reach),
        "blocked": " ".join(blocked.split()),
        "following": following,
        "forms": [form] * m if isinstance(form, str) else list(form),
        "names": [*names, *(f"utility {k + 1}" for k in range(len(names), m))][:m],
        "units": [*units, *("utility units" for _ in range(len(units), m))][:m],
        "reward": reward_name,
        "reward_unit": reward_unit,
        "show": list(show),
        "policies": [asdict(policy) for policy in policies],
        "unreliable": asdict(unreliable or Unreliable()),
        "interval": interval,
        "beta_range": [low, high],
        "pinned": None if pinned is None else _pinned(pinned, pinned_label),
        "height": height,
    }
    carrier, component = _components()
    with st.container(gap=None):
        carrier(key=f"{key}:samples", data=data.payload, height=1)
        component(key=key, data=message, on_commit_change=on_commit or _nothing)
    return state


def _reach(value: float | None) -> float | str | None:
    # JSON has no infinity.
    if value is None or value == float("inf"):
        return None
    return "none" if value == float("-inf") else float(value)


def _pinned(state: LensState, label: str) -> dict[str, Any]:
    multipliers, thresholds, beta = state.values
    return {"multipliers": multipliers, "thresholds": thresholds, "beta": beta, "label": label}


def _nothing() -> None:
    """A callback must be there for the state to be readable."""


def _components() -> tuple[Any, Any]:
    """Mounting commands of carrier and lens, registered once per server process."""
    return _registered()


@st.cache_resource(show_spinner=False)
def _registered() -> tuple[Any, Any]:
    carrier = st.components.v2.component(
        "dualign_scores", html="<span hidden></span>\n<!-- scores -->", js=carrier_script()
    )
    component = st.components.v2.component(
        "dualign_lens", html='<div class="lens">\n</div>', css=lens_style(), js=lens_script()
    )
    return carrier, component
