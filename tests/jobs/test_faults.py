"""What goes wrong is said in one sentence, and the next job works."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from dualign import jobs
from dualign.errors import ModelError
from dualign.jobs import faults
from tests.jobs.conftest import ended, probe


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("memory", "out of memory (now "),
        ("disk", "a file reached the largest size allowed here: free some space"),
        ("port", "is in use by another program"),
        ("model", "no model lies in 'nowhere': run 'dualign models fetch'."),
        ("kill", "the worker was killed after step 1 (signal 9)"),
        ("silent", "the worker ended after step 1 without a result (exit code 0)"),
        ("other", "unexpected RuntimeError: the probe was asked for the fault 'other'"),
    ],
)
def test_a_fault_is_named_and_the_next_job_works(fault: str, sentence: str) -> None:
    job = jobs.submit(probe(steps=3, fault=fault, at=1))
    failed = ended(job.id)
    assert failed.state == "failed"
    assert sentence in failed.reason
    assert "\n" not in failed.reason
    # The faults happen in the first attempt alone, as a repaired machine would have it.
    jobs.resume(job.id)
    assert ended(job.id).state == "completed"


class _Torch(RuntimeError):
    """As torch names it, without torch."""


_Torch.__name__ = "OutOfMemoryError"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (_Torch("CUDA out of memory. Tried to allocate 20.00 MiB"), "the GPU ran out of memory"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
            "out of memory (now",
        ),
        (RuntimeError("CUDA error: all CUDA-capable devices are busy or unavailable"), "the GPU is busy"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full ("),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk is full ("),
        (RuntimeError("[Errno 28] No space left on device"), "the disk is full ("),
        (OSError("[Errno 98] Address already in use: ('127.0.0.1', 8000)"), "port 8000 is in use"),
        (
            RuntimeError("The server socket has failed to listen on port: 29500, EADDRINUSE"),
            "port 29500 is in use",
        ),
        (
            OSError("nothing is not a local folder and is not a valid model identifier"),
            "the model is missing",
        ),
        (ModuleNotFoundError("No module named 'trl'", name="trl"), "'trl' is not installed"),
        (FileNotFoundError(errno.ENOENT, "No such file", "weights.bin"), "a file is missing (weights.bin)"),
        (ModelError("the sentence itself."), "the sentence itself."),
        (ValueError("two\nlines"), "unexpected ValueError: two lines. The log shows"),
    ],
)
def test_exceptions_become_sentences(error: Exception, sentence: str, tmp_path: Path) -> None:
    text = faults.describe(error, folder=tmp_path)
    assert sentence in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("code", "oom", "sentence"),
    [
        (-9, True, "as memory ran out; it used up to 3.2 GB"),
        (-9, False, "(signal 9)"),
        (-11, False, "(SIGSEGV)"),
    ],
)
def test_exit_codes_become_sentences(code: int, oom: bool, sentence: str) -> None:
    assert sentence in faults.exit_reason(code, peak=3_200_000_000, oom=oom, step=7)
