"""``fit_scorer``: preference pairs or labelled replies in a file, a scorer folder out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from dualign.errors import InvalidInputError, ModelError, SampleFileError
from dualign.models.default import DEFAULT_NAME
from dualign.models.scorers.encode import Encoder, Encoding
from dualign.models.scorers.fitting import (
    Examples,
    calibration_table,
    design,
    fit_weights,
    held_out_scores,
    label_metrics,
    pair_metrics,
)
from dualign.models.scorers.head import Progress, save_head
from dualign.models.scorers.info import CONFIG, ScorerInfo, new_scorer_folder
from dualign.models.scorers.scoring import base_folder

# Short windows: replies of the demo have at most 80 tokens, and the pass costs what it reads.
ENCODING = Encoding(
    layers=(12, 18, 24), pooling=("mean", "last"), max_prompt_tokens=96, max_response_tokens=112
)
RIDGE = 3.0


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which columns hold what: pairs (chosen, rejected) unless ``response`` and ``label`` are named."""

    prompt: str = "prompt"
    chosen: str = "chosen"
    rejected: str = "rejected"
    response: str | None = None
    label: str | None = None


def fit_scorer(
    files: Sequence[Path],
    *,
    name: str,
    columns: Columns | None = None,
    licence: str = "not stated",
    description: str = "",
    base: str = DEFAULT_NAME,
    folder: Path | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> ScorerInfo:
    """Record of a scorer fitted on ``files`` and written to the store.

    Held-out figures come from five folds that keep a prompt's replies together; the shipped weights are
    then fitted on everything with the same settings.

    Parameters
    ----------
    files
        CSV, JSONL or Parquet with the same columns.
    name
        Name of the scorer.
    columns
        Where prompts, replies and preferences stand.
    base
        The default model, or the folder of another.

    Raises
    ------
    SampleFileError
        Unreadable file or missing column.
    InvalidInputError
        Fewer than 50 pairs of two texts or labelled replies, replies that are all alike, or labels that are not 0
        and 1.
    """
    columns = columns or Columns()
    target = new_scorer_folder(name) if folder is None else folder.absolute()
    if (target / CONFIG).is_file():
        raise ModelError(f"a scorer is already named '{name}': choose another name or delete it first.")
    frames = [_read(path) for path in files]
    examples = _examples(frames, files, columns)
    encoder = Encoder(base_folder(base), depth=max(ENCODING.layers), threads=threads)
    features = encoder.features(examples.prompts, examples.responses, ENCODING, progress=progress)
    data = [
        {"file": path.name, "rows": len(frame), "licence": licence}
        for path, frame in zip(files, frames, strict=True)
    ]
    return fit_on_features(
        features,
        examples,
        info=ScorerInfo(name=name, description=description, base=base, licence=licence, data=tuple(data)),
        folder=target,
    )


def fit_on_features(
    features: npt.NDArray[Any],
    examples: Examples,
    *,
    info: ScorerInfo,
    folder: Path,
    ridge: float = RIDGE,
    labelled_weight: float = 1.0,
) -> ScorerInfo:
    """Fit, measure on held-out prompts, calibrate and write; features (N, blocks, hidden size)."""
    made = design(features, examples.responses)
    held_out = held_out_scores(made.matrix, examples, ridge=ridge, labelled_weight=labelled_weight)
    if len(examples.pairs):
        metrics = pair_metrics(held_out, examples.pairs, examples.responses)
        margin = held_out[examples.pairs[:, 0]] - held_out[examples.pairs[:, 1]]
        # Each pair is shown in a random order, so that the observed frequency is not one throughout.
        turn = np.random.default_rng(0).random(margin.size) < 0.5
        table = calibration_table(expit(np.where(turn, margin, -margin)), turn.astype(float))
    else:
        metrics = label_metrics(held_out, examples.labelled, examples.labels)
        given = held_out[examples.labelled]
        table = calibration_table(expit(given - np.median(given)), examples.labels)
    metrics["expected_calibration_error"] = table["expected_calibration_error"]
    weights = fit_weights(made.matrix, examples, ridge=ridge, labelled_weight=labelled_weight)
    head = made.head(weights)
    head = head.calibrated(head(features, examples.responses))
    record = ScorerInfo(
        **{
            **{key: getattr(info, key) for key in ("name", "description", "base", "licence", "data")},
            "unit": f"s.d. over {len(examples.responses)} fitting replies",
            "metrics": {**metrics, "folds": 5, "ridge": ridge},
            "encoding": asdict(ENCODING),
            "calibrated_on": "the fitting replies: mean 0, standard deviation 1",
        }
    )
    return save_head(folder, head, record, json.dumps(table, indent=1).encode())


def read_examples(files: Sequence[Path], columns: Columns) -> Examples:
    """Pairs or labelled replies of ``files``; errors as in `fit_scorer`."""
    return _examples([_read(path) for path in files], files, columns)


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise SampleFileError(f"{path} is not a file: name a CSV, JSONL or Parquet file.")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if path.suffix in (".jsonl", ".json"):
            return pd.read_json(path, lines=path.suffix == ".jsonl", dtype=False)
        return pd.read_csv(path, keep_default_na=False)
    except (ValueError, OSError) as error:
        raise SampleFileError(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from error


def _examples(frames: Sequence[pd.DataFrame], files: Sequence[Path], columns: Columns) -> Examples:
    labelled = bool(columns.response and columns.label)
    needed = (
        [columns.prompt, str(columns.response), str(columns.label)]
        if labelled
        else [columns.prompt, columns.chosen, columns.rejected]
    )
    for path, frame in zip(files, frames, strict=True):
        missing = [name for name in needed if name not in frame.columns]
        if missing:
            raise SampleFileError(
                f"{path.name} has no column '{missing[0]}': it has {', '.join(map(str, frame.columns))}."
            )
    whole = pd.concat([frame[needed].assign(source=k) for k, frame in enumerate(frames)], ignore_index=True)
    if len(whole) < 50:
        raise InvalidInputError(f"{len(whole)} rows are too few to fit and check a scorer: give at least 50.")
    prompts = [str(text) for text in whole[columns.prompt]]
    n = len(whole)
    none = np.zeros(0, dtype=np.int64)
    if labelled:
        labels = pd.to_numeric(
            whole[str(columns.label)].replace({"true": 1, "false": 0, "True": 1, "False": 0}), errors="coerce"
        )
        values = labels.to_numpy(dtype=np.float64)
        if not np.isin(values, (0.0, 1.0)).all() or values.min() == values.max():
            seen = sorted(set(whole[str(columns.label)].astype(str)))[:5]
            raise InvalidInputError(
                f"labels in '{columns.label}' must be 0 and 1, both present: seen {seen}."
            )
        if whole[str(columns.response)].astype(str).nunique() == 1:
            raise InvalidInputError(
                f"all {n} replies in '{columns.response}' are the same text: a scorer needs replies that differ."
            )
        return Examples(
            prompts,
            [str(t) for t in whole[columns.response]],
            none.reshape(0, 2),
            np.arange(n),
            values,
            whole["source"].to_numpy(),
        )
    alike = int((whole[columns.chosen].astype(str) == whole[columns.rejected].astype(str)).sum())
    if n - alike < 50:
        raise InvalidInputError(
            f"{alike} of the {n} pairs hold the same text as '{columns.chosen}' and as '{columns.rejected}', which "
            "says nothing of what is preferred: give at least 50 pairs of two different texts."
        )
    responses = [str(t) for t in whole[columns.chosen]] + [str(t) for t in whole[columns.rejected]]
    pairs = np.stack([np.arange(n), np.arange(n, 2 * n)], axis=1)
    return Examples(prompts * 2, responses, pairs, none, np.zeros(0), none)
