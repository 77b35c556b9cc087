"""The Samples page: calibration records, deletion, scripts and the wizard."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dualign.duality import Threshold, parse_thresholds
from dualign.jobs import JobSpec
from dualign.samples import Manifest, SampleSet, ScoreInfo, Store
from dualign.ui import analysis, panels
from dualign.ui.export import script
from dualign.ui.samples_view import delete, read_calibration
from dualign.ui.show import to_csv
from dualign.ui.state import LensSettings
from dualign.ui.terms import score_name, term_of
from tests.app.conftest import OpenApp, make_set, texts

BINS = {"bins": [{"predicted": 0.2, "observed": 0.25, "n": 10}, {"predicted": 0.8, "observed": 0.7, "n": 12}]}


def _csv(rows: int = 240, *, broken: bool = False) -> bytes:
    rng = np.random.default_rng(0)
    lines = ["prompt,response,helpful,toxicity"]
    for row in range(rows):
        reward, cost = rng.normal(size=2)
        lines.append(f"question {row // 12},answer {row},{reward:.4f},{0.5 * reward + cost:.4f}")
    return "\n".join([*lines, "one,two"] if broken else lines).encode()


def test_calibration_records() -> None:
    found = read_calibration("helpful", json.dumps(BINS), json.dumps({"metrics": {"accuracy": 0.7}}))
    assert found is not None
    assert found.accuracy == 0.7
    assert found.pairs.tolist() == [10, 12]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"bins": [1]}', '{"bins": [{"predicted": "x"}]}'])
def test_damaged_calibration_records_are_left_out(text: str) -> None:
    assert read_calibration("helpful", text) is None


@pytest.mark.parametrize(
    ("constraints", "multipliers", "words"),
    [
        ((Threshold("harmless", 0.4), Threshold("humor", 0.1)), None, "multipliers"),
        ((Threshold("harmless", 0.7, cutoff=0.0),), (1.5,), "multipliers"),
        ((Threshold("harmless", 0.4), Threshold("humor", 50.0)), None, "'humor' cannot be met even alone"),
        ((Threshold("harmless", 1.45), Threshold("humor", 1.45)), None, "certificate {'harmless': "),
    ],
)
def test_the_script_tells_the_answer_and_draws_it(
    stored: Store,
    tmp_path: Path,
    constraints: tuple[Threshold, ...],
    multipliers: tuple[float, ...] | None,
    words: str,
) -> None:
    lens = LensSettings("plain", 1.0, "improvement", constraints, multipliers)
    done = subprocess.run(
        [sys.executable, "-c", script(lens)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert words in done.stdout
    found = analysis.look(stored.open("plain"), lens)
    if found.feasible:
        assert f"{float(found.solution.multipliers[0]):.6f}"[:6] in done.stdout
    else:
        assert f"best achievable slack {found.solution.best_slack!r}" in done.stdout
    # The mark of the optimum.
    assert ('"symbol":"diamond"' in (tmp_path / "image_set.html").read_text("utf-8")) == found.feasible
    assert (tmp_path / "dual_curve.html").is_file()


def test_a_csv_says_what_it_was_computed_from(stored: Store) -> None:
    found = stored.open("plain")
    lens = LensSettings(
        "plain", 0.5, "improvement", (Threshold("harmless", 0.4), Threshold("humor", 0.7, cutoff=-1.0))
    )
    source = panels.about(lens, analysis.look(found, lens))
    text = to_csv({"multiplier": np.array([0.0, 1.0])}, source).decode()
    first, second = csv.DictReader(io.StringIO(text))
    assert first["samples_sha256"] == second["samples_sha256"] == found.content_hash
    assert (first["beta"], first["reward"], first["prompts"]) == ("0.5", "helpful", "all")
    stated = parse_thresholds(first["thresholds"].split("; "))
    assert [(t.name, t.value, t.form) for t in stated] == [
        ("harmless", 0.4, "improvement"),
        ("P(humor>=-1)", 0.7, None),
    ]


def test_csv_cells_are_quoted() -> None:
    text = to_csv({"=name": np.array(["=1+1", "fine"], dtype=object), "n": np.array([-1.5, 2.0])}).decode()
    assert text.splitlines()[:2] == ["'=name,n", "'=1+1,-1.5"]


def test_shipped_sets_cannot_be_deleted_and_own_ones_can(stored: Store) -> None:
    delete("gaussian")
    delete("plain")
    assert "gaussian" in stored.names()
    assert "plain" not in stored.names()


def test_a_deleted_set_gives_way(open_app: OpenApp, stored: Store) -> None:
    app = open_app()
    stored.delete("plain")
    app.run()
    assert "no longer stored" in texts(app)
    assert not app.exception


def _with_file(open_app: OpenApp, name: str, content: bytes):  # type: ignore[no-untyped-def]
    app = open_app("samples")
    app.session_state["import_open_0"] = True
    app.run()
    app.file_uploader(key="import_file_0").set_value((name, content, "text/csv"))
    return app.run()


def test_a_file_is_imported_with_its_sign_turned(open_app: OpenApp, stored: Store) -> None:
    app = _with_file(open_app, "mine.csv", _csv())
    assert "Taken for" in texts(app)
    app.button(key="import_save").click().run()
    assert not app.exception
    assert not app.error, texts(app)
    assert "mine" in stored.names()
    manifest = stored.manifest("mine")
    assert manifest.reward == "helpful"
    assert any(info.cost for info in manifest.scores.values())
    assert app.query_params["set"] == "mine"


def test_the_preview_tells_of_every_utility(open_app: OpenApp) -> None:
    rng = np.random.default_rng(1)
    lines = ["prompt,response,helpful,safety,toxicity"]
    for row in range(240):
        reward, other, cost = rng.normal(size=3)
        lines.append(f"question {row // 12},answer {row},{reward:.4f},{other - 0.4 * reward:.4f},{cost:.4f}")
    app = _with_file(open_app, "three.csv", "\n".join(lines).encode())
    assert not app.exception
    assert not app.error, texts(app)
    said = {row["What"]: row["Value"] for frame in app.dataframe for row in _rows(frame.value)}
    assert any("safety" in key for key in said)
    assert any("toxicity" in key for key in said)
    assert " to " in said["95 % interval, safety"]
    for name in ("safety", "−toxicity"):
        assert f"Threshold on {name}" in said
        assert f"λ* of {name}" in said
    assert said["Trust"]
    assert said["Form of thresholds"] == "improvement"
    assert texts(app).count("within prompts (correlation") >= 2


def _rows(frame: pd.DataFrame) -> list[dict[str, str]]:
    return frame.to_dict("records") if "What" in frame else []


def test_an_import_is_what_the_page_then_shows(open_app: OpenApp, stored: Store) -> None:
    app = _with_file(open_app, "mine.csv", _csv())
    app.button(key="import_save").click().run()
    assert app.session_state["samples_shown"] == "mine"
    rows = app.session_state["samples_table"]["selection"]["rows"]
    assert app.dataframe[0].value["Name"].iloc[rows[0]] == "mine"
    assert "mine is stored." in texts(app)
    assert not app.session_state["import_open_1"]
    assert "**20** prompts" in _replies_tab(app)
    assert app.query_params["set"] == "mine"
    assert not app.button(key="use_set").disabled


def _replies_tab(app):  # type: ignore[no-untyped-def]
    app.session_state["samples_tab"] = "Replies"
    return texts(app.run())


def test_a_turned_cost_is_named_as_one(open_app: OpenApp, stored: Store) -> None:
    app = _with_file(open_app, "mine.csv", _csv())
    app.button(key="import_save").click().run()
    for page in ("lens", "dual", "geometry", "samples"):
        app.switch_page(f"pages/{page}.py").run()
        said = texts(app)
        assert page != "lens" or "Requiring toxicity lower by" in said
        assert "Requiring toxicity +" not in said
        assert "−toxicity" in said + str(app.number_input(key="threshold_0").label), page
    manifest = stored.manifest("mine")
    assert score_name(manifest, "toxicity") == "−toxicity"
    term = term_of(manifest, Threshold("toxicity", 0.5, cutoff=-0.2))
    assert term.required(0.9, "absolute") == "toxicity ≤\u00a00.2 in at least 90 % of the replies"
    assert (
        term_of(manifest, Threshold("toxicity", 0.5)).required(-0.4, "absolute") == "toxicity of at most 0.4"
    )


def test_a_cost_that_was_renamed_needs_no_sign() -> None:
    scores = {"safety": ScoreInfo(cost=True, column="cost"), "harm": ScoreInfo(cost=True, column="harm")}
    manifest = Manifest(name="x", scores=scores)
    assert score_name(manifest, "safety") == "safety"
    assert score_name(manifest, "harm") == "−harm"


def _unscored() -> bytes:
    lines = ["question_id,question,response"]
    lines += [f"{100 + row // 12},question {row // 12},answer {row}" for row in range(120)]
    return "\n".join(lines).encode()


def test_an_identifier_is_never_taken_for_a_reward(open_app: OpenApp, stored: Store) -> None:
    app = _with_file(open_app, "raw.csv", _unscored())
    reward = next(box for box in app.selectbox if box.label.startswith("Reward"))
    assert reward.value is None
    assert "`dualign score`" in "\n".join(str(item.value) for item in app.warning)
    app.button(key="import_save").click().run()
    assert stored.manifest("raw").reward == ""


def test_an_unscored_set_says_so_and_offers_to_score(
    open_app: OpenApp, stored: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = _with_file(open_app, "raw.csv", _unscored())
    app.button(key="import_save").click().run()
    assert "has no scores yet" in texts(app)
    launched: list[JobSpec] = []
    monkeypatch.setattr("dualign.jobs.submit", launched.append)
    app.button(key="score_replies").click().run()
    assert not app.exception
    assert [spec.payload["name"] for spec in launched] == ["raw-scored"]
    assert launched[0].payload["scorers"] == ["helpful", "harmless"]
    linked = texts(open_app(set="raw"))
    assert "is stored, but the lens cannot look at it: it has no scores yet: score its replies" in linked
    assert "not stored here" not in linked


@pytest.mark.parametrize(("text", "way"), [("a reply", "score its replies"), ("", "holds no texts to score")])
def test_a_link_to_a_set_without_a_utility_says_what_lacks(
    open_app: OpenApp, stored: Store, text: str, way: str
) -> None:
    full = make_set("half", utilities=1)
    table = full.table.drop_columns(["harmless"])
    table = table.set_column(
        table.column_names.index("response"), "response", pa.array([text] * table.num_rows)
    )
    scores = {"helpful": ScoreInfo()}
    stored.save(SampleSet(table, Manifest(name="half", reward="helpful", scores=scores)))
    linked = texts(open_app(set="half"))
    assert "it has a reward ('helpful') but no utility to constrain" in linked
    assert way in linked
    assert "no scores yet" not in linked
    assert "has a reward ('helpful') but no utility" in texts(open_app("samples", set="half"))


def test_the_wizard_speaks_of_its_own_controls(open_app: OpenApp) -> None:
    rows = _csv().decode().splitlines()
    rows[41] = rows[41].rsplit(",", 1)[0] + ","
    app = _with_file(open_app, "gap.csv", "\n".join(rows).encode())
    said = texts(app)
    assert "import with missing replies dropped." in said
    assert "--" not in said
    assert "has 1 value absent or not finite" in said


def test_a_utility_that_moves_with_the_reward_is_called_free_only_where_it_is(open_app: OpenApp) -> None:
    rng = np.random.default_rng(2)
    lines = ["prompt,response,helpful,safety"]
    for row in range(240):
        reward, other = rng.normal(size=2)
        lines.append(f"question {row // 12},answer {row},{reward:.4f},{0.3 * reward + other:.4f}")
    said = texts(_with_file(open_app, "along.csv", "\n".join(lines).encode()))
    assert "move together within prompts" in said
    assert "so that it has a price" in said
    assert "may be free" not in said


def test_a_bad_cell_is_named_above_the_form(open_app: OpenApp) -> None:
    content = _csv().replace(b"question 3,answer 40,", b"question 3,answer 40,oops", 1)
    app = _with_file(open_app, "bad.csv", content)
    assert app.error
    assert not any(button.key == "import_save" for button in app.button)


def test_a_broken_file_changes_nothing(open_app: OpenApp, stored: Store) -> None:
    before = stored.names()
    app = _with_file(open_app, "broken.csv", _csv(broken=True))
    assert "broken.csv" in texts(app)
    assert stored.names() == before
    assert not app.exception
