"""Settings and poses of the fake habitat_sim: fixed fields that take one type each."""

from __future__ import annotations

import copy
from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar

import numpy as np
from fake_habitat_types import Quaternion, Vector3, floats, quat_from_coeffs, rotation_of, vector
from scipy.spatial.transform import Rotation


def _color(value: Any) -> tuple[float, ...]:
    return floats(value, 4)


def _resolution(value: Any) -> tuple[int, int]:
    whole = isinstance(value, list | tuple | np.ndarray) and all(
        isinstance(part, int | np.integer) for part in value
    )
    if not whole or len(value) != 2:
        raise TypeError(f"incompatible function arguments: two whole numbers, not {value!r}")
    return int(value[0]), int(value[1])


def _real(value: Any) -> float:
    if not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"incompatible function arguments: a number, not {value!r}")
    return float(value)


def _whole(value: Any) -> int:
    if not isinstance(value, int | np.integer):
        raise TypeError(f"incompatible function arguments: a whole number, not {value!r}")
    return int(value)


def _of(kind: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError(f"incompatible function arguments: {kind.__name__}, not {value!r}")
        return value

    return check


def _any(value: Any) -> Any:
    return value


_flag, _text = _of(bool), _of(str)


class Struct:
    """Looks like a bound C++ struct: fixed fields, each of which takes one type."""

    FIELDS: ClassVar[dict[str, tuple[Callable[[Any], Any], Any]]] = {}

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        for name, (_, default) in self.FIELDS.items():
            object.__setattr__(self, name, copy.copy(default))

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.FIELDS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        object.__setattr__(self, name, self.FIELDS[name][0](value))

    def values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.FIELDS}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(self) == vars(other)

    __hash__ = None


class SensorType(Enum):
    COLOR = 1
    DEPTH = 2
    SEMANTIC = 4


class SensorSubType(Enum):
    PINHOLE = 1


class NavMeshSettings(Struct):
    FIELDS: ClassVar = {
        "cell_size": (_real, 0.05),
        "cell_height": (_real, 0.2),
        "agent_height": (_real, 1.5),
        "agent_radius": (_real, 0.1),
        "agent_max_climb": (_real, 0.2),
        "agent_max_slope": (_real, 45.0),
        "region_min_size": (_real, 20.0),
        "region_merge_size": (_real, 20.0),
        "edge_max_len": (_real, 12.0),
        "edge_max_error": (_real, 1.3),
        "verts_per_poly": (_real, 6.0),
        "detail_sample_dist": (_real, 6.0),
        "detail_sample_max_error": (_real, 1.0),
        "include_static_objects": (_flag, False),
    }

    def set_defaults(self) -> None:
        self._reset()


def _settings(value: Any) -> NavMeshSettings | None:
    return value if value is None else _of(NavMeshSettings)(value)


class SimulatorConfiguration(Struct):
    FIELDS: ClassVar = {
        "scene_id": (_text, ""),
        "scene_dataset_config_file": (_text, "default"),
        "gpu_device_id": (_whole, 0),
        "random_seed": (_whole, 0),
        "allow_sliding": (_flag, True),
        "enable_physics": (_flag, False),
        "create_renderer": (_flag, True),
        "load_semantic_mesh": (_flag, True),
        "requires_textures": (_flag, True),
        "use_semantic_textures": (_flag, True),
        "frustum_culling": (_flag, True),
        "navmesh_settings": (_settings, None),
        "scene_light_setup": (_text, "no_lights"),
        "override_scene_light_defaults": (_flag, False),
        "physics_config_file": (_text, "./data/default.physics_config.json"),
        "enable_hbao": (_flag, False),
        "default_agent_id": (_whole, 0),
    }


class CameraSensorSpec(Struct):
    FIELDS: ClassVar = {
        "uuid": (_text, ""),
        "sensor_type": (_of(SensorType), SensorType.COLOR),
        "sensor_subtype": (_of(SensorSubType), SensorSubType.PINHOLE),
        "resolution": (_resolution, (84, 84)),
        "hfov": (_real, 90.0),
        "position": (vector, Vector3(0.0, 1.5, 0.0)),
        "orientation": (vector, Vector3(0.0, 0.0, 0.0)),
        "near": (_real, 0.01),
        "far": (_real, 1000.0),
        "channels": (_whole, 4),
        "noise_model": (_text, "None"),
        "clear_color": (_color, (0.0, 0.0, 0.0, 1.0)),
    }


