"""What ends or fools a program that uses habitat_sim as it comes, and what is said instead."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from habitat_fixtures import SCENE, Hm3d, scene_name, settings

from goat.errors import SimulatorError
from sim.habitat import HabitatConfig, HabitatSim, LocalEngine, open_engine
from sim.habitat_client import RUN, SERVER
from sim.habitat_files import dataset_file, scene_file
from sim.habitat_server import Engine, EngineError

Module = ModuleType


@pytest.fixture
def engine(imitation: Module, rooms: Hm3d) -> Iterator[Engine]:
    made = Engine()
    made.call("open", settings(rooms))
    made.call("place", [1.0, 0.0, -2.0], [0.0, 0.0, 0.0, 1.0])
    yield made
    made.close()


def refused(hm3d: Hm3d, match: str, kind: str, **changes: object) -> None:
    engine = Engine()
    with pytest.raises(EngineError, match=match) as caught:
        engine.call("open", settings(hm3d, **changes))
    assert caught.value.kind == kind
    engine.close()


def test_without_habitat_sim_it_is_said_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "habitat_sim", None)
    with pytest.raises(SimulatorError, match="--habitat /path/to"):
        LocalEngine()
    monkeypatch.delitem(sys.modules, "habitat_sim")
    with pytest.raises(SimulatorError, match="not installed here"):
        open_engine(HabitatConfig(scenes=tmp_path))


def test_a_gpu_that_is_not_there_is_refused(imitation: Module, rooms: Hm3d) -> None:
    refused(rooms, "this machine shows none", "gpu", gpu=0)


def test_no_gpu_is_chosen_where_there_is_none(imitation: Module, rooms: Hm3d) -> None:
    engine = Engine()
    engine.call("open", settings(rooms, gpu=None))
    engine.close()


def test_a_process_that_rendering_would_end_is_not_ours(
    imitation: Module,
    rooms: Hm3d,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAKE_HABITAT_HARD", "1")
    monkeypatch.setattr("sim.habitat_server._GPUS", (os.devnull,))
    monkeypatch.setattr("sim.habitat_server._gpu", lambda wanted: 0)
    code = f"import sim.habitat_server as s; s._gpu = lambda w: 0; s.check({settings(rooms)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 1
    monkeypatch.setattr("sim.habitat.RUN", f"import sys; sys.argv = []; {code}")
    engine = LocalEngine()
    with pytest.raises(SimulatorError, match="ends its process when it renders here"):
        engine.call("open", settings(rooms, seed=77))
    engine.close()


def test_without_a_navmesh_nothing_of_the_pathfinder_is_touched(
    imitation: Module,
    tmp_path: Path,
) -> None:
    from habitat_scenes import make_hm3d

    dataset = make_hm3d(tmp_path, {SCENE: "sim_worlds:two_room_world"}, navmesh=False)
    here = Hm3d(tmp_path, scene_name(), dataset)
    engine = Engine()
    engine.call("open", settings(here))  # computed, since there is none beside the scene
    assert engine.call("random_point")
    engine.close()
    refused(here, "has no navmesh and none can be computed", "navmesh", radius=30.0)


def test_another_thread_is_turned_away(engine: Engine) -> None:
    caught: list[Exception] = []

    def observe() -> None:
        try:
            engine.call("observe")
        except EngineError as error:
            caught.append(error)

    thread = threading.Thread(target=observe)
    thread.start()
    thread.join()
    assert "another thread" in str(caught[0])


def test_simulators_are_closed_at_the_end(imitation: Module, rooms: Hm3d) -> None:
    code = (
        "import atexit, habitat_sim\n"
        "atexit.register(lambda: print('open:', len(habitat_sim.LEFT_OPEN)))\n"
        "from sim.habitat_server import Engine\n"
        f"Engine().call('open', {settings(rooms)!r}); Engine().call('open', {settings(rooms)!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "open: 0"


def test_semantics_that_are_empty_are_refused(imitation: Module, tmp_path: Path) -> None:
    from habitat_scenes import make_hm3d

    dataset = make_hm3d(tmp_path, {SCENE: "sim_worlds:two_room_world"}, semantics=False)
    refused(Hm3d(tmp_path, scene_name(), dataset), "must be the annotated", "semantics")
    plain = tmp_path / "hm3d_basis.scene_dataset_config.json"
    refused(Hm3d(tmp_path, scene_name(), plain), "v0.2", "semantics")


def test_boxes_are_not_joined_with_the_origin(engine: Engine, rooms: Hm3d) -> None:
    found = engine.call("open", settings(rooms))["objects"]
    _, _, _, center, half, _ = found[0]
    item = next(o for o in engine._sim.semantic_scene.objects if o and o.semantic_id == found[0][0])
    low = np.asarray(item.aabb.min if hasattr(item.aabb, "min") else item.aabb[0], float)
    assert (low <= 0.0).all()  # the imitation has the fault
    assert (np.subtract(center, half) > 0.0).any() or (np.add(center, half) < 0.0).any()


def test_points_stay_on_the_island_of_the_robot(engine: Engine) -> None:
    assert all(engine.call("random_point")[1] < 1.0 for _ in range(20))
    roof = [1.0, 3.0, -2.0]
    assert engine.call("navigable", [roof, [1.0, 0.0, -2.0]]) == [False, True]
    (snapped,) = engine.call("snap", [[1.0, 2.8, -2.0]])
    assert snapped is None or snapped[1] < 1.0
    assert engine.call("snap", [[500.0, 0.0, 500.0]]) == [None]


def test_one_end_off_the_navmesh_does_not_spoil_the_others(engine: Engine) -> None:
    far, near = [500.0, 0.0, 500.0], [1.5, 0.0, -2.0]
    assert engine.call("distance", [1.0, 0.0, -2.0], [far, near]) == pytest.approx(0.5, abs=0.1)
    assert engine.call("distance", [1.0, 0.0, -2.0], [far]) == float("inf")


def test_a_bare_glb_is_refused_since_it_would_lie_on_its_side(
    imitation: Module,
    rooms: Hm3d,
) -> None:
    refused(rooms, "Z-up", "scene", dataset=None)


def test_stop_is_no_action_of_habitat_sim(engine: Engine) -> None:
    before = engine.call("observe")
    found = engine.call("act", "stop")
    assert found["position"] == before["position"]
    with pytest.raises(EngineError, match="no action 'jump'"):
        engine.call("act", "jump")


def test_whole_numbers_are_taken_for_positions(engine: Engine) -> None:
    position, _ = engine.call("place", [1, 0, -2], [0, 0, 0, 1])
    assert position[0] == pytest.approx(1.0)


@pytest.mark.parametrize("version", ["0.3.3", "0.3.4"])
def test_features_decide_and_not_versions(
    imitation: Module,
    rooms: Hm3d,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
) -> None:
    monkeypatch.setenv("FAKE_HABITAT", version)
    engine = Engine()
    engine.call("open", settings(rooms))
    engine.call("place", [1.0, 0.0, -2.0], [0.0, 0.0, 0.0, 1.0])
    for ids in (False, True, False):
        engine.call("photo", [1.0, 1.0, -2.0], [0.0, 0.0, 0.0, 1.0], [40, 30], 60.0, ids)
    assert set(engine.call("observe")) >= {"rgb", "depth", "ids"}
    assert engine.about()["habitat_sim"] == "0.3.3"
    engine.close()


def test_calls_without_a_scene_or_a_name_are_refused(imitation: Module) -> None:
    engine = Engine()
    with pytest.raises(EngineError, match="open one first"):
        engine.call("observe")
    with pytest.raises(EngineError, match="no method '_sim'"):
        engine.call("_sim")


def test_scenes_are_found_however_they_are_named(rooms: Hm3d, tmp_path: Path) -> None:
    for folder in (rooms.folder.parent, rooms.folder, rooms.folder / "val"):
        for name in (rooms.scene, f"data/scene_datasets/{rooms.scene}", rooms.scene[5:]):
            assert scene_file(folder, name) == rooms.file.resolve()
    doubled = rooms.scene.replace("val/", "val//")
    assert scene_file(rooms.folder.parent, doubled) == rooms.file.resolve()
    with pytest.raises(SimulatorError, match=r"no scene 'Gen3abd.basis.glb'\. Did you"):
        scene_file(rooms.folder, "hm3d/val/00800-Gen3abd/Gen3abd.basis.glb")
    with pytest.raises(SimulatorError, match="goat doctor --data"):
        scene_file(tmp_path / "nowhere", rooms.scene)


def test_the_annotated_dataset_is_preferred(rooms: Hm3d, tmp_path: Path) -> None:
    named = "./data/scene_datasets/hm3d/hm3d_annotated_basis.scene_dataset_config.json"
    for name in (named, "default", "hm3d_of_elsewhere.scene_dataset_config.json"):
        found = dataset_file(rooms.folder.parent, rooms.file.resolve(), name, None)
        assert found == rooms.dataset.resolve()
    with pytest.raises(SimulatorError, match="no such dataset"):
        dataset_file(rooms.folder, rooms.file, named, tmp_path / "x.json")


def test_a_scene_without_any_dataset_is_refused(
    imitation: Module, rooms: Hm3d, tmp_path: Path
) -> None:
    shutil.copy(rooms.file, tmp_path / "alone.glb")
    with pytest.raises(SimulatorError, match="Z-up"):
        HabitatSim("alone.glb", HabitatConfig(scenes=tmp_path, gpu=-1))


def test_a_scene_is_checked_from_the_shell(imitation: Module, rooms: Hm3d) -> None:
    command = [sys.executable, "-c", RUN, str(SERVER), "--check"]
    done = subprocess.run(
        [*command, json.dumps(settings(rooms, scene="/no/such.glb"))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no such scene file" in done.stderr
