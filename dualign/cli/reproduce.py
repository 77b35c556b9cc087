"""``dualign evaluate`` and ``dualign reproduce``: what trained policies do, and the papers' experiments."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dualign.cli.output import dump, progress, table, told

if TYPE_CHECKING:
    from dualign.evaluation.policies import EvaluatedPolicy
    from dualign.evaluation.results import ExperimentResult
    from dualign.evaluation.winrates import WinRate

_SMALL = {"draws": 2, "resamples": 100, "repeats": 3}


def add_commands(commands: Any) -> None:
    """Add ``evaluate`` and ``reproduce``."""
    evaluate = commands.add_parser(
        "evaluate", help="measure trained policies on held-out prompts: gains, slack, KL, groups, tail"
    )
    evaluate.add_argument("policy", nargs="+", metavar="POLICY", help="names of stored policies")
    evaluate.add_argument("--replies", type=int, default=8, metavar="N", help="replies to each prompt (8)")
    evaluate.add_argument("--prompts", type=int, metavar="N", help="only the first N held-out prompts")
    evaluate.add_argument("--seed", type=int, default=0, help="seed of the draws (0)")
    evaluate.add_argument("--threads", type=int, metavar="N", help="torch threads")
    evaluate.add_argument("--again", action="store_true", help="measure again what was measured before")
    evaluate.add_argument(
        "--judge", metavar="URL", help="also ask a judge model at this OpenAI-compatible address, both orders"
    )
    evaluate.add_argument("--judge-model", default="judge", metavar="NAME", help="its name there")
    evaluate.add_argument(
        "--criterion", choices=("helpful", "harmless"), default="helpful", help="what is judged"
    )
    evaluate.add_argument("--pairs", type=int, default=1, metavar="N", help="pairs judged per prompt (1)")
    evaluate.add_argument("--background", action="store_true", help="measure in a background job")
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.set_defaults(run=_evaluate)
    reproduce = commands.add_parser(
        "reproduce", help="run an experiment of the papers; without a name, list them"
    )
    reproduce.add_argument("name", nargs="?", metavar="NAME", help="experiment")
    reproduce.add_argument("--samples", default="demo", metavar="SAMPLES", help="stored set (demo)")
    reproduce.add_argument("--utility", action="append", default=[], metavar="NAME", help="constrained score")
    reproduce.add_argument("--reward", default="", metavar="NAME", help="score that is maximised")
    reproduce.add_argument("--beta", type=float, help="weight of the KL term (the set's own)")
    reproduce.add_argument(
        "--policy", action="append", metavar="POLICY", help="only this trained policy; repeat for more"
    )
    reproduce.add_argument(
        "--draws", type=int, metavar="N", help="replies of a resampled policy per prompt (8)"
    )
    reproduce.add_argument("--resamples", type=int, metavar="N", help="bootstrap resamples (1000)")
    reproduce.add_argument("--repeats", type=int, metavar="N", help="random splits or subsets (100)")
    reproduce.add_argument("--seed", type=int, default=0, help="seed of everything (0)")
    reproduce.add_argument(
        "--small", action="store_true", help="reduced size, for a quick check; stored only with --out"
    )
    reproduce.add_argument("--out", type=Path, metavar="DIR", help="folder of results (the store's)")
    reproduce.add_argument("--figures", action="store_true", help="also write its figures as SVG")
    reproduce.add_argument(
        "--figures-only", action="store_true", help="only draw the figures of the stored result again"
    )
    reproduce.add_argument(
        "--recipe", metavar="R", help="a paper's own configuration: print what it would take, run nothing"
    )
    reproduce.add_argument(
        "--script", action="store_true", help="with --recipe: print the commands that run it"
    )
    reproduce.add_argument(
        "--table", action="store_true", help="without a name: the papers' figures beside ours, as Markdown"
    )
    reproduce.add_argument("--dark", action="store_true", help="figures for a dark page")
    reproduce.add_argument("--json", action="store_true", help="print one JSON object")
    reproduce.set_defaults(run=partial(_reproduce, parser=reproduce))


def _evaluate(arguments: argparse.Namespace) -> str:
    from dualign.evaluation.evaluate import EvaluateOptions, evaluate_policies
    from dualign.evaluation.results import plain
    from dualign.evaluation.summary import summary_rows, summary_text
    from dualign.evaluation.winrates import position_sentence

    options = EvaluateOptions(
        replies=arguments.replies,
        prompts=arguments.prompts,
        seed=arguments.seed,
        threads=arguments.threads,
        again=arguments.again,
    )
    if arguments.background:
        from dualign.cli.jobs import job_record
        from dualign.evaluation.worker import job_spec
        from dualign.jobs import submit

        job = submit(job_spec(arguments.policy, options))
        if arguments.json:
            return dump(job_record(job))
        return f"job '{job.id}' is {job.state}. Follow it with 'dualign jobs show {job.id}'."
    measured = evaluate_policies(arguments.policy, options, say=told, progress=progress("prompts"))
    rows = summary_rows(arguments.policy, seed=arguments.seed, measured=measured)
    rates = _judged(arguments, measured) if arguments.judge else {}
    if arguments.json:
        records = [{**plain(row), "judge": plain(rates.get(row.policy))} for row in rows]
        return dump({"policies": records})
    lines = [summary_text(rows)]
    for policy, rate in rates.items():
        lines += [
            f"{policy} wins {100 * rate.rate.value:.0f} % [{100 * rate.rate.low:.0f}, {100 * rate.rate.high:.0f}] "
            f"against the reference by {arguments.judge_model} ({arguments.criterion}): {rate.wins} wins, "
            f"{rate.ties} ties, {rate.losses} losses, {rate.skipped} pairs not judged",
            *(f"  {sentence}" for sentence in (position_sentence(rate),) if sentence),
        ]
    return "\n".join(lines)


def _judged(arguments: argparse.Namespace, measured: Sequence[EvaluatedPolicy]) -> dict[str, WinRate]:
    from dualign.evaluation.judged import judge_policy
    from dualign.evaluation.policies import read_evaluation
    from dualign.evaluation.winrates import HARMLESS, HELPFUL, ServerJudge

    criterion = {"helpful": HELPFUL, "harmless": HARMLESS}[arguments.criterion]
    judge = ServerJudge(url=arguments.judge, model=arguments.judge_model, criterion=criterion)
    now = {item.name: item for item in measured}
    return {
        policy: judge_policy(
            now.get(policy) or read_evaluation(policy),
            judge,
            words=arguments.criterion,
            pairs=arguments.pairs,
            seed=arguments.seed,
            progress=progress("pairs"),
        )
        for policy in dict.fromkeys(arguments.policy)
    }


_MODES: tuple[tuple[str, frozenset[str]], ...] = (
    ("--recipe", frozenset({"recipe", "script", "json"})),
    ("--table", frozenset({"table"})),
    ("--figures-only", frozenset({"name", "figures_only", "figures", "dark", "out", "json"})),
)
"""Options that make ``reproduce`` do something else than run an experiment, and those that go with each."""
_LISTED = frozenset({"json"})
_RUN = frozenset(
    {"name", "samples", "utility", "reward", "beta", "policy", "draws", "resamples", "repeats"}
) | {
    "seed",
    "small",
    "out",
    "figures",
    "json",
}


def _check_options(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Refuse options that would be ignored: one sentence, exit code 2."""
    given = [
        (
            action.option_strings[-1] if action.option_strings else f"the experiment '{arguments.name}'",
            action.dest,
        )
        for action in parser._actions
        if action.dest != "help" and getattr(arguments, action.dest) != action.default
    ]
    names = {dest for _, dest in given}
    mode, allowed = "a run", _RUN | ({"dark"} if arguments.figures else set())
    for option, goes in _MODES:
        if option.removeprefix("--").replace("-", "_") in names:
            mode, allowed = option, goes
            break
    else:
        if arguments.name is None:
            mode, allowed = "the list of experiments", _LISTED
    for option, dest in given:
        if dest not in allowed:
            needed = {"script": "; it goes with --recipe", "dark": "; it goes with --figures"}.get(dest, "")
            if mode == "the list of experiments" and not needed:
                needed = ", or name an experiment"
            parser.error(f"{option} does not go with {mode}: leave it out{needed}")
    if mode == "--figures-only" and arguments.name is None:
        parser.error("--figures-only needs the name of an experiment")


