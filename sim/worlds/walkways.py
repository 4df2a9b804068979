"""Whether a furnished room can be walked: its free floor in one piece, all things within reach."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.worlds.layout import Rect
from sim.worlds.model import Model, Placed

_CELL = 0.03  # m
_WALK = 0.30  # m; half a walkway: doors and fronts are joined by paths of twice this width
_SLIM = 0.25  # m; half the width of someone who squeezes through
_POCKET = 0.1  # m2; greatest piece of floor that may be cut off
_STAND = 0.21  # m; radius of who stands before a thing
_REACH = 0.84  # m; greatest distance from there to the thing
_STEP, _TOP = 0.05, 1.41  # m; heights between which things are bumped into

Points = NDArray[np.float64]
"""(N, 2) places on the floor, m."""


class Covers:
    """What models cover of the floor, drawn once for each model and height."""

    def __init__(self) -> None:
        """Start empty."""
        self._known: dict[tuple[int, float | None], tuple[Model, Points]] = {}

    def blocked(self, item: Placed) -> Points:
        """Return where a placed model stops a robot, what it encloses included."""
        return _moved(self._cover(item.model, item.z), item)

    def seen(self, item: Placed) -> Points:
        """Return all that lies under a placed model."""
        return _moved(self._cover(item.model, None), item)

    def _cover(self, model: Model, z: float | None) -> Points:
        key = (id(model), z)
        if key not in self._known:  # the model is kept too, so that its id stays its own
            corners = _corners(model, z)
            self._known[key] = (model, _draw(corners, fill=z is not None))
        return self._known[key][1]


def _moved(points: Points, item: Placed) -> Points:
    c, s = math.cos(item.yaw), math.sin(item.yaw)
    return points @ np.array([[c, s], [-s, c]]) + (item.x, item.y)


def _corners(model: Model, z: float | None) -> NDArray[np.float32]:
    """Return (F, 3, 2) triangles seen from above; at height z only those that stop a robot."""
    chosen = [np.empty((0, 3, 2), np.float32)]
    for piece in model.pieces:
        corners = piece.mesh.vertices[piece.mesh.faces]
        if z is not None:
            low, high = corners[..., 2].min(axis=1) + z, corners[..., 2].max(axis=1) + z
            corners = corners[(high > _STEP) & (low < _TOP) & piece.collides]
        chosen.append(corners[..., :2])
    return np.concatenate(chosen)


def _draw(triangles: NDArray[np.float32], fill: bool) -> Points:
    """Return the middles of the cells that triangles (F, 3, 2) touch, and of holes if asked."""
    if len(triangles) == 0:
        return np.empty((0, 2))
    low = triangles.min(axis=(0, 1)) - _CELL
    cells = np.floor((triangles - low) / _CELL).astype(np.int32)
    cols, rows = cells.max(axis=(0, 1)) + 2
    mask = np.zeros((rows, cols), np.uint8)
    mask[cells[..., 1], cells[..., 0]] = 1
    large = (cells.max(axis=1) - cells.min(axis=1)).max(axis=1) > 1
    for triangle in np.unique(cells[large], axis=0):
        cv2.fillConvexPoly(mask, triangle, 1)
    if fill:
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(mask, outlines, -1, 1, cv2.FILLED)
    return (np.argwhere(mask)[:, ::-1] + 0.5) * _CELL + low


class RoomFloor:
    """The floor of one room as a raster, with all that was put on it."""

    def __init__(self, room: Rect, covers: Covers) -> None:
        """Start with bare floor between four walls."""
        self._covers = covers
        self._origin = np.array(room[:2]) - _CELL
        cols, rows = (round((room[k + 2] - room[k]) / _CELL) for k in (0, 1))
        self._free = np.zeros((rows + 2, cols + 2), np.uint8)
        self._free[1:-1, 1:-1] = 1
        self._things: list[NDArray[np.intp]] = []

    def put(self, items: Sequence[Placed]) -> None:
        """Put things there for good."""
        self._free = self._with(items)
        self._things += self._cells_of(items)

    def allows(self, items: Sequence[Placed], gates: Points, fronts: Sequence[Rect]) -> bool:
        """Return whether the room can still be walked with more things in it.

        Args:
            items: What comes in addition.
            gates: (N, 2) places inside its doors, m; the first leads to the rest of the home.
            fronts: Floor that one must be able to stand on.
        """
        clear = np.asarray(cv2.distanceTransform(self._with(items), cv2.DIST_L2, 5)) * _CELL
        cells = self._index(gates)
        walk = _reached(clear, _WALK, cells, _POCKET)
        if walk is None or not all(self._touched(walk, rect) for rect in fronts):
            return False
        if _reached(clear, _SLIM, cells, _POCKET) is None:
            return False
        stand = _reached(clear, _STAND, cells, np.inf)
        return stand is not None and self._within_reach(stand, items)

    def _with(self, items: Sequence[Placed]) -> NDArray[np.uint8]:
        """Return the raster of free floor, 1 or 0, with more things on it."""
        free = self._free.copy()
        for item in items:
            rows, cols = self._index(self._covers.blocked(item)).T
            free[rows, cols] = 0
        return free

    def _index(self, points: Points) -> NDArray[np.intp]:
        """Return (N, 2) row and column of places, those outside at the border."""
        cells = np.floor((points - self._origin) / _CELL)[:, ::-1].astype(np.intp)
        return np.clip(cells, 0, np.array(self._free.shape) - 1)

    def _cells_of(self, items: Sequence[Placed]) -> list[NDArray[np.intp]]:
        """Return the flat indices of the cells under each thing that someone may look for."""
        columns = self._free.shape[1]
        return [
            np.unique(self._index(self._covers.seen(item)) @ (columns, 1))
            for item in items
            if item.model.category is not None
        ]

    def _within_reach(self, stand: NDArray[np.bool_], items: Sequence[Placed]) -> bool:
        things = self._things + self._cells_of(items)
        if not things:
            return True
        away = cv2.distanceTransform((~stand).astype(np.uint8), cv2.DIST_L2, 5).ravel()
        starts = np.cumsum([0, *(len(cells) for cells in things[:-1])])
        nearest = np.minimum.reduceat(away[np.concatenate(things)], starts)
        return bool((nearest * _CELL <= _REACH).all())

    def _touched(self, walk: NDArray[np.bool_], rect: Rect) -> bool:
        (r0, c0), (r1, c1) = self._index(np.array([rect[:2], rect[2:]]))
        return bool(walk[r0 : r1 + 1, c0 : c1 + 1].any())


def _reached(
    clear: NDArray[np.floating], radius: float, gates: NDArray[np.intp], pocket: float
) -> NDArray[np.bool_] | None:
    """Return where a disc that comes in at the first gate can be.

    None if it cannot come in, or not to the other gates, or if a piece of more than `pocket` m2
    is cut off.
    """
    free = (clear >= radius + 0.5 * _CELL).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(free, connectivity=4)
    at = labels[gates[:, 0], gates[:, 1]]
    if at[0] == 0 or (at != at[0]).any():
        return None
    areas = stats[:, cv2.CC_STAT_AREA] * _CELL**2
    areas[[0, at[0]]] = 0.0
    return labels == at[0] if areas.max() <= pocket else None
