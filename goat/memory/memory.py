"""The whole memory: map, instances and the file that keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scipy.spatial.transform import RigidTransform

from goat.errors import MemoryFileError
from goat.frames import planar_of
from goat.memory.instances import Describer, InstanceConfig, InstanceMemory
from goat.memory.landmarks import LandmarkConfig, LandmarkMap
from goat.memory.semantic_map import MapConfig, SemanticMap
from goat.memory.store import MemoryStore, StoredMemory
from goat.memory.vocabulary import compatible
from goat.protocols import KeypointMatcher
from goat.types import Body, Detection, Instance, Observation, OccupancyGrid


@dataclass(frozen=True)
class MemoryConfig:
    """What is remembered and how often it is written."""

    map: MapConfig = field(default_factory=MapConfig)
    """From depth to free space."""
    instances: InstanceConfig = field(default_factory=InstanceConfig)
    """From detections to objects."""
    landmarks: LandmarkConfig = field(default_factory=LandmarkConfig)
    """Which places are remembered."""
    save_every: int = 8
    """Updates per transaction."""


class Memory:
    """What the robot knows of a place; one per place and frame."""

    def __init__(
        self,
        body: Body,
        describer: Describer,
        features: KeypointMatcher,
        path: Path | None = None,
        config: MemoryConfig | None = None,
    ) -> None:
        """Open `path` and continue from it, or start afresh in memory.

        Args:
            body: Its size decides what is free.
            describer: Measures how an object looks.
            features: Finds the local features that tell places apart.
            path: SQLite file; None keeps nothing after the run.
            config: What is remembered.

        Raises:
            MemoryFileError: The file cannot be used; it is left as it is.
        """
        self.config = config or MemoryConfig()
        self._body = body
        self.map = SemanticMap(body, self.config.map)
        self.objects = InstanceMemory(describer, self.config.instances, compatible)
        self.landmarks = LandmarkMap(features, self.config.landmarks)
        self._updates = 0
        self._store = None if path is None else MemoryStore(path)
        if self._store is not None:
            self._restore(self._store)

    def look(self, observation: Observation, map_from_base: RigidTransform) -> None:
        """Fuse an observation's depth into the map."""
        self.map.update(observation, map_from_base)
        x, y, _ = planar_of(map_from_base)
        self.map.mark_free((x, y), self._body.radius)

    def remember(
        self,
        detections: Sequence[Detection],
        observation: Observation,
        map_from_base: RigidTransform,
    ) -> dict[int, int]:
        """Fuse detections; return detection index -> instance id."""
        owners = self.objects.update(detections, observation, map_from_base)
        self.landmarks.add(observation, map_from_base)
        self._updates += 1
        if self._updates % self.config.save_every == 0:
            self.save()
        return owners

    def instances(self) -> tuple[Instance, ...]:
        """Return what is remembered."""
        return self.objects.instances()

    def grid(self) -> OccupancyGrid:
        """Return the map."""
        return self.map.grid()

    def uninspected(self) -> OccupancyGrid:
        """Return the map with places where something may hide as unknown."""
        return self.map.uninspected()

    def save(self) -> None:
        """Write what changed in one transaction; does nothing without a file.

        Raises:
            MemoryFileError: It could not be written; the next call tries again.
        """
        if self._store is None:
            return
        changed, removed = self.objects.take_changes()
        tiles = self.map.take_dirty_tiles()
        frames = self.landmarks.take_new()
        counters, distinct = self.objects.counters, self.objects.distinct
        try:
            self._store.save(changed, removed, tiles, counters, frames, distinct)
        except MemoryFileError:
            self.objects.return_changes(changed, removed)
            self.map.return_dirty_tiles(tiles)
            self.landmarks.return_new(frames)
            raise

    def close(self) -> None:
        """Save and close the file."""
        if self._store is not None:
            store = self._store
            try:
                self.save()
            finally:
                store.close()
                self._store = None

    def _restore(self, store: MemoryStore) -> None:
        try:
            stored = store.load()
            self._load_map(stored, store.path)
        except MemoryFileError:
            store.close()
            raise
        self.landmarks.restore(stored.frames)
        self.objects.restore(stored.tracks, stored.next_id, stored.next_view, stored.distinct)

    def _load_map(self, stored: StoredMemory, path: Path) -> None:
        try:
            self.map.load_tiles(stored.tiles)
        except ValueError as error:
            raise MemoryFileError(
                f"{path} holds a piece of map that cannot be read ({error}); it was left as it is. "
                "Restore a copy or start with another file"
            ) from error
