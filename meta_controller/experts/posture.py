"""Postures of planar chains in closed form: all links bent alike."""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.experts.expert import wrapped

Float64Array = NDArray[np.float64]
_MOST = 2.7
"""Greatest bend, rad; just within the limits of joints."""


class Postures:
    """For each target, the posture whose bends are alike and whose finger is there."""

    def __init__(self, model: mujoco.MjModel) -> None:
        """Take the lengths of a chain's links from its bodies and its finger."""
        places = [*model.body_pos[2:], model.site("finger").pos]
        lengths = np.linalg.norm(places, axis=1)
        self.reach = float(lengths.sum())
        self._vertical = abs(float(model.jnt_axis[0, 1])) > 0.5
        self._bends = np.linspace(0.0, _MOST, 500)
        fingers = np.exp(1j * np.outer(self._bends, np.arange(len(lengths)))) @ lengths
        # Beyond the first least distance a chain curls past its base and comes out again.
        last = int(np.argmin(np.abs(fingers))) + 1
        self._bends, self._away = self._bends[:last], np.abs(fingers[:last])
        self._turns = np.unwrap(np.angle(fingers[:last]))

    def error(self, qpos: Float64Array, target: Float64Array) -> Float64Array:
        """Return (n,) how far joints must turn, rad.

        Args:
            qpos: (n,) angles; bends go the way that the chain is bent already.
            target: (2,) in the plane of the chain, m.
        """
        across, along = (-target[1], -target[0]) if self._vertical else (target[0], target[1])
        heading, away = np.arctan2(along, across), np.hypot(along, across)
        side = 1.0 if qpos[1:].sum() >= 0.0 else -1.0
        bend = np.interp(-away, -self._away, self._bends)
        turn = np.interp(bend, self._bends, self._turns)
        error = side * bend - qpos
        error[0] = wrapped(heading - side * turn - qpos[0])
        return error
