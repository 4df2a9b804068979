"""Scenes of the fake habitat_sim: files in HM3D's layout, whose contents name worlds of ours."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import sim_worlds
from fake_habitat_types import Vector3

from goat.errors import GoatError
from goat.frames import MAP_FROM_HABITAT
from sim.compile import CompiledWorld, compile_world
from sim.surfaces import bake
from sim.worlds import load_world
from sim.worlds.world import World, WorldObject

HEADER = "HM3D Semantic Annotations"
_SMALL = "sim_worlds:"  # for example "sim_worlds:two_room_world"


@lru_cache(maxsize=4)
def world_of(spec: str) -> World:
    """Return the world that a scene file names: see `load_world`, or one of `sim_worlds`."""
    if spec.startswith(_SMALL):
        return getattr(sim_worlds, spec.removeprefix(_SMALL))()
    return load_world(spec)


@lru_cache(maxsize=4)
def compiled_of(spec: str) -> CompiledWorld:
    return compile_world(world_of(spec))


@dataclass(frozen=True)
class Scene:
    """A scene that was found on disk."""

    path: Path
    """The .glb."""
    spec: str
    """Which world it is."""
    upright: bool
    """Whether a dataset configuration says which way is up; a bare .glb lies on its side."""
    objects: list[Any]
    """Of the semantic scene; empty unless annotated."""

    @property
    def navmesh(self) -> Path:
        return self.path.with_suffix(".navmesh")


def open_scene(scene_id: str, dataset: str) -> Scene:
    """Find and read a scene.

    Raises:
        AssertionError: As the real one, if there is none.
    """
    config = Path(dataset)
    known = dataset != "default" and config.is_file()
    path = _find(scene_id, config.parent if known else None)
    if path is None:
        raise AssertionError(f"ESP_CHECK failed: no scene {scene_id!r} in dataset {dataset!r}")
    try:
        spec = path.read_text().strip()
        world_of(spec)
    except (UnicodeDecodeError, GoatError, AttributeError) as error:
        raise AssertionError(f"ESP_CHECK failed: cannot load {path}: {error}") from error
    annotated = known and "annotated" in config.name
    return Scene(path, spec, known, _objects(path, spec) if annotated else [])


def _find(scene_id: str, folder: Path | None) -> Path | None:
    """Return the file of a path or, in a dataset, of a handle."""
    if Path(scene_id).is_file():
        return Path(scene_id)
    if folder is None or not scene_id:
        return None
    stages = sorted(p for p in folder.rglob("*.glb") if not p.name.endswith(".semantic.glb"))
    name = scene_id.rsplit("/", 1)[-1]
    return next((stage for stage in stages if name in str(stage.relative_to(folder))), None)


def _objects(path: Path, spec: str) -> list[Any]:
    """Return the objects of <hash>.semantic.txt, in an order that is not that of their ids."""
    stem = path.name.removesuffix(".basis.glb").removesuffix(".glb")
    text, mesh = (path.with_name(f"{stem}.semantic.{ext}") for ext in ("txt", "glb"))
    if not (text.is_file() and mesh.is_file()):
        return []
    head, *lines = text.read_text().splitlines()
    if HEADER not in head:
        raise AssertionError(f"ESP_CHECK failed: {text} is not of HM3D")
    world = world_of(spec)
    found: list[Any] = [SemanticObject(0, "Unknown", -1, None)]
    for number, _color, category, region in csv.reader(line for line in lines if line.strip()):
        item = world.objects[int(number) - 1]
        found.append(SemanticObject(int(number), category, int(region), item))
    return [*found, None]  # the real list may hold nothing at a place, too


class SemanticObject:
    """One annotated object; its box is right in `obb`, and wrong, as in 0.3.3, in `aabb`."""

    def __init__(self, number: int, category: str, region: int, item: WorldObject | None) -> None:
        self.semantic_id = number
        self.id = f"{category}_{number}"
        self.category = Category(category)
        self.region = SimpleNamespace(id=f"_{region}")
        self._item = item

    @cached_property
    def _corners(self) -> np.ndarray:
        """(2, 3) lower and upper corner in Habitat's world."""
        if self._item is None:
            return np.zeros((2, 3))
        parts = [p for p in self._item.parts if p.visible] or self._item.parts
        points = np.concatenate([s.corners.reshape(-1, 3) for p in parts if (s := bake(p))])
        points = MAP_FROM_HABITAT.inv().apply(points.astype(float))
        return np.stack([points.min(axis=0), points.max(axis=0)])

    @property
    def obb(self) -> SimpleNamespace:
        low, high = self._corners
        return SimpleNamespace(
            center=Vector3(0.5 * (low + high)),
            sizes=Vector3(high - low),
            half_extents=Vector3(0.5 * (high - low)),
            rotation=np.array([0.0, 0.0, 0.0, 1.0], np.float32),
        )

    @property
    def aabb(self) -> Range3D:
        return Range3D(np.minimum(self._corners[0], 0.0), np.maximum(self._corners[1], 0.0))


class Category:
    def __init__(self, name: str) -> None:
        self._name = name

    def name(self, mapping: str = "") -> str:
        return self._name

    def index(self, mapping: str = "") -> int:
        return hash(self._name) % 1000  # differs from run to run, like the real one's


class Range3D:
    """Looks like magnum.Range3D."""

    def __init__(self, low: np.ndarray, high: np.ndarray) -> None:
        self.min, self.max = Vector3(low), Vector3(high)

    def center(self) -> Vector3:
        return (self.min + self.max) * 0.5

    def size(self) -> Vector3:
        return self.max - self.min


def semantic_scene(scene: Scene) -> SimpleNamespace:
    named = [item for item in scene.objects if item is not None]
    return SimpleNamespace(
        objects=scene.objects,
        categories=[item.category for item in named],
        regions=[SimpleNamespace(id=name) for name in sorted({i.region.id for i in named})],
        levels=[],
    )
