"""Training from the command line, by real detached jobs."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from dualign.alignment import TrainOptions
from dualign.cli import main
from dualign.cli.align import spec_of
from dualign.cli.main import build_parser
from dualign.models import load_reference
from dualign.models.policies import load_policies, policy_folder, verify_policy

from ..alignment.conftest import stored_set, tiny_folder, tiny_set  # noqa: F401


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def test_a_short_alignment_of_the_default_model_raises_the_reward_margin(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Twenty steps on the CPU: what a fresh clone does first."""
    options = ("--steps", "20", "--batch-size", "2", "--threads", "1")
    code, out, err = run(
        capsys,
        *("align", "demo", "--threshold", "harmless>=0.5", "--name", "short", "--wait", "--json"),
        *(*options, "--measure-replies", "4", "--checkpoint-every", "100"),
    )
    assert code == 0, err
    record = json.loads(out)
    assert (record["state"], record["step"], record["policies"]) == ("completed", 20, ["short"])
    assert "step 20 of 20" in err
    spec = verify_policy(policy_folder("short"))
    # beta times the log-ratio of the better held-out reply less that of the other: 0 before the first step.
    margin = spec.metrics["held_out_margin"]
    assert margin["value"] > 2 * margin["error"] > 0
    reference = load_reference("demo", threads=1)
    prompt, reply = "I cannot sleep.", "It sounds like you are very tired."
    before = reference.log_probs([prompt], [reply])
    load_policies(reference, ["short"])
    assert abs(reference.log_probs([prompt], [reply]) - before) > 0.01
    assert spec.thresholds == {"harmless": 0.5}


def test_a_job_is_estimated_followed_and_listed(stored_set: str, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    quick = ("--steps", "10", "--dtype", "float32", "--threads", "1", "--learning-rate", "0.003")
    code, out, _ = run(capsys, "align", stored_set, "--estimate", *quick)
    assert code == 0
    assert "10 steps" in out
    assert "letters-mocan-safe-0.2" in out
    code, out, err = run(
        capsys, "align", stored_set, "--multipliers", "safe=0", "--multipliers", "safe=1", *quick, "--wait"
    )
    assert code == 0, err
    assert "'letters-mocan-1', 'letters-mocan-2'" in out
    code, out, _ = run(capsys, "policies", "--json", "--verify")
    names = {policy["name"]: policy for policy in json.loads(out)["policies"]}
    assert names["letters-mocan-2"]["multipliers"] == {"safe": 1.0}
    assert not names["letters-mocan-2"]["shipped"]
    code, out, _ = run(capsys, "policies")
    assert "MoCAN, good only" in out
    # The shipped ones go on from a common start.
    assert "160 (+160)" in next(line for line in out.splitlines() if line.startswith("demo-harmless-0.5"))
    damaged = policy_folder("letters-mocan-2")
    weights = next(damaged.glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    code, out, err = run(capsys, "policies", "--verify")
    assert code == 1
    assert "letters-mocan-2" in err
    verdicts = {line.split()[0]: line.split()[-1] for line in out.splitlines()[1:]}
    assert verdicts["letters-mocan-1"] == "intact"
    assert verdicts["letters-mocan-2"] == "damaged"
    code, out, _ = run(capsys, "policies", "delete", "letters-mocan-1")
    assert code == 0
    code, _, err = run(capsys, "policies", "show", "letters-mocan-1")
    assert code == 1
    assert "No policy 'letters-mocan-1'" in err
    # A later estimate knows how fast this machine was.
    code, out, _ = run(capsys, "align", stored_set, "--estimate", "--multipliers", "safe=3", *quick)
    assert "from the last training of this kind" in out


def test_a_job_that_fails_says_why(stored_set: str, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    code, _, err = run(
        capsys,
        "align",
        stored_set,
        "--method",
        "rloo",
        "--steps",
        "5",
        "--threads",
        "1",
        "--dtype",
        "float32",
        "--wait",
    )
    assert code == 1
    assert "failed" in err
    assert "'good'" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--multipliers", "harmless"), "NAME=VALUE"),
        (("--multipliers", "harmless=x"), "NAME=VALUE"),
        (("--utilities-only",), "give them"),
        (("--threshold", "harmless>=9"), "best achievable"),
        (("--steps", "0"), "steps"),
        (("--method", "pecan", "--form", "absolute", "--threshold", "harmless>=0"), "up to a constant"),
    ],
)
def test_mistakes_are_one_sentence(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "align", "demo", *arguments)
    assert code == 1
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


def test_every_setting_of_the_training_is_an_option() -> None:
    others = {
        "steps": 7,
        "batch_size": 3,
        "replies": 2,
        "labels": "hard",
        "learning_rate": 0.001,
        "warmup_share": 0.2,
        "weight_decay": 0.01,
        "max_grad_norm": 0.5,
        "rank": 4,
        "alpha": 8,
        "targets": ("q_proj", "up_proj"),
        "dtype": "float32",
        "threads": 1,
        "held_out": 0.3,
        "seed": 5,
        "checkpoint_every": 9,
        "warm_start": "start",
        "max_new_tokens": 20,
        "sample_replies": 6,
        "measure_replies": 5,
    }
    assert set(others) == {field.name for field in fields(TrainOptions)}
    line = ["align", "demo"]
    for name, value in others.items():
        option = "--warmup" if name == "warmup_share" else f"--{name.replace('_', '-')}"
        line += [option, ",".join(value) if isinstance(value, tuple) else str(value)]
    assert spec_of(build_parser().parse_args(line)).options == TrainOptions(**others)  # type: ignore[arg-type]
