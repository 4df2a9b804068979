"""From which side an object was seen: walls have two, and only one shows it."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.types import BoolArray, CellState, Float64Array, OccupancyGrid

_TARGETS = 12
"""Cells of the object that lines of sight are drawn to."""
_BEHIND = -0.1
"""Cosine of the angle to each line of sight from which a place is behind the object."""


def seen_side(
    grid: OccupancyGrid,
    cells: NDArray[np.intp],
    opaque: BoolArray,
    seen_from: NDArray,
    around: float,
) -> BoolArray | None:
    """Return (rows, cols) free cells around an object on the side from which it was seen.

    Of the lines of sight from each place to the object the one that crosses least is followed to
    the last free cell before anything opaque; what can be walked to from there within `around` is
    on that side. A wall's other side is a long walk away.

    Args:
        grid: The map.
        cells: (K, 2) cells of the object, row and column.
        opaque: (rows, cols) occupied cells that are not its own.
        seen_from: (M, 2) places it was seen from, m.
        around: Length of the walk, m.

    Returns:
        None where no line of sight crosses a free cell.
    """
    ends = cells[np.linspace(0, len(cells) - 1, min(_TARGETS, len(cells))).astype(np.intp)]
    lines = _lines(grid, np.asarray(seen_from, np.float64)[:, :2], ends)
    blocked = opaque[lines[..., 0], lines[..., 1]]
    free = grid.state[lines[..., 0], lines[..., 1]] == CellState.FREE
    clearest = blocked.sum(axis=2).argmin(axis=1)
    eyes = np.arange(len(lines))
    line, blocked, free = lines[eyes, clearest], blocked[eyes, clearest], free[eyes, clearest]
    free &= ~np.logical_or.accumulate(blocked, axis=1)
    seen = free.any(axis=1)
    if not seen.any():
        return None
    last = free.shape[1] - 1 - free[:, ::-1].argmax(axis=1)
    walkable = _walkable(grid, line[eyes, last][seen], around)
    return facing(cells, line[:, 0][seen], walkable)


def facing(cells: NDArray[np.intp], eyes: NDArray[np.intp], where: BoolArray) -> BoolArray:
    """Return (rows, cols) which cells of `where` are not behind an object.

    Args:
        cells: (K, 2) cells of the object, row and column.
        eyes: (M, 2) cells it was seen from.
        where: (rows, cols) cells to decide on; all others are not.
    """
    places = np.argwhere(where)
    middle = 0.5 * (cells.min(axis=0) + cells.max(axis=0))
    found = np.zeros(where.shape, bool)
    found[tuple(places[in_front(places - middle, eyes - middle)].T)] = True
    return found


def in_front(places: NDArray[np.floating], eyes: NDArray[np.floating]) -> BoolArray:
    """Return (N,) whether the directions of places (N, 2) are like that of any of eyes (M, 2).

    Both are relative to the object. A wall may end near by; its other side is still behind what
    hangs on it.
    """
    lengths = np.linalg.norm(places, axis=1)[:, None] * np.linalg.norm(eyes, axis=1)
    return ((places @ eyes.T) >= _BEHIND * lengths).any(axis=1)


def _lines(grid: OccupancyGrid, eyes: Float64Array, ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return (M, K, L, 2) cells on the lines from places (M, 2), m, to cells (K, 2)."""
    start = (eyes[:, ::-1] - np.asarray(grid.origin)[::-1]) / grid.resolution - 0.5
    step = ends[None] - start[:, None]
    count = max(2, math.ceil(1.5 * float(np.abs(step).max())))
    share = np.linspace(0.0, 1.0, count)[:, None]
    places = start[:, None, None] + share * step[:, :, None]
    return np.clip(np.rint(places).astype(np.intp), 0, np.array(grid.shape) - 1)


def _walkable(grid: OccupancyGrid, starts: NDArray[np.intp], around: float) -> BoolArray:
    """Return (rows, cols) free cells within a walk of `around` (m) of cells (N, 2)."""
    steps = math.ceil(around / grid.resolution)
    low = np.maximum(starts.min(axis=0) - steps, 0)
    high = np.minimum(starts.max(axis=0) + steps + 1, grid.shape)
    window = np.s_[low[0] : high[0], low[1] : high[1]]
    free = np.asarray(grid.state[window] == CellState.FREE, np.uint8)
    reached = np.zeros_like(free)
    inner = starts - low
    reached[inner[:, 0], inner[:, 1]] = 1
    # Crosses and squares in turn grow an octagon: nearly a circle.
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    square = np.ones((3, 3), np.uint8)
    for step in range(steps):
        cv2.dilate(reached, square if step % 3 == 0 else cross, dst=reached)
        cv2.bitwise_and(reached, free, dst=reached)
    found = np.zeros(grid.shape, bool)
    found[window] = reached > 0
    return found
