"""Names that cannot stand in the store are refused before any work, and nothing is written outside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pytest

from dualign.cli import main
from dualign.samples import Manifest, SampleSet, Store


def _refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments, "--json"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    assert "unexpected" not in captured.err
    return captured.err


@pytest.fixture(autouse=True)
def _no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> Iterator[None]:
        raise AssertionError("the name is refused before any work")

    for module, name in (
        ("collect", "open_run"),
        ("scorers.scoring", "load_scorer"),
        ("scorers.fit", "_read"),
    ):
        monkeypatch.setattr(import_module(f"dualign.models.{module}"), name, never)


@pytest.fixture
def texts(temporary_store: Path) -> None:
    table = pa.table(
        {
            "prompt_id": pa.array([0], pa.int32()),
            "prompt": ["hello"],
            "group": [""],
            "response_id": pa.array([0], pa.int32()),
            "response": ["yes"],
        }
    )
    Store().save(SampleSet(table, Manifest(name="four")))


@pytest.mark.parametrize("name", ["../../x", "a/b", "/tmp/x", "", "..", "demo", "DEMO", "con"])
def test_collect_and_score(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, temporary_store: Path, texts: None, name: str
) -> None:
    prompts = tmp_path / "p.jsonl"
    prompts.write_text(json.dumps({"prompt": "hello"}), "utf-8")
    before = sorted(tmp_path.rglob("*"))
    assert "name" in _refused(capsys, "collect", str(prompts), "--name", name)
    if name:
        assert "name" in _refused(capsys, "score", "four", "--name", name)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["../../esc2", "a/b", "harmless", "Helpful", ""])
def test_fit_scorer(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("prompt,chosen,rejected\n" + "a,b,c\n" * 60, "utf-8")
    before = sorted(tmp_path.rglob("*"))
    assert "scorer" in _refused(capsys, "fit-scorer", str(pairs), "--name", name)
    assert sorted(tmp_path.rglob("*")) == before
