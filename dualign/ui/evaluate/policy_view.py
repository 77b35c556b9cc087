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
from dualign.ui import data, session, show, words
from dualign.ui.evaluate import data as measured_data
from dualign.ui.evaluate.data import FREE, LENS, Shown
from dualign.ui.state import LensSettings
from dualign.ui.texts import interval, md, number, signed

CHOSEN = "evaluate_policy"
ADDRESS = "policy"
_WRITTEN, _PICKED, _CLICKS = "evaluate_policy_written", "evaluate_policy_picked", "evaluate_policy_clicks"
_TO_CHOICE = """<script>{{ /* {} */
const chosen = document.querySelector('.st-key-policy_choice');
// The header of the page lies over its first rows.
if (chosen) {{ chosen.style.scrollMarginTop = '4.5rem'; chosen.scrollIntoView({{block: 'start'}}) }}
}}</script>"""


def choose(lens: LensSettings) -> str:
    """The policy to look at, kept in the address: the list, which a click on a figure moves too."""
    options = measured_data.choices(data.open_set(lens.samples))
    written, asked = st.session_state.get(_WRITTEN), st.query_params.get(ADDRESS)
    if CHOSEN not in st.session_state:
        # The address of the first run, or what was chosen before another page was looked at.
        st.session_state[CHOSEN] = asked or written
    elif st.session_state[CHOSEN] == written and (asked or LENS) != written:
        # Back and Forward.
        st.session_state[CHOSEN] = asked or LENS
    if st.session_state[CHOSEN] not in options:
        st.session_state[CHOSEN] = LENS
    with st.container(key="policy_choice"):
        chosen = str(st.selectbox("Policy", list(options), key=CHOSEN, format_func=lambda key: options[key]))
        picked = st.session_state.pop(_PICKED, None)
        if picked is not None:
            # Whoever clicked a point stands far below. The count makes every click another script.
            st.html(_TO_CHOICE.format(picked), unsafe_allow_javascript=True)
    if chosen != LENS:
        st.query_params[ADDRESS] = chosen
    elif ADDRESS in st.query_params:
        del st.query_params[ADDRESS]
    st.session_state[_WRITTEN] = chosen
    if len(options) == len((LENS, FREE)):
        synthetic = data.open_set(lens.samples).manifest.origin == "synthetic"
        way = (
            "none can be trained on synthetic scores"
            if synthetic
            else "train one on Align, then measure it here"
        )
        st.caption(
            f"No trained policy of the set {md(lens.samples)} has been measured ({way}): what can be looked at "
            "resamples the stored replies."
        )
    return chosen


def measured(lens: LensSettings) -> list[str]:
    """Names of the trained policies of the lens's set that were measured."""
    return [name for name in measured_data.choices(data.open_set(lens.samples)) if name not in (LENS, FREE)]


def pick_from(key: str) -> None:
    """Show the policy whose point was clicked in the figure ``key``; say why where there is nothing to show."""
    picked = st.session_state.get(key)
    points = picked.selection.points if picked is not None else []
    held = next((p["customdata"] for p in points if isinstance(p.get("customdata"), list)), None)
    if held is None:
        return
    label, stored = str(held[0]), held[1] if len(held) > 1 and isinstance(held[1], str) else ""
    sample_set = data.open_set(session.current().samples)
    known = measured_data.choices(sample_set)
    if not stored and label == f"{sample_set.manifest.reward} only (resampled)":
        stored = FREE
    if stored in known:
        st.session_state[CHOSEN] = stored
        # Counted, as the same point may be clicked again.
        st.session_state[_CLICKS] = st.session_state.get(_CLICKS, 0) + 1
        st.session_state[_PICKED] = st.session_state[_CLICKS]
    elif stored:
        told = f"{md(label)} is a policy of another set than the lens looks at."
        st.toast(told, icon=":material/info:")
    else:
        st.toast(f"No replies of “{md(label)}” are stored. Click a trained policy.", icon=":material/info:")


def policy(lens: LensSettings, shown: Shown) -> None:
    """Everything that was measured of the chosen policy."""
    found = shown.measured
    if not data.view(lens).feasible:
        told = words.finding(data.view(lens), lens)
        st.warning(f"{told.headline}. {told.support}", icon=":material/block:")
    st.markdown("  \n".join(md(true_minus(text), 400) for text in sentences(shown)))
    # Not a grid: at the width of a phone its cells would be cut, those of a table wrap.
    st.table(table(shown), hide_index=True, border="horizontal", alt="Measured and predicted gains")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        chat_link(lens, shown)
        st.caption(
            f"{found.n_prompts} held-out prompts, {found.n_replies} replies each, beside "
            f"{found.n_reference_replies} of the reference; 95 % intervals over prompts."
        )
    if shown.key not in (LENS, FREE):
        st.caption(md(measured_data.origin(shown.key)))
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
    lines = []
    if shown.own:
        lines.append(
            lessons.satisfaction_sentence(
                found,
                thresholds={name: threshold for name, (threshold, _) in shown.own.items()},
                slack={name: slack for name, (_, slack) in shown.own.items()},
                whose="its own threshold",
            )
        )
    others = _asked_by_lens(shown)
    if others:
        slack = {name: found.slack[name] for name in others}
        lines.append(
            lessons.satisfaction_sentence(
                found, thresholds=shown.thresholds, slack=slack, whose="the lens's threshold"
            )
        )
    for name in found.utility_gains:
        if shown.predicted is not None:
            lines.append(lessons.achieved_sentence(found, name, predicted_gain=shown.predicted[name]))
        lines.append(lessons.worst_sentence(found, name))
    return [line for line in lines if line]


def _asked_by_lens(shown: Shown) -> list[str]:
    """Constraints of the lens that say more than the policy's own thresholds do."""
    own = {name: slack.value for name, (_, slack) in shown.own.items()}
    return [
        name
        for name, slack in shown.measured.slack.items()
        if name not in own or abs(own[name] - slack.value) > 1e-9
    ]


def table(shown: Shown) -> list[dict[str, str]]:
    """Measured gains with intervals beside the predicted ones, as words."""
    found, predicted = shown.measured, shown.predicted or {}
    rows: list[tuple[str, Estimate | None, float | None]] = [
        (f"Gain in {found.reward_name} (reward)", found.reward_gain, predicted.get(found.reward_name))
    ]
    asked = _asked_by_lens(shown)
    for name in found.utility_gains:
        if name != found.reward_name:
            rows.append((f"Gain in {name} (utility)", found.utility_gains[name], predicted.get(name)))
        if name in shown.own:
            threshold, slack = shown.own[name]
            rows.append((f"Slack of {name} ≥ {number(threshold)}, its own (utility)", slack, None))
        if name in asked:
            stated = f"{name} ≥ {number(shown.thresholds[name])}"
            rows.append((f"Slack of {stated}, the lens's (utility)", found.slack[name], None))
        if name in found.tail:
            rows.append((f"Worst {TAIL:.0%} of {name}, change (utility)", found.tail[name].change, None))
    rows.append(("KL from the reference (nats)", found.kl, predicted.get("kl")))
    rows.append(("Gain in E[r] − β KL (reward)", found.regularized_gain, predicted.get("regularized")))
    return [
        {
            "Quantity": md(name),
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
