"""Rooms from the map: what stands in one view of the free floor is together, and names the room.

Doors may be wide and plans open, so no border is drawn. From before each object rays are cast over
the free floor; objects that overlook the same floor are in one room, as far as they do. What is
typical of a type of room votes for it, directly and through what stands between.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from goat.memory.vocabulary import ROOM_SIGNS, accepts
from goat.types import CellState, Float64Array, Instance, OccupancyGrid


@dataclass(frozen=True)
class RoomConfig:
    """What is one room, and what it is called."""

    rays: int = 40
    """Directions in which the free floor is overlooked."""
    view: float = 4.0
    """How far the free floor is overlooked, m."""
    block: float = 0.2
    """Side of the patches of floor that are compared, m."""
    step: float = 0.1
    """Distance of the samples on a ray, m."""
    spread: float = 3.0
    """How far an object speaks for the room around it, m: open plans have no doors."""
    relay: float = 0.9
    """What a vote counts that comes through something in between."""
    doubt: float = 0.5
    """Votes of an imagined unknown room type; keeps a single weak sign from deciding."""
    corridor: float = 0.3
    """Votes of a long and narrow free floor for a hallway."""
    narrow: float = 2.1
    """Width of such a floor, m."""
    long: float = 4.6
    """Length of such a floor, m."""
    every: int = 4
    """Rooms are looked at anew every so many times that they are asked for."""


class RoomMap:
    """What room each instance is in."""

    def __init__(
        self,
        grid: OccupancyGrid,
        instances: Sequence[Instance],
        config: RoomConfig | None = None,
    ) -> None:
        """Let the instances vote on their rooms."""
        self._types: dict[int, dict[str, float]] = {}
        if instances:
            self._types = _vote(grid, instances, config or RoomConfig())

    def probability(self, instance_id: int, room: str) -> float:
        """Return the probability that an instance is in a room of type `room`."""
        return self._types.get(instance_id, {}).get(room, 0.0)


class RoomFinder:
    """Keeps the rooms for a few questions: they change slowly."""

    def __init__(self, config: RoomConfig | None = None) -> None:
        """Know nothing yet."""
        self._config = config or RoomConfig()
        self._asked = 0
        self._known: RoomMap | None = None

    def find(self, grid: OccupancyGrid, instances: Sequence[Instance]) -> RoomMap:
        """Return the rooms of what is remembered."""
        if self._known is None or self._asked % self._config.every == 0:
            self._known = RoomMap(grid, instances, self._config)
        self._asked += 1
        return self._known

    def forget(self) -> None:
        """Look anew at the next question."""
        self._known = None


@lru_cache(maxsize=4096)
def room_signs(label: str) -> Mapping[str, float]:
    """Return room type -> how strongly an object of a category speaks for it."""
    found = {
        room: max((w for sign, w in signs.items() if accepts(sign, label) >= 0.9), default=0.0)
        for room, signs in ROOM_SIGNS.items()
    }
    return {room: weight for room, weight in found.items() if weight > 0.0}


def _vote(
    grid: OccupancyGrid, instances: Sequence[Instance], config: RoomConfig
) -> dict[int, dict[str, float]]:
    """Return instance id -> room type -> probability."""
    together, chords = _overlook(grid, _fronts(grid, instances), config)
    centers = np.stack([instance.center[:2] for instance in instances])
    gaps = np.linalg.norm(centers[:, None] - centers, axis=2)
    weights = together * np.exp(-((gaps / config.spread) ** 2))
    np.fill_diagonal(weights, 1.0)
    types = list(ROOM_SIGNS)
    signs = np.array([[room_signs(i.label).get(room, 0.0) for room in types] for i in instances])
    signs[:, types.index("hallway")] += config.corridor * _corridor(chords, config)
    votes = weights @ signs
    votes += config.relay * (weights / weights.sum(axis=1, keepdims=True)) @ votes
    shares = votes / (votes.sum(axis=1, keepdims=True) + config.doubt)
    return {
        instance.id: dict(zip(types, row.tolist(), strict=True))
        for instance, row in zip(instances, shares, strict=True)
    }


def _fronts(grid: OccupancyGrid, instances: Sequence[Instance]) -> NDArray[np.intp]:
    """Return (N, 2) the free cell before each instance, towards where it was seen from; -1 = none.

    The best of the views decides from which side.
    """
    fronts = np.full((len(instances), 2), -1, np.intp)
    for row, instance in enumerate(instances):
        eyes = [view.map_from_camera.translation[:2] for view in instance.views[:1]]
        start = (instance.center[:2] - grid.origin) / grid.resolution
        for eye in eyes or _around(instance):
            way = (np.asarray(eye) - grid.origin) / grid.resolution - start
            share = np.linspace(0.0, 1.0, max(2, math.ceil(1.5 * float(np.abs(way).max()))))
            cells = np.floor(start + share[:, None] * way).astype(np.intp)[:, ::-1]
            cells = cells[grid.inside(cells)]
            free = np.flatnonzero(grid.state[cells[:, 0], cells[:, 1]] == CellState.FREE)
            if len(free):
                fronts[row] = cells[free[min(1, len(free) - 1)]]
                break
    return fronts


def _around(instance: Instance) -> Float64Array:
    """Return (8, 2) places two metres from an instance of which no view is kept, m."""
    angle = np.arange(8) * (math.pi / 4.0)
    return instance.center[:2] + 2.0 * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _overlook(
    grid: OccupancyGrid, fronts: NDArray[np.intp], config: RoomConfig
) -> tuple[Float64Array, Float64Array]:
    """Return (N, N) how much of the same floor is overlooked, and (N, rays / 2) free widths, m."""
    known = fronts[:, 0] >= 0
    angle = np.arange(config.rays) * (2.0 * math.pi / config.rays)
    radius = np.arange(1, round(config.view / config.step) + 1) * (config.step / grid.resolution)
    offsets = np.stack([np.outer(np.sin(angle), radius), np.outer(np.cos(angle), radius)], axis=-1)
    pad = math.ceil(config.view / grid.resolution) + 2
    state = np.pad(grid.state, pad)
    index = np.where(known[:, None], fronts, 0)[:, None, None] + pad + np.rint(offsets).astype(int)
    free = state[index[..., 0], index[..., 1]] == CellState.FREE
    seen = np.logical_and.accumulate(free, axis=2) & known[:, None, None]
    reach = seen.sum(axis=2) * config.step
    side = max(1, round(config.block / grid.resolution))
    width = state.shape[1] // side + 1
    patches = np.zeros((len(fronts), (state.shape[0] // side + 1) * width), np.float32)
    front, ray, sample = np.nonzero(seen)
    block = index[front, ray, sample] // side
    patches[front, block[:, 0] * width + block[:, 1]] = 1.0
    size = np.sqrt(patches.sum(axis=1)) + 1e-6
    together = (patches @ patches.T) / np.outer(size, size)
    half = config.rays // 2
    return together.astype(np.float64), reach[:, :half] + reach[:, half:]


def _corridor(chords: Float64Array, config: RoomConfig) -> Float64Array:
    """Return (N,) how much the floor before each object is long and narrow, in [0, 1]."""
    ordered = np.sort(chords, axis=1)
    narrow = 1.0 / (1.0 + np.exp((ordered[:, :4].mean(axis=1) - config.narrow) / 0.15))
    long = 1.0 / (1.0 + np.exp((config.long - ordered[:, -3:].mean(axis=1)) / 0.3))
    return narrow * long * (ordered[:, -1] > 0.0)
