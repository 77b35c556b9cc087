"""The mapping proposed for a file: columns by name and content, each choice with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dualign.samples.arrays import Arrays
from dualign.samples.columns import ROW, looks_numeric, missing_count
from dualign.samples.mapping import ColumnInfo, ImportMapping, ImportProposal, ScoreColumn
from dualign.samples.names import (
    ASKED,
    CAMEL_ID,
    KIND,
    KNOWN,
    NO_SCORE,
    PROMPT_IDS,
    REWARD,
    ROLES,
    TYPED,
    is_cost,
    is_utility,
)
from dualign.samples.shapes import Shape

CANNOT = (
    "it holds {what} without scores, so it cannot give D: import it as it is, then score the replies on the Samples "
    "page or with `dualign score`"
)
_COMMA = re.compile(r"[+-]?\d+,\d+")
# Beyond this many rows a preview does not count distinct values.
_COUNTED = 1_000_000


def propose(table: pa.Table, shape: Shape) -> ImportProposal:
    """A mapping of the long table's columns, its reasons and warnings."""
    names = [name for name in table.column_names if name != ROW]
    why: dict[str, str] = {}
    warnings = [*shape.notes, *_decimal_commas(table, names)]
    numeric = {name for name in names if looks_numeric(table[name])}
    roles: dict[str, str] = {}
    lower: dict[str, str] = {}
    for name in names:
        lower.setdefault(name.lower(), name)
    for role, candidates in ROLES.items():
        for candidate in candidates:
            column = lower.get(candidate)
            if column is None or column in roles.values():
                continue
            text = pa.types.is_string(table[column].type) or pa.types.is_null(table[column].type)
            fits = column in numeric if role in TYPED else (text or role in ("response_id", "truncated"))
            if role in ("prompt", "response") and column in numeric:
                fits = False
            if fits:
                roles[role] = column
                why[role] = f"the column's name, '{column}'"
                break
    _content_roles(table, names, numeric, roles, why)
    prompt_by = _grouping(table, names, numeric, roles, why, warnings)
    _check_group(table, prompt_by, roles, why, warnings)
    if "response_id" in roles and not _unique_within(table, prompt_by, roles["response_id"]):
        del roles["response_id"], why["response_id"]
    scores = _scores(
        table, [name for name in names if name in numeric], {*roles.values(), prompt_by}, warnings
    )
    reward, utilities, reason = _choose(scores, shape.format)
    if reward:
        why["reward"] = reason if not utilities else f"taken by its name, '{reward}'"
    if utilities:
        why["utilities"] = reason
    for item in scores:
        if item.cost:
            why[f"sign of {item.name}"] = "its name says that less is better, so its sign is turned"
    if not scores:
        pair = shape.format in ("pairs", "hh", "trl-preference")
        warnings.append(CANNOT.format(what="pairs of replies" if pair else "replies"))
    elif not utilities:
        warnings.append(
            f"'{reward}' is its only score, so there is nothing to constrain: name a utility column"
        )
    if "response" not in roles and not scores:
        warnings.append("it has neither replies nor scores: collect replies first (`dualign collect`)")
    why["form"] = (
        "thresholds are improvements over the reference, as in the papers; absolute levels can be chosen"
    )
    why["missing"] = (
        "a score that is absent or not finite refuses the file, so that nothing is dropped unseen"
    )
    why["ragged"] = "prompts may have different numbers of replies: each is averaged over its own"
    why["scale"] = "scores keep their own units"
    mapping = ImportMapping(
        scores=tuple(scores), reward=reward, utilities=utilities, prompt_by=prompt_by, **_role_fields(roles)
    )
    prompts = 1 if prompt_by is None else len(table[prompt_by].unique())
    if scores and prompts and table.num_rows / prompts < 8 and not shape.notes:
        warnings.append(
            f"{table.num_rows / prompts:.1f} replies a prompt on average: lam* is biased upward below about 16"
        )
    return ImportProposal(
        format=shape.format,
        reason=shape.reason,
        mapping=mapping,
        columns=describe(table, numeric),
        why=why,
        warnings=tuple(warnings),
        n_rows=table.num_rows,
        n_prompts=prompts,
        scored=bool(reward and utilities),
    )


