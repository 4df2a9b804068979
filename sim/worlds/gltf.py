"""glTF scenes (GLB or glTF) as plain data, with an optional file that says what each node is."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from goat.errors import ConfigError, WorldError
from sim.worlds.image_files import TextureStore
from sim.worlds.label_files import Labels, read_labels
from sim.worlds.labels import dress
from sim.worlds.limits import LoadConfig
from sim.worlds.mesh_files import check_size
from sim.worlds.safe_paths import SafeRoots
from sim.worlds.scene_files import Placed, read_scene
from sim.worlds.sdf_models import ModelParts
from sim.worlds.world import Light, Part, World

_SUFFIXES = (".glb", ".gltf")
_LEVEL = 0.02
"""Height of the bins in which floor area is counted, m."""
_ENOUGH = 0.5
"""The floor is the lowest level with this share of the area of the largest one."""
_UPRIGHT = 0.95
"""Least z of a normal that counts as facing up."""
_DAYLIGHT = (
    Light((0, 0, 10), (0.5, 0.35, -0.6), True, (0.40, 0.40, 0.38)),
    Light((0, 0, 10), (-0.6, -0.4, -0.5), True, (0.30, 0.30, 0.31)),
)


def load_gltf(
    path: Path | str, annotations: Path | None = None, config: LoadConfig | None = None
) -> World:
    """Load a glTF scene; its y axis, which points up, becomes the world's z axis.

    Every node that shows a mesh is an object. What the nodes are is read from `annotations`, a
    labels file (YAML or JSON) whose keys under `objects` are node names or globs; nodes that get
    the same `name` there become one object. Nodes that it does not mention, and all nodes without
    such a file, get a category from their names.

    Args:
        path: A `.glb` or `.gltf` file; buffers and images beside it are read from its folder only.
        annotations: The annotations; by default `<scene>.semantic.yaml` or `.json` beside the
            scene, if there is one.
        config: Limits; None takes the defaults.

    Raises:
        WorldError: The scene is missing, damaged, too large or empty.
        UnsafePathError: It refers to a file outside its folder.
        ConfigError: The annotations cannot be used.
    """
    path = Path(path)
    config = config or LoadConfig()
    if path.suffix.lower() not in _SUFFIXES:
        raise WorldError(f"{path}: a glTF scene ends in {' or '.join(_SUFFIXES)}")
    check_size(path, config.max_file_bytes)
    warnings: list[str] = []
    roots = SafeRoots([path.resolve().parent])
    textures = TextureStore(roots, config, warnings)
    try:
        placed = read_scene(path.resolve(), roots, config, textures, warnings)
    except ValueError as error:
        raise WorldError(f"{path}: not a glTF scene that can be read: {error}") from error
    _check_scene(placed, path, config)
    labels = _find_annotations(path, annotations)
    objects = dress(_models(placed, labels), labels, warnings)
    if not objects:
        raise WorldError(f"{path}: the annotations hide every node; leave some visible")
    return World(
        name=path.stem,
        objects=objects,
        rooms=labels.rooms,
        lights=_DAYLIGHT if labels.lights is None else labels.lights,
        headlight=labels.headlight or (0.5, 0.5, 0.5),
        sky=labels.sky or (0.85, 0.88, 0.9),
        floor=floor_height(placed) if labels.floor is None else labels.floor,
        start=labels.start,
        warnings=tuple(warnings),
    )


def floor_height(placed: Sequence[Placed]) -> float:
    """Return the height of the lowest large level surface that faces up, m.

    Levels are 2 cm high; a level counts if it has half the area of the largest one, so that
    neither a basement step nor a table top is taken for the floor. 0 if nothing faces up.
    """
    corners = np.concatenate([_corners(item) for item in placed])
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = 0.5 * np.linalg.norm(normal, axis=1)
    level = normal[:, 2] > _UPRIGHT * 2.0 * area
    if not level.any():
        return 0.0
    height, area = corners[level, :, 2].mean(axis=1), area[level]
    bins = np.round(height / _LEVEL).astype(np.int64)
    _, index = np.unique(bins, return_inverse=True)
    total = np.bincount(index, area)
    chosen = index == np.flatnonzero(total >= _ENOUGH * total.max())[0]
    return float(np.average(height[chosen], weights=area[chosen]))


def _corners(placed: Placed) -> NDArray[np.float64]:
    matrix, mesh = placed.scene_from_node, placed.surface.mesh
    return (mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3])[mesh.faces]


def _check_scene(placed: Sequence[Placed], path: Path, config: LoadConfig) -> None:
    triangles = sum(len(item.surface.mesh.faces) for item in placed)
    if triangles == 0:
        raise WorldError(f"{path}: the scene is empty: no node shows a triangle mesh")
    if triangles > config.max_triangles:
        raise WorldError(
            f"{path}: the scene has {triangles} triangles and at most {config.max_triangles} are "
            "read; simplify it or raise max_triangles in LoadConfig"
        )
    for item in placed:
        if not np.isfinite(item.scene_from_node).all():
            raise WorldError(f"{path}: the node {item.node!r} has a transform that is not finite")


def _find_annotations(path: Path, annotations: Path | None) -> Labels:
    if annotations is None:
        beside = [path.with_name(f"{path.stem}.semantic.{end}") for end in ("yaml", "json")]
        annotations = next((file for file in beside if file.is_file()), None)
    return Labels() if annotations is None else read_labels(annotations)


def _models(placed: Sequence[Placed], labels: Labels) -> list[ModelParts]:
    """Group the nodes that the annotations give one name."""
    _check_used(placed, labels)
    groups: dict[str, list[Placed]] = {}
    for item in placed:
        groups.setdefault(labels.of(item.node, item.node).name or item.node, []).append(item)
    return [
        ModelParts(
            name=items[0].node,
            model=_plain(items[0].node),
            visuals=tuple(
                Part(item.surface.mesh, item.surface.material, item.scene_from_node)
                for item in items
            ),
        )
        for items in groups.values()
    ]


def _check_used(placed: Sequence[Placed], labels: Labels) -> None:
    """Refuse annotations none of which fits a node: they belong to another scene."""
    patterns = [*labels.objects, *labels.models]
    nodes = {item.node for item in placed}
    if patterns and not any(fnmatch.filter(nodes, p) or p in nodes for p in patterns):
        raise ConfigError(
            f"the annotations name {', '.join(patterns[:5])}, but the scene's nodes are "
            f"{', '.join(sorted(nodes)[:10])}; use the names or globs of its nodes"
        )


def _plain(node: str) -> str:
    """Return a node's name without the numbers that exporters add to copies."""
    return re.sub(r"[._\-\s]*\d+$", "", node) or node
