"""Decoding many replies at once, each at its own place in its own conversation.

Rows join and leave while others go on. What a row draws does not depend on the others: its random numbers
are fixed in advance, its keys and values start at the same place whatever else is in the batch, and passes
run on a multiple of four rows, so that the same kernels are chosen with one column as with two.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from transformers.cache_utils import DynamicCache, DynamicLayer

from dualign.models.chat.adapters import Key, RowAdapters
from dualign.models.chat.requests import Finish
from dualign.models.sampling import SampleOptions, cache_argument, draw_tokens, restrict

_ROWS = 4  # passes run on a multiple of this many rows
_WIDTH = 64  # and over a multiple of this many places
_BLOCK = 64  # a prompt is read, and its keys and values remembered, by this many tokens
_REMEMBERED = 96  # blocks of a prompt that are kept for the next message, 1.5 MB each for the default model


@dataclass(frozen=True)
class Lane:
    """One model that a reply is drawn with: its adapters, and its share in the log-probability."""

    key: Key
    share: float = 1.0


@dataclass(eq=False, kw_only=True)
class Draw:
    """A reply under way.

    Parameters
    ----------
    lanes : tuple of Lane
        The next token is drawn from the sum of share x log-probability over lanes, normalised.
    uniforms : array (T,)
        One random number a token; T is the limit of the reply.
    """

    prompt: tuple[int, ...]
    lanes: tuple[Lane, ...]
    uniforms: np.ndarray
    temperature: float = 1.0
    top_p: float = 1.0
    tokens: list[int] = field(default_factory=list)
    log_prob: float = 0.0
    finish: Finish | None = None
    rows: list[_Row] = field(default_factory=list)

    @property
    def limit(self) -> int:
        """Longest reply in tokens."""
        return len(self.uniforms)


@dataclass(eq=False)
class _Row:
    index: int
    key: Key
    length: int


class _Place:
    """Where the next pass writes: one row while a prompt is read, one place a row while decoding."""

    row: int | None = None
    start = 0
    positions: torch.Tensor
    index: torch.Tensor
    width = 0


class _Layer(DynamicLayer):
    """Keys and values of one layer, (rows, heads, places, size)."""

    def __init__(self, place: _Place) -> None:
        super().__init__()
        self.place = place
        self.rows, self.places = 0, 0
        self.stores: list[torch.Tensor] = []

    def reserve(self, rows: int, places: int, heads: int, sizes: Sequence[int], dtype: torch.dtype) -> None:
        rows, places = max(rows, self.rows), max(places, self.places)
        if (rows, places) == (self.rows, self.places):
            return
        # Zeros, not anything: a masked place still meets a weight of zero in a product.
        grown = [torch.zeros((rows, heads, places, size), dtype=dtype) for size in sizes]
        for old, new in zip(self.stores, grown, strict=False):
            new[: self.rows, :, : self.places] = old
        self.stores, self.rows, self.places = grown, rows, places

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        self.is_initialized = True
        place, states = self.place, (key_states, value_states)
        sizes = [state.shape[-1] for state in states]
        if place.row is None:
            self.reserve(len(place.positions), place.width, key_states.shape[1], sizes, key_states.dtype)
            for store, state in zip(self.stores, states, strict=True):
                store[place.index, :, place.positions] = state[:, :, 0]
            rows = len(place.positions)
            keys, values = (store[:rows, :, : place.width] for store in self.stores)
            return keys, values
        end = place.start + key_states.shape[-2]
        places = -(-end // _WIDTH) * _WIDTH
        self.reserve(place.row + 1, places, key_states.shape[1], sizes, key_states.dtype)
        for store, state in zip(self.stores, states, strict=True):
            store[place.row, :, place.start : end] = state[0]
        keys, values = (store[place.row : place.row + 1, :, :end] for store in self.stores)
        return keys, values

    def get_seq_length(self) -> int:
        return self.place.start


class Prefixes:
    """Keys and values of the blocks of tokens that conversations began with, the latest kept."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[tuple[Key, tuple[int, ...]], list[list[torch.Tensor]]] = OrderedDict()

    def get(self, key: Key, tokens: tuple[int, ...]) -> list[list[torch.Tensor]] | None:
        """Per layer keys and values of the last block of ``tokens``, read with the adapters ``key``."""
        found = self._blocks.get((key, tokens))
        if found is not None:
            self._blocks.move_to_end((key, tokens))
        return found

    def put(self, key: Key, tokens: tuple[int, ...], block: list[list[torch.Tensor]]) -> None:
        """Remember the last block of ``tokens``."""
        self._blocks[key, tokens] = block
        while len(self._blocks) > _REMEMBERED:
            self._blocks.popitem(last=False)

    def clear(self) -> None:
        """Forget every conversation."""
        self._blocks.clear()


