"""Everything that is assumed of habitat_sim's interface.

Run against the real package where it can be imported and GOAT_HABITAT_SCENE names a scene
(GOAT_HABITAT_DATASET its dataset configuration, which must be annotated), and against the imitation
elsewhere. Section numbers are those of what was found out about habitat_sim 0.3.4.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from habitat_fixtures import Hm3d, settings

from sim.habitat_server import Engine

REAL = "GOAT_HABITAT_SCENE" in os.environ and importlib.util.find_spec("habitat_sim") is not None


@dataclass
class Opened:
    """A simulator with a robot on the floor."""

    module: Any
    sim: Any
    engine: Engine
    place: np.ndarray


@pytest.fixture
def opened(request: pytest.FixtureRequest) -> Iterator[Opened]:
    if REAL:
        import habitat_sim as module  # pyright: ignore[reportMissingImports]

        dataset = os.environ["GOAT_HABITAT_DATASET"]
        data = Hm3d(Path("/"), os.environ["GOAT_HABITAT_SCENE"], Path(dataset))
    else:
        module = request.getfixturevalue("imitation")
        data = request.getfixturevalue("hm3d")
    engine = Engine()
    engine.call("open", settings(data, gpu=None))
    place = min((engine.call("random_point") for _ in range(20)), key=lambda point: point[1])
    engine.call("place", place, [0.0, 0.0, 0.0, 1.0])
    yield Opened(module, engine._sim, engine, np.array(engine._pose()[0], np.float32))
    engine.close()


def test_images_are_as_assumed(opened: Opened) -> None:
    found = opened.sim.get_sensor_observations()
    assert found["rgb"].shape == (48, 64, 4)
    assert found["rgb"].dtype == np.uint8
    assert found["depth"].shape == (48, 64)
    assert found["depth"].dtype == np.float32
    assert found["ids"].shape == (48, 64)
    assert found["ids"].dtype == np.uint32
    assert np.isfinite(found["depth"]).all()
    assert (found["depth"] >= 0.0).all()


def test_a_step_tells_whether_it_was_cut_short(opened: Opened) -> None:
    found = opened.sim.step("move_forward")
    assert isinstance(bool(found["collided"]), bool)
    assert "collided" not in opened.sim.get_sensor_observations()
    with pytest.raises(AssertionError):
        opened.sim.step("stop")


def test_forward_is_minus_z_and_left_is_counter_clockwise(opened: Opened) -> None:
    for _ in range(20):  # somewhere with room ahead
        point = np.array(opened.engine.call("random_point"), np.float32)
        before = opened.engine.call("place", point, [0.0, 0.0, 0.0, 1.0])[0]
        found = opened.engine.call("act", "forward")
        if not found["collided"]:
            break
    moved = np.subtract(found["position"], before)
    assert moved[2] == pytest.approx(-0.25, abs=0.02)
    assert moved[0] == pytest.approx(0.0, abs=0.02)
    x, y, z, w = opened.engine.call("act", "turn_left")["rotation"]
    assert (x, z) == pytest.approx((0.0, 0.0), abs=1e-4)
    assert 2.0 * np.degrees(np.arctan2(y, w)) == pytest.approx(30.0, abs=0.1)


def test_depth_is_planar(opened: Opened) -> None:
    """The floor, unprojected with pixel centres at +0.5, is flat and at the robot's feet."""
    focal, rows = 32.0 / np.tan(np.radians(79.0) / 2.0), np.arange(48)[:, None]
    heights = []
    for step in range(24):
        if step % 6 == 0:
            opened.engine.call("place", opened.engine.call("random_point"), [0.0, 0.0, 0.0, 1.0])
        depth = opened.engine.call("act", "turn_left")["depth"]
        height = 1.31 - (rows + 0.5 - 24.0) / focal * depth
        heights.append(height[(rows > 36) & (depth > 0.0) & (np.abs(height) < 0.15)])
    found = np.concatenate(heights)
    counts, edges = np.histogram(found, 30, (-0.15, 0.15))
    floor = edges[counts.argmax()] + 0.005
    assert len(found) > 100
    assert abs(floor) < 0.08
    assert (np.abs(found - floor) < 0.011).mean() > 0.3


