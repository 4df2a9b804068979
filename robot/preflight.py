"""Does the base stop by itself when commands cease? Nothing else stops it when we die."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from goat.types import VelocityCommand
from robot.link import LinkError

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
        fastest = _creep(robot)
        left = None if fastest is None else _coast(robot)
    if fastest is None or left is None:
        say("the trial of the base's watchdog was broken off; it only creeps")
        return False
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


def other_drivers(robot: RosRobot) -> list[str]:
    """Return the nodes besides the bridge's that publish velocities; none if nobody can tell."""
    try:
        topic = {"topic": robot.config.topics.command}
        found = robot.control.call("/rosapi/publishers", topic).get("publishers")
    except LinkError:
        return []
    names = found if isinstance(found, list) else []
    return sorted(str(name) for name in names if "rosbridge" not in str(name))


def _creep(robot: RosRobot) -> float | None:
    """Drive for a moment and return the greatest speed, m/s; None if it was broken off."""
    fastest, end = 0.0, time.monotonic() + _DRIVE
    while time.monotonic() < end:
        if not _watched(robot):
            return None
        robot.send(VelocityCommand(CREEP, 0.0))
        fastest = max(fastest, _speed(robot))
        time.sleep(0.05)
    return fastest


def _coast(robot: RosRobot) -> float | None:
    """Send nothing for a while and return the speed that is left, m/s; None if nobody knows."""
    end = time.monotonic() + _WAIT
    while time.monotonic() < end:
        if not _watched(robot):
            return None
        time.sleep(0.05)
    return _speed(robot)


def _watched(robot: RosRobot) -> bool:
    """Return whether odometry comes, so that what it says of the speed is of now."""
    if robot.estop.reason is not None or not robot.control.connected:
        return False
    return robot.health.odometry_fault(time.monotonic()) is None


def _speed(robot: RosRobot) -> float:
    speed = robot.sensors.speed()
    return 0.0 if speed is None else abs(speed[0])
