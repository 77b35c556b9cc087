"""From iterations that are asked for to the job that runs them."""

from __future__ import annotations

from dataclasses import replace

from dualign.alignment.iterate_spec import IterateSpec
from dualign.alignment.iterate_worker import job_spec
from dualign.alignment.objective import resolve
from dualign.alignment.train import reference_name
from dualign.errors import InvalidInputError
from dualign.jobs import JobSpec


def iteration_job(spec: IterateSpec, *, gpus: int = 0) -> JobSpec:
    """The job that runs the iterations, once its set is known to be one that a model can be trained on.

    Parameters
    ----------
    spec
        What to iterate.
    gpus
        GPUs to claim; 0 trains on the CPU.

    Raises
    ------
    InvalidInputError
        A synthetic set, one without texts, one that names no reference, or constraints that it cannot state.
    StoreError
        No such set.
    """
    objective = resolve(spec.align)
    sample_set = objective.sample_set
    if sample_set.manifest.origin == "synthetic" or not (
        any(sample_set.prompts) and any(sample_set.responses(0))
    ):
        raise InvalidInputError(
            f"the scores of '{sample_set.name}' belong to no replies of a model, so nothing can be trained on it: "
            "choose the demo, or import a set with prompts and replies."
        )
    reference_name(spec.align, objective)
    return replace(job_spec(spec), gpus=gpus)
