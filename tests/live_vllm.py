"""A real vLLM tried out: ``bash .ci/vllm`` runs it; see there. Prints what it saw, and fails on what should not be.

It starts ``dualign serve``, streams the reference and an adapter side by side, loads an interpolated adapter at
run time, stops a reply, resamples one, and collects a small set through the server, whose log-probabilities are
compared with those of transformers on the same tokens.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from dualign.models import load_reference, read_shards
from dualign.models.chat import (
    AdapterPolicy,
    ChatPolicy,
    ChatReply,
    ChatRequest,
    ChatSettings,
    InterpolatedPolicy,
    ReferencePolicy,
    ResampledPolicy,
    ServerChat,
    Turn,
)
from dualign.models.policies import list_policies

TURNS = (Turn("user", "I can't sleep before exams. What should I do?"),)
PROMPTS = (
    "My boss shouts at me every day.",
    "I feel alone since I moved here.",
    "How can I stop worrying about money?",
)
DUALIGN = str(Path(sys.executable).with_name("dualign"))
# Two bfloat16 implementations of one model, against float32: nats a token on average, and of a whole reply.
PER_TOKEN, PER_REPLY = 0.02, 1.5


def wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> float:
    """Seconds until the server says that it is ready."""
    started = time.monotonic()
    while time.monotonic() - started < 900:
        if server.poll() is not None:
            raise SystemExit(f"the server ended with code {server.returncode}:\n{log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                return time.monotonic() - started
        except OSError:
            time.sleep(0.5)
    raise SystemExit(f"the server was not ready within 900 s:\n{log.read_text()[-3000:]}")


def ask(
    chat: ServerChat, policies: Sequence[ChatPolicy], *, seed: int = 1, stop_after: int | None = None
) -> tuple[list[ChatReply], int]:
    """Replies of policies side by side, and how often two columns' pieces followed one another."""
    cancel, replies, pieces = threading.Event(), {}, []
    requests = [
        ChatRequest(
            column=str(i), turns=TURNS, policy=policy, settings=ChatSettings(seed=seed, max_tokens=80)
        )
        for i, policy in enumerate(policies)
    ]
    for event in chat.stream(requests, cancel=cancel):
        if event.kind == "failed":
            raise SystemExit(f"column {event.column} failed: {event.text}")
        if event.kind == "delta":
            pieces.append(event.column)
            if stop_after is not None and len(pieces) == stop_after:
                cancel.set()
        if event.reply is not None:
            replies[event.column] = event.reply
    turns = sum(a != b for a, b in pairwise(pieces))
    return [replies[str(i)] for i in range(len(policies))], turns


def show(what: str, replies: Sequence[ChatReply]) -> None:
    """Print replies with their figures."""
    print(f"\n{what}")
    for reply in replies:
        rate = f"{reply.tokens_per_second:.1f} tokens/s" if reply.tokens_per_second else "no rate"
        first = f"{reply.first_token_seconds:.2f} s" if reply.first_token_seconds is not None else "none"
        print(f"  [{reply.finish}, {reply.n_tokens} tokens, first after {first}, {rate}] {reply.text!r}")


def try_chat(url: str, names: Sequence[str]) -> None:
    """Stream, load, stop and resample."""
    chat = ServerChat(url, timeout=600)
    adapters = [AdapterPolicy(name=name) for name in names[:1]]
    replies, turns = ask(chat, [ReferencePolicy(), *adapters])
    show("the reference and an adapter, side by side", replies)
    assert turns > 3, "the columns did not stream at once"
    alone, again = (ask(chat, [ReferencePolicy()])[0][0].text for _ in range(2))
    assert alone == again, "the same seed gave another reply"
    # vLLM's kernels depend on what else is in the batch, and bfloat16 lets a draw tip over.
    print(f"  the same seed alone gives {'the same reply' if alone == replies[0].text else 'another reply'}")
    between = InterpolatedPolicy(weights={name: 1 / len(names[:2]) for name in names[:2]})
    show("an interpolated adapter, loaded at run time", ask(chat, [between])[0])
    stopped, _ = ask(chat, [ReferencePolicy(), *adapters], seed=2, stop_after=8)
    show("stopped after 8 pieces", stopped)
    assert any(reply.finish == "stopped" and reply.text for reply in stopped), "nothing was stopped"
    (chosen,), _ = ask(chat, [ResampledPolicy(multipliers={"harmless": 1.0}, candidates=8)])
    show("one of 8 replies, resampled", [chosen])
    assert chosen.resampling is not None
    print(f"  effective sample size {chosen.resampling.effective_sample_size:.1f} of 8")
    chat.forget()


