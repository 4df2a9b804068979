from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from fakes import CAMERA, make_detection, make_instance, make_observation
from hypothesis import given, settings
from hypothesis import strategies as st

from goat.frames import planar_of
from goat.types import (
    CameraIntrinsics,
    CategoryGoal,
    CellState,
    Detection,
    ImageGoal,
    LanguageGoal,
    Observation,
    OccupancyGrid,
    Path,
    describe,
    modality,
)

PHOTO = np.zeros((4, 6, 3), np.uint8)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rgb", np.zeros((48, 64), np.uint8)),
        ("rgb", np.zeros((64, 48, 3), np.uint8)),
        ("rgb", np.zeros((48, 64, 3), np.float32)),
        ("depth", np.zeros((48, 64), np.float64)),
        ("depth", np.zeros((48, 64, 1), np.float32)),
        ("semantic", np.zeros((48, 64), np.int64)),
        ("semantic", np.zeros((48, 63), np.int32)),
    ],
)
def test_images_that_do_not_fit_the_camera_are_refused(field: str, value: np.ndarray) -> None:
    with pytest.raises(ValueError, match=rf"{field} must have shape .* got shape"):
        dataclasses.replace(make_observation(), **{field: value})


def test_an_observation_knows_where_its_camera_stood() -> None:
    observation = make_observation((1.0, 2.0, math.pi / 2))
    pose = observation.odom_from_camera
    assert np.allclose(pose.translation, [1.0, 2.0, 1.3])
    assert np.allclose(pose.apply([0.0, 0.0, 1.0]), [1.0, 3.0, 1.3])
    assert planar_of(observation.odom_from_base) == pytest.approx((1.0, 2.0, math.pi / 2))


@pytest.mark.parametrize(
    "changes",
    [
        {"box": np.zeros(4)},
        {"box": np.zeros(5, np.float32)},
        {"mask": np.zeros((48, 64), np.uint8)},
        {"mask": np.zeros(9, bool)},
        {"embedding": np.zeros((2, 2), np.float32)},
        {"embedding": np.zeros(8)},
    ],
)
def test_detections_of_wrong_shape_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must have shape"):
        dataclasses.replace(make_detection(), **changes)


def test_a_detection_with_an_embedding_is_fine() -> None:
    found = make_detection()
    again = Detection(found.label, 0.5, found.box, found.mask, np.ones(3, np.float32))
    assert again.embedding is not None


@pytest.mark.parametrize("size", [(0, 5, 1.0), (5, 0, 1.0), (5, 5, 0.0), (5, 5, -1.0)])
def test_empty_cameras_are_refused(size: tuple[int, int, float]) -> None:
    width, height, f = size
    with pytest.raises(ValueError, match="positive size"):
        CameraIntrinsics(width, height, f, f, 0.0, 0.0)


def test_fields_of_view() -> None:
    camera = CameraIntrinsics(200, 100, 100.0, 100.0, 99.5, 49.5)
    assert camera.hfov == pytest.approx(math.pi / 2)
    assert camera.vfov == pytest.approx(2.0 * math.atan(0.5))
    assert CAMERA.hfov == pytest.approx(math.radians(79.0))


def test_goals_are_named_after_what_they_are() -> None:
    goals = [CategoryGoal("sofa"), ImageGoal(PHOTO, "holiday.jpg"), LanguageGoal("the red mug")]
    assert [modality(goal) for goal in goals] == ["category", "image", "language"]
    assert [describe(goal) for goal in goals] == ["sofa", "holiday.jpg", "the red mug"]


@pytest.mark.parametrize("photo", [PHOTO[..., 0], PHOTO[..., :2], PHOTO.astype(np.float32)])
def test_photos_of_wrong_shape_are_refused(photo: np.ndarray) -> None:
    with pytest.raises(ValueError, match="rgb must have shape"):
        ImageGoal(photo)


@settings(max_examples=30)
@given(st.floats(-9.0, 9.0), st.floats(-9.0, 9.0), st.floats(0.02, 0.5), st.integers(0, 2**32 - 1))
def test_cells_hold_their_centres(x: float, y: float, resolution: float, seed: int) -> None:
    grid = OccupancyGrid(np.zeros((7, 11), np.uint8), (x, y), resolution)
    cells = np.random.default_rng(seed).integers(-3, 14, (5, 6, 2))
    assert np.array_equal(grid.cells(grid.points(cells)), cells)
    rows, cols = cells[..., 0], cells[..., 1]
    inside = (rows >= 0) & (rows < 7) & (cols >= 0) & (cols < 11)
    assert np.array_equal(grid.inside(cells), inside)


def test_rows_are_y_and_columns_are_x() -> None:
    grid = OccupancyGrid(np.zeros((4, 9), np.uint8), (-1.0, 2.0), 0.5)
    assert grid.shape == (4, 9)
    assert grid.cells(np.array([-0.9, 3.6])).tolist() == [3, 0]
    assert grid.points(np.array([3, 0])).tolist() == [-0.75, 3.75]


def test_a_grid_needs_bytes() -> None:
    with pytest.raises(ValueError, match="state must have shape"):
        OccupancyGrid(np.zeros((3, 3)), (0.0, 0.0), 0.05)
    assert {CellState.UNKNOWN: 0, CellState.FREE: 1, CellState.OCCUPIED: 2} == {0: 0, 1: 1, 2: 2}


def test_a_path_is_as_long_as_its_pieces() -> None:
    assert Path(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 5.0]])).length == pytest.approx(6.0)
    assert Path(np.array([[1.0, 1.0]])).length == 0.0
    with pytest.raises(ValueError, match="points"):
        Path(np.zeros((2, 3)))


def test_the_label_of_an_instance_is_its_likeliest() -> None:
    instance = dataclasses.replace(
        make_instance(1, "chair", (2.0, 1.0)), label_scores={"stool": 0.3, "chair": 0.7}
    )
    assert instance.label == "chair"
    assert instance.center == pytest.approx([2.0, 1.0, 0.3], abs=1e-5)


def test_data_cannot_be_changed() -> None:
    observation: Observation = make_observation()
    with pytest.raises(dataclasses.FrozenInstanceError):
        observation.stamp = 1.0  # type: ignore[misc]
