"""From a specification to a background job."""

from __future__ import annotations

from dataclasses import replace

from dualign.alignment.estimate import Estimate, estimate
from dualign.alignment.objective import policy_names, resolve
from dualign.alignment.spec import AlignSpec
from dualign.alignment.train import title, total_steps
from dualign.errors import StoreError
from dualign.jobs import Job, JobSpec, submit
from dualign.models.policies import list_policies

ENTRY = "dualign.alignment.worker"


def job_spec(spec: AlignSpec, *, gpus: int = 0, found: Estimate | None = None) -> JobSpec:
    """The job that trains a specification, named as its policies will be.

    Parameters
    ----------
    spec
        What to train.
    gpus
        GPUs to claim; 0 trains on the CPU.
    found
        The specification's estimate, where it is known already.

    Raises
    ------
    StoreError
        A policy of that name exists.
    InvalidInputError, ModelError, SampleFileError
        As `estimate`.
    """
    found = found or estimate(spec, resamples=100)
    objective = resolve(spec)
    names = policy_names(spec, objective)
    stored = {policy.name for policy in list_policies()}
    taken = [name for name in names if name in stored]
    if taken:
        raise StoreError(
            f"a policy named '{taken[0]}' exists in the store already: choose another name or delete it."
        )
    named = replace(spec, name=names[0] if len(names) == 1 else names[0].rpartition("-")[0])
    line = spec.title or title(spec, objective, objective.points[0], trained=False)
    if len(names) > 1:
        line = f"front of {len(names)} policies on {', '.join(objective.names)}"
    return JobSpec(
        kind="align" if len(names) == 1 else "front",
        entry=ENTRY,
        payload=named.to_record(),
        title=f"{line}, {objective.sample_set.name}"[:200],
        total_steps=total_steps(spec, objective),
        gpus=gpus,
        memory_bytes=0 if gpus else found.memory_bytes,
    )


def launch(spec: AlignSpec, *, launcher: str = "local", gpus: int = 0, found: Estimate | None = None) -> Job:
    """Submit a specification; an active job of the same content is returned instead of a second one."""
    return submit(job_spec(spec, gpus=gpus, found=found), launcher=launcher)
