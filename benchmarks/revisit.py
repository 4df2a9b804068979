"""How much shorter the second way to an object is, from the same place with the same goal.

For every goal the robot starts knowing nothing, finds the object, is put back to the start, and
is given the goal again with its memory. The last line is one JSON object.

    python benchmarks/revisit.py --world .../small_house.world --goals 12
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # sim.py here hides the package sim
os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("LP_NUM_THREADS", "0")

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from goat.bench.goals import sample_tasks
from goat.bench.session import GoalResult, run_tasks
from goat.build import build_agent
from goat.perception.detectors.simulator import SimulatorDetector
from goat.types import Task
from sim.home import HomeSim
from sim.truth import GroundTruth
from sim.worlds import load_world


@dataclass(frozen=True)
class Options:
    """Settings."""

    world: str = "generated:0"
    """See `sim.worlds.load_world`."""
    goals: int = 12
    """Number of goals; kinds take turns."""
    seed: int = 0
    """Decides which goals."""


def main(options: Options) -> None:
    """Run every goal twice and print both ways."""
    sim = HomeSim(load_world(options.world))
    truth = GroundTruth(sim)
    rng = np.random.default_rng(options.seed)
    tasks = sample_tasks(truth, rng, options.goals, photo_labels=True)
    start = sim.pose
    pairs = [visit_twice(sim, truth, task, start) for task in tasks]
    table = Table("goal", "kind", "first", "m", "second", "m", "shortest m")
    for first, second in pairs:
        ways = [f"{visit.path_length_m:.1f}" for visit in (first, second)]
        how = [visit.status.value if visit.success else "missed" for visit in (first, second)]
        shortest = f"{first.shortest_m or 0.0:.1f}"
        table.add_row(first.goal, first.modality, how[0], ways[0], how[1], ways[1], shortest)
    Console().print(table)
    both = [pair for pair in pairs if all(visit.success for visit in pair)]
    first, second = (float(np.sum([p[i].path_length_m for p in both])) for i in (0, 1))
    figures = {
        "goals": len(pairs),
        "first_success": float(np.mean([bool(p[0].success) for p in pairs])),
        "second_success": float(np.mean([bool(p[1].success) for p in pairs])),
        "first_m": first,
        "second_m": second,
        "speedup": first / second if second else None,
    }
    print(json.dumps(figures))


def visit_twice(
    sim: HomeSim, truth: GroundTruth, task: Task, start: tuple[float, float, float]
) -> tuple[GoalResult, GoalResult]:
    """Return the results of a goal without and with memory of the first time."""
    vocabulary = sorted(set(sim.labels.values()))
    agent = build_agent(sim.body, SimulatorDetector(sim.labels), vocabulary=vocabulary)
    results = []
    for _ in range(2):
        sim.reset(start)
        results += run_tasks(agent, sim, truth, [task]).goals
    agent.close()
    return results[0], results[1]


if __name__ == "__main__":
    main(tyro.cli(Options, description=__doc__))
