"""A sample set: prompts, their replies, the scores of each reply, and the manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dualign.errors import InvalidInputError
from dualign.samples.manifest import Manifest, ScoreInfo

if TYPE_CHECKING:
    from dualign.duality import ScoredSamples

REQUIRED = {
    "prompt_id": pa.int32(),
    "prompt": pa.string(),
    "group": pa.string(),
    "response_id": pa.int32(),
    "response": pa.string(),
}
# prompt_key keeps the source's own identifier where it is not a plain number; response_label says which
# model or which side of a pair a reply came from.
OPTIONAL = {
    "prompt_key": pa.string(),
    "response_label": pa.string(),
    "log_prob": pa.float64(),
    "log_weight": pa.float64(),
    "prompt_weight": pa.float64(),
    "n_tokens": pa.int32(),
    "truncated": pa.bool_(),
}
RESERVED = frozenset(REQUIRED) | frozenset(OPTIONAL)
UNSCORED = (
    "sample set '{name}' has {what}, so it cannot give D: score its replies first (`dualign score`), "
    "or import it with a reward and at least one utility column."
)


@dataclass(frozen=True, eq=False)
class SampleSet:
    """Replies to prompts with their scores, in a long table.

    Parameters
    ----------
    table
        One row a reply, sorted by ``prompt_id`` and ``response_id``: the columns of `REQUIRED`, any of
        `OPTIONAL`, and one float64 column per entry of ``manifest.scores``.
    manifest
        What the scores mean, defaults, origin.

    Raises
    ------
    InvalidInputError
        A column is missing, unknown or of another type, a value is missing or not finite, rows are not
        sorted or repeat, or the manifest names a score that the table lacks.
    """

    table: pa.Table
    manifest: Manifest

    def __post_init__(self) -> None:
        table = self.table
        names = table.column_names
        wanted = {**REQUIRED, **{name: pa.float64() for name in self.manifest.scores}}
        missing = [name for name in wanted if name not in names]
        unknown = [name for name in names if name not in wanted and name not in OPTIONAL]
        clash = sorted(RESERVED & set(self.manifest.scores))
        if missing or unknown or clash or len(set(names)) != len(names):
            raise InvalidInputError(
                f"the table of '{self.name}' has columns {names}: missing {missing}, unknown {unknown}, "
                f"reserved names used as scores {clash}."
            )
        table = table.cast(pa.schema([(name, wanted.get(name) or OPTIONAL[name]) for name in names]))
        if table.num_rows == 0:
            raise InvalidInputError(f"sample set '{self.name}' has no reply: give at least one row.")
        for name in names:
            if name not in OPTIONAL and table[name].null_count:
                raise InvalidInputError(
                    f"column '{name}' of '{self.name}' has missing values: fill or drop them."
                )
        for name in (
            *self.manifest.scores,
            *(key for key in ("log_weight", "prompt_weight") if key in names),
        ):
            values = table[name].to_numpy()
            if not np.isfinite(values).all():
                row = int(np.flatnonzero(~np.isfinite(values))[0])
                raise InvalidInputError(
                    f"score '{name}' of '{self.name}' is {values[row]} in row {row + 1}: give finite numbers."
                )
        for name in (self.manifest.reward, *self.manifest.utilities):
            if name and name not in self.manifest.scores:
                raise InvalidInputError(
                    f"the manifest of '{self.name}' names '{name}', which is no score of it: "
                    f"the scores are {', '.join(self.manifest.scores) or 'none'}."
                )
        prompt, response = table["prompt_id"].to_numpy(), table["response_id"].to_numpy()
        step, inner = np.diff(prompt), np.diff(response)
        if (step < 0).any() or ((step == 0) & (inner <= 0)).any() or prompt[0] < 0 or (response < 0).any():
            raise InvalidInputError(
                f"rows of '{self.name}' are not sorted by prompt_id and response_id, or one repeats."
            )
        object.__setattr__(self, "table", table)

    @property
    def name(self) -> str:
        """Name in the store."""
        return self.manifest.name

    @cached_property
    def _starts(self) -> npt.NDArray[np.int64]:
        prompt = self.table["prompt_id"].to_numpy()
        return np.flatnonzero(np.concatenate([[True], np.diff(prompt) != 0]))

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """Replies of each prompt, (P,)."""
        return np.diff(np.append(self._starts, self.table.num_rows))

    @property
    def n_prompts(self) -> int:
        """P."""
        return int(self._starts.size)

    def _per_prompt(self, column: str) -> list[str]:
        values: list[str] = self.table[column].take(pa.array(self._starts)).to_pylist()
        return values

    @cached_property
    def prompts(self) -> list[str]:
        """Text of each prompt, P entries."""
        return self._per_prompt("prompt")

    @cached_property
    def groups(self) -> list[str]:
        """Group of each prompt, P entries, '' where there is none."""
        return self._per_prompt("group")

    def responses(self, prompt_index: int) -> list[str]:
        """Replies to one prompt (its place, counted from 0), in order of ``response_id``."""
        start, count = int(self._starts[prompt_index]), int(self.counts[prompt_index])
        texts: list[str] = self.table["response"].slice(start, count).to_pylist()
        return texts

    @cached_property
    def textless(self) -> int:
        """How many replies hold no text, but blanks at most."""
        lengths = pc.utf8_length(pc.utf8_trim_whitespace(self.table["response"]))
        return int(pc.sum(pc.equal(lengths, 0)).as_py())

    def padded(self, column: str) -> npt.NDArray[np.float64]:
        """A numeric column as (P, I), 0 where a prompt has fewer replies than I."""
        values = np.asarray(self.table[column].to_numpy(), dtype=np.float64)
        width = int(self.counts.max())
        if values.size == self.n_prompts * width:
            return values.reshape(self.n_prompts, width)
        out = np.zeros((self.n_prompts, width))
        out[self.present] = values
        return out

    @cached_property
    def present(self) -> npt.NDArray[np.bool_]:
        """Where (P, I) holds a reply."""
        return np.arange(int(self.counts.max())) < self.counts[:, None]

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the table's content, whatever file or chunks it came from."""
        digest = hashlib.sha256()
        for name in sorted(self.table.column_names):
            column = self.table[name].combine_chunks()
            digest.update(f"{name}:{column.type}:{len(column)}".encode())
            if column.null_count:
                digest.update(np.packbits(column.is_valid().to_numpy(zero_copy_only=False)).tobytes())
            if pa.types.is_string(column.type):
                column = pc.fill_null(column, "")
                lengths = pc.binary_length(column).to_numpy(zero_copy_only=False)
                offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset :][: len(column) + 1]
                text = column.buffers()[2]
                digest.update(np.asarray(lengths, np.int32).tobytes())
                if text is not None:
                    digest.update(memoryview(text)[int(offsets[0]) : int(offsets[-1])])
            else:
                column = pc.fill_null(column, pa.scalar(0).cast(column.type))
                digest.update(np.ascontiguousarray(column.to_numpy(zero_copy_only=False)).tobytes())
        return digest.hexdigest()

    def scored(self, reward: str | None = None, utilities: Sequence[str] | None = None) -> ScoredSamples:
        """The arrays of the problem: rewards (P, I) and utilities (P, I, m), ragged prompts padded.

        Parameters
        ----------
        reward, utilities
            Score names; the manifest's own unless given.

        Raises
        ------
        InvalidInputError
            The set is not scored, or has no score of that name.
        """
        from dualign.duality import ScoredSamples

        chosen = self.manifest.reward if reward is None else reward
        wanted = tuple(self.manifest.utilities if utilities is None else utilities)
        if not self.manifest.scores:
            raise InvalidInputError(UNSCORED.format(name=self.name, what="texts but no scores"))
        if not chosen or not wanted:
            what = "no reward column" if not chosen else f"a reward ('{chosen}') but no utility to constrain"
            raise InvalidInputError(UNSCORED.format(name=self.name, what=what))
        for name in (chosen, *wanted):
            if name not in self.manifest.scores:
                raise InvalidInputError(
                    f"'{self.name}' has no score named '{name}': it has {', '.join(self.manifest.scores)}."
                )
        columns = self.table.column_names
        logs = None
        if "log_weight" in columns or int(self.counts.min()) < int(self.counts.max()):
            values = self.padded("log_weight") if "log_weight" in columns else np.zeros(self.present.shape)
            logs = np.where(self.present, values, -np.inf)
        weights = None
        if "prompt_weight" in columns:
            weights = self.table["prompt_weight"].to_numpy()[self._starts]
        try:
            return ScoredSamples(
                rewards=self.padded(chosen),
                utilities=np.stack([self.padded(name) for name in wanted], axis=-1),
                names=wanted,
                log_weights=logs,
                prompt_weights=weights,
                groups=tuple(self.groups) if any(self.groups) else None,
            )
        except InvalidInputError as error:
            raise InvalidInputError(f"'{self.name}': {error}") from None

    def with_scores(
        self,
        scores: Mapping[str, npt.ArrayLike],
        info: Mapping[str, ScoreInfo] | None = None,
        *,
        reward: str | None = None,
        utilities: Sequence[str] | None = None,
    ) -> SampleSet:
        """The set with score columns added or replaced, one value a row of the table in its order.

        ``reward`` and ``utilities``, where given, become the manifest's defaults.
        """
        table, infos = self.table, dict(self.manifest.scores)
        for name, values in scores.items():
            column = pa.array(np.asarray(values, dtype=np.float64))
            if len(column) != table.num_rows:
                raise InvalidInputError(
                    f"{len(column)} scores named '{name}' came for {table.num_rows} replies: give one a reply."
                )
            if name in table.column_names and name in infos:
                table = table.set_column(table.column_names.index(name), name, column)
            else:
                table = table.append_column(name, column)
            infos[name] = (info or {}).get(name, ScoreInfo())
        manifest = replace(
            self.manifest,
            scores=infos,
            reward=self.manifest.reward if reward is None else reward,
            utilities=self.manifest.utilities if utilities is None else tuple(utilities),
        )
        return SampleSet(table, manifest)
