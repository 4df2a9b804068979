"""Would the robot touch anything on its way to a stop?

The path of a command is the arc that it drives until it can have stopped: at its speed for the time
until a stop takes effect, and then slowing down. The disc of the robot is swept along it against
the squares of occupied cells, exactly: neither distances between cell centres nor lookups are
involved, and what lies between two samples is covered by growing the disc.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from goat.types import CellState, Float64Array, OccupancyGrid, VelocityCommand

_SPACING = 0.02
"""Between samples of the path, m."""
_STILL = 1e-3
"""Slower than this it stays where it is, m/s."""


@dataclass(frozen=True)
class StoppingConfig:
    """How the base comes to a stop."""

    reaction: float = 0.25
    """Longest time until a stop takes effect: next look, network and base, s."""
    deceleration: float = 0.5
    """With which the base slows down when told to stop, m/s^2."""
    gap: float = 0.02
    """Room to keep to everything, m."""


class SweptFootprint:
    """Checks commands of a round robot against a map."""

    def __init__(self, radius: float, config: StoppingConfig | None = None) -> None:
        """Prepare.

        Args:
            radius: Of the robot, m.
            config: How it comes to a stop.
        """
        self._config = config or StoppingConfig()
        self._radius = radius

    def stopping_distance(self, speed: float) -> float:
        """Return how far it goes on after a stop was decided at `speed` (m/s), m."""
        speed, cfg = abs(speed), self._config
        return speed * cfg.reaction + speed * speed / (2.0 * cfg.deceleration)

    def stoppable_speed(self, room: float, deceleration: float) -> float:
        """Return the speed from which it can slow down gently within `room` metres, m/s.

        Args:
            room: Distance to what must not be touched.
            deceleration: How gently, m/s^2.
        """
        slow = deceleration * self._config.reaction
        return math.sqrt(slow * slow + 2.0 * deceleration * max(room, 0.0)) - slow

    def free(
        self, grid: OccupancyGrid, pose: tuple[float, float, float], command: VelocityCommand
    ) -> bool:
        """Return whether it touches nothing new until it has stopped; see `room`."""
        length = self.stopping_distance(command.linear)
        return self.room(grid, pose, command, length) >= length

    def room(
        self,
        grid: OccupancyGrid,
        pose: tuple[float, float, float],
        command: VelocityCommand,
        horizon: float,
    ) -> float:
        """Return how far it can drive along an arc before it touches something, m.

        What the disc touches where it stands must not come nearer: so it can back out of where the
        map shows something in it, and turn on the spot.

        Args:
            grid: The map.
            pose: Of the base in the map, m and rad.
            command: Gives the arc.
            horizon: Farther than this does not matter, m.
        """
        if abs(command.linear) < _STILL:
            return horizon
        along, path = self._arc(pose, command, horizon)
        reach = self._radius + self._config.gap + _SPACING / 2.0
        cells = _occupied(grid, path.min(axis=0) - reach, path.max(axis=0) + reach)
        if len(cells) == 0:
            return horizon
        gaps = _gaps(path, cells, grid.resolution / 2.0)
        touches = ((gaps <= reach) & (gaps < gaps[0] - 1e-9)).any(axis=1)
        return float(along[max(int(touches.argmax()) - 1, 0)]) if touches.any() else horizon

    @staticmethod
    def _arc(
        pose: tuple[float, float, float], command: VelocityCommand, length: float
    ) -> tuple[Float64Array, Float64Array]:
        """Return (N,) distances and (N, 2) places of the base along them, m."""
        x, y, yaw = pose
        count = max(2, math.ceil(length / _SPACING) + 1)
        along = np.linspace(0.0, length, count)
        signed = math.copysign(1.0, command.linear) * along
        curvature = command.angular / command.linear
        if abs(curvature) < 1e-6:
            line = [x + signed * math.cos(yaw), y + signed * math.sin(yaw)]
            return along, np.stack(line, axis=1)
        angle = yaw + signed * curvature
        dx, dy = np.sin(angle) - math.sin(yaw), math.cos(yaw) - np.cos(angle)
        return along, np.stack([x + dx / curvature, y + dy / curvature], axis=1)


def _occupied(grid: OccupancyGrid, low: Float64Array, high: Float64Array) -> Float64Array:
    """Return (K, 2) centres of the occupied cells that reach into a rectangle, m."""
    first = np.floor((low - grid.origin) / grid.resolution).astype(int) - 1
    last = np.ceil((high - grid.origin) / grid.resolution).astype(int) + 1
    (col, row), (cols, rows) = np.maximum(first, 0), np.maximum(last, 0)
    window = grid.state[row:rows, col:cols] == CellState.OCCUPIED
    return grid.points(np.argwhere(window) + np.array([row, col])).reshape(-1, 2)


def _gaps(path: Float64Array, cells: Float64Array, half: float) -> Float64Array:
    """Return (N, K) distances from points to squares of side `2 half`, m; 0 within."""
    beyond = np.maximum(np.abs(path[:, None] - cells[None]) - half, 0.0)
    return np.linalg.norm(beyond, axis=2)
