"""Conversations that a person chose to keep: one file each, with a day on which it goes, deletable at once."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dualign import paths
from dualign.errors import DualignError, StoreError
from dualign.models.chat import ChatReply, ChatSettings, PlacedScore, parse_policy
from dualign.models.crisis import CrisisSignal
from dualign.samples.files import is_plain_folder, read_bytes, replace_file
from dualign.ui.chat.comparison import Comparison, from_query, to_query
from dualign.ui.chat.conversation import Conversation, Exchange, Reply, describe

DAYS = (1, 7, 30)
_DAY = 86_400.0
_LARGEST = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A kept conversation as the list shows it; times in seconds since 1970."""

    id: str
    title: str
    created: float
    expires: float


def folder() -> Path:
    """Where they lie."""
    return paths.store_root() / "conversations"


def save(conversation: Conversation, comparison: Comparison, *, days: int, now: float | None = None) -> str:
    """Keep a conversation for some days; its id, which a link can name.

    Raises
    ------
    StoreError
        The store cannot be written.
    """
    now = time.time() if now is None else now
    key = secrets.token_hex(8)
    content = {
        "created": now,
        "expires": now + days * _DAY,
        "comparison": to_query(comparison),
        "exchanges": [_packed(exchange) for exchange in conversation.exchanges],
    }
    try:
        folder().mkdir(parents=True, exist_ok=True)
        folder().chmod(0o700)
        replace_file(_path(key), (json.dumps(content, ensure_ascii=False) + "\n").encode())
        _path(key).chmod(0o600)
    except OSError as error:
        raise StoreError(
            f"the conversation could not be kept ({error.strerror}): free space or check the store's permissions."
        ) from error
    return key


def list_saved(*, now: float | None = None) -> list[Saved]:
    """Kept conversations, the newest first. Those whose day has come are deleted first."""
    now = time.time() if now is None else now
    found = []
    if not is_plain_folder(folder()):
        return []
    for path in folder().glob("*.json"):
        try:
            content = _content(path)
            entry = Saved(
                id=path.stem,
                title=" ".join(str(content["exchanges"][0]["message"]).split())[:80],
                created=float(content["created"]),
                expires=float(content["expires"]),
            )
        except (DualignError, ValueError, KeyError, TypeError, IndexError):
            continue
        if entry.expires <= now:
            path.unlink(missing_ok=True)
        else:
            found.append(entry)
    return sorted(found, key=lambda entry: -entry.created)


def open_saved(
    key: str, start: Comparison, *, prompts: int, now: float | None = None
) -> tuple[Comparison, Conversation]:
    """A kept conversation and its comparison.

    Raises
    ------
    StoreError
        There is none of that id, its day has come, or the file cannot be read.
    """
    if key not in {entry.id for entry in list_saved(now=now)}:
        raise StoreError(
            "this conversation is not kept here: it was deleted, its day came, or it was kept elsewhere."
        )
    content = _content(_path(key))
    try:
        comparison, _ = from_query(content["comparison"], start, prompts=prompts)
        return comparison, Conversation(tuple(_unpacked(entry) for entry in content["exchanges"]))
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError("this kept conversation cannot be read: delete it.") from error


def delete_saved(key: str) -> None:
    """Delete one; nothing happens where there is none."""
    if key in {path.stem for path in folder().glob("*.json")}:
        _path(key).unlink(missing_ok=True)


def delete_all() -> None:
    """Delete every kept conversation."""
    for path in folder().glob("*.json"):
        path.unlink(missing_ok=True)


def _path(key: str) -> Path:
    if not key.isalnum() or len(key) > 64:
        raise StoreError("that is not the id of a kept conversation.")
    return folder() / f"{key}.json"


def _content(path: Path) -> Any:
    data = read_bytes(path)
    if len(data) > _LARGEST:
        raise StoreError("this kept conversation is larger than any that dualign writes: delete it.")
    return json.loads(data)


def _packed(exchange: Exchange) -> dict[str, Any]:
    return {
        "message": exchange.message,
        "settings": asdict(exchange.settings),
        "prompt_id": exchange.prompt_id,
        "crisis": list(exchange.signal.kinds) if exchange.signal else [],
        "replies": [
            {
                "policy": describe(reply.policy),
                "fault": reply.fault,
                "scores": {name: asdict(placed) for name, placed in (reply.scores or {}).items()},
                "reply": None
                if reply.reply is None
                else {
                    name: value
                    for name, value in asdict(reply.reply).items()
                    if name not in ("notes", "resampling")
                },
            }
            for reply in exchange.replies
        ],
    }


def _unpacked(entry: Mapping[str, Any]) -> Exchange:
    kinds = tuple(str(kind) for kind in entry["crisis"])
    return Exchange(
        message=str(entry["message"]),
        settings=ChatSettings(**entry["settings"]),
        prompt_id=entry["prompt_id"],
        signal=CrisisSignal(kinds=kinds, score=float("nan"), by="kept") if kinds else None,
        replies=tuple(
            Reply(
                policy=parse_policy(reply["policy"]),
                reply=ChatReply(**reply["reply"]) if reply["reply"] else None,
                scores={name: PlacedScore(**placed) for name, placed in reply["scores"].items()} or None,
                fault=str(reply["fault"]),
            )
            for reply in entry["replies"]
        ),
    )
