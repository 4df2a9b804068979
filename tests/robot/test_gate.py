"""The gate against an oracle that knows nothing of how it works."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import RigidTransform

from goat.frames import planar
from goat.types import CellState, OccupancyGrid, VelocityCommand
from robot.estop import EmergencyStop
from robot.footprint import StoppingConfig
from robot.messages import STILL
from robot.safety import Gate, GateConfig, Surroundings

RADIUS = 0.2
CONFIG = GateConfig()
HERE = RigidTransform.identity()


class Rig:
    """A gate with everything around it in one's hands."""

    def __init__(self, folder: Path, grid: OccupancyGrid | None = None) -> None:
        self.pose = (0.0, 0.0, 0.0)
        self.fault: str | None = None
        self.estop = EmergencyStop(folder / "robot.estop")
        self.gate = Gate(RADIUS, self.estop, lambda now: self.fault, lambda: planar(*self.pose))
        self.gate.trusted = True
        self.now = 100.0
        self.gate.show(Surroundings(empty() if grid is None else grid, HERE))

    def drive(self, command: VelocityCommand, seconds: float = 1.0) -> VelocityCommand:
        for _ in range(round(seconds / 0.02)):
            self.now += 0.02
            self.gate.wish(command, self.now)
            sent = self.gate.decide(self.now).command
        return sent


def empty() -> OccupancyGrid:
    return OccupancyGrid(np.full((160, 160), CellState.FREE, np.uint8), (-4.0, -4.0), 0.05)


def cluttered(seed: int) -> OccupancyGrid:
    rng, grid = np.random.default_rng(seed), empty()
    for _ in range(rng.integers(1, 40)):
        row, col = rng.integers(0, 160, 2)
        grid.state[row : row + rng.integers(1, 12), col : col + rng.integers(1, 4)] = 2
    assert (grid.state == CellState.OCCUPIED).any()
    return grid


def hit(grid: OccupancyGrid, pose: tuple[float, float, float], sent: VelocityCommand) -> bool:
    """Drive on in steps of a millimetre: does the disc come upon what it did not touch before?"""
    cells = grid.points(np.argwhere(grid.state == CellState.OCCUPIED))
    stopping: StoppingConfig = CONFIG.stopping
    speed = abs(sent.linear)
    length = speed * stopping.reaction + speed**2 / (2.0 * stopping.deceleration)
    x, y, yaw = pose

    def touched() -> np.ndarray:
        dx, dy = (np.maximum(np.abs(cells[:, k] - (x, y)[k]) - 0.025, 0.0) for k in (0, 1))
        return np.hypot(dx, dy) < RADIUS

    before, step = touched(), 0.001 * math.copysign(1.0, sent.linear)
    for _ in range(int(length / 0.001)):
        yaw += 0.5 * step * sent.angular / sent.linear
        x, y = x + step * math.cos(yaw), y + step * math.sin(yaw)
        yaw += 0.5 * step * sent.angular / sent.linear
        if (touched() & ~before).any():
            return True
    return False


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_wish_is_followed_within_the_limits(rig: Rig) -> None:
    assert rig.drive(VelocityCommand(0.5, 0.3), 3.0).linear == pytest.approx(0.5, abs=1e-3)
    assert rig.drive(VelocityCommand(9.0, 9.0), 3.0).angular == pytest.approx(1.0, abs=1e-3)


def test_a_silent_planner_stops_the_robot(rig: Rig) -> None:
    assert rig.drive(VelocityCommand(0.5, 0.0)).linear > 0.3
    late = rig.now + CONFIG.ttl + 1e-6
    verdict = rig.gate.decide(late)
    assert (verdict.command, verdict.reason) == (STILL, "the planner is silent")
    rig.gate.wish(VelocityCommand(0.5, 0.0), late)
    assert 0.0 < rig.gate.decide(late + 0.02).command.linear < 0.02, "it starts from rest"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_a_wish_to_stand(rig: Rig, bad: float) -> None:
    assert rig.drive(VelocityCommand(bad, 0.5)) == STILL
    assert rig.drive(VelocityCommand(0.2, bad)) == STILL


