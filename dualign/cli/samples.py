"""``dualign import`` and ``dualign samples``: sets of scored responses into the store, and what it holds."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dualign.errors import DualignError, StoreError

if TYPE_CHECKING:
    from dualign.samples import Manifest, SampleSet, Store


def add_commands(commands: Any) -> None:
    """Add ``import`` and ``samples``."""
    importing = commands.add_parser("import", help="bring a file of samples into the store")
    importing.add_argument("file", type=Path, metavar="FILE")
    importing.add_argument("--name", required=True, metavar="N", help="name of the new set")
    importing.add_argument("--reward", metavar="COL", help="column of the reward (proposed from the file)")
    importing.add_argument(
        "--utility",
        action="append",
        default=[],
        metavar="COL[:cost]",
        help="column of a utility; ':cost' where smaller is better (proposed from the file)",
    )
    importing.add_argument("--prompt", metavar="COL", help="column whose equal values are one prompt")
    importing.add_argument("--response", metavar="COL", help="column of the replies' texts (proposed)")
    grouping = importing.add_mutually_exclusive_group()
    grouping.add_argument("--group", metavar="COL", help="column of the prompts' groups (proposed)")
    grouping.add_argument(
        "--no-group", dest="group", action="store_const", const="", help="take no column as groups"
    )
    importing.add_argument("--form", choices=("improvement", "absolute"), help="how thresholds are meant")
    importing.add_argument("--beta", type=float, help="default beta of the set")
    importing.add_argument(
        "--missing", choices=("reject", "drop"), default="reject", help="rows without a score (reject)"
    )
    importing.add_argument(
        "--ragged",
        choices=("keep", "trim", "reject"),
        default="keep",
        help="prompts with unequal numbers of responses (keep)",
    )
    importing.add_argument("--replace", action="store_true", help="replace a set of that name")
    importing.add_argument("--json", action="store_true", help="print one JSON object")
    importing.set_defaults(run=_import)
    listing = commands.add_parser("samples", help="list the stored sets")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    listing.set_defaults(run=_samples)


def open_samples(name_or_file: str) -> SampleSet:
    """A stored set by its name, or a file read as one; a stored name goes first."""
    from dualign.samples import Store, read_samples

    store = Store()
    if name_or_file in store.names():
        return store.open(name_or_file)
    path = Path(name_or_file)
    if name_or_file and path.exists():
        return read_samples(path)
    raise StoreError(
        f"'{name_or_file}' is neither a stored set nor a file: the store has {', '.join(store.names()) or 'none'}."
    )


def cost_sentence(manifest: Manifest, name: str) -> str:
    """What a score stands for whose source gave a cost."""
    column = manifest.scores[name].column
    return f"'{name}' is minus the cost '{column or name}', so that larger is better"


def set_record(sample_set: SampleSet) -> dict[str, Any]:
    """What is said of one set, in plain values."""
    manifest, counts = sample_set.manifest, sample_set.counts
    return {
        "name": sample_set.name,
        "title": manifest.title,
        "origin": manifest.origin,
        "licence": manifest.licence,
        "prompts": int(sample_set.n_prompts),
        "responses": int(counts.sum()),
        "responses_per_prompt": [int(counts.min()), int(counts.max())],
        "reward": manifest.reward or None,
        "utilities": list(manifest.utilities),
        "scores": list(manifest.scores),
        "default_beta": manifest.default_beta,
        "default_thresholds": dict(manifest.default_thresholds),
        "default_form": manifest.default_form,
        "sha256": sample_set.content_hash,
    }


def _import(arguments: argparse.Namespace) -> str:
    from dualign.cli.output import dump
    from dualign.samples import import_file

    sample_set = import_file(
        arguments.file,
        name=arguments.name,
        reward=arguments.reward,
        utilities=arguments.utility or None,
        prompt_by=arguments.prompt,
        response=arguments.response,
        group=arguments.group,
        form=arguments.form,
        beta=arguments.beta,
        missing=arguments.missing,
        ragged=arguments.ragged,
        replace_existing=arguments.replace,
    )
    record = set_record(sample_set) | _reading(sample_set)
    if arguments.json:
        return dump(record)
    return "\n".join(_import_text(record))


def _reading(sample_set: SampleSet) -> dict[str, Any]:
    """How the file was read: format, column and sign of every score, reasons and warnings."""
    provenance = sample_set.manifest.provenance
    return {
        "format": provenance.get("format"),
        "reason": provenance.get("reason"),
        "signs": {
            name: {"column": info.column, "cost": info.cost}
            for name, info in sample_set.manifest.scores.items()
        },
        "why": provenance.get("why", {}),
        "warnings": [*provenance.get("warnings", ()), *provenance.get("notes", ())],
    }


def _import_text(record: dict[str, Any]) -> list[str]:
    lines = [
        f"imported '{record['name']}': {record['prompts']} prompts, {record['responses']} responses; "
        f"read as {record['format']}: {record['reason']}."
    ]
    why = record["why"]
    used = [record["reward"], *record["utilities"]] if record["reward"] else []
    for name in used:
        role = "reward" if name == record["reward"] else "utility"
        column, cost = record["signs"][name]["column"], record["signs"][name]["cost"]
        sign = f"minus column '{column}', a cost" if cost else f"column '{column}', better when larger"
        reason = why.get(f"sign of {name}") or why.get("reward" if role == "reward" else "utilities", "")
        lines.append(f"  {role} '{name}': {sign}" + (f" ({reason})" if reason else ""))
    if not used:
        lines.append("  no scores yet: score it with 'dualign score'")
    others = [name for name in record["scores"] if name not in used]
    if others:
        lines.append(f"  other scores: {', '.join(others)}")
    for field in ("prompt_by", "response", "group"):
        if why.get(field):
            lines.append(f"  {field.replace('_', ' ')}: {why[field]}")
    return lines + [f"  note: {warning}" for warning in record["warnings"]]


def _samples_records(store: Store) -> list[dict[str, Any]]:
    records = []
    for name in store.names():
        try:
            records.append(set_record(store.open(name)))
        except DualignError as error:
            # One damaged set must not hide the others.
            records.append({"name": name, "error": str(error)})
    return records


def _samples(arguments: argparse.Namespace) -> str:
    from dualign.cli.output import dump, table
    from dualign.samples import Store

    store = Store()
    records = _samples_records(store)
    if arguments.json:
        return dump({"samples": records})
    if not records:
        return "the store is empty: bring in a file with 'dualign import FILE --name N'."
    rows = [("name", "origin", "prompts", "responses", "reward", "utilities", "licence")]
    broken = [record for record in records if "error" in record]
    for record in records:
        if "error" in record:
            rows.append((record["name"], "damaged", "-", "-", "-", "-", "-"))
            continue
        rows.append(
            (
                record["name"],
                record["origin"],
                str(record["prompts"]),
                str(record["responses"]),
                record["reward"] or "-",
                ", ".join(record["utilities"]) or "-",
                record["licence"] or "not stated",
            )
        )
    return "\n".join(
        [table(rows), *(f"'{record['name']}' is damaged: {record['error']}" for record in broken)]
    )
