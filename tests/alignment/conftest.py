"""A tiny model and a set of its own replies whose score is how many vowels they have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dualign.samples import SampleSet, Store

from ..models import tiny
from .letters import letters_set


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.build(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def tiny_set(tiny_folder: Path) -> SampleSet:
    return letters_set(tiny_folder)


@pytest.fixture
def stored_set(tiny_set: SampleSet, temporary_store: Path) -> str:
    Store().save(tiny_set)
    return tiny_set.name


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


Reports = list[tuple[int, int, dict[str, float]]]
Reporter = Callable[[int, int, dict[str, float]], None]
