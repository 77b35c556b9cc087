"""The contract of ``dualign solve`` and ``curve``, through the installed command and in process."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualign.cli import main

KEYS = {
    "status",
    "multipliers",
    "multipliers_corrected",
    "interval",
    "dual_optimum",
    "primal_optimum",
    "slack",
    "expected",
    "effective_sample_size",
    "khat",
    "trust",
    "message",
}


@pytest.fixture
def two_responses(tmp_path: Path) -> str:
    """Two responses, uniform reference: rewards (0, 0.3), utilities (1, 0), forty prompts."""
    path = tmp_path / "two.npz"
    reward = np.tile([0.0, 0.3], (40, 1))
    np.savez(path, reward=reward, g=np.tile([1.0, 0.0], (40, 1))[..., None], names=np.array(["harmless"]))
    return str(path)


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    record = json.loads(captured.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert isinstance(record, dict)
    return record


@pytest.mark.parametrize(("b", "beta"), [(0.2, 0.5), (0.4, 2.0), (-0.1, 0.25)])
def test_two_responses_by_the_formula(
    capsys: pytest.CaptureFixture[str], two_responses: str, b: float, beta: float
) -> None:
    record = _json(capsys, "solve", two_responses, "--threshold", f"harmless>={b}", "--beta", str(beta))
    exact = max(0.0, 0.3 + beta * math.log((0.5 + b) / (0.5 - b)))
    assert record.keys() >= KEYS
    assert record["multipliers"]["harmless"] == pytest.approx(exact, abs=1e-6)
    assert record["status"] == ("optimal_binding" if exact > 0 else "optimal_not_binding")
    assert record["dual_optimum"] == pytest.approx(record["primal_optimum"], abs=1e-6)
    assert record["expected"].keys() >= {"reward", "kl", "regularized_reward", "utilities"}
    assert record["effective_sample_size"].keys() == {"min", "median", "pooled"}
    low, high = record["interval"]["harmless"]
    assert low <= record["multipliers"]["harmless"] + 1e-9
    assert high >= record["multipliers"]["harmless"] - 1e-9


def test_absolute_form_moves_the_threshold_by_the_baseline(
    capsys: pytest.CaptureFixture[str], two_responses: str
) -> None:
    improvement = _json(capsys, "solve", two_responses, "--threshold", "harmless>=0.2", "--beta", "1")
    absolute = _json(
        capsys, "solve", two_responses, "--threshold", "harmless>=0.7", "--form", "absolute", "--beta", "1"
    )
    assert absolute["multipliers"]["harmless"] == pytest.approx(
        improvement["multipliers"]["harmless"], abs=1e-7
    )


def test_infeasible_is_an_answer_with_its_certificate(
    capsys: pytest.CaptureFixture[str], two_responses: str
) -> None:
    record = _json(capsys, "solve", two_responses, "--threshold", "harmless>=0.6", "--beta", "1")
    assert record["status"] == "infeasible"
    assert record["multipliers"] is None
    assert record["best_achievable_slack"] == pytest.approx(-0.1)
    assert record["certificate"] == {"harmless": 1.0}
    assert "0.5" in record["message"]


def test_two_constraints_by_name_and_in_any_order(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(60, 32, 3))
    path = tmp_path / "three.npz"
    np.savez(path, reward=z[..., 0], g=z[..., 1:] - 0.4 * z[..., :1], names=np.array(["a", "b"]))
    one = _json(capsys, "solve", str(path), "--threshold", "a>=0.3", "--threshold", "b>=0.2", "--beta", "1")
    other = _json(capsys, "solve", str(path), "--threshold", "b>=0.2", "--threshold", "a>=0.3", "--beta", "1")
    assert one["multipliers"]["a"] == pytest.approx(other["multipliers"]["a"], abs=1e-6)
    assert all(abs(value) < 1e-6 for value in one["slack"].values())
    chance = _json(
        capsys, "solve", str(path), "--threshold", "P(a>=0)>=0.7", "--form", "absolute", "--beta", "1"
    )
    assert chance["expected"]["utilities"]["P(a>=0)"] == pytest.approx(0.7, abs=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        ["solve", "nothing-of-that-name"],
        ["solve", "{file}", "--threshold", "harmless>0.2"],
        ["solve", "{file}", "--threshold", "kind>=0.2"],
        ["solve", "{file}", "--threshold", "harmless>=nan"],
        ["solve", "{file}", "--threshold", "harmless>=0.1", "--threshold", "harmless>=0.2"],
        ["solve", "{file}", "--threshold", "harmless>=0.2", "--beta", "0"],
        ["solve", "{file}", "--threshold", "harmless>=0.2", "--beta", "x"],
        ["solve", "{file}", "--group", "crisis"],
        ["solve", "{file}", "--reward", "kind"],
        ["solve", "{file}", "--threshold", "reward>=0.2"],
        ["solve", "{file}", "--beta", "1e-300"],
        ["solve", "{file}", "--beta", "1e300"],
        ["solve", "{file}", "--seed", "-1"],
        ["solve", "{file}", "--resamples", "100000000"],
        ["solve", "{absent}"],
        ["solve", ""],
        ["curve", "{file}", "--points", "100000000"],
        ["solve", "{file}", "--resamples", "3"],
        ["curve", "{file}", "--points", "1"],
        ["curve", "{file}", "--max", "-1"],
        ["curve", "{file}", "--max", "nan"],
        ["curve", "{file}", "--along", "threshold", "--max", "-9"],
        ["curve", "{file}", "--along", "threshold", "--points", "99999"],
        ["solve", "{broken}"],
        ["import", "{broken}", "--name", "x"],
        ["import", "{file}", "--name", "../x"],
        ["import", "{file}"],
        ["no-such-command"],
    ],
)
def test_failures_are_one_sentence_on_stderr(
    capsys: pytest.CaptureFixture[str], two_responses: str, tmp_path: Path, arguments: list[str]
) -> None:
    broken = tmp_path / "broken.npz"
    broken.write_bytes(Path(two_responses).read_bytes()[:100])
    absent = tmp_path / "absent.npz"
    with np.load(two_responses) as whole:
        np.savez(absent, mask=np.zeros(whole["reward"].shape, bool), **dict(whole))
    filled = [word.format(file=two_responses, broken=broken, absent=absent) for word in arguments]
    try:
        code = main([*filled, "--json"])
    except SystemExit as stop:
        code = int(str(stop.code))
    captured = capsys.readouterr()
    assert code != 0
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    assert "Traceback" not in captured.err
    assert "unexpected" not in captured.err


@pytest.fixture
def four_scores(tmp_path: Path) -> str:
    """A CSV with a reward, two utilities of which one is a cost, forty prompts."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(40 * 16, 3))
    path = tmp_path / "four.csv"
    rows = [f"q{i // 16},{a:.6f},{b - 0.4 * a:.6f},{c:.6f}" for i, (a, b, c) in enumerate(z)]
    path.write_text("\n".join(["prompt,helpful,safe,cost", *rows]), "utf-8")
    return str(path)


