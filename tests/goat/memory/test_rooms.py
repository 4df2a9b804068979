from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fakes import make_instance
from scipy.spatial.transform import RigidTransform
from store_writer import make_view

from goat.memory.rooms import RoomConfig, RoomFinder, RoomMap
from goat.types import CellState, Instance, OccupancyGrid

_STATES = {"?": CellState.UNKNOWN, ".": CellState.FREE, "#": CellState.OCCUPIED}

TWO_ROOMS = """
????????????????????
?##################?
?#.......#........#?
?#.......#........#?
?#.......#........#?
?#................#?
?#................#?
?#.......#........#?
?#.......#........#?
?#.......#........#?
?##################?
????????????????????
"""
"""40 cm per character: two rooms of about 3 m, a door of 80 cm between them."""


def draw(text: str, cell: float = 0.4) -> OccupancyGrid:
    lines = text.strip().splitlines()[::-1]
    state = np.array([[_STATES[c] for c in line] for line in lines], np.uint8)
    k = round(cell / 0.05)
    return OccupancyGrid(np.kron(state, np.ones((k, k), np.uint8)), (0.0, 0.0), 0.05)


def furnished(*extra: Instance) -> RoomMap:
    """A bedroom in the west, a kitchen in the east."""
    things = [
        make_instance(1, "bed", (1.6, 3.4), 0.9),
        make_instance(2, "nightstand", (2.9, 3.6), 0.4),
        make_instance(3, "fridge", (6.6, 3.4), 0.5),
        make_instance(4, "stove", (6.6, 1.2), 0.5),
        make_instance(5, "lamp", (1.2, 1.2), 0.3),
        make_instance(6, "lamp", (4.6, 3.6), 0.3),
    ]
    return RoomMap(draw(TWO_ROOMS), [*things, *extra])


def test_rooms_are_named_after_what_stands_in_them() -> None:
    rooms = furnished()
    assert rooms.probability(5, "bedroom") > 0.6
    assert rooms.probability(6, "bedroom") < 0.15
    assert rooms.probability(6, "kitchen") > 0.6
    assert rooms.probability(5, "bathroom") == 0.0


def test_a_wide_opening_shares_the_room_and_furniture_does_not_cut_it() -> None:
    text = TWO_ROOMS.replace("?#.......#........#?", "?#................#?").splitlines()
    text[4] = "?#...##.......##..#?"
    things = [make_instance(1, "bed", (1.6, 3.4), 0.9), make_instance(2, "lamp", (3.4, 1.4), 0.3)]
    rooms = RoomMap(draw("\n".join(text)), things)
    assert rooms.probability(2, "bedroom") > 0.5


def test_one_weak_sign_decides_little() -> None:
    grid = draw(TWO_ROOMS)
    weak = RoomMap(grid, [make_instance(1, "towel", (1.6, 3.4)), make_instance(2, "x", (2.0, 2.0))])
    assert 0.0 < weak.probability(2, "bathroom") <= 0.7


def test_a_picture_on_the_wall_between_two_rooms_is_in_the_one_it_was_seen_from() -> None:
    for x, eye, bed in ((3.5, (2.0, 3.0), True), (4.1, (6.0, 3.0), False)):
        points = np.array([[x, 3.6, 1.4], [x, 3.7, 1.5], [x, 3.8, 1.6]], np.float32)
        bounds = np.stack([points.min(0), points.max(0)])
        view = dataclasses.replace(
            make_view(1), map_from_camera=RigidTransform.from_translation([*eye, 1.3])
        )
        picture = Instance(9, {"picture": 1.0}, points, bounds, (view,), 0.0, 1.0)
        rooms = furnished(picture)
        assert (rooms.probability(9, "bedroom") > rooms.probability(9, "kitchen")) is bed


def test_a_long_and_narrow_floor_is_a_hallway() -> None:
    corridor = "\n".join(["#" * 20, "#" + "." * 18 + "#", "#" + "." * 18 + "#", "#" * 20])
    rooms = RoomMap(draw(corridor), [make_instance(1, "picture", (4.0, 0.8), 0.2)])
    assert rooms.probability(1, "hallway") > 0.2
    assert furnished().probability(5, "hallway") < 0.1


@pytest.mark.parametrize("state", [CellState.UNKNOWN, CellState.OCCUPIED])
def test_without_free_space_only_the_object_itself_tells(state: CellState) -> None:
    grid = OccupancyGrid(np.full((40, 60), state, np.uint8), (0.0, 0.0), 0.05)
    rooms = RoomMap(grid, [make_instance(1, "bed", (1.0, 1.0)), make_instance(2, "x", (1.2, 1.0))])
    assert rooms.probability(1, "bedroom") > 0.5
    assert rooms.probability(2, "bedroom") == 0.0


def test_things_far_from_any_free_floor_are_in_no_room() -> None:
    rooms = furnished(make_instance(9, "tree", (15.0, 15.0)))
    assert rooms.probability(9, "bedroom") == 0.0


def test_no_things_no_names() -> None:
    assert RoomMap(draw(TWO_ROOMS), []).probability(1, "bedroom") == 0.0


def test_rooms_are_kept_for_a_few_questions() -> None:
    finder, grid = RoomFinder(RoomConfig(every=3)), draw(TWO_ROOMS)
    things = [make_instance(1, "bed", (1.6, 3.4), 0.9)]
    found = [finder.find(grid, things) for _ in range(4)]
    assert found[0] is found[1] is found[2]
    assert found[3] is not found[2]
    finder.forget()
    assert finder.find(grid, things) is not found[3]
