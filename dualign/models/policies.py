"""Trained policies on disk: a LoRA on a reference, with what it was trained for and what was measured."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dualign import paths
from dualign.errors import ModelError, StoreError
from dualign.models.adapters import read_weights, verify_lora, write_lora
from dualign.samples import files

if TYPE_CHECKING:
    from dualign.models.reference import Reference

SPEC = "policy.json"
FOLDER = "policies"
SHIPPED = (
    "demo-helpful-only",
    "demo-harmless-0.25",
    "demo-harmless-0.5",
    "demo-harmless-0.8",
    "demo-harmless-only",
    "demo-pecan-harmless-0.5",
    "demo-iterated-harmless-0.25",
    "demo-iterated-harmless-0.5",
    "demo-iterated-harmless-0.8",
)


@dataclass(frozen=True, kw_only=True)
class PolicySpec:
    """What a trained policy is: the problem it answers, how it was trained, what was measured.

    Attributes
    ----------
    name : str
        Its name in the store.
    method : str
        "mocan", "pecan", "rloo", "grpo", or the name of a baseline.
    reference, reference_sha256 : str
        The reference it is a LoRA on, and the SHA-256 of that reference's own adapter (None without one).
    samples, samples_hash : str
        Sample set it was trained on and its content hash.
    beta : float
        Weight of the KL term, reward units per nat.
    form : str
        How the thresholds are meant, "improvement" or "absolute".
    thresholds, multipliers : mapping
        By constraint, utility units and reward per utility; no threshold where the multipliers were given.
    reward : str
        Score that is the reward; "" for a policy that ignores it.
    options, metrics : mapping
        Every training option; loss, reward margin, KL, steps, seconds, machine, held-out results.
    created : str
        ISO 8601.
    sha256 : str or None
        Of the weights.
    """

    name: str
    title: str = ""
    method: str
    reference: str = "demo"
    reference_sha256: str | None = None
    samples: str
    samples_hash: str
    beta: float
    form: str = "improvement"
    thresholds: Mapping[str, float] = field(default_factory=dict)
    multipliers: Mapping[str, float] = field(default_factory=dict)
    reward: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    sha256: str | None = None

    def __post_init__(self) -> None:
        files.check_name(self.name)
        if not (isinstance(self.beta, int | float) and math.isfinite(self.beta) and self.beta > 0):
            raise ModelError(f"A policy's beta must be positive and finite, not {self.beta!r}.")


@dataclass(frozen=True)
class Policy:
    """A stored policy; ``shipped`` when it comes with dualign and cannot be deleted."""

    spec: PolicySpec
    folder: Path
    shipped: bool

    @property
    def name(self) -> str:
        """Its name."""
        return self.spec.name


def list_policies() -> list[Policy]:
    """Stored policies by name; those of the user first where both have one. Unreadable folders are left out."""
    found: dict[str, Policy] = {}
    for folder, shipped in _folders():
        if folder.name not in found:
            try:
                found[folder.name] = Policy(read_policy(folder), folder, shipped)
            except ModelError:
                continue
    return [found[name] for name in sorted(found)]


def _folders() -> Iterator[tuple[Path, bool]]:
    own, shipped = paths.store_root() / FOLDER, paths.shipped_root() / FOLDER
    for path in sorted(own.glob(f"*/{SPEC}")):
        folder = path.parent
        if files.is_plain_folder(folder) and not folder.name.startswith("."):
            yield folder, own == shipped and folder.name in SHIPPED
    if own != shipped:
        # The store of a checkout may hold more beside what ships; another store does not see it.
        yield from ((shipped / name, True) for name in SHIPPED if (shipped / name / SPEC).is_file())


def policy_folder(name: str) -> Path:
    """Folder of a stored policy: the user's store first, then what ships with dualign.

    Raises
    ------
    ModelError
        If no policy of that name is stored.
    """
    for folder, _ in _folders():
        if folder.name == name:
            return folder
    known = ", ".join(policy.name for policy in list_policies()) or "none"
    raise ModelError(f"No policy {name!r} is stored. Stored: {known}.")


def read_policy(folder: Path) -> PolicySpec:
    """What a policy folder says of itself, read strictly.

    Raises
    ------
    ModelError
        If the file is missing, not JSON, has other fields than a `PolicySpec`, or names another policy.
    """
    path = folder / SPEC
    try:
        record = json.loads(path.read_text("utf-8"))
        unknown = sorted(set(record) - set(PolicySpec.__dataclass_fields__))
        if unknown:
            raise ModelError(f"{path} has unknown fields {', '.join(unknown)}. Train the policy again.")
        spec = PolicySpec(**record)
    except OSError as error:
        raise ModelError(f"{folder} holds no readable {SPEC} ({error.strerror}).") from error
    except (ValueError, TypeError, AttributeError, StoreError) as error:
        raise ModelError(f"{path} cannot be read: {error}. Train the policy again.") from error
    if spec.name != folder.name:
        raise ModelError(
            f"{path} names the policy {spec.name!r}, its folder {folder.name!r}: rename the folder."
        )
    return spec


def verify_policy(folder: Path) -> PolicySpec:
    """What a policy is, after the checks that are made before any of it is loaded: see `verify_adapter`.

    Raises
    ------
    ModelError
        Names the file and what is wrong with it.
    """
    spec = read_policy(folder)
    verify_lora(folder, spec_name=SPEC, sha256=spec.sha256)
    read_weights(folder)
    return spec


def write_policy(folder: Path, model: Any, spec: PolicySpec, *, adapter: str = "default") -> Path:
    """Policy folder from one adapter of a peft model, whole or absent.

    Raises
    ------
    StoreError
        A policy of that name exists, or the folder cannot be written.
    ModelError
        A weight is not finite.
    """
    if folder.name != spec.name:
        raise StoreError(f"the policy '{spec.name}' cannot be stored in a folder named '{folder.name}'.")
    try:
        return write_lora(folder, model, asdict(spec), spec_name=SPEC, base=spec.reference, adapter=adapter)
    except FileExistsError as error:
        raise StoreError(
            f"a policy named '{spec.name}' exists in the store already: choose another name or delete it."
        ) from error
    except OSError as error:
        raise StoreError(
            f"the policy '{spec.name}' could not be stored ({error.strerror or error}): free space or check the "
            "folder's permissions."
        ) from error


def record_metrics(folder: Path, metrics: Mapping[str, Any]) -> PolicySpec:
    """Add measured figures to a policy's record, in one step; the weights stay as they are."""
    spec = read_policy(folder)
    record = {**asdict(spec), "metrics": {**spec.metrics, **metrics}}
    files.replace_file(folder / SPEC, (json.dumps(record, indent=1) + "\n").encode())
    return read_policy(folder)


