from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from fakes import FakeRobot, FakeTruth, make_truth

from goat.bench.goals import sample_tasks
from goat.bench.making import Eligible
from goat.bench.sentences import descriptions
from goat.errors import ConfigError, WorldError
from goat.types import CategoryGoal, ImageGoal, LanguageGoal, ObjectTruth, modality


def home(*objects: ObjectTruth, viewless: tuple[int, ...] = ()) -> FakeTruth:
    return FakeTruth(FakeRobot(), {o.id: o for o in objects}, frozenset(viewless))


CHAIRS = (
    make_truth(1, "chair", (0, 0), room="kitchen", color="blue", material="wood"),
    make_truth(2, "chair", (4, 0), room="bedroom", color="red", material="wood"),
    make_truth(3, "chair", (4, 4), room="bedroom", color="blue", material="metal"),
    make_truth(4, "table", (0.7, 0), size=0.8, room="kitchen"),
    make_truth(5, "sofa", (8, 0), size=0.5),
    make_truth(6, "sofa", (8, 4), size=0.9),
)


def phrases(number: int) -> set[str]:
    truth = home(*CHAIRS)
    return set(descriptions(truth.objects[number], truth.objects))


def test_descriptions_fit_one_object_of_the_category() -> None:
    assert {
        "the blue wooden chair",
        "the chair in the kitchen",
        "the chair next to the table",
        "the chair near the table in the kitchen",
    } <= phrases(1)
    assert {"the red chair", "the chair that is red", "the red chair in the bedroom"} <= phrases(2)
    assert {"the metal chair", "the blue chair in the bedroom"} <= phrases(3)
    assert phrases(6) == {"the largest sofa", "the biggest sofa", "the tallest sofa"}
    assert phrases(5) == {"the smallest sofa", "the lowest sofa"}
    assert not {"the blue chair", "the wooden chair", "the chair in the bedroom"} & (
        phrases(1) | phrases(2) | phrases(3)
    )


def test_a_landmark_near_a_rival_is_not_used() -> None:
    near = make_truth(7, "chair", (0.7, 1.2), color="green")
    truth = home(*CHAIRS, near)
    assert "the chair next to the table" not in set(descriptions(CHAIRS[0], truth.objects))


def test_a_rival_of_unknown_colour_forbids_the_colour() -> None:
    truth = home(*CHAIRS, make_truth(7, "chair", (9, 9)))
    assert "the red chair" not in set(descriptions(CHAIRS[1], truth.objects))


def test_modalities_and_categories_take_turns(rng: np.random.Generator) -> None:
    tasks = sample_tasks(home(*CHAIRS), rng, 6)
    assert Counter(modality(t.goal) for t in tasks) == {"category": 2, "image": 2, "language": 2}
    assert {len({CHAIRS[i - 1].category for i in t.targets}) for t in tasks} == {1}
    first = {CHAIRS[t.targets[0] - 1].category for t in tasks[:3]}
    assert first == {"chair", "table", "sofa"} or len(first) >= 2


def test_category_goals_accept_every_object_of_the_category(rng: np.random.Generator) -> None:
    tasks = sample_tasks(home(*CHAIRS, viewless=(3,)), rng, 30, modalities=("category",))
    chairs = [t for t in tasks if t.goal == CategoryGoal("chair")]
    assert chairs
    assert all(t.targets == (1, 2) for t in chairs)


def test_objects_that_nothing_sees_are_left_out(rng: np.random.Generator) -> None:
    tasks = sample_tasks(home(*CHAIRS, viewless=(1,)), rng, 30)
    assert all(1 not in t.targets for t in tasks)
    with pytest.raises(WorldError, match="nothing to sample"):
        sample_tasks(home(CHAIRS[0], viewless=(1,)), rng, 1)


def test_parts_of_the_house_are_no_goals(rng: np.random.Generator) -> None:
    truth = home(make_truth(1, "window", (0, 0)), make_truth(2, "bed", (3, 0)))
    assert {t.targets for t in sample_tasks(truth, rng, 12)} == {(2,)}
    anything = Eligible(skip=frozenset())
    assert any(t.targets == (1,) for t in sample_tasks(truth, rng, 12, eligible=anything))


def test_things_too_small_to_see_are_no_goals(rng: np.random.Generator) -> None:
    truth = home(make_truth(1, "cup", (0, 0), size=0.1), make_truth(2, "bed", (3, 0)))
    assert {t.targets for t in sample_tasks(truth, rng, 9)} == {(2,)}
    tiny = Eligible(min_size=0.0)
    assert any(t.targets == (1,) for t in sample_tasks(truth, rng, 9, eligible=tiny))


def test_the_same_seed_gives_the_same_goals() -> None:
    a, b = (sample_tasks(home(*CHAIRS), np.random.default_rng(5), 9, 0.5) for _ in range(2))
    for x, y in zip(a, b, strict=True):
        assert x.targets == y.targets
        if isinstance(x.goal, ImageGoal) and isinstance(y.goal, ImageGoal):
            assert np.array_equal(x.goal.rgb, y.goal.rgb)
        else:
            assert x.goal == y.goal


def test_repeats_ask_for_old_objects(rng: np.random.Generator) -> None:
    tasks = sample_tasks(home(*CHAIRS), rng, 6, repeat=1.0, modalities=("image",))
    assert len({t.targets for t in tasks}) == 2  # to and fro: the same again would be no way
    tasks = sample_tasks(home(*CHAIRS), rng, 6, repeat=0.0, modalities=("image",))
    assert len({t.targets for t in tasks}) == 6


def test_the_next_goal_is_somewhere_else(rng: np.random.Generator) -> None:
    things = [make_truth(i, f"thing {i}", (4.0 * (i // 2), 0.3 * (i % 2))) for i in range(8)]
    tasks = sample_tasks(home(*things), rng, 12, repeat=0.3, modalities=("image",))
    places = [t.targets[0] // 2 for t in tasks]
    assert all(a != b for a, b in pairwise(places))


def test_sentences_vary(rng: np.random.Generator) -> None:
    tasks = sample_tasks(home(*CHAIRS), rng, 40, modalities=("language",))
    texts = {t.goal.text for t in tasks if isinstance(t.goal, LanguageGoal)}
    assert len(texts) > 12


@pytest.mark.parametrize(
    "bad", [{"count": -1}, {"repeat": 2.0}, {"modalities": ("smell",)}], ids=str
)
def test_senseless_requests_are_refused(rng: np.random.Generator, bad: dict) -> None:
    with pytest.raises(ConfigError):
        sample_tasks(**({"evaluator": home(*CHAIRS), "rng": rng, "count": 1} | bad))


def test_what_hangs_out_of_sight_is_no_goal(rng: np.random.Generator) -> None:
    lamp = make_truth(1, "lamp", (0, 0))
    lamp = dataclasses.replace(lamp, bounds=lamp.bounds + np.array([0.0, 0.0, 8.0]))
    truth = home(lamp, make_truth(2, "bed", (3, 0)))
    assert {t.targets for t in sample_tasks(truth, rng, 6)} == {(2,)}
    anything = Eligible(highest=10.0)
    assert any(t.targets == (1,) for t in sample_tasks(truth, rng, 9, eligible=anything))
