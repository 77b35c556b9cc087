"""A set of a tiny model's own replies whose scores are computed from their letters."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from dualign.models import load_reference
from dualign.samples import Manifest, SampleSet, ScoreInfo


def vowels(text: str) -> float:
    return sum(letter in "aeiou" for letter in text) / 4.0


def brevity(text: str) -> float:
    return -len(text) / 10.0


def letters_set(tiny_folder: Path) -> SampleSet:
    """24 prompts in three groups, 16 replies each, drawn from the tiny model."""
    reference = load_reference(tiny_folder, threads=1)
    prompts = [f"{a}{b}" for a in "abcdef" for b in "xyzw"]
    rows: dict[str, list[object]] = {key: [] for key in ("p", "g", "t", "i", "r", "lp", "n", "cut")}
    for p, replies in enumerate(reference.sample(prompts, 16, seed=3)):
        for i, reply in enumerate(replies):
            for key, value in zip(
                rows,
                (p, "abc"[p % 3], prompts[p], i, reply.text, reply.log_prob, reply.n_tokens, reply.truncated),
                strict=True,
            ):
                rows[key].append(value)
    texts = [str(text) for text in rows["r"]]
    table = pa.table(
        {
            "prompt_id": pa.array(rows["p"], pa.int32()),
            "group": pa.array(rows["g"], pa.string()),
            "prompt": pa.array(rows["t"], pa.string()),
            "response_id": pa.array(rows["i"], pa.int32()),
            "response": pa.array(texts, pa.string()),
            "log_prob": pa.array(rows["lp"], pa.float64()),
            "n_tokens": pa.array(rows["n"], pa.int32()),
            "truncated": pa.array(rows["cut"], pa.bool_()),
            "good": pa.array([vowels(text) for text in texts], pa.float64()),
            "safe": pa.array([brevity(text) for text in texts], pa.float64()),
        }
    )
    spec = reference.spec
    manifest = Manifest(
        name="letters",
        reward="good",
        utilities=("safe",),
        scores={"good": ScoreInfo(scorer="good"), "safe": ScoreInfo(scorer="safe")},
        default_beta=0.5,
        default_thresholds={"safe": 0.2},
        reference={
            "name": str(tiny_folder),
            "base": spec.base,
            "temperature": spec.temperature,
            "system_prompt": spec.system_prompt,
            "sha256": spec.sha256,
        },
        provenance={"exact": True},
    )
    return SampleSet(table, manifest)
