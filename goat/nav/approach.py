"""Where to stop in front of an object, and which way to face."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.nav.fmm import TravelField
from goat.nav.grid import CostMap
from goat.types import Body, BoolArray, CellState, Float32Array, Float64Array, OccupancyGrid


@dataclass(frozen=True)
class ApproachConfig:
    """What makes a good place to stop."""

    gap: float = 0.1
    """Least room between the body and the object, m."""
    limit: float = 0.9
    """Greatest horizontal distance to the object's surface that counts as being there, m."""
    near: float = 0.45
    """Distances below this are worse, m."""
    far: float = 0.75
    """Distances above this are worse, m."""
    distance_weight: float = 4.0
    """Cost of each metre outside `near`..`far`, in metres of driving."""
    blocked_weight: float = 6.0
    """Cost of each metre of other things between the robot and the object, in metres of driving."""
    support: float = 0.25
    """An object whose lowest point is higher than this rests on something else, m."""
    support_depth: float = 0.6
    """How much of a support may be in between, m."""
    stray: float = 0.02
    """Share of the points, the outermost, that is taken for noise when there are many."""
    candidates: int = 256
    """Cells whose view of the object is checked: the cheapest ones."""


@dataclass(frozen=True, slots=True)
class Approach:
    """A place to stop."""

    position: tuple[float, float]
    """Where to stand in the map, m."""
    yaw: float
    """Heading that faces the object's centre, rad."""
    distance: float
    """Horizontal distance to the object's surface, m."""
    travel: float
    """Cost of driving there, m."""
    within: bool
    """Close enough and with a clear view; otherwise it is only the nearest reachable place."""


@dataclass(frozen=True, slots=True, eq=False)
class ObjectFootprint:
    """An object's points on the floor plan."""

    cells: NDArray[np.intp]
    """(K, 2) cells it covers, rows and columns of the grid it was made for."""
    center: tuple[float, float]
    """Middle of its bounds, m."""
    raised: bool
    """It rests on something."""
    distance: Float32Array
    """(rows, cols) distance from each cell's centre to it, m."""

    def yaw_from(self, xy: tuple[float, float]) -> float:
        """Return the heading that faces its centre from `xy`, rad."""
        return math.atan2(self.center[1] - xy[1], self.center[0] - xy[0])


def footprint(points: NDArray, grid: OccupancyGrid, config: ApproachConfig) -> ObjectFootprint:
    """Return an object's footprint on `grid`.

    Args:
        points: (N, 3) points of the object in the map, m; N >= 1.
        grid: Any grid that lies near it.
        config: How many stray points to drop.

    Raises:
        ValueError: There are no points, or they are not finite.
    """
    points = np.asarray(points, np.float64).reshape(-1, np.shape(points)[-1])
    if len(points) == 0 or not np.isfinite(points).all():
        raise ValueError(f"an object needs finite points to drive to, got {len(points)} of them")
    xy = _without_strays(points[:, :2], config.stray)
    cells = np.unique(np.clip(grid.cells(xy), 0, np.array(grid.shape) - 1), axis=0)
    absent = np.full(grid.shape, 255, np.uint8)
    absent[cells[:, 0], cells[:, 1]] = 0
    distance = np.asarray(cv2.distanceTransform(absent, cv2.DIST_L2, 5), np.float32)
    distance = np.maximum((distance - 0.5) * np.float32(grid.resolution), np.float32(0.0))
    middle = 0.5 * (xy.min(axis=0) + xy.max(axis=0))
    height = points[:, 2].min() if points.shape[1] > 2 else 0.0
    center = (float(middle[0]), float(middle[1]))
    return ObjectFootprint(cells, center, bool(height > config.support), distance)


def _without_strays(xy: Float64Array, share: float) -> Float64Array:
    if len(xy) < 50:
        return xy
    away = np.linalg.norm(xy - np.median(xy, axis=0), axis=1)
    return xy[away <= np.quantile(away, 1.0 - share)]