class Batch:
    """Replies that are decoded together.

    Parameters
    ----------
    model
        A causal language model in evaluation mode.
    adapters : RowAdapters
        Of that model.
    stops : set of int
        Token ids that end a reply.
    """

    def __init__(self, model: Any, adapters: RowAdapters, stops: set[int], prefixes: Prefixes) -> None:
        self.model, self.adapters, self.stops, self.prefixes = model, adapters, stops, prefixes
        self.draws: list[Draw] = []
        self._rows: list[_Row] = []
        self._place = _Place()
        self._cache = DynamicCache()
        layers = model.config.get_text_config().num_hidden_layers
        self._layers = [_Layer(self._place) for _ in range(layers)]
        self._cache.layers = list(self._layers)
        self._cache_name = cache_argument(model)

    def add(self, draws: Sequence[Draw]) -> None:
        """Read the prompt of draws that share prompt and lanes, once, and draw their first tokens."""
        first, *others = draws
        logits = []
        for lane in first.lanes:
            row = self._new_row(lane.key)
            first.rows.append(row)
            logits.append(self._read(row, first.prompt))
            for other in others:
                copy = self._new_row(lane.key)
                copy.length = row.length
                other.rows.append(copy)
                self._copy(row.index, copy.index, row.length)
        self.draws += draws
        mixed = _mixed(torch.stack(logits), first.lanes)
        self._draw(list(draws), mixed.expand(len(draws), -1))

    def step(self) -> list[Draw]:
        """Draw the next token of every unfinished reply; the replies that moved."""
        going = [draw for draw in self.draws if draw.finish is None]
        if not going:
            return []
        logits = self._pass()
        if all(len(draw.lanes) == 1 for draw in going):
            chosen = logits[[draw.rows[0].index for draw in going]]
        else:
            chosen = torch.stack(
                [_mixed(logits[[row.index for row in draw.rows]], draw.lanes) for draw in going]
            )
        self._draw(going, chosen)
        return going

    def remove(self, draw: Draw) -> None:
        """Take a reply out; the last row moves into each gap."""
        self.draws.remove(draw)
        for row in draw.rows:
            last = self._rows.pop()
            if last is not row:
                self._copy(last.index, row.index, last.length)
                last.index = row.index
                self._rows[row.index] = last
        draw.rows = []

    def _new_row(self, key: Key) -> _Row:
        row = _Row(len(self._rows), key, 0)
        self._rows.append(row)
        return row

    def _copy(self, source: int, target: int, length: int) -> None:
        for layer in self._layers:
            if target >= layer.rows:
                keys, values = layer.stores
                rows = -(-(target + 1) // _ROWS) * _ROWS
                sizes = [keys.shape[-1], values.shape[-1]]
                layer.reserve(rows, layer.places, keys.shape[1], sizes, keys.dtype)
            for store in layer.stores:
                store[target, :, :length] = store[source, :, :length]

    def _read(self, row: _Row, prompt: tuple[int, ...]) -> torch.Tensor:
        """Logits (V,) after the prompt, whose keys and values are left in the row."""
        start = 0
        while start + _BLOCK < len(prompt):
            block = self.prefixes.get(row.key, prompt[: start + _BLOCK])
            if block is None:
                self._forward(row, prompt, start, start + _BLOCK)
                self.prefixes.put(row.key, prompt[: start + _BLOCK], self._cut(row.index, start))
            else:
                self._paste(row.index, start, block)
            start += _BLOCK
        logits = self._forward(row, prompt, start, len(prompt))
        row.length = len(prompt)
        return logits

    def _cut(self, row: int, start: int) -> list[list[torch.Tensor]]:
        return [
            [store[row, :, start : start + _BLOCK].clone() for store in layer.stores]
            for layer in self._layers
        ]

    def _paste(self, row: int, start: int, block: list[list[torch.Tensor]]) -> None:
        for layer, parts in zip(self._layers, block, strict=True):
            sizes = [part.shape[-1] for part in parts]
            layer.is_initialized = True
            layer.reserve(row + 1, start + _BLOCK, parts[0].shape[0], sizes, parts[0].dtype)
            for store, part in zip(layer.stores, parts, strict=True):
                store[row, :, start : start + _BLOCK] = part

    def _forward(self, row: _Row, prompt: tuple[int, ...], start: int, end: int) -> torch.Tensor:
        place = self._place
        place.row, place.start = row.index, start
        self.adapters.select([row.key])
        positions = torch.arange(start, end)
        mask = torch.arange(end)[None, :] <= positions[:, None]
        return self._logits(torch.tensor([prompt[start:end]]), positions[None], mask[None, None])[0]

    def _pass(self) -> torch.Tensor:
        """Logits (rows, V) of the next token of every row."""
        rows = -(-len(self._rows) // _ROWS) * _ROWS
        tokens, positions = torch.zeros(rows, dtype=torch.long), torch.zeros(rows, dtype=torch.long)
        for draw in self.draws:
            for row in draw.rows:
                tokens[row.index], positions[row.index] = draw.tokens[-1], row.length
        place = self._place
        place.row, place.start = None, 1
        place.positions, place.index = positions, torch.arange(rows)
        place.width = -(-(int(positions.max()) + 1) // _WIDTH) * _WIDTH
        empty: list[Key] = [()] * (rows - len(self._rows))
        self.adapters.select([*(row.key for row in self._rows), *empty])
        mask = torch.arange(place.width)[None, :] <= positions[:, None]
        logits = self._logits(tokens[:, None], positions[:, None], mask[:, None, None, :])
        for draw in self.draws:
            if draw.finish is None:
                for row in draw.rows:
                    row.length += 1
        return logits

    def _logits(self, ids: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        out = self.model(
            input_ids=ids,
            position_ids=positions,
            attention_mask=mask,
            use_cache=True,
            logits_to_keep=1,
            **{self._cache_name: self._cache},
        )
        logits: torch.Tensor = out.logits[:, -1].float()
        return logits

    def _draw(self, draws: list[Draw], logits: torch.Tensor) -> None:
        for place, draw in enumerate(draws):
            if draw.temperature not in (0.0, 1.0) or draw.top_p < 1.0:
                options = SampleOptions(temperature=draw.temperature or 1.0, top_p=draw.top_p)
                if logits.stride(0) == 0:
                    logits = logits.clone()
                logits[place] = restrict(logits[place : place + 1], options)[0]
        quantiles = torch.tensor([draw.uniforms[len(draw.tokens)] for draw in draws], dtype=torch.float64)
        tokens, log_probs = draw_tokens(logits, quantiles)
        for place, draw in enumerate(draws):
            if draw.temperature == 0:
                tokens[place] = logits[place].argmax()
                log_probs[place] = 0.0
        for draw, token, log_prob in zip(draws, tokens.tolist(), log_probs.tolist(), strict=True):
            draw.tokens.append(token)
            draw.log_prob += log_prob
            if token in self.stops:
                draw.finish = "end"
            elif len(draw.tokens) == draw.limit:
                draw.finish = "length"


def _mixed(logits: torch.Tensor, lanes: Sequence[Lane]) -> torch.Tensor:
    """Logits (V,) of the mixture of lanes (L, V): what normalises a lane is the same for every token."""
    if len(lanes) == 1 and lanes[0].share == 1.0:
        return logits[0]
    shares = torch.tensor([lane.share for lane in lanes])
    return shares @ torch.log_softmax(logits, dim=1)
