"""Where a vertical cylinder can stand and how far it can drive.

The triangles between the height the wheels roll over and the robot's top are drawn into a fine
grid of obstacles; the exact Euclidean distance to it tells how far the robot's centre is from
contact. As distance changes no faster than position, a motion is checked along its whole
length by marching in steps as long as the clearance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.errors import WorldError
from goat.types import Body, BoolArray, Float32Array, Float64Array
from sim.surfaces import collision_triangles
from sim.worlds.world import World

_CELL = 0.01  # m; finest grid
_MAX_CELLS = 12_000_000  # larger worlds get a coarser grid
_MIN_STEP = 0.002  # m; step along a motion at contact
_FLOOR_DEPTH = 0.10  # m; how far below the floor's height a floor may lie
_FLOOR_GAP = 0.08  # m; cracks in the floor that are bridged
_MIN_FLOOR = 1.0  # m2; a world with less floor than this is taken to stand on a plane
_MAX_FLOOR_SIDE = 60.0  # m; a longer floor is a ground plane, and only what stands on it counts
_MIN_AREA = 0.1  # m2; a smaller free place is no place for a robot


@dataclass(frozen=True, slots=True)
class Sweep:
    """The outcome of a motion."""

    x: float
    """Where the centre came to rest, m."""
    y: float
    """Where the centre came to rest, m."""
    collided: bool
    """Something was in the way."""


class CollisionMap:
    """Free space of one world for one robot."""

    def __init__(self, world: World, body: Body) -> None:
        """Draw the world's obstacles and floor.

        Raises:
            WorldError: There is no free space for the robot.
        """
        low, high = world.floor + body.step_height, world.floor + body.height
        triangles = [t for _, t in collision_triangles(world)]
        corners = np.concatenate(triangles) if triangles else np.empty((0, 3, 3), np.float32)
        obstacles = clip_to_band(corners, low, high)
        floor = clip_to_band(_facing_up(corners), world.floor - _FLOOR_DEPTH, low)
        self._lay_out(world, obstacles, floor, body.radius)
        occupied = self._draw(obstacles)
        occupied[[0, -1]] = occupied[:, [0, -1]] = 1
        distance = cv2.distanceTransform(1 - occupied, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        self.clearance: Float32Array = np.asarray(distance * self.cell, np.float32)
        """(rows, cols) distance of each cell's centre to the nearest obstacle cell's, m."""
        supported = self._supported(floor)
        self.clearance[~supported] = 0.0
        self._limit = body.radius + 0.71 * self.cell
        self.labels = self._components(world)
        """(rows, cols) number of the connected free place of each cell; 0 = not free."""

    def _lay_out(
        self, world: World, obstacles: list[NDArray], floor: list[NDArray], radius: float
    ) -> None:
        """Choose the grid's origin, size and resolution."""
        boxes = [b for b in (_bounds(obstacles), _bounds(floor)) if b is not None]
        if not boxes:
            raise WorldError(f"world {world.name!r} has neither a floor nor anything on it")
        if len(boxes) == 2 and (boxes[1][1] - boxes[1][0]).max() > _MAX_FLOOR_SIDE:
            boxes.pop()
        low = np.min([b[0] for b in boxes], axis=0) - radius
        high = np.max([b[1] for b in boxes], axis=0) + radius
        area = float(np.prod(high - low))
        self.cell = max(_CELL, math.sqrt(area / _MAX_CELLS))
        """Side of a cell, m."""
        self.origin = (float(low[0]), float(low[1]))
        """World coordinates of the outer corner of cell [0, 0], m."""
        cols, rows = np.ceil((high - low) / self.cell).astype(int) + 1
        self._shape = (int(rows), int(cols))

    def _draw(self, polygons: list[NDArray]) -> NDArray[np.uint8]:
        mask = np.zeros(self._shape, np.uint8)
        for corners in polygons:
            _fill(mask, (corners - self.origin) / self.cell)
        return mask

    def _supported(self, floor: list[NDArray]) -> BoolArray:
        """Return (rows, cols) whether there is floor; everywhere if the world has none."""
        mask = self._draw(floor)
        if np.count_nonzero(mask) * self.cell**2 < _MIN_FLOOR:
            return np.ones(self._shape, bool)
        side = 2 * round(0.5 * _FLOOR_GAP / self.cell) + 1
        return cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)) > 0

    def _components(self, world: World) -> NDArray[np.int32]:
        free = (self.clearance >= self._limit).astype(np.uint8)
        _, found, stats, _ = cv2.connectedComponentsWithStats(free, connectivity=4)
        labels = np.asarray(found, np.int32)
        areas = stats[:, cv2.CC_STAT_AREA] * self.cell**2
        big = np.flatnonzero(areas >= _MIN_AREA)
        big = big[big > 0]
        if len(big) == 0:
            raise WorldError(
                f"world {world.name!r} has no free space for a robot of radius "
                f"{self._limit - 0.71 * self.cell:g} m; use a smaller radius or another world"
            )
        self.largest = int(big[areas[big].argmax()])
        """Label of the largest connected free place."""
        return np.where(areas[labels] >= _MIN_AREA, labels, 0)

    def _index(self, x: float, y: float) -> tuple[int, int]:
        col = math.floor((x - self.origin[0]) / self.cell)
        row = math.floor((y - self.origin[1]) / self.cell)
        return min(max(row, 0), self._shape[0] - 1), min(max(col, 0), self._shape[1] - 1)

    def label_at(self, x: float, y: float) -> int:
        """Return the connected free place that holds (x, y); 0 if it is not free."""
        if self.margin(x, y) < 0.0:
            return 0
        row, col = self._index(x, y)
        # At contact the nearest cell's centre may be just too close; its neighbours are not.
        near = self.labels[max(row - 1, 0) : row + 2, max(col - 1, 0) : col + 2]
        return int(self.labels[row, col]) or int(near.max())

    def margin(self, x: float, y: float) -> float:
        """Return how far a robot at (x, y) is from contact, m; negative if it overlaps."""
        u = (x - self.origin[0]) / self.cell - 0.5
        v = (y - self.origin[1]) / self.cell - 0.5
        col, row = math.floor(u), math.floor(v)
        if not (0 <= row < self._shape[0] - 1 and 0 <= col < self._shape[1] - 1):
            return -self._limit
        (a, b), (c, d) = self.clearance[row : row + 2, col : col + 2].tolist()
        u, v = u - col, v - row
        distance = (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d)
        return distance - self._limit

    def sweep(self, x: float, y: float, dx: float, dy: float) -> Sweep:
        """Move from the free place (x, y) by up to (dx, dy), m, stopping at contact."""
        length = math.hypot(dx, dy)
        if length == 0.0:
            return Sweep(x, y, False)
        ux, uy = dx / length, dy / length
        gone, margin = 0.0, self.margin(x, y)
        while gone < length:
            ahead = min(gone + max(margin, _MIN_STEP), length)
            margin = self.margin(x + ux * ahead, y + uy * ahead)
            if margin < 0.0:
                return Sweep(x + ux * gone, y + uy * gone, True)
            gone = ahead
        return Sweep(x + dx, y + dy, False)

    def slide(self, x: float, y: float, dx: float, dy: float) -> Sweep:
        """Like `sweep`, but what is left after contact is spent along the obstacle."""
        first = self.sweep(x, y, dx, dy)
        if not first.collided:
            return first
        left = (x + dx - first.x, y + dy - first.y)
        nx, ny = self._normal(first.x, first.y)
        along = -ny * left[0] + nx * left[1]
        second = self.sweep(first.x, first.y, -ny * along, nx * along)
        return Sweep(second.x, second.y, True)

    def _normal(self, x: float, y: float) -> tuple[float, float]:
        """Return the unit direction in which clearance grows fastest."""
        step = 2.0 * self.cell
        gx = self.margin(x + step, y) - self.margin(x - step, y)
        gy = self.margin(x, y + step) - self.margin(x, y - step)
        length = math.hypot(gx, gy)
        return (gx / length, gy / length) if length > 0.0 else (0.0, 0.0)

    def sample(self, rng: np.random.Generator) -> tuple[float, float]:
        """Return a random point of the largest connected free place."""
        cells = np.flatnonzero(self.labels == self.largest)
        row, col = divmod(int(rng.choice(cells)), self._shape[1])
        return (
            self.origin[0] + (col + 0.5) * self.cell,
            self.origin[1] + (row + 0.5) * self.cell,
        )


