from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from nav_world import FlatWorld, draw

from goat.nav.fmm import travel_time
from goat.nav.follow import DiscreteFollower, VelocityFollower
from goat.nav.grid import CostConfig, LocalClearance, cost_map, crop
from goat.nav.recovery import Recovery, Rung, back_off
from goat.types import Body, CellState, DiscreteAction, OccupancyGrid, Path

DOOR = """
####################
#.........#........#
#.........#........#
#.........#........#
#..................#
#..................#
#..................#
#.........#........#
#.........#........#
####################
"""


def follow(world, follower, goal, limit=150):
    """Drive to `goal` in a fully known world; return the actions."""
    world.map = world.truth.state.copy()
    path = None
    actions = []
    while len(actions) < limit:
        known, _ = crop(world.grid, np.array(world.pose[:2]), 8)
        if path is None:
            costs = cost_map(known, world.pose, world.body, CostConfig())
            path = travel_time(costs, world.pose).path_to(known.cells(np.array(goal)))
            assert path is not None
        room = LocalClearance.around(known, world.pose[:2])
        action = follower.act(path, world.pose, room)
        if action is None:
            return actions, path
        world.act(action)
        assert not world.collided
        actions.append(action)
    pytest.fail(f"did not arrive: {world.pose}")


@pytest.mark.parametrize("yaw", np.linspace(0.0, 2 * math.pi, 7, endpoint=False) + 0.13)
def test_discrete_passes_a_door_from_any_heading_without_dithering(yaw):
    world = FlatWorld(draw(DOOR), (0.6, 1.9, float(yaw)))
    actions, path = follow(world, DiscreteFollower(world.body), (4.3, 0.6))
    assert math.dist(world.pose[:2], path.points[-1]) <= 0.15
    opposite = {DiscreteAction.TURN_LEFT, DiscreteAction.TURN_RIGHT}
    assert not any({a, b} == opposite for a, b in itertools.pairwise(actions))
    assert len(actions) < path.length / 0.25 * 1.25 + 14


@pytest.mark.parametrize("seed", range(4))
def test_discrete_gets_through_half_a_metre(seed):
    rng = np.random.default_rng(seed)
    state = np.full((60, 80), CellState.FREE, np.uint8)
    state[:, 40:43] = CellState.OCCUPIED
    state[25:35, 40:43] = CellState.FREE
    start = (0.6, float(rng.uniform(0.5, 2.4)), float(rng.uniform(-3, 3)))
    world = FlatWorld(OccupancyGrid(state, (0.0, 0.0), 0.05), start)
    follow(world, DiscreteFollower(world.body), (3.4, float(rng.uniform(0.5, 2.4))))


def test_velocity_arrives_within_its_limits():
    world = FlatWorld(draw(DOOR), (0.6, 1.9, 2.5), body=Body(discrete=False))
    actions, path = follow(world, VelocityFollower(world.body), (4.3, 0.6), limit=400)
    assert math.dist(world.pose[:2], path.points[-1]) <= 0.15
    assert max(a.linear for a in actions) <= 0.5
    assert max(abs(a.angular) for a in actions) <= 1.0
    assert actions[0].linear == 0.0  # turns on the spot first
    assert actions[-1].linear < 0.45  # slows down at the end


@pytest.mark.parametrize("seed", range(6))
def test_velocity_gets_through_half_a_metre_without_a_bump(seed):
    rng = np.random.default_rng(seed)
    state = np.full((60, 80), CellState.FREE, np.uint8)
    state[:, 40:43] = CellState.OCCUPIED
    state[25:35, 40:43] = CellState.FREE
    start = (0.6, float(rng.uniform(0.5, 2.4)), float(rng.uniform(-3, 3)))
    world = FlatWorld(OccupancyGrid(state, (0.0, 0.0), 0.05), start, body=Body(discrete=False))
    actions, path = follow(
        world, VelocityFollower(world.body), (3.4, float(rng.uniform(0.5, 2.4))), limit=200
    )
    assert 0.2 * sum(a.linear for a in actions) < 1.25 * path.length


@pytest.mark.parametrize("follower", [DiscreteFollower(Body()), VelocityFollower(Body())])
def test_facing_ends_within_half_a_turn(follower):
    assert follower.face(0.2, (0.0, 0.0, 0.0)) is None
    action = follower.face(-3.0, (0.0, 0.0, 3.0))  # the short way is to the left
    assert action is DiscreteAction.TURN_LEFT or action.angular > 0


def test_no_way_forward_is_none():
    state = np.full((40, 40), CellState.OCCUPIED, np.uint8)
    state[16:24, 16:24] = CellState.FREE
    grid = OccupancyGrid(state, (0.0, 0.0), 0.05)
    path = Path(np.array([[1.0, 1.0], [1.8, 1.0]]))
    room = LocalClearance.around(grid, (1.0, 1.0))
    for follower in (DiscreteFollower(Body()), VelocityFollower(Body())):
        action = follower.act(path, (1.0, 1.0, 0.0), room)
        assert action is None or action.linear == 0.0


def test_ladder_is_climbed_in_order_and_left_behind():
    recovery = Recovery()
    for _ in range(3):
        recovery.observe((1.0, 1.0, 0.0), True, (3.0, 1.0), 2.0)
    assert recovery.stuck()
    rungs = [recovery.climb((1.0, 1.0, 0.0)) for _ in range(7)]
    assert rungs == [*list(Rung)[1:], Rung.GIVE_UP]
    assert recovery.slack > 0
    assert not recovery.stuck()
    recovery.observe((3.0, 1.0, 0.0), False, (3.0, 1.0), 0.1)
    assert recovery.rung is Rung.NONE


def test_progress_is_never_stuck_and_going_to_and_fro_is():
    recovery = Recovery()
    for k in range(60):
        recovery.observe((0.1 * k, 0.0, 0.0), False, (10.0, 0.0), 10.0 - 0.1 * k)
        assert not recovery.stuck()
    recovery.reset()
    stuck_at = None
    for k in range(120):
        x = abs(k % 16 - 8) * 0.25
        recovery.observe((x, 0.0, 0.0), False, (10.0, 0.0), 8.0 - x)
        if recovery.stuck():
            stuck_at = k
            break
    assert stuck_at is not None
    assert stuck_at < 100


def test_turning_left_and_right_is_stuck():
    recovery = Recovery()
    for k in range(12):
        recovery.observe((0.0, 0.0, 0.5 * (k % 2)), False, (1.0, 0.0), 1.0)
    assert recovery.stuck()


def test_backs_off_to_where_there_is_room():
    state = np.full((60, 60), CellState.FREE, np.uint8)
    state[:, 34:] = CellState.OCCUPIED
    grid = OccupancyGrid(state, (0.0, 0.0), 0.05)
    room = LocalClearance.around(grid, (1.5, 1.5))
    manoeuvre = back_off((1.5, 1.5, 0.0), Body(), room)
    assert abs(manoeuvre.turn) > math.radians(100)
