from __future__ import annotations

import dataclasses
import math
import zlib
from pathlib import Path

import numpy as np
import pytest
from box_scene import FLOOR, Box, BoxScene, cube, walls
from sim_worlds import two_room_world

from goat.frames import mast_camera, planar
from goat.memory.nav2 import read_nav2, write_nav2
from goat.memory.semantic_map import TILE, MapConfig, SemanticMap
from goat.types import Body, CellState, DiscreteAction, OccupancyGrid
from sim.home import HomeSim

TILE_SIDE = TILE * MapConfig().resolution


def state_at(grid: OccupancyGrid, x: float, y: float) -> CellState:
    cell = grid.cells(np.array([x, y]))
    return CellState(int(grid.state[tuple(cell)])) if grid.inside(cell) else CellState.UNKNOWN


def wall_at(grid: OccupancyGrid, x: float, y: float) -> bool:
    """Whether a wall that faces -x is mapped within a cell of `x`."""
    return bool((states_in(grid, x - 0.06, y - 0.06, x + 0.12, y + 0.06) == 2).any())


def states_in(grid: OccupancyGrid, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """States of the cells in a rectangle."""
    (r0, c0), (r1, c1) = grid.cells(np.array([[x0, y0], [x1, y1]]))
    return grid.state[r0:r1, c0:c1]


def look(map_: SemanticMap, scene: BoxScene, *poses: tuple[float, float, float]) -> None:
    for pose in poses:
        observation = scene.observe(pose)
        map_.update(observation, observation.odom_from_base)


def spin(x: float, y: float, count: int = 12) -> list[tuple[float, float, float]]:
    return [(x, y, k * math.tau / count) for k in range(count)]


@pytest.fixture(scope="module")
def west_room() -> OccupancyGrid:
    """The map after one turn on the spot in the west of two rooms."""
    sim = HomeSim(two_room_world())
    map_ = SemanticMap(sim.body)
    for _ in range(12):
        seen = sim.observe()
        map_.update(seen, seen.odom_from_base)
        sim.act(DiscreteAction.TURN_LEFT)
    sim.close()
    return map_.grid()


def test_walls_become_occupied(west_room: OccupancyGrid) -> None:
    for x in np.arange(0.3, 3.8, 0.1):
        for y in (-0.05, 4.05):
            near = states_in(west_room, x, y - 0.1, x + 0.05, y + 0.1)
            assert (near == CellState.OCCUPIED).any(), f"no wall at {x:.2f}, {y:.2f}"


def test_furniture_becomes_occupied_even_a_table_on_thin_legs(west_room: OccupancyGrid) -> None:
    assert (states_in(west_room, 0.8, 3.2, 0.95, 3.7) == CellState.OCCUPIED).mean() > 0.5
    table = states_in(west_room, 2.5, 0.7, 3.3, 1.3)
    assert (table == CellState.OCCUPIED).mean() > 0.5


def test_nothing_stands_where_nothing_is(west_room: OccupancyGrid) -> None:
    rows, cols = np.nonzero(west_room.state == CellState.OCCUPIED)
    x, y = west_room.points(np.stack([rows, cols], axis=1)).T
    in_the_open = (x > 1.1) & (x < 2.3) & (y > 0.2) & (y < 3.8)
    in_the_open |= (x > 3.5) & (x < 3.8) & (y > 0.2) & (y < 3.8)
    assert not in_the_open.any()


def test_the_floor_is_free_and_what_walls_hide_is_unknown(west_room: OccupancyGrid) -> None:
    assert (states_in(west_room, 1.2, 0.3, 2.3, 3.7) == CellState.FREE).mean() > 0.95
    assert (states_in(west_room, 4.3, 1.8, 6.0, 2.2) == CellState.FREE).mean() > 0.9, "the door"
    assert (states_in(west_room, 4.2, 3.4, 5.0, 3.9) == CellState.UNKNOWN).all()
    assert (states_in(west_room, -2.0, -1.0, -0.3, 5.0) == CellState.UNKNOWN).all()
    assert (states_in(west_room, 0.0, 4.3, 8.0, 6.0) == CellState.UNKNOWN).all()


def test_a_removed_obstacle_fades_and_is_not_gone_at_once() -> None:
    thing, room = cube((3.0, 2.0)), [FLOOR, *walls(0, 0, 6, 4)]
    map_, pose = SemanticMap(Body()), (0.8, 2.0, 0.0)
    look(map_, BoxScene([*room, thing]), *[pose] * 10)
    assert state_at(map_.grid(), 2.78, 2.0) is CellState.OCCUPIED
    empty = BoxScene(room)
    look(map_, empty, *[pose] * 3)
    assert state_at(map_.grid(), 2.78, 2.0) is CellState.OCCUPIED, "three rays are no proof"
    look(map_, empty, *[pose] * 25)
    assert state_at(map_.grid(), 2.78, 2.0) is CellState.FREE
    assert wall_at(map_.grid(), 6.0, 2.0), "the wall behind it stays"


def test_an_obstacle_that_appears_on_long_known_floor_is_seen_at_once() -> None:
    room = [FLOOR, *walls(0, 0, 6, 4)]
    map_, pose = SemanticMap(Body()), (0.8, 2.0, 0.0)
    look(map_, BoxScene(room), *[pose] * 40)
    assert state_at(map_.grid(), 2.78, 2.0) is CellState.FREE
    look(map_, BoxScene([*room, cube((3.0, 2.0))]), pose)
    assert state_at(map_.grid(), 2.78, 2.0) is CellState.OCCUPIED


def test_rays_that_pass_above_a_low_stool_do_not_erase_it() -> None:
    stool = cube((3.2, 2.0), "stool", size=0.4, top=0.35)
    map_ = SemanticMap(Body())
    scene = BoxScene([FLOOR, *walls(0, 0, 6, 4), stool])
    look(map_, scene, *[(0.4, 2.0, 0.0)] * 3)
    before = states_in(map_.grid(), 3.0, 1.8, 3.4, 2.2) == CellState.OCCUPIED
    assert before.any()
    close = scene.observe((2.1, 2.0, 0.0))
    assert not (close.semantic == len(scene.boxes)).any(), "from here it is below the image"
    look(map_, scene, *[(2.1, 2.0, 0.0)] * 60)
    after = states_in(map_.grid(), 3.0, 1.8, 3.4, 2.2) == CellState.OCCUPIED
    assert after[before].all()


def test_what_hangs_above_the_robot_is_no_obstacle_and_low_sills_are_driven_over() -> None:
    lamp = Box((2.5, 1.5, 1.6), (3.5, 2.5, 1.8), "lamp")
    sill = Box((2.0, 1.0, 0.0), (2.2, 3.0, 0.05))
    map_ = SemanticMap(Body())
    look(map_, BoxScene([FLOOR, *walls(0, 0, 6, 4), lamp, sill]), *[(0.2, 2.0, 0.0)] * 3)
    assert not (states_in(map_.grid(), 0.5, 1.0, 5.0, 3.0) == CellState.OCCUPIED).any()


def test_pixels_without_depth_make_no_free_space() -> None:
    map_ = SemanticMap(Body())
    observation = BoxScene([FLOOR, *walls(0, 0, 6, 4)]).observe((1.0, 2.0, 0.0))
    blind = dataclasses.replace(observation, depth=np.full_like(observation.depth, np.nan))
    map_.update(blind, blind.odom_from_base)
    assert (map_.grid().state == CellState.UNKNOWN).all()
    depth = observation.depth.copy()
    depth[:, :160] = np.nan
    half = dataclasses.replace(observation, depth=depth)
    map_.update(half, half.odom_from_base)
    left, right = states_in(map_.grid(), 2, 2.1, 6, 4.2), states_in(map_.grid(), 2, -0.2, 6, 1.9)
    assert (left == CellState.UNKNOWN).all()
    assert (right == CellState.FREE).mean() > 0.5


def test_depth_beyond_its_range_clears_but_places_nothing() -> None:
    map_ = SemanticMap(Body(), MapConfig(max_range=3.0))
    look(map_, BoxScene([FLOOR, *walls(0, 0, 9, 4)]), (0.5, 2.0, 0.0))
    assert state_at(map_.grid(), 3.2, 2.0) is CellState.FREE
    assert (states_in(map_.grid(), 3.6, 0.0, 9.0, 4.0) == CellState.UNKNOWN).all()


def test_the_map_grows_across_tile_borders_in_every_direction_and_keeps_its_cells() -> None:
    map_ = SemanticMap(Body())
    room = [FLOOR, *walls(-2, -2, 2, 2)]
    look(map_, BoxScene(room), *spin(0.0, 0.0))
    first = map_.grid()
    places = np.argwhere(first.state != CellState.UNKNOWN)
    for x, y in ((3 * TILE_SIDE, 0), (-3 * TILE_SIDE, 0), (0, 3 * TILE_SIDE), (0, -3 * TILE_SIDE)):
        look(map_, BoxScene(room), (0.0, 0.0, 0.0))
        shifted = BoxScene(room).observe((0.0, 0.0, 0.0))
        map_.update(shifted, planar(x, y, 0.0))
    grown = map_.grid()
    assert grown.shape[0] > first.shape[0] + 5 * TILE
    assert grown.shape[1] > first.shape[1] + 5 * TILE
    cells = grown.cells(first.points(places))
    same = grown.state[cells[:, 0], cells[:, 1]] == first.state[places[:, 0], places[:, 1]]
    assert same.mean() > 0.99
    assert wall_at(grown, 3 * TILE_SIDE + 2.0, 0.0)
    assert wall_at(grown, -3 * TILE_SIDE + 2.0, 0.0)


def test_the_origin_stays_on_whole_tiles() -> None:
    map_ = SemanticMap(Body())
    map_.mark_free((-17.3, 4.2), 0.2)
    origin = np.array(map_.grid().origin) / TILE_SIDE
    assert np.allclose(origin, np.rint(origin))
    assert state_at(map_.grid(), -17.3, 4.2) is CellState.FREE


def test_tiles_bring_the_map_back() -> None:
    scene = BoxScene([FLOOR, *walls(-1, -1, 8, 4), cube((3.0, 2.0), top=0.5)])
    map_ = SemanticMap(Body())
    look(map_, scene, *spin(1.0, 1.0), *spin(6.0, 1.0))
    map_.mark_free((1.0, 1.0), 0.2)
    again = SemanticMap(Body())
    again.load_tiles(map_.take_dirty_tiles())
    for mine, theirs in ((map_.grid(), again.grid()), (map_.uninspected(), again.uninspected())):
        places = np.argwhere(mine.state != CellState.UNKNOWN)
        cells = theirs.cells(mine.points(places))
        assert np.array_equal(
            theirs.state[cells[:, 0], cells[:, 1]], mine.state[places[:, 0], places[:, 1]]
        )
        assert (theirs.state != CellState.UNKNOWN).sum() == len(places)
    look(map_, scene, (6.0, 1.0, 2.0))
    look(again, scene, (6.0, 1.0, 2.0))
    assert map_.take_dirty_tiles().items() <= again.take_dirty_tiles().items()


def test_only_tiles_that_changed_are_written_again() -> None:
    map_ = SemanticMap(Body())
    scene = BoxScene([FLOOR, *walls(-2, -2, 2, 2)])
    look(map_, scene, *spin(0.0, 0.0))
    assert map_.take_dirty_tiles()
    assert map_.take_dirty_tiles() == {}
    seen = scene.observe((0.0, 0.0, 0.0))
    map_.update(seen, planar(5 * TILE_SIDE + 3.0, 0.0, 0.0))
    assert all(col >= 3 for _, col in map_.take_dirty_tiles())


@pytest.mark.parametrize("blob", [zlib.compress(b"short"), b"no zlib stream"])
def test_a_damaged_tile_is_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match=r"tile|reshape"):
        SemanticMap(Body()).load_tiles({(0, 0): blob})


