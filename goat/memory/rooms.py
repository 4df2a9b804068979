"""Rooms from the map: free space cut at doors, named by what stands in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from goat.memory.vocabulary import ROOM_SIGNS, accepts
from goat.types import CellState, Instance, Int32Array, OccupancyGrid


@dataclass(frozen=True)
class RoomConfig:
    """Where one room ends and the next begins."""

    door: float = 0.5
    """Free space narrower than twice this separates rooms, m."""
    min_area: float = 0.3
    """Smaller cores are not rooms, m2."""
    reach: float = 2.0
    """An object belongs to the room of the nearest free cell within this distance, m."""
    spread: float = 2.5
    """How far an object speaks for the room around it, m: open plans have no doors."""
    beyond: float = 0.1
    """What a sign counts across a door, or across furniture that looks like one."""
    doubt: float = 1.0
    """Votes of an imagined unknown room type; keeps a single weak sign from deciding."""


def segment(grid: OccupancyGrid, config: RoomConfig) -> Int32Array:
    """Return (rows, cols) room numbers from 1; 0 where there is no room.

    Free space is eroded by half a door's width, its connected cores are the rooms, and every other
    known cell joins the nearest core.
    """
    passable = np.asarray(grid.state != CellState.OCCUPIED, np.uint8)
    free = np.asarray(grid.state == CellState.FREE, np.uint8)
    distance = cv2.distanceTransform(passable, cv2.DIST_L2, 3) * grid.resolution
    core = ((distance > config.door) & (free > 0)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA] * grid.resolution**2
    number = np.zeros(count, np.int32)
    large = [i for i in range(1, count) if areas[i] >= config.min_area]
    number[large] = np.arange(1, len(large) + 1)
    seeds = number[np.asarray(labels, np.int32)]
    if not large:
        return seeds
    _, nearest = cv2.distanceTransformWithLabels(
        (seeds == 0).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros(nearest.max() + 1, np.int32)
    of_label[nearest[seeds > 0]] = seeds[seeds > 0]
    rooms = of_label[nearest]
    rooms[grid.state == CellState.UNKNOWN] = 0
    return rooms


class RoomMap:
    """Which room each instance is in, and what each room is."""

    def __init__(
        self,
        grid: OccupancyGrid,
        instances: Sequence[Instance],
        config: RoomConfig | None = None,
    ) -> None:
        """Cut the map into rooms and let the instances vote on their types."""
        self._config = config or RoomConfig()
        rooms = segment(grid, self._config)
        self.room_of = _place(grid, rooms, instances, self._config.reach)
        self._types = _vote(self.room_of, instances, self._config)

    def probability(self, instance_id: int, room: str) -> float:
        """Return the probability that an instance is in a room of type `room`."""
        return self._types.get(instance_id, {}).get(room, 0.0)


def _place(
    grid: OccupancyGrid, rooms: Int32Array, instances: Sequence[Instance], reach: float
) -> dict[int, int]:
    # Walls carry the number of the nearest core, which may lie behind them: ask free cells only.
    free = (grid.state == CellState.FREE) & (rooms > 0)
    if not free.any() or not instances:
        return {}
    distance, nearest = cv2.distanceTransformWithLabels(
        (~free).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros(nearest.max() + 1, np.int32)
    of_label[nearest[free]] = rooms[free]
    placed = {}
    for instance in instances:
        cells = grid.cells(instance.points[:: len(instance.points) // 64 + 1, :2])
        cells = cells[grid.inside(cells)]
        near = cells[distance[cells[:, 0], cells[:, 1]] * grid.resolution <= reach]
        if len(near):
            votes = np.bincount(of_label[nearest[near[:, 0], near[:, 1]]])
            placed[instance.id] = int(votes.argmax())
    return placed


@lru_cache(maxsize=4096)
def room_signs(label: str) -> Mapping[str, float]:
    """Return room type -> how strongly an object of a category speaks for it."""
    found = {
        room: max((w for sign, w in signs.items() if accepts(sign, label) >= 0.9), default=0.0)
        for room, signs in ROOM_SIGNS.items()
    }
    return {room: weight for room, weight in found.items() if weight > 0.0}


def _vote(
    room_of: Mapping[int, int], instances: Sequence[Instance], config: RoomConfig
) -> dict[int, dict[str, float]]:
    """Return instance id -> room type -> probability, from the signs near it in its room."""
    placed = [instance for instance in instances if instance.id in room_of]
    if not placed:
        return {}
    types = list(ROOM_SIGNS)
    signs = np.array([[room_signs(i.label).get(room, 0.0) for room in types] for i in placed])
    centers = np.stack([instance.center[:2] for instance in placed])
    gaps = np.linalg.norm(centers[:, None] - centers, axis=2)
    numbers = np.array([room_of[instance.id] for instance in placed])
    weights = np.exp(-((gaps / config.spread) ** 2))
    weights[numbers[:, None] != numbers] *= config.beyond
    votes = weights @ signs
    shares = votes / (votes.sum(axis=1, keepdims=True) + config.doubt)
    return {
        instance.id: dict(zip(types, row.tolist(), strict=True))
        for instance, row in zip(placed, shares, strict=True)
    }
