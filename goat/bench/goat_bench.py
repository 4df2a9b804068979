"""Reads GOAT-Bench's episode files: goal after goal, by category, photo or sentence.

"GOAT-Bench: A Benchmark for Multi-Modal Lifelong Navigation", 2024,
https://arxiv.org/abs/2404.06609.
"""

from __future__ import annotations

from goat.bench.episodes import GoalObject, Subtask
from goat.bench.nodes import Node
from goat.bench.reading import again, by_category, photo_of, position_of, viewpoints_of

MODALITY = {"object": "category", "description": "language", "image": "image"}
"""What the files call a kind of goal -> what it is called here."""

_KEYS = {"image": '"image_goals"', "description": '"lang_desc"'}


class GoatBench:
    """See `goat.bench.reading.Reader`."""

    def __init__(self, root: Node, scene: str) -> None:
        """Read the objects of a file.

        Args:
            root: Its top level.
            scene: Name of its scene.

        Raises:
            EpisodeError: One is damaged.
        """
        self.objects = by_category(root["goals"], scene, _object)

    def subtasks(self, entry: Node) -> tuple[Subtask, ...]:
        """See `goat.bench.reading.Reader`."""
        tasks = entry["tasks"].items()
        if not tasks:
            raise entry["tasks"].error("no task", "at least one task")
        return tuple(self._subtask(task) for task in tasks)

    def ids(self, entries: list[Node]) -> list[str]:
        """Return the ids that the file gives."""
        names = [entry["episode_id"].name() for entry in entries]
        if error := again(entries, names):
            raise error
        return names

    def _subtask(self, node: Node) -> Subtask:
        category = node.at(0).choice([name for name, items in self.objects.items() if items])
        kind = node.at(1).choice(MODALITY)
        if kind == "object":
            return Subtask(category, "category")
        wanted = node.at(2).choice([item.id for item in self.objects[category]])
        item = next(item for item in self.objects[category] if item.id == wanted)
        has = item.photos if kind == "image" else item.descriptions
        if not has:
            raise node.error(f"{wanted!r}", f"an object that has {_KEYS[kind]} under goals")
        given = kind == "image" or len(node.items()) > 3
        index = node.at(3).whole(0, len(has) - 1) if given else 0
        return Subtask(category, MODALITY[kind], wanted, index)


def _object(node: Node, category: str) -> GoalObject:
    places, coverage = viewpoints_of(node)
    children = node.get("children_object_categories")
    photos = node.get("image_goals")
    return GoalObject(
        id=node["object_id"].text(),
        category=category,
        position=position_of(node),
        viewpoints=places,
        coverage=coverage,
        children=() if children is None else tuple(child.text() for child in children.items()),
        descriptions=_descriptions(node),
        photos=() if photos is None else tuple(photo_of(entry) for entry in photos.items()),
    )


def _descriptions(node: Node) -> tuple[str, ...]:
    several, one = node.get("lang_descs"), node.get("lang_desc")
    if several is not None:
        return tuple(text.text() for text in several.items())
    return () if one is None else (one.text(),)
