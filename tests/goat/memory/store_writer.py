"""What a batch of the killed writer holds: known from its number alone, so that any state of the
file can be checked against what must be in it."""

from __future__ import annotations

import zlib
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from goat.frames import mast_camera, planar
from goat.memory.landmarks import LandmarkFrame
from goat.memory.store import MemoryStore
from goat.memory.tracks import Track
from goat.types import CameraIntrinsics, Keypoints, View

CAMERA = CameraIntrinsics.from_hfov(64, 48, 1.3)
KEPT = 12
"""Batches after which an instance is removed again."""


def make_view(number: int, quality: float = 0.5, size: int = 300) -> View:
    """A view whose every field tells its number."""
    rng = np.random.default_rng(number)
    return View(
        id=number,
        stamp=0.25 * number,
        map_from_camera=planar(0.1 * number, 2.0, 0.3) * mast_camera(1.31, 0.1),
        camera=CAMERA,
        box=np.array([1, 2, 3, number], np.float32),
        crop_box=np.array([0, 1, 4, number + 1], np.float32),
        crop=rng.bytes(size),
        mask=rng.bytes(40),
        quality=quality,
        embedding=None if number % 3 == 0 else rng.normal(size=5).astype(np.float32),
    )


def make_track(number: int, views: int = 2) -> Track:
    """An instance whose every field tells its number."""
    rng = np.random.default_rng(number)
    return Track(
        id=number,
        keys=np.unique(rng.integers(0, 2**40, 30 + number % 7)),
        voxel=0.05,
        first_seen=0.5 * number,
        last_seen=0.5 * number + 3.0,
        votes={"chair": 1.5, f"thing {number}": 0.25},
        observations=number + 1,
        misses=number % 3,
        views={sector: make_view(10 * number + sector) for sector in range(views)},
        attribute_sums={"color:blue": 0.125 * number},
        attribute_weight=2.0,
    )


def make_frame(number: int) -> LandmarkFrame:
    """A landmark frame whose every field tells its number."""
    rng = np.random.default_rng(number)
    count = number % 5
    keypoints = Keypoints(
        rng.uniform(0, 60, (count, 2)).astype(np.float32),
        rng.integers(0, 255, (count, 130), dtype=np.uint8),
        64,
        48,
    )
    points = rng.normal(size=(count, 3)).astype(np.float32)
    return LandmarkFrame(number, planar(number, 0.0, 0.1) * mast_camera(1.31), keypoints, points)


def make_tile(number: int) -> bytes:
    """A map tile."""
    return zlib.compress(np.full(4 * 128 * 128, number % 100, np.int8).tobytes(), 1)


def save_batch(store: MemoryStore, number: int) -> None:
    """Commit batch `number`: a new instance, a changed tile, an old instance removed."""
    removed = [number - KEPT] if number > KEPT else []
    tiles = {(0, 0): make_tile(number), (number % 4, 1): make_tile(number)}
    counters = (number + 1, 10 * number + 10)
    store.save([make_track(number)], removed, tiles, counters, [make_frame(number)])


def write_until_killed(path: str, pipe: Connection) -> None:
    """Continue from whatever the file holds and tell each batch after its commit."""
    store = MemoryStore(Path(path))
    number = store.load().next_id
    while True:
        save_batch(store, number)
        pipe.send(number)
        number += 1
