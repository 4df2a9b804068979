"""Episodes drawn from ground truth, goal after goal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from goat.bench.claims import gap
from goat.bench.episodes import Episode, GoalObject, SceneEpisodes, Subtask
from goat.bench.sentences import sentences
from goat.errors import ConfigError, GoalError, WorldError
from goat.memory.vocabulary import accepts
from goat.protocols import Evaluator
from goat.types import CellState, Float64Array, ObjectTruth, PhotoView

MODALITIES = ("category", "image", "language")
DULL = frozenset(
    {"window", "door", "curtain", "ceiling light", "ceiling lamp", "chandelier", "range hood",
     "air conditioner", "wall", "floor", "ceiling", "rug", "carpet"}
)  # fmt: skip
"""Categories that are no goals unless asked for: parts of the house."""

_SPACING = 2.0  # m between one goal's object and the next one's
_KIND_OF = 0.9  # `accepts` from which a category is a kind of another
_BORDER = 2  # free cells on all sides of a start


@dataclass(frozen=True)
class Eligible:
    """Which objects may be asked for."""

    skip: frozenset[str] = DULL
    """Categories that are not."""
    min_size: float = 0.25
    """Things whose longest side is shorter are not, m: a camera on a mast sees a cup as a few
    pixels."""
    highest: float = 2.5
    """Things that hang higher above the lowest one are not, m: whoever stands below a lamp under
    the roof of a hall does not see it."""

    def among(self, objects: Mapping[int, ObjectTruth]) -> dict[int, ObjectTruth]:
        """Return those of a world's objects that may be asked for."""
        ground = min((item.bounds[0, 2] for item in objects.values()), default=0.0)
        return {
            number: item
            for number, item in objects.items()
            if item.category not in self.skip
            and np.ptp(item.bounds, axis=0).max() >= self.min_size
            and item.bounds[0, 2] - ground <= self.highest
        }


@dataclass(frozen=True)
class MakeConfig:
    """What episodes are like."""

    episodes: int = 5
    """Episodes per world."""
    goals: tuple[int, int] = (10, 10)
    """Least and greatest number of goals per episode."""
    repeat: float = 0.29
    """Share of goals that ask again as before: same category, modality and object."""
    photos: int = 3
    """Photos per object that is asked for by photo."""
    sentences: int = 4
    """Sentences per object that is asked for by sentence."""

    def __post_init__(self) -> None:
        """Check that it makes sense."""
        least, most = self.goals
        if self.episodes < 1 or not 1 <= least <= most or not 0.0 <= self.repeat <= 1.0:
            raise ConfigError(
                f"cannot make {self.episodes} episodes of {least}..{most} goals with repeat "
                f"{self.repeat}: there must be at least one of each, and repeat within [0, 1]"
            )


def make_episodes(
    evaluator: Evaluator,
    scene: str,
    floor: float,
    rng: np.random.Generator,
    config: MakeConfig = MakeConfig(),
) -> SceneEpisodes:
    """Draw lifelong episodes, as in the GOAT paper and GOAT-Bench.

    Each goal takes its modality at random, and a new object: categories take turns, so that a
    home with ten chairs is not ten chair goals. Some goals repeat an earlier one of the episode.

    Args:
        evaluator: Ground truth, with the robot in the place that episodes happen in.
        scene: What the scene is loaded from.
        floor: Height of its floor, m.
        rng: The same state gives the same episodes.
        config: What they are like.

    Raises:
        WorldError: No object can be reached and seen.
    """
    drawer = Drawer(evaluator, rng, photos=config.photos, sentences=config.sentences)
    starts = _starts(evaluator)
    episodes = []
    for number in range(config.episodes):
        drawer.start_over()
        x, y = starts[rng.integers(len(starts))]
        yaw = float(rng.uniform(-math.pi, math.pi))
        count = int(rng.integers(config.goals[0], config.goals[1] + 1))
        subtasks = tuple(_subtasks(drawer, rng, count, config.repeat))
        episodes.append(Episode(str(number), (float(x), float(y), yaw), floor, subtasks))
    return SceneEpisodes(scene, drawer.goal_objects(floor), tuple(episodes))


