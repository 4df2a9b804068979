"""The geodesic planner: driving times from the robot to everywhere, and paths along them.

Method: blocks of 2x2 cells are contracted to one node. All open cells of such a block touch each
other, so a graph whose edges stand for touching cells of neighbouring blocks is connected exactly
where the fine grid is, with a quarter of the nodes. Edges lead to 16 neighbours (steps and knight
moves), which keeps lengths within 2.8 % of straight lines in open space; Dijkstra's algorithm runs
in compiled code; paths are pulled straight afterwards wherever that costs no more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from goat.nav.grid import CostMap, Pose, line_samples
from goat.types import BoolArray, Float32Array, Float64Array, Path

_BORDER = 2  # blocked nodes around the graph, so that no neighbour wraps around
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (1, -2), (2, 1), (2, -1))
_STRETCH = 1.0 / 1.014
"""Mean length of the 16-neighbour metric over the straight one, taken back."""
_LONGEST = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class TravelField:
    """Driving costs from the robot to every place, in metres of open floor."""

    costs: CostMap
    """What it was computed on."""
    travel: Float32Array
    """(rows / 2, cols / 2) cost from the start to each block of 2x2 cells, m; inf = unreachable."""
    predecessors: NDArray[np.int32]
    """Flat index of the node before each node, on the bordered graph."""
    start: tuple[float, float]
    """Map coordinates it starts from, m."""

    def at_cells(self, cells: NDArray) -> Float32Array:
        """Return (...) costs to `cells` (..., 2) of the cost map, m; inf = unreachable."""
        cells = np.asarray(cells)
        inside = self.costs.grid.inside(cells)
        safe = np.where(inside[..., None], cells, 0)
        open_cell = np.isfinite(self.costs.cost[safe[..., 0], safe[..., 1]])
        value = self.travel[safe[..., 0] // 2, safe[..., 1] // 2]
        return np.where(inside & open_cell, value, np.float32(np.inf))

    def at(self, xy: NDArray) -> Float32Array:
        """Return (...) costs to map points (..., 2), m; inf = unreachable."""
        return self.at_cells(self.costs.grid.cells(xy))

    def fine(self) -> Float32Array:
        """Return (rows, cols) costs to every cell, m; inf = unreachable or blocked."""
        rows, cols = self.costs.grid.shape
        wide = cv2.resize(self.travel, (cols, rows), interpolation=cv2.INTER_NEAREST)
        return np.where(np.isfinite(self.costs.cost), wide, np.float32(np.inf))

    def path_to(self, cell: NDArray) -> Path | None:
        """Return a smooth path from the start to the centre of `cell` (2,), None if unreachable."""
        if not np.isfinite(self.at_cells(cell)):
            return None
        nodes = self._chain(np.asarray(cell) // 2)
        cells = _best_cells(self.costs.cost, nodes[1:-1])
        points = np.vstack(
            [self.start, self.costs.grid.points(cells), self.costs.grid.points(cell)]
        )
        return Path(_pull_straight(points, self.costs))

    def path_near(self, xy: tuple[float, float], reach: float) -> Path | None:
        """Return a path to the reachable floor nearest to a place, None if none is near.

        Args:
            xy: The place, m.
            reach: How far from it the path may end, m, along either axis.
        """
        near = np.array(xy) + _around(reach)
        there = np.isfinite(self.at(near))
        return self.path_to(self.costs.grid.cells(near[there.argmax()])) if there.any() else None

    def _chain(self, node: NDArray) -> NDArray[np.intp]:
        """Return (N, 2) nodes from the start to `node` (2,)."""
        width = self.travel.shape[1] + 2 * _BORDER
        flat = int(node[0] + _BORDER) * width + int(node[1] + _BORDER)
        chain = []
        while flat >= 0:
            chain.append(flat)
            flat = int(self.predecessors[flat])
        nodes = np.array(chain[::-1], np.intp)
        return np.stack(np.divmod(nodes, width), axis=1) - _BORDER


def _around(reach: float) -> Float64Array:
    """Return (81, 2) offsets up to `reach` (m) along either axis, nearest first."""
    steps = np.linspace(-reach, reach, 9)
    offsets = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    return offsets[np.argsort(np.linalg.norm(offsets, axis=1), kind="stable")]


def travel_time(costs: CostMap, pose: Pose, limit: float = _LONGEST) -> TravelField:
    """Return the driving cost from the robot to every place.

    Args:
        costs: Rows and columns must be even (`grid.crop` sees to it).
        pose: The robot; it must stand inside the map.
        limit: Places that cost more than this many metres count as unreachable.

    Raises:
        ValueError: The robot stands outside the cost map, or the map's size is odd.
    """
    rows, cols = costs.grid.shape
    robot = costs.grid.cells(np.array(pose[:2]))
    if rows % 2 or cols % 2 or not costs.grid.inside(robot):
        raise ValueError(
            f"a travel field needs an even-sized map with the robot inside, got shape "
            f"{(rows, cols)} and the robot in cell {tuple(robot)}; crop the grid first"
        )
    shape = (rows // 2 + 2 * _BORDER, cols // 2 + 2 * _BORDER)
    graph = _graph(_edge_weights(costs.cost, costs.grid.resolution), shape)
    node = robot // 2 + _BORDER
    travel, before = dijkstra(
        graph, indices=int(node[0]) * shape[1] + int(node[1]), return_predecessors=True, limit=limit
    )
    inner = travel.reshape(shape)[_BORDER:-_BORDER, _BORDER:-_BORDER].astype(np.float32)
    return TravelField(costs, inner, before, (pose[0], pose[1]))


def _edge_weights(cost: Float32Array, size: float) -> Float64Array:
    """Return (nodes, 16) costs of the edges of the bordered graph, m; inf = no edge."""
    edge = 2.0 * _BORDER
    cost = np.pad(cost, int(edge), constant_values=np.inf)
    a, b, c, d = cost[::2, ::2], cost[::2, 1::2], cost[1::2, ::2], cost[1::2, 1::2]
    node = np.minimum(np.minimum(a, b), np.minimum(c, d)) * np.float32(size * _STRETCH)
    left, right = np.isfinite(np.minimum(a, c)), np.isfinite(np.minimum(b, d))
    top, bottom = np.isfinite(np.minimum(a, b)), np.isfinite(np.minimum(c, d))
    east = _edge(node, right, left, (0, 1))
    south = _edge(node, bottom, top, (1, 0))
    diagonal = np.float32(math.sqrt(2.0))
    south_east = _edge(node, np.isfinite(d), np.isfinite(a), (1, 1)) * diagonal
    south_west = _edge(node, np.isfinite(c), np.isfinite(b), (1, -1)) * diagonal
    steps = [east, south, south_east, south_west, *_knights(east, south, south_east, south_west)]
    out = np.full((node.size, 16), np.inf)
    width = node.shape[1]
    for k, (weight, (dr, dc)) in enumerate(zip(steps, _STEPS, strict=True)):
        flat = weight.ravel()
        ahead = dr * width + dc
        out[:, k] = flat
        out[ahead:, 8 + k] = flat[:-ahead]
    return out


def _shift(layer: NDArray, step: tuple[int, int], fill: float) -> NDArray:
    """Return `layer` so that [r, c] holds what stood at [r + dr, c + dc]; dr >= 0."""
    dr, dc = step
    out = np.full_like(layer, fill)
    rows = layer.shape[0] - dr
    if dc >= 0:
        out[:rows, : layer.shape[1] - dc] = layer[dr:, dc:]
    else:
        out[:rows, -dc:] = layer[dr:, :dc]
    return out


def _edge(
    node: Float32Array, leaves: BoolArray, enters: BoolArray, step: tuple[int, int]
) -> Float32Array:
    """Return the cost of a step for the nodes whose cells touch those of the node ahead."""
    touch = leaves & _shift(enters, step, False)
    return np.where(touch, node + _shift(node, step, np.inf), np.float32(np.inf))


def _knights(
    east: Float32Array, south: Float32Array, south_east: Float32Array, south_west: Float32Array
) -> list[Float32Array]:
    """Return the knight moves, open where both ways around are: averages of their steps."""
    inf = np.inf
    root = 1.0 / math.sqrt(2.0)
    share = 0.25 * math.sqrt(5.0)
    west = np.full_like(east, inf)
    west[:, 1:] = east[:, :-1]

    def mean(straight: NDArray, ahead: NDArray, slant: NDArray, beside: NDArray) -> Float32Array:
        return ((straight + ahead + root * (slant + beside)) * share).astype(np.float32)

    return [
        mean(east, _shift(east, (1, 1), inf), south_east, _shift(south_east, (0, 1), inf)),
        mean(west, _shift(west, (1, -1), inf), south_west, _shift(south_west, (0, -1), inf)),
        mean(south, _shift(south, (1, 1), inf), south_east, _shift(south_east, (1, 0), inf)),
        mean(south, _shift(south, (1, -1), inf), south_west, _shift(south_west, (1, 0), inf)),
    ]


@lru_cache(maxsize=2)
def _structure(shape: tuple[int, int]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return column indices and row pointers of a graph of `shape` nodes with 16 edges each."""
    nodes = shape[0] * shape[1]
    ahead = np.array([dr * shape[1] + dc for dr, dc in _STEPS], np.int32)
    offsets = np.concatenate([ahead, -ahead])
    indices = np.arange(nodes, dtype=np.int32)[:, None] + offsets
    np.clip(indices, 0, nodes - 1, out=indices)
    return indices.ravel(), np.arange(0, 16 * nodes + 1, 16, dtype=np.int32)


