"""Fitted head scorers: from a file of preferences to a folder, and back to the same numbers."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dualign.errors import InvalidInputError, ModelError, SampleFileError
from dualign.models.default import ensure_default_model
from dualign.models.scorers import HeadScorer, ScorerInfo, load_scorer, score_many, scoring
from dualign.models.scorers.encode import Encoder, Encoding, chat_turns
from dualign.models.scorers.fit import Columns, fit_scorer
from dualign.models.scorers.fitting import (
    Examples,
    calibration_table,
    fit_weights,
    held_out_scores,
    label_metrics,
    pair_metrics,
    wilson,
)
from dualign.models.scorers.head import load_head
from dualign.models.scorers.info import CALIBRATION, CONFIG, WEIGHTS
from dualign.models.scorers.text_features import COUNT_NAMES, N_HASHED, counts, hashed

TOPICS = (
    "sleep",
    "work",
    "my exam",
    "my sister",
    "a long trip",
    "the garden",
    "money",
    "noise",
    "pain",
    "rain",
)
ASKS = (
    "I worry about {}.",
    "What helps with {}?",
    "Tell me about {}.",
    "{} keeps me up.",
    "Why {}?",
    "{}, again.",
)
KIND = ("I am sorry to hear that.\nYou could talk to someone about {}.", "Thank you for telling me about {}.")
RUDE = ("I hate {}, you idiot.", "Shut up about {}.")


def preferences() -> pd.DataFrame:
    """Sixty prompts, each with a kind and a rude reply; every third reply has a line break in it."""
    rows = [(ask.format(topic), topic) for ask in ASKS for topic in TOPICS]
    return pd.DataFrame(
        {
            "prompt": [prompt for prompt, _ in rows],
            "chosen": [KIND[k % 2].format(topic) for k, (_, topic) in enumerate(rows)],
            "rejected": [RUDE[k % 2].format(topic) for k, (_, topic) in enumerate(rows)],
        }
    )


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ScorerInfo]:
    root = tmp_path_factory.mktemp("fit")
    file = root / "pairs.csv"
    preferences().to_csv(file, index=False)
    info = fit_scorer([file], name="kind", licence="CC0", folder=root / "kind", threads=1)
    return root / "kind", info


@pytest.fixture
def copied(fitted: tuple[Path, ScorerInfo], tmp_path: Path) -> Path:
    return Path(shutil.copytree(fitted[0], tmp_path / "kind"))


def edit(folder: Path, **changes: object) -> None:
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_counts_of_a_reply() -> None:
    row = dict(
        zip(
            COUNT_NAMES, np.expm1(counts(["You can't? I may.\n1. Talk to a doctor.\n- rest"])[0]), strict=True
        )
    )
    assert row["log_words"] == pytest.approx(11)
    expected = {"questions": 1, "refusals": 1, "care": 2, "second_person": 1, "first_person": 1}
    expected |= {"hedges": 1, "steps": 2, "insults": 0}
    assert {name: round(row[name]) for name in expected} == expected


def test_hashed_words_have_unit_length_and_one_apostrophe() -> None:
    rows = hashed(["don't go", "don\u2019t go", ""]).toarray()
    assert rows.shape == (3, N_HASHED)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), [1, 1, 0])
    np.testing.assert_array_equal(rows[0], rows[1])


def test_dialogues_keep_their_turns() -> None:
    assert chat_turns("plain\nHuman: not a turn") == [("user", "plain\nHuman: not a turn")]
    assert chat_turns("\n\nHuman: a\nb\n\nAssistant: c\n\nHuman: d") == [
        ("user", "a\nb"),
        ("assistant", "c"),
        ("user", "d"),
    ]


def test_features_do_not_depend_on_the_company() -> None:
    encoder = Encoder(ensure_default_model(), depth=2, threads=1, dtype="float32")
    encoding = Encoding(layers=(1, 2), max_prompt_tokens=24, max_response_tokens=16)
    prompts = ["How are you?"] * 3 + ["a much longer prompt " * 9]
    responses = ["Fine.", "", "Fine, and a good deal longer than that one.\n", "No."]
    together = encoder.features(prompts, responses, encoding)
    assert together.shape == (4, 4, encoder.hidden_size)
    for i in range(4):
        alone = encoder.features(prompts[i : i + 1], responses[i : i + 1], encoding)
        np.testing.assert_allclose(alone[0], together[i], rtol=1e-3, atol=1e-3 * np.abs(together[i]).max())


def test_fit_writes_a_scorer_that_prefers_what_people_chose(fitted: tuple[Path, ScorerInfo]) -> None:
    folder, info = fitted
    assert sorted(path.name for path in folder.iterdir()) == sorted([CONFIG, WEIGHTS, CALIBRATION])
    assert info.metrics["accuracy"] > 0.9
    assert info.metrics["n"] == 60
    low, high = info.metrics["interval"]
    assert low < info.metrics["accuracy"] <= high <= 1
    assert info.data == ({"file": "pairs.csv", "rows": 60, "licence": "CC0"},)
    frame = preferences()
    scorer = load_scorer(folder)
    kind = scorer.score(list(frame.prompt), list(frame.chosen), threads=1)
    rude = scorer.score(list(frame.prompt), list(frame.rejected), threads=1)
    assert (kind > rude).mean() > 0.95
    both = np.concatenate([kind, rude])
    # Half-precision weights and another packing of the texts move the calibrated moments a little.
    assert both.mean() == pytest.approx(0, abs=0.03)
    assert both.std() == pytest.approx(1, abs=0.03)


def test_scores_repeat_and_one_pass_serves_every_head(
    fitted: tuple[Path, ScorerInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_head(fitted[0])
    turned = replace(first.head, hidden=-first.head.hidden, shift=0.5)
    second = HeadScorer(turned, replace(first.info, name="turned"))
    frame = preferences().iloc[:9]
    texts = (list(frame.prompt), list(frame.chosen))
    made: list[int] = []
    encoder = scoring.Encoder

    def counting(folder: Path, *, depth: int, threads: int | None) -> Encoder:
        made.append(depth)
        return encoder(folder, depth=depth, threads=threads)

    monkeypatch.setattr(scoring, "Encoder", counting)
    together = score_many([second, first], *texts, threads=1)
    assert list(together) == ["turned", "kind"]
    assert len(made) == 1
    np.testing.assert_array_equal(together["kind"], first.score(*texts, threads=1))
    np.testing.assert_array_equal(together["turned"], second.score(*texts, threads=1))
    with pytest.raises(InvalidInputError, match="2 prompts but 1 responses"):
        score_many([first], ["a", "b"], ["c"])


@pytest.mark.parametrize("name", [WEIGHTS, CALIBRATION])
def test_a_flipped_byte_is_refused(copied: Path, name: str) -> None:
    data = bytearray((copied / name).read_bytes())
    data[-1] ^= 1
    (copied / name).write_bytes(data)
    with pytest.raises(ModelError, match=rf"{name} of scorer 'kind' does not match its SHA-256"):
        load_scorer(copied)


@pytest.mark.parametrize("name", [WEIGHTS, CALIBRATION])
def test_a_file_without_checksum_or_missing_is_refused(copied: Path, name: str) -> None:
    files = json.loads((copied / CONFIG).read_text("utf-8"))["files"]
    (copied / name).unlink()
    with pytest.raises(ModelError, match=name):
        load_scorer(copied)
    edit(copied, files={key: value for key, value in files.items() if key != name})
    with pytest.raises(ModelError, match=f"records no checksum for {name}"):
        load_scorer(copied)


def test_records_that_cannot_be_used_are_refused(copied: Path) -> None:
    with pytest.raises(ModelError, match="leave ':cost' out"):
        load_scorer(f"{copied}:cost")
    edit(copied, schema_version=2)
    with pytest.raises(ModelError, match="newer than 1: update dualign"):
        load_scorer(copied)
    edit(copied, schema_version=1, files=None)
    with pytest.raises(ModelError, match="lacks its name or its checksums"):
        load_scorer(copied)
    (copied / CONFIG).write_text("[1", "utf-8")
    with pytest.raises(ModelError, match=r"no readable scorer\.json"):
        load_scorer(copied)
    with pytest.raises(ModelError, match="no scorer is named 'nobody'"):
        load_scorer("nobody")


def test_files_that_cannot_be_fitted_are_refused(fitted: tuple[Path, ScorerInfo], tmp_path: Path) -> None:
    file = tmp_path / "few.jsonl"
    preferences().iloc[:20].to_json(file, orient="records", lines=True)
    with pytest.raises(InvalidInputError, match="20 rows are too few"):
        fit_scorer([file], name="few")
    with pytest.raises(SampleFileError, match="has no column 'better'"):
        fit_scorer([file], name="few", columns=Columns(chosen="better"))
    labelled = tmp_path / "labelled.csv"
    pd.DataFrame({"prompt": "p", "response": "r", "label": [0, 1, 2] * 20}).to_csv(labelled, index=False)
    with pytest.raises(InvalidInputError, match=r"must be 0 and 1, both present: seen \['0', '1', '2'\]"):
        fit_scorer([labelled], name="few", columns=Columns(response="response", label="label"))
    pd.DataFrame({"prompt": "p", "response": "r", "label": [0, 1] * 30}).to_csv(labelled, index=False)
    with pytest.raises(InvalidInputError, match="all 60 replies in 'response' are the same text"):
        fit_scorer([labelled], name="few", columns=Columns(response="response", label="label"))
    alike = preferences()
    alike.loc[4:, "rejected"] = alike.loc[4:, "chosen"]
    alike.to_json(file, orient="records", lines=True)
    with pytest.raises(InvalidInputError, match="56 of the 60 pairs hold the same text as 'chosen' and as"):
        fit_scorer([file], name="few")
    with pytest.raises(ModelError, match="already named 'kind'"):
        fit_scorer([file], name="kind", folder=fitted[0])


def test_what_does_not_vary_has_no_correlation() -> None:
    pairs = np.array([[0, 1]])
    assert pair_metrics(np.array([1.0, 0.0]), pairs, ["yes", "yes"])["correlation_with_log_length"] is None
    assert pair_metrics(np.array([1.0, 0.0]), pairs, ["yes", "no"])["correlation_with_log_length"] > 0.99


def examples(prompts: list[str], labels: np.ndarray) -> Examples:
    n = len(prompts)
    none = np.zeros((0, 2), dtype=np.int64)
    return Examples(prompts, ["r"] * n, none, np.arange(n), labels, np.zeros(n, dtype=np.int64))


def test_no_opening_is_in_two_folds() -> None:
    """Each opening has a column of its own, so a weight on it can only come from replies that share it."""
    rng = np.random.default_rng(0)
    opening = np.repeat(np.arange(30), 4)
    prompts = [f"\n\nHuman: opening {k}\n\nAssistant: turn {i}" for i, k in enumerate(opening)]
    known = examples(prompts, (rng.random(30) < 0.5).astype(float)[opening])
    matrix = np.eye(30, dtype=np.float32)[opening]
    assert np.abs(fit_weights(matrix, known, ridge=0.3)).min() > 0.1
    np.testing.assert_array_equal(held_out_scores(matrix, known, ridge=0.3), 0)


def test_weights_solve_the_penalised_problem() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(400, 3)).astype(np.float32)
    truth = np.array([1.5, -1.0, 0.0])
    pairs = np.arange(400).reshape(200, 2)
    margin = (matrix[pairs[:, 0]] - matrix[pairs[:, 1]]) @ truth
    swap = rng.random(200) > 1 / (1 + np.exp(-margin))
    pairs[swap] = pairs[swap][:, ::-1]
    empty = np.zeros(0, dtype=np.int64)
    known = Examples(["p"] * 400, ["r"] * 400, pairs, empty, np.zeros(0), empty)
    weights = fit_weights(matrix, known, ridge=0.3)
    difference = (matrix[pairs[:, 0]] - matrix[pairs[:, 1]]).astype(float)
    gradient = 0.3 * weights - difference.T @ (1 / (1 + np.exp(difference @ weights)))
    np.testing.assert_allclose(gradient, 0, atol=0.02)
    np.testing.assert_allclose(weights, truth, atol=0.5)


def test_metrics_of_pairs_and_labels() -> None:
    pairs = np.array([[0, 1], [2, 3], [4, 5], [6, 7]])
    scores = np.array([1.0, 0.0, 0.0, 1.0, 2.0, 2.0, 3.0, 1.0])
    lengths = (5, 3, 5, 3, 3, 5, 4, 4)
    found = pair_metrics(scores, pairs, ["x" * n for n in lengths])
    assert found["accuracy"] == pytest.approx(2.5 / 4)
    assert found["longer_reply_wins"] == pytest.approx(2.5 / 4)
    assert found["interval"] == list(wilson(2.5, 4))
    labels = np.array([1.0, 1.0, 0.0, 0.0])
    assert label_metrics(np.array([3.0, 1.0, 2.0, 0.0]), np.arange(4), labels)["auc"] == pytest.approx(0.75)
    assert label_metrics(np.array([3.0, 2.0, 1.0, 0.0]), np.arange(4), labels)["accuracy"] == 1.0
    assert wilson(50, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)


def test_calibration_sees_a_bias() -> None:
    rng = np.random.default_rng(2)
    predicted = rng.random(20_000)
    observed = (rng.random(20_000) < predicted).astype(float)
    good = calibration_table(predicted, observed)
    assert good["expected_calibration_error"] < 0.015
    assert [row["n"] for row in good["bins"]] == [2000] * 10
    assert all(row["low"] < row["observed"] < row["high"] for row in good["bins"])
    assert calibration_table(predicted * 0.5, observed)["expected_calibration_error"] == pytest.approx(
        0.25, abs=0.02
    )
