"""Parametric shapes for furniture: every mesh has smooth normals and texture coordinates in metres.

Shapes stand in their own frame (z up). Texture coordinates are metres along the surface, `u` along
the longer side, so that one wood texture fits every plank; `scaled_uv` turns them into repeats.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.worlds.world import Mesh

Floats = NDArray[np.float64]
Profile = Sequence[tuple[float, float]]


def make_mesh(vertices: ArrayLike, faces: ArrayLike, normals: ArrayLike, uv: ArrayLike) -> Mesh:
    """Build a mesh whose faces index vertices, normals and texture coordinates alike."""
    return Mesh(
        vertices=np.asarray(vertices, np.float32).reshape(-1, 3),
        faces=np.asarray(faces, np.int32).reshape(-1, 3),
        uv=np.asarray(uv, np.float32).reshape(-1, 2),
        normals=np.asarray(normals, np.float32).reshape(-1, 3),
    )


def merged(meshes: Iterable[Mesh]) -> Mesh:
    """Join meshes built by this module into one."""
    items = list(meshes)
    offsets = np.cumsum([0] + [len(item.vertices) for item in items[:-1]])
    return make_mesh(
        np.concatenate([item.vertices for item in items]),
        np.concatenate([item.faces + start for item, start in zip(items, offsets, strict=True)]),
        np.concatenate([_required(item.normals) for item in items]),
        np.concatenate([_required(item.uv) for item in items]),
    )


def _required(array: NDArray[np.float32] | None) -> NDArray[np.float32]:
    assert array is not None, "shapes of this module always carry normals and uv"
    return array


def pose(
    at: Sequence[float] | NDArray = (0, 0, 0),
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    scale: Sequence[float] = (1, 1, 1),
) -> Floats:
    """Return the (4, 4) matrix that scales, rolls (x), pitches (y), yaws (z), moves to `at`."""
    cy, sy = math.cos(yaw), math.sin(yaw)
    cp, sp = math.cos(pitch), math.sin(pitch)
    cr, sr = math.cos(roll), math.sin(roll)
    out = np.eye(4)
    out[:3, :3] = [
        [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
        [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
        [-sp, cp * sr, cp * cr],
    ]
    out[:3, :3] *= np.asarray(scale, np.float64)
    out[:3, 3] = at
    return out


def moved(mesh: Mesh, matrix: NDArray) -> Mesh:
    """Return the mesh under a (4, 4) affine map that keeps handedness."""
    linear = matrix[:3, :3]
    vertices = mesh.vertices @ linear.T + matrix[:3, 3]
    normals = _unit(_required(mesh.normals) @ np.linalg.inv(linear))
    return make_mesh(vertices, mesh.faces, normals, _required(mesh.uv))


def scaled_uv(mesh: Mesh, factor: float, offset: Sequence[float] = (0.0, 0.0)) -> Mesh:
    """Return the mesh with texture coordinates multiplied by `factor` and shifted."""
    return with_uv(mesh, _required(mesh.uv) * factor + np.asarray(offset))


def with_uv(mesh: Mesh, uv: ArrayLike) -> Mesh:
    """Return the mesh with other texture coordinates (V, 2)."""
    return make_mesh(mesh.vertices, mesh.faces, _required(mesh.normals), uv)


def _unit(vectors: NDArray) -> NDArray:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 1e-12, length, 1.0)


def _grid_faces(rows: int, cols: int) -> NDArray[np.int64]:
    """Return faces of a (rows, cols) vertex grid, front where cols x rows points out."""
    i = (np.arange(rows - 1)[:, None] * cols + np.arange(cols - 1)).ravel()
    quads = np.stack([i, i + 1, i + cols + 1, i + cols], axis=1)
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _lengths(points: NDArray, axis: int) -> NDArray:
    """Return running arc length of a (rows, cols, 3) grid along `axis`, averaged over the other."""
    steps = np.linalg.norm(np.diff(points, axis=axis), axis=-1).mean(axis=1 - axis)
    return np.concatenate([[0.0], np.cumsum(steps)])


def surface(points: NDArray, wrap: bool = False, two_sided: bool = False) -> Mesh:
    """Skin a (rows, cols, 3) grid; its front is where (next column) x (next row) points.

    Args:
        points: Grid of positions, m.
        wrap: The last column repeats the first and the normals run smoothly across the seam.
        two_sided: Add the back as well (leaves, cloth).
    """
    points = np.asarray(points, np.float64)
    rows, cols = points.shape[:2]
    along_row = np.gradient(points, axis=1)
    if wrap:
        along_row[:, 0] = along_row[:, -1] = (points[:, 1] - points[:, -2]) / 2
    normals = _unit(np.cross(along_row, np.gradient(points, axis=0)))
    normals = _mend_poles(normals)
    u, v = _lengths(points, 1), _lengths(points, 0)
    uv = np.stack(np.broadcast_arrays(u[None, :], v[:, None]), axis=-1)
    front = make_mesh(points, _grid_faces(rows, cols), normals, uv)
    if not two_sided:
        return front
    return merged([front, make_mesh(points, front.faces[:, ::-1], -normals, uv)])


def _mend_poles(normals: NDArray) -> NDArray:
    """Give rows that shrink to a point the mean normal of their neighbour row."""
    for row, neighbour in ((0, 1), (-1, -2)):
        if np.linalg.norm(normals[row], axis=-1).min() < 0.5 and len(normals) > 1:
            normals[row] = _unit(normals[neighbour, :-1].mean(axis=0))
    return normals


def loft(rings: NDArray, sharp: Sequence[int] = (), caps: bool = True) -> Mesh:
    """Skin closed rings (K, N, 3), counter-clockwise about the direction they follow.

    Args:
        rings: Closed outlines without a repeated last point, m.
        sharp: Indices of rings where the surface has a crease.
        caps: Close both ends with flat faces.
    """
    rings = np.asarray(rings, np.float64)
    closed = np.concatenate([rings, rings[:, :1]], axis=1)
    cuts = [0, *sorted(sharp), len(rings) - 1]
    pieces = [surface(closed[a : b + 1], wrap=True) for a, b in pairwise(cuts)]
    if caps:
        pieces += [polygon(rings[0][::-1]), polygon(rings[-1])]
    return merged(pieces)


def polygon(outline: NDArray) -> Mesh:
    """Fill a flat convex outline (N, 3), counter-clockwise seen from its front."""
    outline = np.asarray(outline, np.float64)
    center = outline.mean(axis=0)
    normal = _unit(np.cross(outline - center, np.roll(outline, -1, axis=0) - center).sum(axis=0))
    axis_u = _unit(np.cross([0.0, 1.0, 0.0] if abs(normal[1]) < 0.9 else [1.0, 0, 0], normal))
    axis_v = np.cross(normal, axis_u)
    vertices = np.concatenate([[center], outline])
    uv = np.stack([vertices @ axis_u, vertices @ axis_v], axis=1)
    index = np.arange(len(outline))
    faces = np.stack([np.zeros_like(index), index + 1, (index + 1) % len(outline) + 1], axis=1)
    return make_mesh(vertices, faces, np.broadcast_to(normal, vertices.shape), uv)


def circle(radius_x: float, radius_y: float | None = None, n: int = 16) -> Floats:
    """Return (n, 2) points of an ellipse, counter-clockwise."""
    angle = np.arange(n) * (2 * np.pi / n)
    ry = radius_x if radius_y is None else radius_y
    return np.stack([radius_x * np.cos(angle), ry * np.sin(angle)], axis=1)


def rounded_rectangle(size_x: float, size_y: float, radius: float, steps: int = 4) -> Floats:
    """Return (4 * (steps + 1), 2) points of a rectangle with round corners, counter-clockwise."""
    radius = min(radius, size_x / 2, size_y / 2)
    arc = np.linspace(0, np.pi / 2, steps + 1)
    corners = [(1, 1, 0.0), (-1, 1, np.pi / 2), (-1, -1, np.pi), (1, -1, 1.5 * np.pi)]
    points = [
        np.stack([np.cos(arc + start), np.sin(arc + start)], axis=1) * radius
        + [sx * (size_x / 2 - radius), sy * (size_y / 2 - radius)]
        for sx, sy, start in corners
    ]
    return np.concatenate(points)


def stack_rings(outline: NDArray, levels: Profile) -> Floats:
    """Return rings (K, N, 3): `outline` (N, 2) inset by `d` at height `z` for each (d, z).

    The inset moves points towards the middle by `d` along each axis.
    """
    half = np.abs(outline).max(axis=0)
    scales = [np.maximum(1 - d / half, 1e-6) for d, _ in levels]
    return np.stack(
        [
            np.column_stack([outline * s, np.full(len(outline), z)])
            for s, (_, z) in zip(scales, levels, strict=True)
        ]
    )


def slab(outline: NDArray, bottom: float, top: float, bevel: float = 0.006) -> Mesh:
    """Extrude an outline (N, 2) from `bottom` to `top` with softened rims (table tops, seats)."""
    bevel = min(bevel, (top - bottom) / 2.01)
    levels = [(bevel, bottom), (0, bottom + bevel), (0, top - bevel), (bevel, top)]
    return loft(stack_rings(outline, levels), sharp=(1, 2) if bevel < 0.004 else ())


def lathe(profile: Profile, n: int = 16, sharp: Sequence[int] = (), caps: bool = False) -> Mesh:
    """Turn (radius, z) points about z; going up gives an outer surface, going down an inner one."""
    unit = circle(1.0, n=n)
    rings = [np.column_stack([unit * max(r, 1e-6), np.full(n, z)]) for r, z in profile]
    return loft(np.stack(rings), sharp=sharp, caps=caps)


def cylinder(bottom: float, top: float, height: float, n: int = 12, bevel: float = 0.0) -> Mesh:
    """Stand a (tapered) cylinder on z = 0 with the given radii."""
    if bevel <= 0:
        return lathe([(bottom, 0), (top, height)], n=n, caps=True)
    levels = [(bottom - bevel, 0), (bottom, bevel), (top, height - bevel), (top - bevel, height)]
    return lathe(levels, n=n, caps=True)


def ellipsoid(rx: float, ry: float, rz: float, n: int = 12) -> Mesh:
    """Make an ellipsoid about the origin."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, max(n // 2, 4) + 1)
    ball = lathe([(math.cos(a), math.sin(a)) for a in angle], n=n)
    return moved(ball, pose(scale=(rx, ry, rz)))


