from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dualign.alignment.arithmetic import arithmetic, fused_attention, prefer_fast_attention
from dualign.alignment.encode import encode
from dualign.alignment.packed import can_share, log_probs, pack
from dualign.alignment.reference_scores import cache_file, compute, read_cache, reference_log_probs
from dualign.models import Reference, load_reference
from dualign.models.logprobs import sequence_log_probs
from dualign.samples import SampleSet

from ..models import tiny


@pytest.fixture(scope="module")
def reference(tiny_folder: Path) -> Reference:
    return load_reference(tiny_folder, threads=1)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_replies_in_one_row_score_as_in_rows_of_their_own(reference: Reference, attention: str) -> None:
    reference.model.set_attn_implementation(attention)
    prompts = [np.array([3, 4, 5, 6]), np.array([7, 8])]
    replies = [[np.array([9, 10, 1]), np.array([11, 1])], [np.array([12, 13, 14, 15, 1]), np.array([1])]]
    packed = pack(list(zip(prompts, replies, strict=True)), pad=0)
    assert packed.ids.shape == (2, 32)
    assert (packed.segments >= 0).sum() == 4 + 3 + 2 + 2 + 5 + 1
    with torch.no_grad():
        found = log_probs(reference.model, packed).numpy()
        single = log_probs(
            reference.model, pack(list(zip(prompts, replies, strict=True)), pad=0, shared=False)
        ).numpy()
    expected = sequence_log_probs(
        reference.model, [prompts[0]] * 2 + [prompts[1]] * 2, [r for row in replies for r in row]
    )
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(single, expected, atol=1e-4)
    assert can_share(reference.model, prompts[0])


def test_logits_that_are_capped_after_the_head_are_the_models_own(tmp_path: Path) -> None:
    model = load_reference(tiny.build(tmp_path / "gemma", architecture="gemma2")).model
    ids = np.array([3, 4, 5, 6])
    with torch.no_grad():
        ours = log_probs(model, pack([(ids, [ids[:2], ids[2:]])], pad=0)).numpy()
    np.testing.assert_allclose(ours, sequence_log_probs(model, [ids, ids], [ids[:2], ids[2:]]), atol=1e-3)
    assert can_share(model, ids)


def test_rows_that_replies_cannot_share_are_noticed(
    reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "dualign.alignment.packed.attention",
        lambda segments: torch.ones((len(segments), 1, *segments.shape[1:] * 2), dtype=torch.bool).tril(),
    )
    assert not can_share(reference.model, np.array([3, 4, 5, 6, 7]))


def test_long_batches_give_the_same_gradient_piece_by_piece(
    reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = [(np.array([3, 4]), [np.arange(3, 20), np.arange(5, 25)])]
    head = reference.model.get_output_embeddings().weight
    head.requires_grad_(True)
    gradients = []
    for limit in (4096, 8):
        monkeypatch.setattr("dualign.alignment.packed._KEPT_ROWS", limit)
        monkeypatch.setattr("dualign.alignment.packed._PIECE", 8)
        head.grad = None
        log_probs(reference.model, pack(groups, pad=0)).sum().backward()
        gradients.append(head.grad.clone())
    head.requires_grad_(False)
    torch.testing.assert_close(*gradients)


def test_recorded_log_probabilities_are_used_only_where_they_agree(
    tiny_set: SampleSet, reference: Reference, tmp_path: Path
) -> None:
    encoded = encode(tiny_set, reference)
    rows = np.arange(0, encoded.n_replies, 3)
    found = reference_log_probs(reference, tiny_set, encoded, rows)
    exact = compute(reference.model, encoded, rows, pad=0)
    # Half of the tiny model's replies end with the padding token, whose log-probability was recorded.
    np.testing.assert_allclose(found[rows], exact, atol=1e-4)
    kept = read_cache(cache_file(tiny_set, reference.spec, reference.dtype), encoded.n_replies)
    assert np.isfinite(kept[rows]).all()
    bad = read_cache(tmp_path / "none.npy", 3)
    assert np.isnan(bad).all()


def test_forward_passes_use_the_fused_kernel_where_a_model_has_it(
    reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = reference.model
    before = model.config._attn_implementation
    try:
        prefer_fast_attention(model)
        with fused_attention(model):
            assert model.config._attn_implementation == "sdpa"
        assert model.config._attn_implementation == "eager"
        monkeypatch.setattr(model.config, "attn_logit_softcapping", 50.0, raising=False)
        with fused_attention(model):
            assert model.config._attn_implementation == "eager"
    finally:
        model.set_attn_implementation(before)


def test_mixed_arithmetic_is_undone_afterwards() -> None:
    before = torch.get_float32_matmul_precision(), torch.get_num_threads()
    with arithmetic("mixed", 1):
        assert torch.get_float32_matmul_precision() == "medium"
    assert (torch.get_float32_matmul_precision(), torch.get_num_threads()) == before
