from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pytest
from fakes import make_grid, make_instance
from scipy.spatial.transform import RigidTransform
from store_writer import make_view

from goat.errors import GoalError
from goat.frames import look_at
from goat.geometry import bounds_corners, project, transform_points
from goat.memory.landmarks import LandmarkMap
from goat.memory.matcher import Encoders, GoalMatcher
from goat.memory.memory import Memory
from goat.memory.photo import PhotoLook
from goat.memory.views import encode_jpeg
from goat.perception.descriptors import describe_goal, describe_surroundings
from goat.perception.keypoints import SiftMatcher
from goat.types import (
    CameraIntrinsics,
    CategoryGoal,
    Detection,
    Float32Array,
    Goal,
    ImageGoal,
    Instance,
    LanguageGoal,
    UInt8Array,
)

LOOK = PhotoLook(describe_goal, describe_surroundings)


def make_matcher(encoders: Encoders | None = None, memory: Memory | None = None) -> GoalMatcher:
    landmarks = LandmarkMap(SiftMatcher()) if memory is None else memory.landmarks
    return GoalMatcher(SiftMatcher(), LOOK, landmarks, encoders=encoders)


def answers(
    goal: Goal,
    instances: Sequence[Instance],
    explored: float = 0.5,
    matcher: GoalMatcher | None = None,
) -> dict[int, float]:
    """Instance id -> probability, likeliest first."""
    matcher = matcher or make_matcher()
    matcher.set_goal(goal, [i.label for i in instances])
    matches = matcher.match(instances, make_grid(), explored)
    probabilities = [m.probability for m in matches]
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(0.0 < p <= 1.0 for p in probabilities)
    return {m.instance.id: m.probability for m in matches}


def colored(number: int, label: str, xy: tuple[float, float], color: str = "blue") -> Instance:
    return dataclasses.replace(make_instance(number, label, xy), attributes={f"color:{color}": 0.7})


THINGS = [
    make_instance(1, "sofa", (0.0, 0.0)),
    make_instance(2, "office chair", (2.0, 0.0)),
    make_instance(3, "chair", (0.0, 2.0)),
]


def test_before_the_first_goal_nothing_matches() -> None:
    assert make_matcher().match(THINGS, make_grid(), 1.0) == []


def test_categories_by_any_of_their_words_likeliest_first() -> None:
    assert answers(CategoryGoal("couch"), THINGS) == {1: 1.0}
    assert list(answers(CategoryGoal("chairs"), THINGS)) == [3, 2]
    assert answers(CategoryGoal("piano"), THINGS) == {}


def test_equal_candidates_come_in_order_of_their_ids() -> None:
    twins = [make_instance(n, "chair", (float(n), 0.0)) for n in (3, 1, 2)]
    assert list(answers(CategoryGoal("chair"), twins)) == [1, 2, 3]


def test_a_new_goal_replaces_the_old_one() -> None:
    matcher = make_matcher()
    assert set(answers(CategoryGoal("sofa"), THINGS, matcher=matcher)) == {1}
    assert set(answers(LanguageGoal("an office chair"), THINGS, matcher=matcher)) >= {2}


def test_a_sentence_without_words_is_refused() -> None:
    with pytest.raises(GoalError, match="no words"):
        make_matcher().set_goal(LanguageGoal("..."))


def test_a_description_that_several_fit_is_doubtful_and_one_that_one_fits_is_not() -> None:
    one = [colored(1, "chair", (0, 0)), colored(2, "chair", (2, 0), "red")]
    two = [colored(1, "chair", (0, 0)), colored(2, "chair", (2, 0))]
    goal = LanguageGoal("the blue chair")
    assert answers(goal, one)[1] > 0.8
    assert answers(goal, one).get(2, 0.0) < 0.1
    assert answers(goal, two)[1] == answers(goal, two)[2] < 0.5


def test_any_of_several_is_as_good_where_only_the_category_is_said() -> None:
    two = [make_instance(1, "chair", (0, 0)), make_instance(2, "chair", (2, 0))]
    assert answers(LanguageGoal("a chair"), two) == {1: 1.0, 2: 1.0}


def test_the_largest_is_only_known_when_everything_was_seen() -> None:
    sofas = [make_instance(1, "sofa", (0, 0), 0.6), make_instance(2, "sofa", (3, 0), 1.5)]
    before = answers(LanguageGoal("the largest sofa"), sofas, explored=0.1)
    after = answers(LanguageGoal("the largest sofa"), sofas, explored=1.0)
    assert next(iter(before)) == next(iter(after)) == 2
    assert before[2] < 0.2
    assert after[2] > 0.9


def test_when_everything_was_seen_the_best_of_poor_candidates_gains() -> None:
    poor = [
        dataclasses.replace(make_instance(1, "chair", (0, 0)), attributes={"color:blue": 0.15}),
        colored(2, "chair", (2, 0), "red"),
    ]
    goal = LanguageGoal("the blue chair")
    before, after = answers(goal, poor, explored=0.3), answers(goal, poor, explored=1.0)
    assert after[1] > before[1]
    assert after[1] > 2.0 * after[2]


