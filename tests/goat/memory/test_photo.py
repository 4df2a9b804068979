from __future__ import annotations

import math

import numpy as np
import pytest
from fakes import make_instance
from test_landmarks import CountingMatcher
from textured_world import BOXES, PHOTO_CAMERA, pattern, photo_from

from goat.frames import look_at
from goat.memory.landmarks import LandmarkMap, PhotoPose
from goat.memory.memory import Memory
from goat.memory.photo import (
    FeatureCache,
    PhotoConfig,
    PhotoLook,
    PhotoMatcher,
    PhotoTools,
    in_the_middle,
)
from goat.perception.descriptors import describe_goal, describe_surroundings
from goat.perception.keypoints import SiftMatcher
from goat.protocols import KeypointMatcher
from goat.target import TargetConfig
from goat.types import ImageGoal, Instance
from sim.home import HomeSim

ACT = TargetConfig().act


def tools(landmarks: LandmarkMap, matcher: KeypointMatcher | None = None) -> PhotoTools:
    matcher = matcher or SiftMatcher()
    look = PhotoLook(describe_goal, describe_surroundings)
    return PhotoTools(matcher, FeatureCache(matcher, 100), look, landmarks)


def scores(
    photo: np.ndarray, memory: Memory, category: str | None = None, localise: bool = True
) -> dict[str, float]:
    """Probability per object, by name; the boxes are named after where they stand."""
    landmarks = memory.landmarks if localise else LandmarkMap(SiftMatcher())
    matcher = PhotoMatcher(ImageGoal(photo, category=category), tools(landmarks))
    for _ in range(3):
        found = matcher.score(memory.instances())
    return {name(i): found[i.id] for i in memory.instances() if i.id in found}


def name(instance: Instance) -> str:
    if instance.label != "box":
        return instance.label
    gaps = [math.dist(instance.center[:2], place) for place in BOXES]
    return f"box_{int(np.argmin(gaps))}"


PHOTOS = [
    ((2.6, 1.6, 1.3), "box_0"),
    ((2.3, 3.2, 1.0), "box_0"),
    ((3.4, 2.2, 1.3), "box_1"),
    ((4.6, 2.3, 1.0), "box_1"),
]


def photo_of(sim: HomeSim, eye: tuple[float, float, float], shown: str) -> np.ndarray:
    x, y = BOXES[int(shown[-1])]
    return photo_from(sim, eye, (x, y, 0.4))


def test_there_is_one_instance_per_object(gallery_memory: Memory) -> None:
    assert sorted(name(i) for i in gallery_memory.instances()) == ["box_0", "box_1", "stool"]


@pytest.mark.parametrize(("eye", "shown"), PHOTOS)
def test_of_two_identical_boxes_the_right_one_is_meant(
    gallery_sim: HomeSim, gallery_memory: Memory, eye: tuple, shown: str
) -> None:
    found = scores(photo_of(gallery_sim, eye, shown), gallery_memory)
    other = "box_1" if shown == "box_0" else "box_0"
    assert found[shown] > 0.8
    assert found[other] < 0.15


@pytest.mark.parametrize(("eye", "shown"), PHOTOS[::2])
def test_the_surroundings_in_the_views_tell_them_apart_too(
    gallery_sim: HomeSim, gallery_memory: Memory, eye: tuple, shown: str
) -> None:
    """The photo cannot be localised, only compared with the views."""
    found = scores(photo_of(gallery_sim, eye, shown), gallery_memory, localise=False)
    other = "box_1" if shown == "box_0" else "box_0"
    assert found[shown] > ACT
    assert found[shown] > 1.2 * found[other]
    assert found["stool"] < 0.05


def test_an_object_without_texture_is_found_by_its_place(
    gallery_sim: HomeSim, gallery_memory: Memory
) -> None:
    photo = photo_from(gallery_sim, (2.2, 1.8, 1.3), (3.0, 0.5, 0.25))
    found = scores(photo, gallery_memory)
    assert found["stool"] > 0.6
    assert max(found["box_0"], found["box_1"]) < 0.15


def test_a_photo_whose_object_a_detector_named_means_nothing_else(
    gallery_sim: HomeSim, gallery_memory: Memory
) -> None:
    photo = photo_of(gallery_sim, *PHOTOS[0])
    assert scores(photo, gallery_memory, "box")["box_0"] > 0.8
    named_wrong = scores(photo, gallery_memory, "stool")
    assert set(named_wrong) == {"stool"}
    assert named_wrong["stool"] < ACT