def tube(path: ArrayLike, radius: float, n: int = 8) -> Mesh:
    """Sweep a circle along a path (K, 3) (handles, arms, rails)."""
    points = np.asarray(path, np.float64)
    direction = _unit(np.gradient(points, axis=0))
    helper = (
        np.array([0.0, 0, 1]) if np.abs(direction[:, 2]).max() < 0.95 else np.array([0, 1.0, 0])
    )
    if np.abs(direction @ helper).max() > 0.95:
        helper = _unit(np.array([0.31, 0.83, 0.47]))
    side = _unit(np.cross(helper, direction))
    up = np.cross(direction, side)
    ring = circle(radius, n=n)
    rings = points[:, None] + ring[:, :1] * side[:, None] + ring[:, 1:] * up[:, None]
    return loft(rings)


_AXES = ((0, 1, 2), (1, 2, 0), (2, 0, 1))


def _face_frames() -> list[tuple[int, int, int, int]]:
    """Return (u axis, v axis, normal axis, sign) of a cube's six faces."""
    return [(u, v, w, sign) for w, u, v in _AXES for sign in (1, -1)]


def block(sx: float, sy: float, sz: float, bevel: float = 0.006) -> Mesh:
    """Make a box about the origin with bevelled, smoothly shaded edges (44 triangles).

    A bevel of 3 mm or less is not worth its triangles: the box then has sharp edges (12).
    """
    half = np.array([sx, sy, sz]) / 2
    if bevel <= 0.003:
        return _sharp_box(half)
    bevel = min(bevel, half.min() * 0.98)
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
    vertices = np.repeat(signs * (half - bevel), 3, axis=0).reshape(8, 3, 3)
    normals = np.zeros_like(vertices)
    for axis in range(3):
        vertices[:, axis, axis] += signs[:, axis] * bevel
        normals[:, axis, axis] = signs[:, axis]
    uv = np.stack([_plane_uv(vertices[:, axis], axis, half) for axis in range(3)], axis=1)
    return make_mesh(vertices, _BLOCK_FACES, normals, uv)


