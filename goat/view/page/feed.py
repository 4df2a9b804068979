"""The newest of what the robot sees and does, handed from the control loop to the page."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goat.types import AgentFrame, Observation
from goat.view.operator import OperatorState

_SPACING = 0.05  # m between points of the trail
_LONGEST = 4000  # points


@dataclass(frozen=True, slots=True)
class Picture:
    """A camera picture and when it came."""

    observation: Observation
    """What was sensed."""
    frame: AgentFrame | None
    """What was made of it; None while no goal is pursued."""
    came: float
    """When its stamp was first seen, s of `time.monotonic`."""

    @property
    def age(self) -> float:
        """Seconds since it came."""
        return time.monotonic() - self.came


class Feed:
    """Takes in at any rate, gives out the newest; neither ever waits."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.frame: AgentFrame | None = None
        """The newest frame of any pursuit."""
        self.picture: Picture | None = None
        """The newest picture."""

    def show(self, frame: AgentFrame) -> None:
        """Take a control step."""
        self.frame = frame
        self._see(frame.observation, frame)

    def look(self, observation: Observation) -> None:
        """Take a picture of a robot that pursues nothing."""
        self._see(observation, None)

    def _see(self, observation: Observation, frame: AgentFrame | None) -> None:
        last = self.picture
        again = last is not None and last.observation.stamp == observation.stamp
        came = last.came if again and last is not None else time.monotonic()
        self.picture = Picture(observation, frame, came)


class Trail:
    """Where the robot has been."""

    def __init__(self) -> None:
        """Start nowhere."""
        self._points: list[NDArray[np.float64]] = []

    def add(self, frame: AgentFrame) -> None:
        """Note where it is, if it moved."""
        here = np.asarray(frame.map_from_base.translation[:2], np.float64)
        if not self._points or np.linalg.norm(here - self._points[-1]) >= _SPACING:
            self._points.append(here)
        if len(self._points) > _LONGEST:
            self._points = self._points[::2]

    @property
    def points(self) -> NDArray[np.float64]:
        """(N, 2) places in order, m."""
        return np.array(self._points).reshape(-1, 2)


class Stopwatch:
    """Knows since when the current goal has been pursued."""

    def __init__(self) -> None:
        """Start without a goal."""
        self._goal: tuple[str | None, int] = (None, 0)
        self._since = 0.0

    def read(self, state: OperatorState) -> float:
        """Return the seconds since the goal of `state` was first seen."""
        goal = (state.goal, len(state.ended))
        if goal != self._goal:
            self._goal, self._since = goal, time.monotonic()
        return time.monotonic() - self._since
