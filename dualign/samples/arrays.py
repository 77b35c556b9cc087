"""Score arrays from .npz, .npy and .pt, as long tables: own archives and the tensors of CAN."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.lib.format as npy
import numpy.typing as npt
import pyarrow as pa

from dualign.samples.columns import ROW
from dualign.samples.limits import Limits, fault, shown, size, usable_name

Array = npt.NDArray[Any]
ALIASES = {
    "reward": ("reward", "rewards", "r"),
    "g": ("g", "utilities", "utility", "constraints"),
    "names": ("names", "utility_names"),
    "mask": ("mask", "present"),
    "log_prob": ("logp_ref", "log_prob", "log_probs"),
    "log_weight": ("log_weights", "log_weight"),
    "prompt_weight": ("prompt_weights", "prompt_weight", "weights"),
    "group": ("groups", "group"),
    "prompt": ("prompts", "prompt"),
    "response": ("responses", "response"),
}


@dataclass(frozen=True)
class Arrays:
    """What an array file means: its format, why, and a long table of one row a reply.

    ``reward`` and ``utilities`` are columns of the table; ``costs`` maps a column that is a cost to the name
    of the utility it becomes.
    """

    format: str
    reason: str
    table: pa.Table
    reward: str
    utilities: tuple[str, ...]
    costs: Mapping[str, str] = field(default_factory=dict)
    beta: float | None = None
    notes: tuple[str, ...] = ()


def read_arrays(path: Path, limits: Limits) -> Arrays:
    """Scores of an array file.

    Raises
    ------
    SampleFileError
        Pickled objects, damaged or oversized arrays, shapes that fit no known format.
    """
    suffix = path.suffix.lower()
    if suffix == ".npz":
        arrays = _read_npz(path, limits)
    elif suffix == ".npy":
        arrays = {"": _read_npy(path, limits)}
    else:
        from dualign.samples.torchfile import read_torch

        arrays = read_torch(path, limits)
    if len(arrays) == 1:
        [(key, only)] = arrays.items()
        if only.ndim == 3 and key not in ALIASES["reward"]:
            from dualign.samples.can import read_can

            return read_can(only, path.name, limits)
    return from_named(arrays, path.name, limits)


def _read_npy(path: Path, limits: Limits) -> Array:
    try:
        with path.open("rb") as file:
            _check_header(file, path.stat().st_size, path.name, None)
        return npy.open_memmap(path, mode="r")
    except (ValueError, OSError, EOFError, SyntaxError, OverflowError) as error:
        raise fault(path.name, _npy_fault(error)) from error


def _check_header(file: IO[bytes], length: int, name: str, key: str | None) -> None:
    """Refuse an array that claims more than its file holds, before anything is allocated for it."""
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    if math.prod(shape) * dtype.itemsize > length:
        raise fault(name, f"shape {shape} is larger than its data: it is cut short or damaged.", column=key)


def _npy_fault(error: Exception) -> str:
    text = " ".join(str(error).split())
    if "allow_pickle" in text or "Python objects" in text or "Object arrays" in text:
        return "it holds Python objects, which can run code: save numbers and plain text arrays alone."
    return f"it is cut short, damaged or no NumPy file ({text[:120]}): write it again."


def _read_npz(path: Path, limits: Limits) -> dict[str, Array]:
    out: dict[str, Array] = {}
    packed = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            if total > limits.table_bytes or total > max(64 * 2**20, limits.ratio * packed):
                raise fault(
                    path.name,
                    f"its {size(packed)} expand to {size(total)}, more than {size(limits.table_bytes)} or "
                    f"{limits.ratio:.0f}-fold: use Parquet, or a part of it.",
                )
            for member in members:
                key = member.filename.removesuffix(".npy")
                if key in out:
                    raise fault(path.name, "the array occurs twice: write the file again.", column=key)
                with archive.open(member) as file:
                    _check_header(file, member.file_size, path.name, key)
                with archive.open(member) as file:
                    out[key] = npy.read_array(file, allow_pickle=False)
                    if file.read(1):
                        raise fault(
                            path.name, "there is data after the array: write the file again.", column=key
                        )
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        OSError,
        EOFError,
        SyntaxError,
        OverflowError,
    ) as error:
        raise fault(path.name, _npy_fault(error)) from error
    except (NotImplementedError, RuntimeError) as error:
        raise fault(path.name, "it is encrypted or packed in an unknown way: write it again.") from error
    return out


def from_named(arrays: Mapping[str, Array], name: str, limits: Limits) -> Arrays:
    """Our own archive: ``reward`` (P, R), ``g`` (P, R, m), and optional companions of `ALIASES`."""
    found: dict[str, Array] = {}
    used = set()
    for role, keys in ALIASES.items():
        for key in keys:
            if key in arrays and role not in found:
                found[role] = np.asarray(arrays[key])
                used.add(key)
    if "reward" not in found and set(arrays) == {""}:
        found["reward"] = np.asarray(arrays[""])
        used.add("")
    listing = ", ".join(f"{key or 'array'} {value.shape}" for key, value in arrays.items())
    if "reward" not in found:
        raise fault(name, f"no array 'reward' of shape (prompts, replies): it holds {listing or 'nothing'}.")
    reward = found["reward"]
    if reward.ndim != 2 or 0 in reward.shape:
        raise fault(name, f"'reward' has shape {reward.shape}: give (prompts, replies), none empty.")
    if reward.size > limits.rows:
        raise fault(
            name, f"{reward.size:,} replies, more than {limits.rows:,}: use Parquet, or a part of it."
        )
    g = found.get("g")
    if g is not None:
        g = g[..., None] if g.ndim == 2 else g
        if g.ndim != 3 or g.shape[:2] != reward.shape or g.shape[2] == 0:
            raise fault(
                name, f"'g' has shape {g.shape} beside 'reward' {reward.shape}: give (prompts, replies, m)."
            )
    names = _names(found.get("names"), 0 if g is None else g.shape[2], name)
    mask = np.ones(reward.shape, bool)
    if "mask" in found:
        mask = found["mask"]
        if mask.shape != reward.shape or not (mask.dtype == bool or np.isin(mask, (0, 1)).all()):
            raise fault(
                name, f"'mask' has shape {mask.shape}: give true or false for each of {reward.shape}."
            )
        mask = mask.astype(bool)
        if not mask.any():
            raise fault(name, "'mask' leaves out every reply: give true where there is one.")
    columns: dict[str, Any] = {"reward": floats(reward, "reward", name, mask)}
    for index, label in enumerate(names):
        columns[label] = floats(g[..., index], label, name, mask)  # type: ignore[index]
    prompts, replies = np.nonzero(mask)
    ignored = sorted(set(arrays) - used)
    table = {
        "prompt_id": pa.array(prompts.astype(np.int32)),
        "response_id": pa.array(replies.astype(np.int32)),
    }
    for role in ("log_prob", "log_weight", "prompt_weight"):
        if role in found:
            wide = found[role]
            if role == "prompt_weight" and wide.shape == reward.shape[:1]:
                wide = np.broadcast_to(wide[:, None], reward.shape)
            if wide.shape != reward.shape:
                raise fault(name, f"it has shape {wide.shape} beside 'reward' {reward.shape}.", column=role)
            table[role] = pa.array(floats(wide, role, name, mask))
    for role in ("group", "prompt", "response"):
        if role in found:
            texts = found[role]
            if texts.dtype.kind != "U" or texts.shape not in (reward.shape, reward.shape[:1]):
                raise fault(
                    name, f"it is {texts.dtype} of shape {texts.shape}: give one text a prompt.", column=role
                )
            rows = texts[prompts] if texts.ndim == 1 else texts[mask]
            table[role] = pa.array(rows.tolist(), pa.string())
    table |= {label: pa.array(values) for label, values in columns.items()}
    notes = (f"ignored: {', '.join(shown(key) for key in ignored)}",) if ignored else ()
    return Arrays(
        "npz",
        f"an array 'reward' {reward.shape} (prompts, replies)"
        + (f" and 'g' {g.shape} with utilities {', '.join(names)}" if g is not None else " and no utilities"),
        with_rows(table),
        "reward",
        names,
        notes=notes,
    )


def _names(given: Array | None, m: int, file: str) -> tuple[str, ...]:
    if given is None:
        return ("g",) if m == 1 else tuple(f"g{index}" for index in range(1, m + 1))
    names = tuple(str(item) for item in np.atleast_1d(given)) if given.dtype.kind == "U" else ()
    if len(names) != m or len({*names, "reward"}) != m + 1:
        raise fault(
            file, f"'names' is {shown(given.tolist())}: give {m} different texts, none of them 'reward'."
        )
    unusable = [label for label in names if not usable_name(label)]
    if unusable:
        raise fault(file, f"'names' holds {shown(unusable[0])}: give short printable texts, none empty.")
    return names


def floats(values: Array, what: str, file: str, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """The masked values as float64, exactly; ValueError as a sentence naming prompt and reply."""
    if values.dtype.kind not in "fiub":
        raise fault(file, f"it is {values.dtype}, not numbers: save numbers.", column=what)
    flat = np.asarray(values[mask])
    if flat.dtype.kind == "f" and flat.dtype.itemsize > 8:
        raise fault(file, f"it is {values.dtype}, wider than float64: save float64.", column=what)
    out = flat.astype(np.float64)
    if flat.dtype.kind in "iu" and flat.dtype.itemsize == 8:
        large = np.flatnonzero(np.abs(out) >= 2**53)
        wrong = [index for index in large if int(out[index]) != int(flat[index])]
        if wrong:
            raise fault(
                file, f"{flat[wrong[0]]} is a whole number beyond float64's exact range.", column=what
            )
    broken = np.flatnonzero(~np.isfinite(out))
    if broken.size:
        prompt, reply = (int(axis[broken[0]]) for axis in np.nonzero(mask))
        raise fault(
            file,
            f"{out[broken[0]]} where a finite number is needed ({broken.size} such), at prompt {prompt}, reply "
            f"{reply} counted from 0: correct it, or save an .npz with a 'mask' that leaves it out.",
            row=prompt + 1,
            column=what,
        )
    return out


def with_rows(columns: Mapping[str, Any]) -> pa.Table:
    """A long table with the prompt (counted from 1) as the row of each reply."""
    rows = np.asarray(columns["prompt_id"]).astype(np.int64) + 1
    return pa.table({**columns, ROW: pa.array(rows)})
