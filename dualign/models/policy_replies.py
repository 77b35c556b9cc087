"""Replies drawn from trained policies, scored, with their KL to the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dualign.errors import InvalidInputError
from dualign.models.reference import Reference
from dualign.models.sampling import Reply, SampleOptions, prompt_uniforms, sample_replies
from dualign.models.scorers.scoring import Scorer, score_many

Array = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]


class Divergences(NamedTuple):
    """For each reply (N,): ln pi - ln pi_ref, and the token-exact KL along its tokens, nats."""

    log_ratio: Array
    kl_exact: Array


def divergences(
    model: Any, prompt_ids: Sequence[int], replies: Sequence[Sequence[int]], *, batch_size: int = 8
) -> Divergences:
    """How far the active adapter of ``model`` has moved from its base along the given replies to one prompt.

    The token-exact KL sums, over the positions of a reply, the KL between the two next-token distributions.
    Its mean over replies drawn from the policy is the KL of whole replies, without the noise of the tokens
    that were drawn at each position.
    """
    import torch

    ratios, exact = np.zeros(len(replies)), np.zeros(len(replies))
    order = np.argsort([len(r) for r in replies], kind="stable")
    first = len(prompt_ids)
    for start in range(0, len(order), batch_size):
        part = order[start : start + batch_size]
        longest = max(len(replies[i]) for i in part)
        ids = torch.zeros((len(part), first + longest), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, i in enumerate(part):
            ids[row, : first + len(replies[i])] = torch.tensor([*prompt_ids, *replies[i]])
            mask[row, : first + len(replies[i])] = 1
        ids, mask = ids.to(model.device), mask.to(model.device)
        with torch.inference_mode():
            kept = {"attention_mask": mask, "use_cache": False, "logits_to_keep": longest + 1}
            moved = model(input_ids=ids, **kept).logits[:, :-1]
            with model.disable_adapter():
                base = model(input_ids=ids, **kept).logits[:, :-1]
            for row, i in enumerate(part):
                count = len(replies[i])
                log_pi = torch.log_softmax(moved[row, :count].float(), dim=1)
                log_ref = torch.log_softmax(base[row, :count].float(), dim=1)
                taken = ids[row, first : first + count].unsqueeze(1)
                ratios[i] = float((log_pi.gather(1, taken) - log_ref.gather(1, taken)).double().sum())
                exact[i] = float((log_pi.exp() * (log_pi - log_ref)).double().sum())
    return Divergences(ratios, exact)


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
    rows: list[dict[str, Any]] = []
    for place, (prompt, group) in enumerate(zip(prompts, groups, strict=True)):
        found = draw_replies(model, reference, prompt, replies=replies, seed=seed, options=drawn)
        apart = Divergences(np.full(replies, np.nan), np.full(replies, np.nan))
        if divergence:
            apart = divergences(model, reference.prompt_ids(prompt), [reply.tokens for reply in found])
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
