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
from dataclasses import replace
from typing import Any

from scipy.spatial.transform import RigidTransform

from goat.errors import ConfigError
from goat.types import (
    Action,
    Body,
    Float64Array,
    Observation,
    OccupancyGrid,
    VelocityCommand,
)
from robot.config import RobotConfig
from robot.estop import EmergencyStop
from robot.goal_driver import GoalDriver
from robot.health import Health
from robot.link import Link, LinkError
from robot.messages import STILL, Dialect, dialect_of_type, write_stamped_twist, write_twist
from robot.navigation import MoveBaseClient, Nav2Client
from robot.safety import Gate, Surroundings, Verdict
from robot.sensors import Sensors
from robot.stall import StallWatch

_log = logging.getLogger(__name__)
_CONTROL = ("nav_msgs/Odometry", "tf2_msgs/TFMessage")
_ONCE = ("std_msgs/String", "sensor_msgs/CameraInfo")
"""Drivers may say these only once."""


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
        self.driver = GoalDriver(config.frames.odom, config.navigation)
        """Of the robot's own navigation, if that drives."""
        self._goals = Link(config.bridge, config.link)
        self._path: Float64Array | None = None
        self._stall = StallWatch()
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
            ConfigError: It belongs to another ROS than what is to drive.
        """
        try:
            for link in self._links():
                link.open(timeout)
            self._dialect = self._find_dialect()
            self._check_dialect()
        except (LinkError, ConfigError):
            self._disconnect()
            raise
        for link in self._links():
            link.on_down(self._lost)
        self._prepare_goals()
        kind = "geometry_msgs/TwistStamped" if self.config.stamped else "geometry_msgs/Twist"
        self.control.advertise(self.config.topics.command, self._dialect.type_name(kind))
        for topic, (plain, receive) in self.sensors.receivers().items():
            link = self.control if plain in _CONTROL else self.images
            streams = plain not in _ONCE and topic != self.config.topics.tf_static
            name = self._dialect.type_name(plain)
            link.subscribe(topic, name, receive, self._throttle(topic), streams=streams)
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop the robot and disconnect."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.driver.cancel()
        self._publish(STILL)
        self._disconnect()

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
        seen = self.sensors.observe(timeout=30.0)
        return replace(seen, collided=True) if self._stall.take() else seen

    def act(self, action: Action) -> None:
        """Wish for a velocity, or for the path that was shown; anything else is a stop."""
        path, self._path = self._path, None
        now = time.monotonic()
        if not isinstance(action, VelocityCommand):
            self.driver.cancel()
            self.gate.forget()
        elif path is None or self.config.drive == "velocity":
            self.driver.cancel()
            self.gate.wish(action, now)
        elif self.gate.veto(now) is None:
            self.gate.forget()
            self.driver.follow(path, now)

    # Beyond an embodiment

    def show_map(self, grid: OccupancyGrid, map_from_odom: RigidTransform) -> None:
        """Give the gate the newest map, without which the robot does not move."""
        self.gate.show(Surroundings(grid, map_from_odom))

    def show_path(self, path: Float64Array | None) -> None:
        """Say which path (N, 2), m in odometry's frame, the next action is a part of; or none."""
        self._path = path

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
        self.driver.cancel()

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
        now = time.monotonic()
        self.driver.tend(now)
        if self.driver.active:
            # Zeros of ours would fight with what the robot's own navigation sends.
            why = self.gate.veto(now)
            self.verdict = Verdict(STILL, why)
            if why is None:
                return
            self.driver.cancel()
        else:
            self.verdict = self.gate.decide(now)
            self._stall.note(self.gate.meant(now), self.sensors.speed() or (0.0, 0.0), now)
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
        self.driver.lost()
        self.sensors.forget()

    def _throttle(self, topic: str) -> int:
        """Return the least time between messages of a topic, ms.

        Colour comes unthrottled unless it is raw, so that every depth image finds its partner: a
        bridge throttles each topic by itself, and may choose different frames.
        """
        topics = self.config.topics
        raw = [] if topics.color.endswith("compressed") else [topics.color]
        return int(900.0 / self.config.camera_hz) if topic in (topics.depth, *raw) else 0

    def _links(self) -> list[Link]:
        goals = [self._goals] if self.config.drive == "nav2" else []
        return [self.control, self.images, *goals]

    def _disconnect(self) -> None:
        for link in reversed(self._links()):
            link.close()

    def _check_dialect(self) -> None:
        wanted = {"nav2": Dialect.ROS2, "move_base": Dialect.ROS1}.get(self.config.drive)
        if wanted is not None and self._dialect is not wanted:
            raise ConfigError(
                f"drive: {self.config.drive} needs a bridge of {wanted}, got {self._dialect}; set "
                "`drive: velocity`, or `dialect` if the bridge was taken for the wrong one"
            )

    def _prepare_goals(self) -> None:
        """Make the client of the robot's own navigation, if that drives."""
        name, told = self.config.topics.navigation, self.driver.told
        match self.config.drive:
            case "nav2":
                action = name or "/navigate_to_pose"
                self.driver.client = Nav2Client(action, self._goals, self.control, told)
            case "move_base":
                self.driver.client = MoveBaseClient(name or "/move_base", self.control, told)

    def _find_dialect(self) -> Dialect:
        if self.config.dialect != "auto":
            return Dialect(self.config.dialect)
        try:
            types = self.control.call("/rosapi/topics", {}).get("types")
        except LinkError:
            types = None
        known = [kind for kind in types or [] if isinstance(kind, str) and "/" in kind]
        return dialect_of_type(known[0]) if known else Dialect.ROS2
