from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import RigidTransform, Rotation

from goat.frames import (
    BODY_FROM_OPTICAL,
    MAP_FROM_HABITAT,
    habitat_of_optical,
    habitat_of_yaw,
    look_at,
    mast_camera,
    opengl_from_optical_pose,
    optical_of_habitat,
    planar,
    planar_of,
    wrap_angle,
    yaw_of_habitat,
)

coordinates = st.floats(-20.0, 20.0)
angles = st.floats(-math.pi + 1e-6, math.pi)
quick = settings(max_examples=30)


def test_a_step_forward_moves_along_x_and_a_turn_to_the_left_is_positive() -> None:
    forward, left = planar(1.0, 0.0, 0.0), planar(0.0, 0.0, math.pi / 2)
    assert planar_of(forward) == pytest.approx((1.0, 0.0, 0.0))
    assert planar_of(left * forward) == pytest.approx((0.0, 1.0, math.pi / 2))


@quick
@given(coordinates, coordinates, angles)
def test_planar_poses_are_read_back(x: float, y: float, yaw: float) -> None:
    assert planar_of(planar(x, y, yaw)) == pytest.approx((x, y, yaw), abs=1e-9)


@quick
@given(coordinates, coordinates, angles, coordinates, coordinates, angles)
def test_planar_poses_chain_as_in_the_plane(
    x: float, y: float, yaw: float, dx: float, dy: float, turn: float
) -> None:
    ax, ay, angle = planar_of(planar(x, y, yaw) * planar(dx, dy, turn))
    c, s = math.cos(yaw), math.sin(yaw)
    assert (ax, ay) == pytest.approx((x + c * dx - s * dy, y + s * dx + c * dy), abs=1e-6)
    assert abs(wrap_angle(angle - yaw - turn)) < 1e-9


def test_the_optical_axes_are_forward_right_and_down() -> None:
    axes = BODY_FROM_OPTICAL.as_matrix()
    assert np.allclose(axes[:, 2], [1, 0, 0]), "optical z is forward"
    assert np.allclose(axes[:, 0], [0, -1, 0]), "optical x is to the right"
    assert np.allclose(axes[:, 1], [0, 0, -1]), "optical y is down"


def test_a_mast_camera_looks_forward_and_tilts_down() -> None:
    level = mast_camera(1.3, forward=0.1)
    assert np.allclose(level.apply([0.0, 0.0, 2.0]), [2.1, 0.0, 1.3])
    down = mast_camera(1.3, tilt=math.radians(30.0))
    seen = down.apply([0.0, 0.0, 1.0])
    assert seen == pytest.approx([math.cos(math.pi / 6), 0.0, 1.3 - 0.5])
    assert np.allclose(down.apply([1.0, 0.0, 0.0]), [0.0, -1.0, 1.3]), "it stays level sideways"


def test_an_opengl_camera_looks_along_its_negative_z_with_y_up() -> None:
    pose = planar(1.0, 2.0, 0.0) * mast_camera(1.3)
    opengl = opengl_from_optical_pose(pose)
    assert np.allclose(opengl.apply([0.0, 0.0, -1.0]), [2.0, 2.0, 1.3])
    assert np.allclose(opengl.apply([0.0, 1.0, 0.0]), [1.0, 2.0, 2.3])
    assert np.allclose(opengl.apply([1.0, 0.0, 0.0]), [1.0, 1.0, 1.3])


@quick
@given(st.tuples(*[coordinates] * 3), st.tuples(*[coordinates] * 3))
def test_looking_at_a_point_puts_it_on_the_optical_axis_with_the_image_upright(
    eye: tuple[float, float, float], target: tuple[float, float, float]
) -> None:
    assume(math.dist(eye[:2], target[:2]) > 1e-2)
    pose = look_at(np.array(eye), np.array(target))
    local = pose.inv().apply(np.array(target))
    assert local == pytest.approx([0.0, 0.0, math.dist(eye, target)], abs=1e-6)
    matrix = pose.as_matrix()
    assert abs(matrix[2, 0]) < 1e-9, "the image's rows are level"
    assert matrix[2, 1] < 0.0, "rows grow downwards"
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1.0)


@pytest.mark.parametrize("target", [(0.0, 0.0, 0.0), (0.0, 0.0, 2.0)])
def test_looking_at_oneself_or_straight_up_is_refused(target: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="vertical or empty"):
        look_at(np.zeros(3), np.array(target))


@quick
@given(st.floats(-50.0, 50.0))
def test_wrapped_angles_are_the_same_direction(angle: float) -> None:
    wrapped = wrap_angle(angle)
    assert -math.pi < wrapped <= math.pi
    assert math.cos(wrapped) == pytest.approx(math.cos(angle), abs=1e-9)
    assert math.sin(wrapped) == pytest.approx(math.sin(angle), abs=1e-9)


def test_half_a_turn_is_positive() -> None:
    assert wrap_angle(math.pi) == wrap_angle(-math.pi) == math.pi


def test_the_identity_is_the_pose_at_the_origin() -> None:
    assert np.allclose(planar(0.0, 0.0, 0.0).as_matrix(), RigidTransform.identity().as_matrix())


def test_habitats_axes_become_those_of_the_map() -> None:
    right, up, forward = MAP_FROM_HABITAT.apply([[1, 0, 0], [0, 1, 0], [0, 0, -1]])
    assert np.allclose([right, up, forward], [[1, 0, 0], [0, 0, 1], [0, 1, 0]])


@quick
@given(coordinates, coordinates, angles)
def test_a_step_forward_in_habitat_is_a_step_along_the_robots_x(
    x: float, y: float, yaw: float
) -> None:
    rotation = habitat_of_yaw(yaw)
    here = MAP_FROM_HABITAT.inv().apply([x, y, 0.0])
    there = MAP_FROM_HABITAT.apply(here + Rotation.from_quat(rotation).apply([0, 0, -0.25]))
    expected = planar_of(planar(x, y, yaw) * planar(0.25, 0.0, 0.0))
    assert there.tolist() == pytest.approx([*expected[:2], 0.0], abs=1e-9)


@quick
@given(angles)
def test_yaws_come_back_from_habitat(yaw: float) -> None:
    assert abs(wrap_angle(yaw_of_habitat(habitat_of_yaw(yaw)) - yaw)) < 1e-9


def test_turning_left_in_habitat_is_positive() -> None:
    left = Rotation.from_euler("y", math.radians(30.0))  # its y axis points up
    before = Rotation.from_quat([0, 0, 0, 1])
    turned = yaw_of_habitat((before * left).as_quat()) - yaw_of_habitat(before.as_quat())
    assert turned == pytest.approx(math.radians(30.0))


@quick
@given(st.lists(coordinates, min_size=3, max_size=3), st.lists(angles, min_size=3, max_size=3))
def test_cameras_come_back_from_habitat(position: list[float], turns: list[float]) -> None:
    rotation = Rotation.from_euler("xyz", turns).as_quat()
    pose = optical_of_habitat(np.array(position), rotation)
    ahead = np.array(position) + Rotation.from_quat(rotation).apply([0, 0, -1])
    assert np.allclose(pose.apply([0, 0, 1]), MAP_FROM_HABITAT.apply(ahead))
    again, turned = habitat_of_optical(pose)
    assert np.allclose(again, position)
    assert abs(np.dot(turned, rotation)) == pytest.approx(1.0)
