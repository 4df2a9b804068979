"""Gazebo worlds (SDF 1.4 to 1.9) as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from goat.errors import WorldError
from sim.worlds.label_files import Labels
from sim.worlds.labels import dress, find_labels
from sim.worlds.limits import LoadConfig
from sim.worlds.safe_paths import SafeRoots
from sim.worlds.sdf_models import ModelReader
from sim.worlds.sdf_xml import Frames, color, number, numbers, parse_xml
from sim.worlds.world import Light, World

_MAX_LIGHTS = 8
_MAX_STRENGTH = 0.8
"""Brightest a lamp may be at `_REFERENCE_DISTANCE`, so that rooms are not washed out."""
_REFERENCE_DISTANCE = 1.5
_DAYLIGHT = Light((0, 0, 10), (-0.4, 0.3, -1.0), True, (0.5, 0.5, 0.5))


def load_sdf(
    path: Path | str,
    labels: Path | None = None,
    model_paths: Sequence[Path] = (),
    config: LoadConfig | None = None,
) -> World:
    """Load a Gazebo world.

    `model://` is looked up in the folder `models` beside the world's folder, in the world's
    folder, then in `model_paths`. Nothing outside these folders is read, nothing is downloaded.

    Args:
        path: The `.world` or `.sdf` file.
        labels: A labels file; by default `<world>.labels.yaml` beside the world, else one that
            ships with the project, else categories come from the models' names.
        model_paths: More folders of models.
        config: Limits; None takes the defaults.

    Raises:
        WorldError: The file is missing, damaged, too large, empty, or holds a value that is not
            a finite number.
        UnsafePathError: It refers to a file outside its folders.
        ConfigError: The labels file cannot be used.
    """
    path = Path(path)
    config = config or LoadConfig()
    root = parse_xml(path, config.max_xml_bytes)
    warnings = list(_version_warnings(root, path))
    folders = _model_folders(path, model_paths)
    roots = SafeRoots([_root_folder(path), *model_paths])
    scope = root.find("world")
    if scope is None:
        if root.find("model") is None:
            raise WorldError(f"{path}: no <world> and no <model>; name a Gazebo world file")
        scope = root
    models = list(ModelReader(folders, roots, config, warnings).models_in(scope, np.eye(4), path))
    if not models:
        raise WorldError(
            f"{path}: the world is empty: no model with geometry was found. " + "; ".join(warnings)
        )
    found = find_labels(path, labels, {model.model for model in models})
    world = World(
        name=path.stem,
        objects=dress(models, found, warnings),
        lights=_lights(scope, path, warnings) or (_DAYLIGHT,),
        warnings=tuple(warnings),
    )
    return _with_labels(_with_scene(world, scope, path), found)


def _with_scene(world: World, scope: Element, path: Path) -> World:
    """Take the ambient light and the sky's colour from <scene>."""
    ambient = color(scope, "scene/ambient", path)
    sky = color(scope, "scene/background", path)
    return replace(
        world,
        headlight=ambient[:3] if ambient else world.headlight,
        sky=sky[:3] if sky else world.sky,
    )


def _with_labels(world: World, labels: Labels) -> World:
    """Let a labels file replace what the world says about light, and add rooms and a start."""
    changes = {
        "lights": labels.lights,
        "headlight": labels.headlight,
        "sky": labels.sky,
        "floor": labels.floor,
        "start": labels.start,
    }
    kept = {name: value for name, value in changes.items() if value is not None}
    return replace(world, rooms=labels.rooms, **kept)


def _root_folder(path: Path) -> Path:
    """Return the folder that holds a world's folder and its models."""
    folder = path.resolve().parent
    return folder.parent if (folder.parent / "models").is_dir() else folder


def _model_folders(path: Path, extra: Iterable[Path]) -> tuple[Path, ...]:
    root = _root_folder(path)
    folders = (root / "models", path.resolve().parent, root, *extra)
    return tuple(dict.fromkeys(folder for folder in folders if folder.is_dir()))


def _version_warnings(root: Element, path: Path) -> Iterable[str]:
    if root.tag not in ("sdf", "gazebo"):
        raise WorldError(f"{path}: the first element is <{root.tag}>; a Gazebo world starts <sdf>")
    version = root.get("version", "")
    if version not in ("1.4", "1.5", "1.6", "1.7", "1.8", "1.9"):
        yield f"{path.name}: SDF version {version or 'unknown'!r} is read as if it were 1.9"


def _lights(scope: Element, path: Path, warnings: list[str]) -> tuple[Light, ...]:
    frames = Frames(scope, path, warnings)
    lights = [_light(element, frames, path) for element in scope.iterfind("light")]
    if len(lights) > _MAX_LIGHTS:
        warnings.append(f"{path.name}: {len(lights)} lights; the first {_MAX_LIGHTS} are used")
    return tuple(lights[:_MAX_LIGHTS])


def _light(element: Element, frames: Frames, path: Path) -> Light:
    pose = frames.pose(element)
    kind = element.get("type", "point")
    direction_element = element.find("direction")
    direction = np.array([0.0, 0.0, -1.0])
    if direction_element is not None:
        direction = np.asarray(numbers(direction_element, (3,), path))
    x, y, z = (float(v) for v in pose[:3, :3] @ direction)
    diffuse = np.asarray(color(element, "diffuse", path) or (0.6, 0.6, 0.6, 1.0))[:3]
    specular = color(element, "specular", path) or (0.1, 0.1, 0.1, 1.0)
    constant, linear, quadratic = (
        max(0.0, number(element, f"attenuation/{name}", default, path))
        for name, default in (("constant", 1.0), ("linear", 0.0), ("quadratic", 0.0))
    )
    falloff = constant + _REFERENCE_DISTANCE * (linear + _REFERENCE_DISTANCE * quadratic)
    if kind == "directional" or falloff <= 0.0:
        constant, linear, quadratic, falloff = 1.0, 0.0, 0.0, 1.0
    strength = float(diffuse.max()) / falloff
    r, g, b = (float(v) for v in diffuse * min(1.0, _MAX_STRENGTH / max(strength, 1e-6)))
    outer = number(element, "spot/outer_angle", 2.0, path)
    return Light(
        position=(float(pose[0, 3]), float(pose[1, 3]), float(pose[2, 3])),
        direction=(x, y, z) if np.linalg.norm((x, y, z)) > 1e-9 else (0.0, 0.0, -1.0),
        directional=kind == "directional",
        diffuse=(r, g, b),
        specular=specular[:3],
        attenuation=(constant, linear, quadratic),
        cutoff=float(np.clip(np.degrees(outer / 2), 1.0, 90.0)) if kind == "spot" else 180.0,
    )
