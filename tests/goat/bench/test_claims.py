from __future__ import annotations

import numpy as np
import pytest
from fakes import make_truth

from goat.bench.claims import Claim, Judge
from goat.types import ObjectTruth


def judged(claim: Claim, item: ObjectTruth, *others: ObjectTruth) -> bool | None:
    return Judge([item, *others]).holds(claim, item)


@pytest.mark.parametrize(
    ("have", "said", "verdict"),
    [
        ("red", "red", True),
        ("red", "blue", False),
        ("gray", "white", None),
        ("white", "gray", None),
        ("beige", "white", None),
        (None, "red", None),
    ],
)
def test_colours_that_people_confuse_are_arguable(
    have: str | None, said: str, verdict: bool | None
) -> None:
    attributes = {} if have is None else {"color": have}
    chair = make_truth(1, "chair", (0, 0), **attributes)
    assert judged(Claim("color", said), chair) is verdict


def test_near_is_within_reach_and_not_through_a_wall() -> None:
    near = Claim("near", "bed")
    chair = make_truth(1, "chair", (0, 0), room="bedroom")
    bed = make_truth(2, "bed", (1.3, 0), size=1.5, room="bedroom")
    assert judged(near, chair, bed) is True
    assert judged(near, chair, make_truth(2, "bed", (1.3, 0), size=1.5, room="kitchen")) is None
    assert judged(near, chair, make_truth(2, "bed", (2.0, 0), size=1.5, room="bedroom")) is None
    assert judged(near, chair, make_truth(2, "bed", (3.0, 0), size=1.5, room="bedroom")) is False
    assert judged(near, chair, make_truth(2, "bed", (0.5, 0), size=0.2, room="bedroom")) is None
    assert judged(near, chair) is False


def test_a_thing_on_a_table_is_on_it_and_one_beside_it_is_not() -> None:
    on, table = Claim("on", "table"), make_truth(2, "table", (0, 0), size=0.8)
    cup = make_truth(1, "cup", (0.2, 0), size=0.1)

    def lifted(height: float) -> ObjectTruth:
        bounds = np.add(cup.bounds, [0.0, 0.0, height])
        return ObjectTruth(1, "cup_01", "cup", bounds, {}, None)

    assert judged(on, lifted(0.8), table) is True
    assert judged(on, lifted(0.6), table) is None
    assert judged(on, lifted(0.0), table) is False
    assert judged(on, make_truth(1, "cup", (2, 0), size=0.1), table) is False


def test_a_superlative_needs_a_clear_difference() -> None:
    large = Claim("size", "largest")
    box = make_truth(1, "box", (0, 0), size=1.0)
    assert judged(large, box, make_truth(2, "box", (3, 0), size=0.8)) is True
    assert judged(large, box, make_truth(2, "box", (3, 0), size=0.9)) is None
    assert judged(large, box, make_truth(2, "box", (3, 0), size=1.2)) is False
    assert judged(large, box) is None


def test_claims_together_must_exclude_every_rival() -> None:
    mine = make_truth(1, "chair", (0, 0), room="kitchen", color="red")
    others = [
        make_truth(2, "chair", (3, 0), room="kitchen", color="blue"),
        make_truth(3, "chair", (6, 0), room="office", color="red"),
    ]
    red, kitchen = Claim("color", "red"), Claim("room", "kitchen")
    judge = Judge([mine, *others])
    assert not judge.singles_out(mine, [red])
    assert not judge.singles_out(mine, [kitchen])
    assert judge.singles_out(mine, [red, kitchen])
    assert not judge.singles_out(others[0], [red, kitchen])


def test_what_a_word_also_stands_for_is_a_rival() -> None:
    chair = make_truth(1, "chair", (0, 0), color="red")
    armchair = make_truth(2, "armchair", (3, 0), color="red")
    judge = Judge([chair, armchair])
    assert judge.rivals(chair) == [armchair]
    assert not judge.singles_out(chair, [Claim("color", "red")])
