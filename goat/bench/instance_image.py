"""Reads InstanceImageNav's episode files: one photo of one object per episode.

"Instance-Specific Image Goal Navigation: Training Embodied Agents to Find Object Instances", 2022,
https://arxiv.org/abs/2211.15876; HM3D versions 1 to 3 of Habitat.
"""

from __future__ import annotations

from goat.bench.episodes import GoalObject, Subtask
from goat.bench.nodes import Node
from goat.bench.reading import (
    again,
    keyed,
    numbered,
    object_name,
    photo_of,
    position_of,
    scene_hash,
    viewpoints_of,
)

GOALS = ("goal_object_id", "goal_image_id")
"""The fields that only episodes of these files have."""


class InstanceImage:
    """See `goat.bench.reading.Reader`."""

    def __init__(self, root: Node, scene: str) -> None:
        """Read the objects of a file.

        Args:
            root: Its top level.
            scene: Name of its scene.

        Raises:
            EpisodeError: One is damaged.
        """
        found = keyed(root["goals"], f"{scene_hash(scene)}_", scene, "OBJECT_ID")
        self._goals = {number: _object(entry) for number, entry in found}
        items = self._goals.values()
        self.objects = {
            category: tuple(item for item in items if item.category == category)
            for category in dict.fromkeys(item.category for item in items)
        }

    def subtasks(self, entry: Node) -> tuple[Subtask, ...]:
        """Return the photo of an episode, under the category that its object has."""
        item = self._goals[entry["goal_object_id"].choice(self._goals, numbers=True)]
        place = entry["goal_image_id"]
        if not item.photos:
            raise place.error(repr(place.value), f'photos of {item.id}, "image_goals", under goals')
        index = place.whole(0, len(item.photos) - 1)
        return (Subtask(item.category, "image", item.id, index),)

    def ids(self, entries: list[Node]) -> list[str]:
        """Return the ids that the file gives; numbers where one is absent or there twice."""
        given = [entry.get("episode_id") for entry in entries]
        names = [node.name() for node in given if node is not None]
        if len(names) < len(entries) or again(entries, names):
            return numbered(entries)
        return names


def _object(node: Node) -> GoalObject:
    category = node["object_category"].text()
    places, coverage = viewpoints_of(node)
    return GoalObject(
        id=object_name(node, category),
        category=category,
        position=position_of(node),
        viewpoints=places,
        coverage=coverage,
        photos=tuple(photo_of(entry) for entry in node["image_goals"].items()),
    )
