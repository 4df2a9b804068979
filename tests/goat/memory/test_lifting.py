from __future__ import annotations

import math

import numpy as np
import pytest
from box_scene import FLOOR, BoxScene, cube, walls

from goat.memory.lifting import LiftConfig, lift
from goat.types import CameraIntrinsics, Detection, Observation

ROOM = [FLOOR, *walls(0, 0, 6, 4)]


def seen_chair(
    pose: tuple[float, float, float] = (1.0, 2.0, 0.0), camera: CameraIntrinsics | None = None
) -> tuple[Observation, Detection]:
    scene = BoxScene([*ROOM, cube((3.0, 2.0))])
    if camera is not None:
        scene.camera = camera
    observation = scene.observe(pose)
    (detection,) = scene.detect(observation)
    return observation, detection


def masked(observation: Observation, mask: np.ndarray) -> Detection:
    rows, cols = np.nonzero(mask)
    box = np.array([cols.min(), rows.min(), cols.max() + 1, rows.max() + 1], np.float32)
    return Detection("chair", 1.0, box, mask)


def test_a_mask_becomes_the_visible_surface_in_the_map() -> None:
    observation, detection = seen_chair()
    lifted = lift(detection, observation, observation.odom_from_camera, LiftConfig())
    assert lifted is not None
    low, high = lifted.bounds
    assert (low >= np.array([2.75, 1.75, 0.0]) - 0.051).all()
    assert (high <= np.array([3.25, 2.25, 0.9]) + 0.051).all()
    assert high[1] - low[1] > 0.35, "the front is seen in its full width"
    assert high[2] > 0.85, "and up to the top"
    assert lifted.distance == pytest.approx(1.8, abs=0.15)
    assert len(lifted.keys) == len(np.unique(lifted.keys)) == len(lifted.points)
    assert np.array_equal(lifted.keys, np.sort(lifted.keys))


def test_the_place_does_not_depend_on_the_standpoint() -> None:
    spots = []
    for pose in ((1.0, 2.0, 0.0), (3.0, 0.5, math.pi / 2), (5.0, 2.0, math.pi)):
        observation, detection = seen_chair(pose)
        lifted = lift(detection, observation, observation.odom_from_camera, LiftConfig())
        assert lifted is not None
        spots.append(lifted.bounds.mean(axis=0)[:2])
    assert np.allclose(spots, [3.0, 2.0], atol=0.3)


def test_background_inside_a_mask_is_left_out() -> None:
    observation, detection = seen_chair()
    rows, cols = np.nonzero(detection.mask)
    sloppy = detection.mask.copy()
    sloppy[rows.min() - 6 : rows.min(), cols.min() : cols.max()] = True
    assert (observation.depth[sloppy] > 3.5).sum() > 100, "it holds pixels of the wall behind"
    lifted = lift(
        masked(observation, sloppy), observation, observation.odom_from_camera, LiftConfig()
    )
    assert lifted is not None
    assert lifted.bounds[1, 0] < 3.4


def test_depth_that_bleeds_over_the_rim_is_eroded() -> None:
    observation, detection = seen_chair()
    rim = np.zeros_like(detection.mask)
    rim[1:-1, 1:-1] = detection.mask[1:-1, 1:-1] & ~(
        detection.mask[:-2, 1:-1]
        & detection.mask[2:, 1:-1]
        & detection.mask[1:-1, :-2]
        & detection.mask[1:-1, 2:]
    )
    observation.depth[rim] += 0.4  # less than a gap between surfaces
    lifted = lift(detection, observation, observation.odom_from_camera, LiftConfig())
    whole = lift(detection, observation, observation.odom_from_camera, LiftConfig(erode=0))
    assert lifted is not None
    assert whole is not None
    assert lifted.bounds[1, 1] - lifted.bounds[0, 1] < whole.bounds[1, 1] - whole.bounds[0, 1]


def test_thin_things_are_kept_whole() -> None:
    observation, _ = seen_chair()
    pole = np.zeros_like(observation.depth, dtype=bool)
    pole[60:200, 150:152] = True
    observation.depth[pole] = 2.0
    lifted = lift(
        masked(observation, pole), observation, observation.odom_from_camera, LiftConfig()
    )
    assert lifted is not None
    assert lifted.bounds[1, 2] - lifted.bounds[0, 2] > 0.8


@pytest.mark.parametrize("depth", [np.nan, 9.0])
def test_without_usable_depth_there_is_no_object(depth: float) -> None:
    observation, detection = seen_chair()
    observation.depth[:] = depth
    assert lift(detection, observation, observation.odom_from_camera, LiftConfig()) is None


def test_an_empty_mask_is_no_object() -> None:
    observation, _ = seen_chair()
    empty = Detection(
        "chair", 1.0, np.zeros(4, np.float32), np.zeros(observation.depth.shape, bool)
    )
    assert lift(empty, observation, observation.odom_from_camera, LiftConfig()) is None


def test_large_masks_are_thinned_and_their_area_is_still_known() -> None:
    observation, detection = seen_chair(camera=CameraIntrinsics.from_hfov(640, 480, 1.2))
    few = lift(
        detection, observation, observation.odom_from_camera, LiftConfig(max_pixels=200, erode=0)
    )
    many = lift(detection, observation, observation.odom_from_camera, LiftConfig(erode=0))
    assert few is not None
    assert many is not None
    assert few.pixels == many.pixels == detection.mask.sum()
    assert len(few.points) < len(many.points)


@pytest.mark.parametrize(
    ("box", "truncated"),
    [
        ((200, 100, 300, 200), False),
        ((500, 100, 600, 200), False),
        ((0, 100, 300, 200), True),
        ((200, 0, 300, 200), True),
        ((560, 100, 640, 200), True),
        ((200, 300, 300, 480), True),
    ],
)
def test_objects_cut_by_the_border_of_the_image_are_known(
    box: tuple[int, int, int, int], truncated: bool
) -> None:
    scene = BoxScene(ROOM, camera=CameraIntrinsics.from_hfov(640, 480, 1.2))
    observation = scene.observe((1.0, 2.0, 0.0))
    mask = np.zeros((480, 640), bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    lifted = lift(
        masked(observation, mask), observation, observation.odom_from_camera, LiftConfig()
    )
    assert lifted is not None
    assert lifted.truncated is truncated
