"""What a robot may drive over: clearance, costs, collision marks and lines of sight.

Grids are indexed [row, column] = [y, x]; lengths are metres in the `map` frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.types import (
    Body,
    BoolArray,
    CellState,
    Float32Array,
    OccupancyGrid,
    UInt8Array,
)

Pose = tuple[float, float, float]
"""(x, y, yaw): metres, metres, radians in the `map` frame."""

_STEPS_PER_CELL = 16  # resolution of the cost table over the distance to an obstacle


@dataclass(frozen=True)
class CostConfig:
    """How much slower than open floor a robot crosses each kind of cell."""

    margin: float = 0.005
    """Room to keep between the body and an obstacle at all times, m."""
    soft_clearance: float = 0.5
    """Distance to obstacles beyond which a cell costs nothing extra, m."""
    soft_weight: float = 3.0
    """Extra cost of a cell the body just fits in; falls with the square to `soft_clearance`."""
    tight_clearance: float = 0.06
    """Room beyond the body below which a place is hard to get through, m."""
    tight_weight: float = 8.0
    """Extra cost of a cell with no such room: a detour of some metres is better."""
    unknown_weight: float = 3.0
    """Factor on the cost of cells nobody has seen."""
    escape: float = 0.2
    """A robot whose body touches an obstacle may leave through this much beyond its radius, m."""
    escape_cost: float = 8.0
    """Cost of a cell that is only open because the robot already stands close to it."""
    border: int = 8
    """Unknown cells kept around the known area when cropping."""


@dataclass(frozen=True, slots=True, eq=False)
class CostMap:
    """The known part of a map as a planner sees it."""

    grid: OccupancyGrid
    """States after collision marks were added and the robot's own footprint was cleared."""
    clearance: Float32Array
    """(rows, cols) distance from each cell's centre to the nearest obstacle's edge, m."""
    cost: Float32Array
    """(rows, cols) seconds per second of open floor, >= 1; inf = blocked."""
    hard: float
    """Clearance below which a cell is blocked, m."""

    def cost_at(self, xy: NDArray) -> Float32Array:
        """Return (...) costs at map points (..., 2); inf outside the map."""
        return _lookup(self.grid, self.cost, xy, np.inf)

    def clearance_at(self, xy: NDArray) -> Float32Array:
        """Return (...) clearances at map points (..., 2), m; 0 outside the map."""
        return _lookup(self.grid, self.clearance, xy, 0.0)


def _lookup(grid: OccupancyGrid, layer: NDArray, xy: NDArray, outside: float) -> Float32Array:
    cells = grid.cells(xy)
    inside = grid.inside(cells)
    safe = np.where(inside[..., None], cells, 0)
    return np.where(inside, layer[safe[..., 0], safe[..., 1]], np.float32(outside))


def crop(grid: OccupancyGrid, xy: NDArray, border: int) -> tuple[OccupancyGrid, tuple[int, int]]:
    """Return the known part of `grid` and the surroundings of places, with its corner's cell.

    Args:
        grid: Any size; most of it may be unknown.
        xy: (N, 2) places to include (the robot, an object), m; they may lie outside the grid.
        border: Unknown cells to keep (or add) on each side.

    Returns:
        A copy with its own origin, and the row and column in `grid` of its first cell, both
        even, so that neighbouring snapshots line up.
    """
    col, row, width, height = cv2.boundingRect(grid.state)
    cells = grid.cells(np.atleast_2d(xy))
    low, high = cells.min(axis=0), cells.max(axis=0) + 1
    if width:
        low, high = np.minimum(low, (row, col)), np.maximum(high, (row + height, col + width))
    low, high = low - border, high + border
    low -= low % 2
    high += high % 2
    corner, shape = (int(low[0]), int(low[1])), (int(high[0] - low[0]), int(high[1] - low[1]))
    size = grid.resolution
    origin = (grid.origin[0] + corner[1] * size, grid.origin[1] + corner[0] * size)
    tall = None if grid.height is None else _cut(grid.height, corner, shape)
    return OccupancyGrid(_cut(grid.state, corner, shape), origin, size, tall), corner


def crop_layer(layer: NDArray, corner: tuple[int, int], shape: tuple[int, int]) -> Float32Array:
    """Return the part of `layer` that `crop` took of its grid, zero where it added cells.

    Args:
        layer: (rows, cols) any numbers, aligned with the grid that was cropped.
        corner: Second result of `crop`.
        shape: Shape of the first result of `crop`.
    """
    return _cut(np.asarray(layer, np.float32), corner, shape)


