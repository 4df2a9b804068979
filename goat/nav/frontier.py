"""Where to look next: borders between seen floor and the unknown.

A frontier is a cluster of free cells beside unknown space that is large enough to matter. Each is
worth the unknown area that would come into view there, plus whatever the caller believes about
it, less the cost of driving there. The explorer sticks to its choice while that still exists and
nothing is much better, and sets aside, for a while, frontiers that were looked at without effect
or could not be reached.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.nav.fmm import TravelField
from goat.nav.grid import CostMap, Pose
from goat.types import CellState, Float32Array, Float64Array, UInt8Array


@dataclass(frozen=True)
class FrontierConfig:
    """What counts as a frontier and what it is worth."""

    min_size: float = 0.4
    """Smallest length of a frontier, m."""
    pocket: float = 0.3
    """Unknown space narrower than this is an artefact that nobody need look into, m."""
    reach: float = 0.5
    """How far beside a frontier the robot may stand to look past it, m."""
    sensor_range: float = 3.0
    """How far the robot sees well, m; unknown area within it counts as gain."""
    rays: int = 48
    """Directions in which the gain is measured."""
    gain_weight: float = 0.3
    """Worth of one square metre of unknown area, in metres of driving."""
    max_gain: float = 8.0
    """Unknown area beyond which more makes no difference, m^2."""
    value_weight: float = 4.0
    """Worth of a semantic value of one, in metres of driving."""
    turn_weight: float = 0.5
    """Cost of turning by one radian before driving off, in metres of driving."""
    stickiness: float = 1.0
    """How much better another frontier must be to give up the current one, m."""
    max_candidates: int = 24
    """Frontiers whose gain is measured: the nearest ones."""
    stare_steps: int = 3
    """Looks at a frontier from close by, without effect, after which it is set aside."""
    blacklist_steps: int = 400
    """Steps for which a frontier stays set aside."""
    blacklist_radius: float = 0.5
    """Frontier cells this close to a place set aside are ignored, m."""


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """One border of the known floor."""

    stand: NDArray[np.intp]
    """(2,) cell of the cost map from which to look past it; reachable."""
    position: tuple[float, float]
    """`stand` in the map, m."""
    look: tuple[float, float]
    """Middle of the frontier's cells near `stand`, m."""
    size: float
    """Length, m."""
    gain: float
    """Unknown area expected to come into view, m^2."""
    travel: float
    """Cost of driving there, m."""
    utility: float
    """What it is worth, in metres of driving."""


@dataclass(slots=True)
class _Ban:
    x: float
    y: float
    until: int


