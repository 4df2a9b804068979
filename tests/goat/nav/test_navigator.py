from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
from nav_world import FlatWorld, draw, home

from goat.nav.navigator import Navigator, Progress
from goat.types import Body, CellState, DiscreteAction, OccupancyGrid, VelocityCommand


def roomy_start(truth: OccupancyGrid, seed: int) -> tuple[float, float, float]:
    away = cv2.distanceTransform((truth.state == CellState.FREE).astype(np.uint8), cv2.DIST_L2, 5)
    _, labels = cv2.connectedComponents((away > 4).astype(np.uint8))
    main = np.bincount(labels[labels > 0]).argmax()
    cells = np.argwhere((labels == main) & (away > 6))
    rng = np.random.default_rng(seed)
    x, y = truth.points(cells[rng.integers(len(cells))])
    return float(x), float(y), float(rng.integers(12)) * math.radians(30)


def run(world: FlatWorld, navigator: Navigator, wish, limit: int):
    """Let the navigator act until it reports an outcome."""
    while world.steps < limit:
        navigator.update(world.grid, world.pose, world.collided)
        step = wish(navigator)
        if step.outcome is not Progress.MOVING:
            assert step.action in (DiscreteAction.STOP, VelocityCommand(0.0, 0.0))
            return step
        world.act(step.action)
    pytest.fail(f"no outcome after {limit} steps: {step}")


@pytest.mark.parametrize("seed", [0, 5])
def test_explores_every_room_and_says_when_it_is_done(seed):
    truth = home((2, 2), seed)
    world = FlatWorld(truth, roomy_start(truth, seed))
    step = run(world, Navigator(world.body), Navigator.explore, limit=500)
    assert step.outcome is Progress.NO_FRONTIER
    assert world.floor_seen() > 0.95


def test_sees_most_of_six_rooms_in_few_steps():
    truth = home((2, 3), 3)
    world = FlatWorld(truth, roomy_start(truth, 3))
    navigator = Navigator(world.body)
    while world.floor_seen() < 0.9:
        navigator.update(world.grid, world.pose, world.collided)
        step = navigator.explore()
        assert step.outcome is Progress.MOVING
        world.act(step.action)
        # A tour through 6 rooms of 3.6 m is about 25 m = 100 steps forward, and as many turns.
        assert world.steps < 260


