"""Drives to record, and recordings as other programs write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from sim_worlds import two_room_world

from goat.build import build_agent
from goat.perception.detectors.simulator import SimulatorDetector
from goat.recording.recorder import McapRecorder
from goat.types import AgentFrame, Float32Array, Goal
from sim.home import HomeSim

ROS2 = get_typestore(Stores.ROS2_HUMBLE)
ROS1 = get_typestore(Stores.ROS1_NOETIC)
ROS1.register(
    get_types_from_msg("geometry_msgs/TransformStamped[] transforms", "tf2_msgs/msg/TFMessage")
)
CUSTOM = "acme_msgs/msg/Secret"
for store in (ROS1, ROS2):
    store.register(get_types_from_msg("uint8 level\nstring[] words", CUSTOM))


def drive(goals: Sequence[Goal], most: int = 100) -> tuple[list[AgentFrame], dict[int, str]]:
    """Pursue goals in the two rooms; return every step and the categories of the objects."""
    sim = HomeSim(two_room_world())
    labels = dict(sim.labels)
    agent = build_agent(
        sim.body, SimulatorDetector(labels), vocabulary=tuple(sorted(set(labels.values())))
    )
    frames = []
    for goal in goals:
        agent.set_goal(goal)
        for _ in range(most):
            action = agent.step(sim.observe())
            frames.append(agent.frame())
            if agent.status is not None:
                break
            sim.act(action)
    agent.close()
    sim.close()
    return frames, labels


def record(path: Path, frames: Sequence[AgentFrame], labels: dict[int, str]) -> Path:
    """Record steps; return the file."""
    recorder = McapRecorder(path, labels)
    for frame in frames:
        recorder.show(frame)
    recorder.close()
    return recorder.path


class Foreign:
    """A drive as somebody else's robot would record it: raw images, other topics, other frames."""

    COLOR, DEPTH, INFO = "/cam/rgb", "/cam/depth", "/cam/info"
    ODOMETRY, FRAMES, FIXED = "/wheels", "/tf", "/tf_static"
    IDS, LABELS, SECRET = "/sim/ids", "/sim/labels", "/secret"
    NAMES: ClassVar = {
        "color": COLOR, "depth": DEPTH, "camera_info": INFO, "odometry": ODOMETRY,
        "semantic": IDS, "labels": LABELS,
    }  # fmt: skip

    def __init__(self, ros1: bool = False, depth: str = "32FC1") -> None:
        self.ros1, self.depth, self.store = ros1, depth, ROS1 if ros1 else ROS2

    def messages(
        self, frames: Sequence[AgentFrame], labels: dict[int, str]
    ) -> Iterator[tuple[str, str, int, Any]]:
        """Return topic, type, time and message."""
        for number, frame in enumerate(frames):
            seen = frame.observation
            at = round(seen.stamp * 1e9)
            head = self.header(at, "eye")
            if number == 0:
                fixed = self.edges(at, "base_footprint", "eye", seen.base_from_camera)
                yield self.FIXED, "tf2_msgs/msg/TFMessage", at, fixed
                text = self.make("std_msgs/msg/String", data=json.dumps(labels))
                yield self.LABELS, "std_msgs/msg/String", at, text
                yield self.SECRET, CUSTOM, at, self.make(CUSTOM, level=3, words=["a", "b"])
            yield self.INFO, "sensor_msgs/msg/CameraInfo", at, self.info(seen.camera, head)
            moved = self.edges(at, "odom", "base_footprint", seen.odom_from_base)
            yield self.FRAMES, "tf2_msgs/msg/TFMessage", at, moved
            yield self.ODOMETRY, "nav_msgs/msg/Odometry", at, self.odometry(at, seen.odom_from_base)
            ids = seen.semantic.astype(np.uint16)
            yield self.IDS, "sensor_msgs/msg/Image", at, self.image(ids, "16UC1", head)
            bgr = np.ascontiguousarray(seen.rgb[..., ::-1])
            yield self.COLOR, "sensor_msgs/msg/Image", at, self.image(bgr, "bgr8", head)
            depth = self.image(self.packed(seen.depth), self.depth, head)
            yield self.DEPTH, "sensor_msgs/msg/Image", at + 2_000_000, depth

    def write(self, writer: Any, frames: Sequence[AgentFrame], labels: dict[int, str]) -> None:
        """Write all messages with an open writer of rosbags."""
        pack: Callable = self.store.serialize_ros1 if self.ros1 else self.store.serialize_cdr
        connections = {}
        for topic, kind, at, message in self.messages(frames, labels):
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=self.store)
            writer.write(connections[topic], at, pack(message, kind))

    def make(self, kind: str, **fields: Any) -> Any:
        return self.store.types[kind](**fields)

    def header(self, at: int, frame: str) -> Any:
        stamp = self.make("builtin_interfaces/msg/Time", sec=at // 10**9, nanosec=at % 10**9)
        extra = {"seq": 0} if self.ros1 else {}
        return self.make("std_msgs/msg/Header", stamp=stamp, frame_id=frame, **extra)

    def packed(self, depth: Float32Array) -> np.ndarray:
        if self.depth == "32FC1":
            return depth
        return np.nan_to_num(depth * 1000.0).round().astype(np.uint16)

    def image(self, pixels: np.ndarray, encoding: str, head: Any) -> Any:
        height, width = pixels.shape[:2]
        return self.make(
            "sensor_msgs/msg/Image", header=head, height=height, width=width, encoding=encoding,
            is_bigendian=0, step=pixels.nbytes // height, data=pixels.view(np.uint8).ravel(),
        )  # fmt: skip

    def info(self, camera: Any, head: Any) -> Any:
        k = np.array([camera.fx, 0, camera.cx, 0, camera.fy, camera.cy, 0, 0, 1], np.float64)
        names = {"d": np.zeros(5), "k": k, "r": np.eye(3).ravel(), "p": np.zeros(12)}
        if self.ros1:
            names = {name.upper(): value for name, value in names.items()}
        region = self.make(
            "sensor_msgs/msg/RegionOfInterest",
            x_offset=0, y_offset=0, height=0, width=0, do_rectify=False,
        )  # fmt: skip
        return self.make(
            "sensor_msgs/msg/CameraInfo", header=head, height=camera.height, width=camera.width,
            distortion_model="plumb_bob", binning_x=0, binning_y=0, roi=region, **names,
        )  # fmt: skip

    def parts(self, pose: Any, point: str) -> tuple[Any, Any]:
        translation, rotation = pose.as_components()
        xyz = dict(zip("xyz", map(float, translation), strict=True))
        turn = dict(zip("xyzw", map(float, rotation.as_quat()), strict=True))
        return self.make(point, **xyz), self.make("geometry_msgs/msg/Quaternion", **turn)

    def edges(self, at: int, parent: str, child: str, pose: Any) -> Any:
        translation, rotation = self.parts(pose, "geometry_msgs/msg/Vector3")
        move = self.make("geometry_msgs/msg/Transform", translation=translation, rotation=rotation)
        edge = self.make(
            "geometry_msgs/msg/TransformStamped",
            header=self.header(at, parent), child_frame_id=child, transform=move,
        )  # fmt: skip
        return self.make("tf2_msgs/msg/TFMessage", transforms=[edge])

    def odometry(self, at: int, pose: Any) -> Any:
        position, orientation = self.parts(pose, "geometry_msgs/msg/Point")
        zero = self.make("geometry_msgs/msg/Vector3", x=0.0, y=0.0, z=0.0)
        there = self.make("geometry_msgs/msg/Pose", position=position, orientation=orientation)
        moving = self.make("geometry_msgs/msg/Twist", linear=zero, angular=zero)
        unknown = np.zeros(36)
        return self.make(
            "nav_msgs/msg/Odometry", header=self.header(at, "odom"),
            child_frame_id="base_footprint",
            pose=self.make("geometry_msgs/msg/PoseWithCovariance", pose=there, covariance=unknown),
            twist=self.make(
                "geometry_msgs/msg/TwistWithCovariance", twist=moving, covariance=unknown
            ),
        )  # fmt: skip