@dataclass(slots=True)
class FrontierExplorer:
    """Chooses frontiers and keeps to them."""

    config: FrontierConfig = field(default_factory=FrontierConfig)
    """What counts and what it is worth."""
    current: Frontier | None = None
    """The choice it keeps to."""
    _bans: list[_Ban] = field(default_factory=list)
    _stared: int = 0
    _step: int = 0

    def reset(self) -> None:
        """Forget the current choice; what was set aside stays so."""
        self.current, self._stared = None, 0

    def forgive(self) -> None:
        """Give every frontier that was set aside another chance."""
        self._bans.clear()

    def tick(self) -> None:
        """Count one control step."""
        self._step += 1
        self._bans = [ban for ban in self._bans if ban.until > self._step]

    def ban(self, frontier: Frontier) -> None:
        """Set a frontier aside for `blacklist_steps`."""
        until = self._step + self.config.blacklist_steps
        self._bans += [_Ban(*frontier.look, until), _Ban(*frontier.position, until)]
        self.reset()

    def stare(self) -> bool:
        """Count a look at the current frontier from its standing place; ban it after a few."""
        if self.current is None:
            return False
        self._stared += 1
        if self._stared < self.config.stare_steps:
            return False
        self.ban(self.current)
        return True

    def borders(self, costs: CostMap) -> UInt8Array:
        """Return (rows, cols) mask of frontier cells, without those set aside."""
        mask = frontier_cells(costs, self.config.pocket)
        size = costs.grid.resolution
        for ban in self._bans:
            row, col = costs.grid.cells(np.array((ban.x, ban.y)))
            radius = round(self.config.blacklist_radius / size)
            cv2.circle(mask, (int(col), int(row)), radius, 0, cv2.FILLED)
        return mask

    def still_there(self, costs: CostMap, mask: UInt8Array) -> bool:
        """Return whether frontier cells remain around the current choice."""
        if self.current is None:
            return False
        row, col = (int(v) for v in costs.grid.cells(np.array(self.current.look)))
        reach = round(0.5 * self.config.reach / costs.grid.resolution)
        window = mask[max(row - reach, 0) : row + reach + 1, max(col - reach, 0) : col + reach + 1]
        return bool(np.count_nonzero(window) >= 3)

    def choose(
        self,
        mask: UInt8Array,
        travel: TravelField,
        pose: Pose,
        value: Float32Array | None = None,
    ) -> Frontier | None:
        """Return the frontier to drive to, None if nothing is left to explore.

        Args:
            mask: Result of `borders` on the field's cost map.
            travel: Driving costs from the robot.
            pose: The robot.
            value: (rows, cols) semantic value of looking at each cell, about 0 to 1.
        """
        found = _clusters(mask, travel, pose, value, self.config)
        best = max(found, key=lambda f: f.utility, default=None)
        kept = self._nearest_to_current(found)
        if best is not None and kept is not None:
            best = kept if best.utility < kept.utility + self.config.stickiness else best
        if best is not kept or best is None:
            self._stared = 0
        self.current = best
        return best

    def _nearest_to_current(self, found: list[Frontier]) -> Frontier | None:
        if self.current is None or not found:
            return None
        near = min(found, key=lambda f: math.dist(f.look, self.current.look))  # type: ignore[union-attr]
        return near if math.dist(near.look, self.current.look) < 2 * self.config.reach else None


def frontier_cells(costs: CostMap, pocket: float) -> UInt8Array:
    """Return (rows, cols) mask, 0 or 255, of free cells that touch open unknown space.

    Unknown space into which no square of side `pocket` (m) fits is ignored, and so is what lies
    behind it.
    """
    state = costs.grid.state
    unknown = cv2.compare(state, int(CellState.UNKNOWN), cv2.CMP_EQ)
    side = max(2, round(pocket / costs.grid.resolution))
    square = np.ones((side, side), np.uint8)
    wide = cv2.morphologyEx(
        unknown, cv2.MORPH_OPEN, square, borderType=cv2.BORDER_CONSTANT, borderValue=255
    )
    near = cv2.dilate(wide, np.ones((3, 3), np.uint8))
    free = cv2.compare(state, int(CellState.FREE), cv2.CMP_EQ)
    return np.asarray(cv2.bitwise_and(near, free), np.uint8)


def _clusters(
    mask: UInt8Array,
    travel: TravelField,
    pose: Pose,
    value: Float32Array | None,
    config: FrontierConfig,
) -> list[Frontier]:
    """Return the reachable frontiers that are large enough, with their worth."""
    grid = travel.costs.grid
    labels, sizes = _labels(mask, config.min_size / grid.resolution)
    stands, owner, cost = _stands(labels, travel, config)
    if len(owner) == 0:
        return []
    order = np.argsort(cost)[: config.max_candidates]
    stands, owner, cost = stands[order], owner[order], cost[order]
    looks = np.array([_look_at(labels, k, s, grid.resolution) for k, s in zip(owner, stands)])  # noqa: B905
    gains = np.minimum(visible_unknown(travel.costs, looks, config), config.max_gain)
    worth = config.gain_weight * gains - cost - config.turn_weight * _turns(grid, pose, looks, cost)
    if value is not None:
        worth = worth + config.value_weight * value[looks[:, 0], looks[:, 1]]
    points, targets = grid.points(stands), grid.points(looks)
    return [
        Frontier(
            stand=stands[i],
            position=(float(points[i, 0]), float(points[i, 1])),
            look=(float(targets[i, 0]), float(targets[i, 1])),
            size=float(sizes[owner[i]] * grid.resolution),
            gain=float(gains[i]),
            travel=float(cost[i]),
            utility=float(worth[i]),
        )
        for i in range(len(owner))
    ]


