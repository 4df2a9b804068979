from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from store_writer import (
    KEPT,
    make_frame,
    make_tile,
    make_track,
    make_view,
    save_batch,
    write_until_killed,
)

from goat.errors import MemoryFileError
from goat.memory.landmarks import LandmarkFrame
from goat.memory.store import SCHEMA_VERSION, MemoryStore, StoredMemory, check
from goat.memory.tracks import Track
from goat.types import View


def same_view(a: View, b: View) -> bool:
    plain = [
        getattr(a, name) == getattr(b, name)
        for name in ("id", "stamp", "camera", "crop", "mask", "quality")
    ]
    embedding = (a.embedding is None) == (b.embedding is None) and (
        a.embedding is None or np.array_equal(a.embedding, b.embedding)
    )
    pose = np.allclose(a.map_from_camera.as_matrix(), b.map_from_camera.as_matrix(), atol=1e-12)
    boxes = np.array_equal(a.box, b.box) and np.array_equal(a.crop_box, b.crop_box)
    return bool(all(plain) and embedding and pose and boxes)


def same_track(a: Track, b: Track) -> bool:
    plain = [
        getattr(a, field.name) == getattr(b, field.name)
        for field in dataclasses.fields(Track)
        if field.name not in ("keys", "views", "cells", "points", "bounds", "_snapshot")
    ]
    views = a.views.keys() == b.views.keys() and all(
        same_view(a.views[s], b.views[s]) for s in a.views
    )
    return bool(all(plain) and views and np.array_equal(a.keys, b.keys))


def same_frame(a: LandmarkFrame, b: LandmarkFrame) -> bool:
    arrays = [
        (a.points, b.points),
        (a.keypoints.xy, b.keypoints.xy),
        (a.keypoints.descriptors, b.keypoints.descriptors),
    ]
    same = all(
        x.dtype == y.dtype and (np.array_equal(x, y) or x.size == y.size == 0) for x, y in arrays
    )
    pose = np.allclose(a.map_from_camera.as_matrix(), b.map_from_camera.as_matrix(), atol=1e-12)
    size = (a.keypoints.width, a.keypoints.height) == (b.keypoints.width, b.keypoints.height)
    return bool(a.id == b.id and same and pose and size)


def reload(path: Path) -> StoredMemory:
    with closing(MemoryStore(path)) as store:
        return store.load()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home.db"


@pytest.fixture
def filled(path: Path) -> Path:
    """A file of three batches, closed."""
    with closing(MemoryStore(path)) as store:
        for number in (1, 2, 3):
            save_batch(store, number)
    return path


def test_a_new_file_is_empty(path: Path) -> None:
    assert reload(path) == StoredMemory()
    assert reload(path).next_id == 1


def test_everything_comes_back_as_it_was(path: Path) -> None:
    tracks, frames = [make_track(n) for n in (7, 3, 12)], [make_frame(n) for n in (4, 5, 6)]
    tiles = {(-3, 2): make_tile(1), (0, 0): make_tile(2)}
    with closing(MemoryStore(path)) as store:
        store.save(tracks, [], tiles, (13, 140), frames)
    stored = reload(path)
    assert [track.id for track in stored.tracks] == [3, 7, 12]
    by_id = {track.id: track for track in tracks}
    assert all(same_track(track, by_id[track.id]) for track in stored.tracks)
    assert stored.tiles == tiles
    assert all(map(same_frame, stored.frames, frames))
    assert (stored.next_id, stored.next_view) == (13, 140)
    assert check(path) == {"instances": 3, "views": 6, "tiles": 2, "landmark_frames": 3}


def test_numbers_are_exact_also_where_they_are_odd(path: Path) -> None:
    track = make_track(5)
    track.keys = np.array([-(2**62), -1, 0, 2**62], np.int64)
    track.votes = {"Stühle 椅子 'quoted\"": 0.1 + 0.2, "": 1e-300}
    track.first_seen = 1.7e9 + 1e-6
    with closing(MemoryStore(path)) as store:
        store.save([track], [], {}, (2**40, 2**40))
    (again,) = reload(path).tracks
    assert np.array_equal(again.keys, track.keys)
    assert again.votes == track.votes
    assert again.first_seen == track.first_seen
    assert reload(path).next_id == 2**40


def test_a_later_batch_changes_only_what_it_names(filled: Path) -> None:
    second = make_track(2)
    second.votes["sofa"] = 9.0
    second.views = {1: second.views[1], 5: make_view(77, 0.9)}
    with closing(MemoryStore(filled)) as store:
        store.save([second], [], {}, (4, 78))
    stored = {track.id: track for track in reload(filled).tracks}
    assert same_track(stored[1], make_track(1))
    assert same_track(stored[3], make_track(3))
    assert same_track(stored[2], second)
    assert check(filled)["views"] == 6


