"""Driving down a field of distances with steps and turns of fixed size."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from goat.types import (
    Body,
    BoolArray,
    CellState,
    DiscreteAction,
    Float64Array,
    OccupancyGrid,
)

_MOVES = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))
"""Half of the sixteen directions, row and column."""
_FAR = 1e3
"""Distance to where no way leads, m."""


@dataclass(frozen=True)
class RolloutConfig:
    """How far ahead is looked."""

    depth: int = 8
    """Forward steps that are simulated."""
    beam: int = 64
    """States kept after each."""
    turn_cost: float = 0.004
    """What one turn costs, m: only decides among ways of one length."""
    edge_cost: float = 0.03
    """What a step through the outermost free cells costs, m: there one may get caught."""


class WayHome:
    """Driving distances to the nearest of some places, for the middle of the robot."""

    def __init__(self, grid: OccupancyGrid, ends: Float64Array) -> None:
        """Measure all distances.

        Args:
            grid: Where the robot's middle can be.
            ends: (N, 2) places, m; N >= 1.
        """
        self.grid = grid
        self.free: BoolArray = grid.state == CellState.FREE
        field = _distances(self.free, grid.cells(ends), grid.resolution)
        self._field = _filled(field, grid.resolution)
        cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
        self.inner: BoolArray = cv2.erode(self.free.view(np.uint8), cross) > 0

    def __call__(self, xy: Float64Array) -> Float64Array:
        """Return (...) distances from places (..., 2), m, interpolated between cells."""
        at = (xy[..., ::-1] - np.asarray(self.grid.origin)[::-1]) / self.grid.resolution - 0.5
        at = np.clip(at, 0, np.array(self.grid.shape) - 1.001)
        cell = at.astype(np.intp)
        r, c = cell[..., 0], cell[..., 1]
        dr, dc = at[..., 0] - r, at[..., 1] - c
        f = self._field
        top = f[r, c] * (1 - dc) + f[r, c + 1] * dc
        return top * (1 - dr) + (f[r + 1, c] * (1 - dc) + f[r + 1, c + 1] * dc) * dr

    def is_in(self, layer: BoolArray, xy: Float64Array) -> BoolArray:
        """Return (...) whether places (..., 2) lie in cells of a layer (rows, cols)."""
        cells = self.grid.cells(xy)
        cells = np.clip(cells, 0, np.array(self.grid.shape) - 1)
        return layer[cells[..., 0], cells[..., 1]]

    def block(self, xy: Float64Array) -> None:
        """Close the cell of a place, because the robot could not get there."""
        row, col = np.clip(self.grid.cells(xy), 0, np.array(self.grid.shape) - 1)
        self.free[row, col] = self.inner[row, col] = False


class Rollout:
    """Finds the first action of the best way of a few steps, by beam search."""

    def __init__(self, body: Body, config: RolloutConfig) -> None:
        """Prepare for a robot.

        Args:
            body: Its step lengths.
            config: How far ahead is looked.
        """
        self._body, self._config = body, config
        half = round(math.pi / body.turn_step)
        self._turns = np.arange(-half + 1, half + 1)

    def act(
        self, way: WayHome, pose: tuple[float, float, float], collided: bool
    ) -> DiscreteAction | None:
        """Return the next action, None where no step is possible.

        Args:
            way: Distances to where it is to go; where the robot collides it is closed.
            pose: True x, y (m) and yaw (rad).
            collided: The last action was cut short.
        """
        if collided:
            ahead = np.array([math.cos(pose[2]), math.sin(pose[2])]) * way.grid.resolution
            way.block(np.array(pose[:2]) + ahead)
        turns = self._first_turns(way, pose)
        if turns is None:
            return None
        if turns == 0:
            return DiscreteAction.FORWARD
        return DiscreteAction.TURN_LEFT if turns > 0 else DiscreteAction.TURN_RIGHT

    def _first_turns(self, way: WayHome, pose: tuple[float, float, float]) -> int | None:
        """Return the turns before the first step of the best way, None where none is possible."""
        xy, turned = np.array([pose[:2]]), np.zeros(1, np.intp)
        spent, first = np.zeros(1), np.zeros(1, np.intp)
        best = None
        for depth in range(self._config.depth):
            parent, turn, xy, spent = self._expand(way, xy, turned, spent, pose[2])
            if len(parent) == 0:
                break
            first = turn if depth == 0 else first[parent]
            turned = turned[parent] + turn
            left = way(xy)
            order = self._distinct(xy, turned, spent + left)
            xy, turned, spent, first = xy[order], turned[order], spent[order], first[order]
            best = int(first[0])
            if left[order[0]] <= 0.5 * self._body.forward_step:
                break
        return best

    def _expand(
        self,
        way: WayHome,
        xy: Float64Array,
        turned: NDArray[np.intp],
        spent: Float64Array,
        yaw: float,
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], Float64Array, Float64Array]:
        """Return parent, turns, place and cost of every possible "turn, then forward"."""
        cfg, step = self._config, self._body.forward_step
        heading = yaw + (turned[:, None] + self._turns) * self._body.turn_step
        ahead = np.stack([np.cos(heading), np.sin(heading)], axis=-1)
        sweep = np.linspace(0.0, step, 6)[1:, None]
        places = xy[:, None, None, :] + ahead[:, :, None, :] * sweep
        parent, k = np.nonzero(way.is_in(way.free, places).all(axis=2))
        edge = (~way.is_in(way.inner, places[parent, k])).mean(axis=1)
        cost = spent[parent] + step + cfg.turn_cost * np.abs(self._turns[k]) + cfg.edge_cost * edge
        return parent, self._turns[k], places[parent, k, -1], cost

    def _distinct(
        self, xy: Float64Array, turned: NDArray[np.intp], price: Float64Array
    ) -> NDArray[np.intp]:
        """Return the cheapest states, one per 5 cm and heading, cheapest first."""
        order = np.argsort(price, kind="stable")
        full = 2 * round(math.pi / self._body.turn_step)
        keys = np.column_stack([np.floor(xy[order] / 0.05), turned[order] % full])
        _, kept = np.unique(keys, axis=0, return_index=True)
        return order[np.sort(kept)][: self._config.beam]


def _distances(free: BoolArray, ends: NDArray[np.intp], size: float) -> Float64Array:
    """Return (rows, cols) driving distance from each cell to the nearest of `ends` (N, 2), m."""
    index = np.arange(free.size).reshape(free.shape)
    sources, targets, lengths = [], [], []
    for row, col in _MOVES:
        source, target = _links(free, index, row, col)
        sources.append(source)
        targets.append(target)
        lengths.append(np.full(len(source), math.hypot(row, col) * size))
    entries = (np.concatenate(sources), np.concatenate(targets))
    graph = csr_array((np.concatenate(lengths), entries), shape=(free.size, free.size))
    starts = np.unique(index[ends[:, 0], ends[:, 1]])
    distance = dijkstra(graph, directed=False, indices=starts, min_only=True)
    return np.asarray(distance).reshape(free.shape)


def _links(
    free: BoolArray, index: NDArray[np.intp], row: int, col: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the cells from and to which a move leads, all cells of its box being free."""
    if col < 0:
        free, index, col = free[:, ::-1], index[:, ::-1], -col
    rows, cols = free.shape[0] - row, free.shape[1] - col
    clear = np.ones((rows, cols), np.bool_)
    for r, c in itertools.product(range(row + 1), range(col + 1)):
        clear &= free[r : r + rows, c : c + cols]
    return index[:rows, :cols][clear], index[row:, col:][clear]


def _filled(field: Float64Array, size: float) -> Float64Array:
    """Return distances with those of blocked cells taken from free cells around, up to three."""
    finite = np.where(np.isinf(field), _FAR, field)
    for _ in range(3):
        around = cv2.erode(finite, np.ones((3, 3), np.uint8)) + 2.0 * size
        finite = np.where(finite >= _FAR, np.minimum(around, _FAR), finite)
    return finite
