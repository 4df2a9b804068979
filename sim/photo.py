"""Photos of objects, as a person would hand them to the robot."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform

from goat.errors import GoalError
from goat.frames import look_at
from goat.types import CameraIntrinsics, Float64Array, ObjectTruth, UInt8Array
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
    poor_frame: float = 0.004
    """Share of the photo below which the object is not worth a photo at all."""
    tries: int = 24
    """Random viewpoints that are tried."""


def take_photo(
    sim: HomeSim,
    truth: ObjectTruth,
    places: Float64Array,
    config: PhotoConfig,
    rng: np.random.Generator,
) -> UInt8Array:
    """Return a photo (size, size, 3) of an object from one of `places` (N, 2), m.

    The first viewpoint that shows enough of the object is taken, else the best one tried.

    Raises:
        GoalError: No viewpoint tried shows the object.
    """
    camera = CameraIntrinsics.from_hfov(config.size, config.size, config.hfov)
    best, best_score = None, 0.0
    for xy in rng.permutation(places)[: config.tries]:
        pose = _aim(xy, truth, sim.world.floor, config, rng)
        if pose is None:
            continue
        score = _score(sim, truth.id, pose, config)
        if score > best_score:
            best, best_score = pose, score
        if score >= 1.0:
            break
    if best is None:
        raise GoalError(
            f"no viewpoint gives a good photo of {truth.name!r}: {len(places)} free places within "
            f"{config.max_gap:g} m of it, up to {config.tries} tried; choose another object"
        )
    return sim.renderer.render(camera, best).rgb


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


def _score(sim: HomeSim, object_id: int, pose: RigidTransform, config: PhotoConfig) -> float:
    """Return how good a view is: 1 if it meets every threshold, 0 if it is no use."""
    small = CameraIntrinsics.from_hfov(_THUMBNAIL, _THUMBNAIL, config.hfov)
    seen = float((sim.renderer.ids(small, pose) == object_id).mean())
    alone = float((sim.renderer.ids(small, pose, object_id) == object_id).mean())
    if seen < config.poor_frame:
        return 0.0
    size = min(1.0, seen / config.min_frame, max(0.0, 1.0 - seen) / (1.0 - config.max_frame))
    visible = min(1.0, seen / (alone * config.min_visible))
    return size * visible
