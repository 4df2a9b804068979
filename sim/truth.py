"""Ground truth of a simulated home: for measurement and for writing goals, never for agents."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property

import cv2
import mujoco
import numpy as np

from goat.errors import UnknownNameError
from goat.types import (
    BoolArray,
    CellState,
    Float64Array,
    Int32Array,
    ObjectTruth,
    OccupancyGrid,
    PhotoView,
    UInt8Array,
)
from sim.footprint import Footprint
from sim.geodesic import GeodesicGrid
from sim.home import HomeSim
from sim.photo import PhotoConfig, find_view
from sim.worlds.world import Room

_RESOLUTION = 0.05  # m
_REACH = 1.0  # m; a viewpoint is at most this far from its object
_RAYS = 32
_FEW = 4  # rays that are tried before the others
_SPACING = 2  # cells between the viewpoints that are tried


class GroundTruth:
    """Implements `goat.protocols.Evaluator` for a `HomeSim`."""

    def __init__(self, sim: HomeSim, photo: PhotoConfig | None = None) -> None:
        """Look at the simulator; nothing slow happens before it is asked for.

        Args:
            sim: The simulated home.
            photo: How photos are taken; None takes the defaults.
        """
        self._sim = sim
        self._photo = photo or PhotoConfig()
        self._footprints: dict[int, Footprint] = {}
        self._viewpoints: dict[int, Float64Array] = {}
        self._fields: dict[int, Float64Array] = {}
        self._objects: dict[int, ObjectTruth] | None = None
        self._place = 0
        self._grid: tuple[OccupancyGrid, GeodesicGrid] | None = None

    @property
    def objects(self) -> Mapping[int, ObjectTruth]:
        """Every object that has a category, by id."""
        if self._objects is None:
            self._objects = {
                index: self._object(index, category)
                for index, category in self._sim.labels.items()
                if len(self._footprint(index).corners)
            }
        return self._objects

    def pose(self) -> tuple[float, float, float]:
        """Return the robot's true x, y (m) and yaw (rad) in the world."""
        return self._sim.pose

    def navigable(self) -> OccupancyGrid:
        """Return where the robot's centre can stand, connected to where it is; 5 cm cells."""
        return self._navigable()[0]

    def viewpoints(self, object_id: int) -> Float64Array:
        """Return (N, 2) navigable places within 1 m of the object that see it; may be empty.

        Raises:
            UnknownNameError: No object has this id.
        """
        grid, _ = self._navigable()
        if object_id not in self._viewpoints:
            self._viewpoints[object_id] = self._find_viewpoints(self._known(object_id), grid)
        return self._viewpoints[object_id]

    def geodesic(self, xy: tuple[float, float], object_ids: Sequence[int]) -> float:
        """Return the driving distance, m, from `xy` to the nearest viewpoint of any; may be inf.

        Raises:
            UnknownNameError: No object has one of the ids.
        """
        grid, links = self._navigable()
        best = math.inf
        for object_id in object_ids:
            viewpoints = self.viewpoints(object_id)
            if object_id not in self._fields:
                self._fields[object_id] = links.field(grid.cells(viewpoints))
            best = min(best, _distance_at(self._fields[object_id], grid, xy))
        return best

    def gap(self, xy: tuple[float, float], object_id: int) -> float:
        """Return the horizontal distance from `xy` to the object's nearest surface point, m.

        Raises:
            UnknownNameError: No object has this id.
        """
        return float(self._footprint(self._known(object_id)).gap(np.array([xy]))[0])

    def photo_view(self, object_id: int, rng: np.random.Generator) -> PhotoView:
        """Return a random view that has the object in its middle and shows it well.

        Raises:
            GoalError: No viewpoint sees the object well enough.
            UnknownNameError: No object has this id.
        """
        truth = self._object(self._known(object_id), self._sim.labels[object_id])
        grid, _ = self._navigable()
        free = grid.points(np.argwhere(grid.state == CellState.FREE))
        gaps = self._footprint(object_id).gap(free, self._photo.max_gap)
        places = free[(gaps <= self._photo.max_gap) & (gaps >= self._photo.min_gap)]
        return find_view(self._sim, truth, places, self._photo, rng)

    def take_photo(self, view: PhotoView) -> UInt8Array:
        """Return the photo (H, W, 3) of a view."""
        return self._sim.renderer.render(view.camera, view.map_from_camera).rgb

    def photo_ids(self, view: PhotoView) -> Int32Array:
        """Return the ids (H, W) of the objects in the photo of a view, 0 = none."""
        return self._sim.renderer.ids(view.camera, view.map_from_camera)

    def _known(self, object_id: int) -> int:
        if object_id not in self._sim.labels:
            raise UnknownNameError(
                f"no object with a category has id {object_id} in world {self._sim.world.name!r}; "
                "see `objects`"
            )
        return object_id

    def _footprint(self, object_id: int) -> Footprint:
        if object_id not in self._footprints:
            self._footprints[object_id] = Footprint(self._sim.world.objects[object_id - 1])
        return self._footprints[object_id]

    def _object(self, object_id: int, category: str) -> ObjectTruth:
        item = self._sim.world.objects[object_id - 1]
        bounds = self._footprint(object_id).bounds
        room = room_at(self._sim.world.rooms, bounds.mean(axis=0))
        return ObjectTruth(object_id, item.name, category, bounds, item.attributes, room)

    def _navigable(self) -> tuple[OccupancyGrid, GeodesicGrid]:
        """Return the grid of the free place the robot is in, and its links; cached."""
        place = self._sim.space.label_at(*self._sim.pose[:2])
        if self._grid is None or place not in (self._place, 0):
            self._place = place
            self._viewpoints.clear()
            self._fields.clear()
            grid = _sample_free(self._sim, place)
            links = GeodesicGrid(grid.state == CellState.FREE, _RESOLUTION)
            self._grid = _reached(grid, links, self._sim.pose[:2]), links
        return self._grid

    def _find_viewpoints(self, object_id: int, grid: OccupancyGrid) -> Float64Array:
        footprint = self._footprint(object_id)
        cells = np.argwhere(grid.state == CellState.FREE)
        points = grid.points(cells)
        near = footprint.gap(points, _REACH) <= _REACH
        thinned = near & (cells % _SPACING == 0).all(axis=1)
        candidates = points[thinned if thinned.any() else near]
        targets = footprint.surface_points(_RAYS, np.random.default_rng(object_id))
        seen = [self._sees(xy, object_id, targets) for xy in candidates]
        return candidates[np.array(seen, bool)]

    def _sees(self, xy: Float64Array, object_id: int, targets: Float64Array) -> bool:
        """Return whether a ray from the camera's height at `xy` (2,) first hits the object.

        Args:
            xy: (2,) m.
            object_id: The object.
            targets: (rays, 3) points on its surface; most places see one of the first few.
        """
        eye = np.array([*xy, self._sim.world.floor + self._sim.camera_height])
        return any(self._hits(eye, part, object_id) for part in (targets[:_FEW], targets[_FEW:]))

    def _hits(self, eye: Float64Array, targets: Float64Array, object_id: int) -> bool:
        """Return whether a ray from `eye` (3,) to any of `targets` (N, 3) ends at the object."""
        rays = targets - eye
        hits = np.full(len(rays), -1, np.int32)
        distances = np.empty(len(rays))
        reach = 1.1 * float(np.linalg.norm(rays, axis=1).max())
        mujoco.mj_multiRay(  # pyright: ignore[reportAttributeAccessIssue]
            self._sim.compiled.model, self._data, eye, rays.ravel(), None, True, -1,
            hits, distances, None, len(rays), reach,
        )  # fmt: skip
        return bool((self._sim.compiled.geom_object[hits[hits >= 0]] == object_id).any())

    @cached_property
    def _data(self) -> mujoco.MjData:  # pyright: ignore[reportAttributeAccessIssue]
        model = self._sim.compiled.model
        data = mujoco.MjData(model)  # pyright: ignore[reportAttributeAccessIssue]
        mujoco.mj_forward(model, data)  # pyright: ignore[reportAttributeAccessIssue]
        return data


