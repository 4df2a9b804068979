"""The free space of a floor, with what a pathfinder asks of it; points are (x, y) in the map."""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.sparse.csgraph import dijkstra

from sim.collision import CollisionMap
from sim.geodesic import GeodesicGrid

XY = tuple[float, float]

_COARSE = 0.05  # m; cells in which ways are searched
_REACH = 2.0  # m; how far the nearest place is searched
_KEPT = 32  # searches that are remembered


class Floor:
    """Free space in islands, which are the places of a `CollisionMap`, numbered from 0."""

    def __init__(self, space: CollisionMap) -> None:
        self._space = space
        self._numbers = [int(n) for n in np.unique(space.labels) if n > 0]
        self._cells = [np.flatnonzero(space.labels == n) for n in self._numbers]
        self._limit = float(space.clearance[space.labels > 0].min())
        self._searched: OrderedDict[bytes, tuple[np.ndarray, ...]] = OrderedDict()

    @property
    def count(self) -> int:
        return len(self._numbers)

    @property
    def area(self) -> float:
        return sum(self.island_area(island) for island in range(self.count))

    @property
    def bounds(self) -> np.ndarray:
        """(2, 2) lower and upper corner."""
        rows, cols = self._space.labels.shape
        low = np.array(self._space.origin)
        return np.stack([low, low + np.array([cols, rows]) * self._space.cell])

    def island_area(self, island: int) -> float:
        return len(self._cells[island]) * self._space.cell**2

    def island_at(self, xy: XY) -> int | None:
        label = self._space.label_at(*xy)
        return self._numbers.index(label) if label else None

    def margin(self, xy: XY) -> float:
        return self._space.margin(*xy)

    def sample(self, rng: np.random.Generator, island: int) -> XY:
        row, col = divmod(int(rng.choice(self._cells[island])), self._space.labels.shape[1])
        return self._center(row, col)

    def covers(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        rows, cols, inside = self._lookup(x, y)
        return inside & (self._space.labels[rows, cols] > 0)

    def move(self, start: XY, end: XY, slide: bool) -> XY:
        way = self._space.slide if slide else self._space.sweep
        swept = way(*start, end[0] - start[0], end[1] - start[1])
        return swept.x, swept.y

    def nearest(self, xy: XY, island: int | None) -> XY | None:
        """Return the nearest free place, of one island or any; None if there is none near."""
        at = self.island_at(xy)
        if at is not None and island in (None, at):
            return xy
        if island is None or self.count == 1:
            rows, cols, inside = self._lookup(np.array(xy[0]), np.array(xy[1]))
            if inside:
                return self._center(*self._nearest_cells[:, rows, cols].tolist())
        return self._search_around(xy, island)

    @cached_property
    def _nearest_cells(self) -> np.ndarray:
        """(2, rows, cols) row and column of the nearest free cell."""
        return np.asarray(
            distance_transform_edt(
                self._space.labels == 0, return_distances=False, return_indices=True
            )
        )

    def _search_around(self, xy: XY, island: int | None) -> XY | None:
        size = math.ceil(_REACH / self._space.cell)
        u, v = ((p - o) / self._space.cell for p, o in zip(xy, self._space.origin, strict=True))
        row, col = max(math.floor(v) - size, 0), max(math.floor(u) - size, 0)
        window = self._space.labels[
            row : max(math.floor(v) + size + 1, 0), col : max(math.floor(u) + size + 1, 0)
        ]
        wanted = window > 0 if island is None else window == self._numbers[island]
        cells = np.argwhere(wanted)
        if len(cells) == 0:
            return None
        gaps = np.hypot(cells[:, 0] + row + 0.5 - v, cells[:, 1] + col + 0.5 - u)
        best = cells[gaps.argmin()]
        return self._center(int(best[0]) + row, int(best[1]) + col)

    def _center(self, row: int, col: int) -> XY:
        (x, y), cell = self._space.origin, self._space.cell
        return x + (col + 0.5) * cell, y + (row + 0.5) * cell

    def _lookup(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return rows, columns (clipped) and whether they were inside."""
        rows, cols = self._space.labels.shape
        col = np.floor((x - self._space.origin[0]) / self._space.cell).astype(int)
        row = np.floor((y - self._space.origin[1]) / self._space.cell).astype(int)
        inside = (row >= 0) & (row < rows) & (col >= 0) & (col < cols)
        return np.clip(row, 0, rows - 1), np.clip(col, 0, cols - 1), inside

    # Ways

    def path(self, start: XY, ends: Sequence[XY]) -> tuple[int, list[XY]] | None:
        """Return the nearest of `ends` by driving, and the corners of the way, ends included."""
        best = self._around_corners(start, ends)
        length = math.inf if best is None else _length(best[1])
        for index in sorted(range(len(ends)), key=lambda i: math.dist(start, ends[i])):
            if math.dist(start, ends[index]) > length:
                break
            if self._sees(start, ends[index]):
                return index, [start, ends[index]]
        return best

    def _around_corners(self, start: XY, ends: Sequence[XY]) -> tuple[int, list[XY]] | None:
        distance, before, goal_of = self._search(ends)
        near = self._cells_near(start)
        if len(near) == 0:
            return None
        total = [distance[c] + math.dist(start, self._coarse_center(c)) for c in near]
        cell = int(near[int(np.argmin(total))])
        if not math.isfinite(distance[cell]):
            return None
        way = [start]
        while before[cell] >= 0:
            way.append(self._coarse_center(cell))
            cell = int(before[cell])
        end = int(goal_of[cell])
        way += [self._coarse_center(cell), ends[end]]
        forward, backward = self._pulled(way), self._pulled(way[::-1])[::-1]
        return end, self._tightened(min(forward, backward, key=_length))

    def _search(self, ends: Sequence[XY]) -> tuple[np.ndarray, ...]:
        """Return for each coarse cell how far the nearest end is, the cell on the way there, and
        which end a cell stands for."""
        key = np.asarray(ends, float).tobytes()
        if key not in self._searched:
            self._searched[key] = self._dijkstra(ends)
            if len(self._searched) > _KEPT:
                self._searched.popitem(last=False)
        return self._searched[key]

    def _dijkstra(self, ends: Sequence[XY]) -> tuple[np.ndarray, ...]:
        size = self._coarse.size
        goal_of = np.full(size, -1)
        for index, end in enumerate(ends):
            near = self._cells_near(end)
            if len(near):
                gaps = [math.dist(end, self._coarse_center(c)) for c in near]
                goal_of[near[int(np.argmin(gaps))]] = index
        sources = np.flatnonzero(goal_of >= 0)
        if len(sources) == 0:
            return np.full(size, np.inf), np.full(size, -1), goal_of
        distance, before, _ = dijkstra(
            self._links, directed=False, indices=sources, min_only=True, return_predecessors=True
        )
        return distance, before, goal_of

    @cached_property
    def _coarse(self) -> np.ndarray:
        """(rows, cols) whether the centre of each coarse cell is free."""
        low, high = self.bounds
        cols, rows = np.floor((high - low) / _COARSE).astype(int)
        x = low[0] + (np.arange(cols)[None, :] + 0.5) * _COARSE
        y = low[1] + (np.arange(rows)[:, None] + 0.5) * _COARSE
        return self.covers(x, y)

    @cached_property
    def _links(self) -> object:
        return GeodesicGrid(self._coarse, _COARSE)._graph

    def _coarse_center(self, cell: int) -> XY:
        row, col = divmod(int(cell), self._coarse.shape[1])
        x, y = self._space.origin
        return x + (col + 0.5) * _COARSE, y + (row + 0.5) * _COARSE

    def _cells_near(self, xy: XY) -> np.ndarray:
        """Return the free coarse cells around a point that are in sight of it."""
        rows, cols = self._coarse.shape
        col, row = (
            math.floor((p - o) / _COARSE) for p, o in zip(xy, self._space.origin, strict=True)
        )
        near = [
            r * cols + c
            for r in range(max(row - 3, 0), min(row + 4, rows))
            for c in range(max(col - 3, 0), min(col + 4, cols))
            if self._coarse[r, c]
        ]
        return np.array([c for c in near if self._sees(xy, self._coarse_center(c))], int)

    def _sees(self, a: XY, b: XY) -> bool:
        """Return whether the robot can drive straight from one point to another."""
        count = 2 + math.ceil(math.dist(a, b) / (0.5 * self._space.cell))
        x, y = np.linspace(a[0], b[0], count), np.linspace(a[1], b[1], count)
        rows, cols, inside = self._lookup(x, y)
        clear = self._space.clearance[rows, cols] >= self._limit - self._space.cell
        return bool((inside & clear).all())

    def _pulled(self, way: list[XY]) -> list[XY]:
        """Return a way without the corners that can be cut."""
        kept, at = [way[0]], 0
        while at < len(way) - 1:
            ahead = range(len(way) - 1, at + 1, -1)
            at = next((i for i in ahead if self._sees(way[at], way[i])), at + 1)
            kept.append(way[at])
        return kept

    def _tightened(self, way: list[XY]) -> list[XY]:
        """Return a way whose corners are moved towards the straight line as far as they can be."""
        way = [way[0], *itertools.chain(*map(_thirds, way, way[1:]))]
        for index in [*range(1, len(way) - 1)] * 2:
            before, corner, after = way[index - 1 : index + 2]
            middle = _foot(corner, before, after)
            for share in (0.5, 0.2, 0.08):
                moved = _between(corner, middle, share)
                if self._sees(before, moved) and self._sees(moved, after):
                    way[index] = corner = moved
        return self._pulled(way)


def _between(a: XY, b: XY, share: float) -> XY:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


def _thirds(a: XY, b: XY) -> list[XY]:
    """Return points between two, near both where they are far apart, and the second."""
    share = min(1.0 / 3.0, 0.2 / max(math.dist(a, b), 1e-9))
    return [_between(a, b, share), _between(a, b, 1.0 - share), b]


def _foot(point: XY, a: XY, b: XY) -> XY:
    """Return the point of the line from `a` to `b` that is nearest to a point."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    share = ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / max(dx * dx + dy * dy, 1e-12)
    return _between(a, b, min(max(share, 0.0), 1.0))


def _length(way: Sequence[XY]) -> float:
    return sum(math.dist(a, b) for a, b in itertools.pairwise(way))
