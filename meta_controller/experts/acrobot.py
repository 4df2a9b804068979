"""The acrobot: energy pumped by the elbow, and a linear regulator where it can hold the links up.

"The swing up control problem for the acrobot", 1995, https://doi.org/10.1109/37.341864, says how
energy is pumped. The terms that are weighed here go beyond it; their weights were found by the
cross-entropy method, as those of the ball and cup were.
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.experts.expert import limited, regulator, wrapped
from meta_controller.task import Task

Float64Array = NDArray[np.float64]
_NEAR = 122.0
"""The regulator takes over where the cost that remains to be paid is less."""
_ENERGY, _SPEED = 40.0, 3.0  # J and rad/s that count as 1
_PUMP = np.array([34.11, -0.25, -1.78, 0.65, -1.25, 2.81, -1.3])
"""Of the missing energy times: the elbow's speed, the shoulder's, the sines of elbow, shoulder and
lower link, the cosine of the elbow times either speed."""
_SWING = np.array([-3.61, -0.25, -0.1, 4.14, -1.43, 2.32, -3.47, -1.5, 0.83])
"""Of the elbow's sine, both speeds, the sines of shoulder and lower link; the shoulder's cosine
times both speeds and its sine; the lower link's sine times its cosine."""


class AcrobotSwingup:
    """Swings the tip up."""

    def __init__(self, task: Task, skill: float) -> None:
        """Compile the body; `skill` is the part of the torque that is used to swing."""
        self._model = task.body().compile()
        self._data = mujoco.MjData(self._model)
        self._up = regulator(task, np.zeros(2), np.array([10.0, 10.0, 1.0, 1.0]), np.ones(1))
        self._skill = skill
        self._top = self._energy(np.zeros(2), np.zeros(2))

    def act(self, signals: Signals) -> Float64Array:
        """Return (N, 1) normalised actions in [-1, 1]."""
        state = np.concatenate([wrapped(signals.qpos), signals.qvel], axis=1)
        near = self._up.remaining(state)[:, None] < _NEAR
        swing = limited(self._swing(signals)[:, None], self._skill)
        return np.where(near, limited(self._up.act(state)), swing)

    def _swing(self, signals: Signals) -> Float64Array:
        """Return (N,) actions far from upright."""
        pairs = zip(signals.qpos, signals.qvel, strict=True)
        missing = (self._top - np.array([self._energy(*pair) for pair in pairs])) / _ENERGY
        shoulder, elbow = signals.qpos.T
        lower = shoulder + elbow
        turn, bend = signals.qvel.T / _SPEED
        sine, cosine = np.sin(shoulder), np.cos(shoulder)
        closed = np.cos(elbow)
        pump = [bend, turn, np.sin(elbow), sine, np.sin(lower), closed * turn, closed * bend]
        swing = [np.sin(elbow), turn, bend, sine, np.sin(lower)]
        swing += [cosine * turn, cosine * bend, cosine * sine, np.cos(lower) * np.sin(lower)]
        return np.tanh(missing * (_PUMP @ np.stack(pump)) + _SWING @ np.stack(swing))

    def _energy(self, qpos: Float64Array, qvel: Float64Array) -> float:
        """Return potential and kinetic energy, J."""
        self._data.qpos[:], self._data.qvel[:] = qpos, qvel
        mujoco.mj_forward(self._model, self._data)
        return float(self._data.energy.sum())
