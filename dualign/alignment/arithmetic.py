"""How the training computes: number formats, attention and threads for the device at hand."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

Dtype = Literal["mixed", "float32", "bfloat16"]


def device_words() -> tuple[str, str]:
    """The device that training will use ("cuda" or "cpu"), and why, in words."""
    import torch

    if torch.cuda.is_available():
        return "cuda", f"a GPU is there: {torch.cuda.get_device_name(0)}"
    return "cpu", "no CUDA device is visible to torch"


def machine_words() -> str:
    """Kind of machine, as kept with a policy: cores and accelerator, no names."""
    import torch

    cores = f"{os.cpu_count()} CPU cores, {platform.machine()}"
    if torch.cuda.is_available():
        return f"{cores}, {torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}"
    return f"{cores}, no accelerator"


def model_dtype(dtype: Dtype) -> str:
    """Number format of the loaded weights."""
    return "bfloat16" if dtype == "bfloat16" else "float32"


@contextmanager
def arithmetic(dtype: Dtype, threads: int | None = None) -> Iterator[None]:
    """Matrix products in bfloat16 for "mixed" while the block runs, everything else in float32.

    On CPUs with bfloat16 units that is as fast forward as a bfloat16 model, and a reply's log-probability is off by
    0.1 nats instead of 0.3, without its bias; DPO fits differences of such numbers.
    """
    import torch

    before, count = torch.get_float32_matmul_precision(), torch.get_num_threads()
    torch.set_float32_matmul_precision("medium" if dtype == "mixed" else "highest")
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
        torch.set_num_threads(count)


def prefer_fast_attention(model: Any) -> None:
    """Attention by plain matrix products on CPUs: for rows of a few hundred tokens under a mask its backward pass
    takes a third of the time of the fused kernel."""
    if next(model.parameters()).device.type == "cpu":
        model.set_attn_implementation("eager")


@contextmanager
def fused_attention(model: Any) -> Iterator[None]:
    """The fused attention kernel while the block runs: forward alone it takes less time than plain products.

    Models that have no such kernel, or that cap their attention's logits, which it cannot, keep theirs.
    """
    before = model.config._attn_implementation
    capped = getattr(model.config.get_text_config(), "attn_logit_softcapping", None) is not None
    fused = before == "eager" and not capped and getattr(model, "_supports_sdpa", False)
    if fused:
        model.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        if fused:
            model.set_attn_implementation(before)
