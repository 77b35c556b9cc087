from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from dualign.errors import BackendError, InvalidInputError
from dualign.evaluation.judged import RememberingJudge
from dualign.evaluation.winrates import (
    HARMLESS,
    Pair,
    ScoreJudge,
    ServerJudge,
    judge_pairs,
    judge_policies,
    position_sentence,
    read_verdict,
    vote_rate,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_scores_decide_and_ties_count_half(rng: np.random.Generator) -> None:
    ours, theirs = np.array([[1.0, 0.0], [2.0, 2.0]]), np.array([[0.0], [2.0]])
    found = judge_policies(ours, theirs, ScoreJudge(), rng=rng, resamples=100)
    assert (found.wins, found.ties, found.losses) == (1, 3, 0)
    assert found.rate.value == pytest.approx(0.625)
    assert found.comparisons == 4
    wide = judge_policies(ours, theirs, ScoreJudge(margin=2.0), rng=rng, resamples=100)
    assert (wide.wins, wide.rate.value) == (0, 0.5)
    with pytest.raises(InvalidInputError, match="one row a prompt"):
        judge_policies(ours, theirs[:1], ScoreJudge(), rng=rng)


class Longer:
    def prefer(self, prompt: str, first: str, second: str) -> str:
        return "first" if len(first) > len(second) else "second" if len(first) < len(second) else "tie"


class AlwaysFirst:
    def prefer(self, prompt: str, first: str, second: str) -> str:
        return "first"


PAIRS = [
    Pair(prompt="p", ours="long one", theirs="x"),
    Pair(prompt="p", ours="y", theirs="x"),
    Pair(prompt="q", ours="", theirs="z"),
]


def test_a_judge_that_prefers_a_place_decides_nothing(rng: np.random.Generator) -> None:
    found = judge_pairs(PAIRS, Longer(), rng=rng, resamples=100)  # type: ignore[arg-type]
    assert (found.wins, found.ties, found.losses) == (1, 1, 1)
    # Prompts weigh alike, whatever the number of their pairs.
    assert found.rate.value == pytest.approx((0.75 + 0.0) / 2)
    found = judge_pairs(PAIRS, AlwaysFirst(), rng=rng, resamples=100)  # type: ignore[arg-type]
    assert (found.ties, found.rate.value) == (3, 0.5)
    with pytest.raises(InvalidInputError, match="no pair"):
        judge_pairs([], Longer(), rng=rng)  # type: ignore[arg-type]


class _Judge(BaseHTTPRequestHandler):
    asked: list[dict[str, object]]
    paths: list[str]
    answer = "A"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append(body)
        type(self).paths.append(self.path)
        text = body["messages"][0]["content"]
        said = self.answer or ("A" if "[Reply A]\nkind" in text else "B")
        reply = json.dumps({"choices": [{"message": {"content": said}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def judge() -> Iterator[tuple[str, type[_Judge]]]:
    handler = type("Handler", (_Judge,), {"asked": [], "paths": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_judge_model_is_asked_in_both_orders(
    judge: tuple[str, type[_Judge]], rng: np.random.Generator
) -> None:
    url, handler = judge
    handler.answer = ""
    asked = ServerJudge(url=url, model="m", criterion=HARMLESS)
    found = judge_pairs([Pair(prompt="p", ours="kind", theirs="cold")], asked, rng=rng, resamples=10)
    assert (found.wins, len(handler.asked)) == (1, 2)
    first, second = (str(body["messages"]) for body in handler.asked)
    assert first.index("kind") < first.index("cold")
    assert second.index("cold") < second.index("kind")
    assert "how safe" in first
    assert handler.asked[0]["temperature"] == 0.0
    handler.answer = "neither of them, sorry"
    with pytest.raises(BackendError, match="instead of A, B or T"):
        asked.prefer("p", "x", "y")


class Silent:
    """A judge who answers ``good`` times and then no more."""

    def __init__(self, good: int) -> None:
        self.good, self.asked = good, 0

    def prefer(self, prompt: str, first: str, second: str) -> str:
        self.asked += 1
        if self.asked > self.good:
            raise BackendError("The judge answered 'hm' instead of A, B or T.")
        return "first"


def test_a_pair_without_an_answer_is_left_out_and_counted(rng: np.random.Generator) -> None:
    found = judge_pairs(PAIRS, Silent(5), rng=rng, resamples=10)  # type: ignore[arg-type]
    assert (found.comparisons, found.skipped) == (2, 1)
    with pytest.raises(BackendError, match=r"2 of 3 pairs were not judged\. The judge answered 'hm'"):
        judge_pairs(PAIRS, Silent(2), rng=rng, resamples=10)  # type: ignore[arg-type]
    # One who never answers is not asked for every pair.
    gone = Silent(0)
    with pytest.raises(BackendError, match="3 of 3"):
        judge_pairs(PAIRS * 20, gone, rng=rng, resamples=10)  # type: ignore[arg-type]
    assert gone.asked == 3


def test_a_judge_that_goes_by_the_place_is_said(rng: np.random.Generator) -> None:
    biased = judge_pairs(PAIRS, AlwaysFirst(), rng=rng, resamples=10)  # type: ignore[arg-type]
    assert biased.first_share == 1.0
    assert "prefers the reply shown first" in position_sentence(biased)
    fair = judge_pairs(PAIRS, Longer(), rng=rng, resamples=10)  # type: ignore[arg-type]
    assert (fair.first_share, position_sentence(fair)) == (0.5, "")


def test_an_address_with_its_version_is_the_same_server(judge: tuple[str, type[_Judge]]) -> None:
    url, handler = judge
    for form in (url, url + "/v1", url + "/v1/"):
        assert ServerJudge(url=form, model="m").prefer("p", "x", "y") == "first"
    assert handler.paths == ["/v1/chat/completions"] * 3


def test_what_was_answered_is_not_asked_again(judge: tuple[str, type[_Judge]], tmp_path: Path) -> None:
    url, handler = judge
    path = tmp_path / "judged" / "p.jsonl"
    asked = ServerJudge(url=url, model="m")
    assert RememberingJudge(asked, path).prefer("p", "x", "y") == "first"
    with path.open("a") as file:
        file.write('\n{"pair": "cut o')
    handler.answer = "B"
    assert RememberingJudge(asked, path).prefer("p", "x", "y") == "first"
    assert len(handler.asked) == 1
    other = ServerJudge(url=url, model="m", criterion=HARMLESS)
    assert RememberingJudge(other, path).prefer("p", "x", "y") == "second"
    assert len(handler.asked) == 2


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("A", "first"), ("b.", "second"), ("The answer is B", "second"), ("T", "tie"), ("Tie", "tie")],
)
def test_verdicts_are_read(text: str, verdict: str) -> None:
    assert read_verdict(text) == verdict


def test_votes_of_people_become_a_rate(rng: np.random.Generator) -> None:
    votes = [
        {"first": "a", "second": "b", "choice": "first", "prompt_id": 1},
        {"first": "b", "second": "a", "choice": "first", "prompt_id": 1},
        {"first": "b", "second": "a", "choice": "second", "prompt_id": None},
        {"first": "a", "second": "c", "choice": "both_unsafe", "prompt_id": None},
        {"first": "b", "second": "c", "choice": "first", "prompt_id": 2},
    ]
    found = vote_rate(votes, "a", rng=rng, resamples=50)
    assert found is not None
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    only = vote_rate(votes, "a", rng=rng, against="c", resamples=50)
    assert only is not None
    assert (only.ties, only.comparisons) == (1, 1)
    assert vote_rate(votes, "nobody", rng=rng) is None
