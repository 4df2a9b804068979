from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goat.memory.vocabulary import (
    COLORS,
    KINDS,
    MATERIALS,
    NEAR_COLORS,
    ROOM_SIGNS,
    ROOMS,
    SIZES,
    SYNONYMS,
    accepts,
    canonical,
    compatible,
    every_word,
    known_words,
    singular,
)

PAIRS = [(group[0], word) for group in SYNONYMS for word in group[1:]]


@pytest.mark.parametrize(("first", "other"), PAIRS)
def test_synonyms_answer_one_another_both_ways(first: str, other: str) -> None:
    assert accepts(first, other) == 1.0
    assert accepts(other, first) == 1.0
    assert canonical(other) == first


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("chairs", "chair"),
        ("boxes", "box"),
        ("benches", "bench"),
        ("bookshelves", "bookshelf"),
        ("glasses", "glass"),
        ("dishes", "dish"),
        ("batteries", "battery"),
        ("toys", "toy"),
        ("vases", "vase"),
        ("glass", "glass"),
        ("bus", "bus"),
        ("tennis", "tennis"),
        ("ties", "tie"),
    ],
)
def test_plurals(plural: str, one: str) -> None:
    assert singular(plural) == one


@pytest.mark.parametrize(
    ("asked", "label"),
    [("couches", "sofa"), ("TV", "Television"), ("trash_can", "garbage bins"),
     ("  potted   plant ", "plants"), ("shelves", "rack"), ("mugs", "cup")],
)  # fmt: skip
def test_spelling_does_not_matter(asked: str, label: str) -> None:
    assert accepts(asked, label) == 1.0


@pytest.mark.parametrize(
    ("general", "special"),
    [("chair", "office chair"), ("chair", "armchair"), ("table", "desk"), ("lamp", "floor lamp"),
     ("light", "standing lamp"), ("cabinet", "tv cabinet"), ("seat", "bench"),
     ("table", "wooden picnic table")],
)  # fmt: skip
def test_a_kind_answers_the_general_word_better_than_the_other_way_round(
    general: str, special: str
) -> None:
    assert accepts(general, special) == 0.9
    assert accepts(special, general) == 0.25


@pytest.mark.parametrize(
    ("a", "b"),
    [("chair", "table"), ("tv", "tv stand"), ("bed", "bedside table"),
     ("office chair", "armchair"), ("bath", "bathroom sink"), ("sofa", "sofa table"),
     ("lamp", "clamp"), ("dishwasher", "washer")],
)  # fmt: skip
def test_different_things_are_different(a: str, b: str) -> None:
    assert accepts(a, b) == accepts(b, a) == 0.0
    assert not compatible(a, b)


@settings(max_examples=60)
@given(st.text(max_size=12))
def test_any_word_answers_itself(word: str) -> None:
    assert accepts(word, word) == 1.0
    assert canonical(canonical(word)) == canonical(word)


@given(st.sampled_from(sorted(every_word())), st.sampled_from(sorted(every_word())))
def test_words_may_name_one_object_in_either_order(a: str, b: str) -> None:
    assert compatible(a, b) == compatible(b, a)
    assert 0.0 <= accepts(a, b) <= 1.0


def test_unknown_words_are_taken_literally() -> None:
    assert canonical("Flux Capacitors") == "flux capacitor"
    assert accepts("flux capacitor", "flux capacitors") == 1.0
    assert accepts("capacitor", "flux capacitor") == 0.9


def test_no_word_stands_for_two_things() -> None:
    words = [word for group in SYNONYMS for word in group]
    assert len(words) == len(set(words))


def test_the_words_of_a_world_hold_synonyms_and_general_words() -> None:
    words = known_words(["Sofa", "office chair"])
    assert {"sofa", "couch", "settee", "office chair", "swivel chair", "chair", "seat"} <= words
    assert "table" not in words


def test_tables_refer_to_each_other() -> None:
    assert set(NEAR_COLORS) == set(COLORS)
    assert all(near in COLORS for nears in NEAR_COLORS.values() for near in nears)
    assert set(ROOM_SIGNS) <= set(ROOMS)
    for table in (COLORS, MATERIALS, ROOMS, SIZES):
        words = [word for group in table.values() for word in group]
        assert len(words) == len(set(words))
    assert all(canonical(kind) == kind for kinds in KINDS.values() for kind in kinds)
    assert all(canonical(sign) == sign for signs in ROOM_SIGNS.values() for sign in signs)


def test_measured_attributes_have_words() -> None:
    from goat.perception.attributes import material_model
    from goat.perception.colour_names import NAMES

    assert set(NAMES) == set(COLORS)
    assert set(material_model().names) <= set(MATERIALS)
