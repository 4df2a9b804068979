"""The whole loop by hand: a generated home, a sentence, and what the robot remembers afterwards.

Run: python examples/01_drive_to_an_armchair.py
"""

from __future__ import annotations

from goat.build import build_agent
from goat.perception.detectors.simulator import SimulatorDetector
from goat.types import LanguageGoal
from sim.home import HomeSim
from sim.worlds import load_world

GOAL = LanguageGoal("the armchair next to the sofa")
MAX_STEPS = 150


def main() -> None:
    """Drive to the goal and list what was seen on the way."""
    robot = HomeSim(load_world("generated:3"))
    agent = build_agent(robot.body, SimulatorDetector(robot.labels))
    agent.set_goal(GOAL)
    for _ in range(MAX_STEPS):
        action = agent.step(robot.observe())
        if agent.status is not None:
            break
        robot.act(action)
    print(f"{GOAL.text}: {agent.status and agent.status.value} ({agent.reason})")
    for instance in sorted(agent.memory.instances(), key=lambda i: i.label):
        x, y, z = instance.center
        looks = ", ".join(name for name, value in instance.attributes.items() if value > 0.5)
        print(f"  {instance.label:16} at ({x:5.2f}, {y:5.2f}, {z:4.2f})  {looks}")
    agent.close()
    robot.close()


if __name__ == "__main__":
    main()
