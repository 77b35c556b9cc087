"""A job that trains nothing: it counts, so that queue, launchers and recovery can be tried without a model.

The payload: ``steps`` (10), ``seconds`` a step (0.05), ``every`` how many steps a checkpoint is written (1),
``fault`` for something to go wrong at step ``at`` (0), ``deaf`` to ignore requests to stop, ``child`` to
start a process of its own, ``record`` for the name of a record made at the end.
"""

from __future__ import annotations

import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from dualign.errors import ModelError
from dualign.jobs.work import run, worker


def body(job: worker) -> None:
    """Count from the last checkpoint to the end; the loss is a sum over steps, so a lost or repeated step shows."""
    payload = job.payload
    steps, every = int(payload.get("steps", 10)), int(payload.get("every", 1))
    state_file = job.checkpoints / "state.json"
    state = json.loads(state_file.read_text("utf-8")) if state_file.exists() else {"step": 0, "loss": 0.0}
    if payload.get("child"):
        # In a session of its own, as launchers of several processes have it.
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=True)
    for step in range(int(state["step"]), steps):
        if job.stopping and not payload.get("deaf"):
            _save(state_file, state)
            return
        if "fault" in payload and step == int(payload.get("at", 0)) and job.attempt == 1:
            _go_wrong(str(payload["fault"]), job.run_folder)
        time.sleep(float(payload.get("seconds", 0.05)))
        state = {"step": step + 1, "loss": state["loss"] + math.sin(step)}
        # The report first: killed in between, the step is done and reported again, not left out.
        job.report(step + 1, steps, metrics={"loss": state["loss"]})
        if (step + 1) % every == 0:
            _save(state_file, state)
    records = [("probe", str(payload["record"]), {"steps": steps})] if "record" in payload else []
    job.complete({"loss": state["loss"], "steps": steps, "attempt": job.attempt}, records=records)


def _save(path: Path, state: dict[str, float]) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def _go_wrong(fault: str, folder: Path) -> None:
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault == "memory":
        _limit("RLIMIT_AS", 2**30)
        bytearray(2**32)
    elif fault == "disk":
        _limit("RLIMIT_FSIZE", 2**20)
        (folder / "large").write_bytes(b"\0" * 2**22)
    elif fault == "full":
        with (folder / "large").open("wb") as file:
            while True:
                file.write(b"\0" * 2**20)
    elif fault == "port":
        with socket.create_server(("127.0.0.1", 0)) as first:
            socket.create_server(("127.0.0.1", first.getsockname()[1]))
    elif fault == "model":
        raise ModelError("no model lies in 'nowhere': run 'dualign models fetch'.")
    elif fault == "gpu":
        # The wording of the driver; a GPU that is held is not to be had everywhere.
        raise RuntimeError("CUDA error: CUDA-capable device(s) is/are busy or unavailable")
    elif fault == "silent":
        os._exit(0)
    raise RuntimeError(f"the probe was asked for the fault {fault!r}")


def _limit(kind: str, bound: int) -> None:
    import resource

    resource.setrlimit(getattr(resource, kind), (bound, bound))


if __name__ == "__main__":
    run(sys.argv[1], body)
