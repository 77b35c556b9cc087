"""The store of sample sets: ``<root>/<name>/{manifest.json, samples.parquet}``.

The manifest is the commit point: it names its data file and that file's SHA-256, and is put in place by
one rename, so that a set is always whole whatever kills its writer.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dualign import paths
from dualign.errors import InvalidInputError, StoreError
from dualign.samples import files
from dualign.samples.manifest import SCHEMA_VERSION, Manifest, read_manifest
from dualign.samples.sampleset import SampleSet

MANIFEST = "manifest.json"
TABLE = "samples.parquet"
SHIPPED = ("demo", "gaussian", "two-responses")

# Checksums already verified in this process, by file identity: opening a set again costs a stat.
_VERIFIED: dict[tuple[str, int, int, int], str] = {}


class Store:
    """Sample sets of the user, beside those that ship with dualign.

    Parameters
    ----------
    root
        Folder of the user's sets, one folder each; ``<store>/samples`` unless given.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = paths.store_root() / "samples" if root is None else Path(root)
        self._shipped_root = paths.shipped_root() / "samples"

    def names(self) -> list[str]:
        """Names of all sets, sorted, shipped ones included."""
        found = {name for name in SHIPPED if _holds_set(self._shipped_root / name)}
        if self.root.is_dir():
            found |= {path.name for path in self.root.iterdir() if _valid(path.name) and _holds_set(path)}
        return sorted(found)

    def is_shipped(self, name: str) -> bool:
        """Whether the set ships with dualign: it can be opened, not replaced or deleted."""
        return files.check_name(name).casefold() in SHIPPED

    def folder(self, name: str) -> Path:
        """Folder of a stored set.

        Raises
        ------
        StoreError
            No set of that name.
        """
        files.check_name(name)
        for root in (self._shipped_root,) if name in SHIPPED else (self.root,):
            if _holds_set(root / name):
                return root / name
        known = ", ".join(self.names()) or "none"
        raise StoreError(f"no sample set is named '{name}': stored are {known}.")

    def manifest(self, name: str) -> Manifest:
        """The manifest of a set, read anew; quick, the table is not touched."""
        return read_manifest(files.read_bytes(self.folder(name) / MANIFEST), name=name)

    def open(self, name: str) -> SampleSet:
        """A stored set, its files checked against their SHA-256.

        Raises
        ------
        StoreError
            No such set, a damaged file, or a schema newer than this dualign.
        """
        for last in (False, True):
            manifest = self.manifest(name)
            try:
                return self._read(name, manifest)
            except StoreError:
                # Another process may have replaced the set between the two reads.
                if last or self.manifest(name).files == manifest.files:
                    raise
        raise AssertionError("unreachable")

    def _read(self, name: str, manifest: Manifest) -> SampleSet:
        # Sets of schema 0 recorded no checksum.
        data = dict(manifest.files) or {TABLE: ""}
        if len(data) != 1 or not all(_valid(file) for file in data):
            raise StoreError(
                f"the manifest of '{name}' names the files {list(data)}: one table was expected."
            )
        [(file, expected)] = data.items()
        path = self.folder(name) / file
        content = files.read_bytes(path)
        status = path.lstat()
        key = (str(path), status.st_ino, status.st_size, status.st_mtime_ns)
        if expected and _VERIFIED.get(key) != expected:
            found = files.sha256(content)
            if found != expected:
                raise StoreError(
                    f"{file} of sample set '{name}' is damaged: its SHA-256 is {found[:12]}..., the manifest says "
                    f"{expected[:12]}...; restore it or delete the set."
                )
            _VERIFIED[key] = expected
        try:
            table = pq.ParquetFile(pa.BufferReader(content)).read()
            return SampleSet(table, manifest)
        except (pa.ArrowException, OSError, InvalidInputError) as error:
            raise StoreError(f"{file} of sample set '{name}' cannot be used: {error}") from error

    def save(self, sample_set: SampleSet, *, replace: bool = False) -> Path:
        """Store a set under its own name; its folder.

        Raises
        ------
        StoreError
            The name cannot be used, ships with dualign, or exists and ``replace`` is False.
        """
        name = self._check_own(sample_set.name)
        folder = self.root / name
        if os.path.lexists(folder) and not (replace and _holds_set(folder)):
            advice = (
                "choose another name, delete it first, or replace it" if _holds_set(folder) else "remove it"
            )
            raise StoreError(f"'{name}' exists in the store already: {advice}.")
        try:
            return write_set(folder, sample_set)
        except FileExistsError as error:
            raise StoreError(f"'{name}' exists in the store already: choose another name.") from error
        except OSError as error:
            raise StoreError(
                f"'{name}' could not be stored ({error.strerror or error}): the store is as it was; free space "
                "or check the folder's permissions."
            ) from error

    def check_free(self, name: str) -> str:
        """The name itself, if `save` would take it as a new one: to be asked before long work.

        Raises
        ------
        StoreError
            The name cannot be used, ships with dualign, or exists.
        """
        self._check_own(name)
        if os.path.lexists(self.root / name):
            raise StoreError(f"'{name}' exists in the store already: choose another name or delete it first.")
        return name

    def _check_own(self, name: str) -> str:
        if self.is_shipped(name):
            raise StoreError(f"'{name}' is the name of a set that ships with dualign: choose another name.")
        # One store may be opened on a file system that ignores case.
        for other in self.names():
            if other != name and other.casefold() == name.casefold():
                raise StoreError(
                    f"'{name}' differs from the stored set '{other}' only in case: choose another name."
                )
        return name

    def delete(self, name: str) -> None:
        """Delete one of the user's sets.

        Raises
        ------
        StoreError
            No such set, or it ships with dualign.
        """
        if self.is_shipped(name):
            raise StoreError(f"'{name}' ships with dualign and cannot be deleted; only your own sets can.")
        folder = self.folder(name)
        try:
            files.remove_folder(folder)
        except OSError as error:
            raise StoreError(f"'{name}' could not be deleted ({error.strerror or error}).") from error


