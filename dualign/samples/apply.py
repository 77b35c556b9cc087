"""From a parsed table and a mapping to a sample set: exact, or refused naming row and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dualign.duality.problem import LARGEST
from dualign.errors import InvalidInputError, SampleFileError
from dualign.samples.columns import ROW, numbers
from dualign.samples.limits import fault, shown, usable_name
from dualign.samples.manifest import Manifest, ScoreInfo
from dualign.samples.mapping import ImportMapping
from dualign.samples.sampleset import RESERVED, SampleSet

_INT32 = 2**31


def apply_mapping(
    table: pa.Table,
    mapping: ImportMapping,
    *,
    name: str,
    file: str,
    provenance: Mapping[str, Any] | None = None,
) -> SampleSet:
    """The sample set that the mapping makes of a long table.

    Parameters
    ----------
    table
        One row a reply, with the row of the file in the column ``__row__``.
    file
        Name of the file, for messages.

    Raises
    ------
    SampleFileError
        A value that cannot be taken exactly, naming row and column.
    InvalidInputError
        The mapping names a column or score that is not there.
    """
    _check(table, mapping)
    rows = table[ROW].to_numpy()
    keep = np.ones(table.num_rows, bool)
    values: dict[str, npt.NDArray[np.float64]] = {}
    for item in mapping.scores:
        needed = item.name == mapping.reward or item.name in mapping.utilities
        column = (
            numbers(
                table[item.column],
                file=file,
                name=item.column,
                rows=rows,
                keep_missing=mapping.missing == "drop",
            )
            if needed
            else _optional(table, item.column, file, rows)
        )
        if column is None:
            continue
        if needed:
            keep &= ~np.isnan(column)
        elif np.isnan(column).any():
            continue
        values[item.name] = -column if item.cost else column
    notes = []
    if not keep.all():
        notes.append(f"{int((~keep).sum())} of {keep.size} replies were dropped for a missing score")
        if not keep.any():
            raise SampleFileError(f"'{file}': every reply lacks a score: choose other columns.")
    left_out = [item.column for item in mapping.scores if item.name not in values]
    if left_out:
        notes.append(f"not kept, for missing values: {', '.join(left_out)}")
    if not keep.all():
        table, rows = table.filter(pa.array(keep)), rows[keep]
        values = {key: column[keep] for key, column in values.items()}
    prompt_id, key = _prompts(table, mapping, file, rows)
    texts = _texts(table, mapping, file, rows, prompt_id)
    response_id = _responses(table, mapping, file, rows, prompt_id)
    step, inner = np.diff(prompt_id), np.diff(response_id)
    in_order = bool(((step > 0) | ((step == 0) & (inner > 0))).all())
    columns: dict[str, Any] = {
        "prompt_id": pa.array(prompt_id.astype(np.int32)),
        "prompt": texts["prompt"],
        "group": texts["group"],
        "response_id": pa.array(response_id.astype(np.int32)),
        "response": texts["response"],
    }
    if key is not None:
        columns["prompt_key"] = key
    if mapping.response_label is not None:
        columns["response_label"] = texts["response_label"]
    for role in ("log_prob", "log_weight", "prompt_weight", "n_tokens"):
        column_name = getattr(mapping, role)
        if column_name is not None:
            column = numbers(table[column_name], file=file, name=column_name, rows=rows)
            if role == "n_tokens":
                if (column != np.round(column)).any() or (np.abs(column) >= _INT32).any():
                    raise fault(file, "it holds other than whole numbers.", column=column_name)
                column = column.astype(np.int32)
            columns[role] = pa.array(column)
    if mapping.truncated is not None:
        columns["truncated"] = _flags(table[mapping.truncated], file, mapping.truncated, rows)
    columns |= {score: pa.array(column) for score, column in values.items()}
    long = pa.table(columns)
    if not in_order:
        long = long.take(pa.array(np.lexsort((response_id, prompt_id))))
    long, trimmed = _ragged(long, mapping, file)
    if trimmed:
        notes.append(trimmed)
    long = _scaled(long, mapping)
    infos = {
        item.name: ScoreInfo(
            unit=item.unit,
            column=item.column,
            cost=item.cost,
            description=(f"minus column '{item.column}'" if item.cost else f"column '{item.column}'")
            + (", divided by its standard deviation within prompts" if item.scale == "unit_variance" else ""),
        )
        for item in mapping.scores
        if item.name in values
    }
    manifest = Manifest(
        name=name,
        title=name,
        source=file,
        reward=mapping.reward or "",
        utilities=mapping.utilities,
        scores=infos,
        default_form=mapping.form,
        default_beta=mapping.beta or 1.0,
        default_thresholds=dict(mapping.thresholds or {}),
        provenance={**(provenance or {}), "mapping": mapping.to_dict(), "notes": notes},
    )
    return with_defaults(
        SampleSet(long, manifest), beta=mapping.beta is None, thresholds=mapping.thresholds is None
    )


def _check(table: pa.Table, mapping: ImportMapping) -> None:
    names = [item.name for item in mapping.scores]
    for column in (*mapping.roles().values(), *(item.column for item in mapping.scores)):
        if column not in table.column_names or column == ROW:
            listing = ", ".join(name for name in table.column_names if name != ROW)
            raise InvalidInputError(f"the file has no column '{column}': it has {listing}.")
    for score in (mapping.reward, *mapping.utilities):
        if score is not None and score not in names:
            raise InvalidInputError(
                f"'{score}' is not among the scores {', '.join(names) or '(none)'}: add its column."
            )
    if len(set(names)) != len(names) or len(set(mapping.utilities)) != len(mapping.utilities):
        raise InvalidInputError(f"a score name occurs twice in {names}: rename one.")
    unusable = [name for name in names if not usable_name(name)]
    if unusable:
        raise InvalidInputError(f"{shown(unusable[0])} cannot name a score: give a short printable text.")
    reserved = sorted(RESERVED & set(names))
    if reserved:
        raise InvalidInputError(f"'{reserved[0]}' is a reserved column and cannot name a score: rename it.")
    if mapping.reward in mapping.utilities:
        raise InvalidInputError(f"'{mapping.reward}' is both reward and utility: name each column once.")


def _optional(
    table: pa.Table, column: str, file: str, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64] | None:
    try:
        return numbers(table[column], file=file, name=column, rows=rows, keep_missing=True)
    except SampleFileError:
        return None


def _prompts(
    table: pa.Table, mapping: ImportMapping, file: str, rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], pa.Array | None]:
    """Number of each row's prompt, and the source's own identifier where it is no such number."""
    if mapping.prompt_by is None:
        return np.zeros(table.num_rows, np.int64), None
    column = table[mapping.prompt_by]
    if column.null_count:
        index = int(np.argmin(column.is_valid().to_numpy()))
        raise fault(
            file, "no value where the prompt is told.", row=int(rows[index]), column=mapping.prompt_by
        )
    if pa.types.is_integer(column.type):
        whole = column.to_numpy()
        if whole.min() >= 0 and whole.max() < _INT32:
            return whole.astype(np.int64), None
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    keys, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64)
    if "" in keys:
        index = int(np.argmax(codes == keys.index("")))
        raise fault(
            file, "no value where the prompt is told.", row=int(rows[index]), column=mapping.prompt_by
        )
    if mapping.prompt_by == mapping.prompt:
        return codes, None
    if all(len(key) < 11 and key.isascii() and key.isdigit() and str(int(key)) == key for key in keys):
        plain = np.array([int(key) for key in keys], np.int64)
        if plain.max() < _INT32:
            return plain[codes], None
    return codes, encoded.dictionary.take(encoded.indices)


def _texts(
    table: pa.Table,
    mapping: ImportMapping,
    file: str,
    rows: npt.NDArray[np.int64],
    prompt_id: npt.NDArray[np.int64],
) -> dict[str, pa.ChunkedArray | pa.Array]:
    found: dict[str, Any] = {}
    for role in ("prompt", "group", "response", "response_label"):
        column_name = getattr(mapping, role)
        if column_name is None:
            found[role] = pa.repeat(pa.scalar(""), table.num_rows)
            continue
        column = table[column_name]
        if not (pa.types.is_string(column.type) or pa.types.is_null(column.type)) and (
            role in ("prompt", "response") or not pa.types.is_integer(column.type)
        ):
            raise fault(file, f"it holds {column.type}, where text was expected.", column=column_name)
        column = column.cast(pa.string())
        if role in ("prompt", "response") and column.null_count:
            index = int(np.argmin(column.is_valid().to_numpy()))
            raise fault(file, f"no text where the {role} is.", row=int(rows[index]), column=column_name)
        found[role] = pc.fill_null(column, "")
    first, inverse = _first_rows(prompt_id)
    if mapping.prompt is None:
        found["prompt"] = pa.array([f"prompt {number}" for number in prompt_id[first]]).take(
            pa.array(inverse)
        )
    for role in ("prompt", "group"):
        if getattr(mapping, role) is None:
            continue
        codes = found[role].combine_chunks() if isinstance(found[role], pa.ChunkedArray) else found[role]
        codes = codes.dictionary_encode().indices.to_numpy()
        differs = np.flatnonzero(codes != codes[first][inverse])
        if differs.size:
            index = int(differs[0])
            raise fault(
                file,
                f"prompt {int(prompt_id[index])} has another {role} here than in row "
                f"{int(rows[first[inverse[index]]])}: one prompt has one; name another column"
                + (", or none (--no-group)." if role == "group" else "."),
                row=int(rows[index]),
                column=getattr(mapping, role),
            )
    return found


def _first_rows(keys: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First row of each key, keys rising, and for each row the place of its key among them."""
    step = np.diff(keys)
    if (step >= 0).all():
        # Files are mostly in order already, and then nothing needs sorting.
        new = np.concatenate([[True], step > 0])
        return np.flatnonzero(new), np.cumsum(new) - 1
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return first, inverse


