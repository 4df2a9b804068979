"""The navmesh and the pathfinder of the fake habitat_sim.

A navmesh is two levels: a roof over everything (island 0), which is what makes points chosen at
random a trap, and the free space of the floor (islands from 1). Inside, points are (x, y) in the
map; outside they are Habitat's, in which y is the height and z = -y of the map.
"""

from __future__ import annotations

import copy
import itertools
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from fake_habitat_floor import XY, Floor
from fake_habitat_scene import world_of
from fake_habitat_settings import NavMeshSettings, Struct
from fake_habitat_types import Vector3, kill, vector, vectors

from goat.errors import WorldError
from goat.types import Body
from sim.collision import CollisionMap

LIFT = 0.05  # m; the navmesh lies above the floor that is seen
_ROOF = 3.0  # m above the floor
_SHARE = 1.5  # area of the roof, in areas of the floor
_BOX = (2.0, 4.0)  # m; how far points are snapped, across and up


class Roof:
    """A rectangle that nothing stands on."""

    count = 1

    def __init__(self, floor: Floor) -> None:
        low, high = floor.bounds
        grow = max(1.0, math.sqrt(_SHARE * floor.area / float(np.prod(high - low))))
        middle, half = 0.5 * (low + high), 0.5 * grow * (high - low)
        self.low, self.high = middle - half, middle + half
        self.area = float(np.prod(self.high - self.low))

    def island_area(self, island: int) -> float:
        return self.area

    def island_at(self, xy: XY) -> int | None:
        return 0 if self.margin(xy) >= 0.0 else None

    def nearest(self, xy: XY, island: int | None) -> XY:
        x, y = np.clip(xy, self.low, self.high).tolist()
        return x, y

    def margin(self, xy: XY) -> float:
        return float(min(np.min(xy - self.low), np.min(self.high - xy)))

    def move(self, start: XY, end: XY, slide: bool) -> XY:
        return self.nearest(end, None)

    def sample(self, rng: np.random.Generator, island: int) -> XY:
        x, y = rng.uniform(self.low, self.high).tolist()
        return x, y

    def path(self, start: XY, ends: Sequence[XY]) -> tuple[int, list[XY]]:
        chosen = min(range(len(ends)), key=lambda i: math.dist(start, ends[i]))
        return chosen, [start, ends[chosen]]

    def covers(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        (left, back), (right, front) = self.low, self.high
        return (x >= left) & (x <= right) & (y >= back) & (y <= front)


class Place(NamedTuple):
    """A point on the navmesh."""

    xy: XY
    level: int
    island: int
    distance: float


@dataclass(frozen=True)
class Navmesh:
    """The levels of one world for one robot."""

    floor: Floor
    ground: float
    """Height of the floor, m."""

    @cached_property
    def levels(self) -> tuple[Roof | Floor, ...]:
        return Roof(self.floor), self.floor

    @property
    def heights(self) -> tuple[float, ...]:
        return self.ground + _ROOF, self.ground + LIFT

    def first(self, level: int) -> int:
        """Return the number of a level's first island."""
        return sum(other.count for other in self.levels[:level])

    @property
    def count(self) -> int:
        return self.first(len(self.levels))

    def split(self, island: int) -> tuple[int, int]:
        """Return the level of an island and its number there."""
        level = 0 if island < self.levels[0].count else 1
        return level, island - self.first(level)

    def locate(self, point: Vector3, island: int = -1) -> Place | None:
        """Return the nearest place to a point, as far as points are snapped."""
        levels = range(len(self.levels)) if island < 0 else [self.split(island)[0]]
        own = None if island < 0 else self.split(island)[1]
        places = (self._on_level(point, level, own) for level in levels)
        return min(
            (place for place in places if place is not None),
            key=lambda place: place.distance,
            default=None,
        )

    def _on_level(self, point: Vector3, level: int, own: int | None) -> Place | None:
        xy = (point.x, -point.z)
        rise = abs(point.y - self.heights[level])
        found = self.levels[level].nearest(xy, own) if rise <= _BOX[1] else None
        if found is None or max(abs(found[0] - xy[0]), abs(found[1] - xy[1])) > _BOX[0]:
            return None
        at = self.levels[level].island_at(found)
        island = self.first(level) + (at or 0)
        return Place(found, level, island, math.hypot(math.dist(found, xy), rise))

    def point(self, xy: XY, level: int) -> Vector3:
        return Vector3(xy[0], self.heights[level], -xy[1])


@lru_cache(maxsize=6)
def build(spec: str, radius: float, height: float) -> Navmesh | None:
    """Return the navmesh of a world; None where no robot of that size can stand."""
    world = world_of(spec)
    try:
        space = CollisionMap(world, Body(radius=radius, height=height))
    except WorldError:
        return None
    return Navmesh(Floor(space), world.floor)


def write_navmesh(path: Path, spec: str, settings: NavMeshSettings) -> None:
    """Write a navmesh file: which world, for which robot."""
    path.write_text(json.dumps({"world": spec, "settings": settings.values()}, indent=1))


def _ends(value: Any) -> list[Vector3]:
    return vectors(value)


def _any(value: Any) -> Any:
    return value


class ShortestPath(Struct):
    FIELDS: ClassVar[dict[str, tuple[Callable[[Any], Any], Any]]] = {
        "requested_start": (vector, Vector3()),
        "requested_end": (vector, Vector3()),
        "points": (_any, []),
        "geodesic_distance": (_any, math.inf),
    }


class MultiGoalShortestPath(Struct):
    FIELDS: ClassVar[dict[str, tuple[Callable[[Any], Any], Any]]] = {
        "requested_start": (vector, Vector3()),
        "requested_ends": (_ends, []),
        "points": (_any, []),
        "geodesic_distance": (_any, math.inf),
        "closest_end_point_index": (_any, -1),
    }


class PathFinder:
    """Looks like habitat_sim.PathFinder; without a navmesh almost all of it is deadly."""

    def __init__(self) -> None:
        self._navmesh: Navmesh | None = None
        self._settings = NavMeshSettings()
        self._rng = np.random.default_rng(0)

    @property
    def is_loaded(self) -> bool:
        return self._navmesh is not None

    def seed(self, new_seed: int) -> None:
        self._rng = np.random.default_rng(new_seed)

    def load_nav_mesh(self, path: str) -> bool:
        """Read a file; False if there is none."""
        if not Path(path).is_file():
            return False
        content = json.loads(Path(path).read_text())
        settings = NavMeshSettings()
        for name, value in content["settings"].items():
            setattr(settings, name, value)
        return self.build(content["world"], settings)

    def build(self, spec: str, settings: NavMeshSettings) -> bool:
        """Compute the navmesh of a world (no method of the real one has this signature)."""
        self._settings = copy.copy(settings)
        self._navmesh = build(spec, settings.agent_radius, settings.agent_height)
        return self.is_loaded

    @property
    def _mesh(self) -> Navmesh:
        if self._navmesh is None:
            kill(139, "segmentation fault: the pathfinder was used without a navmesh")
        return self._navmesh

    @property
    def nav_mesh_settings(self) -> NavMeshSettings:
        assert self._mesh
        return self._settings

    @property
    def num_islands(self) -> int:
        return self._mesh.count

    @property
    def navigable_area(self) -> float:
        return self.island_area()

    def island_area(self, island_index: int = -1) -> float:
        if island_index < 0:
            return sum(level.area for level in self._mesh.levels)
        level, own = self._mesh.split(island_index)
        return self._mesh.levels[level].island_area(own)

    def get_island(self, point: Any) -> int:
        place = self._mesh.locate(vector(point))
        return -1 if place is None else place.island

    def get_bounds(self) -> tuple[Vector3, Vector3]:
        low, high = self._mesh.levels[0].low, self._mesh.levels[0].high
        top, ground = self._mesh.heights
        return Vector3(low[0], ground, -high[1]), Vector3(high[0], top, -low[1])

    def is_navigable(self, pt: Any, max_y_delta: float = 0.5) -> bool:
        mesh, point = self._mesh, vector(pt)
        rises = [
            abs(height - point.y)
            for level, height in zip(mesh.levels, mesh.heights, strict=True)
            if level.island_at((point.x, -point.z)) is not None
        ]
        return bool(rises) and min(rises) <= max_y_delta

    def snap_point(self, point: Any, island_index: int = -1) -> Vector3:
        place = self._mesh.locate(vector(point), island_index)
        if place is None:
            return Vector3(math.nan, math.nan, math.nan)
        return self._mesh.point(place.xy, place.level)

    def get_random_navigable_point(self, max_tries: int = 10, island_index: int = -1) -> Vector3:
        mesh = self._mesh
        if island_index < 0:
            areas = np.array([self.island_area(island) for island in range(mesh.count)])
            island_index = int(self._rng.choice(mesh.count, p=areas / areas.sum()))
        level, own = mesh.split(island_index)
        return mesh.point(mesh.levels[level].sample(self._rng, own), level)

    def distance_to_closest_obstacle(self, pt: Any, max_search_radius: float = 2.0) -> float:
        place = self._mesh.locate(vector(pt))
        if place is None:
            return math.inf
        margin = self._mesh.levels[place.level].margin(place.xy)
        return min(max(margin, 0.0), max_search_radius)

    def get_topdown_view(self, meters_per_pixel: float, height: float, eps: float = 0.5) -> Any:
        """Return (rows along z, columns along x) bool, from the bounds' lower corner."""
        low, high = self.get_bounds()
        columns, rows = (int((high[k] - low[k]) / meters_per_pixel) for k in (0, 2))
        x = low.x + np.arange(columns)[None, :] * meters_per_pixel
        y = -(low.z + np.arange(rows)[:, None] * meters_per_pixel)
        view = np.zeros((rows, columns), bool)
        for level, top in zip(self._mesh.levels, self._mesh.heights, strict=True):
            if abs(top - height) <= eps:
                view |= level.covers(x, y)
        return view

    def try_step(self, start: Any, end: Any) -> Vector3:
        return self._step(vector(start), vector(end), slide=True)

    def try_step_no_sliding(self, start: Any, end: Any) -> Vector3:
        return self._step(vector(start), vector(end), slide=False)

    def _step(self, start: Vector3, end: Vector3, slide: bool) -> Vector3:
        mesh = self._mesh
        here, there = mesh.locate(start), mesh.locate(end)
        if here is None or there is None or here.island != there.island:
            return start
        reached = mesh.levels[here.level].move(here.xy, (end.x, -end.z), slide)
        return mesh.point(reached, here.level)

    def find_path(self, path: ShortestPath | MultiGoalShortestPath) -> bool:
        """Fill in points and distance; infinite and False where there is no way."""
        several = isinstance(path, MultiGoalShortestPath)
        ends = path.requested_ends if several else [path.requested_end]
        found = self._path(path.requested_start, ends)
        path.points = [] if found is None else found[1]
        steps = itertools.pairwise(path.points)
        path.geodesic_distance = (
            math.inf if found is None else sum(math.dist(a, b) for a, b in steps)
        )
        if several:
            path.closest_end_point_index = -1 if found is None else found[0]
        return found is not None

    def _path(self, start: Vector3, ends: Sequence[Vector3]) -> tuple[int, list[Vector3]] | None:
        """Return which end is nearest and the corners of the way, whose ends keep their height.

        As in the real one, there is no way to any if one of the ends is off the navmesh.
        """
        mesh = self._mesh
        here, there = mesh.locate(start), [mesh.locate(end) for end in ends]
        if here is None or any(place is None for place in there):
            return None
        numbers = [i for i, place in enumerate(there) if place and place.island == here.island]
        goals = [place.xy for place in there if place and place.island == here.island]
        found = mesh.levels[here.level].path(here.xy, goals) if goals else None
        if found is None:
            return None
        chosen = numbers[found[0]]
        points = [mesh.point(xy, here.level) for xy in found[1]]
        points[0].y, points[-1].y = start.y, ends[chosen].y
        return chosen, points