def test_a_map_made_elsewhere_is_taken_over(tmp_path: Path) -> None:
    state = np.full((40, 60), CellState.FREE, np.uint8)
    state[:, [0, -1]] = state[[0, -1]] = CellState.OCCUPIED
    state[5:10, 5:10] = CellState.UNKNOWN
    stored = read_nav2(write_nav2(OccupancyGrid(state, (-1.0, 0.5), 0.1), tmp_path))
    map_ = SemanticMap(Body())
    map_.load_grid(stored)
    grid = map_.grid()
    rows, cols = np.nonzero(np.ones(state.shape, bool))
    points = stored.points(np.stack([rows, cols], axis=1))
    for offset in (-0.025, 0.025):
        cells = grid.cells(points + offset)
        assert np.array_equal(grid.state[cells[:, 0], cells[:, 1]], state[rows, cols])
    assert (grid.state != CellState.UNKNOWN).sum() == 4 * (state != CellState.UNKNOWN).sum()


def test_an_imported_map_is_kept_on_disk_and_yields_to_what_is_seen() -> None:
    state = np.full((80, 120), CellState.FREE, np.uint8)
    state[38:42, 50:54] = CellState.OCCUPIED
    map_ = SemanticMap(Body())
    map_.load_grid(OccupancyGrid(state, (0.0, 0.0), 0.05))
    again = SemanticMap(Body())
    again.load_tiles(map_.take_dirty_tiles())
    assert state_at(again.grid(), 2.55, 2.0) is CellState.OCCUPIED
    look(again, BoxScene([FLOOR, *walls(0, 0, 6, 4)]), *[(0.4, 2.0, 0.0)] * 30)
    assert state_at(again.grid(), 2.55, 2.0) is CellState.FREE


