from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import RigidTransform, Rotation

from goat.types import CameraIntrinsics, VelocityCommand
from robot.fields import MessageError
from robot.messages import (
    Dialect,
    FrameTransform,
    Header,
    Odometry,
    dialect_of_type,
    plain_type,
    read_camera_info,
    read_header,
    read_odometry,
    read_transforms,
    read_twist,
    write_camera_info,
    write_odometry,
    write_stamped_twist,
    write_transforms,
    write_twist,
)

POSE = RigidTransform.from_components([1.0, -2.0, 0.5], Rotation.from_euler("xyz", [0.1, 0.2, 2.0]))
CAMERA = CameraIntrinsics(640, 480, 388.0, 389.0, 320.5, 239.0)
both = pytest.mark.parametrize("dialect", list(Dialect))


def wired(message: dict) -> Any:
    return json.loads(json.dumps(message, allow_nan=False))


@both
@given(st.floats(0.0, 4e9))
def test_stamps_keep_nanoseconds(dialect: Dialect, seconds: float) -> None:
    header = read_header(wired({"header": dialect.header(seconds, "/odom")}))
    assert header.stamp == pytest.approx(seconds, abs=1e-6)
    assert header.frame == "odom"


@both
def test_odometry_goes_there_and_back(dialect: Dialect) -> None:
    sent = Odometry(Header(12.25, "odom"), POSE, 0.4, -0.3)
    message = wired(write_odometry(sent, dialect, "base_link"))
    got = read_odometry(message)
    np.testing.assert_allclose(got.odom_from_base.as_matrix(), POSE.as_matrix(), atol=1e-9)
    assert (got.header, got.linear, got.angular) == (sent.header, 0.4, -0.3)
    assert ("sec" in message["header"]["stamp"]) == (dialect is Dialect.ROS2)


@both
def test_transforms_and_cameras_go_there_and_back(dialect: Dialect) -> None:
    item = FrameTransform(Header(3.5, "base_link"), "camera", POSE)
    (got,) = read_transforms(wired(write_transforms([item], dialect)))
    assert (got.header, got.child) == (item.header, "camera")
    np.testing.assert_allclose(got.parent_from_child.as_matrix(), POSE.as_matrix(), atol=1e-9)
    info = wired(write_camera_info(CAMERA, dialect, 1.0, "camera"))
    assert read_camera_info(info) == CAMERA
    assert ("K" in info) == (dialect is Dialect.ROS1)


@both
def test_commands_are_read_with_and_without_a_stamp(dialect: Dialect) -> None:
    command = VelocityCommand(0.25, -0.5)
    assert read_twist(wired(write_twist(command))) == command
    assert read_twist(wired(write_stamped_twist(command, dialect, 2.0, "base"))) == command


def test_type_names_tell_the_dialect() -> None:
    for dialect, name in (
        (Dialect.ROS1, "nav_msgs/Odometry"),
        (Dialect.ROS2, "nav_msgs/msg/Odometry"),
    ):
        assert dialect.type_name("nav_msgs/Odometry") == name
        assert (dialect_of_type(name), plain_type(name)) == (dialect, "nav_msgs/Odometry")


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_no_command_that_is_not_finite_is_written(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        write_twist(VelocityCommand(bad, 0.0))


def broken(message: dict, path: str, value: object) -> dict:
    message = wired(message)
    here = message
    *way, last = path.split(".")
    for name in way:
        here = here[name]
    if value is ...:
        del here[last]
    else:
        here[last] = value
    return message


@pytest.mark.parametrize(
    "path",
    [
        "header",
        "header.stamp",
        "header.stamp.sec",
        "pose.pose.position.x",
        "pose.pose.orientation.w",
        "twist.twist.linear.x",
    ],
)
@pytest.mark.parametrize("value", [None, ..., "x", [], {}, True, -1e300], ids=str)
def test_damaged_odometry_is_refused(path: str, value: object) -> None:
    whole = write_odometry(Odometry(Header(1.0, "odom"), POSE, 0.0, 0.0), Dialect.ROS2, "base")
    with pytest.raises(MessageError):
        read_odometry(broken(whole, path, value))


def test_a_quaternion_of_another_length_is_refused() -> None:
    whole = write_odometry(Odometry(Header(1.0, "odom"), POSE, 0.0, 0.0), Dialect.ROS2, "base")
    none = {"x": 0.0, "y": 0.0, "z": 0.0, "w": 0.0}
    with pytest.raises(MessageError, match="unit quaternion"):
        read_odometry(broken(whole, "pose.pose.orientation", none))


def test_an_uncalibrated_camera_is_refused() -> None:
    info = write_camera_info(CAMERA, Dialect.ROS2, 1.0, "camera")
    for path, value in (("k", [0.0] * 9), ("k", [1.0] * 8), ("width", 0), ("height", 1e9)):
        with pytest.raises(MessageError):
            read_camera_info(broken(info, path, value))
