"""A fake of the package habitat_sim 0.3.3 or 0.3.4, which renders with our own simulator.

It offers what an adapter needs and behaves, traps included, as measured on the real one
(shared/specs/habitat.md). What ends the real process raises `ProcessKilled` here. Environment:
FAKE_HABITAT ("0.3.3", the default, or "0.3.4"), FAKE_HABITAT_HARD=1 (end the process for real),
FAKE_HABITAT_GPUS (how many GPUs there are, by default none).
"""

from __future__ import annotations

import atexit
import os
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
from fake_habitat_agent import Agent, Sensor, SensorFactory
from fake_habitat_nav import MultiGoalShortestPath, PathFinder, ShortestPath
from fake_habitat_scene import Scene, compiled_of, open_scene, semantic_scene
from fake_habitat_settings import (
    ActionSpec,
    ActuationSpec,
    AgentConfiguration,
    AgentState,
    CameraSensorSpec,
    Configuration,
    NavMeshSettings,
    SensorSubType,
    SensorType,
    SimulatorConfiguration,
    SixDOFPose,
)
from fake_habitat_types import (
    ProcessKilled,
    Quaternion,
    Vector3,
    kill,
    quat_from_angle_axis,
    quat_from_coeffs,
    quat_rotate_vector,
    quat_to_coeffs,
)
from scipy.spatial.transform import Rotation

from goat.frames import optical_of_habitat
from goat.types import CameraIntrinsics
from sim.render import Frame, Renderer

__version__ = "0.3.3"  # of 0.3.4, too

LEFT_OPEN: list[Any] = []
"""Simulators that were not closed."""

_ON_ITS_SIDE = Rotation.from_euler("x", 90, degrees=True)


