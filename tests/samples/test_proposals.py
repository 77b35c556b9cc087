"""What a file's column names are taken for: signs, identifiers, groups and prompts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dualign.errors import SampleFileError
from dualign.samples import Store, import_file, propose_mapping
from dualign.samples.names import is_cost, is_utility


def _table(path: Path, **columns: object) -> Path:
    frame = pd.DataFrame({"prompt": [f"q{k // 8}" for k in range(96)], **columns})
    frame.to_csv(path, index=False)
    return path


def _noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=96).round(6)


@pytest.mark.parametrize(
    "name",
    ["toxicity", "cost", "harm", "harmful", "unsafe", "risk_score", "severity", "is_offensive", "violation"],
)
def test_costs(name: str) -> None:
    assert is_cost(name)
    assert not is_utility(name)


@pytest.mark.parametrize(
    "name",
    [
        "non_toxic",
        "nontoxic",
        "low_risk",
        "Non-Toxic",
        "not_harmful",
        "toxicity_free",
        "harm_avoidance",
        "no_violation",
        "safe",
        "harmless",
        "honesty",
    ],
)
def test_utilities(name: str) -> None:
    assert is_utility(name)
    assert not is_cost(name)


def test_a_cost_turned_round_keeps_its_sign(tmp_path: Path) -> None:
    path = _table(tmp_path / "t.csv", helpful=_noise(), non_toxic=_noise(1), severity=_noise(2))
    found = import_file(path, name="mine").manifest
    assert found.utilities == ("non_toxic", "severity")
    assert not found.scores["non_toxic"].cost
    assert found.scores["severity"].cost
    assert "less is better" in found.provenance["why"]["sign of severity"]
    asked = import_file(path, name="other", utilities=["non_toxic:cost"]).manifest
    assert asked.provenance["why"]["sign of non_toxic"].startswith("asked for as a cost")


def test_labels_of_rows_are_no_scores(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"prompt": [f"q{k // 8}" for k in range(96)], "helpful": _noise(), "safe": _noise(1)}
    )
    frame = frame.sample(90, random_state=0)
    frame.to_parquet(tmp_path / "pandas.parquet")
    assert "__index_level_0__" in pq.read_schema(tmp_path / "pandas.parquet").names
    found = propose_mapping(tmp_path / "pandas.parquet").mapping
    assert {item.name for item in found.scores} == {"helpful", "safe"}
    ids = _table(
        tmp_path / "ids.csv", questionID=np.repeat(np.arange(48), 2), upvotes=_noise(), safe=_noise(1)
    )
    assert {item.name for item in propose_mapping(ids).mapping.scores} == {"upvotes", "safe"}


def test_a_column_that_differs_within_prompts_is_no_group(tmp_path: Path) -> None:
    own = [f"g{k // 32}" for k in range(96)]
    path = _table(
        tmp_path / "g.csv", category=list("ab") * 48, theme=own, helpful=_noise(), harmless=_noise(1)
    )
    proposal = propose_mapping(path)
    assert proposal.mapping.group is None
    assert any("'category' differs between replies" in warning for warning in proposal.warnings)
    assert set(import_file(path, name="none").groups) == {""}
    assert set(import_file(path, name="own", group="theme").groups) == {"g0", "g1", "g2"}
    with pytest.raises(SampleFileError, match="--no-group"):
        import_file(path, name="wrong", group="category")
    assert "wrong" not in Store().names()
    proper = _table(tmp_path / "p.csv", group=own, helpful=_noise(), harmless=_noise(1))
    assert propose_mapping(proper).mapping.group == "group"
    assert set(import_file(proper, name="left", group="").groups) == {""}


def test_the_column_of_the_replies_can_be_named(tmp_path: Path) -> None:
    path = _table(tmp_path / "r.csv", said=[f"s{k}" for k in range(96)], helpful=_noise(), harmless=_noise(1))
    assert import_file(path, name="named", response="said").responses(0)[1] == "s1"


def test_a_prompt_is_no_kind_of_reply(tmp_path: Path) -> None:
    table = pa.table(
        {
            "response_type": ["comply", "refuse"] * 24,
            "prompt_messages": [f'[{{"role": "user", "content": "{k // 4}"}}]' for k in range(48)],
            "completion": [f"c{k}" for k in range(48)],
        }
    )
    pq.write_table(table, tmp_path / "r.parquet")
    assert propose_mapping(tmp_path / "r.parquet").mapping.prompt_by == "prompt_messages"


def test_decimal_commas_are_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "semi.csv"
    path.write_text("prompt;helpful;harmless\n" + "a;1,5;2\na;1,25;3\n" * 8, "utf-8")
    warnings = propose_mapping(path).warnings
    assert any("'helpful' is taken as text" in text and "'1,5'" in text for text in warnings)


def test_a_score_has_a_name_that_can_be_printed(tmp_path: Path) -> None:
    for names, words in ((["\x1b[31mred"], "printable"), ([""], "none empty")):
        np.savez(tmp_path / "n.npz", reward=np.ones((2, 3)), g=np.ones((2, 3, 1)), names=np.array(names))
        with pytest.raises(SampleFileError, match=words):
            import_file(tmp_path / "n.npz", name="n")