def _reproduce(arguments: argparse.Namespace, *, parser: argparse.ArgumentParser) -> str:
    from dualign.evaluation.experiments import EXPERIMENTS, Options, run_experiment
    from dualign.evaluation.recipe import list_recipes
    from dualign.evaluation.results import (
        list_results,
        plain,
        read_result,
        readings_table,
        write_result,
    )

    _check_options(arguments, parser)
    if arguments.recipe is not None:
        return _recipe(arguments)
    if arguments.name is None and arguments.table:
        return readings_table()
    if arguments.name is None:
        known = set(list_results())
        rows = [("experiment", "result", "shows")]
        rows += [(name, "stored" if name in known else "-", words) for name, words in EXPERIMENTS.items()]
        recipes = list_recipes()
        if arguments.json:
            return dump({"experiments": list(EXPERIMENTS), "recipes": recipes})
        return table(rows) + f"\n\nrecipes of the papers' own configuration (--recipe): {', '.join(recipes)}"
    if arguments.figures_only:
        result = read_result(arguments.name)
    else:
        options = Options(
            samples=arguments.samples,
            reward=arguments.reward,
            utilities=tuple(arguments.utility),
            beta=arguments.beta,
            seed=arguments.seed,
            policies=tuple(arguments.policy) if arguments.policy else None,
        )
        sizes: dict[str, Any] = dict(_SMALL) if arguments.small else {}
        sizes |= {
            name: getattr(arguments, name)
            for name in ("draws", "resamples", "repeats")
            if getattr(arguments, name) is not None
        }
        result = run_experiment(arguments.name, replace(options, **sizes))
        # A quick check must not take the place of the real result.
        if arguments.out is not None or not arguments.small:
            write_result(result, root=arguments.out)
    drawn = (
        _draw(result, arguments.out, dark=arguments.dark)
        if arguments.figures or arguments.figures_only
        else []
    )
    if arguments.json:
        return dump({**plain(result), "figures": [str(path) for path in drawn]})
    return _text(result, drawn)


