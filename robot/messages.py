"""ROS messages as rosbridge writes them in JSON, both ways and in both dialects.

Field names and types: ROS 1 `common_msgs` and ROS 2 `common_interfaces`
(https://github.com/ros2/common_interfaces), REP-103 for units and axes. What comes in may be of
either dialect; what goes out is of the one that is asked for, since a bridge drops a message that
has a field it does not know.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from goat.types import CameraIntrinsics, Float64Array, VelocityCommand
from robot.fields import MessageError, either, entry, number, numbers, text, whole

STILL = VelocityCommand(0.0, 0.0)
"""A stop."""
_BILLION = 1_000_000_000
_LARGEST_IMAGE = 4096
"""Greatest width or height of an image, px."""


class Dialect(StrEnum):
    """How a bridge spells."""

    ROS1 = "ros1"
    ROS2 = "ros2"

    def type_name(self, name: str) -> str:
        """Return a message type as this dialect writes it.

        Args:
            name: Package and message, "geometry_msgs/Twist".
        """
        package, _, message = name.partition("/")
        return f"{package}/{message}" if self is Dialect.ROS1 else f"{package}/msg/{message}"

    def stamp(self, seconds: float) -> dict[str, int]:
        """Return a time of the robot's clock."""
        whole_seconds, rest = divmod(round(seconds * _BILLION), _BILLION)
        names = ("secs", "nsecs") if self is Dialect.ROS1 else ("sec", "nanosec")
        return dict(zip(names, (whole_seconds, rest), strict=True))

    def header(self, seconds: float, frame: str) -> dict[str, Any]:
        """Return a header; none has `seq`, which ROS 1 fills in and ROS 2 does not know."""
        return {"stamp": self.stamp(seconds), "frame_id": frame}


def dialect_of_type(name: str) -> Dialect:
    """Return which dialect writes a type like this."""
    return Dialect.ROS2 if name.count("/") == 2 else Dialect.ROS1


def plain_type(name: str) -> str:
    """Return a type name without its dialect: "geometry_msgs/Twist"."""
    return name.replace("/msg/", "/")


@dataclass(frozen=True, slots=True)
class Header:
    """When something was measured, and in which frame."""

    stamp: float
    """By the robot's clock, s; 0 if the sender gave none."""
    frame: str
    """Frame id, without a leading slash."""


@dataclass(frozen=True, slots=True)
class Odometry:
    """Where wheels and gyroscope believe the base to be."""

    header: Header
    """The frame is the odometry frame."""
    odom_from_base: RigidTransform
    """Pose of the base."""
    linear: float
    """Forward speed, m/s."""
    angular: float
    """Turning speed, rad/s."""


@dataclass(frozen=True, slots=True)
class FrameTransform:
    """One edge of the tree of frames."""

    header: Header
    """The frame is the parent."""
    child: str
    """Frame id of the child."""
    parent_from_child: RigidTransform
    """Pose of the child in the parent."""


def read_header(message: object) -> Header:
    """Return the header of a message.

    Raises:
        MessageError: It has none, or a damaged one.
    """
    stamp = entry(message, "header.stamp")
    seconds = whole(either(stamp, "sec", "secs"), "seconds of the stamp", 0, 2**32 - 1)
    rest = whole(either(stamp, "nanosec", "nsecs"), "nanoseconds of the stamp", 0, _BILLION - 1)
    frame = text(entry(message, "header.frame_id"), "frame_id").lstrip("/")
    return Header(seconds + rest / _BILLION, frame)


def read_odometry(message: object) -> Odometry:
    """Read nav_msgs/Odometry.

    Raises:
        MessageError: A field is missing, or no finite number.
    """
    twist = entry(message, "twist.twist")
    return Odometry(
        read_header(message),
        _pose(entry(message, "pose.pose"), "position", "orientation"),
        number(entry(twist, "linear.x"), "twist.linear.x"),
        number(entry(twist, "angular.z"), "twist.angular.z"),
    )


def read_transforms(message: object) -> list[FrameTransform]:
    """Read tf2_msgs/TFMessage.

    Raises:
        MessageError: A field is missing, or no finite number.
    """
    items = entry(message, "transforms")
    if not isinstance(items, list) or len(items) > 1000:
        raise MessageError("transforms must be a list of at most 1000")
    return [
        FrameTransform(
            read_header(item),
            text(entry(item, "child_frame_id"), "child_frame_id").lstrip("/"),
            _pose(entry(item, "transform"), "translation", "rotation"),
        )
        for item in items
    ]


def read_camera_info(message: object) -> CameraIntrinsics:
    """Read sensor_msgs/CameraInfo; what it says of distortion is left out: use rectified images.

    Raises:
        MessageError: It is damaged, or the camera is not calibrated (K is 0).
    """
    k = numbers(either(message, "k", "K"), 9, "K")
    width, height = (
        whole(entry(message, name), name, 1, _LARGEST_IMAGE) for name in ("width", "height")
    )
    fx, cx, fy, cy = (float(k[i]) for i in (0, 2, 4, 5))
    if not (fx > 0.0 and fy > 0.0 and 0.0 < cx < width and 0.0 < cy < height):
        raise MessageError(
            f"the camera is not calibrated: K has fx {fx}, fy {fy}, cx {cx}, cy {cy}"
        )
    return CameraIntrinsics(width, height, fx, fy, cx, cy)


