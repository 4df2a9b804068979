"""Where to look next: views past the borders between seen floor and the unknown.

A frontier is a cluster of free cells beside unknown space that is large enough to matter. Around
each, places to stand are sampled; rays from each measure the unknown area that would come into
view in every direction. The explorer takes the view that shows most for the actions it costs,
keeps to it until it has shown what it can or another is much better, and sets aside for a while
what was looked at without effect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.frames import wrap_angle
from goat.nav.fmm import TravelField
from goat.nav.grid import CostMap, Pose
from goat.nav.unknown import FrontierConfig, Unknown, cast_rays, survey, trace
from goat.types import BoolArray, CellState, Float32Array, Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """A look past the border of the known floor."""

    stand: NDArray[np.intp]
    """(2,) cell of the cost map to look from; reachable."""
    position: tuple[float, float]
    """`stand` in the map, m."""
    yaw: float
    """Heading to look in, rad."""
    look: tuple[float, float]
    """Middle of the unknown that will come into view, m."""
    gain: float
    """Unknown area that will come into view, m^2."""
    travel: float
    """Cost of driving and turning there, m."""
    utility: float
    """What it is worth."""


@dataclass(slots=True)
class _Ban:
    points: Float64Array
    until: int


@dataclass(slots=True)
class FrontierExplorer:
    """Chooses views and keeps to them."""

    config: FrontierConfig = field(default_factory=FrontierConfig)
    """What counts and what it is worth."""
    current: Frontier | None = None
    """The choice it keeps to."""
    thorough: bool = False
    """Nothing obvious is left, so it looks for doors in unseen parts of walls."""
    _bans: list[_Ban] = field(default_factory=list)
    _step: int = 0

    def reset(self) -> None:
        """Forget the current choice; what was set aside stays so."""
        self.current, self.thorough = None, False

    def look_again(self) -> bool:
        """Take back all that was set aside; return False if that was nothing."""
        again, self._bans = bool(self._bans), []
        return again

    def tick(self) -> None:
        """Count one control step."""
        self._step += 1
        self._bans = [ban for ban in self._bans if ban.until > self._step]

    def ban(self, unknown: Unknown) -> None:
        """Set aside, for `blacklist_steps`, what the current choice would show."""
        if self.current is None:
            return
        points = _hits(unknown, self.current, self.config)
        self._bans.append(_Ban(points, self._step + self.config.blacklist_steps))
        self.current = None

    def survey(self, costs: CostMap) -> Unknown:
        """Return what is left to see, without what was set aside."""
        gap = self.config.least_gap if self.thorough else self.config.wall_gap
        unknown = survey(costs, self.config, gap)
        for ban in self._bans:
            unknown.set_aside(ban.points)
        return unknown

    def gain_left(self, unknown: Unknown) -> float:
        """Return the unknown area that the current choice would still show, m^2."""
        if self.current is None:
            return 0.0
        stand = unknown.costs.grid.cells(np.array([self.current.position]))
        gains = _windows(cast_rays(unknown, stand, self.config), self.config)
        ray = round(self.current.yaw / (2.0 * math.pi) * self.config.rays) % self.config.rays
        return float(gains[0, ray])

    def coverage(self, travel: TravelField, pose: Pose) -> float:
        """Return the share of the place that has been seen, in [0, 1].

        The unseen is what would come into view from all places to look from. Rooms behind rooms
        are not counted, yet the share of objects seen follows this closely.
        """
        unknown = self.survey(travel.costs)
        stands = _stands(unknown, travel, pose, self.config)
        size = 2.0 * travel.costs.grid.resolution
        seen = float(np.count_nonzero(unknown.blocks == CellState.FREE)) * size**2
        hidden = float(np.count_nonzero(_shown(unknown, stands, self.config))) * size**2
        return seen / (seen + hidden) if seen else 0.0

    def explore(
        self, travel: TravelField, pose: Pose, value: Float32Array | None = None
    ) -> Frontier | None:
        """Return the view to drive to, first obvious ones, then doors in unseen parts of walls.

        Args:
            travel: Driving costs from the robot.
            pose: The robot.
            value: (rows, cols) semantic value of looking at each cell, about 0 to 1.
        """
        for thorough in (False, True):
            self.thorough = thorough
            found = self.choose(self.survey(travel.costs), travel, pose, value)
            if found is not None:
                return found
        return None

    def choose(
        self,
        unknown: Unknown,
        travel: TravelField,
        pose: Pose,
        value: Float32Array | None = None,
    ) -> Frontier | None:
        """Return the view to drive to, None if nothing is left to explore.

        Args:
            unknown: Result of `survey` on the field's cost map.
            travel: Driving costs from the robot.
            pose: The robot.
            value: (rows, cols) semantic value of looking at each cell, about 0 to 1.
        """
        stands = _stands(unknown, travel, pose, self.config)
        batch = self.config.candidates
        found = None
        for first in range(0, len(stands), batch):
            found = self._best(unknown, travel, pose, stands[first : first + batch], value)
            if found is not None:
                break
        self.current = found
        return found

    def _best(
        self,
        unknown: Unknown,
        travel: TravelField,
        pose: Pose,
        stands: NDArray[np.intp],
        value: Float32Array | None,
    ) -> Frontier | None:
        """Return the best view from any of `stands`, None if none shows enough."""
        sectors = cast_rays(unknown, stands, self.config)
        cost = _costs(travel, stands, pose, self.config)
        gain = _windows(sectors, self.config)
        worth = gain * _appeal(travel, stands, value, self.config)
        rate = worth / (cost + self.config.overhead)
        large = (gain >= self.config.min_gain) & (rate >= self.config.min_rate)
        utility = np.where(large, rate, 0.0)
        self._favour_current(travel, stands, utility)
        best, ray = np.unravel_index(int(utility.argmax()), utility.shape)
        if utility[best, ray] <= 0.0:
            return None
        return _frontier(travel, stands[best], int(ray), sectors[best], self.config)

    def _favour_current(
        self, travel: TravelField, stands: NDArray[np.intp], utility: Float64Array
    ) -> None:
        """Multiply the utility of views like the current one by the stickiness, in place."""
        if self.current is None:
            return
        points = travel.costs.grid.points(stands)
        near = np.linalg.norm(points - self.current.position, axis=1) <= self.config.spacing
        angle = np.arange(self.config.rays) * (2.0 * math.pi / self.config.rays)
        alike = np.cos(angle - self.current.yaw) > math.cos(0.5 * self.config.fov)
        utility[np.ix_(near, alike)] *= self.config.stickiness


def _stands(
    unknown: Unknown, travel: TravelField, pose: Pose, config: FrontierConfig
) -> NDArray[np.intp]:
    """Return (K, 2) the robot's cell and reachable cells near frontiers, nearest first."""
    frontier = unknown.frontier(config.min_size)
    if not frontier.any():
        return np.empty((0, 2), np.intp)
    size = 2.0 * unknown.costs.grid.resolution
    stride = max(1, round(config.spacing / size))
    away = cv2.distanceTransform(cv2.bitwise_not(frontier), cv2.DIST_L2, 3) * size
    rows, cols = travel.travel.shape
    phase = [int(v) % stride for v in np.round(np.array(travel.costs.grid.origin) / size)]
    nodes = np.mgrid[-phase[1] % stride : rows : stride, -phase[0] % stride : cols : stride]
    nodes = nodes.reshape(2, -1).T
    near = (away <= config.reach) & (unknown.blocks == CellState.FREE)
    nodes = nodes[near[nodes[:, 0], nodes[:, 1]]]
    cost = travel.at_cells(2 * nodes)
    good = np.isfinite(cost)
    cells, cost = 2 * nodes[good], cost[good]
    nearest = np.argsort(cost, kind="stable")
    robot = unknown.costs.grid.cells(np.array([pose[:2]]))
    return np.vstack([robot, cells[nearest]])


