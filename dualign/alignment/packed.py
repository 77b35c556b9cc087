"""Several replies to one prompt in one row: the prompt is read once, and no reply sees another.

Positions restart after the prompt for every reply, and a mask hides the other replies, so that each reply's
log-probability is what it would be in a row of its own. Logits are computed for reply tokens alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dualign.errors import ModelError
from dualign.models.logprobs import sequence_log_probs

if TYPE_CHECKING:
    import torch

Tokens = npt.NDArray[np.int64]
# Token rows of logits that are kept for the backward pass; beyond it they are computed again, piece by piece.
_KEPT_ROWS = 4096
# Logits of a piece should lie in the cache until their log-softmax is taken.
_PIECE = 256
# Rows are as wide as a multiple of this: with a new shape at every step freed memory is seldom used again.
_WIDTHS = 32
# Replies that share a row: mask and attention grow with the square of its length.
ROW_REPLIES = 8


class Packed(NamedTuple):
    """A batch of packed rows.

    ``ids``, ``positions``, ``segments`` are (rows, width): tokens, their place, and 0 for the prompt, 1.. for the
    replies, -1 for padding. ``row``, ``column``, ``label``, ``reply`` are (n,): for each reply token the hidden
    state that predicts it, the token, and which reply it belongs to, counted over the batch.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    segments: torch.Tensor
    row: torch.Tensor
    column: torch.Tensor
    label: torch.Tensor
    reply: torch.Tensor
    n_replies: int


