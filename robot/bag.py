"""A recording in the place of a robot: its messages go through the same sensors."""

from __future__ import annotations

import dataclasses
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from goat.recording.topics import LABELS, NOTE, SEMANTIC
from goat.registry import require
from goat.types import Observation
from robot.bag_files import Bag
from robot.bag_types import BagError, Packed
from robot.config import Frames, RobotConfig, Topics
from robot.health import Health
from robot.messages import Dialect
from robot.sensors import Sensors

Receive = Callable[[Any, float], None]
"""Takes a message and when it was recorded, s."""
_IMAGES = ("sensor_msgs/Image", "sensor_msgs/CompressedImage")
_FRAMES = ("tf2_msgs/TFMessage", "tf/tfMessage")
_KINDS = {
    "color": _IMAGES,
    "depth": _IMAGES,
    "camera_info": ("sensor_msgs/CameraInfo",),
    "odometry": ("nav_msgs/Odometry", *_FRAMES),
    "tf": _FRAMES,
    "tf_static": _FRAMES,
    "semantic": ("sensor_msgs/Image",),
    "labels": ("std_msgs/String",),
}
"""What is read -> the types it may have."""
_NEEDED = ("color", "depth", "camera_info", "odometry")
_DAMAGED = (
    struct.error, ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError,
    OverflowError, MemoryError,
)  # fmt: skip
"""What damaged bytes make rosbags raise besides its own errors."""


class Unpacker:
    """From packed messages to mappings as a bridge would send them."""

    def __init__(self) -> None:
        """Load the types.

        Raises:
            MissingExtraError: rosbags is not installed.
        """
        typesys = require("rosbags.typesys")
        self._errors = (require("rosbags.serde").SerdeError, *_DAMAGED)
        ros1 = typesys.get_typestore(typesys.Stores.ROS1_NOETIC)
        ros2 = typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)
        frames = "geometry_msgs/TransformStamped[] transforms"
        ros1.register(typesys.get_types_from_msg(frames, "tf2_msgs/msg/TFMessage"))
        self._read = {Dialect.ROS1: ros1.deserialize_ros1, Dialect.ROS2: ros2.deserialize_cdr}

    def unpack(self, item: Packed) -> Mapping[str, Any] | None:
        """Return a message; None if its bytes are damaged."""
        kind = "tf2_msgs/TFMessage" if item.kind in _FRAMES else item.kind
        try:
            message = self._read[item.dialect](item.data, kind.replace("/", "/msg/"))
            return _plain(message)
        except self._errors:
            return None


def _plain(value: Any) -> Any:
    """Return a message as mappings, lists, numbers and strings; bytes stay an array."""
    if isinstance(value, np.ndarray):
        return value if value.dtype == np.uint8 else value.tolist()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        names = (item.name for item in dataclasses.fields(value))
        return {name: _plain(getattr(value, name)) for name in names if name != "__msgtype__"}
    return value


