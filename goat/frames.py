"""Conversions between axis conventions: the only place where axes are swapped.

Body (REP-103): x forward, y left, z up. Optical: z forward, x right, y down.
OpenGL camera: z backward, x right, y up. Planar poses are (x, y, yaw) with yaw about z.
Habitat: its world has x right, y up, -z forward, and so have its robots; rotations are quaternions
x, y, z, w. As in glTF scenes, its y axis becomes z and its -z axis y.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

BODY_FROM_OPTICAL = Rotation.from_matrix([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""Rotation that maps optical axes to body axes."""

OPTICAL_FROM_OPENGL = Rotation.from_matrix([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
"""Rotation that maps OpenGL camera axes to optical axes."""

MAP_FROM_HABITAT = Rotation.from_matrix([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Rotation that maps the axes of Habitat's world to those of the map."""


def planar(x: float, y: float, yaw: float) -> RigidTransform:
    """Return the transform parent_from_base of a base at (x, y) metres turned by `yaw` radians."""
    matrix = np.eye(4)
    c, s = math.cos(yaw), math.sin(yaw)
    matrix[:2, :2] = [[c, -s], [s, c]]
    matrix[:2, 3] = x, y
    return RigidTransform.from_matrix(matrix)


def planar_of(parent_from_base: RigidTransform) -> tuple[float, float, float]:
    """Return (x, y, yaw) of a transform: metres, metres, radians in (-pi, pi]."""
    matrix = parent_from_base.as_matrix()
    yaw = math.atan2(matrix[1, 0], matrix[0, 0])
    return float(matrix[0, 3]), float(matrix[1, 3]), yaw


def mast_camera(height: float, tilt: float = 0.0, forward: float = 0.0) -> RigidTransform:
    """Return base_from_camera of an optical frame on a mast.

    Args:
        height: Height of the optical centre above the floor, m.
        tilt: Angle by which the camera looks down, radians.
        forward: Offset along the base's x axis, m.
    """
    rotation = Rotation.from_euler("y", tilt) * BODY_FROM_OPTICAL
    return RigidTransform.from_components([forward, 0.0, height], rotation)


def opengl_from_optical_pose(parent_from_optical: RigidTransform) -> RigidTransform:
    """Return the pose of the OpenGL camera frame that shares an optical frame's view."""
    return parent_from_optical * RigidTransform.from_rotation(OPTICAL_FROM_OPENGL)


def look_at(eye: NDArray, target: NDArray) -> RigidTransform:
    """Return parent_from_camera of an optical frame at `eye` (3,) looking at `target` (3,).

    The image's up direction is the parent's z axis.

    Raises:
        ValueError: `eye` and `target` are the same point, or one is straight above the other.
    """
    forward = np.asarray(target, float) - np.asarray(eye, float)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    if np.linalg.norm(right) < 1e-9:
        raise ValueError(f"cannot look from {eye} to {target}: the direction is vertical or empty")
    forward = forward / np.linalg.norm(forward)
    right = right / np.linalg.norm(right)
    down = np.cross(forward, right)
    rotation = Rotation.from_matrix(np.stack([right, down, forward], axis=1))
    return RigidTransform.from_components(np.asarray(eye, float), rotation)


def yaw_of_habitat(rotation: NDArray) -> float:
    """Return the map yaw, radians in (-pi, pi], of a robot turned by `rotation` (4,) x, y, z, w."""
    forward = MAP_FROM_HABITAT.apply(Rotation.from_quat(rotation).apply([0.0, 0.0, -1.0]))
    return math.atan2(forward[1], forward[0])


def habitat_of_yaw(yaw: NDArray | float) -> NDArray:
    """Return the rotations (..., 4) x, y, z, w of Habitat robots at map yaws (...), radians."""
    half = 0.5 * (np.asarray(yaw, float) - 0.5 * math.pi)
    zero = np.zeros_like(half)
    return np.stack([zero, np.sin(half), zero, np.cos(half)], axis=-1)


def optical_of_habitat(position: NDArray, rotation: NDArray) -> RigidTransform:
    """Return map_from_camera of the optical frame of a camera in Habitat.

    Args:
        position: (3,) in Habitat's world, m.
        rotation: (4,) quaternion x, y, z, w of the camera, which looks along its -z axis.
    """
    turned = MAP_FROM_HABITAT * Rotation.from_quat(rotation) * OPTICAL_FROM_OPENGL.inv()
    return RigidTransform.from_components(MAP_FROM_HABITAT.apply(position), turned)


def habitat_of_optical(map_from_camera: RigidTransform) -> tuple[NDArray, NDArray]:
    """Return position (3,) and rotation (4,) in Habitat of an optical frame in the map."""
    translation, rotation = map_from_camera.as_components()
    turned = MAP_FROM_HABITAT.inv() * rotation * OPTICAL_FROM_OPENGL
    return MAP_FROM_HABITAT.inv().apply(translation), turned.as_quat()


def wrap_angle(angle: float) -> float:
    """Return `angle` (radians) moved into (-pi, pi]."""
    return -((math.pi - angle) % (2.0 * math.pi) - math.pi)
