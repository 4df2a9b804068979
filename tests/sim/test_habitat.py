from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from habitat_fixtures import SCENE, Hm3d, scene_name
from sim_worlds import two_room_world

from goat.errors import ConfigError, StartPoseError, UnknownNameError
from goat.protocols import Embodiment, Evaluator
from goat.types import CellState, DiscreteAction, VelocityCommand
from sim.habitat import HabitatConfig, HabitatSim
from sim.habitat_truth import HabitatTruth
from sim.home import HomeConfig, HomeSim
from sim.photo import PhotoConfig
from sim.truth import GroundTruth

START = (1.0, 2.0, 0.5)


@pytest.fixture
def robot(imitation: object, rooms: Hm3d) -> Iterator[HabitatSim]:
    sim = HabitatSim(scene_name(SCENE), HabitatConfig(scenes=rooms.folder.parent, gpu=-1))
    sim.reset(START, 0.0)
    yield sim
    sim.close()


@pytest.fixture
def home() -> Iterator[HomeSim]:
    sim = HomeSim(two_room_world(), HomeConfig(preset="stretch"))
    sim.reset(START)
    yield sim
    sim.close()


def truth_of(robot: HabitatSim) -> HabitatTruth:
    return HabitatTruth(robot, {}, PhotoConfig())


def test_it_is_an_embodiment_with_ground_truth(robot: HabitatSim) -> None:
    body: Embodiment = robot
    evaluator: Evaluator = truth_of(robot)
    assert body.body.radius == 0.17
    assert evaluator.pose() == pytest.approx(START, abs=1e-5)


def test_a_forward_step_moves_ahead_and_a_left_turn_is_positive(robot: HabitatSim) -> None:
    robot.reset((1.0, 2.0, 0.0), 0.0)
    robot.act(DiscreteAction.FORWARD)
    assert robot.pose == pytest.approx((1.25, 2.0, 0.0), abs=1e-4)
    robot.act(DiscreteAction.TURN_LEFT)
    assert robot.pose[2] == pytest.approx(math.radians(30.0), abs=1e-4)
    robot.act(DiscreteAction.TURN_RIGHT)
    robot.act(DiscreteAction.STOP)
    assert robot.pose[2] == pytest.approx(0.0, abs=1e-4)
    assert not robot.observe().collided


def test_it_sees_what_our_own_robot_sees_there(robot: HabitatSim, home: HomeSim) -> None:
    here, there = robot.observe(), home.observe()
    assert here.camera == there.camera
    np.testing.assert_allclose(here.depth, there.depth, atol=2e-3, equal_nan=True)
    assert here.semantic is not None
    named = np.where(np.isin(there.semantic, list(home.labels)), there.semantic, 0)
    assert (here.semantic == named).mean() > 0.999
    hit = np.isfinite(there.depth)  # where nothing is, Habitat's pictures are black
    assert np.abs(here.rgb[hit].astype(int) - there.rgb[hit]).mean() < 1.0
    np.testing.assert_allclose(
        here.odom_from_camera.as_matrix(), there.odom_from_camera.as_matrix(), atol=1e-5
    )


def test_truth_is_that_of_the_same_world(robot: HabitatSim, home: HomeSim) -> None:
    ours, theirs = truth_of(robot), GroundTruth(home)
    assert ours.objects.keys() == theirs.objects.keys()
    for number, item in theirs.objects.items():
        assert ours.objects[number].category == item.category
        np.testing.assert_allclose(ours.objects[number].bounds, item.bounds, atol=1e-3)
        assert ours.gap(START[:2], number) == pytest.approx(theirs.gap(START[:2], number), abs=0.2)
    free, other = (
        np.argwhere(grid.state == CellState.FREE) * grid.resolution + grid.origin[::-1]
        for grid in (ours.navigable(), theirs.navigable())
    )
    assert len(free) == pytest.approx(len(other), rel=0.03)
    np.testing.assert_allclose(free.min(axis=0), other.min(axis=0), atol=0.06)
    np.testing.assert_allclose(free.max(axis=0), other.max(axis=0), atol=0.06)


def test_driving_distances_are_those_of_the_navmesh(robot: HabitatSim, home: HomeSim) -> None:
    theirs = GroundTruth(home)
    number = next(iter(theirs.objects))
    places = theirs.viewpoints(number)
    given = {robot.objects[0].name: np.column_stack([places, np.zeros(len(places))])}
    assert robot.objects[0].id == number
    ours = HabitatTruth(robot, given, PhotoConfig())
    expected = theirs.geodesic(START[:2], [number])
    assert ours.geodesic(START[:2], [number]) == pytest.approx(expected, abs=0.1)
    assert ours.geodesic(START[:2], []) == math.inf


def test_viewpoints_are_found_where_no_file_has_any(robot: HabitatSim) -> None:
    truth = truth_of(robot)
    number = robot.objects[0].id
    places = truth.viewpoints(number)
    assert len(places)
    assert all(truth.gap((x, y), number) <= 1.0 for x, y in places)


def test_photos_show_their_object(robot: HabitatSim, rng: np.random.Generator) -> None:
    truth = truth_of(robot)
    number = robot.objects[0].id
    before = robot.pose
    view = truth.photo_view(number, rng)
    assert truth.take_photo(view).shape == (512, 512, 3)
    share = (truth.photo_ids(view) == number).mean()
    assert share == pytest.approx(view.frame_coverage, abs=0.02)
    robot.act(DiscreteAction.STOP)
    assert robot.pose == before


def test_what_episodes_call_an_object_counts(robot: HabitatSim) -> None:
    first = robot.objects[0]
    robot.relabel({first.name: "throne"})
    assert robot.labels[first.id] == "throne"
    assert truth_of(robot).objects[first.id].category == "throne"


def test_a_robot_that_bumps_says_so_and_stays_on_its_floor(robot: HabitatSim) -> None:
    for _ in range(60):
        robot.act(DiscreteAction.FORWARD)
    assert robot.observe().collided
    assert abs(robot.position[1]) < 0.2


def test_refusals_are_named(robot: HabitatSim) -> None:
    with pytest.raises(ConfigError, match="discrete actions"):
        robot.act(VelocityCommand(0.1, 0.0))
    with pytest.raises(StartPoseError, match="cannot stand"):
        robot.reset((100.0, 100.0, 0.0), 0.0)
    with pytest.raises(UnknownNameError, match="no annotated object"):
        truth_of(robot).gap((0.0, 0.0), 999)
