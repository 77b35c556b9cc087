from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import peft
import pytest
import torch

from dualign import paths
from dualign.errors import ModelError, StoreError
from dualign.models.adapters import CONFIG, WEIGHTS
from dualign.models.policies import (
    SHIPPED,
    SPEC,
    PolicySpec,
    delete_policy,
    list_policies,
    load_policies,
    policy_folder,
    read_policy,
    record_metrics,
    verify_policy,
    write_policy,
)
from dualign.models.reference import Reference, load_reference

PLAIN = PolicySpec(
    name="one", method="mocan", reference="tiny", samples="letters", samples_hash="0" * 64, beta=0.5
)


def stored(reference: Reference, name: str, *, seed: int = 0, folder: Path | None = None) -> Path:
    """A policy with random tensors on a reference, whose model is left as it was."""
    torch.manual_seed(seed)
    config = peft.LoraConfig(
        r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM", init_lora_weights=False
    )
    model = peft.get_peft_model(reference.model, config)
    spec = replace(PLAIN, name=name, reference_sha256=reference.spec.sha256)
    try:
        return write_policy(folder or paths.store_root() / "policies" / name, model, spec)
    finally:
        model.unload()


@pytest.fixture
def reference(tiny_folder: Path) -> Reference:
    return load_reference(tiny_folder, threads=1)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_one_base_carries_several_policies(reference: Reference) -> None:
    for seed, name in enumerate(("one", "two.b")):
        stored(reference, name, seed=seed)
    before = reference.log_probs(["ab"], ["cde"])
    model = load_policies(reference, ["one", "two.b"])
    found = {}
    for name in ("one", "two_b"):
        model.set_adapter(name)
        found[name] = reference.log_probs(["ab"], ["cde"])[0]
    with model.disable_adapter():
        np.testing.assert_allclose(reference.log_probs(["ab"], ["cde"]), before, atol=1e-6)
    assert len({round(value, 3) for value in (*found.values(), before[0])}) == 3
    assert (policy_folder("one") / WEIGHTS).stat().st_size < 20_000


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_policy_of_another_reference_is_refused(reference: Reference) -> None:
    stored(reference, "one")
    other = replace(reference, spec=replace(reference.spec, sha256="f" * 64))
    with pytest.raises(ModelError, match="other weights"):
        load_policies(other, ["one"])
    with pytest.raises(ModelError, match="name at least one"):
        load_policies(reference, [])


def edit(file: str, **changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / file
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")

    return change


def flip(folder: Path) -> None:
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (folder / WEIGHTS).write_bytes(content)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (flip, "SHA-256"),
        (edit(CONFIG, modules_to_save=["lm_head"]), "modules_to_save"),
        (edit(CONFIG, auto_mapping={"a": "b"}), "auto_mapping"),
        (edit(SPEC, extra=1), "unknown fields extra"),
        (edit(SPEC, beta=-1.0), "positive"),
        (edit(SPEC, name="two"), "rename the folder"),
        (lambda folder: (folder / "pytorch_model.bin").write_bytes(b"x"), "pytorch_model.bin"),
        (lambda folder: (folder / CONFIG).unlink(), "cannot be read"),
        (lambda folder: (folder / SPEC).write_text("{"), "cannot be read"),
    ],
)
def test_damage_is_named_before_anything_is_loaded(
    reference: Reference, damage: Callable[[Path], None], words: str
) -> None:
    folder = stored(reference, "one")
    assert verify_policy(folder).name == "one"
    damage(folder)
    with pytest.raises(ModelError, match=words):
        verify_policy(folder)
    with pytest.raises(ModelError):
        load_policies(reference, ["one"])


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_policy_is_written_whole_or_not_at_all(
    reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stored(reference, "one")
    with pytest.raises(StoreError, match="exists"):
        stored(reference, "one")
    with pytest.raises(StoreError, match="folder named"):
        stored(reference, "two", folder=paths.store_root() / "policies" / "three")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(StoreError, match="No space left"):
        stored(reference, "two")
    assert [path.name for path in folder.parent.iterdir()] == ["one"]


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_infinite_weights_are_not_stored(reference: Reference) -> None:
    config = peft.LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")
    model = peft.get_peft_model(reference.model, config)
    for name, parameter in model.named_parameters():
        if "lora_A" in name:
            parameter.data.fill_(float("inf"))
    with pytest.raises(ModelError, match="diverged"):
        write_policy(paths.store_root() / "policies" / "one", model, PLAIN)
    model.unload()


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_policies_are_listed_changed_and_deleted(reference: Reference) -> None:
    stored(reference, "mine")
    (paths.store_root() / "policies" / "broken").mkdir()
    (paths.store_root() / "policies" / "broken" / SPEC).write_text("{}")
    assert [policy.name for policy in list_policies() if not policy.shipped] == ["mine"]
    record_metrics(policy_folder("mine"), {"margin": 0.5})
    assert read_policy(policy_folder("mine")).metrics == {"margin": 0.5}
    delete_policy("mine")
    with pytest.raises(ModelError, match="No policy 'mine'"):
        policy_folder("mine")
    for name in ("", "..", "../x", "a/b"):
        with pytest.raises(ModelError):
            policy_folder(name)


def test_what_ships_passes_every_check_and_cannot_be_deleted() -> None:
    shipped = {policy.name: policy for policy in list_policies() if policy.shipped}
    assert set(shipped) == set(SHIPPED)
    for policy in shipped.values():
        spec = verify_policy(policy.folder)
        assert spec.reference == "demo"
        assert {"steps", "seconds", "machine", "held_out_off_policy"} <= set(spec.metrics)
    assert sum((policy.folder / WEIGHTS).stat().st_size for policy in shipped.values()) < 40e6
    with pytest.raises(StoreError, match="ships with dualign"):
        delete_policy(next(iter(shipped)))
