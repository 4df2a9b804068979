"""Doors, windows, curtains and what is seen through the windows."""

from __future__ import annotations

import math

import numpy as np

from sim.worlds.furniture_storage import front
from sim.worlds.layout import WALL, FloorPlan, Opening, Rect
from sim.worlds.meshes import block, cylinder, merged, scaled_uv, surface, tube
from sim.worlds.model import Finish, Kit, Model, Placed
from sim.worlds.shell import horizontal, vertical
from sim.worlds.world import Mesh, Part, WorldObject

_LEAF = 0.04  # m; thickness of a door leaf


def opening_pose(opening: Opening) -> tuple[float, float, float]:
    """Return x, y, yaw of the middle of an opening at floor level; local +x crosses the wall."""
    middle = (opening.lo + opening.hi) / 2
    return (middle, opening.line, math.pi / 2) if opening.axis == 0 else (opening.line, middle, 0.0)


def _frame(kit: Kit, finish: Finish, opening: Opening) -> None:
    """Line an opening and cover its edges on both sides."""
    width, low, top = opening.hi - opening.lo, opening.bottom, opening.top
    deep = WALL + 0.012
    tall = top - low
    for sy in (-1, 1):
        kit.add(
            finish, block(deep, 0.025, tall, 0.003), (0, sy * (width / 2 - 0.0125), low + tall / 2)
        )
        for sx in (-1, 1):
            kit.add(
                finish,
                block(0.018, 0.08, tall + 0.06, 0.005),
                (sx * (deep / 2), sy * (width / 2 + 0.02), low + tall / 2 + 0.03),
            )
    kit.add(finish, block(deep, width, 0.025, 0.003), (0, 0, top - 0.0125))
    for sx in (-1, 1):
        kit.add(finish, block(0.018, width + 0.12, 0.08, 0.005), (sx * (deep / 2), 0, top + 0.02))
    if low > 0:
        kit.add(finish, block(deep + 0.1, width + 0.12, 0.03, 0.008), (0, 0, low + 0.002))


def frame_model(finish: Finish, opening: Opening) -> Kit:
    """Return the frame of a door or an arch."""
    kit = Kit()
    _frame(kit, finish, opening)
    return kit


def leaf_model(
    finish: Finish, metal: Finish, width: float, height: float, glass: Finish | None
) -> Model:
    """Build a door leaf with panels and handles, standing across x, about its middle."""
    kit = Kit()
    if glass is None:
        kit.add(finish, block(_LEAF, width, height, 0.004), (0, 0, height / 2 + 0.01))
        for z, tall in ((height * 0.28, height * 0.36), (height * 0.72, height * 0.42)):
            front(kit, finish, (_LEAF / 2 - 0.008, 0, z), width - 0.2, tall)
            _mirrored_front(kit, finish, z, width - 0.2, tall)
    else:
        _glazed_leaf(kit, finish, glass, width, height)
    y = width / 2 - 0.07
    for sx in (-1, 1):
        kit.add(
            metal,
            tube(
                [(sx * 0.02, y, 1.02), (sx * 0.06, y, 1.02), (sx * 0.062, y - 0.11, 1.02)], 0.009, 6
            ),
        )
        kit.add(
            metal, cylinder(0.026, 0.024, 0.012, 12), (sx * 0.02, y, 1.02), pitch=sx * math.pi / 2
        )
    return kit.model("door", finish)


def _mirrored_front(kit: Kit, finish: Finish, z: float, width: float, tall: float) -> None:
    back = Kit()
    front(back, finish, (_LEAF / 2 - 0.008, 0, 0), width, tall)
    for piece in back.pieces():
        mesh = piece.mesh if finish.tile is None else scaled_uv(piece.mesh, finish.tile)
        kit.add(finish, mesh, (0, 0, z), yaw=math.pi)


def _glazed_leaf(kit: Kit, finish: Finish, glass: Finish, width: float, height: float) -> None:
    for sy in (-1, 1):
        kit.add(
            finish,
            block(_LEAF, 0.11, height, 0.004),
            (0, sy * (width / 2 - 0.055), height / 2 + 0.01),
        )
    for z, tall in ((0.35, 0.68), (height - 0.05, 0.12), (1.02, 0.1)):
        kit.add(finish, block(_LEAF, width - 0.2, tall, 0.004), (0, 0, z))
    kit.add(glass, block(0.008, width - 0.2, height - 0.8, 0.001), (0, 0, height / 2 + 0.33))


def leaf_place(plan: FloorPlan, opening: Opening, model: Model) -> Placed:
    """Return the leaf standing open at a right angle, in the room that is not the hub."""
    room = plan.rooms[opening.rooms[-1]].inner
    axis = opening.axis
    middle = (room[0] + room[2]) / 2 if axis == 1 else (room[1] + room[3]) / 2
    inward = 1.0 if middle > opening.line else -1.0
    near_low = opening.lo - room[axis] < room[axis + 2] - opening.hi
    along = opening.lo + 0.025 + _LEAF / 2 if near_low else opening.hi - 0.025 - _LEAF / 2
    across = opening.line + inward * (WALL / 2 + 0.03 + model.size[1] / 2)
    x, y = (along, across) if axis == 0 else (across, along)
    yaw = 0.0 if axis == 0 else math.pi / 2
    if (axis == 0 and inward < 0) or (axis == 1 and inward > 0):
        yaw += math.pi
    return Placed(model, x, y, 0.0, yaw)


