"""The processes that benchmarks.faults kills: a dashboard that writes the registry, a worker that stores policies."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from dualign import jobs, paths
from dualign.jobs import JobSpec
from dualign.jobs.work import run, worker


def dashboard(name: str) -> None:
    """Record votes, submit and cancel jobs without end; each line says what has been acknowledged."""
    number = 0
    while True:
        jobs.record("vote", name, {"number": number})
        print(json.dumps({"vote": number}), flush=True)
        spec = JobSpec(kind="test", entry="dualign.jobs.probe", payload={"steps": 1, "of": name, "n": number})
        job = jobs.submit(spec)
        print(json.dumps({"job": job.id}), flush=True)
        if number % 2:
            print(json.dumps({"ended": jobs.cancel(job.id, wait=0.0).id}), flush=True)
        jobs.list_jobs()
        number += 1


def presser(gate: str, rounds: int) -> None:
    """Submit the same job as the other processes at the same moment, round after round."""
    for number in range(rounds):
        _meet(Path(gate), number)
        spec = JobSpec(
            kind="test", entry="dualign.jobs.probe", payload={"steps": 1, "seconds": 0, "press": number}
        )
        print(json.dumps({"round": number, "job": jobs.submit(spec).id}), flush=True)


def canceller(gate: str, job_id: str) -> None:
    """Cancel a job at the same moment as the other processes."""
    jobs.get_job(job_id)
    _meet(Path(gate), 0)
    jobs.cancel(job_id)


def _meet(gate: Path, number: int) -> None:
    # One clock for all: each waits for the same moment, written by the first process to come.
    file = gate / str(number)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(descriptor, str(time.time() + 0.25).encode())
        os.close(descriptor)
    except FileExistsError:
        pass
    while not (text := file.read_text("ascii")):
        time.sleep(0.001)
    time.sleep(max(0.0, float(text) - time.time()))


def _store_policies(job: worker) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    from dualign.models.policies import PolicySpec, write_policy

    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    base = LlamaForCausalLM(LlamaConfig(vocab_size=64, **sizes))
    model = get_peft_model(base, LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"))
    acknowledged = os.open(job.payload["acknowledged"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    number = 0
    while not job.stopping:
        name = f"{job.payload['name']}-{job.attempt}-{number}"
        spec = PolicySpec(name=name, method="mocan", samples="none", samples_hash="0", beta=0.5)
        write_policy(paths.store_root() / "policies" / name, model, spec)
        jobs.record("policy", name, {"beta": 0.5})
        os.write(acknowledged, f"{name}\n".encode())
        number += 1
        job.report(number)


if __name__ == "__main__":
    role, *arguments = sys.argv[1:]
    if role == "dashboard":
        dashboard(arguments[0])
    elif role == "press":
        presser(arguments[0], int(arguments[1]))
    elif role == "cancel":
        canceller(*arguments)
    else:
        run(role, _store_policies)