def objects_in(truth: OccupancyGrid) -> list[np.ndarray]:
    """Return the points (N, 3) of each free-standing thing."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        (truth.state == CellState.OCCUPIED).astype(np.uint8)
    )
    walls = labels[0, 0]
    found = []
    for k in range(1, len(stats)):
        if k != walls and stats[k, cv2.CC_STAT_AREA] < 2000:
            xy = truth.points(np.argwhere(labels == k))
            found.append(np.hstack([xy, np.full((len(xy), 1), 0.1)]).astype(np.float32))
    return found


def gap_to(points: np.ndarray, world: FlatWorld) -> float:
    return float(np.linalg.norm(points[:, :2] - world.pose[:2], axis=1).min())


def test_reaches_objects_in_all_rooms_of_a_known_home_with_few_steps():
    truth = home((2, 3), 7)
    world = FlatWorld(truth, roomy_start(truth, 7))
    world.map = truth.state.copy()
    navigator = Navigator(world.body)
    things = objects_in(truth)
    assert len(things) >= 5
    for points in things:
        navigator.reset_goal()
        navigator.update(world.grid, world.pose, world.collided)
        lower = float(navigator.travel_times(points[:, :2]).min())
        first = navigator.go_to(points)
        shortest = first.path.length if first.path else 0.5
        assert lower <= 1.3 * shortest + 0.5
        before = world.steps
        step = run(world, navigator, lambda n, p=points: n.go_to(p), limit=before + 200)
        assert step.outcome is Progress.ARRIVED
        assert gap_to(points, world) <= 1.0
        middle = 0.5 * (points[:, :2].min(axis=0) + points[:, :2].max(axis=0))
        off = math.atan2(*(middle - world.pose[:2])[::-1]) - world.pose[2]
        assert abs(math.remainder(off, 2 * math.pi)) <= 0.5 * world.body.turn_step + 0.01
        assert world.steps - before <= 1.3 * shortest / 0.25 + 24


def test_reaches_an_object_in_a_home_it_has_never_seen():
    truth = home((2, 2), 11)
    world = FlatWorld(truth, roomy_start(truth, 11))
    points = max(objects_in(truth), key=lambda p: gap_to(p, world))
    step = run(world, Navigator(world.body), lambda n: n.go_to(points), limit=300)
    assert step.outcome is Progress.ARRIVED
    assert gap_to(points, world) <= 1.0


def test_velocity_robot_explores_and_arrives():
    truth = home((1, 2), 2)
    body = Body(discrete=False)
    world = FlatWorld(truth, roomy_start(truth, 2), body=body)
    navigator = Navigator(body)
    run(world, navigator, Navigator.explore, limit=1500)
    assert world.floor_seen() > 0.9
    navigator.reset_goal()
    points = objects_in(truth)[0]
    step = run(world, navigator, lambda n: n.go_to(points), limit=2500)
    assert step.outcome is Progress.ARRIVED
    assert gap_to(points, world) <= 1.0


def test_an_object_out_of_reach_is_no_path_and_never_arrived():
    truth = draw(
        """
        ################
        #......#.......#
        #......#.......#
        #......#.......#
        ################
        """
    )
    world = FlatWorld(truth, (0.8, 0.6, 0.0))
    world.map = truth.state.copy()
    points = np.array([[3.2, 0.6, 0.1], [3.25, 0.65, 0.1]])
    step = run(world, Navigator(world.body), lambda n: n.go_to(points), limit=100)
    assert step.outcome is Progress.NO_PATH
    assert "m from the object" in step.note


def test_things_the_sensor_misses_are_driven_around():
    truth = draw("\n".join(["#" * 24] + ["#" + "." * 22 + "#"] * 10 + ["#" * 24]))
    ghosts = np.zeros(truth.shape, bool)
    ghosts[24:36, 58:62] = True  # a glass table in the straight way
    world = FlatWorld(truth, (0.8, 1.5, 0.0), ghosts=ghosts)
    world.map = truth.state.copy()
    points = np.array([[5.2, 1.5, 0.1], [5.25, 1.5, 0.1]])
    step = run(world, Navigator(world.body), lambda n: n.go_to(points), limit=150)
    assert step.outcome is Progress.ARRIVED
    assert gap_to(points, world) <= 1.0


def test_a_walled_in_robot_gives_up_and_says_so():
    truth = draw("\n".join(["#" * 12] + ["#" + "." * 10 + "#"] * 6 + ["#" * 12]))
    ghosts = np.zeros(truth.shape, bool)
    ghosts[10:26, 5:21] = True
    ghosts[13:22, 8:17] = False  # 0.45 m of room that nobody can see the end of
    world = FlatWorld(truth, (0.62, 0.87, 0.0), ghosts=ghosts)
    points = np.array([[2.5, 0.8, 0.1], [2.5, 0.85, 0.1]])
    step = run(world, Navigator(world.body), lambda n: n.go_to(points), limit=250)
    assert step.outcome in (Progress.STUCK, Progress.NO_PATH)


def test_the_origin_may_move_between_steps():
    truth = home((1, 2), 4)
    world = FlatWorld(truth, roomy_start(truth, 4))
    navigator = Navigator(world.body)
    for k in range(80):
        pad = k % 7
        state = np.pad(world.map, pad)
        grid = OccupancyGrid(state, (-0.05 * pad, -0.05 * pad), 0.05)
        navigator.update(grid, world.pose, world.collided)
        step = navigator.explore(np.zeros(state.shape))
        if step.outcome is not Progress.MOVING:
            break
        world.act(step.action)
    assert world.floor_seen() > 0.8


def test_travel_times_rank_places_and_mark_the_unreachable():
    truth = home((1, 2), 6)
    world = FlatWorld(truth, roomy_start(truth, 6))
    world.map = truth.state.copy()
    navigator = Navigator(world.body)
    navigator.update(world.grid, world.pose, False)
    x, y, _ = world.pose
    times = navigator.travel_times(np.array([[x, y], [x + 50.0, y]]))
    assert times[0] < 0.5
    assert np.isinf(times[1])


def test_same_input_same_actions():
    def actions():
        truth = home((1, 2), 8)
        world = FlatWorld(truth, roomy_start(truth, 8))
        navigator = Navigator(world.body)
        for _ in range(40):
            navigator.update(world.grid, world.pose, world.collided)
            step = navigator.explore()
            world.act(step.action)
            yield step.action

    assert list(actions()) == list(actions())


def test_scan_turns_left_and_using_it_early_is_an_error():
    navigator = Navigator(Body())
    with pytest.raises(RuntimeError, match="update"):
        navigator.explore()
    navigator.update(draw("....\n...."), (0.5, 0.2, 0.0), False)
    assert navigator.scan().action is DiscreteAction.TURN_LEFT
    navigator = Navigator(replace(Body(), discrete=False))
    assert navigator.scan().action.angular > 0


def test_importing_navigation_stays_light():
    code = (
        "import sys, goat.nav.navigator;"
        "print([m for m in ('torch','mujoco','goat.memory','sim') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