class _Simulator:
    """What both versions share; `Simulator` of this module is one of them."""

    def __init__(self, config: Configuration) -> None:
        self._thread = threading.get_ident()
        self._renderer: Renderer | None = None
        self._scene: Scene | None = None
        self._set(config)
        LEFT_OPEN.append(self)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self, destroy: bool = True) -> None:
        """Free everything; a second time does nothing."""
        if self in LEFT_OPEN:
            LEFT_OPEN.remove(self)
            self._forget_renderer()
            self.agents, self._drawn = [], {}
            self.pathfinder = self.semantic_scene = None

    def reconfigure(self, config: Configuration) -> None:
        """Switch to another scene or robot in place."""
        self._set(config)

    def _set(self, config: Configuration) -> None:
        sim_cfg = config.sim_cfg
        _sanitize(config)
        if sim_cfg.create_renderer and sim_cfg.gpu_device_id >= _gpus():
            kill(1, f"unable to find EGL device for CUDA device {sim_cfg.gpu_device_id}")
        scene = open_scene(sim_cfg.scene_id, sim_cfg.scene_dataset_config_file)
        if self._scene != scene:
            self._forget_renderer()
        self.config, self._scene = config, scene
        self._frames: dict[Any, Frame] = {}
        self.semantic_scene = semantic_scene(scene)
        self._ids = np.array([item.semantic_id for item in scene.objects if item is not None], int)
        self.pathfinder = self._find_navmesh(scene, sim_cfg.navmesh_settings)
        self.seed(sim_cfg.random_seed)
        self.agents = [Agent(agent, self) for agent in config.agents]
        self._drawn = dict(self.agents[0]._sensors)
        self.initialize_agent(0)

    def _find_navmesh(self, scene: Scene, wanted: NavMeshSettings | None) -> PathFinder:
        finder = PathFinder()
        if scene.upright:
            finder.load_nav_mesh(str(scene.navmesh))
        same = finder.is_loaded and finder.nav_mesh_settings == wanted
        if wanted is not None and not same:
            self.recompute_navmesh(finder, wanted)
        return finder

    def recompute_navmesh(self, pathfinder: PathFinder, settings: NavMeshSettings) -> bool:
        """Compute the navmesh anew; False where nobody can stand, as in a scene on its side."""
        assert self._scene is not None
        return self._scene.upright and pathfinder.build(self._scene.spec, settings)

    def seed(self, new_seed: int) -> None:
        self.pathfinder.seed(new_seed)
        self._rng = np.random.default_rng(new_seed)

    def get_agent(self, agent_id: int) -> Agent:
        return self.agents[agent_id]

    def initialize_agent(self, agent_id: int, initial_state: AgentState | None = None) -> Agent:
        """Put an agent anywhere on the navmesh, often on the roof, if not told where."""
        if initial_state is None:
            initial_state = AgentState()
            if self.pathfinder.is_loaded:
                initial_state.position = self.pathfinder.get_random_navigable_point()
                angle = self._rng.uniform(0.0, 2.0 * np.pi)
                initial_state.rotation = quat_from_angle_axis(angle, np.array([0, 1, 0]))
        self.agents[agent_id].set_state(initial_state, is_initial=True)
        return self.agents[agent_id]

    def step(self, action: Any, dt: float = 1.0 / 60.0) -> dict[str, Any]:
        collided = self.agents[0].act(action)
        return {**self.get_sensor_observations(), "collided": collided}

    def step_filter(self, start_pos: Any, end_pos: Any) -> Any:
        if not self.pathfinder.is_loaded:
            return end_pos
        if self.config.sim_cfg.allow_sliding:
            return self.pathfinder.try_step(start_pos, end_pos)
        return self.pathfinder.try_step_no_sliding(start_pos, end_pos)

    def get_sensor_observations(self, agent_ids: int = 0) -> dict[str, Any]:
        for sensor in self._drawn.values():
            sensor.draw_observation()
        return {uuid: sensor.get_observation() for uuid, sensor in self._drawn.items()}

    def add_sensor(self, sensor_spec: CameraSensorSpec, agent_id: int | None = None) -> None:
        """Add a camera, of a kind that there was one of from the start.

        Raises:
            ValueError: There was none.
        """
        sim_cfg = self.config.sim_cfg
        there = {
            SensorType.COLOR: sim_cfg.requires_textures,
            SensorType.DEPTH: sim_cfg.create_renderer,
            SensorType.SEMANTIC: sim_cfg.create_renderer and sim_cfg.load_semantic_mesh,
        }
        if not there[sensor_spec.sensor_type]:
            raise ValueError(
                f"Data for {sensor_spec.sensor_type} sensor was not loaded during Simulator init. "
                "Cannot dynamically add one unless one already exists."
            )
        agent = self.agents[agent_id or 0]
        self._drawn[sensor_spec.uuid] = agent.attach(sensor_spec)
        agent.agent_config.sensor_specifications.append(sensor_spec)

    # Drawing

    def check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            kill(134, "GL::Context::current(): no current context: drawn from another thread")

    def draw(self, spec: CameraSensorSpec, position: np.ndarray, rotation: Rotation) -> np.ndarray:
        """Return what a camera sees."""
        self.check_thread()
        frame = self._frame(spec, position, rotation)
        nothing = np.isnan(frame.depth)
        match spec.sensor_type:
            case SensorType.DEPTH:
                return np.where(nothing, np.float32(0.0), frame.depth)
            case SensorType.SEMANTIC:
                known = np.isin(frame.ids, self._ids) & ~nothing
                return np.where(known, frame.ids, 0).astype(np.uint32)
        color = np.full((*nothing.shape, 4), 255, np.uint8)
        color[..., :3] = frame.rgb
        color[nothing] = np.rint(255.0 * np.array(spec.clear_color))
        return color

    def _frame(self, spec: CameraSensorSpec, position: np.ndarray, rotation: Rotation) -> Frame:
        """Return colour, depth and ids, drawn once for all cameras at the same place."""
        assert self._scene is not None
        if not self._scene.upright:
            position, rotation = _ON_ITS_SIDE.apply(position), _ON_ITS_SIDE * rotation
        key = (spec.resolution, spec.hfov, position.tobytes(), rotation.as_quat().tobytes())
        if key not in self._frames:
            if self._renderer is None:
                self._renderer = Renderer(compiled_of(self._scene.spec))
            height, width = spec.resolution
            camera = CameraIntrinsics.from_hfov(width, height, np.deg2rad(spec.hfov))
            pose = optical_of_habitat(position, rotation.as_quat())
            self._frames = {key: self._renderer.render(camera, pose, semantic=True)}
        return self._frames[key]

    def _forget_renderer(self) -> None:
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