def test_any_score_is_constrained_or_taken_as_the_reward(
    capsys: pytest.CaptureFixture[str], four_scores: str
) -> None:
    cost = _json(capsys, "solve", four_scores, "--threshold", "cost>=0.1")
    assert cost["reward"] == "helpful"
    assert cost["costs"] == ["cost"]
    assert "minus the cost 'cost'" in cost["message"]
    other = _json(capsys, "solve", four_scores, "--reward", "safe", "--threshold", "helpful>=0.1")
    assert other["reward"] == "safe"
    assert other["costs"] == []
    assert other["beta"] == pytest.approx(1.0, abs=0.2)
    default = _json(capsys, "solve", four_scores, "--reward", "safe")
    assert set(default["thresholds"]) == {"cost"}
    shipped = _json(capsys, "solve", "demo", "--threshold", "humor>=0.1")
    assert set(shipped["multipliers"]) == {"humor"}


def test_a_share_of_replies_is_absolute_and_may_stand_beside_an_improvement(
    capsys: pytest.CaptureFixture[str], four_scores: str
) -> None:
    record = _json(
        capsys,
        "solve",
        four_scores,
        "--threshold",
        "safe>=0.1",
        "--threshold",
        "P(safe>=0)>=0.7",
        "--beta",
        "1",
    )
    assert record["form"] == {"safe": "improvement", "P(safe>=0)": "absolute"}
    assert record["expected"]["utilities"]["P(safe>=0)"] == pytest.approx(0.7, abs=1e-6)
    relative = _json(capsys, "solve", four_scores, "--threshold", "P(safe>=0)>=ref+0.2", "--beta", "1")
    gain = relative["expected"]["utilities"]["P(safe>=0)"] - relative["reference"]["utilities"]["P(safe>=0)"]
    assert relative["form"] == "improvement"
    assert gain == pytest.approx(0.2, abs=1e-6)


