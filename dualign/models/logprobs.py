"""Log-probabilities of given replies under a causal language model, in batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign.errors import InvalidInputError


def sequence_log_probs(
    model: Any,
    prompt_ids: Sequence[Sequence[int]],
    reply_ids: Sequence[Sequence[int]],
    *,
    batch_size: int = 16,
) -> npt.NDArray[np.float64]:
    """Log-probability (N,) of each reply after its prompt: sum over the reply's tokens, in nats.

    Logits are normalised in float32 and summed in float64. Replies are sorted by length inside, so that a
    batch holds little padding; the order of the result is that of the input.

    Parameters
    ----------
    model
        A causal language model in evaluation mode.
    prompt_ids, reply_ids : sequences (N,) of token ids
        A reply's ids include its end token when it was not cut off.
    batch_size : int
        Replies a forward pass.

    Raises
    ------
    InvalidInputError
        If the two differ in length or a prompt is empty.
    """
    import torch

    if len(prompt_ids) != len(reply_ids):
        raise InvalidInputError(f"{len(prompt_ids)} prompts and {len(reply_ids)} replies: give one each.")
    if any(len(ids) == 0 for ids in prompt_ids):
        raise InvalidInputError("A prompt without tokens has no next-token distribution; give it some text.")
    result = np.zeros(len(prompt_ids))
    totals = np.array([len(p) + len(r) for p, r in zip(prompt_ids, reply_ids, strict=True)], dtype=np.int64)
    order = np.argsort(totals, kind="stable")
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        width = int(totals[chosen].max())
        ids = torch.zeros((len(chosen), width), dtype=torch.long)
        mask = torch.zeros((len(chosen), width), dtype=torch.long)
        counted = torch.zeros((len(chosen), width - 1), dtype=torch.bool)
        for row, index in enumerate(chosen):
            first, total = len(prompt_ids[index]), int(totals[index])
            ids[row, :total] = torch.tensor([*prompt_ids[index], *reply_ids[index]])
            mask[row, :total] = 1
            counted[row, first - 1 : total - 1] = True
        # Logits before the shortest prompt's end are never used.
        skip = min(len(prompt_ids[index]) for index in chosen) - 1
        ids, mask, counted = (tensor.to(model.device) for tensor in (ids, mask, counted))
        with torch.inference_mode():
            logits = model(
                input_ids=ids, attention_mask=mask, use_cache=False, logits_to_keep=width - skip
            ).logits[:, :-1]
            scores = torch.zeros(logits.shape[:2], dtype=torch.float64, device=logits.device)
            for row in range(len(chosen)):
                single = logits[row].float()
                taken = single.gather(1, ids[row, skip + 1 :].unsqueeze(1))[:, 0]
                scores[row] = taken.double() - torch.logsumexp(single, dim=1).double()
            sums = torch.where(counted[:, skip:], scores, torch.zeros_like(scores)).sum(dim=1)
        result[chosen] = sums.cpu().numpy()
    return result
