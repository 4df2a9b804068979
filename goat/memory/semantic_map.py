"""The map: where things stand and where the robot may drive, built from depth.

One growable grid of 5 cm cells in the map frame. Each cell keeps an evidence counter that rises
when depth hits something of obstacle height in it and falls when a ray passes through it below
the top of what was recorded there, so that wrong or moved obstacles fade while a low stool is not
erased by rays that pass above it. What stands where is kept by the instances, so the size of the
map does not depend on the number of categories.

Method after "GOAT: GO to Any Thing" (2023, https://arxiv.org/abs/2311.06430), section on the
semantic map, with ray-cast free space in place of a fixed explored radius and without its dense
channel per category.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from goat.frames import planar_of
from goat.types import Body, CameraIntrinsics, CellState, Float32Array, Observation, OccupancyGrid

TILE = 128
"""Side of a stored tile, cells."""


@dataclass(frozen=True)
class MapConfig:
    """How depth becomes a map."""

    resolution: float = 0.05
    """Side of a cell, m."""
    stride: int = 4
    """Every how many pixels depth is read, in both directions."""
    max_range: float = 6.0
    """Depth is used up to this horizontal distance, m."""
    min_range: float = 0.15
    """Nearer returns are the robot itself or noise, m."""
    obstacle_height: float = 0.1
    """Things lower than this are driven over, m."""
    free_height: float = 0.4
    """A cell counts as seen when rays pass through it lower than this, m."""
    near_range: float = 1.6
    """Below this distance a level camera cannot see the floor, m."""
    near_free_height: float = 1.15
    """Takes the place of `free_height` below `near_range`, m."""
    floor_height: float = 0.12
    """Where rays pass lower than this, nothing small can hide: the cell is inspected, m."""
    hit: int = 4
    """Evidence added by a hit."""
    miss: int = 1
    """Evidence taken by a ray that passes through."""
    highest: int = 24
    """Evidence never rises above this, so that everything can fade."""
    lowest: int = -8
    """Evidence never falls below this, so that everything can appear."""


@dataclass(frozen=True, slots=True)
class _Rays:
    """What does not change between frames of one camera; pixels are those of the stride."""

    directions: Float32Array
    """(N, 3) base-frame direction per metre of depth."""
    reach: Float32Array
    """(N,) horizontal metres per metre of depth."""
    slope: Float32Array
    """(N,) rise per horizontal metre."""
    azimuth_bin: NDArray[np.intp]
    """(N,) index of the ray's direction."""
    azimuths: Float32Array
    """(A,) angle of each direction bin in the base frame, rad."""


