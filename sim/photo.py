"""Photos of objects, as a person would hand them to the robot."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform

from goat.errors import GoalError
from goat.frames import look_at
from goat.types import CameraIntrinsics, Float64Array, ObjectTruth, PhotoView
from sim.home import HomeSim

_THUMBNAIL = 128  # px; viewpoints are judged at this size


@dataclass(frozen=True)
class PhotoConfig:
    """How photos are taken."""

    size: int = 512
    """Width and height, px."""
    hfov: float = math.radians(60.0)
    """Field of view, rad."""
    min_gap: float = 0.3
    """Least horizontal distance to the object, m."""
    max_gap: float = 2.5
    """Greatest horizontal distance to the object, m."""
    min_height: float = 0.8
    """Lowest camera above the floor, m."""
    max_height: float = 1.5
    """Highest camera above the floor, m."""
    min_frame: float = 0.03
    """Least share of the photo that the object fills."""
    max_frame: float = 0.65
    """Greatest share of the photo that the object fills."""
    min_visible: float = 0.6
    """Least share of the object in view that nothing hides."""
    tries: int = 24
    """Random viewpoints that are tried."""


def find_view(
    sim: HomeSim,
    truth: ObjectTruth,
    places: Float64Array,
    config: PhotoConfig,
    rng: np.random.Generator,
) -> PhotoView:
    """Return the first random view from `places` (N, 2), m, that shows an object well.

    Raises:
        GoalError: No view tried meets the thresholds.
    """
    camera = CameraIntrinsics.from_hfov(config.size, config.size, config.hfov)
    for xy in rng.permutation(places)[: config.tries]:
        pose = _aim(xy, truth, sim.world.floor, config, rng)
        if pose is None:
            continue
        frame, visible = _coverage(sim, truth.id, pose, config)
        if config.min_frame <= frame <= config.max_frame and visible >= config.min_visible:
            return PhotoView(pose, camera, frame, visible)
    raise GoalError(
        f"no viewpoint gives a good photo of {truth.name!r}: {len(places)} free places within "
        f"{config.max_gap:g} m of it, up to {config.tries} tried; choose another object"
    )


def _aim(
    xy: Float64Array,
    truth: ObjectTruth,
    floor: float,
    config: PhotoConfig,
    rng: np.random.Generator,
) -> RigidTransform | None:
    """Return the pose of a camera at `xy` that faces the object; None if it is right above."""
    height = rng.uniform(config.min_height, config.max_height)
    target = truth.bounds.mean(axis=0)
    if np.hypot(*(target[:2] - xy)) < 1e-3:
        return None
    return look_at(np.array([*xy, floor + height]), target)


def _coverage(
    sim: HomeSim, object_id: int, pose: RigidTransform, config: PhotoConfig
) -> tuple[float, float]:
    """Return the share of the photo that the object fills, and the share of it that shows."""
    small = CameraIntrinsics.from_hfov(_THUMBNAIL, _THUMBNAIL, config.hfov)
    seen = float((sim.renderer.ids(small, pose) == object_id).mean())
    if not config.min_frame <= seen <= config.max_frame:
        return seen, 0.0
    alone = float((sim.renderer.ids(small, pose, object_id) == object_id).mean())
    return seen, min(1.0, seen / max(alone, 1e-9))