def _recipe(arguments: argparse.Namespace) -> str:
    from dataclasses import asdict

    from dualign.evaluation.recipe import plan, plan_text, read_recipe, script

    recipe = read_recipe(arguments.recipe)
    if arguments.script:
        return script(recipe)
    found = plan(recipe)
    return dump(asdict(found)) if arguments.json else plan_text(found)


def _draw(result: ExperimentResult, out: Path | None, *, dark: bool) -> list[Path]:
    from dualign import paths
    from dualign.figures.evaluation_export import write_figures
    from dualign.figures.evaluation_set import drawings
    from dualign.figures.theme import DARK, LIGHT

    folder = (out or paths.store_root() / "results") / result.name
    return write_figures(drawings(result), folder, DARK if dark else LIGHT)


def _text(result: ExperimentResult, drawn: list[Path]) -> str:
    from dualign.evaluation.results import agreement_words

    lines = [result.title, ""]
    lines += [f"- {finding}" for finding in result.findings]
    for reading in result.readings:
        lines += [
            "",
            f"Paper: {reading.paper}",
            f"Ours:  {reading.ours}",
            f"       {agreement_words(reading)}",
        ]
        if reading.why:
            lines[-1] += f"; {reading.why}"
    lines += ["", f"{result.seconds:.1f} s on {result.machine}"]
    lines += [str(path) for path in drawn]
    return "\n".join(lines)
