"""What a judge model said of a policy, kept: answers one by one in a file, the win rate in the registry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dualign import jobs, paths
from dualign.evaluation.policies import EvaluatedPolicy
from dualign.evaluation.results import plain
from dualign.evaluation.summary import judged
from dualign.evaluation.winrates import ServerJudge, Verdict, WinRate
from dualign.samples import files

KIND = "judgement"
"""Kind of the registry's records."""


class RememberingJudge:
    """A judge model that is asked only what it has not answered before.

    Parameters
    ----------
    judge
        Whom to ask.
    path
        File of its answers, one JSON object a line; made where it is missing.
    """

    def __init__(self, judge: ServerJudge, path: Path) -> None:
        self._judge, self._path = judge, path
        self._known: dict[str, Verdict] = {}
        if path.is_file():
            for line in path.read_text("utf-8").splitlines():
                # A line that was cut off is asked again.
                with suppress(ValueError, KeyError, TypeError):
                    answer = json.loads(line)
                    if answer["verdict"] in ("first", "second", "tie"):
                        self._known[answer["pair"]] = answer["verdict"]

    def prefer(self, prompt: str, first: str, second: str) -> Verdict:
        """The answer, from the file where it is there.

        Raises
        ------
        BackendError
            As the judge.
        """
        asked = (self._judge.model, self._judge.criterion, prompt, first, second)
        pair = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
        if pair not in self._known:
            verdict = self._judge.prefer(prompt, first, second)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # The break comes first, so that a line that was cut off spoils no other.
            with self._path.open("a", encoding="utf-8") as file:
                file.write("\n" + json.dumps({"pair": pair, "verdict": verdict}))
            self._known[pair] = verdict
        return self._known[pair]


def judge_policy(
    evaluated: EvaluatedPolicy,
    judge: ServerJudge,
    *,
    words: str,
    pairs: int = 1,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> WinRate:
    """`judged` by a judge model whose answers are kept, and its result recorded under the policy's name.

    ``words`` says in a word what is judged. Other parameters and errors are those of `judged`.
    """
    path = paths.store_root() / "results" / "judged" / f"{files.check_name(evaluated.name)}.jsonl"
    rate = judged(evaluated, RememberingJudge(judge, path), pairs=pairs, seed=seed, progress=progress)
    content = {"policy": evaluated.name, "judge": judge.model, "criterion": words, "rate": plain(rate)}
    name = hashlib.sha256(f"{evaluated.name}\n{judge.model}\n{words}".encode()).hexdigest()
    jobs.record(KIND, name, content, replace=True)
    return rate