def _responses(
    table: pa.Table,
    mapping: ImportMapping,
    file: str,
    rows: npt.NDArray[np.int64],
    prompt_id: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    if mapping.response_id is not None:
        try:
            given = numbers(table[mapping.response_id], file=file, name=mapping.response_id, rows=rows)
        except SampleFileError:
            given = np.array([-1.0])
        if (given >= 0).all() and (given == np.round(given)).all() and (given < _INT32).all():
            pairs = prompt_id * _INT32 + given.astype(np.int64)
            first, inverse = _first_rows(pairs)
            again = np.flatnonzero(first[inverse] != np.arange(pairs.size))
            if again.size:
                index = int(again[0])
                raise fault(
                    file,
                    f"reply {int(given[index])} of this prompt stands in row {int(rows[first[inverse[index]]])} too.",
                    row=int(rows[index]),
                    column=mapping.response_id,
                )
            return given.astype(np.int64)
    order = np.argsort(prompt_id, kind="stable")
    ranked = prompt_id[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(ranked) != 0]))
    place = np.arange(ranked.size) - np.repeat(starts, np.diff(np.append(starts, ranked.size)))
    out = np.empty(ranked.size, np.int64)
    out[order] = place
    return out


def _flags(column: pa.ChunkedArray, file: str, name: str, rows: npt.NDArray[np.int64]) -> pa.ChunkedArray:
    if pa.types.is_boolean(column.type):
        return pc.fill_null(column, False)
    words = {"true": True, "1": True, "false": False, "0": False, "": False}
    out = []
    for index, value in enumerate(column.to_pylist()):
        text = "" if value is None else str(value).strip().lower()
        if text not in words:
            raise fault(file, f"{shown(value)} is neither true nor false.", row=int(rows[index]), column=name)
        out.append(words[text])
    return pa.chunked_array([pa.array(out)])


