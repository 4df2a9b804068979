from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from fakes import make_grid

from goat.memory.grounding import Grounder, GroundingConfig, Scene, noun_fit, size_fit
from goat.memory.language import parse
from goat.memory.rooms import RoomFinder
from goat.types import Instance


def thing(
    number: int,
    label: str,
    xy: tuple[float, float],
    size: tuple[float, float, float] = (0.5, 0.5, 0.9),
    z: float = 0.0,
    **shares: float,
) -> Instance:
    """An object of some size whose lower side is at `z`; `shares` are colours or materials."""
    low = np.array([xy[0] - size[0] / 2, xy[1] - size[1] / 2, z])
    bounds = np.stack([low, low + size]).astype(np.float32)
    steps = np.stack(np.meshgrid(*([np.linspace(0, 1, 5)] * 3)), axis=-1).reshape(-1, 3)
    points = (bounds[0] + steps * (bounds[1] - bounds[0])).astype(np.float32)
    names = {
        f"{'material' if name in ('wood', 'metal', 'leather', 'fabric') else 'color'}:{name}": share
        for name, share in shares.items()
    }
    return Instance(number, {label: 1.0}, points, bounds, (), 0.0, 1.0, attributes=names)


def fits(text: str, instances: Sequence[Instance]) -> Mapping[int, float]:
    scene = Scene(instances, make_grid(), RoomFinder())
    return Grounder(scene).fits(parse(text, [i.label for i in instances]))


def best(text: str, instances: Sequence[Instance]) -> int:
    scores = fits(text, instances)
    order = sorted(scores, key=lambda i: -scores[i])
    assert len(order) == 1 or scores[order[0]] > 1.5 * scores[order[1]], scores
    return order[0]


BLUE, RED, GREEN = {"blue": 0.7}, {"red": 0.7}, {"green": 0.7}


def test_only_what_may_be_meant_is_scored() -> None:
    things = [thing(1, "chair", (0, 0)), thing(2, "sofa", (2, 0)), thing(3, "office chair", (0, 2))]
    scores = fits("a chair", things)
    assert set(scores) == {1, 3}
    assert scores[1] == pytest.approx(1.0)
    assert scores[3] == pytest.approx(0.9)


def test_a_sentence_without_a_thing_may_mean_anything() -> None:
    things = [thing(1, "chair", (0, 0), **BLUE), thing(2, "sofa", (2, 0), **RED)]
    assert best("something red", things) == 2


@pytest.mark.parametrize(("color", "number"), [("blue", 1), ("red", 2), ("green", 3)])
def test_colours(color: str, number: int) -> None:
    things = [
        thing(1, "chair", (0, 0), **BLUE),
        thing(2, "chair", (2, 0), **RED),
        thing(3, "chair", (0, 2), **GREEN),
    ]
    assert best(f"the {color} chair", things) == number


def test_a_colour_that_light_changes_counts_in_part_only() -> None:
    beige, white, blue = (
        thing(1, "sofa", (0, 0), beige=0.7, white=0.1),
        thing(2, "sofa", (2, 0), white=0.7),
        thing(3, "sofa", (0, 2), blue=0.8),
    )
    scores = fits("the white sofa", [beige, white, blue])
    assert scores[2] > scores[1] > 3 * scores[3]


def test_two_colours_must_both_show() -> None:
    things = [thing(1, "rug", (0, 0), black=0.5, white=0.4), thing(2, "rug", (2, 0), black=0.9)]
    assert best("the black and white rug", things) == 1


def test_a_little_of_a_colour_is_not_its_colour() -> None:
    things = [thing(1, "chair", (0, 0), red=0.08, brown=0.5), thing(2, "chair", (2, 0), red=0.5)]
    assert best("the red chair", things) == 2


def test_materials_decide_softly() -> None:
    things = [
        thing(1, "table", (0, 0), wood=0.6, metal=0.2),
        thing(2, "table", (2, 0), wood=0.1, metal=0.7),
    ]
    scores = fits("the wooden table", things)
    assert scores[1] > scores[2] >= GroundingConfig().material_floor * scores[1]
    assert best("the metal table", things) == 2


def test_what_was_never_measured_is_not_excluded() -> None:
    scores = fits("the red leather sofa", [thing(1, "sofa", (0, 0))])
    assert 0.0 < scores[1] < 0.1


def test_sizes_compare_with_the_others_of_the_kind() -> None:
    things = [
        thing(1, "sofa", (0, 0), (1.4, 0.8, 0.8)),
        thing(2, "sofa", (3, 0), (2.4, 0.9, 0.8)),
        thing(3, "wardrobe", (0, 3), (3.0, 1.0, 2.0)),
    ]
    assert best("the largest sofa", things) == 2
    assert best("the smallest sofa", things) == 1
    assert fits("the largest sofa", things)[2] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("word", "number"),
    [("tallest", 3), ("lowest", 1), ("tall", 3), ("low", 1), ("largest", 2), ("small", 1)],
)
def test_height_and_volume_are_different_things(word: str, number: int) -> None:
    things = [
        thing(1, "lamp", (0, 0), (0.2, 0.2, 0.3)),
        thing(2, "lamp", (2, 0), (1.5, 1.5, 0.8)),
        thing(3, "lamp", (0, 2), (0.2, 0.2, 1.8)),
    ]
    scores = [size_fit(word, item, things) for item in things]
    assert int(np.argmax(scores)) + 1 == number
    assert scores[number - 1] == pytest.approx(1.0)
    assert all(0.0 <= score <= 1.0 for score in scores)


