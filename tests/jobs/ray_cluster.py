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

_START_SECONDS = 300.0


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
    port, dashboard, *others = _free_ports(8)
    # Ray's sockets need a short path.
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    names = (
        "node-manager",
        "object-manager",
        "dashboard-agent-listen",
        "dashboard-agent-grpc",
        "runtime-env-agent",
    )
    command = [str(ray), "start", "--head", "--block", f"--port={port}", "--num-cpus=2", "--num-gpus=0"]
    command += ["--node-ip-address=127.0.0.1", "--include-dashboard=true", "--dashboard-host=127.0.0.1"]
    command += [f"--dashboard-port={dashboard}", "--object-store-memory=80000000", "--disable-usage-stats"]
    command += [f"--temp-dir={folder}"]
    command += [f"--{name}-port={number}" for name, number in zip(names, others, strict=False)]
    log = folder / "start.log"
    environment = {
        **os.environ,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": token,
        "PYTHONWARNINGS": "ignore",
    }
    address = f"http://127.0.0.1:{dashboard}"
    with log.open("wb") as output:
        head = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(head, address, token, log)
        yield address
    finally:
        with contextlib.suppress(psutil.Error):
            family = psutil.Process(head.pid).children(recursive=True)
            head.terminate()
            _, alive = psutil.wait_procs(family, timeout=10)
            for process in alive:
                with contextlib.suppress(psutil.Error):
                    process.kill()
        head.kill()
        head.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(head: subprocess.Popen[bytes], address: str, token: str, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{address}/api/jobs/", headers={"Authorization": f"Bearer {token}"})
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and head.poll() is None:
        try:
            with opener.open(request, timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        time.sleep(0.5)
    state = "is silent" if head.poll() is None else f"ended with code {head.poll()}"
    pytest.fail(
        f"Ray did not start, it {state} after {_START_SECONDS:.0f} s or less: {log.read_text('utf-8', 'replace')[-1500:]}"
    )
