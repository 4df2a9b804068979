"""Ground truth of a scene in habitat_sim: for measurement and for writing goals, never for agents.

Driving distances are habitat_sim's own, on its navmesh, as in the published benchmarks; viewpoints
are those of the episode files, and found by looking for objects that they do not have.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.errors import GoalError, UnknownNameError
from goat.frames import MAP_FROM_HABITAT, habitat_of_optical, look_at
from goat.types import (
    CameraIntrinsics,
    CellState,
    Float64Array,
    Int32Array,
    ObjectTruth,
    OccupancyGrid,
    PhotoView,
    UInt8Array,
)
from sim.habitat import HabitatSim, SceneObject
from sim.photo import PhotoConfig

_CELL = 0.05  # m
_REACH = 1.0  # m; a viewpoint is at most this far from its object
_SPACING = 0.2  # m between places that are looked from
_LEAST = 0.002  # of a picture that an object must fill to count as seen
_THUMBNAIL = 128  # px
_BELOW, _ABOVE = 0.5, 2.5  # m; an object farther than this from the floor is on another one


class HabitatTruth:
    """Implements `goat.protocols.Evaluator` for a `HabitatSim`."""

    def __init__(
        self, sim: HabitatSim, viewpoints: Mapping[str, Float64Array], photo: PhotoConfig
    ) -> None:
        """Look at the simulator, whose floor is that of its last start.

        Args:
            sim: The simulated scene.
            viewpoints: (N, 3) of objects, by their names, as in episode files, m.
            photo: How photos are taken.
        """
        self._sim, self._photo = sim, photo
        self._items = {item.id: item for item in sim.objects}
        self._viewpoints = {
            item.id: viewpoints[item.name] for item in sim.objects if item.name in viewpoints
        }
        self._grid: OccupancyGrid | None = None
        self._objects = {item.id: self._object(item) for item in sim.objects}

    @property
    def objects(self) -> Mapping[int, ObjectTruth]:
        """Every annotated object, by semantic id."""
        return self._objects

    def pose(self) -> tuple[float, float, float]:
        """Return the robot's true x, y (m) and yaw (rad) in the map."""
        return self._sim.pose

    def navigable(self) -> OccupancyGrid:
        """Return where the robot can stand on the floor that it started on; 5 cm cells."""
        if self._grid is None:
            found = self._sim.engine.call("free", _CELL)
            free = found["free"][::-1]  # y in the map is Habitat's -z
            state = np.where(free, CellState.FREE, CellState.OCCUPIED).astype(np.uint8)
            origin = (found["low"][0], -(found["low"][1] + len(free) * _CELL))
            self._grid = OccupancyGrid(state, origin, _CELL)
        return self._grid

    def viewpoints(self, object_id: int) -> Float64Array:
        """Return (N, 2) places to stop at for an object; may be empty.

        Raises:
            UnknownNameError: No object has this id.
        """
        return self._places(object_id)[:, :2]

    def geodesic(self, xy: tuple[float, float], object_ids: Sequence[int]) -> float:
        """Return the driving distance, m, from `xy` to the nearest viewpoint of any; may be inf.

        Raises:
            UnknownNameError: No object has one of the ids.
        """
        height = self._sim.position[1]
        start = [float(xy[0]), height, -float(xy[1])]
        ends = np.concatenate([self._places(number) for number in object_ids] or [np.zeros((0, 3))])
        if len(ends) == 0:
            return math.inf
        places = MAP_FROM_HABITAT.inv().apply(ends)
        return float(self._sim.engine.call("distance", start, places.astype(np.float32)))

    def gap(self, xy: tuple[float, float], object_id: int) -> float:
        """Return the horizontal distance from `xy` to the object's box, m; inf on another floor.

        Raises:
            UnknownNameError: No object has this id.
        """
        corners = self._known(object_id).corners
        height = self._sim.position[1]
        if corners[:, 2].max() < height - _BELOW or corners[:, 2].min() > height + _ABOVE:
            return math.inf
        hull = cv2.convexHull(corners[:, :2].astype(np.float32))
        inside = cv2.pointPolygonTest(hull, (float(xy[0]), float(xy[1])), True)
        return max(0.0, -float(inside))

    def photo_view(self, object_id: int, rng: np.random.Generator) -> PhotoView:
        """Return a random view that has the object in its middle and shows it well.

        Raises:
            GoalError: No viewpoint sees the object well enough.
            UnknownNameError: No object has this id.
        """
        item, config = self._known(object_id), self._photo
        camera = CameraIntrinsics.from_hfov(config.size, config.size, config.hfov)
        near = self._near(item, config.min_gap, config.max_gap)
        for place in rng.permutation(near)[: config.tries]:
            eye = _above(place, rng.uniform(config.min_height, config.max_height))
            view = self._view(eye, item, camera)
            share = self._share(view, object_id)
            if config.min_frame <= share <= config.max_frame:
                return PhotoView(view.map_from_camera, camera, share, 1.0)
        raise GoalError(
            f"no viewpoint gives a good photo of {item.name!r}: {len(near)} free places within "
            f"{config.max_gap:g} m of it, up to {config.tries} tried; choose another object"
        )

    def take_photo(self, view: PhotoView) -> UInt8Array:
        """Return the photo (H, W, 3) of a view."""
        return self._photograph(view, False)

    def photo_ids(self, view: PhotoView) -> Int32Array:
        """Return the semantic ids (H, W) in the photo of a view, 0 = none."""
        return self._photograph(view, True)

    def _photograph(self, view: PhotoView, ids: bool) -> NDArray:
        position, rotation = habitat_of_optical(view.map_from_camera)
        camera = view.camera
        return self._sim.engine.call(
            "photo",
            [float(value) for value in position],
            [float(value) for value in rotation],
            [camera.height, camera.width],
            math.degrees(camera.hfov),
            ids,
        )

    def _known(self, object_id: int) -> SceneObject:
        if object_id not in self._items:
            raise UnknownNameError(
                f"no annotated object has id {object_id} in {self._sim.name!r}; see `objects`"
            )
        return self._items[object_id]

    def _object(self, item: SceneObject) -> ObjectTruth:
        """Return what is true of an object, in the robot's map: its floor is at 0."""
        bounds = np.stack([item.corners.min(axis=0), item.corners.max(axis=0)])
        bounds[:, 2] -= self._sim.floor
        return ObjectTruth(item.id, item.name, self._sim.labels[item.id], bounds)

    def _places(self, object_id: int) -> Float64Array:
        """Return (N, 3) viewpoints, z being Habitat's height."""
        item = self._known(object_id)
        if object_id not in self._viewpoints:
            self._viewpoints[object_id] = self._seen_from(item)
        return self._viewpoints[object_id]

    def _seen_from(self, item: SceneObject) -> Float64Array:
        """Return the places near an object from which a robot's camera sees it."""
        camera = CameraIntrinsics.from_hfov(_THUMBNAIL, _THUMBNAIL, self._photo.hfov)
        near = self._near(item, 0.0, _REACH)
        eyes = _above(near, self._sim.camera_height)
        seen = [self._share(self._view(eye, item, camera), item.id) > _LEAST for eye in eyes]
        return near[np.array(seen, bool)]

    def _near(self, item: SceneObject, least: float, most: float) -> Float64Array:
        """Return (N, 3) places on the floor at some distance from an object, m."""
        grid = self.navigable()
        cells = np.argwhere(grid.state == CellState.FREE)
        cells = cells[(cells % round(_SPACING / _CELL) == 0).all(axis=1)]
        places = grid.points(cells).reshape(-1, 2)
        gaps = np.array([self.gap((x, y), item.id) for x, y in places])
        places = places[(gaps >= least) & (gaps <= most)]
        return np.column_stack([places, np.full(len(places), self._sim.floor)])

    def _view(self, eye: Float64Array, item: SceneObject, camera: CameraIntrinsics) -> PhotoView:
        """Return the view of a camera that looks at the middle of an object."""
        target = item.corners.mean(axis=0)
        if np.hypot(*(target[:2] - eye[:2])) < 1e-3:
            target[0] += 0.01  # not straight down
        return PhotoView(look_at(eye, target), camera, 0.0, 0.0)

    def _share(self, view: PhotoView, object_id: int) -> float:
        return float((self.photo_ids(view) == object_id).mean())


def _above(places: Float64Array, height: float) -> Float64Array:
    """Return places (..., 3) raised by a height, m."""
    return places + np.array([0.0, 0.0, height])
