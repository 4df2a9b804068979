"""A robot behind rosbridge as an embodiment.

Two connections, one for commands and odometry and one for images: a bridge works off one connection
in order, and a stop must not wait behind a picture or an action goal. A thread sends what the gate
decides at a steady rate, zeros included, whether the planner lives or not.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scipy.spatial.transform import RigidTransform

from goat.types import Action, Body, Observation, OccupancyGrid, VelocityCommand
from robot.config import RobotConfig
from robot.estop import EmergencyStop
from robot.health import Health
from robot.link import Link, LinkError
from robot.messages import STILL, Dialect, dialect_of_type, write_stamped_twist, write_twist
from robot.safety import Gate, Surroundings, Verdict
from robot.sensors import Sensors

_log = logging.getLogger(__name__)
_CONTROL = ("nav_msgs/Odometry", "tf2_msgs/TFMessage")


class RosRobot:
    """Implements `goat.protocols.Embodiment`; use it as a context manager."""

    def __init__(self, config: RobotConfig, estop: EmergencyStop, rate: float = 50.0) -> None:
        """Prepare; `open` connects.

        Args:
            config: The robot.
            estop: Its emergency stop.
            rate: Of commands, Hz.
        """
        self.config, self.estop = config, estop
        self.health = Health(config.health)
        self.sensors = Sensors(config, self.health)
        self.control = Link(config.bridge, config.link)
        self.images = Link(config.bridge, config.link)
        self.gate = Gate(config.shape.radius, estop, self.fault, self.sensors.odometry, config.gate)
        self.verdict = Verdict(STILL, "not connected yet")
        """What was decided last."""
        self._dialect = Dialect.ROS2
        self._rate = rate
        self._stop, self._silent = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._send_regularly, name="gate", daemon=True)

    # Life

    def open(self, timeout: float = 5.0) -> RosRobot:
        """Connect, subscribe, and begin to send: zeros, until there is a reason to drive.

        Raises:
            LinkError: No bridge answers.
        """
        self.control.open(timeout)
        try:
            self.images.open(timeout)
        except LinkError:
            self.control.close()
            raise
        self._dialect = self._find_dialect()
        self.control.on_down(self._lost)
        self.images.on_down(self._lost)
        kind = "geometry_msgs/TwistStamped" if self.config.stamped else "geometry_msgs/Twist"
        self.control.advertise(self.config.topics.command, self._dialect.type_name(kind))
        throttle = int(1000.0 / self.config.camera_hz * 0.9)
        for topic, (plain, receive) in self.sensors.receivers().items():
            control = plain in _CONTROL
            link = self.control if control else self.images
            image = plain.endswith("Image")
            name = self._dialect.type_name(plain)
            link.subscribe(topic, name, receive, throttle if image else 0)
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop the robot and disconnect."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._publish(STILL)
        self.images.close()
        self.control.close()

    def __enter__(self) -> RosRobot:
        """Connect."""
        return self.open()

    def __exit__(self, *_: object) -> None:
        """Stop and disconnect."""
        self.close()

    # The embodiment

    @property
    def body(self) -> Body:
        """Size and limits."""
        return self.config.body

    def observe(self) -> Observation:
        """Wait for the next observation; the robot stands while none comes.

        Raises:
            SensorError: None came for a long time.
        """
        return self.sensors.observe(timeout=30.0)

    def act(self, action: Action) -> None:
        """Wish for a velocity; anything else is a stop."""
        if isinstance(action, VelocityCommand):
            self.gate.wish(action, time.monotonic())
        else:
            self.gate.forget()

    # Beyond an embodiment

    def show_map(self, grid: OccupancyGrid, map_from_odom: RigidTransform) -> None:
        """Give the gate the newest map, without which the robot does not move."""
        self.gate.show(Surroundings(grid, map_from_odom))

    def send(self, command: VelocityCommand) -> None:
        """Send a command past the gate: for trials of the base only."""
        self._publish(command)

    @contextmanager
    def silenced(self) -> Iterator[None]:
        """Send nothing by itself meanwhile, not even zeros; it ends with a stop."""
        self._silent.set()
        try:
            yield
        finally:
            self._publish(STILL)
            self._silent.clear()

    def fault(self, now: float) -> str | None:
        """Return why the robot must not move at a monotonic time; None if it may."""
        if not self.control.connected:
            return "the link to the robot is down"
        if not self.images.connected:
            return "the link to the camera is down"
        return self.health.fault(now)

    def emergency_stop(self, reason: str) -> None:
        """Stop now, and until a person clears it."""
        self.estop.set(reason)
        self.gate.forget()
        self._publish(STILL)

    # The gate's thread

    def _send_regularly(self) -> None:
        period = 1.0 / self._rate
        due = time.monotonic()
        while not self._stop.is_set():
            try:
                self._decide_and_send()
            except Exception:  # noqa: BLE001  whatever goes wrong must stop the robot, not the thread
                _log.exception("the gate failed")
                self.verdict = Verdict(STILL, "the gate failed")
                self._publish(STILL)
            due = max(due + period, time.monotonic() - period)
            self._stop.wait(max(0.0, due - time.monotonic()))

    def _decide_and_send(self) -> None:
        self.verdict = self.gate.decide(time.monotonic())
        if not self._silent.is_set():
            self._publish(self.verdict.command)

    def _publish(self, command: VelocityCommand) -> None:
        message: dict[str, Any] = write_twist(command)
        if self.config.stamped:
            stamp = self.health.robot_time(time.monotonic())
            message = write_stamped_twist(command, self._dialect, stamp, self.config.frames.base)
        self.control.publish(self.config.topics.command, message)

    def _lost(self) -> None:
        self.gate.forget()
        self.sensors.forget()

    def _find_dialect(self) -> Dialect:
        if self.config.dialect != "auto":
            return Dialect(self.config.dialect)
        try:
            types = self.control.call("/rosapi/topics", {}).get("types")
        except LinkError:
            types = None
        known = [kind for kind in types or [] if isinstance(kind, str) and "/" in kind]
        return dialect_of_type(known[0]) if known else Dialect.ROS2
