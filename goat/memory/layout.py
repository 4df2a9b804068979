"""Which of several twins a photo shows, told by what stands around them.

A view of a candidate is imagined from many places; from the right one the remembered things around
it fall on what a detector found in the photo. Only labels and boxes count, so bare walls, plain
chairs and other light do no harm where local features find nothing to hold on to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goat.geometry import area_of, bounds_corners, overlap_of
from goat.memory.vocabulary import canonical
from goat.types import Detection, Float64Array, Instance

_NEAREST = 0.05
"""What is nearer to the camera counts as this far, m."""


@dataclass(frozen=True)
class LayoutConfig:
    """Which views are imagined, and what their agreement says."""

    hfovs: tuple[float, ...] = (math.radians(55.0), math.radians(75.0))
    """Horizontal fields of view, rad."""
    azimuths: int = 36
    """Directions from which the object is looked at."""
    distances: tuple[float, float, int] = (0.5, 6.0, 12)
    """Nearest, farthest and number of horizontal distances, m, in geometric steps."""
    heights: tuple[float, ...] = (0.7, 1.1, 1.5)
    """Heights of the camera above the floor, m."""
    own_overlap: float = 0.4
    """A view must show the object itself this well (intersection over union), ..."""
    views: int = 60
    """... and the best of these are compared in full."""
    refined: int = 4
    """So many of the best are changed a little, ..."""
    tries: int = 24
    """... each in so many ways, ..."""
    refinements: int = 2
    """... so many times."""
    around: float = 5.0
    """What is farther from the candidate does not count, m."""
    neighbours: int = 48
    """Nor do more things than these."""
    updates: int = 2
    """Candidates whose surroundings have changed that are compared again per call."""
    neutral: tuple[float, float] = (0.85, 0.71)
    """Agreement that right and wrong candidates reach alike with few things around, and many."""
    few: tuple[float, float] = (1.0, 1.5)
    """Their weights up to which things are few, and from which they are many."""
    sharpness: float = 16.0
    """Log of the likelihood ratio per unit of agreement."""
    against_rivals: float = 25.0
    """The same between candidates of one memory, which is as complete for one as for another."""
    most: float = 3.5
    """Greatest log of the likelihood ratio of the best candidate, either way."""
    enough: float = 0.4
    """Weight of things around the object that makes the comparison count in full."""


class PhotoLayout:
    """Compares what stands around candidates with what a detector found in one photo."""

    def __init__(
        self,
        detections: Sequence[Detection],
        category: str,
        size: tuple[int, int],
        config: LayoutConfig | None = None,
    ) -> None:
        """Find the object itself among the detections: the most central one of its category.

        Args:
            detections: Of the whole photo.
            category: What its object is called.
            size: Width and height of the photo, px.
            config: Which views are imagined.
        """
        self._config = config or LayoutConfig()
        self._known: dict[int, tuple[bytes, float]] = {}
        width, height = size
        shift, self._edge = np.array([width, height] * 2) / 2.0, np.array([1.0, height / width]) / 2
        boxes = np.array([d.box for d in detections], np.float64).reshape(-1, 4)
        boxes = (boxes - shift) / width
        labels = np.array([canonical(d.label) for d in detections], str)
        off = np.linalg.norm(boxes[:, :2] + boxes[:, 2:], axis=1)
        off[labels != canonical(category)] = np.inf
        found = len(off) > 0 and bool(np.isfinite(off.min()))
        self._own = boxes[off.argmin()] if found else np.zeros(4)
        others = (np.arange(len(boxes)) != off.argmin()) if found else np.zeros(len(boxes), bool)
        self._boxes, self._labels = boxes[others], labels[others]
        self._weights = np.sqrt(area_of(self._boxes) / (4.0 * self._edge.prod())) + 0.05
        self._stands, self._steps = _stands(self._config), _steps(self._config)

    def evidence(
        self, candidates: Sequence[Instance], instances: Sequence[Instance]
    ) -> dict[int, float]:
        """Return candidate id -> log of how much likelier it makes what is around in the photo.

        Args:
            candidates: What the photo may show.
            instances: All that is remembered.
        """
        cfg = self._config
        if len(self._boxes) == 0 or not candidates:
            return {instance.id: 0.0 for instance in candidates}
        agreed = self._agreements(candidates, _Surroundings(instances, self._labels))
        best = max(agreed.values())
        weight = float(self._weights.sum())
        neutral = float(np.interp(weight, cfg.few, cfg.neutral))
        count = min(1.0, weight / cfg.enough)
        best_ratio = max(-cfg.most, min(cfg.most, cfg.sharpness * (best - neutral)))
        return {
            number: count * (best_ratio + cfg.against_rivals * (value - best))
            for number, value in agreed.items()
        }

    def _agreements(
        self, candidates: Sequence[Instance], surroundings: _Surroundings
    ) -> dict[int, float]:
        """Return candidate id -> agreement, anew where something has changed around a few."""
        budget = self._config.updates
        for instance in candidates:
            near = surroundings.near(instance, self._config)
            state = surroundings.state(instance, near)
            old = self._known.get(instance.id)
            if old is not None and (old[0] == state or budget <= 0):
                continue
            budget -= old is not None
            self._known[instance.id] = state, self._agreement(instance, surroundings, near)
        return {instance.id: self._known[instance.id][1] for instance in candidates}

    def _agreement(
        self, instance: Instance, surroundings: _Surroundings, near: NDArray[np.intp]
    ) -> float:
        """Return how well the best view of a candidate agrees with the photo, in [0, 1.1]."""
        cfg = self._config
        center, mine = instance.center.astype(np.float64), bounds_corners(instance.bounds[None])
        corners, labels = surroundings.corners[near], surroundings.labels[near]

        def compare(stands: Float64Array) -> tuple[Float64Array, Float64Array]:
            views = self._views(center, stands)
            own = overlap_of(views.boxes(mine, self._edge)[:, 0], self._own)
            best = np.argsort(-own, kind="stable")[: cfg.views]
            best = best[own[best] > cfg.own_overlap]
            boxes = views.take(best).boxes(corners, self._edge)
            return stands[best], self._explained(boxes, labels) + 0.1 * own[best]

        stands, agreed = compare(self._stands)
        for steps in self._steps:
            best = np.argsort(-agreed, kind="stable")[: cfg.refined]
            finer = (stands[best, None] + steps).reshape(-1, 4)
            stands, agreed = compare(np.concatenate([stands[best], finer]))
        return float(agreed.max(initial=0.0))

    def _explained(self, boxes: Float64Array, labels: NDArray[np.str_]) -> Float64Array:
        """Return (N,) the share of the photo's things that boxes (N, K, 4) fall on."""
        explained = np.zeros(len(boxes))
        for label in np.unique(labels):
            mine, theirs = self._labels == label, boxes[:, labels == label]
            overlap = overlap_of(theirs[:, :, None], self._boxes[mine]).max(axis=1)
            explained += np.sqrt(overlap) @ self._weights[mine]
        return explained / self._weights.sum()

    def _views(self, center: Float64Array, stands: Float64Array) -> _Views:
        """Return the upright cameras that see `center` (3,) in the middle of the object's box.

        Args:
            center: In the map, m.
            stands: (N, 4) direction of the look, rad, log of the distance, height, log of the
                focal length.
        """
        angle, height = stands[:, 0], stands[:, 2]
        away, focal = np.exp(stands[:, 1]), np.exp(stands[:, 3])
        x, y = (self._own[:2] + self._own[2:])[:, None] / 2.0 / focal
        ahead = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        eyes = np.column_stack([center[:2] - away[:, None] * ahead, height])
        rise = np.arctan2(center[2] - height, away)
        # The ray through (x, y) rises by sin(pitch) - y cos(pitch) per its own length.
        length = np.sqrt((1.0 + x**2 + y**2) / (1.0 + y**2))
        pitch = np.arcsin(np.clip(np.sin(rise) * length, -1.0, 1.0)) + np.arctan(y)
        yaw = angle + np.arctan2(x, np.cos(pitch) + y * np.sin(pitch))
        return _Views(eyes, _upright(yaw, pitch), focal)


