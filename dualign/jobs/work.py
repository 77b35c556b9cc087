"""The worker's side of a job: what an entry module uses to read its payload, report, stop in time and end.

A worker touches files of its run folder alone, never the database, so that the same entry runs on a cluster whose
nodes share a folder. How an attempt ended is one file that is written once: a worker that was given up and wakes
up later finds it there and can change nothing.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dualign.errors import StoreError
from dualign.jobs import faults, files, process
from dualign.jobs.spec import JobSpec, plain

# Often enough for a live page; rarer than a disk's sync takes.
_PROGRESS_SECONDS = 0.25
_SYNC_SECONDS = 1.0
_STOP_CHECK_SECONDS = 0.25
_RATE_REPORTS = 50
_RATE_SECONDS = 120.0
# A line of the log for every tenth of the steps, and one a minute at least.
_LOG_LINES = 10
_LOG_SECONDS = 60.0
_LOG_FIGURES = 4

_log = logging.getLogger(__name__)


class Fenced(BaseException):
    """This attempt was ended by somebody else: leave without a trace. No entry should catch it."""


class worker:
    """The job of a run folder, as a context: how the block ends is how the job ends.

    A `DualignError` that leaves the block fails the job with its sentence; other exceptions are put in words (out
    of memory, disk full, port in use, missing model). Leaving the block after `stopping` became true, without
    `complete`, leaves a job that can be resumed. Then the process exits with a code that says the same.

    Parameters
    ----------
    run_dir
        Folder of this attempt, the entry's only argument.

    Attributes
    ----------
    payload
        What the job was given.
    run_folder
        Folder of this attempt.
    checkpoints
        Folder that the next attempt gets when the job is resumed. Write each checkpoint under a temporary name and
        rename it, after its steps are reported.
    attempt
        Number of this attempt, from 1.
    primary
        Whether this process speaks for the job: rank 0 of several.
    """

    def __init__(self, run_dir: Path | str) -> None:
        self.run_folder = Path(run_dir).absolute()
        self.attempt = int(self.run_folder.name)
        record = files.read_json(self.run_folder.parent / files.SPEC)
        if record is None:
            raise StoreError(f"{self.run_folder.parent} holds no specification of a job.")
        self.spec = JobSpec(**record)
        self.payload: Mapping[str, Any] = self.spec.payload
        self.checkpoints = self.run_folder / files.CHECKPOINTS
        self.primary = os.environ.get("RANK", "0") in ("", "0")
        self._metrics: int | None = None
        self._signalled = False
        self._stop_seen = False
        self._checked = self._written = self._synced = 0.0
        self._reports: deque[tuple[float, int]] = deque(maxlen=_RATE_REPORTS)
        self._last: dict[str, Any] = {}
        self._handlers: dict[int, Any] = {}
        self._completed = False
        self._phase, self._phase_began = "", 0.0
        self._told, self._told_step = 0.0, -1
        self._lines: logging.Handler | None = None

    def __enter__(self) -> Self:
        if (self.run_folder / files.OUTCOME).exists():
            raise SystemExit(f"attempt {self.attempt} of this job has ended already.")
        files.make_folder(self.checkpoints)
        if self.primary:
            files.replace(self.run_folder / files.WORKER, process.identity())
            self._metrics = files.open_append(self.run_folder / files.METRICS)
            self._open_log()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._handlers[number] = signal.signal(number, self._on_signal)
        return self

    def _open_log(self) -> None:
        """What dualign's loggers say goes to the job's log, with the time."""
        self._lines = logging.StreamHandler()
        self._lines.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%Y-%m-%d %H:%M:%S"))
        logger = logging.getLogger("dualign")
        logger.addHandler(self._lines)
        logger.setLevel(logging.INFO)
        _log.info("attempt %d: %s", self.attempt, self.spec.title or self.spec.kind)

    def _close_log(self) -> None:
        logger = logging.getLogger("dualign")
        if self._lines is not None:
            logger.removeHandler(self._lines)
            logger.setLevel(logging.NOTSET)
            self._lines = None

    def _on_signal(self, number: int, frame: object) -> None:
        self._signalled = True

    @property
    def stopping(self) -> bool:
        """Whether to write a checkpoint and leave the block soon: pause, cancel, shutdown, or given up."""
        now = time.monotonic()
        if not (self._signalled or self._stop_seen) and now - self._checked > _STOP_CHECK_SECONDS:
            self._checked = now
            self._stop_seen = (self.run_folder / files.STOP).exists() or self.fenced
        return self._signalled or self._stop_seen

    @property
    def fenced(self) -> bool:
        """Whether somebody else has ended this attempt: nothing may be published any more."""
        return not self._completed and (self.run_folder / files.OUTCOME).exists()

    def report(
        self,
        step: int,
        total: int | None = None,
        *,
        metrics: Mapping[str, Any] | None = None,
        seconds_after: float = 0.0,
    ) -> None:
        """Tell how far the job is; every call's metrics are kept, the disk is synced once a second.

        Parameters
        ----------
        step
            Steps done, from 0; a resumed job goes on from its checkpoint's.
        total
            Steps in all; the specification's unless given.
        metrics
            Numbers to plot, such as ``loss``, ``reward_margin``, ``kl``.
        seconds_after
            What the job is expected to take after its last step.
        """
        if not self.primary or self._metrics is None:
            return
        now = time.time()
        total = self.spec.total_steps if total is None else total
        figures = plain(metrics or {})
        line = {"time": round(now, 3), "step": int(step), **figures}
        os.write(self._metrics, (json.dumps(line, allow_nan=False) + "\n").encode())
        # The last value of each, however seldom it is reported.
        self._last |= figures
        if not self._reports or step > self._reports[-1][1]:
            self._reports.append((now, int(step)))
        if now - self._synced > _SYNC_SECONDS:
            os.fsync(self._metrics)
            self._synced = now
        if now - self._written > _PROGRESS_SECONDS or (total is not None and step >= total):
            self._written = now
            files.replace(
                self.run_folder / files.PROGRESS, self._progress(int(step), total, now, after=seconds_after)
            )
        self._log_step(int(step), total, figures, now)

    def phase(
        self,
        name: str,
        *,
        done: int = 0,
        total: int = 0,
        seconds: float | None = None,
        seconds_after: float = 0.0,
    ) -> None:
        """Tell what the job is at; it stays so until the next call.

        Parameters
        ----------
        name
            A few words, such as "loading the model".
        done, total
            How much of it is done, in whatever is counted; 0 where nothing is.
        seconds
            What it is expected to take in all, until ``done`` shows its pace; None where that is not known.
        seconds_after
            What the job is expected to take when it is over.
        """
        if not self.primary or self._metrics is None:
            return
        now = time.time()
        new = name != self._phase
        if new:
            self._phase, self._phase_began = name, now
            # The pace of steps is not that of what lies between them.
            self._reports = deque(
                [(now, self._reports[-1][1])] if self._reports else (), maxlen=_RATE_REPORTS
            )
            _log.info("%s", name)
        if not new and now - self._written <= _PROGRESS_SECONDS:
            return
        self._written = now
        step = self._reports[-1][1] if self._reports else 0
        record: dict[str, Any] = {
            "step": step,
            "total": self.spec.total_steps,
            "time": now,
            "phase": name,
            "metrics": self._last,
        }
        spent = now - self._phase_began
        if done and total:
            left: float | None = spent * max(total - done, 0) / done
            basis = f"{name}, {done} of {total}"
        else:
            left, basis = None if seconds is None else max(0.0, seconds - spent), f"{name}, as estimated"
        if left is not None:
            record |= {"seconds_left": left + seconds_after, "basis": basis}
        files.replace(self.run_folder / files.PROGRESS, record)

    def _log_step(self, step: int, total: int | None, figures: Mapping[str, Any], now: float) -> None:
        tenth = (total or 0) / _LOG_LINES
        due = step == total or (tenth and step // tenth > self._told_step // tenth)
        if step <= self._told_step or not (due or self._told_step < 0 or now - self._told > _LOG_SECONDS):
            return
        self._told, self._told_step = now, step
        numbers = [(k, v) for k, v in figures.items() if isinstance(v, int | float)][:_LOG_FIGURES]
        words = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in numbers)
        _log.info("step %d of %s%s", step, total or "?", f": {words}" if words else "")

    def _progress(self, step: int, total: int | None, now: float, *, after: float) -> dict[str, Any]:
        while len(self._reports) > 2 and now - self._reports[0][0] > _RATE_SECONDS:
            self._reports.popleft()
        record: dict[str, Any] = {"step": step, "total": total, "time": now, "metrics": self._last}
        record |= {"phase": self._phase} if self._phase else {}
        done = self._reports[-1][1] - self._reports[0][1] if self._reports else 0
        if total is not None and done >= 2:
            each = (self._reports[-1][0] - self._reports[0][0]) / done
            record |= {
                "seconds_left": max(0.0, (total - step) * each) + after,
                "basis": f"the last {done} steps took {each:.3g} s each"
                + (f", {after:.0f} s of other work follow" if after >= 1 else ""),
            }
        return record

    def complete(
        self, result: Mapping[str, Any], *, records: Sequence[tuple[str, str, Mapping[str, Any]]] = ()
    ) -> None:
        """End the job well. Files of the result must be on disk before.

        Parameters
        ----------
        result
            Plain values kept with the job.
        records
            ``(kind, name, content)`` rows that enter the registry in the same step as the job's completion.

        Raises
        ------
        Fenced
            Somebody else has ended this attempt.
        """
        if not self.primary:
            return
        kept = [{"kind": kind, "name": name, "content": plain(content)} for kind, name, content in records]
        self._end({"state": "completed", "result": plain(result), "records": kept})
        _log.info("completed")
        self._completed = True

    def _end(self, outcome: dict[str, Any]) -> None:
        step = self._reports[-1][1] if self._reports else 0
        if not publish_outcome(self.run_folder, {**outcome, "step": step}):
            raise Fenced

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._finish(error)
        finally:
            self._close_log()
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            if self._metrics is not None:
                os.close(self._metrics)
                self._metrics = None

    def _finish(self, error: BaseException | None) -> None:
        if isinstance(error, Fenced):
            raise SystemExit(3) from None
        if self._completed:
            return
        step = self._reports[-1][1] if self._reports else 0
        if error is None or isinstance(error, SystemExit | KeyboardInterrupt):
            if self.stopping or isinstance(error, KeyboardInterrupt):
                if self.primary:
                    publish_outcome(self.run_folder, {"state": "stopped", "step": step})
                    _log.info("stopped as asked%s", f" at step {step}" if step else "")
                raise SystemExit(0) from None
            if not self.primary and error is None:
                return
            reason = "the worker ended without a result: its entry never completed the job."
        else:
            reason = faults.describe(error, folder=self.run_folder)
        # The outcome first: on a full disk the log takes no more.
        publish_outcome(self.run_folder, {"state": "failed", "reason": reason, "step": step})
        _log.error("failed%s: %s", f" at step {step}" if step else "", reason)
        if error is not None:
            with contextlib.suppress(OSError):
                traceback.print_exception(error, file=sys.stderr)
        raise SystemExit(1) from None


def publish_outcome(folder: Path, outcome: Mapping[str, Any]) -> bool:
    """Decide how the attempt of a run folder ended; False if that was decided before. Works on a full disk."""
    record = {**outcome, "time": time.time()}
    return _with_reserve(folder, lambda: files.publish(folder / files.OUTCOME, record))


def _with_reserve(folder: Path, write: Callable[[], bool]) -> bool:
    try:
        return write()
    except FileNotFoundError:
        # The run folder is gone: the job was deleted.
        return False
    except OSError:
        files.release(folder)
        return write()


def run(run_dir: str, body: Callable[[worker], None]) -> None:
    """Run an entry's body on the job of a run folder."""
    with worker(run_dir) as job:
        body(job)
