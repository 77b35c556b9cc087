"""Replies of trained policies to held-out prompts, scored and stored: ``<root>/results/policies/<policy>/``."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from dualign import paths
from dualign.errors import InvalidInputError, StoreError
from dualign.evaluation.measure import PolicyReplies
from dualign.samples import SampleSet, files

RECORD = "evaluation.json"
TABLE = "replies.parquet"
COLUMNS = {
    "prompt": pa.string(),
    "group": pa.string(),
    "response_id": pa.int32(),
    "response": pa.string(),
    "log_prob": pa.float64(),
    "log_ratio": pa.float64(),
    "kl_exact": pa.float64(),
    "n_tokens": pa.int32(),
    "truncated": pa.bool_(),
}
"""Columns beside the scores. ``log_ratio`` is ln pi - ln pi_ref and ``kl_exact`` the token-exact KL, nats."""


@dataclass(frozen=True, kw_only=True)
class EvaluationRecord:
    """What is known of an evaluation beside its replies.

    Attributes
    ----------
    policy, title, method : str
    samples, samples_hash : str
        The set whose prompts were held out.
    multipliers, thresholds : mapping
        By constraint, of the policy.
    form : str
        Form of its thresholds; several, separated by commas, where each has its own.
    reward_weight : float
        0 for a policy that was trained without the reward.
    beta : float
    reply_tokens : int
        Longest reply.
    seed : int
    replies : int
        For each prompt.
    prompts_limit : int or None
        Where only so many held-out prompts were asked.
    scores : tuple of str
    job : str
        Id of the job that trained it, "" where unknown.
    policy_sha256 : str
    training : mapping
        Steps, seconds and machine of its training.
    seconds : float
    machine, created : str
    files : mapping
        SHA-256 by file.
    """

    policy: str
    title: str = ""
    method: str = ""
    samples: str
    samples_hash: str
    multipliers: Mapping[str, float] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    form: str = "improvement"
    reward_weight: float = 1.0
    beta: float = 1.0
    reply_tokens: int = 0
    seed: int = 0
    replies: int = 0
    prompts_limit: int | None = None
    scores: tuple[str, ...] = ()
    job: str = ""
    policy_sha256: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    machine: str = ""
    created: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    schema_version: int = 1


@dataclass(frozen=True, eq=False)
class EvaluatedPolicy:
    """A policy's replies to P held-out prompts, N each: rows in order of prompt, then ``response_id``."""

    record: EvaluationRecord
    table: pa.Table
    shipped: bool = False

    @property
    def name(self) -> str:
        """The policy's name."""
        return self.record.policy

    @property
    def prompts(self) -> list[str]:
        """Its prompts in order, P entries."""
        return list(dict.fromkeys(self.table["prompt"].to_pylist()))

    def padded(self, column: str) -> npt.NDArray[np.float64]:
        """A numeric column as (P, N)."""
        values = np.asarray(self.table[column].to_numpy(zero_copy_only=False), dtype=np.float64)
        return values.reshape(len(self.prompts), -1)

    def responses(self, prompt: str) -> list[str]:
        """Its replies to one prompt."""
        texts: list[str] = [
            row["response"]
            for row in self.table.select(["prompt", "response"]).to_pylist()
            if row["prompt"] == prompt
        ]
        return texts

    def replies(
        self, prompts: Sequence[str], groups: Sequence[str], *, estimator: str = "token-exact"
    ) -> PolicyReplies:
        """Scores and KL terms on the given prompts, in their order.

        Raises
        ------
        InvalidInputError
            A prompt that the policy was not asked.
        """
        place = {prompt: index for index, prompt in enumerate(self.prompts)}
        missing = [prompt for prompt in prompts if prompt not in place]
        if missing:
            raise InvalidInputError(
                f"policy '{self.name}' was evaluated on {len(place)} prompts, {len(missing)} of the {len(prompts)} "
                f"asked for are not among them: run 'dualign evaluate {self.name}' again."
            )
        rows = np.array([place[prompt] for prompt in prompts])
        column = {"token-exact": "kl_exact", "log-ratio": "log_ratio"}[estimator]
        return PolicyReplies(
            name=self.record.title or self.name,
            scores={name: self.padded(name)[rows] for name in self.record.scores},
            groups=tuple(groups),
            kl_terms=self.padded(column)[rows],
            kl_estimator=estimator,
        )


