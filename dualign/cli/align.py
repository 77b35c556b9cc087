"""``dualign align`` and ``dualign policies``: train the policy for a threshold or for given multipliers."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dualign.cli.jobs import job_record
from dualign.cli.output import dump, duration, table, told
from dualign.cli.training import add_training, given
from dualign.duality.statements import parse_thresholds, single_form
from dualign.errors import InvalidInputError, JobError, ModelError

if TYPE_CHECKING:
    from dualign.alignment import AlignSpec, Estimate
    from dualign.jobs import Job

_POLL_SECONDS = 1.0


def add_commands(commands: Any) -> None:
    """Add ``align`` and ``policies``."""
    align = commands.add_parser("align", help="train the policy for a threshold or for given multipliers")
    align.add_argument(
        "samples", metavar="SAMPLES", help="a stored name or a file of scored samples with texts"
    )
    align.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="'NAME>=VALUE'",
        help="one constraint, as in 'solve'; lam* is solved for, or with --multipliers slack is counted against it "
        "(the set's own default)",
    )
    align.add_argument(
        "--multipliers",
        action="append",
        default=[],
        metavar="'NAME=VALUE[,NAME=VALUE]'",
        help="use these instead; several times for a front trained as one job; 'NAME=0' is reward only",
    )
    align.add_argument(
        "--utilities-only", action="store_true", help="leave the reward out (with --multipliers)"
    )
    align.add_argument("--method", choices=("mocan", "pecan", "rloo", "grpo"), default="mocan")
    align.add_argument("--form", choices=("improvement", "absolute"), help="how thresholds are meant")
    align.add_argument(
        "--beta", type=float, help="weight of the KL term, reward units per nat (the set's own)"
    )
    align.add_argument("--reference", default="", help="reference policy (the one that drew the samples)")
    align.add_argument(
        "--name", default="", metavar="N", help="name of the policy (from samples, method, threshold)"
    )
    align.add_argument(
        "--reward-policy", default="", metavar="P", help="pecan: stored policy aligned to the reward"
    )
    align.add_argument(
        "--utility-policy",
        action="append",
        default=[],
        metavar="NAME=P",
        help="pecan: stored policy aligned to a utility; those not named are trained first",
    )
    add_training(align)
    align.add_argument("--launcher", default="local", metavar="L", help="local, ray or slurm (local)")
    align.add_argument("--gpus", type=int, default=0, metavar="N", help="GPUs to claim (0: the CPU)")
    align.add_argument(
        "--estimate", action="store_true", help="say what it would take and do, and start nothing"
    )
    align.add_argument("--wait", action="store_true", help="follow the job on stderr until it ends")
    align.add_argument("--json", action="store_true", help="print one JSON object")
    align.set_defaults(run=_align)
    policies = commands.add_parser(
        "policies", help="list trained policies; 'policies show NAME', 'policies delete NAME'"
    )
    policies.add_argument("action", nargs="?", choices=("list", "show", "delete"), default="list")
    policies.add_argument("name", nargs="?", metavar="NAME")
    policies.add_argument("--verify", action="store_true", help="check files against their recorded sums")
    policies.add_argument("--json", action="store_true", help="print one JSON object")
    policies.set_defaults(run=_policies)


def spec_of(arguments: argparse.Namespace) -> AlignSpec:
    """The alignment that the options ask for; InvalidInputError where they do not fit together."""
    from dualign.alignment import AlignSpec, TrainOptions

    constraints = parse_thresholds(arguments.threshold)
    points = [_point(text, "--multipliers", float) for text in arguments.multipliers]
    if arguments.utilities_only and not points:
        raise InvalidInputError("--utilities-only weighs the utilities by --multipliers: give them.")
    return AlignSpec(
        samples=arguments.samples,
        name=arguments.name,
        method=arguments.method,
        thresholds={constraint.name: constraint.value for constraint in constraints},
        multipliers=points[0] if len(points) == 1 else None,
        front=tuple(points) if len(points) > 1 else (),
        reward_weight=0.0 if arguments.utilities_only else 1.0,
        beta=arguments.beta,
        form=single_form(constraints, arguments.form),
        reference=arguments.reference,
        reward_policy=arguments.reward_policy,
        utility_policies={
            name: policy
            for text in arguments.utility_policy
            for name, policy in _point(text, "--utility-policy", str).items()
        },
        options=TrainOptions(**given(arguments)),
    )


def _point(text: str, option: str, kind: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = part.rpartition("=")
        try:
            found[name.strip()] = kind(value.strip())
        except ValueError:
            equals = ""
        if not equals or not name.strip() or not value.strip():
            raise InvalidInputError(
                f"{option} '{text}' is not of the form NAME=VALUE: write for example harmless=1.5."
            )
    return found


def _align(arguments: argparse.Namespace) -> str:
    from dualign.alignment import estimate, launch

    spec = spec_of(arguments)
    found = estimate(spec)
    if arguments.estimate:
        return dump(asdict(found)) if arguments.json else _estimate_text(found)
    job = launch(spec, launcher=arguments.launcher, gpus=arguments.gpus, found=found)
    print(_cost(found), file=sys.stderr)
    if arguments.wait:
        job = follow(job)
    if arguments.json:
        return dump({**job_record(job), "policies": list((job.result or {}).get("policies", ()))})
    if not arguments.wait:
        return f"job '{job.id}' is {job.state}. Follow it with 'dualign jobs show {job.id}'."
    names = ", ".join(f"'{name}'" for name in (job.result or {}).get("policies", ()))
    return f"job '{job.id}' completed: policy {names} is in the store."


def follow(job: Job) -> Job:
    """The job once it has ended, its progress told on stderr; JobError where it did not complete."""
    from dualign.jobs import get_job
    from dualign.jobs.spec import ENDED

    shown, live = "", sys.stderr.isatty()
    while True:
        job = get_job(job.id)
        progress = job.progress
        figures = "  ".join(
            f"{name.replace('_', ' ')} {progress.metrics[name]:.3g}"
            for name in ("loss", "reward_margin", "score", "kl")
            if isinstance(progress.metrics.get(name), int | float)
        )
        left = "" if progress.seconds_left is None else f"  {duration(progress.seconds_left)} left"
        line = f"{job.state}  {progress.phase}  " if progress.phase else f"{job.state}  "
        line += f"step {progress.step} of {progress.total or '?'}  {figures}{left}"
        # In a log a line a phase and a tenth of the way; on a terminal one line that changes.
        now = line if live else f"{job.state} {progress.phase} {10 * progress.step // (progress.total or 1)}"
        over = job.state in ENDED or job.state == "paused"
        if now != shown or over:
            told(line, last=over)
            shown = now
        if over:
            if job.state != "completed":
                raise JobError(f"job '{job.id}' is {job.state}: {job.reason or 'no reason was recorded'}")
            return job
        time.sleep(_POLL_SECONDS)


def _cost(found: Estimate) -> str:
    time_ = "unknown time" if found.seconds is None else f"about {duration(found.seconds)}"
    parts = [f"{duration(seconds)} {name}" for name, seconds in found.phases.items() if seconds >= 0.5]
    if len(parts) > 1:
        time_ += f" ({', '.join(parts)})"
    memory = f", about {found.memory_bytes / 1e9:.1f} GB" if found.memory_bytes else ""
    return f"{found.steps} steps, {time_}{memory} ({found.basis})"


def _estimate_text(found: Estimate) -> str:
    rows: list[Sequence[str]] = [
        ("policy", "constraint", "lam", "threshold", "expected slack", "expected reward gain", "expected KL")
    ]
    for expected in found.expected:
        for name, slack in expected.slack.items():
            rows.append(
                (
                    expected.policy,
                    name,
                    f"{expected.multipliers[name]:.3g}",
                    f"{expected.thresholds[name]:.3g}",
                    *(f"{x.value:+.3f} [{x.low:+.3f}, {x.high:+.3f}]" for x in (slack, expected.reward_gain)),
                    f"{expected.kl.value:.3f} [{expected.kl.low:.3f}, {expected.kl.high:.3f}]",
                )
            )
    lines = [_cost(found), "", table(rows)]
    lines += [f"\nnote: {note}" for note in found.notes]
    if found.trust:
        lines += [
            "",
            f"trust: {found.trust}" + "".join(f"; {reason.rstrip('.')}" for reason in found.trust_reasons),
        ]
    return "\n".join(lines)


def _policies(arguments: argparse.Namespace) -> str:
    from dualign.models.policies import (
        delete_policy,
        list_policies,
        policy_folder,
        read_policy,
        verify_policy,
    )

    if arguments.action != "list" and not arguments.name:
        raise InvalidInputError(f"'policies {arguments.action}' needs the name of a policy.")
    if arguments.action == "delete":
        delete_policy(arguments.name)
        return (
            dump({"deleted": arguments.name}) if arguments.json else f"deleted the policy '{arguments.name}'."
        )
    if arguments.action == "show":
        folder = policy_folder(arguments.name)
        spec = verify_policy(folder) if arguments.verify else read_policy(folder)
        verdict = {"files": "intact"} if arguments.verify else {}
        return dump({**asdict(spec), "path": str(folder), **verdict})
    policies = list_policies()
    wrong: dict[str, str] = {}
    for policy in policies if arguments.verify else ():
        try:
            verify_policy(policy.folder)
        except ModelError as error:
            wrong[policy.name] = str(error)

    def verdict_of(name: str) -> dict[str, str]:
        return {"files": "damaged" if name in wrong else "intact"} if arguments.verify else {}

    if arguments.json:
        records = [
            {**asdict(p.spec), "path": str(p.folder), "shipped": p.shipped, **verdict_of(p.name)}
            for p in policies
        ]
        return _checked(dump({"policies": records}), wrong)
    if not policies:
        return "no policy is stored: train one with 'dualign align'."
    verified = ("files",) if arguments.verify else ()
    rows: list[Sequence[str]] = [
        ("name", "title", "samples", "steps", "held-out slack", "KL", "ships", *verified)
    ]
    for policy in policies:
        held_out = policy.spec.metrics.get("held_out_off_policy", {})
        gains = held_out.get("utility_gains", {})
        slack = ", ".join(
            f"{name} {gains[name] - threshold:+.2f}"
            for name, threshold in policy.spec.thresholds.items()
            if name in gains
        )
        kl = held_out.get("kl")
        rows.append(
            (
                policy.name,
                policy.spec.title,
                policy.spec.samples,
                _steps(policy.spec.metrics),
                slack or "-",
                "-" if kl is None else f"{kl:.2f}",
                "yes" if policy.shipped else "no",
                *verdict_of(policy.name).values(),
            )
        )
    return _checked(table(rows), wrong)


def _steps(metrics: Mapping[str, Any]) -> str:
    """Steps of a policy, and those of the policy that it started from."""
    before = metrics.get("steps_before", 0)
    return f"{metrics.get('steps', 0):.0f}" + (f" (+{before:.0f})" if before else "")


def _checked(text: str, wrong: Mapping[str, str]) -> str:
    """The list, once it is told; ModelError where a policy in it is damaged."""
    if not wrong:
        return text
    print(text)
    raise ModelError(next(iter(wrong.values())))
