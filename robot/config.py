"""What a robot is called, how it is reached and how far it may go: one YAML file per robot."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from goat.errors import ConfigError
from goat.registry import suggest
from goat.types import Body
from robot.health import HealthConfig
from robot.link import LinkConfig
from robot.navigation import NavigationConfig
from robot.safety import GateConfig

T = TypeVar("T")
_MORE = 0.01
"""What the planner keeps beyond the gate's gap, m: else one would ask for what the other holds."""


@dataclass(frozen=True)
class Topics:
    """Names in the ROS graph; an empty one is not used."""

    color: str = "/camera/color/image_raw/compressed"
    """Colour images: CompressedImage if the name ends in "compressed", else Image."""
    depth: str = "/camera/aligned_depth_to_color/image_raw/compressedDepth"
    """Depth registered to the colour image: CompressedImage if it ends in "compressedDepth"."""
    camera_info: str = "/camera/color/camera_info"
    """Of the colour camera."""
    odometry: str = "/odom"
    """nav_msgs/Odometry of the base."""
    tf: str = "/tf"
    """Frames that move."""
    tf_static: str = "/tf_static"
    """Frames that do not."""
    command: str = "/cmd_vel"
    """Where velocities are sent."""
    navigation: str = ""
    """What drives by itself: the action of Nav2 or the namespace of move_base; empty for what is
    usual."""
    semantic: str = ""
    """Object ids as Image 16UC1, from a simulator only."""
    labels: str = ""
    """Their categories as a JSON object in a String, from a simulator only."""


@dataclass(frozen=True)
class Frames:
    """Names of frames."""

    base: str = "base_link"
    """REP-105: x forward, z up, on the floor."""
    odom: str = "odom"
    """Odometry's."""
    camera: str = ""
    """Optical frame of the images; empty takes what their headers say."""


@dataclass(frozen=True)
class Shape:
    """What a planner must know of the body."""

    radius: float = 0.2
    """Of a circle around the base, m."""
    height: float = 1.4
    """Highest point, m."""
    step_height: float = 0.05
    """Highest thing the wheels roll over, m."""


@dataclass(frozen=True)
class RobotConfig:
    """One robot."""

    name: str = "robot"
    """For people, and for the file that keeps its emergency stop."""
    bridge: str = "ws://localhost:9090"
    """Address of its rosbridge server."""
    dialect: Literal["auto", "ros1", "ros2"] = "auto"
    """Which ROS is behind it."""
    drive: Literal["velocity", "nav2", "move_base"] = "velocity"
    """Velocities all the time, or goals for the robot's own navigation and velocities for turning
    on the spot."""
    stamped: bool = False
    """Velocities are TwistStamped."""
    topics: Topics = field(default_factory=Topics)
    """Names in the ROS graph."""
    frames: Frames = field(default_factory=Frames)
    """Names of frames."""
    shape: Shape = field(default_factory=Shape)
    """What a planner must know of the body."""
    gate: GateConfig = field(default_factory=GateConfig)
    """What commands must keep to."""
    health: HealthConfig = field(default_factory=HealthConfig)
    """When it must stop for its sensors."""
    link: LinkConfig = field(default_factory=LinkConfig)
    """How soon a dead link is noticed."""
    navigation: NavigationConfig = field(default_factory=NavigationConfig)
    """How goals are given, where the robot drives by itself."""
    camera_hz: float = 15.0
    """Greatest rate of images, Hz."""
    pairing: float = 0.03
    """Greatest difference between the stamps of colour and depth, s."""

    @property
    def body(self) -> Body:
        """What a planner must know: it keeps the room that the gate asks for, and a little more."""
        return Body(
            radius=self.shape.radius + self.gate.stopping.gap + _MORE,
            height=self.shape.height,
            step_height=self.shape.step_height,
            max_linear=self.gate.linear.velocity,
            max_angular=self.gate.angular.velocity,
            discrete=False,
        )


def read_config(path: Path) -> RobotConfig:
    """Return the robot that a YAML file describes; what it leaves out keeps its default.

    Raises:
        ConfigError: The file cannot be read, has a key that is unknown, or a value that does not
            fit.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML: {error}") from error
    return build(RobotConfig, {} if content is None else content, str(path))


def build(kind: type[T], content: object, where: str) -> T:
    """Return a configuration from what YAML gives, strictly.

    Args:
        kind: A frozen dataclass whose fields are of simple types or such classes again.
        content: A mapping.
        where: For the error.

    Raises:
        ConfigError: An unknown key, or a value of another type.
    """
    if not isinstance(content, dict):
        raise ConfigError(f"{where}: must be a mapping, got {type(content).__name__}")
    hints = typing.get_type_hints(kind)
    names = [item.name for item in dataclasses.fields(kind)]  # pyright: ignore[reportArgumentType]
    values = {}
    for key, value in content.items():
        if key not in names:
            raise ConfigError(
                f"{where}: unknown key {key!r}.{suggest(str(key), names)} Allowed: "
                f"{', '.join(names)}"
            )
        values[key] = _value(hints[key], value, f"{where}: {key}")
    missing = [
        item.name
        for item in dataclasses.fields(kind)  # pyright: ignore[reportArgumentType]
        if item.name not in values
        and item.default is dataclasses.MISSING
        and item.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ConfigError(f"{where}: missing {', '.join(missing)}")
    return kind(**values)


def _value(kind: Any, value: object, where: str) -> object:
    if dataclasses.is_dataclass(kind):
        return build(kind, value, where)  # pyright: ignore[reportArgumentType]
    if typing.get_origin(kind) is Literal:
        allowed = typing.get_args(kind)
        if value not in allowed:
            raise ConfigError(f"{where}: must be one of {', '.join(allowed)}, got {value!r}")
        return value
    if isinstance(kind, types.UnionType):
        kind = next(item for item in typing.get_args(kind) if item is not type(None))
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind or (kind is float and not math.isfinite(float(value))):  # pyright: ignore[reportArgumentType]
        raise ConfigError(f"{where}: must be of type {kind.__name__}, got {value!r}")
    return value
