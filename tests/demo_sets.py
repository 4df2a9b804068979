"""Short demonstrations of small bodies, for tests of what is done with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from goat.registry import require
from meta_controller.arena import Signals
from meta_controller.demos.episodes import Demonstrations, record
from meta_controller.environments import Environments
from meta_controller.names import TASKS
from meta_controller.task import Task

ARRAYS = ("qpos", "qvel", "told", "actions", "rewards", "skill")
# Where a LeRobotDataset keeps what.
DATA = "data/chunk-000/file-000.parquet"
EPISODES = "meta/episodes/chunk-000/file-000.parquet"


def short(name: str) -> Task:
    """Return a task of six decisions."""
    return replace(TASKS.load(name)(), steps=12)


def recorded(task: Task, count: int = 3) -> tuple[Environments, Demonstrations]:
    """Return demonstrations of something that moves, of differing skill."""
    environments = Environments(task, count)

    def law(signals: Signals) -> np.ndarray:
        return np.tile(np.sin(3.0 * signals.qpos[:, :1]), environments.arena.model.nu)

    demos = record(environments, law, environments.draw(np.random.default_rng(0)))
    return environments, replace(demos, skill=np.array([1.0, 0.3, 0.7], np.float32)[:count])


def assert_same(again: Demonstrations, demos: Demonstrations) -> None:
    """Check that two sets are equal to the bit."""
    for array in ARRAYS:
        np.testing.assert_array_equal(getattr(again, array), getattr(demos, array))
        assert getattr(again, array).dtype == getattr(demos, array).dtype
    assert (again.task, again.digest) == (demos.task, demos.digest)


def foreign_lerobot(
    folder: Path,
    demos: Demonstrations,
    version: str = "v3.0",
    change: Callable[[dict[str, np.ndarray]], Any] = lambda columns: None,
) -> Path:
    """Write a set as others do: an episode per file, lists of no fixed size, no rewards of ours."""
    (folder / "meta/episodes/chunk-000").mkdir(parents=True)
    (folder / "data/chunk-000").mkdir(parents=True)
    info = {"codebase_version": version, "fps": 30, "total_episodes": len(demos)}
    (folder / "meta/info.json").write_text(json.dumps(info))
    lengths = []
    for number in range(len(demos)):
        parts = [values[number] for values in (demos.qpos, demos.qvel, demos.told)]
        columns = {
            "observation.state": np.concatenate(parts, axis=1).astype(np.float32),
            "action": demos.actions[number],
            "episode": np.full(demos.rewards.shape[1], number),
        }
        change(columns)
        lengths.append(len(columns["action"]))
        table = pa.table(
            {
                "observation.state": columns["observation.state"].tolist(),
                "action": columns["action"].tolist(),
                "frame_index": np.arange(lengths[-1]),
                "episode_index": columns["episode"],
            }
        )
        stem = "episode_{:06d}" if version == "v2.1" else "file-{:03d}"
        pq.write_table(table, folder / "data/chunk-000" / f"{stem.format(number)}.parquet")
    listed = [{"episode_index": i, "length": n, "tasks": ["go"]} for i, n in enumerate(lengths)]
    if version == "v2.1":
        text = "\n".join(json.dumps(line) for line in listed)
        (folder / "meta/episodes.jsonl").write_text(text + "\n")
    else:
        pq.write_table(pa.Table.from_pylist(listed), folder / EPISODES)
    return folder


def minari_episode(demos: Demonstrations, number: int) -> dict[str, Any]:
    """Return an episode as others record it: with what they saw after the last action."""
    parts = [values[number] for values in (demos.qpos, demos.qvel, demos.told)]
    state = np.concatenate(parts, axis=1).astype(np.float32)
    steps = len(state)
    return {
        "observations": np.concatenate([state, state[-1:]]),
        "actions": demos.actions[number],
        "rewards": demos.rewards[number],
        "terminations": np.zeros(steps, bool),
        "truncations": np.arange(steps) == steps - 1,
    }


def foreign_minari(name: str, episodes: list[dict[str, Any]]) -> None:
    """Write a set with Minari's own function, as others do."""
    minari = require("minari")
    buffer = require("minari.data_collector.episode_buffer").EpisodeBuffer
    wide = gymnasium.spaces.Box(-np.inf, np.inf, episodes[0]["observations"].shape[1:])
    minari.create_dataset_from_buffers(
        name,
        [buffer(**episode) for episode in episodes],
        observation_space=wide,
        action_space=gymnasium.spaces.Box(-1.0, 1.0, episodes[0]["actions"].shape[1:]),
    )