class _Surroundings:
    """Remembered things of the kinds that a photo shows."""

    def __init__(self, instances: Sequence[Instance], labels: NDArray[np.str_]) -> None:
        kinds = set(labels.tolist())
        kept = [(i, canonical(i.label)) for i in instances if canonical(i.label) in kinds]
        self.labels = np.array([label for _, label in kept], str)
        self._ids = np.array([i.id for i, _ in kept], np.intp)
        self._bounds = np.array([i.bounds for i, _ in kept], np.float64).reshape(-1, 2, 3)
        self._centers = self._bounds.mean(axis=1)
        self.corners = bounds_corners(self._bounds)

    def near(self, instance: Instance, config: LayoutConfig) -> NDArray[np.intp]:
        """Return the rows of what is around an object, nearest first."""
        away = np.linalg.norm(self._centers - instance.center, axis=1)
        away[self._ids == instance.id] = np.inf
        order = np.argsort(away, kind="stable")[: config.neighbours]
        return order[away[order] <= config.around]

    def state(self, instance: Instance, near: NDArray[np.intp]) -> bytes:
        """Return what changes when an object or what is around it does."""
        bounds = np.concatenate([instance.bounds[None], self._bounds[near]])
        return np.rint(bounds / 0.2).astype(np.int16).tobytes() + self._ids[near].tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class _Views:
    """Imagined cameras; lengths in the image are shares of its width, from its middle."""

    eyes: Float64Array
    """(N, 3) in the map, m."""
    camera_from_map: Float64Array
    """(N, 3, 3) rows: right, down, forward."""
    focal: Float64Array
    """(N,)."""

    def take(self, which: NDArray[np.intp]) -> _Views:
        return _Views(self.eyes[which], self.camera_from_map[which], self.focal[which])

    def boxes(self, corners: Float64Array, edge: Float64Array) -> Float64Array:
        """Return (N, K, 4) boxes in the image of things with corners (K, 8, 3)."""
        local = np.einsum(
            "nab,nkcb->nkca", self.camera_from_map, corners[None] - self.eyes[:, None, None]
        )
        depth = np.maximum(local[..., 2], _NEAREST)
        scale = self.focal[:, None, None] / depth
        xy = np.clip(local[..., :2] * scale[..., None], -edge, edge)
        boxes = np.concatenate([xy.min(axis=2), xy.max(axis=2)], axis=-1)
        boxes[local[..., 2].max(axis=2) <= _NEAREST] = 0.0
        return boxes


