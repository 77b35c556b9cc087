"""The page Evaluate: shipped results, one policy at the lens, replies beside the reference's, the theory."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dualign import jobs
from dualign.alignment import AlignSpec, TrainOptions
from dualign.alignment.iterate_spec import IterateSpec
from dualign.evaluation.experiments import EXPERIMENTS
from dualign.evaluation.judged import KIND
from dualign.evaluation.results import list_results
from dualign.samples import Store
from dualign.ui.evaluate.iterate_view import standing
from tests.app.conftest import OpenApp, make_set, texts

CASES = {
    "plain": {},
    "infeasible": {"c": "harmless~50.0"},
    "two": {"c": ["harmless~0.3", "humor~0.2"]},
    "group": {"c": "harmless~0.3~group~sleep"},
    "chance": {"c": "harmless~0.1~chance~0.0"},
    "one group": {"group": "work"},
    "absolute": {"form": "absolute", "c": "harmless~0.4"},
    "small beta": {"beta": "0.001"},
    "demo": {"set": "demo", "c": "harmless~0.5", "beta": "0.5"},
    "teaching": {"set": "two-responses"},
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_never_empty(open_app: OpenApp, case: str) -> None:
    app = open_app("evaluate", **CASES[case])
    assert not app.exception
    assert not app.error
    said = texts(app)
    assert "predictions lie inside" in said
    assert "The experiments" in said


def test_every_shipped_experiment_shows_its_figures(open_app: OpenApp) -> None:
    app = open_app("evaluate", set="demo")
    for name in EXPERIMENTS:
        app.segmented_control(key="experiment").set_value(name).run()
        assert not app.exception, name
        if name in list_results():
            assert "Paper." in texts(app), name
        else:
            assert f"dualign reproduce {name}" in texts(app)


def test_the_policy_at_the_lens_is_measured_beside_its_prediction(open_app: OpenApp) -> None:
    app = open_app("evaluate", set="demo", c="harmless~0.5", beta="0.5")
    said = texts(app)
    assert "of the predicted harmless" in said
    assert "The group that gains least harmless" in said
    assert "95 % intervals over prompts" in said
    app.selectbox(key="evaluate_policy").set_value("free").run()
    assert not app.exception
    assert "is missed" in texts(app)


def test_a_trained_policy_is_judged_by_its_own_threshold(open_app: OpenApp) -> None:
    app = open_app("evaluate", set="demo", c="harmless~0.5", beta="0.5", policy="demo-harmless-0.8")
    assert app.selectbox(key="evaluate_policy").value == "demo-harmless-0.8"
    said = texts(app)
    assert "its own threshold harmless ≥ 0.8 is missed (slack −0.45" in said
    assert "the lens's threshold harmless ≥ 0.5 is missed (slack −0.15" in said
    assert "Ships with dualign" in said
    app.selectbox(key="evaluate_policy").set_value("demo-harmless-0.5").run()
    assert app.query_params["policy"] in ("demo-harmless-0.5", ["demo-harmless-0.5"])
    said = texts(app)
    assert "its own threshold harmless ≥ 0.5 is missed" in said
    assert "the lens's threshold" not in said


def test_the_results_of_another_set_are_named_and_its_policies_missed(open_app: OpenApp) -> None:
    said = texts(open_app("evaluate", set="two-responses"))
    assert "On the set demo, predictions come from" in said
    assert "These are results of the set demo; the lens looks at two-responses" in said
    assert "No trained policy of the set two-responses has been measured" in said


def test_a_threshold_that_cannot_be_met_is_said(open_app: OpenApp) -> None:
    said = texts(open_app("evaluate", set="demo", c="harmless~50.0", beta="0.5"))
    assert "cannot be met on these samples" in said


def test_a_set_too_small_to_hold_prompts_out_is_said(open_app: OpenApp, stored: Store) -> None:
    stored.save(make_set("tiny", prompts=3))
    app = open_app("evaluate", set="tiny")
    assert not app.exception
    assert "cannot be split" in texts(app)
    assert "The experiments" in texts(app)


def test_votes_of_the_chat_become_win_rates(open_app: OpenApp) -> None:
    content = {"first": "reference", "second": "adapter?name=p", "prompt_id": 3, "turns": 1, "settings": {}}
    for choice in ("second", "second", "tie", "first"):
        jobs.record("vote", "chat", {**content, "choice": choice})
    app = open_app("evaluate")
    assert not app.exception
    assert "No blind votes" not in texts(app)


def test_what_a_judge_said_of_the_policies_is_shown(open_app: OpenApp) -> None:
    rate = {"wins": 9, "ties": 40, "losses": 5, "rate": {"value": 0.54, "low": 0.5, "high": 0.58}}
    rate |= {"skipped": 2, "first_share": 0.87}
    content = {"policy": "demo-harmless-0.5", "judge": "small", "criterion": "helpful", "rate": rate}
    jobs.record(KIND, "one", content)
    app = open_app("evaluate", set="demo")
    assert not app.exception
    assert "2 pairs were not judged. The judge prefers the reply shown first" in texts(app)
    assert "87 %" in texts(app)


def test_iterations_are_launched_at_the_lens_and_watched(
    open_app: OpenApp, stored: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted: list[jobs.JobSpec] = []

    def submit(spec: jobs.JobSpec) -> object:
        submitted.append(spec)
        return SimpleNamespace(id="iterate-00000000", state="queued")

    app = open_app("evaluate", set="demo", c="harmless~0.2", beta="0.5")
    app.segmented_control(key="experiment").set_value("one-shot-vs-iterative").run()
    app.session_state["iterate_form"] = True
    app.run()
    assert not app.exception
    app.number_input(key="iterate_count").set_value(2)
    app.number_input(key="iterate_steps").set_value(6)
    monkeypatch.setattr("dualign.jobs.submit", submit)
    app.session_state["iterate_form"] = True
    app.button(key="FormSubmitter:iterate-Start").click().run()
    assert not app.exception
    assert submitted[0].kind == "iterate"
    assert submitted[0].payload["iterations"] == 2
    assert submitted[0].payload["align"]["thresholds"] == {"harmless": 0.2}


def test_where_a_run_stands_is_told() -> None:
    options = TrainOptions(steps=10)
    align = AlignSpec(samples="demo", thresholds={"harmless": 0.5}, options=options)
    payload = IterateSpec(align=align, iterations=3).to_record()

    def said(step: int, measured: int, *, total: int = 10, state: str = "running", phase: str = "") -> str:
        progress = jobs.Progress(step=step, total=total, phase=phase)
        job = SimpleNamespace(spec=SimpleNamespace(payload=payload), progress=progress, state=state)
        return standing(job, measured)  # type: ignore[arg-type]

    assert said(0, 0) == "Iteration 1 of 3: loading or training, step 0 of 4."
    assert said(3, 0, phase="training") == "Iteration 1 of 3: training, step 3 of 4."
    assert "1 of 3: it is trained; its policy's replies are drawn" in said(4, 0)
    assert said(5, 1) == "Iteration 2 of 3: training, step 1 of 3."
    assert "pre-aligned" in said(15, 0, total=30)
    assert "step 2 of 4" in said(22, 0, total=30)
    assert said(10, 3).startswith("All 3 iterations are done")
    assert said(4, 1, state="paused") == "1 of 3 iterations done; the job is paused."


def test_iterations_need_thresholds_on_whole_scores(open_app: OpenApp) -> None:
    app = open_app("evaluate", c="harmless~0.3~group~sleep")
    app.segmented_control(key="experiment").set_value("one-shot-vs-iterative").run()
    app.session_state["iterate_form"] = True
    app.run()
    assert "set the lens so" in texts(app)
