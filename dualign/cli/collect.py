"""``dualign collect``, ``score`` and ``fit-scorer``: from prompts to scored samples."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dualign.samples import SampleSet


def add_commands(commands: Any) -> None:
    """Add ``collect``, ``score`` and ``fit-scorer``."""
    _add_collect(commands)
    score = commands.add_parser("score", help="score the responses of a stored set")
    score.add_argument("samples", metavar="SAMPLES", help="a stored name")
    score.add_argument(
        "--scorer",
        action="append",
        default=[],
        metavar="NAME",
        help="scorer by name or folder (helpful, harmless)",
    )
    score.add_argument("--name", metavar="N", help="name of the scored set (SAMPLES-scored)")
    score.add_argument(
        "--reward", metavar="SCORE", help="which score is the reward (the set's own, else the first scorer)"
    )
    score.add_argument("--threads", type=int, help="torch threads")
    score.add_argument("--json", action="store_true", help="print one JSON object")
    score.set_defaults(run=_score)
    fit = commands.add_parser("fit-scorer", help="fit a small scorer on preference pairs or labelled replies")
    fit.add_argument("file", type=Path, nargs="+", metavar="FILE", help="CSV, JSONL or Parquet")
    fit.add_argument("--name", required=True, metavar="N", help="name of the scorer")
    fit.add_argument("--prompt", default="prompt", metavar="COL", help="column of the prompt (prompt)")
    fit.add_argument(
        "--chosen", default="chosen", metavar="COL", help="column of the preferred reply (chosen)"
    )
    fit.add_argument(
        "--rejected", default="rejected", metavar="COL", help="column of the other reply (rejected)"
    )
    fit.add_argument("--response", metavar="COL", help="for labelled files: column of the reply")
    fit.add_argument(
        "--label", metavar="COL", help="for labelled files: column that is 1 or true for a good reply"
    )
    fit.add_argument("--licence", default="not stated", help="licence of the files, kept with the scorer")
    fit.add_argument("--threads", type=int, help="torch threads")
    fit.add_argument("--json", action="store_true", help="print one JSON object")
    fit.set_defaults(run=_fit)


def _add_collect(commands: Any) -> None:
    collect = commands.add_parser("collect", help="sample responses from a reference policy; resumable")
    collect.add_argument(
        "prompts", type=Path, nargs="?", metavar="PROMPTS", help="JSONL with 'prompt' a line (the demo's)"
    )
    collect.add_argument("--name", required=True, metavar="N", help="name of the set in the store")
    collect.add_argument(
        "--reference", default="demo", help="reference policy: a name or a model folder (demo)"
    )
    collect.add_argument("--responses", type=int, default=64, metavar="K", help="responses a prompt (64)")
    collect.add_argument("--seed", type=int, default=0)
    collect.add_argument(
        "--out", type=Path, metavar="DIR", help="working folder, kept (in the store until the set is whole)"
    )
    collect.add_argument(
        "--max-new-tokens", type=int, metavar="T", help="longest response (the reference's own)"
    )
    collect.add_argument(
        "--temperature", type=float, default=1.0, help="not 1: no longer exactly the reference"
    )
    collect.add_argument("--top-p", type=float, default=1.0, help="below 1: no longer exactly the reference")
    collect.add_argument("--server", metavar="URL", help="an OpenAI-compatible server, vLLM say")
    collect.add_argument(
        "--served-model", metavar="NAME", help="the name under which the server has the model"
    )
    collect.add_argument("--workers", type=int, default=1, help="sampling processes")
    collect.add_argument("--threads", type=int, help="torch threads in each")
    collect.add_argument("--json", action="store_true", help="print one JSON object")
    collect.set_defaults(run=_collect)


def _collect(arguments: argparse.Namespace) -> str:
    from dualign.cli.output import dump, progress
    from dualign.cli.samples import set_record
    from dualign.models import SampleOptions, collect, read_prompts, resolve_spec
    from dualign.models.to_store import collected_set
    from dualign.paths import store_root
    from dualign.samples import Store
    from dualign.samples.build_demo import PROMPTS

    store = Store()
    store.check_free(arguments.name)
    spec, _ = resolve_spec(arguments.reference)
    options = SampleOptions(
        max_new_tokens=spec.max_new_tokens if arguments.max_new_tokens is None else arguments.max_new_tokens,
        temperature=arguments.temperature,
        top_p=arguments.top_p,
    )
    out = arguments.out or store_root() / "collections" / arguments.name
    tell = progress("prompts")
    folder = collect(
        read_prompts(arguments.prompts or PROMPTS),
        reference=arguments.reference,
        n_responses=arguments.responses,
        seed=arguments.seed,
        out=out,
        options=options,
        server=arguments.server,
        served_model=arguments.served_model,
        workers=arguments.workers,
        threads=arguments.threads,
        on_progress=lambda made: tell(made.done, made.total),
    )
    sample_set = collected_set(folder, name=arguments.name)
    store.save(sample_set)
    if arguments.out is None:
        # The set has it all; a leftover would stand in the way of the next set of this name.
        shutil.rmtree(out, ignore_errors=True)
    record = set_record(sample_set)
    if arguments.json:
        return dump(record)
    return (
        f"collected '{record['name']}': {record['prompts']} prompts, {record['responses']} responses. "
        f"Score it with 'dualign score {record['name']}'."
    )


def _score(arguments: argparse.Namespace) -> str:
    from dualign.cli.output import dump, progress
    from dualign.cli.samples import set_record
    from dualign.models.scorers import score_set
    from dualign.samples import Store

    store = Store()
    scorers = arguments.scorer or ["helpful", "harmless"]
    name = arguments.name or f"{arguments.samples}-scored"
    store.check_free(name)
    sample_set = score_set(
        store.open(arguments.samples),
        scorers,
        name=name,
        reward=arguments.reward,
        threads=arguments.threads,
        progress=progress("replies scored"),
    )
    store.save(sample_set)
    record = set_record(sample_set)
    if arguments.json:
        return dump(record)
    return (
        f"scored '{record['name']}' by {', '.join(scorers)}. Solve it with 'dualign solve {record['name']}'."
        + _empty_words(sample_set)
    )


def _empty_words(sample_set: SampleSet) -> str:
    empty, total = sample_set.textless, sample_set.table.num_rows
    return f" {empty:,} of the {total:,} replies hold no text and were scored as empty ones." if empty else ""


def _fit(arguments: argparse.Namespace) -> str:
    from dualign.cli.output import dump, progress
    from dualign.models.scorers.fit import Columns, fit_scorer

    info = fit_scorer(
        arguments.file,
        name=arguments.name,
        columns=Columns(
            prompt=arguments.prompt,
            chosen=arguments.chosen,
            rejected=arguments.rejected,
            response=arguments.response,
            label=arguments.label,
        ),
        licence=arguments.licence,
        threads=arguments.threads,
        progress=progress("replies read"),
    )
    if arguments.json:
        return dump({"name": arguments.name, **info.metrics})
    accuracy, (low, high) = info.metrics["accuracy"], info.metrics["interval"]
    return (
        f"fitted scorer '{arguments.name}': held-out {info.metrics['measure']} {accuracy:.3f} "
        f"(95 % interval {low:.3f} to {high:.3f}, {info.metrics['n']} items)."
    )
