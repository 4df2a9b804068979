"""Episode files in GOAT-Bench's layout: gzipped JSON, one file per scene.

"GOAT-Bench: A Benchmark for Multi-Modal Lifelong Navigation", 2024,
https://arxiv.org/abs/2404.06609. Files are in Habitat's frame; what is read is in the map frame.
One thing is added, which other readers do not look at: a goal may carry `lang_descs`, of which
`lang_desc` is the first, and the task of a sentence then has its index as fourth element.
"""

from __future__ import annotations

import gzip
import io
import json
import math
import os
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from goat.bench.episodes import Episode, GoalObject, SceneEpisodes, Subtask
from goat.bench.nodes import Node
from goat.errors import EpisodeError
from goat.frames import (
    MAP_FROM_HABITAT,
    habitat_of_optical,
    habitat_of_yaw,
    optical_of_habitat,
    yaw_of_habitat,
)
from goat.types import CameraIntrinsics, Float64Array, PhotoView

SUFFIX = ".json.gz"
LONGEST = 55
"""Words of a description beyond which GOAT-Bench drops the goals that ask for it."""

_MODALITY = {"object": "category", "description": "language", "image": "image"}
_KIND = {modality: kind for kind, modality in _MODALITY.items()}
_LIMIT = 512 * 2**20  # bytes of JSON
_DIGITS = 6  # decimals of what is written: micrometres


def episode_files(path: Path) -> list[Path]:
    """Return the episode files that `path`, a file or a folder, stands for, sorted.

    Raises:
        EpisodeError: There is no such path, or no episode file below it.
    """
    if not path.is_dir():
        if path.is_file():
            return [path]
        raise EpisodeError(f"{path}: no such file or folder; make episodes with goat bench make")
    found = sorted(file for file in path.rglob(f"*{SUFFIX}") if file.is_file())
    if not found:
        raise EpisodeError(
            f"{path}: no episode file (*{SUFFIX}) in this folder or below; "
            "make some with goat bench make"
        )
    return found


def read_episodes(path: Path, *, drop_long: bool = False) -> SceneEpisodes:
    """Read and check an episode file.

    Args:
        path: The file.
        drop_long: Leave out, as GOAT-Bench's own loader does, the subtasks whose description has
            more than 55 words, and episodes that have no others.

    Raises:
        EpisodeError: It is damaged, foreign, or asks for what it does not define.
    """
    root = Node(_load(path), path)
    entries = root["episodes"].items()
    if not entries:
        raise root["episodes"].error("no episode", "at least one episode")
    scene = entries[0]["scene_id"].text()
    objects = _objects(root["goals"], scene)
    episodes = [_episode(entry, scene, objects) for entry in entries]
    _check_ids(root, episodes)
    dataset = entries[0].get("scene_dataset_config")
    content = SceneEpisodes(
        scene, objects, tuple(episodes), "default" if dataset is None else dataset.text()
    )
    return without_long(content) if drop_long else content


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


