from __future__ import annotations

import warnings
from pathlib import Path

import datasets
import numpy as np
import pytest
import trl

from dualign.alignment.objective import resolve
from dualign.alignment.preferences import hard_preferences
from dualign.alignment.session import open_session
from dualign.alignment.spec import AlignSpec, TrainOptions
from dualign.alignment.trainer import (
    Collator,
    common_settings,
    dpo_config,
    lora_config,
    plan_dataset,
    preference_trainer,
)
from dualign.models import load_reference

OPTIONS = TrainOptions(
    steps=6, batch_size=4, replies=2, labels="hard", learning_rate=0.01, rank=4, dtype="float32", threads=1
)


def losses_of(trainer: object) -> list[float]:
    history = trainer.state.log_history  # type: ignore[attr-defined]
    return [float(entry["loss"]) for entry in history if "loss" in entry]


def test_losses_are_those_of_a_bare_trl_trainer(stored_set: str, tiny_folder: Path, tmp_path: Path) -> None:
    objective = resolve(AlignSpec(samples=stored_set, options=OPTIONS))
    scores = objective.scores(objective.points[0])
    with warnings.catch_warnings(), open_session(objective, OPTIONS, reference=str(tiny_folder)) as session:
        warnings.simplefilter("ignore")
        plan = session.plan(OPTIONS.steps)
        reference = session.reference_for(session.rows(plan.prompts, plan.replies))
        ours = preference_trainer()(
            model=session.reference.model,
            args=dpo_config(
                OPTIONS, beta=0.5, output=tmp_path / "ours", steps=6, overrides={"save_strategy": "no"}
            ),
            train_dataset=plan_dataset(plan),
            data_collator=Collator(session.encoded, scores, reference, session.pad, OPTIONS),
            processing_class=session.reference.tokenizer,
            peft_config=lora_config(OPTIONS),
        )
        ours.train()
        bare_reference = load_reference(tiny_folder, threads=1)
        rows = []
        for index, (p, group) in enumerate(zip(plan.prompts, plan.replies, strict=True)):
            found = hard_preferences(scores[p, group], rng=np.random.default_rng([0, index]))
            texts = objective.sample_set.responses(int(p))
            rows.append(
                {
                    "prompt": bare_reference.chat_text(objective.sample_set.prompts[p]),
                    "chosen": texts[group[found.chosen[0]]],
                    "rejected": texts[group[found.rejected[0]]],
                }
            )
        settings = common_settings(OPTIONS, output=tmp_path / "bare", steps=6) | {
            "beta": 0.5,
            "per_device_train_batch_size": 4,
            "train_sampling_strategy": "sequential",
            "save_strategy": "no",
        }
        bare = trl.DPOTrainer(
            model=bare_reference.model,
            args=trl.DPOConfig(**settings),
            train_dataset=datasets.Dataset.from_list(rows),
            processing_class=bare_reference.tokenizer,
            peft_config=lora_config(OPTIONS),
        )
        bare.train()
    # The set has replies that were cut off, to which the bare trainer adds an end all the same.
    cut = objective.sample_set.padded("truncated").astype(bool)
    whole = [not cut[p, group].any() for p, group in zip(plan.prompts, plan.replies, strict=True)]
    assert all(whole), "choose a seed of the plan without replies that were cut off"
    assert losses_of(ours) == pytest.approx(losses_of(bare), abs=2e-4)


def test_soft_labels_are_the_cross_entropy(stored_set: str, tiny_folder: Path, tmp_path: Path) -> None:
    options = TrainOptions(
        steps=1, batch_size=3, replies=4, rank=4, dtype="float32", threads=1, warmup_share=0.0
    )
    objective = resolve(AlignSpec(samples=stored_set, multipliers={"safe": 2.0}, options=options))
    scores = objective.scores(objective.points[0])
    with warnings.catch_warnings(), open_session(objective, options, reference=str(tiny_folder)) as session:
        warnings.simplefilter("ignore")
        plan = session.plan(1)
        rows = session.rows(plan.prompts, plan.replies)
        reference = session.reference_for(rows).copy()
        # A reference that is not the model makes the log-ratios differ from 0.
        shift = np.random.default_rng(0).normal(size=reference.size)
        trainer = preference_trainer()(
            model=session.reference.model,
            args=dpo_config(options, beta=0.3, output=tmp_path, steps=1, overrides={"save_strategy": "no"}),
            train_dataset=plan_dataset(plan),
            data_collator=Collator(session.encoded, scores, reference + shift, session.pad, options),
            processing_class=session.reference.tokenizer,
            peft_config=lora_config(options),
        )
        trainer.train()
    ratios = -shift[rows].reshape(3, 4)
    terms = []
    for p, group, own in zip(plan.prompts, plan.replies, ratios, strict=True):
        for i in range(4):
            for j in range(i):
                wanted = 1 / (1 + np.exp(-(scores[p, group[i]] - scores[p, group[j]])))
                z = 0.3 * (own[i] - own[j])
                terms.append(wanted * np.log1p(np.exp(-z)) + (1 - wanted) * np.log1p(np.exp(z)))
    assert losses_of(trainer)[0] == pytest.approx(np.mean(terms), abs=1e-4)