def test_an_interval_without_upper_end_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "near.npz"
    g = rng.normal(size=(40, 8, 1))
    np.savez(path, reward=rng.normal(size=(40, 8)), g=g)
    high = float(g.max(axis=1).mean() - g.mean())
    record = _json(capsys, "solve", str(path), "--threshold", f"g>={high - 0.02}", "--beta", "1")
    assert record["interval_unbounded"] == ["g"]
    assert record["interval"]["g"][1] is None
    over = _json(capsys, "solve", str(path), "--threshold", f"g>={high + 0.02}", "--beta", "1")
    assert over["status"] == "infeasible"
    assert over["effective_sample_size"] is None


def test_curve_agrees_with_solve(capsys: pytest.CaptureFixture[str], two_responses: str) -> None:
    record = _json(
        capsys, "curve", two_responses, "--threshold", "harmless>=0.2", "--beta", "1", "--points", "11"
    )
    columns = record["curve"]
    assert len(columns["multiplier"]) == 11
    assert np.all(np.diff(columns["slack"]) >= -1e-12)
    middle = np.gradient(columns["dual"], columns["multiplier"])[1:-1]
    assert np.allclose(middle, np.asarray(columns["slack"])[1:-1], atol=0.02)


def test_the_curve_along_a_threshold_has_the_price_as_its_slope(
    capsys: pytest.CaptureFixture[str], two_responses: str
) -> None:
    record = _json(capsys, "curve", two_responses, "--along", "threshold", "--beta", "1", "--points", "41")
    columns = {key: np.asarray(values) for key, values in record["curve"].items()}
    b = columns["threshold"]
    np.testing.assert_allclose(columns["multiplier"], 0.3 + np.log((0.5 + b) / (0.5 - b)), atol=1e-5)
    assert columns["multiplier"][0] == pytest.approx(0, abs=1e-6)
    assert 0.49 < b[-1] < 0.5
    slope = np.gradient(columns["primal_optimum"], b)[1:-5]
    np.testing.assert_allclose(slope, -columns["multiplier"][1:-5], atol=0.02)


def test_a_curve_of_an_infeasible_problem_says_so(
    capsys: pytest.CaptureFixture[str], two_responses: str
) -> None:
    arguments = ["curve", two_responses, "--threshold", "harmless>=0.6", "--beta", "1", "--points", "3"]
    record = _json(capsys, *arguments)
    assert record["status"] == "infeasible"
    assert "cannot be met" in record["message"]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 4
    assert "cannot be met" in captured.err


def test_the_installed_command_prints_words() -> None:
    command = Path(sys.executable).with_name("dualign")
    done = subprocess.run([command, "solve", "two-responses"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "lam*" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("thresholds", "options", "form"),
    [
        (["harmless>=0.5"], [], None),
        (["harmless>=ref+0.5"], [], "improvement"),
        (["P(harmless>=0)>=0.9"], [], "absolute"),
        (["P(harmless>=0)>=0.1", "harmless>=0.5"], ["--form", "improvement"], "improvement"),
    ],
)
def test_align_takes_the_form_that_its_thresholds_have(
    thresholds: list[str], options: list[str], form: str | None
) -> None:
    from dualign.cli.align import spec_of
    from dualign.cli.main import build_parser

    words = [word for threshold in thresholds for word in ("--threshold", threshold)]
    assert spec_of(build_parser().parse_args(["align", "demo", *words, *options])).form == form


def test_align_refuses_mixed_forms(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["align", "demo", "--threshold", "harmless>=0.5", "--threshold", "P(harmless>=0)>=0.9"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "mix improvements" in captured.err
