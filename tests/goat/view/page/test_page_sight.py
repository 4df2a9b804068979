"""What a click on the map means, where the map is looked at from, and which names fit on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import make_frame, make_grid, make_instance
from hypothesis import given
from hypothesis import strategies as st

from goat.types import CellState, OccupancyGrid
from goat.view.page.names import choose_names
from goat.view.page.sight import FOV, fit_view, known_bounds, pick, what_is_known

ABOVE = (1.5, 0.5, 8.0)
DOWN = (0.0, 0.0, -1.0)


def with_bounds(instance, low, high):
    return replace(instance, bounds=np.array([low, high], np.float32))


def test_a_ray_that_meets_an_object_means_the_object() -> None:
    chair, sofa = make_instance(1, "chair", (1.5, 0.5)), make_instance(2, "sofa", (1.0, -2.0))
    assert pick(ABOVE, DOWN, (chair, sofa)) is chair
    assert pick((1.0, -9.0, 7.3), (0.0, 7.0, -7.0), (chair, sofa)) is sofa


def test_of_two_objects_the_nearer_is_meant() -> None:
    table = with_bounds(make_instance(1, "table", (1.5, 0.5)), (1, 0, 0), (2, 1, 0.8))
    vase = with_bounds(make_instance(2, "vase", (1.5, 0.5)), (1.3, 0.3, 0.8), (1.7, 0.7, 1.1))
    assert pick(ABOVE, DOWN, (table, vase)) is vase
    assert pick((1.1, 0.1, 8.0), DOWN, (table, vase)) is table


def test_carpets_and_lamps_leave_the_floor_to_be_clicked() -> None:
    chair = make_instance(1, "chair", (1.5, 0.5))
    rug = with_bounds(chair, (0, 0, 0), (3, 3, 0.02))
    lamp = with_bounds(chair, (1, 0, 2.0), (2, 1, 2.4))
    guess = replace(chair, confirmed=False)
    assert pick(ABOVE, DOWN, (rug, lamp, guess)) == pytest.approx((1.5, 0.5))


def test_a_ray_into_the_sky_means_nothing() -> None:
    assert pick(ABOVE, (0.0, 0.0, 1.0), ()) is None
    assert pick(ABOVE, (1.0, 0.0, 0.0), ()) is None


@given(
    st.tuples(*[st.floats(-20, 20)] * 2),
    st.tuples(st.floats(0.5, 30), st.floats(0.5, 30)),
    st.floats(0.3, 3.0),
)
def test_all_that_is_known_is_in_view(low, span, aspect) -> None:
    bounds = np.array([low, np.add(low, span)])
    position, target = fit_view(bounds, FOV, aspect)
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    corners = np.array([[x, y, 0.0] for x in bounds[:, 0] for y in bounds[:, 1]]) - position
    depth = corners @ forward
    half = np.tan(FOV / 2)
    assert (depth > 0).all()
    assert (np.abs(corners @ up) / depth <= half).all()
    assert (np.abs(corners @ right) / depth <= half * aspect).all()
    assert up[1] > 0  # north is up


def test_the_bounds_are_those_of_known_cells() -> None:
    state = np.zeros((40, 60), np.uint8)
    assert known_bounds(OccupancyGrid(state, (0.0, 0.0), 0.1)) is None
    state[10:20, 5:30] = CellState.FREE
    bounds = known_bounds(OccupancyGrid(state, (-1.0, 2.0), 0.1))
    np.testing.assert_allclose(bounds, [[-0.5, 3.0], [2.0, 4.0]])


def test_a_place_is_told_from_the_map() -> None:
    grid = make_grid(8.0)
    assert "Free" in what_is_known(grid, (1.0, 0.0))
    assert "stands here" in what_is_known(grid, (3.98, 0.0))
    assert "Not seen" in what_is_known(grid, (-3.0, 0.0))
    assert "Not seen" in what_is_known(grid, (99.0, 0.0))
    assert "Not seen" in what_is_known(None, (0.0, 0.0))


def test_names_hide_no_names_and_the_target_wins() -> None:
    crowd = tuple(make_instance(n, "kitchen cabinet", (0.1 * n, 0.0)) for n in range(1, 9))
    frame = make_frame(None, instances=crowd, target=6, probability=0.7)
    names = choose_names(frame, pursued=True)
    assert names[0].text == "kitchen cabinet 6  70 %"
    assert len(names) == 1
    far = tuple(make_instance(n, "kitchen cabinet", (5.0 * n, 0.0)) for n in range(1, 9))
    names = choose_names(make_frame(None, instances=far), pursued=False)
    assert {name.text for name in names} == {f"kitchen cabinet {n}" for n in range(1, 9)}
