"""Log-probabilities of a set's replies under its reference: computed when first needed, kept on disk.

They depend on the set, the reference and the arithmetic, not on the multipliers: every policy reuses them.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign import paths
from dualign.alignment.arithmetic import fused_attention
from dualign.alignment.encode import Encoded
from dualign.alignment.packed import ROW_REPLIES, log_probs, pack, to_device
from dualign.errors import StoreError
from dualign.models import Reference
from dualign.models.adapters import ReferenceSpec
from dualign.samples import SampleSet, files

Array = npt.NDArray[np.float64]
Report = Callable[[int, int], None]

_FOLDER = "reference-log-probs"
# Tokens of one forward pass: enough to keep the arithmetic busy, little enough for a processor's cache.
_BATCH_TOKENS = 1024
# Replies whose recorded log-probability is checked before the others are believed, and how far it may be off.
_PROBE = 32
_PROBE_NATS = 0.5


def cache_file(sample_set: SampleSet, spec: ReferenceSpec, dtype: str, *, label: str = "") -> Path:
    """File of the log-probabilities of a set under a reference (or a policy named by ``label``)."""
    parts = (
        sample_set.content_hash,
        spec.base,
        spec.sha256,
        spec.temperature,
        spec.system_prompt,
        dtype,
        label,
    )
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
    return paths.store_root() / _FOLDER / f"{key}.npy"


def read_cache(path: Path, n_replies: int) -> Array:
    """Cached values (N,), nan where they are not known yet."""
    try:
        values = np.load(io.BytesIO(files.read_bytes(path)), allow_pickle=False)
    except (StoreError, OSError, ValueError, EOFError):
        return np.full(n_replies, np.nan)
    if values.shape != (n_replies,) or values.dtype != np.float64:
        return np.full(n_replies, np.nan)
    return np.asarray(values)


def write_cache(path: Path, values: Array) -> None:
    """Keep values; what another process learned meanwhile stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = read_cache(path, values.size)
    buffer = io.BytesIO()
    np.save(buffer, np.where(np.isfinite(values), values, known))
    files.replace_file(path, buffer.getvalue())


def compute(
    model: Any,
    encoded: Encoded,
    rows: npt.NDArray[np.int64],
    *,
    pad: int,
    shared: bool = True,
    autocast: bool = False,
    report: Report | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Array:
    """Log-probabilities (len(rows),) of rows of the table under a model, nats; nan for those left when stopped."""
    import torch

    by_prompt: dict[int, list[tuple[int, int]]] = {}
    for place, (prompt, reply) in enumerate(encoded.places(rows)):
        by_prompt.setdefault(prompt, []).append((place, reply))
    units: list[tuple[int, int, list[tuple[int, int]]]] = []
    for prompt, entries in by_prompt.items():
        entries = sorted(entries, key=lambda e: encoded.replies[prompt][e[1]].size)
        for start in range(0, len(entries), ROW_REPLIES):
            part = entries[start : start + ROW_REPLIES]
            size = encoded.prompts[prompt].size + sum(encoded.replies[prompt][r].size for _, r in part)
            units.append((size, prompt, part))
    out = np.full(len(rows), np.nan)
    done = 0
    device = model.device
    with fused_attention(model):
        for batch in _batches(sorted(units, key=lambda u: u[0])):
            if stopping():
                break
            groups = [(encoded.prompts[p], [encoded.replies[p][r] for _, r in part]) for _, p, part in batch]
            packed = to_device(pack(groups, pad=pad, shared=shared), device)
            with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=autocast):
                values = log_probs(model, packed).double().cpu().numpy()
            out[[place for _, _, part in batch for place, _ in part]] = values
            done += len(values)
            if report is not None:
                report(done, len(rows))
    return out


def _batches(units: Sequence[tuple[int, int, Any]]) -> list[list[tuple[int, int, Any]]]:
    found: list[list[tuple[int, int, Any]]] = []
    for unit in units:
        if not found or (len(found[-1]) + 1) * unit[0] > _BATCH_TOKENS:
            found.append([])
        found[-1].append(unit)
    return found


def drawn_exactly(sample_set: SampleSet, spec: ReferenceSpec) -> bool:
    """Whether a set holds log-probabilities and says that this reference drew its replies, with nothing bent."""
    if not {"log_prob", "n_tokens"} <= set(sample_set.table.column_names):
        return False
    recorded = sample_set.manifest.reference
    same = all(
        recorded.get(key) == getattr(spec, key) for key in ("base", "sha256", "temperature", "system_prompt")
    )
    return same and bool(sample_set.manifest.provenance.get("exact", False))


def likely_known(sample_set: SampleSet, spec: ReferenceSpec, dtype: str) -> npt.NDArray[np.bool_]:
    """Rows (N,) whose log-probability need not be computed, judged without the model."""
    known = np.isfinite(read_cache(cache_file(sample_set, spec, dtype), sample_set.table.num_rows))
    if dtype != "bfloat16" and drawn_exactly(sample_set, spec):
        known |= np.isfinite(sample_set.table["log_prob"].to_numpy().astype(np.float64))
    return np.asarray(known)


def sampled_log_probs(sample_set: SampleSet, reference: Reference, encoded: Encoded) -> Array | None:
    """What the sampler wrote (N,), nan where a text has other tokens than were drawn; None if it cannot be used.

    It can where they were `drawn_exactly`.
    """
    table = sample_set.table
    if not drawn_exactly(sample_set, reference.spec):
        return None
    values = table["log_prob"].to_numpy().astype(np.float64)
    drawn = np.asarray(table["n_tokens"].fill_null(0).to_numpy())
    return np.where(np.concatenate(encoded.lengths) == drawn, values, np.nan)


def reference_log_probs(
    reference: Reference,
    sample_set: SampleSet,
    encoded: Encoded,
    rows: npt.NDArray[np.int64],
    *,
    shared: bool = True,
    autocast: bool = False,
    report: Report | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Array:
    """Log-probabilities (N,) under the reference, known for ``rows`` at least, nan elsewhere.

    Those that the sampler wrote are used where a check of a few shows that they agree; what is missing then is
    computed and kept on disk, also when stopped half-way.
    """
    path = cache_file(sample_set, reference.spec, reference.dtype)
    values = read_cache(path, encoded.n_replies)

    def find(wanted: npt.NDArray[np.int64], tell: Report | None) -> None:
        values[wanted] = compute(
            reference.model,
            encoded,
            wanted,
            pad=reference.tokenizer.pad_token_id,
            shared=shared,
            autocast=autocast,
            report=tell,
            stopping=stopping,
        )
        write_cache(path, values)

    # A bfloat16 base scores replies with a bias that the sampler's own arithmetic lacks: DPO would learn it.
    sampled = None if autocast else sampled_log_probs(sample_set, reference, encoded)
    if sampled is not None and np.isfinite(sampled).any():
        known = np.flatnonzero(np.isfinite(sampled))
        probe = known[:: max(1, known.size // _PROBE)][:_PROBE]
        if not np.isfinite(values[probe]).all():
            find(probe, None)
        if float(np.quantile(np.abs(values[probe] - sampled[probe]), 0.9)) < _PROBE_NATS:
            values = np.where(np.isfinite(sampled), sampled, values)
    missing = np.unique(rows[~np.isfinite(values[rows])])
    if missing.size:
        find(missing, report)
    return values
