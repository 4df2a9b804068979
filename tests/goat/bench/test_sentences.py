"""Sentences are read back here word by word, without a look at how they are made."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest
from fakes import make_truth

from goat.bench.sentences import descriptions, sentences
from goat.types import ObjectTruth
from sim.home import HomeSim
from sim.truth import GroundTruth
from sim.worlds import load_world

NEAR = r"(?:next to|near|beside|close to) the (?P<near>[a-z ]+?)"
ON = r"(?:on top of|on) the (?P<on>[a-z ]+?)"
LOOKS = r"(?P<looks>(?:(?:largest|biggest|smallest|tallest|lowest|[a-z]+) )*?)"
MATERIALS = {"wooden": "wood", "woollen": "wool", "golden": "gold"}
SIZES = {"largest": 1, "biggest": 1, "tallest": 1, "smallest": -1, "lowest": -1}


@pytest.fixture(scope="module")
def objects() -> Mapping[int, ObjectTruth]:
    sim = HomeSim(load_world("generated:0,rooms=4"))
    found = GroundTruth(sim).objects
    sim.close()
    return found


def fits(text: str, item: ObjectTruth, objects: Mapping[int, ObjectTruth]) -> bool:
    """Return whether a generous reader would take `item` for what the text means."""
    read = re.search(
        rf"the {LOOKS}{item.category}(?: that is (?P<color>\w+))?"
        rf"(?: {NEAR}| {ON})?(?: in the (?P<room>[a-z ]+))?\??$",
        text,
    )
    assert read, f"{text!r} cannot be read"
    words = [*read["looks"].split(), *filter(None, [read["color"]])]
    plain = [MATERIALS.get(word, word) for word in words if word not in SIZES]
    looks = all(word in item.attributes.values() for word in plain)
    room = read["room"] in (None, item.room)
    near = not read["near"] or any(apart(item, o) < 1.0 for o in named(objects, read["near"]))
    on = not read["on"] or any(over(item, o) for o in named(objects, read["on"]))
    sized = all(extreme(item, word, objects) for word in words if word in SIZES)
    return looks and room and near and on and sized


def named(objects: Mapping[int, ObjectTruth], category: str) -> list[ObjectTruth]:
    return [o for o in objects.values() if o.category == category]


def apart(a: ObjectTruth, b: ObjectTruth) -> float:
    low, high = np.maximum(a.bounds[0], b.bounds[0]), np.minimum(a.bounds[1], b.bounds[1])
    return float(np.linalg.norm(np.maximum(low - high, 0.0)[:2]))


def over(a: ObjectTruth, b: ObjectTruth) -> bool:
    return apart(a, b) == 0.0 and abs(a.bounds[0, 2] - b.bounds[1, 2]) < 0.1


def extreme(item: ObjectTruth, word: str, objects: Mapping[int, ObjectTruth]) -> bool:
    axes = [2] if word in ("tallest", "lowest") else [0, 1, 2]
    sizes = [float(np.ptp(o.bounds, axis=0)[axes].prod()) for o in named(objects, item.category)]
    own = float(np.ptp(item.bounds, axis=0)[axes].prod())
    return own == (max(sizes) if SIZES[word] > 0 else min(sizes))


def test_every_description_fits_its_object_and_no_other(
    objects: Mapping[int, ObjectTruth],
) -> None:
    told = 0
    for item in objects.values():
        for text in descriptions(item, objects):
            who = [o.id for o in named(objects, item.category) if fits(text, o, objects)]
            assert who == [item.id], text
            told += 1
    assert told > 300


def test_sentences_are_descriptions_in_a_frame(objects: Mapping[int, ObjectTruth]) -> None:
    rng = np.random.default_rng(0)
    for item in list(objects.values())[::4]:
        phrases = descriptions(item, objects)
        texts = sentences(item, objects, rng, 4)
        assert bool(texts) == bool(phrases)
        assert len(set(texts)) == len(texts) <= 4
        for text in texts:
            assert any(text.rstrip("?").endswith(phrase) for phrase in phrases)


def test_only_a_thing_alone_of_its_kind_is_named_by_its_kind() -> None:
    alone, twin = make_truth(1, "sofa", (0, 0)), make_truth(2, "sofa", (5, 0))
    assert descriptions(alone, {1: alone}) == ["the sofa"]
    assert descriptions(alone, {1: alone, 2: twin}) == []
    assert sentences(alone, {1: alone, 2: twin}, np.random.default_rng(0), 3) == ()


def test_what_only_a_part_or_a_picture_shows_is_not_said() -> None:
    things = {
        1: make_truth(1, "picture", (0, 0), color="red", room="office"),
        2: make_truth(2, "picture", (5, 0), color="blue", room="kitchen"),
        3: make_truth(3, "vase", (0, 5), color="red", style="with flowers", room="office"),
    }
    assert descriptions(things[1], things) == ["the picture in the office"]
    assert not any("red" in text for text in descriptions(things[3], things))


def test_plural_nouns_take_a_plural_verb() -> None:
    things = {1: make_truth(1, "boxes", (0, 0), color="red")}
    assert "the boxes that are red" in descriptions(things[1], things)
