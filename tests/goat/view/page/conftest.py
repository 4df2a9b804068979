"""A page with a stand-in behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browsing import PATIENCE, wait_until_usable
from operator_desk import Desk


@pytest.fixture
def desk() -> Desk:
    """What the page asks of the robot is noted here."""
    return Desk()


@pytest.fixture
def page(desk: Desk) -> Iterator[Any]:
    """A page on a free port."""
    pytest.importorskip("viser")
    from goat.view.page import OperatorPage

    page = OperatorPage(desk, port=0)
    yield page
    page.close()


@pytest.fixture
def visit(browser: Any, page: Any) -> Iterator[Callable[[], Any]]:
    """Opens the page in a tab of its own and waits until it can be used."""
    tabs: list[Any] = []

    def open_tab() -> Any:
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.set_default_timeout(PATIENCE)
        tabs.append(tab)
        tab.goto(page.url)
        wait_until_usable(tab)
        return tab

    yield open_tab
    for tab in tabs:
        tab.close()


@pytest.fixture
def tab(visit: Callable[[], Any]) -> Any:
    """A tab that shows the page."""
    return visit()