def hidden_length(thing: ObjectFootprint, grid: OccupancyGrid, xy: NDArray) -> Float64Array:
    """Return (N,) metres of other occupied cells between places `xy` (N, 2) and the object.

    The line runs to the nearest cell of the object; cells of the object, and those that touch it,
    do not count.
    """
    xy = np.atleast_2d(xy)
    own = thing.cells.astype(np.float64)
    start = (xy[:, ::-1] - np.asarray(grid.origin)[::-1]) / grid.resolution - 0.5
    gaps = np.square(start[:, None, :] - own[None]).sum(axis=2)
    ends = own[gaps.argmin(axis=1)]
    lengths = np.linalg.norm(ends - start, axis=1) * grid.resolution
    share = np.linspace(0.0, 1.0, max(2, math.ceil(2 * lengths.max() / grid.resolution)))
    lines = start[:, None, :] + share[:, None] * (ends - start)[:, None, :]
    index = np.clip(np.rint(lines).astype(np.intp), 0, np.array(grid.shape) - 1)
    other = _others(thing, grid)[index[..., 0], index[..., 1]]
    return other.mean(axis=1) * lengths


def _others(thing: ObjectFootprint, grid: OccupancyGrid) -> BoolArray:
    return (grid.state == CellState.OCCUPIED) & (thing.distance > 1.5 * grid.resolution)


def sees(
    thing: ObjectFootprint, grid: OccupancyGrid, xy: NDArray, config: ApproachConfig
) -> BoolArray:
    """Return (N,) whether nothing but the object's support stands between `xy` (N, 2) and it."""
    allowed = config.support_depth if thing.raised else 0.5 * grid.resolution
    return hidden_length(thing, grid, xy) <= allowed


def stop_pose(
    thing: ObjectFootprint, travel: TravelField, body: Body, config: ApproachConfig
) -> Approach | None:
    """Return where to stop in front of an object, None if the robot cannot move at all.

    When no reachable place is close enough with a clear view, the nearest reachable place is
    returned with `within` false.
    """
    costs = travel.costs
    reachable = travel.fine()
    lowest = body.radius + config.gap
    ring = np.argwhere((thing.distance <= config.limit) & np.isfinite(reachable))
    if len(ring):
        best = _best_in_ring(thing, costs, reachable, ring, lowest, config)
        if best is not None:
            return _approach(thing, costs, reachable, best, True)
    distance = np.where(np.isfinite(reachable), thing.distance + 0.02 * reachable, np.inf)
    cell = np.array(np.unravel_index(int(distance.argmin()), distance.shape))
    if not np.isfinite(distance[tuple(cell)]):
        return None
    return _approach(thing, costs, reachable, cell, False)


def _best_in_ring(
    thing: ObjectFootprint,
    costs: CostMap,
    reachable: Float32Array,
    ring: NDArray[np.intp],
    lowest: float,
    config: ApproachConfig,
) -> NDArray[np.intp] | None:
    distance = thing.distance[ring[:, 0], ring[:, 1]]
    outside = np.maximum(config.near - distance, 0.0) + np.maximum(distance - config.far, 0.0)
    crowded = np.maximum(lowest - distance, 0.0) * 10.0
    price = reachable[ring[:, 0], ring[:, 1]] + config.distance_weight * (outside + crowded)
    price = price + 0.3 * (costs.cost[ring[:, 0], ring[:, 1]] - 1.0)
    order = np.argsort(price)[: config.candidates]
    ring, price = ring[order], price[order]
    hidden = hidden_length(thing, costs.grid, costs.grid.points(ring))
    price = price + config.blocked_weight * hidden
    allowed = config.support_depth if thing.raised else 0.5 * costs.grid.resolution
    price[hidden > allowed] = np.inf
    best = int(price.argmin())
    return ring[best] if np.isfinite(price[best]) else None


def _approach(
    thing: ObjectFootprint,
    costs: CostMap,
    reachable: Float32Array,
    cell: NDArray[np.intp],
    within: bool,
) -> Approach:
    x, y = (float(v) for v in costs.grid.points(cell))
    row, col = int(cell[0]), int(cell[1])
    return Approach(
        (x, y),
        thing.yaw_from((x, y)),
        float(thing.distance[row, col]),
        float(reachable[row, col]),
        within,
    )
