"""Training: dualign against a bare trl DPOTrainer script, and a front of five lam against five single jobs.

First part: the same pairs of the demo in the same order, the same LoRA, optimizer and arithmetic, no gradient
checkpointing in either. The bare script is what trl's documentation shows: texts in, the reference's
log-probabilities from the model with its adapter off. Both print their losses, which must agree within what
rounding explains; times are processor time of one thread without the first step, peak memory is that of a process
of its own. A third row compares four replies of a prompt with each other, six pairs for twice the replies.

Second part: five single jobs, each in a process of its own with an empty store, against one front job, which runs in
the middle of them so that a load that drifts weighs on both. Each policy's Lagrangian on held-out prompts (importance
weights, no replies generated) must be as high by the front, less two standard errors of it over prompts.

``python -m benchmarks.training [--steps 12] [--front-steps 48] [--part pairs|front] [--threads 1]``
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

LAMBDAS = (0.0, 0.75, 1.5, 2.25, 3.0)
PAIRS = 4
# A loss near ln 2 from log-ratios that bfloat16 products leave uncertain by 0.15 nats a reply, at beta 0.5.
TOLERANCE = 0.05


def options(steps: int, *, replies: int, threads: int) -> Any:
    """What both sides train with."""
    from dualign.alignment import TrainOptions

    return TrainOptions(
        steps=steps,
        batch_size=PAIRS,
        replies=replies,
        labels="hard",
        threads=threads,
        checkpoint_every=10_000,
    )


def clock(times: list[float], losses: list[float]) -> Any:
    """A callback that keeps processor time and loss of every step."""
    import transformers

    class Clock(transformers.TrainerCallback):
        start = 0.0

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self.start = time.process_time()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            times.append(time.process_time() - self.start)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs:
                losses.append(float(logs["loss"]))

    return Clock()


def run_ours(steps: int, threads: int, replies: int) -> dict[str, Any]:
    """Our trainer on the plan that the bare script gets as texts."""
    from dualign.alignment import AlignSpec, resolve
    from dualign.alignment.session import open_session
    from dualign.alignment.trainer import Collator, dpo_config, lora_config, plan_dataset, preference_trainer

    spec = AlignSpec(
        samples="demo", thresholds={"harmless": 0.5}, options=options(steps, replies=replies, threads=threads)
    )
    objective = resolve(spec)
    times: list[float] = []
    losses: list[float] = []
    with (
        open_session(objective, spec.options, reference="demo") as session,
        tempfile.TemporaryDirectory() as folder,
    ):
        began = time.process_time()
        plan = session.plan(steps)
        reference = session.reference_for(session.rows(plan.prompts, plan.replies))
        shared = time.process_time() - began
        trainer = preference_trainer()(
            model=session.reference.model,
            args=dpo_config(
                spec.options,
                beta=objective.problem.beta,
                output=Path(folder),
                steps=steps,
                overrides={"save_strategy": "no"},
            ),
            train_dataset=plan_dataset(plan),
            data_collator=Collator(
                session.encoded,
                objective.scores(objective.points[0]),
                reference,
                session.pad,
                spec.options,
                session.shared_rows,
            ),
            processing_class=session.reference.tokenizer,
            peft_config=lora_config(spec.options),
            callbacks=[clock(times, losses)],
        )
        trainer.train()
    return {"times": times, "losses": losses, "before": shared}


def run_bare(steps: int, threads: int, replies: int) -> dict[str, Any]:
    """trl's DPOTrainer as its documentation uses it."""
    import datasets
    import trl
    from peft import LoraConfig

    from dualign.alignment import AlignSpec, hard_preferences, resolve
    from dualign.alignment.arithmetic import arithmetic
    from dualign.alignment.session import open_session
    from dualign.models import load_reference

    given = options(steps, replies=replies, threads=threads)
    objective = resolve(AlignSpec(samples="demo", thresholds={"harmless": 0.5}, options=given))
    scores = objective.scores(objective.points[0])
    with open_session(objective, given, reference="demo") as session:
        plan = session.plan(steps)
    reference = load_reference("demo", threads=threads)
    rows = []
    for index, (p, group) in enumerate(zip(plan.prompts, plan.replies, strict=True)):
        found = hard_preferences(scores[p, group], rng=np.random.default_rng([given.seed, index]))
        texts = objective.sample_set.responses(int(p))
        rows.append(
            {
                "prompt": reference.chat_text(objective.sample_set.prompts[p]),
                "chosen": texts[group[found.chosen[0]]],
                "rejected": texts[group[found.rejected[0]]],
            }
        )
    times: list[float] = []
    losses: list[float] = []
    with arithmetic(given.dtype, threads), tempfile.TemporaryDirectory() as folder:
        config = trl.DPOConfig(
            output_dir=folder,
            beta=objective.problem.beta,
            max_steps=steps,
            per_device_train_batch_size=PAIRS,
            learning_rate=given.learning_rate,
            lr_scheduler_type="cosine",
            warmup_steps=round(given.warmup_share * steps),
            max_grad_norm=given.max_grad_norm,
            gradient_checkpointing=False,
            bf16=False,
            use_cpu=True,
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            seed=given.seed,
            train_sampling_strategy="sequential",
        )
        began = time.process_time()
        trainer = trl.DPOTrainer(
            model=reference.model,
            args=config,
            train_dataset=datasets.Dataset.from_list(rows),
            processing_class=reference.tokenizer,
            peft_config=LoraConfig(
                r=given.rank,
                lora_alpha=given.alpha,
                lora_dropout=0.0,
                target_modules=list(given.targets),
                task_type="CAUSAL_LM",
            ),
            callbacks=[clock(times, losses)],
        )
        before = time.process_time() - began
        trainer.train()
    return {"times": times, "losses": losses, "before": before}


