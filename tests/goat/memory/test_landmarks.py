from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from textured_world import PHOTO_CAMERA, pattern, photo_from

from goat.frames import look_at, planar
from goat.memory.landmarks import LandmarkConfig, LandmarkFrame, LandmarkMap, PhotoLocaliser
from goat.memory.memory import Memory
from goat.perception.keypoints import SiftMatcher
from goat.types import CameraIntrinsics, KeypointMatches, Keypoints, Observation
from sim.home import HomeSim

ALL = 1000


def observe(sim: HomeSim, pose: tuple[float, float, float]) -> Observation:
    return sim.reset(pose)


def localise(photo: np.ndarray, memory: Memory, config: LandmarkConfig | None = None):
    landmarks = LandmarkMap(SiftMatcher(), config or memory.landmarks.config)
    landmarks.restore(memory.landmarks.frames)
    return PhotoLocaliser(photo, landmarks, SiftMatcher()).update(ALL)


def test_features_lie_on_the_surfaces_they_show(gallery_memory: Memory) -> None:
    points = np.concatenate([frame.points for frame in gallery_memory.landmarks.frames])
    x, y, z = points.T
    on_a_wall = (np.abs(x) < 0.08) | (np.abs(x - 6) < 0.08)
    on_a_wall |= (np.abs(y) < 0.08) | (np.abs(y - 4) < 0.08)
    assert len(points) > 1000
    assert on_a_wall.mean() > 0.5
    assert ((x > -0.2) & (x < 6.2) & (y > -0.2) & (y < 4.2) & (z > -0.1) & (z < 2.6)).all()


def test_a_frame_is_kept_only_where_it_shows_something_new(gallery_sim: HomeSim) -> None:
    landmarks = LandmarkMap(SiftMatcher())
    kept = []
    for pose in (
        (3.0, 2.0, 0.0),
        (3.0, 2.0, 0.0),
        (3.3, 2.0, 0.2),
        (3.9, 2.0, 0.0),
        (3.0, 2.0, 0.6),
        (3.1, 2.1, 0.1),
        (3.0, 2.0, math.pi),
    ):
        seen = observe(gallery_sim, pose)
        kept.append(landmarks.add(seen, seen.odom_from_base) is not None)
    assert kept == [True, False, False, True, True, False, True]
    assert [frame.id for frame in landmarks.take_new()] == [1, 2, 3, 4]
    assert landmarks.take_new() == []


def test_ids_go_on_after_a_restart(gallery_sim: HomeSim, gallery_memory: Memory) -> None:
    landmarks = LandmarkMap(SiftMatcher())
    landmarks.restore(gallery_memory.landmarks.frames)
    assert landmarks.take_new() == []
    seen = observe(gallery_sim, (1.0, 0.8, 0.7))
    frame = landmarks.add(seen, planar(-20.0, 0.0, 0.0))
    assert frame is not None
    assert frame.id == max(f.id for f in gallery_memory.landmarks.frames) + 1


def test_pixels_without_depth_have_no_place(gallery_sim: HomeSim) -> None:
    seen = observe(gallery_sim, (3.0, 2.0, 0.0))
    depth = np.full_like(seen.depth, np.nan)
    landmarks = LandmarkMap(SiftMatcher())
    frame = landmarks.add(dataclasses.replace(seen, depth=depth), seen.odom_from_base)
    assert frame is not None
    assert len(frame.points) == len(frame.keypoints.xy) == len(frame.keypoints.descriptors) == 0


@pytest.mark.parametrize(
    ("eye", "target"),
    [
        ((2.6, 1.6, 1.3), (1.0, 3.3, 0.4)),
        ((3.4, 2.2, 1.0), (5.0, 0.7, 0.4)),
        ((1.5, 2.5, 1.5), (4.0, 0.0, 1.2)),
    ],
)
def test_a_photo_is_localised_within_centimetres(
    gallery_sim: HomeSim, gallery_memory: Memory, eye: tuple, target: tuple
) -> None:
    pose = localise(photo_from(gallery_sim, eye, target), gallery_memory)
    assert pose is not None
    error = look_at(np.array(eye), np.array(target)).inv() * pose.map_from_camera
    assert np.linalg.norm(error.translation) < 0.05
    assert error.rotation.magnitude() < math.radians(1.5)
    assert pose.camera.hfov == pytest.approx(PHOTO_CAMERA.hfov)
    assert pose.inliers > 30


def test_the_field_of_view_need_not_be_known(gallery_sim: HomeSim, gallery_memory: Memory) -> None:
    eye, target = np.array([2.6, 1.6, 1.3]), np.array([1.0, 3.3, 0.4])
    camera = CameraIntrinsics.from_hfov(640, 480, math.radians(80.0))
    photo = gallery_sim.renderer.render(camera, look_at(eye, target)).rgb
    pose = localise(photo, gallery_memory)
    assert pose is not None
    assert math.degrees(pose.camera.hfov) == pytest.approx(80.0, abs=9.0)
    assert np.linalg.norm(pose.map_from_camera.translation - eye) < 0.5


def test_a_photo_of_another_place_has_no_pose(gallery_memory: Memory) -> None:
    assert localise(pattern(77, 512, 512), gallery_memory) is None


