"""trl's DPOTrainer on packed groups of replies, with reference log-probabilities known beforehand.

trl computes the loss, its metrics, and drives the steps. What differs is how a batch is laid out (one row a
prompt, all its replies behind it), that the head runs on reply tokens alone, and that labels may be soft.
"""

from __future__ import annotations

import functools
import logging
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign.alignment.encode import Encoded
from dualign.alignment.packed import Packed, log_probs, pack
from dualign.alignment.preferences import Plan, hard_preferences, soft_preferences
from dualign.alignment.spec import TrainOptions

Array = npt.NDArray[np.float64]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Collator:
    """Turns places in the plan into a batch: packed rows, and pairs with their labels.

    trl sums token log-probabilities over a row of tokens; here each pair's two rows are one column wide and
    hold the replies' sums, so that ``input_ids`` and ``completion_mask`` only carry the shape.
    """

    encoded: Encoded
    scores: Array
    reference: Array
    pad: int
    options: TrainOptions
    shared: bool = True

    def __call__(self, examples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        import torch

        groups, chosen, rejected, probability = [], [], [], []
        known: list[float] = []
        for example in examples:
            p, replies = int(example["prompt"]), [int(r) for r in example["replies"]]
            offset = len(known)
            groups.append((self.encoded.prompts[p], [self.encoded.replies[p][r] for r in replies]))
            scores = self.scores[p, replies]
            if self.options.labels == "soft":
                found = soft_preferences(scores)
            else:
                # Drawn anew from the example's own seed: the same wherever a resumed run meets it.
                found = hard_preferences(
                    scores, rng=np.random.default_rng([self.options.seed, int(example["index"])])
                )
            chosen.append(found.chosen + offset)
            rejected.append(found.rejected + offset)
            probability.append(found.probability)
            known += [self.reference[self.encoded.row(p, r)] for r in replies]
        first, second = np.concatenate(chosen), np.concatenate(rejected)
        reference = np.array(known, dtype=np.float32)
        packed = pack(groups, pad=self.pad, shared=self.shared)
        tokens = int((packed.segments >= 0).sum())
        mask = torch.ones((2 * first.size, 2), dtype=torch.long)
        batch = {f"packed_{name}": value for name, value in packed._asdict().items() if name != "n_replies"}
        return {
            **batch,
            "input_ids": torch.zeros_like(mask),
            "attention_mask": torch.ones(tokens, dtype=torch.long),
            "completion_mask": mask,
            "pairs": torch.from_numpy(np.concatenate([first, second])),
            "preference": torch.from_numpy(np.concatenate(probability).astype(np.float32)),
            "ref_logps": torch.from_numpy(reference),
            "ref_chosen_logps": torch.from_numpy(reference[first]),
            "ref_rejected_logps": torch.from_numpy(reference[second]),
        }


def plan_dataset(plan: Plan) -> Any:
    """The plan as trl takes it."""
    import datasets

    return datasets.Dataset.from_dict(
        {
            "index": np.arange(plan.prompts.size),
            "prompt": plan.prompts,
            "replies": plan.replies.tolist(),
        }
    )


@functools.cache
def preference_trainer() -> Any:
    """The trainer class; trl is imported when it is first asked for."""
    import torch
    import trl
    from trl.trainer.utils import FusedCausalLMOutput

    class PreferenceTrainer(trl.DPOTrainer):
        """trl's DPOTrainer; see the module."""

        def __init__(self, **arguments: Any) -> None:
            super().__init__(**arguments)
            # Set after construction: trl would compute them itself, for each policy anew.
            self.precompute_ref_logps = True
            self._packed: dict[str, Any] = {}
            self._replies: Any = None
            base: Any = self.model.get_base_model()  # type: ignore[union-attr, operator]
            original = base.forward

            @functools.wraps(type(base).forward)
            def forward(_: Any, *args: Any, fused_lm_head: bool = False, **kwargs: Any) -> Any:
                if not fused_lm_head:
                    return original(*args, **kwargs)
                packed = Packed(**self._packed)
                sums = log_probs(base, packed)
                self._replies = sums
                column = sums[kwargs["pairs"]][:, None]
                none = torch.zeros_like(column)
                return FusedCausalLMOutput(
                    loss=-column.mean(), log_probs=column, entropy=none, mean_logits=none, is_top1=none.bool()
                )

            base.forward = types.MethodType(forward, base)

        def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
            return dataset

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """None: a policy's record is its card."""

        def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
            self._packed = {
                name: inputs.pop(f"packed_{name}") for name in Packed._fields if name != "n_replies"
            }
            reference = inputs.pop("ref_logps")
            self._packed["n_replies"] = len(reference)
            preference = inputs.pop("preference")
            loss = super()._compute_loss(model, inputs, return_outputs)
            ratios = self._replies - reference
            pairs = inputs["pairs"]
            half = len(preference)
            logits = self.beta * (ratios[pairs[:half]] - ratios[pairs[half:]])
            metrics = self._metrics["train" if model.training else "eval"]
            with torch.no_grad():
                # E_ref[w ln w - w + 1] with w the ratio is KL(policy || reference), E_ref[-ln w] the other way.
                weights = ratios.clamp(max=20).exp()
                metrics["kl"].append(float((weights * ratios - weights + 1).mean()))
                metrics["kl_reference"].append(float(-ratios.mean()))
            # Cross-entropy with probability p of the chosen one: trl's -log sigmoid(z) plus (1 - p) z.
            if bool((preference < 1).any()):
                loss = loss + ((1 - preference) * logits).mean()
            return loss

        def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
            for mode in self._metrics.values():
                # Of tokens, which the packed batch does not tell.
                for name in ("entropy", "logits/chosen", "logits/rejected", "mean_token_accuracy"):
                    mode.pop(name, None)
            super().log(logs, start_time)

    return PreferenceTrainer


def common_settings(options: TrainOptions, *, output: Path, steps: int) -> dict[str, Any]:
    """What all of trl's trainers take."""
    import torch

    cpu = not torch.cuda.is_available()
    return {
        "output_dir": str(output),
        "max_steps": steps,
        "learning_rate": options.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": round(options.warmup_share * steps),
        "weight_decay": options.weight_decay,
        "max_grad_norm": options.max_grad_norm,
        "optim": "adamw_torch",
        "bf16": options.dtype == "bfloat16",
        "use_cpu": cpu,
        "gradient_checkpointing": False,
        "logging_steps": 1,
        "save_strategy": "steps",
        "save_steps": options.checkpoint_every,
        "save_total_limit": 2,
        "report_to": "none",
        "disable_tqdm": True,
        "seed": options.seed,
        "data_seed": options.seed,
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": not cpu,
        "remove_unused_columns": False,
    }


def dpo_config(
    options: TrainOptions,
    *,
    beta: float,
    output: Path,
    steps: int,
    overrides: Mapping[str, Any] | None = None,
) -> Any:
    """trl's settings for our options."""
    import trl

    settings = common_settings(options, output=output, steps=steps) | {
        "beta": beta,
        "per_device_train_batch_size": options.batch_size,
        "train_sampling_strategy": "sequential",
        "max_length": None,
    }
    return trl.DPOConfig(**{**settings, **(overrides or {})})


def lora_config(options: TrainOptions) -> Any:
    """peft's settings for our options; no dropout, which would blur the log-ratios that DPO fits."""
    import peft

    return peft.LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,
        lora_dropout=0.0,
        target_modules=list(options.targets),
        task_type="CAUSAL_LM",
    )


