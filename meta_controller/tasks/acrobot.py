"""Two links, one motor between them: swing the tip up to the target.

DeepMind Control Suite (https://arxiv.org/abs/1801.00690).
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body, Sensor
from meta_controller.rewards import within
from meta_controller.suite import suite_body
from meta_controller.task import Start, Task, at_reference

_RADIUS = 0.2  # m, of the target


def body() -> Body:
    """Return the acrobot."""
    sensors = (
        Sensor("tip", "framepos", "site", "tip"),
        Sensor("aim", "framepos", "site", "target"),
    )
    return suite_body("acrobot", 0.01, sensors)


def _any_angles(model: mujoco.MjModel, rng: np.random.Generator, count: int) -> Start:
    start = at_reference(model, rng, count)
    start.qpos[:] = rng.uniform(-np.pi, np.pi, start.qpos.shape)
    return start


def _near(signals: Signals) -> NDArray[np.float64]:
    away = np.linalg.norm(signals["tip"] - signals["aim"], axis=1)
    return within(away, 0.0, _RADIUS, margin=1.0)


def swingup() -> Task:
    """Hold the tip at the target."""
    return Task("acrobot-swingup", body, _any_angles, _near)
