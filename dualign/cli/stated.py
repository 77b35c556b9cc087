"""The problem that ``solve`` and ``curve`` are asked about: a set, its reward, constraints, form and beta."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dualign.cli.samples import cost_sentence, open_samples
from dualign.duality import AlignmentProblem, Form
from dualign.duality.statements import Threshold, build_problem, parse_thresholds
from dualign.errors import InvalidInputError

if TYPE_CHECKING:
    from dualign.samples import Manifest, SampleSet


def add_problem_options(parser: argparse.ArgumentParser) -> None:
    """Options that state a problem."""
    parser.add_argument("samples", metavar="SAMPLES", help="a stored name or a file of scored samples")
    parser.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="'NAME>=VALUE'",
        help="one constraint on a score of the set; also 'NAME[GROUP]>=VALUE' and 'P(NAME>=CUTOFF)>=VALUE', the "
        "share of replies; VALUE 'ref+0.5' is over the reference (the set's own default)",
    )
    parser.add_argument(
        "--form",
        choices=("improvement", "absolute"),
        help="how plain VALUEs are meant (the set's own, and the share itself for P(..))",
    )
    parser.add_argument("--reward", metavar="SCORE", help="score taken as the reward (the set's own)")
    parser.add_argument(
        "--beta", type=float, help="weight of the KL term, reward units per nat (the set's own)"
    )
    parser.add_argument("--group", metavar="GROUP", help="only the prompts of this group")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


@dataclass(frozen=True)
class Stated:
    """A problem, the set it is on, and what to say about what was not asked for."""

    problem: AlignmentProblem
    name: str
    reward: str
    costs: tuple[str, ...]
    notes: tuple[str, ...]


def stated_problem(arguments: argparse.Namespace) -> Stated:
    """The problem that the options state; InvalidInputError where they do not fit the set."""
    sample_set = open_samples(arguments.samples)
    notes, open_reward = [], sample_set.manifest.reward
    if arguments.reward not in (None, open_reward):
        sample_set = _with_reward(sample_set, arguments.reward)
    manifest = sample_set.manifest
    thresholds = parse_thresholds(arguments.threshold)
    form: Form | None = arguments.form
    if form is None and manifest.default_form == "absolute":
        form = "absolute"
    beta = manifest.default_beta if arguments.beta is None else arguments.beta
    if arguments.beta is None:
        own = manifest.reward == open_reward
        notes.append(
            f"beta {beta:g} is the set's default"
            if own
            else f"beta {beta:g} is the rounded standard deviation of '{manifest.reward}' within prompts"
        )
    if not thresholds:
        thresholds = _default_thresholds(manifest, arguments.form)
        stated = ", ".join(f"{threshold.name}>={threshold.value:g}" for threshold in thresholds)
        notes.append(f"no threshold was given, so the set's default is used: {stated}")
    wanted = tuple(dict.fromkeys(threshold.utility for threshold in thresholds))
    if manifest.reward in wanted:
        raise InvalidInputError(
            f"'{manifest.reward}' is the reward of '{sample_set.name}': constrain another score, or name another "
            "reward with --reward."
        )
    scored = sample_set.scored(utilities=wanted or None)
    if arguments.group is not None:
        scored = scored.subset(arguments.group)
    costs = tuple(name for name in (manifest.reward, *wanted) if manifest.scores[name].cost)
    notes += [cost_sentence(manifest, name) for name in costs]
    problem = build_problem(scored, thresholds, beta=beta, form=form)
    return Stated(problem, sample_set.name, manifest.reward, costs, tuple(notes))


def _with_reward(sample_set: SampleSet, reward: str) -> SampleSet:
    from dualign.samples.apply import with_defaults
    from dualign.samples.sampleset import SampleSet

    manifest = sample_set.manifest
    if reward not in manifest.scores:
        raise InvalidInputError(
            f"'{sample_set.name}' has no score named '{reward}': it has {', '.join(manifest.scores) or 'none'}."
        )
    utilities = tuple(name for name in manifest.utilities if name != reward)
    if not utilities and manifest.reward:
        utilities = (manifest.reward,)
    changed = replace(manifest, reward=reward, utilities=utilities)
    return with_defaults(SampleSet(sample_set.table, changed))


def _default_thresholds(manifest: Manifest, form: str | None) -> tuple[Threshold, ...]:
    defaults = {
        name: value for name, value in manifest.default_thresholds.items() if name in manifest.utilities
    }
    if defaults and form not in (None, manifest.default_form):
        raise InvalidInputError(
            f"the set's default thresholds are meant as {manifest.default_form}, not {form}: state --threshold "
            "'NAME>=VALUE'."
        )
    if defaults:
        return tuple(
            Threshold(name, float(value), form=manifest.default_form) for name, value in defaults.items()
        )
    if "absolute" in (form, manifest.default_form):
        raise InvalidInputError("an absolute threshold has no default: state --threshold 'NAME>=VALUE'.")
    return tuple(Threshold(name, 0.0) for name in manifest.utilities)
