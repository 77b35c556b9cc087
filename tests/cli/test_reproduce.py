import json
from pathlib import Path

import pytest

from dualign.cli.main import main
from dualign.evaluation.experiments import EXPERIMENTS
from dualign.evaluation.results import list_results, read_result

ROOT = Path(__file__).resolve().parents[2]


def test_without_a_name_the_experiments_are_listed(capsys):
    assert main(["reproduce"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in EXPERIMENTS)


def test_a_reduced_experiment_runs_end_to_end_and_draws_its_figures(tmp_path, capsys):
    given = ["reproduce", "tradeoff", "--small", "--seed", "3", "--out", str(tmp_path), "--figures", "--json"]
    assert main(given) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["settings"]["seed"] == 3
    assert len(record["tables"]["tracking"]["expected"]) == 8
    drawn = list((tmp_path / "tradeoff").glob("*.svg"))
    assert len(drawn) == len(record["figures"]) >= 4
    assert all(path.read_text("utf-8").startswith("<svg") for path in drawn)


def test_a_quick_check_leaves_the_stored_result_as_it_was(temporary_store, capsys):
    before = read_result("calibration").created
    assert main(["reproduce", "calibration", "--small"]) == 0
    assert "Mean gap" in capsys.readouterr().out
    assert read_result("calibration").created == before
    assert not (temporary_store / "results").exists()


def test_every_shipped_result_reads_and_tells_what_agrees():
    shipped = list_results()
    assert {"tradeoff", "humor", "multi-constraint", "sample-size", "calibration"} <= set(shipped)
    for name in shipped:
        result = read_result(name)
        assert result.findings
        assert result.readings
        assert result.settings["samples_hash"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["reproduce", "nothing"], "no experiment is named 'nothing'"),
        (["reproduce", "tradeoff", "--draws", "0"], "draws is 0"),
        (["reproduce", "tradeoff", "--samples", "absent"], "absent"),
        (["reproduce", "multi-constraint", "--utility", "harmless"], "two utilities"),
        (["evaluate", "absent"], "absent"),
    ],
)
def test_failures_are_one_sentence(arguments, words, capsys):
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            "--script",
            "--script does not go with the list of experiments: leave it out; it goes with --recipe",
        ),
        ("--small", "--small does not go with the list of experiments: leave it out, or name an experiment"),
        ("--figures-only", "--figures-only needs the name of an experiment"),
        ("--table tradeoff", "the experiment 'tradeoff' does not go with --table"),
        ("tradeoff --figures-only --samples gaussian", "--samples does not go with --figures-only"),
        ("--recipe alpaca-mocan tradeoff", "the experiment 'tradeoff' does not go with --recipe"),
        ("tradeoff --script", "it goes with --recipe"),
        ("calibration --dark", "it goes with --figures"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(arguments, words, capsys, temporary_store):
    with pytest.raises(SystemExit) as ended:
        main(["reproduce", *arguments.split()])
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
    assert not (temporary_store / "results").exists()


def test_the_table_in_the_documentation_is_that_of_the_shipped_results(capsys):
    assert main(["reproduce", "--table"]) == 0
    table = capsys.readouterr().out.strip()
    assert table in (ROOT / "docs" / "experiments.md").read_text("utf-8")
