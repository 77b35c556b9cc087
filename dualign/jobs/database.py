"""The registry's file: SQLite in WAL mode with every commit on disk, opened at the newest migration.

Connections are not kept: the store may move between calls (tests, settings), several processes write, and opening
costs under a millisecond. Writes begin with BEGIN IMMEDIATE, so that what a transaction has read stays true.
"""

from __future__ import annotations

import contextlib
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from dualign import paths
from dualign.errors import StoreError
from dualign.jobs.schema import HEAD, metadata

FILE = "dualign.sqlite"
# Longer than a commit takes on a slow disk with many writers; a lock held beyond that is a fault.
_BUSY_SECONDS = 30.0
_READY: dict[tuple[Path, int, int], None] = {}
_ENGINES: dict[Path, Engine] = {}
_GUARD = threading.Lock()


def database_file() -> Path:
    """The registry of this store, made by the first write or read."""
    return paths.store_root().absolute() / FILE


@contextlib.contextmanager
def reading() -> Iterator[Connection]:
    """A connection that sees one state of the registry.

    Raises
    ------
    StoreError
        The file cannot be opened, is damaged, or was written by a newer dualign.
    """
    with _connection("BEGIN") as connection:
        yield connection


@contextlib.contextmanager
def writing() -> Iterator[Connection]:
    """A transaction that alone may write; committed and on disk at the end, or undone.

    Raises
    ------
    StoreError
        As for `reading`, and when the disk is full.
    """
    with _connection("BEGIN IMMEDIATE") as connection:
        yield connection


@contextlib.contextmanager
def _connection(begin: str) -> Iterator[Connection]:
    path = database_file()
    try:
        engine = _ready(path)
        with engine.connect().execution_options(begin=begin) as connection, connection.begin():
            yield connection
    except sa.exc.IntegrityError:
        raise
    except DBAPIError as error:
        raise StoreError(_sentence(path, error)) from error


def _ready(path: Path) -> Engine:
    """Engine on a file that stands at the newest migration."""
    with _GUARD:
        engine = _ENGINES.get(path)
        if engine is None:
            engine = _ENGINES[path] = _engine(path)
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise StoreError(f"{path} is no plain file but a link or a folder: remove it.")
        # Device and inode: a store that was deleted and made anew is checked again.
        key = (path, status.st_dev, status.st_ino)
    except FileNotFoundError:
        key = None
    if key is None or key not in _READY:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _migrate(engine, path)
        except OSError as error:
            raise StoreError(
                f"{path} cannot be made ({error.strerror}): make the folder writable, or name another one in "
                "DUALIGN_STORE."
            ) from error
        status = path.lstat()
        _READY[path, status.st_dev, status.st_ino] = None
    return engine


def _engine(path: Path) -> Engine:
    engine = sa.create_engine(
        f"sqlite:///{path}",
        poolclass=sa.pool.NullPool,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False, "isolation_level": None},
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine


def _migrate(engine: Engine, path: Path) -> None:
    _create(path)
    with engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
        found = _version(connection)
        if found == HEAD:
            return
        if found is not None and found > HEAD:
            raise StoreError(
                f"{path} was written by a newer dualign (schema {found}, this one knows {HEAD}): upgrade dualign."
            )
        if found is None:
            # A new file needs no history; a test holds these tables equal to what the migrations make.
            metadata.create_all(connection)
            connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
            connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (HEAD,))
            return
        upgrade(connection)


def upgrade(connection: Connection) -> None:
    """Run the migrations that a file lacks, in the transaction of the connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _create(path: Path) -> None:
    """The file in WAL mode, readable by its owner alone; the change of mode waits for other openers."""
    if not path.exists():
        with contextlib.suppress(FileExistsError):
            path.touch(mode=0o600, exist_ok=False)
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            # SQLite gives up at once here, without its usual waiting.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise StoreError(f"{path} cannot be opened ({error}).") from error
            time.sleep(0.02)
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{path} is damaged ({error}): restore it or move it away.") from error
        finally:
            connection.close()


def _version(connection: Connection) -> str | None:
    try:
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    except OperationalError:
        return None


def _sentence(path: Path, error: DBAPIError) -> str:
    cause = str(error.orig)
    if "full" in cause:
        return f"the disk that holds {path.name} is full: free some space; nothing was changed."
    if "locked" in cause:
        return f"{path.name} was locked by another program for {_BUSY_SECONDS:.0f} s: try again."
    if "malformed" in cause or "not a database" in cause:
        return f"{path} is damaged ({cause}): restore it or move it away."
    return f"{path} cannot be used ({cause})."


def integrity() -> str:
    """What SQLite says of the file: ``ok``, or the faults found."""
    with reading() as connection:
        return "; ".join(row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check"))
