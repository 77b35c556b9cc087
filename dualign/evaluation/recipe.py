"""Recipes: the papers' own configurations, as the commands that run them on a GPU, and what they would take.

A recipe is a TOML file. Nothing is fetched by reading one: `plan` says what it needs, `script` writes the
commands, the first of which download models and prompts from a hub.
"""

from __future__ import annotations

import json
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from dualign.alignment.iterate_spec import IterateSpec
from dualign.errors import InvalidInputError
from dualign.samples.split import HELD_OUT_SHARE

FOLDER = Path(__file__).with_name("recipes")
_OPERATIONS = 2.0
"""Floating-point operations a weight and token of a forward pass; a training step takes three times that."""
_HEADROOM = 1.3
"""Activations, caches and fragmentation beside the weights."""
_BYTES = 4.0
"""Of a weight: models are held in float32 here, only a server holds them in half precision."""
DUAL_SHARE = IterateSpec.dual_share
"""Share of the training prompts that iterations keep for their dual steps."""
_SERVER = "http://127.0.0.1:8000"


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a plan's times rest on: a GPU's sustained throughput and the tokens a second that it generates.

    The defaults are rounded from published figures of one 80 GB accelerator at bfloat16: a third of its peak
    in matrix products, and a served 7B model.
    """

    name: str = "one 80 GB GPU"
    operations: float = 3.0e14
    generated_tokens_a_second: float = 4000.0


@dataclass(frozen=True, kw_only=True)
class ScoreModel:
    """A reward model: where it is had, and what its number means ("reward", "cost" or "label=K")."""

    name: str
    model: str
    kind: str
    parameters: float


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A configuration of a paper; see the shipped files for what each table holds."""

    key: str
    title: str
    paper: str
    reference: Mapping[str, Any]
    prompts: Mapping[str, Any]
    sampling: Mapping[str, Any]
    scores: tuple[ScoreModel, ...]
    problem: Mapping[str, Any]
    training: Mapping[str, Any]
    evaluation: Mapping[str, Any]

    @property
    def steps(self) -> int:
        """Optimizer steps of one policy."""
        t = self.training
        return -(-int(t["pairs"]) // int(t["batch_size"])) * int(t["epochs"])

    @property
    def policies(self) -> int:
        """Policies to train: one a row of thresholds, and PeCAN's pre-aligned ones."""
        more = 1 + len(self.problem["utilities"]) if self.training["method"] == "pecan" else 0
        return len(self.problem["thresholds"]) + more

    @property
    def kept_prompts(self) -> tuple[int, int]:
        """Prompts of the set that training leaves out: those that are measured on, and those of the dual steps."""
        count = int(self.prompts["count"])
        measured = round(HELD_OUT_SHARE * count)
        iterated = int(self.training["iterations"]) > 1
        return measured, round(DUAL_SHARE * (count - measured)) if iterated else 0


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One part of a plan: what it does, its size in words, GPU memory in bytes, seconds, and what the time rests on."""

    name: str
    size: str
    memory_bytes: float
    seconds: float
    basis: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a recipe would take."""

    recipe: str
    machine: str
    prompts: int
    replies: int
    steps: int
    policies: int
    memory_bytes: float
    seconds: float
    stages: tuple[Stage, ...] = field(default_factory=tuple)


def list_recipes() -> list[str]:
    """Names of the shipped recipes."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_recipe(name_or_path: str | Path) -> Recipe:
    """A shipped recipe by its name, or one in a file.

    Raises
    ------
    InvalidInputError
        No such recipe, or a file that is not one.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = FOLDER / f"{name_or_path}.toml"
        if str(name_or_path) not in list_recipes():
            raise InvalidInputError(
                f"no recipe is named '{name_or_path}': there are {', '.join(list_recipes())}, or give a .toml file."
            )
    try:
        record = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"the recipe {path.name} cannot be read: {error}.") from None
    needed = {entry.name for entry in fields(Recipe)} - {"key"}
    wrong = sorted(needed.symmetric_difference(record))
    if wrong:
        raise InvalidInputError(f"the recipe {path.name} lacks or has too much: {', '.join(wrong)}.")
    try:
        scores = tuple(ScoreModel(**score) for score in record.pop("scores"))
        found = Recipe(key=path.stem, scores=scores, **record)
        _check(found)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InvalidInputError(f"the recipe {path.name} is not complete: {error}.") from None
    return found


def _check(recipe: Recipe) -> None:
    names = [score.name for score in recipe.scores]
    used = [recipe.problem["reward"], *recipe.problem["utilities"]]
    unknown = [name for name in used if name not in names]
    if unknown:
        raise ValueError(f"no score model is named '{unknown[0]}'")
    if any(len(row) != len(recipe.problem["utilities"]) for row in recipe.problem["thresholds"]):
        raise ValueError("a row of thresholds does not name one for each utility")
    for score in recipe.scores:
        if score.kind not in ("reward", "cost") and not score.kind.removeprefix("label=").isdecimal():
            raise ValueError(f"the kind of '{score.name}' is '{score.kind}', not reward, cost or label=K")
    int(recipe.prompts["count"]), int(recipe.sampling["responses"]), recipe.steps