class Playback:
    """Observations of a recording, by the code that makes those of a robot."""

    def __init__(self, bag: Bag, config: RobotConfig) -> None:
        """Prepare; `observations` reads.

        Args:
            bag: The recording.
            config: Names of topics and frames; object ids are read where the recording has any.

        Raises:
            BagError: A topic is missing or of another type; the message lists what there is.
            MissingExtraError: rosbags is not installed.
        """
        self.counts: Counter[str] = Counter()
        """What was rejected beyond what the sensors count."""
        self._bag = bag
        check_topics(bag, config.topics)
        topics, frames = present(bag, config.topics), config.frames
        self._moved_by: str | None = None
        if any(i.name == topics.odometry and i.kind in _FRAMES for i in bag.topics):
            self._moved_by = topics.odometry
            said = f"{topics.odometry} ({frames.odom} -> {frames.base})"
            topics = dataclasses.replace(topics, odometry=said)
        self._config = dataclasses.replace(config, topics=topics)
        self.sensors = Sensors(self._config, Health(config.health))
        self._unpacker = Unpacker()

    @property
    def has_objects(self) -> bool:
        """Whether it tells which objects a simulator saw."""
        return bool(self._config.topics.semantic and self._config.topics.labels)

    def observations(self) -> Iterator[Observation]:
        """Return observation after observation; the same ones every time."""
        receivers = self._receivers()
        for item in self._bag.messages(tuple(receivers)):
            message = self._unpacker.unpack(item)
            if message is None:
                self.counts[f"damaged on {item.topic}"] += 1
                continue
            for receive in receivers[item.topic]:
                receive(message, item.at)
            seen = self.sensors.poll()
            if seen is not None:
                yield seen

    def _receivers(self) -> dict[str, list[Receive]]:
        """Return topic -> what takes its messages; odometry may be a part of what tf says."""
        found = {name: [receive] for name, (_, receive) in self.sensors.receivers().items()}
        if self._moved_by is not None:
            (receive,) = found.pop(self._config.topics.odometry)
            frames = self._config.frames

            def moved(message: Any, at: float) -> None:
                for item in message["transforms"]:
                    if _names(item) == (frames.odom, frames.base):
                        receive(_as_odometry(item), at)

            found.setdefault(self._moved_by, []).append(moved)
        return found

    def rejected(self) -> dict[str, int]:
        """Return what could not be used -> how often."""
        bad = {name: number for name, number in self.sensors.counts.items() if "bad" in name}
        return dict(sorted((bad | dict(self.counts)).items()))


def _names(item: Mapping[str, Any]) -> tuple[str, str]:
    """Return parent and child of a TransformStamped."""
    return item["header"]["frame_id"].lstrip("/"), item["child_frame_id"].lstrip("/")


def _as_odometry(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a TransformStamped as nav_msgs/Odometry that does not know how fast it is."""
    move = item["transform"]
    pose = {"position": move["translation"], "orientation": move["rotation"]}
    still = {"linear": {"x": 0.0}, "angular": {"z": 0.0}}
    return {"header": item["header"], "pose": {"pose": pose}, "twist": {"twist": still}}


def as_recorded(bag: Bag, config: RobotConfig) -> RobotConfig:
    """Return a robot with the names that recordings of ours have, if this is one.

    Whatever the robot called its topics and frames, `goat.recording` has names of its own.
    """
    if all(item.name != NOTE for item in bag.topics):
        return config
    return dataclasses.replace(config, topics=Topics(), frames=Frames())


def check_topics(bag: Bag, topics: Topics) -> None:
    """Check that what an observation is made of is there.

    Raises:
        BagError: A topic is missing or of another type; the message lists what there is.
    """
    kinds = {item.name: item.kind for item in bag.topics}
    faults = [
        fault
        for role in _NEEDED
        if (fault := _fault(role, getattr(topics, role), kinds)) is not None
    ]
    if faults:
        raise BagError(f"{'; '.join(faults)}. The recording has:\n{listing(bag)}")


def _fault(role: str, name: str, kinds: Mapping[str, str]) -> str | None:
    allowed, flag = " or ".join(_KINDS[role]), f"--topics.{role.replace('_', '-')}"
    if name not in kinds:
        return f"no {role} on {name or 'an empty name'} ({allowed}): name it with {flag}"
    if kinds[name] not in _KINDS[role]:
        return f"{name} is {kinds[name]}, but {role} must be {allowed}: see {flag}"
    return None


def present(bag: Bag, topics: Topics) -> Topics:
    """Return the names with those emptied that the recording lacks and that can be done without.

    Object ids and their categories are taken where they are, also if nobody named them.
    """
    kinds = {item.name: item.kind for item in bag.topics}
    wanted = dataclasses.asdict(topics)
    wanted["semantic"] = wanted["semantic"] or SEMANTIC
    wanted["labels"] = wanted["labels"] or LABELS
    for role, allowed in _KINDS.items():
        if kinds.get(wanted[role]) not in allowed:
            wanted[role] = ""
    if not (wanted["semantic"] and wanted["labels"]):
        wanted["semantic"] = wanted["labels"] = ""
    return Topics(**wanted)


def listing(bag: Bag) -> str:
    """Return the topics with their types and numbers of messages, a line for each."""
    lines = [f"  {item.name} ({item.kind}, {item.count})" for item in bag.topics]
    return "\n".join(lines) or "  nothing"
