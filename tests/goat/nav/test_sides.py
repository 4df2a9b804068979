from __future__ import annotations

import numpy as np
import pytest
from test_approach import approach, box, fill, hall

from goat.nav.sides import seen_side
from goat.types import CellState, OccupancyGrid


def two_rooms() -> OccupancyGrid:
    grid = hall()
    fill(grid, 3.0, 0.0, 3.1, 5.0)  # a wall with a passage at its far end
    return grid


def side_of(grid: OccupancyGrid, points: np.ndarray, eyes: list[tuple[float, float]]):
    cells = np.unique(grid.cells(points[:, :2]), axis=0)
    own = np.zeros(grid.shape, bool)
    own[cells[:, 0], cells[:, 1]] = True
    opaque = (grid.state == CellState.OCCUPIED) & ~own
    return seen_side(grid, cells, opaque, np.array(eyes), 2.0)


def at(grid: OccupancyGrid, side: np.ndarray, x: float, y: float) -> bool:
    return bool(side[tuple(grid.cells(np.array([x, y])))])


def test_only_one_side_of_a_wall_shows_a_picture() -> None:
    grid = two_rooms()
    side = side_of(grid, box(3.05, 2.0, 3.1, 2.6, 1.5, 1.9), [(5.0, 2.5)])
    assert side is not None
    assert at(grid, side, 3.8, 2.3)
    assert not at(grid, side, 2.5, 2.3)
    assert not side[grid.state != CellState.FREE].any()


def test_a_look_through_a_door_along_the_wall_tells_the_side() -> None:
    grid = two_rooms()
    side = side_of(grid, box(3.1, 3.0, 3.4, 3.6), [(2.2, 5.9)])
    assert side is None or not at(grid, side, 2.5, 3.3) or at(grid, side, 3.8, 3.3)


def test_what_is_seen_across_a_table_is_walked_around_from_its_edge() -> None:
    grid = hall()
    fill(grid, 2.0, 2.0, 4.0, 3.0)
    side = side_of(grid, box(3.0, 2.45, 3.1, 2.55, 0.8, 0.9), [(3.0, 1.0)])
    assert side is not None
    assert at(grid, side, 3.0, 1.8)
    assert not at(grid, side, 3.0, 3.4), "the far edge is more than two metres of walking away"


def test_the_back_of_a_short_wall_is_behind_what_hangs_on_it() -> None:
    grid = hall()
    fill(grid, 3.0, 2.0, 3.1, 3.0)
    side = side_of(grid, box(3.05, 2.4, 3.1, 2.6, 1.5, 1.9), [(4.5, 2.5), (4.0, 3.5)])
    assert side is not None
    assert at(grid, side, 3.8, 2.3)
    assert not at(grid, side, 2.5, 2.5)


def test_nothing_is_known_where_no_line_of_sight_crosses_free_floor() -> None:
    grid = hall()
    grid.state[:] = CellState.UNKNOWN
    assert side_of(grid, box(3.0, 2.0, 3.2, 2.2), [(1.0, 1.0)]) is None


@pytest.mark.parametrize("sunk", [0.0, 0.05, 0.1])
def test_what_is_mapped_into_its_wall_is_not_approached_through_it(sunk: float) -> None:
    grid = two_rooms()
    fill(grid, 3.1 - sunk, 1.0, 3.5, 1.6)
    points = box(3.1 - sunk, 1.0, 3.5, 1.6)
    stop, _, _ = approach(grid, points, (2.0, 1.2, 0.0), np.array([[5.0, 1.4]]))
    assert stop is not None
    assert stop.within
    assert stop.position[0] > 3.5
