import pytest

from dualign.cli import output


def test_progress_counts_estimates_and_keeps_a_log_short(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([100.0, 101.0, 140.0, 141.0])
    monkeypatch.setattr(output.time, "monotonic", lambda: next(clock))
    tell = output.progress("prompts")
    for done in (1, 2, 3, 5):
        tell(done, 5)
    # Two prompts took 40 s since the first report, so two more are told to take as long.
    assert capsys.readouterr().err.splitlines() == [
        "1 of 5 prompts",
        "3 of 5 prompts, about 40 s left",
        "5 of 5 prompts",
    ]
