"""Driving distances on a navigable grid."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from goat.types import BoolArray, Float64Array

_MOVES = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))
"""Half of the sixteen directions, row and column; with these a path is at most 2.8% too long."""


class GeodesicGrid:
    """Shortest paths over free cells; neither corners nor gaps are cut."""

    def __init__(self, free: BoolArray, resolution: float) -> None:
        """Link the free cells (rows, cols) of side `resolution`, m."""
        self._shape = free.shape
        sources, targets, lengths = [], [], []
        for move in _MOVES:
            source, target = _links(free, move)
            sources.append(source)
            targets.append(target)
            lengths.append(np.full(len(source), math.hypot(*move) * resolution))
        size = free.size
        entries = (np.concatenate(sources), np.concatenate(targets))
        self._graph = csr_array((np.concatenate(lengths), entries), shape=(size, size))

    def field(self, cells: NDArray[np.intp]) -> Float64Array:
        """Return (rows, cols) distance, m, to the nearest of `cells` (N, 2); may be infinite."""
        if len(cells) == 0:
            return np.full(self._shape, np.inf)
        sources = np.ravel_multi_index((cells[:, 0], cells[:, 1]), self._shape)
        distance = dijkstra(self._graph, directed=False, indices=sources, min_only=True)
        return np.asarray(distance).reshape(self._shape)


def _links(free: BoolArray, move: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return flat indices of the cells from and to which `move` leads through free cells only."""
    rows, cols = free.shape
    height, width = move[0], abs(move[1])
    index = np.arange(free.size).reshape(free.shape)
    if move[1] < 0:
        free, index = free[:, ::-1], index[:, ::-1]
    if rows <= height or cols <= width:
        return index[:0, 0], index[:0, 0]
    clear = np.ones((rows - height, cols - width), bool)
    for row, col in _crossed(height, width):
        clear &= free[row : rows - height + row, col : cols - width + col]
    return index[: rows - height, : cols - width][clear], index[height:, width:][clear]


def _crossed(height: int, width: int) -> list[tuple[int, int]]:
    """Return the cells that a straight line to (height, width) touches, ends included."""
    if height == 2 and width == 1:
        return [(0, 0), (1, 0), (1, 1), (2, 1)]
    if height == 1 and width == 2:
        return [(0, 0), (0, 1), (1, 1), (1, 2)]
    return [(r, c) for r in range(height + 1) for c in range(width + 1)]
