"""Experts that hold one pose: proportional-derivative control of every joint."""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.experts.expert import limited
from meta_controller.task import Task

Float64Array = NDArray[np.float64]
_STIFFNESS, _DAMPING = 100.0, 2.0  # N m/rad, N m s/rad


class PointMassEasy:
    """Goes straight to the middle."""

    def __init__(self, task: Task, skill: float) -> None:
        """Take the part of the force that is used."""
        self._skill = skill

    def act(self, signals: Signals) -> Float64Array:
        """Return (N, 2) normalised actions in [-1, 1]."""
        return limited(-20.0 * signals.qpos - 2.0 * signals.qvel, self._skill)


class HoundStand:
    """Holds the legs as the body is drawn; strong motors hold stiffer."""

    def __init__(self, task: Task, skill: float) -> None:
        """Compile the body; `skill` scales how stiff it is."""
        model = task.body().compile()
        joints = model.actuator_trnid[:, 0]
        self._qpos, self._qvel = model.jnt_qposadr[joints], model.jnt_dofadr[joints]
        gear = model.actuator_gear[:, 0]
        self._share = skill / np.sqrt(gear * gear.max())

    def act(self, signals: Signals) -> Float64Array:
        """Return (N, A) normalised actions in [-1, 1]."""
        angle, speed = signals.qpos[:, self._qpos], signals.qvel[:, self._qvel]
        return limited((-_STIFFNESS * angle - _DAMPING * speed) * self._share)
