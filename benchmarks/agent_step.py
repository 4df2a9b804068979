"""What one control step of the agent costs, in CPU time on one thread, and how its memory grows.

    python benchmarks/agent_step.py --world generated:0 --steps 1000

Goals of three kinds follow one another at 640x480. A step is remembering, matching and planning:
rendering and the detector are left out. What a new goal costs when it arrives is told apart. The
first laps discover the home, the last drives on in the known home; memory is the growth of the
process's resident set over each. The last line is one JSON object.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import itertools
import json
import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# This folder comes first on the path of its scripts, and sim.py would pass for the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("LP_NUM_THREADS", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import cv2
import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from goat.agent import Agent
from goat.bench.goals import sample_tasks
from goat.build import build_agent
from goat.perception.detectors.simulator import SimulatorDetector
from goat.types import Detection, Observation, Task
from sim.home import HomeConfig, HomeSim
from sim.truth import GroundTruth
from sim.worlds import load_world


@dataclass(frozen=True)
class Config:
    """What is measured."""

    world: str = "generated:0"
    """See `sim.worlds.load_world`."""
    preset: str = "default"
    """Camera: default, stretch or spot."""
    steps: int = 1000
    """Control steps per lap."""
    laps: int = 3
    """The first two discover the home; memory growth is that of the first and of the last."""
    goals: int = 30
    """Goals that are sampled; they start again when all were pursued."""
    max_steps: int = 200
    """Steps after which a goal is given up."""
    memory: Path | None = None
    """Also save to this file, as `goat run --memory` does."""
    seed: int = 0
    """Of the goals."""


class TimedDetector:
    """A detector that knows how much CPU time it took."""

    def __init__(self, inner: SimulatorDetector) -> None:
        """Wrap `inner`."""
        self._inner = inner
        self.seconds = 0.0

    def detect(self, observation: Observation) -> list[Detection]:
        """Detect and count the time."""
        began = time.thread_time()
        found = self._inner.detect(observation)
        self.seconds += time.thread_time() - began
        return found


@dataclass
class Lap:
    """What was measured over some steps; times in ms."""

    stages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Stage -> one time per step."""
    arrivals: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Kind of goal -> what setting each one cost."""
    growth: float = 0.0
    """MB by which the process grew."""
    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """How the goals ended."""
    known: tuple[int, int, int] = (0, 0, 0)
    """Instances, views and landmark frames in the end."""


class Drive:
    """The robot, its agent and an endless supply of goals."""

    def __init__(self, sim: HomeSim, agent: Agent, detector: TimedDetector, config: Config) -> None:
        """Sample the goals.

        Args:
            sim: The robot.
            agent: Measured.
            detector: The agent's, whose time is subtracted.
            config: Number of goals and steps.
        """
        truth = GroundTruth(sim)
        rng = np.random.default_rng(config.seed)
        tasks = sample_tasks(truth, rng, config.goals, photo_labels=True)
        self._sim, self._agent, self._detector, self._config = sim, agent, detector, config
        self._tasks: Iterator[Task] = itertools.cycle(tasks)
        self._left = 0

    def lap(self, steps: int) -> Lap:
        """Drive `steps` control steps and measure them."""
        lap = Lap()
        before = resident_mb()
        for _ in range(steps):
            self._step(lap)
        lap.growth = resident_mb() - before
        memory = self._agent.memory
        views = sum(len(instance.views) for instance in memory.instances())
        lap.known = len(memory.instances()), views, len(memory.landmarks.frames)
        return lap

    def _step(self, lap: Lap) -> None:
        agent, sim = self._agent, self._sim
        if self._left == 0 or agent.status is not None:
            self._next_goal(lap)
        self._left -= 1
        observation = sim.observe()
        detecting = self._detector.seconds
        began = time.thread_time()
        action = agent.step(observation)
        total = time.thread_time() - began
        detecting = self._detector.seconds - detecting
        for stage, seconds in agent.timings.items():
            spent = seconds - detecting if stage == "remember" else seconds
            lap.stages[stage].append(1e3 * spent)
        lap.stages["total"].append(1e3 * (total - detecting))
        sim.act(action)

    def _next_goal(self, lap: Lap) -> None:
        if self._left or self._agent.status is not None:
            ended = self._agent.status
            lap.outcomes["given up" if ended is None else ended.value] += 1
        goal = next(self._tasks).goal
        began = time.thread_time()
        self._agent.set_goal(goal)
        lap.arrivals[type(goal).__name__].append(1e3 * (time.thread_time() - began))
        self._left = self._config.max_steps


def resident_mb() -> float:
    """Return the resident set of this process, MB, without what the allocator only keeps."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # glibc only
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile, 0 for nothing."""
    return round(float(np.percentile(values, share)), 2) if values else 0.0


def show(laps: dict[str, Lap], console: Console) -> None:
    """Print one table per lap and what new goals cost."""
    for name, lap in laps.items():
        steps = len(lap.stages["total"])
        ended = ", ".join(f"{count} {how}" for how, count in lap.outcomes.items())
        known = "{} instances, {} views, {} landmark frames".format(*lap.known)
        title = f"{name}: {steps} steps, {lap.growth:+.1f} MB; {known}; goals: {ended}"
        table = Table(title=title, title_justify="left", min_width=80)
        for column in ("stage", "median ms", "p90", "p99", "max"):
            table.add_column(column, justify="left" if column == "stage" else "right")
        for stage, times in lap.stages.items():
            figures = [percentile(times, share) for share in (50, 90, 99, 100)]
            table.add_row(stage, *(f"{figure:.2f}" for figure in figures))
        console.print(table)
    table = Table("new goal", "count", "median ms", "max ms", title="when a goal arrives")
    for kind in sorted({kind for lap in laps.values() for kind in lap.arrivals}):
        times = [t for lap in laps.values() for t in lap.arrivals.get(kind, [])]
        median, most = percentile(times, 50), percentile(times, 100)
        table.add_row(kind, str(len(times)), f"{median:.2f}", f"{most:.2f}")
    console.print(table)


def summary(laps: Sequence[Lap], config: Config) -> dict[str, object]:
    """Return the figures of the last line."""
    first, last = laps[0], laps[-1]
    times = [t for lap in laps for t in lap.stages["total"]]
    arrivals = [t for lap in laps for kind in lap.arrivals.values() for t in kind]
    photos = [t for lap in laps for t in lap.arrivals.get("ImageGoal", [])]
    per_thousand = 1000.0 / config.steps
    return {
        "median_ms": percentile(times, 50),
        "p99_ms": percentile(times, 99),
        "max_ms": percentile(times, 100),
        "set_goal_ms": percentile(arrivals, 50),
        "set_goal_max_ms": percentile(arrivals, 100),
        "set_photo_goal_ms": percentile(photos, 50),
        "mb_per_1000_steps": round(last.growth * per_thousand, 2),
        "mb_first_1000_steps": round(first.growth * per_thousand, 2),
        "instances": last.known[0],
        "views": last.known[1],
        "landmark_frames": last.known[2],
        "steps": len(laps) * config.steps,
        "world": config.world,
        "preset": config.preset,
        "seed": config.seed,
    }


def main(config: Config) -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    sim = HomeSim(load_world(config.world), HomeConfig(preset=config.preset))
    detector = TimedDetector(SimulatorDetector(sim.labels))
    vocabulary = tuple(sorted(set(sim.labels.values())))
    agent = build_agent(sim.body, detector, config.memory, vocabulary=vocabulary)
    drive = Drive(sim, agent, detector, config)
    sim.observe()
    laps = [drive.lap(config.steps) for _ in range(config.laps)]
    show({f"lap {number}": lap for number, lap in enumerate(laps, 1)}, Console())
    figures = summary(laps, config)
    agent.close()
    sim.close()
    print(json.dumps(figures))


if __name__ == "__main__":
    main(tyro.cli(Config))
