"""A robot in habitat_sim: scenes of HM3D, and whatever else Habitat loads.

habitat_sim runs in this process where it can be imported, and in another one otherwise: see
`sim.habitat_server`. Frames are converted here and nowhere else: z is up in the map, its floor is
the one that the robot started on, x and y are Habitat's x and -z.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import math
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

from goat.errors import ConfigError, SimulatorError
from goat.frames import MAP_FROM_HABITAT, habitat_of_yaw, mast_camera, planar, yaw_of_habitat
from goat.types import Action, Body, CameraIntrinsics, DiscreteAction, Observation, VelocityCommand
from sim.habitat_client import RUN, SERVER, RemoteEngine, ServerProcess, error_of
from sim.habitat_files import dataset_file, scene_file
from sim.habitat_server import Engine, EngineError
from sim.home import camera_preset

_ROOM = 4 * 2**20  # bytes for what is no image of the robot
_PROBED = 300.0  # s
_PLACES = 20
_HOW = (
    "install habitat_sim in an environment of its own (docs/habitat.md), with pyzmq and msgpack, "
    "and name its Python: --habitat /path/to/envs/habitat/bin/python; or name the address of a "
    "server that runs there: --habitat tcp://127.0.0.1:5555"
)


@dataclass(frozen=True)
class HabitatConfig:
    """How the robot is built, and where habitat_sim and its scenes are.

    The body is that of GOAT-Bench (https://arxiv.org/abs/2404.06609).
    """

    scenes: Path = Path("data/scene_datasets")
    """Folder of the scenes."""
    dataset: Path | None = None
    """Dataset configuration; by default the one beside the scenes, annotated if there is one."""
    habitat: str | None = None
    """Python of an environment with habitat_sim, or "tcp://host:port" of a server; None for this
    process."""
    gpu: int | None = None
    """Index of the GPU, -1 for none; None takes the first if there is one."""
    preset: str = "stretch"
    """Camera and size: see `sim.home.PRESETS`."""
    tilt: float = 0.0
    """Angle by which the camera looks down, rad."""
    height: float = 1.41
    """Height of the robot, m."""
    step_height: float = 0.05
    """What the agent takes for a floor that it can roll over, m."""
    climb: float = 0.2
    """What the navmesh takes for one, m."""
    forward_step: float = 0.25
    """Length of one FORWARD, m."""
    turn_step: float = math.radians(30.0)
    """Angle of one turn, rad."""
    slide: bool = False
    """Slide along obstacles instead of stopping at contact."""
    semantic: bool = True
    """Render object ids."""
    min_range: float = 0.1
    """Nearest depth the sensor returns, m."""
    max_range: float = 10.0
    """Farthest depth the sensor returns, m."""
    seed: int = 0
    """Of habitat_sim's random points."""

    @property
    def body(self) -> Body:
        """What a planner must know."""
        return Body(
            radius=camera_preset(self.preset).radius,
            height=self.height,
            step_height=self.step_height,
            forward_step=self.forward_step,
            turn_step=self.turn_step,
        )

    def settings(self, scene: Path, dataset: Path | None) -> dict[str, Any]:
        """Return what `sim.habitat_server.Engine.open` takes."""
        preset = camera_preset(self.preset)
        return {
            "scene": str(scene),
            "dataset": None if dataset is None else str(dataset),
            "width": preset.width,
            "height": preset.height,
            "hfov": math.degrees(preset.hfov),
            "mast": preset.mast,
            "tilt": self.tilt,
            "radius": preset.radius,
            "robot_height": self.height,
            "step_height": self.climb,
            "forward": self.forward_step,
            "turn": math.degrees(self.turn_step),
            "slide": self.slide,
            "rgb": True,
            "semantic": self.semantic,
            "gpu": self.gpu,
            "seed": self.seed,
        }


class HabitatEngine(Protocol):
    """habitat_sim, here or elsewhere."""

    def call(self, method: str, *arguments: Any) -> Any:
        """Do one of `sim.habitat_server.METHODS`."""
        ...

    def close(self) -> None:
        """Free it."""
        ...


class LocalEngine:
    """habitat_sim in this process."""

    def __init__(self) -> None:
        """Import it.

        Raises:
            SimulatorError: It is not installed.
        """
        try:
            self._engine = Engine()
        except EngineError as error:
            raise SimulatorError(f"{error}; {_HOW}") from error

    def call(self, method: str, *arguments: Any) -> Any:
        """Do one of `sim.habitat_server.METHODS`.

        Raises:
            SimulatorError: It cannot be done.
            StartPoseError: The robot does not fit where it is put.
        """
        if method == "open":
            _probe(json.dumps(arguments[0], sort_keys=True))
        try:
            return self._engine.call(method, *arguments)
        except EngineError as error:
            raise error_of(error.kind, str(error)) from error

    def close(self) -> None:
        """Close the scene."""
        self._engine.close()


def open_engine(config: HabitatConfig) -> HabitatEngine:
    """Return habitat_sim in this process or another.

    Raises:
        SimulatorError: It is nowhere, or does not start.
        MissingExtraError: It is in another process, and pyzmq or msgpack is missing here.
    """
    if config.habitat is None:
        if importlib.util.find_spec("habitat_sim") is None:
            raise SimulatorError(f"habitat_sim is not installed here: {_HOW}")
        return LocalEngine()
    preset = camera_preset(config.preset)
    room = _ROOM + 11 * preset.width * preset.height
    if "://" in config.habitat:
        return RemoteEngine(config.habitat, room=room)
    server = ServerProcess(config.habitat)
    try:
        return RemoteEngine(server.address, server, room)
    except BaseException:
        server.close()
        raise


@functools.cache
def _probe(settings: str) -> None:
    """Load a scene in a process that may die of it: habitat_sim ends it where a GPU or EGL fails.

    Raises:
        SimulatorError: It has died, or cannot load the scene.
    """
    command = [sys.executable, "-c", RUN, str(SERVER), "--check", settings]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PROBED, check=False)
    except subprocess.TimeoutExpired as error:
        raise SimulatorError(f"habitat_sim has loaded nothing in {_PROBED:.0f} s") from error
    words = "\n  ".join(done.stderr.strip().splitlines()[-5:])
    if done.returncode == 2:
        raise SimulatorError(words)
    if done.returncode != 0:
        raise SimulatorError(
            f"habitat_sim ends its process when it renders here (code {done.returncode})\n  "
            f"{words}\n--gpu -1 renders without a GPU; with one, EGL must find its driver: "
            "docs/habitat.md, troubleshooting"
        )


