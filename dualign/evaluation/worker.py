"""Entry of evaluation jobs: ``python -m dualign.evaluation.worker RUN_DIR``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict

from dualign.evaluation.evaluate import EvaluateOptions, evaluate_policies
from dualign.evaluation.results import plain
from dualign.evaluation.summary import summary_rows
from dualign.jobs import JobSpec, worker
from dualign.models.policies import policy_folder, read_policy

_LOG = logging.getLogger(__name__)
ENTRY = "dualign.evaluation.worker"


def job_spec(policies: Sequence[str], options: EvaluateOptions) -> JobSpec:
    """The job that measures policies on held-out prompts.

    Raises
    ------
    ModelError
        No policy of that name.
    """
    names = list(dict.fromkeys(policies))
    for name in names:
        read_policy(policy_folder(name))
    return JobSpec(
        kind="evaluate",
        entry=ENTRY,
        payload={"policies": names, "options": asdict(options)},
        title=f"Evaluate {', '.join(names)}"[:200],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of the worker: what `dualign.jobs.worker` makes of how the evaluation ended."""
    (run_dir,) = sys.argv[1:] if arguments is None else arguments
    with worker(run_dir) as job:
        names = [str(name) for name in job.payload["policies"]]
        options = EvaluateOptions(**job.payload["options"])

        def progress(done: int, total: int) -> None:
            job.report(done, total)

        measured = evaluate_policies(
            names, options, say=_LOG.info, progress=progress, stopping=lambda: job.stopping
        )
        if job.stopping:
            return 0
        rows = {row.policy: plain(row) for row in summary_rows(names, seed=options.seed, measured=measured)}
        job.complete(
            {"policies": names, "sentences": {name: row["sentences"] for name, row in rows.items()}},
            records=[
                ("evaluation", name, {key: row[key] for key in ("predicted", "sentences")})
                for name, row in rows.items()
            ],
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