def test_a_photo_held_upside_down_is_not_believed(
    gallery_sim: HomeSim, gallery_memory: Memory
) -> None:
    photo = photo_from(gallery_sim, (2.6, 1.6, 1.3), (1.0, 3.3, 0.4))
    turned = np.ascontiguousarray(photo[::-1, ::-1])
    assert localise(turned, gallery_memory) is None


def test_a_photo_from_the_ceiling_is_not_believed(
    gallery_sim: HomeSim, gallery_memory: Memory
) -> None:
    photo = photo_from(gallery_sim, (3.0, 2.0, 1.3), (1.0, 3.9, 1.2))
    assert localise(photo, gallery_memory) is not None
    low = dataclasses.replace(gallery_memory.landmarks.config, heights=(0.3, 0.9))
    assert localise(photo, gallery_memory, low) is None
    far = dataclasses.replace(gallery_memory.landmarks.config, far=0.05)
    assert (
        localise(photo_from(gallery_sim, (2.4, 2.3, 1.3), (1.0, 3.9, 1.2)), gallery_memory, far)
        is None
    )


@pytest.mark.parametrize(
    "photo",
    [
        np.full((256, 256, 3), 128, np.uint8),
        np.zeros((3, 2, 3), np.uint8),
        np.full((1, 1, 3), 255, np.uint8),
    ],
    ids=["flat", "tiny", "one pixel"],
)
def test_photos_that_show_nothing_have_no_pose(photo: np.ndarray, gallery_memory: Memory) -> None:
    assert localise(photo, gallery_memory) is None


def test_nothing_is_found_in_an_empty_map(gallery_sim: HomeSim) -> None:
    photo = photo_from(gallery_sim, (2.6, 1.6, 1.3), (1.0, 3.3, 0.4))
    localiser = PhotoLocaliser(photo, LandmarkMap(SiftMatcher()), SiftMatcher())
    assert localiser.update(ALL) is None


class CountingMatcher:
    """SIFT that counts comparisons."""

    def __init__(self) -> None:
        self.sift, self.matched = SiftMatcher(), 0

    def extract(self, rgb: np.ndarray) -> Keypoints:
        return self.sift.extract(rgb)

    def match(self, a: Keypoints, b: Keypoints) -> KeypointMatches:
        self.matched += 1
        return self.sift.match(a, b)


def test_each_frame_is_compared_once_and_never_more_than_the_budget(
    gallery_sim: HomeSim, gallery_memory: Memory
) -> None:
    frames = gallery_memory.landmarks.frames
    landmarks = LandmarkMap(SiftMatcher())
    landmarks.restore(frames[:9])
    counting = CountingMatcher()
    photo = photo_from(gallery_sim, (2.6, 1.6, 1.3), (1.0, 3.3, 0.4))
    localiser = PhotoLocaliser(photo, landmarks, counting)
    localiser.update(4)
    assert counting.matched == 4
    localiser.update(4)
    assert counting.matched == 8
    localiser.update(ALL)
    localiser.update(ALL)
    assert counting.matched == 9


def looking_east(memory: Memory) -> list[LandmarkFrame]:
    """The frames that do not show the west wall."""
    frames = memory.landmarks.frames
    return [frame for frame in frames if frame.map_from_camera.as_matrix()[0, 2] > 0.8]


def test_the_pose_is_found_once_its_place_has_been_seen(
    gallery_sim: HomeSim, gallery_memory: Memory
) -> None:
    """The goal is set before the robot has ever looked that way."""
    photo = photo_from(gallery_sim, (2.5, 2.5, 1.3), (0.0, 1.2, 1.2))
    landmarks = LandmarkMap(SiftMatcher())
    landmarks.restore(looking_east(gallery_memory))
    localiser = PhotoLocaliser(photo, landmarks, SiftMatcher())
    assert localiser.update(ALL) is None
    landmarks.restore(gallery_memory.landmarks.frames)
    found = localiser.update(ALL)
    assert found is not None
    assert localiser.update(ALL) is found, "nothing new, nothing to do"


def test_a_pose_at_a_twin_is_given_up_when_the_right_place_is_seen(
    gallery_sim: HomeSim, gallery_memory: Memory
) -> None:
    """While only one of two identical boxes is known, a photo of the other looks taken there."""
    eye, target = np.array([2.6, 1.6, 1.3]), np.array([1.0, 3.3, 0.4])
    landmarks = LandmarkMap(SiftMatcher())
    landmarks.restore(looking_east(gallery_memory))
    localiser = PhotoLocaliser(photo_from(gallery_sim, eye, target), landmarks, SiftMatcher())
    first = localiser.update(ALL)
    landmarks.restore(gallery_memory.landmarks.frames)
    found = localiser.update(ALL)
    assert found is not None
    assert first is None or found.inliers > first.inliers
    assert np.linalg.norm(found.map_from_camera.translation - eye) < 0.15


def test_the_same_photo_gives_the_same_pose(gallery_sim: HomeSim, gallery_memory: Memory) -> None:
    photo = photo_from(gallery_sim, (3.4, 2.2, 1.0), (5.0, 0.7, 0.4))
    first, second = localise(photo, gallery_memory), localise(photo, gallery_memory)
    assert first is not None
    assert second is not None
    assert np.array_equal(first.map_from_camera.as_matrix(), second.map_from_camera.as_matrix())
