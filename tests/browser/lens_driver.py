"""How a person takes hold of the lens in the tests, and what it then says."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page

from tests.lens import reference


def ready(page: Page) -> Page:
    page.wait_for_selector(".lens.ready .handle")
    page.wait_for_selector("text=/^state /")
    return page


def state(page: Page) -> dict[str, Any]:
    text = page.locator("text=/^state /").inner_text().removeprefix("state ")
    names = ("multipliers", "thresholds", "beta", "committed", "at_optimum")
    return dict(zip(names, json.loads(text), strict=True))


def handle(page: Page, name: str) -> Locator:
    return page.locator(f'.handle[data-drag="{name}"]')


def centre(page: Page, name: str) -> tuple[float, float]:
    box = handle(page, name).locator(".knob").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, name: str, dx: float, dy: float) -> None:
    x, y = centre(page, name)
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(1, 9):
        page.mouse.move(x + dx * k / 8, y + dy * k / 8)
    page.mouse.up()


def await_state(page: Page, before: dict[str, Any]) -> dict[str, Any]:
    """The first state that differs from ``before``."""
    old = json.dumps([before["multipliers"], before["thresholds"], before["beta"]])[1:-1]
    page.wait_for_function(
        "old => [...document.querySelectorAll('[data-testid=stText]')]"
        ".some(n => n.textContent.startsWith('state ') && !n.textContent.includes(old))",
        arg=old,
    )
    return state(page)


def number(page: Page, name: str) -> float:
    row = page.locator(".number", has=page.get_by_text(name, exact=True)).locator(".value").inner_text()
    return float(row.replace("\N{MINUS SIGN}", "-"))


def check_numbers(page: Page, data: reference.Scores) -> None:
    """What stands beside the panels is numpy's value at the committed position, to the digits shown."""
    now = state(page)
    expected = reference.evaluate(
        data, now["beta"], np.array(now["thresholds"]), np.array(now["multipliers"])
    )
    base = reference.evaluate(data, 1e9, np.zeros(1), np.zeros(1))["reward"]
    assert number(page, "D(λ)") == pytest.approx(expected["dual"], abs=6e-4)
    assert number(page, "slack") == pytest.approx(expected["slack"][0], abs=6e-3)
    assert number(page, "reward") == pytest.approx(expected["reward"] - base, abs=6e-4)
    assert number(page, "KL") == pytest.approx(expected["kl"], abs=6e-3)
    assert number(page, "ESS") == pytest.approx(expected["ess_median"], abs=6e-2)
