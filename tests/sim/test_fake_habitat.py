"""The fake habitat_sim behaves as the real one was measured to (shared/specs/habitat.md)."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake_habitat_sim as habitat_sim
import numpy as np
import pytest
from fake_habitat_sim import ProcessKilled, Vector3
from habitat_scenes import adapt_goat_bench, make_hm3d

from goat.bench.format import read_episodes
from goat.bench.making import DULL

ROOMS = "sim_worlds:two_room_world"
HASH = "Rooms"
ENDS = (np.array([1.0, 0.0, -1.5], np.float32), np.array([7.0, 0.0, -2.2], np.float32))
KINDS = habitat_sim.SensorType


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_hm3d(tmp_path_factory.mktemp("hm3d"), {f"00800-{HASH}": ROOMS})


@pytest.fixture(autouse=True)
def none_left_open() -> Iterator[None]:
    yield
    for sim in list(habitat_sim.LEFT_OPEN):
        sim.close()


def glb(dataset: Path) -> Path:
    return dataset.parent / "val" / f"00800-{HASH}" / f"{HASH}.basis.glb"


def camera(kind: Any, name: str | None = None) -> Any:
    spec = habitat_sim.CameraSensorSpec()
    spec.uuid, spec.sensor_type = name or kind.name.lower(), kind
    spec.resolution, spec.hfov = [60, 80], 79
    spec.position = np.array([0.0, 1.31, 0.0], np.float32)
    return spec


def configuration(dataset: Path | None, scene: str | Path, *kinds: Any, **sim: Any) -> Any:
    cfg = habitat_sim.SimulatorConfiguration()
    cfg.scene_id, cfg.gpu_device_id = str(scene), -1
    if dataset is not None:
        cfg.scene_dataset_config_file = str(dataset)
    for name, value in sim.items():
        setattr(cfg, name, value)
    agent = habitat_sim.agent.AgentConfiguration()
    agent.sensor_specifications = [camera(kind) for kind in kinds]
    agent.action_space = {
        "move_forward": habitat_sim.ActionSpec("move_forward", habitat_sim.ActuationSpec(0.25)),
        "left": habitat_sim.ActionSpec("turn_left", habitat_sim.ActuationSpec(amount=30.0)),
        "stop": habitat_sim.ActionSpec("stop"),
    }
    return habitat_sim.Configuration(cfg, [agent])


def opened(dataset: Path, *kinds: Any, **sim: Any) -> Any:
    return habitat_sim.Simulator(configuration(dataset, glb(dataset), *kinds, **sim))


def stand(sim: Any, x: float, z: float, yaw: float = 0.0) -> None:
    turned = habitat_sim.utils.common.quat_from_angle_axis(yaw, np.array([0, 1, 0]))
    sim.get_agent(0).set_state(habitat_sim.AgentState(np.array([x, 0.0, z]), turned))


# Types


@pytest.mark.parametrize("good", [np.zeros(3), np.zeros(3, np.float32), Vector3(), [0.0, 0.0, 0.0]])
def test_points_of_floats_are_taken(dataset: Path, good: Any) -> None:
    assert not opened(dataset).pathfinder.is_navigable(good)


@pytest.mark.parametrize("bad", [[0, 0, 0], (0.0, 1, 0.0), np.zeros(3, int), [0.0, 0.0]])
def test_points_with_ints_are_refused(dataset: Path, bad: Any) -> None:
    finder = opened(dataset).pathfinder
    path = habitat_sim.ShortestPath()
    for use in (finder.is_navigable, finder.snap_point):
        with pytest.raises(TypeError):
            use(bad)
    with pytest.raises(TypeError):
        path.requested_end = bad
    with pytest.raises(TypeError):
        habitat_sim.CameraSensorSpec().position = bad


def test_a_resolution_is_whole_and_a_misspelt_field_is_noticed() -> None:
    spec = habitat_sim.CameraSensorSpec()
    with pytest.raises(TypeError):
        spec.resolution = [60.0, 80.0]
    with pytest.raises(AttributeError):
        spec.resolutions = [60, 80]


def test_positions_come_back_as_vectors_and_rotations_as_quaternions(dataset: Path) -> None:
    sim = opened(dataset)
    point = sim.pathfinder.get_random_navigable_point()
    assert not isinstance(point, np.ndarray)
    assert np.asarray(point).dtype == np.float32
    with pytest.raises(TypeError):
        point[:2]
    stand(sim, 1.0, -1.5, math.pi / 2)
    state = sim.get_agent(0).state
    assert state.position.dtype == np.float32
    assert state.rotation.y == pytest.approx(math.sin(math.pi / 4))
    with pytest.raises(TypeError):
        state.rotation[0]


# Scenes


def test_scenes_are_found_by_path_and_handle_only(dataset: Path) -> None:
    habitat_sim.Simulator(configuration(dataset, HASH)).close()
    with pytest.raises(AssertionError, match="ESP_CHECK"):
        habitat_sim.Simulator(configuration(dataset, "Nowhere"))


def test_annotations_need_the_annotated_dataset(dataset: Path) -> None:
    sim = opened(dataset, KINDS.SEMANTIC)
    stand(sim, 1.0, -1.5)
    assert sim.get_sensor_observations()["semantic"].any()
    plain = dataset.with_name("hm3d_basis.scene_dataset_config.json")
    sim.reconfigure(configuration(plain, glb(dataset), KINDS.SEMANTIC))
    stand(sim, 1.0, -1.5)
    assert sim.semantic_scene.objects == []
    assert not sim.get_sensor_observations()["semantic"].any()


def test_a_bare_glb_lies_on_its_side(dataset: Path) -> None:
    sim = habitat_sim.Simulator(configuration(None, glb(dataset), KINDS.DEPTH))
    assert not sim.pathfinder.is_loaded
    assert not sim.recompute_navmesh(sim.pathfinder, habitat_sim.NavMeshSettings())


def test_objects_have_ids_that_are_no_places_and_right_boxes_in_obb_only(dataset: Path) -> None:
    objects = opened(dataset).semantic_scene.objects
    assert None in objects
    by_id = {item.semantic_id: item for item in objects if item is not None}
    names = {n: item.category.name() for n, item in by_id.items()}
    assert names == {0: "Unknown", 8: "chair", 9: "table", 10: "chair", 11: "bed"}
    bed = by_id[11]
    assert bed.id == "bed_11"
    assert np.allclose(bed.obb.center, [6.6, 0.25, -3.45], atol=1e-5)
    assert np.allclose(bed.obb.sizes, [2.0, 0.5, 1.1], atol=1e-5)
    assert np.allclose(bed.aabb.min, [0.0, 0.0, -4.0], atol=1e-5)


# Navmesh


def test_without_a_navmesh_the_pathfinder_is_deadly_and_nothing_collides(tmp_path: Path) -> None:
    dataset = make_hm3d(tmp_path, {f"00800-{HASH}": ROOMS}, navmesh=False)
    sim = opened(dataset, KINDS.DEPTH)
    assert not sim.pathfinder.is_loaded
    assert not sim.pathfinder.load_nav_mesh(str(tmp_path / "none.navmesh"))
    sim.pathfinder.seed(1)
    with pytest.raises(ProcessKilled):
        sim.pathfinder.is_navigable(np.zeros(3))
    stand(sim, 0.2, -1.5, math.pi / 2)
    assert not sim.step("move_forward")["collided"]
    assert sim.get_agent(0).state.position == pytest.approx([-0.05, 0.0, -1.5], abs=1e-5)
    assert sim.recompute_navmesh(sim.pathfinder, habitat_sim.NavMeshSettings())
    assert sim.pathfinder.is_loaded


def test_the_file_is_taken_unless_other_settings_are_asked_for(dataset: Path) -> None:
    edge = np.array([0.15, 0.0, -1.5])
    assert opened(dataset).pathfinder.is_navigable(edge)
    wide = habitat_sim.NavMeshSettings()
    wide.agent_radius = 0.17
    finder = opened(dataset, navmesh_settings=wide).pathfinder
    assert not finder.is_navigable(edge)
    assert finder.nav_mesh_settings.agent_radius == 0.17


def test_most_random_points_are_on_the_roof(dataset: Path) -> None:
    sim = opened(dataset)
    sim.seed(3)
    heights = [sim.pathfinder.get_random_navigable_point().y for _ in range(200)]
    assert np.mean(np.array(heights) > 2.0) > 0.5
    sim.seed(3)
    assert sim.pathfinder.get_random_navigable_point().y == heights[0]
    floor = sim.pathfinder.get_island(ENDS[0])
    assert sim.pathfinder.num_islands == 2
    points = [sim.pathfinder.get_random_navigable_point(10, floor) for _ in range(20)]
    assert all(sim.pathfinder.is_navigable(point) and point.y < 0.1 for point in points)
    assert sim.pathfinder.island_area(floor) < sim.pathfinder.island_area(1 - floor)


def test_points_are_snapped_across_and_up(dataset: Path) -> None:
    finder = opened(dataset).pathfinder
    assert finder.is_navigable(ENDS[0])
    assert not finder.is_navigable(ENDS[0] + np.array([0.0, 1.25, 0.0], np.float32))
    in_chair = np.array([0.65, 0.0, -3.45])
    assert not finder.is_navigable(in_chair)
    snapped = finder.snap_point(in_chair)
    assert snapped.y == pytest.approx(0.05)
    assert finder.is_navigable(snapped)
    assert finder.snap_point(ENDS[0], 0).y == pytest.approx(3.0)
    assert np.isnan(np.asarray(finder.snap_point(np.array([50.0, 0.0, 0.0])))).all()


def test_a_path_leads_through_the_door(dataset: Path) -> None:
    finder = opened(dataset).pathfinder
    path = habitat_sim.ShortestPath()
    path.requested_start = np.array([3.0, 0.0, -3.6])
    path.requested_end = np.array([5.0, 0.0, -3.6])
    assert finder.find_path(path)
    # Taut around the corners of the door, (3.95, 2.5) and (4.05, 2.5), at the robot's radius.
    radius, away = 0.1, math.hypot(0.95, 1.1)
    angle = math.atan2(1.1, 0.95) + math.asin(radius / away)
    taut = 2 * (math.sqrt(away**2 - radius**2) + radius * angle) + 0.1
    assert path.geodesic_distance == pytest.approx(taut, rel=0.01)
    assert len(path.points) >= 3
    assert path.points[0].y == 0.0


def test_the_nearest_of_several_ends_is_found(dataset: Path) -> None:
    finder = opened(dataset).pathfinder
    path = habitat_sim.MultiGoalShortestPath()
    path.requested_start = ENDS[0]
    path.requested_ends = np.stack([ENDS[1], ENDS[0] + np.float32(0.5)])
    assert finder.find_path(path)
    assert path.closest_end_point_index == 1
    path.requested_ends = [np.array([1.0, 3.0, -2.0], np.float32)]
    assert not finder.find_path(path)
    assert path.geodesic_distance == math.inf
    assert path.points == []


def test_the_view_from_above_shows_one_level(dataset: Path) -> None:
    finder = opened(dataset).pathfinder
    low, high = finder.get_bounds()
    view = finder.get_topdown_view(0.1, 0.0)
    assert view.shape == (int((high.z - low.z) / 0.1), int((high.x - low.x) / 0.1))
    row, column = int((-2.0 - low.z) / 0.1), int((1.0 - low.x) / 0.1)
    assert view[row, column]
    assert 0.05 * view.size < view.sum() < finder.get_topdown_view(0.1, 3.0).sum()
    assert finder.distance_to_closest_obstacle(ENDS[0]) == pytest.approx(0.9, abs=0.05)
    assert finder.distance_to_closest_obstacle(ENDS[0], 0.5) == 0.5


# Moving


def test_forward_is_minus_z_left_is_positive_and_y_becomes_the_navmesh_s(dataset: Path) -> None:
    sim = opened(dataset)
    stand(sim, 1.0, -1.5)
    found = sim.step("move_forward")
    assert found == {"collided": False}
    assert sim.get_agent(0).state.position == pytest.approx([1.0, 0.05, -1.75], abs=1e-5)
    for _ in range(3):
        sim.step("left")
    sim.step("move_forward")
    assert sim.get_agent(0).state.position == pytest.approx([0.75, 0.05, -1.75], abs=1e-5)


@pytest.mark.parametrize("slides", [True, False])
def test_a_wall_stops_or_turns_aside(dataset: Path, slides: bool) -> None:
    sim = opened(dataset, allow_sliding=slides)
    stand(sim, 0.15, -1.5, math.radians(60.0))
    assert sim.step("move_forward")["collided"]
    moved = -1.5 - sim.get_agent(0).state.position[2]
    assert moved > 0.1 if slides else moved < 0.05


@pytest.mark.parametrize("key", ["stop", "dance"])
def test_there_is_no_such_action(dataset: Path, key: str) -> None:
    with pytest.raises(AssertionError):
        opened(dataset).step(key)


def test_an_agent_can_be_put_into_a_wall_but_not_nowhere(dataset: Path) -> None:
    sim = opened(dataset)
    stand(sim, -0.05, -1.5)
    assert sim.get_agent(0).state.position[0] == pytest.approx(-0.05)
    with pytest.raises(ValueError, match="non-finite"):
        habitat_sim.AgentState(np.full(3, np.nan))
    end = np.array([-0.5, 0.0, -1.5])
    assert sim.step_filter(ENDS[0], end).x == pytest.approx(0.11, abs=0.02)


# Cameras


def test_images_are_as_measured(dataset: Path) -> None:
    sim = opened(dataset, KINDS.COLOR, KINDS.DEPTH, KINDS.SEMANTIC)
    stand(sim, 1.0, -1.5, -math.pi / 2)
    seen = sim.get_sensor_observations()
    again = sim.get_sensor_observations()
    assert seen["color"].shape == (60, 80, 4)
    assert seen["color"].dtype == np.uint8
    assert (seen["color"][..., 3] == 255).all()
    assert seen["depth"].dtype == np.float32
    assert seen["semantic"].dtype == np.uint32
    assert {9, 0} <= set(np.unique(seen["semantic"]).tolist())
    for name, image in seen.items():
        assert np.array_equal(image, again[name])
        assert not np.shares_memory(image, again[name])
    stand(sim, 1.0, -1.5, math.pi / 2)  # a wall, which reads the same all over
    depth = sim.get_sensor_observations()["depth"]
    assert depth[20:35, 30:50] == pytest.approx(1.0, abs=2e-3)


def test_where_nothing_is_everything_is_zero(dataset: Path) -> None:
    sim = opened(dataset, KINDS.COLOR, KINDS.DEPTH, KINDS.SEMANTIC)
    stand(sim, -3.0, -1.5, math.pi / 2)
    seen = sim.get_sensor_observations()
    above = seen["depth"][0, 40]
    assert above == 0.0
    assert seen["semantic"][0, 40] == 0
    assert seen["color"][0, 40].tolist() == [0, 0, 0, 255]


@pytest.mark.parametrize("version", ["0.3.3", "0.3.4"])
def test_a_camera_can_be_put_anywhere_for_once(
    dataset: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_HABITAT", version)
    sim = opened(dataset, KINDS.COLOR, KINDS.DEPTH)
    newer = hasattr(sim, "remove_sensor")
    assert newer == hasattr(habitat_sim.Simulator, "create_sensor") == (version == "0.3.4")
    agent = sim.get_agent(0)
    stand(sim, 1.0, -1.5)
    sim.add_sensor(camera(KINDS.DEPTH, "extra"))
    state = agent.get_state()
    state.sensor_states["extra"] = habitat_sim.SixDOFPose(
        np.array([3.0, 1.0, -3.5]), habitat_sim.utils.common.quat_from_angle_axis(0.0, [0, 1, 0])
    )
    agent.set_state(state, infer_sensor_states=False)
    sensor = sim.get_sensor("extra") if newer else sim._sensors["extra"]
    sensor.draw_observation()
    assert sensor.get_observation()[30, 40] == pytest.approx(0.5, abs=2e-3)
    agent.set_state(state)  # resets all cameras
    assert agent.state.sensor_states["extra"].position == pytest.approx([1.0, 1.31, -1.5])
    if newer:
        sim.remove_sensor("extra")
        assert set(sim.get_sensor_observations()) == {"color", "depth"}
    with pytest.raises(ValueError, match="SEMANTIC"):
        habitat_sim.Simulator(
            configuration(dataset, HASH, KINDS.DEPTH, load_semantic_mesh=False)
        ).add_sensor(camera(KINDS.SEMANTIC))
    with pytest.raises(ValueError, match="COLOR"):
        opened(dataset, KINDS.DEPTH).add_sensor(camera(KINDS.COLOR))


# What ends the process


def test_a_renderer_without_gpu_is_deadly(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(dataset, gpu_device_id=0)  # nothing to render: no harm
    with pytest.raises(ProcessKilled):
        opened(dataset, KINDS.DEPTH, gpu_device_id=0)
    monkeypatch.setenv("FAKE_HABITAT_GPUS", "1")
    opened(dataset, KINDS.DEPTH, gpu_device_id=0)


def test_drawing_in_another_thread_is_deadly(dataset: Path) -> None:
    sim = opened(dataset, KINDS.DEPTH)
    caught: list[BaseException] = []

    def draw() -> None:
        try:
            sim.get_sensor_observations()
        except ProcessKilled as error:
            caught.append(error)

    thread = threading.Thread(target=draw)
    thread.start()
    thread.join()
    assert [error.code for error in caught] == [134]


def test_what_is_not_closed_is_known(dataset: Path) -> None:
    with opened(dataset) as sim:
        assert sim in habitat_sim.LEFT_OPEN
    sim.close()
    assert not habitat_sim.LEFT_OPEN


def test_the_shim_gives_the_fake_and_hard_ends_the_process() -> None:
    tests = Path(__file__).parents[1]
    code = "import habitat_sim; habitat_sim.PathFinder().get_bounds()"
    env = {
        **os.environ,
        "FAKE_HABITAT_HARD": "1",
        "PYTHONPATH": os.pathsep.join([str(tests.parent), str(tests), str(tests / "fake_habitat")]),
    }
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=False)
    assert done.returncode == 139
    assert b"navmesh" in done.stderr


# Episodes


@pytest.mark.parametrize("name", ["DYehNKdT76V", "MHPLjHsuG27"])
def test_real_episodes_are_asked_in_a_fake_scene(
    name: str, dataset: Path, data_dir: Path, tmp_path: Path
) -> None:
    file = data_dir / "goat_bench" / "val_unseen" / "content" / f"{name}.json.gz"
    real = read_episodes(file)
    made = read_episodes(adapt_goat_bench(file, glb(dataset), tmp_path / "made.json.gz", 1))
    assert made.scene == f"hm3d/val/00800-{HASH}/{HASH}.basis.glb"
    assert made.dataset.endswith("hm3d_annotated_basis.scene_dataset_config.json")
    assert {*made.objects} <= {"chair", "table", "bed"} - DULL
    for then, now in zip(real.episodes, made.episodes, strict=True):
        assert then.id == now.id
        assert [s.modality for s in then.subtasks] == [s.modality for s in now.subtasks]
        pairs = list(zip(then.subtasks, now.subtasks, strict=True))
        same = {old.object: new.object for old, new in pairs}
        assert all(same[old.object] == new.object for old, new in pairs)
    finder = opened(dataset).pathfinder
    for goal in (item for items in made.objects.values() for item in items):
        assert goal.id.rsplit("_", 1)[1] in {"8", "9", "10", "11"}
        for x, y, z in goal.viewpoints:
            assert finder.is_navigable(np.array([x, z, -y], np.float32))
