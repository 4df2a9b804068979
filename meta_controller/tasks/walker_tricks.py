"""What else a walker can do: go backwards, hold yoga poses, turn over.

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
from meta_controller.tasks import walker

_STAND, _LIE, _LEGS_UP = 1.0, 0.08, 1.1  # m
_FLIP = 6.0  # m/s
_LIMBS = ("left_thigh", "right_thigh", "left_foot", "right_foot")


def body() -> Body:
    """Return the walker, with sensors for its limbs."""
    plain = walker.body()
    limbs = tuple(Sensor(limb, "framepos", "xbody", limb) for limb in _LIMBS)
    return replace(plain, sensors=plain.sensors + limbs)


def _torso(signals: Signals) -> NDArray[np.float64]:
    return signals["torso"][:, 2]


def _upside_down(signals: Signals) -> NDArray[np.float64]:
    return (1.0 - signals["upright"][:, 2]) / 2.0


def _both(signals: Signals, limb: str) -> NDArray[np.float64]:
    """Return (N,) the mean height of the left and the right one, m."""
    return (signals[f"left_{limb}"][:, 2] + signals[f"right_{limb}"][:, 2]) / 2.0


def _above(heights: NDArray[np.float64], height: float) -> NDArray[np.float64]:
    return within(heights, height, math.inf, margin=height / 2.0)


def _down(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    return within(heights, -math.inf, _LIE, margin=_LIE / 2.0)


def _fast(signals: Signals, speed: float) -> NDArray[np.float64]:
    """Return (N,) how nearly the walker goes at least at `speed`, m/s; backwards below 0."""
    ahead = math.copysign(1.0, speed) * signals["torso_subtreelinvel"][:, 0]
    top = abs(speed)
    return within(ahead, top, math.inf, margin=top / 2.0, least=0.5, shape="linear")


def _arabesque(signals: Signals) -> NDArray[np.float64]:
    standing = _above(_torso(signals), _STAND)
    lifted = _above(signals["right_foot"][:, 2], _STAND)
    left = signals["left_foot"][:, 2]
    planted = within(left, -math.inf, _LIE, margin=_STAND / 2.0)
    return (3.0 * standing + planted + lifted + _upside_down(signals)) / 6.0


def _lie_down(signals: Signals) -> NDArray[np.float64]:
    thighs = _down(_both(signals, "thigh"))
    return (3.0 * _down(_torso(signals)) + thighs + _upside_down(signals)) / 5.0


def _legs_up(signals: Signals) -> NDArray[np.float64]:
    legs, thighs = _above(_both(signals, "foot"), _LEGS_UP), _down(_both(signals, "thigh"))
    return (3.0 * _down(_torso(signals)) + 2.0 * legs + thighs + _upside_down(signals)) / 7.0


def _headstand(signals: Signals) -> NDArray[np.float64]:
    legs, thighs = _above(_both(signals, "foot"), _LEGS_UP), _above(_both(signals, "thigh"), _STAND)
    return (3.0 * legs + 2.0 * thighs) / 5.0


def _going(pose: Reward, speed: float) -> Reward:
    """Return a reward for a pose while going at a speed, m/s."""

    def reward(signals: Signals) -> NDArray[np.float64]:
        return pose(signals) * (5.0 * _fast(signals, speed) + 1.0) / 6.0

    return reward


_REWARDS: dict[str, Reward] = {
    "walk_backwards": _going(walker.standing, -walker.WALK),
    "run_backwards": _going(walker.standing, -walker.RUN),
    "arabesque": _arabesque,
    "lie_down": _lie_down,
    "legs_up": _legs_up,
    "headstand": _headstand,
    "flip": _going(_headstand, _FLIP),
    "backflip": _going(_headstand, -_FLIP),
}


def named(name: str, kind: str) -> Task:
    """Return what is asked of the walker, by the name of the trick."""
    return replace(walker.stand(), name=f"{name}-{kind}", body=body, reward=_REWARDS[kind])