def _decimal_commas(table: pa.Table, names: Sequence[str]) -> list[str]:
    found = []
    for name in names:
        if not pa.types.is_string(table[name].type):
            continue
        texts = [text.strip() for text in table[name].slice(0, 200).to_pylist() if text]
        commas = [text for text in texts if _COMMA.fullmatch(text)]
        if texts and 2 * len(commas) >= len(texts):
            found.append(
                f"'{name}' is taken as text: it holds decimal commas such as '{commas[0]}'; write decimal points to "
                "use it as a score"
            )
    return found


def propose_arrays(arrays: Arrays) -> ImportProposal:
    """The mapping of an array file: its layout leaves nothing to guess."""
    table = arrays.table
    scores = tuple(
        ScoreColumn(
            column=name,
            name=arrays.costs.get(name, name),
            cost=name in arrays.costs,
            unit="nats" if arrays.format == "can-log-probabilities" else "",
        )
        for name in (arrays.reward, *arrays.utilities)
    )
    present = [role for role in ROLES if role in table.column_names]
    why = {
        "reward": arrays.reason,
        "form": "thresholds are improvements over the reference, as in the papers",
    }
    if arrays.costs:
        why["utilities"] = "the last channel is a cost: its sign is turned"
    warnings = list(arrays.notes)
    if not arrays.utilities:
        warnings.append("it has a reward but no utility, so there is nothing to constrain")
    return ImportProposal(
        format=arrays.format,
        reason=arrays.reason,
        mapping=ImportMapping(
            scores=scores,
            reward=arrays.reward,
            utilities=tuple(item.name for item in scores[1:]),
            prompt_by="prompt_id",
            beta=arrays.beta,
            **_role_fields({role: role for role in present}),
        ),
        columns=describe(table, {name for name in table.column_names if looks_numeric(table[name])}),
        why=why,
        warnings=tuple(warnings),
        n_rows=table.num_rows,
        n_prompts=len(table["prompt_id"].unique()),
        scored=bool(arrays.utilities),
    )


def _role_fields(roles: dict[str, str]) -> dict[str, Any]:
    return dict(roles)


def _content_roles(
    table: pa.Table, names: Sequence[str], numeric: set[str], roles: dict[str, str], why: dict[str, str]
) -> None:
    """Where no name says what the prompt is: a text column whose values repeat, a likely name first."""
    if "prompt" in roles or any(name.lower() in PROMPT_IDS for name in names):
        return
    for name in sorted(names, key=lambda name: (ASKED.search(name) is None, KIND.search(name) is not None)):
        column = table[name]
        if (
            NO_SCORE.fullmatch(name)
            or name in roles.values()
            or name in numeric
            or not pa.types.is_string(column.type)
        ):
            continue
        distinct = len(column.unique())
        if 1 < distinct < table.num_rows and column.null_count == 0:
            roles["prompt"] = name
            why["prompt"] = f"the text of '{name}' repeats ({distinct} values in {table.num_rows} rows)"
            return


def _grouping(
    table: pa.Table,
    names: Sequence[str],
    numeric: set[str],
    roles: dict[str, str],
    why: dict[str, str],
    warnings: list[str],
) -> str | None:
    lower = {name.lower(): name for name in names}
    prompt = roles.get("prompt")
    for candidate in PROMPT_IDS:
        column = lower.get(candidate)
        if column is None or column in roles.values():
            continue
        distinct = len(table[column].unique())
        if candidate == "id" and distinct == table.num_rows:
            continue
        if prompt is not None:
            # An identifier must say the same as the text, or it is not the prompt's.
            pairs = table.select([column, prompt]).group_by([column, prompt]).aggregate([]).num_rows
            if pairs != distinct:
                warnings.append(
                    f"'{column}' stands beside different texts of '{prompt}', so rows are grouped by the text"
                )
                continue
        why["prompt_by"] = f"equal '{column}' is one prompt"
        return column
    if prompt is not None:
        why["prompt_by"] = f"equal text of '{prompt}' is one prompt"
        return prompt
    why["prompt_by"] = "no column tells the prompts apart, so all rows are taken as replies to one prompt"
    warnings.append(
        "all rows are taken as replies to one and the same prompt: name a prompt column if they are not"
    )
    return None


