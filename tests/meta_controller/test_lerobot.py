"""LeRobotDatasets: ours come back exactly, those of others are read or refused by name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from demo_sets import DATA, EPISODES, assert_same, foreign_lerobot, recorded, short

from meta_controller.demos.episodes import DemonstrationError, Demonstrations
from meta_controller.demos.lerobot import load_lerobot, save_lerobot
from meta_controller.environments import Environments
from meta_controller.task import Task


@pytest.fixture(scope="module")
def task() -> Task:
    return short("cartpole-balance")


@pytest.fixture(scope="module")
def cartpole(task: Task) -> tuple[Environments, Demonstrations]:
    return recorded(task)


@pytest.fixture
def written(cartpole: tuple[Environments, Demonstrations], tmp_path: Path) -> Path:
    environments, demos = cartpole
    save_lerobot(tmp_path / "set", demos, environments.embodiment, 50.0)
    return tmp_path / "set"


@pytest.mark.parametrize("name", ["pendulum-spin", "reacher_two-easy", "hopper-stand"])
def test_a_set_of_ours_comes_back_exactly(name: str, tmp_path: Path) -> None:
    task = short(name)
    environments, demos = recorded(task)
    save_lerobot(tmp_path / "set", demos, environments.embodiment, 25.0)
    for asked in (None, task):
        assert_same(load_lerobot(tmp_path / "set", asked), demos)


def test_features_are_as_the_columns_are(tmp_path: Path) -> None:
    environments, demos = recorded(short("reacher_two-easy"))
    save_lerobot(tmp_path, demos, environments.embodiment, 25.0)
    info = json.loads((tmp_path / "meta/info.json").read_text())
    assert (info["codebase_version"], info["fps"]) == ("v3.0", 25)
    assert (info["total_episodes"], info["total_frames"]) == (3, 18)
    table = pq.read_table(tmp_path / DATA)
    assert set(info["features"]) == set(table.column_names)
    for name, feature in info["features"].items():
        kind = table.schema.field(name).type
        width = kind.list_size if pa.types.is_fixed_size_list(kind) else 1
        plain = kind.value_type if width > 1 else kind
        assert [width] == feature["shape"]
        assert np.dtype(plain.to_pandas_dtype()) == feature["dtype"]
        assert feature["names"] is None or len(feature["names"]) == width
    state = info["features"]["observation.state"]
    assert state["dtype"] == "float32"
    joints = [joint.name for joint in environments.embodiment.joints]
    assert state["names"][:4] == [f"{j}.{what}" for what in ("pos", "vel") for j in joints]
    assert info["features"]["action"]["names"] == joints


def test_frames_are_found_by_episode(written: Path) -> None:
    table = pq.read_table(written / DATA)
    listed = pq.read_table(written / EPISODES).to_pylist()
    assert pq.ParquetFile(written / DATA).num_row_groups == 3
    assert table["index"].to_pylist() == list(range(18))
    np.testing.assert_allclose(table["timestamp"].to_numpy()[6:12], np.arange(6) / 50.0, atol=1e-7)
    for number, row in enumerate(listed):
        frames = table.slice(row["dataset_from_index"], row["length"])
        assert set(frames["episode_index"].to_pylist()) == {number}
        assert row["dataset_to_index"] - row["dataset_from_index"] == row["length"] == 6
        assert row["tasks"] == ["cartpole-balance"]
        actions = frames["action"].to_numpy()
        assert row["stats/action/max"] == [pytest.approx(actions.max())]
    tasks = pq.read_table(written / "meta/tasks.parquet")
    assert tasks.to_pylist() == [{"task_index": 0, "task": "cartpole-balance"}]
    assert json.loads(tasks.schema.metadata[b"pandas"])["index_columns"] == ["task"]


def test_statistics_are_of_all_frames(
    written: Path, cartpole: tuple[Environments, Demonstrations]
) -> None:
    stats = json.loads((written / "meta/stats.json").read_text())
    demos = cartpole[1]
    qvel = demos.qvel.reshape(18, -1)
    np.testing.assert_allclose(stats["qvel"]["mean"], qvel.mean(axis=0))
    np.testing.assert_allclose(stats["qvel"]["std"], qvel.std(axis=0))
    np.testing.assert_allclose(stats["qvel"]["q90"], np.quantile(qvel, 0.9, axis=0))
    assert stats["next.reward"]["count"] == [18]
    assert stats["frame_index"]["max"] == [5]


@pytest.mark.parametrize("version", ["v3.0", "v2.1"])
def test_a_set_of_somebody_else_is_read_for_a_task_that_is_named(
    version: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    task = short("hopper-stand")
    environments, demos = recorded(task)
    folder = foreign_lerobot(tmp_path / "set", demos, version)
    again = load_lerobot(folder, task)
    again.check(environments.embodiment)
    for array in ("qpos", "qvel", "told"):
        got, wanted = getattr(again, array), getattr(demos, array)
        np.testing.assert_array_equal(got, wanted.astype(np.float32))
        assert got.dtype == np.float64
    np.testing.assert_array_equal(again.actions, demos.actions)
    assert (again.returns == 0.0).all()
    assert "has no rewards" in caplog.text
    assert (again.skill == 1.0).all()
    with pytest.raises(DemonstrationError, match="say which task's body"):
        load_lerobot(folder, None)


def test_frames_in_any_order_are_put_in_order(
    written: Path, cartpole: tuple[Environments, Demonstrations]
) -> None:
    table = pq.read_table(written / DATA)
    order = np.random.default_rng(0).permutation(len(table))
    pq.write_table(table.take(order[:7]), written / DATA)
    pq.write_table(table.take(order[7:]), written / "data/chunk-000/file-001.parquet")
    np.testing.assert_array_equal(load_lerobot(written, None).qpos, cartpole[1].qpos)


def test_nothing_is_written_over(
    written: Path, cartpole: tuple[Environments, Demonstrations], tmp_path: Path
) -> None:
    environments, demos = cartpole
    kept = load_lerobot(written, None)
    with pytest.raises(DemonstrationError, match=r"something is in .* already"):
        save_lerobot(written, demos.first(1), environments.embodiment, 50.0)
    assert len(load_lerobot(written, None)) == len(kept)
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DemonstrationError, match="cannot be written"):
            save_lerobot(folder, demos, environments.embodiment, 50.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "set"]


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), float("inf")])
def test_decisions_per_second_are_checked(
    fps: float, cartpole: tuple[Environments, Demonstrations], tmp_path: Path
) -> None:
    environments, demos = cartpole
    with pytest.raises(DemonstrationError, match="more than 0 decisions per second"):
        save_lerobot(tmp_path / "set", demos, environments.embodiment, fps)
    empty = demos.take(slice(0, 0))
    with pytest.raises(DemonstrationError, match="no episode of cartpole-balance"):
        save_lerobot(tmp_path / "set", empty, environments.embodiment, 50.0)
    assert list(tmp_path.iterdir()) == []


def test_a_crash_leaves_nothing(
    cartpole: tuple[Environments, Demonstrations], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    environments, demos = cartpole
    monkeypatch.setattr(Path, "write_text", fails)
    with pytest.raises(DemonstrationError, match="cannot be written: disk full"):
        save_lerobot(tmp_path / "set", demos, environments.embodiment, 50.0)
    assert list(tmp_path.iterdir()) == []


def test_a_set_that_was_moved_is_the_same(
    written: Path, cartpole: tuple[Environments, Demonstrations], tmp_path: Path
) -> None:
    shutil.move(written, tmp_path / "year=2024")
    again = load_lerobot(tmp_path / "year=2024", None)
    np.testing.assert_array_equal(again.actions, cartpole[1].actions)
