"""Minari data sets that are damaged, or do not fit, are refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from demo_sets import foreign_minari, minari_episode, recorded, short

from meta_controller.demos.episodes import DemonstrationError, Demonstrations
from meta_controller.demos.minari import load_minari, save_minari
from meta_controller.environments import Environments, embodiment_of
from meta_controller.names import TASKS
from meta_controller.task import Task

minari = pytest.importorskip("minari")
h5py = pytest.importorskip("h5py")
MinariStorage = minari.dataset.minari_storage.MinariStorage

# Minari recommends fields that a test has no use for.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:minari")

NAME, CARTPOLE = "ours/cartpole-v0", "meta_controller/cartpole-balance-v0"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for data sets that is not the user's."""
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "sets"))
    return tmp_path / "sets"


@pytest.fixture(scope="module")
def task() -> Task:
    return short("cartpole-balance")


@pytest.fixture(scope="module")
def cartpole(task: Task) -> tuple[Environments, Demonstrations]:
    return recorded(task)


@pytest.fixture
def written(cartpole: tuple[Environments, Demonstrations], root: Path) -> Path:
    save_minari(NAME, cartpole[1], cartpole[0].embodiment, CARTPOLE)
    return root / NAME / "data"


def _cut(episode: dict[str, Any]) -> None:
    for name in episode:
        episode[name] = episode[name][: 5 if name == "observations" else 4]


FOREIGN: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a wide state": (
        lambda e: e.update(observations=np.zeros((7, 5))),
        "the state has 5 numbers, cartpole-balance needs 4: 2 positions, 2 velocities and 0 that",
    ),
    "wide actions": (
        lambda e: e.update(actions=np.zeros((6, 2))),
        "an action has 2 numbers, cartpole-balance needs 1",
    ),
    "actions of another unit": (
        lambda e: e.update(actions=np.full((6, 1), 30.0)),
        r"actions must be in \[-1, 1\], got one of size 30",
    ),
    "a state that is not finite": (
        lambda e: e.update(observations=np.full((7, 4), np.nan)),
        "qpos of cartpole-balance is not finite in episode 0",
    ),
    "a reward that is not finite": (
        lambda e: e.update(rewards=np.full(6, np.nan)),
        "a reward is not finite in episode 0",
    ),
    "a short episode": (_cut, "must have 6 decisions, got 4 to 6"),
    "no observation after the last action": (
        lambda e: e.update(observations=e["observations"][:-1]),
        "observations must be 7 rows of numbers",
    ),
    "fewer actions than rewards": (
        lambda e: e.update(actions=e["actions"][:-1]),
        r"episode 0 has parts of different lengths: \[5, 6\]",
    ),
    "pictures": (
        lambda e: e.update(observations=np.zeros((7, 4, 4))),
        "state must be rows of numbers",
    ),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_set_of_somebody_else_that_does_not_fit_is_refused_by_name(
    case: str, task: Task, cartpole: tuple[Environments, Demonstrations]
) -> None:
    change, message = FOREIGN[case]
    episodes = [minari_episode(cartpole[1], number) for number in range(3)]
    for episode in episodes[: 2 if case == "a short episode" else 3]:
        change(episode)
    foreign_minari("theirs-v0", episodes)
    with pytest.raises(DemonstrationError, match=message):
        load_minari("theirs-v0", task)


def test_a_set_of_another_task_or_body_is_refused(
    written: Path, task: Task, cartpole: tuple[Environments, Demonstrations]
) -> None:
    with pytest.raises(DemonstrationError, match="shows cartpole-balance, pendulum-spin was asked"):
        load_minari(NAME, TASKS.load("pendulum-spin")())
    other = replace(task, body=TASKS.load("pendulum-spin")().body)
    with pytest.raises(DemonstrationError, match="of another body than pendulum"):
        load_minari(NAME, other)
    with pytest.raises(DemonstrationError, match="of another body than pendulum"):
        save_minari("new-v0", cartpole[1], embodiment_of(other), CARTPOLE)


@pytest.mark.parametrize("file", ["metadata.json", "main_data.hdf5"])
def test_a_file_that_is_missing_or_cut_off_is_named(file: str, written: Path) -> None:
    whole = (written / file).read_bytes()
    for length in np.linspace(0, len(whole) - 1, 9).astype(int):
        (written / file).write_bytes(whole[:length])
        with pytest.raises(DemonstrationError, match="cannot be read"):
            load_minari(NAME, None)
    (written / file).unlink()
    with pytest.raises(DemonstrationError, match="cannot be read"):
        load_minari(NAME, None)


def test_what_a_set_says_of_itself_is_checked(written: Path, task: Task) -> None:
    whole = json.loads((written / "metadata.json").read_text())
    about = whole["meta_controller"]
    wrong: list[tuple[Any, str]] = [
        (whole | {"meta_controller": about | {"schema": 2}}, "in version 2; version 1 is read"),
        (whole | {"meta_controller": about | {"joints": []}}, "is damaged: a decision has"),
        (whole | {"minari_version": "99.0"}, "does not support the dataset"),
        (whole | {"data_format": "tape"}, "cannot be read"),
        (whole | {"observation_space": '{"type": "Cloud"}'}, "cannot be read"),
        ([], "cannot be read"),
    ]
    for document, message in wrong:
        (written / "metadata.json").write_text(json.dumps(document))
        with pytest.raises(DemonstrationError, match=message):
            load_minari(NAME, task)


def test_no_environment_of_a_file_is_ever_made(written: Path) -> None:
    whole = json.loads((written / "metadata.json").read_text())
    spec = json.loads(whole["env_spec"]) | {"entry_point": "sys:exit", "kwargs": {}}
    del whole["observation_space"]
    (written / "metadata.json").write_text(json.dumps(whole | {"env_spec": json.dumps(spec)}))
    with pytest.raises(DemonstrationError, match="no observation_space"):
        load_minari(NAME, None)


def test_what_is_missing_of_an_episode_is_named(written: Path) -> None:
    def lose(*names: str) -> None:
        with h5py.File(written / "main_data.hdf5", "a") as file:
            for name in names:
                del file[name]

    with h5py.File(written / "main_data.hdf5", "a") as file:
        del file["episode_1"].attrs["skill"]
    with pytest.raises(DemonstrationError, match="skill"):
        load_minari(NAME, None)
    lose("episode_0/infos/qvel")
    with pytest.raises(DemonstrationError, match="qvel"):
        load_minari(NAME, None)
    lose("episode_2")
    with pytest.raises(DemonstrationError, match="episode_2"):
        load_minari(NAME, None)


def test_a_file_that_claims_more_than_any_memory_holds_is_refused(written: Path) -> None:
    with h5py.File(written / "main_data.hdf5", "a") as file:
        file.create_dataset("episode_0/infos/vast", shape=(10**12,), dtype="f8", chunks=True)
    with pytest.raises(DemonstrationError, match=r"claims to hold 8e\+12 bytes"):
        load_minari(NAME, None)
