"""Episodes of lifelong navigation: what is asked for, where, in which order.

The layout is that of GOAT-Bench ("GOAT-Bench: A Benchmark for Multi-Modal Lifelong Navigation",
2024, https://arxiv.org/abs/2404.06609): one file holds the goals of one scene and the episodes that
ask for them. Everything here is in the map frame of `goat.types`; `goat.bench.format` reads and
writes the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from goat.types import Float64Array, PhotoView


@dataclass(frozen=True, slots=True)
class GoalObject:
    """One object that episodes may ask for."""

    id: str
    """Unique in the scene, for example "chair_03"."""
    category: str
    """What a person calls it."""
    position: Float64Array
    """(3,) its middle, m."""
    viewpoints: Float64Array
    """(N, 3) places on the floor to stop at, m."""
    coverage: tuple[float, ...] = ()
    """How well it is seen from each of them ("iou" in the files); empty where nobody knows."""
    children: tuple[str, ...] = ()
    """Narrower categories whose objects count for a category goal as well."""
    descriptions: tuple[str, ...] = ()
    """Sentences that fit no other object of the category."""
    photos: tuple[PhotoView, ...] = ()
    """Where its photos are taken from."""


@dataclass(frozen=True, slots=True)
class Subtask:
    """One goal of an episode."""

    category: str
    """Category asked for."""
    modality: str
    """"category", "image" or "language"."""
    object: str | None = None
    """Id of the object; None where any of the category will do."""
    index: int = 0
    """Which of the object's photos or descriptions."""


@dataclass(frozen=True, slots=True)
class Episode:
    """Goal after goal from one start, with one memory."""

    id: str
    """Unique in its file."""
    start: tuple[float, float, float]
    """x, y (m) and yaw (rad)."""
    floor: float
    """Height of the floor it starts on, m."""
    subtasks: tuple[Subtask, ...]
    """In order."""


@dataclass(frozen=True, slots=True)
class SceneEpisodes:
    """The content of one episode file."""

    scene: str
    """What the scene is loaded from, for example "generated:1000"."""
    objects: Mapping[str, tuple[GoalObject, ...]]
    """Category -> its objects."""
    episodes: tuple[Episode, ...]
    """In order."""
    dataset: str = "default"
    """"scene_dataset_config" of the files; only Habitat reads it."""
