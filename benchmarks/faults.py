"""Kill, stop, fill and race everything around jobs, and print the counts beside their bars.

``python -m benchmarks.faults [NAME ...] [--rounds 300]``: kills, ghosts, stopped, launches, cancels, resumes, faults,
gpus. All of it happens in a temporary store. Exit code 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil
import sqlalchemy as sa

from benchmarks._faults_common import FAILED, PATIENCE, client, ended, pid_of, probe, said, show, stepped
from dualign import jobs
from dualign.errors import DualignError
from dualign.jobs import JobSpec, database, files, process, schema
from dualign.models.policies import list_policies, verify_policy


def kills(rounds: int) -> None:
    """kill -9 over dashboard, worker and both, at random moments; then what was acknowledged is looked for."""
    rng = np.random.default_rng(0)
    lost = broken = unloadable = dangling = 0
    acknowledged: dict[str, int] = {"votes": 0, "jobs": 0, "policies": 0}
    slowest, verified = 0.0, set[str]()
    root = database.database_file().parent
    for number in range(rounds):
        target = ("dashboard", "worker", "both")[number % 3]
        note = root / f"acknowledged-{number}"
        job = None
        if target != "dashboard":
            payload = {"name": f"k{number}", "acknowledged": str(note)}
            spec = JobSpec(kind="test", entry="benchmarks._faults_clients", payload=payload)
            job = jobs.submit(spec)
            # One round in five strikes while the worker still starts.
            if number % 5:
                job = stepped(job.id)
        page = client("dashboard", f"d{number}") if target != "worker" else None
        if page is not None and page.stdout is not None and number % 7:
            page.stdout.readline()
        time.sleep(rng.uniform(0.0, 1.0))
        struck = time.monotonic()
        if job is not None:
            # The worker alone, or the whole attempt with its supervisor.
            if number % 2 and (record := files.read_json(job.run_folder / files.WORKER)):
                os.kill(int(record["pid"]), signal.SIGKILL)
            else:
                process.end(job.run_folder)
        lines: list[dict[str, Any]] = []
        if page is not None:
            page.kill()
            output, _ = page.communicate()
            lines = said(output)[:]
        if job is not None:
            ended(job.id)
            slowest = max(slowest, time.monotonic() - struck)
        broken += database.integrity() != "ok"
        votes = {row.content["number"] for row in jobs.records("vote", f"d{number}")}
        known = {item.id for item in jobs.list_jobs()}
        named = note.read_text("utf-8").split("\n")[:-1] if note.exists() else []
        recorded = {row.name for row in jobs.records("policy")}
        lost += sum(line["vote"] not in votes for line in lines if "vote" in line)
        lost += sum(line["job"] not in known for line in lines if "job" in line)
        lost += sum(name not in recorded for name in named)
        acknowledged["votes"] += sum("vote" in line for line in lines)
        acknowledged["jobs"] += sum("job" in line for line in lines)
        acknowledged["policies"] += len(named)
        listed = {policy.name: policy for policy in list_policies() if not policy.shipped}
        dangling += len({name for name in recorded if name.startswith(f"k{number}-")} - set(listed))
        for name, policy in listed.items():
            if name not in verified:
                try:
                    verify_policy(policy.folder)
                except DualignError:
                    unloadable += 1
                verified.add(name)
        _drain()
        if number % 30 == 29:
            print(f"  ... {number + 1} kills", file=sys.stderr, flush=True)
    show(f"rows acknowledged before {rounds} kills", sum(acknowledged.values()), "", True)
    print(f"  {acknowledged}")
    show("acknowledged rows lost", lost, "0", lost == 0)
    show("integrity checks that failed", broken, "0", broken == 0)
    unloadable += dangling
    show(f"policies listed that do not load, of {len(verified)}", unloadable, "0", unloadable == 0)
    show("slowest end of a killed worker's job, s", f"{slowest:.1f}", "< 30", slowest < 30)
    left = [job for job in jobs.list_jobs() if job.state == "running"]
    show("jobs that never ended", len(left), "0", not left)


def _drain() -> None:
    """Cancel what the dashboards have left waiting and wait for what runs."""
    for job in jobs.list_jobs():
        if job.state in ("queued", "paused"):
            jobs.cancel(job.id)
    for job in jobs.list_jobs():
        if job.state == "running":
            ended(job.id)


def ghosts(rounds: int) -> None:
    """Killed workers in every way, and how long their jobs look alive."""
    ways = (
        "worker",
        "worker and supervisor",
        "before the first heartbeat",
        "pid given out again",
        "after a restart",
    )
    each = max(1, rounds // 15)
    for way in ways:
        slowest, alive = 0.0, 0
        for number in range(each):
            job = jobs.submit(probe(steps=4000, way=way, n=number))
            if way != "before the first heartbeat":
                job = stepped(job.id)
            if way == "worker":
                os.kill(pid_of(job, files.WORKER), signal.SIGKILL)
            else:
                process.end(job.run_folder)
            if way == "pid given out again":
                for name in (files.SUPERVISOR, files.CHILD, files.WORKER):
                    record = files.read_json(job.run_folder / name) or {}
                    files.replace(job.run_folder / name, {**record, "pid": os.getpid()})
            struck = time.monotonic()
            if way == "after a restart":
                # A dashboard that starts anew: its first look at the jobs.
                code = f"from dualign import jobs; print(jobs.get_job({job.id!r}).state)"
                answer = subprocess.run(
                    [sys.executable, "-c", code], capture_output=True, text=True, check=True
                )
                alive += answer.stdout.strip() != "failed"
            else:
                alive += ended(job.id).state != "failed"
            slowest = max(slowest, time.monotonic() - struck)
        bar = 10.0 if way == "after a restart" else 30.0
        show(
            f"{each} killed, {way}: slowest end, s",
            f"{slowest:.1f}",
            f"< {bar:.0f}",
            slowest < bar and not alive,
        )


def stopped(rounds: int) -> None:
    """A worker, and a worker with its supervisor, stopped for two minutes while everything looks on."""
    jobs.running_limit(2)
    pair = [jobs.submit(probe(steps=100, n=number)) for number in range(2)]
    pids = []
    for number, job in enumerate(pair):
        stepped(job.id, 5)
        pids += [pid_of(job, files.WORKER)] + ([pid_of(job, files.SUPERVISOR)] if number else [])
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    looks, deaths, until_ = 0, 0, time.monotonic() + 120.0
    while time.monotonic() < until_:
        jobs.reconcile()
        deaths += sum(jobs.get_job(job.id).state != "running" for job in pair)
        looks += 1
        time.sleep(0.5)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    done = [ended(job.id) for job in pair]
    show(f"deaths declared in 120 s of SIGSTOP, {looks} looks", deaths, "0", deaths == 0)
    show(
        "stopped jobs that completed afterwards",
        sum(job.state == "completed" for job in done),
        "2",
        all(job.state == "completed" for job in done),
    )
    jobs.running_limit(1)
    _late_writer()


def _late_writer() -> None:
    """An attempt that is given up while its worker sleeps: what changes when it wakes up."""
    job = stepped(jobs.submit(probe(steps=400, record="late")).id, 3)
    pid = pid_of(job, files.WORKER)
    os.kill(pid, signal.SIGSTOP)
    files.publish(job.run_folder / files.OUTCOME, {"state": "failed", "reason": "given up.", "step": 3})
    second = job.folder / "2"
    files.make_folder(second)
    files.take_checkpoints(job.folder, 2, since=1)
    held = (second / files.CHECKPOINTS / "state.json").read_bytes()
    os.kill(pid, signal.SIGCONT)
    over = ended(job.id)
    changed = (second / files.CHECKPOINTS / "state.json").read_bytes() != held
    changed |= (over.state, over.reason) != ("failed", "given up.") or bool(jobs.records("probe", "late"))
    show("changes by a fenced late writer", int(changed), "0", not changed)


def launches(rounds: int) -> None:
    """The same job asked for at the same moment by 2 processes 100 times, and by 8 processes 150 times."""
    jobs.running_limit(4)
    for processes, presses in ((2, max(1, rounds // 3)), (8, max(1, rounds // 2))):
        before = {job.id for job in jobs.list_jobs()}
        with tempfile.TemporaryDirectory() as gate:
            clients = [client("press", gate, str(presses)) for _ in range(processes)]
            answers = [said(item.communicate()[0]) for item in clients]
        # All that was asked for runs before it is counted, however long that takes here.
        while any(job.active for job in jobs.list_jobs()):
            time.sleep(1.0)
        new = [job for job in jobs.list_jobs() if job.id not in before]
        twice = presses - sum(
            len({answer[number]["job"] for answer in answers}) == 1 for number in range(presses)
        )
        starts = _count("running", [job.id for job in new])
        good = len(new) == presses and twice == 0 and starts == presses
        show(
            f"{processes} processes x {presses}: jobs made, launches",
            f"{len(new)}, {starts}",
            "one each",
            good,
        )


def _count(state: str, ids: list[str]) -> int:
    table = schema.events
    query = sa.select(sa.func.count()).where(table.c.state == state, table.c.job.in_(ids))
    with database.reading() as connection:
        return int(connection.execute(query).scalar_one())


def cancels(rounds: int) -> None:
    """Ten processes cancel one job whose worker does not listen, and whose child left for a session of its own."""
    slowest, transitions, each = 0.0, 0, max(1, rounds // 30)
    for number in range(each):
        job = stepped(jobs.submit(probe(steps=10**6, deaf=True, child=True, n=number)).id)
        with tempfile.TemporaryDirectory() as gate:
            askers = [client("cancel", gate, job.id) for _ in range(10)]
            while not jobs.get_job(job.id).stopping:
                time.sleep(0.02)
            struck = time.monotonic()
            while process.members(job.run_folder):
                time.sleep(0.05)
            slowest = max(slowest, time.monotonic() - struck)
            for asker in askers:
                asker.communicate()
        ended(job.id)
        transitions += _count("cancelled", [job.id])
    show(f"{each} x 10 cancels: transitions", transitions, str(each), transitions == each)
    show("slowest end of the process group, s", f"{slowest:.1f}", "< 10", slowest < 10)


def resumes(rounds: int) -> None:
    """Workers killed at random steps and resumed, until they end: the loss of an unbroken run, to the last bit."""
    rng = np.random.default_rng(1)
    each, steps, different, gaps = max(1, rounds // 15), 120, 0, 0
    whole = 0.0
    for step in range(steps):
        whole += math.sin(step)
    for number in range(each):
        job = jobs.submit(probe(steps=steps, every=int(rng.integers(1, 8)), seconds=0.01, n=number))
        for _ in range(2):
            job = stepped(job.id, int(rng.integers(1, steps - 20)))
            os.kill(pid_of(job, files.WORKER), signal.SIGKILL)
            if ended(job.id).state == "completed":
                break
            jobs.resume(job.id)
        done = ended(job.id)
        rows = [row["step"] for row in jobs.metrics(job.id)]
        different += done.result is None or done.result["loss"] != whole
        gaps += rows != list(range(1, steps + 1))
    show(f"{each} jobs killed twice and resumed: another loss (tolerance 0)", different, "0", different == 0)
    show("of them with a step reported twice or not at all", gaps, "0", gaps == 0)


def faults(rounds: int) -> None:
    """Everything that can run out or be missing: the sentence, the registry alive, the next job works."""
    expected = {
        "memory": "out of memory",
        "disk": "a file reached the largest size",
        "port": "is in use by another program",
        "model": "no model lies in",
        "gpu": "the GPU is busy",
        "kill": "was killed",
    }
    for fault, sentence in expected.items():
        failed = ended(jobs.submit(probe(steps=3, fault=fault, at=1)).id)
        jobs.resume(failed.id)
        good = (
            failed.state == "failed" and sentence in failed.reason and ended(failed.id).state == "completed"
        )
        show(f"{fault}: {failed.reason[:54]}", "named" if good else "not named", "next job works", good)
    _full_disk()


def _full_disk() -> None:
    """A store on a file system of 2 MB that its job fills to the last byte."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            print("  full disk: not tried, a file system of its own needs root", flush=True)
            return
        before = os.environ["DUALIGN_STORE"]
        os.environ["DUALIGN_STORE"] = f"{folder}/store"
        try:
            failed = ended(jobs.submit(probe(steps=3, fault="full", at=1)).id)
            alive = database.integrity() == "ok" and len(jobs.list_jobs()) == 1
            (failed.run_folder / "large").unlink()
            jobs.resume(failed.id)
            good = alive and "the disk is full" in failed.reason and ended(failed.id).state == "completed"
            show(f"full: {failed.reason[:54]}", "named" if good else "not named", "next job works", good)
            deadline = time.monotonic() + 10
            while process.members(failed.folder / "2") and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            os.environ["DUALIGN_STORE"] = before
            subprocess.run(["umount", "-l", folder], check=False)


