"""One Chromium for all tests that need eyes, and what a person does in it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

GOAL = "form input:not([type=file])"
"""Where a goal is typed."""
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE = 60_000  # ms, for a machine that has much else to do


def _missing(what: str) -> None:
    if os.environ.get("GOAT_REQUIRE_BROWSER") == "1":
        pytest.fail(f"GOAT_REQUIRE_BROWSER=1, but {what}")
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium with software WebGL; skips where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("playwright is not installed: pip install 'goat-stack[dev]'")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        _missing("no Chromium is installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


def wait_until_usable(tab: Any) -> None:
    """Wait for the shared part of the page and for what is the browser's own."""
    for name in ("EMERGENCY STOP", "Send"):
        tab.get_by_role("button", name=name, exact=True).wait_for(timeout=PATIENCE)
    warning = tab.get_by_role("alert").filter(has_text="Software WebGL")
    warning.get_by_role("button").click()
    warning.wait_for(state="detached")


def press(tab: Any, name: str | re.Pattern[str]) -> None:
    tab.get_by_role("button", name=name, exact=isinstance(name, str)).click()


def type_goal(tab: Any, text: str) -> None:
    tab.locator(GOAL).fill(text)
    tab.wait_for_timeout(150)  # viser sends at most one change in 50 ms
