"""Meshes of the simple shapes of SDF, centred at their origin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from goat.errors import WorldError
from sim.worlds.mesh_tools import Corners, to_mesh
from sim.worlds.sdf_xml import numbers
from sim.worlds.world import Mesh

_SIDES = 24
_RINGS = 6
SHAPES = ("box", "cylinder", "sphere", "plane", "capsule", "ellipsoid", "cone")
"""What `shape_of` makes."""


def shape_of(element: Element, source: Path) -> Mesh:
    """Return the mesh of a shape element.

    Args:
        element: One of `SHAPES` with its sizes in metres.
        source: The file, for messages.

    Raises:
        WorldError: A size is missing, not finite or not positive.
    """
    match element.tag:
        case "box":
            return box(_sizes(element, "size", 3, source))
        case "sphere":
            (radius,) = _sizes(element, "radius", 1, source)
            return ellipsoid((radius, radius, radius))
        case "ellipsoid":
            return ellipsoid(_sizes(element, "radii", 3, source))
        case "plane":
            return _plane(element, source)
        case _:
            (radius,) = _sizes(element, "radius", 1, source)
            (length,) = _sizes(element, "length", 1, source)
            return {"cylinder": cylinder, "capsule": capsule, "cone": cone}[element.tag](
                radius, length
            )


def box(size: Sequence[float]) -> Mesh:
    """Return a box of `size` (3,) with a texture on each face."""
    faces = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            normal = np.zeros(3)
            normal[axis] = sign
            across = np.roll(np.abs(normal), 1 if axis != 2 else -2)
            faces.append(_quad(normal, across) * np.asarray(size) / 2)
    corners = np.concatenate(faces)
    normals = np.repeat(np.concatenate([-np.eye(3), np.eye(3)])[[0, 3, 1, 4, 2, 5]], 4, axis=0)
    quads = np.arange(24).reshape(6, 4)
    uv = np.tile(np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32), (6, 1))
    return _mesh(corners, np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]), normals, uv)


def plane(size: Sequence[float], normal: Sequence[float] = (0.0, 0.0, 1.0)) -> Mesh:
    """Return a rectangle of `size` (2,) that faces `normal` (3,)."""
    up = np.asarray(normal, float) / np.linalg.norm(normal)
    across = np.cross(up, (0.0, 1.0, 0.0) if abs(up[1]) < 0.9 else (0.0, 0.0, 1.0))
    across = -across if np.dot(np.cross(up, across), (0, 1, 1)) < 0 else across
    corners = _quad(up, across / np.linalg.norm(across), (size[0] / 2, size[1] / 2)) - up
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    return _mesh(corners, np.array([[0, 1, 2], [0, 2, 3]]), np.tile(up, (4, 1)), uv)


def cylinder(radius: float, length: float) -> Mesh:
    """Return an upright cylinder."""
    h = length / 2
    return _lathe([(0, -h), (radius, -h), (radius, -h), (radius, h), (radius, h), (0, h)])


def cone(radius: float, length: float) -> Mesh:
    """Return an upright cone with its tip at the top."""
    h = length / 2
    return _lathe([(0, -h), (radius, -h), (radius, -h), (0, h)])


def capsule(radius: float, length: float) -> Mesh:
    """Return an upright capsule; `length` is that of its cylinder."""
    angles = np.linspace(0, np.pi / 2, _RINGS)
    upper = [(radius * np.cos(a), length / 2 + radius * np.sin(a)) for a in angles]
    return _lathe([(r, -z) for r, z in reversed(upper)] + upper)


def ellipsoid(radii: Sequence[float]) -> Mesh:
    """Return an ellipsoid with half axes `radii` (3,)."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, 2 * _RINGS + 1)
    ball = _lathe([(np.cos(a), np.sin(a)) for a in angles])
    assert ball.normals is not None
    normals = ball.normals / np.asarray(radii)
    normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    vertices = ball.vertices * np.asarray(radii, np.float32)
    return Mesh(vertices, ball.faces, ball.uv, ball.face_uv, normals.astype(np.float32))


def _lathe(profile: Sequence[tuple[float, float]]) -> Mesh:
    """Turn a profile of (radius, z), bottom to top, about z; a doubled point is a sharp edge."""
    r, z = np.asarray(profile, float).T
    angle = np.linspace(0, 2 * np.pi, _SIDES + 1)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    normal_r, normal_z = _profile_normals(r, z)
    vertices = np.concatenate(
        [r[:, None, None] * circle, np.broadcast_to(z[:, None, None], (len(r), _SIDES + 1, 1))], 2
    )
    normals = np.concatenate(
        [
            normal_r[:, None, None] * circle,
            np.broadcast_to(normal_z[:, None, None], (len(r), _SIDES + 1, 1)),
        ],
        2,
    )
    u, v = np.meshgrid(angle / (2 * np.pi), np.linspace(0, 1, len(r)))
    row, col = np.meshgrid(np.arange(len(r) - 1), np.arange(_SIDES), indexing="ij")
    low = (row * (_SIDES + 1) + col).ravel()
    high = low + _SIDES + 1
    faces = np.concatenate(
        [np.stack([low, low + 1, high + 1], 1), np.stack([low, high + 1, high], 1)]
    )
    points = vertices.reshape(-1, 3)
    a, b, c = (points[faces[:, k]] for k in range(3))
    faces = faces[np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-12]
    uv = np.stack([u.ravel(), v.ravel()], 1)
    return _mesh(points, faces, normals.reshape(-1, 3), uv)


def _profile_normals(r: NDArray, z: NDArray) -> tuple[NDArray, NDArray]:
    """Return outward normals of profile points; the two halves of a doubled point differ."""
    step = np.stack([np.diff(z), -np.diff(r)], 1)
    length = np.linalg.norm(step, axis=1, keepdims=True)
    unit = np.divide(step, length, out=np.zeros_like(step), where=length > 1e-12)
    total = np.zeros((len(r), 2))
    total[:-1] += unit
    total[1:] += unit
    total /= np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    return total[:, 0], total[:, 1]


def _quad(normal: NDArray, across: NDArray, half: Sequence[float] = (1.0, 1.0)) -> NDArray:
    """Return 4 corners, counter-clockwise seen from `normal`, at distance 1 along it."""
    u = across * half[0]
    v = np.cross(normal, across) * half[1]
    return normal + np.stack([-u - v, u - v, u + v, -u + v])


def _plane(element: Element, source: Path) -> Mesh:
    size = (100.0, 100.0)
    if element.find("size") is not None:
        w, h = _sizes(element, "size", 2, source)
        size = (w, h)
    child = element.find("normal")
    normal = (0.0, 0.0, 1.0) if child is None else numbers(child, (3,), source)
    if np.linalg.norm(normal) < 1e-6:
        raise WorldError(f"{source}: <normal> of a <plane> must not be zero; use 0 0 1")
    return plane(size, normal)


def _sizes(element: Element, tag: str, count: int, source: Path) -> tuple[float, ...]:
    child = element.find(tag)
    if child is None:
        raise WorldError(f"{source}: <{element.tag}> needs a <{tag}> of {count} numbers, got none")
    values = numbers(child, (count,), source)
    if min(values) <= 0:
        raise WorldError(
            f"{source}: <{tag}> of a <{element.tag}> must be positive, got {child.text!r}"
        )
    return values


def _mesh(vertices: NDArray, faces: NDArray, normals: NDArray, uv: NDArray) -> Mesh:
    corners = Corners(
        np.asarray(vertices, float), faces, normals, faces, np.asarray(uv, np.float32), faces
    )
    return to_mesh(corners)
