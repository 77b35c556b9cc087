"""Records of finished things (policies, evaluations, votes): a kind, a name and plain content.

Files go first and the record last, so that whatever is recorded is whole.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dualign.errors import InvalidInputError
from dualign.jobs import database, schema
from dualign.jobs.spec import canonical, plain

_MAX_NAME = 200


@dataclass(frozen=True, kw_only=True)
class Record:
    """One row: ``kind`` such as ``policy``, ``evaluation`` or ``vote``, a name, and its content in plain values."""

    id: int
    kind: str
    name: str
    created: datetime
    content: Mapping[str, Any]


def record(kind: str, name: str, content: Mapping[str, Any], *, replace: bool = False) -> int:
    """Store a record durably; its id. ``replace`` drops earlier ones of that kind and name in the same step.

    Raises
    ------
    InvalidInputError
        A kind or name that is empty or too long, or content that is not plain JSON.
    StoreError
        The registry cannot be written.
    """
    with database.writing() as connection:
        return insert(connection, kind, name, content, replace=replace)


def insert(
    connection: Connection, kind: str, name: str, content: Mapping[str, Any], *, replace: bool = False
) -> int:
    """`record` within a transaction of the caller."""
    for what, value in (("kind", kind), ("name", name)):
        if not isinstance(value, str) or not 0 < len(value) <= _MAX_NAME:
            raise InvalidInputError(
                f"the {what} of a record must have 1 to {_MAX_NAME} characters, not {value!r:.80}."
            )
    table = schema.records
    if replace:
        connection.execute(sa.delete(table).where(table.c.kind == kind, table.c.name == name))
    row = {"kind": kind, "name": name, "created": time.time(), "content": canonical(plain(content))}
    key = connection.execute(sa.insert(table).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def records(kind: str, name: str | None = None) -> list[Record]:
    """Records of a kind, and of a name if given, oldest first."""
    table = schema.records
    query = sa.select(table).where(table.c.kind == kind).order_by(table.c.id)
    if name is not None:
        query = query.where(table.c.name == name)
    with database.reading() as connection:
        rows = connection.execute(query).all()
    return [
        Record(
            id=row.id,
            kind=row.kind,
            name=row.name,
            created=datetime.fromtimestamp(row.created, UTC),
            content=json.loads(row.content),
        )
        for row in rows
    ]


def delete_record(record_id: int) -> bool:
    """Delete a record; whether there was one."""
    table = schema.records
    with database.writing() as connection:
        return connection.execute(sa.delete(table).where(table.c.id == record_id)).rowcount > 0
