"""The two real worlds: complete, labelled, the right size, and open to the robot."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from world_writing import bounds

from goat.types import Body
from sim.collision import CollisionMap
from sim.worlds.label_files import COLORS, MATERIALS
from sim.worlds.sdf import load_sdf
from sim.worlds.world import World, WorldObject


def _load(data_dir: Path, name: str, file: str | None = None) -> World:
    path = data_dir / "worlds" / name / "worlds" / f"{file or name}.world"
    if not path.is_file():
        pytest.skip(f"no world at {path}")
    return load_sdf(path)


@pytest.fixture(scope="module")
def house(data_dir: Path) -> World:
    return _load(data_dir, "small_house")


@pytest.fixture(scope="module")
def warehouse(data_dir: Path) -> World:
    return _load(data_dir, "small_warehouse")


def _named(world: World, name: str) -> WorldObject:
    return next(thing for thing in world.objects if thing.name == name)


def test_house_is_complete(house: World) -> None:
    parts = [part for thing in house.objects for part in thing.parts]
    drawn = [part for part in parts if part.visible]
    balls = sum(len(p.mesh.faces) for o in house.objects if o.category == "ball" for p in o.parts)
    # 145,844 in the mesh files, two of which have no area; the balls are shapes, not meshes.
    assert sum(len(p.mesh.faces) for p in drawn) == 145_842 + balls // 2
    assert len(house.objects) == 87
    assert len({id(p.mesh) for p in drawn}) < len(drawn)
    textures = [p.material.texture for p in drawn if p.material.texture is not None]
    assert max(max(t.shape) for t in textures) <= 512
    assert len({id(t) for t in textures}) < 70


def test_house_misses_the_textures_that_its_source_misses(house: World) -> None:
    assert len(house.warnings) == 2
    assert sum("Carpet_01.png" in line for line in house.warnings) == 1
    assert sum("DeskPortraitB_02.jpg" in line for line in house.warnings) == 1


def test_house_has_the_size_of_a_house(house: World) -> None:
    low, high = bounds(_named(house, "Door_01_001"))
    np.testing.assert_allclose(high - low, [1.0, 0.14, 2.22], atol=0.02)
    low, high = bounds(_named(house, "ChairA_01_003"))
    assert low[2] == pytest.approx(0.01, abs=0.01)
    assert high[2] == pytest.approx(0.92, abs=0.02)
    low, high = bounds(_named(house, "HouseWallB_01_001"))
    np.testing.assert_allclose(high - low, [19.0, 11.4, 3.0], atol=0.05)


def test_house_is_labelled(house: World) -> None:
    count = Counter(thing.category for thing in house.objects)
    expected = {"chair": 8, "trash can": 2, "picture": 20, "tv": 2, "bed": 1, "refrigerator": 1}
    assert {name: count[name] for name in expected} == expected
    assert {o.name for o in house.objects if o.category is None} == {
        "HouseWallB_01_001",
        "FloorB_01_001",
        "RoomWall_01_001",
    }
    colors = {o.attributes["color"] for o in house.objects if o.category == "chair"}
    assert colors == {"blue", "orange"}
    rooms = {room.name for room in house.rooms}
    assert {"kitchen", "bedroom", "living room"} <= rooms


@pytest.mark.parametrize("name", ["house", "warehouse"])
def test_labels_use_the_vocabulary(name: str, request: pytest.FixtureRequest) -> None:
    world: World = request.getfixturevalue(name)
    for thing in world.objects:
        assert thing.attributes.get("color", "red") in COLORS
        assert thing.attributes.get("material", "wood") in MATERIALS
        assert thing.category is None or "aws" not in thing.category


@pytest.mark.parametrize(("name", "area"), [("house", 110.0), ("warehouse", 150.0)])
def test_robot_can_drive(name: str, area: float, request: pytest.FixtureRequest) -> None:
    world: World = request.getfixturevalue(name)
    free = CollisionMap(world, Body())
    assert np.count_nonzero(free.labels == free.largest) * free.cell**2 > area
    assert world.start is not None
    assert free.label_at(*world.start[:2]) == free.largest


def test_every_room_of_the_house_is_entered(house: World) -> None:
    free = CollisionMap(house, Body())
    for room in house.rooms:
        rows, cols = np.nonzero(free.labels == free.largest)
        x, y = (cols + 0.5) * free.cell + free.origin[0], (rows + 0.5) * free.cell + free.origin[1]
        low, high = room.polygon.min(axis=0), room.polygon.max(axis=0)
        inside = (x > low[0]) & (x < high[0]) & (y > low[1]) & (y < high[1])
        assert np.count_nonzero(inside) * free.cell**2 > 2.0, room.name


def test_obstacles_are_where_a_robot_mapped_them(house: World, data_dir: Path) -> None:
    folder = data_dir / "worlds" / "small_house" / "maps" / "turtlebot3_waffle_pi"
    meta = yaml.safe_load((folder / "map.yaml").read_text())
    image = np.asarray(Image.open(folder / meta["image"]))[::-1]
    rows, cols = np.nonzero(image < 60)
    xy = np.stack([cols, rows], axis=1) * meta["resolution"] + np.array(meta["origin"][:2]) + 0.025
    free = CollisionMap(house, Body())
    size = np.array(free.clearance.shape[::-1])
    cells = np.floor((xy - free.origin) / free.cell).astype(int).clip(0, size - 1)
    near = free.clearance[cells[:, 1], cells[:, 0]] < 0.15
    assert near.mean() > 0.93


def test_warehouse_with_and_without_roof(warehouse: World, data_dir: Path) -> None:
    assert warehouse.warnings == ()
    assert warehouse.floor == pytest.approx(0.034)
    open_air = _load(data_dir, "small_warehouse", "no_roof_small_warehouse")
    assert len(open_air.objects) == len(warehouse.objects) - 1
    assert Counter(o.category for o in open_air.objects)["boxes"] == 10
    assert open_air.rooms