def last_figures(history: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """What a training showed in the end, by trl's log: means over its last tenth, as single steps are noisy."""
    tail = history[-max(1, len(history) // 10) :]
    names = {
        "loss": "loss",
        "rewards/margins": "reward_margin",
        "rewards/accuracies": "accuracy",
        "kl": "kl_batch",
    }
    found = {ours: float(np.mean([entry[theirs] for entry in tail])) for theirs, ours in names.items()}
    return found | {"first_loss": float(history[0]["loss"]), "final_loss": float(history[-1]["loss"])}


def progress_callback(
    *,
    report: Callable[[int, int, Mapping[str, float]], None],
    stopping: Callable[[], bool],
    seal: Callable[[Path], None] = lambda path: None,
) -> Any:
    """A callback that tells loss, reward margin and KL of each step, and stops with a checkpoint when asked."""
    import transformers

    class Progress(transformers.TrainerCallback):
        stopped = False

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step < state.max_steps and stopping():
                self.stopped = True
                control.should_save = True
                control.should_training_stop = True

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")
            _log.info("checkpoint at step %d", state.global_step)

        def on_log(
            self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any
        ) -> None:
            if not logs or "loss" not in logs:
                return
            names = {
                "loss": "loss",
                "rewards/margins": "reward_margin",
                "rewards/accuracies": "accuracy",
                "kl": "kl",
                "kl_reference": "kl_reference",
                "grad_norm": "grad_norm",
                "learning_rate": "learning_rate",
                "reward": "score",
            }
            found = {ours: float(logs[theirs]) for theirs, ours in names.items() if theirs in logs}
            report(state.global_step, state.max_steps, found)

    return Progress()
