"""Reachers and arms: resolved motion rates by damped least squares, and computed torques.

"Resolved Motion Rate Control of Manipulators and Human Prostheses", 1969,
https://doi.org/10.1109/TMMS.1969.299896. The finger's error is taken in polar coordinates about
the base, so that the way to the target goes around the base and not through it. Far from the target
joints go to a posture in closed form instead, so that limits of joints are no traps.
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.experts.expert import limited, wrapped
from meta_controller.experts.posture import Postures
from meta_controller.task import Task

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gains:
    """How the finger goes to the target."""

    approach: float = 5.0
    """Speed per distance, 1/s."""
    speed: float = 0.9
    """Greatest speed of the finger, in reaches per second."""
    damping: float = 0.08
    """Of the least squares, in reaches."""
    turn: float = 3.0
    """How fast joints take up the posture, 1/s."""
    rate: float = 2.5
    """Greatest speed of a joint on the way to its posture, rad/s."""
    near: float = 0.3
    """Distance at which the finger rather than the posture leads, in reaches."""
    settle: float = 0.1
    """Time in which joints take up a wanted speed, s."""


class ReachExpert:
    """Brings the finger of a planar chain to the target."""

    def __init__(self, task: Task, skill: float, gains: Gains | None = None) -> None:
        """Compile the body.

        Args:
            task: Of a chain.
            skill: In (0, 1]; scales how fast it goes.
            gains: How it goes.
        """
        self._model = task.body().compile()
        self._data = mujoco.MjData(self._model)
        self._gains, self._skill = gains or Gains(), skill
        self._gear = self._model.actuator_gear[:, 0]
        self._postures = Postures(self._model)
        self._plane = [0, 2] if abs(self._model.jnt_axis[0, 1]) > 0.5 else [0, 1]

    def act(self, signals: Signals) -> Float64Array:
        """Return (N, A) normalised actions in [-1, 1]."""
        torques = [
            self._torques(*state)
            for state in zip(signals.qpos, signals.qvel, signals["target"], strict=True)
        ]
        return limited(np.array(torques) / self._gear)

    def _torques(
        self, qpos: Float64Array, qvel: Float64Array, target: Float64Array
    ) -> Float64Array:
        """Return (n,) torques of one copy, N m."""
        model, data = self._model, self._data
        data.qpos[:], data.qvel[:] = qpos, qvel
        mujoco.mj_forward(model, data)
        inertia, jacobian = np.zeros((model.nv, model.nv)), np.zeros((3, model.nv))
        mujoco.mj_fullM(model, data, inertia)
        mujoco.mj_jacSite(model, data, jacobian, None, model.site("finger").id)
        finger = data.site("finger").xpos[self._plane]
        wanted = self._rates(qpos, jacobian[self._plane], finger, target)
        push = inertia @ (wanted - qvel) / self._gains.settle
        return push + model.dof_damping * wanted + data.qfrc_bias

    def _rates(
        self, qpos: Float64Array, jacobian: Float64Array, finger: Float64Array, target: Float64Array
    ) -> Float64Array:
        """Return (n,) the speeds that joints should have, rad/s."""
        gains = self._gains
        square = jacobian @ jacobian.T + (gains.damping * self._postures.reach) ** 2 * np.eye(2)
        inverse = jacobian.T @ np.linalg.inv(square)
        most = gains.rate * self._skill
        turning = np.clip(gains.turn * self._postures.error(qpos, target), -most, most)
        going = inverse @ self._velocity(finger, target)
        going += turning - inverse @ (jacobian @ turning)
        away = np.linalg.norm(target - finger) / (gains.near * self._postures.reach)
        share = np.exp(-(float(away) ** 2))
        return share * going + (1.0 - share) * turning

    def _velocity(self, finger: Float64Array, target: Float64Array) -> Float64Array:
        """Return (2,) the velocity that the finger should have, m/s."""
        near, far = np.linalg.norm(finger), np.linalg.norm(target)
        outward = finger / max(near, 1e-9)
        around = np.array([-outward[1], outward[0]])
        turn = np.arctan2(around @ target, outward @ target)
        way = (far - near) * outward + wrapped(turn) * near * around
        velocity = self._gains.approach * way
        most = self._gains.speed * self._postures.reach * self._skill
        return velocity * min(1.0, most / max(float(np.linalg.norm(velocity)), 1e-9))