def plan(recipe: Recipe, machine: Machine | None = None) -> Plan:
    """Prompts, replies, memory, steps and time of every stage."""
    m = machine or Machine()
    prompts, responses = int(recipe.prompts["count"]), int(recipe.sampling["responses"])
    replies, length = prompts * responses, float(recipe.sampling["mean_tokens"])
    weights = float(recipe.reference["parameters"])
    measured, dual = recipe.kept_prompts
    tokens = replies * length
    flops = f"{m.operations:.0e} operations a second"
    stages = [
        Stage(
            name="collect",
            size=f"{prompts:,} prompts x {responses} replies, about {tokens / 1e6:.0f} million tokens",
            memory_bytes=_HEADROOM * 2 * weights,
            seconds=tokens / m.generated_tokens_a_second,
            basis=f"{m.generated_tokens_a_second:,.0f} tokens a second",
        )
    ]
    for score in recipe.scores:
        stages.append(
            Stage(
                name=f"score {score.name}",
                size=f"{replies:,} replies by {score.model}",
                memory_bytes=_HEADROOM * _BYTES * score.parameters,
                seconds=replies * (length + 60) * _OPERATIONS * score.parameters / m.operations,
                basis=flops,
            )
        )
    iterations = int(recipe.training["iterations"])
    step_tokens = 2 * int(recipe.training["batch_size"]) * (length + 60)
    each = recipe.steps * step_tokens * 3 * _OPERATIONS * weights / m.operations
    stages.append(
        Stage(
            name="align",
            size=f"{recipe.policies} policies x {recipe.steps:,} steps of {recipe.training['batch_size']} pairs"
            + (f", each in {iterations} iterations" if iterations > 1 else ""),
            memory_bytes=_HEADROOM
            * (_BYTES * weights + 40 * 2**30 * float(recipe.training["batch_size"]) / 64),
            seconds=recipe.policies * each,
            basis=flops,
        )
    )
    if iterations > 1:
        drawn = len(recipe.problem["thresholds"]) * iterations * dual * responses * length
        stages.append(
            Stage(
                name="dual steps",
                size=f"{iterations} iterations x {dual:,} prompts kept for them x {responses} replies a policy",
                memory_bytes=_HEADROOM * _BYTES * weights,
                seconds=drawn / m.generated_tokens_a_second,
                basis=f"{m.generated_tokens_a_second:,.0f} tokens a second",
            )
        )
    asked, count = min(measured, int(recipe.evaluation["prompts"])), len(recipe.problem["thresholds"])
    text = f"{count} policies x {asked:,} held-out prompts x {recipe.evaluation['replies']} replies"
    if asked < int(recipe.evaluation["prompts"]):
        text += f"; the paper's {recipe.evaluation['prompts']:,} are more than the set holds out"
    stages.append(
        Stage(
            name="evaluate",
            size=text,
            memory_bytes=_HEADROOM * _BYTES * weights,
            seconds=count * asked * int(recipe.evaluation["replies"]) * length / m.generated_tokens_a_second,
            basis=f"{m.generated_tokens_a_second:,.0f} tokens a second",
        )
    )
    return Plan(
        recipe=recipe.key,
        machine=m.name,
        prompts=prompts,
        replies=replies,
        steps=recipe.steps,
        policies=recipe.policies,
        memory_bytes=max(stage.memory_bytes for stage in stages),
        seconds=sum(stage.seconds for stage in stages),
        stages=tuple(stages),
    )


