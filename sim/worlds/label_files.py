"""Labels files: what people know about a world, read strictly."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from goat.errors import ConfigError
from goat.registry import suggest
from sim.worlds.world import Light, Room

COLORS = (
    "red", "orange", "yellow", "green", "blue", "purple",
    "pink", "brown", "black", "white", "gray", "beige",
)  # fmt: skip
"""Allowed values of the attribute "color"."""
MATERIALS = (
    "wood", "metal", "fabric", "leather", "plastic",
    "ceramic", "glass", "stone", "paper", "plant",
)  # fmt: skip
"""Allowed values of the attribute "material"."""
_VOCABULARY = {"color": COLORS, "material": MATERIALS}
_COLLIDES = ("own", "visuals", "nothing")
_MAX_BYTES = 4 * 2**20
_LABEL_KEYS = ("name", "category", "attributes", "collides", "hidden", "emission")
_FILE_KEYS = (
    "models", "objects", "rooms", "start", "lights", "headlight", "sky", "floor",
)  # fmt: skip
_ROOM_KEYS = ("name", "polygon")
_LIGHT_KEYS = (
    "position", "direction", "directional", "diffuse", "ambient", "specular", "attenuation",
    "cutoff",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Label:
    """What is said about a model or one of its instances; None leaves it as it is."""

    name: str | None = None
    """Another name for the object."""
    category: str | None = None
    """What a person calls it."""
    structure: bool = False
    """The category was given as null: part of the building."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """For describing it."""
    collides: str | None = None
    """"own": its collision shapes, or its looks if it has none; "visuals": its looks;
    "nothing": the robot drives through."""
    hidden: bool | None = None
    """Left out of the world."""
    emission: float | None = None
    """Own light in [0, 1] of all its materials."""


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """A labels file."""

    models: Mapping[str, Label] = field(default_factory=dict)
    """By model name or glob; earlier entries win."""
    objects: Mapping[str, Label] = field(default_factory=dict)
    """By instance name or glob; stronger than `models`."""
    rooms: tuple[Room, ...] = ()
    """Named parts of the floor."""
    start: tuple[float, float, float] | None = None
    """x, y (m) and yaw (radians)."""
    lights: tuple[Light, ...] | None = None
    """Instead of the world's own."""
    headlight: tuple[float, float, float] | None = None
    """Ambient light everywhere."""
    sky: tuple[float, float, float] | None = None
    """Colour where nothing is drawn."""
    floor: float | None = None
    """Height of the floor, m."""

    def of(self, name: str, model: str) -> Label:
        """Return what is said about the instance `name` of `model`."""
        general, special = find_label(self.models, model), find_label(self.objects, name)
        if general is None or special is None:
            return special or general or Label()
        says_category = special.category is not None or special.structure
        return Label(
            name=special.name or general.name,
            category=special.category if says_category else general.category,
            structure=special.structure if says_category else general.structure,
            attributes={**general.attributes, **special.attributes},
            collides=special.collides or general.collides,
            hidden=general.hidden if special.hidden is None else special.hidden,
            emission=general.emission if special.emission is None else special.emission,
        )


