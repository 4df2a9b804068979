"""Goals drawn from ground truth: categories, photos, and sentences that single one object out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from goat.bench.episodes import SceneEpisodes, Subtask
from goat.bench.making import MODALITIES, Drawer, Eligible
from goat.bench.resolve import resolve
from goat.bench.sentences import sentences
from goat.errors import ConfigError, WorldError
from goat.protocols import Evaluator
from goat.types import ImageGoal, ObjectTruth, Task

_SENTENCES = 6  # per object, so that asking again sounds different


def sample_tasks(
    evaluator: Evaluator,
    rng: np.random.Generator,
    count: int,
    repeat: float = 0.0,
    modalities: Sequence[str] = MODALITIES,
    eligible: Eligible | None = None,
    photo_labels: bool = False,
) -> list[Task]:
    """Draw goals among the objects that can be reached and seen.

    Modalities take turns. New goals take categories in turn, so that a home with ten chairs is not
    ten chair goals; when every object was asked for, they start again. Where possible nothing that
    fits a goal stands within 2 m of what was asked for before it, so that the robot has to drive.

    Args:
        evaluator: Ground truth.
        rng: The same state gives the same goals.
        count: Number of goals.
        repeat: Share of goals that ask again, in any way, for an object asked for before.
        modalities: Which kinds to mix.
        eligible: Which objects may be asked for.
        photo_labels: Tell what a perfect detector would say of each photo; see `tasks_of`.

    Raises:
        ConfigError: `count`, `repeat` or `modalities` make no sense.
        WorldError: No object can be reached and seen.
    """
    if count < 0 or not 0.0 <= repeat <= 1.0 or not set(modalities) <= set(MODALITIES):
        raise ConfigError(
            f"cannot sample {count} goals with repeat {repeat} of {list(modalities)}: the count "
            f"must not be negative, repeat within [0, 1], and kinds among {', '.join(MODALITIES)}"
        )
    if count == 0:
        return []
    drawer = Drawer(evaluator, rng, eligible, sentences=_SENTENCES)
    drawn = [
        _draw(drawer, modalities[i % len(modalities)], again=rng.random() < repeat)
        for i in range(count)
    ]
    content = SceneEpisodes("this world", drawer.goal_objects(0.0), ())
    numbers = {item.name: number for number, item in evaluator.objects.items()}
    return [resolve(subtask, content, evaluator, numbers, photo_labels) for subtask in drawn]


def _draw(drawer: Drawer, kind: str, *, again: bool) -> Subtask:
    subtask = (drawer.again(kind) if again else None) or drawer.fresh(kind)
    if subtask is None:
        raise WorldError(f"no object of this world can be asked for as {kind}")
    return subtask


def with_photo_labels(tasks: Sequence[Task], objects: Mapping[int, ObjectTruth]) -> list[Task]:
    """Return the tasks with the category of each photo's object, for photos that are not our own.

    This is what a perfect detector says of the photo, so it goes with the perfect detector only;
    other detectors look for themselves.
    """
    return [
        replace(task, goal=replace(task.goal, category=objects[task.targets[0]].category))
        if isinstance(task.goal, ImageGoal) and task.targets
        else task
        for task in tasks
    ]


def describe_object(
    item: ObjectTruth, objects: Mapping[int, ObjectTruth], rng: np.random.Generator
) -> str | None:
    """Return a sentence that fits `item` and no other object of its category; None if none does."""
    found = sentences(item, objects, rng, 1)
    return found[0] if found else None
