"""Planar chains of links that bring their finger to a target: bodies, starts and rewards.

The target is no part of the physics: it belongs to the episode, as `Signals.extra["target"]`.
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body, Sensor
from meta_controller.task import Reward, Start, Task, anywhere

Float64Array = NDArray[np.float64]
_LIMIT = math.radians(160.0)
"""Greatest angle between two links, rad."""
_NEAR, _FAR = 0.25, 0.85
"""Distances of targets from the base, as parts of the reach."""
_ROOM = 1.15
"""Targets are farther from the base than the nearest point in reach by this factor."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Links in a row, each turned by a motor."""

    name: str
    """Of the body."""
    lengths: tuple[float, ...]
    """Of the links from the base outwards, m."""
    gears: tuple[float, ...]
    """Greatest torques, N m."""
    damping: float
    """Of every joint, N m s/rad."""
    radius: float
    """Of the links and the finger, m."""
    vertical: bool = False
    """Whether it hangs in the x-z plane, with gravity; it lies in the x-y plane otherwise."""

    @property
    def plane(self) -> tuple[int, int]:
        """World axes that it moves in."""
        return (0, 2) if self.vertical else (0, 1)

    @property
    def targets(self) -> tuple[float, float]:
        """Least and greatest distance of targets from the base, m."""
        longest = max(self.lengths)
        rest = sum(self.lengths) - longest
        folded = math.sqrt(max(longest**2 + rest**2 + 2 * longest * rest * math.cos(_LIMIT), 0.0))
        hole = folded if len(self.lengths) == 2 else max(longest - rest, 0.0)
        return max(_NEAR * sum(self.lengths), _ROOM * hole), _FAR * sum(self.lengths)

    def body(self) -> Body:
        """Return what is simulated."""
        return Body(self.name, self._xml(), 0.02, (Sensor("finger", "framepos", "site", "finger"),))

    def _xml(self) -> str:
        axis, timestep = ("0 1 0", 0.005) if self.vertical else ("0 0 1", 0.02)
        links, motors = f'<site name="finger" pos="{self._along(self.lengths[-1])}"/>', ""
        links += f'<geom type="sphere" size="{self.radius}" pos="{self._along(self.lengths[-1])}"/>'
        for k in reversed(range(len(self.lengths))):
            bounds = f'range="{-_LIMIT} {_LIMIT}" limited="true"' if k else ""
            place = self._along(self.lengths[k - 1] if k else 0.0)
            links = (
                f'<body name="link_{k}" pos="{place}"><joint name="joint_{k}" {bounds}/>'
                f'<geom type="capsule" fromto="0 0 0 {self._along(self.lengths[k])}"/>'
                f"{links}</body>"
            )
            motors = f'<motor name="joint_{k}" joint="joint_{k}" gear="{self.gears[k]}"/>{motors}'
        return (
            f'<mujoco model="{self.name}"><compiler angle="radian"/>'
            f'<option timestep="{timestep}"><flag contact="disable"/></option>'
            f'<default><joint type="hinge" axis="{axis}" damping="{self.damping}"/>'
            f'<geom size="{self.radius}"/><motor ctrllimited="true" ctrlrange="-1 1"/></default>'
            f"<worldbody>{links}</worldbody><actuator>{motors}</actuator></mujoco>"
        )

    def _along(self, length: float) -> str:
        return f"0 0 {-length}" if self.vertical else f"{length} 0 0"


def to_target(chain: Chain, signals: Signals) -> Float64Array:
    """Return (N, 2) from the finger to the target in the plane of the chain, m."""
    return signals["target"] - signals["finger"][:, chain.plane]


def _begin(chain: Chain, model: mujoco.MjModel, rng: np.random.Generator, count: int) -> Start:
    start = anywhere(model, rng, count)
    angle = rng.uniform(-np.pi, np.pi, count)
    away = rng.uniform(*chain.targets, count)
    target = away[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Start(start.qpos, start.qvel, {"target": target})


def _reaching(chain: Chain, radius: float) -> Reward:
    def reward(signals: Signals) -> Float64Array:
        away = np.linalg.norm(to_target(chain, signals), axis=1)
        return (away <= radius + chain.radius).astype(np.float64)

    return reward


def reach(chain: Chain, kind: str, radius: float) -> Task:
    """Return the task of keeping the finger at a target.

    Args:
        chain: The body.
        kind: Of the task, for its name.
        radius: Of the target, m.
    """
    return Task(
        f"{chain.name}-{kind}",
        chain.body,
        partial(_begin, chain),
        _reaching(chain, radius),
        partial(to_target, chain),
    )
