"""What every policy trained on one sample set shares: model, tokens, groups, reference log-probabilities."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dualign.alignment.arithmetic import arithmetic, device_words, model_dtype, prefer_fast_attention
from dualign.alignment.encode import Encoded, encode
from dualign.alignment.objective import Objective
from dualign.alignment.off_policy import off_policy, reward_margin
from dualign.alignment.outcome import HeldOut, State, Stopped, Trained
from dualign.alignment.packed import can_share
from dualign.alignment.phases import LOADING, MEASURING, REFERENCE, TRAINING, Phase, unheard
from dualign.alignment.preferences import Plan, plan_groups
from dualign.alignment.reference_scores import compute, reference_log_probs
from dualign.alignment.seal import latest, seal
from dualign.alignment.spec import TrainOptions
from dualign.alignment.trainer import (
    Collator,
    dpo_config,
    last_figures,
    lora_config,
    plan_dataset,
    preference_trainer,
    progress_callback,
)
from dualign.errors import ModelError
from dualign.models import Reference, load_reference

Array = npt.NDArray[np.float64]
StepReport = Callable[[int, int, Mapping[str, float]], None]
_log = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False)
class Session:
    """Shared work of one or more trainings on one set; not thread-safe, one training at a time.

    Use `open_session`. ``stopping`` is asked between steps, ``phase`` told what is done.
    """

    objective: Objective
    options: TrainOptions
    reference: Reference
    encoded: Encoded
    shared_rows: bool
    stopping: Callable[[], bool] = lambda: False
    phase: Phase = unheard
    _reference: Array | None = field(default=None, repr=False)

    @property
    def pad(self) -> int:
        """Padding token."""
        return int(self.reference.tokenizer.pad_token_id)

    @property
    def autocast(self) -> bool:
        """Whether forward passes run under bfloat16 autocast."""
        return self.options.dtype == "bfloat16"

    def plan(self, steps: int, *, limit: int | None = None, skip: int = 0) -> Plan:
        """Groups of training replies for ``steps`` steps, the same for every multiplier.

        ``limit`` keeps to the first replies of each prompt; ``skip`` leaves out the groups of so many first steps.
        """
        train = np.flatnonzero(~self.objective.held_out)
        totals = [
            lengths[:limit] + self.encoded.prompts[p].size / self.options.replies
            for p, lengths in enumerate(self.encoded.lengths)
        ]
        plan = plan_groups(
            totals,
            train,
            replies=self.options.replies,
            batch_size=self.options.batch_size,
            batches=skip + steps,
            rng=np.random.default_rng(self.options.seed),
        )
        first = skip * self.options.batch_size
        return Plan(plan.prompts[first:], plan.replies[first:])

    def rows(self, prompts: npt.NDArray[np.int64], replies: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Rows of the table for prompts (n,) and their replies (n, k)."""
        return np.array(
            [self.encoded.row(int(p), int(r)) for p, row in zip(prompts, replies, strict=True) for r in row]
        )

    def reference_for(
        self, rows: npt.NDArray[np.int64], report: Callable[[int, int], None] | None = None
    ) -> Array:
        """Reference log-probabilities (N,), known for these rows; the model must be without a LoRA."""
        values = self._reference
        if values is None or not np.isfinite(values[rows]).all():
            values = reference_log_probs(
                self.reference,
                self.objective.sample_set,
                self.encoded,
                rows,
                shared=self.shared_rows,
                autocast=self.autocast,
                report=report,
                stopping=self.stopping,
            )
            if not np.isfinite(values[rows]).all():
                raise Stopped
            self._reference = values
        return values

    def held_out_rows(self) -> npt.NDArray[np.int64]:
        """Rows of the table that the off-policy estimate looks at."""
        found = []
        for p in np.flatnonzero(self.objective.held_out):
            found += [
                self.encoded.row(int(p), r)
                for r in range(min(self.options.measure_replies, self.encoded.lengths[p].size))
            ]
        return np.array(found, dtype=np.int64)

    def train(
        self,
        scores: Array,
        *,
        steps: int,
        beta: float,
        output: Path,
        content: str,
        report: StepReport,
        start: State | None = None,
        learning_rate: float | None = None,
        replies: int | None = None,
        skip: int = 0,
    ) -> Trained:
        """A LoRA trained on the preferences that ``scores`` (P, I) imply.

        Parameters
        ----------
        scores : (P, I)
            r_lam, reward units.
        steps
            Optimizer steps.
        beta
            Reward units per nat.
        output
            Folder of this training's checkpoints; a sealed one of the same ``content`` is resumed.
        content
            Hash of what is trained.
        report
            Told of every step.
        start
            Tensors of a LoRA to start from.
        learning_rate
            Another peak than that of the options.
        replies
            Only the first so many replies of each prompt.
        skip
            Steps of the plan that another training has had.

        Raises
        ------
        Stopped
            Asked to stop; a checkpoint was written.
        ModelError
            Training diverged, or the LoRA's targets are not in the model.
        """
        from peft import get_peft_model_state_dict, set_peft_model_state_dict

        plan = self.plan(steps, limit=replies, skip=skip)
        # Those of the held-out prompts too, which are measured on in the end.
        wanted = np.union1d(self.rows(plan.prompts, plan.replies), self.held_out_rows())
        reference = self.reference_for(wanted, lambda done, total: self.phase(REFERENCE, done, total))
        k, trained_on = plan.replies.shape[1], len(np.unique(plan.prompts))
        pairs = len(plan.prompts) * k * (k - 1) // 2
        _log.info("%d steps on %d pairs of replies to %d prompts", steps, pairs, trained_on)
        self.phase(TRAINING, 0, 0)
        overrides = {} if learning_rate is None else {"learning_rate": learning_rate}
        callback = progress_callback(
            report=report, stopping=self.stopping, seal=lambda path: seal(path, content)
        )
        with self._lora(beta, output, steps, plan, scores, reference, callback, overrides) as trainer:
            if start is not None:
                set_peft_model_state_dict(trainer.model, dict(start))
            checkpoint = latest(output, content)
            if checkpoint is not None:
                _log.info("goes on from %s", checkpoint.name)
            began = time.monotonic()
            with warnings.catch_warnings():
                # trl and transformers warn of their own deprecations at every start.
                warnings.simplefilter("ignore")
                trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
            if callback.stopped:
                raise Stopped
            state = {
                name: tensor.detach().float().cpu().clone()
                for name, tensor in get_peft_model_state_dict(trainer.model).items()
            }
            history = [entry for entry in trainer.state.log_history if "loss" in entry]
            done_before = 0 if checkpoint is None else int(checkpoint.name.rpartition("-")[2])
        if not all(bool(tensor.isfinite().all()) for tensor in state.values()):
            rate = self.options.learning_rate if learning_rate is None else learning_rate
            raise ModelError(f"Training diverged at learning rate {rate:g}: lower it.")
        metrics = last_figures(history)
        metrics |= {"steps": float(steps), "seconds": time.monotonic() - began}
        metrics |= {"steps_run": float(steps - done_before)}
        shape = {"rank": self.options.rank, "alpha": self.options.alpha}
        return Trained(state=state, metrics=metrics, targets=self.options.targets, **shape)

    @contextmanager
    def _lora(
        self,
        beta: float,
        output: Path,
        steps: int,
        plan: Plan,
        scores: Array,
        reference: Array,
        callback: Any,
        overrides: Mapping[str, Any],
    ) -> Iterator[Any]:
        from transformers import PrinterCallback

        model = self.reference.model
        collator = Collator(self.encoded, scores, reference, self.pad, self.options, self.shared_rows)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                trainer = preference_trainer()(
                    model=model,
                    args=dpo_config(self.options, beta=beta, output=output, steps=steps, overrides=overrides),
                    train_dataset=plan_dataset(plan),
                    data_collator=collator,
                    processing_class=self.reference.tokenizer,
                    peft_config=lora_config(self.options),
                    callbacks=[callback],
                )
        except ValueError as error:
            if "arget" in str(error):
                raise ModelError(
                    f"The model has no modules named {', '.join(self.options.targets)}: name its own in targets."
                ) from error
            raise
        trainer.remove_callback(PrinterCallback)
        try:
            yield trainer
        finally:
            trainer.model.unload()
            vars(model).pop("forward", None)
            model.requires_grad_(False).eval()

    @contextmanager
    def adapted(self, trained: Trained) -> Iterator[Any]:
        """A peft model with a LoRA acting in the reference while the block runs."""
        import peft

        config = peft.LoraConfig(
            r=trained.rank,
            lora_alpha=trained.alpha,
            lora_dropout=0.0,
            target_modules=list(trained.targets),
            task_type="CAUSAL_LM",
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wrapped: Any = peft.get_peft_model(self.reference.model, config)
            peft.set_peft_model_state_dict(wrapped, dict(trained.state))
        try:
            yield wrapped.eval()
        finally:
            wrapped.unload()
            self.reference.model.requires_grad_(False).eval()

    def log_probs(
        self,
        trained: Trained,
        rows: npt.NDArray[np.int64],
        *,
        report: Callable[[int, int], None] | None = None,
    ) -> Array:
        """Log-probabilities (n,) of rows of the table under a LoRA, nats; ``report`` is told of replies scored.

        Raises
        ------
        Stopped
            Asked to stop half-way.
        """
        with self.adapted(trained) as wrapped:
            values = compute(
                wrapped.get_base_model(),
                self.encoded,
                rows,
                pad=self.pad,
                shared=self.shared_rows,
                autocast=self.autocast,
                report=report,
                stopping=self.stopping,
            )
        if not np.isfinite(values).all():
            raise Stopped
        return values

    def log_ratios(
        self,
        trained: Trained,
        rows: npt.NDArray[np.int64],
        *,
        report: Callable[[int, int], None] | None = None,
    ) -> Array:
        """ln pi - ln ref as (P, I), nan but for these rows."""
        reference = self.reference_for(rows)
        flat = np.full(self.encoded.n_replies, np.nan)
        flat[rows] = self.log_probs(trained, rows, report=report) - reference[rows]
        present = self.objective.sample_set.present
        out = np.full(present.shape, np.nan)
        out[present] = flat
        return out

    def held_out(self, trained: Trained, point: Array, *, place: int = 0, count: int = 1) -> HeldOut | None:
        """What a LoRA, at ``place`` of ``count``, does on held-out prompts; None where ``measure_replies`` is 0."""
        if not self.options.measure_replies:
            return None
        wanted = self.held_out_rows()

        def tell(done: int, total: int) -> None:
            self.phase(MEASURING, place * total + done, count * total)

        tell(0, len(wanted))
        rows = np.flatnonzero(self.objective.held_out)
        ratios = self.log_ratios(trained, wanted, report=tell)[rows]
        samples, beta = self.objective.problem.samples, self.objective.problem.beta
        margin, error = reward_margin(self.objective.scores(point)[rows], ratios, beta=beta)
        return HeldOut(
            off_policy=off_policy(
                samples.rewards[rows],
                samples.utilities[rows],
                ratios,
                multipliers=point,
                beta=beta,
                reward_weight=self.objective.reward_weight,
            ),
            margin=margin,
            margin_error=error,
        )


@contextmanager
def open_session(
    objective: Objective,
    options: TrainOptions,
    *,
    reference: str,
    stopping: Callable[[], bool] = lambda: False,
    phase: Phase = unheard,
) -> Iterator[Session]:
    """A session on a set; number formats and threads are set while the block runs.

    ``stopping`` is asked between steps, ``phase`` told what is done.

    Raises
    ------
    ModelError
        The reference cannot be loaded.
    """
    from transformers.utils.logging import disable_progress_bar

    phase(LOADING, 0, 0)
    loaded = load_reference(reference, dtype=model_dtype(options.dtype))
    disable_progress_bar()
    prefer_fast_attention(loaded.model)
    encoded = encode(objective.sample_set, loaded)
    shared = can_share(loaded.model, max(encoded.prompts, key=lambda ids: ids.size))
    device, why = device_words()
    loaded.model.to(device)
    _log.info("on %s: %s", device, why)
    count = sum(parameter.numel() for parameter in loaded.model.parameters()) / 1e6
    _log.info("reference '%s' loaded: %.4g million parameters, %s", reference, count, options.dtype)
    name, held = objective.sample_set.name, objective.held_out
    words = "set '%s' loaded: %d replies to %d prompts, %d of them held out"
    _log.info(words, name, encoded.n_replies, held.size, held.sum())
    if device != "cpu":
        loaded.model.set_attn_implementation("sdpa")
    with arithmetic(options.dtype, options.threads):
        yield Session(
            objective=objective,
            options=options,
            reference=loaded,
            encoded=encoded,
            shared_rows=shared,
            stopping=stopping,
            phase=phase,
        )