class ActuationSpec:
    def __init__(self, amount: float, constraint: float | None = None) -> None:
        self.amount, self.constraint = amount, constraint


class ActionSpec:
    def __init__(self, name: str, actuation: ActuationSpec | None = None) -> None:
        self.name, self.actuation = name, actuation


def _actions(value: Any = None) -> dict[Any, ActionSpec]:
    return {
        "move_forward": ActionSpec("move_forward", ActuationSpec(amount=0.25)),
        "turn_left": ActionSpec("turn_left", ActuationSpec(amount=10.0)),
        "turn_right": ActionSpec("turn_right", ActuationSpec(amount=10.0)),
    }


class AgentConfiguration:
    __slots__ = ("action_space", "body_type", "height", "radius", "sensor_specifications")

    def __init__(
        self,
        height: float = 1.5,
        radius: float = 0.1,
        sensor_specifications: list[CameraSensorSpec] | None = None,
        action_space: dict[Any, ActionSpec] | None = None,
        body_type: str = "cylinder",
    ) -> None:
        self.height, self.radius, self.body_type = height, radius, body_type
        self.sensor_specifications = [] if sensor_specifications is None else sensor_specifications
        self.action_space = _actions() if action_space is None else action_space


class Configuration:
    __slots__ = ("agents", "metadata_mediator", "sim_cfg")

    def __init__(
        self,
        sim_cfg: SimulatorConfiguration,
        agents: list[AgentConfiguration],
        metadata_mediator: Any = None,
    ) -> None:
        self.sim_cfg, self.agents, self.metadata_mediator = sim_cfg, agents, metadata_mediator


# Poses


class SixDOFPose:
    """Position and rotation; unlike an AgentState's, an array is no rotation here, a list is."""

    __slots__ = ("position", "rotation")

    def __init__(self, position: Any = None, rotation: Any = None) -> None:
        self.position = np.zeros(3) if position is None else position
        self.rotation = Quaternion(1, 0, 0, 0) if rotation is None else rotation
        self.validate()

    def validate(self) -> None:
        """Raise what the real validators raise.

        Raises:
            ValueError: The position is not finite or the rotation no unit quaternion.
        """
        if not np.isfinite(np.asarray(self.position, float)).all():
            raise ValueError(f"{self.position} contains non-finite values which are forbidden")
        quaternion = self.rotation
        parts = (
            quaternion.components if isinstance(quaternion, Quaternion) else np.asarray(quaternion)
        )
        assert parts.ndim == 1
        if not np.isclose(np.linalg.norm(parts), 1.0, rtol=1e-4, atol=0):
            raise ValueError(f"{quaternion} is not a unit length vector")

    def turned(self) -> Rotation:
        if isinstance(self.rotation, list):
            self.rotation = quat_from_coeffs(self.rotation)
        if not isinstance(self.rotation, Quaternion):
            raise TypeError(
                "the rotation of a SixDOFPose is a quaternion or a list x, y, z, w; habitat_sim "
                f"does not turn {type(self.rotation).__name__} into one"
            )
        return rotation_of(self.rotation)


class AgentState(SixDOFPose):
    __slots__ = ("sensor_states",)

    def __init__(
        self,
        position: Any = None,
        rotation: Any = None,
        sensor_states: dict[str, SixDOFPose] | None = None,
    ) -> None:
        self.sensor_states = {} if sensor_states is None else sensor_states
        super().__init__(position, rotation)

    def validate(self) -> None:
        super().validate()
        for name, pose in self.sensor_states.items():
            if not isinstance(name, str):
                raise TypeError(f"sensor_states goes by name, not {name!r}")
            pose.validate()

    def turned(self) -> Rotation:
        if isinstance(self.rotation, np.ndarray):
            self.rotation = quat_from_coeffs(self.rotation)
        return super().turned()