def _sharp_box(half: NDArray) -> Mesh:
    pieces = []
    for u, v, w, sign in _face_frames():
        corners = np.zeros((4, 3))
        corners[:, u] = np.array([-1, 1, 1, -1]) * half[u]
        corners[:, v] = np.array([-1, -1, 1, 1]) * half[v]
        corners[:, w] = sign * half[w]
        faces = np.array([(0, 1, 2), (0, 2, 3)])
        normals = np.zeros((4, 3))
        normals[:, w] = sign
        uv = _plane_uv(corners, w, half)
        pieces.append(make_mesh(corners, faces if sign > 0 else faces[:, ::-1], normals, uv))
    return merged(pieces)


def _plane_uv(points: NDArray, axis: int, half: NDArray) -> NDArray:
    """Return texture coordinates on a face across `axis`, u along its longer side."""
    a, b = [i for i in range(3) if i != axis]
    if half[b] > half[a]:
        a, b = b, a
    return points[:, [a, b]]


def _block_faces() -> NDArray[np.int64]:
    """Return the triangles of `block`, whose vertex (corner, axis) has index 3 * corner + axis."""
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
    where = np.repeat(signs, 3, axis=0) + 0.3 * (
        np.tile(np.eye(3), (8, 1)) * np.repeat(signs, 3, 0)
    )
    polygons: list[list[int]] = []
    for axis in range(3):
        for sign in (-1, 1):
            polygons.append([3 * c + axis for c in range(8) if signs[c, axis] == sign])
    for axis in range(3):
        a, b = [i for i in range(3) if i != axis]
        for sa in (-1, 1):
            for sb in (-1, 1):
                ends = [c for c in range(8) if signs[c, a] == sa and signs[c, b] == sb]
                polygons.append([3 * c + k for c in ends for k in (a, b)])
    polygons += [[3 * c, 3 * c + 1, 3 * c + 2] for c in range(8)]
    return np.concatenate([_fan(where, p) for p in polygons])


