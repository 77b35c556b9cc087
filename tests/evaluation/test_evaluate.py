from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dualign.alignment.policy_replies import divergences
from dualign.alignment.spec import AlignSpec, TrainOptions
from dualign.alignment.train import train
from dualign.cli.main import main
from dualign.errors import InvalidInputError, StoreError
from dualign.evaluation import evaluate as module
from dualign.evaluation.evaluate import EvaluateOptions, evaluate_policies
from dualign.evaluation.experiments import Options, run_experiment
from dualign.evaluation.policies import list_evaluations, read_evaluation
from dualign.evaluation.results import plain
from dualign.evaluation.summary import judged, setup_of, summary_row, summary_text
from dualign.evaluation.winrates import Verdict
from dualign.evaluation.worker import job_spec
from dualign.models import load_reference
from dualign.models.policies import load_policies
from dualign.samples import SampleSet, Store
from tests.alignment.letters import brevity, vowels

TRAINING = TrainOptions(
    steps=20,
    batch_size=4,
    replies=4,
    learning_rate=0.01,
    dtype="float32",
    threads=1,
    checkpoint_every=20,
    rank=4,
)
OPTIONS = EvaluateOptions(replies=6, threads=1)


class Letters:
    """A scorer of the tiny set."""

    def __init__(self, name: str) -> None:
        self.info = SimpleNamespace(name=name)
        self.rule = {"good": vowels, "safe": brevity}[name]

    def score(self, prompts: Sequence[str], responses: Sequence[str], **_: object) -> np.ndarray:
        return np.array([self.rule(text) for text in responses])


class Shorter:
    """A judge who likes short replies, as the tiny set's second score does."""

    def prefer(self, prompt: str, first: str, second: str) -> Verdict:
        return "first" if len(first) < len(second) else "second" if len(first) > len(second) else "tie"


