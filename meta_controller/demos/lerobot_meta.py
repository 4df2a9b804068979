"""What a LeRobotDataset v3.0 says of itself: features, statistics, episodes, tasks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goat.registry import require
from meta_controller.demos.episodes import Demonstrations
from meta_controller.embodiment import Embodiment

Array = NDArray[Any]
CHUNKED = "chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
"""Where files lie below data/ and meta/episodes/."""
WRITTEN = "v3.0"
"""Version of what is written."""
_QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}


def info(
    demos: Demonstrations, embodiment: Embodiment, fps: float, columns: Mapping[str, Array]
) -> dict[str, Any]:
    """Return meta/info.json.

    Args:
        demos: The set.
        embodiment: Whose.
        fps: Decisions per second.
        columns: Features (E, D, width) by name.
    """
    names: dict[str, Any] = dict(_names(embodiment, demos.told.shape[2]))
    names["observation.state"] = names["qpos"] + names["qvel"] + names["told"]
    features = {
        name: {"dtype": str(values.dtype), "shape": [values.shape[2]], "names": names.get(name)}
        for name, values in columns.items()
    }
    return {
        "codebase_version": WRITTEN,
        "robot_type": embodiment.name,
        "total_episodes": len(demos),
        "total_frames": demos.rewards.size,
        "total_tasks": 1,
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": int(fps) if float(fps).is_integer() else fps,
        "splits": {"train": f"0:{len(demos)}"},
        "data_path": f"data/{CHUNKED}",
        "video_path": None,
        "features": features,
    }


def stats(columns: Mapping[str, Array]) -> dict[str, dict[str, list[float]]]:
    """Return meta/stats.json of features (E, D, width)."""
    found = {}
    for name, values in columns.items():
        whole = _statistics(values.reshape(1, -1, values.shape[2]))
        found[name] = {key: value[0].tolist() for key, value in whole.items()}
    return found


def episodes(demos: Demonstrations, columns: Mapping[str, Array]) -> Any:
    """Return the table of meta/episodes: where each episode is, and its statistics."""
    count, decisions = demos.rewards.shape
    ends, zeros = decisions * np.arange(count + 1), np.zeros(count, np.int64)
    found: dict[str, Any] = {
        "episode_index": np.arange(count),
        "tasks": [[demos.task]] * count,
        "length": np.full(count, decisions),
        "data/chunk_index": zeros,
        "data/file_index": zeros,
        "dataset_from_index": ends[:-1],
        "dataset_to_index": ends[1:],
    }
    for name, values in columns.items():
        each = _statistics(values)
        found |= {f"stats/{name}/{key}": value.tolist() for key, value in each.items()}
    found |= {"meta/episodes/chunk_index": zeros, "meta/episodes/file_index": zeros}
    return require("pyarrow").table(found)


def tasks(name: str) -> Any:
    """Return the table of meta/tasks.parquet: one task, whose text is the index of pandas."""
    table = require("pyarrow").table({"task_index": [0], "task": [name]})
    columns = [
        {"name": key, "field_name": key, "pandas_type": kind, "numpy_type": plain, "metadata": None}
        for key, kind, plain in (("task_index", "int64", "int64"), ("task", "unicode", "object"))
    ]
    pandas = {"index_columns": ["task"], "column_indexes": [], "columns": columns}
    return table.replace_schema_metadata({"pandas": json.dumps(pandas)})


def _statistics(values: Array) -> dict[str, Array]:
    """Return statistics (E, width) of each of E stretches of numbers (E, D, width)."""
    exact = values.astype(np.float64)
    quantiles = np.quantile(exact, list(_QUANTILES.values()), axis=1)
    return {
        "min": values.min(axis=1),
        "max": values.max(axis=1),
        "mean": exact.mean(axis=1),
        "std": exact.std(axis=1),
        "count": np.full((len(values), 1), values.shape[1]),
        **dict(zip(_QUANTILES, quantiles, strict=True)),
    }


def _names(embodiment: Embodiment, told: int) -> dict[str, list[str]]:
    """Return what the numbers of "qpos", "qvel", "told" and "action" are called.

    Args:
        embodiment: Whose.
        told: How many the task tells.
    """
    joints = [joint.name or f"joint{joint.qpos}" for joint in embodiment.joints]
    by_position = [joints[i] for i in np.argsort([joint.qpos for joint in embodiment.joints])]
    moved = (np.flatnonzero(pull) for pull in embodiment.act_to_token.T)
    return {
        "qpos": [f"{name}.pos" for name in by_position],
        "qvel": [f"{name}.vel" for name in by_position],
        "told": [f"told{number}" for number in range(told)],
        "action": ["+".join(joints[i] for i in found) for found in moved],
    }
