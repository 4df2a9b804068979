"""A pendulum with a weak motor: swing it up, or spin it.

Body and swingup: DeepMind Control Suite (https://arxiv.org/abs/1801.00690). Spin is asked for as in
"TD-MPC2", 2023 (https://arxiv.org/abs/2310.16828).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body, Sensor
from meta_controller.rewards import within
from meta_controller.suite import suite_body
from meta_controller.task import Task, anywhere

_UP = math.cos(math.radians(8.0))
_SPIN = 9.0  # rad/s


def body() -> Body:
    """Return the pendulum."""
    return suite_body("pendulum", 0.02, (Sensor("pole", "framezaxis", "xbody", "pole"),))


def _swung_up(signals: Signals) -> NDArray[np.float64]:
    return within(signals["pole"][:, 2], _UP, 1.0)


def _spinning(signals: Signals) -> NDArray[np.float64]:
    speed = np.abs(signals.qvel[:, 0])
    return within(speed, _SPIN, math.inf, margin=_SPIN / 2.0, least=0.5, shape="linear")


def swingup() -> Task:
    """Hold the pole up."""
    return Task("pendulum-swingup", body, anywhere, _swung_up)


def spin() -> Task:
    """Keep the pole turning."""
    return Task("pendulum-spin", body, anywhere, _spinning)
