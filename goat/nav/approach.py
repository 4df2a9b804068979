"""Where to stop in front of an object, and which way to face."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.nav.fmm import TravelField
from goat.nav.grid import CostMap
from goat.nav.sides import facing, seen_side
from goat.types import Body, BoolArray, CellState, Float32Array, Float64Array, OccupancyGrid

_TALL = 0.15
"""What reaches this near to the height of the camera may be of any height, m."""
_CLEAR = 0.25
"""Cells of other things on a line of sight that count as none: less than one wall's face."""


@dataclass(frozen=True)
class ApproachConfig:
    """What makes a good place to stop."""

    gap: float = 0.1
    """Least room between the body and the object, m."""
    reach: float = 0.85
    """Places this near to the object's surface are preferred to any farther ones, m."""
    limit: float = 1.2
    """Greatest horizontal distance to the object's surface that counts as being there, m."""
    near: float = 0.45
    """Distances below this are worse, m."""
    far: float = 0.78
    """Distances above this are worse, m."""
    distance_weight: float = 6.0
    """Cost of each metre outside `near`..`far`, in metres of driving."""
    blocked_weight: float = 6.0
    """Cost of each metre of other things between the robot and the object, in metres of driving."""
    over: float = 0.1
    """What reaches less far above the line of sight does not hide the object, m."""
    slant_weight: float = 1.0
    """Cost of each metre that the centre is farther than the surface, in metres of driving."""
    stray: float = 0.02
    """Share of the points, the outermost, that is taken for noise when there are many."""
    walled: float = 0.4
    """With something tall this near, m, what is behind the object is another room."""
    around: float = 2.0
    """How far one walks around an object on the side from which it was seen, m."""
    candidates: int = 256
    """Cells whose view of the object is checked at once, cheapest first."""


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
    distance: Float32Array
    """(rows, cols) distance from each cell's centre to it, m."""
    nearest: NDArray[np.int32]
    """(rows, cols) which of `cells` is nearest to each cell."""
    opaque: BoolArray
    """(rows, cols) occupied cells that are not its own."""
    hides_from: Float32Array
    """(rows, cols) what stands in an opaque cell hides what is seen along lines lower than this,
    m; inf for walls."""
    middle: float
    """Height of its middle, m."""
    eye: float
    """Height of the camera, m."""
    side: BoolArray | None
    """(rows, cols) free cells on the side from which it was seen; None where nobody knows."""
    front: BoolArray | None
    """(rows, cols) cells that are not behind it; None if there is no behind."""

    def yaw_from(self, xy: tuple[float, float]) -> float:
        """Return the heading that faces its centre from `xy`, rad."""
        return math.atan2(self.center[1] - xy[1], self.center[0] - xy[0])


