"""What to train: the specification of an alignment, plain values that travel as JSON."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

from dualign.alignment.arithmetic import Dtype
from dualign.errors import InvalidInputError, StoreError
from dualign.samples.files import check_name
from dualign.samples.split import HELD_OUT_SHARE

Method = Literal["mocan", "pecan", "rloo", "grpo"]
Labels = Literal["soft", "hard"]

METHODS: tuple[Method, ...] = get_args(Method)
OFFLINE: tuple[Method, ...] = ("mocan", "pecan")


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Every setting of the training, all of them kept with the policy.

    Attributes
    ----------
    steps : int
        Optimizer steps.
    batch_size : int
        Prompts a step. By RLOO and GRPO: prompts a step too, ``replies`` generated for each.
    replies : int
        Replies of one prompt that are compared with each other: replies (replies - 1) / 2 pairs. 2 is one
        pair a prompt, as in the papers; 4 gives six pairs for twice the replies.
    labels : {"soft", "hard"}
        "hard" draws each preference by Bernoulli(sigmoid(score difference)); "soft" keeps the probability,
        whose loss is the mean of the hard one over its draws.
    learning_rate, warmup_share, weight_decay, max_grad_norm : float
        AdamW with a cosine schedule.
    rank, alpha : int
        LoRA on ``targets``.
    dtype : {"mixed", "float32", "bfloat16"}
        "mixed" keeps float32 numbers and multiplies matrices in bfloat16; "bfloat16" holds the base in it. The
        LoRA itself is float32.
    threads : int or None
        Torch threads; None leaves them as they are.
    held_out : float
        Share of each prompt group that is never trained on.
    seed : int
        Of pairs, labels, LoRA and order.
    checkpoint_every : int
        Steps between checkpoints.
    warm_start : str
        Stored policy to start from, "" for a new LoRA.
    max_new_tokens : int or None
        RLOO and GRPO: longest reply, the reference's own unless given.
    sample_replies : int
        PeCAN: replies a prompt whose log-probabilities enter its dual.
    measure_replies : int
        Held-out replies a prompt that the estimate after training reads; 0 leaves it out.
    """

    steps: int = 200
    batch_size: int = 4
    replies: int = 4
    labels: Labels = "soft"
    learning_rate: float = 5e-4
    warmup_share: float = 0.05
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    rank: int = 8
    alpha: int = 16
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")
    dtype: Dtype = "mixed"
    threads: int | None = None
    held_out: float = HELD_OUT_SHARE
    seed: int = 0
    checkpoint_every: int = 50
    warm_start: str = ""
    max_new_tokens: int | None = None
    sample_replies: int = 16
    measure_replies: int = 16

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", tuple(self.targets))
        least = {"steps": 1, "batch_size": 1, "replies": 2, "rank": 1, "alpha": 1, "checkpoint_every": 1}
        least |= {"seed": 0, "sample_replies": 2, "measure_replies": 0}
        least |= {name: 1 for name in ("threads", "max_new_tokens") if getattr(self, name) is not None}
        for name, low in least.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < low:
                raise InvalidInputError(f"{name} must be a whole number of at least {low}, not {value!r}.")
        for name, low_, high in (
            ("learning_rate", 0.0, 1.0),
            ("warmup_share", -1e-12, 1.0),
            ("weight_decay", -1e-12, 1.0),
            ("max_grad_norm", 0.0, math.inf),
            ("held_out", 0.0, 1.0),
        ):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not low_ < value < high:
                raise InvalidInputError(
                    f"{name} is {value!r}: give a number between {max(low_, 0):g} and {high:g}."
                )
        if self.labels not in get_args(Labels):
            raise InvalidInputError(f"labels must be 'soft' or 'hard', not {self.labels!r}.")
        if self.dtype not in get_args(Dtype):
            raise InvalidInputError(f"dtype must be one of {', '.join(get_args(Dtype))}, not {self.dtype!r}.")
        if not self.targets:
            raise InvalidInputError("targets is empty: name the modules that get a LoRA, such as 'q_proj'.")


