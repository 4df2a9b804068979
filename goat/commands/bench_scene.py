"""What an episode file's scene is loaded as: one of our homes, or a scene in habitat_sim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Protocol

import numpy as np

from goat.bench.episodes import Episode, GoalObject, SceneEpisodes
from goat.bench.records import RunConfig
from goat.commands.options import InHabitat
from goat.commands.scene import build_scene
from goat.errors import SimulatorError
from goat.protocols import Embodiment, Evaluator
from sim.habitat import HabitatConfig, HabitatSim
from sim.habitat_truth import HabitatTruth
from sim.photo import PhotoConfig

_FEW = 0.1  # of the objects may be missing; episodes that ask for them fail by themselves


class BenchScene(Protocol):
    """A scene with a robot in it."""

    @property
    def sim(self) -> Embodiment:
        """The robot."""
        ...

    @property
    def labels(self) -> Mapping[int, str]:
        """Object id -> category."""
        ...

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of what is there, sorted."""
        ...

    def begin(self, episode: Episode, rng: np.random.Generator) -> Evaluator:
        """Put the robot where an episode starts and return ground truth as of there."""
        ...

    def close(self) -> None:
        """Free what the simulator holds."""
        ...


class HabitatScene:
    """A scene in habitat_sim, with the objects and viewpoints of its episode file."""

    def __init__(self, content: SceneEpisodes, config: HabitatConfig) -> None:
        """Load it.

        Args:
            content: Of the episode file.
            config: Of robot and simulator.

        Raises:
            SimulatorError: It cannot be loaded, or lacks objects that the episodes ask for.
        """
        self.sim = HabitatSim(content.scene, config, content.dataset)
        self._items = {item.id: item for group in content.objects.values() for item in group}
        try:
            _check_objects(self.sim, self._items, content.scene)
        except SimulatorError:
            self.sim.close()
            raise
        self.sim.relabel({name: item.category for name, item in self._items.items()})

    @property
    def labels(self) -> Mapping[int, str]:
        """Semantic id -> what episodes call it, or what is annotated where they do not ask."""
        return self.sim.labels

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of what is there, sorted."""
        return tuple(sorted(set(self.labels.values())))

    @cached_property
    def _viewpoints(self) -> dict[str, np.ndarray]:
        return {name: item.viewpoints for name, item in self._items.items()}

    def begin(self, episode: Episode, rng: np.random.Generator) -> Evaluator:
        """Put the robot where an episode starts and return ground truth as of there.

        Raises:
            StartPoseError: The robot does not fit there.
        """
        self.sim.reset(episode.start, episode.floor)
        return HabitatTruth(self.sim, self._viewpoints, PhotoConfig())

    def close(self) -> None:
        """Free what the simulator holds."""
        self.sim.close()


def habitat_config(where: InHabitat) -> HabitatConfig:
    """Return the settings of habitat_sim that were given."""
    return HabitatConfig(
        scenes=where.scenes, dataset=where.dataset, habitat=where.habitat, gpu=where.gpu
    )


def load_scene(
    content: SceneEpisodes,
    config: RunConfig,
    rng: np.random.Generator,
    habitat: HabitatConfig,
) -> BenchScene:
    """Load the scene of an episode file; the caller closes it.

    Args:
        content: Of the file.
        config: Of the run.
        rng: Draws the noise.
        habitat: Where habitat_sim and its scenes are.

    Raises:
        SimulatorError: habitat_sim or its scene cannot be loaded.
        WorldError: The world cannot be loaded or has no room.
    """
    if config.env != "habitat":
        return build_scene(content.scene, config.camera, config.noise, rng)
    return HabitatScene(content, replace(habitat, preset=config.camera, seed=config.seed))


def _check_objects(sim: HabitatSim, items: Mapping[str, GoalObject], scene: str) -> None:
    there = {item.name for item in sim.objects}
    missing = sorted(items.keys() - there)
    if len(missing) > _FEW * len(items):
        raise SimulatorError(
            f"{len(missing)} of {len(items)} objects that the episodes of {scene} know are not "
            f"annotated in it ({', '.join(missing[:3])}): they are of another version of the "
            "scene's semantics. GOAT-Bench needs HM3D-Semantics v0.2; goat doctor --data DIR "
            "says what is there"
        )
