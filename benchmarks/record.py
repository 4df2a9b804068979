"""What recording costs: CPU per step, and room on the disk, at the rate of a robot's camera.

Prints a line for each quality of the colour JPEG, and how fast the recording is read again.

    python benchmarks/record.py --world generated:3 --hz 15
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # sim.py here hides the package sim
os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("LP_NUM_THREADS", "0")

import numpy as np
import tyro

from goat.build import build_agent
from goat.perception.detectors.simulator import SimulatorDetector
from goat.recording.recorder import McapRecorder, RecorderConfig
from goat.types import AgentFrame, CategoryGoal
from robot.bag import Playback
from robot.bag_files import open_bag
from robot.config import RobotConfig
from sim.home import HomeConfig, HomeSim
from sim.sensors import NoiseConfig
from sim.worlds import load_world


@dataclass(frozen=True)
class Options:
    """Settings."""

    world: str = "generated:3"
    """See `sim.worlds.load_world`."""
    hz: float = 15.0
    """Rate of the steps, Hz."""
    noise: Literal["none", "default"] = "default"
    """Of depth: a real camera's is packed worse than a perfect one's."""
    steps: int = 150
    """Number of steps."""


def main(options: Options) -> None:
    """Measure and print."""
    frames, labels = drive(options)
    height, width = frames[0].observation.depth.shape
    print(f"{len(frames)} steps at {options.hz:g} Hz, {width} x {height} px, noise {options.noise}")
    print("  quality    ids  waits ms  CPU ms  MB per minute")
    with tempfile.TemporaryDirectory() as folder:
        for quality, ids in ((80, False), (95, False), (95, True)):
            path = Path(folder) / f"{quality}-{ids}.mcap"
            waits, cpu = record(path, frames, labels if ids else {}, quality)
            room = path.stat().st_size / 1e6 / len(frames) * 60.0 * options.hz
            print(f"  {quality:7}  {ids!s:>5}  {waits:8.2f}  {cpu:6.1f}  {room:13.0f}")
        read(path)


def drive(options: Options) -> tuple[list[AgentFrame], dict[int, str]]:
    """Return steps of an agent, stamped anew by their rate, and the categories of the objects."""
    noise = NoiseConfig() if options.noise == "default" else None
    config = HomeConfig(noise=noise)
    sim = HomeSim(load_world(options.world), config, np.random.default_rng(0))
    labels = dict(sim.labels)
    agent = build_agent(sim.body, SimulatorDetector(labels))
    agent.set_goal(CategoryGoal("bed"))
    frames: list[AgentFrame] = []
    while len(frames) < options.steps:
        action = agent.step(sim.observe())
        frame = agent.frame()
        seen = replace(frame.observation, stamp=len(frames) / options.hz)
        frames.append(replace(frame, observation=seen))
        if agent.status is not None:
            agent.set_goal(CategoryGoal("sofa"))
        sim.act(action)
    sim.close()
    return frames, labels


def record(
    path: Path, frames: list[AgentFrame], labels: dict[int, str], quality: int
) -> tuple[float, float]:
    """Record the steps, with object ids if there are labels.

    Returns:
        How long a step waits in the middle, with half a period between steps, and mean CPU time
        per step, ms.
    """
    recorder = McapRecorder(path, labels, RecorderConfig(quality))
    waits, began = [], time.process_time()
    for frame in frames:
        before = time.perf_counter()
        recorder.show(frame)
        waits.append(time.perf_counter() - before)
        time.sleep(0.5 / 15.0)
    recorder.close()
    cpu = time.process_time() - began
    return 1000.0 * float(np.median(waits)), 1000.0 * cpu / len(frames)


def read(path: Path) -> None:
    """Print how fast observations come out of a recording."""
    bag = open_bag(path)
    began = time.process_time()
    count = sum(1 for _ in Playback(bag, RobotConfig()).observations())
    cost = time.process_time() - began
    bag.close()
    print(f"read again: {count / cost:.0f} observations per second of CPU")


if __name__ == "__main__":
    main(tyro.cli(Options))
