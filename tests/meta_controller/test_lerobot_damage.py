"""LeRobotDatasets that are damaged, or do not fit, are refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from demo_sets import DATA, EPISODES, assert_same, foreign_lerobot, recorded, short

from meta_controller.demos.episodes import DemonstrationError, Demonstrations
from meta_controller.demos.lerobot import load_lerobot, save_lerobot
from meta_controller.environments import Environments, embodiment_of
from meta_controller.names import TASKS
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


def _cut(columns: dict[str, np.ndarray]) -> None:
    if columns["episode"][0] == 1:
        for name in columns:
            columns[name] = columns[name][:4]


FOREIGN: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a wide state": (
        lambda c: c.update({"observation.state": np.zeros((6, 5))}),
        "the state has 5 numbers, cartpole-balance needs 4: 2 positions, 2 velocities and 0 that",
    ),
    "wide actions": (
        lambda c: c.update(action=np.zeros((6, 2))),
        "an action has 2 numbers, cartpole-balance needs 1",
    ),
    "actions of another unit": (
        lambda c: c.update(action=np.full((6, 1), 30.0)),
        r"actions must be in \[-1, 1\], got one of size 30",
    ),
    "a state that is not finite": (
        lambda c: c.update({"observation.state": np.full((6, 4), np.nan)}),
        "qpos of cartpole-balance is not finite in episode 0",
    ),
    "an action that is not finite": (
        lambda c: c.update(action=np.full((6, 1), np.inf)),
        "actions of cartpole-balance is not finite in episode 0",
    ),
    "a short episode": (_cut, "must have 6 decisions, got 4 to 6"),
    "ragged states": (
        lambda c: c.update({"observation.state": np.array([[0.0], [0.0, 1.0]] * 3, object)}),
        r"the lists of 'observation.state' are not of one length: \[1, 2\]",
    ),
    "words": (
        lambda c: c.update(action=np.array(["left"] * 6)),
        "the column 'action' is not of numbers, but of string",
    ),
    "gaps": (
        lambda c: c.update(action=np.array([None] + [0.0] * 5, object)),
        "the column 'action' has gaps",
    ),
    "an episode twice": (
        lambda c: c.update(episode=np.zeros(6, int)),
        "its 18 frames of 1 episodes are not the 18 of 3 that meta/ lists",
    ),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_set_of_somebody_else_that_does_not_fit_is_refused_by_name(
    case: str, task: Task, cartpole: tuple[Environments, Demonstrations], tmp_path: Path
) -> None:
    change, message = FOREIGN[case]
    folder = foreign_lerobot(tmp_path / "set", cartpole[1], change=change)
    with pytest.raises(DemonstrationError, match=message):
        load_lerobot(folder, task)


def test_a_set_without_states_or_of_several_tasks_is_refused(
    written: Path, task: Task, tmp_path: Path
) -> None:
    (written / "embodiment.json").unlink()
    assert load_lerobot(written, task).rewards.any()
    table = pq.read_table(written / DATA)
    pq.write_table(table.drop_columns(["observation.state"]), written / DATA)
    with pytest.raises(DemonstrationError, match=r"has no column 'observation.state', but action"):
        load_lerobot(written, task)
    where = table.column_names.index("task_index")
    pq.write_table(table.set_column(where, "task_index", table["episode_index"]), written / DATA)
    with pytest.raises(DemonstrationError, match="several tasks"):
        load_lerobot(written, task)


@pytest.mark.parametrize("name", ["pendulum-spin", "cartpole-swingup"])
def test_a_set_of_another_task_is_refused(name: str, written: Path) -> None:
    with pytest.raises(DemonstrationError, match=f"shows cartpole-balance, {name} was asked for"):
        load_lerobot(written, TASKS.load(name)())


def test_a_set_of_another_body_is_refused(
    written: Path, task: Task, cartpole: tuple[Environments, Demonstrations], tmp_path: Path
) -> None:
    other = replace(task, body=TASKS.load("pendulum-spin")().body)
    with pytest.raises(DemonstrationError, match="of another body than pendulum"):
        load_lerobot(written, other)
    embodiment = embodiment_of(other)
    with pytest.raises(DemonstrationError, match="of another body than pendulum"):
        save_lerobot(tmp_path / "new", cartpole[1], embodiment, 50.0)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("file", ["meta/info.json", EPISODES, DATA])
def test_a_file_that_is_missing_is_named(file: str, written: Path) -> None:
    (written / file).unlink()
    with pytest.raises(DemonstrationError, match=r"info.json is missing|there is no parquet file"):
        load_lerobot(written, None)


def test_a_set_of_v2_1_needs_its_list_of_episodes(
    task: Task, cartpole: tuple[Environments, Demonstrations], tmp_path: Path
) -> None:
    folder = foreign_lerobot(tmp_path / "set", cartpole[1], "v2.1")
    listed = folder / "meta/episodes.jsonl"
    whole = listed.read_text()
    for text in ('{"episode_index": 0}\n', "[1]\n", "{", whole.replace("6", "5"), ""):
        listed.write_text(text)
        with pytest.raises(DemonstrationError, match=r"cannot be read"):
            load_lerobot(folder, task)
    listed.unlink()
    with pytest.raises(DemonstrationError, match=r"episodes\.jsonl is missing"):
        load_lerobot(folder, task)


@pytest.mark.parametrize("file", ["meta/info.json", EPISODES, DATA, "embodiment.json"])
def test_a_file_that_is_cut_off_is_named(file: str, written: Path) -> None:
    whole = (written / file).read_bytes()
    for length in np.linspace(0, len(whole) - 2, 12).astype(int):
        (written / file).write_bytes(whole[:length])
        with pytest.raises(DemonstrationError, match="cannot be read"):
            load_lerobot(written, None)


@pytest.mark.parametrize("version", ["v1.6", "v4.0", 3, None])
def test_another_version_is_refused(version: object, written: Path) -> None:
    info = json.loads((written / "meta/info.json").read_text())
    (written / "meta/info.json").write_text(json.dumps(info | {"codebase_version": version}))
    with pytest.raises(DemonstrationError, match=r"v2\.1 and v3\.0 are read"):
        load_lerobot(written, None)
    (written / "meta/info.json").write_text("[]")
    with pytest.raises(DemonstrationError, match="of version None"):
        load_lerobot(written, None)


def test_what_a_set_says_of_itself_is_checked(written: Path) -> None:
    about = json.loads((written / "embodiment.json").read_text())
    wrong: dict[str, tuple[Any, str]] = {
        "version": (about | {"schema": 2}, "in version 2; version 1 is read"),
        "no document": ([], "in version None"),
        "no digest": ({k: v for k, v in about.items() if k != "digest"}, "KeyError.*digest"),
        "joints": (about | {"joints": about["joints"][:1]}, "is damaged: a decision has"),
        "actuators": (about | {"act_to_token": []}, "IndexError"),
    }
    for document, message in wrong.values():
        (written / "embodiment.json").write_text(json.dumps(document))
        with pytest.raises(DemonstrationError, match=message):
            load_lerobot(written, None)


def test_what_the_task_told_must_not_get_lost(tmp_path: Path) -> None:
    environments, demos = recorded(short("hopper-stand"))
    save_lerobot(tmp_path, demos, environments.embodiment, 50.0)
    table = pq.read_table(tmp_path / DATA)
    pq.write_table(table.drop_columns(["told"]), tmp_path / DATA)
    with pytest.raises(DemonstrationError, match=r"'told': 0.* its body needs .*'told': 2"):
        load_lerobot(tmp_path, None)


def test_numbers_of_ours_that_are_not_finite_are_named(written: Path) -> None:
    table = pq.read_table(written / DATA)
    messages = {
        "next.reward": "a reward is not finite in episode 1",
        "skill": "a skill is not finite",
    }
    for name, message in messages.items():
        values = table[name].to_numpy().copy()
        values[6] = np.nan
        where = table.column_names.index(name)
        pq.write_table(table.set_column(where, name, pa.array(values)), written / DATA)
        with pytest.raises(DemonstrationError, match=message):
            load_lerobot(written, None)


def test_a_byte_that_changed_never_passes_for_data(written: Path) -> None:
    whole, kept = (written / DATA).read_bytes(), load_lerobot(written, None)
    footer = int.from_bytes(whole[-8:-4], "little")
    for place in np.linspace(4, len(whole) - footer - 9, 150).astype(int):
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        (written / DATA).write_bytes(changed)
        try:
            again = load_lerobot(written, None)
        except DemonstrationError:
            continue
        assert_same(again, kept)