def _stands(config: LayoutConfig) -> Float64Array:
    """Return (N, 4) where cameras may stand around an object; see `PhotoLayout._views`."""
    near, far, count = config.distances
    axes = np.meshgrid(
        np.linspace(0.0, 2.0 * math.pi, config.azimuths, endpoint=False),
        np.linspace(math.log(near), math.log(far), count),
        np.array(config.heights),
        -np.log(2.0 * np.tan(np.array(config.hfovs) / 2.0)),
        indexing="ij",
    )
    return np.stack([axis.ravel() for axis in axes], axis=1)


def _steps(config: LayoutConfig) -> list[Float64Array]:
    """Return for each refinement (N, 4) smaller and smaller changes of where a camera stands."""
    near, far, count = config.distances
    spacing = np.array(
        [2.0 * math.pi / config.azimuths, math.log(far / near) / (count - 1), 0.4, 0.3]
    )
    spread = np.random.default_rng(0).uniform(-0.5, 0.5, (config.tries, 4)) * spacing
    return [spread / 2.0**round_ for round_ in range(config.refinements)]


def _upright(yaw: Float64Array, pitch: Float64Array) -> Float64Array:
    """Return (N, 3, 3) optical frames without roll; rows right, down, forward in the map."""
    cos_yaw, sin_yaw, cos, sin = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    right = np.stack([sin_yaw, -cos_yaw, np.zeros_like(yaw)], axis=1)
    down = np.stack([sin * cos_yaw, sin * sin_yaw, -cos], axis=1)
    forward = np.stack([cos * cos_yaw, cos * sin_yaw, sin], axis=1)
    return np.stack([right, down, forward], axis=1)
