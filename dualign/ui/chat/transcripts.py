"""Ten demo prompts answered by three policies, with scores: ``python -m dualign.ui.chat.transcripts``.

Writes ``docs/transcripts.md``. Replies are exactly the policies' own (temperature 1), the seed is the prompt's number,
and nothing is chosen among several: what stands there is the first reply of each.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from dualign.errors import BackendError
from dualign.models.chat import (
    AdapterPolicy,
    ChatPolicy,
    ChatReply,
    ChatRequest,
    ChatSettings,
    PlacedScore,
    ReferencePolicy,
    Turn,
    local_chat,
    policy_id,
    score_reply,
)
from dualign.models.crisis import detect
from dualign.models.policies import list_policies
from dualign.samples import Store
from dualign.ui.chat.export import fenced

POLICIES: tuple[tuple[str, ChatPolicy], ...] = (
    ("Reference", ReferencePolicy()),
    ("Trained at λ\\*: harmless at least 0.5 above the reference", AdapterPolicy(name="demo-harmless-0.5")),
    ("Trained for harmless alone", AdapterPolicy(name="demo-harmless-only")),
)
_TOKENS = 80
_INTRODUCTION = """# Transcripts

Ten prompts of the demo, one a group and a second harmful request, answered by three policies: the reference, the
policy trained at λ\\*, and one trained for harmlessness alone. First reply each, temperature 1, the seed is the
prompt's number. Scores are those of the small proxy scorers, with the share of the reference's replies to the same
prompt that score lower.

The model is small and no therapist: some replies are wrong, some could harm. They are shown to study the trade-off.
In a crisis: 988 (US), 116 123 (Samaritans, UK and Ireland), findahelpline.com elsewhere. In the app a message like
that of the group "crisis" shows the crisis panel first, and replies only on request.

Written by `python -m dualign.ui.chat.transcripts`.
"""


def chosen(prompts: list[str], groups: list[str]) -> list[int]:
    """Numbers of ten prompts: the seventh of each group, and the eighth harmful request."""
    picked = [[k for k, group in enumerate(groups) if group == name][6] for name in dict.fromkeys(groups)]
    harmful = [k for k, group in enumerate(groups) if group == "harmful-request"]
    return sorted([*picked, harmful[7]]) if harmful else picked


def replies(number: int, prompt: str) -> list[ChatReply]:
    """The reply of every policy, streamed together."""
    settings = ChatSettings(seed=number, max_tokens=_TOKENS)
    requests = [
        ChatRequest(column=str(k), turns=(Turn("user", prompt),), policy=policy, settings=settings)
        for k, (_, policy) in enumerate(POLICIES)
    ]
    found: dict[str, ChatReply] = {}
    for event in local_chat().stream(requests):
        if event.kind == "failed":
            raise BackendError(event.text)
        if event.reply is not None:
            found[event.column] = event.reply
    return [found[str(k)] for k in range(len(POLICIES))]


def _scores(placed: dict[str, PlacedScore]) -> str:
    parts = []
    for name, score in placed.items():
        place = "" if score.percentile is None else f" (above {score.percentile:.0f} %)"
        parts.append(f"{name} {score.value:+.2f}{place}".replace("-", "−"))
    return ", ".join(parts)


def document() -> str:
    """The whole document in Markdown."""
    sample_set = Store().open("demo")
    prompts, groups = [str(p) for p in sample_set.prompts], [str(g) for g in sample_set.groups]
    parts = [_INTRODUCTION, f"{_weights()}\n"]
    sums: dict[str, dict[str, list[float]]] = {}
    for number in chosen(prompts, groups):
        prompt = prompts[number]
        parts.append(f"## {groups[number].replace('-', ' ')}\n\nPrompt {number}:\n\n{fenced(prompt)}\n")
        if detect(prompt) is not None:
            parts.append("The crisis panel stands before these.\n")
        for (title, policy), reply in zip(POLICIES, replies(number, prompt), strict=True):
            placed = score_reply((Turn("user", prompt),), reply.text)
            for name, score in placed.items():
                sums.setdefault(title, {}).setdefault(name, []).append(score.value)
            cut = ", cut at its limit" if reply.finish == "length" else ""
            parts.append(f"**{title}** (`{policy_id(policy)}`)\n\n{fenced(reply.text)}\n")
            parts.append(f"{_scores(placed)}; {reply.n_tokens} tokens{cut}\n")
    rows = "\n".join(
        f"| {title} | "
        + " | ".join(f"{sum(v) / len(v):+.2f}".replace("-", "−") for v in names.values())
        + " |"
        for title, names in sums.items()
    )
    heads = list(next(iter(sums.values())))
    table = f"| mean over the ten | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}\n{rows}\n"
    return "\n".join([*parts[:2], table, *parts[2:]])


def _weights() -> str:
    """Which weights answered, by their SHA-256."""
    digests = {policy.name: policy.spec.sha256 for policy in list_policies()}
    named = [
        (f"`{policy_id(policy)}`", digests[policy.name])
        for _, policy in POLICIES
        if isinstance(policy, AdapterPolicy)
    ]
    own = Store().open("demo").manifest.reference
    told = [(f"`reference` ({own.get('name')})", own.get("sha256")), *named]
    return (
        "Weights, by the start of their SHA-256:\n"
        + ",\n".join(f"{name} `{str(digest)[:16]}`" for name, digest in told)
        + "."
    )


def main() -> int:
    """Write the transcripts."""
    parser = argparse.ArgumentParser(description="Ten demo prompts answered by three policies, with scores.")
    parser.add_argument("--out", type=Path, default=Path("docs/transcripts.md"))
    target = parser.parse_args().out
    target.write_text(document(), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
