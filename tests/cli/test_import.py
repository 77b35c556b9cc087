"""``dualign import`` says how it read a file; ``dualign samples`` lists a store that holds damaged sets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dualign.cli import main


@pytest.fixture
def scores(tmp_path: Path) -> str:
    z = np.random.default_rng(0).normal(size=(96, 3))
    rows = [f"q{k // 8},{'ab'[k % 2]},r{k},{a:.5f},{b:.5f},{c:.5f}" for k, (a, b, c) in enumerate(z)]
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(["prompt,category,reply,helpful,toxicity,humor", *rows]), "utf-8")
    return str(path)


def test_roles_signs_and_warnings_are_printed(capsys: pytest.CaptureFixture[str], scores: str) -> None:
    assert main(["import", scores, "--name", "mine"]) == 0
    text = capsys.readouterr().out
    assert "reward 'helpful': column 'helpful', better when larger" in text
    assert "utility 'toxicity': minus column 'toxicity', a cost" in text
    assert "'category' differs between replies" in text
    arguments = [
        "--reward",
        "humor",
        "--utility",
        "helpful:cost",
        "--response",
        "reply",
        "--no-group",
        "--json",
    ]
    assert main(["import", scores, "--name", "other", *arguments]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["reward"] == "humor"
    assert record["signs"]["helpful"] == {"column": "helpful", "cost": True}
    assert record["why"]["reward"] == "as asked for"
    assert record["format"] == "table"
    assert main(["solve", "mine", "--threshold", "toxicity>=0.1"]) == 0
    assert "'toxicity' is minus the cost 'toxicity'" in capsys.readouterr().out


def test_damaged_sets_are_listed_beside_the_others(
    capsys: pytest.CaptureFixture[str], scores: str, temporary_store: Path
) -> None:
    for name in ("good", "broken", "gone", "newer"):
        assert main(["import", scores, "--name", name]) == 0
    root = temporary_store / "samples"
    (root / "broken" / "manifest.json").write_text("{", "utf-8")
    (root / "gone" / "samples.parquet").unlink()
    newer = json.loads((root / "newer" / "manifest.json").read_text("utf-8"))
    (root / "newer" / "manifest.json").write_text(json.dumps(newer | {"schema_version": 99}), "utf-8")
    capsys.readouterr()
    assert main(["samples", "--json"]) == 0
    records = {record["name"]: record for record in json.loads(capsys.readouterr().out)["samples"]}
    assert records["good"]["prompts"] == 12
    assert "error" not in records["demo"]
    for name in ("broken", "gone", "newer"):
        assert name in records[name]["error"]
    assert main(["samples"]) == 0
    text = capsys.readouterr().out
    assert "'newer' is damaged: " in text
    assert "good" in text
