"""Odometry drifts, and the walls take it back."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from goat.frames import mast_camera, planar, planar_of
from goat.memory.tracking import PoseTracker, TrackerConfig
from goat.types import CameraIntrinsics, Observation

CAMERA = CameraIntrinsics.from_hfov(160, 120, math.radians(79.0))
MOUNT = mast_camera(1.3)
ROOM = (0.0, 0.0, 6.0, 4.0)
CONFIG = TrackerConfig(stride=2)


def depth_in_room(x: float, y: float, yaw: float) -> np.ndarray:
    """What a level camera sees of four bare walls, m along the optical axis."""
    cols = np.arange(CAMERA.width)
    angle = yaw - np.arctan((cols - CAMERA.cx) / CAMERA.fx)
    dx, dy = np.cos(angle), np.sin(angle)
    with np.errstate(divide="ignore"):
        to_x = np.where(dx > 0, (ROOM[2] - x) / dx, (ROOM[0] - x) / dx)
        to_y = np.where(dy > 0, (ROOM[3] - y) / dy, (ROOM[1] - y) / dy)
    forward = np.minimum(to_x, to_y) * np.cos(angle - yaw)
    return np.tile(forward.astype(np.float32), (CAMERA.height, 1))


def observation(
    stamp: float, true: tuple[float, float, float], odometry: RigidTransform
) -> Observation:
    rgb = np.zeros((CAMERA.height, CAMERA.width, 3), np.uint8)
    return Observation(stamp, rgb, depth_in_room(*true), CAMERA, MOUNT, odometry)


def tour() -> list[tuple[float, float, float]]:
    """Turn around once, then drive along and turn again."""
    poses = [(1.5, 1.5, math.radians(a)) for a in range(0, 360, 15)]
    poses += [(1.5 + 0.1 * k, 1.5 + 0.02 * k, 0.0) for k in range(30)]
    return poses + [(4.5, 2.1, math.radians(a)) for a in range(0, 360, 15)]


def drifted(poses: list[tuple[float, float, float]], seed: int) -> list[RigidTransform]:
    """Odometry along true poses whose errors add up."""
    rng = np.random.default_rng(seed)
    now, found = planar(*poses[0]), [planar(*poses[0])]
    for before, after in itertools.pairwise(poses):
        dx, dy, turn = planar_of(planar(*before).inv() * planar(*after))
        slip = rng.normal(0.0, [0.003, 0.003, 0.006])
        now = now * planar(dx + slip[0], dy + slip[1], turn + slip[2])
        found.append(now)
    return found


def error(believed: RigidTransform, true: tuple[float, float, float]) -> tuple[float, float]:
    x, y, yaw = planar_of(planar(*true).inv() * believed)
    return math.hypot(x, y), abs(yaw)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_walls_take_back_what_odometry_drifts(seed: int) -> None:
    tracker, poses = PoseTracker(CONFIG), tour()
    odometry = drifted(poses, seed)
    for step, (true, believed) in enumerate(zip(poses, odometry, strict=True)):
        found = tracker.locate(observation(step, true, believed))
    place, heading = error(found, poses[-1])
    assert place < 0.1
    assert heading < math.radians(1.0)
    assert heading < error(odometry[-1], poses[-1])[1]


def test_odometry_that_is_right_is_left_alone() -> None:
    tracker, poses = PoseTracker(CONFIG), tour()
    for step, true in enumerate(poses):
        found = tracker.locate(observation(step, true, planar(*true)))
        place, heading = error(found, true)
        assert place < 0.03
        assert heading < math.radians(0.7)


def test_along_a_bare_wall_odometry_decides() -> None:
    """Only the wall to the left is in view: it says nothing of how far one went along it."""
    tracker, facing = PoseTracker(CONFIG), math.pi / 2.0
    for step in range(10):
        true = (2.0 + 0.1 * step, 2.5, facing)
        found = tracker.locate(observation(step, true, planar(*true)))
    assert planar_of(found)[0] == pytest.approx(2.9, abs=0.02)


def test_what_cannot_be_is_not_believed() -> None:
    """What looks like a step back, of which odometry knows nothing, is another place."""
    tracker, poses = PoseTracker(CONFIG), tour()
    for step, true in enumerate(poses):
        tracker.locate(observation(step, true, planar(*true)))
    before = poses[-1]
    moved = (before[0] - 0.2, before[1], before[2])
    found = tracker.locate(observation(len(poses), moved, planar(*before)))
    assert error(found, before)[0] < 0.05


def test_without_depth_odometry_is_all_there_is() -> None:
    tracker = PoseTracker(CONFIG)
    blind = observation(0.0, (1.0, 1.0, 0.0), planar(1.0, 1.0, 0.0))
    depth = np.full_like(blind.depth, np.nan)
    for x in (1.0, 1.2, 1.4):
        seen = Observation(x, blind.rgb, depth, CAMERA, MOUNT, planar(x, 1.0, 0.1))
        assert planar_of(tracker.locate(seen)) == pytest.approx((x, 1.0, 0.1))