def write_set(folder: Path, sample_set: SampleSet) -> Path:
    """Write a set to a folder, whole or not at all, replacing the set that is there."""
    content = table_bytes(sample_set.table)
    digest = files.sha256(content)
    created = sample_set.manifest.created or datetime.now(UTC).isoformat(timespec="seconds")
    file = TABLE if not os.path.lexists(folder) else f"samples-{digest[:8]}.parquet"
    manifest = replace(
        sample_set.manifest,
        name=folder.name,
        created=created,
        files={file: digest},
        schema_version=SCHEMA_VERSION,
    )
    files.sweep(folder.parent)
    if not os.path.lexists(folder):
        files.create_folder(folder, {file: content, MANIFEST: manifest.to_json()})
        return folder
    if not files.is_plain_folder(folder):
        raise StoreError(f"{folder} is no plain folder: remove it.")
    files.replace_file(folder / file, content)
    files.replace_file(folder / MANIFEST, manifest.to_json())
    for old in folder.glob("samples*.parquet"):
        if old.name != file:
            old.unlink(missing_ok=True)
    return folder


def table_bytes(table: pa.Table) -> bytes:
    """A table as Parquet, without pandas metadata; the same bytes for the same content and version."""
    sink = pa.BufferOutputStream()
    numeric = [name for name in table.column_names if table.schema.field(name).type == pa.float64()]
    pq.write_table(
        table.replace_schema_metadata(None).combine_chunks(),
        sink,
        compression="zstd",
        use_dictionary=[name for name in table.column_names if name not in numeric],
        # Byte-stream split halves what zstd needs for float64 noise.
        use_byte_stream_split=numeric or False,
        row_group_size=131072,
    )
    return sink.getvalue().to_pybytes()


def _valid(name: str) -> bool:
    try:
        return files.check_name(name) == name
    except StoreError:
        return False


def _holds_set(folder: Path) -> bool:
    return files.is_plain_folder(folder) and (folder / MANIFEST).is_file()