def footprint(
    points: NDArray,
    grid: OccupancyGrid,
    config: ApproachConfig,
    seen_from: NDArray | None = None,
    eye: float = 1.3,
) -> ObjectFootprint:
    """Return an object's footprint on `grid`.

    Args:
        points: (N, 3) points of the object in the map, m; N >= 1.
        grid: Any grid that lies near it.
        config: How many stray points to drop.
        seen_from: (M, 2) places it was seen from, m: they tell which side of a wall it is on.
        eye: Height of the robot, taken for that of its camera, m: it looks over what is lower than
            its line of sight. Maps end at this height.

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
    away, labels = cv2.distanceTransformWithLabels(
        absent, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    away, nearest = np.asarray(away, np.float32), np.asarray(labels, np.int32) - 1
    opaque = (grid.state == CellState.OCCUPIED) & (away > 1.5)
    tall, side, front = _heights(grid, eye), None, None
    if seen_from is not None and len(seen_from):
        side = seen_side(grid, cells, opaque, seen_from, config.around)
        walls = opaque & (away * grid.resolution < config.walled) & np.isinf(tall)
        near = away * grid.resolution < config.limit + 0.2
        eyes = grid.cells(np.asarray(seen_from, np.float64)[:, :2])
        front = facing(cells, eyes, near) if walls.any() else None
    low, high = xy.min(axis=0), xy.max(axis=0)
    return ObjectFootprint(
        cells=cells,
        center=(float(low[0] + high[0]) / 2.0, float(low[1] + high[1]) / 2.0),
        distance=np.maximum((away - 0.5) * np.float32(grid.resolution), np.float32(0.0)),
        nearest=nearest,
        opaque=opaque,
        hides_from=tall - np.float32(config.over),
        middle=float(points[:, 2].min() + points[:, 2].max()) / 2.0,
        eye=eye,
        side=side,
        front=front,
    )


def _heights(grid: OccupancyGrid, eye: float) -> Float32Array:
    """Return (rows, cols) how high what stands in each cell reaches, m.

    It is inf where nobody knows, and for what reaches the height of the camera: maps end there.
    """
    if grid.height is None:
        return np.full(grid.shape, np.inf, np.float32)
    height = grid.height * np.float32(0.01)
    known = (grid.height > 0) & (height < eye - _TALL)
    return np.where(known, height, np.float32(np.inf))


def _without_strays(xy: Float64Array, share: float) -> Float64Array:
    if len(xy) < 50:
        return xy
    away = np.linalg.norm(xy - np.median(xy, axis=0), axis=1)
    return xy[away <= np.quantile(away, 1.0 - share)]


def hidden_length(thing: ObjectFootprint, grid: OccupancyGrid, xy: NDArray) -> Float64Array:
    """Return (N,) metres between places `xy` (N, 2) and the object from which it is hidden.

    The line of sight runs from the camera down (or up) to the middle of the object above its
    nearest cell; see `hides_from` for what hides it. Cells of the object, and those that touch it,
    do not count.
    """
    xy = np.atleast_2d(xy)
    last = np.array(grid.shape) - 1
    at = np.clip(grid.cells(xy), 0, last)
    start = (xy[:, ::-1] - np.asarray(grid.origin)[::-1]) / grid.resolution - 0.5
    ends = thing.cells[thing.nearest[at[:, 0], at[:, 1]]].astype(np.float64)
    lengths = np.linalg.norm(ends - start, axis=1) * grid.resolution
    share = np.linspace(0.0, 1.0, max(2, math.ceil(2 * lengths.max() / grid.resolution)))
    lines = start[:, None, :] + share[:, None] * (ends - start)[:, None, :]
    rows, cols = np.moveaxis(np.clip(np.rint(lines).astype(np.intp), 0, last), -1, 0)
    sight = thing.eye + share * (thing.middle - thing.eye)
    hidden = thing.opaque[rows, cols] & (thing.hides_from[rows, cols] > sight)
    return hidden.mean(axis=1) * lengths


def sees(thing: ObjectFootprint, grid: OccupancyGrid, xy: NDArray) -> BoolArray:
    """Return (N,) whether nothing stands between `xy` (N, 2) and the side of it that was seen."""
    clear = hidden_length(thing, grid, xy) <= _CLEAR * grid.resolution
    if thing.side is None:
        return clear
    at = np.clip(grid.cells(np.atleast_2d(xy)), 0, np.array(grid.shape) - 1)
    return clear & thing.side[at[:, 0], at[:, 1]]


def stop_pose(
    thing: ObjectFootprint, travel: TravelField, body: Body, config: ApproachConfig
) -> Approach | None:
    """Return where to stop in front of an object, None if the robot cannot move at all.

    Places on the side from which it was seen come first, and among them those with nothing in
    between: the other side of a wall is near but shows nothing. When no reachable place is close
    enough with a clear view, the nearest reachable place is returned with `within` false.
    """
    costs = travel.costs
    reachable = travel.fine()
    lowest = body.radius + config.gap
    anywhere = np.isfinite(reachable)
    for side, limit, allowed in _choices(thing, anywhere, _CLEAR * costs.grid.resolution, config):
        ring = np.argwhere((thing.distance <= limit) & side)
        best = _best_in_ring(thing, costs, reachable, ring, lowest, config, allowed)
        if best is not None:
            return _approach(thing, costs, reachable, best, True)
    distance = np.where(np.isfinite(reachable), thing.distance + 0.02 * reachable, np.inf)
    cell = np.array(np.unravel_index(int(distance.argmin()), distance.shape))
    if not np.isfinite(distance[tuple(cell)]):
        return None
    return _approach(thing, costs, reachable, cell, False)


def _choices(
    thing: ObjectFootprint, anywhere: BoolArray, clear: float, config: ApproachConfig
) -> Iterator[tuple[BoolArray, float, float]]:
    """Yield where to stop, how near, and how much may be in between: the best choice first."""
    side = anywhere if thing.side is None else anywhere & thing.side
    anywhere = anywhere if thing.front is None else anywhere & thing.front
    for limit in (config.reach, config.limit):
        yield side, limit, clear
        yield anywhere, limit, clear
    if thing.side is not None:
        # It was seen from this side, whatever the map says is in between.
        yield side, config.reach, math.inf
        yield side, config.limit, math.inf


def _best_in_ring(
    thing: ObjectFootprint,
    costs: CostMap,
    reachable: Float32Array,
    ring: NDArray[np.intp],
    lowest: float,
    config: ApproachConfig,
    allowed: float,
) -> NDArray[np.intp] | None:
    distance = thing.distance[ring[:, 0], ring[:, 1]]
    outside = np.maximum(config.near - distance, 0.0) + np.maximum(distance - config.far, 0.0)
    crowded = np.maximum(lowest - distance, 0.0) * 10.0
    price = reachable[ring[:, 0], ring[:, 1]] + config.distance_weight * (outside + crowded)
    price = price + 0.3 * (costs.cost[ring[:, 0], ring[:, 1]] - 1.0)
    order = np.argsort(price, kind="stable")
    for first in range(0, len(order), config.candidates):
        batch = order[first : first + config.candidates]
        places = costs.grid.points(ring[batch])
        hidden = hidden_length(thing, costs.grid, places)
        slant = np.linalg.norm(places - thing.center, axis=1) - distance[batch]
        total = price[batch] + config.blocked_weight * hidden + config.slant_weight * slant
        total[hidden > allowed] = np.inf
        if np.isfinite(total).any():
            return ring[batch[int(total.argmin())]]
    return None


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
