"""Clicks on the map mean what a person sees under the pointer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fakes import make_frame, make_instance
from operator_desk import Desk
from scipy.spatial.transform import Rotation

from goat.view.page import OperatorPage

pytestmark = pytest.mark.slow


def camera_of(page: OperatorPage) -> Any:
    (client,) = page._server.get_clients().values()
    return client.camera


def settled(page: OperatorPage) -> Any:
    """Return the camera when the browser shows the map from above and has stood for a while."""
    (client,) = page._server.get_clients().values()
    client.get_render(16, 16)  # the answer comes after all that was sent before
    last, since = None, time.monotonic()
    while time.monotonic() - since < 1.5:
        camera = camera_of(page)
        now = (*camera.position.tolist(), camera.aspect)
        if now != last or not from_above(camera):
            last, since = now, time.monotonic()
        time.sleep(0.05)
    return camera_of(page)


def from_above(camera: Any) -> bool:
    """Return whether a camera stands where the page puts it, not where the browser began."""
    return abs(camera.look_at[2]) < 0.01 and abs(camera.position[0] - camera.look_at[0]) < 0.01


def pixel(tab: Any, camera: Any, point: tuple[float, float, float]) -> tuple[float, float]:
    """Return where in the tab a point of the map is drawn."""
    turn = Rotation.from_quat(camera.wxyz, scalar_first=True)
    x, y, z = turn.inv().apply(np.array(point) - camera.position)
    box = tab.locator("canvas[data-engine]").bounding_box()
    scale = 0.5 * box["height"] / np.tan(0.5 * camera.fov) / z
    return (
        box["x"] + 0.5 * box["width"] + scale * x,
        box["y"] + 0.5 * box["height"] + scale * y,
    )


@pytest.mark.parametrize("xy", [(1.0, 1.5), (3.0, -3.0), (-0.5, 3.0)])
def test_a_place_is_sent_after_a_second_press(
    desk: Desk, page: OperatorPage, tab: Any, xy: tuple[float, float]
) -> None:
    page.show(make_frame())
    tab.mouse.click(*pixel(tab, settled(page), (*xy, 0.0)))
    tab.locator(".goat-picked", has_text="Place").wait_for()
    assert desk.calls == []
    tab.get_by_role("button", name="Go here").click()
    _, place = desk.wait("place")
    assert np.linalg.norm(np.subtract(place, xy)) < 0.15


def test_a_box_on_the_map_is_picked(desk: Desk, page: OperatorPage, tab: Any) -> None:
    page.show(make_frame())
    tab.mouse.click(*pixel(tab, settled(page), (1.0, -2.0, 0.6)))
    tab.get_by_role("button", name="Go to sofa 2").click()
    assert desk.wait("instance") == ("instance", 2, "sofa")


def test_the_view_grows_with_the_map_until_a_person_moves_it(page: OperatorPage, tab: Any) -> None:
    page.show(make_frame(grid=grid(6.0)))
    small = settled(page).position[2]
    page.show(make_frame(grid=grid(12.0)))
    large = settled(page).position[2]
    assert large > 1.5 * small
    box = tab.locator("canvas[data-engine]").bounding_box()
    tab.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    tab.mouse.wheel(0, -600)
    mine = settled(page).position[2]
    assert mine < 0.95 * large
    page.show(make_frame(grid=grid(20.0)))
    assert settled(page).position[2] == pytest.approx(mine, rel=0.02)
    tab.get_by_role("button", name="Show the whole map").click()
    tab.wait_for_timeout(500)
    assert settled(page).position[2] > 1.5 * large


def grid(side: float) -> Any:
    from fakes import make_grid

    return make_grid(side)


def test_the_view_follows_the_robot_if_told_to(page: OperatorPage, tab: Any) -> None:
    page.show(make_frame(step=0))
    before = settled(page).look_at.copy()
    tab.get_by_label("Follow the robot").check()
    tab.wait_for_timeout(1200)
    page.show(make_frame(step=15))
    tab.wait_for_timeout(1200)
    after = settled(page).look_at
    assert after[0] - before[0] == pytest.approx(1.5, abs=0.1)


def test_a_vanished_object_is_named(
    desk: Desk, page: OperatorPage, visit: Callable[[], Any]
) -> None:
    tab = visit()
    page.show(make_frame())
    card = tab.locator(".goat-card", has_text="sofa")
    card.wait_for()
    page._feed.show(make_frame(instances=(make_instance(1, "chair", (1.5, 0.5)),)))
    page._visitors[next(iter(page._visitors))].pick_instance(2)
    tab.get_by_text("Object 2 is not in memory any more").wait_for()
    card.wait_for(state="detached")
    assert desk.calls == []
