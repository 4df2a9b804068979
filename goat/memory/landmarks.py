"""Where a photo was taken: local features with places in the map, and the pose they agree on.

Identical objects look the same; only their surroundings tell them apart. So key frames keep some
of their features together with the map points depth gives them, and a photo is localised by
Perspective-n-Point on its matches with the most similar key frames. Its focal length is unknown:
a few are tried and the one that most matches agree with is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform

from goat.geometry import transform_points, unproject
from goat.protocols import KeypointMatcher
from goat.types import CameraIntrinsics, Float32Array, Keypoints, Observation, UInt8Array


@dataclass(frozen=True)
class LandmarkConfig:
    """Which frames are kept, and what makes a pose."""

    side: int = 400
    """Frames are searched for features at this longer side, px."""
    distance: float = 0.8
    """A frame is kept when none within this distance of it looks the same way, m."""
    angle: float = math.radians(30.0)
    """Frames that look within this angle look the same way, rad."""
    max_range: float = 6.0
    """Farther features have no reliable place, m."""
    hfovs: tuple[float, ...] = tuple(math.radians(a) for a in (60.0, 48.0, 72.0, 84.0))
    """Horizontal fields of view tried for a photo, rad."""
    min_matches: int = 8
    """Frames with fewer matches are not tried."""
    min_inliers: int = 12
    """Poses that fewer matches agree with are not believed."""
    tolerance: float = 0.015
    """Reprojection error, as a share of the photo's longer side."""
    neighbours: int = 4
    """Frames whose matches join those of the best one."""
    tries: int = 4
    """Best frames for which a pose is sought, per call."""
    iterations: int = 400
    """RANSAC iterations per pose."""
    heights: tuple[float, float] = (0.3, 2.2)
    """Photos are taken between these heights, m."""
    roll: float = 0.2
    """Photos are held upright: greatest sine of the roll."""
    far: float = 4.0
    """Photos are taken at most this far from where the robot has looked, m."""


@dataclass(frozen=True, slots=True)
class LandmarkFrame:
    """The features of one key frame."""

    id: int
    """Unique in a memory."""
    map_from_camera: RigidTransform
    """Where it was taken."""
    keypoints: Keypoints
    """Its features that have a depth."""
    points: Float32Array
    """(N, 3) where they are in the map, m."""


@dataclass(frozen=True, slots=True)
class PhotoPose:
    """Where a photo was taken."""

    map_from_camera: RigidTransform
    """Pose of the optical frame."""
    camera: CameraIntrinsics
    """The intrinsics it agrees with best."""
    points: Float32Array
    """(N, 3) where in the map the features are that agree, each feature of the photo once, m."""

    @property
    def inliers(self) -> int:
        """Number of matches that agree."""
        return len(self.points)

    def around(self, bounds: Float32Array, margin: float) -> int:
        """Return how many of them lie outside the box `bounds` (2, 3) grown by `margin`, m."""
        inside = (self.points > bounds[0] - margin) & (self.points < bounds[1] + margin)
        return int(np.count_nonzero(~inside.all(axis=1)))


class LandmarkMap:
    """Key frames with features; grows with the area seen, not with time."""

    def __init__(self, matcher: KeypointMatcher, config: LandmarkConfig | None = None) -> None:
        """Start empty.

        Args:
            matcher: Finds the features.
            config: Which frames are kept.
        """
        self.config = config or LandmarkConfig()
        self._matcher = matcher
        self._next_id = 1
        self.frames: list[LandmarkFrame] = []
        self._unsaved: list[LandmarkFrame] = []

    def add(self, observation: Observation, map_from_base: RigidTransform) -> LandmarkFrame | None:
        """Keep an observation's features if it shows something from a new side."""
        map_from_camera = map_from_base * observation.base_from_camera
        if not self._is_new(map_from_camera):
            return None
        keypoints = self._extract(observation.rgb)
        pixels = np.rint(keypoints.xy).astype(np.intp)
        limit = (observation.camera.width - 1, observation.camera.height - 1)
        cols, rows = np.clip(pixels, 0, limit).astype(np.intp).T
        depth = observation.depth[rows, cols]
        with np.errstate(invalid="ignore"):
            near = depth < self.config.max_range
        col, row = keypoints.xy[near].T
        local = unproject(depth[near], observation.camera, row, col)
        kept = replace(keypoints, xy=keypoints.xy[near], descriptors=keypoints.descriptors[near])
        frame = LandmarkFrame(
            self._next_id, map_from_camera, kept, transform_points(map_from_camera, local)
        )
        self._next_id += 1
        self.frames.append(frame)
        self._unsaved.append(frame)
        return frame

    def take_new(self) -> list[LandmarkFrame]:
        """Return the frames added since the last call."""
        fresh, self._unsaved = self._unsaved, []
        return fresh

    def return_new(self, frames: Sequence[LandmarkFrame]) -> None:
        """Count frames as not taken: they could not be written."""
        self._unsaved = [*frames, *self._unsaved]

    def restore(self, frames: Sequence[LandmarkFrame]) -> None:
        """Take over stored frames."""
        self.frames = list(frames)
        self._next_id = max((frame.id for frame in frames), default=0) + 1

    def _is_new(self, map_from_camera: RigidTransform) -> bool:
        if not self.frames:
            return True
        eye, axis = _eye_and_axis(map_from_camera)
        poses = [_eye_and_axis(frame.map_from_camera) for frame in self.frames]
        close = np.linalg.norm(np.stack([p[0] for p in poses]) - eye, axis=1) < self.config.distance
        same = np.stack([p[1] for p in poses]) @ axis > math.cos(self.config.angle)
        return not bool((close & same).any())

    def _extract(self, rgb: UInt8Array) -> Keypoints:
        height, width = rgb.shape[:2]
        scale = min(1.0, self.config.side / max(height, width))
        size = (round(width * scale), round(height * scale))
        small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        found = self._matcher.extract(small)
        xy = ((found.xy + 0.5) / scale - 0.5).astype(np.float32)
        return replace(found, xy=xy, width=width, height=height)


