from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from fakes import FakeRobot, FakeTruth, make_truth

from goat.bench.census import census
from goat.bench.episodes import SceneEpisodes
from goat.bench.making import MakeConfig, make_episodes
from goat.bench.resolve import tasks_of
from goat.errors import ConfigError, EpisodeError, WorldError
from goat.types import CategoryGoal, CellState, ImageGoal, LanguageGoal, modality

COLORS = ("red", "blue", "green", "black", "yellow", "purple")
KINDS = ("chair", "sofa", "bed", "desk", "vase", "ball", "box", "bench", "globe", "pouf")


def home(viewless: tuple[int, ...] = ()) -> FakeTruth:
    """Forty things of ten kinds, 4 m apart."""
    things = [
        make_truth(i + 1, KINDS[i % 10], (4.0 * (i % 7), 4.0 * (i // 7)), color=COLORS[i // 10])
        for i in range(40)
    ]
    return FakeTruth(FakeRobot(), {thing.id: thing for thing in things}, frozenset(viewless))


def made(seed: int = 0, **how: object) -> SceneEpisodes:
    config = MakeConfig(**({"episodes": 40} | how))  # type: ignore[arg-type]
    return make_episodes(home(), "generated:1", 0.0, np.random.default_rng(seed), config)


def test_episodes_have_the_goals_that_were_asked_for() -> None:
    content = made(goals=(5, 10))
    lengths = Counter(len(episode.subtasks) for episode in content.episodes)
    assert len(content.episodes) == 40
    assert set(lengths) == set(range(5, 11))
    assert len({episode.id for episode in content.episodes}) == 40


def test_modalities_are_drawn_evenly() -> None:
    count = census(made())
    for number in (count.category, count.image, count.language):
        assert number / count.subtasks == pytest.approx(1 / 3, abs=0.08)


def test_repeats_occur_as_often_as_asked_for_and_never_twice_running() -> None:
    content = made(repeat=0.29)
    count = census(content)
    assert count.same_goal / count.subtasks == pytest.approx(0.29, abs=0.05)
    assert 0 < count.identical < count.same_goal
    for episode in content.episodes:
        for a, b in zip(episode.subtasks, episode.subtasks[1:], strict=False):
            assert (a.category, a.object) != (b.category, b.object) or None in (a.object, b.object)
            assert {a.modality, b.modality} != {"category"} or a.category != b.category
    assert census(made(repeat=0.0)).same_goal == 0


def test_categories_take_turns() -> None:
    asked = Counter(s.category for e in made(episodes=4, repeat=0.0).episodes for s in e.subtasks)
    assert set(asked) == set(KINDS)
    assert max(asked.values()) <= 6


def test_starts_are_free_and_face_anywhere() -> None:
    grid = home().navigable()
    starts = np.array([episode.start for episode in made().episodes])
    cells = grid.cells(starts[:, :2])
    assert (grid.state[cells[:, 0], cells[:, 1]] == CellState.FREE).all()
    assert np.ptp(starts[:, 0]) > 5
    assert np.abs(starts[:, 2]).max() <= math.pi
    assert np.ptp(starts[:, 2]) > 4


def test_every_object_of_a_category_that_was_asked_for_is_listed() -> None:
    content = made(episodes=1)
    for category in {s.category for s in content.episodes[0].subtasks}:
        assert len(content.objects[category]) == 4
    shown = [o for items in content.objects.values() for o in items if o.photos]
    assert all(len(item.photos) == 3 for item in shown)


def test_the_same_seed_gives_the_same_episodes() -> None:
    assert made(3).episodes == made(3).episodes
    assert made(3).episodes != made(4).episodes


def test_objects_that_cannot_be_reached_are_left_out() -> None:
    truth = home(viewless=tuple(range(1, 11)))
    content = make_episodes(truth, "w", 0.0, np.random.default_rng(0), MakeConfig(episodes=6))
    named = {item.id for items in content.objects.values() for item in items}
    assert named
    assert named.isdisjoint(truth.objects[i].name for i in range(1, 11))
    with pytest.raises(WorldError, match="nothing to sample"):
        make_episodes(home(tuple(range(41))), "w", 0.0, np.random.default_rng(0))


@pytest.mark.parametrize("bad", [{"episodes": 0}, {"goals": (0, 3)}, {"goals": (5, 4)},
                                 {"repeat": 1.5}], ids=str)  # fmt: skip
def test_senseless_wishes_are_refused(bad: dict) -> None:
    with pytest.raises(ConfigError, match="cannot make"):
        MakeConfig(**bad)


def test_tasks_are_what_the_episode_asks_for() -> None:
    truth, content = home(), made(episodes=3)
    names = {number: item.name for number, item in truth.objects.items()}
    for episode in content.episodes:
        tasks = tasks_of(content, episode, truth, photo_labels=True)
        for subtask, task in zip(episode.subtasks, tasks, strict=True):
            assert modality(task.goal) == subtask.modality
            match task.goal:
                case CategoryGoal(category):
                    assert category == subtask.category
                    assert len(task.targets) == 4
                    assert {truth.objects[i].category for i in task.targets} == {category}
                case ImageGoal(category=category, name=name, detections=(found,)):
                    assert (category, name) == (subtask.category, f"photo of {subtask.object}")
                    assert (found.label, found.box.tolist()) == (category, [16, 12, 48, 36])
                    assert [names[i] for i in task.targets] == [subtask.object]
                case LanguageGoal(text):
                    assert subtask.category in text
                    assert [names[i] for i in task.targets] == [subtask.object]


def test_photos_have_no_label_unless_asked_for() -> None:
    content = made(episodes=3)
    for episode in content.episodes:
        for task in tasks_of(content, episode, home(), photo_labels=False):
            if isinstance(task.goal, ImageGoal):
                assert (task.goal.category, task.goal.detections) == (None, ())


def test_a_category_goal_accepts_narrower_categories() -> None:
    things = {1: make_truth(1, "chair", (0, 0)), 2: make_truth(2, "office chair", (4, 0))}
    truth = FakeTruth(FakeRobot(), things)
    content = make_episodes(truth, "w", 0.0, np.random.default_rng(0), MakeConfig(episodes=4))
    assert content.objects["chair"][0].children == ("office chair",)
    targets = {
        task.goal.category: task.targets
        for episode in content.episodes
        for task in tasks_of(content, episode, truth, photo_labels=False)
        if isinstance(task.goal, CategoryGoal)
    }
    assert targets == {"chair": (1, 2), "office chair": (2,)}


def test_an_object_that_the_scene_lacks_is_named() -> None:
    content, truth = made(), home()
    truth.objects = {i: o for i, o in truth.objects.items() if o.category != "globe"}
    episode = next(e for e in content.episodes if any(s.category == "globe" for s in e.subtasks))
    with pytest.raises(EpisodeError, match=r"'generated:1' has no object 'globe_\d+'.*anew"):
        tasks_of(content, episode, truth, photo_labels=False)
