from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dualign.cli import main
from dualign.errors import BackendError, InvalidInputError, ModelError
from dualign.models.chat.serving import exported_reference, server_command

from .. import tiny


@pytest.fixture
def interpreter(tmp_path: Path) -> str:
    """An executable that says of itself that it has vLLM and no GPU."""
    path = tmp_path / "python"
    path.write_text('#!/bin/sh\ncase "$2" in *vllm*) exit 0;; esac\nexit 1\n')
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DUALIGN_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def _policy(folder: Path, base: Path, *, reference_sha256: str | None) -> None:
    from dualign.models.adapters import SPEC
    from dualign.models.policies import SPEC as POLICY

    tiny.add_adapter(folder, base)
    sha256 = json.loads((folder / SPEC).read_text())["sha256"]
    (folder / SPEC).unlink()
    record = {"name": folder.name, "method": "mocan", "samples": "demo", "samples_hash": "0", "beta": 0.5}
    record |= {"sha256": sha256, "reference_sha256": reference_sha256}
    (folder / POLICY).write_text(json.dumps(record))


def test_the_command_serves_reference_and_policies_on_loopback(
    tiny_folder: Path, temporary_store: Path, interpreter: str, models: Path
) -> None:
    root = temporary_store / "policies"
    _policy(root / "mine", tiny_folder, reference_sha256=None)
    _policy(root / "other", tiny_folder, reference_sha256="1" * 64)
    command = server_command(reference=str(tiny_folder), python=interpreter, port=9123)
    words = command.arguments
    assert words[:3] == [interpreter, "-m", "vllm.entrypoints.openai.api_server"]
    served = Path(words[words.index("--model") + 1])
    assert (served / "model.safetensors").is_file()
    assert words[words.index("--host") + 1] == "127.0.0.1"
    assert words[words.index("--lora-modules") + 1 :] == [
        f"mine={(root / 'mine').resolve()}",
        "--enforce-eager",
    ]
    assert words[words.index("--max-lora-rank") + 1] == "32"
    assert command.environment["HF_HUB_OFFLINE"] == "1"
    written = os.stat(served / "model.safetensors").st_mtime_ns
    assert exported_reference(str(tiny_folder)) == served
    assert os.stat(served / "model.safetensors").st_mtime_ns == written
    with pytest.raises(InvalidInputError, match="another reference"):
        server_command(reference=str(tiny_folder), policies=["other"], python=interpreter)
    with pytest.raises(ModelError, match="No policy 'none'"):
        server_command(reference=str(tiny_folder), policies=["none"], python=interpreter)


def test_what_cannot_be_served_is_told(tiny_folder: Path, interpreter: str) -> None:
    with pytest.raises(InvalidInputError, match="other machines"):
        server_command(reference=str(tiny_folder), python=interpreter, address="0.0.0.0")
    with pytest.raises(InvalidInputError, match="port 70000"):
        server_command(reference=str(tiny_folder), python=interpreter, port=70000)
    with pytest.raises(BackendError, match="has no vLLM"):
        server_command(reference=str(tiny_folder))
    with pytest.raises(BackendError, match="cannot be run"):
        server_command(reference=str(tiny_folder), python="/no/such/python")


def test_the_command_line_prints_what_it_would_run(
    tiny_folder: Path, interpreter: str, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "serve",
        "--reference",
        str(tiny_folder),
        "--python",
        interpreter,
        "--port",
        "9124",
        "--print",
    ]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING=1" in printed
    assert "--port 9124" in printed
    assert main(["serve", "--reference", str(tiny_folder)]) == 1
    assert "has no vLLM" in capsys.readouterr().err
