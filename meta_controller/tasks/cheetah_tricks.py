"""What else a cheetah can do: run backwards, stand or run on one foot, jump, lie down, turn over.

The tasks are those of "TD-MPC2: Scalable, Robust World Models for Continuous Control", 2023
(https://arxiv.org/abs/2310.16828), appendix C; the body is that of the DeepMind Control Suite.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body, Sensor
from meta_controller.rewards import within
from meta_controller.task import Reward, Task
from meta_controller.tasks import cheetah

_HIGH, _LOW = 1.2, 0.25  # m
_BACKWARDS, _ONE_FOOT, _STILL = 8.0, 6.0, 0.5  # m/s
_SPIN = 8.0  # kg m^2/s, angular momentum
_FRONT, _BACK = "ffoot", "bfoot"


def body() -> Body:
    """Return the cheetah, with sensors for its feet and its spin."""
    sensors = (
        Sensor("torso", "framepos", "xbody", "torso"),
        Sensor(_FRONT, "framepos", "xbody", _FRONT),
        Sensor(_BACK, "framepos", "xbody", _BACK),
        Sensor("spin", "subtreeangmom", "body", "torso"),
    )
    return replace(cheetah.body(), sensors=sensors)


def _height(signals: Signals, what: str) -> NDArray[np.float64]:
    return signals[what][:, 2]


def _ahead(signals: Signals) -> NDArray[np.float64]:
    return signals["torso_subtreelinvel"][:, 0]


def _up(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    return within(heights, _HIGH, math.inf, margin=_HIGH / 2.0)


def _faster(speeds: NDArray[np.float64], speed: float) -> NDArray[np.float64]:
    return within(speeds, speed, math.inf, margin=speed, least=0.0, shape="linear")


def _stand(lifted: str) -> Reward:
    """Return a reward for standing still with one foot high up."""

    def reward(signals: Signals) -> NDArray[np.float64]:
        high = _up((_height(signals, "torso") + _height(signals, lifted)) / 2.0)
        still = within(_ahead(signals), -_STILL, _STILL, margin=_STILL, least=0.0, shape="linear")
        return (5.0 * high + still) / 6.0

    return reward


def _jump(signals: Signals) -> NDArray[np.float64]:
    return (_stand(_BACK)(signals) + _stand(_FRONT)(signals)) / 2.0


def _run_on_one(lifted: str, speed: float = _ONE_FOOT) -> Reward:
    """Return a reward for running with one foot high up; a speed of 0 asks for the foot alone."""

    def reward(signals: Signals) -> NDArray[np.float64]:
        up = (3.0 * _up(_height(signals, lifted)) + 2.0 * _up(_height(signals, "torso"))) / 5.0
        return up if speed == 0.0 else up * (5.0 * _faster(_ahead(signals), speed) + 1.0) / 6.0

    return reward


def _run_backwards(signals: Signals) -> NDArray[np.float64]:
    return _faster(-_ahead(signals), _BACKWARDS)


def _lie_down(signals: Signals) -> NDArray[np.float64]:
    feet = (_height(signals, _FRONT) + _height(signals, _BACK)) / 2.0
    torso = within(_height(signals, "torso"), -math.inf, _LOW, _LOW, 0.0, "linear")
    return (3.0 * torso + within(feet, -math.inf, _LOW, _LOW, 0.0, "linear")) / 4.0


def _legs_up(signals: Signals) -> NDArray[np.float64]:
    down = within(_height(signals, "torso"), -math.inf, _LOW, margin=_LOW / 2.0)
    return (5.0 * down + _run_on_one(_BACK, 0.0)(signals)) / 6.0


def _flip(way: float, speed: float) -> Reward:
    """Return a reward for turning over while going the same way."""

    def reward(signals: Signals) -> NDArray[np.float64]:
        turning = _faster(way * signals["spin"][:, 1], _SPIN)
        return (2.0 * turning + _faster(way * _ahead(signals), speed)) / 3.0

    return reward


_REWARDS: dict[str, Reward] = {
    "run_backwards": _run_backwards,
    "stand_front": _stand(_BACK),
    "stand_back": _stand(_FRONT),
    "jump": _jump,
    "run_front": _run_on_one(_BACK),
    "run_back": _run_on_one(_FRONT),
    "lie_down": _lie_down,
    "legs_up": _legs_up,
    "flip": _flip(1.0, 10.0),
    "flip_backwards": _flip(-1.0, 8.0),
}


def named(name: str, kind: str) -> Task:
    """Return what is asked of the cheetah, by the name of the trick."""
    return replace(cheetah.run(), name=f"{name}-{kind}", body=body, reward=_REWARDS[kind])
