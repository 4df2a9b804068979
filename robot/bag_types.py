"""What recordings of every kind have in common."""

from __future__ import annotations

from dataclasses import dataclass

from goat.errors import GoatError
from robot.messages import Dialect


class BagError(GoatError):
    """A recording that cannot be read, or lacks what is needed."""


@dataclass(frozen=True, slots=True)
class BagTopic:
    """One topic of a recording."""

    name: str
    """As in the ROS graph."""
    kind: str
    """Type of its messages, without a dialect: "sensor_msgs/Image"."""
    count: int
    """Number of messages."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A message that was not unpacked yet."""

    topic: str
    """Where it was sent."""
    kind: str
    """Its type, without a dialect."""
    at: float
    """When it was recorded, s."""
    data: bytes
    """As it was sent."""
    dialect: Dialect
    """How it is packed."""
