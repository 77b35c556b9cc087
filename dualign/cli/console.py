"""The console command: run `main`, then leave the process in a way that keeps what it came to."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import traceback
from typing import NoReturn


def run() -> NoReturn:
    """Run one command and end the process with its status.

    Threads of native libraries may outlive the interpreter: their destructors then abort a process whose work was
    done and printed. So the interpreter's own exit functions run, what is buffered is written, and the process ends
    without unloading any library.
    """
    status = _status()
    try:
        # Waits for threads and lets their pools go, as the interpreter does before the exit functions.
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    except KeyboardInterrupt:
        status = 130
    except BaseException:
        traceback.print_exc()
        status = status or 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # The reader is gone or the disk is full: what was to be said did not arrive.
            status = status or 1
    os._exit(status or 0)


def _status() -> int:
    try:
        from dualign.cli.main import main

        return main()
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return leaving.code or 0
        print(leaving.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("dualign: interrupted.", file=sys.stderr)
        return 130
    except BaseException:
        # `main` lets an exception through only where DUALIGN_DEBUG asks to see where it arose.
        traceback.print_exc()
        return 1
