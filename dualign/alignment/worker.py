"""Entry of alignment jobs: ``python -m dualign.alignment.worker RUN_DIR``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dualign.alignment.objective import resolve
from dualign.alignment.outcome import Stopped
from dualign.alignment.phases import SCORING, TRAINING
from dualign.alignment.spec import AlignSpec
from dualign.alignment.train import expected_duration, total_steps, train
from dualign.jobs import worker
from dualign.models.policies import policy_folder, read_policy


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of the worker: what `dualign.jobs.worker` makes of how the training ended."""
    (run_dir,) = sys.argv[1:] if arguments is None else arguments
    with worker(run_dir) as job:
        spec = AlignSpec.from_record(job.payload)
        objective = resolve(spec)
        expected, begun = expected_duration(spec, objective), False
        final = spec.options.steps / total_steps(spec, objective)

        def report(step: int, total: int, metrics: Mapping[str, float]) -> None:
            nonlocal begun
            begun = True
            # PeCAN scores replies between its first trainings and its last.
            last = step > total - spec.options.steps
            job.report(step, total, metrics=metrics, seconds_after=expected.after(TRAINING, between=not last))

        def phase(name: str, done: int, total: int) -> None:
            seconds = None if name == TRAINING and begun else expected.phases.get(name)
            after = expected.after(name)
            if name == SCORING:
                after += final * expected.phases.get(TRAINING, 0.0)
            job.phase(name, done=done, total=total, seconds=seconds, seconds_after=after)

        try:
            result = train(
                spec,
                checkpoints=job.checkpoints,
                report=report,
                stopping=lambda: job.stopping,
                may_publish=lambda: job.primary and not job.fenced,
                phase=phase,
            )
        except Stopped:
            return 0
        rows: list[tuple[str, str, Mapping[str, Any]]] = [
            ("policy", name, asdict(read_policy(policy_folder(name)))) for name in result.policies
        ]
        job.complete({"policies": list(result.policies), "metrics": dict(result.metrics)}, records=rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
