"""A tiny model and a set of its own replies whose score is how many vowels they have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dualign.models import load_reference
from dualign.samples import Manifest, SampleSet, ScoreInfo, Store

from ..models import tiny


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.build(tmp_path_factory.mktemp("models") / "tiny")


def vowels(text: str) -> float:
    return sum(letter in "aeiou" for letter in text) / 4.0


def brevity(text: str) -> float:
    return -len(text) / 10.0


@pytest.fixture(scope="session")
def tiny_set(tiny_folder: Path) -> SampleSet:
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


@pytest.fixture
def stored_set(tiny_set: SampleSet, temporary_store: Path) -> str:
    Store().save(tiny_set)
    return tiny_set.name


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


Reports = list[tuple[int, int, dict[str, float]]]
Reporter = Callable[[int, int, dict[str, float]], None]
