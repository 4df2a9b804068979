"""Does the base stop by itself when commands cease? Nothing else stops it when we die."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from goat.types import VelocityCommand

if TYPE_CHECKING:
    from robot.ros import RosRobot

CREEP = 0.05
"""Speed of the trial, m/s: two centimetres in all."""
_DRIVE = 0.4
_WAIT = 1.0
_STILL = 0.005


def proves_watchdog(robot: RosRobot, say: Callable[[str], object]) -> bool:
    """Return whether the base stopped by itself after a trial; the robot creeps ahead for 2 cm.

    Commands are sent past the gate for less than half a second, then nothing at all for a second,
    not even zeros, while odometry is watched.

    Args:
        robot: Connected, standing, with room ahead.
        say: Tells a person what happens.
    """
    with robot.silenced():
        began = time.monotonic()
        fastest = 0.0
        while time.monotonic() - began < _DRIVE:
            if robot.estop.reason is not None or not robot.control.connected:
                say("the trial of the base's watchdog was broken off; it only creeps")
                return False
            robot.send(VelocityCommand(CREEP, 0.0))
            fastest = max(fastest, _speed(robot))
            time.sleep(0.05)
        time.sleep(_WAIT)
        left = _speed(robot)
    if fastest < 0.3 * CREEP:
        say("the base did not move in the trial: its watchdog is not proved, so it only creeps")
        return False
    if left > _STILL:
        say(
            f"the base still moves at {left:.3f} m/s a second after the last command: it has no "
            "watchdog, so it only creeps. Set one in its driver (cmd_vel timeout, 0.5 s)"
        )
        return False
    return True


def _speed(robot: RosRobot) -> float:
    speed = robot.sensors.speed()
    return 0.0 if speed is None else abs(speed[0])
