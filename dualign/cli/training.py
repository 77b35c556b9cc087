"""The options of a training, one for each field of `TrainOptions`, shared by the commands that train."""

from __future__ import annotations

import argparse
from typing import Any


def names(text: str) -> tuple[str, ...]:
    """Names separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


# Field of TrainOptions: its option where that is not the field's own name, and how it is read.
_OPTIONS: dict[str, dict[str, Any]] = {
    "steps": {"type": int, "metavar": "N", "help": "optimizer steps a policy"},
    "batch_size": {"type": int, "metavar": "N", "help": "prompts a step"},
    "replies": {"type": int, "metavar": "N", "help": "replies of a prompt compared with each other"},
    "labels": {"choices": ("soft", "hard")},
    "learning_rate": {"type": float, "metavar": "X"},
    "warmup_share": {
        "option": "--warmup",
        "type": float,
        "metavar": "SHARE",
        "help": "share of the steps over which the learning rate rises (0.05)",
    },
    "weight_decay": {"type": float, "metavar": "X", "help": "of AdamW (0)"},
    "max_grad_norm": {"type": float, "metavar": "X", "help": "gradients are cut to it (1)"},
    "rank": {"type": int, "metavar": "N", "help": "rank of the LoRA"},
    "alpha": {"type": int, "metavar": "N", "help": "scale of the LoRA times its rank"},
    "targets": {
        "type": names,
        "metavar": "A,B",
        "help": "modules that get a LoRA (q_proj,k_proj,v_proj,o_proj)",
    },
    "dtype": {"choices": ("mixed", "float32", "bfloat16")},
    "held_out": {"type": float, "metavar": "SHARE", "help": "share of prompts never trained on"},
    "seed": {"type": int},
    "threads": {"type": int, "help": "torch threads"},
    "checkpoint_every": {"type": int, "metavar": "N", "help": "steps between checkpoints"},
    "measure_replies": {
        "type": int,
        "metavar": "N",
        "help": "held-out replies a prompt read after training (16; 0: none)",
    },
    "sample_replies": {
        "type": int,
        "metavar": "N",
        "help": "pecan: replies a prompt whose log-probabilities enter its dual (16)",
    },
    "max_new_tokens": {
        "type": int,
        "metavar": "N",
        "help": "rloo, grpo: longest reply, tokens (the reference's own)",
    },
    "warm_start": {"metavar": "P", "help": "stored policy to start from"},
}


def add_training(
    parser: argparse.ArgumentParser, *, leave_out: tuple[str, ...] = (), renamed: dict[str, str] | None = None
) -> None:
    """Add the training options to a command.

    Parameters
    ----------
    parser
        The command.
    leave_out
        Fields that mean nothing to it.
    renamed
        Other options for fields whose own name means something else there, such as ``{"replies": "--pair-replies"}``.
    """
    group = parser.add_argument_group("training")
    for field, how in _OPTIONS.items():
        if field not in leave_out:
            option = (renamed or {}).get(field) or how.get("option") or "--" + field.replace("_", "-")
            more = {name: value for name, value in how.items() if name != "option"}
            group.add_argument(option, dest=f"train_{field}", default=None, **more)


def given(arguments: argparse.Namespace) -> dict[str, Any]:
    """The fields that were given, by their names in `TrainOptions`."""
    found = {field: getattr(arguments, f"train_{field}", None) for field in _OPTIONS}
    return {field: value for field, value in found.items() if value is not None}
