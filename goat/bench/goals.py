"""Goals drawn from ground truth: categories, photos, and sentences that single one object out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from goat.errors import ConfigError, GoalError, WorldError
from goat.protocols import Evaluator
from goat.types import CategoryGoal, Goal, ImageGoal, LanguageGoal, ObjectTruth, Task

_MODALITIES = ("category", "image", "language")
DULL = frozenset(
    {"window", "door", "curtain", "ceiling light", "ceiling lamp", "chandelier", "range hood",
     "air conditioner", "wall", "floor", "ceiling", "rug", "carpet"}
)  # fmt: skip
"""Categories that are no goals unless asked for: parts of the house."""

_ADJECTIVE = {"wood": "wooden", "wool": "woollen", "gold": "golden"}
_NEAR = 0.5  # m between boxes of things that stand next to each other
_FAR = 1.2  # m to every such landmark that all rivals must keep
_LANDMARK_SIZE = 0.5  # m, longest side of a thing that people refer to
_SPACING = 2.0  # m between one goal's object and the next one's
_MARGIN = 1.3  # how much larger the largest must be than the next
_PHRASES = (
    "{}",
    "go to {}",
    "find {}",
    "take me to {}",
    "I am looking for {}",
    "where is {}?",
)


def sample_tasks(
    evaluator: Evaluator,
    rng: np.random.Generator,
    count: int,
    repeat: float = 0.0,
    modalities: Sequence[str] = _MODALITIES,
    skip: Collection[str] = DULL,
    min_size: float = 0.25,
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
        skip: Categories that are not asked for.
        min_size: Things whose longest side is shorter are not asked for, m: a camera on a mast
            sees a cup as a few pixels.

    Raises:
        ConfigError: `count`, `repeat` or `modalities` make no sense.
        WorldError: No object can be reached and seen.
    """
    if count < 0 or not 0.0 <= repeat <= 1.0 or not set(modalities) <= set(_MODALITIES):
        raise ConfigError(
            f"cannot sample {count} goals with repeat {repeat} of {list(modalities)}: the count "
            f"must not be negative, repeat within [0, 1], and kinds among {', '.join(_MODALITIES)}"
        )
    sampler = _Sampler(evaluator, rng, skip, min_size)
    order = [modalities[i % len(modalities)] for i in range(count)]
    return [sampler.draw(kind, again=rng.random() < repeat) for kind in order]


def with_photo_labels(tasks: Sequence[Task], objects: Mapping[int, ObjectTruth]) -> list[Task]:
    """Return the tasks with the category of each photo's object.

    This is what a perfect detector says of the photo, so it goes with the perfect detector only;
    other detectors look for themselves.
    """
    return [
        replace(task, goal=replace(task.goal, category=objects[task.targets[0]].category))
        if isinstance(task.goal, ImageGoal) and task.targets
        else task
        for task in tasks
    ]


class _Sampler:
    def __init__(
        self,
        evaluator: Evaluator,
        rng: np.random.Generator,
        skip: Collection[str],
        min_size: float,
    ) -> None:
        self._evaluator = evaluator
        self._rng = rng
        self._objects = {
            number: item
            for number, item in sorted(evaluator.objects.items())
            if item.category not in skip
            and np.ptp(item.bounds, axis=0).max() >= min_size
            and len(evaluator.viewpoints(number))
        }
        if not self._objects:
            raise WorldError("no object of this world can be reached and seen: nothing to sample")
        self._fresh: list[int] = []
        self._asked: list[int] = []

    def draw(self, kind: str, *, again: bool) -> Task:
        pool = list(self._old() if again and self._asked else self._new())
        for number in sorted(pool, key=lambda number: self._is_near(kind, number)):
            goal = self._goal(kind, self._objects[number])
            if goal is not None:
                return self._take(number, goal)
        raise WorldError(f"no object of this world can be asked for as {kind}")

    def _is_near(self, kind: str, number: int) -> bool:
        """Return whether the last goal's object stands near one that a new goal would accept."""
        if not self._asked:
            return False
        last, item = self._objects[self._asked[-1]], self._objects[number]
        kin = [item]
        if kind == "category":
            kin = [other for other in self._objects.values() if other.category == item.category]
        return any(_gap(last, other) < _SPACING for other in kin)

    def _old(self) -> Iterator[int]:
        yield from dict.fromkeys(int(i) for i in self._rng.permutation(self._asked))
        yield from self._new()

    def _new(self) -> Iterator[int]:
        if not self._fresh:
            self._fresh = self._turns()
        yield from list(self._fresh)
        yield from self._turns()

    def _turns(self) -> list[int]:
        """Return all objects, one of each category before the second of any."""
        rank: dict[int, int] = {}
        seen: dict[str, int] = {}
        for number in (int(i) for i in self._rng.permutation(list(self._objects))):
            category = self._objects[number].category
            rank[number] = seen[category] = seen.get(category, -1) + 1
        return sorted(rank, key=lambda number: rank[number])

    def _goal(self, kind: str, item: ObjectTruth) -> Goal | None:
        match kind:
            case "category":
                return CategoryGoal(item.category)
            case "image":
                try:
                    view = self._evaluator.photo_view(item.id, self._rng)
                except GoalError:
                    return None
                return ImageGoal(self._evaluator.take_photo(view), f"photo of {item.name}")
            case _:
                text = describe_object(item, self._evaluator.objects, self._rng)
                return None if text is None else LanguageGoal(text)

    def _take(self, number: int, goal: Goal) -> Task:
        targets = (number,)
        if isinstance(goal, CategoryGoal):
            targets = tuple(i for i, o in self._objects.items() if o.category == goal.category)
        self._asked.append(number)
        self._fresh = [i for i in self._fresh if i != number]
        return Task(goal, targets)


