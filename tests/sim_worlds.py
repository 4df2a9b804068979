"""Small worlds built by hand, for tests that need geometry with known answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.worlds.world import Light, Material, Mesh, Part, Room, World, WorldObject

_BOX_FACES = np.array(
    [
        [0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7],
        [0, 1, 5], [0, 5, 4], [2, 3, 7], [2, 7, 6],
        [1, 2, 6], [1, 6, 5], [3, 0, 4], [3, 4, 7],
    ],
    np.int32,
)  # fmt: skip

WHITE = Material("white", (0.9, 0.9, 0.9, 1.0))


def box_mesh(size: Sequence[float]) -> Mesh:
    """Return a box of `size` (x, y, z) metres around the origin, seen from outside."""
    x, y, z = (0.5 * s for s in size)
    corners = [[-x, -y], [x, -y], [x, y], [-x, y]]
    vertices = [[*c, -z] for c in corners] + [[*c, z] for c in corners]
    return Mesh(np.array(vertices, np.float32), _BOX_FACES.copy())


def translation(xyz: Sequence[float]) -> np.ndarray:
    """Return a 4x4 matrix that moves by `xyz`."""
    matrix = np.eye(4)
    matrix[:3, 3] = xyz
    return matrix


def box_object(
    name: str,
    category: str | None,
    lower: Sequence[float],
    upper: Sequence[float],
    rgba: tuple[float, float, float, float] = (0.8, 0.8, 0.8, 1.0),
) -> WorldObject:
    """Return a box between two corners as an object of one part."""
    lo, hi = np.asarray(lower, float), np.asarray(upper, float)
    part = Part(box_mesh(hi - lo), Material(f"{name}_color", rgba), translation(0.5 * (lo + hi)))
    return WorldObject(name, category, (part,))


def floor_object(lower: Sequence[float], upper: Sequence[float]) -> WorldObject:
    """Return a slab whose top is at z = 0."""
    return box_object("floor", None, (*lower, -0.1), (*upper, 0.0), (0.6, 0.5, 0.4, 1.0))


def wall_objects(lower: Sequence[float], upper: Sequence[float]) -> list[WorldObject]:
    """Return four walls, 0.1 m thick and 2.5 m high, around a rectangle."""
    (x0, y0), (x1, y1) = lower, upper
    spans = [
        ((x0 - 0.1, y0 - 0.1), (x1 + 0.1, y0)),
        ((x0 - 0.1, y1), (x1 + 0.1, y1 + 0.1)),
        ((x0 - 0.1, y0), (x0, y1)),
        ((x1, y0), (x1 + 0.1, y1)),
    ]
    return [
        box_object(f"wall_{i}", None, (*a, 0.0), (*b, 2.5), (0.85, 0.85, 0.8, 1.0))
        for i, (a, b) in enumerate(spans)
    ]


def one_room_world(
    *objects: WorldObject, start: tuple[float, float, float] | None = (1.0, 2.0, 0.0)
) -> World:
    """Return a room of 6 x 4 m with its corner at the origin, and `objects` in it."""
    return World(
        name="one_room",
        objects=(floor_object((0, 0), (6, 4)), *wall_objects((0, 0), (6, 4)), *objects),
        rooms=(Room("living room", np.array([[0, 0], [6, 0], [6, 4], [0, 4]], float)),),
        start=start,
    )


def two_room_world() -> World:
    """Return two rooms of 4 x 4 m, joined by a door 1 m wide at (4, 2).

    West: a red chair and a table on thin legs. East: a blue chair and a bed. The robot starts
    in the west. Ids are 1-based in the order of `objects`.
    """
    legs = [
        Part(box_mesh((0.03, 0.03, 0.7)), WHITE, translation((x, y, 0.35)))
        for x in (2.5, 3.3)
        for y in (0.7, 1.3)
    ]
    top = Part(box_mesh((0.9, 0.7, 0.04)), WHITE, translation((2.9, 1.0, 0.72)))
    return World(
        name="two_rooms",
        objects=(
            floor_object((0, 0), (8, 4)),
            *wall_objects((0, 0), (8, 4)),
            box_object("divider_south", None, (3.95, 0, 0), (4.05, 1.5, 2.5)),
            box_object("divider_north", None, (3.95, 2.5, 0), (4.05, 4, 2.5)),
            box_object("chair_red", "chair", (0.4, 3.2, 0), (0.9, 3.7, 0.9), (0.8, 0.1, 0.1, 1)),
            WorldObject("table_01", "table", (*legs, top)),
            box_object("chair_blue", "chair", (7.0, 0.4, 0), (7.5, 0.9, 0.9), (0.1, 0.2, 0.8, 1)),
            box_object("bed_01", "bed", (5.6, 2.9, 0), (7.6, 4, 0.5), (0.9, 0.9, 0.95, 1)),
        ),
        rooms=(
            Room("living room", np.array([[0, 0], [4, 0], [4, 4], [0, 4]], float)),
            Room("bedroom", np.array([[4, 0], [8, 0], [8, 4], [4, 4]], float)),
        ),
        lights=(Light((2.0, 2.0, 2.3)), Light((6.0, 2.0, 2.3))),
        start=(1.0, 2.0, 0.0),
    )
