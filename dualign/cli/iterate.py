"""``dualign iterate``: iterative dualization of one alignment, as a job."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from dualign.cli.output import dump, table
from dualign.cli.training import add_training, given
from dualign.duality.statements import parse_thresholds, single_form

if TYPE_CHECKING:
    from dualign.alignment.iterate_spec import IterateSpec


def add_commands(commands: Any) -> None:
    """Add ``iterate``."""
    parser = commands.add_parser(
        "iterate", help="alternate policy steps with dual steps on the policy's own replies (MoCAID, PeCAID)"
    )
    parser.add_argument("samples", metavar="SAMPLES", help="a stored set with texts")
    parser.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="'NAME>=VALUE'",
        help="one constraint (the set's own)",
    )
    parser.add_argument("--method", choices=("mocan", "pecan"), default="mocan")
    parser.add_argument("--beta", type=float, help="weight of the KL term (the set's own)")
    parser.add_argument("--name", default="", metavar="N", help="name of the policy")
    parser.add_argument("--iterations", type=int, default=4, metavar="T", help="1 is one-shot (4)")
    parser.add_argument(
        "--rule",
        choices=("newton", "constant", "diminishing"),
        default="newton",
        help="of the dual step (newton)",
    )
    parser.add_argument(
        "--step-size", type=float, metavar="ETA", help="of the other rules (1 / largest curvature)"
    )
    parser.add_argument(
        "--averaging", action="store_true", help="train at the mean of the multipliers so far"
    )
    parser.add_argument(
        "--replies", type=int, default=8, metavar="N", help="drawn per prompt for a dual step (8)"
    )
    parser.add_argument(
        "--dual-share",
        type=float,
        default=0.25,
        metavar="SHARE",
        help="of each group's training prompts, kept for the dual steps (0.25)",
    )
    # --replies are drawn for a dual step; those that training compares have an option of their own.
    add_training(parser, leave_out=("max_new_tokens",), renamed={"replies": "--pair-replies"})
    parser.add_argument("--launcher", default="local", metavar="L", help="local, ray or slurm (local)")
    parser.add_argument("--gpus", type=int, default=0, metavar="N", help="GPUs to claim (0: the CPU)")
    parser.add_argument("--wait", action="store_true", help="follow the job on stderr until it ends")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_iterate)


def spec_of(arguments: argparse.Namespace) -> IterateSpec:
    """The iterations that the options ask for; InvalidInputError where they do not fit together."""
    from dualign.alignment import AlignSpec, TrainOptions
    from dualign.alignment.iterate_spec import IterateSpec

    constraints = parse_thresholds(arguments.threshold)
    align = AlignSpec(
        samples=arguments.samples,
        name=arguments.name,
        method=arguments.method,
        thresholds={c.name: c.value for c in constraints},
        form=single_form(constraints, None),
        beta=arguments.beta,
        options=TrainOptions(**given(arguments)),
    )
    return IterateSpec(
        align=align,
        iterations=arguments.iterations,
        rule=arguments.rule,
        step_size=arguments.step_size,
        averaging=arguments.averaging,
        dual_share=arguments.dual_share,
        replies=arguments.replies,
    )


def _iterate(arguments: argparse.Namespace) -> str:
    from dualign.alignment.iterate_worker import job_spec
    from dualign.cli.align import follow
    from dualign.cli.jobs import job_record
    from dualign.jobs import submit

    job = submit(job_spec(spec_of(arguments), gpus=arguments.gpus), launcher=arguments.launcher)
    if arguments.wait:
        job = follow(job)
    if arguments.json:
        return dump(job_record(job))
    if not arguments.wait:
        return f"job '{job.id}' is {job.state}. Follow it with 'dualign jobs show {job.id}'."
    return iterations_text(job.result or {})


def iterations_text(result: Any) -> str:
    """The iterations of a finished job as a table."""
    rows = [("iteration", "constraint", "lam", "slack", "E[r] - beta KL", "Lagrangian", "D")]
    for item in result.get("iterations", ()):
        for name, lam in item["multipliers"].items():
            rows.append(
                (
                    f"{item['iteration']}{' *' if item['iteration'] == result.get('best_iteration') else ''}",
                    name,
                    f"{lam:.3f}",
                    f"{item['slack'][name]:+.3f} ± {item['slack_error'][name]:.3f}",
                    f"{item['primal']:+.3f}",
                    f"{item['lagrangian']:+.3f}",
                    f"{item['dual']:+.3f}",
                )
            )
    names = ", ".join(f"'{name}'" for name in result.get("policies", ()))
    return table(rows) + f"\n\n* the best iterate; policy {names} is in the store."
