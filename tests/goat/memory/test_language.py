from __future__ import annotations

import contextlib
import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goat.errors import GoalError
from goat.memory.language import Description, Relation, parse
from goat.memory.vocabulary import accepts


def thing(noun: str | None = None, **says: object) -> Description:
    return Description(noun, **says)  # type: ignore[arg-type]


def near(anchor: Description, kind: str = "near") -> Relation:
    return Relation(kind, anchor)


SENTENCES = [
    ("chair", thing("chair")),
    ("a chair", thing("chair")),
    ("Chairs!", thing("chair")),
    ("go to the couch", thing("sofa")),
    ("take me to a television", thing("tv")),
    ("where is the rubbish bin?", thing("trash can")),
    ("I am looking for the bedside table", thing("nightstand")),
    ("the blue chair", thing("chair", colors=("blue",))),
    ("a navy armchair", thing("armchair", colors=("blue",))),
    ("the grey sofa", thing("sofa", colors=("gray",))),
    ("a chair that is red", thing("chair", colors=("red",))),
    ("the black and white rug", thing("rug", colors=("black", "white"))),
    ("the wooden table", thing("table", materials=("wood",))),
    ("a red leather sofa", thing("sofa", colors=("red",), materials=("leather",))),
    ("the stainless steel fridge", thing("refrigerator", materials=("metal",))),
    ("the largest sofa", thing("sofa", sizes=("largest",))),
    ("the smallest of the chairs", thing("chair", sizes=("smallest",))),
    ("a big potted plant", thing("potted plant", sizes=("large",))),
    ("the tallest lamp", thing("lamp", sizes=("tallest",))),
    ("the lamp in the bedroom", thing("lamp", room="bedroom")),
    ("the trash can of the kitchen", thing("trash can", room="kitchen")),
    ("the kitchen table", thing("table", room="kitchen")),
    ("the living room lamp", thing("lamp", room="living room")),
    ("the bookshelf in the home office", thing("bookshelf", room="office")),
    ("the blue chair next to the dining table",
     thing("chair", colors=("blue",), relations=(near(thing("dining table")),))),
    ("the chair by the window with the red curtains",
     thing("chair", relations=(near(thing("window")), near(thing("curtain", colors=("red",)))))),
    ("the picture above the fireplace",
     thing("picture", relations=(near(thing("fireplace"), "above"),))),
    ("the box under the desk", thing("box", relations=(near(thing("desk"), "under"),))),
    ("the box beneath the wooden desk",
     thing("box", relations=(near(thing("desk", materials=("wood",)), "under"),))),
    ("the cup on top of the coffee table",
     thing("cup", relations=(near(thing("coffee table"), "on"),))),
    ("a laptop on a desk in the office",
     thing("laptop", room="office", relations=(near(thing("desk"), "on"),))),
    ("the armchair between the sofa and the tv",
     thing("armchair",
           relations=(near(thing("sofa"), "between"), near(thing("tv"), "between")))),
    ("the lamp between a bed and a wardrobe in the bedroom",
     thing("lamp", room="bedroom",
           relations=(near(thing("bed"), "between"), near(thing("wardrobe"), "between")))),
    ("the towel inside the bathtub",
     thing("towel", relations=(near(thing("bathtub"), "in"),))),
    ("the chair to the left of the desk", thing("chair", relations=(near(thing("desk")),))),
    ("the desk chair", thing("office chair")),
    ("the tv stand", thing("tv stand")),
    ("the office chair facing the computer screen",
     thing("office chair", relations=(near(thing("monitor")),))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meant"), SENTENCES, ids=[text for text, _ in SENTENCES])
def test_sentences(text: str, meant: Description) -> None:
    labels = ("window", "towel", "fireplace", "desk", "bed", "box")
    assert parse(text, labels) == meant


def test_what_the_detector_may_report_is_understood() -> None:
    assert parse("the blue flux capacitor", ["Flux Capacitor"]) == thing(
        "flux capacitor", colors=("blue",)
    )
    assert parse("the flux capacitors near the bed", ["flux capacitor"]).noun == "flux capacitor"


def test_a_sentence_without_a_known_thing_says_what_it_says() -> None:
    assert parse("something blue") == thing(colors=("blue",))
    assert parse("qwertz") == thing()
    assert parse("something red on the table").relations == (near(thing("table"), "on"),)


@pytest.mark.parametrize("text", ["", "   ", "?!", "。", "\n"])
def test_a_sentence_without_words_is_refused(text: str) -> None:
    with pytest.raises(GoalError, match="has no words; write, for example"):
        parse(text)


def test_only_more_than_a_category_singles_out() -> None:
    assert not parse("a sofa").discriminates
    for text in ("a red sofa", "a leather sofa", "a big sofa", "the kitchen sofa", "sofa by a bed"):
        assert parse(text).discriminates, text


def test_only_superlatives_need_to_know_every_candidate() -> None:
    assert parse("the largest sofa").compares
    assert not parse("a large sofa").compares


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=60))
def test_any_text_is_a_description_or_a_named_error(text: str) -> None:
    words = re.search("[a-z0-9']", text.lower())
    with contextlib.nullcontext() if words else pytest.raises(GoalError, match="no words"):
        assert isinstance(parse(text), Description)


def bench_descriptions(folder: Path) -> list[tuple[str, str]]:
    """(category, description) of every goal of GOAT-Bench's episode files that are at hand."""
    found = []
    for file in sorted((folder / "goat_bench").rglob("*.json.gz")):
        content = json.loads(gzip.decompress(file.read_bytes()))
        found += [
            (goal["object_category"], goal["lang_desc"])
            for goals in content["goals"].values()
            for goal in goals
            if goal.get("lang_desc")
        ]
    return found


def test_long_descriptions_of_goat_bench_name_their_category(data_dir: Path) -> None:
    pairs = bench_descriptions(data_dir)
    assert len(pairs) > 5
    labels = sorted({category for category, _ in pairs})
    right = [accepts(category, parse(text, labels).noun or "") >= 0.25 for category, text in pairs]
    wrong = [pair for pair, good in zip(pairs, right, strict=True) if not good]
    assert sum(right) / len(right) > 0.8, wrong
