"""A Ray cluster, through the REST interface of its Jobs: nothing of Ray is imported here.

Ray forgets its jobs when its head restarts and may call a dead one running, so the registry and the heartbeat in the
shared run folder decide; Ray starts, queues by CPUs, GPUs and memory, and stops.
"""

from __future__ import annotations

import json
import os
import shlex
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dualign.errors import InvalidInputError, JobError
from dualign.jobs.launchers import Status, cluster, supervisor_command
from dualign.jobs.spec import JobSpec

DEFAULT_ADDRESS = "http://127.0.0.1:8265"
# A submission prepares the environment of its job; a question comes from a page that waits.
_LAUNCH_SECONDS, _ASK_SECONDS = 30.0, 3.0
_MAX_ANSWER = 2**20
_STATES: Mapping[str, Status] = {"PENDING": "waiting", "RUNNING": "running"}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to another host."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class RayLauncher:
    """A Ray cluster at an address; ``python`` is the interpreter on its nodes.

    ``DUALIGN_RAY_ADDRESS``, ``DUALIGN_RAY_TOKEN`` and ``DUALIGN_RAY_PYTHON`` set them.
    """

    address: str = DEFAULT_ADDRESS
    token: str = ""
    python: str = ""

    @classmethod
    def from_environment(cls) -> RayLauncher:
        """The cluster that the environment names.

        Raises
        ------
        InvalidInputError
            An address that is no http address.
        """
        address = os.environ.get("DUALIGN_RAY_ADDRESS", DEFAULT_ADDRESS).rstrip("/")
        if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
            raise InvalidInputError(
                f"DUALIGN_RAY_ADDRESS is {address!a}: give the address of Ray's dashboard, such as {DEFAULT_ADDRESS}."
            )
        return cls(
            address=address,
            token=os.environ.get("DUALIGN_RAY_TOKEN", ""),
            python=os.environ.get("DUALIGN_RAY_PYTHON", ""),
        )

    def check(self, spec: JobSpec, *, held: int) -> None:
        """Refuse when no Ray answers; what fits is for Ray to say."""
        self._call("GET", self.address, "/api/version")

    def launch(self, folder: Path, spec: JobSpec, gpus: Sequence[str]) -> str:
        """Submit the supervisor of a run folder; the address of the cluster that took it."""
        command = supervisor_command(folder)
        body: dict[str, Any] = {
            "entrypoint": shlex.join([self.python or command[0], *command[1:]]),
            "submission_id": _name(folder),
            "runtime_env": {"env_vars": cluster.remote_environment(folder, gpus=spec.gpus)},
            "entrypoint_num_cpus": 1,
            "metadata": {"title": spec.title or spec.kind},
        }
        if spec.gpus:
            body["entrypoint_num_gpus"] = spec.gpus
        elif spec.memory_bytes:
            body["entrypoint_memory"] = spec.memory_bytes
        self._call("POST", self.address, "/api/jobs/", body)
        return json.dumps({"address": self.address})

    def status(self, handle: str, folder: Path) -> Status:
        """By heartbeat, then by Ray's word; a job that Ray has forgotten is gone."""
        return cluster.status(handle, folder, lambda: self._ask(handle, folder))

    def _ask(self, handle: str, folder: Path) -> Status:
        try:
            answer = self._call("GET", self._home(handle), f"/api/jobs/{_name(folder)}", timeout=_ASK_SECONDS)
        except _Missing:
            return "gone"
        except JobError:
            return "unknown"
        return _STATES.get(str(answer.get("status")), "gone")

    def kill(self, handle: str, folder: Path) -> None:
        """Ask Ray to end the submission; Ray kills what remains after three seconds."""
        try:
            self._call("POST", self._home(handle), f"/api/jobs/{_name(folder)}/stop", timeout=_ASK_SECONDS)
        except _Missing:
            return

    def _home(self, handle: str) -> str:
        """The cluster that took the job, whichever is set now; a launch that was cut off left no address."""
        return str(json.loads(handle).get("address", self.address))

    def _call(
        self,
        method: str,
        address: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        timeout: float = _LAUNCH_SECONDS,
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address + path, data=data, headers=headers, method=method)
        handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
        if urllib.parse.urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1"):
            handlers.append(urllib.request.ProxyHandler({}))
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=timeout) as response:
                answer = json.loads(response.read(_MAX_ANSWER))
        except urllib.error.HTTPError as error:
            detail = " ".join(error.read(2000).decode("utf-8", "replace").split())
            error.close()
            if error.code == 404:
                raise _Missing(f"Ray at {address} knows no such job.") from None
            if error.code in (401, 403):
                raise JobError(
                    f"Ray at {address} wants a token ({error.code}): put it in DUALIGN_RAY_TOKEN."
                ) from None
            raise JobError(f"Ray at {address} refused with {error.code}: {detail[-300:]}.") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise JobError(
                f"no Ray cluster answers at {address} ({reason}): start it with 'ray start --head', or put its "
                "address in DUALIGN_RAY_ADDRESS."
            ) from None
        return answer if isinstance(answer, dict) else {}


def _name(folder: Path) -> str:
    """Ray's id of an attempt, which it takes once."""
    return f"dualign-{folder.parent.name}-{folder.name}"


class _Missing(JobError):
    """Ray has no such job."""
