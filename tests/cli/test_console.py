"""The installed command keeps its status and its words, whatever native threads do when the process ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("dualign")
# What the command runs, with a `main` of the test's own in place of the real one.
LEAVING = """
import atexit, sys, threading, time
import dualign.cli.main
from dualign.cli.console import run

def main():
{body}
sys.modules['dualign.cli.main'].main = main
run()
"""


def _leave(body: str) -> subprocess.CompletedProcess[str]:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return subprocess.run(
        [sys.executable, "-c", LEAVING.format(body=lines)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("status", "told"), [(0, "done"), (1, "failed"), (2, "wrong")])
def test_a_status_survives_what_aborts_at_the_end(status: int, told: str) -> None:
    # A destructor of a native library runs when the interpreter is taken down, after every exit function.
    body = f"""\
class Native:
    def __del__(self, abort=__import__('os').abort):
        abort()
sys.modules['native'] = Native()
print('{told}')
return {status}"""
    done = _leave(body)
    assert (done.returncode, done.stdout, done.stderr) == (status, f"{told}\n", "")


def test_exit_functions_run_and_threads_end_first() -> None:
    body = """\
def slow():
    time.sleep(0.3)
    print('thread')
threading.Thread(target=slow).start()
atexit.register(print, 'exit')
return 0"""
    done = _leave(body)
    assert (done.returncode, done.stdout, done.stderr) == (0, "thread\nexit\n", "")


def test_usage_and_help_keep_their_status() -> None:
    wrong = subprocess.run([COMMAND, "solv"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "--help" in wrong.stderr
    helped = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, check=False)
    assert (helped.returncode, helped.stderr) == (0, "")
    assert helped.stdout.startswith("dualign ")


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    with subprocess.Popen(
        [COMMAND, "samples", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == ""
        assert child.wait() == 1


def test_an_exception_that_is_asked_for_is_shown() -> None:
    done = _leave("raise ZeroDivisionError('of course')")
    assert done.returncode == 1
    assert "ZeroDivisionError: of course" in done.stderr


def test_an_interrupt_is_told_as_one() -> None:
    # A run in the background may have been told to ignore interrupts, and its children with it.
    heard = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"
    body = heard + "\nprint('up', flush=True)\ntime.sleep(60)"
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    with subprocess.Popen(
        [sys.executable, "-c", LEAVING.format(body=lines)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == "up\n"
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        assert "interrupted" in child.stderr.read()
        assert child.wait() == 130
