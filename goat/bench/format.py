"""Episode files: gzipped JSON, one file per scene, in Habitat's frame.

Three kinds are read into the same `SceneEpisodes`: those of GOAT-Bench (`goat.bench.goat_bench`),
ObjectNav (`goat.bench.objectnav`) and InstanceImageNav (`goat.bench.instance_image`). What is read
is in the map frame. What is written is in GOAT-Bench's layout with one thing added, which other
readers do not look at: a goal may carry `lang_descs`, of which `lang_desc` is the first, and the
task of a sentence then has its index as fourth element.
"""

from __future__ import annotations

import gzip
import io
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from goat.bench import instance_image, objectnav
from goat.bench.episodes import Episode, GoalObject, SceneEpisodes, Subtask
from goat.bench.goat_bench import MODALITY, GoatBench
from goat.bench.nodes import Node
from goat.bench.packed import SUFFIX, load
from goat.bench.reading import Reader, episode_of, scene_basename, scene_name
from goat.errors import EpisodeError
from goat.frames import MAP_FROM_HABITAT, habitat_of_optical, habitat_of_yaw
from goat.types import Float64Array, PhotoView

CONTENT = "content"
"""Folder of the episode files of a split, one per scene."""
LONGEST = 55
"""Words of a description beyond which GOAT-Bench drops the goals that ask for it."""

_KIND = {modality: kind for kind, modality in MODALITY.items()}
_DIGITS = 6  # decimals of what is written: micrometres


def episode_files(path: Path) -> list[Path]:
    """Return the episode files that `path`, a file or a folder, stands for, sorted.

    In a folder, a split's own file (val/val.json.gz) is left out where val/content is beside it:
    Habitat keeps no episodes in it.

    Raises:
        EpisodeError: There is no such path, or no episode file below it.
    """
    if not path.is_dir():
        if path.is_file():
            return [path]
        raise EpisodeError(f"{path}: no such file or folder; make episodes with goat bench make")
    found = sorted(file for file in _below(path) if file.is_file() and not _is_index(file))
    if not found:
        raise EpisodeError(
            f"{path}: no episode file (*{SUFFIX}) in this folder or below; "
            "make some with goat bench make"
        )
    return found


def _below(folder: Path) -> Iterator[Path]:
    """Yield what is called as episode files are, through links too, but from no folder twice."""
    seen: set[Path] = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        real = Path(root).resolve()
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        yield from (Path(root) / name for name in names if name.endswith(SUFFIX))


def _is_index(file: Path) -> bool:
    """Return whether a file only stands for the `content` folder beside it, as val/val.json.gz."""
    return file.name == f"{file.parent.name}{SUFFIX}" and (file.parent / CONTENT).is_dir()


def read_episodes(path: Path, *, drop_long: bool = False) -> SceneEpisodes:
    """Read and check an episode file of any of the three kinds, told apart by its keys.

    Args:
        path: The file.
        drop_long: Leave out, as GOAT-Bench's own loader does, the subtasks whose description has
            more than 55 words, and episodes that have no others.

    Raises:
        EpisodeError: It is damaged, foreign, or asks for what it does not define.
    """
    root = load(path)
    entries = root["episodes"].items()
    if not entries:
        hint = f"; give the folder {path.parent}, they are in {CONTENT}/" if _is_index(path) else ""
        raise root["episodes"].error("no episode", f"at least one episode{hint}")
    scene = scene_name(entries[0]["scene_id"].text())
    reader = _reader(root, entries[0])(root, scene)
    names = reader.ids(entries)
    episodes = tuple(
        episode_of(entry, name, scene, reader.subtasks(entry))
        for entry, name in zip(entries, names, strict=True)
    )
    dataset = entries[0].get("scene_dataset_config")
    content = SceneEpisodes(
        scene, reader.objects, episodes, "default" if dataset is None else dataset.text()
    )
    return without_long(content) if drop_long else content


def _reader(root: Node, first: Node) -> Callable[[Node, str], Reader]:
    """Return what reads a file with this top level and this first episode."""
    if root.has(objectnav.GOALS):
        return objectnav.ObjectNav
    if first.has(*instance_image.GOALS):
        return instance_image.InstanceImage
    return GoatBench


