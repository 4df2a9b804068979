"""The instance memory: every object ever seen, told apart from its neighbours.

After the Object Instance Memory of GOAT (2023, https://arxiv.org/abs/2311.06430), with exclusive
assignment, merging, splitting and negative evidence, which the paper's method lacks.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import RigidTransform

from goat.geometry import bounds_touch, project, transform_points, voxel_indices
from goat.memory.association import (
    AssociationConfig,
    assign,
    cells_inside,
    near_cells,
    overlaps,
    shared,
)
from goat.memory.lifting import LiftConfig, Lifted, lift
from goat.memory.tracks import Track
from goat.memory.views import ViewConfig, make_view, quality, sector
from goat.types import BoolArray, Detection, Float32Array, Instance, Observation, UInt8Array

_CERTAIN = 2
"""Frames in which two neighbours are seen side by side before they are two for good."""

Describer = Callable[[UInt8Array, BoolArray, Float32Array], tuple[Float32Array, dict[str, float]]]
"""(rgb (H, W, 3), mask (H, W), box (4,)) -> (embedding (D,) of unit norm, attribute strengths)."""


@dataclass(frozen=True)
class InstanceConfig:
    """How objects are told apart and forgotten."""

    lift: LiftConfig = field(default_factory=LiftConfig)
    """From masks to voxels."""
    association: AssociationConfig = field(default_factory=AssociationConfig)
    """Which detection is which object."""
    view: ViewConfig = field(default_factory=ViewConfig)
    """What is kept of a look."""
    views_per_update: int = 4
    """Looks encoded per frame, besides the first look at a new object."""
    max_voxels: int = 4096
    """An object's shape stops growing here."""
    confirm: int = 2
    """Frames after which an object is trusted."""
    tidy_every: int = 20
    """Frames between passes that merge records of one object."""
    merge_overlap: float = 0.6
    """Records of one category that share this much are one object."""
    miss_range: tuple[float, float] = (0.5, 4.0)
    """Depths between which a missing object counts as evidence against it, m."""
    miss_margin: float = 0.25
    """A voxel is gone when the camera sees this much farther through it, m."""
    miss_share: float = 0.6
    """An object is missed when this share of its visible voxels is gone."""
    forget: int = 4
    """Misses in a row after which an object is removed."""


def same_label(a: str, b: str) -> bool:
    """Return whether two detector labels are equal: the strictest notion of compatible."""
    return a == b


