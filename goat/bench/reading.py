"""What all kinds of episode files have in common: scenes, starts, viewpoints, photos."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import numpy as np

from goat.bench.episodes import Episode, GoalObject, Subtask
from goat.bench.nodes import Node
from goat.errors import EpisodeError
from goat.frames import MAP_FROM_HABITAT, optical_of_habitat, yaw_of_habitat
from goat.types import CameraIntrinsics, Float64Array, PhotoView

_SCENES = re.compile(r"^(\./)?data/scene_datasets/(?=.)")
_SLASHES = re.compile("/{2,}")
_ENDINGS = (".glb", ".basis")


class Reader(Protocol):
    """One kind of episode file; made from its top level and the name of its scene."""

    @property
    def objects(self) -> Mapping[str, tuple[GoalObject, ...]]:
        """Category -> its objects."""
        ...

    def subtasks(self, entry: Node) -> tuple[Subtask, ...]:
        """Return what an episode asks for.

        Raises:
            EpisodeError: It asks for nothing, or for what the file does not define.
        """
        ...

    def ids(self, entries: list[Node]) -> list[str]:
        """Return an id of its own for every episode.

        Raises:
            EpisodeError: There is none where there must be one.
        """
        ...


def scene_name(text: str) -> str:
    """Return how a scene is called here: below Habitat's folder of scenes, with single slashes.

    >>> scene_name("data/scene_datasets/hm3d/val//00808-y9hTuugGdiq/y9hTuugGdiq.basis.glb")
    'hm3d/val/00808-y9hTuugGdiq/y9hTuugGdiq.basis.glb'
    """
    return _SCENES.sub("", _SLASHES.sub("/", text))


def scene_basename(scene: str) -> str:
    """Return the last part of a scene's name: "y9hTuugGdiq.basis.glb"."""
    return scene.rsplit("/", 1)[-1]


def scene_hash(scene: str) -> str:
    """Return the last part of a scene's name without its endings: "y9hTuugGdiq"."""
    text = scene_basename(scene)
    for ending in _ENDINGS:
        text = text.removesuffix(ending)
    return text


def keyed(goals: Node, prefix: str, scene: str, what: str) -> Iterator[tuple[str, Node]]:
    """Yield what is under "goals" by the part of its key after `prefix`.

    Args:
        goals: An object of a file.
        prefix: What every key begins with.
        scene: For the error.
        what: Of what the rest of the key is the name, in capitals.

    Raises:
        EpisodeError: A key begins with something else.
    """
    for key, value in goals.pairs():
        if not key.startswith(prefix) or key == prefix:
            raise value.error(f"the key {key!r}", f"{prefix}{what}, as the scene is {scene!r}")
        yield key.removeprefix(prefix), value


def by_category(
    goals: Node, scene: str, read: Callable[[Node, str], GoalObject]
) -> dict[str, tuple[GoalObject, ...]]:
    """Return the objects of a file that lists them by category.

    Args:
        goals: An object of a file: lists of objects under FILE OF THE SCENE_CATEGORY.
        scene: Name of the scene.
        read: Makes an object of its entry and category.

    Raises:
        EpisodeError: A key is of another scene, or an object is damaged.
    """
    return {
        category: tuple(read(entry, category) for entry in entries.items())
        for category, entries in keyed(goals, f"{scene_basename(scene)}_", scene, "CATEGORY")
    }


def episode_of(entry: Node, name: str, scene: str, subtasks: tuple[Subtask, ...]) -> Episode:
    """Return an episode with the start that its entry tells.

    Raises:
        EpisodeError: It has no start, or another scene than the first of its file.
    """
    place = entry["scene_id"]
    if scene_name(place.text()) != scene:
        raise place.error(repr(place.value), f"{scene!r}: one scene per file")
    x, y, floor = MAP_FROM_HABITAT.apply(entry["start_position"].numbers(3)).tolist()
    yaw = yaw_of_habitat(entry["start_rotation"].quaternion())
    return Episode(name, (x, y, yaw), floor, subtasks)


def position_of(goal: Node) -> Float64Array:
    """Return (3,) the middle of an object in the map frame, m.

    Raises:
        EpisodeError: It has none.
    """
    return MAP_FROM_HABITAT.apply(goal["position"].numbers(3))


def viewpoints_of(goal: Node) -> tuple[Float64Array, tuple[float, ...]]:
    """Return (N, 3) where to stop in the map frame, and how well the object is seen from there.

    Raises:
        EpisodeError: One is damaged.
    """
    views = goal["view_points"].items()
    places = [view["agent_state"]["position"].numbers(3) for view in views]
    ious = [view.get("iou") for view in views]
    coverage = () if None in ious else tuple(iou.number() for iou in ious if iou is not None)
    return MAP_FROM_HABITAT.apply(np.array(places).reshape(-1, 3)), coverage


def object_name(goal: Node, category: str) -> str:
    """Return how Habitat calls an object: "chair_45", the category and number in the scan.

    Raises:
        EpisodeError: It has neither a name nor a number.
    """
    named = goal.get("object_name")
    if named is not None:
        return named.text()
    given = goal["object_id"].name()
    return f"{category}_{given}" if given.isdecimal() else given


def photo_of(node: Node) -> PhotoView:
    """Return where a photo is taken from.

    Raises:
        EpisodeError: It is damaged.
    """
    size = node["image_dimensions"]
    height, width = (size.at(i).whole(1, 16384) for i in range(2))
    hfov = math.radians(node["hfov"].number(1.0, 179.0))
    pose = optical_of_habitat(node["position"].numbers(3), node["rotation"].quaternion())
    frame, visible = (
        0.0 if (share := node.get(name)) is None else share.number()
        for name in ("frame_coverage", "object_coverage")
    )
    return PhotoView(pose, CameraIntrinsics.from_hfov(width, height, hfov), frame, visible)


def again(entries: list[Node], names: list[str]) -> EpisodeError | None:
    """Return what is wrong with ids that are not all different; None where they are."""
    seen: set[str] = set()
    for entry, name in zip(entries, names, strict=True):
        if name in seen:
            return entry["episode_id"].error(f"{name!r} again", "an id of its own")
        seen.add(name)
    return None


def numbered(entries: list[Node]) -> list[str]:
    """Return the place of each episode in its file as its id."""
    return [str(place) for place in range(len(entries))]
