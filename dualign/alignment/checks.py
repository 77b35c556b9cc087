"""Options that cannot be met on a set and a model, told before anything is started."""

from __future__ import annotations

import json

from dualign.alignment.cost import ModelSize
from dualign.alignment.objective import Objective
from dualign.alignment.spec import OFFLINE, AlignSpec, TrainOptions
from dualign.errors import InvalidInputError, ModelError
from dualign.models.adapters import CONFIG
from dualign.models.policies import policy_folder
from dualign.samples import SampleSet


def check_options(spec: AlignSpec, objective: Objective, size: ModelSize) -> None:
    """Refuse what the training would fail at; a model that is not on this machine yet is not asked.

    Raises
    ------
    InvalidInputError
        More prompts a step than are trained on, more replies than are at hand, a rank beyond the model's width,
        modules that it does not have, or a policy to start from that is of another shape.
    """
    options, train = spec.options, ~objective.held_out
    if options.batch_size > train.sum():
        raise InvalidInputError(
            f"batch_size is {options.batch_size}, but there are {int(train.sum())} training prompts: lower it."
        )
    if spec.method in OFFLINE:
        most = int(objective.sample_set.counts[train].max())
        if spec.method == "pecan":
            most = min(most, options.sample_replies)
        if options.replies > most:
            raise InvalidInputError(
                f"replies is {options.replies}, but no training prompt has more than {most} to compare: lower it."
            )
    if size.hidden and options.rank > size.hidden:
        raise InvalidInputError(
            f"rank is {options.rank}, more than the model's width of {size.hidden}: lower it (8 is usual)."
        )
    unknown = [target for target in options.targets if size.modules and not size.adapted(target)]
    if unknown:
        known = dict.fromkeys(name.rpartition(".")[2] for name, _, _ in size.modules)
        raise InvalidInputError(
            f"targets names '{unknown[0][:60]}', which the model does not have: name some of {', '.join(known)}."
        )
    if options.warm_start:
        check_start(options)


def require_texts(sample_set: SampleSet) -> None:
    """Refuse a set whose scores belong to no replies of a model.

    Raises
    ------
    InvalidInputError
        A synthetic set, no prompts, or no replies.
    """
    if sample_set.manifest.origin == "synthetic":
        raise InvalidInputError(
            f"the scores of '{sample_set.name}' belong to no replies of a model and it holds no texts, so "
            "nothing can be trained on it: choose the demo, or import a set with prompts and replies."
        )
    if not any(sample_set.prompts) or not any(sample_set.responses(0)):
        raise InvalidInputError(
            f"'{sample_set.name}' holds scores but no texts, so nothing can be trained on it: import a set with "
            "prompts and replies."
        )


def check_start(options: TrainOptions) -> None:
    """Refuse a policy to start from whose LoRA is not of the shape that is trained.

    Raises
    ------
    InvalidInputError
        Another rank, or other modules.
    ModelError
        No such policy, or one without a readable configuration.
    """
    path = policy_folder(options.warm_start) / CONFIG
    try:
        config = json.loads(path.read_text("utf-8"))
        rank, targets = int(config["r"]), sorted(config["target_modules"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} cannot be read: train the policy again.") from error
    if (rank, set(targets)) != (options.rank, set(options.targets)):
        raise InvalidInputError(
            f"the policy '{options.warm_start}' has rank {rank} on {', '.join(targets)}: start from "
            f"one of rank {options.rank} on {', '.join(options.targets)}."
        )