def room_at(rooms: Sequence[Room], point: Float64Array) -> str | None:
    """Return the type of the room that holds `point` (x, y, ...), m; None if none does."""
    xy = (float(point[0]), float(point[1]))
    for room in rooms:
        if cv2.pointPolygonTest(room.polygon.astype(np.float32), xy, False) >= 0:
            return room.name
    return None


def _reached(grid: OccupancyGrid, links: GeodesicGrid, xy: tuple[float, float]) -> OccupancyGrid:
    """Return the grid with only the free cells that can be driven to from near `xy`.

    A place may hang together by slits barely wider than the robot, which cells of 5 cm close.
    """
    free = np.argwhere(grid.state == CellState.FREE)
    if len(free) == 0:
        return grid
    start = free[np.argmin(np.linalg.norm(grid.points(free) - xy, axis=1))]
    reached = np.isfinite(links.field(start[None]))
    state = np.where(reached, CellState.FREE, CellState.OCCUPIED).astype(np.uint8)
    return OccupancyGrid(state, grid.origin, grid.resolution)


def _sample_free(sim: HomeSim, place: int) -> OccupancyGrid:
    """Return the connected free place numbered `place` as cells of 5 cm, by their centres."""
    space = sim.space
    rows, cols = (math.floor(n * space.cell / _RESOLUTION) for n in space.labels.shape)
    row = ((np.arange(rows) + 0.5) * _RESOLUTION / space.cell).astype(int)
    col = ((np.arange(cols) + 0.5) * _RESOLUTION / space.cell).astype(int)
    free: BoolArray = space.labels[np.ix_(row, col)] == place
    state = np.where(free, CellState.FREE, CellState.OCCUPIED).astype(np.uint8)
    return OccupancyGrid(state, space.origin, _RESOLUTION)


def _distance_at(field: Float64Array, grid: OccupancyGrid, xy: tuple[float, float]) -> float:
    """Return the least of field + straight line over the 5 x 5 cells around `xy`, m."""
    cell = grid.cells(np.array(xy))
    offsets = np.argwhere(np.ones((5, 5), bool)) - 2
    around = cell + offsets
    around = around[grid.inside(around)]
    if len(around) == 0:
        return math.inf
    steps = np.linalg.norm(grid.points(around) - np.array(xy), axis=1)
    return float((field[around[:, 0], around[:, 1]] + steps).min())
