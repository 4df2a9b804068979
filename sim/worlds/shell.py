"""The house itself: floors, walls with holes, ceilings, skirting boards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sim.worlds.layout import WALL, FloorPlan, Opening, Rect
from sim.worlds.meshes import block, make_mesh, merged, moved, pose, scaled_uv
from sim.worlds.model import Finish, Kit
from sim.worlds.world import Mesh, Part, WorldObject

_STEP = 0.55  # m; walls and floors are cut this fine, because light is computed per vertex


@dataclass(frozen=True, slots=True)
class RoomFinish:
    """How a room's surfaces look."""

    floor: Finish
    walls: tuple[Finish, Finish, Finish, Finish]
    """One per side: y low, y high, x low, x high."""
    ceiling: Finish
    skirting: Finish | None


def _cuts(lo: float, hi: float, marks: Sequence[float] = (), step: float = _STEP) -> np.ndarray:
    """Return grid lines from lo to hi through all marks, at most `step` apart."""
    fixed = sorted({lo, hi, *(float(m) for m in marks if lo < m < hi)})
    pieces = [
        np.linspace(a, b, max(int(np.ceil((b - a) / step)), 1) + 1)[:-1] for a, b in pairwise(fixed)
    ]
    return np.concatenate([*pieces, [hi]])


def _cells(us: np.ndarray, vs: np.ndarray, holes: Sequence[Rect]) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, 2) points of a grid and (F, 3) triangles of its cells outside the holes."""
    points = np.stack(np.meshgrid(us, vs), axis=-1).reshape(-1, 2)
    i, j = np.meshgrid(np.arange(len(us) - 1), np.arange(len(vs) - 1))
    mu, mv = (us[i] + us[i + 1]) / 2, (vs[j] + vs[j + 1]) / 2
    keep = np.ones(i.shape, bool)
    for u0, v0, u1, v1 in holes:
        keep &= ~((mu > u0) & (mu < u1) & (mv > v0) & (mv < v1))
    first = (j * len(us) + i)[keep]
    up = first + len(us)
    faces = np.concatenate(
        [np.stack([first, first + 1, up + 1], axis=1), np.stack([first, up + 1, up], axis=1)]
    )
    return points, faces


def horizontal(rect: Rect, z: float, up: bool, fine: bool = True) -> Mesh:
    """Return a floor (facing up) or ceiling (facing down) with texture coordinates in metres."""
    x0, y0, x1, y1 = rect
    us, vs = (_cuts(x0, x1), _cuts(y0, y1)) if fine else (np.array([x0, x1]), np.array([y0, y1]))
    points, faces = _cells(us, vs, ())
    vertices = np.column_stack([points, np.full(len(points), z)])
    normals = np.broadcast_to([0, 0, 1.0 if up else -1.0], vertices.shape)
    return make_mesh(vertices, faces if up else faces[:, ::-1], normals, points)


def vertical(
    axis: int,
    line: float,
    span: tuple[float, float],
    height: tuple[float, float],
    facing: int,
    holes: Sequence[Rect],
    step: float = _STEP,
) -> Mesh:
    """Return a wall face along `axis` at `line` whose front looks towards `facing` (+1 or -1)."""
    us = _cuts(*span, [v for hole in holes for v in hole[::2]], step)
    vs = _cuts(*height, [v for hole in holes for v in hole[1::2]], step)
    points, faces = _cells(us, vs, holes)
    vertices = np.empty((len(points), 3))
    vertices[:, axis], vertices[:, 1 - axis], vertices[:, 2] = points[:, 0], line, points[:, 1]
    normal = np.zeros(3)
    normal[1 - axis] = facing
    keeps = (axis == 0) == (facing < 0)
    uv = points * [1.0 if keeps else -1.0, 1.0]
    normals = np.broadcast_to(normal, vertices.shape)
    return make_mesh(vertices, faces if keeps else faces[:, ::-1], normals, uv)


def _holes(openings: Sequence[Opening], axis: int, line: float) -> list[Rect]:
    return [
        (o.lo, o.bottom if o.bottom > 0 else -1.0, o.hi, o.top)
        for o in openings
        if o.axis == axis and abs(o.line - line) < WALL
    ]


def _wall_lines(rect: Rect) -> list[tuple[int, int, float, tuple[float, float]]]:
    """Return (axis, side, line, span) of a rectangle's four sides."""
    x0, y0, x1, y1 = rect
    return [
        (0, -1, y0, (x0, x1)),
        (0, 1, y1, (x0, x1)),
        (1, -1, x0, (y0, y1)),
        (1, 1, x1, (y0, y1)),
    ]


