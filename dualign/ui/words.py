"""What the numbers mean, in sentences for Markdown. Names from data sets are escaped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dualign.duality import Outcome, Reliability
from dualign.samples import Manifest
from dualign.ui import conflict
from dualign.ui.analysis import View
from dualign.ui.state import LensSettings
from dualign.ui.terms import score_name, unit_sentence
from dualign.ui.texts import counted, interval, join, md, number, signed

LIGHT_WORDS = {
    "green": ("high", ":material/check_circle:", "green"),
    "amber": ("limited", ":material/error:", "orange"),
    "red": ("do not rely on this", ":material/cancel:", "red"),
}
GLOSSARY = (
    ("reference", "the model as it is, whose replies were scored"),
    ("policy", "a way to choose among the reference's replies; the lens reweights them, nothing is trained"),
    ("reward r, utility g", "scores of a reply, better when larger; their units are those of the data set"),
    ("E[r]", "the average reward of a policy, over prompts and replies"),
    (
        "KL",
        "how far a policy has moved from the reference, in nats (one nat is a factor of e in probability)",
    ),
    ("β", "the charge for a nat of KL, in reward units: E[r] − β KL is what a policy is worth"),
    ("slack", "how far the average utility lies above what is required; the constraint holds from 0 on"),
    ("λ", "the price of the constraint: reward given up per further unit of utility"),
    ("λ*", "the price at the best policy that meets the constraints"),
    ("D, D*, P*", "the dual function, its minimum, and the best worth under the constraints: D* = P*"),
    ("effective replies (ESS)", "how many equally weighted replies the weights of a policy amount to"),
    ("s.d.", "standard deviation"),
)


@dataclass(frozen=True)
class Finding:
    """The headline, the line under it, and how it is to be shown."""

    headline: str
    support: str
    tone: Literal["price", "free", "infeasible", "inaccurate"]


def wishes(view: View, lens: LensSettings) -> list[str]:
    """Every constraint as it is asked for, as plain text."""
    return [
        term.required(constraint.value, form)
        for term, constraint, form in zip(view.terms, lens.constraints, lens.forms, strict=True)
    ]


def others_kept(view: View, lens: LensSettings, j: int) -> str:
    """What stays required while one threshold moves, as plain text: empty, or 'humor +0.1 still required'."""
    kept = [wish for k, wish in enumerate(wishes(view, lens)) if k != j]
    return f"{join(kept)} still required" if kept else ""


def others_held(view: View, j: int) -> str:
    """Where the other multipliers stand while one moves: empty, or 'humor held at λ = 1.3'. Plain text."""
    at = [
        f"{view.names[k]} held at λ = {number(float(view.multipliers[k]))}"
        for k in range(len(view.terms))
        if k != j
    ]
    return join(at) if at else ""


def finding(view: View, lens: LensSettings) -> Finding:
    """The story in one sentence, and what it is relative to in the next."""
    solution = view.solution
    required = [md(wish) for wish in wishes(view, lens)]
    wanted = join(required)
    if solution.outcome is Outcome.INFEASIBLE:
        verb = "cannot be met" if len(required) == 1 else "cannot all be met"
        return Finding(f"Requiring {wanted} {verb} on these samples", conflict.reason(view), "infeasible")
    if solution.outcome is Outcome.OPTIMAL_NOT_BINDING:
        spare = [signed(float(s)) for s in view.free.slack[0]]
        support = (
            f"The best policy without any constraint already does it, with {join(spare)} to spare. "
            "The price is zero until the threshold passes that."
        )
        return Finding(f"Requiring {wanted} costs nothing", support, "free")
    together = " together" if len(required) > 1 else ""
    headline = f"Requiring {wanted}{together} costs {number(view.cost or 0.0)} reward units"
    if len(required) == 1:
        headline += f"; {_next(view, 0, named=False)}"
    tone: Literal["price", "inaccurate"] = "inaccurate" if solution.outcome is Outcome.INACCURATE else "price"
    return Finding(headline, _relative(view), tone)


def _next(view: View, j: int, *, named: bool) -> str:
    step = view.next_steps[j]
    if step is None:
        free = not view.solution.multipliers[j] > 0
        return "it is free on its own" if free else "there is no room for a further step"
    return f"the next {md(view.terms[j].step(step.size, named=named))} costs {number(step.cost)}"


def _relative(view: View) -> str:
    """What the cost is measured against, and what is still gained over the reference."""
    without = "constraint" if len(view.terms) == 1 else "constraints"
    between = ""
    if view.cost_interval is not None:
        between = f" ({interval(*view.cost_interval)}, 95 % interval over prompts)"
    gain = float(view.solution.expected_reward) - float(view.problem.samples.reference_reward)
    return (
        f"The best policy without the {without} is worth that much more{between}; worth is reward less the charge "
        f"β KL for leaving the reference. The policy that meets the {without} still earns {number(abs(gain))} reward "
        f"{'more' if gain >= 0 else 'less'} than the reference."
    )


def levels(view: View, lens: LensSettings) -> str:
    """Where the reference stands and where each constraint asks to be, one sentence a constraint."""
    sentences = []
    samples, spare = view.problem.samples, view.problem.reference_slack
    for term, base, level in zip(view.terms, samples.baseline, samples.baseline - spare, strict=True):
        subject = f"the share of replies with {term.condition}" if term.share else f"average {term.measured}"
        verb = "fall" if term.turned and not term.share else "rise"
        if level <= base:
            sentences.append(
                f"For the reference {md(subject + term.place)} is {md(term.level(float(base)))}; "
                f"{md(term.level(float(level)))} is asked for."
            )
        else:
            sentences.append(
                f"From the reference's {md(term.level(float(base)))}, {md(subject + term.place)} has to {verb} to "
                f"{md(term.level(float(level)))}."
            )
    return " ".join(sentences)


def units(manifest: Manifest, lens: LensSettings) -> str:
    """What one unit of the reward and of the constrained scores is, for Markdown."""
    reward = lens.reward or manifest.reward
    scores = [reward, *(constraint.utility for constraint in lens.constraints)]
    known = unit_sentence(manifest, scores)
    name = score_name(manifest, reward)
    said = "" if name.lower() == "reward" else f"Reward is {name}. "
    return md(f"{said}{known}", 500)


def price_with_interval(view: View, reliable: Reliability) -> str:
    """λ* of every constraint with its interval, and what one further step of each costs."""
    if view.solution.outcome is not Outcome.OPTIMAL_BINDING:
        return ""
    parts = []
    several = len(view.terms) > 1
    for j, (term, (low, high)) in enumerate(zip(view.terms, reliable.multipliers_interval, strict=True)):
        price = number(float(view.solution.multipliers[j]))
        words = f"λ\\* {price} ({interval(float(low), float(high))}) reward per {md(_per(term.unit))}"
        if several:
            words = f"{md(term.name)} {words}"
            if view.next_steps[j] is not None:
                words += f", {_next(view, j, named=False)}"
        parts.append(words)
    kept = " Each step leaves the other constraints required." if several else ""
    return f"Price at the margin: {'; '.join(parts).rstrip('.')}.{kept}"


def _per(unit: str) -> str:
    return {"utility units": "utility unit", "share of replies": "share of 100 %"}.get(unit, unit)


def meaning(view: View, lens: LensSettings) -> list[str]:
    """What the result means for somebody who has not met a dual before: a few plain sentences."""
    samples = view.problem.samples
    lines = [
        f"The set has {counted(samples.n_prompts, 'prompt')} with up to "
        f"{counted(samples.rewards.shape[1], 'reply', 'replies')} each, "
        "sampled from the reference. We ask which policy is worth most, that is, earns most reward less β for each "
        "nat of KL from the reference, and still meets the constraint."
    ]
    if not view.feasible:
        lines.append("No mix of the sampled replies meets it, so there is no λ\\* and no price to quote.")
        return lines
    if view.solution.outcome is Outcome.OPTIMAL_NOT_BINDING:
        lines.append("Here the unconstrained best already meets it, so safety is free at this threshold.")
        return lines
    for j, term in enumerate(view.terms):
        step = view.next_steps[j]
        kept = others_kept(view, lens, j)
        kept = f" with {md(kept)}" if kept else ""
        if step is not None:
            lines.append(
                f"**{md(term.name)}**: {_next(view, j, named=False)} reward units{kept}, "
                f"and each step after it costs more; no policy reaches beyond {md(_edge(view, j))}."
            )
    before, after = float(view.free.regularized_reward[0]), float(view.solution.primal_optimum)
    lines.append(
        f"The best worth falls from {number(before)} without constraints to {number(after)} with them, and the policy "
        f"stands {number(float(view.solution.kl))} nats from the reference."
    )
    return lines


def _edge(view: View, j: int) -> str:
    return number(100 * view.reach[j]) + " % of the replies" if view.terms[j].share else number(view.reach[j])


def geometry(view: View, lens: LensSettings, reliable: Reliability | None = None) -> str:
    """The picture of the image set in words, with what its axes t and u are."""
    j = lens.focus
    name, lam, level = md(view.names[j]), float(view.multipliers[j]), float(view.here.dual[0])
    worth = (
        "E[r] − β KL" if len(view.terms) == 1 else "E[r] − β KL with the others' slack at their prices added"
    )
    intro = (
        f"Every policy is a point. Across is *u*, its slack in {name}: what it has to spare over the threshold. "
        f"Up is *t*, what it is worth: {worth}. "
    )
    line = f"*t* + {number(lam)} *u* = {number(level, 4)}"
    if view.at_optimum and view.priced:
        height = steepness = ""
        if reliable is not None:
            low, high = (float(end) for end in reliable.multipliers_interval[j])
            steepness = f" ({interval(low, high)}, 95 % interval over prompts)"
            floor, ceiling = (float(end) for end in reliable.dual_interval)
            height = f" ({interval(floor, ceiling)})"
        return intro + (
            f"The straight line {line} touches the set at the best policy that meets the constraint; at the wall "
            f"*u* = 0 it stands at D\\* = P\\* = **{number(level, 4)}** reward{height}. Its steepness is the price "
            f"λ\\* = **{number(lam)}**{steepness} reward per unit, at the margin."
        )
    return intro + (
        f"The lens stands at λ = **{number(lam)}**: the line {line} touches the set where the slack is "
        f"**{signed(float(view.here.slack[0, j]))}**."
    )


def moves(view: View, j: int) -> bool:
    """Whether some policy changes what constraint ``j`` is on."""
    low, high = view.ranges[j]
    return high - low > 1e-9 * max(1.0, abs(high), abs(low))


def next_step(view: View, reliable: Reliability | None) -> str:
    """One line on what to do next."""
    if not view.feasible:
        failing = [md(view.names[j]) for j in conflict.failing_alone(view)]
        what = join(failing) if failing and len(view.terms) > 1 else "the threshold"
        return f"Lower {what} in the sidebar until it fits, or see the conflict on the **Dual** page."
    if reliable is not None and reliable.trust.light == "red":
        return "Raise β or lower the threshold until the trust light leaves red; the **Dual** page shows where that is."
    if not any(moves(view, j) for j in range(len(view.terms))):
        return "The constrained score does not vary within any prompt: choose another one in the sidebar."
    if view.solution.outcome is Outcome.OPTIMAL_NOT_BINDING:
        return "Raise the threshold in the lens until it starts to cost something."
    if not view.at_optimum:
        return "You have left the optimum: press **Back to λ\\*** to return, or pin this view and compare."
    return "Drag the curve, the set or the threshold; pin this view and compare; then read the replies on **Geometry**."


def expectations(view: View) -> list[dict[str, str]]:
    """The numbers at the place the lens stands, beside the reference, for a table."""
    here, samples = view.here, view.problem.samples
    reference_reward = number(float(samples.reference_reward), 4)
    replies = number(float(np.median(samples.counts)))
    rows = [
        ("Expected reward (reward)", number(float(here.expected_reward[0]), 4), reference_reward),
        ("E[r] − β KL (reward)", number(float(here.regularized_reward[0]), 4), reference_reward),
        ("Dual D (reward)", number(float(here.dual[0]), 4), "–"),
        ("KL from the reference (nats)", number(float(here.kl[0])), "0"),
        ("Effective replies per prompt", number(float(here.ess_median[0])), replies),
    ]
    for j, term in enumerate(view.terms):
        expected, baseline = float(here.expected_utilities[0, j]), float(samples.baseline[j])
        rows.append((f"Expected {term.name} ({term.unit})", number(expected, 4), number(baseline, 4)))
        rows.append((f"Slack of {term.name} ({term.unit})", signed(float(here.slack[0, j])), "–"))
        rows.append((f"λ of {term.name} (reward per unit)", number(float(view.multipliers[j]), 4), "0"))
    return [{"Quantity": a, "This policy": b, "Reference": c} for a, b, c in rows]