def _subtasks(
    drawer: Drawer, rng: np.random.Generator, count: int, repeat: float
) -> Iterator[Subtask]:
    """Yield goals, of which the share `repeat` asks again; the first two never do."""
    chance = min(1.0, repeat * count / max(1, count - 2))
    for index in range(count):
        again = drawer.repeat() if index >= 2 and rng.random() < chance else None
        yield again or _any_kind(drawer, rng)


def _any_kind(drawer: Drawer, rng: np.random.Generator) -> Subtask:
    for kind in rng.permutation(MODALITIES):
        subtask = drawer.fresh(str(kind))
        if subtask is not None:
            return subtask
    raise WorldError("no object of this world can be asked for in any way")


def _starts(evaluator: Evaluator) -> Float64Array:
    """Return (N, 2) places from which the robot can drive to every goal."""
    grid = evaluator.navigable()
    free = grid.state == CellState.FREE
    roomy = free.copy()
    for axis in (0, 1):
        for shift in (-_BORDER, _BORDER):
            roomy &= np.roll(free, shift, axis)
    if not free.any():
        raise WorldError("the robot cannot stand anywhere in this world")
    return grid.points(np.argwhere(roomy if roomy.any() else free))


class Drawer:
    """Draws goals among the objects that can be reached and seen; remembers what it drew."""

    def __init__(
        self,
        evaluator: Evaluator,
        rng: np.random.Generator,
        eligible: Eligible | None = None,
        photos: int = 1,
        sentences: int = 1,
    ) -> None:
        """Look at the objects.

        Args:
            evaluator: Ground truth.
            rng: The same state gives the same goals.
            eligible: Which objects may be asked for.
            photos: Photos per object that is asked for by photo.
            sentences: Sentences per object that is asked for by sentence.

        Raises:
            WorldError: There is nothing to ask for.
        """
        self._evaluator = evaluator
        self._rng = rng
        eligible = eligible or Eligible()
        self._skip = eligible.skip
        self._limits = (photos, sentences)
        self._all = dict(sorted(evaluator.objects.items()))
        self._numbers = {item.name: number for number, item in self._all.items()}
        self._objects = eligible.among(self._all)
        if not any(len(evaluator.viewpoints(number)) for number in self._objects):
            raise WorldError("no object of this world can be reached and seen: nothing to sample")
        self._fresh: list[int] = []
        self._photos: dict[int, tuple[PhotoView, ...]] = {}
        self._sentences: dict[int, tuple[str, ...]] = {}
        self._used: set[str] = set()
        self.start_over()

    def start_over(self) -> None:
        """Begin another episode."""
        self._asked: list[int] = []
        self._given: list[Subtask] = []

    def fresh(self, kind: str) -> Subtask | None:
        """Return a goal of a kind for something new; None where nothing can be asked for so."""
        return self._first(kind, self._new())

    def again(self, kind: str) -> Subtask | None:
        """Return a goal of a kind for what was asked for before, in any way.

        It is for something new where all that was asked for stands by what was asked for last.
        """
        old = [int(number) for number in self._rng.permutation(self._asked)]
        return self._first(kind, [*old, *self._new()], old=True)

    def repeat(self) -> Subtask | None:
        """Return an earlier goal other than the last, the photo or sentence perhaps another."""
        old = [place for place, given in enumerate(self._given) if self._differs(given)]
        if not old:
            return None
        order = [int(place) for place in self._rng.permutation(old)]
        place = min(order, key=lambda place: self._is_near("image", self._asked[place]))
        given, number = self._given[place], self._asked[place]
        if given.modality == "category":
            return self._take(number, given)
        has = len(self._photos[number] if given.modality == "image" else self._sentences[number])
        index = int(self._rng.integers(has))
        return self._take(number, Subtask(given.category, given.modality, given.object, index))

    def goal_objects(self, floor: float) -> Mapping[str, tuple[GoalObject, ...]]:
        """Return every object that can be reached of the categories drawn so far."""
        found: dict[str, list[GoalObject]] = {category: [] for category in sorted(self._used)}
        for number, item in self._all.items():
            if item.category in found and len(self._evaluator.viewpoints(number)):
                found[item.category].append(self._goal_object(number, item, floor))
        return {category: tuple(items) for category, items in found.items()}

    def _goal_object(self, number: int, item: ObjectTruth, floor: float) -> GoalObject:
        places = self._evaluator.viewpoints(number)
        return GoalObject(
            id=item.name,
            category=item.category,
            position=item.bounds.mean(axis=0),
            viewpoints=np.column_stack([places, np.full(len(places), floor)]),
            children=tuple(sorted(self._kinds(item.category))),
            descriptions=self._sentences.get(number, ()),
            photos=self._photos.get(number, ()),
        )

    def _differs(self, given: Subtask) -> bool:
        """Return whether a goal asks for something else than the last one."""
        last = self._given[-1]
        if given.object is not None and given.object == last.object:
            return False
        return given.category != last.category or None not in (given.object, last.object)

    def _new(self) -> list[int]:
        """Return every object, those that were not asked for in this turn first."""
        if not self._fresh:
            self._fresh = self._turns()
        return [*self._fresh, *self._turns()]

    def _first(self, kind: str, order: Sequence[int], *, old: bool = False) -> Subtask | None:
        """Return the goal for the best object of `order` that can be asked for so."""
        ranked = sorted(dict.fromkeys(order), key=lambda number: self._rank(kind, number, old))
        for number in ranked:
            subtask = self._subtask(kind, number)
            if subtask is not None:
                return self._take(number, subtask)
        return None

    def _rank(self, kind: str, number: int, old: bool) -> tuple[bool, bool]:
        item = self._objects[number]
        known = any(
            given.category == item.category if kind == "category" else given.object == item.name
            for given in self._given
        )
        return known and not old, self._is_near(kind, number)

    def _is_near(self, kind: str, number: int) -> bool:
        """Return whether the last goal's object stands near one that a new goal would accept."""
        if not self._asked:
            return False
        last, item = self._objects[self._asked[-1]], self._objects[number]
        kin = [item]
        if kind == "category":
            kin = [other for other in self._objects.values() if other.category == item.category]
        return any(gap(last, other) < _SPACING for other in kin)

    def _turns(self) -> list[int]:
        """Return all objects, one of each category before the second of any."""
        rank: dict[int, int] = {}
        seen: dict[str, int] = {}
        for number in (int(i) for i in self._rng.permutation(list(self._objects))):
            category = self._objects[number].category
            rank[number] = seen[category] = seen.get(category, -1) + 1
        return sorted(rank, key=lambda number: rank[number])

    def _subtask(self, kind: str, number: int) -> Subtask | None:
        item = self._objects[number]
        if not len(self._evaluator.viewpoints(number)):
            return None
        if kind == "category":
            vague = self._skip & self._kinds(item.category)
            return None if vague else Subtask(item.category, kind)
        has = self._views_of(number) if kind == "image" else self._sentences_on(number)
        if not has:
            return None
        return Subtask(item.category, kind, item.name, int(self._rng.integers(len(has))))

    def _views_of(self, number: int) -> tuple[PhotoView, ...]:
        if number not in self._photos:
            try:
                self._photos[number] = tuple(
                    self._evaluator.photo_view(number, self._rng) for _ in range(self._limits[0])
                )
            except GoalError:
                self._photos[number] = ()
        return self._photos[number]

    def _sentences_on(self, number: int) -> tuple[str, ...]:
        if number not in self._sentences:
            self._sentences[number] = sentences(
                self._all[number], self._all, self._rng, self._limits[1]
            )
        return self._sentences[number]

    def _kinds(self, category: str) -> frozenset[str]:
        """Return the other categories here that are kinds of this one."""
        names = {item.category for item in self._all.values()} - {category}
        return frozenset(name for name in names if accepts(category, name) >= _KIND_OF)

    def _take(self, number: int, subtask: Subtask) -> Subtask:
        self._asked.append(number)
        self._given.append(subtask)
        self._used |= {subtask.category} | self._kinds(subtask.category)
        self._fresh = [other for other in self._fresh if other != number]
        return subtask