def gpus(rounds: int) -> None:
    """Jobs for one GPU each on a machine said to have three: how many ever shared one."""
    os.environ["DUALIGN_GPUS"] = "0,1,2"
    try:
        count = max(6, rounds // 10)
        for number in range(count):
            jobs.submit(probe(gpus=1, steps=10, gpu=number))
        shared, most, deadline = 0, 0, time.monotonic() + PATIENCE
        while time.monotonic() < deadline and any(job.active for job in jobs.list_jobs()):
            running = [job for job in jobs.list_jobs() if job.state == "running"]
            seen: list[str] = []
            for job in running:
                for member in process.members(job.run_folder):
                    try:
                        if "dualign.jobs.probe" in member.cmdline():
                            seen.append(member.environ().get("CUDA_VISIBLE_DEVICES", ""))
                    except (psutil.Error, OSError):
                        continue
            shared += len(seen) != len(set(seen))
            most = max(most, len(seen))
            time.sleep(0.1)
        done = sum(job.state == "completed" for job in jobs.list_jobs() if job.spec.gpus)
        show(
            f"{count} jobs on 3 GPUs, at most {most} at once: looks at a shared GPU", shared, "0", not shared
        )
        show("of them completed", done, str(count), done == count)
    finally:
        del os.environ["DUALIGN_GPUS"]


PARTS: dict[str, Callable[[int], None]] = {
    part.__name__: part for part in (kills, ghosts, stopped, launches, cancels, resumes, faults, gpus)
}


def main() -> int:
    """Run the named parts, or all; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="NAME", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=300, help="kills; the other parts scale with it (300)")
    arguments = parser.parse_args()
    for name in arguments.parts or list(PARTS):
        with tempfile.TemporaryDirectory(prefix="dualign-faults-", ignore_cleanup_errors=True) as store:
            os.environ["DUALIGN_STORE"] = store
            started = time.monotonic()
            print(f"{name}:", flush=True)
            PARTS[name](arguments.rounds)
            print(f"  ({time.monotonic() - started:.0f} s)", flush=True)
            time.sleep(1.0)
    print("missed: " + ("; ".join(FAILED) or "none"))
    return int(bool(FAILED))


if __name__ == "__main__":
    sys.exit(main())
