"""Where the robot is in its map: odometry drifts, the walls do not.

What depth images hit at the height of the camera, where little but walls and tall furniture stands,
is laid over what was hit there before, and moved a little until it fits. The first to see a place
says where it is, so that coming back to it takes back what odometry has drifted since.

Method: the normal distributions transform (Biber and Strasser 2003, "The Normal Distributions
Transform: A New Approach to Laser Scan Matching", https://doi.org/10.1109/IROS.2003.1249285), with
a window around each cell in place of overlapping grids, distances to lines only, and odometry as a
prior, which decides where the walls say nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from goat.frames import planar, planar_of, wrap_angle
from goat.geometry import transform_points, unproject
from goat.types import BoolArray, Float32Array, Float64Array, Observation

Pose = tuple[float, float, float]


@dataclass(frozen=True)
class TrackerConfig:
    """How far odometry and the walls are trusted."""

    stride: int = 8
    """Every how many pixels depth is read, in both directions."""
    heights: tuple[float, float] = (0.9, 1.8)
    """What is hit between these heights above the floor counts, m."""
    max_range: float = 6.0
    """Depth is used up to this horizontal distance, m."""
    cell: float = 0.05
    """Of all hits of one image within a cell of this size one counts, m."""
    full: int = 20
    """Hits after which a cell stays as it is."""
    window: int = 3
    """Hits up to so many rows and columns away make one piece of a wall."""
    least_hits: float = 6.0
    """Fewer hits make none."""
    flatness: float = 4.0
    """It must be longer than thick by this, in variance."""
    gate: float = 0.25
    """Hits farther from the wall belong to something else, m."""
    rounds: int = 6
    """Gauss-Newton steps per image."""
    least_points: int = 20
    """With fewer hits on what is known the image says nothing."""
    weight: float = 40.0
    """What all hits of an image count together, in independent ones."""
    spread: float = 0.04
    """Standard deviation of the distance of a hit from its wall, m."""
    still: tuple[float, float] = (0.001, 0.0005)
    """Standard deviation of odometry's error that is there without motion, m and rad."""
    per_metre: tuple[float, float] = (0.01, 0.005)
    """The same after a metre, m and rad; it grows with the square root."""
    per_radian: tuple[float, float] = (0.0, 0.01)
    """The same after a radian."""
    surprise: float = 3.0
    """A correction of more standard deviations of odometry's error is not believed, ..."""
    misfit: float = 0.06
    """... nor one that leaves the hits farther from the walls in the mean, m."""


