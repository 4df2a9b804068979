"""Rays and cameras of the map's view: what a click means, and where to look from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goat.types import CellState, Instance, OccupancyGrid
from goat.view.footprints import Layer, layer_of

_TILT = np.array([0.0, -0.25, 1.0])  # from the map to the camera: north up, from a bit south
FOV = 0.45
"""Vertical field of view, rad: narrow, so that the map looks like a map."""
_FILLED = 0.87  # share of the view that what is known may fill
_STEEP = 1e-6  # a ray flatter than this never meets the floor


def touchable(instance: Instance) -> bool:
    """Return whether an object stands in the room; carpets and lamps would hide the floor."""
    return instance.confirmed and layer_of(instance) is Layer.FURNITURE


def pick(
    origin: ArrayLike, direction: ArrayLike, instances: Iterable[Instance]
) -> Instance | tuple[float, float] | None:
    """Return what a ray meets first: an object, else a place on the floor, else nothing.

    Args:
        origin: (3,) where the ray starts, in the map, m.
        direction: (3,) where it goes.
        instances: What may be met.
    """
    start, along = np.asarray(origin, np.float64), np.asarray(direction, np.float64)
    met = [(_entry(start, along, i.bounds), i) for i in instances if touchable(i)]
    near = min((m for m in met if np.isfinite(m[0])), key=lambda m: m[0], default=None)
    floor = -start[2] / along[2] if abs(along[2]) > _STEEP else -1.0
    if near is not None and (floor < 0.0 or near[0] <= floor):
        return near[1]
    if floor < 0.0:
        return None
    x, y = (start + floor * along)[:2]
    return float(x), float(y)


def _entry(start: NDArray, along: NDArray, bounds: NDArray) -> float:
    """Return how far along a ray it enters a box (2, 3); inf if it misses it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = (bounds.astype(np.float64) - start) / along
    enter = float(np.nanmax(ends.min(axis=0)))
    leave = float(np.nanmin(ends.max(axis=0)))
    return enter if max(enter, 0.0) <= leave else np.inf


def known_bounds(grid: OccupancyGrid) -> NDArray[np.float64] | None:
    """Return the corners (2, 2) of what is known, m; None if nothing is."""
    known = grid.state != CellState.UNKNOWN
    rows, cols = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    if not rows.size:
        return None
    return grid.points(np.array([[rows[0], cols[0]], [rows[-1] + 1, cols[-1] + 1]]) - 0.5)


def fit_view(
    bounds: NDArray, fov: float, aspect: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the camera must be (3,) and look (3,) to have a rectangle in sight.

    Args:
        bounds: (2, 2) corners on the floor, m.
        fov: Vertical field of view, rad.
        aspect: Width of the view by its height.
    """
    back = _TILT / np.linalg.norm(_TILT)
    right = np.array([1.0, 0.0, 0.0])
    up = np.cross(back, right)
    middle = np.array([*bounds.mean(axis=0), 0.0])
    corners = np.array([[x, y, 0.0] for x in bounds[:, 0] for y in bounds[:, 1]]) - middle
    half = _FILLED * np.tan(0.5 * fov)
    needed = [c @ back + max(abs(c @ right) / (half * aspect), abs(c @ up) / half) for c in corners]
    return middle + max(*needed, 1.0) * back, middle


def what_is_known(grid: OccupancyGrid | None, xy: tuple[float, float]) -> str:
    """Return what a map says of a place, for people."""
    words = {
        CellState.FREE: "Free floor.",
        CellState.OCCUPIED: "Something stands here; the robot will go as near as it can.",
        CellState.UNKNOWN: "Not seen yet; the robot may find no way.",
    }
    if grid is None:
        return words[CellState.UNKNOWN]
    cell = grid.cells(np.array(xy))
    inside = bool(grid.inside(cell))
    return words[CellState(grid.state[tuple(cell)]) if inside else CellState.UNKNOWN]