def commands(recipe: Recipe, *, folder: str = "papers") -> list[list[str]]:
    """The recipe as `dualign` commands, argument lists in order; models lie under ``folder``/models."""
    name, base = recipe.key, f"{folder}/models"
    s, p, t = recipe.sampling, recipe.problem, recipe.training
    collect = ["collect", f"{folder}/prompts.jsonl", "--name", name]
    collect += [
        "--reference",
        f"{base}/{recipe.reference['name']}-policy",
        "--responses",
        str(s["responses"]),
    ]
    collect += ["--max-new-tokens", str(s["max_new_tokens"]), "--temperature", str(s["temperature"])]
    collect += ["--top-p", str(s["top_p"]), "--server", _SERVER, "--served-model", "policy"]
    made = [collect]
    # The first scorer is the reward.
    score = ["score", name, "--name", f"{name}-scored"]
    for model in sorted(recipe.scores, key=lambda model: model.name != p["reward"]):
        score += ["--scorer", f"{base}/{model.name}:{model.kind}"]
    made.append(score)
    training = ["--steps", str(recipe.steps), "--learning-rate", str(t["learning_rate"])]
    training += ["--batch-size", str(t["batch_size"]), "--labels", "hard", "--gpus", "1"]
    training += ["--rank", str(t["rank"]), "--alpha", str(t["alpha"])]
    first: list[str] = []
    if t["method"] == "pecan":
        # Trained once: a policy for a threshold that names none trains its own.
        alone = ["align", f"{name}-scored", "--beta", str(p["beta"]), *training, "--replies", "2", "--wait"]
        zeros = ",".join(f"{utility}=0" for utility in p["utilities"])
        made.append([*alone, "--name", f"{name}-reward", "--multipliers", zeros])
        first = ["--reward-policy", f"{name}-reward"]
        for utility in p["utilities"]:
            only = ["--utilities-only", "--multipliers", f"{utility}=1", "--name", f"{name}-{utility}-only"]
            made.append([*alone, *only])
            first += ["--utility-policy", f"{utility}={name}-{utility}-only"]
    for k, row in enumerate(p["thresholds"], 1):
        stated: list[str] = []
        for utility, value in zip(p["utilities"], row, strict=True):
            stated += ["--threshold", f"{utility}>={value:g}"]
        made.append(["solve", f"{name}-scored", *stated, "--beta", str(p["beta"]), "--json"])
        train = [
            f"{name}-scored",
            *stated,
            "--beta",
            str(p["beta"]),
            "--name",
            f"{name}-{k}",
            "--method",
            t["method"],
        ]
        train += [*training, "--wait"]
        if int(t["iterations"]) > 1:
            more = ["--iterations", str(t["iterations"]), "--replies", str(s["responses"])]
            made.append(["iterate", *train, "--pair-replies", "2", *more])
        else:
            made.append(["align", *train, "--replies", "2", *first])
        measure = ["evaluate", f"{name}-{k}", "--replies", str(recipe.evaluation["replies"])]
        made.append([*measure, "--prompts", str(min(recipe.kept_prompts[0], recipe.evaluation["prompts"]))])
    made.append(
        ["reproduce", "tradeoff", "--samples", f"{name}-scored", "--figures", "--out", f"{folder}/results"]
    )
    return made


def reference_record(recipe: Recipe, *, folder: str = "papers") -> str:
    """The ``reference.json`` that names the base model and its chat format."""
    return json.dumps(
        {
            "base": f"{folder}/models/{recipe.reference['name']}",
            "chat_template": recipe.reference["chat_template"],
            "max_new_tokens": int(recipe.sampling["max_new_tokens"]),
        }
    )


def script(recipe: Recipe, *, folder: str = "papers") -> str:
    """A shell script that runs the recipe; its first lines fetch models and prompts from the Hugging Face hub."""
    base, name = f"{folder}/models", recipe.reference["name"]
    prompts = recipe.prompts
    program = (
        "import datasets, json; rows = datasets.load_dataset("
        f"{prompts['dataset']!r}, split={prompts['split']!r})[{prompts['column']!r}]; "
        f"kept = list(dict.fromkeys(rows))[:{int(prompts['count'])}]; "
        f"open({folder + '/prompts.jsonl'!r}, 'w').writelines(json.dumps({{'prompt': p}}) + '\\n' for p in kept)"
    )
    lines = [
        "#!/usr/bin/env bash",
        f"# {recipe.title}. {recipe.paper}.",
        "set -euo pipefail",
        f"mkdir -p {shlex.quote(f'{base}/{name}-policy')}",
        shlex.join(["hf", "download", recipe.reference["model"], "--local-dir", f"{base}/{name}"]),
    ]
    lines += [
        shlex.join(["hf", "download", s.model, "--local-dir", f"{base}/{s.name}"]) for s in recipe.scores
    ]
    lines += [
        shlex.join(["printf", "%s", reference_record(recipe, folder=folder)])
        + " > "
        + shlex.quote(f"{base}/{name}-policy/reference.json"),
        shlex.join(["python", "-c", program]),
    ]
    steps = [shlex.join(["dualign", *command]) for command in commands(recipe, folder=folder)]
    serve = [
        "vllm",
        "serve",
        f"{base}/{name}",
        "--served-model-name",
        "policy",
        "--generation-config",
        "vllm",
    ]
    lines += [
        shlex.join(serve) + " & server=$!",
        f"until curl -sf {_SERVER}/health; do sleep 5; done",
        steps[0],
        "kill $server",
        *steps[1:],
    ]
    return "\n".join(lines) + "\n"


def plan_text(found: Plan) -> str:
    """The plan for a terminal."""
    lines = [
        f"{found.recipe}: {found.prompts:,} prompts, {found.replies:,} replies, {found.policies} policies x "
        f"{found.steps:,} steps",
        f"about {_hours(found.seconds)} and {found.memory_bytes / 2**30:.0f} GiB of GPU memory on {found.machine}",
        "",
    ]
    for stage in found.stages:
        lines.append(
            f"{stage.name:<16} {_hours(stage.seconds):>9}  {stage.memory_bytes / 2**30:>4.0f} GiB  {stage.size} "
            f"({stage.basis})"
        )
    return "\n".join(lines)


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"
