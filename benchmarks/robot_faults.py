"""What happens to a driving robot when the planner, our process, the bridge or the link fails.

    python benchmarks/robot_faults.py --times 50

The robot is a point on a plane behind the development bridge, which runs as a program of its own,
so that it can be killed and frozen. Times are from the fault to its effect, ms. The last line is
one JSON object.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# This folder comes first on the path of its scripts, and sim.py would pass for the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table
from scipy.spatial.transform import RigidTransform

from goat.bench.session import run_tasks
from goat.frames import mast_camera, planar
from goat.types import (
    Action,
    AgentFrame,
    CameraIntrinsics,
    CellState,
    Goal,
    Observation,
    OccupancyGrid,
    PlaceGoal,
    Task,
    VelocityCommand,
)
from robot.config import RobotConfig
from robot.estop import EmergencyStop
from robot.link import Link
from robot.messages import read_twist
from robot.ros import RosRobot
from robot.sim_node import SimNode

AHEAD = VelocityCommand(0.4, 0.0)


@dataclass(frozen=True)
class Config:
    """How often."""

    times: int = 50
    """Faults of each kind."""
    drive: str = ""
    """Only drive the robot behind this bridge, until killed; for the benchmark's own use."""


class PointRobot:
    """Drives on an endless plane and sees noise."""

    def __init__(self) -> None:
        """Stand at the origin."""
        self._pose = RigidTransform.identity()
        self._rng = np.random.default_rng(0)
        self._camera = CameraIntrinsics(64, 48, 40.0, 40.0, 31.5, 23.5)

    @property
    def odometry(self) -> RigidTransform:
        """Where it is."""
        return self._pose

    def observe(self) -> Observation:
        """See noise."""
        rgb = np.zeros((48, 64, 3), np.uint8)
        depth = self._rng.uniform(1.0, 3.0, (48, 64)).astype(np.float32)
        return Observation(0.0, rgb, depth, self._camera, mast_camera(1.3), self._pose)

    def act(self, action: Action) -> None:
        """Move for one tick."""
        if isinstance(action, VelocityCommand):
            self._pose = self._pose * planar(0.02 * action.linear, 0.0, 0.02 * action.angular)


class BridgeProgram:
    """The bridge in a process of its own."""

    def __init__(self) -> None:
        """Start it on a free port."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        code = f"import robot.bridge, time\nwith robot.bridge.Bridge({self.port}): time.sleep(9e9)"
        self.process = subprocess.Popen([sys.executable, "-c", code], env=_environment())
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()


class Driver:
    """Our side: observes, and wishes to drive ahead, at 15 Hz."""

    def __init__(self, url: str, folder: Path) -> None:
        """Connect; it drives when `willing` is set."""
        self.robot = RosRobot(RobotConfig(bridge=url), EmergencyStop(folder / "estop")).open()
        self.robot.gate.trusted = True
        grid = OccupancyGrid(np.full((40, 40), CellState.FREE, np.uint8), (-1.0, -1.0), 0.05)
        self.robot.show_map(grid, RigidTransform.identity())
        self.willing, self.last = threading.Event(), 0.0
        threading.Thread(target=self._drive, daemon=True).start()

    def _drive(self) -> None:
        while True:
            self.robot.sensors.observe(1e9)
            if self.willing.is_set():
                self.last = time.monotonic()
                self.robot.act(AHEAD)


class Breaking:
    """A planner that drives ahead, and throws when it is told to."""

    status, reason = None, ""

    def __init__(self) -> None:
        """Drive at once."""
        self.broken, self.threw = threading.Event(), 0.0

    def set_goal(self, goal: Goal) -> None:
        """It has but one way."""

    def step(self, observation: Observation) -> Action:
        """Drive ahead, or throw."""
        if self.broken.is_set():
            self.threw = time.monotonic()
            raise RuntimeError("the planner broke")
        return AHEAD

    def frame(self) -> AgentFrame:
        """Nobody looks."""
        raise RuntimeError("there is nothing to see")


class Listener:
    """What reaches the base."""

    def __init__(self, url: str) -> None:
        """Listen to commands."""
        self.link = Link(url)
        self.link.open()
        self.got: list[tuple[float, float]] = []
        self.link.subscribe("/cmd_vel", "geometry_msgs/msg/Twist", self._came)

    def _came(self, message: object, at: float) -> None:
        self.got.append((at, read_twist(message).linear))

    def first(self, wanted: Callable[[float], bool], since: float, patience: float = 10.0) -> float:
        """Return when the first command that is wanted came after `since`; inf if none did."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            found = next((at for at, v in self.got if at >= since and wanted(v)), None)
            if found is not None:
                return found
            time.sleep(0.001)
        return float("inf")


