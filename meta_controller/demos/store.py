"""Demonstrations on disk: a parquet file with a row per decision, and the body they are of.

FOLDER/episodes.parquet   episode, step, qpos, qvel, told, action, reward, skill
FOLDER/embodiment.json    joints, what moves them, task, digest of the body
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from goat.registry import require
from meta_controller.demos.episodes import DemonstrationError, Demonstrations
from meta_controller.embodiment import Embodiment

SCHEMA = 1
_EPISODES = "episodes.parquet"
_VECTORS = ("qpos", "qvel", "told", "actions")


def save_demonstrations(folder: Path, found: Demonstrations, embodiment: Embodiment) -> None:
    """Write a set, in place of what is there; a crash leaves the old or the new one.

    Raises:
        DemonstrationError: It is of another body.
        MissingExtraError: pyarrow is not installed.
    """
    found.check(embodiment)
    arrow, parquet = require("pyarrow"), require("pyarrow.parquet")
    folder.mkdir(parents=True, exist_ok=True)
    count, decisions = found.rewards.shape
    columns: dict[str, Any] = {
        "episode": np.repeat(np.arange(count, dtype=np.int32), decisions),
        "step": np.tile(np.arange(decisions, dtype=np.int32), count),
    }
    for name in _VECTORS:
        values = getattr(found, name)
        flat = arrow.array(values.ravel())
        columns[name] = (
            arrow.FixedSizeListArray.from_arrays(flat, values.shape[2])
            if (values.shape[2])
            else arrow.array([[]] * (count * decisions), arrow.list_(arrow.float64()))
        )
    columns["reward"] = found.rewards.ravel()
    columns["skill"] = np.repeat(found.skill, decisions)
    part = folder / f"{_EPISODES}.part"
    parquet.write_table(arrow.table(columns), part, compression="zstd")
    about = folder / "embodiment.json.part"
    about.write_text(json.dumps(described(found, embodiment), indent=1), encoding="utf-8")
    about.replace(folder / "embodiment.json")
    part.replace(folder / _EPISODES)


def digest_of(folder: Path) -> str:
    """Return a name for the episodes of a set, which is another for other episodes.

    Raises:
        DemonstrationError: There is none.
    """
    try:
        return hashlib.sha256((folder / _EPISODES).read_bytes()).hexdigest()
    except OSError as error:
        raise DemonstrationError(f"there are no demonstrations in {folder}: {error}") from error


def load_demonstrations(folder: Path) -> Demonstrations:
    """Read a set.

    Raises:
        DemonstrationError: There is none, or it is damaged or of another version.
        MissingExtraError: pyarrow is not installed.
    """
    parquet = require("pyarrow.parquet")
    try:
        about = json.loads((folder / "embodiment.json").read_text(encoding="utf-8"))
        table = parquet.read_table(folder / _EPISODES)
    except FileNotFoundError as error:
        raise DemonstrationError(
            f"there are no demonstrations in {folder}: {Path(str(error.filename)).name} is "
            "missing; make them: meta-controller demos make"
        ) from error
    except (OSError, ValueError) as error:
        raise DemonstrationError(
            f"the demonstrations in {folder} cannot be read: {error}"
        ) from error
    if about.get("schema") != SCHEMA:
        raise DemonstrationError(
            f"{folder} is of version {about.get('schema')!r}; version {SCHEMA} is read"
        )
    try:
        return _demonstrations(table, about)
    except (KeyError, ValueError, TypeError) as error:
        raise DemonstrationError(f"the demonstrations in {folder} are damaged: {error}") from error


def _demonstrations(table: Any, about: dict[str, Any]) -> Demonstrations:
    episode = table["episode"].to_numpy()
    count = int(episode.max()) + 1 if len(episode) else 0
    if count == 0 or len(episode) % count or (np.diff(episode) < 0).any():
        raise ValueError("episodes are not of one length, or not in order")
    decisions = len(episode) // count

    def vectors(name: str) -> np.ndarray:
        flat = table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return flat.reshape(count, decisions, -1) if len(flat) else np.zeros((count, decisions, 0))

    return Demonstrations(
        task=str(about["task"]),
        digest=str(about["digest"]),
        qpos=vectors("qpos"),
        qvel=vectors("qvel"),
        told=vectors("told"),
        actions=vectors("actions").astype(np.float32),
        rewards=table["reward"].to_numpy().reshape(count, decisions),
        skill=table["skill"].to_numpy().reshape(count, decisions)[:, 0],
    )


def described(found: Demonstrations, embodiment: Embodiment) -> dict[str, Any]:
    """Return what `embodiment.json` says of a set and its body."""
    joints = [{**asdict(joint), "kind": joint.kind.value} for joint in embodiment.joints]
    return {
        "schema": SCHEMA,
        "task": found.task,
        "body": embodiment.name,
        "digest": embodiment.digest,
        "episodes": len(found),
        "decisions": found.rewards.shape[1],
        "joints": joints,
        "act_to_token": embodiment.act_to_token.tolist(),
    }
