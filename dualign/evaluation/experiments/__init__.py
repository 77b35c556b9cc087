"""The experiments of the papers and the talk, each a function of its options to a result."""

from __future__ import annotations

import importlib

from dualign.errors import InvalidInputError
from dualign.evaluation.experiments.setup import Options
from dualign.evaluation.results import ExperimentResult

EXPERIMENTS: dict[str, str] = {
    "tradeoff": "expected and achieved, the front, one constraint",
    "humor": "humor as the constrained utility",
    "multi-constraint": "harmlessness and humor together, 14 pairs of thresholds",
    "one-shot-vs-iterative": "constraint satisfaction against threshold, one-shot and iterative",
    "sample-size": "lam* against the number of prompts and replies",
    "calibration": "scorer calibration",
}
"""Name of each experiment, and what it shows."""


def run_experiment(name: str, options: Options) -> ExperimentResult:
    """Run an experiment by its name.

    Raises
    ------
    InvalidInputError
        No such experiment.
    """
    if name not in EXPERIMENTS:
        raise InvalidInputError(f"no experiment is named '{name}': there are {', '.join(EXPERIMENTS)}.")
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    result: ExperimentResult = module.run(options)
    return result