@dataclass(frozen=True, kw_only=True)
class AlignSpec:
    """One alignment, or a front of several.

    Attributes
    ----------
    samples : str
        Stored set or file of scored samples.
    name : str
        Of the policy; "" lets `policy_names` choose. Policies of a front get its number appended.
    method : {"mocan", "pecan", "rloo", "grpo"}
    thresholds : mapping
        Required value by constraint as in ``--threshold``: "harmless", "harmless[grief]", "P(harmless>=0)".
        lam* is solved for on the whole set, unless multipliers are given: then slack is counted against them.
        Where none is stated: the set's defaults, or 0.
    multipliers : mapping or None
        By constraint; given ones are used as they are (0 for helpful only).
    front : tuple of mappings
        Several multipliers, one policy for each, trained as one job; empty for a single policy.
    reward : str
        Score that is the reward; the set's own unless given.
    reward_weight : float
        1, or 0 for the utilities alone (harmless only).
    beta : float or None
        Reward units per nat; the set's own unless given.
    form : {"improvement", "absolute"} or None
        How thresholds are meant; the set's own unless given.
    reference : str
        See `dualign.models.resolve_spec`; the set's own unless given.
    reward_policy, utility_policies : str, mapping
        PeCAN: stored policies pre-aligned to the reward and to each utility. Those that are not named are
        trained first, in the same job.
    options : TrainOptions
    """

    samples: str
    name: str = ""
    title: str = ""
    method: Method = "mocan"
    thresholds: Mapping[str, float] = field(default_factory=dict)
    multipliers: Mapping[str, float] | None = None
    front: tuple[Mapping[str, float], ...] = ()
    reward: str = ""
    reward_weight: float = 1.0
    beta: float | None = None
    form: Literal["improvement", "absolute"] | None = None
    reference: str = ""
    reward_policy: str = ""
    utility_policies: Mapping[str, str] = field(default_factory=dict)
    options: TrainOptions = field(default_factory=TrainOptions)

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InvalidInputError(
                f"there is no method '{self.method}': the methods are {', '.join(METHODS)}."
            )
        if self.name:
            try:
                check_name(self.name)
            except StoreError as error:
                raise InvalidInputError(str(error).replace("sample set", "policy")) from error
        if not self.samples:
            raise InvalidInputError("no sample set was named: give a stored name or a file.")
        if self.multipliers is not None and self.front:
            raise InvalidInputError("give multipliers for one policy or a front for several, not both.")
        if self.reward_weight not in (0, 1):
            raise InvalidInputError(
                f"reward_weight is {self.reward_weight}: give 1, or 0 for the utilities alone."
            )
        object.__setattr__(self, "thresholds", _numbers(self.thresholds, "threshold", least=-math.inf))
        if self.multipliers is not None:
            object.__setattr__(self, "multipliers", _numbers(self.multipliers, "multiplier", least=0.0))
        object.__setattr__(
            self, "front", tuple(_numbers(point, "multiplier", least=0.0) for point in self.front)
        )
        if self.reward_weight == 0 and not any(
            value > 0 for point in (self.multipliers or {}, *self.front) for value in point.values()
        ):
            raise InvalidInputError("without a reward some multiplier must be above 0: give --multipliers.")
        if self.method == "pecan" and self.reward_weight == 0:
            raise InvalidInputError("PeCAN weighs utilities against a reward: leave reward_weight at 1.")
        distinct: list[dict[str, float]] = []
        for point in self.front:
            # A multiplier of 0 and none at all are the same.
            own = {name: value for name, value in point.items() if value}
            if own in distinct:
                stated = ", ".join(f"{name}={value:g}" for name, value in point.items())
                raise InvalidInputError(f"the front has '{stated}' twice: give each point once.")
            distinct.append(own)
        if len(self.front) > 64:
            raise InvalidInputError(f"a front of {len(self.front)} policies is too long: give 64 at most.")

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values."""
        record: dict[str, Any] = json.loads(json.dumps(asdict(self), allow_nan=False))
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> AlignSpec:
        """The specification written by `to_record`; InvalidInputError on unknown or unfit fields."""
        given = dict(record)
        options = given.pop("options", {})
        for kind, values in ((cls, given), (TrainOptions, options)):
            unknown = sorted(set(values) - {f.name for f in fields(kind)})
            if unknown:
                raise InvalidInputError(f"an alignment has no field named '{unknown[0]}'.")
        given["front"] = tuple(given.get("front", ()))
        try:
            return cls(**given, options=TrainOptions(**options))
        except TypeError as error:
            raise InvalidInputError(f"the alignment cannot be read: {error}.") from error

    @property
    def content(self) -> str:
        """SHA-256 of what is trained; the same for the same specification."""
        return hashlib.sha256(json.dumps(self.to_record(), sort_keys=True).encode()).hexdigest()

    def with_options(self, options: TrainOptions) -> AlignSpec:
        """The specification with other training options."""
        return replace(self, options=options)


def _numbers(values: Mapping[str, float], what: str, *, least: float) -> dict[str, float]:
    found = {}
    for name, value in values.items():
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise InvalidInputError(f"{what} on '{name}' is {value!r}: give a finite number.")
        if value < least:
            raise InvalidInputError(f"{what} on '{name}' is {value:g}: it must be at least {least:g}.")
        found[str(name)] = float(value)
    return found


def slug(text: str) -> str:
    """Text as a part of a name: letters, digits, '.', '_' and '-' alone."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.") or "policy"
