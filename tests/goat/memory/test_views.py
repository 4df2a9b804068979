from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from box_scene import FLOOR, BoxScene, around, cube, walls

from goat.frames import look_at
from goat.memory.lifting import LiftConfig, Lifted, lift
from goat.memory.views import (
    ViewConfig,
    crop_of,
    encode_jpeg,
    make_view,
    mask_of,
    padded,
    quality,
    sector,
)
from goat.types import CameraIntrinsics, Observation, View

CONFIG = ViewConfig()


def look(
    pose: tuple[float, float, float] = (0.5, 2.0, 0.0), camera: CameraIntrinsics | None = None
) -> tuple[Observation, Lifted]:
    chair = dataclasses.replace(cube((3.0, 2.0)), rgb=(200, 30, 30))
    scene = BoxScene([FLOOR, *walls(0, 0, 6, 4), chair])
    if camera is not None:
        scene.camera = camera
    observation = scene.observe(pose)
    (detection,) = scene.detect(observation)
    lifted = lift(detection, observation, observation.odom_from_camera, LiftConfig())
    assert lifted is not None
    return observation, lifted


def view_of(observation: Observation, lifted: Lifted, config: ViewConfig = CONFIG) -> View:
    return make_view(7, lifted, observation, observation.odom_from_camera, None, config)


def test_a_view_shows_the_object_with_its_surroundings() -> None:
    observation, lifted = look()
    view = view_of(observation, lifted)
    crop, mask = crop_of(view), mask_of(view)
    assert crop.shape[:2] == mask.shape
    assert crop.dtype == np.uint8
    assert 0.05 < mask.mean() < 0.6, "most of the crop is context"
    assert np.abs(crop[mask].astype(int).mean(axis=0) - [200, 30, 30]).max() < 12, "RGB, not BGR"
    outside = crop[~mask].astype(int).mean(axis=0)
    assert outside[1] > 60


def test_crops_are_shrunk_to_a_side_and_never_enlarged() -> None:
    small = view_of(*look())
    x0, y0, x1, y1 = small.crop_box
    assert crop_of(small).shape[:2] == (y1 - y0, x1 - x0)
    large = view_of(*look((1.2, 2.0, 0.0), CameraIntrinsics.from_hfov(640, 480, 1.2)))
    assert max(crop_of(large).shape[:2]) == CONFIG.side
    assert len(large.crop) + len(large.mask) < 40_000


def test_the_padding_stays_in_the_image() -> None:
    box = np.array([2.0, 3.0, 50.0, 100.0], np.float32)
    grown = padded(box, 320, 240, CONFIG)
    assert grown.tolist() == [0.0, 0.0, 99.0, 149.0]
    tiny = padded(np.array([100.0, 100.0, 104.0, 104.0], np.float32), 320, 240, CONFIG)
    assert tiny.tolist() == [68.0, 68.0, 136.0, 136.0], "small things get at least 32 px"


def test_the_view_remembers_where_it_was_taken() -> None:
    observation, lifted = look((0.5, 1.0, 0.3))
    view = view_of(observation, lifted)
    assert np.allclose(view.map_from_camera.translation, [0.5, 1.0, 1.31])
    assert (view.id, view.stamp, view.camera) == (7, observation.stamp, observation.camera)
    assert np.array_equal(view.box, lifted.detection.box)


def test_looks_are_better_when_larger_surer_and_whole() -> None:
    _, lifted = look()
    near = dataclasses.replace(lifted, pixels=3 * lifted.pixels)
    cut = dataclasses.replace(lifted, truncated=True)
    unsure = dataclasses.replace(lifted, detection=dataclasses.replace(lifted.detection, score=0.3))
    assert quality(near, CONFIG) > quality(lifted, CONFIG)
    assert quality(cut, CONFIG) == pytest.approx(0.5 * quality(lifted, CONFIG))
    assert quality(unsure, CONFIG) == pytest.approx(0.3 * quality(lifted, CONFIG))
    huge = dataclasses.replace(lifted, pixels=10**7)
    assert quality(huge, CONFIG) == 1.0


@pytest.mark.parametrize("count", [4, 8])
def test_directions_around_an_object_are_numbered_evenly(count: int) -> None:
    center = np.array([3.0, 2.0, 0.5], np.float32)
    seen = [
        sector(center, look_at(np.array([x, y, 1.3]), center), count)
        for x, y, _ in around((3.0, 2.0), 2.0, 8 * count, start=0.01)
    ]
    assert seen == sorted(seen)
    assert np.bincount(seen).tolist() == [8] * count
    east = look_at(np.array([9.0, 2.001, 1.3]), center)
    assert sector(center, east, count) == 0
    almost_around = look_at(np.array([9.0, 2.0 - 1e-9, 1.3]), center)
    assert sector(center, almost_around, count) in (0, count - 1)


def test_a_damaged_view_is_named() -> None:
    view = dataclasses.replace(view_of(*look()), crop=b"no picture")
    with pytest.raises(ValueError, match="not a readable image"):
        crop_of(view)


def test_jpegs_keep_the_order_of_the_channels() -> None:
    rgb = np.zeros((16, 16, 3), np.uint8)
    rgb[..., 0] = 250
    view = dataclasses.replace(view_of(*look()), crop=encode_jpeg(rgb, 95))
    assert crop_of(view)[8, 8, 0] > 240
    assert crop_of(view)[8, 8, 2] < 15


def test_angles_are_measured_from_the_objects_middle() -> None:
    center = np.array([0.0, 0.0, 0.0], np.float32)
    pose = look_at(np.array([0.0, 2.0, 1.0]), center)
    assert sector(center, pose, 8) == int(8 * (math.pi / 2) / math.tau)
