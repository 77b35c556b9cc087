"""A real Ray on this machine for the tests: one head with its dashboard, on free ports, ended with all it started."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

# Ray gives up by itself where a busy machine takes more than half a minute to start its parts.
_TRIES = 4
_START_SECONDS = 240.0
_MARK = "DUALIGN_TEST_RAY"
_PORTS = (
    "node-manager",
    "object-manager",
    "dashboard-agent-listen",
    "dashboard-agent-grpc",
    "runtime-env-agent",
)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(item.getsockname()[1]) for item in sockets]
    for item in sockets:
        item.close()
    return ports


@contextlib.contextmanager
def ray_head(*, token: str) -> Iterator[str]:
    """Address of a Ray that runs as long as the context, asking for a token.

    A machine without Ray fails the tests with a sentence: they are not skipped.
    """
    ray = Path(sys.executable).parent / "ray"
    if not ray.exists():
        pytest.fail("Ray is not installed: pip install -e '.[dev]' brings it; these tests need a real one.")
    for _ in range(_TRIES):
        # Ray's sockets need a short path.
        folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
        try:
            address, words = _start(ray, folder, token)
            if address:
                yield address
                return
        finally:
            _end(folder)
    pytest.fail(f"Ray did not start in {_TRIES} tries: {words}")


def _start(ray: Path, folder: Path, token: str) -> tuple[str, str]:
    """Address of a Ray that answers, or an empty one and Ray's last words."""
    port, dashboard, *others = _free_ports(2 + len(_PORTS))
    command = [str(ray), "start", "--head", "--block", f"--port={port}", "--num-cpus=2", "--num-gpus=0"]
    command += ["--node-ip-address=127.0.0.1", "--include-dashboard=true", "--dashboard-host=127.0.0.1"]
    command += [f"--dashboard-port={dashboard}", "--object-store-memory=80000000", "--disable-usage-stats"]
    command += [f"--temp-dir={folder}"]
    command += [f"--{name}-port={number}" for name, number in zip(_PORTS, others, strict=True)]
    log = folder / "start.log"
    environment = {
        **os.environ,
        _MARK: str(folder),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": token,
        "PYTHONWARNINGS": "ignore",
    }
    with log.open("wb") as output:
        head = psutil.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _HEADS[folder] = head
    address = f"http://127.0.0.1:{dashboard}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{address}/api/jobs/", headers={"Authorization": f"Bearer {token}"})
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and head.poll() is None:
        try:
            with opener.open(request, timeout=5):
                return address, ""
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        time.sleep(0.5)
    return "", log.read_text("utf-8", "replace")[-1500:]


_HEADS: dict[Path, psutil.Popen] = {}


def _end(folder: Path) -> None:
    """End a Ray and all that it started, also when its head is gone."""
    head = _HEADS.pop(folder, None)
    if head is not None:
        with contextlib.suppress(psutil.Error):
            head.terminate()
            head.wait(timeout=10)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(_MARK) == str(folder):
                process.kill()
    if head is not None:
        head.wait()
    shutil.rmtree(folder, ignore_errors=True)
