"""A mass on a plane, pushed along two axes: go to the middle.

DeepMind Control Suite (https://arxiv.org/abs/1801.00690).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body, Sensor
from meta_controller.rewards import small, within
from meta_controller.suite import suite_body
from meta_controller.task import Task, anywhere

_RADIUS = 0.015  # m, of the target


def body() -> Body:
    """Return the mass."""
    sensors = (
        Sensor("mass", "framepos", "geom", "pointmass"),
        Sensor("aim", "framepos", "geom", "target"),
    )
    return suite_body("point_mass", 0.02, sensors)


def _near(signals: Signals) -> NDArray[np.float64]:
    away = np.linalg.norm(signals["mass"] - signals["aim"], axis=1)
    return within(away, 0.0, _RADIUS, margin=_RADIUS) * small(signals.control)


def easy() -> Task:
    """Go to the middle and stay there."""
    return Task("point_mass-easy", body, anywhere, _near)
