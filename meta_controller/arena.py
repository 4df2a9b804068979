"""Many copies of one body, simulated side by side in native MuJoCo.

Every copy has its own state and nothing else of its own: what differs from episode to episode
besides the state (where a target is) is kept beside the physics, by the task.
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import mujoco
import numpy as np
from mujoco.rollout import Rollout
from numpy.typing import NDArray

from meta_controller.bodies import Body, sensor_slices

Float64Array = NDArray[np.float64]
_STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of N copies at one time."""

    qpos: Float64Array
    """(N, nq) positions."""
    qvel: Float64Array
    """(N, nv) velocities."""
    control: Float64Array
    """(N, nu) what the actuators were told last, in their own units."""
    sensors: Mapping[str, Float64Array]
    """(N, dim) by name."""
    extra: Mapping[str, Float64Array] = field(default_factory=dict)
    """(N, ...) what belongs to the episode, such as a target."""

    def __getitem__(self, name: str) -> Float64Array:
        """Return a sensor (N, dim), or what belongs to the episode."""
        return self.sensors[name] if name in self.sensors else self.extra[name]


class Arena:
    """Steps N copies at once; the same states and controls give the same result."""

    def __init__(self, body: Body, count: int, threads: int = 1) -> None:
        """Compile the model.

        Args:
            body: What is simulated.
            count: N, the number of copies.
            threads: That physics runs on.

        Raises:
            BodyError: The MJCF cannot be used.
        """
        self.body, self.count = body, count
        self.model = body.compile()
        self.substeps = body.substeps(self.model)
        self._sensors = sensor_slices(self.model)
        self._data = [mujoco.MjData(self.model) for _ in range(max(threads, 1))]
        self._pool = Rollout(nthread=threads if threads > 1 else 0)
        self._state = np.zeros((count, mujoco.mj_stateSize(self.model, _STATE)))

    @property
    def control_limits(self) -> tuple[Float64Array, Float64Array]:
        """Least and greatest control (nu,); an actuator without limits takes -1 to 1."""
        limited = self.model.actuator_ctrllimited.astype(bool)
        low = np.where(limited, self.model.actuator_ctrlrange[:, 0], -1.0)
        return low, np.where(limited, self.model.actuator_ctrlrange[:, 1], 1.0)

    def reset(self, qpos: Float64Array, qvel: Float64Array) -> None:
        """Begin anew from positions (N, nq) and velocities (N, nv), at rest otherwise."""
        nq, nv = self.model.nq, self.model.nv
        self._state[:] = 0.0
        self._state[:, 1 : 1 + nq], self._state[:, 1 + nq : 1 + nq + nv] = qpos, qvel

    def step(self, control: Float64Array, steps: int) -> list[Signals]:
        """Hold a control (N, nu) for some control steps; return what is known after each.

        One physics step more is simulated than is kept: sensors are of the state before a step.
        """
        count = steps * self.substeps
        state, sensed = self._roll(np.repeat(control[:, None], count + 1, axis=1))
        self._state = np.ascontiguousarray(state[:, count - 1])
        ends = range(self.substeps, count + 1, self.substeps)
        return [self._signals(state[:, end - 1], control, sensed[:, end]) for end in ends]

    def look(self) -> Signals:
        """Return what is known now, with no control."""
        control = np.zeros((self.count, self.model.nu))
        _, sensed = self._roll(control[:, None])
        return self._signals(self._state, control, sensed[:, 0])

    def close(self) -> None:
        """End the threads."""
        self._pool.close()

    def _roll(self, control: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Return states after, and sensors before, each step of controls (N, steps, nu)."""
        control = np.ascontiguousarray(control, np.float64)
        state, sensed = self._pool.rollout(self.model, self._data, self._state, control)
        return np.asarray(state), np.asarray(sensed)

    def _signals(self, state: Float64Array, control: Float64Array, sensed: Float64Array) -> Signals:
        nq, nv = self.model.nq, self.model.nv
        sensors = {name: sensed[:, where] for name, where in self._sensors.items()}
        return Signals(state[:, 1 : 1 + nq], state[:, 1 + nq : 1 + nq + nv], control, sensors)
