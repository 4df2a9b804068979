"""Sampled goals measured against ground truth, with a second visit to show what memory is worth.

Run: python examples/02_measure_a_session.py
"""

from __future__ import annotations

import numpy as np

from goat.bench.goals import sample_tasks
from goat.bench.session import SessionConfig, run_tasks, summarize
from goat.build import build_agent
from goat.perception.detectors.simulator import SimulatorDetector
from sim.home import HomeConfig, HomeSim
from sim.truth import GroundTruth
from sim.worlds import load_world


def main() -> None:
    """Run three goals and print how they went."""
    robot = HomeSim(load_world("generated:3"), HomeConfig(preset="spot"))
    truth = GroundTruth(robot)
    tasks = sample_tasks(truth, np.random.default_rng(1), 2, modalities=("category", "language"))
    agent = build_agent(robot.body, SimulatorDetector(robot.labels))
    session = run_tasks(agent, robot, truth, [*tasks, tasks[0]], SessionConfig(max_steps=150))
    for goal in session.goals:
        print(f"{goal.goal}: {goal.status.value}, success {goal.success}, {goal.steps} steps")
    for name, value in summarize(session.goals).items():
        print(f"  {name}: {value}")
    agent.close()
    robot.close()


if __name__ == "__main__":
    main()
