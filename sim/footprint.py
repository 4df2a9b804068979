"""What an object covers of the floor, and points on its surface."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from goat.types import Float64Array
from sim.surfaces import bake
from sim.worlds.world import WorldObject

_CELL = 0.01  # m


class Footprint:
    """One object, seen from above."""

    def __init__(self, item: WorldObject) -> None:
        """Draw the object's visible triangles, or its invisible ones if it has no others."""
        shown = [s for part in item.parts if part.visible and (s := bake(part)) is not None]
        baked = shown or [s for part in item.parts if (s := bake(part)) is not None]
        self.corners: NDArray[np.float32] = np.concatenate(
            [s.corners for s in baked] or [np.empty((0, 3, 3), np.float32)]
        )
        """(F, 3, 3) triangles in the world frame, m."""
        self._tree = KDTree(_covered(self.corners[..., :2])) if len(self.corners) else None

    @property
    def bounds(self) -> Float64Array:
        """(2, 3) lower and upper corner, m."""
        points = self.corners.reshape(-1, 3).astype(np.float64)
        return np.stack([points.min(axis=0), points.max(axis=0)])

    def gap(self, xy: NDArray, limit: float = np.inf) -> Float64Array:
        """Return (N,) horizontal distances, m, of points (N, 2); infinite beyond `limit`."""
        if self._tree is None:
            return np.full(len(xy), np.inf)
        distance, _ = self._tree.query(xy, distance_upper_bound=limit + 0.5 * _CELL)
        return np.where(distance < 0.75 * _CELL, 0.0, distance - 0.5 * _CELL)

    def surface_points(self, count: int, rng: np.random.Generator) -> Float64Array:
        """Return (count, 3) points spread over the surface by area, m."""
        a, b, c = np.moveaxis(self.corners.astype(np.float64), 1, 0)
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
        chosen = rng.choice(len(area), count, p=area / area.sum())
        u, v = rng.random((2, count, 1))
        over = u + v > 1.0
        u, v = np.where(over, 1.0 - u, u), np.where(over, 1.0 - v, v)
        return a[chosen] + u * (b - a)[chosen] + v * (c - a)[chosen]


def _covered(triangles: NDArray[np.float32]) -> Float64Array:
    """Return (N, 2) centres of the cells that triangles (F, 3, 2) cover, m."""
    points = triangles.reshape(-1, 2).astype(np.float64)
    low = points.min(axis=0) - _CELL
    cols, rows = np.ceil((points.max(axis=0) - low) / _CELL).astype(int) + 2
    mask = np.zeros((rows, cols), np.uint8)
    pixels = np.rint(((triangles - low) / _CELL - 0.5) * 16).astype(np.int32)
    for triangle in pixels:
        cv2.fillConvexPoly(mask, triangle, 1, cv2.LINE_8, 4)
    cells = np.argwhere(mask)
    return (cells[:, ::-1] + 0.5) * _CELL + low
