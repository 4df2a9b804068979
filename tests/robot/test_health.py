from __future__ import annotations

import numpy as np
import pytest

from goat.frames import planar
from robot.clock import Clock
from robot.health import Health
from robot.messages import Header, Odometry

DEPTH = np.random.default_rng(0).uniform(0.5, 5.0, (48, 64)).astype(np.float32)
OFFSET = 1_700_000_000.0


class Robot:
    """Sends depth at 10 Hz and odometry at 50 Hz; what is wrong with it can be chosen."""

    def __init__(self, offset: float = OFFSET) -> None:
        self.health, self.offset, self.now, self.x = Health(), offset, 50.0, 0.0
        self.noise = np.random.default_rng(1)

    def live(self, seconds: float, depth="new", odometry: bool = True, speed: float = 0.3,
             late: float = 0.01) -> str | None:  # fmt: skip
        for k in range(round(seconds * 50)):
            self.now += 0.02
            self.x += 0.02 * speed
            stamp = self.now + self.offset
            if odometry:
                moved = Odometry(Header(stamp, "odom"), planar(self.x, 0.0, 0.0), speed, 0.0)
                self.health.odometry_came(moved, self.now + 0.005)
            if k % 5 == 0 and depth is not None:
                image = DEPTH + self.noise.normal(0, 0.01, DEPTH.shape).astype(np.float32)
                image = {"new": image, "frozen": DEPTH, "blind": np.full_like(DEPTH, np.nan)}[depth]
                self.health.depth_came(image, stamp - late, self.now + 0.005)
        return self.health.fault(self.now + 0.006)


def test_nothing_sensed_means_no_motion() -> None:
    assert Health().fault(0.0) == "no odometry yet"


@pytest.mark.parametrize("offset", [0.0, OFFSET, -3600.0, 3600.0])
def test_a_robot_whose_clock_differs_is_fine(offset: float) -> None:
    assert Robot(offset).live(2.0) is None


def test_streams_that_stop_are_noticed_and_come_back() -> None:
    robot = Robot()
    assert robot.live(1.0) is None
    assert robot.live(0.3, depth=None) is None
    assert "depth is 0." in str(robot.live(0.4, depth=None))
    assert "good for a while" in str(robot.live(0.1))
    assert robot.live(0.5) is None
    assert "odometry is 0." in str(robot.live(0.4, odometry=False))
    assert robot.live(0.5) is None


def test_old_stamps_are_old_whenever_they_come() -> None:
    robot = Robot()
    assert robot.live(1.0) is None
    assert str(robot.live(0.3, late=0.9)) in ("depth is 0.9 s old", "depth is 1.0 s old")


def test_a_clock_that_was_set_stops_the_robot_for_a_moment() -> None:
    robot = Robot()
    assert robot.live(1.0) is None
    robot.offset += 30.0
    robot.live(0.02)
    assert robot.health.fault(robot.now + 0.006) is not None
    assert robot.live(1.0) is None


def test_a_covered_lens_and_a_hanging_camera_are_noticed() -> None:
    robot = Robot()
    assert robot.live(1.0) is None
    assert robot.live(0.7, depth="blind") == "hardly any depth in the image"
    assert robot.live(1.0) is None
    assert "same image" in str(robot.live(1.5, depth="frozen"))
    assert robot.live(1.0) is None
    assert robot.live(3.0, depth="frozen", speed=0.0) is None, "a scene that stands still may"


def test_a_jump_of_odometry_stops_the_robot_for_a_moment() -> None:
    robot = Robot()
    assert robot.live(1.0) is None
    robot.x += 1.0
    robot.live(0.02)
    assert "odometry" in str(robot.health.fault(robot.now + 0.006))
    assert robot.health.counts["bad odometry"] == 1
    assert robot.live(0.5) is None


def test_odometry_out_of_order_is_left_out() -> None:
    robot = Robot()
    robot.live(1.0)
    old = Odometry(Header(robot.now + OFFSET - 0.1, "odom"), planar(9.0, 9.0, 0.0), 0.0, 0.0)
    assert not robot.health.odometry_came(old, robot.now)
    assert robot.live(0.1) is None


def test_ages_are_those_beyond_the_fastest_message() -> None:
    clock = Clock()
    assert clock.age(5.0, 100.0) == 0.0
    for k in range(100):
        assert clock.note(k * 0.1, 1000.0 + k * 0.1 + (0.05 if k % 7 else 0.0))
    assert clock.age(9.9, 1009.9) == pytest.approx(0.0, abs=1e-6)
    assert clock.age(9.9, 1010.9) == pytest.approx(1.0, abs=1e-6)
    assert clock.theirs(1009.9) == pytest.approx(9.9)


def test_a_clock_that_runs_slow_is_followed() -> None:
    clock = Clock()
    for k in range(60_000):
        stamp, at = k * 0.02 * (1.0 - 200e-6), k * 0.02
        assert clock.note(stamp, at)
    assert clock.age(stamp, at) < 0.01
