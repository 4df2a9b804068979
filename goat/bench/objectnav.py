"""Reads ObjectNav's episode files: one category per episode, any of its objects will do.

"ObjectNav Revisited: On Evaluation of Embodied Agents Navigating to Objects", 2020,
https://arxiv.org/abs/2006.13171; HM3D versions 1 and 2 of Habitat.
"""

from __future__ import annotations

from goat.bench.episodes import GoalObject, Subtask
from goat.bench.nodes import Node
from goat.bench.reading import by_category, numbered, object_name, position_of, viewpoints_of

GOALS = "goals_by_category"
"""The field that only these files have."""


class ObjectNav:
    """See `goat.bench.reading.Reader`."""

    def __init__(self, root: Node, scene: str) -> None:
        """Read the objects of a file.

        Args:
            root: Its top level.
            scene: Name of its scene.

        Raises:
            EpisodeError: One is damaged.
        """
        self.objects = by_category(root[GOALS], scene, _object)

    def subtasks(self, entry: Node) -> tuple[Subtask, ...]:
        """See `goat.bench.reading.Reader`."""
        known = [name for name, items in self.objects.items() if items]
        return (Subtask(entry["object_category"].choice(known), "category"),)

    def ids(self, entries: list[Node]) -> list[str]:
        """Number the episodes, as Habitat does: the ids in these files repeat."""
        return numbered(entries)


def _object(node: Node, category: str) -> GoalObject:
    places, coverage = viewpoints_of(node)
    return GoalObject(object_name(node, category), category, position_of(node), places, coverage)