@dataclass(frozen=True, slots=True)
class SceneObject:
    """What is annotated of one object."""

    id: int
    """Its semantic id."""
    name: str
    """Such as "chair_12"."""
    category: str
    """What the annotators wrote."""
    corners: NDArray[np.float64]
    """(8, 3) of its box in the map, its z being Habitat's height."""


class HabitatSim:
    """A robot in a scene; implements `goat.protocols.Embodiment`."""

    def __init__(
        self, scene: str, config: HabitatConfig, dataset: str = "default",
        engine: HabitatEngine | None = None,
    ) -> None:  # fmt: skip
        """Load a scene and put the robot at a random place.

        Args:
            scene: As in episode files; see `sim.habitat_files.scene_file`.
            config: How it is built.
            dataset: "scene_dataset_config" of the episode file.
            engine: habitat_sim, which is closed in the end; None takes what the config says.

        Raises:
            SimulatorError: habitat_sim or the scene cannot be loaded.
            ConfigError: An unknown camera preset.
        """
        self.config, self.name = config, scene
        self._preset = camera_preset(config.preset)
        self._body = config.body
        self._base_from_camera = mast_camera(self._preset.mast, config.tilt)
        file = scene_file(config.scenes, scene)
        beside = dataset_file(config.scenes, file, dataset, config.dataset)
        self.engine = engine or open_engine(config)
        """habitat_sim."""
        try:
            found = self.engine.call("open", config.settings(file, beside))
            self.objects = tuple(_scene_object(*item) for item in found["objects"])
            """What is annotated."""
            self.low, self.high = found["low"], found["high"]
            """Bounds of the navmesh, Habitat's frame."""
            self._relabelled: dict[int, str] = {}
            self._stamp = 0.0
            self._put(self._lowest_place(), habitat_of_yaw(0.0))
        except BaseException:
            self.engine.close()
            raise

    @property
    def body(self) -> Body:
        """Size and step lengths."""
        return self._body

    @property
    def labels(self) -> dict[int, str]:
        """Semantic id -> category."""
        return {item.id: item.category for item in self.objects} | self._relabelled

    @property
    def camera(self) -> CameraIntrinsics:
        """Intrinsics of what `observe` returns."""
        return self._preset.intrinsics

    @property
    def camera_height(self) -> float:
        """Height of the camera above the floor, m."""
        return self._preset.mast

    @property
    def pose(self) -> tuple[float, float, float]:
        """True x, y (m) and yaw (rad) in the map."""
        x, y, _ = MAP_FROM_HABITAT.apply(self.position)
        return float(x), float(y), yaw_of_habitat(np.array(self._seen["rotation"]))

    @property
    def position(self) -> list[float]:
        """Where it stands, in Habitat's frame, m."""
        return self._seen["position"]

    @property
    def floor(self) -> float:
        """Height of the floor that it started on, m: 0 in the map."""
        return self._floor

    def relabel(self, categories: Mapping[str, str]) -> None:
        """Call objects what episodes call them: name -> category."""
        self._relabelled = {
            item.id: categories[item.name] for item in self.objects if item.name in categories
        }

    def reset(self, pose: tuple[float, float, float], floor: float) -> Observation:
        """Start again.

        Args:
            pose: x, y (m) and yaw (rad) in the map.
            floor: Height of the floor there, m.

        Raises:
            StartPoseError: The robot does not fit there.
        """
        self._stamp = 0.0
        place = MAP_FROM_HABITAT.inv().apply([pose[0], pose[1], floor])
        self._put(place, habitat_of_yaw(pose[2]))
        return self.observe()

    def observe(self) -> Observation:
        """Return what is sensed now; the same object until the robot acts."""
        if self._observation is None:
            self._observation = self._observed()
        return self._observation

    def act(self, action: Action) -> None:
        """Carry out a discrete action.

        Raises:
            ConfigError: It is a velocity: Habitat's robots take steps.
        """
        if isinstance(action, VelocityCommand):
            raise ConfigError("a robot in Habitat is driven by discrete actions, got a velocity")
        self._seen = self.engine.call("act", action.value)
        self._observation = None
        self._stamp += self._seconds(action)

    def close(self) -> None:
        """Free the simulator."""
        self.engine.close()

    def _lowest_place(self) -> list[float]:
        """Return the lowest of some random places: most of them may be on the roof."""
        return min((self.engine.call("random_point") for _ in range(_PLACES)), key=lambda p: p[1])

    def _put(self, place: Any, rotation: Any) -> None:
        self.engine.call("place", _floats(place), _floats(rotation))
        self._seen = self.engine.call("observe")
        self._observation: Observation | None = None
        self._floor = float(self._seen["position"][1])

    def _observed(self) -> Observation:
        seen = self._seen
        depth = seen["depth"]
        far = (depth < self.config.min_range) | (depth > self.config.max_range)
        x, y, yaw = self.pose
        return Observation(
            stamp=self._stamp,
            rgb=seen["rgb"],
            depth=np.where(far, np.float32(np.nan), depth),
            camera=self.camera,
            base_from_camera=self._base_from_camera,
            odom_from_base=planar(x, y, yaw),
            collided=seen["collided"],
            semantic=seen.get("ids"),
        )

    def _seconds(self, action: DiscreteAction) -> float:
        if action is DiscreteAction.STOP:
            return 0.0
        if action is DiscreteAction.FORWARD:
            return self._body.forward_step / self._body.max_linear
        return self._body.turn_step / self._body.max_angular


def _floats(values: Any) -> list[float]:
    return [float(value) for value in values]


def _scene_object(
    number: int, name: str, category: str, center: Any, half: Any, turned: Any
) -> SceneObject:
    signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T
    box = RigidTransform.from_components(center, Rotation.from_quat(turned))
    return SceneObject(number, name, category, MAP_FROM_HABITAT.apply(box.apply(signs * half)))
