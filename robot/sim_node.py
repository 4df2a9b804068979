"""A simulated robot as a ROS robot: it publishes sensors and obeys velocities behind any rosbridge.

Like a real base it has a watchdog of its own: without a command for half a second it stops,
whatever became of whoever drove it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.spatial.transform import RigidTransform

from goat.frames import planar_of
from goat.types import Action, Observation, VelocityCommand
from robot.fields import MessageError
from robot.images import write_color, write_depth, write_ids, write_jpeg, write_packed_depth
from robot.link import Link
from robot.messages import (
    STILL,
    Dialect,
    FrameTransform,
    Header,
    Odometry,
    read_twist,
    write_camera_info,
    write_odometry,
    write_transforms,
)

if TYPE_CHECKING:
    from robot.sim_navigation import SimNavigation

_MOST_BEHIND = 0.1
"""Simulated time stays no farther behind real time, s."""


@dataclass(frozen=True)
class SimNodeConfig:
    """How the simulated robot behaves in the ROS graph."""

    dialect: Dialect = Dialect.ROS2
    """Which ROS it is a part of."""
    stamped: bool = False
    """It listens to TwistStamped."""
    compressed: bool = True
    """Images are JPEG and 16-bit PNG."""
    tick: float = 0.02
    """Time between simulated steps, s; the embodiment's own step must be the same."""
    camera_hz: float = 15.0
    """Rate of images, Hz."""
    watchdog: float = 0.5
    """Without a command for so long it stops, s."""
    namespace: str = ""
    """In front of all topics."""


_COLOR = "/camera/color/image_raw"
_DEPTH = "/camera/aligned_depth_to_color/image_raw"
_SEMANTIC = "/camera/semantic/image_raw"
_LABELS = "/camera/semantic/labels"
_OPTICAL = "camera_color_optical_frame"


class SimulatedRobot(Protocol):
    """An embodiment that tells where it is without looking."""

    @property
    def odometry(self) -> RigidTransform:
        """odom_from_base now."""
        ...

    def observe(self) -> Observation:
        """Return what it sees now."""
        ...

    def act(self, action: Action) -> None:
        """Take a velocity command for one tick."""
        ...


