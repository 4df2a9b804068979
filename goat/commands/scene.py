"""A world with a robot in it and the ground truth that measures it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from goat.commands.options import Run
from goat.errors import ConfigError
from goat.protocols import Evaluator
from sim.home import HomeConfig, HomeSim
from sim.sensors import NoiseConfig
from sim.truth import GroundTruth
from sim.worlds import load_world


@dataclass(frozen=True)
class Scene:
    """What a run happens in."""

    sim: HomeSim
    """The robot."""
    evaluator: Evaluator
    """Ground truth, for measuring and for writing goals."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of what is there, sorted."""
        return tuple(sorted(set(self.sim.labels.values())))


@contextmanager
def open_scene(options: Run) -> Iterator[Scene]:
    """Load the world, put the robot in it, and free both in the end.

    Raises:
        WorldError: The world cannot be loaded or has no room.
        StartPoseError: The start is not free.
        RenderError: No GL backend works.
    """
    start = parse_start(options.start)
    world = load_world(options.world)
    noise = NoiseConfig() if options.noise == "default" else None
    config = HomeConfig(preset=options.camera, noise=noise)
    sim = HomeSim(world, config, np.random.default_rng([options.seed, 1]))
    try:
        if start is not None:
            sim.reset(start)
        yield Scene(sim, GroundTruth(sim))
    finally:
        sim.close()


def parse_start(text: str | None) -> tuple[float, float, float] | None:
    """Return x, y (m), yaw (rad) of "x,y,yaw"; yaw may be left out.

    Raises:
        ConfigError: It is not two or three finite numbers.
    """
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3) or not all(math.isfinite(number) for number in numbers):
        raise ConfigError(f"a start is --start x,y,yaw in metres and radians, got {text!r}")
    x, y, yaw = (*numbers, 0.0)[:3]
    return x, y, yaw
