"""What an expert is, and the linear control that several of them share."""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_are

from goat.errors import GoatError
from meta_controller.arena import Signals
from meta_controller.task import Task

Float64Array = NDArray[np.float64]
_NUDGE = 1e-5


class ExpertError(GoatError):
    """An expert that cannot be made."""


class Expert(Protocol):
    """A law of the state: the same signals always give the same actions."""

    def act(self, signals: Signals) -> Float64Array:
        """Return (N, A) normalised actions in [-1, 1]."""
        ...


@dataclass(frozen=True)
class Regulator:
    """A discrete-time linear quadratic regulator about one state, for controls held a decision.

    It minimises the sum of x' Q x + u' R u for x[t+1] = A x[t] + B u[t].
    """

    gain: Float64Array
    """(nu, nq + nv): control is -gain @ state."""
    cost: Float64Array
    """(nq + nv, nq + nv): x' cost x is what remains to be paid from x on."""

    def act(self, state: Float64Array) -> Float64Array:
        """Return (N, nu) controls of deviations (N, nq + nv)."""
        return -state @ self.gain.T

    def remaining(self, state: Float64Array) -> Float64Array:
        """Return (N,) the cost of deviations (N, nq + nv)."""
        return np.einsum("ni,ij,nj->n", state, self.cost, state)


def regulator(
    task: Task, at: Float64Array, weights: Float64Array, effort: Float64Array
) -> Regulator:
    """Return the regulator of a body of slides and hinges.

    Args:
        task: Gives the body and how long an action is held.
        at: (nq,) an equilibrium without control.
        weights: (nq + nv,) diagonal of Q.
        effort: (nu,) diagonal of R.
    """
    body = task.body()
    model = body.compile()
    a, b = linearised(model, at, body.substeps(model) * task.repeat)
    cost = solve_discrete_are(a, b, np.diag(weights), np.diag(effort))
    gain = np.linalg.solve(np.diag(effort) + b.T @ cost @ b, b.T @ cost @ a)
    return Regulator(gain, cost)


def linearised(
    model: mujoco.MjModel, at: Float64Array, steps: int
) -> tuple[Float64Array, Float64Array]:
    """Return A (n, n) and B (n, nu) over some physics steps of one control, n = nq + nv.

    By central differences of the simulation itself, so that what is held is held here too.

    Args:
        model: Of slides and hinges.
        at: (nq,) positions, at rest.
        steps: Physics steps.
    """
    data = mujoco.MjData(model)
    size = model.nq + model.nv + model.nu
    columns = []
    for k in range(size):
        ends = []
        for sign in (1.0, -1.0):
            change = np.zeros(size)
            change[k] = sign * _NUDGE
            mujoco.mj_resetData(model, data)
            data.qpos[:] = at + change[: model.nq]
            data.qvel[:] = change[model.nq : model.nq + model.nv]
            data.ctrl[:] = change[model.nq + model.nv :]
            mujoco.mj_step(model, data, nstep=steps)
            ends.append(np.concatenate([data.qpos, data.qvel]))
        columns.append((ends[0] - ends[1]) / (2.0 * _NUDGE))
    both = np.stack(columns, axis=1)
    return both[:, : model.nq + model.nv], both[:, model.nq + model.nv :]


def wrapped(angle: Float64Array) -> Float64Array:
    """Return angles in [-pi, pi), rad."""
    return (angle + np.pi) % (2.0 * np.pi) - np.pi


def limited(action: Float64Array, skill: float = 1.0) -> Float64Array:
    """Return actions (N, A) cut off at the skill."""
    return np.clip(action, -skill, skill)