def read_twist(message: object) -> VelocityCommand:
    """Read geometry_msgs/Twist or TwistStamped.

    Raises:
        MessageError: A field is missing, or no finite number.
    """
    stamped = isinstance(message, Mapping) and "twist" in message
    twist = entry(message, "twist") if stamped else message
    linear, angular = entry(twist, "linear.x"), entry(twist, "angular.z")
    return VelocityCommand(number(linear, "linear.x"), number(angular, "angular.z"))


def write_twist(command: VelocityCommand) -> dict[str, Any]:
    """Return geometry_msgs/Twist.

    Raises:
        ValueError: The command is not finite: no bridge stops such a thing on its way to the robot.
    """
    if not (math.isfinite(command.linear) and math.isfinite(command.angular)):
        raise ValueError(f"a command must be finite, got {command}")
    return {
        "linear": {"x": float(command.linear), "y": 0.0, "z": 0.0},
        "angular": {"x": 0.0, "y": 0.0, "z": float(command.angular)},
    }


def write_stamped_twist(
    command: VelocityCommand, dialect: Dialect, seconds: float, frame: str
) -> dict[str, Any]:
    """Return geometry_msgs/TwistStamped."""
    return {"header": dialect.header(seconds, frame), "twist": write_twist(command)}


def write_pose(parent_from_child: RigidTransform) -> dict[str, Any]:
    """Return geometry_msgs/Pose."""
    translation, rotation = _components(parent_from_child)
    return {"position": translation, "orientation": rotation}


def write_odometry(odometry: Odometry, dialect: Dialect, child: str) -> dict[str, Any]:
    """Return nav_msgs/Odometry of a base called `child`, covariances unknown (0)."""
    twist = write_twist(VelocityCommand(odometry.linear, odometry.angular))
    return {
        "header": dialect.header(odometry.header.stamp, odometry.header.frame),
        "child_frame_id": child,
        "pose": {"pose": write_pose(odometry.odom_from_base), "covariance": [0.0] * 36},
        "twist": {"twist": twist, "covariance": [0.0] * 36},
    }


def write_transforms(items: list[FrameTransform], dialect: Dialect) -> dict[str, Any]:
    """Return tf2_msgs/TFMessage."""
    transforms = []
    for item in items:
        translation, rotation = _components(item.parent_from_child)
        transforms.append(
            {
                "header": dialect.header(item.header.stamp, item.header.frame),
                "child_frame_id": item.child,
                "transform": {"translation": translation, "rotation": rotation},
            }
        )
    return {"transforms": transforms}


def write_camera_info(
    camera: CameraIntrinsics, dialect: Dialect, seconds: float, frame: str
) -> dict[str, Any]:
    """Return sensor_msgs/CameraInfo of a camera without distortion."""
    k = [camera.fx, 0.0, camera.cx, 0.0, camera.fy, camera.cy, 0.0, 0.0, 1.0]
    p = [camera.fx, 0.0, camera.cx, 0.0, 0.0, camera.fy, camera.cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    calibration = {"d": [0.0] * 5, "k": k, "r": np.eye(3).ravel().tolist(), "p": p}
    if dialect is Dialect.ROS1:
        calibration = {name.upper(): value for name, value in calibration.items()}
    region = {"x_offset": 0, "y_offset": 0, "height": 0, "width": 0, "do_rectify": False}
    return {
        "header": dialect.header(seconds, frame),
        "height": camera.height,
        "width": camera.width,
        "distortion_model": "plumb_bob",
        "binning_x": 0,
        "binning_y": 0,
        "roi": region,
        **calibration,
    }


def _pose(message: object, translation: str, rotation: str) -> RigidTransform:
    """Read a pose or transform; a quaternion that is nearly of length 1 is made so."""
    xyz = _vector(message, translation, "xyz")
    quaternion = _vector(message, rotation, "xyzw")
    length = float(np.linalg.norm(quaternion))
    if not 0.9 < length < 1.1:
        raise MessageError(f"{rotation} is no unit quaternion: its length is {length:.3g}")
    return RigidTransform.from_components(xyz, Rotation.from_quat(quaternion))


def _vector(message: object, path: str, axes: str) -> Float64Array:
    here = entry(message, path)
    return np.array([number(entry(here, axis), f"{path}.{axis}") for axis in axes])


def _components(parent_from_child: RigidTransform) -> tuple[dict[str, float], dict[str, float]]:
    translation, rotation = parent_from_child.as_components()
    return (
        dict(zip("xyz", map(float, translation), strict=True)),
        dict(zip("xyzw", map(float, rotation.as_quat()), strict=True)),
    )
