from types import SimpleNamespace

import pytest

from dualign.cli.main import main


def test_the_training_options_and_the_gpus_reach_the_job(monkeypatch, capsys):
    submitted = []

    def submit(spec, *, launcher):
        submitted.append(spec)
        return SimpleNamespace(id="iterate-00000000", state="queued")

    monkeypatch.setattr("dualign.jobs.submit", submit)
    given = (
        "iterate demo --steps 12 --batch-size 3 --pair-replies 2 --labels hard --rank 4 --alpha 9 --replies 5"
    )
    assert main([*given.split(), "--gpus", "1", "--dual-share", "0.15"]) == 0
    assert "'iterate-00000000' is queued" in capsys.readouterr().out
    (spec,) = submitted
    options = spec.payload["align"]["options"]
    assert spec.gpus == 1
    assert spec.payload["replies"] == 5
    assert spec.payload["dual_share"] == 0.15
    chosen = {name: options[name] for name in ("steps", "batch_size", "replies", "labels", "rank", "alpha")}
    assert chosen == {"steps": 12, "batch_size": 3, "replies": 2, "labels": "hard", "rank": 4, "alpha": 9}


@pytest.mark.parametrize("name", ["gaussian", "two-responses"])
def test_scores_that_belong_to_no_replies_are_refused(name, capsys):
    assert main(["iterate", name]) == 1
    said = capsys.readouterr()
    assert "nothing can be trained on it" in said.err
    assert said.out == ""
