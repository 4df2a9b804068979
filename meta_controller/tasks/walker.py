"""A planar biped: stand, walk, run.

DeepMind Control Suite (https://arxiv.org/abs/1801.00690).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body, Sensor
from meta_controller.rewards import within
from meta_controller.suite import suite_body
from meta_controller.task import Reward, Task, anywhere

_HEIGHT = 1.2  # m
WALK, RUN = 1.0, 8.0
"""Speeds that are asked for, m/s."""


def body() -> Body:
    """Return the walker."""
    sensors = (
        Sensor("torso", "framepos", "xbody", "torso"),
        Sensor("upright", "framezaxis", "xbody", "torso"),
    )
    return suite_body("walker", 0.025, sensors)


def standing(signals: Signals) -> NDArray[np.float64]:
    """Return (N,) how nearly the walker stands upright."""
    high = within(signals["torso"][:, 2], _HEIGHT, math.inf, margin=_HEIGHT / 2.0)
    return (3.0 * high + (1.0 + signals["upright"][:, 2]) / 2.0) / 4.0


def _moving(speed: float) -> Reward:
    """Return a reward for going as fast as `speed` (m/s) while standing upright."""

    def reward(signals: Signals) -> NDArray[np.float64]:
        ahead = signals["torso_subtreelinvel"][:, 0]
        fast = within(ahead, speed, math.inf, margin=speed / 2.0, least=0.5, shape="linear")
        return standing(signals) * (5.0 * fast + 1.0) / 6.0

    return reward


def stand() -> Task:
    """Get up and stand."""
    return Task("walker-stand", body, anywhere, standing)


def walk() -> Task:
    """Walk ahead."""
    return Task("walker-walk", body, anywhere, _moving(WALK))


def run() -> Task:
    """Run ahead."""
    return Task("walker-run", body, anywhere, _moving(RUN))
