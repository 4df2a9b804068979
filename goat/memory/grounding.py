"""How well each remembered object fits a description, from what the memory measured.

Every part of the description gives a factor in (0, 1]; the fit is their product. Measured shares
are softened, because light shifts colours and views are partial.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from goat.geometry import bounds_distance
from goat.memory.language import Description, Relation
from goat.memory.rooms import RoomFinder, RoomMap
from goat.memory.vocabulary import NEAR_COLORS, accepts, canonical
from goat.types import Float32Array, Instance, OccupancyGrid


@dataclass(frozen=True)
class GroundingConfig:
    """How hard each part of a description counts."""

    floor: float = 0.04
    """No single part lowers the fit below this share."""
    color_half: float = 0.25
    """Share of a colour at which it counts half."""
    color_width: float = 0.06
    """How sharply it counts more or less around that share."""
    near_color: float = 0.2
    """What a colour that light may turn into the asked one counts."""
    material_floor: float = 0.35
    """Materials are measured poorly, so they lower the fit at most to this."""
    near: float = 0.9
    """Gap at which "next to" has fallen to 1/e, m."""
    other_kind: float = 0.5
    """What a kind of the thing asked for counts where the thing itself has a label of its own."""
    room_floor: float = 0.06
    """Room types are inferred, so they lower the fit at most to this."""


@dataclass(frozen=True)
class Scene:
    """Everything a description may refer to."""

    instances: Sequence[Instance]
    """What is remembered."""
    grid: OccupancyGrid
    """Where it is."""
    finder: RoomFinder
    """Tells the rooms."""
    labels: frozenset[str] = frozenset()
    """Categories the detector tells apart, in canonical words."""

    @cached_property
    def rooms(self) -> RoomMap:
        """The rooms; found only when a description asks for one."""
        return self.finder.find(self.grid, self.instances)


class Grounder:
    """Scores instances against descriptions in one scene."""

    def __init__(self, scene: Scene, config: GroundingConfig | None = None) -> None:
        """Keep the scene.

        Args:
            scene: What may be referred to.
            config: How hard each part counts.
        """
        self._scene = scene
        self._config = config or GroundingConfig()

    def fits(self, description: Description) -> dict[int, float]:
        """Return instance id -> fit in [0, 1]; ids whose category cannot be meant are missing."""
        nouns = {
            instance.id: self._noun(description.noun, instance)
            for instance in self._scene.instances
        }
        candidates = [i for i in self._scene.instances if nouns[i.id] > 0.0]
        return {
            instance.id: nouns[instance.id] * self._parts(description, instance, candidates)
            for instance in candidates
        }

    def _noun(self, noun: str | None, instance: Instance) -> float:
        """Return how well the noun fits; who says "lamp" may mean a ceiling light, but rather not.

        Only where the detector tells the two apart.
        """
        fit = noun_fit(noun, instance.label_scores)
        if noun is None or canonical(noun) not in self._scene.labels:
            return fit
        same = canonical(instance.label) == canonical(noun)
        return fit if same else fit * self._config.other_kind

    def _parts(
        self, description: Description, instance: Instance, candidates: Sequence[Instance]
    ) -> float:
        cfg = self._config
        fit = 1.0
        for color in description.colors:
            fit *= self._color(color, instance.attributes)
        if description.materials:
            fit *= self._material(description.materials, instance.attributes)
        for size in description.sizes:
            fit *= max(cfg.floor, size_fit(size, instance, candidates))
        if description.room is not None:
            inside = self._scene.rooms.probability(instance.id, description.room)
            fit *= cfg.room_floor + (1.0 - cfg.room_floor) * inside
        for kind in dict.fromkeys(relation.kind for relation in description.relations):
            relations = [r for r in description.relations if r.kind == kind]
            for relation in relations:
                fit *= max(cfg.floor, self._relation(relation, instance))
        return fit

    def _color(self, color: str, attributes: Mapping[str, float]) -> float:
        cfg = self._config
        share = attributes.get(f"color:{color}", 0.0)
        near = sum(attributes.get(f"color:{other}", 0.0) for other in NEAR_COLORS[color])
        share += cfg.near_color * near
        odds = math.exp((share - cfg.color_half) / cfg.color_width)
        return max(cfg.floor, odds / (1.0 + odds))

    def _material(self, materials: Sequence[str], attributes: Mapping[str, float]) -> float:
        cfg = self._config
        share = max(attributes.get(f"material:{name}", 0.0) for name in materials)
        most = max((v for k, v in attributes.items() if k.startswith("material:")), default=0.0)
        likeness = share / most if most > 0.0 else 0.5
        return cfg.material_floor + (1.0 - cfg.material_floor) * likeness

    def _relation(self, relation: Relation, instance: Instance) -> float:
        anchors = self.fits(relation.anchor)
        places = {other.id: other for other in self._scene.instances}
        test = _TESTS[relation.kind]
        return max(
            (
                fit * test(instance.bounds, places[anchor].bounds, self._config.near)
                for anchor, fit in anchors.items()
                if anchor != instance.id
            ),
            default=0.0,
        )


def noun_fit(noun: str | None, label_scores: Mapping[str, float]) -> float:
    """Return how well an object's label scores answer a noun; 0.5 for no noun at all."""
    if noun is None:
        return 0.5
    return max(accepts(noun, label) * min(1.0, 1.25 * s) for label, s in label_scores.items())


