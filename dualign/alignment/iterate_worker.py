"""Entry of iterative jobs: ``python -m dualign.alignment.iterate_worker RUN_DIR``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from dualign.alignment.checks import check_options, require_texts
from dualign.alignment.cost import model_size
from dualign.alignment.iterate_spec import IterateSpec
from dualign.alignment.iterative import dual_prompts, iterate
from dualign.alignment.objective import resolve
from dualign.alignment.outcome import Stopped
from dualign.alignment.train import reference_name, total_steps
from dualign.jobs import JobSpec, worker
from dualign.models.policies import policy_folder, read_policy

ENTRY = "dualign.alignment.iterate_worker"


def job_spec(spec: IterateSpec, *, gpus: int = 0) -> JobSpec:
    """The job that runs the iterations; ``gpus`` are claimed, 0 trains on the CPU.

    Raises
    ------
    InvalidInputError, StoreError
        What is asked for cannot be stated on its set.
    """
    objective = resolve(spec.align)
    kept = objective.held_out | dual_prompts(objective, spec.dual_share)
    require_texts(objective.sample_set)
    size = model_size(reference_name(spec.align, objective))
    check_options(spec.align, replace(objective, held_out=kept), size)
    return JobSpec(
        kind="iterate",
        entry=ENTRY,
        payload=spec.to_record(),
        title=spec.align.title or spec.title(objective),
        total_steps=total_steps(spec.align, objective),
        gpus=gpus,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of the worker: what `dualign.jobs.worker` makes of how the iterations ended."""
    (run_dir,) = sys.argv[1:] if arguments is None else arguments
    with worker(run_dir) as job:
        spec = IterateSpec.from_record(job.payload)

        def report(step: int, total: int, metrics: Mapping[str, float]) -> None:
            job.report(step, total, metrics=metrics)

        try:
            result = iterate(
                spec,
                checkpoints=job.checkpoints,
                report=report,
                stopping=lambda: job.stopping,
                may_publish=lambda: job.primary and not job.fenced,
                phase=lambda name, done, total: job.phase(name, done=done, total=total),
            )
        except Stopped:
            return 0
        rows = [("policy", result.policy, asdict(read_policy(policy_folder(result.policy))))]
        job.complete(
            {
                "policies": [result.policy],
                "best_iteration": result.best,
                "iterations": [asdict(item) for item in result.iterations],
            },
            records=rows,
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
