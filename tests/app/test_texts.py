"""Text from files is data, and numbers read as a person writes them."""

from __future__ import annotations

import math

import pytest

from dualign.ui.texts import duration, interval, md, number, signed


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "![x](http://evil.example/a.png)",
        ":red[boo] :material/home: :smile:",
        "$x^2$ `code` **bold** # head",
        "[a](javascript:alert(1))",
    ],
)
def test_every_mark_is_escaped(hostile: str) -> None:
    escaped = md(hostile)
    bare = escaped.replace("\\\\", "")
    for position, mark in enumerate(bare):
        if mark in "`*_{}[]()<>#!|~$:":
            assert bare[position - 1] == "\\"
    assert "\n" not in md("a\n# b\n\n- c")


def test_names_and_numbers_are_read_aloud_as_they_are() -> None:
    assert md("share with non_toxic ≥ −1.04, self-harm") == "share with non_toxic ≥ −1.04, self-harm"
    assert md("1. one, www.a.example, _b_ -c- a_") == r"1\. one, www\.a\.example, \_b\_ \-c\- a\_"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.31449, "0.314"),
        (-1.4, "−1.4"),
        (1234.5, "1234"),
        (math.inf, "∞"),
        (math.nan, "–"),
        (1e-9, "1 × 10^−9"),
        (100.0, "100"),
        (0.9996, "1"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) in {text, text.replace("1 ×", "1.00 ×")}


def test_signs_and_intervals() -> None:
    assert signed(0.5) == "+0.5"
    assert signed(-0.5) == "−0.5"
    assert interval(-1, 2) == "−1 to 2"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (5400, "1.5 h")]
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words
