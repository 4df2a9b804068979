"""Triangles of a world, baked into world coordinates and ready to draw or to bump into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.worlds.world import Mesh, Part, World

_CREASE_COS = 0.77  # faces that meet at more than 40 degrees are shaded flat
_MIN_AREA = 1e-10  # m2; smaller triangles are never seen and upset normals


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Triangles in the world frame whose positions, normals and texture are indexed apart."""

    vertices: NDArray[np.float32]
    """(V, 3) m."""
    faces: NDArray[np.int32]
    """(F, 3) into `vertices`."""
    normals: NDArray[np.float32]
    """(N, 3) unit vectors."""
    face_normals: NDArray[np.int32]
    """(F, 3) into `normals`."""
    uv: NDArray[np.float32] | None
    """(T, 2) texture coordinates."""
    face_uv: NDArray[np.int32] | None
    """(F, 3) into `uv`."""

    @property
    def corners(self) -> NDArray[np.float32]:
        """(F, 3, 3) corner positions."""
        return self.vertices[self.faces]

    @property
    def bounds(self) -> NDArray[np.float64]:
        """(2, 3) lower and upper corner."""
        used = self.vertices[self.faces.ravel()]
        return np.stack([used.min(axis=0), used.max(axis=0)]).astype(np.float64)

    def select(self, chosen: NDArray) -> Surface:
        """Return the faces at `chosen` (indices or a mask) with only the data they use."""
        vertices, faces = _compact(self.vertices, self.faces[chosen])
        normals, face_normals = _compact(self.normals, self.face_normals[chosen])
        if self.uv is None or self.face_uv is None:
            return Surface(vertices, faces, normals, face_normals, None, None)
        uv, face_uv = _compact(self.uv, self.face_uv[chosen])
        return Surface(vertices, faces, normals, face_normals, uv, face_uv)


def _compact(values: NDArray, index: NDArray) -> tuple[NDArray, NDArray[np.int32]]:
    used, inverse = np.unique(index, return_inverse=True)
    return values[used], inverse.reshape(index.shape).astype(np.int32)


def _join(values: Sequence[NDArray], indices: Sequence[NDArray]) -> tuple[NDArray, NDArray]:
    starts = np.cumsum([0, *(len(v) for v in values[:-1])])
    shifted = [index + start for index, start in zip(indices, starts, strict=True)]
    return np.concatenate(values), np.concatenate(shifted).astype(np.int32)


def merge(surfaces: Sequence[Surface]) -> Surface:
    """Join surfaces (at least one) that all have, or all lack, texture coordinates."""
    if len(surfaces) == 1:
        return surfaces[0]
    vertices, faces = _join([s.vertices for s in surfaces], [s.faces for s in surfaces])
    normals, face_normals = _join([s.normals for s in surfaces], [s.face_normals for s in surfaces])
    uvs = [s.uv for s in surfaces if s.uv is not None]
    face_uvs = [s.face_uv for s in surfaces if s.face_uv is not None]
    uv, face_uv = _join(uvs, face_uvs) if uvs else (None, None)
    return Surface(vertices, faces, normals, face_normals, uv, face_uv)


def bake(part: Part) -> Surface | None:
    """Return a part's triangles in the world frame; None if it has none of any size."""
    mesh, matrix = part.mesh, np.asarray(part.world_from_part, np.float64)
    if len(mesh.faces) == 0:
        return None
    vertices = mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    faces, face_uv = mesh.faces, mesh.face_uv
    if mesh.uv is not None and face_uv is None:
        face_uv = faces
    mirrored = np.linalg.det(matrix[:3, :3]) < 0
    order = [0, 2, 1] if mirrored else [0, 1, 2]
    normal = _face_normals(vertices, faces[:, order])
    area = np.linalg.norm(normal, axis=1)
    keep = np.isfinite(area) & (area > 2.0 * _MIN_AREA)
    if not keep.any():
        return None
    normals, face_normals = _normals(mesh, matrix, vertices, faces[:, order], normal)
    surface = Surface(
        vertices.astype(np.float32),
        faces[:, order],
        normals.astype(np.float32),
        face_normals[:, order] if mesh.normals is not None else face_normals,
        mesh.uv,
        None if face_uv is None else face_uv[:, order],
    )
    return surface.select(keep)


def _face_normals(vertices: NDArray, faces: NDArray) -> NDArray[np.float64]:
    """Return (F, 3) normals whose length is twice the area."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    return np.cross(b - a, c - a)


def _normals(
    mesh: Mesh, matrix: NDArray, vertices: NDArray, faces: NDArray, normal: NDArray
) -> tuple[NDArray, NDArray]:
    if mesh.normals is None:
        return _creased_normals(vertices, faces, normal)
    turned = mesh.normals @ np.linalg.pinv(matrix[:3, :3])
    return _unit(turned), mesh.faces


def _unit(vectors: NDArray) -> NDArray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    up = np.array([0.0, 0.0, 1.0])
    return np.where(length > 1e-20, vectors / np.maximum(length, 1e-20), up)


def _creased_normals(vertices: NDArray, faces: NDArray, normal: NDArray) -> tuple[NDArray, NDArray]:
    """Smooth normals across faces that meet at a small angle; others keep their edge.

    Each corner takes the mean, by area, of the face normals around its vertex that differ from
    its own face's by less than the crease angle.
    """
    _, welded = np.unique(vertices.astype(np.float32), axis=0, return_inverse=True)
    vertex = welded.ravel()[faces].ravel()
    face = np.repeat(np.arange(len(faces)), 3)
    order = np.argsort(vertex, kind="stable")
    vertex, around = vertex[order], face[order]
    starts = np.flatnonzero(np.r_[True, vertex[1:] != vertex[:-1]])
    counts = np.diff(np.r_[starts, len(vertex)])
    per_corner = np.repeat(counts, counts)
    first = np.repeat(np.repeat(starts, counts), per_corner)
    mine = np.repeat(np.arange(len(vertex)), per_corner)
    offset = np.arange(len(mine)) - np.repeat(np.cumsum(per_corner) - per_corner, per_corner)
    other = around[first + offset]
    unit = _unit(normal)
    smooth = np.einsum("ij,ij->i", unit[around[mine]], unit[other]) > _CREASE_COS
    total = np.stack(
        [np.bincount(mine[smooth], normal[other[smooth], i], len(vertex)) for i in range(3)], axis=1
    )
    corner = np.empty_like(total)
    corner[order] = _unit(total)
    return corner, np.arange(len(corner), dtype=np.int32).reshape(-1, 3)


def collision_triangles(world: World) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield (object id, (F, 3, 3) triangles, m) of every colliding part, once each."""
    for object_id, item in enumerate(world.objects, start=1):
        for part in item.parts:
            surface = bake(part) if part.collides else None
            if surface is not None:
                yield object_id, surface.corners
