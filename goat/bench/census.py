"""What is in an episode file, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from goat.bench.episodes import Episode, SceneEpisodes
from goat.bench.format import LONGEST, is_long


@dataclass(slots=True)
class Census:
    """Counts over one file or several."""

    episodes: int = 0
    """Episodes."""
    subtasks: int = 0
    """Goals of all episodes."""
    category: int = 0
    """Goals that accept any object of a category."""
    image: int = 0
    """Goals given as a photo."""
    language: int = 0
    """Goals given as a sentence."""
    categories: int = 0
    """Categories asked for, per file."""
    objects: int = 0
    """Objects asked for by photo or sentence, per file."""
    identical: int = 0
    """Goals that an earlier one of the episode equals to the letter."""
    same_goal: int = 0
    """Goals of category, modality and object of an earlier one."""
    same_object: int = 0
    """Goals for the object of an earlier one, in any way."""
    same_category: int = 0
    """Goals of the category of an earlier one."""
    long: int = 0
    """Objects whose description GOAT-Bench's loader finds too long."""
    dropped: int = 0
    """Goals that it therefore leaves out."""
    warnings: list[str] = field(default_factory=list)
    """What is allowed but odd."""

    def __add__(self, other: Census) -> Census:
        """Return the counts of both."""
        names = [item.name for item in fields(self)]
        return Census(**{name: getattr(self, name) + getattr(other, name) for name in names})


def census(content: SceneEpisodes) -> Census:
    """Count what is in a file."""
    given = [subtask for episode in content.episodes for subtask in episode.subtasks]
    kinds = Counter(subtask.modality for subtask in given)
    items = [item for group in content.objects.values() for item in group]
    count = Census(
        episodes=len(content.episodes),
        subtasks=len(given),
        category=kinds["category"],
        image=kinds["image"],
        language=kinds["language"],
        categories=len({subtask.category for subtask in given}),
        objects=len({(s.category, s.object) for s in given if s.object is not None}),
        long=sum(any(len(t.split()) > LONGEST for t in item.descriptions) for item in items),
        dropped=sum(is_long(content, subtask) for subtask in given),
        warnings=list(_warnings(content)),
    )
    for episode in content.episodes:
        _count_repeats(episode, count)
    return count


def _count_repeats(episode: Episode, count: Census) -> None:
    for place, subtask in enumerate(episode.subtasks):
        before = episode.subtasks[:place]
        goal = (subtask.category, subtask.modality, subtask.object)
        count.identical += subtask in before
        count.same_goal += any((s.category, s.modality, s.object) == goal for s in before)
        count.same_object += subtask.object is not None and any(
            (s.category, s.object) == (subtask.category, subtask.object) for s in before
        )
        count.same_category += any(s.category == subtask.category for s in before)


def _warnings(content: SceneEpisodes) -> Iterator[str]:
    for category, items in content.objects.items():
        twice = [name for name, n in Counter(item.id for item in items).items() if n > 1]
        if twice:
            yield f"{category}: the id {twice[0]!r} stands for several objects"
        blind = [item.id for item in items if not len(item.viewpoints)]
        if blind:
            yield f"{category}: {', '.join(blind[:3])} cannot be reached: no viewpoints"
    if not any(episode.subtasks for episode in content.episodes):
        yield "no goals"
