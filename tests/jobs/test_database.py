"""The registry's file: migrations, durability, refusals; and the records in it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from dualign import jobs
from dualign.errors import InvalidInputError, StoreError
from dualign.jobs import database, migrations, schema


def test_the_migrations_make_the_tables_of_a_new_file(tmp_path: Path) -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert script.get_current_head() == schema.HEAD
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'old.sqlite'}", poolclass=sa.pool.NullPool)
    with engine.connect() as connection, connection.begin():
        database.upgrade(connection)
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == schema.HEAD
        assert compare_metadata(context, schema.metadata) == []
        migrated = _definitions(connection)
    with database.reading() as connection:
        assert _definitions(connection) == migrated


def _definitions(connection: sa.Connection) -> set[str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {" ".join(str(row[1]).split()) for row in rows if row[0] != "alembic_version"}


def test_the_file_is_in_wal_mode_synced_and_its_owners_alone() -> None:
    jobs.record("vote", "a", {})
    with database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    assert database.database_file().stat().st_mode & 0o777 == 0o600
    assert database.integrity() == "ok"


def test_a_newer_file_is_left_alone(temporary_store: Path) -> None:
    jobs.record("vote", "a", {})
    with sqlite3.connect(database.database_file()) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    moved = temporary_store.parent / "other"
    temporary_store.rename(moved)
    os.environ["DUALIGN_STORE"] = str(moved)
    with pytest.raises(StoreError, match=r"newer dualign \(schema 9999, this one knows"):
        jobs.records("vote")


def test_a_link_or_a_damaged_file_is_refused(temporary_store: Path) -> None:
    temporary_store.mkdir()
    target = temporary_store / "target"
    target.write_bytes(b"")
    database.database_file().symlink_to(target)
    with pytest.raises(StoreError, match="no plain file but a link"):
        jobs.list_jobs()
    database.database_file().unlink()
    database.database_file().write_bytes(b"not a database at all" * 200)
    with pytest.raises(StoreError, match="is damaged"):
        jobs.list_jobs()


def test_records_are_kept_in_order_replaced_and_deleted() -> None:
    first = jobs.record("policy", "a", {"beta": np.float64(0.5), "loss": float("nan")})
    jobs.record("policy", "b", {"beta": 1})
    jobs.record("vote", "a", {"better": "left"})
    assert [(row.name, row.content) for row in jobs.records("policy")] == [
        ("a", {"beta": 0.5, "loss": None}),
        ("b", {"beta": 1}),
    ]
    jobs.record("policy", "a", {"beta": 2}, replace=True)
    assert [row.content for row in jobs.records("policy", "a")] == [{"beta": 2}]
    assert not jobs.delete_record(first)
    assert jobs.delete_record(jobs.records("vote")[0].id)
    assert jobs.records("vote") == []
    with pytest.raises(InvalidInputError, match="name of a record"):
        jobs.record("policy", "", {})


_WRITER = """
import sys
from dualign import jobs
for number in range(10_000):
    jobs.record("vote", sys.argv[1], {"number": number})
    print(number, flush=True)
"""


def test_no_acknowledged_row_is_lost_when_writers_are_killed() -> None:
    rng = np.random.default_rng(0)
    for round_ in range(4):
        writers = [
            subprocess.Popen([sys.executable, "-c", _WRITER, f"{round_}-{name}"], stdout=subprocess.PIPE)
            for name in "ab"
        ]
        assert all(writer.stdout is not None and writer.stdout.readline() for writer in writers)
        time.sleep(rng.uniform(0.0, 0.3))
        for writer, name in zip(writers, "ab", strict=True):
            writer.send_signal(signal.SIGKILL)
            output, _ = writer.communicate()
            told = [int(line) for line in output.split(b"\n")[:-1]]
            kept = [row.content["number"] for row in jobs.records("vote", f"{round_}-{name}")]
            assert kept[: len(told) + 1] == list(range(len(told) + 1))
    assert database.integrity() == "ok"


def test_many_processes_open_a_new_store_at_once() -> None:
    code = "from dualign import jobs; jobs.record('vote', 'x', {})"
    openers = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(6)]
    assert [opener.wait() for opener in openers] == [0] * 6
    assert len(jobs.records("vote")) == 6
