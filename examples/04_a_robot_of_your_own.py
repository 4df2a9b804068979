"""A robot that nobody has seen: its MJCF, a reward, five demonstrations, an adapted policy.

A cart on a rail carries an arm of two links; the tip of the arm is to be brought to a point. Five
episodes of a scripted expert are recorded, the shipped network is adapted to them and evaluated on
starts that it has not seen, beside behaviour cloning from scratch.

Run: python examples/04_a_robot_of_your_own.py
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import mujoco
import numpy as np
import torch
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.baselines.cloning import clone
from meta_controller.bodies import Body, Sensor
from meta_controller.demos.episodes import Shaking, record
from meta_controller.environments import Environments
from meta_controller.evaluation.law import NetworkLaw
from meta_controller.rewards import within
from meta_controller.task import Start, Task
from meta_controller.training.adapt import AdaptationConfig, adapt
from meta_controller.training.pretrained import from_pretrained

MJCF = """
<mujoco model="crane">
  <option timestep="0.005"><flag contact="disable"/></option>
  <default><joint damping="0.4"/><motor ctrllimited="true" ctrlrange="-1 1"/></default>
  <worldbody>
    <body name="cart" pos="0 0 0.4">
      <joint name="rail" type="slide" axis="1 0 0" limited="true" range="-0.8 0.8" damping="4"/>
      <geom type="box" size="0.08 0.06 0.04" mass="1"/>
      <body name="upper">
        <joint name="shoulder" axis="0 1 0"/>
        <geom type="capsule" fromto="0 0 0 0 0 0.35" size="0.03" mass="0.3"/>
        <body name="lower" pos="0 0 0.35">
          <joint name="elbow" axis="0 1 0" limited="true" range="-2.6 2.6"/>
          <geom type="capsule" fromto="0 0 0 0 0 0.3" size="0.025" mass="0.2"/>
          <site name="tip" pos="0 0 0.3"/>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <motor joint="rail" gear="12"/><motor joint="shoulder" gear="6"/><motor joint="elbow" gear="3"/>
  </actuator>
</mujoco>"""
NEAR = 0.05  # m


def body() -> Body:
    """Return the robot."""
    return Body("crane", MJCF, 0.02, (Sensor("tip", "framepos", "site", "tip"),))


def begin(model: mujoco.MjModel, rng: np.random.Generator, count: int) -> Start:
    """Begin anywhere near upright, with a target somewhere over the rail."""
    qpos = rng.uniform((-0.5, -0.6, -0.6), (0.5, 0.6, 0.6), (count, 3))
    target = rng.uniform((-0.8, 0.55), (0.8, 0.95), (count, 2))
    return Start(qpos, np.zeros((count, 3)), {"target": target})


def to_target(signals: Signals) -> NDArray[np.float64]:
    """Return (N, 2) from the tip to the target, m: what the policy is told besides its joints."""
    return signals["target"] - signals["tip"][:, [0, 2]]


def reward(signals: Signals) -> NDArray[np.float64]:
    """Return 1 near the target, and less around it."""
    return within(np.linalg.norm(to_target(signals), axis=1), high=NEAR, margin=0.2)


TASK = Task("crane-reach", body, begin, reward, to_target)


class Expert:
    """Pulls the tip to the target as if by a spring, and makes good for gravity."""

    def __init__(self) -> None:
        """Compile the robot."""
        self._model = body().compile()
        self._data = mujoco.MjData(self._model)

    def __call__(self, signals: Signals) -> NDArray[np.float64]:
        """Return (N, 3) actions."""
        states = zip(signals.qpos, signals.qvel, to_target(signals), strict=True)
        return np.array([self._action(*state) for state in states])

    def _action(self, qpos: NDArray, qvel: NDArray, error: NDArray) -> NDArray[np.float64]:
        model, data = self._model, self._data
        data.qpos[:], data.qvel[:] = qpos, 0.0
        mujoco.mj_forward(model, data)
        lever = np.zeros((3, model.nv))
        mujoco.mj_jacSite(model, data, lever, None, model.site("tip").id)
        pull = 25.0 * lever[[0, 2]].T @ error - (6.0, 0.8, 0.3) * qvel - (0.0, 1.5, 0.6) * qpos
        return np.clip((pull + data.qfrc_bias) / model.actuator_gear[:, 0], -1.0, 1.0)


def main() -> None:
    """Record, adapt, evaluate, print."""
    torch.set_num_threads(2)
    expert = Expert()
    five = Environments(TASK, 5)
    begun = five.draw(np.random.default_rng(0))
    demos = record(five, expert, begun, shaking=Shaking(0.1, (1,)))
    print(f"five demonstrations: return {demos.returns.mean():.0f} of {TASK.steps}")
    config = AdaptationConfig(threads=2)
    adapted = adapt(from_pretrained("nano"), five.embodiment, demos, config)
    print(f"adapted in {adapted.seconds:.0f} s of CPU time")
    many = Environments(TASK, 20)
    start = many.draw(np.random.default_rng(1))
    laws = {
        "expert": expert,
        "adapted network": NetworkLaw(TASK, many.embodiment, adapted, 20),
        "behaviour cloning from scratch": clone(TASK, many.embodiment, demos, seed=0),
    }
    for name, law in laws.items():
        returns = record(many, law, start).returns
        error = returns.std(ddof=1) / np.sqrt(len(returns))
        print(f"{name}: {returns.mean():.0f} ± {error:.0f}")


if __name__ == "__main__":
    main()
