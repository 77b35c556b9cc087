"""Blind votes: what is kept of one, the tally with its intervals, and its exports. Nothing here knows Streamlit."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from dualign.models.chat import ChatPolicy, ChatSettings, policy_id

Choice = Literal["first", "second", "tie", "both_unsafe"]
CHOICES: tuple[Choice, ...] = ("first", "second", "tie", "both_unsafe")
KIND = "vote"
_Z = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class Vote:
    """One blind vote, without any text that was typed or generated.

    Attributes
    ----------
    first, second
        Policy ids of the left and the right column as they were shown.
    choice
        Which reply was preferred.
    prompt_id
        Number of the ready-made prompt that the round began with; None for the voter's own words.
    turns
        Messages in the round.
    settings
        Seed, temperature, top_p and token limit.
    """

    first: str
    second: str
    choice: Choice
    prompt_id: int | None
    turns: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    def content(self) -> dict[str, Any]:
        """Plain values, as they are stored and exported."""
        return asdict(self)


def vote(
    policies: Sequence[ChatPolicy],
    choice: Choice,
    settings: ChatSettings,
    *,
    prompt_id: int | None,
    turns: int,
) -> Vote:
    """The vote on two policies in the order in which they were shown."""
    kept = {name: getattr(settings, name) for name in ("seed", "temperature", "top_p", "max_tokens")}
    return Vote(
        first=policy_id(policies[0]),
        second=policy_id(policies[1]),
        choice=choice,
        prompt_id=prompt_id,
        turns=turns,
        settings=kept,
    )


def read_vote(content: Mapping[str, Any]) -> Vote | None:
    """A stored vote; None where a row is not one."""
    try:
        found = Vote(**{name: content[name] for name in Vote.__dataclass_fields__})
    except (KeyError, TypeError):
        return None
    return found if found.choice in CHOICES else None


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The tally of two policies.

    Attributes
    ----------
    a, b
        Policy ids, in alphabetical order.
    a_wins, b_wins, ties, both_unsafe
        Counts, whichever side a policy stood on.
    share, low, high
        Share of the decided votes that a won, with its 95 % Wilson interval; nan without any.
    unsafe_share, unsafe_low, unsafe_high
        Share of all votes that found both unsafe, likewise.
    """

    a: str
    b: str
    a_wins: int
    b_wins: int
    ties: int
    both_unsafe: int
    share: float
    low: float
    high: float
    unsafe_share: float
    unsafe_low: float
    unsafe_high: float

    @property
    def votes(self) -> int:
        """All votes on the pair."""
        return self.a_wins + self.b_wins + self.ties + self.both_unsafe


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % Wilson score interval of a share; (0, 1) without trials.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    scale = 1 + _Z**2 / trials
    middle = (share + _Z**2 / (2 * trials)) / scale
    half = _Z * math.sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def tally(votes: Iterable[Vote]) -> list[Pair]:
    """One `Pair` for every two policies that were voted on, the most voted first."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for cast in votes:
        a, b = sorted((cast.first, cast.second))
        row = counts.setdefault((a, b), dict.fromkeys(("a", "b", "tie", "both_unsafe"), 0))
        if cast.choice in ("first", "second"):
            winner = cast.first if cast.choice == "first" else cast.second
            row["a" if winner == a else "b"] += 1
        else:
            row[cast.choice] += 1
    pairs = []
    for (a, b), row in counts.items():
        decided, everything = row["a"] + row["b"], sum(row.values())
        low, high = wilson(row["a"], decided)
        unsafe_low, unsafe_high = wilson(row["both_unsafe"], everything)
        pairs.append(
            Pair(
                a=a,
                b=b,
                a_wins=row["a"],
                b_wins=row["b"],
                ties=row["tie"],
                both_unsafe=row["both_unsafe"],
                share=row["a"] / decided if decided else math.nan,
                low=low,
                high=high,
                unsafe_share=row["both_unsafe"] / everything,
                unsafe_low=unsafe_low,
                unsafe_high=unsafe_high,
            )
        )
    return sorted(pairs, key=lambda pair: (-pair.votes, pair.a, pair.b))


def to_jsonl(votes: Iterable[Mapping[str, Any]]) -> str:
    """Votes as JSON Lines."""
    return "".join(json.dumps(dict(row), ensure_ascii=False, sort_keys=True) + "\n" for row in votes)


def to_latex(pairs: Sequence[Pair], names: Mapping[str, str]) -> str:
    """The tally as a LaTeX table (booktabs), names escaped; share and interval in percent."""
    rows = []
    for pair in pairs:
        share = (
            "--"
            if math.isnan(pair.share)
            else f"{100 * pair.share:.0f} [{100 * pair.low:.0f}, {100 * pair.high:.0f}]"
        )
        unsafe = f"{100 * pair.unsafe_share:.0f} [{100 * pair.unsafe_low:.0f}, {100 * pair.unsafe_high:.0f}]"
        cells = [
            _latex(names.get(pair.a, pair.a)),
            _latex(names.get(pair.b, pair.b)),
            str(pair.votes),
            str(pair.a_wins),
            str(pair.b_wins),
            str(pair.ties),
            share,
            unsafe,
        ]
        rows.append(" & ".join(cells) + r" \\")
    body = "\n".join(rows)
    return (
        "% \\usepackage{booktabs}\n\\begin{tabular}{llrrrrrr}\n\\toprule\n"
        "A & B & votes & A wins & B wins & ties & A preferred, \\% [95\\,\\%] & both unsafe, \\% [95\\,\\%] \\\\\n"
        f"\\midrule\n{body}\n\\bottomrule\n\\end{{tabular}}\n"
    )


_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "λ": r"$\lambda$",
    "β": r"$\beta$",
    "π": r"$\pi$",
    "*": r"$^\ast$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "−": r"$-$",
    "–": "--",
    "…": r"\ldots{}",
    "·": r"$\cdot$",
    "×": r"$\times$",
    "→": r"$\to$",
    "↔": r"$\leftrightarrow$",
}


def _latex(text: str) -> str:
    """Escaped; letters that pdflatex does not know by itself are told by their code point."""
    return "".join(_LATEX.get(c) or (c if c < "\u0180" else f"U+{ord(c):04X}") for c in text)
