"""Triangles as files hold them (separate indices per attribute) and as `Mesh` wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.worlds.world import Material, Mesh

_MIN_AREA = 1e-12
"""Triangles smaller than this, m^2, are dropped."""
_OPEN_EDGES = 0.05
"""Share of edges with a single triangle above which a mesh is a sheet."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A mesh with one material, in the frame of the file that it comes from."""

    mesh: Mesh
    """Metres, z up."""
    material: Material
    """May be shared."""


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """Triangles whose corners index positions, normals and texture coordinates separately."""

    vertices: NDArray[np.float64]
    """(V, 3) positions."""
    faces: NDArray[np.integer]
    """(F, 3) indices into `vertices`."""
    normals: NDArray[np.float64] | None = None
    """(N, 3) normals of any length."""
    face_normals: NDArray[np.integer] | None = None
    """(F, 3) indices into `normals`."""
    uv: NDArray[np.float32] | None = None
    """(T, 2) texture coordinates."""
    face_uv: NDArray[np.integer] | None = None
    """(F, 3) indices into `uv`."""

    def moved(self, matrix: NDArray[np.float64]) -> Corners:
        """Return the triangles under an affine map (4, 4); a mirror keeps them facing out."""
        linear = matrix[:3, :3]
        flip = slice(None, None, -1 if np.linalg.det(linear) < 0 else 1)
        normals = self.normals
        if normals is not None:
            normals = normals @ np.linalg.pinv(linear)
        return replace(
            self,
            vertices=self.vertices @ linear.T + matrix[:3, 3],
            faces=self.faces[:, flip],
            normals=normals,
            face_normals=None if self.face_normals is None else self.face_normals[:, flip],
            face_uv=None if self.face_uv is None else self.face_uv[:, flip],
        )


def drop_degenerate(corners: Corners) -> Corners | None:
    """Return the triangles that have an area; None if there are none.

    Raises:
        ValueError: A position is not finite, or an index is out of range.
    """
    if corners.faces.size == 0:
        return None
    if not np.isfinite(corners.vertices).all():
        raise ValueError("a vertex is not finite")
    if corners.faces.min() < 0 or corners.faces.max() >= len(corners.vertices):
        raise ValueError("a vertex index is out of range")
    a, b, c = (corners.vertices[corners.faces[:, k]] for k in range(3))
    keep = np.linalg.norm(np.cross(b - a, c - a), axis=1) > 2 * _MIN_AREA
    if not keep.any():
        return None
    return replace(
        corners,
        faces=corners.faces[keep],
        face_normals=None if corners.face_normals is None else corners.face_normals[keep],
        face_uv=None if corners.face_uv is None else corners.face_uv[keep],
    )


def merge(parts: Sequence[Corners]) -> Corners:
    """Return several sets of triangles as one.

    Normals are kept if all sets have them; missing texture coordinates become (0, 0).
    """
    if len(parts) == 1:
        return parts[0]
    faces = _stack([p.faces for p in parts], [len(p.vertices) for p in parts])
    vertices = np.concatenate([p.vertices for p in parts])
    merged = Corners(vertices, faces)
    if all(p.normals is not None for p in parts):
        normals = [p.normals for p in parts if p.normals is not None]
        indices = [p.face_normals for p in parts if p.face_normals is not None]
        merged = replace(
            merged,
            normals=np.concatenate(normals),
            face_normals=_stack(indices, [len(n) for n in normals]),
        )
    if any(p.uv is not None for p in parts):
        uvs = [p.uv if p.uv is not None else np.zeros((1, 2), np.float32) for p in parts]
        indices = [p.face_uv if p.face_uv is not None else np.zeros_like(p.faces) for p in parts]
        merged = replace(
            merged, uv=np.concatenate(uvs), face_uv=_stack(indices, [len(u) for u in uvs])
        )
    return merged


