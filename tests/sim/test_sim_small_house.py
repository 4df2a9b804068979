"""The simulator in a real furnished world."""

import math

import numpy as np
import pytest

from goat.types import CellState, DiscreteAction
from sim.home import HomeSim
from sim.truth import GroundTruth
from sim.worlds import load_world


@pytest.fixture(scope="module")
def house(data_dir):
    path = data_dir / "worlds" / "small_house" / "worlds" / "small_house.world"
    if not path.is_file():
        pytest.skip(f"no {path}")
    sim = HomeSim(load_world(str(path)), rng=np.random.default_rng(0))
    yield sim
    sim.close()


def test_most_of_the_floor_is_one_place(house):
    grid = GroundTruth(house).navigable()
    area = np.count_nonzero(grid.state == CellState.FREE) * grid.resolution**2
    assert 80 < area < 140


def test_a_random_drive_stays_out_of_the_furniture(house):
    rng = np.random.default_rng(1)
    actions = [DiscreteAction.FORWARD] * 2 + [DiscreteAction.TURN_LEFT, DiscreteAction.TURN_RIGHT]
    x, y, _ = house.pose
    travelled = 0.0
    for _ in range(600):
        house.act(actions[rng.integers(4)])
        assert house.space.margin(*house.pose[:2]) >= 0
        travelled += math.dist((x, y), house.pose[:2])
        x, y, _ = house.pose
    assert travelled > 30


def test_every_chair_can_be_driven_to_and_photographed(house):
    truth = GroundTruth(house)
    chairs = [i for i, o in truth.objects.items() if "chair" in o.category]
    assert len(chairs) >= 8
    for chair in chairs:
        assert truth.geodesic(house.pose[:2], [chair]) < 25
    assert truth.take_photo(truth.photo_view(chairs[0], np.random.default_rng(0))).std() > 10


def test_culling_changes_nothing(house):
    rng = np.random.default_rng(2)
    context = house.renderer._ready(house.camera.width, house.camera.height)
    everything = np.arange(house.compiled.model.ngeom)
    for _ in range(5):
        seen = house.reset(house.random_pose(rng))
        context.draw_index(everything)
        index, _ = context.read_index_and_depth()
        ids = np.concatenate([[0], house.compiled.geom_object])[index]
        np.testing.assert_array_equal(seen.semantic, ids)
        context.draw(everything)
        there = ~np.isnan(seen.depth)
        np.testing.assert_array_equal(seen.rgb[there], context.read_color()[there])