class PoseTracker:
    """Keeps odometry and the walls together."""

    def __init__(self, config: TrackerConfig | None = None) -> None:
        """Start where the map and odometry agree, with no walls known."""
        self.config = config or TrackerConfig()
        self._walls = _WallMap(self.config)
        self._map_from_odom = RigidTransform.identity()
        self._last: Pose | None = None
        self._doubt = np.full(3, 1e-9)

    def locate(self, observation: Observation) -> RigidTransform:
        """Return map_from_base of an observation.

        Args:
            observation: The newest; all of them should be shown, in order.
        """
        self._grow_doubt(planar_of(observation.odom_from_base))
        guess = planar_of(self._map_from_odom * observation.odom_from_base)
        hits = self._hits(observation)
        found = self._align(guess, hits)
        if found is not None:
            self._map_from_odom = planar(*found) * planar(*guess).inv() * self._map_from_odom
            self._doubt[:] = 1e-9
        self._walls.add(_moved(hits, found or guess))
        return self._map_from_odom * observation.odom_from_base

    def _grow_doubt(self, odometry: Pose) -> None:
        """Add up odometry's variance (x, y, yaw) since the walls were last matched."""
        cfg, last = self.config, self._last or odometry
        away = math.dist(odometry[:2], last[:2])
        turned = abs(wrap_angle(odometry[2] - last[2]))
        place, heading = (
            cfg.still[i] ** 2 + away * cfg.per_metre[i] ** 2 + turned * cfg.per_radian[i] ** 2
            for i in range(2)
        )
        self._doubt += (place, place, heading)
        self._last = odometry

    def _hits(self, observation: Observation) -> Float64Array:
        """Return (N, 2) what is hit in the base frame, one point per cell, m."""
        cfg = self.config
        offset = cfg.stride // 2
        depth = observation.depth[offset :: cfg.stride, offset :: cfg.stride]
        rows, cols = np.nonzero(np.isfinite(depth))
        local = unproject(
            depth[rows, cols],
            observation.camera,
            rows * cfg.stride + offset,
            cols * cfg.stride + offset,
        )
        points = transform_points(observation.base_from_camera, local)
        low, high = cfg.heights
        kept = (points[:, 2] > low) & (points[:, 2] < high)
        kept &= np.hypot(points[:, 0], points[:, 1]) < cfg.max_range
        points = points[kept, :2].astype(np.float64)
        cells = np.rint(points / cfg.cell).astype(np.int64)
        _, first = np.unique(cells[:, 0] * 100_003 + cells[:, 1], return_index=True)
        return points[first]

    def _align(self, guess: Pose, hits: Float64Array) -> Pose | None:
        """Return the pose near `guess` that lays the hits on the walls; None if nothing does."""
        cfg = self.config
        if len(hits) < cfg.least_points:
            return None
        walls = self._walls.around(_moved(hits, guess))
        prior = np.diag(1.0 / self._doubt)
        pose = np.array(guess)
        for _ in range(cfg.rounds):
            away, normal, used = walls.near(_moved(hits, pose))
            count = int(np.count_nonzero(used))
            if count < cfg.least_points:
                return None
            jacobian = np.column_stack([normal, _by_yaw(hits, pose, normal)])[used]
            trust = 1.0 / (1.0 + np.square(away[used] / cfg.spread))
            trust *= min(1.0, cfg.weight / count) / cfg.spread**2
            weighted = jacobian * trust[:, None]
            pull = -weighted.T @ away[used] - prior @ (pose - guess)
            step = np.linalg.solve(weighted.T @ jacobian + prior, pull)
            pose += step
            if abs(step[:2]).max() < 1e-4 and abs(step[2]) < 1e-4:
                break
        away, _, used = walls.near(_moved(hits, pose))
        offset = pose - guess
        fits = np.abs(away[used]).mean() <= cfg.misfit if used.any() else False
        likely = offset @ prior @ offset <= cfg.surprise**2
        return (float(pose[0]), float(pose[1]), float(pose[2])) if fits and likely else None


class _WallMap:
    """Number and sum of the hits in each cell of a grid that grows."""

    def __init__(self, config: TrackerConfig) -> None:
        self._config = config
        self._low = np.zeros(2, np.intp)
        self._sums = np.zeros((3, 0, 0), np.float32)

    def add(self, points: Float64Array) -> None:
        """Count hits (N, 2), m, in cells that are not full."""
        if len(points) == 0:
            return
        cells = np.floor(points / self._config.cell).astype(np.intp)
        self._reserve(cells.min(axis=0), cells.max(axis=0) + 1)
        col, row = (cells - self._low).T
        room = self._sums[0, row, col] < self._config.full
        col, row, kept = col[room], row[room], points[room]
        np.add.at(self._sums[0], (row, col), 1.0)
        np.add.at(self._sums[1], (row, col), kept[:, 0])
        np.add.at(self._sums[2], (row, col), kept[:, 1])

    def around(self, points: Float64Array) -> _Walls:
        """Return the pieces of walls near points (N, 2), m."""
        cfg = self._config
        margin = math.ceil(cfg.gate / cfg.cell) + cfg.window
        low = np.floor(points.min(axis=0) / cfg.cell).astype(np.intp) - margin
        high = np.floor(points.max(axis=0) / cfg.cell).astype(np.intp) + margin + 1
        self._reserve(low, high)
        (col, row), (cols, rows) = low - self._low, high - low
        return _Walls(self._sums[:, row : row + rows, col : col + cols], low * cfg.cell, cfg)

    def _reserve(self, low: NDArray[np.intp], high: NDArray[np.intp]) -> None:
        """Make the grid cover cells [low, high), column and row."""
        size = np.array(self._sums.shape[:0:-1])
        if not size.all():
            self._low, self._sums = low, np.zeros((3, *(high - low)[::-1]), np.float32)
            return
        before = np.maximum(self._low - low, 0)
        after = np.maximum(high - self._low - size, 0)
        if before.any() or after.any():
            # More than is needed, so that this is rare.
            before, after = (np.where(v > 0, v + 64, 0) for v in (before, after))
            (left, below), (right, above) = before, after
            self._sums = np.pad(self._sums, ((0, 0), (below, above), (left, right)))
            self._low = self._low - before


