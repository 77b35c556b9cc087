"""One policy at the lens: gains, slack, distributions, groups, tail, and the way to talk to it."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from dualign.evaluation import lessons
from dualign.evaluation.divergence import DESCRIPTIONS
from dualign.evaluation.estimates import Estimate
from dualign.evaluation.measure import TAIL
from dualign.evaluation.results import plain
from dualign.figures import evaluation_parts as figures
from dualign.figures.theme import true_minus
from dualign.ui import data, session, show
from dualign.ui.evaluate import data as measured_data
from dualign.ui.evaluate.data import FREE, LENS, Shown
from dualign.ui.state import LensSettings
from dualign.ui.texts import interval, md, number, signed

CHOSEN = "evaluate_policy"


def choose(lens: LensSettings) -> str:
    """The policy to look at: the list, which a click on a figure moves too."""
    options = measured_data.choices(data.open_set(lens.samples))
    if st.session_state.get(CHOSEN) not in options:
        st.session_state[CHOSEN] = LENS
    chosen = st.selectbox("Policy", list(options), key=CHOSEN, format_func=lambda key: options[key])
    return str(chosen)


def pick_from(key: str) -> None:
    """Show the stored policy whose point was clicked in the figure ``key``."""
    picked = st.session_state.get(key)
    for point in picked.selection.points if picked is not None else []:
        held = point.get("customdata")
        if isinstance(held, list) and len(held) > 1 and isinstance(held[1], str) and held[1]:
            known = measured_data.choices(data.open_set(session.current().samples))
            if held[1] in known:
                st.session_state[CHOSEN] = held[1]
                return


def policy(lens: LensSettings, shown: Shown) -> None:
    """Everything that was measured of the chosen policy."""
    found = shown.measured
    st.markdown("  \n".join(md(true_minus(text), 400) for text in sentences(shown)))
    show.records(table(shown), alt="Measured and predicted gains of the chosen policy")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        chat_link(lens, shown)
        st.caption(
            f"{found.n_prompts} held-out prompts, {found.n_replies} replies each, beside "
            f"{found.n_reference_replies} of the reference; 95 % intervals over prompts."
        )
    if found.kl_estimator:
        st.caption(f"KL: {DESCRIPTIONS[found.kl_estimator]}.")
    names = list(found.distributions)
    for left in range(0, len(names), 2):
        for place, name in zip(st.columns(2, gap="large"), names[left : left + 2], strict=False):
            with place:
                _change(shown, name)
    if found.groups:
        for place, name in zip(
            st.columns(max(1, min(2, len(found.utility_gains))), gap="large"),
            found.utility_gains,
            strict=False,
        ):
            with place:
                drawn = figures.groups_data(
                    plain(found.groups), name=name, whole=found.utility_gains[name].value
                )
                show.figure(
                    figures.groups_figure(drawn, show.look()),
                    drawn.columns,
                    key=f"groups-{name}",
                    sentence=lessons.worst_sentence(found, name),
                )


def sentences(shown: Shown) -> list[str]:
    """What the measurement says."""
    found = shown.measured
    lines = [lessons.satisfaction_sentence(found)]
    for name in found.utility_gains:
        if shown.predicted is not None:
            lines.append(lessons.achieved_sentence(found, name, predicted_gain=shown.predicted[name]))
        lines.append(lessons.worst_sentence(found, name))
    return [line for line in lines if line]


def table(shown: Shown) -> list[dict[str, str]]:
    """Measured gains with intervals beside the predicted ones, as words."""
    found, predicted = shown.measured, shown.predicted or {}
    rows: list[tuple[str, Estimate | None, float | None]] = [
        (f"Gain in {found.reward_name} (reward)", found.reward_gain, predicted.get(found.reward_name))
    ]
    for name in found.utility_gains:
        if name != found.reward_name:
            rows.append((f"Gain in {name} (utility)", found.utility_gains[name], predicted.get(name)))
        rows.append((f"Slack of {name} (utility)", found.slack[name], None))
        if name in found.tail:
            rows.append((f"Worst {TAIL:.0%} of {name}, change (utility)", found.tail[name].change, None))
    rows.append(("KL from the reference (nats)", found.kl, predicted.get("kl")))
    rows.append(("Gain in E[r] − β KL (reward)", found.regularized_gain, predicted.get("regularized")))
    return [
        {
            "Quantity": name,
            "Measured": "–" if value is None else signed(value.value),
            "95 % interval": "–" if value is None else interval(value.low, value.high),
            "Predicted": "–" if expected is None else signed(expected),
        }
        for name, value, expected in rows
    ]


def _change(shown: Shown, name: str) -> None:
    found = shown.measured
    after = found.reward if name == found.reward_name else found.utilities[name]
    gain = found.reward_gain if name == found.reward_name else found.utility_gains[name]
    drawn = figures.change_data(
        plain(found.distributions[name]),
        name=name,
        policy=shown.title,
        before=after.value - gain.value,
        after=after.value,
    )
    show.figure(
        figures.change_figure(drawn, show.look()),
        drawn.columns,
        key=f"change-{name}",
        sentence=f"{name}: mean {number(drawn.before)} before and {number(drawn.after)} after, a gain of "
        f"{signed(gain.value)} ({interval(gain.low, gain.high)}).",
    )


def chat_link(lens: LensSettings, shown: Shown) -> None:
    """A link that opens the chat with the reference and this policy side by side."""
    columns = ["reference", column_of(lens, shown)]
    st.page_link(
        "pages/chat.py", label="Chat with it", icon=":material/forum:", query_params={"col": columns}
    )


def column_of(lens: LensSettings, shown: Shown) -> str:
    """The chat's own id of the policy."""
    if shown.key not in (LENS, FREE):
        return "adapter?" + urlencode([("name", shown.key)])
    lam = [0.0] * len(lens.constraints) if shown.key == FREE else data.view(lens).multipliers.tolist()
    pairs = [("reward", shown.measured.reward_name), ("beta", repr(float(lens.beta))), ("n", "16")]
    pairs += [
        (f"lam.{constraint.utility}", repr(float(value)))
        for constraint, value in zip(lens.constraints, lam, strict=True)
    ]
    return "resampled?" + urlencode(pairs)