def test_removing_an_instance_removes_its_views(filled: Path) -> None:
    with closing(MemoryStore(filled)) as store:
        store.save([], [2], {}, (4, 40))
    assert [track.id for track in reload(filled).tracks] == [1, 3]
    with closing(sqlite3.connect(filled)) as db:
        assert {row[0] for row in db.execute("SELECT DISTINCT instance FROM views")} == {1, 3}


@pytest.mark.parametrize("reopened", [False, True])
def test_views_of_merged_instances_move_to_the_one_that_stays(path: Path, reopened: bool) -> None:
    first, second = make_track(1), make_track(2)
    store = MemoryStore(path)
    store.save([first, second], [], {}, (3, 30))
    if reopened:
        store.close()
        store = MemoryStore(path)
    first.views = {0: first.views[0], 1: second.views[0], 2: second.views[1]}
    store.save([first], [2], {}, (3, 30))
    store.close()
    (stored,) = reload(path).tracks
    assert same_track(stored, first)
    assert check(path)["views"] == 3


def test_frames_and_tiles_are_added_not_rewritten(filled: Path) -> None:
    with closing(MemoryStore(filled)) as store:
        store.save([], [], {(9, 9): make_tile(9)}, (4, 40), [make_frame(9)])
    stored = reload(filled)
    assert [frame.id for frame in stored.frames] == [1, 2, 3, 9]
    assert stored.tiles[9, 9] == make_tile(9)
    assert stored.tiles[0, 0] == make_tile(3)


def test_neighbours_known_to_be_two_are_kept(path: Path) -> None:
    with closing(MemoryStore(path)) as store:
        store.save([make_track(1), make_track(2)], [], {}, (3, 30), distinct=[(1, 2)])
    assert reload(path).distinct == [(1, 2)]


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = np.random.default_rng(0).bytes(len(content) - 4096)
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
        db.execute("INSERT INTO recipes VALUES ('soup')")
        db.commit()


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


def text(path: Path) -> None:
    path.write_text("Dear diary,\n" * 100)


def short_text(path: Path) -> None:
    path.write_text("?\n")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (damaged, "left as it"),
        (cut_short, "left as it"),
        (foreign, "another program"),
        (newer, f"schema version {SCHEMA_VERSION + 1}, this program reads {SCHEMA_VERSION}"),
        (text, "not a database"),
        (short_text, "left as it"),
    ],
)
def test_what_is_no_memory_is_refused_and_left_as_it_is(filled: Path, spoil, message: str) -> None:
    spoil(filled)
    before = filled.read_bytes()
    with pytest.raises(MemoryFileError, match=message) as caught:
        MemoryStore(filled)
    assert str(filled) in str(caught.value)
    assert filled.read_bytes() == before
    assert [item.name for item in filled.parent.iterdir()] == [filled.name]


def test_a_folder_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(MemoryFileError, match="is a folder; name a file"):
        MemoryStore(tmp_path)
    with pytest.raises(MemoryFileError, match="nowhere does not exist; create it"):
        MemoryStore(tmp_path / "nowhere" / "home.db")
    assert list(tmp_path.iterdir()) == []


def test_checking_a_file_that_is_not_there_makes_none(path: Path) -> None:
    with pytest.raises(MemoryFileError, match="no memory file"):
        check(path)
    assert not path.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE instances SET voxels = x'00' WHERE id = 2",
        "UPDATE instances SET votes = 'no json' WHERE id = 2",
        "UPDATE instances SET votes = '[]' WHERE id = 2",
        "UPDATE instances SET votes = '{}' WHERE id = 2",
        "UPDATE instances SET attribute_sums = '3' WHERE id = 2",
        "UPDATE instances SET first_seen = 'yesterday' WHERE id = 2",
        "UPDATE views SET pose = x'0011'",
        "UPDATE views SET camera = '{\"width\": 3}'",
        "UPDATE views SET camera = '[]'",
        "UPDATE views SET embedding = x'001122'",
        "UPDATE landmarks SET points = x'0011'",
        "UPDATE landmarks SET pose = x''",
        "DELETE FROM meta",
        "UPDATE meta SET value = 'many' WHERE key = 'next_id'",
        "DROP TABLE landmarks",
        "DROP TABLE views",
    ],
)
def test_a_record_that_cannot_be_read_is_an_error_and_stays(filled: Path, statement: str) -> None:
    with closing(sqlite3.connect(filled)) as db:
        db.execute(statement)
        db.commit()
    before = filled.read_bytes()
    with pytest.raises(MemoryFileError, match="left as it"):
        reload(filled)
    assert filled.read_bytes() == before


