"""Generated homes: furnished, reachable, without overlaps, the same for the same seed."""

from __future__ import annotations

import itertools
from collections import Counter
from functools import lru_cache

import cv2
import numpy as np
import pytest

from goat.errors import ConfigError, UnknownNameError
from sim.surfaces import collision_triangles
from sim.worlds.palette import COLORS
from sim.worlds.procedural import HomeGenConfig, generate_home
from sim.worlds.world import Part, World, WorldObject

SEEDS = range(20)
CELL = 0.03
RADIUS = 0.2
MATERIALS = {
    "wood", "metal", "fabric", "leather", "plastic", "ceramic", "glass", "stone", "paper", "plant",
}  # fmt: skip
ON_FLOOR = {
    "armchair", "backpack", "basket", "bathtub", "bed", "bench", "bookshelf", "chair", "coat stand",
    "coffee table", "desk", "dining table", "dresser", "fridge", "guitar", "nightstand",
    "office chair", "oven", "shoe rack", "shower", "sofa", "stool", "suitcase", "toilet",
    "trash can", "tv stand", "wardrobe", "washing machine", "sink",
}  # fmt: skip
SEATS = {"chair", "office chair"}
TABLES = {"dining table", "desk"}


@lru_cache(maxsize=len(SEEDS))
def home(seed: int) -> World:
    return generate_home(seed)


def bounds(item: WorldObject) -> np.ndarray:
    corners = [_points(part) for part in item.parts if part.visible]
    points = np.concatenate(corners)
    return np.stack([points.min(axis=0), points.max(axis=0)])


def _points(part: Part) -> np.ndarray:
    matrix = part.world_from_part
    return part.mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]


