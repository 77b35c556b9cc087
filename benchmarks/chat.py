"""Chat on the default model: against transformers' own streaming, columns together, a resampled reply.

Every round asks the same question of each: plain ``generate`` with a streamer, our reply of the reference, two
columns (the reference and an adapter) one after the other and together, and a resampled reply of 16 candidates.
Rounds alternate, figures are medians over rounds of ratios within a round: the machine may be busy.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dualign.models import load_reference
from dualign.models.adapters import CONFIG, WEIGHTS
from dualign.models.chat import (
    AdapterPolicy,
    ChatPolicy,
    ChatReply,
    ChatRequest,
    ChatSettings,
    LocalChat,
    ReferencePolicy,
    ResampledPolicy,
    Turn,
)
from dualign.models.chat.stored import StoredAdapter

Clock = Callable[[], float]
GOALS = {"first token": 1.0, "time per token": 1.0, "two columns": 0.65, "resampled": 3.0}
PROMPTS = (
    "I can't sleep before exams. What should I do?",
    "My boss shouts at me every day.",
    "How do I tell my parents that I left school?",
    "I feel alone since I moved to this town.",
    "What is a good way to start running?",
    "My friend does not answer me any more.",
    "How can I stop worrying about money?",
    "I argued with my sister and now she won't talk to me.",
    "Every Sunday evening I feel sick when I think of work.",
)
MAX_TOKENS = 80
CANDIDATES = 16


def write_adapter(folder: Path, model: Any, *, rank: int = 8) -> Path:
    """A LoRA of small random deltas on the four projections of attention: its speed is that of a trained one."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    state = {}
    for name, module in model.named_modules():
        if name.endswith(("q_proj", "k_proj", "v_proj", "o_proj")):
            state[f"base_model.model.{name}.lora_A.weight"] = torch.randn(rank, module.in_features) / 24
            state[f"base_model.model.{name}.lora_B.weight"] = torch.randn(module.out_features, rank) / 100
    folder.mkdir()
    save_file({name: tensor.half() for name, tensor in state.items()}, str(folder / WEIGHTS))
    targets = ["k_proj", "o_proj", "q_proj", "v_proj"]
    record = {
        "peft_type": "LORA",
        "r": rank,
        "lora_alpha": 2 * rank,
        "target_modules": targets,
        "bias": "none",
    }
    (folder / CONFIG).write_text(json.dumps(record), "utf-8")
    return folder


def plain_generate(model: Any, tokenizer: Any, text: str, seed: int, clock: Clock) -> tuple[float, float]:
    """Seconds to the first text and seconds a token afterwards, of ``generate`` with its streamer."""
    import torch
    from transformers import TextIteratorStreamer

    streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
    options = {"max_new_tokens": MAX_TOKENS, "do_sample": True, "top_k": 0, "streamer": streamer}
    torch.manual_seed(seed)
    found: list[Any] = []
    started = clock()
    encoded = tokenizer(text, return_tensors="pt", add_special_tokens=False)
    thread = threading.Thread(target=lambda: found.append(model.generate(**encoded, **options)))
    thread.start()
    pieces = [clock() - started for piece in streamer if piece]
    thread.join()
    n_tokens = int(found[0].shape[1] - encoded["input_ids"].shape[1])
    return pieces[0], (pieces[-1] - pieces[0]) / max(n_tokens - 2, 1)


class Answer(NamedTuple):
    """Seconds until every column had its reply, until the first text, and a token afterwards; the replies."""

    seconds: float
    first: float
    token: float
    replies: list[ChatReply]


def ask(chat: LocalChat, policies: Sequence[ChatPolicy], prompt: str, seed: int, clock: Clock) -> Answer:
    """What a question takes; nothing is remembered from before."""
    chat.forget()
    settings = ChatSettings(seed=seed, max_tokens=MAX_TOKENS)
    turns = (Turn("user", prompt),)
    requests = [
        ChatRequest(column=str(i), turns=turns, policy=policy, settings=settings)
        for i, policy in enumerate(policies)
    ]
    started, first, replies = clock(), None, {}
    for event in chat.stream(requests):
        if first is None and event.kind == "delta":
            first = clock() - started
        if event.kind == "failed":
            raise SystemExit(event.text)
        if event.reply is not None:
            replies[event.column] = event.reply
    seconds = clock() - started
    kept = [replies[str(i)] for i in range(len(policies))]
    after = seconds - (first or 0.0)
    return Answer(seconds, first or seconds, after / max(kept[0].n_tokens - 1, 1), kept)


