from __future__ import annotations

import numpy as np
import pytest

from dualign.models.chat import Turn, score_reply
from dualign.models.chat.scores import place, scored_prompt
from dualign.models.scorers.encode import chat_turns
from dualign.samples import Store


def test_a_place_counts_ties_by_half() -> None:
    among = np.array([0.0, 1.0, 1.0, 2.0])
    assert place(1.0, among, "here").percentile == 50.0
    assert place(-1.0, among, "here").percentile == 0.0
    assert place(3.0, among, "here").percentile == 100.0
    assert place(3.0, np.zeros(0), "nothing").percentile is None


def test_a_conversation_reaches_the_scorers_with_its_turns() -> None:
    turns = [Turn("user", "a"), Turn("assistant", "b"), Turn("user", "c")]
    assert chat_turns(scored_prompt(turns)) == [("user", "a"), ("assistant", "b"), ("user", "c")]
    assert scored_prompt(turns[:1]) == "a"


def test_a_stored_reply_gets_its_stored_scores_and_place() -> None:
    table = Store().open("demo").table.slice(0, 64)
    row = table.slice(7, 1).to_pylist()[0]
    found = score_reply([Turn("user", row["prompt"])], row["response"])
    for name in ("helpful", "harmless"):
        assert found[name].value == pytest.approx(row[name], abs=0.05)
        scores = table[name].to_numpy()
        assert found[name].percentile == pytest.approx(100 * np.mean(scores < row[name]), abs=6)
        assert found[name].basis == "the reference's 64 replies to this prompt"
    other = score_reply([Turn("user", "How are you?")], "Fine.", scorers=("harmless",), samples="gaussian")
    assert other["harmless"].value
