"""How long it takes from the click on the operator's page until the robot stands.

The page is shown to one headless Chromium while frames come ten times a second, and a robot behind
the development bridge drives (that of `robot_faults.py`, a point on a plane). The stop is pressed
at random moments. Times are from the browser's own time stamp of the click; both clocks are this
machine's.

    python benchmarks/page_stop.py --times 50
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

# This folder comes first on the path of its scripts, and sim.py would pass for the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.append(str(Path(__file__).resolve().parent))
os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("LP_NUM_THREADS", "0")

import numpy as np
import tyro
from robot_faults import BridgeProgram, Driver, Listener, PointRobot

from goat.build import build_agent
from goat.perception.detectors.simulator import SimulatorDetector
from goat.types import AgentFrame, LanguageGoal
from goat.view.operator import OperatorState
from goat.view.page import OperatorPage
from robot.link import Link
from robot.sim_node import SimNode
from sim.home import HomeSim
from sim.worlds import load_world

_FLAGS = ("--headless=new", "--no-sandbox", "--use-angle=swiftshader",
          "--enable-unsafe-swiftshader", "--disable-background-networking")  # fmt: skip
_PERIOD = 0.1  # s between frames
_NOTE_CLICKS = """addEventListener('click', e => {
    window.pressed = performance.timeOrigin + e.timeStamp}, true)"""


@dataclass(frozen=True)
class Config:
    """How often."""

    times: int = 50
    """Presses of the stop."""
    steps: int = 150
    """Steps of the drive that is shown."""
    seed: int = 0
    """Of the moments of the presses."""


class Desk:
    """Stops the robot; everything else is ignored."""

    def __init__(self, driver: Driver) -> None:
        """Stop what `driver` drives."""
        self._driver = driver
        self.stopped = threading.Event()
        self.at = 0.0

    def state(self) -> OperatorState:
        """Pursue something, so that the whole page is drawn."""
        return OperatorState(goal="the armchair next to the sofa", waiting=("bed",))

    def stop(self) -> None:
        """Note the time and stop the robot."""
        self.at = time.time()
        self._driver.robot.emergency_stop("pressed")
        self.stopped.set()

    def __getattr__(self, name: str) -> Any:
        """Ignore what else may be asked."""
        return lambda *_: None


class Rig:
    """A robot that drives behind a bridge until it is told to stop."""

    def __init__(self) -> None:
        """Start everything."""
        bridge = BridgeProgram()
        link = Link(bridge.url)
        link.open()
        self.bridge, self.node = bridge, SimNode(PointRobot(), link)
        threading.Thread(target=self.node.run, args=(threading.Event(),), daemon=True).start()
        self.driver = Driver(bridge.url, Path(tempfile.mkdtemp()))
        self.listener = Listener(bridge.url)
        self.desk = Desk(self.driver)

    def drive(self) -> None:
        """Drive, and return once it does."""
        self.driver.robot.estop.clear()
        self.driver.willing.set()
        until = time.monotonic() + 30.0
        while not self.node.moving.linear > 0.2:
            if time.monotonic() > until:
                raise SystemExit("the robot does not drive: nothing to measure")
            time.sleep(0.002)

    def stands(self, since: float) -> tuple[float, float]:
        """Return when the first zero came by the network after `since`, and when it stood, s."""
        at = self.listener.first(lambda speed: speed == 0.0, since)
        while self.node.moving.linear != 0.0:
            time.sleep(0.0005)
        return at, time.monotonic()


def frames(count: int) -> list[AgentFrame]:
    """Return what an agent sees and does in a generated home."""
    robot = HomeSim(load_world("generated:3"))
    agent = build_agent(robot.body, SimulatorDetector(robot.labels))
    agent.set_goal(LanguageGoal("the armchair next to the sofa"))
    seen = []
    for _ in range(count):
        action = agent.step(robot.observe())
        seen.append(agent.frame())
        if agent.status is not None:
            break
        robot.act(action)
    agent.close()
    robot.close()
    return seen


@contextmanager
def showing(page: OperatorPage, seen: list[AgentFrame]) -> Iterator[list[float]]:
    """Show the frames again and again; yields what each call of `show` took, s."""
    over, took = threading.Event(), list[float]()

    def run() -> None:
        number = 0
        while not over.wait(_PERIOD):
            frame = seen[number % len(seen)]
            number += 1
            stamped = replace(frame.observation, stamp=_PERIOD * number)
            frame = replace(frame, observation=stamped)
            before = time.perf_counter()
            page.show(frame)
            took.append(time.perf_counter() - before)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield took
    finally:
        over.set()
        thread.join()


def press(page: OperatorPage, rig: Rig, times: int, rng: np.random.Generator) -> np.ndarray:
    """Press the stop; return (N, 3) times to the desk, to a zero on the wire, to rest, s."""
    from playwright.sync_api import sync_playwright

    took = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(_FLAGS)
        )
        tab = chromium.new_page(viewport={"width": 1440, "height": 900})
        tab.goto(page.url)
        button = tab.get_by_role("button", name="EMERGENCY STOP")
        button.wait_for(timeout=60_000)
        tab.evaluate(_NOTE_CLICKS)
        tab.wait_for_timeout(3000)
        offset = time.time() - time.monotonic()
        for _ in range(times):
            rig.drive()
            rig.desk.stopped.clear()
            tab.wait_for_timeout(float(rng.uniform(200, 700)))
            before = time.monotonic()
            button.click()
            if not rig.desk.stopped.wait(10.0):
                raise SystemExit("a press of the stop did not arrive within 10 s")
            wire, rest = rig.stands(before)
            clicked = tab.evaluate("window.pressed") / 1e3
            took.append([rig.desk.at - clicked, wire + offset - clicked, rest + offset - clicked])
        chromium.close()
    return np.array(took)


def row(name: str, seconds: Any) -> str:
    """Return a line of percentiles, ms."""
    p50, p95, top = 1e3 * np.percentile(seconds, [50, 95, 100])
    return f"{name:32} n {len(seconds):4}   p50 {p50:7.2f}   p95 {p95:7.2f}   max {top:7.2f} ms"


def main(config: Config) -> None:
    """Measure and print."""
    seen, rig = frames(config.steps), Rig()
    page = OperatorPage(rig.desk, port=0)
    with showing(page, seen) as shown:
        took = press(page, rig, config.times, np.random.default_rng(config.seed))
    page.close()
    rig.bridge.kill()
    print(row("click to Operator.stop", took[:, 0]))
    print(row("click to a zero on the wire", took[:, 1]))
    print(row("click to the robot's rest", took[:, 2]))
    print(row("OperatorPage.show", shown))
    os._exit(0)  # threads of the robot are still waiting for observations


if __name__ == "__main__":
    main(tyro.cli(Config))