class _Simulator033(_Simulator):
    @property
    def _sensors(self) -> dict[str, Sensor]:
        return self._drawn


class _Simulator034(_Simulator):
    def get_sensor(self, sensor_uuid: str) -> Sensor | None:
        return self._drawn.get(sensor_uuid)

    def create_sensor(self, sensor_spec: CameraSensorSpec, attach_to: Any = None) -> Sensor:
        self.add_sensor(sensor_spec)
        return self._drawn[sensor_spec.uuid]

    def remove_sensor(self, sensor_uuid: str) -> None:
        agent = self.agents[0]
        SensorFactory.delete_subtree_sensor(agent.scene_node, sensor_uuid)
        del self._drawn[sensor_uuid], agent._sensors[sensor_uuid]
        agent.agent_config.sensor_specifications = [
            spec for spec in agent.agent_config.sensor_specifications if spec.uuid != sensor_uuid
        ]


def __getattr__(name: str) -> Any:
    """Return the `Simulator` of the version that is asked for."""
    if name == "Simulator":
        newer = os.environ.get("FAKE_HABITAT", "0.3.3") == "0.3.4"
        return _Simulator034 if newer else _Simulator033
    raise AttributeError(f"module 'habitat_sim' has no attribute {name!r}")


def _sanitize(config: Configuration) -> None:
    """Make the configuration fit the sensors; without any there is no renderer."""
    if len(config.agents) == 0:
        raise RuntimeError("Config has no agents specified.  Must specify at least 1 agent")
    kinds = {spec.sensor_type for agent in config.agents for spec in agent.sensor_specifications}
    config.sim_cfg.create_renderer = bool(kinds)
    config.sim_cfg.load_semantic_mesh |= SensorType.SEMANTIC in kinds
    config.sim_cfg.requires_textures = SensorType.COLOR in kinds


def _gpus() -> int:
    return int(os.environ.get("FAKE_HABITAT_GPUS", "0"))


@atexit.register
def _end() -> None:
    """End as the real one does if two simulators were left open."""
    if len(LEFT_OPEN) > 1 and os.environ.get("FAKE_HABITAT_HARD") == "1":
        kill(134, "two simulators were not closed")


agent = SimpleNamespace(
    ActionSpec=ActionSpec,
    ActuationSpec=ActuationSpec,
    Agent=Agent,
    AgentConfiguration=AgentConfiguration,
    AgentState=AgentState,
    SixDOFPose=SixDOFPose,
)
nav = SimpleNamespace(
    MultiGoalShortestPath=MultiGoalShortestPath,
    NavMeshSettings=NavMeshSettings,
    PathFinder=PathFinder,
    ShortestPath=ShortestPath,
)
bindings = SimpleNamespace(SensorFactory=SensorFactory, cuda_enabled=False)
errors = SimpleNamespace(
    GreedyFollowerError=type("GreedyFollowerError", (RuntimeError,), {}),
    InvalidAttachedObject=type("InvalidAttachedObject", (RuntimeError,), {}),
)
utils = SimpleNamespace(
    common=SimpleNamespace(
        quat_from_angle_axis=quat_from_angle_axis,
        quat_from_coeffs=quat_from_coeffs,
        quat_rotate_vector=quat_rotate_vector,
        quat_to_coeffs=quat_to_coeffs,
    )
)

__all__ = [
    "LEFT_OPEN",
    "ActionSpec",
    "ActuationSpec",
    "Agent",
    "AgentConfiguration",
    "AgentState",
    "CameraSensorSpec",
    "Configuration",
    "MultiGoalShortestPath",
    "NavMeshSettings",
    "PathFinder",
    "ProcessKilled",
    "Quaternion",
    "SensorSubType",
    "SensorType",
    "ShortestPath",
    "SimulatorConfiguration",
    "SixDOFPose",
    "Vector3",
]
