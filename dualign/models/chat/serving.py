"""A vLLM server on this machine with the reference and its policies: what ``dualign serve`` becomes."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dualign import paths
from dualign.errors import BackendError, InvalidInputError
from dualign.models.adapters import CONFIG
from dualign.models.policies import list_policies, policy_folder, verify_policy
from dualign.models.reference import load_reference, resolve_spec

_INSTALL = "'bash .ci/vllm install' makes one for the CPU, pip install 'dualign[vllm]' one for a GPU"
_DONE = "exported.json"


class Command(NamedTuple):
    """What to run, and the environment that it needs beside the present one."""

    arguments: list[str]
    environment: dict[str, str]


def exported_reference(reference: str = "demo") -> Path:
    """Folder with the reference whole (adapter merged, temperature baked in), written once per reference.

    Raises
    ------
    ModelError
        If the reference cannot be loaded.
    """
    spec, _ = resolve_spec(reference)
    label = "".join(c if c.isalnum() else "-" for c in reference)[-40:]
    folder = paths.model_cache() / "exports" / f"{label}-{(spec.sha256 or 'plain')[:12]}-{spec.temperature:g}"
    if (folder / _DONE).is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        load_reference(reference, dtype="bfloat16").export(scratch)
        (scratch / _DONE).write_text(json.dumps(spec.provenance(), indent=1) + "\n", "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def server_command(
    *,
    reference: str = "demo",
    policies: Sequence[str] | None = None,
    python: str | None = None,
    port: int = 8901,
    address: str = "127.0.0.1",
    context_tokens: int = 2048,
    max_rank: int = 32,
    check: bool = True,
) -> Command:
    """The command that serves a reference under its own name, and each policy under its name.

    Parameters
    ----------
    policies : sequence of str, optional
        Names of stored policies; all that were trained on this reference by default. More are loaded at run time.
    python : str, optional
        Interpreter of an environment with vLLM; this one by default.
    max_rank : int
        Largest LoRA rank; interpolated adapters have the sum of their ranks.
    check : bool
        Whether the interpreter must have vLLM here and now; a command to be copied elsewhere need not run here.

    Raises
    ------
    InvalidInputError
        An address that other machines reach: the server has no login, and loads any folder it is told to.
    BackendError
        No vLLM in that interpreter.
    ModelError
        A policy that is missing, damaged or of another reference.
    """
    if not ipaddress.ip_address("127.0.0.1" if address == "localhost" else address).is_loopback:
        raise InvalidInputError(
            f"address {address} can be reached from other machines, and the server has no login: use 127.0.0.1."
        )
    if not 1 <= port <= 65535:
        raise InvalidInputError(f"port {port} does not exist: give one between 1 and 65535.")
    interpreter = python or sys.executable
    if check:
        _require_vllm(interpreter)
    adapters = _adapters(reference, policies)
    folder = exported_reference(reference)
    ranks = [json.loads((path / CONFIG).read_text("utf-8"))["r"] for path in adapters.values()]
    arguments = [interpreter, "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder)]
    arguments += [
        "--served-model-name",
        reference,
        "--dtype",
        "bfloat16",
        "--host",
        address,
        "--port",
        str(port),
    ]
    arguments += ["--max-model-len", str(context_tokens), "--max-num-seqs", "32"]
    # The model's own sampling defaults would bend the policy, and so would log-probabilities after temperature.
    arguments += ["--generation-config", "vllm", "--logprobs-mode", "raw_logprobs"]
    arguments += ["--enable-lora", "--max-loras", "4", "--max-lora-rank", str(_rank(max_rank, ranks))]
    if adapters:
        arguments += ["--lora-modules", *(f"{name}={path}" for name, path in adapters.items())]
    environment = {
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1",
    }
    if not _has_gpu(interpreter):
        # Compiling for a small model on a CPU takes longer than it saves.
        arguments.append("--enforce-eager")
        environment["VLLM_CPU_KVCACHE_SPACE"] = "2"
    return Command(arguments, environment)


def _rank(least: int, ranks: Sequence[int]) -> int:
    """The smallest rank that vLLM knows and that fits."""
    known = (8, 16, 32, 64, 128, 256, 320, 512)
    wanted = max([least, *ranks])
    found = next((rank for rank in known if rank >= wanted), None)
    if found is None:
        raise InvalidInputError(f"rank {wanted} is more than vLLM serves: {known[-1]} at most.")
    return found


def _adapters(reference: str, policies: Sequence[str] | None) -> Mapping[str, Path]:
    own = resolve_spec(reference)[0].sha256
    if policies is None:
        return {p.name: p.folder.resolve() for p in list_policies() if p.spec.reference_sha256 == own}
    found = {}
    for name in policies:
        folder = policy_folder(name)
        if verify_policy(folder).reference_sha256 != own:
            raise InvalidInputError(f"policy '{name}' was trained on another reference than '{reference}'.")
        found[name] = folder.resolve()
    return found


def _require_vllm(interpreter: str) -> None:
    if not _says(interpreter, "import importlib.util as u, sys; sys.exit(u.find_spec('vllm') is None)"):
        raise BackendError(
            f"{interpreter} has no vLLM: name the interpreter of an environment with it by --python; {_INSTALL}."
        )


def _has_gpu(interpreter: str) -> bool:
    return _says(interpreter, "import sys, torch; sys.exit(not torch.cuda.is_available())")


def _says(interpreter: str, code: str) -> bool:
    try:
        return subprocess.run([interpreter, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError as error:
        raise BackendError(
            f"{interpreter} cannot be run ({error.strerror}): name a Python by --python."
        ) from error


def become_server(command: Command) -> None:
    """Let the server take this process's place, so that whoever stops one stops the other."""
    os.execve(command.arguments[0], command.arguments, {**os.environ, **command.environment})
