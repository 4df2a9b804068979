"""`goat robot sim` and `goat robot bridge`: what a robot's software needs, without a robot."""

from __future__ import annotations

import threading
import time

import numpy as np
from rich.console import Console

from goat.commands.options import RobotBridge, RobotSim
from goat.commands.scene import parse_start
from robot.bridge import Bridge
from robot.link import Link
from robot.messages import Dialect
from robot.sim_navigation import SimNavigation
from robot.sim_node import SimNode, SimNodeConfig
from sim.home import HomeConfig, HomeSim
from sim.sensors import NoiseConfig
from sim.truth import GroundTruth
from sim.worlds import load_world


def simulate(options: RobotSim, console: Console) -> int:
    """Live as a simulated ROS robot until interrupted.

    Raises:
        LinkError: No bridge answers.
        WorldError: The world cannot be loaded or has no room.
        StartPoseError: The start is not free.
    """
    node = SimNodeConfig(
        dialect=Dialect(options.dialect),
        stamped=options.stamped,
        compressed=not options.raw,
        camera_hz=options.camera_hz,
    )
    noise = NoiseConfig() if options.noise == "default" else None
    config = HomeConfig(preset=options.camera, noise=noise, discrete=False, dt=node.tick)
    start = parse_start(options.start)
    sim = HomeSim(load_world(options.world), config, np.random.default_rng([options.seed, 1]))
    link = Link(options.bridge)
    try:
        if start is not None:
            sim.reset(start)
        link.open()
        console.print(f"{sim.world.name} behind {options.bridge}; Ctrl-C ends it", highlight=False)
        navigation = None
        if options.navigation != "none":
            floor = GroundTruth(sim).navigable()
            navigation = SimNavigation(options.navigation, link, floor, sim.body)
        SimNode(sim, link, node, sim.labels, navigation).run(threading.Event())
    finally:
        link.close()
        sim.close()
    return 0


def serve_bridge(options: RobotBridge, console: Console) -> int:
    """Serve until interrupted.

    Raises:
        ConfigError: The port is taken.
    """
    with Bridge(options.port, Dialect(options.dialect)) as bridge:
        console.print(f"{bridge.url} ({options.dialect}); for development only", highlight=False)
        while True:
            time.sleep(3600.0)
