"""A world with a robot in it and the ground truth that measures it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from goat.bench.episodes import Episode
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
    def labels(self) -> Mapping[int, str]:
        """Object id -> category."""
        return self.sim.labels

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of what is there, sorted."""
        return tuple(sorted(set(self.labels.values())))

    def begin(self, episode: Episode, rng: np.random.Generator) -> Evaluator:
        """Put the robot where an episode starts and return ground truth as of there.

        What can be reached depends on where a robot starts. What is known of a place is dear to
        find anew, so it is kept for episodes that start in the same one.

        Raises:
            StartPoseError: The robot does not fit there.
        """
        self.sim.reset(episode.start, rng)
        fresh, kept = GroundTruth(self.sim), self.evaluator
        same = np.array_equal(fresh.navigable().state, kept.navigable().state)
        return kept if same else fresh

    def close(self) -> None:
        """Free what the simulator holds."""
        self.sim.close()


def build_scene(world: str, camera: str, noise: str, rng: np.random.Generator) -> Scene:
    """Load a world and put a robot where it suggests; the caller closes the scene.

    Args:
        world: What `--world` takes.
        camera: Camera and body of the robot.
        noise: "none" or "default".
        rng: Draws the noise.

    Raises:
        WorldError: The world cannot be loaded or has no room.
        ConfigError: No camera has this name.
        RenderError: No GL backend works.
    """
    config = HomeConfig(preset=camera, noise=NoiseConfig() if noise == "default" else None)
    sim = HomeSim(load_world(world), config, rng)
    return Scene(sim, GroundTruth(sim))


@contextmanager
def open_scene(options: Run) -> Iterator[Scene]:
    """Load the world, put the robot in it, and free both in the end.

    Raises:
        WorldError: The world cannot be loaded or has no room.
        StartPoseError: The start is not free.
        RenderError: No GL backend works.
    """
    start = parse_start(options.start)
    rng = np.random.default_rng([options.seed, 1])
    scene = build_scene(options.world, options.camera, options.noise, rng)
    try:
        if start is not None:
            scene.sim.reset(start)
        yield scene
    finally:
        scene.close()


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