def size_fit(size: str, instance: Instance, candidates: Sequence[Instance]) -> float:
    """Return how well a size word suits an instance among those it could be confused with."""
    measure = _height if size in {"tallest", "lowest", "tall", "low"} else _volume
    mine = measure(instance)
    values = [measure(other) for other in candidates]
    downward = size in {"smallest", "lowest", "small", "low"}
    if size.endswith("est"):
        best = min(values) if downward else max(values)
        ratio = best / mine if downward else mine / best
        return float(np.clip(ratio, 0.0, 1.0)) ** 4
    if len(values) < 2:
        return 0.8
    below = sum(value < mine for value in values) / (len(values) - 1)
    return 1.0 - below if downward else below


def _near(a: Float32Array, b: Float32Array, reach: float) -> float:
    return math.exp(-((bounds_distance(a, b) / reach) ** 2))


def _on(a: Float32Array, b: Float32Array, reach: float) -> float:
    lift = abs(float(a[0, 2] - b[1, 2]))
    sunk = bool(b[0, 2] < a[0, 2] < b[1, 2] and a[1, 2] > b[1, 2] - 0.1)
    vertical = 1.0 if sunk else math.exp(-((lift / 0.15) ** 2))
    return vertical * _flat_overlap(a, b) * min(1.0, _near(a, b, reach) + 0.2)


def _above(a: Float32Array, b: Float32Array, reach: float) -> float:
    middle = float(a[:, 2].mean() - b[1, 2])
    higher = 1.0 / (1.0 + math.exp(-middle / 0.1))
    sideways = bounds_distance(a * (1.0, 1.0, 0.0), b * (1.0, 1.0, 0.0))
    return higher * math.exp(-((sideways / reach) ** 2))


def _under(a: Float32Array, b: Float32Array, reach: float) -> float:
    return _above(b, a, reach)


def _flat_overlap(a: Float32Array, b: Float32Array) -> float:
    """Return the share of a's footprint above b's, softened to 0.05 below."""
    low, high = np.maximum(a[0, :2], b[0, :2]), np.minimum(a[1, :2], b[1, :2])
    common = float(np.prod(np.maximum(high - low, 0.0)))
    own = float(np.prod(np.maximum(a[1, :2] - a[0, :2], 0.02)))
    return 0.05 + 0.95 * min(1.0, common / own)


def _height(instance: Instance) -> float:
    return float(instance.bounds[1, 2] - instance.bounds[0, 2]) + 0.05


def _volume(instance: Instance) -> float:
    return float(np.prod(instance.bounds[1] - instance.bounds[0] + 0.05))


_TESTS: dict[str, Callable[[Float32Array, Float32Array, float], float]] = {
    "near": _near,
    "between": _near,
    "in": _near,
    "on": _on,
    "above": _above,
    "under": _under,
}
