"""A cart with one pole or two in a chain: balance, or swing up and balance.

DeepMind Control Suite (https://arxiv.org/abs/1801.00690).
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

from functools import partial

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body, Sensor
from meta_controller.rewards import small, within
from meta_controller.suite import suite_body, suite_xml
from meta_controller.task import Start, Task


def body(poles: int = 1) -> Body:
    """Return a cart with so many poles, each on the one before."""
    sensors = tuple(
        Sensor(f"pole_{k}", "framezaxis", "xbody", f"pole_{k}") for k in range(1, poles + 1)
    )
    name = "cartpole" if poles == 1 else f"cartpole_{poles}"
    return suite_body(name, 0.01, sensors, _with_poles(suite_xml("cartpole"), poles))


def _with_poles(xml: str, poles: int) -> str:
    """Return the MJCF with more poles, by the model's own classes."""
    spec = mujoco.MjSpec.from_string(xml, include=dict(suite_body("cartpole", 0.01).assets))
    parent = spec.body("pole_1")
    for k in range(2, poles + 1):
        child = parent.add_body(name=f"pole_{k}", pos=[0.0, 0.0, 1.0])
        child.add_joint(name=f"hinge_{k}", default=spec.find_default("pole"))
        child.add_geom(name=f"pole_{k}", default=spec.find_default("pole"))
        parent = child
    if poles > 1:
        spec.worldbody.first_geom().pos = [0.0, 0.0, 0.95 - poles]
    return spec.to_xml()


def _near_upright(model: mujoco.MjModel, rng: np.random.Generator, count: int) -> Start:
    qpos = np.zeros((count, model.nq))
    qpos[:, 0] = rng.uniform(-0.1, 0.1, count)
    qpos[:, 1:] = rng.uniform(-0.034, 0.034, (count, model.nq - 1))
    return Start(qpos, 0.01 * rng.standard_normal((count, model.nv)))


def _hanging(model: mujoco.MjModel, rng: np.random.Generator, count: int) -> Start:
    qpos = np.zeros((count, model.nq))
    qpos[:, 0] = 0.01 * rng.standard_normal(count)
    qpos[:, 1] = np.pi + 0.01 * rng.standard_normal(count)
    qpos[:, 2:] = 0.1 * rng.standard_normal((count, model.nq - 2))
    return Start(qpos, 0.01 * rng.standard_normal((count, model.nv)))


def _balanced(signals: Signals) -> NDArray[np.float64]:
    poles = [value[:, 2] for name, value in signals.sensors.items() if name.startswith("pole_")]
    upright = (np.mean(poles, axis=0) + 1.0) / 2.0
    centered = (1.0 + within(signals.qpos[:, 0], margin=2.0)) / 2.0
    slow = (1.0 + within(signals.qvel[:, 1:], margin=5.0).min(axis=1)) / 2.0
    return upright * small(signals.control) * slow * centered


def balance(poles: int = 1) -> Task:
    """Keep the poles up."""
    make = partial(body, poles)
    return Task(f"{make().name}-balance", make, _near_upright, _balanced)


def swingup(poles: int = 1) -> Task:
    """Swing the poles up and keep them there."""
    make = partial(body, poles)
    return Task(f"{make().name}-swingup", make, _hanging, _balanced)


def balance_two() -> Task:
    """Keep two poles up."""
    return balance(2)


def swingup_two() -> Task:
    """Swing two poles up and keep them there."""
    return swingup(2)