def _labels(mask: UInt8Array, min_cells: float) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return clusters (rows, cols), 0 = none, without small ones, and their lengths in cells."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    sizes = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    sizes = np.maximum(sizes, stats[:, cv2.CC_STAT_AREA] // 2)
    keep = sizes >= min_cells
    keep[0] = False
    table = np.where(keep, np.arange(len(sizes)), 0).astype(np.int32)
    return table[labels], sizes


def _stands(
    labels: NDArray[np.int32], travel: TravelField, config: FrontierConfig
) -> tuple[NDArray[np.intp], NDArray[np.int32], Float64Array]:
    """Return the best standing cell (K, 2) of each reachable cluster, its label and cost (K,)."""
    reach = round(config.reach / travel.costs.grid.resolution)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    near = cv2.dilate(labels.astype(np.float32), disc).astype(np.int32)
    cells = np.argwhere(near)
    cost = travel.at_cells(cells).astype(np.float64)
    ok = np.isfinite(cost)
    cells, cost = cells[ok], cost[ok]
    owner = near[cells[:, 0], cells[:, 1]]
    order = np.argsort(cost, kind="stable")
    found, first = np.unique(owner[order], return_index=True)
    chosen = order[first]
    return cells[chosen], found.astype(np.int32), cost[chosen]


def _look_at(
    labels: NDArray[np.int32], label: int, stand: NDArray[np.intp], size: float
) -> NDArray[np.intp]:
    """Return the cell (2,) of a cluster that is nearest to the middle of its part near `stand`."""
    reach = round(1.0 / size)
    low = np.maximum(stand - reach, 0)
    window = labels[low[0] : stand[0] + reach + 1, low[1] : stand[1] + reach + 1]
    cells = np.argwhere(window == label)
    middle = cells.mean(axis=0)
    return cells[np.square(cells - middle).sum(axis=1).argmin()] + low


def _turns(grid, pose: Pose, looks: NDArray, cost: Float64Array) -> Float64Array:  # noqa: ANN001
    """Return (K,) how far the robot would turn first, rad."""
    points = grid.points(looks)
    bearing = np.arctan2(points[:, 1] - pose[1], points[:, 0] - pose[0])
    return np.abs((bearing - pose[2] + np.pi) % (2.0 * np.pi) - np.pi)


def visible_unknown(
    costs: CostMap, cells: NDArray[np.intp], config: FrontierConfig
) -> Float64Array:
    """Return (K,) unknown area that comes into view at `cells` (K, 2), m^2.

    Rays stop at occupied cells and at the sensor's range; each sample stands for its share of
    the ring it lies in.
    """
    size = costs.grid.resolution
    step = 2.0
    radius = np.arange(1.0, config.sensor_range / size, step)
    angle = np.arange(config.rays) * (2.0 * np.pi / config.rays)
    offsets = np.stack([np.outer(np.sin(angle), radius), np.outer(np.cos(angle), radius)], axis=-1)
    index = np.rint(cells[:, None, None, :] + offsets).astype(np.intp)
    inside = costs.grid.inside(index)
    safe = np.where(inside[..., None], index, 0)
    state = np.where(inside, costs.grid.state[safe[..., 0], safe[..., 1]], CellState.UNKNOWN)
    lit = np.logical_and.accumulate(state != CellState.OCCUPIED, axis=2)
    ring = radius * (2.0 * np.pi / config.rays) * step * size * size
    return ((state == CellState.UNKNOWN) & lit) @ ring @ np.ones(config.rays)