def delete_policy(name: str) -> None:
    """Delete one of the user's policies.

    Raises
    ------
    ModelError
        No policy of that name.
    StoreError
        It ships with dualign, or its folder cannot be removed.
    """
    folder = policy_folder(name)
    if any(policy.name == name and policy.shipped for policy in list_policies()):
        raise StoreError(f"'{name}' ships with dualign and cannot be deleted; only your own policies can.")
    try:
        files.remove_folder(folder)
    except OSError as error:
        raise StoreError(f"the policy '{name}' could not be deleted ({error.strerror or error}).") from error


def load_policies(reference: Reference, names: Sequence[str | Path]) -> Any:
    """One peft model on the reference's weights with an adapter for each policy.

    ``set_adapter(name)`` switches in place, and ``with model.disable_adapter()`` gives the reference itself.
    The reference's model is wrapped, not copied: use it through what is returned from here on.

    Parameters
    ----------
    reference
        The reference that the policies were trained on.
    names
        Names of stored policies, or their folders; adapters are called by the folder's name.

    Raises
    ------
    ModelError
        A policy is missing, fails a check, or was trained on another reference.
    """
    import peft

    if not names:
        raise ModelError("No policy was named: name at least one.")
    model: Any = None
    for name in names:
        folder = name if isinstance(name, Path) else policy_folder(name)
        spec = verify_policy(folder)
        if spec.reference_sha256 != reference.spec.sha256:
            raise ModelError(
                f"The policy '{spec.name}' was trained on the reference '{spec.reference}' with other weights "
                f"(SHA-256 {str(spec.reference_sha256)[:12]}, loaded is {str(reference.spec.sha256)[:12]}): load "
                "that reference, or train the policy again."
            )
        own = adapter_name(spec.name)
        try:
            with warnings.catch_warnings():
                # peft asks transformers for what transformers has renamed.
                warnings.simplefilter("ignore", FutureWarning)
                if model is None:
                    model = peft.PeftModel.from_pretrained(
                        reference.model, str(folder), adapter_name=own, local_files_only=True
                    )
                else:
                    model.load_adapter(str(folder), own, local_files_only=True)
        except (ValueError, RuntimeError, KeyError) as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(f"The policy '{spec.name}' does not fit its reference: {first}.") from error
    return model.eval()


def adapter_name(name: str) -> str:
    """A policy's name as peft takes it: it forbids dots in adapter names, being parts of module paths."""
    return name.replace(".", "_")