@pytest.mark.parametrize(
    "photo",
    [
        np.full((256, 256, 3), 90, np.uint8),
        np.full((1, 1, 3), 90, np.uint8),
        np.zeros((2, 300, 3), np.uint8),
        pattern(55, 300, 300),
    ],
    ids=["flat", "one pixel", "a line", "another place"],
)
@pytest.mark.parametrize("localise", [False, True])
def test_photos_that_show_none_of_it_send_the_robot_nowhere(
    photo: np.ndarray, localise: bool, gallery_memory: Memory
) -> None:
    found = scores(photo, gallery_memory, localise=localise)
    assert max(found.values()) < ACT


def test_a_memory_of_nothing_gives_no_answer(gallery_sim: HomeSim) -> None:
    photo = photo_of(gallery_sim, *PHOTOS[0])
    assert PhotoMatcher(ImageGoal(photo), tools(LandmarkMap(SiftMatcher()))).score([]) == {}


def test_instances_without_views_are_compared_with_nothing(gallery_sim: HomeSim) -> None:
    photo = photo_of(gallery_sim, *PHOTOS[0])
    matcher = PhotoMatcher(ImageGoal(photo), tools(LandmarkMap(SiftMatcher())))
    found = matcher.score([make_instance(1, "box", (1.0, 1.0))])
    assert found[1] < 0.05
    assert matcher.evidence(make_instance(1, "box", (1.0, 1.0))) == 0.0


def test_every_view_is_compared_once_and_few_per_call(
    gallery_sim: HomeSim, gallery_memory: Memory
) -> None:
    counting = CountingMatcher()
    config = PhotoConfig(pairs=2)
    matcher = PhotoMatcher(
        ImageGoal(photo_of(gallery_sim, *PHOTOS[0])),
        tools(LandmarkMap(SiftMatcher()), counting),
        config,
    )
    views = sum(len(i.views) for i in gallery_memory.instances())
    compared = []
    for _ in range(views):
        matcher.score(gallery_memory.instances())
        compared.append(counting.matched)
    assert compared[0] == 2
    assert np.diff(compared).max() <= 2
    assert compared[-1] == views


def test_features_of_views_are_computed_once_and_the_least_used_are_dropped(
    gallery_memory: Memory,
) -> None:
    extracted = 0

    class Extractor(CountingMatcher):
        def extract(self, rgb: np.ndarray):
            nonlocal extracted
            extracted += 1
            return super().extract(rgb)

    views = [view for i in gallery_memory.instances() for view in i.views][:4]
    cache = FeatureCache(Extractor(), 3)
    for view in views[:3]:
        cache.get(view)
    cache.get(views[0])
    assert extracted == 3
    cache.get(views[3])
    assert [view.id in cache for view in views] == [True, False, True, True]


def seen_from(eye: tuple[float, float, float], target: tuple[float, float, float]) -> PhotoPose:
    points = np.zeros((50, 3), np.float32)
    return PhotoPose(look_at(np.array(eye), np.array(target)), PHOTO_CAMERA, points)


def solid(number: int, middle: tuple[float, float, float], size: float = 0.5) -> Instance:
    """A cube of voxels of 5 cm."""
    steps = np.arange(-0.5 * size, 0.5 * size, 0.05) + 0.025
    points = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3) + middle
    bounds = np.stack([points.min(axis=0), points.max(axis=0)]).astype(np.float32)
    return Instance(number, {"box": 1.0}, points.astype(np.float32), bounds, (), 0.0, 1.0)


def test_what_stands_in_the_middle_is_shown() -> None:
    things = [make_instance(1, "chair", (3.0, 0.0)), make_instance(2, "chair", (3.0, 1.5))]
    shown = in_the_middle(seen_from((0.0, 0.0, 0.3), (3.0, 0.0, 0.3)), things, 0.15)
    assert shown[1] > 0.6
    assert shown[2] < 0.05


def test_what_stands_in_front_hides_what_is_behind() -> None:
    things = [solid(1, (4.0, 0.0, 0.3)), solid(2, (2.0, 0.0, 0.3))]
    shown = in_the_middle(seen_from((0.0, 0.0, 0.3), (4.0, 0.0, 0.3)), things, 0.15)
    assert shown[2] > 0.6
    assert shown[1] < 0.1
    assert in_the_middle(seen_from((0.0, 0.0, 0.3), (4.0, 0.0, 0.3)), things[:1], 0.15)[1] > 0.6


def test_what_is_behind_the_camera_or_nowhere_near_is_not_shown() -> None:
    things = [make_instance(1, "chair", (-3.0, 0.0)), make_instance(2, "chair", (0.5, 9.0))]
    shown = in_the_middle(seen_from((0.0, 0.0, 0.3), (4.0, 0.0, 0.3)), things, 0.15)
    assert shown == {1: 0.0, 2: 0.0}