def _facing_up(corners: NDArray) -> NDArray:
    """Return those of triangles (F, 3, 3) that a wheel could stand on."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return corners[normal[:, 2] > 0.7 * np.linalg.norm(normal, axis=1)]


def clip_to_band(corners: NDArray, low: float, high: float) -> list[NDArray[np.float64]]:
    """Clip triangles (F, 3, 3) to low <= z <= high.

    Returns:
        Convex polygons seen from above: arrays (N, K, 2), m, one per number of corners K.
    """
    z = corners[..., 2]
    touching = (z.max(axis=1, initial=-np.inf) >= low) & (z.min(axis=1, initial=np.inf) <= high)
    corners = corners[touching].astype(np.float64)
    z = corners[..., 2]
    inside = (z.min(axis=1) >= low) & (z.max(axis=1) <= high)
    whole, cut = corners[inside, :, :2], corners[~inside]
    polygons = [whole] if len(whole) else []
    clipped = _clip(_clip(cut, low, 1.0), high, -1.0)
    if len(clipped):
        polygons.append(clipped[..., :2])
    return polygons


def _clip(polygons: NDArray[np.float64], level: float, sign: float) -> NDArray[np.float64]:
    """Clip polygons (N, K, 3) to sign * (z - level) >= 0; returns (M, 2 K, 3).

    Each edge gives two corners: its part on the kept side, from end to end. An edge on the other
    side gives the nearest kept corner twice; repeated corners do no harm when drawn.
    """
    if len(polygons) == 0:
        return np.empty((0, 2 * polygons.shape[1], 3))
    height = sign * (polygons[..., 2] - level)
    following = np.roll(polygons, -1, axis=1)
    next_height = np.roll(height, -1, axis=1)
    span = next_height - height
    safe = np.where(np.abs(span) < 1e-12, 1.0, span)
    crossing = np.clip(-height / safe, 0.0, 1.0)
    start = np.where(height >= 0, 0.0, crossing)
    end = np.where(next_height >= 0, 1.0, crossing)
    kept = (height >= 0) | (next_height >= 0)
    edge = following - polygons
    points = np.stack(
        [polygons + edge * start[..., None], polygons + edge * end[..., None]], axis=2
    )
    flat = points.reshape(len(polygons), -1, 3)
    valid = np.repeat(kept, 2, axis=1)
    some = valid.any(axis=1)
    flat, valid = flat[some], valid[some]
    return np.take_along_axis(flat, _last_valid(valid)[..., None], axis=1)


def _last_valid(valid: BoolArray) -> NDArray[np.intp]:
    """Return (N, K) for each position the last valid one before it, cyclically."""
    count = valid.shape[1]
    doubled = np.concatenate([valid, valid], axis=1)
    position = np.where(doubled, np.arange(2 * count), -1)
    return np.maximum.accumulate(position, axis=1)[:, count:] % count


def _bounds(polygons: list[NDArray]) -> Float64Array | None:
    """Return (2, 2) lower and upper corner, m; None if there are no polygons."""
    if not polygons:
        return None
    points = np.concatenate([p.reshape(-1, 2) for p in polygons])
    return np.stack([points.min(axis=0), points.max(axis=0)])


def _fill(mask: NDArray[np.uint8], polygons: NDArray[np.float64]) -> None:
    """Draw convex polygons (N, K, 2), in cells, outlines included."""
    rows, cols = mask.shape
    low = np.clip(np.floor(polygons.min(axis=1)), 0, (cols - 1, rows - 1)).astype(int)
    high = np.clip(np.floor(polygons.max(axis=1)), 0, (cols - 1, rows - 1)).astype(int)
    small = (high - low <= 1).all(axis=1)
    for x in (low[small, 0], high[small, 0]):
        for y in (low[small, 1], high[small, 1]):
            mask[y, x] = 1
    fraction = 4
    fixed = np.rint((polygons[~small] - 0.5) * (1 << fraction)).astype(np.int32)
    for polygon in fixed:
        cv2.fillConvexPoly(mask, polygon, 1, cv2.LINE_8, fraction)
