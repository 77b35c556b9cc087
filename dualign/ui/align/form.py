"""What to train: the choices of the Align page as widgets, every training option among them."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any, get_args

import numpy as np
import streamlit as st

from dualign.alignment.spec import METHODS, Dtype, Labels, TrainOptions
from dualign.errors import InvalidInputError
from dualign.ui import data
from dualign.ui.align.choices import METHOD_WORDS, Choices, Target, default_front, parse_front
from dualign.ui.analysis import View
from dualign.ui.state import LensSettings
from dualign.ui.texts import md, number

_TARGETS: tuple[Target, ...] = get_args(Target)

# Field of TrainOptions: label, help.
_OPTIONS: dict[str, tuple[str, str]] = {
    "steps": ("Steps", "Optimizer steps; the one-shot budget of the papers is three epochs."),
    "batch_size": ("Prompts a step", ""),
    "replies": ("Replies compared a prompt", "k replies give k (k − 1) / 2 pairs."),
    "labels": ("Labels", "Hard draws each preference by its probability, soft keeps the probability."),
    "learning_rate": ("Learning rate", "AdamW, cosine schedule."),
    "warmup_share": ("Warm-up share", "Share of the steps over which the learning rate rises."),
    "weight_decay": ("Weight decay", ""),
    "max_grad_norm": ("Largest gradient norm", ""),
    "rank": ("LoRA rank", ""),
    "alpha": ("LoRA alpha", ""),
    "targets": ("LoRA modules", "Names of the layers that get a LoRA, separated by commas."),
    "dtype": ("Arithmetic of the base", "The LoRA is always trained in float32."),
    "threads": ("Torch threads", "0 leaves torch's own choice."),
    "held_out": ("Share of prompts held out", "Of each prompt group; never trained on."),
    "seed": ("Seed", "Of pairs, labels, LoRA and order."),
    "checkpoint_every": ("Steps between checkpoints", ""),
    "warm_start": ("Start from policy", "Name of a stored policy; empty starts a new LoRA."),
    "max_new_tokens": ("Longest reply while training", "RLOO and GRPO alone; 0 takes the reference's own."),
    "sample_replies": ("Replies for PeCAN's dual", "Replies a prompt whose log-probabilities enter it."),
    "measure_replies": (
        "Replies that measure",
        "Of the reference, a held-out prompt: by their importance weights the policy is measured. 0 measures nothing.",
    ),
}
_CHOICES: dict[str, tuple[str, ...]] = {"labels": get_args(Labels), "dtype": get_args(Dtype)}


def choose(lens: LensSettings, view: View) -> Choices:
    """Widgets for what to train and how; what they say now."""
    target = _target(lens, view)
    multipliers: tuple[float, ...] = ()
    front: tuple[float, ...] = ()
    if target == "front":
        front = _front(lens, view)
    elif target == "weights":
        multipliers = _weights(view)
    left, middle, right = st.columns([3, 1, 2], vertical_alignment="bottom", gap="medium")
    with left:
        method = st.segmented_control(
            "Method", METHODS, key="align_method", default="mocan", required=True, format_func=_method_word
        )
    with middle:
        steps = st.number_input(
            "Steps", value=TrainOptions().steps, step=50, key="align_steps", help=_OPTIONS["steps"][1]
        )
    with right:
        name = st.text_input(
            "Name", key="align_name", placeholder="chosen from set, method and λ", max_chars=60
        )
    method = method or "mocan"
    reference = ""
    manifest = data.open_set(lens.samples).manifest
    if manifest.origin == "real" and not manifest.reference.get("name"):
        reference = st.text_input(
            "Reference model",
            key="align_reference",
            placeholder="the model that drew these replies: demo, a folder, or a hub name",
            help="This set does not say which model drew its replies; training starts from it.",
        )
    st.caption(METHOD_WORDS[method][1])
    with st.expander("Every setting", icon=":material/tune:"):
        options = _options(int(steps))
    return Choices(
        target=target,
        method=method,
        name=name or "",
        multipliers=multipliers,
        front=front,
        reference=reference or "",
        options=options,
    )


def _method_word(method: Any) -> str:
    return METHOD_WORDS[method][0]


def _target(lens: LensSettings, view: View) -> Target:
    names = [md(constraint.name, 40) for constraint in lens.constraints]
    focus = lens.focus
    here = number(float(view.multipliers[focus]))
    best = number(float(view.solution.multipliers[focus]))
    reward = md(lens.reward or data.open_set(lens.samples).manifest.reward, 30)
    words: dict[Target, str] = {
        "optimum": f"At λ\\* = {best}" if view.feasible else "At λ\\*",
        "here": f"At the lens, λ = {here}",
        "front": "Several along the front",
        "reward": f"Only {reward}, λ = 0",
        "utility": f"Only {' and '.join(names)}",
        "weights": "Weights of my own",
    }
    offered = [target for target in _TARGETS if not (target == "here" and view.at_optimum)]
    if not view.feasible:
        offered.remove("optimum")
    # Where the lens was moved away from λ*, by hand or by a link, that is the point that is meant.
    if st.session_state.get("align_target") not in offered:
        st.session_state["align_target"] = "here" if "here" in offered else offered[0]
    chosen = st.pills(
        "What to train",
        offered,
        key="align_target",
        required=True,
        format_func=lambda target: words[target],
    )
    return chosen or offered[0]


def _front(lens: LensSettings, view: View) -> tuple[float, ...]:
    start = ", ".join(f"{value:g}" for value in default_front(view, lens.focus))
    text = st.text_input(
        f"Values of λ for {md(lens.constraints[lens.focus].name, 40)} (reward per utility)",
        value=start,
        key="align_front",
        help="One job: the values that determine the front are trained, each from what the ones before it say, and the "
        "policies of all values are fitted to them.",
    )
    return parse_front(text or "")


def _weights(view: View) -> tuple[float, ...]:
    names = view.problem.samples.names
    found = []
    for column, name, at in zip(st.columns(len(names)), names, view.multipliers, strict=True):
        with column:
            start = float(at) if np.isfinite(at) else 1.0
            found.append(
                st.number_input(
                    f"λ of {md(name, 40)} (reward per utility)",
                    min_value=0.0,
                    value=float(f"{start:.4g}"),
                    step=0.1,
                    key=f"align_weight_{name}",
                )
            )
    return tuple(float(value) for value in found)


def _options(steps: int) -> TrainOptions:
    """Every field of `TrainOptions` as a widget; the steps are asked for outside."""
    defaults = TrainOptions()
    values: dict[str, Any] = {"steps": steps}
    columns = st.columns(3, gap="medium")
    shown = [f.name for f in fields(TrainOptions) if f.name != "steps"]
    for k, field_name in enumerate(shown):
        with columns[k % 3]:
            values[field_name] = _option(field_name, getattr(defaults, field_name))
    for unset in ("threads", "max_new_tokens"):
        values[unset] = values[unset] or None
    return replace(defaults, **values)


def _option(name: str, default: Any) -> Any:
    label, words = _OPTIONS.get(name, (name, ""))
    key, note = f"align_option_{name}", words or None
    if name in _CHOICES:
        return st.selectbox(label, _CHOICES[name], index=_CHOICES[name].index(default), key=key, help=note)
    if name == "targets":
        text = st.text_input(label, ", ".join(default), key=key, help=note)
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(default, str):
        return st.text_input(label, default, key=key, help=note).strip()
    if isinstance(default, float):
        return st.number_input(
            label, value=default, format="%g", step=default / 10 or 0.01, key=key, help=note
        )
    # Without limits of its own: beyond them the field would keep its old value, and say so by its colour alone.
    return st.number_input(label, value=int(default or 0), step=1, key=key, help=note)


def checked(lens: LensSettings, view: View) -> Choices | None:
    """The choices, or None with a sentence on the page where they cannot be meant."""
    try:
        return choose(lens, view)
    except InvalidInputError as error:
        st.error(md(named(str(error)), 400), icon=":material/block:")
        return None


def named(sentence: str) -> str:
    """A sentence about options in the words of their fields."""
    for name, (label, _) in _OPTIONS.items():
        sentence = re.sub(rf"\b{name}\b", f"'{label}'", sentence) if "_" in name else sentence
    return sentence


def label_of(path: str) -> str:
    """What the page calls a setting of a job, by its path in the job's record."""
    name = path.removeprefix("options.")
    return _OPTIONS[name][0] if path != name and name in _OPTIONS else path