def read_labels(path: Path) -> Labels:
    """Read a labels file.

    Raises:
        ConfigError: It is missing or not YAML, or a key or value is not allowed.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigError(f"{path}: a labels file may have {_MAX_BYTES} bytes at most")
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: the labels file cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: the labels file is not YAML: {error}") from error
    return parse_labels({} if data is None else data, str(path))


def parse_labels(data: Any, source: str) -> Labels:
    """Check the content of a labels file.

    Args:
        data: The parsed YAML.
        source: What to call it in messages.

    Raises:
        ConfigError: A key or value is not allowed.
    """
    top = _mapping(data, _FILE_KEYS, source)
    lights = top.get("lights")
    return Labels(
        models=_labels(top.get("models"), f"{source}: models"),
        objects=_labels(top.get("objects"), f"{source}: objects"),
        rooms=tuple(_room(item, source) for item in _list(top.get("rooms"), f"{source}: rooms")),
        start=_numbers(top.get("start"), 3, f"{source}: start"),
        lights=None
        if lights is None
        else tuple(_light(item, source) for item in _list(lights, f"{source}: lights")),
        headlight=_numbers(top.get("headlight"), 3, f"{source}: headlight"),
        sky=_numbers(top.get("sky"), 3, f"{source}: sky"),
        floor=None
        if top.get("floor") is None
        else _numbers([top["floor"]], 1, f"{source}: floor")[0],
    )


def find_label(table: Mapping[str, Label], name: str) -> Label | None:
    """Return the label under a name: the exact one, else the first glob that fits."""
    if name in table:
        return table[name]
    return next((label for key, label in table.items() if fnmatch.fnmatchcase(name, key)), None)


def _labels(data: Any, source: str) -> dict[str, Label]:
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{source} must map names to labels, got {type(data).__name__}")
    return {str(name): parse_label(item, f"{source}: {name}") for name, item in data.items()}


def parse_label(data: Any, source: str) -> Label:
    """Check one label.

    Args:
        data: A mapping with the keys name, category, attributes, collides, hidden and emission;
            a string or null stands for the category alone.
        source: What to call it in messages.

    Raises:
        ConfigError: A key or value is not allowed.
    """
    if data is None or isinstance(data, str):
        data = {"category": data}
    item = _mapping(data, _LABEL_KEYS, source)
    collides = item.get("collides")
    if collides is not None:
        _choice(collides, _COLLIDES, f"{source}: collides")
    emission = item.get("emission")
    return Label(
        name=_text(item.get("name"), f"{source}: name"),
        category=_text(item.get("category"), f"{source}: category"),
        structure="category" in item and item["category"] is None,
        attributes=_attributes(item.get("attributes"), f"{source}: attributes"),
        collides=collides,
        hidden=_flag(item.get("hidden"), f"{source}: hidden"),
        emission=None if emission is None else _numbers([emission], 1, f"{source}: emission")[0],
    )


def _attributes(data: Any, source: str) -> dict[str, str]:
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{source} must map names to words, got {data!r}")
    for key, value in data.items():
        if key in _VOCABULARY:
            _choice(value, _VOCABULARY[key], f"{source}: {key}")
        elif _text(value, f"{source}: {key}") is None:
            raise ConfigError(f"{source}: {key} must not be empty")
    return {str(key): str(value) for key, value in data.items()}


def _room(data: Any, source: str) -> Room:
    item = _mapping(data, _ROOM_KEYS, f"{source}: rooms")
    name = _text(item.get("name"), f"{source}: room name")
    corners = _list(item.get("polygon"), f"{source}: polygon of room {name!r}")
    if name is None or len(corners) < 3:
        raise ConfigError(f"{source}: a room needs a name and a polygon of 3 corners or more")
    points = [_numbers(c, 2, f"{source}: polygon of room {name!r}") for c in corners]
    return Room(name, np.asarray(points, np.float64))


def _light(data: Any, source: str) -> Light:
    item = _mapping(data, _LIGHT_KEYS, f"{source}: lights")
    values: dict[str, Any] = {}
    for key, value in item.items():
        where = f"{source}: lights: {key}"
        if key == "directional":
            values[key] = bool(_flag(value, where))
        elif key == "cutoff":
            values[key] = _numbers([value], 1, where)[0]
        else:
            values[key] = _numbers(value, 3, where)
    return Light(**{"position": (0.0, 0.0, 3.0), **values})


def _mapping(data: Any, allowed: Sequence[str], source: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ConfigError(f"{source} must be a mapping, got {type(data).__name__}")
    for key in data:
        if key not in allowed:
            raise ConfigError(
                f"{source}: unknown key {key!r}.{suggest(str(key), allowed)} "
                f"Allowed: {', '.join(allowed)}"
            )
    return data


def _list(data: Any, source: str) -> list[Any]:
    if data is None:
        return []
    if not isinstance(data, list):
        raise ConfigError(f"{source} must be a list, got {type(data).__name__}")
    return data


def _numbers(data: Any, count: int, source: str) -> Any:
    if data is None:
        return None
    good = isinstance(data, list | tuple) and len(data) == count
    if not good or not all(
        isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in data
    ):
        raise ConfigError(f"{source} must be {count} finite numbers, got {data!r}")
    return tuple(float(v) for v in data)


def _text(value: Any, source: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{source} must be words, got {value!r}")
    return value.strip()


def _flag(value: Any, source: str) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise ConfigError(f"{source} must be true or false, got {value!r}")
    return value


def _choice(value: Any, allowed: Sequence[str], source: str) -> None:
    if value not in allowed:
        raise ConfigError(
            f"{source}: {value!r} is not allowed.{suggest(str(value), allowed)} "
            f"Allowed: {', '.join(allowed)}"
        )