def test_a_single_candidate_is_neither_large_nor_small() -> None:
    only = thing(1, "sofa", (0, 0))
    assert size_fit("large", only, [only]) == size_fit("small", only, [only]) == 0.8
    assert size_fit("largest", only, [only]) == 1.0


TABLE = thing(9, "dining table", (0.0, 0.0), (1.6, 0.9, 0.75))


def test_next_to() -> None:
    things = [TABLE, thing(1, "chair", (0.0, 0.8)), thing(2, "chair", (0.0, 3.0))]
    assert best("the chair next to the dining table", things) == 1
    assert fits("the chair next to the dining table", things)[1] > 0.8


def test_the_blue_chair_next_to_the_table_is_neither_the_red_one_there_nor_a_blue_one_elsewhere():
    things = [
        TABLE,
        thing(1, "chair", (0.0, 0.8), **RED),
        thing(2, "chair", (0.0, -0.8), **BLUE),
        thing(3, "chair", (0.0, 3.5), **BLUE),
    ]
    assert best("the blue chair next to the dining table", things) == 2


def test_the_anchor_is_described_too() -> None:
    things = [
        thing(1, "lamp", (0.0, 0.0)),
        thing(2, "lamp", (3.0, 0.0)),
        thing(3, "sofa", (0.0, 0.9), **RED),
        thing(4, "sofa", (3.0, 0.9), **BLUE),
    ]
    assert best("the lamp near the blue sofa", things) == 2
    assert best("the lamp near the red sofa", things) == 1


def test_on_and_under() -> None:
    on_top = thing(1, "box", (0.2, 0.0), (0.3, 0.3, 0.2), z=0.75)
    below = thing(2, "box", (0.2, 0.0), (0.3, 0.3, 0.2), z=0.0)
    beside = thing(3, "box", (1.2, 0.0), (0.3, 0.3, 0.2), z=0.0)
    things = [TABLE, on_top, below, beside]
    assert best("the box on the dining table", things) == 1
    under = fits("the box under the dining table", things)
    assert under[2] > under[3] > under[1]


def test_above_does_not_need_contact() -> None:
    things = [
        thing(9, "sofa", (0.0, 0.0), (2.0, 0.9, 0.8)),
        thing(1, "picture", (0.0, 0.5), (0.8, 0.05, 0.5), z=1.4),
        thing(2, "picture", (3.5, 0.5), (0.8, 0.05, 0.5), z=1.4),
    ]
    assert best("the picture above the sofa", things) == 1


def test_a_pillow_that_sinks_into_a_bed_is_on_it() -> None:
    bed = thing(9, "bed", (0.0, 0.0), (1.6, 2.0, 0.9))
    things = [
        bed,
        thing(1, "pillow", (0.2, 0.6), (0.5, 0.4, 0.5), z=0.45),
        thing(2, "pillow", (2.6, 0.0), (0.5, 0.4, 0.2), z=0.0),
    ]
    assert best("the pillow on the bed", things) == 1


def test_between_needs_both() -> None:
    things = [
        thing(7, "sofa", (0.0, 0.0)),
        thing(8, "tv", (3.0, 0.0)),
        thing(1, "armchair", (1.5, 0.0), (0.8, 0.8, 0.9)),
        thing(2, "armchair", (0.0, 0.9), (0.8, 0.8, 0.9)),
        thing(3, "armchair", (3.0, -0.9), (0.8, 0.8, 0.9)),
    ]
    scores = fits("the armchair between the sofa and the tv", things)
    assert scores[1] > scores[2]
    assert scores[1] > scores[3]


def test_nothing_is_next_to_itself() -> None:
    alone = fits("the chair next to a chair", [thing(1, "chair", (0, 0)), thing(2, "bed", (1, 0))])
    assert alone[1] == pytest.approx(GroundingConfig().floor)
    pair = fits(
        "the chair next to a chair", [thing(1, "chair", (0, 0)), thing(2, "chair", (0.7, 0))]
    )
    assert pair[1] > 0.8


def test_a_missing_anchor_makes_doubtful_not_impossible() -> None:
    scores = fits("the chair next to the fireplace", [thing(1, "chair", (0, 0))])
    assert 0.0 < scores[1] < 0.1


def test_an_anchor_nobody_knows_a_word_for_says_nothing() -> None:
    scores = fits("the chair next to the flux capacitor", [thing(1, "chair", (0, 0))])
    assert scores[1] == pytest.approx(1.0)


def test_wrong_labels_now_and_then_do_not_hide_an_object() -> None:
    mixed = dataclasses.replace(
        thing(1, "chair", (0, 0)), label_scores={"chair": 0.8, "table": 0.2}
    )
    assert noun_fit("chair", mixed.label_scores) == pytest.approx(1.0)
    assert noun_fit("table", mixed.label_scores) == pytest.approx(0.25)
    assert noun_fit("bed", mixed.label_scores) == 0.0
    assert noun_fit(None, mixed.label_scores) == 0.5
