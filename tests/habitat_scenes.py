"""Folders in HM3D's layout and GOAT-Bench episodes for the fake habitat_sim."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from fake_habitat_nav import write_navmesh
from fake_habitat_scene import HEADER, world_of
from fake_habitat_settings import NavMeshSettings

from goat.bench.episodes import Episode, GoalObject, SceneEpisodes, Subtask
from goat.bench.format import read_episodes, write_episodes
from goat.bench.making import Eligible
from goat.errors import GoalError
from goat.frames import look_at
from goat.types import CameraIntrinsics, Float64Array, ObjectTruth, PhotoView
from sim.home import HomeConfig, HomeSim
from sim.surfaces import bake
from sim.truth import GroundTruth, room_at
from sim.worlds.world import World, WorldObject

DATASET = "hm3d_annotated_basis.scene_dataset_config.json"
_BARE = "hm3d_basis.scene_dataset_config.json"
_PHOTOS = 3  # of an object that is asked for by photo
_BORDER = 0.1  # m; free space around a start

# Folders


def make_hm3d(
    folder: Path,
    scenes: Mapping[str, str],
    semantics: bool = True,
    navmesh: bool = True,
    split: str = "val",
    structure: bool = False,
) -> Path:
    """Write what the fake reads as HM3D; return the annotated dataset configuration.

    Args:
        folder: What stands for data/scene_datasets/hm3d.
        scenes: "<number>-<hash>" -> what `fake_habitat_scene.world_of` takes.
        semantics: Write the semantic files.
        navmesh: Write navmeshes, for the robot of `NavMeshSettings()`.
        split: Folder of the scenes; "" puts them beside the configuration.
        structure: Annotate walls and floors, too, by their names, as HM3D does.
    """
    for name, spec in scenes.items():
        place = folder / split / name
        place.mkdir(parents=True, exist_ok=True)
        stem = name.split("-", 1)[-1]
        (place / f"{stem}.basis.glb").write_text(spec)
        if navmesh:
            write_navmesh(place / f"{stem}.basis.navmesh", spec, NavMeshSettings())
        if semantics:
            (place / f"{stem}.semantic.glb").write_text(spec)
            _write_semantics(place / f"{stem}.semantic.txt", world_of(spec), structure)
    pattern = {"stages": {"paths": {".glb": [f"{split}/*/*.basis.glb".lstrip("/")]}}}
    for name in (_BARE, DATASET):
        (folder / name).write_text(json.dumps(pattern, indent=1))
    return folder / DATASET


def _write_semantics(path: Path, world: World, structure: bool) -> None:
    lines = [HEADER]
    for number, item in enumerate(world.objects, start=1):
        category = item.category or (_structure(item.name) if structure else None)
        if category is not None:
            color = f"{(number * 2654435761) % 0xFFFFFF:06X}"
            lines.append(f'{number},{color},"{category}",{_region(world, item)}')
    path.write_text("\n".join([*lines, ""]))


def _structure(name: str) -> str:
    """Return "wall" of "outer_walls", and "unknown" of what has no such name."""
    return next((kind for kind in ("wall", "floor", "ceiling", "door") if kind in name), "unknown")


def _region(world: World, item: WorldObject) -> int:
    """Return the number of the room an object stands in, 0 for none."""
    surfaces = [surface for part in item.parts if (surface := bake(part)) is not None]
    middle = np.mean([surface.bounds.mean(axis=0) for surface in surfaces], axis=0)
    names = [room_at([room], middle) for room in world.rooms]
    return next((i for i, name in enumerate(names, start=1) if name is not None), 0)


# Episodes


def adapt_goat_bench(content_file: Path, scene: Path, out_file: Path, seed: int = 0) -> Path:
    """Write the episodes of a real GOAT-Bench file as if they had been made for a fake scene.

    Number, order, modalities and repeats stay; categories and objects become the scene's: the same
    category where there is one, distinct instances distinct objects while they last.

    Args:
        content_file: GOAT-Bench's, of any scene.
        scene: The .basis.glb of a folder made by `make_hm3d`.
        out_file: Where to write.
        seed: Chooses everything that is free.
    """
    real = read_episodes(content_file)
    spec = scene.read_text().strip()
    sim = HomeSim(world_of(spec), HomeConfig(preset="stretch"))
    try:
        content = _Adapter(real, sim, np.random.default_rng(seed)).content
    finally:
        sim.close()
    name = f"hm3d/val/{scene.parent.name}/{scene.name}"
    dataset = f"./data/scene_datasets/hm3d/{DATASET}"
    write_episodes(out_file, replace(content, scene=name, dataset=dataset))
    return out_file


class _Adapter:
    """Finds for each category and instance of a real scene one of a simulated home."""

    def __init__(self, real: SceneEpisodes, sim: HomeSim, rng: np.random.Generator) -> None:
        self._real, self._sim, self._rng = real, sim, rng
        self._truth = GroundTruth(sim)
        self._order = rng.permutation(sorted(self._truth.objects)).tolist()
        self._items: dict[str, list[ObjectTruth]] = {}
        self._categories = self._map_categories()
        self._instances = self._map_instances()

    @property
    def content(self) -> SceneEpisodes:
        episodes = tuple(self._episode(episode) for episode in self._real.episodes)
        goals = {
            category: tuple(self._goal(item) for item in self._reachable(category))
            for category in sorted(set(self._categories.values()))
        }
        return SceneEpisodes("", goals, episodes)

    def _reachable(self, category: str) -> list[ObjectTruth]:
        """Return the objects of a category that can be reached and seen, in a random order."""
        if category not in self._items:
            items = (self._truth.objects[number] for number in self._order)
            own = [item for item in items if item.category == category]
            self._items[category] = [item for item in own if len(self._truth.viewpoints(item.id))]
        return self._items[category]

    def _map_categories(self) -> dict[str, str]:
        """Return a category of the home for each of the real scene, its own where there is one."""
        there = {item.category for item in self._truth.objects.values()}
        wanted = sorted({*self._real.objects} | {s.category for s in self._asked})
        mapping = {name: name for name in wanted if name in there and self._reachable(name)}
        good = {item.category for item in Eligible().among(self._truth.objects).values()}
        free = self._rng.permutation(sorted(good - {*mapping})).tolist()
        for name in (name for name in wanted if name not in mapping):
            mapping[name] = self._choose(free, len(self._asked_of(name))) or self._common()
            free = [other for other in free if other != mapping[name]]
        return mapping

    def _choose(self, free: list[str], instances: int) -> str | None:
        """Return the first category with so many objects, or with the most."""
        for name in free:
            if len(self._reachable(name)) >= max(instances, 1):
                return name
        most = max(free, key=lambda name: len(self._reachable(name)), default=None)
        return most if most is not None and self._reachable(most) else None

    def _common(self) -> str:
        """Return the category of most objects, for when there are no others left."""
        there = sorted({item.category for item in self._truth.objects.values()})
        return max(there, key=lambda name: len(self._reachable(name)))

    def _map_instances(self) -> dict[tuple[str, str], ObjectTruth]:
        """Return an object for each (category, instance) that is asked for."""
        found: dict[tuple[str, str], ObjectTruth] = {}
        given: dict[str, int] = {}
        for name in sorted(self._categories):
            items = self._reachable(self._categories[name])
            for instance in self._asked_of(name):
                place = given.get(self._categories[name], 0)
                found[name, instance] = items[place % len(items)]
                given[self._categories[name]] = place + 1
        return found

    @property
    def _asked(self) -> list[Subtask]:
        return [subtask for episode in self._real.episodes for subtask in episode.subtasks]

    def _asked_of(self, category: str) -> list[str]:
        """Return the instances of a category that are asked for, in order, each once."""
        asked = (s.object for s in self._asked if s.category == category and s.object)
        return list(dict.fromkeys(asked))

    def _episode(self, episode: Episode) -> Episode:
        subtasks = tuple(self._subtask(subtask) for subtask in episode.subtasks)
        return Episode(episode.id, self._start(), self._sim.world.floor, subtasks)

    def _subtask(self, subtask: Subtask) -> Subtask:
        category = self._categories[subtask.category]
        if subtask.object is None:
            return Subtask(category, subtask.modality)
        item = self._instances[subtask.category, subtask.object]
        index = subtask.index % _PHOTOS if subtask.modality == "image" else 0
        return Subtask(category, subtask.modality, _id(item), index)

    def _start(self) -> tuple[float, float, float]:
        """Return a free pose that is not at the very edge of the free space."""
        place = self._sim.space.label_at(*self._sim.pose[:2])
        while True:
            x, y, yaw = self._sim.random_pose(self._rng)
            if self._sim.space.margin(x, y) > _BORDER and self._sim.space.label_at(x, y) == place:
                return x, y, yaw

    def _goal(self, item: ObjectTruth) -> GoalObject:
        places = self._truth.viewpoints(item.id)
        return GoalObject(
            id=_id(item),
            category=item.category,
            position=item.bounds.mean(axis=0),
            viewpoints=np.column_stack([places, np.full(len(places), self._sim.world.floor)]),
            coverage=(0.5,) * len(places),
            children=self._children(item.category),
            descriptions=(_words(item),),
            photos=self._photos(item) if item.id in self._pictured else (),
        )

    def _children(self, category: str) -> tuple[str, ...]:
        """Return what becomes of the children of the categories that became this one."""
        real = (
            child
            for name, now in self._categories.items()
            if now == category
            for goal in self._real.objects.get(name, ())
            for child in goal.children
        )
        found = {self._categories[child] for child in real if child in self._categories}
        return tuple(sorted(found - {category}))

    @cached_property
    def _pictured(self) -> frozenset[int]:
        """The objects that are asked for by photo."""
        return frozenset(
            self._instances[subtask.category, subtask.object].id
            for subtask in self._asked
            if subtask.modality == "image" and subtask.object is not None
        )

    def _photos(self, item: ObjectTruth) -> tuple[PhotoView, ...]:
        try:
            return tuple(self._truth.photo_view(item.id, self._rng) for _ in range(_PHOTOS))
        except GoalError:
            return self._plain_photos(item)

    def _plain_photos(self, item: ObjectTruth) -> tuple[PhotoView, ...]:
        """Return views of an object of which there is no good photo, from where it is seen."""
        middle = item.bounds.mean(axis=0)
        places = self._truth.viewpoints(item.id)
        places = places[np.linalg.norm(places - middle[:2], axis=1).argsort()[::-1]]
        camera = CameraIntrinsics.from_hfov(512, 512, math.radians(85.0))
        return tuple(
            PhotoView(look_at(self._eye(xy, middle), middle), camera, 0.0, 0.0)
            for xy in (places[i % len(places)] for i in range(_PHOTOS))
        )

    def _eye(self, xy: Float64Array, middle: Float64Array) -> Float64Array:
        if np.linalg.norm(xy - middle[:2]) < 0.01:  # straight above: nowhere is up
            xy = xy + 0.05
        return np.array([*xy, self._sim.world.floor + self._sim.camera_height])


def _id(item: ObjectTruth) -> str:
    return f"{item.category}_{item.id}"


def _words(item: ObjectTruth) -> str:
    """Return a short description."""
    color = item.attributes.get("color")
    words: Sequence[str | None] = ("the", color, item.category)
    where = "" if item.room is None else f" in the {item.room}"
    return " ".join(word for word in words if word) + where
