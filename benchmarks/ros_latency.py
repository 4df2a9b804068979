"""From what the camera saw to the command that follows from it, through a websocket.

    python benchmarks/ros_latency.py --seconds 20

A simulated robot (`goat robot sim`), the bridge and our side run as programs of their own, as they
would on a robot and a laptop. Latency is from the stamp of a depth image, before it is rendered, to
the arrival at the base of the first command after the step that used the image, ms; once with a
planner that does nothing and once with the whole agent (which is sent object ids as well), for JPEG
and PNG and for raw images. The last line is one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

# This folder comes first on the path of its scripts, and sim.py would pass for the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table
from scipy.spatial.transform import RigidTransform

from goat.build import build_agent
from goat.perception.detectors.simulator import SimulatorDetector
from goat.types import Action, CategoryGoal, Observation, VelocityCommand
from robot.config import RobotConfig, Topics
from robot.estop import EmergencyStop
from robot.link import Link
from robot.ros import RosRobot
from robot.slots import Slot

ROOT = Path(__file__).resolve().parents[1]
PORT = 9477


@dataclass(frozen=True)
class Config:
    """What is run."""

    world: str = "generated:0"
    """Where the robot is."""
    hz: float = 10.0
    """Rate of images, Hz."""
    seconds: float = 20.0
    """How long each case is measured, s."""


@contextmanager
def programs(config: Config, raw: bool) -> Iterator[None]:
    """Run bridge and robot beside us."""
    command = [sys.executable, "-m", "goat.cli", "robot"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    bridge = subprocess.Popen([*command, "bridge", "--port", str(PORT)], env=environment)
    time.sleep(4.0)
    options = ["--bridge", f"ws://127.0.0.1:{PORT}", "--world", config.world]
    options += ["--camera-hz", str(config.hz), *(["--raw"] if raw else [])]
    robot = subprocess.Popen([*command, "sim", *options], env=environment)
    try:
        yield
    finally:
        for program in (robot, bridge):
            program.kill()
            program.wait()


def measure(config: Config, raw: bool, full: bool) -> list[float]:
    """Return the latencies of one case, ms."""
    topics = Topics()
    if full:
        truth = "/camera/semantic"
        topics = replace(topics, semantic=f"{truth}/image_raw", labels=f"{truth}/labels")
    if raw:
        plain = {"color": "/camera/color/image_raw"}
        plain["depth"] = "/camera/aligned_depth_to_color/image_raw"
        topics = replace(topics, **plain)
    url = f"ws://127.0.0.1:{PORT}"
    estop = EmergencyStop(Path(tempfile.mkdtemp()) / "estop")
    found: list[float] = []
    with RosRobot(RobotConfig(bridge=url, topics=topics, camera_hz=30.0), estop) as robot:
        commands: Slot[object] = Slot()
        tap = Link(url)
        tap.open()
        tap.subscribe("/cmd_vel", "geometry_msgs/msg/Twist", commands.put)
        robot.observe()
        step = _agent(robot) if full else (lambda seen: VelocityCommand(0.0, 0.3))
        end = time.monotonic() + config.seconds
        while time.monotonic() < end:
            seen = robot.observe()
            robot.act(step(seen))
            came = commands.wait(commands.count - 1, 1.0)
            if came is not None:
                age = time.time() - time.monotonic() + came.at - seen.stamp
                found.append(1e3 * age)
        tap.close()
    return found


def _agent(robot: RosRobot) -> Callable[[Observation], Action]:
    agent = build_agent(robot.body, SimulatorDetector(robot.sensors.labels))
    agent.set_goal(CategoryGoal("what is not there"))

    def step(seen: Observation) -> Action:
        action = agent.step(seen)
        robot.show_map(agent.memory.grid(), RigidTransform.identity())
        return action

    return step


def main(config: Config) -> None:
    """Measure all cases and print them."""
    table = Table("images", "planner", "n", "p50 ms", "p95 ms", "p99 ms")
    summary = {}
    for raw in (False, True):
        with programs(config, raw):
            for full in (False, True):
                times = measure(config, raw, full)
                cuts = [float(v) for v in np.percentile(times, [50, 95, 99])]
                names = ("raw" if raw else "JPEG + PNG16", "agent" if full else "none")
                table.add_row(*names, str(len(times)), *(f"{v:.0f}" for v in cuts))
                summary[", ".join(names)] = dict(zip(("p50", "p95", "p99"), cuts, strict=True))
    Console().print(table)
    print(json.dumps(summary))


if __name__ == "__main__":
    main(tyro.cli(Config))
