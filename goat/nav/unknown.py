"""What is left to see: unknown space that matters, its borders, and rays cast into it.

Works on blocks of 2x2 cells: for deciding where to look, 10 cm are fine enough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.nav.grid import CostMap, mask_of
from goat.types import BoolArray, CellState, Float64Array, UInt8Array

_SEEN, _OPEN, _WALL = 0, 1, 2  # codes of blocks: seen through, unknown, opaque


@dataclass(frozen=True)
class FrontierConfig:
    """What counts as a frontier and what a look past it is worth."""

    min_size: float = 0.4
    """Smallest length of a frontier, m."""
    pocket: float = 0.3
    """Unknown space narrower than this is an artefact that nobody need look into, m."""
    wall_gap: float = 1.2
    """Unknown gaps in a straight wall up to this length are taken for wall, m."""
    least_gap: float = 0.7
    """The same once nothing else is left to see, m: then unseen doors are looked for."""
    reach: float = 1.2
    """How far from a frontier the robot may stand to look past it, m."""
    sensor_range: float = 3.0
    """How far the robot sees well, m."""
    fov: float = math.radians(60.0)
    """Horizontal field of view, rad."""
    rays: int = 36
    """Directions in which the unknown is measured."""
    min_gain: float = 0.3
    """Least unknown area, m^2, that is worth a look."""
    min_rate: float = 0.04
    """Least unknown area per metre of driving and turning that is worth it, m."""
    overhead: float = 0.5
    """Cost added to every view, m: a higher one favours large views over near ones."""
    turn_cost: float = 0.5
    """Cost of turning by one radian, in metres of driving."""
    value_weight: float = 4.0
    """How many times better a view becomes by a semantic value of one."""
    stickiness: float = 1.3
    """How many times better another view must be to give up the current one."""
    spacing: float = 0.3
    """Distance between places to stand, m."""
    candidates: int = 160
    """Places measured at once: the nearest ones, then the next if those show nothing."""
    blacklist_steps: int = 400
    """Steps for which unknown space that a look did not reveal is set aside."""


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """What is left to see on one cost map."""

    costs: CostMap
    """The map."""
    blocks: UInt8Array
    """(rows / 2, cols / 2) of `CellState`, the highest in each block."""
    wide: UInt8Array
    """(rows / 2, cols / 2) mask, 0 or 255, of unknown space that matters."""
    codes: UInt8Array
    """(rows / 2 + 2 pad, cols / 2 + 2 pad) what rays meet."""
    pad: int
    """Blocks added on each side, unknown unless set aside: as many as a ray is long."""

    def set_aside(self, points: Float64Array) -> None:
        """Let rays no longer count the blocks at map points (N, 2), in place."""
        index = self.costs.grid.cells(points) // 2 + self.pad
        index = index[((index >= 0) & (index < self.codes.shape)).all(axis=1)]
        codes = self.codes[index[:, 0], index[:, 1]]
        self.codes[index[:, 0], index[:, 1]] = np.where(codes == _OPEN, _SEEN, codes)

    def frontier(self, min_size: float) -> UInt8Array:
        """Return (rows / 2, cols / 2) mask, 0 or 255, of free blocks that touch `wide`.

        Clusters shorter than `min_size` (m) are left out.
        """
        near = cv2.dilate(self.wide, np.ones((3, 3), np.uint8))
        border = cv2.bitwise_and(near, mask_of(self.blocks, CellState.FREE))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(border, connectivity=8)
        sizes = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
        sizes = np.maximum(sizes, stats[:, cv2.CC_STAT_AREA] // 2)
        large = sizes * 2.0 * self.costs.grid.resolution >= min_size - 1e-6
        keep = np.where(large, 255, 0).astype(np.uint8)
        keep[0] = 0
        return keep[np.asarray(labels, np.int32)]


def survey(costs: CostMap, config: FrontierConfig, wall_gap: float) -> Unknown:
    """Return what is left to see on `costs`, whose size must be even.

    Unknown gaps in walls of up to `wall_gap` (m) are taken for wall.
    """
    size = 2.0 * costs.grid.resolution
    state = costs.grid.state
    pairs = np.maximum(state[::2], state[1::2])
    blocks = np.maximum(pairs[:, ::2], pairs[:, 1::2])
    wide = _opened(mask_of(blocks, CellState.UNKNOWN), max(2, round(config.pocket / size)))
    codes = _codes(blocks, wide, max(3, round(wall_gap / size)))
    pad = math.ceil(config.sensor_range / size) + 2
    return Unknown(costs, blocks, wide, np.pad(codes, pad, constant_values=_OPEN), pad)


def _opened(unknown: UInt8Array, side: int) -> UInt8Array:
    """Return the mask (rows, cols) of the unknown that squares of `side` cells fit into."""
    square = np.ones((side, side), np.uint8)
    wide = cv2.morphologyEx(
        unknown, cv2.MORPH_OPEN, square, borderType=cv2.BORDER_CONSTANT, borderValue=(255,)
    )
    return np.asarray(wide, np.uint8)


def _codes(blocks: UInt8Array, wide: UInt8Array, span: int) -> UInt8Array:
    """Return (rows, cols) what rays meet; wall gaps of up to `span` cells count as wall."""
    codes = np.where(wide > 0, _OPEN, _SEEN).astype(np.uint8)
    solid = mask_of(blocks, CellState.OCCUPIED)
    for kernel in ((5, 5), (3, span), (span, 3)):
        closed = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones(kernel, np.uint8))
        codes[(codes == _OPEN) & (closed > 0)] = _WALL
    codes[solid > 0] = _WALL
    return codes


def cast_rays(unknown: Unknown, stands: NDArray[np.intp], config: FrontierConfig) -> Float64Array:
    """Return (K, rays, 2) unknown area seen in each direction from cells (K, 2), and its moment.

    The moment is area times range, m^3. Rays end at walls and at the sensor's range; the unknown
    is taken for transparent.
    """
    size = 2.0 * unknown.costs.grid.resolution
    seen, _ = trace(unknown, stands, config)
    radius = np.arange(1.0, seen.shape[2] + 1.0)
    ring = radius * (2.0 * math.pi / config.rays) * size * size
    weights = np.stack([ring, ring * radius * size], axis=1).astype(np.float32)
    return (seen.astype(np.float32) @ weights).astype(np.float64)


def trace(
    unknown: Unknown, stands: NDArray[np.intp], config: FrontierConfig
) -> tuple[BoolArray, NDArray[np.intp]]:
    """Return whether each sample of each ray (K, rays, L) is visible unknown, and its block.

    Blocks (rays, L, 2) are relative to the one the ray starts from; samples are a block apart.
    """
    count = math.ceil(config.sensor_range / (2.0 * unknown.costs.grid.resolution))
    radius = np.arange(1.0, count + 1.0)
    angle = np.arange(config.rays) * (2.0 * math.pi / config.rays)
    offsets = np.stack([np.outer(np.sin(angle), radius), np.outer(np.cos(angle), radius)], axis=-1)
    offsets = np.rint(offsets).astype(np.intp)
    width = np.array([unknown.codes.shape[1], 1])
    start = (stands // 2 + unknown.pad) @ width
    code = unknown.codes.ravel()[start[:, None, None] + offsets @ width]
    return np.logical_and.accumulate(code != _WALL, axis=2) & (code == _OPEN), offsets
