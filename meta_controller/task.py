"""A task is a body, where it begins, what it is told besides its joints, and what counts."""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.bodies import Body

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Start:
    """Where N episodes begin."""

    qpos: Float64Array
    """(N, nq)."""
    qvel: Float64Array
    """(N, nv)."""
    extra: Mapping[str, Float64Array] = field(default_factory=dict)
    """(N, ...) what belongs to an episode besides the state, such as a target."""

    def __len__(self) -> int:
        """How many."""
        return len(self.qpos)


Begin = Callable[[mujoco.MjModel, np.random.Generator, int], Start]
"""Draws the starts of so many episodes."""
Reward = Callable[[Signals], Float64Array]
"""Returns (N,) rewards in [0, 1] of one control step."""
Tell = Callable[[Signals], Float64Array]
"""Returns (N, G) what the task tells besides the joints."""


def tells_nothing(signals: Signals) -> Float64Array:
    """Return (N, 0): the joints say everything."""
    return np.zeros((len(signals.qpos), 0))


@dataclass(frozen=True)
class Task:
    """One thing to do with one body."""

    name: str
    """"body-task"."""
    body: Callable[[], Body]
    """Makes the body."""
    begin: Begin
    """Where episodes begin."""
    reward: Reward
    """What counts, per control step."""
    tell: Tell = tells_nothing
    """What the policy is told besides the joints."""
    steps: int = 1000
    """Control steps of an episode."""
    repeat: int = 2
    """Control steps for which an action is held."""

    @property
    def decisions(self) -> int:
        """Actions of an episode."""
        return self.steps // self.repeat


def at_reference(model: mujoco.MjModel, rng: np.random.Generator, count: int) -> Start:
    """Begin as the MJCF is drawn, at rest."""
    return Start(np.tile(model.qpos0, (count, 1)), np.zeros((count, model.nv)))


def anywhere(model: mujoco.MjModel, rng: np.random.Generator, count: int) -> Start:
    """Begin at rest with joints anywhere in their range, and hinges without one at any angle."""
    start = at_reference(model, rng, count)
    for joint in range(model.njnt):
        where = model.jnt_qposadr[joint]
        if model.jnt_limited[joint]:
            low, high = model.jnt_range[joint]
            start.qpos[:, where] = rng.uniform(low, high, count)
        elif model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_HINGE:
            start.qpos[:, where] = rng.uniform(-np.pi, np.pi, count)
    return start