def _ragged(table: pa.Table, mapping: ImportMapping, file: str) -> tuple[pa.Table, str]:
    prompt = table["prompt_id"].to_numpy()
    starts = np.flatnonzero(np.concatenate([[True], np.diff(prompt) != 0]))
    counts = np.diff(np.append(starts, prompt.size))
    low, high = int(counts.min()), int(counts.max())
    if low == high or mapping.ragged == "keep":
        return table, ""
    if mapping.ragged == "reject":
        raise SampleFileError(
            f"'{file}' has {low} to {high} replies a prompt, and equal numbers were asked for: "
            "keep or trim ragged prompts."
        )
    place = np.arange(prompt.size) - np.repeat(starts, counts)
    kept = table.filter(pa.array(place < low))
    return kept, f"trimmed to {low} replies a prompt, {table.num_rows - kept.num_rows} replies left out"


def _scaled(table: pa.Table, mapping: ImportMapping) -> pa.Table:
    for item in mapping.scores:
        if item.scale != "unit_variance" or item.name not in table.column_names:
            continue
        values = table[item.name].to_numpy()
        spread = within_prompt_spread(table["prompt_id"].to_numpy(), values)
        if not 0 < spread < np.inf:
            raise InvalidInputError(
                f"'{item.name}' has a standard deviation of {spread:g} within prompts: it cannot be rescaled."
            )
        index = table.column_names.index(item.name)
        table = table.set_column(index, item.name, pa.array(values / spread))
    return table