def run_job(steps: int, threads: int, points: list[float]) -> dict[str, Any]:
    """One alignment job, as `dualign.alignment.train` runs it; its policies' held-out Lagrangians."""
    from dualign.alignment import AlignSpec, TrainOptions, train

    multipliers: list[Mapping[str, float]] = [{"harmless": value} for value in points]
    spec = AlignSpec(
        samples="demo",
        name="benchmark",
        multipliers=multipliers[0] if len(points) == 1 else None,
        front=tuple(multipliers) if len(points) > 1 else (),
        options=TrainOptions(steps=steps, threads=threads, checkpoint_every=10_000),
    )
    with tempfile.TemporaryDirectory() as folder:
        result = train(spec, checkpoints=Path(folder))
    found = [result.metrics[name]["held_out_off_policy"] for name in result.policies]
    return {"lagrangian": [f["lagrangian"] for f in found], "error": [f["lagrangian_error"] for f in found]}


def in_process(*arguments: str) -> dict[str, Any]:
    """A part in a process of its own, with an empty store; what it found, its processor time and peak memory."""
    with tempfile.TemporaryDirectory() as store:
        environment = {**os.environ, "DUALIGN_STORE": store, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.training", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def pairs_part(steps: int, threads: int) -> bool:
    """The first part; whether the losses agree."""
    runs = {
        "bare trl DPOTrainer": in_process("--run", "bare", "--steps", str(steps), "--threads", str(threads)),
        "dualign, pairs": in_process("--run", "ours", "--steps", str(steps), "--threads", str(threads)),
        "dualign, fours": in_process(
            "--run", "ours", "--replies", "4", "--steps", str(steps), "--threads", str(threads)
        ),
    }
    print(f"{'':22}{'s a step':>10}{'steps/s':>10}{'pairs/s':>10}{'peak GB':>9}{'mean loss':>11}")
    seconds = {}
    for name, found in runs.items():
        each = statistics.median(found["times"][1:])
        seconds[name] = each
        pairs = PAIRS * (6 if "fours" in name else 1)
        print(
            f"{name:22}{each:10.2f}{1 / each:10.3f}{pairs / each:10.2f}{found['peak'] / 1e9:9.2f}"
            f"{statistics.fmean(found['losses']):11.4f}"
        )
    bare, ours = runs["bare trl DPOTrainer"], runs["dualign, pairs"]
    gap = max(abs(a - b) for a, b in zip(bare["losses"], ours["losses"], strict=True))
    ratio = seconds["bare trl DPOTrainer"] / seconds["dualign, pairs"]
    print(
        f"steps/s against the bare script: {ratio:.2f} x (goal 1.3), peak memory {ours['peak'] / bare['peak']:.2f} x; "
        f"pairs/s in fours {6 * seconds['bare trl DPOTrainer'] / seconds['dualign, fours']:.1f} x"
    )
    print(f"largest difference of a step's loss: {gap:.4f} (tolerance {TOLERANCE})")
    return gap <= TOLERANCE


def front_part(steps: int, threads: int) -> bool:
    """The second part; whether the front's Lagrangians are as high."""
    common = ("--steps", str(steps), "--threads", str(threads))
    middle = len(LAMBDAS) // 2
    singles = [in_process("--run", "job", "--points", str(value), *common) for value in LAMBDAS[:middle]]
    front = in_process("--run", "job", "--points", *map(str, LAMBDAS), *common)
    singles += [in_process("--run", "job", "--points", str(value), *common) for value in LAMBDAS[middle:]]
    print(f"{'lam':>6}{'single':>10}{'front':>10}{'+-':>8}{'s alone':>9}   held-out Lagrangian, reward units")
    reached = True
    for i, value in enumerate(LAMBDAS):
        single, ours = singles[i]["lagrangian"][0], front["lagrangian"][i]
        error = singles[i]["error"][0]
        reached &= ours >= single - 2 * error
        print(f"{value:6.2f}{single:10.4f}{ours:10.4f}{error:8.4f}{singles[i]['cpu']:9.0f}")
    alone = sum(found["cpu"] for found in singles)
    print(
        f"five single jobs {alone:.0f} s, front {front['cpu']:.0f} s of processor time, model loading and measuring "
        f"included: {front['cpu'] / alone:.2f} of the time (goal 0.6); mean Lagrangian "
        f"{np.mean(front['lagrangian']):.4f} against {np.mean([s['lagrangian'][0] for s in singles]):.4f}"
    )
    return reached


def main() -> int:
    """Exit code: 0 when losses agree and the front reaches the single jobs' values."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--front-steps", type=int, default=48)
    parser.add_argument("--part", choices=("pairs", "front"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--run", choices=("ours", "bare", "job"), help=argparse.SUPPRESS)
    parser.add_argument("--replies", type=int, default=2, help=argparse.SUPPRESS)
    parser.add_argument("--points", type=float, nargs="+", default=[], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        if given.run == "job":
            found = run_job(given.steps, given.threads, given.points)
        else:
            found = {"ours": run_ours, "bare": run_bare}[given.run](given.steps, given.threads, given.replies)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        found |= {"peak": usage.ru_maxrss * 1024, "cpu": usage.ru_utime + usage.ru_stime}
        print(json.dumps(found))
        return 0
    good = True
    if given.part != "front":
        good &= pairs_part(given.steps, given.threads)
    if given.part != "pairs":
        good &= front_part(given.front_steps, given.threads)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