def _make_rays(camera: CameraIntrinsics, base_from_camera: RigidTransform, stride: int) -> _Rays:
    rows, cols = np.mgrid[stride // 2 : camera.height : stride, stride // 2 : camera.width : stride]
    optical = np.stack(
        [
            (cols - camera.cx) / camera.fx,
            (rows - camera.cy) / camera.fy,
            np.ones(rows.shape),
        ],
        axis=-1,
    ).reshape(-1, 3)
    directions = base_from_camera.rotation.apply(optical)
    reach = np.maximum(np.hypot(directions[:, 0], directions[:, 1]), 1e-6)
    azimuth = np.arctan2(directions[:, 1], directions[:, 0])
    count = cols.shape[1]
    low, high = azimuth.min(), azimuth.max()
    width = max((high - low) / count, 1e-6)
    bins = np.minimum(((azimuth - low) / width).astype(np.intp), count - 1)
    return _Rays(
        directions=directions.astype(np.float32),
        reach=reach.astype(np.float32),
        slope=(directions[:, 2] / reach).astype(np.float32),
        azimuth_bin=bins,
        azimuths=(low + (np.arange(count) + 0.5) * width).astype(np.float32),
    )


class SemanticMap:
    """A growable occupancy map in the map frame."""

    def __init__(self, body: Body, config: MapConfig | None = None) -> None:
        """Start with an empty map.

        Args:
            body: Its height bounds what counts as an obstacle.
            config: How depth becomes a map.
        """
        self.config = config or MapConfig()
        self._top = body.height
        self._tile_origin = (0, 0)
        self._evidence = np.zeros((0, 0), np.int8)
        self._seen = np.zeros((0, 0), np.bool_)
        self._height = np.zeros((0, 0), np.uint8)
        self._inspected = np.zeros((0, 0), np.bool_)
        self._rays: dict[tuple, _Rays] = {}
        self._grid: OccupancyGrid | None = None
        self._dirty: set[tuple[int, int]] = set()
        bins = math.ceil(self.config.max_range / self.config.resolution)
        self._ranges = ((np.arange(bins) + 0.5) * self.config.resolution).astype(np.float32)

    def update(self, observation: Observation, map_from_base: RigidTransform) -> None:
        """Fuse one depth image.

        Args:
            observation: Its depth and camera are used.
            map_from_base: Where the base stood when the image was taken.
        """
        cfg = self.config
        rays = self._rays_of(observation)
        offset = cfg.stride // 2
        depth = observation.depth[offset :: cfg.stride, offset :: cfg.stride].reshape(-1)
        reach = depth * rays.reach
        valid = np.isfinite(depth) & (reach > cfg.min_range)
        eye = (map_from_base * observation.base_from_camera).translation
        yaw = planar_of(map_from_base)[2]
        self._reserve(eye[:2])
        hit_cells, hit_heights = self._hits(rays, depth, reach, valid, eye, yaw)
        free_cells, free_floor, seen = self._free(rays, reach, valid, eye, yaw)
        self._fuse(hit_cells, hit_heights, free_cells, free_floor, seen)
        self._inspected.reshape(-1)[free_cells[free_floor < cfg.floor_height]] = True
        self._mark_dirty(eye[:2])
        self._grid = None

    def grid(self) -> OccupancyGrid:
        """Return a snapshot; the same object until the next update."""
        if self._grid is None:
            state = self._seen.astype(np.uint8)
            state[self._evidence > 0] = CellState.OCCUPIED
            height = self._height.copy()
            self._grid = OccupancyGrid(state, self._origin(), self.config.resolution, height)
        return self._grid

    def uninspected(self) -> OccupancyGrid:
        """Return a snapshot in which free cells count as unknown where something may hide.

        These are cells that were seen over something, but never down to the floor.
        """
        grid = self.grid()
        state = grid.state.copy()
        state[(state == CellState.FREE) & ~self._inspected] = CellState.UNKNOWN
        return OccupancyGrid(state, grid.origin, grid.resolution, grid.height)

    def mark_free(self, xy: tuple[float, float], radius: float) -> None:
        """Record that the robot stood at `xy`: cells within `radius` metres are free."""
        self._reserve(np.asarray(xy))
        reach = int(radius / self.config.resolution)
        row, col = self.grid().cells(np.asarray(xy))
        dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        disc = dx**2 + dy**2 <= reach**2
        rows, cols = row + dy[disc], col + dx[disc]
        self._seen[rows, cols] = True
        self._inspected[rows, cols] = True
        self._evidence[rows, cols] = np.minimum(self._evidence[rows, cols], 0)
        self._mark_dirty(np.asarray(xy))
        self._grid = None

    def take_dirty_tiles(self) -> dict[tuple[int, int], bytes]:
        """Return the tiles changed since the last call, compressed, by tile index (row, col)."""
        tiles = {index: self._pack(index) for index in sorted(self._dirty)}
        self._dirty.clear()
        return tiles

    def return_dirty_tiles(self, tiles: Iterable[tuple[int, int]]) -> None:
        """Count tiles as changed again: they could not be written."""
        self._dirty.update(tiles)

    def load_tiles(self, tiles: dict[tuple[int, int], bytes]) -> None:
        """Put stored tiles back.

        Raises:
            ValueError: A tile is damaged or does not have the size of one.
        """
        for (row, col), blob in tiles.items():
            layers = _unpack(blob)
            self._grow(row, col, row + 1, col + 1)
            window = self._tile_window(row, col)
            self._evidence[window] = layers[0]
            self._seen[window] = layers[1] != 0
            self._height[window] = layers[2].view(np.uint8)
            self._inspected[window] = layers[3] != 0
        self._grid = None

    def load_grid(self, grid: OccupancyGrid) -> None:
        """Take over a map made elsewhere, for example a nav2 map file.

        Cells of another resolution are sampled at the centres of ours.
        """
        corner = np.asarray(grid.origin)
        size = np.asarray(grid.shape[::-1]) * grid.resolution
        self._grow_to(corner, corner + size)
        rows, cols = np.mgrid[0 : self._seen.shape[0], 0 : self._seen.shape[1]]
        mine = OccupancyGrid(self._seen.astype(np.uint8), self._origin(), self.config.resolution)
        theirs = grid.cells(mine.points(np.stack([rows, cols], axis=-1)))
        inside = grid.inside(theirs)
        state = np.zeros(self._seen.shape, np.uint8)
        state[inside] = grid.state[theirs[inside][:, 0], theirs[inside][:, 1]]
        self._seen |= state != CellState.UNKNOWN
        self._evidence[state == CellState.OCCUPIED] = self.config.highest
        self._evidence[state == CellState.FREE] = self.config.lowest
        self._height[state == CellState.OCCUPIED] = int(self._top * 100)
        self._dirty.update(self._tiles_between((0, 0), self._seen.shape))
        self._grid = None

    def _origin(self) -> tuple[float, float]:
        side = TILE * self.config.resolution
        return self._tile_origin[1] * side, self._tile_origin[0] * side

    def _rays_of(self, observation: Observation) -> _Rays:
        pose = observation.base_from_camera
        key = (observation.camera, pose.as_matrix().tobytes())
        if key not in self._rays:
            if len(self._rays) > 16:
                self._rays.clear()
            self._rays[key] = _make_rays(observation.camera, pose, self.config.stride)
        return self._rays[key]

    def _hits(
        self,
        rays: _Rays,
        depth: Float32Array,
        reach: Float32Array,
        valid: NDArray[np.bool_],
        eye: NDArray,
        yaw: float,
    ) -> tuple[NDArray[np.intp], Float32Array]:
        """Return flat cells and heights of obstacle returns."""
        height = depth * rays.directions[:, 2] + np.float32(eye[2])
        with np.errstate(invalid="ignore"):
            keep = valid & (reach < self.config.max_range)
            keep &= (height > self.config.obstacle_height) & (height < self._top)
        picked = np.flatnonzero(keep)
        c, s = math.cos(yaw), math.sin(yaw)
        dx, dy = rays.directions[picked, 0], rays.directions[picked, 1]
        d = depth[picked]
        cells = self._flat(eye[0] + d * (c * dx - s * dy), eye[1] + d * (s * dx + c * dy))
        return cells, height[picked]

    def _free(
        self,
        rays: _Rays,
        reach: Float32Array,
        valid: NDArray[np.bool_],
        eye: NDArray,
        yaw: float,
    ) -> tuple[NDArray[np.intp], Float32Array, NDArray[np.bool_]]:
        """Return flat cells crossed by rays, the lowest crossing height, and whether it is seen."""
        cfg = self.config
        count = len(self._ranges)
        picked = np.flatnonzero(valid)
        last = np.minimum((reach[picked] / cfg.resolution).astype(np.intp) - 1, count - 1)
        picked, last = picked[last >= 0], last[last >= 0]
        lowest = np.full((len(rays.azimuths), count), np.inf, np.float32)
        np.minimum.at(
            lowest.reshape(-1), rays.azimuth_bin[picked] * count + last, rays.slope[picked]
        )
        lowest = np.minimum.accumulate(lowest[:, ::-1], axis=1)[:, ::-1]
        floor = lowest * self._ranges + np.float32(eye[2])
        limit = np.where(self._ranges < cfg.near_range, cfg.near_free_height, cfg.free_height)
        crossed = floor < self._top
        angle = rays.azimuths + np.float32(yaw)
        x = np.cos(angle)[:, None] * self._ranges + np.float32(eye[0])
        y = np.sin(angle)[:, None] * self._ranges + np.float32(eye[1])
        cells = self._flat(x[crossed], y[crossed])
        return cells, floor[crossed], (floor < limit)[crossed]

    def _fuse(
        self,
        hit_cells: NDArray[np.intp],
        hit_heights: Float32Array,
        free_cells: NDArray[np.intp],
        free_floor: Float32Array,
        seen: NDArray[np.bool_],
    ) -> None:
        cfg = self.config
        evidence, height = self._evidence.reshape(-1), self._height.reshape(-1)
        below = free_floor < height[free_cells] * np.float32(0.01)
        missed = free_cells[below | (evidence[free_cells] <= 0)]
        # Fancy assignment applies once per cell however many rays cross it.
        kept = evidence[hit_cells]
        evidence[missed] = np.maximum(evidence[missed] - cfg.miss, cfg.lowest)
        evidence[hit_cells] = np.minimum(np.maximum(kept, 0) + cfg.hit, cfg.highest)
        centimetres = (hit_heights * 100.0).astype(np.uint8)
        np.maximum.at(height, hit_cells, centimetres)
        gone = missed[evidence[missed] <= 0]
        height[gone] = 0
        flat_seen = self._seen.reshape(-1)
        flat_seen[free_cells[seen]] = True
        flat_seen[hit_cells] = True

    def _flat(self, x: NDArray, y: NDArray) -> NDArray[np.intp]:
        ox, oy = self._origin()
        inverse = 1.0 / self.config.resolution
        cols = ((x - ox) * inverse).astype(np.intp)
        rows = ((y - oy) * inverse).astype(np.intp)
        return rows * self._seen.shape[1] + cols

    def _reserve(self, xy: NDArray) -> None:
        reach = self.config.max_range + 2 * self.config.resolution
        self._grow_to(xy - reach, xy + reach)

    def _grow_to(self, low: NDArray, high: NDArray) -> None:
        side = TILE * self.config.resolution
        c0, r0 = np.floor(np.asarray(low) / side).astype(int)
        c1, r1 = np.floor(np.asarray(high) / side).astype(int) + 1
        self._grow(int(r0), int(c0), int(r1), int(c1))

    def _grow(self, r0: int, c0: int, r1: int, c1: int) -> None:
        """Make the arrays cover tiles [r0, r1) x [c0, c1)."""
        rows, cols = self._seen.shape
        if rows:
            own_r, own_c = self._tile_origin
            r0, c0 = min(r0, own_r), min(c0, own_c)
            r1, c1 = max(r1, own_r + rows // TILE), max(c1, own_c + cols // TILE)
        if (r1 - r0) * TILE == rows and (c1 - c0) * TILE == cols:
            return
        shift = (
            ((self._tile_origin[0] - r0) * TILE, (self._tile_origin[1] - c0) * TILE)
            if rows
            else (0, 0)
        )
        shape = ((r1 - r0) * TILE, (c1 - c0) * TILE)
        window = (slice(shift[0], shift[0] + rows), slice(shift[1], shift[1] + cols))
        self._evidence = _moved(self._evidence, shape, window)
        self._seen = _moved(self._seen, shape, window)
        self._height = _moved(self._height, shape, window)
        self._inspected = _moved(self._inspected, shape, window)
        self._tile_origin = (r0, c0)
        self._grid = None

    def _mark_dirty(self, xy: NDArray) -> None:
        side = TILE * self.config.resolution
        reach = self.config.max_range
        c0, r0 = np.floor((xy - reach) / side).astype(int) - self._tile_origin[::-1]
        c1, r1 = np.floor((xy + reach) / side).astype(int) + 1 - self._tile_origin[::-1]
        low, high = (int(r0) * TILE, int(c0) * TILE), (int(r1) * TILE, int(c1) * TILE)
        self._dirty.update(self._tiles_between(low, high))

    def _tiles_between(self, low: tuple[int, int], high: tuple[int, int]) -> list[tuple[int, int]]:
        own_r, own_c = self._tile_origin
        return [
            (own_r + row, own_c + col)
            for row in range(low[0] // TILE, high[0] // TILE)
            for col in range(low[1] // TILE, high[1] // TILE)
        ]

    def _tile_window(self, row: int, col: int) -> tuple[slice, slice]:
        r = (row - self._tile_origin[0]) * TILE
        c = (col - self._tile_origin[1]) * TILE
        return slice(r, r + TILE), slice(c, c + TILE)

    def _pack(self, index: tuple[int, int]) -> bytes:
        window = self._tile_window(*index)
        layers = np.stack(
            [
                self._evidence[window],
                self._seen[window].view(np.int8),
                self._height[window].view(np.int8),
                self._inspected[window].view(np.int8),
            ]
        )
        return zlib.compress(layers.tobytes(), level=1)


def _unpack(blob: bytes) -> NDArray[np.int8]:
    try:
        return np.frombuffer(zlib.decompress(blob), np.int8).reshape(4, TILE, TILE)
    except zlib.error as error:
        raise ValueError(f"a tile is no compressed data: {error}") from error


def _moved(old: NDArray, shape: tuple[int, int], window: tuple[slice, slice]) -> NDArray:
    new = np.zeros(shape, old.dtype)
    if old.size:
        new[window] = old
    return new