def pack(groups: Sequence[tuple[Tokens, Sequence[Tokens]]], *, pad: int, shared: bool = True) -> Packed:
    """Rows for groups of (prompt, replies); with ``shared`` False every reply gets a row with its own prompt."""
    import torch

    if not shared:
        groups = [(prompt, [reply]) for prompt, replies in groups for reply in replies]
    widths = [prompt.size + sum(reply.size for reply in replies) for prompt, replies in groups]
    shape = (len(groups), -(-max(widths) // _WIDTHS) * _WIDTHS)
    ids, positions = np.full(shape, pad, np.int64), np.zeros(shape, np.int64)
    segments = np.full(shape, -1, np.int64)
    rows, columns, labels, owners, count = [], [], [], [], 0
    for r, (prompt, replies) in enumerate(groups):
        n = prompt.size
        ids[r, :n], positions[r, :n], segments[r, :n] = prompt, np.arange(n), 0
        at = n
        for k, reply in enumerate(replies, start=1):
            stop = at + reply.size
            ids[r, at:stop], segments[r, at:stop] = reply, k
            positions[r, at:stop] = np.arange(n, n + reply.size)
            # The prompt's last token predicts the first of every reply.
            source = np.arange(at - 1, stop - 1)
            if reply.size:
                source[0] = n - 1
            rows.append(np.full(reply.size, r))
            columns.append(source)
            labels.append(reply)
            owners.append(np.full(reply.size, count))
            count, at = count + 1, stop

    def joined(parts: list[Tokens]) -> torch.Tensor:
        return torch.from_numpy(np.concatenate(parts).astype(np.int64))

    return Packed(
        torch.from_numpy(ids),
        torch.from_numpy(positions),
        torch.from_numpy(segments),
        joined(rows),
        joined(columns),
        joined(labels),
        joined(owners),
        count,
    )


def attention(segments: torch.Tensor) -> torch.Tensor:
    """Boolean mask (rows, 1, width, width): earlier tokens of the prompt and of the reply itself."""
    import torch

    width = segments.shape[1]
    seen = (segments[:, None, :] == 0) | (segments[:, None, :] == segments[:, :, None])
    seen = seen & torch.ones((width, width), dtype=torch.bool, device=segments.device).tril()
    return seen[:, None]


def reply_states(model: Any, packed: Packed) -> tuple[torch.Tensor, Callable[[torch.Tensor], torch.Tensor]]:
    """What predicts each reply token, (n, hidden size), and the head that turns it into logits.

    Parameters
    ----------
    model
        A causal language model, not a peft wrapper; adapters inside it act.
    packed
        On the model's device.
    """
    import torch

    mask = attention(packed.segments)
    if getattr(model.config, "_attn_implementation", "sdpa") == "eager":
        low = torch.finfo(model.dtype).min
        mask = torch.zeros(mask.shape, dtype=model.dtype, device=mask.device).masked_fill_(~mask, low)
    inputs = {"input_ids": packed.ids, "position_ids": packed.positions, "attention_mask": mask}
    if _bent_logits(model.config.get_text_config()):
        # Scaled or capped after the head: the model's own forward knows how, at the price of more logits.
        return model(**inputs, use_cache=False).logits[packed.row, packed.column], lambda logits: logits
    hidden = model.base_model(**inputs, use_cache=False).last_hidden_state
    return hidden[packed.row, packed.column], model.get_output_embeddings()


def log_probs(model: Any, packed: Packed) -> torch.Tensor:
    """Log-probability (n_replies,) of each reply, nats, with gradients where the model has them; see `reply_states`."""
    import torch
    from torch.utils.checkpoint import checkpoint

    chosen, head = reply_states(model, packed)

    def token_log_probs(states: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return -torch.nn.functional.cross_entropy(head(states).float(), labels, reduction="none")

    if not torch.is_grad_enabled():
        pieces = [
            token_log_probs(s, y)
            for s, y in zip(chosen.split(_PIECE), packed.label.split(_PIECE), strict=True)
        ]
    elif len(chosen) <= _KEPT_ROWS:
        pieces = [token_log_probs(chosen, packed.label)]
    else:
        pieces = [
            checkpoint(token_log_probs, s, y, use_reentrant=False)
            for s, y in zip(chosen.split(_PIECE), packed.label.split(_PIECE), strict=True)
        ]
    return _sums(torch.cat(pieces), packed)


def _sums(tokens: torch.Tensor, packed: Packed) -> torch.Tensor:
    return tokens.new_zeros(packed.n_replies).index_add(0, packed.reply, tokens)


def _bent_logits(config: Any) -> bool:
    names = (
        "final_logit_softcapping",
        "logit_scale",
        "output_multiplier",
        "lm_head_multiplier",
        "logits_scaling",
    )
    return any(getattr(config, name, None) not in (None, 1, 1.0) for name in names)


def can_share(model: Any, prompt: Tokens) -> bool:
    """Whether a row can be shared by replies without changing them; some kinds of attention cannot.

    Two short replies made of the prompt's own tokens are scored in one row and in rows of their own, on the CPU.

    Raises
    ------
    ModelError
        Not even rows of their own give the log-probabilities that the model's logits do.
    """
    import torch

    head = prompt[: min(16, prompt.size)]
    replies = [head[:4], head[::-1][:6].copy()]
    groups = [(head, replies)]
    with torch.no_grad():
        together = log_probs(model, to_device(pack(groups, pad=0), model.device)).double().cpu().numpy()
        apart = (
            log_probs(model, to_device(pack(groups, pad=0, shared=False), model.device))
            .double()
            .cpu()
            .numpy()
        )
    expected = sequence_log_probs(model, [head.tolist()] * 2, [reply.tolist() for reply in replies])
    tolerance = 1e-3 if model.dtype == torch.float32 else 0.5
    if not np.allclose(apart, expected, atol=tolerance, rtol=tolerance / 10):
        raise ModelError(
            f"Log-probabilities of {type(model).__name__} from its hidden states differ from those of its logits "
            f"({apart.tolist()} against {expected.tolist()}): this kind of model cannot be trained here."
        )
    return bool(np.allclose(together, apart, atol=tolerance, rtol=tolerance / 10))


def to_device(packed: Packed, device: Any) -> Packed:
    """The batch on a device."""
    tensors = {name: getattr(packed, name).to(device) for name in Packed._fields if name != "n_replies"}
    return packed._replace(**tensors)
