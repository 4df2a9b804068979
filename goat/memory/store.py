"""The memory on disk: one SQLite file in write-ahead mode, one transaction per batch.

A process that is killed at any moment leaves a file that opens and holds every batch committed
before. No pickle: arrays are raw little-endian bytes with known dtype, the rest is JSON.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from goat.errors import MemoryFileError
from goat.memory.landmarks import LandmarkFrame
from goat.memory.tracks import Track
from goat.types import CameraIntrinsics, Keypoints, View

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x474F4154  # "GOAT"

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE instances (
    id INTEGER PRIMARY KEY, voxel REAL NOT NULL, voxels BLOB NOT NULL, votes TEXT NOT NULL,
    attribute_sums TEXT NOT NULL, attribute_weight REAL NOT NULL, observations INTEGER NOT NULL,
    misses INTEGER NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL);
CREATE TABLE views (
    id INTEGER PRIMARY KEY,
    instance INTEGER NOT NULL REFERENCES instances(id) ON DELETE CASCADE,
    sector INTEGER NOT NULL, stamp REAL NOT NULL, pose BLOB NOT NULL, camera TEXT NOT NULL,
    boxes BLOB NOT NULL, crop BLOB NOT NULL, mask BLOB NOT NULL, quality REAL NOT NULL,
    embedding BLOB);
CREATE INDEX views_of_instance ON views(instance);
CREATE TABLE landmarks (
    id INTEGER PRIMARY KEY, pose BLOB NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    xy BLOB NOT NULL, descriptors BLOB NOT NULL, points BLOB NOT NULL);
CREATE TABLE tiles (
    row INTEGER NOT NULL, col INTEGER NOT NULL, layers BLOB NOT NULL,
    PRIMARY KEY (row, col)) WITHOUT ROWID;
"""

