"""A Slurm cluster, through submitit: the job is the supervisor of a run folder, the store a shared folder."""

from __future__ import annotations

import json
import math
import os
import subprocess
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dualign.errors import InvalidInputError, JobError
from dualign.jobs import process
from dualign.jobs.launchers import Status, cluster, identities, supervisor_command
from dualign.jobs.spec import JobSpec

_FOLDER = "slurm"
_MINUTES = 24 * 60
_WAITING = ("PENDING", "CONFIGURING", "REQUEUED", "RESV_DEL_HOLD", "SPECIAL_EXIT")
_RUNNING = ("RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT")


@dataclass(frozen=True, kw_only=True)
class SlurmLauncher:
    """Slurm with options of submitit, such as ``slurm_partition`` and ``timeout_min``.

    ``DUALIGN_SLURM`` holds them as a JSON object. ``cluster`` is ``slurm``; ``local`` runs the same on this machine.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    cluster: str = "slurm"

    @classmethod
    def from_environment(cls) -> SlurmLauncher:
        """The cluster with the options that the environment names.

        Raises
        ------
        InvalidInputError
            DUALIGN_SLURM is no JSON object.
        """
        text = os.environ.get("DUALIGN_SLURM", "{}")
        try:
            options = json.loads(text)
        except ValueError:
            options = None
        if not isinstance(options, dict):
            raise InvalidInputError(
                f"DUALIGN_SLURM is {text[:60]!a}: give a JSON object of submitit's options, such as "
                '{"slurm_partition": "gpu", "timeout_min": 600}.'
            )
        return cls(cluster=str(options.pop("cluster", "slurm")), options=options)

    def check(self, spec: JobSpec, *, held: int) -> None:
        """Refuse without submitit or without Slurm; what fits is for Slurm to say."""
        self._executor(Path(os.devnull).parent / "unused", spec, dry=True)

    def launch(self, folder: Path, spec: JobSpec, gpus: Sequence[str]) -> str:
        """Submit the supervisor of a run folder; cluster and id of the job."""
        executor = self._executor(folder / _FOLDER, spec, dry=False)
        environment = cluster.remote_environment(folder, gpus=spec.gpus)
        try:
            job = executor.submit(_supervise, str(folder), environment)
        except Exception as error:
            raise JobError(f"Slurm did not take the job: {' '.join(str(error).split())[:300]}") from error
        if self.cluster != "slurm":
            # Its controller is a process of ours, to be waited for.
            process.adopt(int(job.job_id), job.done)
        return json.dumps({"cluster": self.cluster, "id": str(job.job_id)})

    def _executor(self, folder: Path, spec: JobSpec, *, dry: bool) -> Any:
        try:
            import submitit
        except ModuleNotFoundError:
            raise JobError("Slurm needs the package submitit: pip install 'dualign[slurm]'.") from None
        if self.cluster == "slurm" and not submitit.SlurmExecutor.affinity() >= 0:
            raise JobError(
                "there is no Slurm here ('srun' is not found): log in to a node that submits jobs."
            )
        if dry:
            return None
        executor = submitit.AutoExecutor(folder=folder, cluster=self.cluster)
        parameters: dict[str, Any] = {"timeout_min": _MINUTES, "gpus_per_node": spec.gpus, "nodes": 1}
        if spec.memory_bytes and not spec.gpus and self.cluster == "slurm":
            parameters["mem_gb"] = math.ceil(spec.memory_bytes / 2**30)
        with warnings.catch_warnings():
            # Options for Slurm are left out where the same job runs locally.
            warnings.simplefilter("ignore")
            executor.update_parameters(name=f"dualign-{spec.kind}", **{**parameters, **self.options})
        return executor

    def status(self, handle: str, folder: Path) -> Status:
        """By heartbeat, then by Slurm's accounting."""
        return cluster.status(handle, folder, lambda: self._ask(handle, folder))

    def _ask(self, handle: str, folder: Path) -> Status:
        known = json.loads(handle)
        if "id" not in known:
            # A launch that was cut off: the heartbeat alone tells.
            return "unknown"
        if known["cluster"] != "slurm":
            alive = process.mark(int(known["id"])) is not None or any(
                process.lives(item.get("pid"), item.get("mark")) for item in identities("", folder) if item
            )
            return "running" if alive else "gone"
        import submitit

        try:
            state = submitit.SlurmJob(folder=folder / _FOLDER, job_id=known["id"]).state.split(" ")[0].upper()
        except Exception:  # accounting that does not answer is no news of the job
            return "unknown"
        if state in _WAITING:
            return "waiting"
        # Accounting knows a job some time after its submission.
        return "running" if state in _RUNNING else "unknown" if state == "UNKNOWN" else "gone"

    def kill(self, handle: str, folder: Path) -> None:
        """Cancel the job."""
        known = json.loads(handle)
        if "id" not in known:
            return
        if known["cluster"] != "slurm":
            process.end(folder, identities("", folder))
            return
        try:
            subprocess.run(["scancel", known["id"]], check=False, capture_output=True, timeout=30)
        except (OSError, subprocess.SubprocessError) as error:
            raise JobError(f"scancel failed: {error}.") from error


def _supervise(folder: str, environment: dict[str, str]) -> int:
    """What runs on the node: the supervisor, in the environment of its attempt."""
    return subprocess.run(
        supervisor_command(Path(folder)), env=os.environ | environment, stdin=subprocess.DEVNULL, check=False
    ).returncode