def entrance_place(opening: Opening, model: Model) -> Placed:
    """Return the front door, shut in its frame."""
    x, y, yaw = opening_pose(opening)
    return Placed(model, x, y, 0.0, yaw)


def window_model(frame: Finish, glass: Finish, opening: Opening) -> Model:
    """Build a window with a frame, casements and panes."""
    kit = Kit()
    _frame(kit, frame, opening)
    width, tall = opening.hi - opening.lo - 0.05, opening.top - opening.bottom - 0.05
    z = (opening.top + opening.bottom) / 2 - 0.005
    count = 1 if width < 0.9 else 2 if width < 1.7 else 3
    pane = width / count
    for k in range(count):
        y = (k - (count - 1) / 2) * pane
        for sy in (-1, 1):
            kit.add(frame, block(0.05, 0.055, tall, 0.003), (0.0, y + sy * (pane / 2 - 0.0275), z))
        for sz in (-1, 1):
            kit.add(
                frame, block(0.05, pane - 0.1, 0.055, 0.003), (0.0, y, z + sz * (tall / 2 - 0.0275))
            )
        kit.add(glass, block(0.006, pane - 0.1, tall - 0.1, 0.001), (0, y, z))
    return kit.model("window", frame)


def curtains(cloth: Finish, rod: Finish, width: float, top: float, bottom: float) -> Model:
    """Build a pair of drawn-back curtains on a rod; the back is at -x."""
    kit = Kit()
    span = width + 0.5
    kit.add(rod, tube([(0.02, -span / 2, top), (0.02, span / 2, top)], 0.012, 8), collides=False)
    for sy in (-1, 1):
        kit.add(
            rod, cylinder(0.022, 0.015, 0.04, 8), (0.02, sy * span / 2, top - 0.02), collides=False
        )
        drop = _folds(0.26 + 0.1 * width, top - 0.015, bottom)
        kit.add(cloth, drop, (0.02, sy * (span / 2 - 0.13 - 0.05 * width), 0), collides=False)
    return kit.model("curtain", cloth)


def _folds(width: float, top: float, bottom: float) -> Mesh:
    y = np.linspace(-width / 2, width / 2, 31)
    z = np.array([bottom, bottom + 0.25 * (top - bottom), bottom + 0.6 * (top - bottom), top])
    wave = np.sin(np.linspace(0, 12 * math.pi, 31)) * 0.028
    spread = np.array([1.06, 1.0, 0.95, 0.92])
    grid = np.empty((4, 31, 3))
    grid[..., 0] = wave[None, :] * np.array([1.15, 1.0, 0.9, 0.7])[:, None]
    grid[..., 1] = y[None, :] * spread[:, None]
    grid[..., 2] = z[:, None]
    return surface(grid, two_sided=True)


def backdrop(plan: FloorPlan, view: Finish, lawn: Finish) -> WorldObject:
    """Return what surrounds the house: a painted horizon and grass."""
    x0, y0, x1, y1 = plan.outline
    far = 3.0
    rect: Rect = (x0 - far, y0 - far, x1 + far, y1 + far)
    low, high = -0.6, 5.0
    kit, plain = [], Kit()
    for axis, side, line, span in (
        (0, -1, rect[1], rect[::2]),
        (0, 1, rect[3], rect[::2]),
        (1, -1, rect[0], rect[1::2]),
        (1, 1, rect[2], rect[1::2]),
    ):
        face = vertical(axis, line, (span[0], span[1]), (low, high), -side, (), 3.0)
        assert face.uv is not None
        uv = (face.uv - [0.0, low]) / [(high - low) * 2.0, high - low]
        kit.append(Mesh(face.vertices, face.faces, uv.astype(np.float32), None, face.normals))
    plain.add(lawn, _lawn(rect, (x0, y0, x1, y1)), collides=False)
    parts = [Part(merged(kit), view.material, np.eye(4), collides=False)]
    parts += [Part(p.mesh, p.material, np.eye(4), collides=False) for p in plain.pieces()]
    return WorldObject("surroundings", None, tuple(parts))


def _lawn(outer: Rect, inner: Rect) -> Mesh:
    strips = [
        (outer[0], outer[1], outer[2], inner[1]), (outer[0], inner[3], outer[2], outer[3]),
        (outer[0], inner[1], inner[0], inner[3]), (inner[2], inner[1], outer[2], inner[3]),
    ]  # fmt: skip
    return merged([horizontal(strip, -0.1, True, fine=False) for strip in strips])