def _graph(weights: Float64Array, shape: tuple[int, int]) -> csr_array:
    indices, pointers = _structure(shape)
    size = shape[0] * shape[1]
    return csr_array((weights.ravel(), indices, pointers), shape=(size, size))


def _best_cells(cost: Float32Array, nodes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return (N, 2) the cheapest cell of each node (N, 2)."""
    corners = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
    cells = 2 * nodes[:, None, :] + corners
    best = cost[cells[..., 0], cells[..., 1]].argmin(axis=1)
    return cells[np.arange(len(nodes)), best]


def _pull_straight(points: Float64Array, costs: CostMap, ahead: int = 32) -> Float64Array:
    """Drop points wherever the straight line costs no more than the way through them.

    Args:
        points: (N, 2) polyline, m.
        costs: Where it runs.
        ahead: Most points one straight line may replace.
    """
    size = costs.grid.resolution
    cells = (points - costs.grid.origin) / size
    total = np.concatenate([[0.0], np.cumsum(_step_costs(points, costs))])
    kept = [0]
    while kept[-1] < len(points) - 1:
        i = kept[-1]
        ends = cells[i + 1 : i + 1 + ahead]
        index = line_samples(cells[i], ends, 1.0).astype(np.int32)
        length = np.linalg.norm(ends - cells[i], axis=1) * size
        straight = costs.cost[index[..., 1], index[..., 0]].mean(axis=1) * length
        good = straight <= 1.01 * (total[i + 1 : i + 1 + len(ends)] - total[i])
        kept.append(i + 1 + int(np.flatnonzero(good)[-1]) if good.any() else i + 1)
    return points[kept]


def _step_costs(points: Float64Array, costs: CostMap) -> Float64Array:
    """Return (N - 1,) costs of the segments of a polyline (N, 2), m."""
    length = np.linalg.norm(np.diff(points, axis=0), axis=1)
    cost = costs.cost_at(points)
    return length * 0.5 * (cost[:-1] + cost[1:])
