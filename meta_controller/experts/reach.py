"""Reachers and arms: the finger is pulled to the target as if by a spring (transposed Jacobian).

"A New Feedback Method for Dynamic Control of Manipulators", Takegaki and Arimoto, 1981
(https://doi.org/10.1115/1.3139651). The pull is taken in polar coordinates about the base, so that
the way to the target goes around the base and not through it; weak springs keep joints from their
limits. The law is smooth and each joint's share of it has the same form, on any chain: what is
simple to say is simple to imitate.
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.experts.expert import limited
from meta_controller.task import Task

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gains:
    """How the finger is pulled."""

    pull: float = 5.0
    """Action of a joint whose lever is the chain's reach, per error in reaches."""
    far: float = 0.35
    """Error from which on the pull grows no more, in reaches."""
    brake: float = 0.12
    """Action against a joint's speed, s/rad."""
    spring: float = 0.2
    """Action against a joint's angle beyond `free`, 1/rad."""
    free: float = 0.5
    """Share of a joint's range without a spring."""


_STANDING = Gains(pull=2.0, brake=0.06)
"""Of chains that gravity pulls at: their motors are stronger for what they move."""


class ReachExpert:
    """Brings the finger of a planar chain to the target."""

    def __init__(self, task: Task, skill: float, gains: Gains | None = None) -> None:
        """Compile the body.

        Args:
            task: Of a chain.
            skill: In (0, 1]; scales how hard the finger is pulled.
            gains: How it goes.
        """
        self._model = model = task.body().compile()
        self._data = mujoco.MjData(model)
        self._skill = skill
        self._gear = model.actuator_gear[:, 0]
        self._finger = model.site("finger").id
        standing = abs(model.jnt_axis[0, 1]) > 0.5
        self._plane = [0, 2] if standing else [0, 1]
        self._gains = gains or (_STANDING if standing else Gains())
        limits = np.where(model.jnt_limited.astype(bool), model.jnt_range[:, 1], np.inf)
        self._free = self._gains.free * limits
        mujoco.mj_kinematics(model, self._data)
        self._base = self._data.xanchor[0][self._plane].copy()
        self._reach = float(np.linalg.norm(self._tip() - self._base))

    def act(self, signals: Signals) -> Float64Array:
        """Return (N, A) normalised actions in [-1, 1]."""
        states = zip(signals.qpos, signals.qvel, signals["target"], strict=True)
        return limited(np.array([self._action(*state) for state in states]))

    def _tip(self) -> Float64Array:
        return self._data.site_xpos[self._finger][self._plane]

    def _action(self, qpos: Float64Array, qvel: Float64Array, target: Float64Array) -> Float64Array:
        """Return (A,) of one copy; gravity is made good for."""
        model, data, gains = self._model, self._data, self._gains
        data.qpos[:], data.qvel[:] = qpos, 0.0
        mujoco.mj_forward(model, data)
        jacobian = np.zeros((3, model.nv))
        mujoco.mj_jacSite(model, data, jacobian, None, self._finger)
        error = self._error(self._tip() - self._base, target - self._base)
        lever = jacobian[self._plane].T / self._reach
        pull = self._skill * gains.pull * (lever @ error)
        spring = gains.spring * np.sign(qpos) * np.maximum(np.abs(qpos) - self._free, 0.0)
        return pull - gains.brake * qvel - spring + data.qfrc_bias / self._gear

    def _error(self, finger: Float64Array, target: Float64Array) -> Float64Array:
        """Return (2,) from finger to target around the base, in reaches, not above `far`."""
        near, far = np.linalg.norm(finger), np.linalg.norm(target)
        outward = finger / max(float(near), 1e-9)
        around = np.array([-outward[1], outward[0]])
        turn = np.arctan2(around @ target, outward @ target)
        error = ((far - near) * outward + 2.0 * np.sin(0.5 * turn) * near * around) / self._reach
        return error * min(1.0, self._gains.far / max(float(np.linalg.norm(error)), 1e-9))
