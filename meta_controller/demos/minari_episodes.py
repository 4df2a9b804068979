"""Episodes as Minari keeps them, and back."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goat.registry import require
from meta_controller.demos.episodes import Demonstrations
from meta_controller.demos.exchange import Rows

Array = NDArray[Any]
_PACKED = 1000  # no file holds more than this many times its size


def buffer(demos: Demonstrations, number: int) -> Any:
    """Return an episode as Minari takes it, without the last decision."""
    parts = {name: getattr(demos, name)[number] for name in ("qpos", "qvel", "told")}
    steps = demos.rewards.shape[1] - 1
    return require("minari.data_collector.episode_buffer").EpisodeBuffer(
        observations=np.concatenate(list(parts.values()), axis=1).astype(np.float32),
        actions=demos.actions[number, :-1].astype(np.float32),
        rewards=demos.rewards[number, :-1].astype(np.float32),
        terminations=np.zeros(steps, bool),
        truncations=np.arange(steps) == steps - 1,
        infos={name: values for name, values in parts.items() if values.shape[1]},
    )


def attributes(demos: Demonstrations, number: int) -> dict[str, Any]:
    """Return what else is known of an episode."""
    return {
        "skill": np.float32(demos.skill[number]),
        "last_action": demos.actions[number, -1].astype(np.float32),
        "last_reward": np.float32(demos.rewards[number, -1]),
    }


def check_sizes(file: Path) -> None:
    """Make sure that an HDF5 file does not say that it holds what no memory could.

    Raises:
        ValueError: It does; so says a damaged file.
    """
    sizes = []

    def add(_: str, item: Any) -> None:
        if hasattr(item, "dtype"):
            sizes.append(math.prod(item.shape) * item.dtype.itemsize)

    with require("h5py").File(file) as opened:
        opened.visititems(add)
    if sum(sizes) > _PACKED * file.stat().st_size:
        raise ValueError(f"{file.name} claims to hold {sum(sizes):.3g} bytes")


def own_columns(episode: Any, known: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of an episode of ours."""
    infos, count = episode.infos, len(episode.infos["qpos"])
    return {
        "state": episode.observations,
        "qpos": infos["qpos"],
        "qvel": infos["qvel"],
        "told": infos.get("told", np.zeros((count, 0))),
        "action": np.concatenate([episode.actions, [known["last_action"]]]),
        "reward": np.append(episode.rewards, known["last_reward"]),
        "skill": np.full(count, known["skill"]),
    }


def foreign_columns(episode: Any) -> dict[str, Any]:
    """Return the columns of somebody else's episode; what comes after it is left out."""
    state = np.asarray(episode.observations)
    if state.shape[:1] != (len(episode) + 1,):
        raise ValueError(
            f"observations must be {len(episode) + 1} rows of numbers, got an array of shape "
            f"{state.shape} and type {state.dtype}"
        )
    return {"state": state[:-1], "action": episode.actions, "reward": episode.rewards}


def rows_of(where: str, episodes: list[dict[str, Any]]) -> Rows:
    """Return the columns of all episodes, one after the other."""
    if not episodes:
        raise ValueError("it has no episode")
    parts = [{name: _numbers(name, v) for name, v in part.items()} for part in episodes]
    lengths = [{len(values) for values in part.values()} for part in parts]
    for number, found in enumerate(lengths):
        if len(found) != 1:
            raise ValueError(f"episode {number} has parts of different lengths: {sorted(found)}")
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Rows(where, tuple(found.pop() for found in lengths), columns)


def _numbers(name: str, values: Any) -> Array:
    """Return numbers (L,) or (L, width) as (L, width)."""
    values = np.asarray(values)
    if values.dtype.kind not in "fiu" or values.ndim not in (1, 2):
        raise ValueError(f"{name} must be rows of numbers, got {values.dtype} {values.shape}")
    return values.reshape(len(values), -1) if values.ndim == 1 else values