class PhotoLocaliser:
    """Localises one photo in a growing landmark map; each frame is compared once."""

    def __init__(self, rgb: UInt8Array, landmarks: LandmarkMap, matcher: KeypointMatcher) -> None:
        """Find the photo's features.

        Args:
            rgb: (H, W, 3) photo.
            landmarks: What it is localised in.
            matcher: Finds and matches the features.
        """
        self._landmarks = landmarks
        self._matcher = matcher
        self._config = landmarks.config
        self._photo = matcher.extract(rgb)
        self._matches: dict[int, tuple[Float32Array, Float32Array]] = {}
        self.pose: PhotoPose | None = None

    def update(self, budget: int) -> PhotoPose | None:
        """Compare up to `budget` new frames, newest first, and return the best pose so far."""
        waiting = [f for f in self._landmarks.frames if f.id not in self._matches][-budget:]
        for frame in waiting:
            self._matches[frame.id] = self._match(frame)
        fresh = [f for f in waiting if self._count(f) >= self._config.min_matches]
        fresh.sort(key=self._count, reverse=True)
        for frame in fresh[: self._config.tries]:
            found = self._solve(frame)
            if found and (self.pose is None or found.inliers > self.pose.inliers):
                self.pose = found
        return self.pose

    def _match(self, frame: LandmarkFrame) -> tuple[Float32Array, Float32Array]:
        """Return matching photo pixels (N, 2) and map points (N, 3)."""
        matches = self._matcher.match(self._photo, frame.keypoints)
        row_of = {tuple(xy): row for row, xy in enumerate(frame.keypoints.xy.tolist())}
        rows = [row_of[tuple(xy)] for xy in matches.xy_b.tolist()]
        return matches.xy_a, frame.points[np.array(rows, np.intp)]

    def _count(self, frame: LandmarkFrame) -> int:
        return len(self._matches[frame.id][0])

    def _pooled(self, frame: LandmarkFrame) -> tuple[Float32Array, Float32Array]:
        """Return photo pixels (N, 2) and map points (N, 3) of a frame and its neighbours."""
        eye, axis = _eye_and_axis(frame.map_from_camera)

        def fitness(other: LandmarkFrame) -> float:
            there, way = _eye_and_axis(other.map_from_camera)
            likely = float(np.linalg.norm(there - eye)) < 2.0 and float(way @ axis) > 0.5
            return self._count(other) * likely

        known = [f for f in self._landmarks.frames if f.id in self._matches and f is not frame]
        chosen = [frame, *sorted(known, key=fitness, reverse=True)[: self._config.neighbours]]
        pixels, points = zip(*(self._matches[f.id] for f in chosen), strict=True)
        return np.concatenate(pixels), np.concatenate(points)

    def _solve(self, frame: LandmarkFrame) -> PhotoPose | None:
        pixels, points = self._pooled(frame)
        hfovs = self._config.hfovs if self.pose is None else (self.pose.camera.hfov,)
        found = [self._pose(pixels, points, hfov) for hfov in hfovs]
        best = max((f for f in found if f), key=lambda f: f.inliers, default=None)
        return best if best and best.inliers >= self._config.min_inliers else None

    def _pose(self, pixels: Float32Array, points: Float32Array, hfov: float) -> PhotoPose | None:
        camera = CameraIntrinsics.from_hfov(self._photo.width, self._photo.height, hfov)
        matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1.0]])
        cv2.setRNGSeed(0)
        found, turn, shift, inliers = cv2.solvePnPRansac(
            points.astype(np.float64),
            pixels.astype(np.float64),
            matrix,
            None,
            iterationsCount=self._config.iterations,
            reprojectionError=self._config.tolerance * max(camera.width, camera.height),
            flags=cv2.SOLVEPNP_AP3P,
        )
        if not found or inliers is None or not np.isfinite(shift).all():
            return None
        camera_from_map = np.eye(4)
        camera_from_map[:3, :3] = np.asarray(cv2.Rodrigues(turn)[0], np.float64)
        camera_from_map[:3, 3] = shift[:, 0]
        pose = RigidTransform.from_matrix(camera_from_map).inv()
        agreeing = np.asarray(inliers, np.intp)[:, 0]
        _, once = np.unique(pixels[agreeing], axis=0, return_index=True)
        return PhotoPose(pose, camera, points[agreeing][once]) if self._plausible(pose) else None

    def _plausible(self, pose: RigidTransform) -> bool:
        """Return whether a person could have taken a photo there: upright, at a human height."""
        matrix = pose.as_matrix()
        low, high = self._config.heights
        eye = matrix[:3, 3]
        near = min(
            float(np.linalg.norm(f.map_from_camera.translation[:2] - eye[:2]))
            for f in self._landmarks.frames
        )
        upright = abs(matrix[2, 0]) < self._config.roll and matrix[2, 1] < 0.0
        return bool(low < eye[2] < high and upright and near < self._config.far)


def _eye_and_axis(map_from_camera: RigidTransform) -> tuple[Float32Array, Float32Array]:
    matrix = map_from_camera.as_matrix()
    return matrix[:3, 3], matrix[:3, 2]
