"""The papers' configurations: they read, plan and turn into commands; their model classes load, on tiny weights."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dualign.alignment.iterative import dual_prompts
from dualign.cli.align import spec_of as align_spec
from dualign.cli.iterate import spec_of as iterate_spec
from dualign.cli.main import build_parser, main
from dualign.errors import InvalidInputError, ModelError
from dualign.evaluation.recipe import (
    FOLDER,
    Machine,
    commands,
    list_recipes,
    plan,
    plan_text,
    read_recipe,
    reference_record,
    script,
)
from dualign.models.reference import load_reference
from dualign.models.scorers.scoring import load_scorer
from dualign.samples import Store
from dualign.samples.split import held_out
from tests.models import tiny
from tests.models.test_scorer_folders import beaver

TEXTS = (["is it far", "tell me a joke"], ["no", "a horse walks in"])


def gpt2(folder: Path) -> Path:
    """Keys of a GPT-2 reward model with one output."""
    from transformers import GPT2Config, GPT2ForSequenceClassification

    tiny.build(folder)
    sizes = {"vocab_size": 31, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128}
    GPT2ForSequenceClassification(GPT2Config(**sizes, num_labels=1, pad_token_id=0)).save_pretrained(folder)
    return folder


def distilbert(folder: Path) -> Path:
    """Keys of a DistilBERT classifier of two classes."""
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    tiny.build(folder)
    config = DistilBertConfig(
        vocab_size=31, dim=32, hidden_dim=48, n_layers=2, n_heads=4, num_labels=2, pad_token_id=0
    )
    DistilBertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("name", list_recipes())
def test_every_recipe_plans_and_its_commands_are_real(name: str) -> None:
    recipe = read_recipe(name)
    found = plan(recipe)
    assert found.replies == found.prompts * int(recipe.sampling["responses"])
    assert found.seconds == pytest.approx(sum(stage.seconds for stage in found.stages))
    assert plan(recipe, Machine(operations=3e13)).seconds > found.seconds
    text = plan_text(found)
    assert f"{found.prompts:,} prompts" in text
    assert "GiB of GPU memory" in text
    parser = build_parser()
    made = commands(recipe)
    for command in made:
        parser.parse_args(command)
    assert sum(command[0] in ("align", "iterate") for command in made) == recipe.policies
    lines = [line for line in script(recipe).splitlines() if line.startswith("dualign ")]
    assert [shlex.split(line)[1:] for line in lines] == made


@pytest.mark.parametrize("name", list_recipes())
def test_the_commands_run_what_the_plan_tells(name: str) -> None:
    recipe = read_recipe(name)
    stages = {stage.name: stage.size for stage in plan(recipe).stages}
    parser = build_parser()
    parsed = [(command[0], parser.parse_args(command)) for command in commands(recipe)]
    for kind, given in parsed:
        if kind not in ("align", "iterate"):
            continue
        spec = iterate_spec(given).align if kind == "iterate" else align_spec(given)
        used = spec.options
        assert (used.steps, used.replies, used.labels) == (recipe.steps, 2, "hard")
        assert (used.batch_size, used.rank, used.alpha) == (16, 8, 16)
        assert given.gpus == 1
        assert (
            f"{recipe.policies} policies x {used.steps:,} steps of {used.batch_size} pairs" in stages["align"]
        )
        if kind == "iterate":
            loop = iterate_spec(given)
            texts = [f"prompt {k}" for k in range(int(recipe.prompts["count"]))]
            groups = [""] * len(texts)
            objective = SimpleNamespace(
                sample_set=SimpleNamespace(prompts=texts, groups=groups), held_out=held_out(texts, groups)
            )
            kept = int(dual_prompts(objective, loop.dual_share).sum())  # type: ignore[arg-type]
            assert stages["dual steps"].startswith(f"{loop.iterations} iterations x {kept} prompts")
            assert f"x {loop.replies} replies" in stages["dual steps"]
    measured = [given for kind, given in parsed if kind == "evaluate"]
    assert len(measured) == len(recipe.problem["thresholds"])
    assert {
        f"x {m.prompts} held-out prompts x {m.replies} replies" in stages["evaluate"] for m in measured
    } == {True}
    assert "the paper's 2,000 are more than the set holds out" in stages["evaluate"]


def test_the_papers_settings_are_in_the_recipes() -> None:
    recipe = read_recipe("alpaca-mocan")
    assert (recipe.prompts["count"], recipe.sampling["responses"], recipe.problem["beta"]) == (1000, 128, 0.1)
    assert len(recipe.problem["thresholds"]) == 8
    assert recipe.steps == 5064
    assert len(read_recipe("alpaca-humor-mocaid").problem["thresholds"]) == 14
    assert read_recipe("alpaca-pecan").policies == 5


def test_a_recipe_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no recipe is named 'x'"):
        read_recipe("x")
    text = (FOLDER / "alpaca-mocan.toml").read_text()
    for change, words in (
        (('utilities = ["harmless"]', 'utilities = ["other"]'), "no score model is named 'other'"),
        (('kind = "cost"', 'kind = "both"'), "not reward, cost or label"),
        (("[evaluation]", "[more]"), "evaluation, more"),
        (("[-1.4]", "[-1.4, 2]"), "one for each utility"),
        (("[problem]", "[problem"), "cannot be read"),
    ):
        path = tmp_path / "own.toml"
        path.write_text(text.replace(*change))
        with pytest.raises(InvalidInputError, match=words):
            read_recipe(path)


def test_the_model_classes_of_the_papers_load(tmp_path: Path) -> None:
    for scorer in (
        f"{beaver(tmp_path / 'reward')}:reward",
        f"{beaver(tmp_path / 'cost', 'cost')}:cost",
        f"{gpt2(tmp_path / 'gpt2')}:reward",
        f"{distilbert(tmp_path / 'humor')}:label=1",
    ):
        loaded = load_scorer(scorer)
        scores = loaded.score(*TEXTS)
        assert np.isfinite(scores).all()
        assert np.ptp(scores) > 0
    other = load_scorer(f"{tmp_path / 'humor'}:label=0").score(*TEXTS)
    assert not np.allclose(other, scores)
    with pytest.raises(ModelError, match="'humor:label=K' takes the logit"):
        load_scorer(f"{tmp_path / 'humor'}:reward")
    with pytest.raises(ModelError, match="no class 2"):
        load_scorer(f"{tmp_path / 'humor'}:label=2")


def test_a_reference_takes_the_format_of_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny.build(Path("papers/models/alpaca-7b"))
    folder = Path("papers/models/alpaca-7b-policy")
    folder.mkdir()
    (folder / "reference.json").write_text(reference_record(read_recipe("alpaca-mocan")))
    reference = load_reference(folder, threads=1)
    assert reference.chat_text("hello").endswith("BEGINNING OF CONVERSATION: USER: hello ASSISTANT:")
    assert reference.spec.max_new_tokens == 512


def test_a_recipe_runs_from_prompts_to_a_price_on_tiny_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = read_recipe("alpaca-mocan")
    tiny.build(Path("papers/models/alpaca-7b"))
    beaver(Path("papers/models/helpful").absolute())
    beaver(Path("papers/models/harmless").absolute(), "cost")
    folder = Path("papers/models/alpaca-7b-policy")
    folder.mkdir()
    record = json.loads(reference_record(recipe))
    (folder / "reference.json").write_text(json.dumps({**record, "max_new_tokens": 12}))
    Path("papers/prompts.jsonl").write_text(
        "".join(json.dumps({"prompt": f"say {c}"}) + "\n" for c in "abcdef")
    )
    collect, score, solve = commands(recipe)[:3]
    # No server here: the replies are drawn in this process, few and short.
    small = collect[: collect.index("--server")]
    for option, value in (("--responses", "8"), ("--max-new-tokens", "12")):
        small[small.index(option) + 1] = value
    assert main([*small, "--threads", "1"]) == 0
    assert main([*score, "--threads", "1"]) == 0
    capsys.readouterr()
    solve[solve.index("--threshold") + 1] = "harmless>=0.01"
    assert main(solve) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["status"] in ("optimal_binding", "optimal_not_binding")
    assert found["beta"] == 0.1
    assert Store().open("alpaca-mocan-scored").manifest.scores["harmless"].cost


def test_a_dry_run_prints_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "--recipe", "alpaca-mocaid"]) == 0
    out = capsys.readouterr().out
    assert "600 prompts, 38,400 replies" in out
    assert "GiB" in out
    assert main(["reproduce", "--recipe", "alpaca-mocaid", "--script"]) == 0
    assert "dualign iterate alpaca-mocaid-scored" in capsys.readouterr().out
    assert main(["reproduce", "--recipe", "alpaca-mocaid", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["policies"] == 7
    assert main(["reproduce", "--recipe", "nothing"]) == 1
