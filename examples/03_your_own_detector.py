"""Any object with `detect(observation) -> list[Detection]` is a detector: here, "red things".

Run: python examples/03_your_own_detector.py
"""

from __future__ import annotations

import cv2
import numpy as np

from goat.build import build_agent
from goat.types import CategoryGoal, Detection, Observation
from sim.home import HomeSim
from sim.worlds import load_world

MAX_STEPS = 60


class RedThings:
    """Finds saturated red regions; the agent needs nothing else to remember and reach them."""

    def detect(self, observation: Observation) -> list[Detection]:
        """Return every large red region as a detection."""
        hsv = cv2.cvtColor(observation.rgb, cv2.COLOR_RGB2HSV)
        red = ((hsv[..., 0] < 8) | (hsv[..., 0] > 172)) & (hsv[..., 1] > 150) & (hsv[..., 2] > 60)
        count, parts, stats, _ = cv2.connectedComponentsWithStats(red.astype(np.uint8))
        found = []
        for number in range(1, count):
            x, y, width, height, area = stats[number]
            if area > 400:
                box = np.array([x, y, x + width, y + height], np.float32)
                found.append(Detection("red thing", 0.9, box, parts == number))
        return found


def main() -> None:
    """Look for something red."""
    robot = HomeSim(load_world("generated:3"))
    agent = build_agent(robot.body, RedThings())
    agent.set_goal(CategoryGoal("red thing"))
    for _ in range(MAX_STEPS):
        action = agent.step(robot.observe())
        if agent.status is not None:
            break
        robot.act(action)
    print(f"red thing: {agent.status}, {len(agent.memory.instances())} remembered")
    agent.close()
    robot.close()


if __name__ == "__main__":
    main()