def two_sided(corners: Corners) -> Corners:
    """Return triangles together with their reverse sides, which face the other way."""
    turn = slice(None, None, -1)
    back = replace(
        corners,
        faces=corners.faces[:, turn],
        normals=None if corners.normals is None else -corners.normals,
        face_normals=None if corners.face_normals is None else corners.face_normals[:, turn],
        face_uv=None if corners.face_uv is None else corners.face_uv[:, turn],
    )
    return merge([corners, back])


def is_open(corners: Corners) -> bool:
    """Return whether the triangles are sheets rather than closed bodies.

    A sheet has edges with one triangle only; scanned bodies have a few, which do not count.
    """
    _, vertex = np.unique(corners.vertices.astype(np.float32), axis=0, return_inverse=True)
    faces = vertex.reshape(-1)[corners.faces]
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    keys = edges[:, 0].astype(np.int64) * len(corners.vertices) + edges[:, 1]
    _, count = np.unique(keys, return_counts=True)
    return bool((count == 1).mean() > _OPEN_EDGES)


def to_mesh(corners: Corners) -> Mesh:
    """Return triangles as a `Mesh`: one vertex per position and normal, one index for uv.

    Raises:
        ValueError: An index is out of range.
    """
    vertices = np.asarray(corners.vertices, np.float32)
    faces = corners.faces
    normals = None
    if corners.normals is not None and corners.face_normals is not None:
        vertices, normals, faces = _join(corners, corners.normals, corners.face_normals)
    used, faces = np.unique(faces, return_inverse=True)
    uv = face_uv = None
    if corners.uv is not None and corners.face_uv is not None:
        used_uv, face_uv = np.unique(corners.face_uv, return_inverse=True)
        uv = np.nan_to_num(np.asarray(corners.uv, np.float32)[used_uv])
        face_uv = face_uv.reshape(-1, 3).astype(np.int32)
    return Mesh(
        np.ascontiguousarray(vertices[used]),
        faces.reshape(-1, 3).astype(np.int32),
        uv,
        face_uv,
        None if normals is None else np.ascontiguousarray(normals[used]),
    )


def _stack(indices: Sequence[NDArray], counts: Sequence[int]) -> NDArray[np.int64]:
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.concatenate([i + s for i, s in zip(indices, starts, strict=True)])


def _join(
    corners: Corners, normals: NDArray[np.float64], face_normals: NDArray
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray]:
    """Give every pair of position and normal that occurs one index."""
    if face_normals.min() < 0 or face_normals.max() >= len(normals):
        raise ValueError("a normal index is out of range")
    unit = _unit_normals(corners, normals, face_normals)
    values, face_normals = _same_rows(unit, face_normals)
    keys = corners.faces.astype(np.int64) * len(values) + face_normals
    pairs, faces = np.unique(keys, return_inverse=True)
    vertices = corners.vertices[pairs // len(values)].astype(np.float32)
    return vertices, values[pairs % len(values)], faces.reshape(-1, 3)


def _unit_normals(
    corners: Corners, normals: NDArray[np.float64], face_normals: NDArray
) -> NDArray[np.float32]:
    """Return normals of length one; empty ones take the direction of a face that uses them."""
    length = np.linalg.norm(normals, axis=1)
    empty = ~(np.isfinite(length) & (length > 1e-12))
    if empty.any():
        a, b, c = (corners.vertices[corners.faces[:, k]] for k in range(3))
        normals = normals.copy()
        normals[face_normals] = np.where(
            empty[face_normals][..., None], np.cross(b - a, c - a)[:, None], normals[face_normals]
        )
        normals[~np.isfinite(normals).all(axis=1)] = (0.0, 0.0, 1.0)
        length = np.maximum(np.linalg.norm(normals, axis=1), 1e-12)
    return (normals / length[:, None]).astype(np.float32)


def _same_rows(
    rows: NDArray[np.float32], indices: NDArray
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Merge equal normals (files often hold one for each corner); rounding is 1/1023."""
    grid = np.round((rows.astype(np.float64) + 1.0) * 1023.0).astype(np.int64)
    keys = (grid[:, 0] << 24) | (grid[:, 1] << 12) | grid[:, 2]
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return rows[first], inverse.reshape(-1)[indices].astype(np.int64)
