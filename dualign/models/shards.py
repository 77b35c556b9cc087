"""Append-only files of collected replies: one JSON line a prompt, safe against a kill at any moment."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dualign.errors import InvalidInputError, SampleFileError, StoreError
from dualign.models.sampling import Reply

SETTINGS = "settings.json"
LOCK = ".lock"


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A prompt with its number and group."""

    prompt_id: int
    text: str
    group: str = ""


@dataclass(frozen=True, kw_only=True)
class CollectedPrompt:
    """A prompt and all its replies, in order of ``response_id``."""

    prompt: Prompt
    replies: tuple[Reply, ...]
    seconds: float


def read_prompts(path: Path) -> list[Prompt]:
    """Prompts of a JSONL file with ``prompt`` and, optionally, ``prompt_id`` and ``group`` a line.

    Raises
    ------
    SampleFileError
        Names the file and line of the first fault.
    """
    prompts: list[Prompt] = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SampleFileError(f"The prompt file {path} cannot be read: {error}.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise SampleFileError(f"{path.name}, line {number} is not JSON: {error}.") from error
        text = record.get("prompt") if isinstance(record, dict) else None
        if not isinstance(text, str) or not text.strip():
            raise SampleFileError(f"{path.name}, line {number} has no text under 'prompt'.")
        index = record.get("prompt_id", len(prompts))
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < 2**31:
            raise SampleFileError(
                f"{path.name}, line {number}: prompt_id must be a whole number from 0, not {index!r}."
            )
        prompts.append(Prompt(prompt_id=index, text=text, group=str(record.get("group", ""))))
    check_prompts(prompts)
    return prompts


def check_prompts(prompts: Sequence[Prompt]) -> None:
    """Raise InvalidInputError unless there are prompts and their numbers differ."""
    if not prompts:
        raise InvalidInputError("There are no prompts to answer; give at least one.")
    seen: set[int] = set()
    for prompt in prompts:
        if prompt.prompt_id in seen:
            raise InvalidInputError(
                f"prompt_id {prompt.prompt_id} occurs twice; number the prompts differently."
            )
        seen.add(prompt.prompt_id)


def interleave(prompts: Sequence[Prompt]) -> list[Prompt]:
    """Prompts in turn from each group, so that an unfinished run covers all groups evenly."""
    queues: dict[str, list[Prompt]] = {}
    for prompt in prompts:
        queues.setdefault(prompt.group, []).append(prompt)
    longest = max((len(queue) for queue in queues.values()), default=0)
    return [queue[i] for i in range(longest) for queue in queues.values() if i < len(queue)]


def fingerprint(prompts: Sequence[Prompt], settings: Mapping[str, Any]) -> str:
    """SHA-256 of everything that decides the draws: a run resumes only under the same settings."""
    texts = [[p.prompt_id, p.group, p.text] for p in sorted(prompts, key=lambda p: p.prompt_id)]
    payload = json.dumps([texts, dict(settings)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(payload.encode()).hexdigest()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder for this process alone; it is free again when the process ends, however it ends.

    Raises
    ------
    StoreError
        Another process is at it.
    """
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / LOCK, timeout=0):
            yield
    except Timeout:
        raise StoreError(
            f"another process is collecting into {folder}: wait for it to end, or choose another name or folder."
        ) from None


def open_run(folder: Path, prompts: Sequence[Prompt], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a new or resumed run in ``folder``, with their ``fingerprint``.

    A run that holds no reply yet has nothing to lose: its settings are replaced.

    Raises
    ------
    StoreError
        If the folder holds a run with other settings, and which settings differ.
    """
    record = {**settings, "n_prompts": len(prompts), "fingerprint": fingerprint(prompts, settings)}
    path = folder / SETTINGS
    folder.mkdir(parents=True, exist_ok=True)
    if path.is_file() and next(read_shards(folder), None) is not None:
        old = read_settings(folder)
        if old.get("fingerprint") == record["fingerprint"]:
            return old
        differing = sorted(k for k in {*old, *record} if old.get(k) != record.get(k) and k != "fingerprint")
        named = (
            ", ".join(f"{k} ({old.get(k)!r} then, {record.get(k)!r} now)" for k in differing) or "the prompts"
        )
        raise StoreError(
            f"{folder} holds a run with other settings: {named}. Resume it with the same settings, or choose "
            "another name or folder."
        )
    scratch = path.with_name(f".{SETTINGS}.{os.getpid()}")
    with scratch.open("w", encoding="utf-8") as stream:
        json.dump(record, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    scratch.replace(path)
    return record


def read_settings(folder: Path) -> dict[str, Any]:
    """Settings of the run in ``folder``; StoreError if there is none or it cannot be read."""
    try:
        record = json.loads((folder / SETTINGS).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{folder} holds no readable {SETTINGS} ({error}); it is no collection run."
        ) from error
    if not isinstance(record, dict):
        raise StoreError(f"{folder / SETTINGS} is not a JSON object; it is no collection run.")
    return record


def append(path: Path, collected: CollectedPrompt) -> None:
    """Write one prompt's replies as a line and force it to disk."""
    record = {
        "prompt_id": collected.prompt.prompt_id,
        "group": collected.prompt.group,
        "prompt": collected.prompt.text,
        "seconds": round(collected.seconds, 3),
        "replies": [
            {
                "response": reply.text,
                "log_prob": reply.log_prob,
                "n_tokens": reply.n_tokens,
                "truncated": reply.truncated,
                "log_weight": reply.log_weight,
                "tokens": list(reply.tokens),
            }
            for reply in collected.replies
        ],
    }
    line = (json.dumps(record, ensure_ascii=False) + "\n").encode()
    with path.open("r+b" if path.exists() else "w+b") as stream:
        # A kill can leave half a line; a newline keeps the next record apart from it.
        if stream.seek(0, os.SEEK_END):
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                line = b"\n" + line
        stream.write(line)
        stream.flush()
        os.fsync(stream.fileno())


def read_shards(folder: Path) -> Iterator[CollectedPrompt]:
    """Complete prompts of all shards, each once; torn lines are passed over."""
    seen: set[int] = set()
    for path in sorted(folder.glob("shard-*.jsonl")):
        with path.open("rb") as stream:
            for line in stream:
                collected = _parse(line)
                if collected is not None and collected.prompt.prompt_id not in seen:
                    seen.add(collected.prompt.prompt_id)
                    yield collected


def _parse(line: bytes) -> CollectedPrompt | None:
    try:
        record = json.loads(line)
        replies = tuple(
            Reply(
                text=reply["response"],
                log_prob=float(reply["log_prob"]),
                n_tokens=int(reply["n_tokens"]),
                truncated=bool(reply["truncated"]),
                log_weight=None if reply["log_weight"] is None else float(reply["log_weight"]),
                tokens=tuple(reply["tokens"]),
            )
            for reply in record["replies"]
        )
        prompt = Prompt(prompt_id=record["prompt_id"], text=record["prompt"], group=record["group"])
        return CollectedPrompt(prompt=prompt, replies=replies, seconds=float(record["seconds"]))
    except (ValueError, KeyError, TypeError):
        return None


def long_rows(collected: Sequence[CollectedPrompt]) -> list[dict[str, Any]]:
    """One plain row a reply, sorted by prompt and reply: the long form of a sample set.

    ``log_weight`` is left out where some reply has none.
    """
    weighted = all(reply.log_weight is not None for item in collected for reply in item.replies)
    return [
        {
            "prompt_id": item.prompt.prompt_id,
            "group": item.prompt.group,
            "prompt": item.prompt.text,
            "response_id": index,
            "response": reply.text,
            "log_prob": reply.log_prob,
            "n_tokens": reply.n_tokens,
            "truncated": reply.truncated,
            **({"log_weight": reply.log_weight} if weighted else {}),
        }
        for item in sorted(collected, key=lambda item: item.prompt.prompt_id)
        for index, reply in enumerate(item.replies)
    ]


def export_collected(folder: Path, path: Path, *, partial: bool = False) -> int:
    """Replies of a run written to ``path`` in long form, Parquet or JSON lines by its ending; how many.

    Raises
    ------
    StoreError
        If ``folder`` is no run, or unfinished and ``partial`` is not set.
    InvalidInputError
        If ``path`` ends in neither .parquet nor .jsonl.
    """
    settings = read_settings(folder)
    collected = list(read_shards(folder))
    total = settings.get("n_prompts")
    if not partial and len(collected) != total:
        raise StoreError(
            f"{folder} holds {len(collected)} of {total} prompts. Run the collection again to finish it, or "
            "ask for a partial export."
        )
    rows = long_rows(collected)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), scratch, compression="zstd")
    elif path.suffix == ".jsonl":
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        scratch.write_text("".join(lines), "utf-8")
    else:
        raise InvalidInputError(f"{path.name} must end in .parquet or .jsonl.")
    with scratch.open("rb") as stream:
        os.fsync(stream.fileno())
    scratch.replace(path)
    return len(rows)
