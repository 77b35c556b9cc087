"""Adapters on disk as the back ends take them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dualign.models.adapters import CONFIG, WEIGHTS, read_weights


@dataclass(frozen=True, kw_only=True)
class StoredAdapter:
    """A verified policy folder and what mixing needs to know of it."""

    name: str
    folder: Path
    beta: float = 1.0
    reference_sha256: str | None = None


def find_stored(name: str) -> StoredAdapter:
    """The trained policy of that name, its files checked.

    Raises
    ------
    ModelError
        If there is none, or it fails a check.
    """
    from dualign.models.policies import policy_folder, verify_policy

    folder = policy_folder(name)
    spec = verify_policy(folder)
    return StoredAdapter(
        name=name, folder=folder, beta=float(spec.beta), reference_sha256=spec.reference_sha256
    )


def write_interpolated(folder: Path, adapters: Mapping[str, tuple[StoredAdapter, float]]) -> Path:
    """Adapter folder whose delta is the weighted sum of others' deltas: their factors side by side.

    Exact but for the rounding of half precision; the rank is the sum of ranks.
    """
    import torch
    from safetensors.torch import save_file

    parts: dict[str, list[tuple[Any, Any]]] = {}
    names: dict[str, Any] = {}
    for stored, weight in adapters.values():
        state = read_weights(stored.folder)
        config = json.loads((stored.folder / CONFIG).read_text("utf-8"))
        names = names or config
        scale = weight * float(config["lora_alpha"]) / float(config["r"])
        for key in state:
            if key.endswith(".lora_A.weight"):
                module = key.removesuffix(".lora_A.weight")
                up = state[f"{module}.lora_B.weight"].float()
                parts.setdefault(module, []).append((state[key].float(), scale * up))
    rank = max(sum(len(down) for down, _ in found) for found in parts.values())
    state = {}
    for module, found in parts.items():
        down, up = torch.cat([d for d, _ in found]), torch.cat([u for _, u in found], 1)
        # One rank for all modules: a module that fewer adapters touch is filled up with zeros.
        missing = rank - len(down)
        down, up = (
            torch.nn.functional.pad(down, (0, 0, 0, missing)),
            torch.nn.functional.pad(up, (0, missing)),
        )
        state[f"{module}.lora_A.weight"] = down.half().contiguous()
        state[f"{module}.lora_B.weight"] = up.half().contiguous()
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, str(folder / WEIGHTS))
    targets = sorted({module.rpartition(".")[2] for module in parts})
    record = {**names, "r": rank, "lora_alpha": rank, "target_modules": targets}
    (folder / CONFIG).write_text(json.dumps(record), "utf-8")
    return folder