def try_collect(url: str, folder: Path) -> None:
    """Collect 3 prompts x 4 replies through the server; compare their log-probabilities with transformers'."""
    prompts = folder / "prompts.jsonl"
    prompts.write_text("".join(json.dumps({"prompt": text}) + "\n" for text in PROMPTS), "utf-8")
    command = [DUALIGN, "collect", str(prompts), "--name", "live", "--responses", "4"]
    command += ["--server", url, "--served-model", "demo", "--out", str(folder / "run"), "--json"]
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "DUALIGN_STORE": str(folder / "store")},
    )
    print(f"\ncollected: {done.stdout.strip()[:200]}")
    replies = [(item.prompt.text, reply) for item in read_shards(folder / "run") for reply in item.replies]
    assert len(replies) == 12, f"{len(replies)} replies instead of 12"
    reference = load_reference("demo", threads=2)
    plain = reference.log_probs(
        [prompt for prompt, _ in replies],
        [reply.text for _, reply in replies],
        truncated=[reply.truncated for _, reply in replies],
    )
    served = np.array([reply.log_prob for _, reply in replies])
    tokens = np.array([reply.n_tokens for _, reply in replies])
    # A text has several tokenisations; where ours has another length, the two sums are of different things.
    count = [
        len(reference.tokenizer(reply.text, add_special_tokens=False).input_ids) + (not reply.truncated)
        for _, reply in replies
    ]
    same = tokens == count
    gaps = np.abs(served - plain)[same]
    print(f"log-probability, vLLM (bfloat16) against transformers (float32), {same.sum()} of 12 replies:")
    print(
        f"  mean gap {gaps.sum() / tokens[same].sum():.4f} nats a token, largest {gaps.max():.3f} nats a reply"
    )
    print(f"  mean log-probability {served[same].mean():.2f} and {plain[same].mean():.2f} nats")
    assert same.sum() >= 9, "too few replies to compare"
    assert gaps.sum() / tokens[same].sum() < PER_TOKEN, "log-probabilities differ more than bfloat16 explains"
    assert gaps.max() < PER_REPLY, "a reply's log-probability differs more than bfloat16 explains"


def main() -> int:
    """Start a server, try it, stop it; 0 when all was as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="interpreter of an environment with vLLM")
    parser.add_argument("--port", type=int, default=8931)
    parser.add_argument("--url", help="a server that runs already")
    given = parser.parse_args()
    names = [policy.name for policy in list_policies()]
    if not names:
        raise SystemExit("no policy is stored: train one first.")
    print(f"policies: {', '.join(names)}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if given.url:
            try_chat(given.url, names)
            try_collect(given.url, folder)
            return 0
        url, log = f"http://127.0.0.1:{given.port}", folder / "server.log"
        command = [
            DUALIGN,
            "serve",
            "--python",
            given.python,
            "--port",
            str(given.port),
        ]
        with log.open("wb") as stream:
            server = subprocess.Popen(
                command, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            print(f"ready after {wait_until_healthy(url, server, log):.0f} s")
            try_chat(url, names)
            try_collect(url, folder)
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGTERM)
                server.wait(60)
    print("\nvLLM: all as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
