"""From messages that come when they come to observations: colour, depth and pose of one instant."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from scipy.spatial.transform import RigidTransform

from goat.errors import GoatError
from goat.types import CameraIntrinsics, Observation
from robot.config import RobotConfig
from robot.fields import MessageError, entry, text
from robot.health import Health
from robot.images import read_color, read_depth, read_ids
from robot.messages import (
    Header,
    Odometry,
    read_camera_info,
    read_header,
    read_odometry,
    read_transforms,
)
from robot.slots import History
from robot.transforms import TransformError, TransformTree, transform_at

_KEPT = 2.0
"""Images are kept for so long to find their partners, s."""
_SET_BACK = 0.5
"""Odometry older than the newest by more than this means that the robot's clock was set back, s."""
_BEYOND = 0.1
"""How far odometry may be extended beyond what has come, s."""


class SensorError(GoatError):
    """No observation comes from the robot."""


@dataclass(frozen=True, slots=True)
class _Raw:
    """An image that was not unpacked yet."""

    header: Header
    message: object
    at: float


class Sensors:
    """Fed by the network's thread; `observe` unpacks on the caller's."""

    def __init__(self, config: RobotConfig, health: Health) -> None:
        """Start with nothing seen.

        Args:
            config: Names of topics and frames, tolerances.
            health: Told of everything that comes.
        """
        self.counts: Counter[str] = Counter()
        self.last_error: str | None = None
        """Why the newest images make no observation, for people."""
        self._config, self._health = config, health
        self._images = {name: History[_Raw](_KEPT, 60) for name in ("color", "depth", "ids")}
        self._odometry = History[Odometry](10.0)
        self._tree = TransformTree()
        self._camera: CameraIntrinsics | None = None
        self.labels: dict[int, str] = {}
        """Object id -> category, where a simulator tells."""
        self._came = threading.Condition()
        self._shown = -float("inf")

    def receivers(self) -> dict[str, tuple[str, Callable[[object, float], None]]]:
        """Return topic -> plain type and what takes its messages."""
        topics = self._config.topics
        image = "sensor_msgs/Image"
        packed = "sensor_msgs/CompressedImage"
        color = packed if topics.color.endswith("compressed") else image
        depth = packed if topics.depth.endswith("compressedDepth") else image
        table = {
            topics.color: (color, self._guarded("color", self._image("color"))),
            topics.depth: (depth, self._guarded("depth", self._image("depth"))),
            topics.semantic: (image, self._guarded("ids", self._image("ids"))),
            topics.labels: ("std_msgs/String", self._guarded("labels", self._named)),
            topics.camera_info: ("sensor_msgs/CameraInfo", self._guarded("info", self._info)),
            topics.odometry: ("nav_msgs/Odometry", self._guarded("odometry", self._moved)),
            topics.tf: ("tf2_msgs/TFMessage", self._guarded("tf", self._frames(fixed=False))),
            topics.tf_static: ("tf2_msgs/TFMessage", self._guarded("tf", self._frames(fixed=True))),
        }
        return {topic: entry for topic, entry in table.items() if topic}

    def odometry(self) -> RigidTransform | None:
        """Return the newest odom_from_base; None before the first."""
        newest = self._odometry.newest()
        return None if newest is None else newest[1].odom_from_base

    def speed(self) -> tuple[float, float] | None:
        """Return the newest forward (m/s) and turning speed (rad/s) that odometry reports."""
        newest = self._odometry.newest()
        return None if newest is None else (newest[1].linear, newest[1].angular)

    def forget(self) -> None:
        """Drop what waits: the link was lost or a clock set, and what comes is of another time."""
        for history in self._images.values():
            history.clear()
        self._odometry.clear()
        self._tree.forget()
        self._health.forget()
        self._shown = -float("inf")

    def observe(self, timeout: float) -> Observation:
        """Wait for an observation newer than the last one and return it.

        Args:
            timeout: Longest wait, s.

        Raises:
            SensorError: None has come; the message says what is missing.
        """
        until = time.monotonic() + timeout
        while True:
            found = self.poll()
            if found is not None:
                return found
            left = until - time.monotonic()
            if left <= 0.0:
                raise SensorError(f"no observation within {timeout:g} s: {self.missing()}")
            with self._came:
                self._came.wait(min(left, 0.1))

    # The network's thread

    def _guarded(
        self, name: str, take: Callable[[object, float], None]
    ) -> Callable[[object, float], None]:
        def receive(message: object, at: float) -> None:
            try:
                take(message, at)
            except MessageError as error:
                self.counts[f"bad {name}"] += 1
                self.last_error = f"{name}: {error}"
            else:
                self.counts[name] += 1

        return receive

    def _image(self, name: str) -> Callable[[object, float], None]:
        def take(message: object, at: float) -> None:
            header = read_header(message)
            self._images[name].add(header.stamp, _Raw(header, message, at))
            with self._came:
                self._came.notify_all()

        return take

    def _info(self, message: object, at: float) -> None:
        self._camera = read_camera_info(message)

    def _named(self, message: object, at: float) -> None:
        try:
            found = json.loads(text(entry(message, "data"), "data", 1_000_000))
            self.labels = {int(number): str(label) for number, label in found.items()}
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            raise MessageError(f"labels must be a JSON object: {error}") from None

    def _moved(self, message: object, at: float) -> None:
        odometry = read_odometry(message)
        newest = self._odometry.newest()
        if newest is not None and odometry.header.stamp < newest[0] - _SET_BACK:
            self.counts["clock set back"] += 1
            self.forget()
        if self._health.odometry_came(odometry, at):
            self._odometry.add(odometry.header.stamp, odometry)
            with self._came:
                self._came.notify_all()

    def _frames(self, *, fixed: bool) -> Callable[[object, float], None]:
        def take(message: object, at: float) -> None:
            self._tree.add(read_transforms(message), fixed=fixed)

        return take

    # The caller's thread

    def poll(self) -> Observation | None:
        """Return the newest observation if it is complete and new, without waiting; else None."""
        depth = self._images["depth"].newest()
        if depth is None or depth[0] <= self._shown or self._camera is None:
            return None
        color, pose = self._partner("color", depth[0]), self._pose(depth[0])
        ids = self._partner("ids", depth[0])
        if color is None or pose is None or (ids is None and self._config.topics.semantic):
            return None
        if self._config.topics.labels and not self.labels:
            return None
        self._shown = depth[0]
        try:
            return self._unpacked(color, depth[1], ids, self._camera, pose)
        except (MessageError, TransformError) as error:
            self.counts["bad images"] += 1
            self.last_error = str(error)
            return None

    def _partner(self, name: str, stamp: float) -> _Raw | None:
        near = [item for item in self._images[name].around(stamp) if item is not None]
        best = min(near, key=lambda item: abs(item[0] - stamp), default=None)
        if best is None or abs(best[0] - stamp) > self._config.pairing:
            return None
        return best[1]

    def _pose(self, stamp: float) -> RigidTransform | None:
        """Return odom_from_base at a time, between what came before and after it."""
        before, after = (
            item and (item[0], item[1].odom_from_base) for item in self._odometry.around(stamp)
        )
        return transform_at(stamp, before, after, _BEYOND)

    def _unpacked(
        self,
        color: _Raw,
        depth: _Raw,
        ids: _Raw | None,
        camera: CameraIntrinsics,
        pose: RigidTransform,
    ) -> Observation:
        metres, rgb = read_depth(depth.message), read_color(color.message)
        self._health.depth_came(metres, depth.header.stamp, depth.at)
        size = (camera.height, camera.width)
        if metres.shape != size or rgb.shape[:2] != size:
            raise MessageError(
                f"depth {metres.shape}, colour {rgb.shape[:2]} and CameraInfo {size} must be of "
                "one size: use depth that is aligned to colour"
            )
        frames = self._config.frames
        optical = frames.camera or depth.header.frame
        return Observation(
            stamp=depth.header.stamp,
            rgb=rgb,
            depth=metres,
            camera=camera,
            base_from_camera=self._tree.lookup(frames.base, optical, depth.header.stamp),
            odom_from_base=pose,
            semantic=None if ids is None else read_ids(ids.message),
        )

    def missing(self) -> str:
        """Return which topic keeps an observation from being made, and what to do."""
        topics = self._config.topics
        if self._camera is None:
            return f"nothing on {topics.camera_info}; is the camera's driver running?"
        for name, topic in (("depth", topics.depth), ("color", topics.color)):
            if self._images[name].newest() is None:
                return f"nothing on {topic}; is the camera's driver running?"
        if self._odometry.newest() is None:
            return f"nothing on {topics.odometry}; is the base's driver running?"
        return self.last_error or "stamps of colour, depth and odometry do not fit together"