def _hits(unknown: Unknown, view: Frontier, config: FrontierConfig) -> Float64Array:
    """Return (N, 2) a point in each unknown block of a view and those beside it, m."""
    grid = unknown.costs.grid
    stand = grid.cells(np.array([view.position]))
    seen, offsets = trace(unknown, stand, config)
    ray = round(view.yaw / (2.0 * math.pi) * config.rays)
    half = _half_window(config) + 1
    rays = np.arange(ray - half, ray + half + 1) % config.rays
    blocks = stand[0] // 2 + offsets[rays][seen[0, rays]]
    around = np.stack(np.meshgrid(range(-1, 2), range(-1, 2)), axis=-1).reshape(-1, 2)
    blocks = np.unique((blocks[:, None, :] + around).reshape(-1, 2), axis=0)
    return grid.points(2 * blocks)


def _shown(unknown: Unknown, stands: NDArray[np.intp], config: FrontierConfig) -> BoolArray:
    """Return a mask like `unknown.codes` of the unknown that is visible from any of `stands`."""
    shown = np.zeros(unknown.codes.shape, bool)
    if len(stands):
        seen, offsets = trace(unknown, stands, config)
        stand, ray, sample = np.nonzero(seen)
        index = stands[stand] // 2 + offsets[ray, sample] + unknown.pad
        shown[index[:, 0], index[:, 1]] = True
    return shown


