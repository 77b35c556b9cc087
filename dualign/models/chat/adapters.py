"""Adapters on one base, another one for every row of a batch if need be."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from dualign.errors import ModelError
from dualign.models.adapters import CONFIG, read_weights
from dualign.models.chat.stored import StoredAdapter

Delta = tuple[torch.Tensor, torch.Tensor]
"""Down (in, r) and up (r, out) of one module, the scale inside ``up``."""
Key = tuple[tuple[str, float], ...]
"""Adapters with their weights; empty for the reference."""

_KEPT = 16
_ROWS_HINT = 4


class PackedLinear(torch.nn.Module):
    """A linear map whose half-precision weight lies as the processor's matrix kernels want it.

    The plain layout is rearranged at every call: a third of the time of decoding. Results are the same bits.
    """

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.dtype, self.bias = linear.weight.dtype, linear.bias
        self.packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), _ROWS_HINT)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, "none", [], "")
        return y


def packable(linear: torch.nn.Linear) -> bool:
    """Whether this torch and this processor have kernels for a packed weight."""
    weight = linear.weight
    known = hasattr(torch.ops.mkldnn, "_linear_pointwise") and torch.backends.mkldnn.is_available()
    return bool(
        known
        and weight.dtype == torch.bfloat16
        and weight.device.type == "cpu"
        and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )


class RowLinear(torch.nn.Module):
    """A linear map with a low-rank delta of its own for each row; rows without an adapter are untouched."""

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        self.linear: torch.nn.Module = PackedLinear(linear) if packable(linear) else linear
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.down: torch.Tensor | None = None
        self.up: torch.Tensor | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.linear(x)
        if self.down is None or self.up is None:
            return y
        # In float32: factors this thin take a quarter of bfloat16's time, whose kernels are set up at each call.
        delta = torch.bmm(torch.bmm(x.float(), self.down), self.up)
        return torch.add(y, delta).to(y.dtype)


class RowAdapters:
    """The adapters of a model whose linear maps were replaced by `RowLinear`.

    Parameters
    ----------
    model
        A causal language model that nothing else uses.
    find : callable
        From a name to a `StoredAdapter`.
    """

    def __init__(self, model: Any, find: Callable[[str], StoredAdapter]) -> None:
        self.find = find
        self.modules: dict[str, RowLinear] = {}
        for name, module in list(model.named_modules()):
            for child, linear in list(module.named_children()):
                path = f"{name}.{child}" if name else child
                if isinstance(linear, torch.nn.Linear):
                    self.modules[path] = RowLinear(linear)
                    setattr(module, child, self.modules[path])
        self.stored: dict[str, StoredAdapter] = {}
        self._deltas: dict[str, dict[str, Delta]] = {}
        self._stacks: OrderedDict[tuple[Key, ...], dict[str, Delta]] = OrderedDict()
        self._current: tuple[Key, ...] = ()
        self._set: set[str] = set()

    def load(self, name: str) -> StoredAdapter:
        """Facts of an adapter, its weights in memory."""
        if name not in self.stored:
            stored = self.find(name)
            self._deltas[name] = self._read(stored)
            self.stored[name] = stored
        return self.stored[name]

    def select(self, rows: Sequence[Key]) -> None:
        """Give row i of the next passes the adapters ``rows[i]``."""
        chosen = tuple(rows)
        if chosen == self._current:
            return
        stack = self._stack(chosen) if any(chosen) else {}
        for name in self._set - set(stack):
            self.modules[name].down = self.modules[name].up = None
        for name, (down, up) in stack.items():
            self.modules[name].down, self.modules[name].up = down, up
        self._set, self._current = set(stack), chosen

    def _stack(self, rows: tuple[Key, ...]) -> dict[str, Delta]:
        if rows in self._stacks:
            self._stacks.move_to_end(rows)
            return self._stacks[rows]
        distinct = list(dict.fromkeys(rows))
        index = torch.tensor([distinct.index(row) for row in rows])
        touched = sorted({module for row in distinct for name, _ in row for module in self._deltas[name]})
        stack: dict[str, Delta] = {}
        for module in touched:
            parts = [self._combined(row, module) for row in distinct]
            rank = max(down.shape[1] for down, _ in parts)
            stacked = [
                torch.stack([_padded(part[side], rank, dim=1 - side) for part in parts]) for side in (0, 1)
            ]
            stack[module] = (stacked[0].index_select(0, index), stacked[1].index_select(0, index))
        self._stacks[rows] = stack
        while len(self._stacks) > _KEPT:
            self._stacks.popitem(last=False)
        return stack

    def _combined(self, row: Key, module: str) -> Delta:
        """Weighted sum of the row's deltas on a module: their factors side by side."""
        linear = self.modules[module]
        found = [(self._deltas[name][module], w) for name, w in row if module in self._deltas[name]]
        if not found:
            return torch.zeros(linear.in_features, 0), torch.zeros(0, linear.out_features)
        return torch.cat([d for (d, _), _ in found], 1), torch.cat([u * w for (_, u), w in found], 0)

    def _read(self, stored: StoredAdapter) -> dict[str, Delta]:
        state = read_weights(stored.folder)
        config = json.loads((stored.folder / CONFIG).read_text("utf-8"))
        return self._fitted(stored.name, state, float(config["lora_alpha"]) / float(config["r"]))

    def _fitted(self, name: str, state: Mapping[str, torch.Tensor], scale: float) -> dict[str, Delta]:
        deltas: dict[str, Delta] = {}
        used: set[str] = set()
        for module, row in self.modules.items():
            keys = [f"base_model.model.{module}.lora_{part}.weight" for part in "AB"]
            if not all(key in state for key in keys):
                continue
            down, up = (state[key].float() for key in keys)
            if down.shape[1] != row.in_features or up.shape != (row.out_features, len(down)):
                raise ModelError(f"The adapter {name} does not fit this model, first at {module}.")
            deltas[module] = (down.T.contiguous(), (scale * up).T.contiguous())
            used.update(keys)
        if left := sorted(set(state) - used):
            raise ModelError(f"The adapter {name} does not fit this model, first at {left[0]}.")
        return deltas


def _padded(tensor: torch.Tensor, rank: int, *, dim: int) -> torch.Tensor:
    missing = rank - tensor.shape[dim]
    if not missing:
        return tensor
    shape = [*tensor.shape]
    shape[dim] = missing
    return torch.cat([tensor, tensor.new_zeros(shape)], dim)
