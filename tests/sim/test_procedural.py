"""Generated homes: furnished, reachable, without overlaps, the same for the same seed."""

from __future__ import annotations

import itertools
from collections import Counter
from functools import lru_cache

import cv2
import numpy as np
import pytest

from goat.errors import ConfigError, UnknownNameError
from goat.types import Body
from sim.collision import CollisionMap
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


@lru_cache(maxsize=1)
def space(seed: int) -> CollisionMap:
    return CollisionMap(home(seed), Body(radius=RADIUS))


def places(seed: int, radius: float) -> np.ndarray:
    """Return for each cell the connected place it belongs to for a disc; 1 holds the start."""
    floor, start = space(seed), home(seed).start
    assert start is not None
    free = (floor.clearance >= radius + 0.71 * floor.cell).astype(np.uint8)
    _, labels = cv2.connectedComponents(free, connectivity=4)
    main = labels[index_of(floor, np.array(start[:2]))]
    assert main != 0, "the start is blocked"
    return np.where(labels == main, 1, np.where(labels > 0, labels + 1, 0))


def index_of(floor: CollisionMap, xy: np.ndarray) -> tuple:
    cells = np.floor((xy - floor.origin) / floor.cell).astype(int)
    return tuple(np.clip(cells[..., ::-1], 0, np.array(floor.labels.shape) - 1).T)


def covered(item: WorldObject, floor: CollisionMap) -> np.ndarray:
    """Return a mask of the cells under the visible parts of a thing."""
    mask = np.zeros(floor.labels.shape, np.uint8)
    for part in item.parts:
        flat = (_points(part)[:, :2] - floor.origin) / floor.cell - 0.5
        cells = np.round(flat).astype(np.int32)[part.mesh.faces]
        inside = (cells >= 0) & (cells < mask.shape[::-1])
        cells = cells[inside.all(axis=(1, 2))]
        mask[cells[..., 1], cells[..., 0]] = 1
        for triangle in cells[np.ptp(cells, axis=1).max(axis=1) > 0.05 / floor.cell]:
            cv2.fillConvexPoly(mask, triangle, 1)
    return mask > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_every_room_is_reached_and_no_part_of_it_is_cut_off(seed: int) -> None:
    floor, labels, wide = space(seed), places(seed, 0.25), places(seed, 0.30)
    for room in home(seed).rooms:
        rows, cols = index_of(floor, room.polygon)
        box = np.s_[rows.min() : rows.max(), cols.min() : cols.max()]
        areas = np.bincount(labels[box].ravel(), minlength=2) * floor.cell**2
        areas[:2] = 0.0
        assert areas.max() < 0.3, f"{room.name}: a piece of {areas.max():.2f} m2 is cut off"
        share = (wide[box] == 1).mean()
        assert share > 0.08, f"{room.name}: ways of 0.6 m lead to only {share:.0%} of its floor"


@pytest.mark.parametrize("seed", SEEDS)
def test_nearly_everything_can_be_approached(seed: int) -> None:
    floor = space(seed)
    stand = (places(seed, RADIUS) == 1).astype(np.uint8)
    away = cv2.distanceTransform(1 - stand, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) * floor.cell
    things = [o for o in home(seed).objects if o.category is not None]
    far = [o.name for o in things if away[covered(o, floor)].min() > 0.9]
    assert len(far) <= 0.02 * len(things), f"out of reach: {far}"


def test_double_beds_can_be_left_on_both_sides() -> None:
    open_sides = []
    for seed in SEEDS[:10]:
        wide = places(seed, 0.25) == 1
        for item in home(seed).objects:
            if item.category == "bed":
                open_sides += [_both_sides(item, wide, space(seed))]
    doubles = [both for both in open_sides if both is not None]
    assert len(doubles) >= 6
    assert np.mean(doubles) >= 0.9


def _both_sides(bed: WorldObject, wide: np.ndarray, floor: CollisionMap) -> bool | None:
    """Return whether one can stand on either side of a bed; None for a narrow one."""
    matrix = bed.parts[0].world_from_part
    local = np.concatenate([part.mesh.vertices for part in bed.parts])
    half = local[:, 1].max()
    if half < 0.65:
        return None
    sides = np.array([(0.0, side * (half + 0.31), 0.0, 1.0) for side in (1, -1)])
    return bool(wide[index_of(floor, (sides @ matrix.T)[:, :2])].all())


def test_one_can_walk_around_most_dining_tables() -> None:
    sides = []
    for seed in SEEDS[10:]:
        wide, floor = places(seed, 0.25) == 1, space(seed)
        chairs = [bounds(o)[:, :2] for o in home(seed).objects if o.category == "chair"]
        for table in (o for o in home(seed).objects if o.category == "dining table"):
            ring = _ring(bounds(table)[:, :2], chairs)
            sides.append(int(wide[index_of(floor, ring)].sum()))
    assert len(sides) >= 10
    assert min(sides) >= 2
    assert np.mean(np.array(sides) == 4) >= 0.75


def _ring(table: np.ndarray, chairs: list[np.ndarray]) -> np.ndarray:
    """Return (4, 2) places on the four sides of a table (2, 2) and the chairs pushed under it."""
    middle, reach = table.mean(axis=0), np.ptp(table, axis=0) / 2 + 0.4
    near = [chair for chair in chairs if (abs(chair.mean(axis=0) - middle) < reach).all()]
    low = np.min([table[0], *(c[0] for c in near)], axis=0) - 0.3
    high = np.max([table[1], *(c[1] for c in near)], axis=0) + 0.3
    x, y = (low + high) / 2
    return np.array([(low[0], y), (high[0], y), (x, low[1]), (x, high[1])])


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
                assert twin.material.texture is not None
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