def _half_window(config: FrontierConfig) -> int:
    return max(0, round(0.5 * config.fov / (2.0 * math.pi) * config.rays - 0.5))


def _windows(sectors: Float64Array, config: FrontierConfig) -> Float64Array:
    """Return (K, rays) unknown area in the field of view when facing along each ray, m^2."""
    half = _half_window(config)
    area = np.concatenate([sectors[:, -half:, 0], sectors[..., 0], sectors[:, :half, 0]], axis=1)
    total = np.cumsum(np.pad(area, ((0, 0), (1, 0))), axis=1)
    width = 2 * half + 1
    return total[:, width:] - total[:, :-width]


def _costs(
    travel: TravelField, stands: NDArray[np.intp], pose: Pose, config: FrontierConfig
) -> Float64Array:
    """Return (K, rays) cost of driving to each place and turning to each direction, m."""
    points = travel.costs.grid.points(stands)
    drive = travel.at_cells(stands).astype(np.float64)
    away = points - np.array(pose[:2])
    far = np.linalg.norm(away, axis=1) > 0.3
    bearing = np.where(far, np.arctan2(away[:, 1], away[:, 0]), pose[2])
    angle = np.arange(config.rays) * (2.0 * math.pi / config.rays)
    turns = _turn(bearing, pose[2])[:, None] + _turn(angle[None, :], bearing[:, None])
    return drive[:, None] + config.turn_cost * turns


def _turn(a: NDArray, b: NDArray | float) -> Float64Array:
    return np.abs((a - b + np.pi) % (2.0 * np.pi) - np.pi)


def _appeal(
    travel: TravelField,
    stands: NDArray[np.intp],
    value: Float32Array | None,
    config: FrontierConfig,
) -> Float64Array:
    """Return (K, rays) factor by which semantic value makes views better."""
    if value is None:
        return np.ones((len(stands), config.rays))
    angle = np.arange(config.rays) * (2.0 * math.pi / config.rays)
    ahead = 1.0 / travel.costs.grid.resolution
    cells = stands[:, None, :] + ahead * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    cells = np.clip(np.rint(cells).astype(np.intp), 0, np.array(value.shape) - 1)
    return 1.0 + config.value_weight * value[cells[..., 0], cells[..., 1]].astype(np.float64)


def _frontier(
    travel: TravelField,
    stand: NDArray[np.intp],
    ray: int,
    sectors: Float64Array,
    config: FrontierConfig,
) -> Frontier:
    half = _half_window(config)
    area, moment = sectors[np.arange(ray - half, ray + half + 1) % config.rays].sum(axis=0)
    yaw = wrap_angle(ray * 2.0 * math.pi / config.rays)
    x, y = (float(v) for v in travel.costs.grid.points(stand))
    reach = moment / max(area, 1e-9)
    look = (x + reach * math.cos(yaw), y + reach * math.sin(yaw))
    cost = float(travel.at_cells(stand))
    return Frontier(stand, (x, y), yaw, look, float(area), cost, float(area) / (cost + 0.5))