def _cut(layer: NDArray, corner: tuple[int, int], shape: tuple[int, int]) -> NDArray:
    low = np.array(corner)
    out = np.zeros(shape, layer.dtype)
    a, b = np.maximum(low, 0), np.minimum(low + shape, layer.shape)
    if (a < b).all():
        source = layer[a[0] : b[0], a[1] : b[1]]
        out[a[0] - low[0] : b[0] - low[0], a[1] - low[1] : b[1] - low[1]] = source
    return out


def mask_of(state: UInt8Array, kind: CellState) -> UInt8Array:
    """Return (rows, cols) mask, 0 or 255, of the cells in a state."""
    return (state == kind).view(np.uint8) * np.uint8(255)


def distance_to_occupied(state: UInt8Array) -> Float32Array:
    """Return (rows, cols) distance in cells from each centre to the nearest occupied centre."""
    occupied = state == CellState.OCCUPIED
    if not occupied.any():
        return np.full(state.shape, max(state.shape), np.float32)
    away = cv2.distanceTransform((~occupied).view(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(away, np.float32)


def cost_map(
    grid: OccupancyGrid, pose: Pose, body: Body, config: CostConfig, slack: float = 0.0
) -> CostMap:
    """Return clearances and driving costs on `grid`.

    Args:
        grid: Cropped map with marks.
        pose: The robot: the cells around it are always open, unless they are occupied.
        body: Footprint.
        config: Costs.
        slack: How far an obstacle may reach into the footprint, m; recovery raises it.
    """
    size = grid.resolution
    distance = distance_to_occupied(grid.state)
    hard = body.radius + config.margin - slack
    steps = cv2.convertScaleAbs(distance, alpha=_STEPS_PER_CELL)
    cost = cv2.LUT(steps, _cost_table(hard, size, config))
    unknown = np.array([config.unknown_weight, 1.0, 1.0], np.float32)
    cost *= np.take(unknown, grid.state)
    clearance = np.maximum(distance * size - 0.5 * size, 0.0, dtype=np.float32)
    _open_around(grid, pose, body.radius + config.escape, cost, config.escape_cost)
    return CostMap(grid, clearance, cost, hard)


def _cost_table(hard: float, size: float, config: CostConfig) -> Float32Array:
    clearance = np.arange(256) / _STEPS_PER_CELL * size - 0.5 * size
    soft = max(config.soft_clearance, hard + size)
    depth = np.clip((soft - clearance) / (soft - hard), 0.0, 1.0)
    tight = np.clip(1.0 - (clearance - hard) / config.tight_clearance, 0.0, 1.0)
    table = 1.0 + config.soft_weight * depth**2 + config.tight_weight * tight**2
    table[clearance < hard - 1e-6] = np.inf
    return table.astype(np.float32)


def _disc(
    grid: OccupancyGrid, xy: tuple[float, float], radius: float
) -> tuple[tuple[slice, slice], BoolArray]:
    """Return the window and mask of the cells whose centres lie within `radius` of `xy`."""
    row, col = (int(v) for v in grid.cells(np.array(xy)))
    reach = math.ceil(radius / grid.resolution)
    rows = slice(max(row - reach, 0), max(row + reach + 1, 0))
    cols = slice(max(col - reach, 0), max(col + reach + 1, 0))
    ys, xs = np.ogrid[rows.start : min(rows.stop, grid.shape[0]), cols.start : cols.stop]
    xs = xs[:, : max(grid.shape[1] - cols.start, 0)]
    dx = (xs + 0.5) * grid.resolution + grid.origin[0] - xy[0]
    dy = (ys + 0.5) * grid.resolution + grid.origin[1] - xy[1]
    return (rows, cols), dx * dx + dy * dy <= radius * radius


def _open_around(
    grid: OccupancyGrid, pose: Pose, radius: float, cost: Float32Array, price: float
) -> None:
    """Make the blocked, but not occupied, cells within `radius` of the robot cost `price`."""
    window, near = _disc(grid, pose[:2], radius)
    part = cost[window]
    part[near & np.isinf(part) & (grid.state[window] != CellState.OCCUPIED)] = price


def clear_footprint(grid: OccupancyGrid, pose: Pose, radius: float) -> None:
    """Free, in place, the cells the robot stands on: whatever was mapped there is not there."""
    window, near = _disc(grid, pose[:2], radius)
    grid.state[window][near] = CellState.FREE


@dataclass(slots=True)
class _Mark:
    x: float
    y: float
    yaw: float
    width: float
    until: int
    bump: bool = True


@dataclass(slots=True)
class CollisionMarks:
    """Temporary obstacles where the robot bumped into something the map does not show."""

    radius: float
    """Footprint radius, m."""
    lifetime: int = 60
    """Steps after which a mark is forgotten."""
    width: float = 0.15
    """Width of the first mark at a place, m; each repeated bump there widens it by as much."""
    _marks: list[_Mark] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of marks."""
        return len(self._marks)

    def add(self, pose: Pose, step: int) -> None:
        """Remember that the robot at `pose` could not move forward at `step`."""
        x, y, yaw = pose
        again = [m for m in self._marks if m.bump and _same_bump(m, pose)]
        width = self.width * min(len(again) + 1, 3)
        self._marks.append(_Mark(x, y, yaw, width, step + self.lifetime))

    def block(self, xy: tuple[float, float], yaw: float, step: int) -> None:
        """Close, for a while, the way across `xy` in direction `yaw`: it proved too narrow."""
        c, s = math.cos(yaw), math.sin(yaw)
        x, y = xy[0] - c * self.radius, xy[1] - s * self.radius
        until = step + 5 * self.lifetime
        self._marks.append(_Mark(x, y, yaw, self.width, until, bump=False))

    def expire(self, step: int) -> None:
        """Forget marks that are older than their lifetime at `step`."""
        self._marks = [m for m in self._marks if m.until > step]

    def clear(self, bumps_only: bool = False) -> None:
        """Forget the marks, or only those of collisions."""
        self._marks = [m for m in self._marks if bumps_only and not m.bump]

    def stamp(self, grid: OccupancyGrid) -> None:
        """Draw the marks into `grid` as occupied cells, in place."""
        for mark in self._marks:
            reach = self.radius + 0.75 * grid.resolution
            side = np.linspace(-0.5 * mark.width, 0.5 * mark.width, 7)
            c, s = math.cos(mark.yaw), math.sin(mark.yaw)
            xy = np.stack([mark.x + c * reach - s * side, mark.y + s * reach + c * side], axis=1)
            cells = grid.cells(xy)
            cells = cells[grid.inside(cells)]
            grid.state[cells[:, 0], cells[:, 1]] = CellState.OCCUPIED


def _same_bump(mark: _Mark, pose: Pose) -> bool:
    turned = abs(math.remainder(mark.yaw - pose[2], 2.0 * math.pi))
    return math.hypot(mark.x - pose[0], mark.y - pose[1]) < 0.2 and turned < 0.6


def line_samples(start: NDArray, ends: NDArray, spacing: float) -> NDArray[np.float64]:
    """Return (N, L, 2) points along the segments from `start` (2,) to `ends` (N, 2).

    Every segment has the same number of points, at most `spacing` apart on the longest.
    """
    ends = np.atleast_2d(ends)
    longest = float(np.abs(ends - start).max(initial=0.0))
    share = np.linspace(0.0, 1.0, max(2, math.ceil(longest / spacing) + 1))
    return start + share[:, None] * (ends - start)[:, None, :]


@dataclass(frozen=True, slots=True, eq=False)
class LocalClearance:
    """Clearance near the robot, finer than the map's cells."""

    distance: Float32Array
    """(rows, cols) distance to the nearest obstacle's edge, m, on a grid `scale` times finer."""
    origin: tuple[float, float]
    """Map coordinates of the corner of its first cell, m."""
    pitch: float
    """Side of a fine cell, m."""

    @classmethod
    def around(
        cls, grid: OccupancyGrid, xy: tuple[float, float], reach: float = 2.5, scale: int = 3
    ) -> LocalClearance:
        """Measure within `reach` metres of `xy`; everything outside the grid counts as open."""
        row, col = (int(v) for v in grid.cells(np.array(xy)))
        cells = math.ceil(reach / grid.resolution)
        top, left = max(row - cells, 0), max(col - cells, 0)
        window = grid.state[top : max(row + cells + 1, 0), left : max(col + cells + 1, 0)]
        if window.size == 0:
            window = np.zeros((1, 1), np.uint8)
        fine = cv2.resize(window, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
        pitch = grid.resolution / scale
        distance = distance_to_occupied(np.asarray(fine, np.uint8)) * pitch - 0.5 * pitch
        origin = (grid.origin[0] + left * grid.resolution, grid.origin[1] + top * grid.resolution)
        return cls(np.maximum(distance, 0.0, dtype=np.float32), origin, pitch)

    def at(self, xy: NDArray) -> Float32Array:
        """Return (...) clearances at map points (..., 2), m; the nearest known one outside."""
        index = ((xy - np.asarray(self.origin)) / self.pitch).astype(np.intp)
        index = np.clip(index, 0, np.array(self.distance.shape)[::-1] - 1)
        return self.distance[index[..., 1], index[..., 0]]
