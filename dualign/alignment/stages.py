"""Trainings one after the other in one job: each is finished once, whatever interrupts the job."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dualign.alignment.outcome import State, Trained
from dualign.alignment.seal import is_sealed, seal
from dualign.alignment.session import Session
from dualign.errors import ModelError
from dualign.models.adapters import CONFIG, WEIGHTS, read_weights

Array = npt.NDArray[np.float64]
Report = Callable[[int, int, Mapping[str, float]], None]

_METRICS = "trained.json"
_log = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False)
class Stages:
    """Runs trainings in a folder of checkpoints and adds up their steps.

    ``content`` is the hash of the job's specification; a finished stage is kept sealed with it.
    """

    session: Session
    folder: Path
    content: str
    total: int
    report: Report
    done: int = 0

    def run(
        self,
        name: str,
        scores: Array,
        *,
        steps: int,
        beta: float,
        start: State | None = None,
        learning_rate: float | None = None,
        replies: int | None = None,
        skip: int = 0,
    ) -> Trained:
        """A training by name: loaded if it was finished before, else trained (see `Session.train`)."""
        # Of what is trained, too: under another plan of trainings a stage is begun anew, not gone on with.
        plan = f"{name} {steps} {learning_rate} {replies} {skip} {_digest(start)}"
        folder, content = self.folder / name, f"{self.content} {plan}"
        kept = folder / "trained"
        if is_sealed(kept, content):
            _log.info("%s was finished before", name)
            found = read_trained(kept)
        else:
            _log.info("%s begins", name)

            def tell(step: int, _: int, metrics: Mapping[str, float]) -> None:
                self.report(self.done + step, self.total, metrics)

            found = self.session.train(
                scores,
                steps=steps,
                beta=beta,
                output=folder,
                content=content,
                report=tell,
                start=start,
                learning_rate=learning_rate,
                replies=replies,
                skip=skip,
            )
            write_trained(kept, found)
            seal(kept, content)
        self.done += steps
        return found


def _digest(state: State | None) -> str:
    found = hashlib.sha256()
    for name, tensor in sorted((state or {}).items()):
        found.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return found.hexdigest()


def write_trained(folder: Path, trained: Trained) -> None:
    """Keep a LoRA in full precision with what its training showed."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in trained.state.items()}, str(folder / WEIGHTS))
    record = {
        "metrics": dict(trained.metrics),
        "rank": trained.rank,
        "alpha": trained.alpha,
        "targets": list(trained.targets),
    }
    (folder / _METRICS).write_text(json.dumps(record), "utf-8")


def read_trained(folder: Path) -> Trained:
    """A LoRA kept by `write_trained`."""
    record = json.loads((folder / _METRICS).read_text("utf-8"))
    return Trained(
        state=read_weights(folder),
        metrics=record["metrics"],
        rank=record["rank"],
        alpha=record["alpha"],
        targets=tuple(record["targets"]),
    )


def policy_lora(folder: Path) -> Trained:
    """The LoRA of a stored policy, after `verify_policy`."""
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    targets = config["target_modules"]
    if not isinstance(targets, list):
        raise ModelError(f"{folder / CONFIG} names its target modules by a pattern: list them.")
    return Trained(
        state={name: tensor.float() for name, tensor in read_weights(folder).items()},
        metrics={},
        rank=int(config["r"]),
        alpha=int(config["lora_alpha"]),
        targets=tuple(targets),
    )
