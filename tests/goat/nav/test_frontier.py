from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from nav_world import draw

from goat.nav.fmm import travel_time
from goat.nav.frontier import FrontierConfig, FrontierExplorer, cast_rays
from goat.nav.grid import CostConfig, cost_map, crop, crop_layer
from goat.types import Body, CellState, OccupancyGrid

TWO_WAYS = """
##############
#............?
#............?
#............?
#............#
#............#
#............#
#####....#####
#####????#####
#####????#####
"""


def scene(grid, pose):
    known, corner = crop(grid, np.array(pose[:2]), 8)
    costs = cost_map(known, pose, Body(), CostConfig())
    return costs, travel_time(costs, pose), corner


def test_goes_to_the_near_side_and_faces_the_unknown():
    pose = (2.9, 2.0, 0.0)
    _costs, travel, _ = scene(draw(TWO_WAYS), pose)
    explorer = FrontierExplorer()
    view = explorer.explore(travel, pose)
    assert view is not None
    assert view.look[0] > 3.1
    assert abs(view.yaw) < math.radians(50.0)
    assert np.isfinite(travel.at(np.array(view.position)))


def test_semantic_value_outweighs_distance():
    pose = (2.9, 2.0, 0.0)
    grid = draw(TWO_WAYS)
    costs, travel, corner = scene(grid, pose)
    value = np.zeros(grid.shape)
    value[:30, 20:50] = 1.0
    explorer = FrontierExplorer(replace(FrontierConfig(), value_weight=40.0, wall_gap=0.5))
    layer = crop_layer(value, corner, costs.grid.shape)
    view = explorer.explore(travel, pose, layer)
    assert view is not None
    assert view.look[1] < 0.75


def test_keeps_its_choice_unless_another_is_much_better():
    grid = draw(TWO_WAYS)
    explorer = FrontierExplorer()
    poses = [(1.9 + 0.05 * k, 1.4, 0.0) for k in range(8)]
    looks = []
    for pose in poses:
        _costs, travel, _ = scene(grid, pose)
        view = explorer.explore(travel, pose)
        assert view is not None
        looks.append(view.look)
    assert max(math.dist(look, looks[0]) for look in looks) < 1.5


def test_what_was_looked_at_in_vain_is_set_aside_and_comes_back():
    pose = (1.6, 2.0, 0.0)
    costs, travel, _ = scene(draw(TWO_WAYS), pose)
    explorer = FrontierExplorer(replace(FrontierConfig(), blacklist_steps=5))
    for _ in range(60):
        if explorer.explore(travel, pose) is None:
            break
        explorer.ban(explorer.survey(costs))
    else:
        pytest.fail("bans never run out of views")
    for _ in range(6):
        explorer.tick()
    assert explorer.explore(travel, pose) is not None


def test_specks_pockets_and_the_outside_do_not_attract():
    state = np.full((80, 80), CellState.FREE, np.uint8)
    state[[0, -1]] = CellState.OCCUPIED
    state[:, [0, -1]] = CellState.OCCUPIED
    state[30:34, 30:34] = CellState.UNKNOWN  # narrower than a robot
    state[50, 10:70] = CellState.UNKNOWN  # a thin line
    state[0, 20:23] = CellState.UNKNOWN  # three cells of wall nobody has seen
    grid = OccupancyGrid(state, (0.0, 0.0), 0.05)
    pose = (2.0, 1.0, 0.0)
    _costs, travel, _ = scene(grid, pose)
    explorer = FrontierExplorer()
    assert explorer.explore(travel, pose) is None


def test_unreachable_frontiers_do_not_count():
    text = """
    #######?????
    #.....#...??
    #.....#...??
    #.....#...??
    #######?????
    """
    pose = (0.8, 0.6, 0.0)
    _costs, travel, _ = scene(draw(text), pose)
    explorer = FrontierExplorer()
    assert explorer.explore(travel, pose) is None


def test_rays_stop_at_walls():
    text = """
    ????????????
    ????????????
    ############
    #..........#
    #..........#
    ############
    """
    pose = (1.5, 0.5, 0.0)
    costs, _, _ = scene(draw(text), pose)
    explorer = FrontierExplorer()
    stand = costs.grid.cells(np.array([pose[:2]]))
    assert cast_rays(explorer.survey(costs), stand, explorer.config).sum() == 0.0
