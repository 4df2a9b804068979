"""Pendulums, carts and cranes: energy shaping far from the goal, linear regulators near it.

"Swinging up a pendulum by energy control", 2000,
https://doi.org/10.1016/S0005-1098(99)00140-5.
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.experts.expert import Regulator, limited, regulator, wrapped
from meta_controller.task import Task

Float64Array = NDArray[np.float64]


def _pole(model: mujoco.MjModel, body: str) -> tuple[float, float]:
    """Return a link's inertia about its hinge, kg m^2, and its weight's lever, N m."""
    link = model.body(body)
    mass, lever = float(link.mass[0]), float(np.linalg.norm(link.ipos))
    return float(link.inertia[0]) + mass * lever**2, 9.81 * mass * lever


class PendulumSwingup:
    """Pumps energy until the pole can be held up."""

    def __init__(self, task: Task, skill: float) -> None:
        """Compile the body; `skill` is the part of the torque that is used to pump."""
        self._inertia, self._weight = _pole(task.body().compile(), "pole")
        self._up = regulator(task, np.zeros(1), np.array([10.0, 1.0]), np.array([1.0]))
        self._skill = skill

    def act(self, signals: Signals) -> Float64Array:
        """Return (N, 1) normalised actions in [-1, 1]."""
        angle, speed = wrapped(signals.qpos), signals.qvel
        missing = self._weight * (1.0 - np.cos(angle)) - 0.5 * self._inertia * speed**2
        pump = limited(8.0 * missing * speed, self._skill)
        hold = self._up.act(np.concatenate([angle, speed], axis=1))
        return limited(np.where(np.abs(hold) < 1.0, hold, pump))


class PendulumSpin:
    """Pushes the way that the pole already turns."""

    def __init__(self, task: Task, skill: float) -> None:
        """Take the part of the torque that is used."""
        self._skill = skill

    def act(self, signals: Signals) -> Float64Array:
        """Return (N, 1) normalised actions in [-1, 1]."""
        return limited(10.0 * signals.qvel, self._skill)


class CartpoleSwingup:
    """Pumps energy by the cart's acceleration, and keeps the cart near the middle."""

    def __init__(self, task: Task, skill: float) -> None:
        """Compile the body; `skill` is the part of the force that is used to pump."""
        model = task.body().compile()
        self._inertia, self._weight = _pole(model, "pole_1")
        self._up = _cart_regulator(task, 1)
        self._skill = skill

    def act(self, signals: Signals) -> Float64Array:
        """Return (N, 1) normalised actions in [-1, 1]."""
        place, angle = signals.qpos[:, :1], wrapped(signals.qpos[:, 1:])
        drive, speed = signals.qvel[:, :1], signals.qvel[:, 1:]
        missing = self._weight * (1.0 - np.cos(angle)) - 0.5 * self._inertia * speed**2
        pump = limited(-12.0 * missing * speed * np.cos(angle), 0.95 * self._skill)
        swing = limited(pump - 0.27 * place - 0.22 * drive)
        state = np.concatenate([place, angle, drive, speed], axis=1)
        hold = self._up.act(state)
        near = (np.abs(angle) < 0.6) & (np.abs(hold) < 3.8)
        return limited(np.where(near, hold, swing))


def _cart_regulator(task: Task, poles: int) -> Regulator:
    weights = np.concatenate([[1.0], np.full(poles, 5.0), [0.1], np.full(poles, 0.1)])
    return regulator(task, np.zeros(poles + 1), weights, np.array([10.0]))


class Balance:
    """A regulator about the state in which all joints are 0."""

    def __init__(self, task: Task, skill: float) -> None:
        """Compile the body; `skill` is the part of the force that is used."""
        self._up = _cart_regulator(task, task.body().compile().nq - 1)
        self._skill = skill

    def act(self, signals: Signals) -> Float64Array:
        """Return (N, 1) normalised actions in [-1, 1]."""
        angle = wrapped(signals.qpos[:, 1:])
        state = np.concatenate([signals.qpos[:, :1], angle, signals.qvel], axis=1)
        return limited(self._up.act(state), self._skill)


class GantryPlace:
    """A regulator about the hanging load over the target."""

    def __init__(self, task: Task, skill: float) -> None:
        """Compile the body; `skill` is the part of the force that is used."""
        weights = np.array([20.0, 5.0, 1.0, 1.0])
        self._hang = regulator(task, np.zeros(2), weights, np.array([2.0]))
        self._skill = skill

    def act(self, signals: Signals) -> Float64Array:
        """Return (N, 1) normalised actions in [-1, 1]."""
        state = np.concatenate([signals.qpos, signals.qvel], axis=1)
        state[:, :1] -= signals["target"]
        return limited(self._hang.act(state), self._skill)
