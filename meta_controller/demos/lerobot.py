"""Demonstrations as a LeRobotDataset, the folder that LeRobot's policies are trained from.

Relied upon, of LeRobot's documentation "LeRobotDataset v3.0"
(https://huggingface.co/docs/lerobot/lerobot-dataset-v3) and of release 0.4.4 of its package:

    meta/info.json       codebase_version "v3.0" or "v2.1", fps, totals, features
    meta/stats.json      feature -> min, max, mean, std, count, q01, q10, q50, q90, q99
    meta/tasks.parquet   task_index by the text of the task, which is the index of pandas
    meta/episodes/       parquet, a row per episode: length, tasks, first and last row, statistics
    data/                parquet, a row per frame; a feature of shape (1,) is a plain column
    v2.1                 data/chunk-000/episode_000000.parquet, meta/episodes.jsonl, tasks.jsonl

Both versions are found as data/*/*.parquet and sorted, as LeRobot does. Written is v3.0, without
pictures. "observation.state" is float32, since policies are: positions, velocities, what the task
told. The exact numbers are features of our own, "qpos", "qvel", "told" and "skill", which policies
leave alone; they and `embodiment.json` beside them make a set the same when it is read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goat.registry import require
from meta_controller.demos import lerobot_meta
from meta_controller.demos.episodes import DemonstrationError, Demonstrations
from meta_controller.demos.exchange import (
    Rows,
    check_writable,
    foreign_set,
    own_set,
    reading,
)
from meta_controller.demos.lerobot_meta import CHUNKED
from meta_controller.demos.lerobot_tables import arrow_column, read_columns
from meta_controller.demos.store import described
from meta_controller.embodiment import Embodiment
from meta_controller.task import Task

Array = NDArray[Any]
_READ = ("v2.1", "v3.0")
_FIRST = CHUNKED.format(chunk_index=0, file_index=0)
_FOREIGN = {"state": "observation.state", "action": "action"}
_OWN = _FOREIGN | {"qpos": "qpos", "qvel": "qvel", "skill": "skill", "reward": "next.reward"}
_PLACE = ("episode_index", "frame_index")


def save_lerobot(folder: Path, demos: Demonstrations, embodiment: Embodiment, fps: float) -> None:
    """Write a set as a LeRobotDataset v3.0; a crash leaves all of it or nothing.

    Args:
        folder: That is not there yet, or empty.
        demos: The set.
        embodiment: Whose it is.
        fps: Decisions per second.

    Raises:
        DemonstrationError: It is of another body, something is in the folder, or the folder cannot
            be written.
        MissingExtraError: pyarrow is not installed.
    """
    check_writable(demos, embodiment)
    if not (np.isfinite(fps) and fps > 0.0):
        raise DemonstrationError(f"there must be more than 0 decisions per second, got {fps}")
    parquet, columns = require("pyarrow.parquet"), _columns(demos, fps)
    flat = {name: arrow_column(v.reshape(-1, v.shape[2])) for name, v in columns.items()}
    documents = {
        "meta/stats.json": lerobot_meta.stats(columns),
        "meta/info.json": lerobot_meta.info(demos, embodiment, fps, columns),
        "embodiment.json": described(demos, embodiment),
    }
    tables = {
        f"data/{_FIRST}": require("pyarrow").table(flat),
        f"meta/episodes/{_FIRST}": lerobot_meta.episodes(demos, columns),
        "meta/tasks.parquet": lerobot_meta.tasks(demos.task),
    }
    with _new(folder) as part:
        for name, table in tables.items():
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            parquet.write_table(
                table, part / name, row_group_size=demos.rewards.shape[1], write_page_checksum=True
            )
        for name, document in documents.items():
            (part / name).write_text(json.dumps(document, indent=4), encoding="utf-8")


def load_lerobot(folder: Path, task: Task | None) -> Demonstrations:
    """Read a LeRobotDataset v3.0 or v2.1.

    Args:
        folder: That it is in.
        task: What it shows; None takes a set of ours as what it is.

    Raises:
        DemonstrationError: It is not there, damaged, of another version, or not of the task's body.
        MissingExtraError: pyarrow is not installed.
    """
    require("pyarrow")
    where, own = f"the LeRobotDataset in {folder}", (folder / "embodiment.json").exists()
    with reading(where):
        info = _document(folder / "meta" / "info.json")
    version = info.get("codebase_version") if isinstance(info, dict) else None
    if version not in _READ:
        raise DemonstrationError(
            f"{where} is of version {version!r}; {' and '.join(_READ)} are read: convert it with "
            "LeRobot"
        )
    with reading(where):
        about = _document(folder / "embodiment.json") if own else None
        rows = _rows(folder, where, version, _OWN if own else _FOREIGN)
    return own_set(rows, about, task) if own else foreign_set(rows, task)


def _document(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _columns(demos: Demonstrations, fps: float) -> dict[str, Array]:
    """Return the features (E, D, width) of a set."""
    count, decisions = demos.rewards.shape
    state = np.concatenate([demos.qpos, demos.qvel, demos.told], axis=2)
    frame = np.tile(np.arange(decisions), count).reshape(count, decisions, 1)
    skill = demos.skill.astype(np.float32)[:, None, None]
    return {
        "observation.state": state.astype(np.float32),
        "action": demos.actions.astype(np.float32),
        "next.reward": demos.rewards.astype(np.float32)[:, :, None],
        "qpos": demos.qpos,
        "qvel": demos.qvel,
        **({"told": demos.told} if demos.told.shape[2] else {}),
        "skill": np.repeat(skill, decisions, axis=1),
        "timestamp": (frame / fps).astype(np.float32),
        "frame_index": frame,
        "episode_index": np.repeat(np.arange(count)[:, None, None], decisions, axis=1),
        "index": np.arange(frame.size).reshape(frame.shape),
        "task_index": np.zeros_like(frame),
    }


def _rows(folder: Path, where: str, version: str, names: dict[str, str]) -> Rows:
    """Return what is needed of the frames, in order and complete."""
    optional = ("told", "next.reward", "task_index")
    paths = sorted((folder / "data").glob("*/*.parquet"))
    found = read_columns(paths, (*_PLACE, *names.values()), optional)
    if len(np.unique(found.get("task_index", 0))) > 1:
        raise ValueError("it shows several tasks: split it with LeRobot's tools")
    episode, frame = (found[name][:, 0] for name in _PLACE)
    order = np.lexsort((frame, episode))
    numbers, lengths = np.unique(episode, return_counts=True)
    counted = [np.arange(length) for length in lengths]
    whole = dict(zip(numbers.tolist(), lengths.tolist(), strict=True))
    listed = _lengths(folder, version)
    if whole != listed or (np.concatenate(counted) != frame[order]).any():
        raise ValueError(
            f"its {len(order)} frames of {len(whole)} episodes are not the {sum(listed.values())} "
            f"of {len(listed)} that meta/ lists"
        )
    empty = {"told": np.zeros((len(order), 0))}
    names = {**names, "told": "told", "reward": "next.reward"}
    columns = {name: found[key][order] for name, key in names.items() if key in found}
    return Rows(where, tuple(lengths.tolist()), {**empty, **columns})


def _lengths(folder: Path, version: str) -> dict[int, int]:
    """Return how many frames each episode must have."""
    if version == "v2.1":
        text = (folder / "meta" / "episodes.jsonl").read_text(encoding="utf-8")
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        return {int(line["episode_index"]): int(line["length"]) for line in lines}
    paths = sorted((folder / "meta" / "episodes").glob("*/*.parquet"))
    listed = read_columns(paths, ("episode_index", "length"))
    return dict(zip(*(listed[k][:, 0].tolist() for k in ("episode_index", "length")), strict=True))


@contextmanager
def _new(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of one that is not there once it is full."""
    folder = folder.absolute()
    try:
        if folder.exists() and any(folder.iterdir()):
            raise DemonstrationError(
                f"something is in {folder} already: a LeRobotDataset is written to a new folder"
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as room:
            part = Path(room) / folder.name
            part.mkdir()
            yield part
            part.rename(folder)
    except OSError as error:
        raise DemonstrationError(f"{folder} cannot be written: {error}") from error