def room_structure(plan: FloorPlan, index: int, finish: RoomFinish) -> list[WorldObject]:
    """Return a room's floor, ceiling and walls."""
    room, openings = plan.rooms[index], plan.of(index)
    floor, ceiling, walls = Kit(), Kit(), Kit()
    floor.add(finish.floor, horizontal(room.rect, 0.0, True), collides=False)
    ceiling.add(finish.ceiling, horizontal(room.rect, plan.height, False), collides=False)
    for (axis, side, line, span), paint in zip(_wall_lines(room.inner), finish.walls, strict=True):
        holes = _holes(openings, axis, line)
        face = vertical(axis, line, span, (0.0, plan.height), -side, holes)
        walls.add(paint, face, collides=False)
        if finish.skirting is not None:
            _skirting(walls, finish.skirting, (axis, side, line, span), holes)
    solid = _solid_walls(room.inner, openings, plan.height)
    parts = [*_parts(walls), Part(solid, finish.ceiling.material, np.eye(4), visible=False)]
    return [
        WorldObject(f"floor_{index:02d}", None, _parts(floor)),
        WorldObject(f"ceiling_{index:02d}", None, _parts(ceiling)),
        WorldObject(f"walls_{index:02d}", None, tuple(parts)),
    ]


def _parts(kit: Kit) -> tuple[Part, ...]:
    return tuple(Part(p.mesh, p.material, np.eye(4), collides=p.collides) for p in kit.pieces())


def _spans(span: tuple[float, float], holes: Sequence[Rect]) -> list[tuple[float, float]]:
    """Return the pieces of a wall between the holes that reach the floor."""
    doors = sorted((h[0], h[2]) for h in holes if h[1] < 0)
    edges = [span[0], *(v for door in doors for v in door), span[1]]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 0.01]


def _skirting(
    kit: Kit,
    finish: Finish,
    wall: tuple[int, int, float, tuple[float, float]],
    holes: Sequence[Rect],
) -> None:
    axis, side, line, span = wall
    for a, b in _spans(span, [(h[0] - 0.07, h[1], h[2] + 0.07, h[3]) for h in holes]):
        at = [0.0, 0.0, 0.045]
        at[axis], at[1 - axis] = (a + b) / 2, line - side * 0.007
        size = (b - a, 0.014) if axis == 0 else (0.014, b - a)
        kit.add(finish, block(*size, 0.09, 0.004), at, collides=False)


def _solid_walls(inner: Rect, openings: Sequence[Opening], height: float) -> Mesh:
    """Return unseen boxes that fill half of each wall around a room."""
    thick = WALL / 2
    boxes = []
    for axis, side, line, span in _wall_lines(inner):
        for a, b in _spans((span[0] - thick, span[1] + thick), _holes(openings, axis, line)):
            at = [0.0, 0.0, height / 2]
            at[axis], at[1 - axis] = (a + b) / 2, line + side * thick / 2
            size = (b - a, thick) if axis == 0 else (thick, b - a)
            boxes.append(moved(block(*size, height, 0.001), pose(at)))
    return merged(boxes)


def outer_structure(plan: FloorPlan, facade: Finish, caps: Finish) -> WorldObject:
    """Return the outside of the house and the tops of all walls."""
    kit = Kit()
    x0, y0, x1, y1 = plan.outline
    h = WALL / 2
    hull = (x0 - h, y0 - h, x1 + h, y1 + h)
    for axis, side, line, span in _wall_lines(hull):
        openings = [o for o in plan.openings if len(o.rooms) == 1]
        face = vertical(axis, line, span, (0.0, plan.height), side, _holes(openings, axis, line))
        kit.add(facade, face, collides=False)
    for room in plan.rooms:
        kit.add(caps, _rim(room.inner, WALL / 2, plan.height), collides=False)
    return WorldObject("outer_walls", None, _parts(kit))


def _rim(inner: Rect, width: float, z: float) -> Mesh:
    """Return a flat frame around a rectangle, facing up."""
    x0, y0, x1, y1 = inner
    w = width
    strips = [
        (x0 - w, y0 - w, x1 + w, y0),
        (x0 - w, y1, x1 + w, y1 + w),
        (x0 - w, y0, x0, y1),
        (x1, y0, x1 + w, y1),
    ]
    return merged(
        [scaled_uv(horizontal(strip, z + 0.002, True, fine=False), 1.0) for strip in strips]
    )
