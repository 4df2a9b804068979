from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import RigidTransform, Rotation

from goat.geometry import (
    bounds_corners,
    bounds_distance,
    bounds_of,
    bounds_touch,
    overlap_of,
    project,
    transform_points,
    unproject,
    voxel_centers,
    voxel_indices,
    voxel_keys,
)
from goat.types import CameraIntrinsics

CAMERA = CameraIntrinsics(640, 480, 388.0, 392.0, 321.5, 236.0)
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=30)


@quick
@given(seeds)
def test_projecting_what_was_unprojected_gives_the_pixels_and_depths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, cols = rng.integers(0, 480, 50), rng.integers(0, 640, 50)
    depth = rng.uniform(0.1, 30.0, 50).astype(np.float32)
    xy, z = project(unproject(depth, CAMERA, rows, cols), CAMERA)
    assert np.allclose(xy, np.stack([cols, rows], axis=1), atol=1e-3)
    assert np.allclose(z, depth)


def test_the_principal_ray_is_the_optical_axis_and_rows_grow_downwards() -> None:
    camera = CameraIntrinsics(101, 101, 50.0, 50.0, 50.0, 50.0)
    points = unproject(np.full(3, 2.0), camera, np.array([50, 100, 50]), np.array([50, 50, 100]))
    assert np.allclose(points, [[0, 0, 2], [0, 2, 2], [2, 0, 2]])


def test_points_behind_the_camera_have_no_pixel() -> None:
    xy, z = project(np.array([[0.1, 0.2, -1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), CAMERA)
    assert np.isnan(xy[:2]).all()
    assert xy[2] == pytest.approx([CAMERA.cx, CAMERA.cy])
    assert z.tolist() == [-1.0, 0.0, 1.0]


@quick
@given(seeds)
def test_a_transform_and_its_inverse_cancel(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pose = RigidTransform.from_components(rng.uniform(-5, 5, 3), Rotation.random(rng=rng))
    points = rng.uniform(-5, 5, (20, 3)).astype(np.float32)
    there = transform_points(pose, points)
    assert there.dtype == np.float32
    assert np.allclose(there, pose.apply(points), atol=1e-4)
    assert np.allclose(transform_points(pose.inv(), there), points, atol=1e-4)


@quick
@given(seeds, st.floats(0.01, 0.5))
def test_voxel_keys_are_inverted_and_hold_their_points(seed: int, size: float) -> None:
    points = np.random.default_rng(seed).uniform(-50.0, 50.0, (40, 3))
    keys = voxel_keys(points, size)
    assert np.array_equal(voxel_indices(keys), np.floor(points / size).astype(np.int64))
    assert np.abs(voxel_centers(keys, size) - points).max() <= 0.5 * size + 1e-4
    assert np.array_equal(voxel_keys(voxel_centers(keys, size).astype(np.float64), size), keys)


@quick
@given(
    st.lists(
        st.tuples(*[st.integers(-(2**20), 2**20 - 1)] * 3), min_size=2, max_size=30, unique=True
    )
)
def test_voxels_within_the_range_have_keys_of_their_own(cells: list[tuple[int, int, int]]) -> None:
    keys = voxel_keys(np.array(cells) + 0.5, 1.0)
    assert len(np.unique(keys)) == len(cells)
    assert np.array_equal(voxel_indices(keys), cells)


corners = st.tuples(*[st.integers(-30, 30)] * 3, *[st.integers(0, 20)] * 3)
boxes = corners.map(lambda v: 0.1 * np.array([v[:3], np.add(v[:3], v[3:])], np.float64))


@quick
@given(boxes, boxes, st.floats(0.0, 1.0))
def test_boxes_touch_exactly_where_no_axis_separates_them(
    a: np.ndarray, b: np.ndarray, margin: float
) -> None:
    gaps = np.maximum(a[0] - b[1], b[0] - a[1])
    assume(np.abs(gaps - margin).min() > 1e-9)
    assert bool(bounds_touch(a, b, margin)) == bool((gaps <= margin).all())
    assert bounds_touch(np.stack([a, b]), b, margin).tolist() == [(gaps <= margin).all(), True]


@quick
@given(boxes, boxes)
def test_the_gap_of_boxes_is_symmetric_and_zero_inside(a: np.ndarray, b: np.ndarray) -> None:
    assert bounds_distance(a, b) == pytest.approx(bounds_distance(b, a))
    assert bounds_distance(a, a) == 0.0
    assert (bounds_distance(a, b) < 1e-9) == bool(bounds_touch(a, b, 1e-9))


def test_gaps_are_measured_between_corners() -> None:
    unit = np.array([[0.0, 0, 0], [1, 1, 1]])
    assert bounds_distance(unit, unit + np.array([4.0, 0, 0])) == pytest.approx(3.0)
    assert bounds_distance(unit, unit + np.array([4.0, 5.0, 0])) == pytest.approx(5.0)


@quick
@given(seeds)
def test_bounds_hold_every_point_and_touch_each_side(seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(9, 3)).astype(np.float32)
    low, high = bounds_of(points)
    assert (points >= low).all()
    assert (points <= high).all()
    assert ((points == low).any(axis=0) & (points == high).any(axis=0)).all()


def test_one_point_bounds_itself() -> None:
    assert np.array_equal(bounds_of(np.array([[1.0, 2, 3]])), [[1, 2, 3], [1, 2, 3]])


@quick
@given(st.floats(math.radians(20), math.radians(150)))
def test_the_border_of_the_image_is_seen_at_half_the_field_of_view(hfov: float) -> None:
    camera = CameraIntrinsics.from_hfov(640, 480, hfov)
    assert camera.hfov == pytest.approx(hfov)
    border = np.array([[math.tan(hfov / 2), 0.0, 1.0]])
    assert project(border, camera)[0][0, 0] == pytest.approx(639.5)


def test_a_box_has_eight_corners_whose_bounds_it_is() -> None:
    boxes = np.array([[[0, 1, 2], [3, 5, 7]], [[-1, -1, -1], [0, 0, 0]]], np.float32)
    corners = bounds_corners(boxes)
    assert corners.shape == (2, 8, 3)
    assert len(np.unique(corners[0], axis=0)) == 8
    np.testing.assert_array_equal(corners.min(axis=1), boxes[:, 0])
    np.testing.assert_array_equal(corners.max(axis=1), boxes[:, 1])


def test_boxes_in_an_image_overlap_by_their_common_share() -> None:
    a = np.array([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 1.0, 1.0], [5.0, 5.0, 5.0, 5.0]])
    b = np.array([[1.0, 0.0, 3.0, 2.0], [0.0, 0.0, 1.0, 1.0], [5.0, 5.0, 5.0, 5.0]])
    np.testing.assert_allclose(overlap_of(a, b), [1.0 / 3.0, 1.0, 0.0])
    np.testing.assert_allclose(overlap_of(a[:, None], b[None])[1], [0.0, 1.0, 0.0])
