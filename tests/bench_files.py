"""Small episode files: of a scene that nobody loads, and of a real home."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from goat.bench.episodes import Episode, GoalObject, SceneEpisodes, Subtask
from goat.bench.format import read_episodes, write_episodes
from goat.commands.scene import Scene
from goat.errors import EpisodeError

HOME = "generated:0,rooms=4"


def check_damage(path: Path, content: object, message: str) -> None:
    """Check that a damaged file is refused, with its name, the place and the cure."""
    with pytest.raises(EpisodeError, match=message) as caught:
        read_episodes(save(path, content))
    assert str(path) in str(caught.value)
    assert "make it again" in str(caught.value)


def save(path: Path, content: object) -> Path:
    """Write any JSON as episode files are packed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(json.dumps(content).encode(), compresslevel=1))
    return path


def break_at(content: dict, *steps: str | int, value: object = None, delete: bool = False) -> dict:
    """Replace or delete one value of some JSON, in place."""
    place = content
    for step in steps[:-1]:
        place = place[step]
    if delete:
        del place[steps[-1]]
    else:
        place[steps[-1]] = value
    return content


def write_file(path: Path, scene: str = "nowhere", episodes: Sequence[str] = ("0", "1")) -> None:
    """Episodes that ask for a chair."""
    chair = GoalObject("chair_01", "chair", np.zeros(3), np.zeros((1, 3)))
    goals = (Subtask("chair", "category"),)
    drawn = tuple(Episode(name, (0.0, 0.0, 0.0), 0.0, goals) for name in episodes)
    write_episodes(path, SceneEpisodes(scene, {"chair": (chair,)}, drawn))


def write_home(path: Path, scene: Scene, episodes: int = 2) -> None:
    """Episodes of three goals in `HOME`, one of each kind, from random starts."""
    rng = np.random.default_rng(0)
    truth = scene.evaluator
    objects: dict[str, tuple[GoalObject, ...]] = {}
    for item in truth.objects.values():
        if len(objects) == 3:
            break
        if np.ptp(item.bounds, axis=0).max() < 0.7 or item.category in objects:
            continue
        places = truth.viewpoints(item.id)
        if len(places):
            places = np.column_stack([places, np.zeros(len(places))])
            center, text = item.bounds.mean(axis=0), f"the {item.category}"
            view = (truth.photo_view(item.id, rng),)
            objects[item.category] = (
                GoalObject(item.name, item.category, center, places, (), (), (text,), view),
            )
    first, second, third = objects
    goals = (
        Subtask(first, "category"),
        Subtask(second, "image", objects[second][0].id),
        Subtask(third, "language", objects[third][0].id),
    )
    drawn = tuple(
        Episode(str(i), scene.sim.random_pose(rng), 0.0, goals[i % 3 :] + goals[: i % 3])
        for i in range(episodes)
    )
    write_episodes(path, SceneEpisodes(HOME, objects, drawn))
