"""Entry of alignment jobs: ``python -m dualign.alignment.worker RUN_DIR``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dualign.alignment.outcome import Stopped
from dualign.alignment.spec import AlignSpec
from dualign.alignment.train import train
from dualign.jobs import worker
from dualign.models.policies import policy_folder, read_policy


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of the worker: what `dualign.jobs.worker` makes of how the training ended."""
    (run_dir,) = sys.argv[1:] if arguments is None else arguments
    with worker(run_dir) as job:
        spec = AlignSpec.from_record(job.payload)

        def report(step: int, total: int, metrics: Mapping[str, float]) -> None:
            job.report(step, total, metrics=metrics)

        try:
            result = train(
                spec,
                checkpoints=job.checkpoints,
                report=report,
                stopping=lambda: job.stopping,
                may_publish=lambda: job.primary and not job.fenced,
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