@pytest.fixture(scope="module")
def policies(tiny_set: SampleSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two policies on the tiny set, trained once."""
    root = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DUALIGN_STORE", str(root))
        Store().save(tiny_set)
        for name, lam in (("free", 0.0), ("safer", 2.0)):
            spec = AlignSpec(samples=tiny_set.name, name=name, multipliers={"safe": lam}, options=TRAINING)
            train(spec, checkpoints=root / "checkpoints" / name)
    return root / "policies"


@pytest.fixture
def trained(
    policies: Path, stored_set: str, temporary_store: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Their names, the policies in the store and scorers for what they say."""
    shutil.copytree(policies, temporary_store / "policies")
    monkeypatch.setattr("dualign.models.scorers.scoring.load_scorer", lambda name: Letters(str(name)))
    return ["free", "safer"]


def test_policies_are_measured_stored_and_compared(trained: list[str], tmp_path: Path) -> None:
    told: list[str] = []
    assert [item.name for item in evaluate_policies(trained, OPTIONS, say=told.append)] == trained
    assert len(told) == 2
    # What was measured with the same settings is not measured again, and that is said.
    assert evaluate_policies(trained, OPTIONS, say=told.append) == []
    assert "free: shown as stored, 6 replies to each of 6 held-out prompts; --again" in told[2]
    found = {item.name: item for item in list_evaluations(Store().open("letters").content_hash)}
    assert set(found) == set(trained)
    rows = {name: summary_row(item) for name, item in found.items()}
    assert (
        rows["safer"].measured.utility_gains["safe"].value > rows["free"].measured.utility_gains["safe"].value
    )
    assert rows["safer"].measured.kl_estimator == "token-exact"
    assert rows["safer"].measured.kl.value > 0
    assert rows["safer"].predicted.utilities["safe"] > 0
    assert "safer: 6 held-out prompts, 6 replies each" in summary_text([rows["safer"]])
    assert json.dumps(plain(rows["safer"]))
    setup = setup_of(found["safer"])
    assert int(setup.held.sum()) == 6
    # The token-exact terms and the log-ratios estimate one and the same divergence.
    exact, ratio = found["safer"].padded("kl_exact"), found["safer"].padded("log_ratio")
    assert abs(exact.mean() - ratio.mean()) < 4 * ratio.std() / np.sqrt(ratio.size)
    assert exact.min() >= -1e-5
    rate = judged(found["safer"], Shorter(), pairs=3)
    assert rate.comparisons == 18
    assert rate.rate.low <= rate.rate.value <= rate.rate.high
    result = run_experiment("tradeoff", Options(samples="letters", draws=2, resamples=50, repeats=1))
    assert result.tables["trained"]["policy"] == trained
    assert "trained" in result.tables["front"]["kind"]
    assert any("of the predicted safe" in finding for finding in result.findings)


def test_a_damaged_evaluation_is_not_believed(trained: list[str], temporary_store: Path) -> None:
    evaluate_policies(["free"], OPTIONS)
    path = temporary_store / "results" / "policies" / "free" / "replies.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(StoreError, match="SHA-256"):
        read_evaluation("free")
    assert "free" not in [item.name for item in list_evaluations()]
    with pytest.raises(StoreError, match="has not been evaluated"):
        read_evaluation("safer")


def test_the_command_prints_gains_and_lessons(trained: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "safer", "--replies", "2", "--prompts", "4", "--threads", "1", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["policies"]
    assert row["measured"]["n_prompts"] == 4
    assert row["measured"]["n_replies"] == 2


def test_a_smaller_measurement_takes_no_place_of_a_larger_one(
    trained: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate_policies(["safer"], OPTIONS)
    before = read_evaluation("safer").record
    small = ["evaluate", "safer", "--replies", "2", "--prompts", "4", "--threads", "1"]
    assert main([*small, "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["policies"][0]["measured"]["n_prompts"] == 6
    assert "shown as stored" in said.err
    assert main([*small, "--again", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["policies"][0]["measured"]["n_prompts"] == 4
    assert "not stored, as 6 replies to each of 6 held-out prompts are stored already" in said.err
    assert read_evaluation("safer").record == before
    # As many of everything do.
    again = EvaluateOptions(replies=6, seed=1, threads=1)
    evaluate_policies(["safer"], again)
    assert read_evaluation("safer").record.seed == 1


@pytest.mark.parametrize(("option", "words"), [("prompts", "prompts is 0"), ("threads", "threads is 0")])
def test_the_option_that_is_wrong_is_named(
    trained: list[str], capsys: pytest.CaptureFixture[str], option: str, words: str
) -> None:
    assert main(["evaluate", "safer", f"--{option}", "0"]) == 1
    assert words in capsys.readouterr().err


def test_divergences_vanish_without_an_adapter_and_match_the_log_probabilities(
    trained: list[str], tiny_folder: Path
) -> None:
    reference = load_reference(tiny_folder, threads=1)
    prompt = "ax"
    replies = [list(reply.tokens) for reply in next(reference.sample([prompt], 5, seed=1))]
    before = reference.log_probs([prompt] * 5, replies)
    model = load_policies(reference, ["safer"])
    found = divergences(model, reference.prompt_ids(prompt), replies)
    after = reference.log_probs([prompt] * 5, replies)
    np.testing.assert_allclose(found.log_ratio, after - before, atol=1e-4)
    apart = divergences(model, reference.prompt_ids(prompt), replies, shared=False)
    np.testing.assert_allclose(apart.kl_exact, found.kl_exact, atol=1e-4)
    with model.disable_adapter():
        nothing = divergences(model, reference.prompt_ids(prompt), replies)
    np.testing.assert_allclose(nothing.kl_exact, 0.0, atol=1e-9)


def test_policies_of_another_set_and_a_set_that_changed_are_said(
    trained: list[str], temporary_store: Path
) -> None:
    folder = temporary_store / "policies"
    shutil.copytree(folder / "free", folder / "other")
    record = json.loads((folder / "other" / "policy.json").read_text())
    (folder / "other" / "policy.json").write_text(json.dumps({**record, "name": "other", "samples": "demo"}))
    with pytest.raises(InvalidInputError, match="one at a time"):
        evaluate_policies(["free", "other"], OPTIONS)
    with pytest.raises(StoreError, match="has changed"):
        evaluate_policies(["other"], OPTIONS)


def test_a_job_names_its_policies(trained: list[str]) -> None:
    job = job_spec(["free", "free"], OPTIONS)
    assert (job.kind, job.payload["policies"]) == ("evaluate", ["free"])
    assert module.EvaluateOptions(**job.payload["options"]) == OPTIONS
    with pytest.raises(InvalidInputError):
        EvaluateOptions(replies=0)