def main(config: Config) -> None:
    """Run all faults and print what they led to."""
    logging.getLogger("goat").setLevel(logging.ERROR)  # the planner that throws is on purpose
    folder = Path(tempfile.mkdtemp())
    if config.drive:
        Driver(config.drive, folder).willing.set()
        time.sleep(1e6)
    bridge = BridgeProgram()
    node_link = Link(bridge.url)
    node_link.open()
    node, stop = SimNode(PointRobot(), node_link), threading.Event()
    threading.Thread(target=node.run, args=(stop,), daemon=True).start()
    results = {
        "process killed, base stands": kill_process(bridge, node, config.times),
        **planner_and_bridge(bridge, node, folder, config.times),
    }
    stop.set()
    bridge.kill()
    table = Table("fault", "n", "p50 ms", "max ms")
    for name, times in results.items():
        table.add_row(name, str(len(times)), f"{np.median(times):.0f}", f"{max(times):.0f}")
    Console().print(table)
    summary = {
        name: {"n": len(t), "p50": float(np.median(t)), "max": max(t)}
        for name, t in results.items()
    }
    print(json.dumps(summary))
    os._exit(0)  # threads of the drivers are still waiting for observations


def kill_process(bridge: BridgeProgram, node: SimNode, times: int) -> list[float]:
    """Kill the program that drives; return how long the base went on, ms."""
    found = []
    for _ in range(times):
        command = [sys.executable, __file__, "--drive", bridge.url]
        child = subprocess.Popen(command, env=_environment())
        _until(lambda: node.moving.linear > 0.2)
        child.send_signal(signal.SIGKILL)
        began = time.monotonic()
        _until(lambda: node.moving.linear == 0.0)
        found.append(1e3 * (time.monotonic() - began))
        child.wait()
    return found


def planner_and_bridge(
    bridge: BridgeProgram, node: SimNode, folder: Path, times: int
) -> dict[str, list[float]]:
    """Stall the planner, kill and freeze the bridge; return times to each effect, ms."""
    driver, listener = Driver(bridge.url, folder), Listener(bridge.url)
    rng = np.random.default_rng(0)
    threw = planner_throws(driver, node, listener, times)
    silent, pressed, back, live, noticed, stale = [], [], [], [], [], 0
    for _ in range(times):
        _drive(driver, node)
        driver.willing.clear()
        began = driver.last
        silent.append(1e3 * (listener.first(lambda v: v == 0.0, began) - began))
        _drive(driver, node)
        began = time.monotonic()
        driver.robot.emergency_stop("benchmark")
        pressed.append(1e3 * (listener.first(lambda v: v == 0.0, began) - began))
        driver.robot.estop.clear()
    for _ in range(times):
        _drive(driver, node)
        bridge.kill()
        for _ in range(int(rng.integers(20, 150))):
            driver.robot.act(AHEAD)  # a planner that does not care
            time.sleep(0.01)
        driver.willing.clear()
        bridge.start()
        began = time.monotonic()
        _until(lambda: driver.robot.control.connected and driver.robot.images.connected)
        back.append(1e3 * (time.monotonic() - began))
        _until(lambda: driver.robot.health.fault(time.monotonic()) is None)
        live.append(1e3 * (time.monotonic() - began))
        stale += sum(v != 0.0 for at, v in listener.got if at > began)
    for _ in range(times):
        _drive(driver, node)
        bridge.process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        _until(lambda: not driver.robot.control.connected)
        noticed.append(1e3 * (time.monotonic() - began))
        bridge.process.send_signal(signal.SIGCONT)
        _until(lambda: driver.robot.health.fault(time.monotonic()) is None)
    print(f"stale commands after {times} restarts: {stale}")
    return {
        "planner throws, zero on the wire": threw,
        "planner silent, zero on the wire": silent,
        "emergency stop, zero on the wire": pressed,
        "bridge restarted, connected again": back,
        "bridge restarted, sensors good again": live,
        "bridge frozen, noticed": noticed,
    }


def planner_throws(driver: Driver, node: SimNode, listener: Listener, times: int) -> list[float]:
    """Let the planner throw in the midst of a session; return times to zero on the wire, ms."""
    found = []
    for _ in range(times):
        _until(lambda: node.moving.linear == 0.0)
        planner, tasks = Breaking(), [Task(PlaceGoal((5.0, 0.0)), ())]
        session = threading.Thread(target=run_tasks, args=(planner, driver.robot, None, tasks))
        session.start()
        _until(lambda: node.moving.linear > 0.2)
        planner.broken.set()
        session.join()
        zero = listener.first(lambda v: v == 0.0, planner.threw)
        found.append(1e3 * (zero - planner.threw))
    return found


def _drive(driver: Driver, node: SimNode) -> None:
    """Begin from rest, and drive."""
    driver.willing.clear()
    _until(lambda: node.moving.linear == 0.0)
    driver.willing.set()
    _until(lambda: node.moving.linear > 0.2)


def _until(true: Callable[[], bool], patience: float = 30.0) -> None:
    end = time.monotonic() + patience
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("the robot does not do what it should: nothing to measure")
        time.sleep(0.001)


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[1])
    return os.environ | {"PYTHONPATH": root}


if __name__ == "__main__":
    main(tyro.cli(Config))