def obstacles(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return a raster of everything a robot bumps into, and the corner of its first cell."""
    low = np.min([room.polygon.min(axis=0) for room in world.rooms], axis=0) - 0.5
    high = np.max([room.polygon.max(axis=0) for room in world.rooms], axis=0) + 0.5
    cols, rows = np.ceil((high - low) / CELL).astype(int)
    grid = np.zeros((rows, cols), np.uint8)
    for _, triangles in collision_triangles(world):
        z = triangles[..., 2]
        near = triangles[(z.max(axis=1) > 0.05) & (z.min(axis=1) < 1.41)]
        for triangle in np.round((near[..., :2] - low) / CELL - 0.5).astype(np.int32):
            cv2.fillConvexPoly(grid, triangle, 1)
            cv2.polylines(grid, [triangle], True, 1)
    return grid, low


def cell_of(xy: tuple[float, float], low: np.ndarray) -> tuple[int, int]:
    col, row = np.floor((np.asarray(xy) - low) / CELL).astype(int)
    return int(row), int(col)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_room_is_reachable_for_a_robot(seed: int) -> None:
    world = home(seed)
    grid, low = obstacles(world)
    free = (cv2.distanceTransform(1 - grid, cv2.DIST_L2, 5) * CELL > RADIUS).astype(np.uint8)
    _, labels = cv2.connectedComponents(free, connectivity=4)
    assert world.start is not None
    main = labels[cell_of(world.start[:2], low)]
    assert main != 0, "the start is blocked"
    for room in world.rooms:
        r0, c0 = cell_of(room.polygon.min(axis=0), low)
        r1, c1 = cell_of(room.polygon.max(axis=0), low)
        share = (labels[r0:r1, c0:c1] == main).mean()
        assert share > 0.08, f"{room.name}: only {share:.0%} of its floor can be reached"


@pytest.mark.parametrize("seed", SEEDS)
def test_furniture_neither_overlaps_nor_leaves_its_room(seed: int) -> None:
    world = home(seed)
    things = [o for o in world.objects if o.category in ON_FLOOR and bounds(o)[0, 2] < 0.02]
    boxes = [bounds(o) for o in things]
    for item, box in zip(things, boxes, strict=True):
        rooms = [room.polygon for room in world.rooms]
        inside = [
            (p.min(axis=0) - 0.005 <= box[0, :2]).all()
            and (p.max(axis=0) + 0.005 >= box[1, :2]).all()
            for p in rooms
        ]
        assert any(inside), f"{item.name} is in a wall"
    for (a, box_a), (b, box_b) in itertools.combinations(zip(things, boxes, strict=True), 2):
        gap = np.maximum(box_a[0] - box_b[1], box_b[0] - box_a[1])
        if gap[:2].max() > -0.02:
            continue
        seated = {a.category, b.category} & SEATS and {a.category, b.category} & TABLES
        limit = 0.16 if seated else 0.005
        area = shared_area(a, b)
        assert area < limit, f"{a.name} and {b.name} overlap by {area:.3f} m2"


def shared_area(a: WorldObject, b: WorldObject) -> float:
    """Return the floor area, m2, that both things cover."""
    low, high = bounds(a)[0, :2] - CELL, bounds(a)[1, :2] + CELL
    cols, rows = np.ceil((high - low) / CELL).astype(int)
    masks = []
    for item in (a, b):
        mask = np.zeros((rows, cols), np.uint8)
        for part in item.parts:
            flat = np.round((_points(part)[:, :2] - low) / CELL - 0.5).astype(np.int32)
            for triangle in flat[part.mesh.faces]:
                cv2.fillConvexPoly(mask, triangle, 1)
        masks.append(cv2.erode(mask, np.ones((3, 3), np.uint8)))
    return float((masks[0] & masks[1]).sum()) * CELL**2


@pytest.mark.parametrize("seed", SEEDS)
def test_homes_are_rich(seed: int) -> None:
    world = home(seed)
    counts = Counter(o.category for o in world.objects if o.category is not None)
    assert 4 <= len(world.rooms) <= 9
    assert len(counts) >= 35
    assert sum(count > 1 for count in counts.values()) >= 12
    assert counts["chair"] >= 2
    assert {"bed", "sofa", "fridge", "toilet", "lamp", "potted plant"} <= set(counts)
    triangles = sum(len(p.mesh.faces) for o in world.objects for p in o.parts if p.visible)
    images = {id(p.material.texture) for o in world.objects for p in o.parts}
    assert triangles <= 165_000
    assert len(images) <= 66
    assert len(world.lights) <= 7


NEEDED = {
    "kitchen": {"fridge", "oven", "sink"},
    "bedroom": {"bed", "nightstand"},
    "bathroom": {"toilet", "sink"},
    "living room": {"sofa", "tv", "tv stand", "coffee table"},
    "office": {"desk", "office chair"},
    "dining room": {"dining table", "chair"},
    "hallway": {"shoe rack"},
}


@pytest.mark.parametrize("seed", SEEDS)
def test_rooms_hold_what_their_name_promises(seed: int) -> None:
    world = home(seed)
    for room in world.rooms:
        low, high = room.polygon.min(axis=0), room.polygon.max(axis=0)
        at = [(o.category, o.parts[0].world_from_part[:2, 3]) for o in world.objects]
        here = {name for name, xy in at if (low <= xy).all() and (xy <= high).all()}
        assert here >= NEEDED[room.name], f"{room.name}: {NEEDED[room.name] - here} missing"


@pytest.mark.parametrize("seed", [0, 5])
def test_names_and_words_are_sound(seed: int) -> None:
    world = home(seed)
    names = [o.name for o in world.objects]
    assert len(set(names)) == len(names)
    materials = {id(p.material): p.material.name for o in world.objects for p in o.parts}
    assert len(set(materials.values())) == len(materials)
    for item in world.objects:
        if item.category is not None:
            assert item.attributes["color"] in COLORS
            assert item.attributes["material"] in MATERIALS
            assert item.category == item.category.lower()


def test_meshes_are_well_formed() -> None:
    for item in home(1).objects:
        for part in item.parts:
            mesh = part.mesh
            assert mesh.normals is not None
            assert mesh.uv is not None
            assert np.isfinite(mesh.vertices).all()
            assert np.isfinite(mesh.uv).all()
            lengths = np.linalg.norm(mesh.normals, axis=1)
            assert np.allclose(lengths, 1.0, atol=1e-3), item.name
            assert mesh.faces.max() < len(mesh.vertices)


def test_faces_agree_with_normals() -> None:
    """A face wound the wrong way is drawn black or not at all."""
    for item in home(2).objects:
        for part in item.parts:
            a, b, c = (part.mesh.vertices[part.mesh.faces[:, k]] for k in range(3))
            assert part.mesh.normals is not None
            mean = part.mesh.normals[part.mesh.faces].mean(axis=1)
            across = np.cross(b - a, c - a)
            sized = np.linalg.norm(across, axis=1) > 1e-9
            wrong = (np.einsum("ij,ij->i", across, mean) < 0) & sized
            assert wrong.mean() < 0.02, f"{item.name}: {wrong.mean():.0%} of its faces look inwards"


def signature(world: World) -> list[tuple]:
    return [
        (o.name, tuple(o.attributes.items()), len(o.parts), o.parts[0].world_from_part.tobytes(),
         o.parts[0].mesh.vertices.tobytes())
        for o in world.objects
    ]  # fmt: skip


def test_same_seed_same_home() -> None:
    assert signature(generate_home(3)) == signature(home(3))
    assert signature(home(4)) != signature(home(3))
    for a, b in zip(generate_home(3).objects, home(3).objects, strict=True):
        for part, twin in zip(a.parts, b.parts, strict=True):
            if part.material.texture is not None:
                assert np.array_equal(part.material.texture, twin.material.texture)


def test_identical_things_share_their_meshes() -> None:
    world = home(0)
    chairs = [o for o in world.objects if o.category == "chair"]
    meshes = {id(o.parts[0].mesh) for o in chairs}
    assert len(meshes) < len(chairs)


@pytest.mark.parametrize("rooms", [4, 5, 6, 7, 8, 9])
def test_number_of_rooms_is_kept(rooms: int) -> None:
    world = generate_home(11, HomeGenConfig(rooms=rooms, furnished=False))
    assert len(world.rooms) == rooms


@pytest.mark.parametrize("lighting", ["day", "evening", "night lamp"])
def test_lighting_changes_the_light_but_not_the_home(lighting: str) -> None:
    world = generate_home(0, HomeGenConfig(lighting=lighting))
    assert [o.name for o in world.objects] == [o.name for o in home(0).objects]
    assert 1 <= len(world.lights) <= 7


def test_wrong_settings_say_what_is_allowed() -> None:
    with pytest.raises(ConfigError, match="4 to 9"):
        HomeGenConfig(rooms=12)
    with pytest.raises(UnknownNameError, match="evening"):
        HomeGenConfig(lighting="evenin")
