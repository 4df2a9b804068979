"""A crane on a rail: bring the load over a target without letting it swing.

The target is no part of the physics: it belongs to the episode, as `Signals.extra["target"]`.
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

from functools import partial

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body, Sensor
from meta_controller.rewards import within
from meta_controller.task import Start, Task

_RAIL = 1.0  # m, to each side
_AIM = 0.7  # m, farthest target
_CLOSE = 0.03  # m
_ROPES = {"gantry": 0.5, "gantry_long": 0.9}  # m


def body(rope: float, name: str) -> Body:
    """Return a crane.

    Args:
        rope: Its length, m.
        name: Of the body.
    """
    xml = f"""
    <mujoco model="{name}">
      <option timestep="0.01"><flag contact="disable"/></option>
      <default><motor ctrllimited="true" ctrlrange="-1 1"/></default>
      <worldbody>
        <body name="cart" pos="0 0 1">
          <joint name="rail" type="slide" axis="1 0 0" range="{-_RAIL} {_RAIL}" limited="true"
            damping="1"/>
          <geom type="box" size="0.1 0.05 0.05" mass="1"/>
          <body name="load">
            <joint name="rope" type="hinge" axis="0 1 0" damping="0.005"/>
            <geom type="capsule" fromto="0 0 0 0 0 {-rope}" size="0.005" mass="0.02"/>
            <geom type="sphere" size="0.05" pos="0 0 {-rope}" mass="0.5"/>
            <site name="load" pos="0 0 {-rope}"/>
          </body>
        </body>
      </worldbody>
      <actuator><motor name="rail" joint="rail" gear="5"/></actuator>
    </mujoco>"""
    return Body(name, xml, 0.02, (Sensor("load", "framepos", "site", "load"),))


def to_target(signals: Signals) -> NDArray[np.float64]:
    """Return (N, 1) from the load to the target along the rail, m."""
    return signals["target"] - signals["load"][:, :1]


def _begin(model: mujoco.MjModel, rng: np.random.Generator, count: int) -> Start:
    place, swing = rng.uniform(-_AIM, _AIM, count), rng.uniform(-0.5, 0.5, count)
    target = rng.uniform(-_AIM, _AIM, (count, 1))
    return Start(np.stack([place, swing], axis=1), np.zeros((count, 2)), {"target": target})


def _placed(signals: Signals) -> NDArray[np.float64]:
    near = within(np.abs(to_target(signals)[:, 0]), 0.0, _CLOSE, margin=0.3)
    return near * (1.0 + within(signals.qvel[:, 1], margin=1.0)) / 2.0


def named(name: str, kind: str) -> Task:
    """Return "place" for a crane by its name: bring the load over the target and keep it there."""
    make = partial(body, _ROPES[name], name)
    return Task(f"{name}-{kind}", make, _begin, _placed, to_target)
