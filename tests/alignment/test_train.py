from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dualign.alignment.spec import AlignSpec, TrainOptions
from dualign.alignment.train import train
from dualign.errors import StoreError
from dualign.models import load_reference
from dualign.models.policies import list_policies, load_policies

QUICK = TrainOptions(steps=60, learning_rate=0.002, dtype="float32", threads=1, checkpoint_every=5)


def test_a_policy_is_trained_stored_and_loads(stored_set: str, tiny_folder: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int, dict[str, float]]] = []
    spec = AlignSpec(samples=stored_set, name="mine", options=QUICK)
    result = train(spec, checkpoints=tmp_path / "run", report=lambda s, n, m: seen.append((s, n, dict(m))))
    assert result.policies == ("mine",)
    assert [step for step, _, _ in seen] == list(range(1, 61))
    assert {total for _, total, _ in seen} == {60}
    [policy] = list_policies_of_store()
    assert policy.spec.metrics["reward_margin"] > 0.1
    assert policy.spec.multipliers["safe"] > 0
    assert policy.spec.metrics["held_out_margin"]["value"] > 0
    assert policy.spec.metrics["held_out_off_policy"]["ess"] > 1
    reference = load_reference(tiny_folder, threads=1)
    before = reference.log_probs(["ax"], ["bcd"])
    model = load_policies(reference, ["mine"])
    with model.disable_adapter():
        np.testing.assert_allclose(reference.log_probs(["ax"], ["bcd"]), before, atol=1e-5)
    assert abs(reference.log_probs(["ax"], ["bcd"]) - before) > 1e-3
    with pytest.raises(StoreError, match="exists"):
        train(
            AlignSpec(samples=stored_set, name="mine", options=QUICK, title="another"),
            checkpoints=tmp_path / "b",
        )


def list_policies_of_store() -> list[object]:
    return [policy for policy in list_policies() if not policy.shipped]
