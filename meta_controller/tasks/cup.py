"""A ball on a string under a cup: catch it.

DeepMind Control Suite (https://arxiv.org/abs/1801.00690).
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body, Sensor
from meta_controller.suite import suite_body
from meta_controller.task import Start, Task, at_reference

_ROOM = np.array([0.05, 0.05]) - 0.025  # m, half of the cup's inside less the ball's radius


def body() -> Body:
    """Return cup and ball."""
    sensors = (
        Sensor("ball", "framepos", "xbody", "ball"),
        Sensor("aim", "framepos", "site", "target"),
    )
    return suite_body("ball_in_cup", 0.02, sensors)


def _hanging(model: mujoco.MjModel, rng: np.random.Generator, count: int) -> Start:
    """Begin with the ball anywhere around the cup where it touches nothing."""
    start = at_reference(model, rng, count)
    data = mujoco.MjData(model)
    for qpos in start.qpos:
        while True:
            qpos[2:] = rng.uniform((-0.2, 0.2), (0.2, 0.5))
            data.qpos[:] = qpos
            mujoco.mj_forward(model, data)
            if data.ncon == 0:
                break
    return start


def _caught(signals: Signals) -> NDArray[np.float64]:
    away = np.abs(signals["aim"] - signals["ball"])[:, [0, 2]]
    return np.asarray((away < _ROOM).all(axis=1), np.float64)


def catch() -> Task:
    """Get the ball into the cup and keep it there."""
    return Task("ball_in_cup-catch", body, _hanging, _caught)
