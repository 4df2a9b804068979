"""A simulated robot behind the development bridge, as another program would run it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fault_proxy import FaultProxy

from robot.bridge import Bridge
from robot.config import RobotConfig, Shape, Topics
from robot.estop import EmergencyStop
from robot.link import Link
from robot.messages import Dialect
from robot.ros import RosRobot
from robot.safety import GateConfig
from robot.sim_navigation import SimNavigation
from robot.sim_node import SimNode, SimNodeConfig
from sim.home import HomeConfig, HomeSim
from sim.truth import GroundTruth
from sim.worlds.world import World

RAW = Topics(
    color="/camera/color/image_raw",
    depth="/camera/aligned_depth_to_color/image_raw",
    semantic="/camera/semantic/image_raw",
    labels="/camera/semantic/labels",
)
PACKED = Topics(semantic=RAW.semantic, labels=RAW.labels)


class SimulatedRobot:
    """Lives on a thread of its own, where its GL context is."""

    def __init__(self, world: World, url: str, config: SimNodeConfig, navigation: str) -> None:
        self._navigation = navigation
        self.sim: HomeSim | None = None
        self.node: SimNode | None = None
        self._ready, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._live, args=(world, url, config), daemon=True)
        self._thread.start()
        assert self._ready.wait(30.0)

    @property
    def pose(self) -> tuple[float, float, float]:
        assert self.sim is not None
        return self.sim.pose

    @property
    def moving(self) -> tuple[float, float]:
        assert self.node is not None
        return self.node.moving.linear, self.node.moving.angular

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10.0)

    def _live(self, world: World, url: str, config: SimNodeConfig) -> None:
        home = HomeConfig(discrete=False, dt=config.tick)
        self.sim = HomeSim(world, home, np.random.default_rng(0))
        link = Link(url)
        link.open()
        navigation = None
        if self._navigation != "velocity":
            floor = GroundTruth(self.sim).navigable()
            navigation = SimNavigation(self._navigation, link, floor, self.sim.body)
        self.node = SimNode(self.sim, link, config, self.sim.labels, navigation)
        self._ready.set()
        self.node.run(self._stop)
        link.close()
        self.sim.close()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Callable[..., tuple[Bridge, SimulatedRobot, RosRobot]]]:
    """Start a bridge, a robot behind it and our side of the link, and end them all."""
    running: list[object] = []

    def start(
        world: World,
        dialect: Dialect = Dialect.ROS2,
        packed: bool = True,
        proxied: bool = False,
        watchdog: float = 0.5,
        connect: bool = True,
        **changes: object,
    ):
        bridge = Bridge(dialect=dialect).start()
        running.append(bridge.stop)
        node = SimNodeConfig(dialect=dialect, compressed=packed, camera_hz=10.0, watchdog=watchdog)
        robot = SimulatedRobot(world, bridge.url, node, str(changes.get("drive", "velocity")))
        running.append(robot.close)
        values = {
            "bridge": bridge.url,
            "topics": PACKED if packed else RAW,
            "shape": Shape(radius=0.17, height=1.41),
            "gate": GateConfig(ttl=0.15),
        }
        if proxied:
            proxy = FaultProxy(bridge.url)
            running.append(proxy.close)
            values["bridge"] = proxy.url
        if not connect:
            return bridge, robot, None
        config = RobotConfig(**(values | changes))  # type: ignore[arg-type]
        ours = RosRobot(config, EmergencyStop(tmp_path / "robot.estop")).open()
        running.append(ours.close)
        return (proxy if proxied else bridge), robot, ours

    yield start
    for end in reversed(running):
        end()  # type: ignore[operator]
