"""The agent of the fake habitat_sim and its cameras."""

from __future__ import annotations

from typing import Any

import numpy as np
from fake_habitat_settings import AgentConfiguration, AgentState, CameraSensorSpec, SixDOFPose
from fake_habitat_types import Vector3, kill, quat_of, vector
from scipy.spatial.transform import Rotation

_EPS = 1e-5


class SceneNode:
    """Where an agent is in the scene, and the sensors attached to it."""

    def __init__(self) -> None:
        self.position = np.zeros(3)
        self.rotation = Rotation.identity()
        self.subtree_sensors: dict[str, Sensor] = {}


class Sensor:
    """One camera of an agent."""

    def __init__(self, spec: CameraSensorSpec, node: SceneNode, sim: Any) -> None:
        self._spec, self._agent, self._sim = spec, node, sim
        self._seen: np.ndarray | None = None
        self.alive = True
        self.set_transformation_from_spec()

    def specification(self) -> CameraSensorSpec:
        return self._spec

    def set_transformation_from_spec(self) -> None:
        self._offset = np.array(self._spec.position, float)
        self._turned = Rotation.from_euler("XYZ", np.array(self._spec.orientation, float))

    def pose(self) -> tuple[np.ndarray, Rotation]:
        """Return position and rotation in the world."""
        turned = self._agent.rotation
        return self._agent.position + turned.apply(self._offset), turned * self._turned

    def put(self, position: np.ndarray, rotation: Rotation) -> None:
        """Move it to where it is in the world."""
        back = self._agent.rotation.inv()
        self._offset = back.apply(position - self._agent.position)
        self._turned = back * rotation

    def draw_observation(self) -> None:
        if not self.alive:
            kill(139, "segmentation fault: a sensor was drawn after it was removed")
        self._seen = self._sim.draw(self._spec, *self.pose())

    def get_observation(self) -> np.ndarray:
        """Return a copy of what was drawn last."""
        self._sim.check_thread()
        assert self._seen is not None, "nothing was drawn"
        return self._seen.copy()


class SensorFactory:
    """Of the package's bindings; what 0.3.3 needs for taking a sensor away."""

    @staticmethod
    def delete_subtree_sensor(node: SceneNode, uuid: str) -> None:
        node.subtree_sensors.pop(uuid).alive = False


class Agent:
    """One robot: a node, its sensors and what it can do."""

    def __init__(self, config: AgentConfiguration, sim: Any) -> None:
        self.agent_config, self._sim = config, sim
        self.scene_node = SceneNode()
        self._sensors: dict[str, Sensor] = {}
        self.initial_state: AgentState | None = None
        for spec in config.sensor_specifications:
            self.attach(spec)

    def attach(self, spec: CameraSensorSpec) -> Sensor:
        assert spec.uuid not in self._sensors, f"Error, {spec.uuid} already exists"
        sensor = Sensor(spec, self.scene_node, self._sim)
        self.scene_node.subtree_sensors[spec.uuid] = self._sensors[spec.uuid] = sensor
        return sensor

    def get_state(self) -> AgentState:
        state = AgentState(
            self.scene_node.position.astype(np.float32), quat_of(self.scene_node.rotation)
        )
        for uuid, sensor in self._valid().items():
            position, rotation = sensor.pose()
            state.sensor_states[uuid] = SixDOFPose(position.astype(np.float32), quat_of(rotation))
        return state

    def set_state(
        self,
        state: AgentState,
        reset_sensors: bool = True,
        infer_sensor_states: bool = True,
        is_initial: bool = False,
    ) -> None:
        """Put the agent anywhere, on the navmesh or not."""
        state.validate()
        self.scene_node.rotation = state.turned()
        self.scene_node.position = np.array(vector(state.position), float)
        for sensor in self._valid().values() if reset_sensors else ():
            sensor.set_transformation_from_spec()
        for uuid, pose in state.sensor_states.items() if not infer_sensor_states else ():
            assert uuid in self._sensors
            self._sensors[uuid].put(np.asarray(pose.position, float), pose.turned())
        if is_initial:
            self.initial_state = state

    @property
    def state(self) -> AgentState:
        return self.get_state()

    @state.setter
    def state(self, new_state: AgentState) -> None:
        self.set_state(new_state)

    def _valid(self) -> dict[str, Sensor]:
        assert all(sensor.alive for sensor in self._sensors.values()), "sensor no longer valid"
        return self._sensors

    def act(self, key: Any) -> bool:
        """Do an action; return whether something was in the way."""
        assert key in self.agent_config.action_space, f"No action {key} in action space"
        spec = self.agent_config.action_space[key]
        amount = 0.0 if spec.actuation is None else float(spec.actuation.amount)
        start = end = self.scene_node.position
        match spec.name:
            case "move_forward" | "move_backward":
                ahead = -amount if spec.name == "move_forward" else amount
                end = start + self.scene_node.rotation.apply([0.0, 0.0, ahead])
            case "turn_left" | "turn_right":
                left = amount if spec.name == "turn_left" else -amount
                self.scene_node.rotation *= Rotation.from_euler("y", left, degrees=True)
            case _:
                raise AssertionError(f"No move_fn for action '{spec.name}'")
        reached = np.array(self._sim.step_filter(Vector3(start), Vector3(end)), float)
        self.scene_node.position = reached
        return bool(np.sum((reached - start) ** 2) + _EPS < np.sum((end - start) ** 2))
