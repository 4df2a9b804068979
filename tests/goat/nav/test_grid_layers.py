from __future__ import annotations

import numpy as np
import pytest

from goat.nav.grid import (
    CollisionMarks,
    CostConfig,
    LocalClearance,
    clear_footprint,
    cost_map,
    crop,
    crop_layer,
)
from goat.types import Body, CellState, OccupancyGrid


def test_crop_keeps_coordinates_and_holds_every_place_asked_for():
    state = np.zeros((400, 300), np.uint8)
    state[101:150, 51:90] = CellState.FREE
    grid = OccupancyGrid(state, (-3.0, -7.0), 0.05)
    robot = np.array([30.0, 2.0])  # outside the array
    known, corner = crop(grid, robot, 8)
    assert known.inside(known.cells(robot))
    assert all(n % 2 == 0 for n in (*known.shape, *corner))
    cell = np.array([120, 60])
    xy = grid.points(cell)
    assert known.state[tuple(known.cells(xy))] == CellState.FREE
    assert np.allclose(known.points(known.cells(xy)), xy)
    assert (known.state == CellState.FREE).sum() == (state == CellState.FREE).sum()


def test_crop_layer_lines_up_with_crop():
    state = np.zeros((60, 50), np.uint8)
    state[20:30, 10:20] = CellState.FREE
    grid = OccupancyGrid(state, (0.0, 0.0), 0.05)
    known, corner = crop(grid, np.array([-0.3, 0.4]), 4)
    layer = crop_layer(state.astype(float) * 5, corner, known.shape)
    assert (layer == 5.0 * known.state).all()


def test_clearance_is_measured_to_the_edge_of_obstacles():
    grid = OccupancyGrid(np.full((60, 60), CellState.FREE, np.uint8), (0.0, 0.0), 0.05)
    grid.state[:, 20] = CellState.OCCUPIED
    costs = cost_map(grid, (2.5, 1.5, 0.0), Body(), CostConfig())
    assert costs.clearance_at(np.array([1.55, 1.5])) == pytest.approx(0.525, abs=0.03)
    room = LocalClearance.around(grid, (1.5, 1.5))
    assert room.at(np.array([1.5, 1.5])) == pytest.approx(0.45, abs=0.02)


def test_cost_falls_with_clearance_and_is_higher_in_the_unknown():
    grid = OccupancyGrid(np.full((60, 60), CellState.FREE, np.uint8), (0.0, 0.0), 0.05)
    grid.state[:, 0] = CellState.OCCUPIED
    grid.state[:, 50:] = CellState.UNKNOWN
    cost = cost_map(grid, (1.5, 1.5, 0.0), Body(), CostConfig()).cost[30]
    assert np.isinf(cost[:4]).all()
    assert (np.diff(cost[4:20]) <= 0).all()
    assert cost[30] == 1.0
    assert cost[55] == 3.0


def test_bumps_block_the_way_and_expire():
    grid = OccupancyGrid(np.full((60, 60), CellState.FREE, np.uint8), (0.0, 0.0), 0.05)
    marks = CollisionMarks(0.17, lifetime=10)
    marks.add((1.5, 1.5, 0.0), step=0)
    marks.stamp(grid)
    occupied = grid.points(np.argwhere(grid.state == CellState.OCCUPIED))
    assert (np.abs(occupied[:, 0] - 1.71) < 0.05).all()
    assert np.ptp(occupied[:, 1]) < 0.25
    marks.add((1.5, 1.5, 0.0), step=1)
    marks.stamp(grid)
    assert np.ptp(grid.points(np.argwhere(grid.state == CellState.OCCUPIED))[:, 1]) > 0.2
    marks.expire(9)
    assert len(marks) == 2
    marks.expire(10)
    assert len(marks) == 1


def test_the_ground_under_the_robot_is_free():
    grid = OccupancyGrid(np.full((40, 40), CellState.OCCUPIED, np.uint8), (0.0, 0.0), 0.05)
    clear_footprint(grid, (1.0, 1.0, 0.0), 0.12)
    assert grid.state[20, 20] == CellState.FREE
    assert grid.state[20, 24] == CellState.OCCUPIED
    clear_footprint(grid, (-5.0, 9.0, 0.0), 0.12)  # outside: nothing happens