def test_a_photo_is_answered_from_views_and_places(gallery_sim, gallery_memory: Memory) -> None:
    from textured_world import photo_from

    photo = photo_from(gallery_sim, (2.2, 1.8, 1.3), (3.0, 0.5, 0.25))
    matcher = make_matcher(memory=gallery_memory)
    matcher.set_goal(ImageGoal(photo))
    first = matcher.match(gallery_memory.instances(), gallery_memory.grid(), False)[0]
    assert first.instance.label == "stool"
    assert first.probability > 0.6


def test_twins_in_a_photo_are_told_apart_by_what_stands_around_them() -> None:
    """Nothing in the image helps; what a detector found in it does."""
    twins = [make_instance(1, "chair", (0.0, 0.0)), make_instance(2, "chair", (4.0, 0.0))]
    room = [*twins, make_instance(3, "plant", (0.0, 0.9)), make_instance(4, "bed", (4.9, 0.0), 0.8)]
    eye = look_at(np.array([-2.0, 0.2, 1.2]), np.array([0.0, 0.0, 0.3]))
    photo = ImageGoal(np.full((240, 320, 3), 90, np.uint8), category="chair")
    seen = dataclasses.replace(photo, detections=seen_from(eye, [room[0], room[2]]))
    plain, told = (answers(goal, room) for goal in (photo, seen))
    assert plain[1] == pytest.approx(plain[2])
    assert told[1] > 0.5 > 4.0 * told[2]


def seen_from(map_from_camera: RigidTransform, things: Sequence[Instance]) -> tuple[Detection, ...]:
    """What a detector finds, boxes only."""
    camera = CameraIntrinsics.from_hfov(320, 240, math.radians(65.0))
    found = []
    for thing in things:
        corners = transform_points(map_from_camera.inv(), bounds_corners(thing.bounds[None])[0])
        xy, _ = project(corners, camera)
        box = np.concatenate([xy.min(axis=0), xy.max(axis=0)]).astype(np.float32)
        found.append(Detection(thing.label, 1.0, box, np.zeros((240, 320), np.bool_)))
    return tuple(found)


def test_features_are_prepared_ahead_within_a_budget(gallery_memory: Memory) -> None:
    extracted: list[tuple[int, ...]] = []

    class Counting(SiftMatcher):
        def extract(self, rgb: UInt8Array, mask=None):
            extracted.append(rgb.shape)
            return super().extract(rgb, mask)

    matcher = GoalMatcher(Counting(), LOOK, gallery_memory.landmarks)
    instances = gallery_memory.instances()
    views = sum(len(i.views) for i in instances)
    matcher.prepare(instances, 2)
    assert len(extracted) == 2
    for _ in range(views):
        matcher.prepare(instances, 2)
    assert len(extracted) == views, "none twice"
    matcher.set_goal(ImageGoal(np.full((64, 64, 3), 90, np.uint8)))
    before = len(extracted)
    matcher.match(instances, gallery_memory.grid(), False)
    assert len(extracted) == before, "views need no features any more"


class Colors:
    """An image and text encoder that knows three words."""

    name = "colors"
    words = ("red", "green", "blue")

    def __init__(self) -> None:
        self.images = 0

    def encode_images(self, images: Sequence[UInt8Array]) -> Float32Array:
        self.images += len(images)
        means = np.stack([image.reshape(-1, 3).mean(axis=0) for image in images])
        return (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)

    def encode_texts(self, texts: Sequence[str]) -> Float32Array:
        found = np.array([[word in text for word in self.words] for text in texts], np.float32)
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)


def with_view(instance: Instance, rgb: tuple[int, int, int]) -> Instance:
    image = np.full((32, 32, 3), rgb, np.uint8)
    view = dataclasses.replace(make_view(instance.id), crop=encode_jpeg(image, 95))
    return dataclasses.replace(instance, views=(view,))


def test_weights_that_see_and_read_sharpen_what_was_measured() -> None:
    encoder = Colors()
    mugs = [
        with_view(make_instance(1, "cup", (0, 0)), (250, 5, 5)),
        with_view(make_instance(2, "cup", (2, 0)), (5, 5, 250)),
        make_instance(3, "cup", (0, 2)),
    ]
    matcher = make_matcher(Encoders(encoder, encoder))
    goal = LanguageGoal("the cup with the blue thing")
    found = answers(goal, mugs, matcher=matcher)
    assert found[2] > 3.0 * found.get(1, 0.0)
    assert 3 in found, "what has no view is judged by what was measured"
    answers(goal, mugs, matcher=matcher)
    assert encoder.images == 2, "each view is embedded once"


def test_without_views_weights_change_nothing() -> None:
    encoder = Colors()
    things = [make_instance(1, "cup", (0, 0)), make_instance(2, "cup", (2, 0))]
    matcher = make_matcher(Encoders(encoder, encoder))
    assert answers(LanguageGoal("a cup"), things, matcher=matcher) == {1: 1.0, 2: 1.0}
    assert encoder.images == 0


def test_weights_do_not_bring_in_what_the_words_exclude() -> None:
    encoder = Colors()
    things = [
        with_view(make_instance(1, "cup", (0, 0)), (250, 5, 5)),
        with_view(make_instance(2, "sofa", (2, 0)), (5, 5, 250)),
    ]
    matcher = make_matcher(Encoders(encoder, encoder))
    assert set(answers(LanguageGoal("the blue cup"), things, matcher=matcher)) == {1}
