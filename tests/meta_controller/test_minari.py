"""Minari data sets: ours come back exactly, those of others are read or refused by name."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from demo_sets import assert_same, foreign_minari, minari_episode, recorded, short

from goat.errors import MissingExtraError
from meta_controller.demos.episodes import DemonstrationError, Demonstrations
from meta_controller.demos.minari import load_minari, save_minari
from meta_controller.environments import Environments
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


@pytest.mark.parametrize("name", ["pendulum-spin", "reacher_two-easy"])
def test_a_set_of_ours_comes_back_exactly(name: str) -> None:
    task = short(name)
    environments, demos = recorded(task)
    save_minari("two/deep/set-v3", demos, environments.embodiment, f"meta_controller/{name}-v0")
    for asked in (None, task):
        assert_same(load_minari("two/deep/set-v3", asked), demos)


def test_minari_finds_every_step_true(
    written: Path, cartpole: tuple[Environments, Demonstrations]
) -> None:
    demos = cartpole[1]
    assert list(minari.list_local_datasets()) == [NAME]
    found = minari.load_dataset(NAME)
    assert (found.total_episodes, found.total_steps) == (3, 15)
    assert found.env_spec.id == CARTPOLE
    with found.recover_environment() as environment:
        assert found.observation_space == environment.observation_space
        assert found.action_space == environment.action_space
    for number, episode in enumerate(found):
        state = np.concatenate([demos.qpos[number], demos.qvel[number]], axis=1)
        assert found.observation_space.contains(episode.observations[0])
        np.testing.assert_array_equal(episode.observations, state.astype(np.float32))
        np.testing.assert_array_equal(episode.actions, demos.actions[number, :5])
        np.testing.assert_array_equal(episode.rewards, demos.rewards[number, :5])
        assert episode.truncations.tolist() == [False] * 4 + [True]
        assert not episode.terminations.any()


def test_a_set_of_somebody_else_is_read_for_a_task_that_is_named() -> None:
    task = short("hopper-stand")
    environments, demos = recorded(task)
    foreign_minari("theirs-v0", [minari_episode(demos, number) for number in range(3)])
    again = load_minari("theirs-v0", task)
    again.check(environments.embodiment)
    for array in ("qpos", "qvel", "told"):
        got, wanted = getattr(again, array), getattr(demos, array)
        np.testing.assert_array_equal(got, wanted.astype(np.float32))
    np.testing.assert_array_equal(again.actions, demos.actions)
    np.testing.assert_array_equal(again.rewards, demos.rewards)
    assert (again.skill == 1.0).all()
    with pytest.raises(DemonstrationError, match="say which task's body"):
        load_minari("theirs-v0", None)


@pytest.mark.parametrize("name", ["walker", "../up-v0", "a b-v0", "", "/etc/x-v0", "x/-v0"])
def test_a_name_that_is_none_is_refused(
    name: str, cartpole: tuple[Environments, Demonstrations], tmp_path: Path
) -> None:
    with pytest.raises(DemonstrationError, match="is called NAMESPACE/NAME-v0"):
        save_minari(name, cartpole[1], cartpole[0].embodiment, CARTPOLE)
    with pytest.raises(DemonstrationError, match="is called NAMESPACE/NAME-v0"):
        load_minari(name, None)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ("meta_controller/cartpole-fly-v0", "Gymnasium has no environment"),
        ("CartPole-v99", "Gymnasium has no environment"),
        ("no_such_module:CartPole-v1", "Gymnasium has no environment"),
        ("meta_controller/pendulum-spin-v0", r"shapes \(\(2,\), \(1,\)\), those of cartpole"),
        ("CartPole-v1", "those of cartpole-balance are of"),
    ],
)
def test_an_environment_that_does_not_fit_is_refused(
    environment: str, message: str, cartpole: tuple[Environments, Demonstrations], root: Path
) -> None:
    with pytest.raises(DemonstrationError, match=message):
        save_minari(NAME, cartpole[1], cartpole[0].embodiment, environment)
    assert not (root / NAME).exists()


def test_sets_that_are_too_small_are_refused(
    cartpole: tuple[Environments, Demonstrations],
) -> None:
    environments, demos = cartpole
    with pytest.raises(DemonstrationError, match="no episode of cartpole-balance"):
        save_minari(NAME, demos.take(slice(0, 0)), environments.embodiment, CARTPOLE)
    arrays = ("qpos", "qvel", "told", "actions", "rewards")
    one = replace(demos, **{name: getattr(demos, name)[:, :1] for name in arrays})
    with pytest.raises(DemonstrationError, match="2 decisions at least"):
        save_minari(NAME, one, environments.embodiment, CARTPOLE)


def test_nothing_is_written_over(
    written: Path, cartpole: tuple[Environments, Demonstrations]
) -> None:
    environments, demos = cartpole
    with pytest.raises(DemonstrationError, match="already: choose another name"):
        save_minari(NAME, demos.first(1), environments.embodiment, CARTPOLE)
    assert len(load_minari(NAME, None)) == 3
    save_minari("ours/cartpole-v1", demos.first(1), environments.embodiment, CARTPOLE)
    assert list(minari.list_local_datasets()) == [NAME, "ours/cartpole-v1"]


def test_a_crash_leaves_nothing(
    cartpole: tuple[Environments, Demonstrations], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(MinariStorage, "update_metadata", fails)
    with pytest.raises(DemonstrationError, match="cannot be written: disk full"):
        save_minari(NAME, cartpole[1], cartpole[0].embodiment, CARTPOLE)
    assert list(root.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(
    cartpole: tuple[Environments, Demonstrations], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "file"))
    with pytest.raises(DemonstrationError, match="no folder for data sets"):
        save_minari(NAME, cartpole[1], cartpole[0].embodiment, CARTPOLE)


def test_a_set_that_is_not_there_is_named(root: Path) -> None:
    with pytest.raises(DemonstrationError, match=r"is not in .*: set MINARI_DATASETS_PATH"):
        load_minari("ours/nothing-v0", None)


@pytest.mark.parametrize("package", ["minari", "h5py"])
def test_a_package_that_is_missing_is_named(
    package: str,
    cartpole: tuple[Environments, Demonstrations],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=package):
        load_minari(NAME, None)
    with pytest.raises(MissingExtraError, match=package):
        save_minari(NAME, cartpole[1], cartpole[0].embodiment, CARTPOLE)
