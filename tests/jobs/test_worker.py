"""The worker's side, without a queue: what a block leaves behind."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from dualign.errors import ModelError, StoreError
from dualign.jobs import files
from dualign.jobs.supervisor import command
from dualign.jobs.work import Fenced, publish_outcome, run, worker
from tests.jobs.conftest import probe


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """The first run folder of a job of ten steps."""
    folder = tmp_path / "job" / "1"
    folder.mkdir(parents=True)
    (folder.parent / files.SPEC).write_text(probe(steps=10).to_json(), "utf-8")
    return folder


def _outcome(folder: Path) -> dict[str, object]:
    record = files.read_json(folder / files.OUTCOME)
    assert record is not None
    return {key: value for key, value in record.items() if key != "time"}


def test_a_completed_block_leaves_result_and_records(run_folder: Path) -> None:
    with worker(run_folder) as job:
        assert (job.attempt, job.payload, job.stopping) == (1, {"steps": 10}, False)
        job.report(10, metrics={"loss": float("nan"), "kl": 0.5})
        job.complete({"policies": ["a"]}, records=[("policy", "a", {"beta": float("inf")})])
    assert _outcome(run_folder) == {
        "state": "completed",
        "step": 10,
        "result": {"policies": ["a"]},
        "records": [{"kind": "policy", "name": "a", "content": {"beta": None}}],
    }
    [line] = (run_folder / files.METRICS).read_text("utf-8").splitlines()
    assert json.loads(line) | {"time": 0} == {"time": 0, "step": 10, "loss": None, "kl": 0.5}


def test_an_error_that_leaves_the_block_fails_the_job(run_folder: Path) -> None:
    def body(job: worker) -> None:
        job.report(3, 10)
        raise ModelError("no such model: fetch it.")

    with pytest.raises(SystemExit) as caught:
        run(str(run_folder), body)
    assert caught.value.code == 1
    assert _outcome(run_folder) == {"state": "failed", "step": 3, "reason": "no such model: fetch it."}


def test_a_block_that_completes_nothing_fails(run_folder: Path) -> None:
    with pytest.raises(SystemExit), worker(run_folder):
        pass
    assert "its entry never completed the job" in str(_outcome(run_folder)["reason"])


@pytest.mark.parametrize("how", ["signal", "file"])
def test_a_request_to_stop_is_seen_and_leaves_a_job_to_resume(run_folder: Path, how: str) -> None:
    handler = signal.getsignal(signal.SIGTERM)

    def body(job: worker) -> None:
        job.report(4, 10)
        assert not job.stopping
        if how == "signal":
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            files.replace(run_folder / files.STOP, {"wish": "pause"})
            time.sleep(0.3)
        assert job.stopping

    with pytest.raises(SystemExit) as caught:
        run(str(run_folder), body)
    assert caught.value.code == 0
    assert _outcome(run_folder) == {"state": "stopped", "step": 4}
    assert signal.getsignal(signal.SIGTERM) == handler


def test_an_attempt_ends_once(run_folder: Path) -> None:
    def body(job: worker) -> None:
        assert publish_outcome(run_folder, {"state": "failed", "reason": "given up."})
        assert not publish_outcome(run_folder, {"state": "completed"})
        time.sleep(0.3)
        assert job.fenced
        assert job.stopping
        job.complete({})

    with pytest.raises(SystemExit) as caught:
        run(str(run_folder), body)
    assert caught.value.code == 3
    assert _outcome(run_folder) == {"state": "failed", "reason": "given up."}
    with pytest.raises(SystemExit, match="has ended already"):
        worker(run_folder).__enter__()
    assert issubclass(Fenced, BaseException)
    assert not issubclass(Fenced, Exception)


def test_other_ranks_report_nothing_but_failures(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    with worker(run_folder) as job:
        assert not job.primary
        job.report(1, 10)
        job.complete({})
    assert not (run_folder / files.OUTCOME).exists()
    assert not (run_folder / files.METRICS).exists()
    with pytest.raises(SystemExit), worker(run_folder):
        raise RuntimeError("CUDA out of memory")
    assert "the GPU ran out of memory" in str(_outcome(run_folder)["reason"])


def test_several_gpus_run_under_accelerate(run_folder: Path) -> None:
    from accelerate.commands.launch import launch_command_parser

    assert command(run_folder, probe())[-3:] == ["-m", "dualign.jobs.probe", str(run_folder)]
    line = command(run_folder, probe(gpus=2))
    arguments = launch_command_parser().parse_args(line[line.index("accelerate.commands.launch") + 1 :])
    assert (arguments.multi_gpu, arguments.num_processes, arguments.main_process_port) == (True, 2, 0)
    assert (arguments.module, arguments.training_script) == (True, "dualign.jobs.probe")
    assert arguments.training_script_args == [str(run_folder)]


def test_a_folder_without_a_specification_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no specification of a job"):
        worker(tmp_path / "1")


def test_links_are_not_followed(run_folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("{}", "utf-8")
    for name in (files.METRICS, files.STOP):
        (run_folder / name).symlink_to(outside)
    assert files.read_json(run_folder / files.STOP) is None
    with pytest.raises(OSError, match="symbolic"):
        worker(run_folder).__enter__()
    assert outside.read_text("utf-8") == "{}"


def test_the_newest_checkpoints_move_on(tmp_path: Path) -> None:
    for attempt, content in ((1, "old"), (2, "new"), (3, "")):
        folder = tmp_path / str(attempt) / files.CHECKPOINTS
        folder.mkdir(parents=True)
        if content:
            (folder / "state").write_text(content, "utf-8")
    (tmp_path / "4").mkdir()
    files.take_checkpoints(tmp_path, 4, since=1)
    assert (tmp_path / "4" / files.CHECKPOINTS / "state").read_text("utf-8") == "new"
    (tmp_path / "5").mkdir()
    files.take_checkpoints(tmp_path, 5, since=5)
    assert not list((tmp_path / "5" / files.CHECKPOINTS).iterdir())


def test_the_time_left_counts_what_follows_the_last_step(run_folder: Path) -> None:
    def told() -> dict[str, object]:
        return files.read_json(run_folder / files.PROGRESS) or {}

    with worker(run_folder) as job:
        job.phase("loading", seconds=20.0, seconds_after=100.0)
        assert (told()["phase"], told()["step"]) == ("loading", 0)
        assert 119 < float(str(told()["seconds_left"])) <= 120
        job.phase("training")
        assert "seconds_left" not in told()
        for step in range(1, 11):
            time.sleep(0.01)
            job.report(step, 10, seconds_after=60.0)
        assert told()["phase"] == "training"
        assert float(str(told()["seconds_left"])) == pytest.approx(60.0)
        job.phase("measuring", total=8, seconds=60.0)
        assert 59 < float(str(told()["seconds_left"])) <= 60
        time.sleep(0.3)
        job.phase("measuring", done=4, total=8)
        # Half of it took 0.3 s, whatever was expected.
        assert 0.2 < float(str(told()["seconds_left"])) < 5
        assert told()["basis"] == "measuring, 4 of 8"
        assert told()["step"] == 10
        job.complete({})


def test_the_log_tells_phases_steps_and_the_end(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with worker(run_folder) as job:
        job.phase("training")
        for step in range(1, 101):
            job.report(step, 100, metrics={"loss": 0.5, "reward_margin": 0.25})
        job.complete({})
    lines = [line.partition("  ") for line in capsys.readouterr().err.splitlines()]
    assert all(time.strptime(moment, "%Y-%m-%d %H:%M:%S") for moment, _, _ in lines)
    words = [line for _, _, line in lines]
    assert words[:3] == ["attempt 1: test", "training", "step 1 of 100: loss 0.5, reward margin 0.25"]
    assert words[-2:] == ["step 100 of 100: loss 0.5, reward margin 0.25", "completed"]
    assert 10 <= sum(line.startswith("step ") for line in words) <= 13

    def body(job: worker) -> None:
        raise ModelError("no such model: fetch it.")

    (run_folder / files.OUTCOME).unlink()
    with pytest.raises(SystemExit):
        run(str(run_folder), body)
    assert "failed: no such model: fetch it." in capsys.readouterr().err
