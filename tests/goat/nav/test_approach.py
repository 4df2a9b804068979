from __future__ import annotations

import math

import numpy as np
import pytest

from goat.nav.approach import ApproachConfig, footprint, sees, stop_pose
from goat.nav.fmm import travel_time
from goat.nav.grid import CostConfig, cost_map, crop
from goat.types import Body, CellState, OccupancyGrid

BODY, CONFIG = Body(), ApproachConfig()


def hall(width=6.0, depth=6.0) -> OccupancyGrid:
    state = np.full((round(depth / 0.05), round(width / 0.05)), CellState.FREE, np.uint8)
    state[[0, 1, -1, -2]] = CellState.OCCUPIED
    state[:, [0, 1, -1, -2]] = CellState.OCCUPIED
    height = np.where(state == CellState.OCCUPIED, 140, 0).astype(np.uint8)
    return OccupancyGrid(state, (0.0, 0.0), 0.05, height)


def box(x0, y0, x1, y1, z0=0.0, z1=0.5) -> np.ndarray:
    xs, ys = np.arange(x0 + 0.025, x1, 0.05), np.arange(y0 + 0.025, y1, 0.05)
    zs = np.array([z0, z1])
    return np.stack(np.meshgrid(xs, ys, zs), axis=-1).reshape(-1, 3).astype(np.float32)


def fill(grid, x0, y0, x1, y1, state=CellState.OCCUPIED, height=1.4):
    r0, r1, c0, c1 = (round(v / 0.05) for v in (y0, y1, x0, x1))
    grid.state[r0:r1, c0:c1] = state
    grid.height[r0:r1, c0:c1] = round(100 * height) if state == CellState.OCCUPIED else 0


def approach(grid, points, pose, seen_from=None):
    known, _ = crop(grid, np.vstack([pose[:2], points[:, :2]]), 8)
    travel = travel_time(cost_map(known, pose, BODY, CostConfig()), pose)
    thing = footprint(points, known, CONFIG, seen_from)
    return stop_pose(thing, travel, BODY, CONFIG), thing, known


@pytest.mark.parametrize(
    ("x0", "y0", "x1", "y1"),
    [(3.0, 3.0, 3.5, 3.5), (1.5, 2.5, 4.5, 4.5), (5.5, 3.0, 5.9, 3.8)],
    ids=["chair", "bed", "shelf against a wall"],
)
def test_stops_close_facing_the_middle(x0, y0, x1, y1):
    grid = hall()
    fill(grid, x0, y0, x1, y1)
    points = box(x0, y0, x1, y1)
    stop, thing, known = approach(grid, points, (1.0, 1.0, 0.0))
    assert stop is not None
    assert stop.within
    gap = np.linalg.norm(points[:, :2] - stop.position, axis=1).min()
    assert BODY.radius < gap < 0.95
    assert sees(thing, known, np.array([stop.position])).all()
    middle = math.atan2(0.5 * (y0 + y1) - stop.position[1], 0.5 * (x0 + x1) - stop.position[0])
    assert abs(math.remainder(stop.yaw - middle, 2 * math.pi)) < 0.15


def test_a_cup_in_the_middle_of_a_table_is_approached_over_the_table():
    grid = hall()
    fill(grid, 2.6, 2.6, 3.6, 3.6, height=0.75)
    stop, _, _ = approach(grid, box(3.05, 3.05, 3.15, 3.15, 0.75, 0.85), (1.0, 1.0, 0.0))
    assert stop is not None
    assert stop.within
    assert stop.distance <= 0.9


def test_what_stands_near_the_far_side_of_a_table_is_approached_from_there():
    """It was seen from the near side, which is too far away to stop at."""
    grid = hall()
    fill(grid, 2.0, 2.2, 4.0, 3.6, height=0.75)
    vase = box(2.9, 3.3, 3.1, 3.4, 0.75, 1.0)
    stop, _, _ = approach(grid, vase, (3.0, 1.0, 0.0), np.array([[3.0, 1.0]]))
    assert stop is not None
    assert stop.within
    assert stop.position[1] > 3.6


def test_what_is_low_is_looked_over_and_what_is_tall_is_not():
    for height, clear in ((0.5, True), (1.4, False)):
        grid = hall()
        fill(grid, 2.6, 2.0, 2.8, 4.0, height=height)
        _, thing, known = approach(grid, box(3.0, 2.9, 3.2, 3.1, 0.0, 1.2), (1.0, 1.0, 0.0))
        assert bool(sees(thing, known, np.array([[2.3, 3.0]]))[0]) is clear


def test_a_picture_high_on_the_wall():
    grid = hall()
    stop, _, _ = approach(grid, box(2.5, 5.85, 3.3, 5.9, 1.8, 2.2), (1.0, 1.0, 0.0))
    assert stop is not None
    assert stop.within
    assert stop.yaw == pytest.approx(math.pi / 2, abs=0.6)


def test_the_other_side_of_a_wall_is_not_close():
    grid = hall()
    fill(grid, 3.0, 0.0, 3.1, 5.0)  # a wall with a passage at its far end
    fill(grid, 3.1, 1.0, 3.5, 1.4)
    stop, _, _ = approach(grid, box(3.1, 1.0, 3.5, 1.4), (2.0, 1.2, 0.0))
    assert stop is not None
    assert stop.within
    assert stop.position[0] > 3.1


def test_a_cup_by_a_wall_is_not_reached_from_the_next_room():
    grid = hall()
    fill(grid, 3.0, 0.0, 3.1, 5.0)
    fill(grid, 3.1, 1.0, 3.9, 1.8, height=0.75)  # a table against the wall
    cup = box(3.2, 1.35, 3.3, 1.45, 0.75, 0.85)
    seen_from = np.array([[5.0, 1.4]])
    stop, _, _ = approach(grid, cup, (2.0, 1.2, 0.0), seen_from)
    assert stop is not None
    assert stop.within
    assert stop.position[0] > 3.1


def test_out_of_reach_is_said_so():
    grid = hall()
    fill(grid, 2.0, 2.0, 5.0, 5.0)
    stop, _, _ = approach(grid, box(3.4, 3.4, 3.6, 3.6), (1.0, 1.0, 0.0))
    assert stop is not None
    assert not stop.within
    assert 1.2 < stop.distance < 1.8


def test_unknown_surroundings_are_driven_through():
    grid = hall()
    fill(grid, 2.0, 2.0, 5.0, 5.0, CellState.UNKNOWN)
    stop, _, _ = approach(grid, box(3.4, 3.4, 3.6, 3.6), (1.0, 1.0, 0.0))
    assert stop is not None
    assert stop.within


def test_stray_points_do_not_move_the_object():
    grid = hall()
    points = np.vstack([box(3.0, 3.0, 3.5, 3.5), [[0.5, 5.5, 0.2]]])
    thing = footprint(points, grid, CONFIG)
    assert thing.center == pytest.approx((3.25, 3.25), abs=0.05)


@pytest.mark.parametrize("points", [np.empty((0, 3)), np.full((3, 3), np.nan)])
def test_no_points_is_an_error(points):
    with pytest.raises(ValueError, match="finite points"):
        footprint(points, hall(), CONFIG)