def test_positions_are_read_whatever_they_are(opened: Opened) -> None:
    state = opened.sim.get_agent(0).get_state()
    assert np.asarray(state.position).shape == (3,)
    snapped = opened.sim.pathfinder.snap_point(opened.place)
    assert np.asarray(snapped, np.float32).shape == (3,)
    low, high = opened.sim.pathfinder.get_bounds()
    assert (np.asarray(low, np.float32) < np.asarray(high, np.float32)).all()


def test_the_pathfinder_answers_as_assumed(opened: Opened) -> None:
    finder, far = opened.sim.pathfinder, np.array([1e4, 0.0, 1e4], np.float32)
    assert finder.is_loaded
    assert finder.is_navigable(opened.place)
    assert not finder.is_navigable(opened.place + np.array([0.0, 1.25, 0.0], np.float32))
    assert np.isnan(np.asarray(finder.snap_point(far), np.float32)).all()
    assert isinstance(int(finder.get_island(opened.place)), int)
    path = opened.module.MultiGoalShortestPath()
    path.requested_start, path.requested_ends = opened.place, [opened.place]
    assert finder.find_path(path)
    assert path.geodesic_distance == pytest.approx(0.0, abs=0.05)
    path.requested_ends = [far]
    assert not finder.find_path(path)
    assert np.isinf(path.geodesic_distance)


def test_random_points_are_repeatable(opened: Opened) -> None:
    island = int(opened.sim.pathfinder.get_island(opened.place))
    drawn = []
    for _ in range(2):
        opened.sim.seed(5)
        point = opened.sim.pathfinder.get_random_navigable_point(100, island)
        drawn.append(np.asarray(point, np.float32))
    np.testing.assert_array_equal(*drawn)


def test_objects_are_annotated(opened: Opened) -> None:
    objects = [o for o in opened.sim.semantic_scene.objects if o is not None and o.category]
    assert objects
    for item in objects[:20]:
        assert isinstance(item.category.name(), str)
        assert isinstance(item.id, str)
        assert int(item.semantic_id) >= 0
        assert np.asarray(item.obb.center, np.float32).shape == (3,)
        assert np.asarray(item.obb.half_extents, np.float32).shape == (3,)
        assert np.asarray(item.obb.rotation, np.float32).shape == (4,)


def test_the_navmesh_is_that_of_the_robot(opened: Opened) -> None:
    found = opened.sim.pathfinder.nav_mesh_settings
    assert found.agent_radius == pytest.approx(0.17)
    assert found.agent_height == pytest.approx(1.41)


def test_a_camera_can_be_put_anywhere_for_once(opened: Opened) -> None:
    before = opened.engine.call("observe")
    eye = opened.place + np.array([0.0, 1.0, 0.0], np.float32)
    colors = opened.engine.call("photo", eye, [0.0, 1.0, 0.0, 0.0], [32, 24], 60.0, False)
    ids = opened.engine.call("photo", eye, [0.0, 1.0, 0.0, 0.0], [32, 24], 60.0, True)
    assert colors.shape == (32, 24, 3)
    assert colors.dtype == np.uint8
    assert ids.shape == (32, 24)
    assert ids.dtype == np.int32
    after = opened.engine.call("observe")
    assert set(after) == set(before)
    np.testing.assert_array_equal(after["depth"], before["depth"])
    assert after["position"] == before["position"]


def test_a_scene_is_changed_in_place(opened: Opened, request: pytest.FixtureRequest) -> None:
    if REAL:
        pytest.skip("one scene is named")
    data = request.getfixturevalue("hm3d")
    other = data.folder / "val" / "00801-Gen5def" / "Gen5def.basis.glb"
    first = opened.engine.call("open", settings(data))["objects"]
    second = opened.engine.call("open", settings(data, scene=str(other)))["objects"]
    assert first != second
