"""Colour, depth and pose of one instant, whatever a bridge leaves out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from goat.types import CameraIntrinsics
from robot.bridge import Bridge
from robot.config import RobotConfig
from robot.estop import EmergencyStop
from robot.images import write_jpeg, write_packed_depth
from robot.link import Link
from robot.messages import (
    Dialect,
    FrameTransform,
    Header,
    Odometry,
    write_camera_info,
    write_odometry,
    write_transforms,
)
from robot.ros import RosRobot

ROS2 = Dialect.ROS2
CAMERA = CameraIntrinsics(64, 48, 50.0, 50.0, 32.0, 24.0)
HERE = RigidTransform.identity()


class Driver:
    """A camera and a base of 30 Hz."""

    def __init__(self, link: Link, config: RobotConfig) -> None:
        self.link, self.topics = link, config.topics
        image = ROS2.type_name("sensor_msgs/CompressedImage")
        for topic in (self.topics.color, self.topics.depth):
            link.advertise(topic, image)
        link.advertise(self.topics.camera_info, ROS2.type_name("sensor_msgs/CameraInfo"))
        link.advertise(self.topics.odometry, ROS2.type_name("nav_msgs/Odometry"))
        link.advertise(self.topics.tf_static, ROS2.type_name("tf2_msgs/TFMessage"))

    def run(self, stop: threading.Event, period: float) -> None:
        rgb, depth = np.zeros((48, 64, 3), np.uint8), np.ones((48, 64), np.float32)
        fixed = [FrameTransform(Header(1.0, "base_link"), "optical", HERE)]
        self.link.publish(self.topics.tf_static, write_transforms(fixed, ROS2))
        # One image more than colour has: a bridge that throttles both leaves out different ones.
        self.link.publish(
            self.topics.depth, write_packed_depth(depth, ROS2, time.time(), "optical")
        )
        while not stop.wait(period):
            now = time.time()
            odometry = Odometry(Header(now, "odom"), HERE, 0.0, 0.0)
            info = write_camera_info(CAMERA, ROS2, now, "optical")
            self.link.publish(self.topics.odometry, write_odometry(odometry, ROS2, "base_link"))
            self.link.publish(self.topics.camera_info, info)
            self.link.publish(self.topics.color, write_jpeg(rgb, ROS2, now, "optical"))
            self.link.publish(self.topics.depth, write_packed_depth(depth, ROS2, now, "optical"))


@contextmanager
def driving(bridge: Bridge, config: RobotConfig, period: float) -> Iterator[None]:
    link, stop = Link(bridge.url), threading.Event()
    link.open()
    time.sleep(0.2)  # until the robot's side has subscribed
    driver = Driver(link, config)
    thread = threading.Thread(target=driver.run, args=(stop, period))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        link.close()


@pytest.fixture
def robot_of(tmp_path: Path) -> Callable[..., RosRobot]:
    return lambda config: RosRobot(config, EmergencyStop(tmp_path / "robot.estop"))


@pytest.mark.parametrize("camera_hz", [30.0, 15.0, 10.0])
def test_images_of_a_fast_camera_find_their_partners(robot_of, camera_hz: float) -> None:
    with Bridge() as bridge:
        config = RobotConfig(bridge=bridge.url, camera_hz=camera_hz)
        with robot_of(config) as robot, driving(bridge, config, 1.0 / 30.0):
            robot.observe()
            began = robot.observe().stamp
            for _ in range(10):
                seen = robot.observe()
            assert seen.stamp - began < 10 * 3.0 / camera_hz, "hardly any was without a partner"
