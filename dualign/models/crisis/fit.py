"""Fit the second stage of the detector: ``python -m dualign.models.crisis.fit DATA``, DATA the folder of public files.

The phrases come first; the fitted part looks at hashed words alone and speaks up where no phrase does. It is fitted on
the project's own messages (part "fit"), its demo prompts, and files under MIT, Apache-2.0 and CC BY; what a file's
rows were not fitted on is named in `benchmarks.crisis`, which measures there.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dualign.models.crisis import detector, features
from dualign.models.default import import_train_stack

# Share of short everyday messages that may raise the alarm, out of fold: the threshold follows from it.
SHORT_ALARMS, INVERSE_RIDGE, FOLDS = 0.12, 60.0, 5
MESSAGES = Path(__file__).with_name("messages.jsonl")
_DEMO = Path(__file__).resolve().parents[2] / "samples" / "demo_prompts.jsonl"


class Row(NamedTuple):
    """A message, whether it signals a crisis, how much it counts, and whether it is a short everyday one."""

    text: str
    crisis: bool
    weight: float = 1.0
    short: bool = False


def own_messages(part: str, *, of: str | None = None) -> list[Row]:
    """The project's own labelled messages of a part.

    Parameters
    ----------
    part
        ``"fit"`` or ``"test"``.
    of
        ``"first"``, ``"chat"`` (short ones, as conversations open) or ``"reader"`` (an outside reader's, test only);
        None for all.
    """
    rows = [json.loads(line) for line in MESSAGES.read_text("utf-8").splitlines()]
    return [
        Row(row["text"], bool(row["crisis"]), short=row["style"] == "short")
        for row in rows
        if row["part"] == part and of in (None, row["set"])
    ]


def public_rows(folder: Path) -> list[Row]:
    """Rows of the public files that the shipped weights are fitted on."""
    import pandas as pd

    found: list[Row] = []
    gold = pd.read_parquet(folder / "openai_rbr_gold.parquet")
    for category, messages, split in zip(gold.category, gold.prompt_messages, gold.split, strict=True):
        if split == "train":
            said = [turn["content"] for turn in json.loads(messages) if turn["role"] == "user"][-1]
            found.append(Row(said, category in ("SH-R1", "SH-R2")))
    helpful = pd.read_parquet(folder / "hh_helpful_base_test.parquet").prompt_last.drop_duplicates()
    found += [Row(text, False, 0.5) for text in helpful[:1200]]
    pool = pd.read_parquet(folder / "prompts_all.parquet")
    permissive = pool[pool.source.isin(["xstest"])]
    found += [Row(text, False, 0.5) for text in permissive.prompt]
    asked = pd.read_parquet(folder / "counselchat.parquet").drop_duplicates("questionID")
    for title, text, keyword in zip(asked.questionTitle, asked.questionText, asked.crisis_kw, strict=True):
        whole = f"{title or ''}. {text or ''}"
        # Not labelled: what holds a keyword or a phrase may be a crisis and is left out.
        if not keyword and not any(reading.kinds for reading in features.readings(whole)):
            found.append(Row(whole, False, 0.5))
    return found


def design(rows: Sequence[Row]) -> tuple[Any, npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Features (N, N_HASHED), labels and weights (N,) of the stretches of messages, message by message."""
    import scipy.sparse as sp

    stretches: list[tuple[features.Reading, bool, float]] = []
    for row in rows:
        read = list(features.readings(row.text))
        if row.crisis and len(read) > 1:
            read = [reading for reading in read if reading.kinds] or read[-1:]
        stretches += [(reading, row.crisis, row.weight / np.sqrt(len(read))) for reading in read]
    found = [features.columns(reading) for reading, _, _ in stretches]
    ends = np.cumsum([0, *(len(columns) for columns in found)])
    values = np.concatenate([np.full(len(columns), features.scale(len(columns))) for columns in found])
    matrix = sp.csr_matrix((values, np.concatenate(found), ends), shape=(len(found), features.N_HASHED))
    labels = np.array([crisis for _, crisis, _ in stretches])
    return matrix, labels, np.array([weight for _, _, weight in stretches])


def fit(folder: Path, target: Path) -> dict[str, Any]:
    """The record of weights fitted and written to ``target``."""
    linear, selection = import_train_stack("sklearn.linear_model", "sklearn.model_selection")
    # The short messages come first, so that their rows of the design are known.
    own = sorted(own_messages("fit"), key=lambda row: not row.short)
    n_short = sum(row.short for row in own)
    rows = own + public_rows(folder)
    prompts = [json.loads(line) for line in _DEMO.read_text("utf-8").splitlines()]
    rows += [Row(prompt["prompt"], prompt["group"] == "crisis") for prompt in prompts]
    matrix, labels, weights = design(rows)
    model = linear.LogisticRegression(C=INVERSE_RIDGE, max_iter=1000, class_weight="balanced")
    held_out = selection.cross_val_predict(
        model,
        matrix,
        labels,
        cv=selection.StratifiedKFold(FOLDS, shuffle=True, random_state=0),
        method="decision_function",
        params={"sample_weight": weights},
    )
    model.fit(matrix, labels, sample_weight=weights)
    buffer = io.BytesIO()
    np.save(buffer, model.coef_[0].astype(np.float16))
    record = {
        "name": "crisis",
        "licence": "Apache-2.0",
        "intercept": float(model.intercept_[0]),
        "threshold": round(float(np.quantile(held_out[:n_short], 1 - SHORT_ALARMS)), 2),
        "rows": len(rows),
        "crisis_rows": sum(row.crisis for row in rows),
        "data": [
            {"file": "messages.jsonl, part fit, and the demo prompts", "licence": "Apache-2.0"},
            {"file": "openai_rbr_gold, train split", "licence": "MIT"},
            {"file": "hh_helpful_base_test, first 1200 messages", "licence": "MIT"},
            {"file": "XSTest", "licence": "CC BY 4.0"},
            {"file": "counselchat, questions without a keyword or phrase", "licence": "MIT"},
        ],
        "sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
    }
    target.mkdir(parents=True, exist_ok=True)
    (target / detector.WEIGHTS).write_bytes(buffer.getvalue())
    (target / detector.RECORD).write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    return record


def main() -> int:
    """Fit and write the shipped weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder of the public files")
    parser.add_argument("--out", type=Path, default=detector.folder())
    arguments = parser.parse_args()
    print(json.dumps(fit(arguments.data, arguments.out), indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
