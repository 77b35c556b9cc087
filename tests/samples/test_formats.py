"""Every layout is recognised, with a mapping and its reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dualign.errors import InvalidInputError, SampleFileError
from dualign.samples import Parsed, SampleSet, choose_scores, sample_set_of
from dualign.samples.parse import parse_file
from tests.samples.tables import write_jsonl

CANNOT = "cannot give D"


def _as(path: Path, records: list[dict[str, Any]]) -> Parsed:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(records), path)
    else:
        write_jsonl(path, records)
    return parse_file(path)


def _helpsteer() -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    attributes = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")
    return [
        {"prompt": f"p{k // 2}", "response": f"r{k}"} | {name: int(rng.integers(0, 5)) for name in attributes}
        for k in range(20)
    ]


def _ultrafeedback(*, nested: bool) -> list[dict[str, Any]]:
    def rating(value: int) -> Any:
        return {"Rating": str(value), "Rationale": "because", "Type": ["1"]} if nested else value

    aspects = ("instruction_following", "honesty", "truthfulness", "helpfulness")
    return [
        {
            "source": "made",
            "instruction": f"do {p}",
            "models": ["a", "b", "c", "d"],
            "completions": [
                {
                    "model": model,
                    "principle": "helpfulness",
                    "response": f"{p} {model}",
                    "overall_score": 7.5,
                    "fine-grained_score": 4.0,
                    "annotations": {name: rating((p + k + j) % 5 + 1) for j, name in enumerate(aspects)},
                }
                for k, model in enumerate("abcd")
            ],
            "correct_answers": ["None"],
        }
        for p in range(5)
    ]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_helpsteer2(tmp_path: Path, suffix: str) -> None:
    found = _as(tmp_path / f"t{suffix}", _helpsteer())
    proposal = found.proposal
    assert (proposal.format, proposal.n_prompts, proposal.n_rows) == ("helpsteer2", 10, 20)
    assert (proposal.mapping.reward, proposal.mapping.utilities) == ("helpfulness", ("verbosity",))
    assert "pulls against" in proposal.why["utilities"]
    made = sample_set_of(found, name="t")
    assert made.manifest.scores["verbosity"].cost
    assert made.table["verbosity"].to_pylist() == [-record["verbosity"] for record in _helpsteer()]
    chosen = choose_scores(proposal, reward="helpfulness", utilities=["correctness", "complexity:cost"])
    again = sample_set_of(found, chosen, name="t")
    assert again.manifest.utilities == ("correctness", "complexity")
    assert again.table["complexity"].to_pylist() == [-record["complexity"] for record in _helpsteer()]
    assert again.table["correctness"].to_pylist() == [record["correctness"] for record in _helpsteer()]
    assert set(again.manifest.scores) >= {"coherence", "verbosity"}


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize("nested", [True, False])
def test_ultrafeedback(tmp_path: Path, suffix: str, nested: bool) -> None:
    found = _as(tmp_path / f"t{suffix}", _ultrafeedback(nested=nested))
    assert found.proposal.format == "ultrafeedback"
    assert found.proposal.mapping.reward == "helpfulness"
    assert found.proposal.mapping.utilities == ("honesty", "truthfulness")
    made = sample_set_of(found, name="t")
    assert made.scored().rewards.shape == (5, 4)
    assert made.table["helpfulness"].to_pylist()[:4] == [4.0, 5.0, 1.0, 2.0]
    assert made.table["response_label"].to_pylist()[:4] == list("abcd")
    assert "overall_score" in made.manifest.scores


def test_ultrafeedback_without_a_rating(tmp_path: Path) -> None:
    records = _ultrafeedback(nested=True)
    records[3]["completions"][1]["annotations"]["honesty"]["Rating"] = "N/A"
    found = _as(tmp_path / "t.jsonl", records)
    assert any("'honesty' has 1 value absent" in warning for warning in found.proposal.warnings)
    with pytest.raises(SampleFileError, match=r"row 4, column 'honesty': no value.*--missing drop"):
        sample_set_of(found, name="t")
    from dataclasses import replace

    made = sample_set_of(found, replace(found.proposal.mapping, missing="drop"), name="t")
    np.testing.assert_array_equal(made.counts, [4, 4, 4, 3, 4])
    assert made.manifest.provenance["notes"] == ["1 of 20 replies were dropped for a missing score"]


def test_pku_saferlhf(tmp_path: Path) -> None:
    records = [
        {
            "prompt": f"p{k}",
            "response_0": "a",
            "response_1": "b",
            "is_response_0_safe": k % 2 == 0,
            "is_response_1_safe": True,
            "response_0_severity_level": k % 3,
            "response_1_severity_level": 0,
            "better_response_id": k % 2,
            "safer_response_id": 1,
        }
        for k in range(6)
    ]
    found = _as(tmp_path / "t.jsonl", records)
    assert found.proposal.format == "pku-saferlhf"
    assert any("labels" in warning for warning in found.proposal.warnings)
    made = sample_set_of(found, name="t")
    assert (made.manifest.reward, made.manifest.utilities) == ("better", ("safe",))
    assert made.table["better"].to_pylist()[:4] == [1.0, 0.0, 0.0, 1.0]
    assert made.table["safe"].to_pylist()[:4] == [1.0, 1.0, 0.0, 1.0]
    assert made.table["severity"].to_pylist()[2] == -1.0


@pytest.mark.parametrize(
    ("format", "record"),
    [
        ("trl-preference", {"prompt": "p", "chosen": "a", "rejected": "b"}),
        (
            "trl-preference",
            {
                "prompt": [{"role": "user", "content": "p"}],
                "chosen": [{"role": "assistant", "content": "a"}],
                "rejected": [{"role": "assistant", "content": "b"}],
            },
        ),
        (
            "hh",
            {
                "chosen": [{"role": "user", "content": "p"}, {"role": "assistant", "content": "a"}],
                "rejected": [{"role": "user", "content": "p"}, {"role": "assistant", "content": "b"}],
            },
        ),
        ("hh", {"chosen": "\n\nHuman: p\n\nAssistant: a", "rejected": "\n\nHuman: p\n\nAssistant: b"}),
        ("trl-preference", {"prompt": "p", "safe_response": "a", "unsafe_response": "b"}),
        ("pairs", {"prompt": "p", "response_0": "a", "response_1": "b"}),
    ],
)
def test_pairs_without_scores(tmp_path: Path, format: str, record: dict[str, Any]) -> None:
    found = _as(tmp_path / "t.jsonl", [record])
    assert found.proposal.format == format
    assert not found.proposal.scored
    assert any(CANNOT in warning and "dualign score" in warning for warning in found.proposal.warnings)
    made = sample_set_of(found, name="t")
    assert made.prompts == ["p"]
    assert made.responses(0) == ["a", "b"]
    with pytest.raises(InvalidInputError, match=CANNOT):
        made.scored()


def test_hh_dialogue_keeps_its_turns(tmp_path: Path) -> None:
    shared = "\n\nHuman: one\n\nAssistant: two\n\nHuman: three"
    record = {"chosen": f"{shared}\n\nAssistant: a", "rejected": f"{shared}\n\nAssistant: b"}
    made = sample_set_of(_as(tmp_path / "t.jsonl", [record]), name="t")
    assert made.prompts == [shared.strip()]
    assert made.responses(0) == ["a", "b"]


def test_pairs_with_scores(tmp_path: Path) -> None:
    messages = {
        side: [{"role": "user", "content": "p"}, {"role": "assistant", "content": side}]
        for side in ("chosen", "rejected")
    }
    record = {"prompt": "p", **messages, "score_chosen": 8.5, "score_rejected": 2.0}
    found = _as(tmp_path / "t.jsonl", [record])
    assert found.proposal.mapping.reward == "score"
    assert any("nothing to constrain" in warning for warning in found.proposal.warnings)
    assert sample_set_of(found, name="t").table["score"].to_pylist() == [8.5, 2.0]


def test_rewardbench(tmp_path: Path) -> None:
    records = [
        {"id": str(k), "prompt": f"p{k}", "chosen": ["a"], "rejected": ["b", "c", "d"], "subset": "Safety"}
        for k in range(3)
    ]
    found = _as(tmp_path / "t.parquet", records)
    assert found.proposal.format == "rewardbench"
    made = sample_set_of(found, name="t")
    assert made.table["correct"].to_pylist()[:4] == [1.0, 0.0, 0.0, 0.0]
    assert made.groups == ["Safety"] * 3


def test_lists_of_replies_and_scores(tmp_path: Path) -> None:
    records = [
        {"prompt": f"p{k}", "responses": ["a", "b", "c"], "rewards": [1, 2, 3], "harmless": [0.5, 0.25, -1]}
        for k in range(2)
    ]
    found = _as(tmp_path / "t.jsonl", records)
    assert found.proposal.format == "lists"
    mapping = choose_scores(found.proposal, reward="rewards", utilities=["harmless"])
    made = sample_set_of(found, mapping, name="t")
    assert made.scored().utilities[0, :, 0].tolist() == [0.5, 0.25, -1.0]
    assert made.responses(1) == ["a", "b", "c"]
    records[1]["rewards"] = [1, 2]
    with pytest.raises(SampleFileError, match="row 71"):
        _as(tmp_path / "t.jsonl", [records[0]] * 70 + records[1:])


@pytest.mark.parametrize(
    ("record", "format", "labels"),
    [
        ({"prompt": "p", "completion": "a", "label": True}, "trl-unpaired", ["accepted"]),
        ({"prompt": "p", "completion": "a"}, "trl-prompt-completion", None),
        (
            {
                "prompt": [{"role": "user", "content": "p"}],
                "completion": [{"role": "assistant", "content": "a"}],
            },
            "trl-prompt-completion",
            None,
        ),
        ({"question_id": 7, "question": "p", "model": "m", "response": "a"}, "table", ["m"]),
    ],
)
def test_replies_without_scores(
    tmp_path: Path, record: dict[str, Any], format: str, labels: list[str] | None
) -> None:
    found = _as(tmp_path / "t.jsonl", [record])
    assert found.proposal.format == format
    assert not found.proposal.scored
    made = sample_set_of(found, name="t")
    assert (made.prompts, made.responses(0)) == (["p"], ["a"])
    if labels:
        assert made.table["response_label"].to_pylist() == labels


def test_collected_replies(tmp_path: Path) -> None:
    replies = [
        {"response": text, "log_prob": -1.5, "n_tokens": 3, "truncated": False, "tokens": [1, 2]}
        for text in "ab"
    ]
    records = [
        {"prompt_id": k, "group": "g", "prompt": f"p{k}", "seconds": 1.0, "replies": replies} for k in (1, 0)
    ]
    made = sample_set_of(_as(tmp_path / "t.jsonl", records), name="t")
    assert made.prompts == ["p0", "p1"]
    assert made.table["log_prob"].to_pylist() == [-1.5] * 4
    assert made.table["n_tokens"].type == pa.int32()


def _csv(path: Path, text: str) -> Parsed:
    path.write_text(text, "utf-8")
    return parse_file(path)


def test_plain_wide_csv(tmp_path: Path) -> None:
    rows = "".join(f"{'ab'[k % 2]} topic,{k},{k * 0.5},{-k},{k % 3}\n" for k in range(12))
    found = _csv(tmp_path / "t.csv", "topic_text,idx,alpha,beta_score,toxicity\n" + rows)
    mapping = found.proposal.mapping
    assert mapping.prompt_by == "topic_text"
    assert "repeats" in found.proposal.why["prompt"]
    assert mapping.reward == "alpha"
    assert mapping.utilities == ("toxicity",)
    assert "sign is turned" in found.proposal.why["sign of toxicity"]
    assert "idx" not in {item.name for item in mapping.scores}
    made = sample_set_of(found, name="t")
    assert made.scored().utilities[0, :3, 0].tolist() == [0.0, -2.0, -1.0]


def test_numbers_alone_are_one_prompt(tmp_path: Path) -> None:
    found = _csv(tmp_path / "t.csv", "r,g\n1,2\n3,4\n")
    assert found.proposal.mapping.prompt_by is None
    assert "one and the same prompt" in found.proposal.warnings[0]
    assert sample_set_of(found, name="t").scored().rewards.shape == (1, 2)


def test_identifier_that_contradicts_the_text_is_not_used(tmp_path: Path) -> None:
    text = "prompt_id,prompt,reward,safe\n1,a,1,2\n1,b,1,2\n2,a,1,2\n"
    found = _csv(tmp_path / "t.csv", text)
    assert found.proposal.mapping.prompt_by == "prompt"
    assert "grouped by the text" in found.proposal.warnings[0]
    from dataclasses import replace

    with pytest.raises(SampleFileError, match=r"row 2.*column 'prompt'.*another prompt"):
        sample_set_of(found, replace(found.proposal.mapping, prompt_by="prompt_id"), name="t")


def test_policies(tmp_path: Path) -> None:
    from dataclasses import replace

    text = "prompt_id,response_id,reward,safe\n3,1,1,2\n3,0,2,3\n5,0,4,1\n3,2,8,9\n"
    found = _csv(tmp_path / "t.csv", text)
    mapping = found.proposal.mapping
    made = sample_set_of(found, mapping, name="t")
    assert made.table["prompt_id"].to_pylist() == [3, 3, 3, 5]
    assert made.table["reward"].to_pylist() == [2.0, 1.0, 8.0, 4.0]
    assert made.prompts == ["prompt 3", "prompt 5"]
    trimmed = sample_set_of(found, replace(mapping, ragged="trim"), name="t")
    assert trimmed.table["reward"].to_pylist() == [2.0, 4.0]
    with pytest.raises(SampleFileError, match="1 to 3 replies"):
        sample_set_of(found, replace(mapping, ragged="reject"), name="t")
    scores = tuple(replace(item, scale="unit_variance") for item in mapping.scores)
    scaled = sample_set_of(found, replace(mapping, scores=scores), name="t")
    spread = np.sqrt(np.sum((np.array([2.0, 1.0, 8.0]) - 11 / 3) ** 2) / 4)
    np.testing.assert_allclose(scaled.table["reward"].to_numpy(), np.array([2.0, 1.0, 8.0, 4.0]) / spread)
    absolute = sample_set_of(found, replace(mapping, form="absolute"), name="t")
    assert absolute.manifest.default_form == "absolute"
    best = made.manifest.default_thresholds["safe"]
    assert absolute.manifest.default_thresholds["safe"] == pytest.approx(best + (14 / 3 + 1) / 2, rel=1e-4)
    with pytest.raises(SampleFileError, match=r"row 3.*reply 0.*row 2"):
        sample_set_of(
            _csv(tmp_path / "t.csv", text.replace("5,0", "3,0")),
            replace(mapping, response_id="response_id"),
            name="t",
        )


@pytest.mark.parametrize(
    ("reward", "utilities", "message"),
    [
        ("nope", None, "no column 'nope': its number columns are prompt_id, reward, safe"),
        ("reward", ["reward"], "named twice"),
        (None, ["reward:cost"], "named twice|both"),
        (None, ["safe", "safe:cost"], "named twice"),
    ],
)
def test_columns_named_wrongly(
    tmp_path: Path, reward: str | None, utilities: list[str] | None, message: str
) -> None:
    found = _csv(tmp_path / "t.csv", "prompt_id,reward,safe\n3,1,2\n")
    with pytest.raises(InvalidInputError, match=message):
        sample_set_of(found, choose_scores(found.proposal, reward=reward, utilities=utilities), name="t")


def _saved(folder: Path, table: pa.Table) -> None:
    folder.mkdir(parents=True)
    path = str(folder / "data-00000-of-00001.arrow")
    with pa.OSFile(path, "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    (folder / "state.json").write_text("{}")
    (folder / "dataset_info.json").write_text("{}")


def test_dataset_folders(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(_helpsteer())
    _saved(tmp_path / "one", table)
    _saved(tmp_path / "two" / "train", table)
    _saved(tmp_path / "two" / "test", table.slice(0, 2))
    (tmp_path / "two" / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    (tmp_path / "three" / "data").mkdir(parents=True)
    pq.write_table(table.slice(0, 10), tmp_path / "three" / "data" / "train-00000-of-00002.parquet")
    pq.write_table(table.slice(10), tmp_path / "three" / "data" / "train-00001-of-00002.parquet")
    pq.write_table(table.slice(0, 2), tmp_path / "three" / "data" / "test-00000-of-00001.parquet")
    hashes: set[str] = set()
    for name in ("one", "two", "three"):
        found = parse_file(tmp_path / name)
        assert found.proposal.format == "helpsteer2"
        assert any("split 'train' of" in text for text in found.proposal.warnings) == (name != "one")
        hashes.add(sample_set_of(found, name="t").content_hash)
    assert len(hashes) == 1
    (tmp_path / "none").mkdir()
    with pytest.raises(SampleFileError, match="no data of a Hugging Face dataset"):
        parse_file(tmp_path / "none")


def test_parquet_kinds(tmp_path: Path) -> None:
    table = pa.table(
        {
            "prompt": pa.array(["a", "a", "b"]).dictionary_encode(),
            "response": pa.array(["x", "y", "z"], pa.large_string()),
            "reward": pa.array([1.5, 2.5, 3.5], pa.float16()),
            "safe": pa.array([1, 2, 3], pa.decimal128(9, 2)),
            "flag": pa.array([True, False, True]),
            "when": pa.array([1, 2, 3], pa.timestamp("s")),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    made: SampleSet = sample_set_of(parse_file(tmp_path / "t.parquet"), name="t")
    assert made.table["reward"].to_pylist() == [1.5, 2.5, 3.5]
    assert made.table["safe"].to_pylist() == [1.0, 2.0, 3.0]
    assert made.table["flag"].to_pylist() == [1.0, 0.0, 1.0]
