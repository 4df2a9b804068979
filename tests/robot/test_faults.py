"""What must stop the robot stops it, and it goes on when it may."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import RigidTransform
from sim_worlds import two_room_world

from goat.bench.session import run_tasks
from goat.types import (
    AgentFrame,
    CategoryGoal,
    CellState,
    Goal,
    Observation,
    OccupancyGrid,
    Status,
    Task,
    VelocityCommand,
)
from robot.bridge import Bridge
from robot.estop import EmergencyStop
from robot.ros import RosRobot

TURN = VelocityCommand(0.0, 0.5)


def until(true: Callable[[], object], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not (found := bool(true())) and time.monotonic() < end:
        time.sleep(0.005)
    return found


def ready(ours: RosRobot) -> None:
    """Give it room, and let it see."""
    free = OccupancyGrid(np.full((400, 400), CellState.FREE, np.uint8), (-10.0, -10.0), 0.05)
    ours.show_map(free, RigidTransform.identity())
    ours.gate.trusted = True


def turns(ours: RosRobot, robot, seconds: float = 10.0) -> bool:
    """Observe and wish, as a planner does, until the base turns."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ours.observe()
        ours.act(TURN)
        if robot.moving[1] > 0.2:
            return True
    return False


class Breaking:
    """A planner that turns, and breaks when told to."""

    status, reason = None, ""

    def __init__(self) -> None:
        self.broken = threading.Event()

    def set_goal(self, goal: Goal) -> None:
        """It has but one way."""

    def step(self, observation: Observation) -> VelocityCommand:
        if self.broken.is_set():
            raise RuntimeError("the planner broke")
        return TURN

    def frame(self) -> AgentFrame:
        raise RuntimeError("there is nothing to see")


def test_a_planner_that_falls_silent_stops_the_robot(live) -> None:
    _, robot, ours = live(two_room_world())
    ready(ours)
    assert turns(ours, robot)
    assert until(lambda: robot.moving == (0.0, 0.0))
    assert ours.verdict.reason == "the planner is silent"
    assert turns(ours, robot), "it goes on with the next wish"


def test_a_planner_that_throws_stops_the_robot(live) -> None:
    _, robot, ours = live(two_room_world())
    ready(ours)
    planner, results = Breaking(), []
    tasks = [Task(CategoryGoal("table"), ())]
    session = threading.Thread(
        target=lambda: results.append(run_tasks(planner, ours, None, tasks)), daemon=True
    )
    session.start()
    assert until(lambda: robot.moving[1] > 0.2)
    planner.broken.set()
    assert until(lambda: robot.moving == (0.0, 0.0))
    session.join(10.0)
    (goal,) = results[0].goals
    assert (goal.status, goal.reason) == (Status.ERROR, "RuntimeError: the planner broke")


def test_the_emergency_stop_holds_until_it_is_cleared(live, tmp_path) -> None:
    _, robot, ours = live(two_room_world())
    ready(ours)
    assert turns(ours, robot)
    ours.emergency_stop("test")
    assert until(lambda: robot.moving == (0.0, 0.0))
    assert not turns(ours, robot, 1.0)
    assert EmergencyStop(tmp_path / "robot.estop").reason == "test", "the next process sees it"
    ours.estop.clear()
    assert turns(ours, robot)


def test_a_bridge_that_dies_and_returns(live) -> None:
    bridge, robot, ours = live(two_room_world())
    ready(ours)
    assert turns(ours, robot)
    port = int(bridge.url.rpartition(":")[2])
    bridge.stop()
    assert until(lambda: "link" in str(ours.verdict.reason))
    assert until(lambda: robot.moving == (0.0, 0.0)), "by its own watchdog"
    for _ in range(50):
        ours.act(TURN)
    with Bridge(port):
        assert until(lambda: ours.control.connected and ours.images.connected)
        time.sleep(0.3)
        assert robot.moving == (0.0, 0.0), "nothing old arrives"
        assert turns(ours, robot)
        ours.close()


def test_a_clock_that_is_set_back_is_followed(live) -> None:
    _, robot, ours = live(two_room_world())
    ready(ours)
    assert turns(ours, robot)
    before = ours.observe().stamp
    robot.node._epoch -= 3600.0
    assert until(lambda: ours.sensors.counts["clock set back"] == 1)
    assert turns(ours, robot)
    assert ours.observe().stamp < before


def test_a_map_that_shows_a_wall_holds_the_robot(live) -> None:
    _, robot, ours = live(two_room_world())
    walled = np.full((400, 400), CellState.FREE, np.uint8)
    walled[190:290, 226] = CellState.OCCUPIED  # 0.3 m before the middle of the base
    ours.show_map(OccupancyGrid(walled, (-10.0, -10.0), 0.05), RigidTransform.identity())
    ours.gate.trusted = True
    x = robot.pose[0]
    for _ in range(40):
        ours.observe()
        ours.act(VelocityCommand(0.4, 0.0))
    assert 0.02 < robot.pose[0] - x < 0.12, "it stands before it"
    assert ours.verdict.command.linear < 0.02
