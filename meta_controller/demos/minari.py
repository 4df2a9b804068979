"""Demonstrations as a Minari data set, as tools for offline reinforcement learning read them.

Relied upon, of release 0.5.4 of the package `minari` and of its documentation
(https://minari.farama.org/content/dataset_standards/): a data set is called NAMESPACE/NAME-vNUMBER
and lies in the folder that MINARI_DATASETS_PATH names, or else below ~/.minari; metadata.json may
hold keys of our own, and so may the attributes of an episode; an episode of T steps has T + 1
observations and infos, T actions and T rewards.

What comes after the last decision of a demonstration is not known, and nothing is made up. So D
decisions are written as D - 1 steps, and what was done and earned last is an attribute of the
episode, beside its skill. Observations are float32 as those of our Gymnasium environments; infos
hold "qpos", "qvel" and "told" exactly, and metadata.json holds what `embodiment.json` does under
"meta_controller": that makes a set the same when it is read again. Of demonstrations that were
recorded with noise on what is done, actions are what was wanted: to be imitated, not to learn from
what they led to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gymnasium

from goat.registry import require
from meta_controller.demos.episodes import DemonstrationError, Demonstrations
from meta_controller.demos.exchange import (
    check_writable,
    foreign_set,
    own_set,
    reading,
)
from meta_controller.demos.minari_episodes import (
    attributes,
    buffer,
    check_sizes,
    foreign_columns,
    own_columns,
    rows_of,
)
from meta_controller.demos.store import described
from meta_controller.embodiment import Embodiment
from meta_controller.task import Task

_KEY, _DATA = "meta_controller", "main_data.hdf5"


def save_minari(name: str, demos: Demonstrations, embodiment: Embodiment, environment: str) -> None:
    """Write a set as a new Minari data set; a crash leaves all of it or nothing.

    Args:
        name: How it is called: "meta_controller/walker-walk-v0".
        demos: The set.
        embodiment: Whose it is.
        environment: Gymnasium's name of where it was recorded: "meta_controller/walker-walk-v0".

    Raises:
        DemonstrationError: It is of another body or environment, the name is malformed or taken, or
            the data set cannot be written.
        MissingExtraError: minari or h5py is not installed.
    """
    storages = _storages()
    check_writable(demos, embodiment)
    if demos.rewards.shape[1] < 2:
        raise DemonstrationError(f"an episode of {demos.task} must have 2 decisions at least")
    made = _environment(environment, demos)
    with _new(name) as part:
        storage = storages.MinariStorage.new(
            part, made.observation_space, made.action_space, made.spec, data_format="hdf5"
        )
        about = {
            "dataset_id": name,
            "minari_version": require("minari").__version__,
            "description": f"{len(demos)} demonstrations of {demos.task}, without the last step",
            _KEY: described(demos, embodiment),
        }
        storage.update_metadata(about)
        storage.update_episodes([buffer(demos, number) for number in range(len(demos))])
        storage.update_episode_metadata([attributes(demos, n) for n in range(len(demos))])


def load_minari(name: str, task: Task | None) -> Demonstrations:
    """Read a Minari data set that is on this machine.

    Args:
        name: How it is called.
        task: What it shows; None takes a set of ours as what it is.

    Raises:
        DemonstrationError: It is not there, damaged, or not of the task's body.
        MissingExtraError: minari or h5py is not installed.
    """
    storages, path = _storages(), _path(name) / "data"
    where = f"the Minari data set {name}"
    if not path.is_dir():
        raise DemonstrationError(
            f"{where} is not in {path.parent.parent}: set MINARI_DATASETS_PATH to where it is"
        )
    with reading(where):
        about = storages.MinariStorage.read_raw_metadata(path)
        # Without them Minari would make the environment that the file names, whatever it is.
        if not {"observation_space", "action_space"} <= about.keys():
            raise ValueError("metadata.json has no observation_space or no action_space")
        if (path / _DATA).exists():
            check_sizes(path / _DATA)
        found = require("minari").load_dataset(name)
        episodes, own = list(found.iterate_episodes()), _KEY in about
        if own:
            known = found.storage.get_episode_metadata(found.episode_indices)
            parts = [own_columns(*pair) for pair in zip(episodes, known, strict=True)]
        else:
            parts = [foreign_columns(episode) for episode in episodes]
        rows = rows_of(where, parts)
    return own_set(rows, about[_KEY], task) if own else foreign_set(rows, task)


def _storages() -> Any:
    require("h5py")
    return require("minari.dataset.minari_storage")


def _path(name: str) -> Path:
    """Return where a data set is, or would be.

    Raises:
        DemonstrationError: It cannot be called so.
    """
    try:
        require("minari.dataset.minari_dataset").parse_dataset_id(name)
    except (TypeError, ValueError) as error:
        raise DemonstrationError(
            f"a Minari data set is called NAMESPACE/NAME-v0, got {name!r}"
        ) from error
    try:
        return require("minari.storage.datasets_root_dir").get_dataset_path(name)
    except OSError as error:
        raise DemonstrationError(f"Minari has no folder for data sets: {error}") from error


def _environment(name: str, demos: Demonstrations) -> gymnasium.Env[Any, Any]:
    """Return the environment, whose spaces and spec are written down."""
    try:
        made = gymnasium.make(name)
    except (gymnasium.error.Error, ImportError) as error:
        raise DemonstrationError(f"Gymnasium has no environment {name!r}: {error}") from error
    made.close()
    width = demos.qpos.shape[2] + demos.qvel.shape[2] + demos.told.shape[2]
    got = made.observation_space.shape, made.action_space.shape
    if got != ((width,), demos.actions.shape[2:]):
        raise DemonstrationError(
            f"{name} has observations and actions of shapes {got}, those of {demos.task} are of "
            f"({width},) and {demos.actions.shape[2:]}"
        )
    return made


@contextmanager
def _new(name: str) -> Iterator[Path]:
    """Yield a folder that becomes the data of a data set once it is full."""
    folder = _path(name)
    if folder.exists():
        raise DemonstrationError(
            f"there is a Minari data set {name} already: choose another name or version"
        )
    spaces = require("minari.namespace")
    room = next(parent for parent in folder.parents if parent.is_dir())
    try:
        with TemporaryDirectory(prefix=".", dir=room) as temporary:
            part = Path(temporary) / folder.name
            part.mkdir()
            yield part / "data"
            namespace = name.rpartition("/")[0]
            if namespace and namespace not in spaces.list_local_namespaces():
                spaces.create_namespace(namespace)
            part.rename(folder)
    except OSError as error:
        raise DemonstrationError(f"{folder} cannot be written: {error}") from error
