"""A robot that no network has seen: its MJCF, a reward, five demonstrations of a script, a policy.

An arm hangs from a cart on a rail and is to hold its tip at a target. Run (some minutes):
python examples/04_a_robot_of_your_own.py
"""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.baselines.cloning import clone
from meta_controller.bodies import Body, Sensor
from meta_controller.demos.episodes import Law, Shaking, fresh, record
from meta_controller.environments import Environments, embodiment_of
from meta_controller.evaluation.law import NetworkLaw
from meta_controller.task import Start, Task, anywhere
from meta_controller.training.adapt import AdaptationConfig, adapt
from meta_controller.training.pretrained import from_pretrained

MJCF = """
<mujoco model="rail_arm">
  <compiler angle="radian"/><option timestep="0.005"><flag contact="disable"/></option>
  <default><motor ctrlrange="-1 1" ctrllimited="true"/></default>
  <worldbody>
    <body name="cart" pos="0 0 1">
      <joint name="rail" type="slide" axis="1 0 0" range="-0.6 0.6" limited="true" damping="4"/>
      <geom type="box" size="0.08 0.05 0.04" mass="1"/>
      <body name="upper">
        <joint name="shoulder" axis="0 1 0" range="-2 2" limited="true" damping="0.1"/>
        <geom type="capsule" fromto="0 0 0 0 0 -0.3" size="0.02" mass="0.3"/>
        <body name="lower" pos="0 0 -0.3">
          <joint name="elbow" axis="0 1 0" range="-2.4 2.4" limited="true" damping="0.05"/>
          <geom type="capsule" fromto="0 0 0 0 0 -0.25" size="0.015" mass="0.2"/>
          <site name="tip" pos="0 0 -0.25"/>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <motor joint="rail" gear="20"/><motor joint="shoulder" gear="3"/><motor joint="elbow" gear="1"/>
  </actuator>
</mujoco>"""
PLANE = [0, 2]  # it moves in x and z


def body() -> Body:
    """Return what is simulated, and what the reward looks at."""
    return Body("rail_arm", MJCF, 0.02, (Sensor("tip", "framepos", "site", "tip"),))


def to_target(signals: Signals) -> NDArray[np.float64]:
    """Return (N, 2) from tip to target, m: what the policy is told besides the joints."""
    return signals["target"] - signals["tip"][:, PLANE]


def held(signals: Signals) -> NDArray[np.float64]:
    """Return (N,) 1 where the tip is within 4 cm of the target."""
    return (np.linalg.norm(to_target(signals), axis=1) < 0.04).astype(np.float64)


def begin(model: mujoco.MjModel, rng: np.random.Generator, count: int) -> Start:
    """Begin anywhere, with a target below the rail."""
    start = anywhere(model, rng, count)
    target = rng.uniform((-0.7, 0.55), (0.7, 0.85), (count, 2))
    return Start(start.qpos, start.qvel, {"target": target})


def script() -> Law:
    """Return a law that pulls the tip to the target as by a spring, and holds the arm's weight."""
    model = body().compile()
    data, jacobian = mujoco.MjData(model), np.zeros((3, model.nv))
    gear, brake = model.actuator_gear[:, 0], np.array([0.4, 0.12, 0.08])

    def action(qpos: NDArray, qvel: NDArray, target: NDArray) -> NDArray:
        data.qpos[:], data.qvel[:] = qpos, 0.0
        mujoco.mj_forward(model, data)
        mujoco.mj_jacSite(model, data, jacobian, None, model.site("tip").id)
        error = target - data.site_xpos[model.site("tip").id][PLANE]
        error *= min(1.0, 0.2 / max(float(np.linalg.norm(error)), 1e-9))
        pull = np.array([60.0, 20.0, 20.0]) * (jacobian[PLANE].T @ error)
        return np.clip((pull + data.qfrc_bias) / gear - brake * qvel, -1.0, 1.0)

    def law(signals: Signals) -> NDArray:
        states = zip(signals.qpos, signals.qvel, signals["target"], strict=True)
        return np.array([action(*state) for state in states])

    return law


def main() -> None:
    """Record, adapt, and compare with the script and with behaviour cloning."""
    task = Task("rail_arm-hold", body, begin, held, to_target)
    embodiment = embodiment_of(task)
    environments = Environments(task, 5)
    start = environments.draw(np.random.default_rng(0))
    demos = record(environments, script(), start, shaking=Shaking(0.1, (0,)))

    nano = from_pretrained("nano")
    adapted = adapt(nano, embodiment, demos)
    shown = adapt(nano, embodiment, demos, AdaptationConfig(steps=0))
    laws = {
        "the script itself": script(),
        "Meta-Controller, adapted": NetworkLaw(task, embodiment, adapted, 20),
        "Meta-Controller, shown only": NetworkLaw(task, embodiment, shown, 20),
        "behaviour cloning": clone(task, embodiment, demos, seed=0),
    }
    for name, law in laws.items():
        returns = fresh(task, law, 20, seeds=[1]).returns
        error = returns.std(ddof=1) / np.sqrt(len(returns))
        print(f"{name:28} {returns.mean():4.0f} ± {error:.0f} of at most {task.steps}")
    print(f"adapted in {adapted.seconds:.0f} s of CPU time")


if __name__ == "__main__":
    main()