class _Walls:
    """Around each cell the normal distribution of the hits near by: a piece of a line."""

    def __init__(self, sums: Float32Array, corner: Float64Array, cfg: TrackerConfig) -> None:
        size = (2 * cfg.window + 1,) * 2

        def total(values: NDArray) -> NDArray:
            return cv2.boxFilter(values, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT)

        self._corner, self._cell, self._gate = corner, cfg.cell, cfg.gate
        some = np.maximum(sums[0], 1.0)
        # Relative to the corner, or single precision would not do.
        x, y = sums[1] / some - np.float32(corner[0]), sums[2] / some - np.float32(corner[1])
        x, y = np.where(sums[0] > 0, x, 0.0), np.where(sums[0] > 0, y, 0.0)
        hits = np.minimum(sums[0], 4.0)
        count = total(hits)
        some = np.maximum(count, 1.0)
        self._x, self._y = total(hits * x) / some, total(hits * y) / some
        xx = total(hits * x * x) / some - self._x**2
        yy = total(hits * y * y) / some - self._y**2
        xy = total(hits * x * y) / some - self._x * self._y
        root, middle = np.sqrt(np.square((xx - yy) / 2.0) + xy**2), (xx + yy) / 2.0
        thin = np.maximum(middle - root, 0.0) + (0.2 * cfg.cell) ** 2
        self._usable = (thin * cfg.flatness < middle + root) & (count >= cfg.least_hits)
        self._angle = 0.5 * np.arctan2(2.0 * xy, xx - yy) + math.pi / 2.0

    def near(self, points: Float64Array) -> tuple[Float64Array, Float64Array, BoolArray]:
        """Return for points (N, 2), m, how far from a wall they are, and its normal.

        Returns:
            (N,) signed distances, m; (N, 2) unit vectors; (N,) whether both mean something.
        """
        local = points - self._corner
        col, row = np.floor(local / self._cell).astype(np.intp).T
        rows, cols = self._usable.shape
        inside = (col >= 0) & (row >= 0) & (col < cols) & (row < rows)
        col, row = np.where(inside, col, 0), np.where(inside, row, 0)
        angle = self._angle[row, col]
        normal = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        middle = np.stack([self._x[row, col], self._y[row, col]], axis=1)
        away = ((local - middle) * normal).sum(axis=1)
        return away, normal, inside & self._usable[row, col] & (np.abs(away) < self._gate)


def _moved(points: Float64Array, pose: Pose | Float64Array) -> Float64Array:
    """Return points (N, 2) of the base in the map."""
    cos, sin = math.cos(pose[2]), math.sin(pose[2])
    return points @ np.array([[cos, sin], [-sin, cos]]) + np.asarray(pose[:2])


def _by_yaw(points: Float64Array, pose: Float64Array, normal: Float64Array) -> Float64Array:
    """Return (N,) how the distance from a line changes per radian of yaw."""
    cos, sin = math.cos(pose[2]), math.sin(pose[2])
    turned = points @ np.array([[-sin, cos], [-cos, -sin]])
    return (turned * normal).sum(axis=1)
