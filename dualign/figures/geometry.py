"""The image set and its supporting hyperplane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from plotly import graph_objects as go

from dualign.figures.theme import Theme, base_figure, f32, label, plain, rgba, span

if TYPE_CHECKING:
    from dualign.duality import DualCurve


@dataclass(frozen=True, kw_only=True)
class PolicyPoint:
    """A trained policy in slack coordinates (utility, reward), with the half-widths of its 95 % intervals.

    ``kl`` is its divergence from the reference in nats: the height falls by it for each unit of beta.
    """

    label: str
    slack: float
    height: float
    slack_error: float = 0.0
    height_error: float = 0.0
    kl: float = 0.0


@dataclass(frozen=True, eq=False)
class ImageSetData:
    """Boundary of the image set in slack coordinates and what is marked on it.

    ``columns`` holds multiplier (reward per utility), slack (utility) and regularized_reward (reward).
    ``at`` and ``optimum`` are multiplier, slack, regularized reward and intercept. ``held`` says where the
    other multipliers stand; it is empty where there are none.
    """

    columns: dict[str, NDArray[Any]]
    name: str
    at: tuple[float, float, float, float]
    optimum: tuple[float, float, float, float] | None
    reference: tuple[float, float]
    pinned: tuple[float, float] | None = None
    held: str = ""
    feasible: bool = True
    policies: tuple[PolicyPoint, ...] = ()


def image_set_data(
    boundary: DualCurve,
    *,
    name: str,
    at: tuple[float, float, float, float],
    optimum: tuple[float, float, float, float] | None,
    reference: tuple[float, float],
    pinned: tuple[float, float] | None = None,
    held: str = "",
    feasible: bool = True,
    policies: Sequence[PolicyPoint] = (),
) -> ImageSetData:
    """Columns of the image set.

    Parameters
    ----------
    boundary
        The dual along one multiplier of either sign, (L,): every point of it is a support point of the set.
    name
        The constraint's name.
    at, optimum
        Multiplier, slack, regularized reward and hyperplane intercept D of the point looked at and of λ*.
    reference
        Slack and reward of the reference policy, whose KL is 0.
    pinned
        Slack and height of the policy kept for comparison, in the coordinates of this set.
    held
        Where the other multipliers stand, in words; their worth is then part of the height.
    feasible
        Whether all constraints can be met together.
    policies
        Trained policies, by what was measured of them.
    """
    multiplier, slack = np.asarray(boundary.multipliers), np.asarray(boundary.slack)
    columns = {
        "multiplier": multiplier,
        "slack": slack,
        # D = E[r] - beta KL + <lam, slack>: what is left of D is the height, the other constraints' worth included.
        "regularized_reward": np.asarray(boundary.dual) - multiplier * slack,
    }
    return ImageSetData(columns, name, at, optimum, reference, pinned, held, feasible, tuple(policies))


def image_set_figure(data: ImageSetData, look: Theme) -> go.Figure:
    """The set that policies can reach, the half-plane that is allowed, and the hyperplane that touches it."""
    c = data.columns
    slack, reward = c["slack"], c["regularized_reward"]
    pinned = [] if data.pinned is None else [data.pinned]
    x_range = span(slack, include=[0.0, data.reference[0], *(u for u, _ in pinned)], margin=0.1)
    floor = float(np.nanmin(reward))
    y_range = span(reward, include=[data.at[3], data.reference[1], *(t for _, t in pinned)], margin=0.12)
    figure = base_figure(
        look,
        title=_image_title(data),
        x=f"<i>u</i>: slack of {plain(data.name, 40)} (utility above the threshold)",
        y="<i>t</i>: E[r] − β KL (reward)"
        if not data.held
        else "<i>t</i>: E[r] − β KL + worth of the other constraints (reward)",
        x_range=x_range,
        y_range=y_range,
        height=460,
    )
    figure.add_vrect(x0=0, x1=x_range[1], fillcolor=rgba(look.constraint, 0.08), line_width=0, layer="below")
    figure.add_vline(x=0, line={"color": look.constraint, "width": 2, "dash": "dash"})
    # On the roomier side of the wall, so that it stays inside a narrow frame.
    late, narrow = (-x_range[0] > share * (x_range[1] - x_range[0]) for share in (0.5, 0.8))
    label(
        figure,
        look,
        "constraint holds →",
        0,
        y_range[0],
        colour=look.constraint,
        dx=-6 if late else 6,
        dy=12,
        anchor="right" if late else "left",
    )
    order = np.argsort(slack)
    figure.add_scatter(
        x=f32([slack[order[0]], *slack[order], slack[order[-1]]]),
        y=f32([min(floor, y_range[0]), *reward[order], min(floor, y_range[0])]),
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=rgba(look.dual, 0.13),
        hoverinfo="skip",
        name="image set",
    )
    figure.add_scatter(
        x=f32(slack[order]),
        y=f32(reward[order]),
        mode="lines+markers",
        name="boundary",
        line={"color": look.dual, "width": 3},
        marker={"color": look.dual, "size": 5},
        selected={"marker": {"color": look.line, "size": 9}},
        unselected={"marker": {"opacity": 1}},
        customdata=f32(c["multiplier"][order]),
        hovertemplate="λ %{customdata:.3g}<br>slack %{x:.3g}<br>E[r] − β KL %{y:.4g} reward<extra></extra>",
    )
    _ticks(figure, data, look)
    multiplier, u, t, intercept = data.at
    ends = np.array(x_range)
    figure.add_scatter(
        x=f32(ends),
        y=f32(intercept - multiplier * ends),
        mode="lines",
        name="hyperplane",
        hoverinfo="skip",
        line={"color": look.line, "width": 2, "dash": "dot"},
    )
    figure.add_scatter(
        x=f32([u]),
        y=f32([t]),
        mode="markers",
        name="tilted policy",
        marker={"color": look.line, "size": 11, "line": {"color": look.paper, "width": 2}},
        hovertemplate="tilted policy at λ "
        + f"{multiplier:.4g}"
        + "<br>slack %{x:.3g}<br>E[r] − β KL %{y:.4g}<extra></extra>",
    )
    figure.add_scatter(
        x=f32([0]),
        y=f32([intercept]),
        mode="markers",
        name="intercept",
        marker={"color": look.line, "size": 10, "symbol": "line-ew-open", "line": {"width": 3}},
        hovertemplate="intercept D = %{y:.4g} reward<extra></extra>",
    )
    label(
        figure,
        look,
        f"<i>D</i> = {intercept:.3g}",
        0,
        intercept,
        colour=look.line,
        # Above the line, outside the set.
        dx=-10 if narrow else 10,
        dy=26 if narrow else 13,
        anchor="right" if narrow else "left",
    )
    figure.add_scatter(
        x=f32([data.reference[0]]),
        y=f32([data.reference[1]]),
        mode="markers",
        name="reference",
        marker={"color": look.reference, "size": 11, "symbol": "square"},
        hovertemplate="reference<br>slack %{x:.3g}<br>E[r] %{y:.4g} reward<extra></extra>",
    )
    label(figure, look, "reference", *data.reference, colour=look.reference, dy=-15)
    if data.optimum is not None:
        figure.add_scatter(
            x=f32([data.optimum[1]]),
            y=f32([data.optimum[2]]),
            mode="markers",
            name="λ*",
            marker={"color": look.optimum, "size": 11, "symbol": "diamond"},
            hovertemplate="optimum<br>slack %{x:.3g}<br>P* = D* = %{y:.4g} reward<extra></extra>",
        )
    _policies(figure, data, look, x_range, y_range)
    if data.pinned is not None:
        figure.add_scatter(
            x=f32([data.pinned[0]]),
            y=f32([data.pinned[1]]),
            mode="markers",
            name="A, pinned",
            marker={"color": look.pinned, "size": 11, "symbol": "x"},
            hovertemplate="A, pinned<br>slack %{x:.3g}<br>E[r] − β KL %{y:.4g} reward<extra></extra>",
        )
        label(figure, look, "A", *data.pinned, colour=look.pinned, dy=14)
    return figure


def _policies(
    figure: go.Figure,
    data: ImageSetData,
    look: Theme,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
) -> None:
    """Trained policies as open circles with the bars of their intervals, numbered as in the words below the figure."""
    # They crowd along the boundary: whole names would cover one another and the curve.
    across, up = (_NARROW / (high - low) for low, high in (x_range, y_range))
    taken: list[tuple[float, float]] = []
    shown: list[tuple[bool, int, PolicyPoint]] = []
    for k, policy in enumerate(data.policies, 1):
        place = (policy.slack * across, policy.height * up)
        apart = all(np.hypot(place[0] - x, place[1] - y) >= _CIRCLE for x, y in taken)
        taken += [place] if apart else []
        shown.append((apart, k, policy))
    # Small places first, under the numbered circles.
    for apart, k, policy in sorted(shown, key=lambda item: item[:2]):
        name = plain(policy.label, 40)
        figure.add_scatter(
            x=f32([policy.slack]),
            y=f32([policy.height]),
            mode="markers+text" if apart else "markers",
            text=[str(k)],
            textfont={"size": 11, "color": look.text},
            name=name,
            error_x={"array": f32([policy.slack_error]), "thickness": 1, "width": 0, "color": look.muted},
            error_y={"array": f32([policy.height_error]), "thickness": 1, "width": 0, "color": look.muted},
            marker={
                "color": look.paper,
                "size": _CIRCLE if apart else 8,
                "line": {"color": look.text, "width": 2 if apart else 1.5},
            },
            hovertemplate=name + "<br>measured on held-out prompts<br>slack %{x:.3g}<br>"
            "E[r] − β KL %{y:.4g} reward<extra></extra>",
        )
        if not apart:
            # Of two that would cover each other one carries its number aside, on a line.
            figure.add_annotation(
                text=str(k),
                x=policy.slack,
                y=policy.height,
                ax=-26,
                ay=12,
                arrowhead=0,
                arrowwidth=1,
                arrowcolor=look.text,
                font={"size": 11, "color": look.text},
                bgcolor=rgba(look.paper, 0.85),
            )


def _image_title(data: ImageSetData) -> str:
    multiplier, u, _, intercept = data.at
    held = f" ({data.held})" if data.held else ""
    if data.optimum is not None and abs(multiplier - data.optimum[0]) <= 1e-5 * max(1.0, abs(multiplier)):
        at = "touches the wall" if abs(data.optimum[1]) <= 1e-5 else "meets the wall"
        line = f"t + {multiplier:.3g} u = {intercept:.4g}"
        return f"At λ* = {multiplier:.3g} the hyperplane {line} {at} u = 0 at D* = P* = {intercept:.4g} reward{held}"
    if not data.feasible:
        why = "all constraints together" if data.held else "the wall"
        return f"No policy reaches {why}: at λ = {multiplier:.3g} the slack of {data.name} is {u:+.3g}{held}"
    side, slack = ("inside" if u >= -1e-6 else "outside"), (0.0 if abs(u) < 1e-9 else u)
    return f"At λ = {multiplier:.3g} the policy lies {side} the allowed half-plane: slack {slack:+.3g}{held}"


# Pixels: a policy's circle, and the shorter side of the plot on a phone.
_CIRCLE = 17
_NARROW = 280.0
_NICE = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0)


def _ticks(figure: go.Figure, data: ImageSetData, look: Theme) -> None:
    """Values of λ written on the boundary: those from 0 on first, spread along it."""
    c = data.columns
    slack = c["slack"]
    reach = float(np.ptp(slack)) or 1.0
    low, high = float(c["multiplier"].min()), float(c["multiplier"].max())
    rise = float(np.ptp(c["regularized_reward"])) or 1.0
    taken: list[tuple[float, float]] = [data.reference]
    size = 10.0 ** np.floor(np.log10(max(high, 1e-12)))
    # The finest step that leaves some eight ticks; powers of two would leave out the values next to λ*.
    step = next((nice * size for nice in _NICE if high / (nice * size) <= 8.0), size)
    wanted = [k * step for k in range(int(high / step) + 1)] + [
        -k * step for k in range(1, int(-low / step) + 1)
    ]
    for value in wanted:
        u = float(np.interp(value, c["multiplier"], slack))
        t = float(np.interp(value, c["multiplier"], c["regularized_reward"]))
        # The point looked at carries its own mark; its neighbours only keep clear of that.
        near = min(float(np.hypot((u - x) / reach, (t - y) / rise)) for x, y in taken)
        if near <= 0.13 or abs(u - data.at[1]) <= 0.02 * reach:
            continue
        taken.append((u, t))
        figure.add_scatter(
            x=f32([u]),
            y=f32([t]),
            mode="markers",
            hoverinfo="skip",
            marker={"color": look.paper, "size": 7, "line": {"color": look.dual, "width": 2}},
        )
        label(figure, look, f"{'<i>λ</i> = ' if value == 0 else ''}{value:g}", u, t, colour=look.dual, dy=-13)
