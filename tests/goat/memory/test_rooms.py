from __future__ import annotations

import numpy as np
import pytest
from fakes import make_instance

from goat.memory.rooms import RoomConfig, RoomMap, segment
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


def at(grid: OccupancyGrid, rooms: np.ndarray, x: float, y: float) -> int:
    return int(rooms[tuple(grid.cells(np.array([x, y])))])


def test_a_door_cuts_free_space_into_two_rooms() -> None:
    grid = draw(TWO_ROOMS)
    rooms = segment(grid, RoomConfig())
    assert set(np.unique(rooms)) == {0, 1, 2}
    west, east = at(grid, rooms, 2.0, 2.4), at(grid, rooms, 5.5, 2.4)
    assert west != east
    assert at(grid, rooms, 1.0, 1.0) == west
    assert at(grid, rooms, 6.8, 3.8) == east
    assert (rooms[grid.state == CellState.UNKNOWN] == 0).all()
    assert (rooms[grid.state == CellState.FREE] > 0).all()


def test_an_opening_as_wide_as_a_room_is_no_door() -> None:
    grid = draw(TWO_ROOMS.replace("?#.......#........#?", "?#................#?"))
    assert set(np.unique(segment(grid, RoomConfig()))) == {0, 1}


def test_furniture_in_the_middle_does_not_cut_a_room() -> None:
    text = TWO_ROOMS.splitlines()
    text[4] = "?#...##..#....##..#?"
    grid = draw("\n".join(text))
    assert set(np.unique(segment(grid, RoomConfig()))) == {0, 1, 2}


@pytest.mark.parametrize("state", [CellState.UNKNOWN, CellState.OCCUPIED])
def test_without_free_space_there_is_no_room(state: CellState) -> None:
    grid = OccupancyGrid(np.full((40, 60), state, np.uint8), (0.0, 0.0), 0.05)
    assert (segment(grid, RoomConfig()) == 0).all()
    assert RoomMap(grid, [make_instance(1, "bed", (1.0, 1.0))]).room_of == {}


def test_a_closet_is_no_room() -> None:
    grid = draw("#####\n#...#\n#...#\n#####", cell=0.35)
    assert set(np.unique(segment(grid, RoomConfig()))) == {0}


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
    assert rooms.room_of[5] == rooms.room_of[1] != rooms.room_of[3] == rooms.room_of[6]
    assert rooms.probability(5, "bedroom") > 0.6
    assert rooms.probability(6, "bedroom") < 0.1
    assert rooms.probability(6, "kitchen") > 0.6
    assert rooms.probability(5, "bathroom") == 0.0


def test_one_weak_sign_decides_little() -> None:
    grid = draw(TWO_ROOMS)
    weak = RoomMap(grid, [make_instance(1, "towel", (1.6, 3.4)), make_instance(2, "x", (2.0, 2.0))])
    assert 0.0 < weak.probability(2, "bathroom") <= 0.5


def test_a_picture_on_the_wall_between_two_rooms_is_in_the_one_it_faces() -> None:
    for x, bed in ((3.5, True), (4.1, False)):
        points = np.array([[x, 3.6, 1.4], [x, 3.7, 1.5], [x, 3.8, 1.6]], np.float32)
        bounds = np.stack([points.min(0), points.max(0)])
        picture = Instance(9, {"picture": 1.0}, points, bounds, (), 0.0, 1.0)
        rooms = furnished(picture)
        assert (rooms.room_of[9] == rooms.room_of[1]) is bed


def test_things_far_from_any_free_floor_are_in_no_room() -> None:
    rooms = furnished(make_instance(9, "tree", (15.0, 15.0)))
    assert 9 not in rooms.room_of
    assert rooms.probability(9, "bedroom") == 0.0


def test_no_things_no_names() -> None:
    assert RoomMap(draw(TWO_ROOMS), []).room_of == {}