def main() -> int:
    """Print the figures; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2, help="of torch, for every contestant (2)")
    parser.add_argument("--rounds", type=int, default=len(PROMPTS), help=f"at most {len(PROMPTS)}")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: this process's time on the processor, for a machine that others keep busy (with --threads 1)",
    )
    given = parser.parse_args()
    threads, clock = given.threads, time.process_time if given.clock == "cpu" else time.perf_counter
    peer = load_reference("demo", dtype="bfloat16", threads=threads)
    reference, adapter = ReferencePolicy(), AdapterPolicy(name="random")
    resampled = ResampledPolicy(multipliers={"harmless": 0.5}, candidates=CANDIDATES)
    rows: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as scratch:
        stored = StoredAdapter(name="random", folder=write_adapter(Path(scratch) / "random", peer.model))
        chat = LocalChat("demo", threads=threads, find={"random": stored}.__getitem__)
        try:
            warming: tuple[list[ChatPolicy], ...] = ([reference, adapter], [resampled])
            for policies in warming:
                ask(chat, policies, "Hello.", 0, clock)
            plain_generate(peer.model, peer.tokenizer, peer.chat_text("Hello."), 0, clock)
            for seed, prompt in enumerate(PROMPTS[: given.rounds]):
                peer_first, peer_token = plain_generate(
                    peer.model, peer.tokenizer, peer.chat_text(prompt), seed, clock
                )
                one, other = (ask(chat, [policy], prompt, seed, clock) for policy in (reference, adapter))
                both = ask(chat, [reference, adapter], prompt, seed, clock)
                many = ask(chat, [resampled], prompt, seed, clock)
                rows.append(
                    {
                        "peer first": peer_first,
                        "peer token": peer_token,
                        "our first": one.first,
                        "our token": one.token,
                        "one": one.seconds,
                        "apart": one.seconds + other.seconds,
                        "together": both.seconds,
                        "resampled": many.seconds,
                        "same": float(
                            [r.text for r in both.replies] == [one.replies[0].text, other.replies[0].text]
                        ),
                    }
                )
                print(".", end="", flush=True)
        finally:
            chat.close()
    print()
    return report(rows, f"{threads} threads, {given.clock} time")


def report(rows: list[dict[str, float]], how: str) -> int:
    """Print medians and ratios beside their goals; 1 when one is missed."""
    table = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    middle = {name: float(np.median(values)) for name, values in table.items()}
    ratios = {
        "first token": np.median(table["our first"] / table["peer first"]),
        "time per token": np.median(table["our token"] / table["peer token"]),
        "two columns": np.median(table["together"] / table["apart"]),
        # Lengths differ from prompt to prompt: one plain reply is that of all rounds.
        "resampled": table["resampled"].mean() / table["one"].mean(),
    }
    print(f"{len(rows)} rounds, replies of at most {MAX_TOKENS} tokens, bfloat16, {how}, medians")
    print(
        f"first token: transformers {1e3 * middle['peer first']:.0f} ms, ours {1e3 * middle['our first']:.0f} ms"
    )
    print(f"tokens/s:    transformers {1 / middle['peer token']:.1f}, ours {1 / middle['our token']:.1f}")
    print(f"two columns: one after the other {middle['apart']:.2f} s, together {middle['together']:.2f} s")
    print(
        f"one reply {table['one'].mean():.2f} s, one of {CANDIDATES} {table['resampled'].mean():.2f} s (means)"
    )
    print(f"both replies the same together as alone: {int(table['same'].sum())} of {len(rows)} rounds")
    missed = False
    for name, ratio in ratios.items():
        missed |= bool(ratio > GOALS[name])
        print(
            f"{name:15s} ratio {ratio:.2f}, goal {GOALS[name]:.2f}{'  missed' if ratio > GOALS[name] else ''}"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