def test_places_seen_over_furniture_only_are_uninspected_until_looked_into() -> None:
    """Behind a table that hides the floor something low may stand that the camera cannot see."""
    table = Box((2.0, 0.0, 0.0), (2.4, 4.0, 0.7), "table")
    scene = BoxScene([FLOOR, *walls(0, 0, 9, 4), table])
    map_ = SemanticMap(Body())
    look(map_, scene, *[(0.4, 2.0, yaw) for yaw in (-0.02, -0.01, 0.0, 0.01, 0.02)])
    seen_over, seen_down_to_the_floor = (3.5, 1.5, 4.1, 2.5), (4.8, 1.5, 6.0, 2.5)
    assert (states_in(map_.grid(), *seen_over) == CellState.FREE).mean() > 0.95
    assert (states_in(map_.uninspected(), *seen_over) == CellState.UNKNOWN).all()
    assert (states_in(map_.uninspected(), *seen_down_to_the_floor) == CellState.FREE).mean() > 0.9
    look(map_, scene, *[(6.8, 2.0, math.pi + yaw) for yaw in (-0.02, -0.01, 0.0, 0.01, 0.02)])
    assert (states_in(map_.uninspected(), *seen_over) == CellState.FREE).mean() > 0.95
    walls_stay = map_.uninspected().state == CellState.OCCUPIED
    assert np.array_equal(walls_stay, map_.grid().state == CellState.OCCUPIED)