def _roots() -> Iterator[tuple[Path, bool]]:
    own, shipped = paths.store_root() / "results", paths.shipped_root() / "results"
    yield own / "policies", own.resolve() == shipped.resolve()
    if own.resolve() != shipped.resolve():
        yield shipped / "policies", True


def list_evaluations(samples_hash: str | None = None) -> list[EvaluatedPolicy]:
    """All readable evaluations by policy name, the user's own first; of one sample set if its hash is given."""
    found: dict[str, EvaluatedPolicy] = {}
    for root, shipped in _roots():
        for path in sorted(root.glob(f"*/{RECORD}")):
            if path.parent.name not in found and not path.parent.name.startswith("."):
                try:
                    found[path.parent.name] = _read(path.parent, shipped)
                except StoreError:
                    continue
    return [
        found[name]
        for name in sorted(found)
        if samples_hash is None or found[name].record.samples_hash == samples_hash
    ]


def read_evaluation(policy: str) -> EvaluatedPolicy:
    """The stored evaluation of a policy.

    Raises
    ------
    StoreError
        There is none, or its files were changed.
    """
    files.check_name(policy)
    for root, shipped in _roots():
        if (root / policy / RECORD).is_file():
            return _read(root / policy, shipped)
    raise StoreError(f"policy '{policy}' has not been evaluated: run 'dualign evaluate {policy}'.")


def _read(folder: Path, shipped: bool) -> EvaluatedPolicy:
    try:
        record = json.loads(files.read_bytes(folder / RECORD))
        known = {entry.name for entry in fields(EvaluationRecord)}
        kept: dict[str, Any] = {k: tuple(v) if k == "scores" else v for k, v in record.items() if k in known}
        found = EvaluationRecord(**kept)
        content = files.read_bytes(folder / TABLE)
        if files.sha256(content) != found.files.get(TABLE):
            raise StoreError(
                f"{TABLE} of evaluation '{folder.name}' does not match its SHA-256: evaluate again."
            )
        table = pq.read_table(io.BytesIO(content))
        missing = [name for name in (*COLUMNS, *found.scores) if name not in table.column_names]
        if missing or found.policy != folder.name:
            raise StoreError(
                f"evaluation '{folder.name}' lacks {missing or 'its name'}: evaluate the policy again."
            )
        return EvaluatedPolicy(found, table, shipped)
    except (ValueError, TypeError, AttributeError, pa.ArrowException) as error:
        raise StoreError(
            f"evaluation '{folder.name}' cannot be read ({error}): evaluate the policy again."
        ) from error


def write_evaluation(record: EvaluationRecord, table: pa.Table, *, root: Path | None = None) -> Path:
    """Store an evaluation, whole or not at all, in place of an earlier one of the policy."""
    folder = (root or paths.store_root() / "results") / "policies" / files.check_name(record.policy)
    table = table.cast(pa.schema([(n, COLUMNS.get(n, pa.float64())) for n in table.column_names]))
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", compression_level=19)
    content = sink.getvalue()
    kept = EvaluationRecord(**{**asdict(record), "files": {TABLE: files.sha256(content)}})
    text = (json.dumps(asdict(kept), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    if files.is_plain_folder(folder):
        files.remove_folder(folder)
    files.create_folder(folder, {TABLE: content, RECORD: text})
    return folder


def held_out_table(sample_set: SampleSet, held: npt.NDArray[np.bool_]) -> tuple[list[str], list[str]]:
    """Prompts and groups of the held-out part of a set, in its order."""
    rows = np.flatnonzero(held)
    return [sample_set.prompts[i] for i in rows], [sample_set.groups[i] for i in rows]
