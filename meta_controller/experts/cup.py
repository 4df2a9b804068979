"""Ball in cup: swing the ball up around the cup, then keep the cup under it.

Two linear laws, with a few products of the state, are blended by how high the ball is. Their form
mirrors left and right; their numbers were found by the cross-entropy method ("The Cross-Entropy
Method for Combinatorial and Continuous Optimization", 1999,
https://doi.org/10.1023/A:1010091220143).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.experts.expert import limited
from meta_controller.task import Task

Float64Array = NDArray[np.float64]
_BELOW = -0.4  # m, from the cup to the ball where both are at their reference
_SCALE = 5.0  # 1/m
_HIGH, _STEEP = 0.82, 6.0
"""Scaled height of the ball over the cup at which the laws are blended evenly, and how sharply."""
_SWING_X = np.array([1.64, -0.73, 0.48, 0.99, 0.7, 2.65])
"""Of the ball's place and speed across, the cup's, and two products."""
_SWING_Z = np.array([-0.15, -1.0, -1.39, 1.3, 1.57, -2.33, 0.67, 0.2])
"""Of 1, the ball's place and speed along gravity, the cup's, and three even terms."""
_CATCH_X = np.array([4.94, -0.79, -0.01, -1.41])
"""Of the ball's place and speed across, and the cup's."""
_CATCH_Z = np.array([1.03, 1.88, 1.37, 0.0, 1.59])
"""Of 1, the ball's place and speed along gravity, and the cup's."""


class CupCatch:
    """Swings the ball up and catches it."""

    def __init__(self, task: Task, skill: float) -> None:
        """Take the part of the force that is used."""
        self._skill = skill

    def act(self, signals: Signals) -> Float64Array:
        """Return (N, 2) normalised actions in [-1, 1]."""
        cup_x, cup_z = _SCALE * signals.qpos[:, :2].T
        cup_vx, cup_vz = signals.qvel[:, :2].T
        x, z = (_SCALE * (signals.qpos[:, 2:] - signals.qpos[:, :2] + [0.0, _BELOW])).T
        vx, vz = (signals.qvel[:, 2:] - signals.qvel[:, :2]).T
        across = np.stack([x, vx, cup_x, cup_vx, x * vz, vx * z], axis=1)
        along = [np.ones_like(z), z, vz, cup_z, cup_vz, np.abs(x), np.abs(vx), x * vx]
        along = np.stack(along, axis=1)
        swing = np.stack([across @ _SWING_X, along @ _SWING_Z], axis=1)
        catch = np.stack([across[:, :4] @ _CATCH_X, along[:, :5] @ _CATCH_Z], axis=1)
        share = 0.5 + 0.5 * np.tanh(0.5 * _STEEP * (z - _HIGH))[:, None]
        return limited(np.tanh((1.0 - share) * swing + share * catch), self._skill)
