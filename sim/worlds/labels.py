"""Categories, attributes and ways to collide for the models of a world."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from goat.registry import suggest
from sim.worlds.label_files import Label, Labels, find_label, read_labels
from sim.worlds.naming import category_of
from sim.worlds.sdf_models import ModelParts
from sim.worlds.world import Material, Part, WorldObject

_SHIPPED = Path(__file__).parent / "labels"


def find_labels(world: Path, labels: Path | None, models: Iterable[str]) -> Labels:
    """Return the labels of a world: the named file, the one beside it, or one that ships.

    Args:
        world: The world's file.
        labels: A labels file; None looks for one.
        models: Names of the world's models; a shipped file must name most of them.

    Raises:
        ConfigError: The file cannot be used.
    """
    beside = world.with_name(f"{world.stem}.labels.yaml")
    if labels is not None or beside.is_file():
        return read_labels(labels or beside)
    fitting = [p for p in sorted(_SHIPPED.glob("*.yaml")) if p.stem in world.stem]
    names = set(models)
    for path in sorted(fitting, key=lambda p: -len(p.stem)):
        found = read_labels(path)
        known = [name for name in names if find_label(found.models, name) is not None]
        if 2 * len(known) >= len(names):
            return found
    return Labels()


def dress(
    models: Sequence[ModelParts], labels: Labels, warnings: list[str]
) -> tuple[WorldObject, ...]:
    """Turn models into world objects with unique names, categories and attributes.

    Args:
        models: What a loader found.
        labels: What is known about them.
        warnings: Receives a line for each name that occurs twice, or in the labels only.
    """
    warnings.extend(_strangers(labels, [model.name for model in models]))
    taken: set[str] = set()
    glowing = _Glowing()
    objects = []
    for model in models:
        label = labels.of(model.name, model.model)
        parts = () if label.hidden else _parts(model, label, glowing)
        if not parts:
            continue
        name = _unique(label.name or model.name, taken, warnings)
        category = None if label.structure else label.category or category_of(model.model)
        objects.append(WorldObject(name, category, parts, dict(label.attributes)))
    return tuple(objects)


class _Glowing(dict[tuple[Material, float], Material]):
    """Materials with another emission, each made once."""

    def __missing__(self, key: tuple[Material, float]) -> Material:
        material, emission = key
        self[key] = replace(material, name=f"{material.name}^{emission:g}", emission=emission)
        return self[key]


def _parts(model: ModelParts, label: Label, glowing: _Glowing) -> tuple[Part, ...]:
    visuals, collisions = model.visuals, model.collisions
    if label.emission is not None:
        visuals = tuple(replace(p, material=glowing[p.material, label.emission]) for p in visuals)
    if label.collides == "nothing":
        return tuple(replace(part, collides=False) for part in visuals)
    if label.collides == "visuals" or not collisions:
        return tuple(replace(part, collides=True) for part in visuals)
    return (*visuals, *collisions)


def _unique(name: str, taken: set[str], warnings: list[str]) -> str:
    unique, k = name, 1
    while unique in taken:
        k += 1
        unique = f"{name}_{k}"
    if k > 1:
        warnings.append(f"two objects are called {name!r}; one is renamed {unique!r}")
    taken.add(unique)
    return unique


def _strangers(labels: Labels, names: Sequence[str]) -> Iterator[str]:
    """Yield a line for each instance that the labels name (not as a glob) and the world lacks."""
    for name in labels.objects:
        if name not in names and not set(name) & set("*?["):
            yield f"the labels name {name!r}, which is not in the world.{suggest(name, names)}"
