"""Files into sample sets: propose, read, import, open. Every way in passes the same parser."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dualign.errors import SampleFileError, StoreError
from dualign.samples import files
from dualign.samples.apply import apply_mapping
from dualign.samples.child import parse_in_child
from dualign.samples.limits import Limits
from dualign.samples.manifest import Form
from dualign.samples.mapping import ImportMapping, ImportProposal, Missing, Ragged, choose_scores
from dualign.samples.parse import Parsed
from dualign.samples.sampleset import SampleSet
from dualign.samples.store import Store


def propose_mapping(path: Path | str, *, limits: Limits | None = None) -> ImportProposal:
    """What the file is taken for and the mapping proposed, with reasons; parsed in a child process.

    Raises
    ------
    SampleFileError
        The file cannot be read exactly.
    """
    return parse_in_child(path, limits=limits).proposal


def sample_set_of(parsed: Parsed, mapping: ImportMapping | None = None, *, name: str) -> SampleSet:
    """The sample set of a parsed file, with its own proposal unless another mapping is given."""
    proposal = parsed.proposal
    return apply_mapping(
        parsed.table,
        mapping or proposal.mapping,
        name=name,
        file=parsed.file,
        provenance={
            "file": parsed.file,
            "format": proposal.format,
            "reason": proposal.reason,
            "why": dict(proposal.why),
            "warnings": list(proposal.warnings),
        },
    )


def read_samples(
    path: Path | str,
    mapping: ImportMapping | None = None,
    *,
    name: str | None = None,
    limits: Limits | None = None,
) -> SampleSet:
    """The sample set of a file, not stored.

    Raises
    ------
    SampleFileError
        The file cannot be read exactly: names file, row and column.
    """
    path = Path(path)
    return sample_set_of(parse_in_child(path, limits=limits), mapping, name=name or _name_of(path))


def import_file(
    path: Path | str,
    *,
    name: str,
    reward: str | None = None,
    utilities: Sequence[str] | None = None,
    prompt_by: str | None = None,
    response: str | None = None,
    group: str | None = None,
    form: Form | None = None,
    beta: float | None = None,
    missing: Missing = "reject",
    ragged: Ragged = "keep",
    store: Store | None = None,
    replace_existing: bool = False,
    limits: Limits | None = None,
) -> SampleSet:
    """Import a file into the store under a name.

    Parameters
    ----------
    reward, utilities
        Columns, ``"COL:cost"`` for one whose sign is to be turned; as proposed where not given.
    prompt_by
        Column whose equal values are one prompt.
    response, group
        Columns of the replies' texts and of the prompts' groups; '' for none.
    form, beta, missing, ragged
        As in `ImportMapping`.

    Raises
    ------
    SampleFileError
        The file cannot be read exactly; the store is as it was.
    StoreError
        The name cannot be used or exists.
    """
    path, store = Path(path), store or Store()
    # A name that cannot be stored is told before a long parse.
    if replace_existing and not store.is_shipped(name):
        files.check_name(name)
    else:
        store.check_free(name)
    parsed = parse_in_child(path, limits=limits)
    mapping = choose_scores(parsed.proposal, reward=reward, utilities=tuple(utilities or ()))
    mapping = replace(
        mapping,
        missing=missing,
        ragged=ragged,
        form=form or mapping.form,
        beta=mapping.beta if beta is None else beta,
        prompt_by=mapping.prompt_by if prompt_by is None else prompt_by,
        response=mapping.response if response is None else response or None,
        group=mapping.group if group is None else group or None,
    )
    asked = {
        "reward": reward,
        "utilities": utilities,
        "prompt_by": prompt_by,
        "response": response,
        "group": group,
        "form": form,
        "missing": missing == "drop",
        "ragged": ragged != "keep",
    }
    why = _why(parsed.proposal.why, mapping, {field for field, value in asked.items() if value})
    parsed = replace(parsed, proposal=replace(parsed.proposal, why=why))
    found = sample_set_of(parsed, mapping, name=name)
    if path.is_file():
        digest = file_sha256(path)
        provenance = {**found.manifest.provenance, "sha256": digest}
        found = SampleSet(found.table, replace(found.manifest, provenance=provenance))
    store.save(found, replace=replace_existing)
    return store.open(name)


def _why(proposed: Mapping[str, str], mapping: ImportMapping, stated: set[str]) -> dict[str, str]:
    """Reasons for the mapping as it is: those of the proposal, but for what was asked for."""
    why = {key: text for key, text in proposed.items() if not key.startswith("sign of ")}
    for item in mapping.scores:
        used = item.name == mapping.reward or item.name in mapping.utilities
        if item.cost and used:
            asked = "utilities" in stated or ("reward" in stated and item.name == mapping.reward)
            key = f"sign of {item.name}"
            why[key] = "asked for as a cost, so its sign is turned" if asked else proposed.get(key, "")
    return why | dict.fromkeys(stated, "as asked for")


def open_samples(name_or_path: Path | str, *, store: Store | None = None) -> SampleSet:
    """A stored set by its name, or else the file or folder at that path.

    Raises
    ------
    StoreError
        Neither a stored name nor a path.
    """
    store, text = store or Store(), str(name_or_path)
    if isinstance(name_or_path, str) and text in store.names():
        return store.open(text)
    try:
        there = Path(name_or_path).exists()
    except (OSError, ValueError):
        there = False
    if there:
        return read_samples(name_or_path)
    known = ", ".join(store.names()) or "none"
    if Path(text).suffix:
        raise SampleFileError(
            f"there is no file '{text}', and no stored set of that name: stored are {known}."
        )
    raise StoreError(f"no sample set is named '{text}', and there is no such file: stored are {known}.")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name_of(path: Path) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.name.split(".")[0]).strip("-.") or "samples"
    return name[:64]
