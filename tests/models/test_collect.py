from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dualign.errors import DualignError, InvalidInputError, SampleFileError, StoreError
from dualign.models.collect import Progress, collect, provenance
from dualign.models.sampling import SampleOptions
from dualign.models.shards import (
    CollectedPrompt,
    Prompt,
    export_collected,
    interleave,
    long_rows,
    read_prompts,
    read_shards,
)

PROMPTS = [Prompt(prompt_id=i, text=f"say {'abcdefgh'[i]}", group="xy"[i % 2]) for i in range(6)]
OPTIONS = SampleOptions(max_new_tokens=12)


def _draws(folder: Path) -> dict[int, list[tuple[int, ...]]]:
    return {item.prompt.prompt_id: [r.tokens for r in item.replies] for item in read_shards(folder)}


def _collect(
    folder: Path, model: Path, prompts: Sequence[Prompt] = PROMPTS, *, n: int = 5, seed: int = 1
) -> Path:
    return collect(prompts, reference=str(model), n_responses=n, seed=seed, out=folder, options=OPTIONS)


@pytest.fixture(scope="module")
def finished(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _collect(tmp_path_factory.mktemp("run") / "whole", tiny_folder)


def test_every_prompt_gets_its_replies(finished: Path) -> None:
    assert {k: len(v) for k, v in _draws(finished).items()} == dict.fromkeys(range(6), 5)


def test_progress_counts_and_estimates(tiny_folder: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    collect(
        PROMPTS[:3],
        reference=str(tiny_folder),
        n_responses=2,
        out=tmp_path / "run",
        options=OPTIONS,
        on_progress=seen.append,
    )
    assert [(p.done, p.total) for p in seen] == [(1, 3), (2, 3), (3, 3)]
    assert seen[0].remaining_seconds is not None
    assert seen[0].remaining_seconds > 0
    assert seen[-1].remaining_seconds == 0


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.5, 0.77, 0.999])
def test_a_torn_file_is_resumed_with_the_same_draws(
    finished: Path, tiny_folder: Path, tmp_path: Path, kept: float
) -> None:
    whole = (finished / "shard-00.jsonl").read_bytes()
    (tmp_path / "settings.json").write_bytes((finished / "settings.json").read_bytes())
    (tmp_path / "shard-00.jsonl").write_bytes(whole[: int(kept * len(whole))])
    before = set(_draws(tmp_path))
    assert before < set(range(6))
    _collect(tmp_path, tiny_folder)
    assert _draws(tmp_path) == _draws(finished)


def test_a_killed_run_of_two_workers_is_resumed_with_the_same_draws(
    tiny_folder: Path, tmp_path: Path
) -> None:
    prompts = [Prompt(prompt_id=i, text=f"a {i}") for i in range(3000)]
    listing = tmp_path / "prompts.jsonl"
    listing.write_text("".join(json.dumps({"prompt": p.text}) + "\n" for p in prompts), "utf-8")
    script = tmp_path / "go.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from dualign.models import SampleOptions, collect, read_prompts\n"
        "if __name__ == '__main__':\n"
        "    prompts, options = read_prompts(Path(sys.argv[1])), SampleOptions(max_new_tokens=12)\n"
        "    collect(prompts, reference=sys.argv[2], n_responses=5, seed=1, workers=2, threads=1,\n"
        "            out=Path(sys.argv[3]), options=options)\n",
        "utf-8",
    )
    run = tmp_path / "run"
    command = [sys.executable, str(script), str(listing), str(tiny_folder), str(run)]
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 300
        while len(list(run.glob("shard-0*.jsonl"))) < 2:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(0.1)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    done = _draws(run)
    assert 2 <= len(done) < 3000
    few = [p for p in prompts if p.prompt_id in list(done)[:6]]
    again = _collect(tmp_path / "again", tiny_folder, few)
    assert _draws(again) == {p.prompt_id: done[p.prompt_id] for p in few}


def test_other_settings_are_named_and_change_nothing(finished: Path, tiny_folder: Path) -> None:
    before = (finished / "shard-00.jsonl").read_bytes()
    with pytest.raises(StoreError, match=r"seed \(1 then, 2 now\)"):
        _collect(finished, tiny_folder, seed=2)
    with pytest.raises(StoreError, match=r"n_responses \(5 then, 6 now\)"):
        _collect(finished, tiny_folder, n=6)
    other = [*PROMPTS[:5], Prompt(prompt_id=5, text="new text")]
    with pytest.raises(StoreError, match="the prompts"):
        _collect(finished, tiny_folder, other)
    assert (finished / "shard-00.jsonl").read_bytes() == before


def test_the_long_form_is_sorted_and_complete(finished: Path, tmp_path: Path) -> None:
    assert export_collected(finished, tmp_path / "out.parquet") == 30
    table = pq.read_table(tmp_path / "out.parquet")
    keys = list(zip(table["prompt_id"].to_pylist(), table["response_id"].to_pylist(), strict=True))
    assert keys == sorted(keys)
    assert len(set(keys)) == 30
    assert export_collected(finished, tmp_path / "out.jsonl") == 30
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == table.to_pylist()
    with pytest.raises(InvalidInputError, match="parquet"):
        export_collected(finished, tmp_path / "out.xlsx")


