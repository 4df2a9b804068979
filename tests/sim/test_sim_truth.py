import math

import numpy as np
import pytest
from sim_worlds import box_object, one_room_world, two_room_world

from goat.errors import GoalError, UnknownNameError
from goat.types import CellState
from sim.geodesic import GeodesicGrid
from sim.home import HomeSim
from sim.truth import GroundTruth

RED, TABLE, BLUE, BED = 8, 9, 10, 11


@pytest.fixture(scope="module")
def truth():
    sim = HomeSim(two_room_world())
    yield GroundTruth(sim)
    sim.close()


def test_objects_have_names_rooms_and_bounds(truth):
    assert {o.name for o in truth.objects.values()} == {
        "chair_red", "table_01", "chair_blue", "bed_01",
    }  # fmt: skip
    blue = truth.objects[BLUE]
    assert (blue.category, blue.room) == ("chair", "bedroom")
    np.testing.assert_allclose(blue.bounds, [[7.0, 0.4, 0], [7.5, 0.9, 0.9]], atol=1e-6)
    assert truth.objects[RED].room == "living room"


def test_navigable_cells_are_where_the_robot_fits(truth):
    grid = truth.navigable()
    assert grid.resolution == 0.05
    free = grid.points(np.argwhere(grid.state == CellState.FREE))
    sim = truth._sim
    assert min(sim.space.margin(x, y) for x, y in free) > -0.01
    assert grid.state[tuple(grid.cells(np.array([6.0, 2.0])))] == CellState.FREE
    assert grid.state[tuple(grid.cells(np.array([7.2, 0.6])))] == CellState.OCCUPIED
    area = len(free) * 0.05**2
    assert 19 < area < 26


def test_viewpoints_are_near_free_and_see_the_object(truth):
    points = truth.viewpoints(RED)
    assert len(points) > 50
    gaps = [truth.gap((x, y), RED) for x, y in points]
    assert max(gaps) <= 1.0
    assert truth.viewpoints(RED) is points  # cached


def test_walls_hide_objects_from_near_places():
    screen = box_object("screen", None, (2.9, 0.0, 0), (3.0, 4.0, 2.4))
    vase = box_object("vase", "vase", (3.1, 1.9, 0.0), (3.3, 2.1, 0.4))
    door = one_room_world(screen, vase, start=(5.0, 2.0, 0.0))
    truth = GroundTruth(HomeSim(door))
    assert (truth.viewpoints(7)[:, 0] > 3.0).all()
    other = GroundTruth(HomeSim(one_room_world(screen, vase, start=(1.0, 2.0, 0.0))))
    assert other.gap((2.6, 2.0), 7) < 1.0
    assert len(other.viewpoints(7)) == 0
    assert other.geodesic((1.0, 2.0), [7]) == math.inf


def test_gap_is_the_distance_to_the_box(truth):
    assert truth.gap((7.2, 2.0), BLUE) == pytest.approx(1.1, abs=0.015)
    assert truth.gap((7.9, 1.2), BLUE) == pytest.approx(0.5, abs=0.015)
    assert truth.gap((7.25, 0.6), BLUE) == 0.0


def test_geodesic_goes_through_the_door(truth):
    # From the west room's north to a viewpoint of the blue chair; the divider is at x = 4.
    start = (3.5, 3.5)
    distance = truth.geodesic(start, [BLUE])
    to_door = math.hypot(4.0 - 3.5, 3.5 - 2.3)
    to_chair = math.hypot(7.25 - 4.0, 0.65 - 2.3) - 1.3
    assert to_door + to_chair < distance < 1.08 * (to_door + to_chair) + 0.4
    nearest = min(truth.geodesic(start, [i]) for i in (RED, BLUE))
    assert truth.geodesic(start, [RED, BLUE]) == nearest
    x, y = truth.viewpoints(BLUE)[0]
    assert truth.geodesic((x, y), [BLUE]) == pytest.approx(0.0, abs=1e-9)


def test_unknown_objects_are_named(truth):
    with pytest.raises(UnknownNameError, match="id 1 "):
        truth.viewpoints(1)
    with pytest.raises(UnknownNameError, match="id 99"):
        truth.gap((0, 0), 99)


def test_photo_shows_the_object_in_its_middle(truth):
    view = truth.photo_view(BLUE, np.random.default_rng(0))
    photo = truth.take_photo(view)
    assert 0.03 <= view.frame_coverage <= 0.65
    assert 0.6 <= view.object_coverage <= 1.0
    assert photo.shape == (512, 512, 3)
    r, _, b = photo[226:286, 226:286].reshape(-1, 3).mean(axis=0)
    assert b > 1.5 * r
    np.testing.assert_array_equal(photo, truth.take_photo(view))
    again = truth.photo_view(BLUE, np.random.default_rng(0)).map_from_camera.as_matrix()
    other = truth.photo_view(BLUE, np.random.default_rng(1)).map_from_camera.as_matrix()
    np.testing.assert_array_equal(again, view.map_from_camera.as_matrix())
    assert (other != again).any()


def test_the_ids_of_a_photo_say_what_it_shows(truth):
    view = truth.photo_view(BLUE, np.random.default_rng(0))
    photo, ids = truth.take_photo(view), truth.photo_ids(view)
    assert ids.shape == photo.shape[:2]
    assert ids[256, 256] == BLUE
    r, g, b = photo[ids == BLUE].mean(axis=0)
    assert b > max(r, g) + 40
    assert set(np.unique(ids)) <= {0, *range(1, BED + 1)}


def test_an_object_nobody_can_see_has_no_photo():
    crate = box_object("crate", "crate", (3, 1, 0), (4, 2, 1))
    pearl = box_object("pearl", "pearl", (3.4, 1.4, 0.4), (3.6, 1.6, 0.6))
    truth = GroundTruth(HomeSim(one_room_world(crate, pearl)))
    with pytest.raises(GoalError, match="pearl"):
        truth.photo_view(7, np.random.default_rng(0))
    assert len(truth.viewpoints(7)) == 0


def test_geodesic_field_on_open_ground_is_nearly_euclidean():
    grid = GeodesicGrid(np.ones((81, 81), bool), 0.1)
    field = grid.field(np.array([[40, 40]]))
    rows, cols = np.mgrid[0:81, 0:81]
    exact = 0.1 * np.hypot(rows - 40, cols - 40)
    assert (field >= exact - 1e-9).all()
    assert (field[exact > 0] / exact[exact > 0]).max() < 1.03


def test_geodesic_field_cuts_no_corners():
    free = np.ones((3, 3), bool)
    free[0, 1] = free[1, 1] = False
    field = GeodesicGrid(free, 1.0).field(np.array([[0, 0]]))
    assert field[0, 2] == pytest.approx(6.0)
    free[2, 1] = False
    assert GeodesicGrid(free, 1.0).field(np.array([[0, 0]]))[0, 2] == np.inf
