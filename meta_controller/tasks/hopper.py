"""A planar one-legged hopper: stand, hop, hop backwards, turn over.

Body, standing and hopping: DeepMind Control Suite (https://arxiv.org/abs/1801.00690). The others
are asked for as in "TD-MPC2", 2023 (https://arxiv.org/abs/2310.16828).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body, Sensor
from meta_controller.rewards import small, within
from meta_controller.suite import suite_body
from meta_controller.task import Reward, Task, anywhere

_HEIGHT, _SPEED, _SPIN = 0.6, 2.0, 5.0  # m, m/s, kg m^2/s


def body() -> Body:
    """Return the hopper."""
    sensors = (
        Sensor("torso", "framepos", "body", "torso"),
        Sensor("foot", "framepos", "body", "foot"),
        Sensor("spin", "subtreeangmom", "body", "torso"),
    )
    return suite_body("hopper", 0.02, sensors)


def _touch(signals: Signals) -> NDArray[np.float64]:
    """Return (N, 2) how hard toe and heel press, compressed."""
    return np.log1p(np.concatenate([signals["touch_toe"], signals["touch_heel"]], axis=1))


def _high(signals: Signals) -> NDArray[np.float64]:
    return within(signals["torso"][:, 2] - signals["foot"][:, 2], _HEIGHT, 2.0)


def _standing(signals: Signals) -> NDArray[np.float64]:
    return _high(signals) * small(signals.control)


def _hopping(speed: float) -> Reward:
    """Return a reward for hopping at a speed, m/s; backwards below 0."""
    top = abs(speed)

    def reward(signals: Signals) -> NDArray[np.float64]:
        ahead = math.copysign(1.0, speed) * signals["torso_subtreelinvel"][:, 0]
        fast = within(ahead, top, math.inf, margin=top / 2.0, least=0.5, shape="linear")
        return _high(signals) * fast

    return reward


def _flipping(way: float) -> Reward:
    """Return a reward for turning over, forwards (1) or backwards (-1)."""

    def reward(signals: Signals) -> NDArray[np.float64]:
        turning = way * signals["spin"][:, 1]
        return within(turning, _SPIN, math.inf, margin=_SPIN / 2.0, least=0.0, shape="linear")

    return reward


def stand() -> Task:
    """Get up and stand."""
    return Task("hopper-stand", body, anywhere, _standing, _touch)


def hop() -> Task:
    """Hop ahead."""
    return Task("hopper-hop", body, anywhere, _hopping(_SPEED), _touch)


def hop_backwards() -> Task:
    """Hop backwards, half as fast."""
    return Task("hopper-hop_backwards", body, anywhere, _hopping(-_SPEED / 2.0), _touch)


def flip() -> Task:
    """Turn over forwards, again and again."""
    return Task("hopper-flip", body, anywhere, _flipping(1.0), _touch)


def flip_backwards() -> Task:
    """Turn over backwards, again and again."""
    return Task("hopper-flip_backwards", body, anywhere, _flipping(-1.0), _touch)