def test_an_unfinished_run_is_exported_on_request_only(finished: Path, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_bytes((finished / "settings.json").read_bytes())
    first = (finished / "shard-00.jsonl").read_bytes().splitlines(keepends=True)[0]
    (tmp_path / "shard-00.jsonl").write_bytes(first)
    with pytest.raises(StoreError, match="1 of 6 prompts"):
        export_collected(tmp_path, tmp_path / "out.jsonl")
    assert export_collected(tmp_path, tmp_path / "out.jsonl", partial=True) == 5
    with pytest.raises(StoreError, match="no collection run"):
        export_collected(tmp_path / "none", tmp_path / "out.jsonl")


def test_provenance_says_when_draws_are_not_exact(finished: Path, tiny_folder: Path, tmp_path: Path) -> None:
    record = provenance(finished)
    assert record["exact"] is True
    assert "note" not in record
    assert record["reference"]["base"] == str(tiny_folder)
    options = SampleOptions(max_new_tokens=5, temperature=0.5)
    collect(PROMPTS[:1], reference=str(tiny_folder), n_responses=2, out=tmp_path / "r", options=options)
    assert "temperature 0.5" in provenance(tmp_path / "r")["note"]
    assert all(row["log_weight"] != 0 for row in long_rows(list(read_shards(tmp_path / "r"))))


def test_groups_take_turns() -> None:
    prompts = [Prompt(prompt_id=i, text="t", group=g) for i, g in enumerate("aaabbc")]
    assert [p.prompt_id for p in interleave(prompts)] == [0, 3, 5, 1, 4, 2]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no prompts"),
        ("{", "line 1 is not JSON"),
        ('{"prompt": "a"}\n\n{"prompt": ""}', "line 3"),
        ('["a"]', "line 1"),
        ('{"prompt": "a", "prompt_id": 1.5}', "whole number"),
        ('{"prompt": "a", "prompt_id": 1}\n{"prompt": "b", "prompt_id": 1}', "occurs twice"),
    ],
)
def test_faulty_prompt_files_are_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text(text, "utf-8")
    with pytest.raises(DualignError, match=named):
        read_prompts(path)


def test_a_missing_prompt_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SampleFileError, match="cannot be read"):
        read_prompts(tmp_path / "none.jsonl")


def test_impossible_requests_are_refused_before_anything_is_written(
    tiny_folder: Path, tmp_path: Path
) -> None:
    for n, server in ((0, None), (1, "http://127.0.0.1:1")):
        with pytest.raises(InvalidInputError):
            collect(PROMPTS, reference=str(tiny_folder), n_responses=n, server=server, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_worker_s_fault_is_told_as_a_sentence(tiny_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DualignError, match="No server answers"):
        collect(
            PROMPTS[:2],
            reference=str(tiny_folder),
            n_responses=1,
            server="http://127.0.0.1:9",
            served_model="m",
            out=tmp_path / "run",
        )


def test_a_repeated_record_counts_once(finished: Path, tmp_path: Path) -> None:
    line = (finished / "shard-00.jsonl").read_bytes().splitlines(keepends=True)[0]
    (tmp_path / "shard-00.jsonl").write_bytes(line + b"\x00\xff garbage\n")
    (tmp_path / "shard-01.jsonl").write_bytes(line + line[:40])
    items: list[CollectedPrompt] = list(read_shards(tmp_path))
    assert len(items) == 1


def test_a_run_without_replies_does_not_hold_its_folder(tiny_folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(DualignError, match="No server answers"):
        collect(
            PROMPTS[:1],
            reference=str(tiny_folder),
            n_responses=1,
            server="http://127.0.0.1:9",
            served_model="m",
            out=run,
        )
    _collect(run, tiny_folder, PROMPTS[:1], n=2, seed=7)
    assert {k: len(v) for k, v in _draws(run).items()} == {0: 2}


def test_two_processes_do_not_collect_into_one_folder(tiny_folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    hold = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from dualign.models.shards import locked\n"
        "with locked(Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", hold, str(run)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match="another process is collecting"):
            _collect(run, tiny_folder, PROMPTS[:1])
        assert not list(run.glob("*.jsonl"))
    finally:
        process.kill()
        process.communicate()
    _collect(run, tiny_folder, PROMPTS[:1], n=1)  # the lock went with its process
    assert len(_draws(run)) == 1


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"threads": 0}, {"n_responses": 0}])
def test_bad_values_are_told_before_the_folder_is_looked_at(
    finished: Path, tiny_folder: Path, wrong: dict[str, int]
) -> None:
    with pytest.raises(InvalidInputError, match="must be at least"):
        collect(PROMPTS, reference=str(tiny_folder), out=finished, options=OPTIONS, **wrong)  # type: ignore[arg-type]