@pytest.mark.parametrize("seed", range(40))
def test_flipped_bytes_are_found_or_harmless_never_a_crash(filled: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    content = bytearray(filled.read_bytes())
    for place in rng.integers(0, len(content), 1 + seed % 10):
        content[place] ^= int(rng.integers(1, 256))
    filled.write_bytes(content)
    try:
        stored = reload(filled)
    except MemoryFileError:
        assert filled.read_bytes() == bytes(content)
    else:
        assert all(track.label for track in stored.tracks)


def test_a_full_disk_loses_nothing_that_was_committed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def remember(*args: object, **options: object) -> sqlite3.Connection:
        opened.append(connect(*args, **options))  # type: ignore[call-overload]
        return opened[-1]

    monkeypatch.setattr("goat.memory.store.sqlite3.connect", remember)
    store = MemoryStore(path)
    save_batch(store, 1)
    pages = opened[0].execute("PRAGMA page_count").fetchone()[0]
    opened[0].execute(f"PRAGMA max_page_count = {pages}")
    large = make_track(2)
    large.views = {0: make_view(20, size=500_000)}
    with pytest.raises(MemoryFileError, match="what was committed before is safe") as caught:
        store.save([large, make_track(3)], [1], {(5, 5): make_tile(5)}, (4, 40))
    assert "disk" in str(caught.value)
    with closing(connect(path)) as other:
        assert [row[0] for row in other.execute("SELECT id FROM instances")] == [1]
    opened[0].execute("PRAGMA max_page_count = 1000000")
    store.save([large, make_track(3)], [], {}, (4, 40))
    store.close()
    stored = reload(path)
    assert [track.id for track in stored.tracks] == [1, 2, 3]
    assert same_track(stored.tracks[1], large)
    assert (5, 5) not in stored.tiles


def test_a_file_another_program_holds_is_named(filled: Path) -> None:
    store = MemoryStore(filled)
    with closing(sqlite3.connect(filled, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store._db.execute("PRAGMA busy_timeout = 20")
        with pytest.raises(MemoryFileError, match=r"locked.*close other programs"):
            save_batch(store, 4)
        other.execute("ROLLBACK")
    save_batch(store, 4)
    store.close()
    assert len(reload(filled).tracks) == 4


def test_closing_leaves_one_file(filled: Path) -> None:
    assert [item.name for item in filled.parent.iterdir()] == [filled.name]


def test_a_file_whose_first_process_died_at_once_is_taken_as_new(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
    assert path.stat().st_size > 0
    with closing(MemoryStore(path)) as store:
        save_batch(store, 1)
    assert len(reload(path).tracks) == 1


def is_after_batch(stored: StoredMemory, number: int) -> bool:
    """Whether the file is exactly as batch `number` left it."""
    alive = range(max(1, number - KEPT + 1), number + 1)
    expected = [make_track(n) for n in alive]
    frames = [make_frame(n) for n in range(1, number + 1)]
    return (
        stored.next_id == number + 1
        and [track.id for track in stored.tracks] == list(alive)
        and all(map(same_track, stored.tracks, expected))
        and len(stored.frames) == number
        and all(map(same_frame, stored.frames, frames))
        and (number == 0 or stored.tiles[0, 0] == make_tile(number))
    )


def test_a_killed_writer_loses_no_committed_batch(path: Path) -> None:
    """Whatever the moment, the file is as one batch left it: the last one told, or the next."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["store_writer"])
    rng = np.random.default_rng(0)
    last = 0
    for _ in range(10):
        reading, writing = context.Pipe(duplex=False)
        writer = context.Process(target=write_until_killed, args=(str(path), writing))
        writer.start()
        writing.close()
        if last == 0 or rng.random() < 0.7:
            reading.poll(30.0)  # otherwise it may die while it starts or opens the file
        writer.join(float(rng.uniform(0.0, 0.06)))
        writer.kill()
        writer.join()
        with contextlib.suppress(EOFError):
            while reading.poll():
                last = reading.recv()
        stored = reload(path)
        found = stored.next_id - 1
        assert found in (last, last + 1)
        assert is_after_batch(stored, found)
        last = found
    assert last > 20, "the writer was killed before it wrote anything worth killing it for"
