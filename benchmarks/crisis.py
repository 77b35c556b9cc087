"""The crisis detector beside a list of keywords, the usual practice: ``python -m benchmarks.crisis [--data FOLDER]``.

Everything here was kept from the fit: the project's own test messages always, the public files where their folder is
named. Recall and false alarms with 95 % Wilson intervals, and the time a message takes.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from dualign.models.crisis import detect
from dualign.models.crisis.fit import MESSAGES, own_messages
from dualign.ui.chat.votes import wilson

# As found in moderation guides: the words that a first filter looks for.
KEYWORDS = re.compile(
    r"suicid|kill (?:myself|himself|herself|themselves)|end (?:my|it all|his|her) ?(?:life)?|want to die|self[- ]?harm|"
    r"cut(?:ting)? myself|hurt(?:ing)? myself|overdos|hopeless|take my (?:own )?life|don'?t want to live|"
    r"better off dead|hang myself|rape|abuse[ds]?|hits me|beats me|hear(?:ing)? voices",
    re.IGNORECASE,
)
OWN = "own test messages"
# Not in the total: phrases for the kinds of message missed there were added once they were known.
READER = "  an outside reader's messages"
Rows = Sequence[tuple[str, bool]]


def own() -> dict[str, Rows]:
    """The project's test messages, those of an outside reader, and the hints of all."""
    rows = [json.loads(line) for line in MESSAGES.read_text("utf-8").splitlines()]
    hints = [
        (r["text"], True)
        for r in rows
        if r["part"] == "test" and r["style"] == "indirect" and r["set"] != "reader"
    ]
    sets = {
        title: [(r.text, r.crisis) for r in own_messages("test", of=of)]
        for title, of in ((OWN, "first"), ("own short messages", "chat"), (READER, "reader"))
    }
    return sets | {"  hints of the own messages": hints}


def public(folder: Path) -> dict[str, Rows]:
    """Rows of the public files that nothing was fitted on."""
    import pandas as pd

    labels = json.loads(Path(__file__).with_name("crisis_labels.json").read_text("utf-8"))
    found: dict[str, Rows] = {}
    gold = pd.read_parquet(folder / "openai_rbr_gold.parquet")
    gold = gold[gold.split == "test"]
    said = [[t["content"] for t in json.loads(m) if t["role"] == "user"][-1] for m in gold.prompt_messages]
    found["rule-based-rewards gold, test split"] = list(
        zip(said, gold.category.isin(["SH-R1", "SH-R2"]), strict=True)
    )
    for name, title, parity in (
        ("mentalchat_evalq_responses", "forum posts, even numbers", 0),
        ("counselling_bench", "counselling questions", None),
    ):
        asked = pd.read_parquet(folder / f"{name}.parquet").drop_duplicates("question_id")
        found[title] = [
            (text, int(key) in labels[name]["crisis"])
            for key, text in zip(asked.question_id, asked.question, strict=True)
            if int(key) not in labels[name]["unclear"] and (parity is None or int(key) % 2 == parity)
        ]
    helpful = pd.read_parquet(folder / "hh_helpful_base_test.parquet").prompt_last.drop_duplicates()
    found["everyday requests (HH helpful)"] = [(text, False) for text in helpful[1200:]]
    return found


def rates(rows: Rows, alarm: Callable[[str], bool]) -> tuple[int, int, int, int]:
    """Found, crises, false alarms, others."""
    raised = [(alarm(text), crisis) for text, crisis in rows]
    crises = sum(crisis for _, crisis in raised)
    found = sum(a for a, crisis in raised if crisis)
    return found, crises, sum(a for a, crisis in raised if not crisis), len(raised) - crises


def _share(count: int, of: int) -> str:
    if of == 0:
        return "                    –"
    low, high = wilson(count, of)
    return f"{count / of:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Print the table and the times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=None, help="folder of the public files")
    folder = parser.parse_known_args()[0].data
    sets = own() | (public(folder) if folder else {})
    print(f"{'set':38s} {'n':>5s}  {'':9s} {'recall':21s} {'false alarms':21s}")
    totals = {"ours": np.zeros(4, int), "keywords": np.zeros(4, int)}
    for title, rows in sets.items():
        for who, alarm in (
            ("ours", lambda text: detect(text) is not None),
            ("keywords", lambda text: KEYWORDS.search(text) is not None),
        ):
            found = rates(rows, alarm)
            if not title.startswith("  "):
                totals[who] += found
            print(f"{title:38s} {len(rows):5d}  {who:9s} {_share(*found[:2]):21s} {_share(*found[2:]):21s}")
    for who, total in totals.items():
        print(
            f"{'all':38s} {total[1] + total[3]:5d}  {who:9s} {_share(*total[:2]):21s} {_share(*total[2:]):21s}"
        )
    missed = {who: 1 - total[0] / total[1] for who, total in totals.items()}
    print(f"crises missed, ours / keywords: {missed['ours'] / missed['keywords']:.2f}")
    texts = [text for text, _ in sets[OWN]]
    for title, given in (
        ("a message", texts),
        ("4,000 characters", ["I can't sleep and I feel low. " * 133] * 5),
    ):
        took = []
        for text in given:
            start = time.perf_counter()
            detect(text)
            took.append(1000 * (time.perf_counter() - start))
        print(f"{title}: median {np.median(took):.1f} ms, p95 {np.percentile(took, 95):.1f} ms")


if __name__ == "__main__":
    main()