def _load(path: Path) -> Any:
    """Return the parsed JSON of a gzip file of at most 512 MB of text."""
    try:
        with gzip.open(path) as file:
            raw = file.read(_LIMIT + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise EpisodeError(
            f"{path}: damaged or no gzip file ({error}); episode files are gzipped JSON "
            f"(*{SUFFIX}): fetch or make it again"
        ) from error
    except OSError as error:
        raise EpisodeError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(raw) > _LIMIT:
        raise EpisodeError(
            f"{path}: unpacks to more than {_LIMIT >> 20} MB; split it into one file per scene"
        )
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise EpisodeError(
            f"{path}: not JSON ({error}); expected a gzipped JSON object with "
            '"episodes" and "goals": fetch or make it again'
        ) from error


def _check_ids(root: Node, episodes: list[Episode]) -> None:
    seen: set[str] = set()
    for entry, episode in zip(root["episodes"].items(), episodes, strict=True):
        if episode.id in seen:
            raise entry["episode_id"].error(f"{episode.id!r} again", "an id of its own")
        seen.add(episode.id)


def _objects(goals: Node, scene: str) -> dict[str, tuple[GoalObject, ...]]:
    prefix = f"{_base(scene)}_"
    found: dict[str, tuple[GoalObject, ...]] = {}
    for key, entries in goals.pairs():
        if not key.startswith(prefix) or key == prefix:
            raise entries.error(f"the key {key!r}", f"{prefix}CATEGORY, as the scene is {scene!r}")
        category = key.removeprefix(prefix)
        found[category] = tuple(_object(entry, category) for entry in entries.items())
    return found


def _object(node: Node, category: str) -> GoalObject:
    views = node["view_points"].items()
    places = [view["agent_state"]["position"].numbers(3) for view in views]
    ious = [view.get("iou") for view in views]
    children = node.get("children_object_categories")
    photos = node.get("image_goals")
    return GoalObject(
        id=node["object_id"].text(),
        category=category,
        position=MAP_FROM_HABITAT.apply(node["position"].numbers(3)),
        viewpoints=MAP_FROM_HABITAT.apply(np.array(places).reshape(-1, 3)),
        coverage=() if None in ious else tuple(iou.number() for iou in ious if iou is not None),
        children=() if children is None else tuple(child.text() for child in children.items()),
        descriptions=_descriptions(node),
        photos=() if photos is None else tuple(_photo(photo) for photo in photos.items()),
    )


def _descriptions(node: Node) -> tuple[str, ...]:
    several, one = node.get("lang_descs"), node.get("lang_desc")
    if several is not None:
        return tuple(text.text() for text in several.items())
    return () if one is None else (one.text(),)


def _photo(node: Node) -> PhotoView:
    size = node["image_dimensions"]
    height, width = (size.at(i).whole(1, 16384) for i in range(2))
    hfov = math.radians(node["hfov"].number(1.0, 179.0))
    pose = optical_of_habitat(node["position"].numbers(3), node["rotation"].quaternion())
    frame, visible = (
        0.0 if (share := node.get(name)) is None else share.number()
        for name in ("frame_coverage", "object_coverage")
    )
    return PhotoView(pose, CameraIntrinsics.from_hfov(width, height, hfov), frame, visible)


def _episode(node: Node, scene: str, objects: Mapping[str, tuple[GoalObject, ...]]) -> Episode:
    if node["scene_id"].text() != scene:
        raise node["scene_id"].error(repr(node["scene_id"].value), f"{scene!r}: one scene per file")
    x, y, floor = MAP_FROM_HABITAT.apply(node["start_position"].numbers(3)).tolist()
    yaw = yaw_of_habitat(node["start_rotation"].quaternion())
    tasks = node["tasks"].items()
    if not tasks:
        raise node["tasks"].error("no task", "at least one task")
    subtasks = tuple(_subtask(task, objects) for task in tasks)
    return Episode(node["episode_id"].name(), (x, y, yaw), floor, subtasks)


def _subtask(node: Node, objects: Mapping[str, tuple[GoalObject, ...]]) -> Subtask:
    category = node.at(0).choice([name for name, items in objects.items() if items])
    kind = node.at(1).choice(_MODALITY)
    if kind == "object":
        return Subtask(category, "category")
    wanted = node.at(2).choice([item.id for item in objects[category]])
    item = next(item for item in objects[category] if item.id == wanted)
    has = item.photos if kind == "image" else item.descriptions
    if not has:
        raise node.error(f"{wanted!r}", f"an object that has {_KEYS[kind]} under goals")
    given = kind == "image" or len(node.items()) > 3
    return Subtask(
        category, _MODALITY[kind], wanted, node.at(3).whole(0, len(has) - 1) if given else 0
    )


_KEYS = {"image": '"image_goals"', "description": '"lang_desc"'}


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
            f"{_base(content.scene)}_{category}": [_object_entry(item) for item in items]
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


def _base(scene: str) -> str:
    return scene.rsplit("/", 1)[-1]