def describe_object(
    item: ObjectTruth, objects: Mapping[int, ObjectTruth], rng: np.random.Generator
) -> str | None:
    """Return a sentence that fits `item` and no other object of its category; None if none does."""
    options = list(descriptions(item, objects))
    if not options:
        return None
    text = str(rng.choice(options))
    return str(rng.choice(_PHRASES)).format(text)


def descriptions(item: ObjectTruth, objects: Mapping[int, ObjectTruth]) -> Iterator[str]:
    """Yield the noun phrases that single `item` out among the objects of its category."""
    rivals = [o for o in objects.values() if o.category == item.category and o.id != item.id]
    if not rivals:
        yield f"the {item.category}"
    yield from _by_looks(item, rivals)
    yield from _by_room(item, rivals)
    yield from _by_landmark(item, rivals, objects)
    yield from _by_size(item, rivals)


def _by_looks(item: ObjectTruth, rivals: Sequence[ObjectTruth]) -> Iterator[str]:
    colour, material = item.attributes.get("color"), item.attributes.get("material")
    for wanted in ({"color": colour}, {"material": material}):
        if None not in wanted.values() and not _fits(rivals, wanted):
            yield f"the {_words(wanted)} {item.category}"
    both = {"color": colour, "material": material}
    separately = _fits(rivals, {"color": colour}) and _fits(rivals, {"material": material})
    if None not in both.values() and separately and not _fits(rivals, both):
        yield f"the {_words(both)} {item.category}"


def _by_room(item: ObjectTruth, rivals: Sequence[ObjectTruth]) -> Iterator[str]:
    if item.room is None or any(rival.room is None for rival in rivals):
        return
    there = [rival for rival in rivals if rival.room == item.room]
    if not there:
        yield f"the {item.category} in the {item.room}"
        return
    colour = item.attributes.get("color")
    if colour is not None and not _fits(there, {"color": colour}):
        yield f"the {colour} {item.category} in the {item.room}"


def _by_landmark(
    item: ObjectTruth, rivals: Sequence[ObjectTruth], objects: Mapping[int, ObjectTruth]
) -> Iterator[str]:
    landmarks: dict[str, list[ObjectTruth]] = {}
    for other in objects.values():
        if other.category != item.category:
            landmarks.setdefault(other.category, []).append(other)
    for category, places in landmarks.items():
        large = [p for p in places if np.ptp(p.bounds, axis=0).max() > _LANDMARK_SIZE]
        near = any(_gap(item, place) < _NEAR for place in large)
        if near and all(_gap(rival, place) > _FAR for rival in rivals for place in places):
            yield f"the {item.category} next to the {category}"


def _by_size(item: ObjectTruth, rivals: Sequence[ObjectTruth]) -> Iterator[str]:
    if not rivals:
        return
    measures: dict[tuple[str, str], Callable[[ObjectTruth], float]] = {
        ("largest", "smallest"): lambda o: float(np.prod(np.ptp(o.bounds, axis=0))),
        ("tallest", "lowest"): lambda o: float(np.ptp(o.bounds[:, 2])),
    }
    for (most, least), measure in measures.items():
        own, others = measure(item), [measure(rival) for rival in rivals]
        if own > _MARGIN * max(others):
            yield f"the {most} {item.category}"
        if own * _MARGIN < min(others):
            yield f"the {least} {item.category}"


def _fits(rivals: Sequence[ObjectTruth], wanted: Mapping[str, str | None]) -> bool:
    """Return whether some rival has, or may have, all the wanted attributes."""
    return any(
        all(rival.attributes.get(key, value) == value for key, value in wanted.items())
        for rival in rivals
    )


def _words(attributes: Mapping[str, str | None]) -> str:
    return " ".join(_ADJECTIVE.get(str(value), str(value)) for value in attributes.values())


def _gap(a: ObjectTruth, b: ObjectTruth) -> float:
    """Return the horizontal distance between two boxes, m."""
    gap = np.maximum(np.maximum(a.bounds[0] - b.bounds[1], b.bounds[0] - a.bounds[1]), 0.0)
    return float(np.hypot(gap[0], gap[1]))