def test_the_place_the_robot_stands_in_is_free_and_inspected() -> None:
    map_ = SemanticMap(Body())
    map_.mark_free((1.0, 1.0), 0.2)
    disc = states_in(map_.uninspected(), 0.9, 0.9, 1.1, 1.1)
    assert (disc == CellState.FREE).all()
    assert state_at(map_.grid(), 1.3, 1.0) is CellState.UNKNOWN


def test_a_snapshot_is_shared_until_the_map_changes_and_never_changes_itself() -> None:
    map_ = SemanticMap(Body())
    scene = BoxScene([FLOOR, *walls(0, 0, 6, 4)])
    look(map_, scene, (1.0, 2.0, 0.0))
    first = map_.grid()
    assert map_.grid() is first
    before = first.state.copy()
    look(map_, scene, (1.0, 2.0, math.pi))
    assert map_.grid() is not first
    assert np.array_equal(first.state, before)


def test_the_same_frames_give_the_same_map() -> None:
    scene = BoxScene([FLOOR, *walls(0, 0, 6, 4), cube((3.0, 2.0))])
    tiles = []
    for _ in range(2):
        map_ = SemanticMap(Body())
        look(map_, scene, *spin(1.0, 2.0))
        tiles.append(map_.take_dirty_tiles())
    assert tiles[0] == tiles[1]


def test_a_camera_that_tilts_from_frame_to_frame_maps_the_same_walls() -> None:
    """Ray tables are kept per camera pose: another pose must not use the wrong one."""
    map_ = SemanticMap(Body())
    for tilt in np.linspace(0.0, 0.5, 20):
        scene = BoxScene(
            [FLOOR, *walls(0, 0, 5, 4)], base_from_camera=mast_camera(1.31, float(tilt))
        )
        look(map_, scene, (1.0, 2.0, 0.0))
    rows, cols = np.nonzero(map_.grid().state == CellState.OCCUPIED)
    x, y = map_.grid().points(np.stack([rows, cols], axis=1)).T
    at_a_wall = (np.abs(x - 5.0) < 0.08) | (np.abs(y) < 0.08) | (np.abs(y - 4.0) < 0.08)
    assert at_a_wall.all()
