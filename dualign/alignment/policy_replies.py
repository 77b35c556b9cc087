"""Replies drawn from trained policies, scored, with their KL to the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dualign.alignment.packed import ROW_REPLIES, can_share, pack, reply_states, to_device
from dualign.errors import InvalidInputError
from dualign.models.reference import Reference
from dualign.models.sampling import Reply, SampleOptions, prompt_uniforms, sample_replies
from dualign.models.scorers.scoring import Scorer, score_many

Array = npt.NDArray[np.float64]
# Tokens whose two next-token distributions are held at a time.
_PIECE = 128
Progress = Callable[[int, int], None]


class Divergences(NamedTuple):
    """For each reply (N,): ln pi - ln pi_ref, and the token-exact KL along its tokens, nats."""

    log_ratio: Array
    kl_exact: Array


def divergences(
    model: Any, prompt_ids: Sequence[int], replies: Sequence[Sequence[int]], *, shared: bool = True
) -> Divergences:
    """How far the active adapter of ``model`` has moved from its base along the given replies to one prompt.

    The token-exact KL sums, over the positions of a reply, the KL between the two next-token distributions.
    Its mean over replies drawn from the policy is the KL of whole replies, without the noise of the tokens
    that were drawn at each position.

    Parameters
    ----------
    model
        A peft model.
    prompt_ids, replies
        Token ids of the prompt, and of each reply with its end token.
    shared
        Whether the replies may share the prompt's row (see `dualign.alignment.packed.can_share`).
    """
    import torch

    if len(replies) > ROW_REPLIES:
        parts = [
            divergences(model, prompt_ids, replies[start : start + ROW_REPLIES], shared=shared)
            for start in range(0, len(replies), ROW_REPLIES)
        ]
        return Divergences(*(np.concatenate(values) for values in zip(*parts, strict=True)))
    base = model.get_base_model()
    prompt = np.asarray(prompt_ids, dtype=np.int64)
    packed = to_device(
        pack([(prompt, [np.asarray(reply, dtype=np.int64) for reply in replies])], pad=0, shared=shared),
        base.device,
    )
    ratio, exact = (torch.zeros(len(replies), dtype=torch.float64, device=base.device) for _ in range(2))
    with torch.inference_mode():
        moved, head = reply_states(base, packed)
        with model.disable_adapter():
            still, _ = reply_states(base, packed)
        for start in range(0, len(moved), _PIECE):
            part = slice(start, start + _PIECE)
            log_pi = torch.log_softmax(head(moved[part]).float(), dim=1)
            log_ref = torch.log_softmax(head(still[part]).float(), dim=1)
            taken = packed.label[part].unsqueeze(1)
            owner = packed.reply[part]
            ratio.index_add_(0, owner, (log_pi.gather(1, taken) - log_ref.gather(1, taken))[:, 0].double())
            exact.index_add_(0, owner, (log_pi.exp() * (log_pi - log_ref)).sum(dim=1).double())
    return Divergences(ratio.cpu().numpy(), exact.cpu().numpy())


def draw_replies(
    model: Any, reference: Reference, prompt: str, *, replies: int, seed: int, options: SampleOptions
) -> list[Reply]:
    """Exact draws of the active adapter of ``model``; the same quantiles as the reference's with that seed."""
    uniforms = prompt_uniforms(seed, prompt, replies, options.max_new_tokens)
    # The adapter acts inside the base model, whose own signature the sampler reads.
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    return sample_replies(base, reference.tokenizer, reference.prompt_ids(prompt), uniforms, options)


def reply_table(
    model: Any,
    reference: Reference,
    prompts: Sequence[str],
    groups: Sequence[str],
    *,
    replies: int,
    seed: int,
    options: SampleOptions | None = None,
    progress: Progress | None = None,
    divergence: bool = True,
) -> pa.Table:
    """Replies of the active adapter of ``model`` to every prompt, with log-probabilities and divergences.

    Parameters
    ----------
    model
        From `dualign.models.policies.load_policies`, the policy's adapter set.
    reference
        The reference that it is an adapter of.
    prompts, groups : sequences (P,)
    replies
        N, for each prompt.
    seed
        Of the draws.
    options
        Exact draws of the reference's own length unless given.
    progress
        Called with prompts done and in all.
    divergence
        False leaves the divergences nan and saves two forward passes.
    """
    if not prompts or len(prompts) != len(groups) or replies < 1:
        raise InvalidInputError(
            f"{len(prompts)} prompts, {len(groups)} groups and {replies} replies: give at least one prompt, a group "
            "for each, and at least one reply."
        )
    drawn = options or SampleOptions(max_new_tokens=reference.spec.max_new_tokens)
    shared = divergence and can_share(
        reference.model, np.asarray(reference.prompt_ids(prompts[0]), dtype=np.int64)
    )
    rows: list[dict[str, Any]] = []
    for place, (prompt, group) in enumerate(zip(prompts, groups, strict=True)):
        found = draw_replies(model, reference, prompt, replies=replies, seed=seed, options=drawn)
        apart = Divergences(np.full(replies, np.nan), np.full(replies, np.nan))
        if divergence:
            apart = divergences(
                model, reference.prompt_ids(prompt), [reply.tokens for reply in found], shared=shared
            )
        rows += [
            {
                "prompt": prompt,
                "group": group,
                "response_id": k,
                "response": reply.text,
                "log_prob": reply.log_prob,
                "log_ratio": float(apart.log_ratio[k]),
                "kl_exact": float(apart.kl_exact[k]),
                "n_tokens": reply.n_tokens,
                "truncated": reply.truncated,
            }
            for k, reply in enumerate(found)
        ]
        if progress is not None:
            progress(place + 1, len(prompts))
    return pa.Table.from_pylist(rows)


def with_scores(table: pa.Table, scorers: Sequence[Scorer], *, threads: int | None = None) -> pa.Table:
    """The table of replies with a column for each scorer."""
    scores = score_many(scorers, table["prompt"].to_pylist(), table["response"].to_pylist(), threads=threads)
    for name, values in scores.items():
        table = table.append_column(name, pa.array(values))
    return table