def _check_group(
    table: pa.Table,
    prompt_by: str | None,
    roles: dict[str, str],
    why: dict[str, str],
    warnings: list[str],
) -> None:
    """A prompt has one group: a column that differs within prompts says something else."""
    column = roles.get("group")
    if column is None or prompt_by is None:
        return
    pairs = table.select(list(dict.fromkeys([prompt_by, column]))).group_by([prompt_by, column]).aggregate([])
    if pairs.num_rows > len(table[prompt_by].unique()):
        del roles["group"], why["group"]
        warnings.append(f"'{column}' differs between replies to one prompt, so it is not taken as the group")


def _unique_within(table: pa.Table, prompt_by: str | None, column: str) -> bool:
    keys = [column] if prompt_by in (None, column) else [str(prompt_by), column]
    return bool(table.select(keys).group_by(keys).aggregate([]).num_rows == table.num_rows)


def _scores(
    table: pa.Table, numeric: Sequence[str], taken: set[str | None], warnings: list[str]
) -> list[ScoreColumn]:
    found = []
    for name in numeric:
        likely = name.lower() in REWARD or is_utility(name) or is_cost(name)
        identifies = (
            NO_SCORE.fullmatch(name)
            or CAMEL_ID.fullmatch(name)
            or name.lower() in PROMPT_IDS
            or _counts_rows(table[name])
        )
        if name in taken or (identifies and not likely):
            continue
        # A score with gaps stays proposed: leaving it out would hide that the file is incomplete.
        gaps = missing_count(table[name])
        if gaps:
            warnings.append(
                f"'{name}' has {gaps} values absent or not finite: correct them, or drop their replies"
                if gaps > 1
                else f"'{name}' has 1 value absent or not finite: correct it, or drop its reply"
            )
        if gaps == table.num_rows:
            continue
        found.append(ScoreColumn(column=name, name=name, cost=is_cost(name)))
    return found


def _counts_rows(column: pa.ChunkedArray) -> bool:
    """Whether a column holds whole numbers that are all distinct: an identifier, whatever its name."""
    if not 20 <= len(column) <= _COUNTED or column.null_count or not pa.types.is_integer(column.type):
        return False
    return bool(pc.count_distinct(column).as_py() == len(column))


def _choose(scores: Sequence[ScoreColumn], format: str) -> tuple[str | None, tuple[str, ...], str]:
    names = [item.name for item in scores]
    if not names:
        return None, (), ""
    if format in KNOWN and KNOWN[format][0] in names:
        known, wanted, reason = KNOWN[format]
        utilities = tuple(name for name in wanted if name in names)
        return known, utilities, reason
    lower = {name.lower(): name for name in names}
    reward = next((lower[name] for name in REWARD if name in lower), None)
    if reward is None:
        reward = next((item.name for item in scores if not item.cost and not is_utility(item.name)), names[0])
    rest = [item for item in scores if item.name != reward]
    named = [item.name for item in rest if is_utility(item.name) or item.cost]
    if named:
        return reward, tuple(named), "their names say that they are to be kept up: " + ", ".join(named)
    if rest:
        return (
            reward,
            (rest[0].name,),
            f"'{rest[0].name}' is the next number column; correct it if it is no utility",
        )
    return reward, (), f"'{reward}' is the only number column"


def describe(table: pa.Table, numeric: set[str]) -> tuple[ColumnInfo, ...]:
    """What each column holds, for the preview."""
    found = []
    for name in table.column_names:
        if name == ROW:
            continue
        column = table[name]
        examples = []
        for value in column.slice(0, 50).to_pylist():
            text = "" if value is None else str(value)
            if text and text[:80] not in examples:
                examples.append(text[:80])
            if len(examples) == 3:
                break
        found.append(
            ColumnInfo(
                name=name,
                kind="number" if name in numeric else "text",
                missing=missing_count(column) if name in numeric else column.null_count,
                distinct=int(pc.count_distinct(column).as_py()) if len(column) <= _COUNTED else None,
                examples=tuple(examples),
            )
        )
    return tuple(found)