def test_faults_stop_at_once(rig: Rig) -> None:
    rig.drive(VelocityCommand(0.5, 0.0))
    rig.fault = "depth is 0.6 s old"
    assert rig.drive(VelocityCommand(0.5, 0.0), 0.02) == STILL
    assert rig.gate.decide(rig.now).reason == "depth is 0.6 s old"


def test_the_emergency_stop_outlives_the_process(rig: Rig, tmp_path: Path) -> None:
    rig.drive(VelocityCommand(0.5, 0.0))
    rig.estop.set("somebody pressed it")
    assert rig.drive(VelocityCommand(0.5, 0.0)) == STILL
    again = Rig(tmp_path)
    assert again.drive(VelocityCommand(0.5, 0.0)) == STILL
    assert "somebody pressed it" in str(again.gate.decide(again.now).reason)
    again.estop.clear()
    assert again.drive(VelocityCommand(0.5, 0.0)).linear > 0.1
    assert Rig(tmp_path).estop.reason is None


def test_without_a_map_or_odometry_it_stands(tmp_path: Path) -> None:
    estop = EmergencyStop(tmp_path / "e")
    gate = Gate(RADIUS, estop, lambda now: None, lambda: None)
    gate.wish(VelocityCommand(0.5, 0.0), 1.0)
    assert gate.decide(1.0).reason == "there is no map yet"
    gate.show(Surroundings(empty(), HERE))
    gate.wish(VelocityCommand(0.5, 0.0), 1.02)
    assert gate.decide(1.02).command == STILL


def test_a_base_that_was_not_tried_only_creeps(rig: Rig) -> None:
    rig.gate.trusted = False
    assert rig.drive(VelocityCommand(0.5, 0.0), 3.0).linear == pytest.approx(0.1, abs=1e-3)


def test_it_slows_down_before_a_wall_and_stands_in_front_of_it(tmp_path: Path) -> None:
    grid = empty()
    grid.state[:, 120] = CellState.OCCUPIED  # from x = 2.0 on
    rig, speeds = Rig(tmp_path, grid), []
    for _ in range(500):
        sent = rig.drive(VelocityCommand(0.5, 0.0), 0.02)
        x = rig.pose[0] + 0.02 * sent.linear
        rig.pose = (x, 0.0, 0.0)
        speeds.append(sent.linear)
    assert max(speeds) > 0.45
    assert np.diff(speeds).min() > -0.02, "gently"
    assert 0.02 < 2.0 - RADIUS - rig.pose[0] < 0.08
    assert rig.drive(VelocityCommand(-0.3, 0.0)).linear < -0.1, "and may back off"
    assert rig.drive(VelocityCommand(0.0, 0.8)).angular > 0.5, "and turn"


def test_what_it_stands_in_does_not_hold_it(tmp_path: Path) -> None:
    grid = empty()
    grid.state[78:82, 83] = CellState.OCCUPIED  # 0.15 m ahead: within the disc
    rig = Rig(tmp_path, grid)
    assert rig.drive(VelocityCommand(0.5, 0.0)).linear == pytest.approx(0.0, abs=1e-3)
    assert rig.drive(VelocityCommand(-0.5, 0.0)).linear < -0.1


@settings(max_examples=60)
@given(data=st.data())
def test_no_command_sweeps_over_anything(tmp_path_factory, data) -> None:
    grid = cluttered(data.draw(st.integers(0, 10_000)))
    rig = Rig(tmp_path_factory.mktemp("gate"), grid)
    place = st.floats(-3.5, 3.5)
    wish = st.builds(VelocityCommand, st.floats(-0.6, 0.6), st.floats(-1.2, 1.2))
    for _ in range(6):
        rig.pose = (data.draw(place), data.draw(place), data.draw(st.floats(-4.0, 4.0)))
        sent = rig.drive(data.draw(wish), data.draw(st.sampled_from([0.1, 0.5, 1.5])))
        assert abs(sent.linear) <= 0.5
        assert abs(sent.angular) <= 1.0
        if abs(sent.linear) > 1e-3:
            assert not hit(grid, rig.pose, sent)
