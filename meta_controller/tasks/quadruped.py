"""Planar hounds, with four legs of two or three hinges: stand, walk, run.

Bodies are made here; what counts is that of the planar walker in the DeepMind Control Suite
(https://arxiv.org/abs/1801.00690), with heights and speeds for these bodies.
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import math
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body, Sensor
from meta_controller.rewards import within
from meta_controller.task import Reward, Start, Task, at_reference

_WALK, _RUN = 1.0, 4.0  # m/s
_NOISE = 0.1  # rad
_LEGS = {"front_left": 1, "front_right": 1, "back_left": -1, "back_right": -1}
_PARTS = ("hip", "knee", "ankle")
_GEARS = {"hip": 60, "knee": 50, "ankle": 20}  # N m
_SPRINGS = {"hip": 30, "knee": 30, "ankle": 15}  # N m/rad, about standing
_RANGES = {"hip": "-0.9 0.9", "knee": "-0.8 1.2", "ankle": "-0.8 0.8"}  # rad, about standing
_THICK = 0.035  # m, radius of the legs


@dataclass(frozen=True, slots=True)
class Hound:
    """What one hound is like; standing is where all joints are 0."""

    name: str
    """Of the body."""
    leg: tuple[float, ...] = (0.25, 0.25, 0.12)
    """Lengths of a leg's links from the hip down, m; one hinge each, two or three of them."""
    tilts: tuple[float, ...] = (0.5, -0.6, 0.15)
    """How the links stand, rad, backwards from straight down."""

    @property
    def height(self) -> float:
        """Of the hips as it stands, m."""
        fall = (n * math.cos(tilt) for n, tilt in zip(self.leg, self.tilts, strict=True))
        return sum(fall) + _THICK

    def body(self) -> Body:
        """Return what is simulated."""
        sensors = (
            Sensor("torso", "framepos", "xbody", "torso"),
            Sensor("upright", "framezaxis", "xbody", "torso"),
        )
        return Body(self.name, self._xml(), 0.02, sensors)

    def _xml(self) -> str:
        legs = "".join(self._limb(leg) for leg in _LEGS)
        motors = "".join(
            f'<motor name="{leg}_{part}" joint="{leg}_{part}" gear="{_GEARS[part]}"/>'
            for leg in _LEGS
            for part in _PARTS[: len(self.leg)]
        )
        return f"""
        <mujoco model="{self.name}">
          <compiler angle="radian"/>
          <option timestep="0.0025"/>
          <default>
            <joint type="hinge" axis="0 1 0" damping="2" armature="0.1"/>
            <geom type="capsule" contype="1" conaffinity="0" friction="0.9 0.1 0.1"/>
            <motor ctrllimited="true" ctrlrange="-1 1"/>
            <default class="root"><joint damping="0" armature="0"/></default>
          </default>
          <worldbody>
            <geom name="floor" type="plane" contype="0" conaffinity="1" size="250 1 0.2"/>
            <body name="torso" pos="0 0 {self.height}">
              <joint name="root_x" class="root" type="slide" axis="1 0 0"/>
              <joint name="root_z" class="root" type="slide" axis="0 0 1"/>
              <joint name="root_pitch" class="root"/>
              <geom name="torso" fromto="-0.4 0 0 0.4 0 0" size="0.07"/>
              <geom name="head" fromto="0.4 0 0.05 0.52 0 0.18" size="0.05"/>
              {legs}
            </body>
          </worldbody>
          <sensor><subtreelinvel name="torso_subtreelinvel" body="torso"/></sensor>
          <actuator>{motors}</actuator>
        </mujoco>"""

    def _limb(self, leg: str) -> str:
        """Return the MJCF of a leg, from the foot up."""
        ends = [_end(n, tilt) for n, tilt in zip(self.leg, self.tilts, strict=True)]
        side = 0.08 if leg.endswith("left") else -0.08
        above = [f"{0.38 * _LEGS[leg]} {side} 0", *ends]
        inner = ""
        for k in reversed(range(len(ends))):
            part = _PARTS[k]
            inner = (
                f'<body name="{leg}_{part}" pos="{above[k]}"><joint name="{leg}_{part}" '
                f'limited="true" range="{_RANGES[part]}" stiffness="{_SPRINGS[part]}"/>'
                f'<geom name="{leg}_{part}" '
                f'fromto="0 0 0 {ends[k]}" size="{_THICK}"/>{inner}</body>'
            )
        return inner


def _end(length: float, tilt: float) -> str:
    return f"{-length * math.sin(tilt)} 0 {-length * math.cos(tilt)}"


_HOUNDS = (
    Hound("hound"),
    Hound("hound_two", (0.3, 0.3), (0.5, -0.5)),
    Hound("hound_longthigh", (0.32, 0.18, 0.12)),
    Hound("hound_longshin", (0.18, 0.32, 0.12), (0.6, -0.45, 0.2)),
)


def hound_of(name: str) -> Hound:
    """Return a hound by its name."""
    return next(hound for hound in _HOUNDS if hound.name == name)


def _near_standing(model: mujoco.MjModel, rng: np.random.Generator, count: int) -> Start:
    start = at_reference(model, rng, count)
    start.qpos[:, 1] = rng.uniform(0.0, 0.05, count)
    start.qpos[:, 2:] = rng.uniform(-_NOISE, _NOISE, (count, model.nq - 2))
    start.qvel[:] = 0.05 * rng.standard_normal((count, model.nv))
    return start


def _standing(height: float) -> Reward:
    least = 0.9 * height

    def reward(signals: Signals) -> NDArray[np.float64]:
        high = within(signals["torso"][:, 2], least, math.inf, margin=least / 2.0)
        return (3.0 * high + (1.0 + signals["upright"][:, 2]) / 2.0) / 4.0

    return reward


def _moving(height: float, speed: float) -> Reward:
    """Return a reward for going as fast as `speed` (m/s) while standing upright."""
    standing = _standing(height)

    def reward(signals: Signals) -> NDArray[np.float64]:
        ahead = signals["torso_subtreelinvel"][:, 0]
        fast = within(ahead, speed, math.inf, margin=speed / 2.0, least=0.5, shape="linear")
        return standing(signals) * (5.0 * fast + 1.0) / 6.0

    return reward


def named(name: str, kind: str) -> Task:
    """Return "stand", "walk" or "run" for a hound by its name."""
    hound = hound_of(name)
    rewards = {
        "stand": _standing(hound.height),
        "walk": _moving(hound.height, _WALK),
        "run": _moving(hound.height, _RUN),
    }
    return Task(f"{name}-{kind}", hound.body, _near_standing, rewards[kind])