def without_long(content: SceneEpisodes) -> SceneEpisodes:
    """Return the episodes without subtasks whose description has more than 55 words."""
    kept = [
        replace(episode, subtasks=tuple(s for s in episode.subtasks if not is_long(content, s)))
        for episode in content.episodes
    ]
    return replace(content, episodes=tuple(episode for episode in kept if episode.subtasks))


def is_long(content: SceneEpisodes, subtask: Subtask) -> bool:
    """Return whether a subtask's description has more than 55 words."""
    if subtask.modality != "language":
        return False
    item = next(o for o in content.objects[subtask.category] if o.id == subtask.object)
    return len(item.descriptions[subtask.index].split()) > LONGEST


def write_episodes(path: Path, content: SceneEpisodes) -> None:
    """Write an episode file, whole or not at all; the same content gives the same bytes.

    Raises:
        EpisodeError: The file cannot be written.
    """
    text = json.dumps(_file(content), separators=(",", ":"), ensure_ascii=False)
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file:
        file.write(text.encode())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, packed.getvalue())
    except OSError as error:
        raise EpisodeError(
            f"{path}: cannot be written: {error.strerror or error}; make room or choose another "
            "folder"
        ) from error


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _file(content: SceneEpisodes) -> dict[str, Any]:
    return {
        "episodes": [_episode_entry(episode, content) for episode in content.episodes],
        "goals": {
            f"{scene_basename(content.scene)}_{category}": [_object_entry(item) for item in items]
            for category, items in content.objects.items()
        },
    }


def _episode_entry(episode: Episode, content: SceneEpisodes) -> dict[str, Any]:
    x, y, yaw = episode.start
    decimal = episode.id.isdecimal() and str(int(episode.id)) == episode.id
    return {
        "episode_id": int(episode.id) if decimal else episode.id,
        "start_position": _habitat(np.array([x, y, episode.floor])),
        "start_rotation": _rounded(habitat_of_yaw(yaw)),
        "scene_id": content.scene,
        "scene_dataset_config": content.dataset,
        "tasks": [_task_entry(subtask) for subtask in episode.subtasks],
    }


def _task_entry(subtask: Subtask) -> list[Any]:
    entry: list[Any] = [subtask.category, _KIND[subtask.modality], subtask.object]
    given = subtask.modality == "image" or (subtask.modality == "language" and subtask.index > 0)
    return [*entry, subtask.index] if given else entry


def _object_entry(item: GoalObject) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "object_category": item.category,
        "object_id": item.id,
        "position": _habitat(item.position),
        "view_points": _viewpoint_entries(item),
        "children_object_categories": list(item.children),
    }
    if item.descriptions:
        entry["lang_desc"] = item.descriptions[0]
    if len(item.descriptions) > 1:
        entry["lang_descs"] = list(item.descriptions)
    if item.photos:
        entry["image_goals"] = [_photo_entry(photo) for photo in item.photos]
    return entry


def _viewpoint_entries(item: GoalObject) -> list[dict[str, Any]]:
    """Return the viewpoints, each with a robot that faces the object."""
    way = item.position[:2] - item.viewpoints[:, :2]
    rotations = habitat_of_yaw(np.arctan2(way[:, 1], way[:, 0]))
    return [
        {"agent_state": {"position": _habitat(place), "rotation": _rounded(rotation)}, "iou": iou}
        for place, rotation, iou in zip(
            item.viewpoints, rotations, item.coverage or [None] * len(rotations), strict=True
        )
    ]


def _photo_entry(photo: PhotoView) -> dict[str, Any]:
    position, rotation = habitat_of_optical(photo.map_from_camera)
    hfov = round(math.degrees(photo.camera.hfov), _DIGITS)
    return {
        "position": _rounded(position),
        "rotation": _rounded(rotation),
        "frame_coverage": photo.frame_coverage,
        "object_coverage": photo.object_coverage,
        "hfov": int(hfov) if hfov.is_integer() else hfov,
        "image_dimensions": [photo.camera.height, photo.camera.width],
    }


def _habitat(point: Float64Array) -> list[float]:
    return _rounded(MAP_FROM_HABITAT.inv().apply(point))


def _rounded(values: Float64Array) -> list[float]:
    return [round(float(value), _DIGITS) + 0.0 for value in values]