class SimNode:
    """Drives an embodiment in real time on the caller's thread."""

    def __init__(
        self,
        robot: SimulatedRobot,
        link: Link,
        config: SimNodeConfig | None = None,
        labels: Mapping[int, str] | None = None,
        navigation: SimNavigation | None = None,
    ) -> None:
        """Prepare; `run` begins.

        Args:
            robot: Anything that takes velocity commands of `tick` seconds each.
            link: To the bridge, not opened yet.
            config: How it behaves.
            labels: Categories of the objects in `Observation.semantic`, where there are any.
            navigation: Drives it to goals, where it has such a thing.
        """
        self.config = config or SimNodeConfig()
        self.moving = STILL
        """What the base does now."""
        self._robot, self._link, self._labels = robot, link, dict(labels or {})
        self._navigation = navigation
        self._command: tuple[VelocityCommand, float] = STILL, -float("inf")
        self._epoch = time.time() - time.monotonic()
        self._now = 0.0

    def run(self, stop: threading.Event) -> None:
        """Live until `stop` is set."""
        self._announce()
        tick, period = self.config.tick, 1.0 / self.config.camera_hz
        self._now = next_image = next_fixed = time.monotonic()
        seen = self._robot.observe()
        while not stop.is_set():
            # What cannot be caught up with is left out.
            self._now = max(self._now, time.monotonic() - _MOST_BEHIND)
            while self._now + tick <= time.monotonic():
                self._now += tick
                self._move()
            if self._now >= next_image:
                seen = self._robot.observe()
                self._show(seen)
                next_image = max(next_image + period, self._now)
            if self._now >= next_fixed:
                self._publish_fixed(seen)
                next_fixed = self._now + 1.0
            stop.wait(max(0.0, self._now + tick - time.monotonic()))

    def _announce(self) -> None:
        kinds = {
            self._name(_COLOR, "/compressed"): self._image_kind(),
            self._name(_DEPTH, "/compressedDepth"): self._image_kind(),
            self._topic("/camera/color/camera_info"): "sensor_msgs/CameraInfo",
            self._topic(_SEMANTIC): "sensor_msgs/Image",
            self._topic(_LABELS): "std_msgs/String",
            self._topic("/odom"): "nav_msgs/Odometry",
            "/tf": "tf2_msgs/TFMessage",
            "/tf_static": "tf2_msgs/TFMessage",
        }
        for topic, kind in kinds.items():
            self._link.advertise(topic, self.config.dialect.type_name(kind))
        kind = "geometry_msgs/TwistStamped" if self.config.stamped else "geometry_msgs/Twist"
        self._link.subscribe(
            self._topic("/cmd_vel"),
            self.config.dialect.type_name(kind),
            self._commanded,
            streams=False,
        )
        if self._navigation is not None:
            self._navigation.serve()

    def _commanded(self, message: object, at: float) -> None:
        try:
            self._command = read_twist(message), at
        except MessageError:
            self._link.counts["bad commands"] += 1

    def _move(self) -> None:
        self._navigate()
        command, at = self._command
        self.moving = command if time.monotonic() - at <= self.config.watchdog else STILL
        self._robot.act(self.moving)
        pose = self._robot.odometry
        header = Header(self._stamp(), "odom")
        odometry = Odometry(header, pose, self.moving.linear, self.moving.angular)
        dialect = self.config.dialect
        self._link.publish(self._topic("/odom"), write_odometry(odometry, dialect, "base_link"))
        moved = [FrameTransform(header, "base_link", pose)]
        self._link.publish("/tf", write_transforms(moved, dialect))

    def _navigate(self) -> None:
        """Let its own navigation send a velocity, as any other program would."""
        if self._navigation is None:
            return
        command = self._navigation.command(planar_of(self._robot.odometry), self._now)
        if command is not None:
            self._command = command, time.monotonic()

    def _show(self, seen: Observation) -> None:
        stamp, dialect = self._stamp(), self.config.dialect
        color, depth = self._name(_COLOR, "/compressed"), self._name(_DEPTH, "/compressedDepth")
        if self.config.compressed:
            self._link.publish(color, write_jpeg(seen.rgb, dialect, stamp, _OPTICAL))
            self._link.publish(depth, write_packed_depth(seen.depth, dialect, stamp, _OPTICAL))
        else:
            self._link.publish(color, write_color(seen.rgb, dialect, stamp, _OPTICAL))
            self._link.publish(depth, write_depth(seen.depth, dialect, stamp, _OPTICAL))
        if seen.semantic is not None:
            ids = seen.semantic.astype(np.uint16)
            self._link.publish(self._topic(_SEMANTIC), write_ids(ids, dialect, stamp, _OPTICAL))

    def _publish_fixed(self, seen: Observation) -> None:
        stamp, dialect = self._stamp(), self.config.dialect
        info = write_camera_info(seen.camera, dialect, stamp, _OPTICAL)
        self._link.publish(self._topic("/camera/color/camera_info"), info)
        if self._labels:
            self._link.publish(self._topic(_LABELS), {"data": json.dumps(self._labels)})
        fixed = FrameTransform(Header(stamp, "base_link"), _OPTICAL, seen.base_from_camera)
        self._link.publish("/tf_static", write_transforms([fixed], dialect))

    def _stamp(self) -> float:
        """Return the robot's time of the last simulated step, s."""
        return self._epoch + self._now

    def _image_kind(self) -> str:
        return "sensor_msgs/CompressedImage" if self.config.compressed else "sensor_msgs/Image"

    def _name(self, topic: str, ending: str) -> str:
        return self._topic(topic + ending if self.config.compressed else topic)

    def _topic(self, name: str) -> str:
        return self.config.namespace + name