_SELECT_FRAMES = (
    "SELECT id, pose, width, height, xy, descriptors, points FROM landmarks ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class StoredMemory:
    """Everything a file holds."""

    tracks: list[Track] = field(default_factory=list)
    """Instances with their views."""
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    """Map tiles as `SemanticMap.load_tiles` takes them."""
    frames: list[LandmarkFrame] = field(default_factory=list)
    """Landmark frames."""
    next_id: int = 1
    """First free instance id."""
    next_view: int = 1
    """First free view id."""
    distinct: list[tuple[int, int]] = field(default_factory=list)
    """Pairs of instances that were seen side by side."""


class MemoryStore:
    """An open memory file."""

    def __init__(self, path: Path) -> None:
        """Open `path`, creating it if it does not exist.

        Raises:
            MemoryFileError: It is damaged, not a memory file, or of another schema version. The
                file is left as it is.
        """
        self.path = path
        if path.is_dir():
            raise MemoryFileError(f"{path} is a folder; name a file, for example {path}/home.db")
        if not path.parent.is_dir():
            raise MemoryFileError(f"the folder {path.parent} does not exist; create it first")
        try:
            self._db = _open(path)
            self._known_views = {
                int(view): int(owner)
                for view, owner in self._db.execute("SELECT id, instance FROM views")
            }
        except (sqlite3.DatabaseError, OSError, ValueError, TypeError) as error:
            raise MemoryFileError(
                f"{path} cannot be opened as a memory ({error}); it was left as it is. "
                "Name another file, or move this one away to start afresh"
            ) from error

    def save(
        self,
        changed: Iterable[Track],
        removed: Iterable[int],
        tiles: dict[tuple[int, int], bytes],
        counters: tuple[int, int],
        frames: Sequence[LandmarkFrame] = (),
        distinct: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Write a batch in one transaction.

        Args:
            changed: New or changed instances.
            removed: Ids of instances that are no more.
            tiles: Changed map tiles.
            counters: Next instance id and next view id.
            frames: New landmark frames.
            distinct: All pairs of instances that were seen side by side.

        Raises:
            MemoryFileError: The disk is full or the file is locked; nothing of the batch is kept.
        """
        changed, removed = list(changed), list(removed)
        try:
            with self._db:
                self._db.executemany("DELETE FROM instances WHERE id = ?", [(i,) for i in removed])
                for track in changed:
                    self._save_track(track)
                self._db.executemany(
                    "INSERT OR REPLACE INTO tiles VALUES (?, ?, ?)",
                    [(row, col, blob) for (row, col), blob in tiles.items()],
                )
                self._db.executemany(
                    "INSERT OR REPLACE INTO landmarks VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [_frame_row(frame) for frame in frames],
                )
                self._db.executemany(
                    "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                    [
                        ("next_id", str(counters[0])),
                        ("next_view", str(counters[1])),
                        ("distinct", json.dumps(distinct)),
                    ],
                )
        except sqlite3.Error as error:
            raise MemoryFileError(
                f"{self.path} could not be written ({error}); what was committed before is safe. "
                "Free disk space or close other programs that use the file"
            ) from error
        self._remember_views(changed, removed)

    def load(self) -> StoredMemory:
        """Read everything.

        Raises:
            MemoryFileError: A record cannot be read.
        """
        try:
            meta = dict(self._db.execute("SELECT key, value FROM meta"))
            views = self._load_views()
            tracks = [
                _track(row, views.get(row[0], {}))
                for row in self._db.execute(
                    "SELECT id, voxel, voxels, votes, attribute_sums, attribute_weight,"
                    " observations, misses, first_seen, last_seen FROM instances ORDER BY id"
                )
            ]
            tiles = {
                (int(r), int(c)): bytes(blob)
                for r, c, blob in self._db.execute("SELECT row, col, layers FROM tiles")
            }
            frames = [_frame(row) for row in self._db.execute(_SELECT_FRAMES)]
            counters = int(meta["next_id"]), int(meta["next_view"])
            distinct = [(int(a), int(b)) for a, b in json.loads(meta.get("distinct", "[]"))]
            return StoredMemory(tracks, tiles, frames, *counters, distinct)
        except (sqlite3.Error, ValueError, KeyError, TypeError, zlib.error) as error:
            raise MemoryFileError(
                f"{self.path} holds a record that cannot be read ({error}); it was left as it is. "
                "Restore a copy or start with another file"
            ) from error

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it."""
        self._db.close()

    def _save_track(self, track: Track) -> None:
        self._db.execute(
            "INSERT INTO instances VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT(id) DO UPDATE SET voxels = excluded.voxels, votes = excluded.votes,"
            " attribute_sums = excluded.attribute_sums,"
            " attribute_weight = excluded.attribute_weight, observations = excluded.observations,"
            " misses = excluded.misses, first_seen = excluded.first_seen,"
            " last_seen = excluded.last_seen",
            (
                track.id,
                track.voxel,
                zlib.compress(track.keys.astype("<i8").tobytes(), 1),
                json.dumps(track.votes),
                json.dumps(track.attribute_sums),
                track.attribute_weight,
                track.observations,
                track.misses,
                track.first_seen,
                track.last_seen,
            ),
        )
        current = {view.id for view in track.views.values()}
        outdated = [v for v, owner in self._known_views.items() if owner == track.id]
        self._db.executemany(
            "DELETE FROM views WHERE id = ?", [(v,) for v in outdated if v not in current]
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO views VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                _view_row(track.id, sector, view)
                for sector, view in track.views.items()
                if self._known_views.get(view.id) != track.id
            ],
        )

    def _remember_views(self, changed: Iterable[Track], removed: Iterable[int]) -> None:
        touched = {track.id for track in changed} | set(removed)
        self._known_views = {
            view: owner for view, owner in self._known_views.items() if owner not in touched
        }
        for track in changed:
            self._known_views.update({view.id: track.id for view in track.views.values()})

    def _load_views(self) -> dict[int, dict[int, View]]:
        views: dict[int, dict[int, View]] = {}
        rows = self._db.execute(
            "SELECT id, instance, sector, stamp, pose, camera, boxes, crop, mask, quality,"
            " embedding FROM views ORDER BY id"
        )
        for row in rows:
            views.setdefault(int(row[1]), {})[int(row[2])] = _view(row)
        return views


def check(path: Path) -> dict[str, int]:
    """Return what a memory file holds, after a full check.

    Raises:
        MemoryFileError: The file is missing, damaged or foreign.
    """
    if not path.is_file():
        raise MemoryFileError(f"there is no memory file {path}; a run with --memory makes one")
    with closing(MemoryStore(path)) as store:
        stored = store.load()
        return {
            "instances": len(stored.tracks),
            "views": sum(len(track.views) for track in stored.tracks),
            "tiles": len(stored.tiles),
            "landmark_frames": len(stored.frames),
        }


def _open(path: Path) -> sqlite3.Connection:
    fresh = not path.exists() or path.stat().st_size == 0
    db = sqlite3.connect(path, timeout=5.0, check_same_thread=False)
    try:
        if not fresh:
            _verify(db, path)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:
            _create(db)
    except BaseException:
        db.close()
        raise
    return db


def _create(db: sqlite3.Connection) -> None:
    """Make the tables in one transaction, so that a killed process leaves all or nothing."""
    db.executescript(
        f"BEGIN IMMEDIATE; PRAGMA application_id = {_APPLICATION_ID};"
        f"PRAGMA user_version = {SCHEMA_VERSION}; {_SCHEMA}"
        "INSERT INTO meta VALUES ('next_id', '1'), ('next_view', '1'); COMMIT;"
    )


def _verify(db: sqlite3.Connection, path: Path) -> None:
    owner = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables == 0 and owner == 0:
        return  # killed before the first transaction ended
    if owner != _APPLICATION_ID:
        raise MemoryFileError(
            f"{path} is an SQLite file of another program; it was left as it is. Name another file"
        )
    if version != SCHEMA_VERSION:
        raise MemoryFileError(
            f"{path} has schema version {version}, this program reads {SCHEMA_VERSION}; "
            "use the program version that wrote it, or another file"
        )
    verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise MemoryFileError(
            f"{path} is damaged ({verdict}); it was left as it is. Restore a copy or name another"
        )


def _view_row(owner: int, sector: int, view: View) -> tuple:
    embedding = view.embedding
    return (
        view.id,
        owner,
        sector,
        view.stamp,
        view.map_from_camera.as_matrix().astype("<f8").tobytes(),
        json.dumps(asdict(view.camera)),
        np.concatenate([view.box, view.crop_box]).astype("<f4").tobytes(),
        view.crop,
        view.mask,
        view.quality,
        None if embedding is None else embedding.astype("<f4").tobytes(),
    )


def _view(row: tuple) -> View:
    boxes = _array(row[6], "<f4", np.float32)
    pose = _array(row[4], "<f8", np.float64).reshape(4, 4)
    return View(
        id=int(row[0]),
        stamp=float(row[3]),
        map_from_camera=RigidTransform.from_matrix(pose),
        camera=CameraIntrinsics(**json.loads(row[5])),
        box=boxes[:4],
        crop_box=boxes[4:],
        crop=bytes(row[7]),
        mask=bytes(row[8]),
        quality=float(row[9]),
        embedding=None if row[10] is None else _array(row[10], "<f4", np.float32),
    )


def _frame_row(frame: LandmarkFrame) -> tuple:
    return (
        frame.id,
        frame.map_from_camera.as_matrix().astype("<f8").tobytes(),
        frame.keypoints.width,
        frame.keypoints.height,
        frame.keypoints.xy.astype("<f4").tobytes(),
        frame.keypoints.descriptors.astype("u1").tobytes(),
        frame.points.astype("<f4").tobytes(),
    )


def _frame(row: tuple) -> LandmarkFrame:
    xy = _array(row[4], "<f4", np.float32).reshape(-1, 2)
    width = len(row[5]) // max(len(xy), 1)
    descriptors = _array(row[5], "u1", np.uint8).reshape(len(xy), width)
    return LandmarkFrame(
        id=int(row[0]),
        map_from_camera=RigidTransform.from_matrix(_array(row[1], "<f8", np.float64).reshape(4, 4)),
        keypoints=Keypoints(xy, descriptors, int(row[2]), int(row[3])),
        points=_array(row[6], "<f4", np.float32).reshape(-1, 3),
    )


def _track(row: tuple, views: dict[int, View]) -> Track:
    votes = _table(row[3])
    if not votes:
        raise ValueError(f"instance {row[0]} has no category")
    return Track(
        id=int(row[0]),
        keys=_array(zlib.decompress(row[2]), "<i8", np.int64),
        voxel=float(row[1]),
        first_seen=float(row[8]),
        last_seen=float(row[9]),
        votes=votes,
        observations=int(row[6]),
        misses=int(row[7]),
        views=views,
        attribute_sums=_table(row[4]),
        attribute_weight=float(row[5]),
    )


def _table(text: str) -> dict[str, float]:
    table = json.loads(text)
    if not isinstance(table, dict):
        raise ValueError(f"expected names and numbers, got {text[:40]!r}")
    return {name: float(value) for name, value in table.items()}


def _array(blob: bytes, stored: str, dtype: type) -> NDArray:
    return np.frombuffer(blob, stored).astype(dtype)
