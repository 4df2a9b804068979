"""A planar one-legged hopper: stand, hop.

DeepMind Control Suite (https://arxiv.org/abs/1801.00690).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body, Sensor
from meta_controller.rewards import small, within
from meta_controller.suite import suite_body
from meta_controller.task import Task, anywhere

_HEIGHT, _SPEED = 0.6, 2.0  # m, m/s


def body() -> Body:
    """Return the hopper."""
    sensors = (
        Sensor("torso", "framepos", "body", "torso"),
        Sensor("foot", "framepos", "body", "foot"),
    )
    return suite_body("hopper", 0.02, sensors)


def _touch(signals: Signals) -> NDArray[np.float64]:
    """Return (N, 2) how hard toe and heel press, compressed."""
    return np.log1p(np.concatenate([signals["touch_toe"], signals["touch_heel"]], axis=1))


def _high(signals: Signals) -> NDArray[np.float64]:
    return within(signals["torso"][:, 2] - signals["foot"][:, 2], _HEIGHT, 2.0)


def _standing(signals: Signals) -> NDArray[np.float64]:
    return _high(signals) * small(signals.control)


def _hopping(signals: Signals) -> NDArray[np.float64]:
    ahead = signals["torso_subtreelinvel"][:, 0]
    fast = within(ahead, _SPEED, math.inf, margin=_SPEED / 2.0, least=0.5, shape="linear")
    return _high(signals) * fast


def stand() -> Task:
    """Get up and stand."""
    return Task("hopper-stand", body, anywhere, _standing, _touch)


def hop() -> Task:
    """Hop ahead."""
    return Task("hopper-hop", body, anywhere, _hopping, _touch)