class InstanceMemory:
    """Objects in the map frame."""

    def __init__(
        self,
        describer: Describer,
        config: InstanceConfig | None = None,
        compatible: Callable[[str, str], bool] = same_label,
    ) -> None:
        """Start empty.

        Args:
            describer: Measures how an object looks; called for looks that are kept.
            config: How objects are told apart.
            compatible: Whether two detector labels may be the same object.
        """
        self.config = config or InstanceConfig()
        self._describe = describer
        self._compatible = compatible
        self._tracks: dict[int, Track] = {}
        self._distinct: Counter[tuple[int, int]] = Counter()
        self._next_id = 1
        self._next_view = 1
        self._updates = 0
        self._changed: set[int] = set()
        self._removed: set[int] = set()

    def update(
        self,
        detections: Sequence[Detection],
        observation: Observation,
        map_from_base: RigidTransform,
    ) -> dict[int, int]:
        """Fuse the detections of one frame.

        Returns:
            Detection index -> instance id; detections without usable depth are missing.
        """
        map_from_camera = map_from_base * observation.base_from_camera
        indices, lifted = self._lift_all(detections, observation, map_from_camera)
        tracks = list(self._tracks.values())
        table = overlaps(lifted, tracks, self._compatible, self.config.association)
        chosen = assign(lifted, tracks, table, self.config.association)
        owners = [tracks[chosen[row]] if row in chosen else None for row in range(len(lifted))]
        self._split(lifted, tracks, table, chosen)
        seen = [
            self._fuse(item, owner, observation.stamp)
            for item, owner in zip(lifted, owners, strict=True)
        ]
        self._keep_views(lifted, seen, observation, map_from_camera)
        self._note_distinct(seen)
        self._miss(observation, map_from_camera, {track.id for track in seen})
        self._updates += 1
        if self._updates % self.config.tidy_every == 0:
            self._tidy()
        return {index: track.id for index, track in zip(indices, seen, strict=True)}

    def instances(self) -> tuple[Instance, ...]:
        """Return what is remembered, in order of id."""
        return tuple(track.snapshot(self.config.confirm) for track in self._tracks.values())

    def get(self, instance_id: int) -> Instance | None:
        """Return one object, or None if it was forgotten or merged away."""
        track = self._tracks.get(instance_id)
        return None if track is None else track.snapshot(self.config.confirm)

    def restore(
        self,
        tracks: Iterable[Track],
        next_id: int,
        next_view: int,
        distinct: Iterable[tuple[int, int]] = (),
    ) -> None:
        """Take over stored records, and which of them are known to be different objects."""
        self._tracks = {track.id: track for track in sorted(tracks, key=lambda t: t.id)}
        self._distinct = Counter(dict.fromkeys(distinct, _CERTAIN))
        self._next_id = next_id
        self._next_view = next_view

    def take_changes(self) -> tuple[list[Track], set[int]]:
        """Return the records changed and the ids removed since the last call."""
        changed = [self._tracks[i] for i in sorted(self._changed) if i in self._tracks]
        removed = set(self._removed)
        self._changed.clear()
        self._removed.clear()
        return changed, removed

    def return_changes(self, changed: Iterable[Track], removed: Iterable[int]) -> None:
        """Count changes as not taken: they could not be written."""
        self._changed.update(track.id for track in changed)
        self._removed.update(removed)

    @property
    def distinct(self) -> list[tuple[int, int]]:
        """Pairs of ids that were seen side by side often enough never to be merged."""
        return sorted(pair for pair, times in self._distinct.items() if times >= _CERTAIN)

    @property
    def counters(self) -> tuple[int, int]:
        """The next instance id and the next view id."""
        return self._next_id, self._next_view

    def _lift_all(
        self,
        detections: Sequence[Detection],
        observation: Observation,
        map_from_camera: RigidTransform,
    ) -> tuple[list[int], list[Lifted]]:
        lifted = [
            (index, lift(detection, observation, map_from_camera, self.config.lift))
            for index, detection in enumerate(detections)
        ]
        kept = [(index, item) for index, item in lifted if item is not None]
        return [index for index, _ in kept], [item for _, item in kept]

    def _fuse(self, item: Lifted, owner: Track | None, stamp: float) -> Track:
        if owner is None:
            owner = Track(self._next_id, item.keys, self.config.lift.voxel, stamp, stamp)
            self._tracks[owner.id] = owner
            self._next_id += 1
        owner.observe(item, stamp, self.config.max_voxels)
        self._changed.add(owner.id)
        return owner

    def _split(
        self,
        lifted: Sequence[Lifted],
        tracks: Sequence[Track],
        table: Float32Array,
        chosen: dict[int, int],
    ) -> None:
        """Take from a record what a second detection of the same frame shows to be another object.

        The second detection itself starts a new record, since its owner is taken.
        """
        taken = {column: row for row, column in chosen.items()}
        for row in set(range(len(lifted))) - set(chosen):
            close = table[row] >= self.config.association.min_overlap
            for column in np.flatnonzero(close).tolist():
                if column in taken:
                    self._carve(tracks[column], lifted[taken[column]], lifted[row])

    def _carve(self, track: Track, own: Lifted, other: Lifted) -> None:
        foreign = cells_inside(track.cells, *near_cells(voxel_indices(other.keys)))
        foreign &= ~cells_inside(track.cells, *near_cells(voxel_indices(own.keys)))
        if foreign.any() and not foreign.all():
            track.set_keys(track.keys[~foreign])
            self._changed.add(track.id)

    def _keep_views(
        self,
        lifted: Sequence[Lifted],
        seen: Sequence[Track],
        observation: Observation,
        map_from_camera: RigidTransform,
    ) -> None:
        gains = [
            (self._gain(item, track, map_from_camera), index)
            for index, (item, track) in enumerate(zip(lifted, seen, strict=True))
        ]
        wanted = sorted((pair for pair in gains if pair[0] > 0.0), reverse=True)
        fresh = [pair for pair in wanted if not seen[pair[1]].views]
        rest = [pair for pair in wanted if seen[pair[1]].views]
        for _, index in fresh + rest[: self.config.views_per_update]:
            self._add_view(lifted[index], seen[index], observation, map_from_camera)

    def _gain(self, item: Lifted, track: Track, map_from_camera: RigidTransform) -> float:
        """Return how much better than what is kept a look is; 0 = not worth keeping."""
        cfg = self.config.view
        if item.pixels < cfg.min_pixels and track.views:
            return 0.0
        value = quality(item, cfg)
        mine = track.views.get(sector(track.bounds.mean(axis=0), map_from_camera, cfg.keep))
        if mine is None:
            return value
        return value - mine.quality if value > cfg.replace * mine.quality else 0.0

    def _add_view(
        self,
        item: Lifted,
        track: Track,
        observation: Observation,
        map_from_camera: RigidTransform,
    ) -> None:
        detection, cfg = item.detection, self.config.view
        embedding, attributes = self._describe(observation.rgb, detection.mask, detection.box)
        view = make_view(self._next_view, item, observation, map_from_camera, embedding, cfg)
        self._next_view += 1
        track.add_view(
            sector(track.bounds.mean(axis=0), map_from_camera, cfg.keep), view, attributes
        )
        self._changed.add(track.id)

    def _note_distinct(self, seen: Sequence[Track]) -> None:
        """Remember which neighbours of one category were seen side by side: they never merge."""
        for a, b in itertools.combinations(seen, 2):
            if a.label == b.label and bounds_touch(a.bounds, b.bounds, 0.1):
                self._distinct[min(a.id, b.id), max(a.id, b.id)] += 1

    def _miss(
        self, observation: Observation, map_from_camera: RigidTransform, seen: set[int]
    ) -> None:
        """Count against objects that the camera looks through; forget those missed often."""
        tracks = [track for track in self._tracks.values() if track.id not in seen]
        if not tracks:
            return
        samples = [track.points[:: len(track.points) // 32 + 1] for track in tracks]
        owner = np.repeat(np.arange(len(tracks)), [len(sample) for sample in samples])
        visible, gone = self._look_through(np.concatenate(samples), observation, map_from_camera)
        shown = np.bincount(owner[visible], minlength=len(tracks))
        through = np.bincount(owner[gone], minlength=len(tracks))
        for index in np.flatnonzero((shown >= 6) & (through > self.config.miss_share * shown)):
            track = tracks[index]
            track.misses += 1
            self._changed.add(track.id)
            if track.misses >= self.config.forget:
                self._drop(track.id)

    def _look_through(
        self, points: Float32Array, observation: Observation, map_from_camera: RigidTransform
    ) -> tuple[BoolArray, BoolArray]:
        """Return (N,) which points fall on valid pixels in range, and which are seen through."""
        local = transform_points(map_from_camera.inv(), points)
        xy, z = project(local, observation.camera)
        low, high = self.config.miss_range
        size = (observation.camera.width - 1, observation.camera.height - 1)
        with np.errstate(invalid="ignore"):
            inside = ((xy >= 0.0) & (xy <= size)).all(axis=1) & (z > low) & (z < high)
        visible, gone = np.zeros(len(points), np.bool_), np.zeros(len(points), np.bool_)
        pixels = np.rint(xy[inside]).astype(np.intp)
        depth = observation.depth[pixels[:, 1], pixels[:, 0]]
        visible[inside] = np.isfinite(depth)
        gone[inside] = depth > z[inside] + self.config.miss_margin
        return visible, gone

    def _tidy(self) -> None:
        """Merge records of one object."""
        tracks = list(self._tracks.values())
        if len(tracks) < 2:
            return
        bounds = np.stack([track.bounds for track in tracks])
        margin = self.config.association.margin
        low, high = bounds[:, 0] - margin, bounds[:, 1] + margin
        touch = (low[:, None] <= bounds[:, 1]).all(axis=2)
        touch &= (high[:, None] >= bounds[:, 0]).all(axis=2)
        for i, j in np.argwhere(np.triu(touch, 1)):
            a, b = tracks[i], tracks[j]
            if a.id in self._tracks and b.id in self._tracks and self._is_one(a, b):
                a.absorb(b, self.config.max_voxels)
                self._changed.add(a.id)
                self._drop(b.id, heir=a.id)

    def _is_one(self, a: Track, b: Track) -> bool:
        if not self._compatible(a.label, b.label) or self._distinct[a.id, b.id] >= _CERTAIN:
            return False
        small, large = sorted((a, b), key=lambda track: len(track.keys))
        block, low = near_cells(small.cells)
        return shared(large.cells, block, low, len(small.keys)) >= self.config.merge_overlap

    def _drop(self, instance_id: int, heir: int | None = None) -> None:
        del self._tracks[instance_id]
        self._changed.discard(instance_id)
        self._removed.add(instance_id)
        for pair in [pair for pair in self._distinct if instance_id in pair]:
            times = self._distinct.pop(pair)
            other = sum(pair) - instance_id
            if heir is not None and other != heir:
                self._distinct[min(other, heir), max(other, heir)] += times
