"""A Streamlit server on loopback for tests and benchmarks: started, waited for, stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def start(
    *command: str, log: Path, environment: Mapping[str, str] | None = None, seconds: float = 90.0
) -> tuple[subprocess.Popen[bytes], str]:
    """``python -m command...`` on a free port once it has answered, and its address; RuntimeError with its log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, *options],
            cwd=PROJECT,
            env=os.environ | dict(environment or {}),
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"Streamlit ended with code {process.returncode}:\n{log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
            return process, url
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    stop(process)
    raise RuntimeError(f"Streamlit did not answer within {seconds:.0f} s:\n{log.read_text()[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it, by force where it does not within ten seconds."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
