"""From a finished collection to a set in the store."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from dualign.errors import StoreError
from dualign.models.collect import provenance
from dualign.models.shards import long_rows, read_settings, read_shards
from dualign.samples import Manifest, SampleSet


def collected_set(folder: Path, *, name: str) -> SampleSet:
    """The replies of a finished run as an unscored sample set.

    Raises
    ------
    StoreError
        The run is unfinished.
    """
    settings = read_settings(folder)
    collected = list(read_shards(folder))
    if len(collected) != settings["n_prompts"]:
        raise StoreError(
            f"the collection holds {len(collected)} of {settings['n_prompts']} prompts: run it again to finish it."
        )
    rows = long_rows(collected)
    # Exact draws weigh the same: a column of zeros would only say so at length.
    if all(not row.get("log_weight") for row in rows):
        rows = [{key: value for key, value in row.items() if key != "log_weight"} for row in rows]
    table = pa.Table.from_pylist(rows)
    manifest = Manifest(
        name=name,
        title=f"Replies of {settings['reference'].get('name', 'the reference')}",
        source="collected by dualign",
        reference=settings["reference"],
        provenance=provenance(folder),
    )
    return SampleSet(table, manifest)
