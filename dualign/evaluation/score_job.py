"""Scoring the replies of a stored set as a job: ``python -m dualign.evaluation.score_job RUN_DIR``."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dualign.errors import StoreError
from dualign.jobs import JobSpec, worker
from dualign.samples import Store

KIND = "score"
_CHECKPOINT = "scores.npz"
# Few enough that a request to stop is answered soon, enough that batches fill.
_REPLIES_A_PART = 64
_CHECKPOINT_SECONDS = 20.0


def score_job(
    store: Store, samples: str, scorers: Sequence[str], *, name: str, reward: str | None = None
) -> JobSpec:
    """The job that scores the replies of ``samples`` and stores them as the set ``name``.

    Parameters
    ----------
    store
        Where the set lies.
    samples
        Name of the stored set.
    scorers
        Names of scorers; the first gives the reward unless ``reward``, or the set itself, names another.
    name
        Of the scored set.

    Raises
    ------
    StoreError
        No such set, no replies to score, or the new name is taken.
    """
    if name in store.names():
        raise StoreError(f"a set is already named '{name}': choose another name.")
    sample_set = store.open(samples)
    if sample_set.textless == sample_set.table.num_rows:
        raise StoreError(f"'{samples}' holds no texts of replies, so there is nothing to score.")
    payload = {
        "samples": samples,
        "samples_hash": sample_set.content_hash,
        "scorers": list(scorers),
        "reward": reward,
        "name": name,
    }
    return JobSpec(
        kind=KIND,
        entry="dualign.evaluation.score_job",
        payload=payload,
        title=f"Score {samples}",
        total_steps=sample_set.table.num_rows,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of the worker: what `dualign.jobs.worker` makes of how the scoring ended."""
    (run_dir,) = sys.argv[1:] if arguments is None else arguments
    with worker(run_dir) as job:
        scored = _score(job)
        if scored is not None and job.primary and not job.fenced:
            job.complete(scored)
    return 0


def _score(job: worker) -> dict[str, Any] | None:
    """Score part by part and store the result; None where the job was asked to stop."""
    from dualign.models.scorers.scoring import load_scorer, score_many, scored_set

    wanted, store = job.payload, Store()
    sample_set = store.open(wanted["samples"])
    if sample_set.content_hash != wanted["samples_hash"]:
        raise StoreError(f"'{wanted['samples']}' has changed since the job was submitted: start it again.")
    table = sample_set.table
    prompts, responses = table["prompt"].to_pylist(), table["response"].to_pylist()
    loaded = [load_scorer(scorer) for scorer in wanted["scorers"]]
    scores = {scorer.info.name: np.full(len(responses), np.nan) for scorer in loaded}
    done = _resume(job.checkpoints, scores)
    encoders: dict[tuple[str, int], Any] = {}
    kept = time.monotonic()
    job.report(done, len(responses))
    for start, stop in parts(sample_set.counts, done):
        part = score_many(
            loaded,
            prompts[start:stop],
            responses[start:stop],
            encoders=encoders,
            # Scorers on different bases pass over the part in turn: only the first of them moves the count.
            progress=lambda k, _, start=start: job.report(start + k, len(responses)),  # type: ignore[misc]
        )
        for name, values in part.items():
            scores[name][start:stop] = values
        done = stop
        job.report(done, len(responses))
        if job.stopping or time.monotonic() - kept > _CHECKPOINT_SECONDS:
            _keep(job.checkpoints, scores, done)
            kept = time.monotonic()
        if job.stopping and done < len(responses):
            return None
    found = scored_set(sample_set, loaded, scores, name=wanted["name"], reward=wanted["reward"])
    manifest = replace(
        found.manifest,
        provenance={**found.manifest.provenance, "scored": dict(wanted)},
    )
    store.save(replace(found, manifest=manifest))
    return {"samples": wanted["name"], "replies": len(responses)}


def parts(counts: np.ndarray, done: int) -> list[tuple[int, int]]:
    """Ranges of rows from ``done`` on, whole prompts each, since replies of one prompt share its encoding."""
    ends = [int(end) for end in np.cumsum(counts)]
    found, start = [], done
    for end in ends:
        if end - start >= _REPLIES_A_PART or (end == ends[-1] and end > start):
            found.append((start, end))
            start = end
    return found


def _keep(folder: Path, scores: dict[str, np.ndarray], done: int) -> None:
    scratch = folder / f"{_CHECKPOINT}.tmp"
    with scratch.open("wb") as stream:
        np.savez(
            stream,
            done=np.array(done),
            names=np.array(json.dumps(list(scores))),
            scores=np.stack(list(scores.values())),
        )
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(scratch, folder / _CHECKPOINT)


def _resume(folder: Path, scores: dict[str, np.ndarray]) -> int:
    """Rows that an earlier attempt has scored, taken into ``scores``; 0 where its file cannot be used."""
    path = folder / _CHECKPOINT
    if not path.is_file():
        return 0
    try:
        with np.load(path, allow_pickle=False) as kept:
            done, values = int(kept["done"]), np.asarray(kept["scores"], dtype=float)
            same = json.loads(str(kept["names"])) == list(scores)
    except (OSError, ValueError, KeyError):
        return 0
    if not same or values.shape != (len(scores), len(next(iter(scores.values())))):
        return 0
    for column, mine in zip(values, scores.values(), strict=True):
        mine[:] = column
    return done


if __name__ == "__main__":
    raise SystemExit(main())