def _fan(where: NDArray, index: list[int]) -> NDArray[np.int64]:
    """Triangulate a convex polygon of a shape about the origin so that it faces outwards."""
    center = where[index].mean(axis=0)
    out = center / np.linalg.norm(center)
    first = _unit(where[index[0]] - center)
    second = np.cross(out, first)
    offsets = where[index] - center
    order = np.argsort(np.arctan2(offsets @ second, offsets @ first))
    ring = np.array(index)[order]
    return np.stack([[ring[0], ring[i], ring[i + 1]] for i in range(1, len(ring) - 1)])


_BLOCK_FACES = _block_faces()


def cushion(
    sx: float, sy: float, sz: float, radius: float = 0.04, bulge: float = 0.0, steps: int = 1
) -> Mesh:
    """Make a soft box about the origin: round edges and a swelling of `bulge` m on its faces."""
    half = np.array([sx, sy, sz]) / 2
    radius = min(radius, half.min() * 0.98)
    pieces = [_cushion_face(half, radius, bulge, steps, frame) for frame in _face_frames()]
    return merged(pieces)


def _cushion_face(
    half: NDArray, radius: float, bulge: float, steps: int, frame: tuple[int, int, int, int]
) -> Mesh:
    """Build one side of a cushion; neighbours meet at 45 degrees on the rounded edge."""
    u, v, w, sign = frame
    slope = np.tan(np.linspace(0, np.pi / 4, steps + 1))
    middle = 2 if bulge > 0 else 0
    inner = np.concatenate([np.full(steps + 1, -1.0), np.linspace(-1, 1, middle + 2)[1:-1]])
    inner = np.concatenate([inner, np.full(steps + 1, 1.0)])
    tilt = np.concatenate([-slope[::-1], np.zeros(middle), slope])
    count = len(inner)
    core = np.zeros((count, count, 3))
    lean = np.zeros((count, count, 3))
    core[..., u] = inner[None, :] * (half[u] - radius)
    core[..., v] = inner[:, None] * (half[v] - radius)
    core[..., w] = sign * (half[w] - radius)
    lean[..., u], lean[..., v], lean[..., w] = tilt[None, :], tilt[:, None], sign
    normals = _unit(lean)
    points = core + normals * radius
    if bulge > 0:
        points, normals = _swell(points, normals, half, bulge)
    faces = _grid_faces(count, count)
    uv = _plane_uv(points.reshape(-1, 3), w, half)
    return make_mesh(points, faces if sign > 0 else faces[:, ::-1], normals, uv)


def _swell(
    points: NDArray, normals: NDArray, half: NDArray, bulge: float
) -> tuple[NDArray, NDArray]:
    """Push a cushion's flat sides out by a smooth bump, thinner sides more; tilt the normals."""
    share = points / half
    bump = np.cos(np.clip(share, -1, 1) * (np.pi / 2))
    thin = int(np.argmin(half))
    others = [i for i in range(3) if i != thin]
    amount = bulge * bump[..., others[0]] * bump[..., others[1]]
    points = points.copy()
    points[..., thin] += amount * np.sign(share[..., thin]) * np.abs(share[..., thin])
    normals = normals.copy()
    for axis in others:
        tilt = bulge * share[..., axis] / half[axis] * 1.2
        normals[..., axis] += tilt * np.abs(normals[..., thin])
    return points, _unit(normals)


def panel(width: float, height: float) -> Mesh:
    """Make a quad in the y-z plane facing +x about the origin, its texture fitted once."""
    y, z = width / 2, height / 2
    vertices = [(0, -y, -z), (0, y, -z), (0, y, z), (0, -y, z)]
    uv = [(0, 0), (1, 0), (1, 1), (0, 1)]
    return make_mesh(vertices, [(0, 1, 2), (0, 2, 3)], [(1, 0, 0)] * 4, uv)
