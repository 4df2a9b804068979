"""A planar runner on two legs, front and back: run.

DeepMind Control Suite (https://arxiv.org/abs/1801.00690).
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import math

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body
from meta_controller.rewards import within
from meta_controller.suite import suite_body
from meta_controller.task import Reward, Start, Task, at_reference

_RUN = 10.0  # m/s
_SETTLE = 200  # physics steps


def body() -> Body:
    """Return the cheetah."""
    return suite_body("cheetah", 0.01)


def _settled(model: mujoco.MjModel, rng: np.random.Generator, count: int) -> Start:
    """Begin with legs anywhere, after it has come to lie or stand."""
    start, data = at_reference(model, rng, count), mujoco.MjData(model)
    limited = model.jnt_limited.astype(bool)
    low, high = model.jnt_range[limited].T
    for k in range(count):
        mujoco.mj_resetData(model, data)
        data.qpos[limited] = rng.uniform(low, high)
        mujoco.mj_step(model, data, nstep=_SETTLE)
        start.qpos[k], start.qvel[k] = data.qpos, data.qvel
    return start


def _running(speed: float) -> Reward:
    """Return a reward for going as fast as `speed`, m/s; backwards if it is negative."""

    def reward(signals: Signals) -> NDArray[np.float64]:
        ahead = math.copysign(1.0, speed) * signals["torso_subtreelinvel"][:, 0]
        top = abs(speed)
        return within(ahead, top, math.inf, margin=top, least=0.0, shape="linear")

    return reward


def run() -> Task:
    """Run ahead."""
    return Task("cheetah-run", body, _settled, _running(_RUN))