def within_prompt_spread(prompt: npt.NDArray[Any], values: npt.NDArray[np.float64]) -> float:
    """Standard deviation around each prompt's own mean, pooled over prompts."""
    starts = np.flatnonzero(np.concatenate([[True], np.diff(prompt) != 0]))
    counts = np.diff(np.append(starts, prompt.size))
    # Scores near float64's end overflow in squares: the caller sees infinity and decides.
    with np.errstate(over="ignore", invalid="ignore"):
        means = np.add.reduceat(values, starts) / counts
        return float(np.sqrt(np.mean((values - np.repeat(means, counts)) ** 2)))


def fitting_beta(sample_set: SampleSet, reward: str) -> float:
    """The rounded standard deviation of ``reward`` within prompts; 1 where it does not vary."""
    prompt = sample_set.table["prompt_id"].to_numpy()
    spread = within_prompt_spread(prompt, sample_set.table[reward].to_numpy())
    return float(f"{spread:.1g}") if 0 < spread < np.inf else 1.0


def with_defaults(sample_set: SampleSet, *, beta: bool = True, thresholds: bool = True) -> SampleSet:
    """The set with a default beta and thresholds chosen from its scores.

    Beta is the reward's standard deviation within prompts, to one digit, so that the weights of a typical
    prompt do not collapse onto one reply. A threshold is a quarter of the best improvement that its
    utility allows alone, to two digits; as an absolute level it is added to the reference mean.
    """
    manifest = sample_set.manifest
    if not manifest.reward:
        return sample_set
    prompt = sample_set.table["prompt_id"].to_numpy()
    starts = np.flatnonzero(np.concatenate([[True], np.diff(prompt) != 0]))
    chosen, levels = manifest.default_beta, dict(manifest.default_thresholds)
    if beta:
        chosen = fitting_beta(sample_set, manifest.reward)
    if thresholds:
        for name in manifest.utilities:
            values = sample_set.table[name].to_numpy()
            with np.errstate(over="ignore", invalid="ignore"):
                mean = float((np.add.reduceat(values, starts) / sample_set.counts).mean())
                best = float(np.maximum.reduceat(values, starts).mean())
            if not abs(best - mean) <= LARGEST:
                levels[name] = 0.0
                continue
            gain = float(f"{(best - mean) / 4:.2g}")
            levels[name] = gain if manifest.default_form == "improvement" else float(f"{mean + gain:.6g}")
    return SampleSet(sample_set.table, replace(manifest, default_beta=chosen, default_thresholds=levels))
