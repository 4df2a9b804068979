"""The live record of one remembered object."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from goat.geometry import bounds_of, unique_keys, voxel_centers, voxel_indices
from goat.memory.lifting import Lifted
from goat.types import Float32Array, Instance, View


@dataclass(slots=True)
class Track:
    """What the memory owns of an object; `snapshot` is what others see."""

    id: int
    keys: NDArray[np.int64]
    voxel: float
    first_seen: float
    last_seen: float
    votes: dict[str, float] = field(default_factory=dict)
    observations: int = 0
    misses: int = 0
    views: dict[int, View] = field(default_factory=dict)
    attribute_sums: dict[str, float] = field(default_factory=dict)
    attribute_weight: float = 0.0
    cells: NDArray[np.int64] = field(init=False)
    points: Float32Array = field(init=False)
    bounds: Float32Array = field(init=False)
    _snapshot: Instance | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Derive geometry from the voxel keys."""
        self.set_keys(self.keys)

    @property
    def label(self) -> str:
        """The most likely category."""
        return max(self.votes, key=lambda name: self.votes[name])

    @property
    def embedding(self) -> Float32Array | None:
        """Appearance of the best view."""
        best = max(self.views.values(), key=lambda view: view.quality, default=None)
        return None if best is None else best.embedding

    def set_keys(self, keys: NDArray[np.int64]) -> None:
        """Replace the voxels (sorted unique keys)."""
        self.keys = keys
        self.cells = voxel_indices(keys)
        self.points = voxel_centers(keys, self.voxel)
        self.bounds = bounds_of(self.points)
        self._snapshot = None

    def observe(self, lifted: Lifted, stamp: float, max_voxels: int) -> None:
        """Fuse one detection."""
        votes, label = self.votes, lifted.detection.label
        votes[label] = votes.get(label, 0.0) + lifted.detection.score
        self.observations += 1
        self.last_seen = stamp
        self.misses = 0
        self._snapshot = None
        merged = unique_keys(np.concatenate([self.keys, lifted.keys]))
        if len(self.keys) < len(merged) <= max_voxels:
            self.set_keys(merged)

    def add_view(self, sector: int, view: View, attributes: dict[str, float]) -> None:
        """Keep a look and what it measured."""
        self.views[sector] = view
        weight = max(view.quality, 1e-3)
        for name, value in attributes.items():
            self.attribute_sums[name] = self.attribute_sums.get(name, 0.0) + weight * value
        self.attribute_weight += weight
        self._snapshot = None

    def absorb(self, other: Track, max_voxels: int) -> None:
        """Take over everything another record of the same object knows."""
        merged = unique_keys(np.concatenate([self.keys, other.keys]))
        self.set_keys(merged if len(merged) <= max_voxels else self.keys)
        for label, vote in other.votes.items():
            self.votes[label] = self.votes.get(label, 0.0) + vote
        for name, value in other.attribute_sums.items():
            self.attribute_sums[name] = self.attribute_sums.get(name, 0.0) + value
        self.attribute_weight += other.attribute_weight
        for sector, view in other.views.items():
            mine = self.views.get(sector)
            if mine is None or view.quality > mine.quality:
                self.views[sector] = view
        self.observations += other.observations
        self.first_seen = min(self.first_seen, other.first_seen)
        self.last_seen = max(self.last_seen, other.last_seen)

    def snapshot(self, confirm: int) -> Instance:
        """Return an immutable copy; confirmed from `confirm` observations on."""
        if self._snapshot is None:
            total = sum(self.votes.values()) or 1.0
            weight = self.attribute_weight or 1.0
            ordered = sorted(self.views.values(), key=lambda view: -view.quality)
            self._snapshot = Instance(
                id=self.id,
                label_scores={name: vote / total for name, vote in self.votes.items()},
                points=self.points,
                bounds=self.bounds,
                views=tuple(ordered),
                first_seen=self.first_seen,
                last_seen=self.last_seen,
                observations=self.observations,
                confirmed=self.observations >= confirm,
                attributes={name: value / weight for name, value in self.attribute_sums.items()},
            )
        return self._snapshot
