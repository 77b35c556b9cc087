"""One-output sequence classifiers from a folder, with or without a LoRA adapter as trl leaves it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dualign.errors import ModelError
from dualign.models.adapters import _FIXED, _FREE, _NEEDED, CONFIG, WEIGHTS, _config_fault
from dualign.models.default import DEFAULT_NAME, ensure_default_model

# peft writes these whether they are used or not; neither bears on a plain LoRA.
_INERT: Mapping[str, Any] = {"megatron_core": "megatron.core", "qalora_group_size": 16}
_HEADS = {"score", "classifier"}
_PREFIX = "base_model.model."


def read_json(path: Path) -> dict[str, Any]:
    """JSON object in ``path``.

    Raises
    ------
    ModelError
        Unreadable, or no object.
    """
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        record = None
    if not isinstance(record, dict):
        raise ModelError(f"{path.parent.name}/{path.name} is not a readable JSON object: restore it.")
    return record


def weight_names(files: Iterable[Path]) -> set[str]:
    """Names of the tensors in safetensors files; nothing else of them is read."""
    from safetensors import SafetensorError, safe_open

    names: set[str] = set()
    for path in files:
        try:
            with safe_open(path, framework="pt") as stream:
                names.update(stream.keys())
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{path.parent.name}/{path.name} is no readable safetensors file.") from error
    return names


def load_tokenizer(folder: Path) -> Any:
    """Tokenizer in ``folder`` with a padding token; no code of the folder's own is run."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"the tokenizer in {folder.name} cannot be loaded: {_first(error)}") from error
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise ModelError(
                f"the tokenizer in {folder.name} has neither a padding nor an end token: add one."
            )
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_classifier(folder: Path, *, adapter: bool, label: int | None = None) -> tuple[Any, Any, Path]:
    """Model, tokenizer and folder of the base model; with ``label`` a classifier of several classes is taken too.

    Raises
    ------
    ModelError
        Other than one output, weights that are missing (they would be random), an adapter that is not a plain
        LoRA, or code of the folder's own.
    """
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification
    from transformers.utils import logging

    lora = _adapter_config(folder) if adapter else {}
    base = _adapter_base(folder, lora) if adapter else folder
    supplied = {_own_name(name) for name in weight_names([folder / WEIGHTS])} if adapter else set()
    try:
        config = AutoConfig.from_pretrained(base, trust_remote_code=False, local_files_only=True)
        if label is None and not adapter and config.num_labels != 1:
            raise ModelError(
                f"the sequence classifier in {folder.name} has {config.num_labels} outputs: "
                f"a reward model has one; '{folder.name}:label=K' takes the logit of class K."
            )
        if label is not None and (adapter or not 0 <= label < config.num_labels):
            raise ModelError(
                f"the classifier in {folder.name} has classes 0 to {config.num_labels - 1} and no adapter may change "
                f"them, so there is no class {label} to read."
            )
        # What is missing is checked below and told in one sentence, not in transformers' table.
        told = logging.get_verbosity()
        logging.set_verbosity_error()
        try:
            model, loaded = AutoModelForSequenceClassification.from_pretrained(
                base,
                num_labels=1 if label is None else config.num_labels,
                dtype=torch.float32,
                trust_remote_code=False,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
            )
        finally:
            logging.set_verbosity(told)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"the reward model in {folder.name} cannot be loaded: {_first(error)}") from error
    missing = sorted(set(loaded["missing_keys"]) - supplied)
    if missing:
        raise ModelError(
            f"the reward model in {folder.name} lacks {len(missing)} weights, {missing[0]} first: without "
            "them its scores would be random, so give the folder of the trained model."
        )
    if adapter:
        _merge(model, folder, lora)
    own_tokenizer = (folder / "tokenizer_config.json").is_file()
    tokenizer = load_tokenizer(folder if own_tokenizer else base)
    model.config.pad_token_id = tokenizer.pad_token_id
    return model.eval(), tokenizer, base


def _first(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _own_name(name: str) -> str:
    return name.removeprefix(_PREFIX).replace("modules_to_save.default.", "")


def _adapter_config(folder: Path) -> dict[str, Any]:
    """The adapter's configuration, known keys only; its one trained module may be the score head."""
    if not (folder / WEIGHTS).is_file():
        raise ModelError(f"the adapter in {folder.name} has no {WEIGHTS}: save it as safetensors.")
    record = read_json(folder / CONFIG)
    allowed = {*_NEEDED, *_FIXED, *_FREE}
    unset: tuple[Any, ...] = (None, {}, [], False)
    config = {
        key: value
        for key, value in record.items()
        if key in allowed or (value not in unset and _INERT.get(key) != value)
    }
    # A key of the allow-list that is unset means its default, which is plain LoRA's.
    config = {key: value for key, value in config.items() if value is not None}
    trained = config.get("modules_to_save") or []
    plain = (
        {**config, "modules_to_save": []}
        if isinstance(trained, list) and {*map(str, trained)} <= _HEADS
        else config
    )
    fault = _config_fault(plain)
    if fault:
        raise ModelError(f"{folder.name}/{CONFIG} has {fault}; only plain LoRA adapters are loaded.")
    return config


def _adapter_base(folder: Path, config: Mapping[str, Any]) -> Path:
    name = str(config.get("base_model_name_or_path", ""))
    if name == DEFAULT_NAME:
        return ensure_default_model()
    if not name or not Path(name).is_dir():
        raise ModelError(
            f"the base model '{name}' of the adapter in {folder.name} is no folder here: "
            f"put its path in {CONFIG}."
        )
    return Path(name)


def _merge(model: Any, folder: Path, config: Mapping[str, Any]) -> None:
    """Add the adapter to the model's weights; every tensor of it must find its place."""
    import torch
    from safetensors.torch import load_file

    state = {key: value.float() for key, value in load_file(folder / WEIGHTS).items()}
    scale = float(config["lora_alpha"]) / float(config["r"])
    own = dict(model.named_parameters())
    trained = set(config.get("modules_to_save") or _HEADS)
    with torch.no_grad():
        for key, value in state.items():
            name = _own_name(key)
            if name.endswith(".lora_B.weight") and key.replace("lora_B", "lora_A") in state:
                continue
            up = state.get(key.replace(".lora_A.", ".lora_B.")) if ".lora_A." in key else None
            target = own.get(name.replace(".lora_A.weight", ".weight"))
            if up is not None and up.shape[1] == value.shape[0]:
                change, replaces = scale * (up @ value), False
            else:
                change, replaces = value, True
            fits = target is not None and target.shape == change.shape and bool(torch.isfinite(change).all())
            if target is None or not fits or (replaces and name.split(".")[0] not in trained):
                raise ModelError(
                    f"the adapter in {folder.name} does not fit its base model, first at {name}."
                )
            if replaces:
                target.copy_(change)
            else:
                target.add_(change)
