"""Stand-ins for the simulator, ground truth and the agent: flat, fast, deterministic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goat.errors import GoalError
from goat.frames import look_at, mast_camera, planar, planar_of
from goat.types import (
    Action,
    AgentFrame,
    Body,
    CameraIntrinsics,
    CellState,
    Detection,
    DiscreteAction,
    Goal,
    Instance,
    ObjectTruth,
    Observation,
    OccupancyGrid,
    Path,
    PhotoView,
    Status,
)

CAMERA = CameraIntrinsics.from_hfov(64, 48, math.radians(79))


def make_observation(
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0),
    camera: CameraIntrinsics = CAMERA,
    stamp: float = 0.0,
    *,
    collided: bool = False,
) -> Observation:
    """An observation of a grey wall 2 m ahead, with a colour gradient."""
    rgb = np.full((camera.height, camera.width, 3), 120, np.uint8)
    rgb[:, :, 0] = np.linspace(0, 255, camera.width, dtype=np.uint8)
    depth = np.full((camera.height, camera.width), 2.0, np.float32)
    return Observation(
        stamp, rgb, depth, camera, mast_camera(1.3), planar(*pose), collided=collided
    )


def make_detection(label: str = "chair", camera: CameraIntrinsics = CAMERA) -> Detection:
    """A detection that covers the middle of the image."""
    mask = np.zeros((camera.height, camera.width), bool)
    y0, y1 = camera.height // 4, 3 * camera.height // 4
    x0, x1 = camera.width // 4, 3 * camera.width // 4
    mask[y0:y1, x0:x1] = True
    return Detection(label, 0.9, np.array([x0, y0, x1, y1], np.float32), mask)


def make_instance(number: int, label: str, xy: tuple[float, float], size: float = 0.6) -> Instance:
    """A box of points around `xy`."""
    steps = np.linspace(-size / 2, size / 2, 6)
    grid = np.stack(np.meshgrid(steps, steps, steps + size / 2), -1).reshape(-1, 3)
    points = (grid + np.array([*xy, 0.0])).astype(np.float32)
    bounds = np.stack([points.min(0), points.max(0)])
    return Instance(number, {label: 1.0}, points, bounds, (), 0.0, 1.0)


def make_grid(side: float = 8.0, resolution: float = 0.05) -> OccupancyGrid:
    """A room with walls, centred at the origin, its left third unknown."""
    cells = round(side / resolution)
    state = np.full((cells, cells), CellState.FREE, np.uint8)
    state[[0, 1, -2, -1], :] = state[:, [0, 1, -2, -1]] = CellState.OCCUPIED
    state[:, : cells // 3] = CellState.UNKNOWN
    return OccupancyGrid(state, (-side / 2, -side / 2), resolution)


def make_frame(goal: Goal | None = None, step: int = 0, **changes: object) -> AgentFrame:
    """A frame with everything an observer may draw."""
    values = {
        "step": step,
        "observation": make_observation(),
        "map_from_base": planar(0.1 * step, 0.0, 0.3),
        "detections": (make_detection(),),
        "grid": make_grid(),
        "instances": (make_instance(1, "chair", (1.5, 0.5)), make_instance(2, "sofa", (1, -2))),
        "goal": goal,
        "target": 1,
        "probability": 0.8,
        "path": Path(np.array([[0.0, 0.0], [0.5, 0.2], [1.5, 0.5]])),
        "note": "driving to chair 1",
    }
    return AgentFrame(**(values | changes))  # type: ignore[arg-type]


class FakeRobot:
    """Drives on an endless empty plane."""

    def __init__(self, pose: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> None:
        self.body = Body()
        self.actions: list[Action] = []
        self._pose = planar(*pose)

    def observe(self) -> Observation:
        return make_observation(self.pose, stamp=float(len(self.actions)))

    def act(self, action: Action) -> None:
        self.actions.append(action)
        turn, step = self.body.turn_step, self.body.forward_step
        moves = {
            DiscreteAction.FORWARD: (step, 0.0, 0.0),
            DiscreteAction.TURN_LEFT: (0.0, 0.0, turn),
            DiscreteAction.TURN_RIGHT: (0.0, 0.0, -turn),
            DiscreteAction.STOP: (0.0, 0.0, 0.0),
        }
        self._pose = self._pose * planar(*moves[DiscreteAction(action)])

    def close(self) -> None:
        pass

    @property
    def pose(self) -> tuple[float, float, float]:
        return planar_of(self._pose)


@dataclass
class FakeTruth:
    """Objects on the plane; the way to them is straight."""

    robot: FakeRobot
    objects: Mapping[int, ObjectTruth]
    viewless: frozenset[int] = frozenset()

    def pose(self) -> tuple[float, float, float]:
        return self.robot.pose

    def navigable(self) -> OccupancyGrid:
        return OccupancyGrid(np.full((200, 200), CellState.FREE, np.uint8), (-5.0, -5.0), 0.05)

    def viewpoints(self, object_id: int) -> np.ndarray:
        if object_id in self.viewless:
            return np.zeros((0, 2))
        return self._middle(object_id)[None] - [[0.5, 0.0]]

    def geodesic(self, xy: tuple[float, float], object_ids: Sequence[int]) -> float:
        ways = [math.dist(xy, p) for i in object_ids for p in self.viewpoints(i)]
        return min(ways, default=math.inf)

    def gap(self, xy: tuple[float, float], object_id: int) -> float:
        return math.dist(xy, self._middle(object_id))

    def photo_view(self, object_id: int, rng: np.random.Generator) -> PhotoView:
        if object_id in self.viewless:
            raise GoalError("nothing sees it")
        target = self.objects[object_id].bounds.mean(axis=0)
        eye = target + np.array((*rng.uniform(0.5, 1.5, 2), 0.6))
        return PhotoView(look_at(eye, target), CAMERA, 0.2, 0.9)

    def take_photo(self, view: PhotoView) -> np.ndarray:
        seed = (1e6 * np.abs(view.map_from_camera.translation)).astype(int)
        return np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)

    def photo_ids(self, view: PhotoView) -> np.ndarray:
        """The object nearest to the middle covers the middle."""
        camera_from_map = view.map_from_camera.inv()
        ids = np.zeros((48, 64), np.int32)
        x, y, z = camera_from_map.apply([o.bounds.mean(axis=0) for o in self.objects.values()]).T
        off = np.where(z > 0.0, np.hypot(x, y), np.inf)
        ids[12:36, 16:48] = list(self.objects)[int(off.argmin())]
        return ids

    def _middle(self, object_id: int) -> np.ndarray:
        return self.objects[object_id].bounds.mean(axis=0)[:2]


def make_truth(
    number: int,
    category: str,
    xy: tuple[float, float],
    size: float = 0.5,
    room: str | None = None,
    **attributes: str,
) -> ObjectTruth:
    """A cube on the floor."""
    low, high = (
        (xy[0] - size / 2, xy[1] - size / 2, 0.0),
        (xy[0] + size / 2, xy[1] + size / 2, size),
    )
    bounds = np.array([low, high])
    return ObjectTruth(number, f"{category}_{number:02d}", category, bounds, attributes, room)


@dataclass
class FakeAgent:
    """Drives straight ahead `distance` steps, then says what it was told to say."""

    distance: int = 3
    verdict: Status = Status.REACHED
    fails_on: Sequence[int] = ()
    goals: list[Goal] = field(default_factory=list)
    status: Status | None = None
    reason: str = ""
    timings: dict[str, float] = field(default_factory=dict)

    def set_goal(self, goal: Goal) -> None:
        self.goals.append(goal)
        self.status, self.reason, self._steps = None, "", 0

    def step(self, observation: Observation) -> Action:
        if len(self.goals) - 1 in self.fails_on:
            raise RuntimeError("boom")
        self._observation = observation
        self._steps += 1
        if self._steps > self.distance:
            self.status, self.reason = self.verdict, "as told"
            return DiscreteAction.STOP
        return DiscreteAction.FORWARD

    def frame(self) -> AgentFrame:
        pose = self._observation.odom_from_base
        return make_frame(
            self.goals[-1], self._steps, observation=self._observation, map_from_base=pose
        )

    def close(self) -> None:
        pass
