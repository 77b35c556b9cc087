"""Reference adapters on disk: a LoRA in safetensors, its facts, and the checks made before it is loaded."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from dualign import paths
from dualign.errors import ModelError
from dualign.models.default import file_sha256
from dualign.samples.files import sync_folder

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
SPEC = "reference.json"

# A plain LoRA and nothing else: other keys could change the architecture, the template, or run code.
_NEEDED = ("lora_alpha", "r", "target_modules")
_FIXED: Mapping[str, tuple[Any, ...]] = {
    "peft_type": ("LORA",),
    "task_type": ("CAUSAL_LM", "SEQ_CLS", None),
    "bias": ("none",),
    "fan_in_fan_out": (False,),
    "use_dora": (False,),
    "use_rslora": (False,),
    "modules_to_save": (None, []),
    "rank_pattern": ({},),
    "alpha_pattern": ({},),
    "lora_bias": (False,),
    "inference_mode": (True, False),
}
_FREE = ("base_model_name_or_path", "lora_dropout", "init_lora_weights", "peft_version", "revision")


@dataclass(frozen=True, kw_only=True)
class ReferenceSpec:
    """What makes a reference policy: base model, adapter, temperature and how a prompt is put.

    ``temperature`` is part of the policy (logits divided by it), so that sampling at temperature 1,
    log-probabilities and training all speak of one and the same distribution. ``chat_template`` (Jinja) takes the
    place of the tokenizer's own, for models that were trained with a format which it does not know.
    """

    base: str
    temperature: float = 1.0
    system_prompt: str | None = None
    chat_template: str | None = None
    max_new_tokens: int = 80
    adapter: str | None = None
    sha256: str | None = None
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ModelError(f"A reference's temperature must be above 0, not {self.temperature!r}.")
        if self.max_new_tokens < 1:
            raise ModelError(f"max_new_tokens must be at least 1, not {self.max_new_tokens}.")

    def provenance(self) -> dict[str, Any]:
        """Plain columns for a manifest: everything but the training facts."""
        record = asdict(self)
        record.pop("training")
        if self.chat_template is None:
            record.pop("chat_template")
        return record


def write_adapter(folder: Path, model: Any, spec: ReferenceSpec) -> Path:
    """Adapter folder with half-precision safetensors, written to a temporary name and renamed."""
    record = asdict(replace(spec, adapter=None))
    return write_lora(folder, model, record, spec_name=SPEC, base=spec.base, replace_existing=True)


def write_lora(
    folder: Path,
    model: Any,
    record: Mapping[str, Any],
    *,
    spec_name: str,
    base: str,
    adapter: str = "default",
    replace_existing: bool = False,
) -> Path:
    """Folder of one LoRA of a peft model: half-precision weights, plain configuration, ``record`` with SHA-256.

    It is written to a temporary name and renamed, so that it is whole or absent.

    Raises
    ------
    FileExistsError
        The folder exists and ``replace_existing`` is False.
    ModelError
        A weight is not finite.
    """
    import torch
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    if folder.exists() and not replace_existing:
        raise FileExistsError(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        state = get_peft_model_state_dict(model, adapter_name=adapter)
        weights = {
            name: tensor.detach().to("cpu", torch.float16).contiguous() for name, tensor in state.items()
        }
        bad = [name for name, tensor in weights.items() if not torch.isfinite(tensor).all()]
        if bad:
            raise ModelError(
                f"The adapter for {folder.name} holds values that are not finite, first in {bad[0]}: "
                "training diverged; lower the learning rate."
            )
        save_file(weights, str(scratch / WEIGHTS))
        config = model.peft_config[adapter].to_dict()
        config |= {"inference_mode": True, "base_model_name_or_path": base}
        config["target_modules"] = sorted(config["target_modules"])
        kept = {k: v for k, v in sorted(config.items()) if k in {*_NEEDED, *_FIXED, *_FREE}}
        (scratch / CONFIG).write_text(json.dumps(kept, indent=1, default=str) + "\n", "utf-8")
        whole = {**record, "sha256": file_sha256(scratch / WEIGHTS)}
        (scratch / spec_name).write_text(json.dumps(whole, indent=1) + "\n", "utf-8")
        for path in scratch.iterdir():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        scratch.chmod(0o755)
        (scratch / WEIGHTS).chmod(0o644)
        if folder.exists():
            shutil.rmtree(folder)
        scratch.rename(folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def adapter_folder(name: str) -> Path:
    """Folder of a stored reference adapter: the user's store first, then what ships with dualign.

    Raises
    ------
    ModelError
        If no adapter of that name is stored.
    """
    roots = [paths.store_root() / "adapters", paths.shipped_root() / "adapters"]
    if name and name == Path(name).name and name not in (".", ".."):
        for root in roots:
            if (root / name / SPEC).is_file():
                return root / name
    known = sorted({p.parent.name for root in roots for p in root.glob(f"*/{SPEC}")})
    raise ModelError(f"No reference adapter {name!r} is stored. Stored: {', '.join(known) or 'none'}.")


def read_spec(folder: Path) -> ReferenceSpec:
    """The facts of an adapter folder, read strictly.

    Raises
    ------
    ModelError
        If the file is missing, not JSON, or has other fields than a `ReferenceSpec`.
    """
    path = folder / SPEC
    try:
        record = json.loads(path.read_text("utf-8"))
        known = set(ReferenceSpec.__dataclass_fields__)
        unknown = sorted(set(record) - known)
        if unknown:
            raise ModelError(f"{path} has unknown fields {', '.join(unknown)}. Store the adapter again.")
        spec = ReferenceSpec(**record)
    except OSError as error:
        raise ModelError(f"{folder} holds no readable {SPEC} ({error.strerror}).") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} cannot be read: {error}. Store the adapter again.") from error
    # A folder without weights names a base with a format, a temperature or a limit of its own.
    return replace(spec, adapter=folder.name if spec.sha256 is not None else None)


def verify_adapter(folder: Path) -> ReferenceSpec:
    """The facts of an adapter whose files passed every check made before loading.

    Weights are safetensors with the recorded SHA-256 and finite; the configuration is a plain LoRA with
    known keys only; nothing else that could run or replace a chat template lies beside them.

    Raises
    ------
    ModelError
        Names the file and what is wrong with it.
    """
    spec = read_spec(folder)
    verify_lora(folder, spec_name=SPEC, sha256=spec.sha256)
    return spec


def verify_lora(folder: Path, *, spec_name: str, sha256: str | None) -> dict[str, Any]:
    """The LoRA configuration of a folder that holds nothing else and whose weights have the recorded SHA-256.

    Raises
    ------
    ModelError
        Names the file and what is wrong with it.
    """
    extra = sorted(
        p.name for p in folder.iterdir() if p.name not in {WEIGHTS, CONFIG, spec_name, "README.md"}
    )
    if extra:
        raise ModelError(
            f"{folder} holds {', '.join(extra)} beside {WEIGHTS}, {CONFIG} and {spec_name}. Remove it: only "
            "these three are loaded."
        )
    try:
        config: dict[str, Any] = json.loads((folder / CONFIG).read_text("utf-8"))
        found = file_sha256(folder / WEIGHTS)
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise ModelError(f"{folder / CONFIG} is not JSON: {error}.") from error
    fault = _config_fault(config)
    if fault:
        raise ModelError(f"{folder / CONFIG} has {fault}; only plain LoRA adapters are loaded.")
    if found != sha256:
        raise ModelError(
            f"{folder / WEIGHTS} has SHA-256 {found[:12]}..., recorded is {str(sha256)[:12]}.... "
            "The file changed after it was stored; restore it."
        )
    return config


def read_weights(folder: Path) -> dict[str, Any]:
    """The tensors of a LoRA folder by name; ModelError if one is not finite."""
    import torch
    from safetensors.torch import load_file

    state: dict[str, Any] = load_file(str(folder / WEIGHTS))
    bad = [name for name, tensor in state.items() if not torch.isfinite(tensor).all()]
    if bad:
        raise ModelError(f"{folder / WEIGHTS} holds values that are not finite, first in {bad[0]}.")
    return state


def _config_fault(config: Any) -> str | None:
    """What keeps a configuration from being a plain LoRA, in words; None when it is one."""
    if not isinstance(config, dict):
        return "no JSON object"
    if unknown := sorted(set(config) - {*_NEEDED, *_FIXED, *_FREE}):
        return f"unknown keys {', '.join(unknown)}"
    for key, allowed in _FIXED.items():
        if key in config and config[key] not in allowed:
            return f"{key} {config[key]!r}"
    for key in ("lora_alpha", "r"):
        value = config.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
            return f"{key} {value!r}"
    if config.get("peft_type") != "LORA":
        return "no peft_type"
    return None


def load_adapter(model: Any, folder: Path) -> Any:
    """Model with a verified adapter merged into its weights.

    Raises
    ------
    ModelError
        If the adapter does not fit the model or holds values that are not finite.
    """
    import torch

    verify_adapter(folder)
    state = read_weights(folder)
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    scale = float(config["lora_alpha"]) / float(config["r"])
    used: set[str] = set()
    with torch.no_grad():
        for name, module in model.named_modules():
            keys = tuple(f"base_model.model.{name}.lora_{part}.weight" for part in "AB")
            if not all(key in state for key in keys):
                continue
            down, up = (state[key].float() for key in keys)
            weight = getattr(module, "weight", None)
            if weight is None or weight.shape != (up.shape[0], down.shape[1]) or up.shape[1] != len(down):
                raise ModelError(f"The adapter {folder.name} does not fit this model, first at {name}.")
            weight.add_((scale * (up @ down)).to(weight.dtype))
            used.update(keys)
    if left := sorted(set(state) - used):
        raise ModelError(f"The adapter {folder.name} does not fit this model, first at {left[0]}.")
    return model
