"""Twins in a room are told apart by what stands around them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from goat.frames import look_at
from goat.geometry import project, transform_points
from goat.memory.layout import LayoutConfig, PhotoLayout
from goat.types import CameraIntrinsics, Detection, Instance

CAMERA = CameraIntrinsics.from_hfov(320, 320, math.radians(62.0))
THINGS = (
    ("table", (2.0, 2.0, 0.4), (1.6, 0.8, 0.8)),
    ("chair", (1.5, 1.3, 0.45), (0.45, 0.45, 0.9)),
    ("chair", (2.5, 1.3, 0.45), (0.45, 0.45, 0.9)),
    ("chair", (1.5, 2.7, 0.45), (0.45, 0.45, 0.9)),
    ("chair", (2.5, 2.7, 0.45), (0.45, 0.45, 0.9)),
    ("vase", (2.5, 2.0, 0.95), (0.15, 0.15, 0.3)),
    ("bookshelf", (0.2, 3.8, 1.0), (0.4, 1.0, 2.0)),
    ("window", (2.0, 0.0, 1.6), (1.4, 0.1, 1.0)),
)


def thing(number: int, label: str, middle: Sequence[float], size: Sequence[float]) -> Instance:
    center, half = np.array(middle), np.array(size) / 2.0
    bounds = np.stack([center - half, center + half]).astype(np.float32)
    return Instance(number, {label: 1.0}, bounds, bounds, (), 0.0, 0.0)


ROOM = [thing(number, *what) for number, what in enumerate(THINGS)]
CHAIRS = [instance for instance in ROOM if instance.label == "chair"]


def corners(instance: Instance) -> np.ndarray:
    low, high = instance.bounds
    return np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1])
                     for z in (low[2], high[2])])  # fmt: skip


def photo_of(number: int, eye: tuple[float, float, float]) -> list[Detection]:
    """What a detector would find in a photo of a thing, with nothing hidden."""
    camera_from_map = look_at(np.array(eye), ROOM[number].center.astype(float)).inv()
    found = []
    for instance in ROOM:
        xy, depth = project(transform_points(camera_from_map, corners(instance)), CAMERA)
        if (depth < 0.1).any():
            continue
        box = np.concatenate([xy.min(axis=0), xy.max(axis=0)]).clip(0, 320)
        if min(box[2] - box[0], box[3] - box[1]) > 5:
            mask = np.zeros((320, 320), np.bool_)
            found.append(Detection(instance.label, 1.0, box.astype(np.float32), mask))
    return found


def evidence(
    detections: Sequence[Detection], room: Sequence[Instance] = ROOM, category: str = "chair"
) -> dict[int, float]:
    layout = PhotoLayout(detections, category, (320, 320))
    return layout.evidence([i for i in room if i.label == category], room)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("away", [(-1.4, -0.9), (0.3, -1.6), (1.5, 0.8)])
def test_the_chair_at_the_right_place_is_the_one(number: int, away: tuple[float, float]) -> None:
    x, y, _ = ROOM[number].center
    found = evidence(photo_of(number, (x + away[0], y + away[1], 1.25)))
    assert max(found, key=found.__getitem__) == number
    assert found[number] > 1.0


def test_candidates_amid_other_things_are_unlikely() -> None:
    """A twin in another room is doubted although the right one has not been seen."""
    elsewhere = [thing(1, "chair", (9.0, 9.0, 0.45), (0.45, 0.45, 0.9)),
                 thing(2, "table", (9.0, 6.5, 0.4), (1.6, 0.8, 0.8))]  # fmt: skip
    assert evidence(photo_of(1, (0.1, 0.4, 1.25)), elsewhere)[1] < -2.0


def test_a_photo_of_nothing_else_says_nothing() -> None:
    alone = [d for d in photo_of(1, (0.1, 0.4, 1.25)) if d.label == "chair"][:1]
    assert set(evidence(alone).values()) == {0.0}
    assert set(evidence([]).values()) == {0.0}


def test_without_candidates_there_is_no_evidence() -> None:
    assert evidence(photo_of(1, (0.1, 0.4, 1.25)), [ROOM[0]]) == {}


def test_a_photo_whose_object_the_detector_missed_says_nothing() -> None:
    found = evidence([d for d in photo_of(1, (0.1, 0.4, 1.25)) if d.label != "chair"])
    assert set(found.values()) == {0.0}


def test_evidence_follows_the_memory_a_few_candidates_at_a_time() -> None:
    layout = PhotoLayout(
        photo_of(1, (0.1, 0.4, 1.25)), "chair", (320, 320), LayoutConfig(updates=1)
    )
    bare = layout.evidence(CHAIRS, CHAIRS)
    assert layout.evidence(CHAIRS, CHAIRS) == bare
    for _ in CHAIRS:
        full = layout.evidence(CHAIRS, ROOM)
    assert full == evidence(photo_of(1, (0.1, 0.4, 1.25)))
    assert max(full.values()) > max(bare.values())


def test_the_evidence_is_the_same_every_time() -> None:
    photo = photo_of(2, (3.5, 0.4, 1.1))
    assert evidence(photo) == evidence(photo)
